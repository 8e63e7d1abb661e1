/** Bytes on the wire: checksums of the standard, batches that the client reads back, answers of brokers, good and bad. */
import { createRequire } from 'node:module'
import fc from 'fast-check'
import t from 'tap'
import { codecFor } from '../../../runtime/kafka/corrections.ts'
import { typeOf } from '../../../runtime/kafka/errorType.ts'
import { ByteReader } from '../../../runtime/kafka/protocol/byteReader.ts'
import { ByteWriter, varintSize, varlongSize } from '../../../runtime/kafka/protocol/byteWriter.ts'
import { crc32c } from '../../../runtime/kafka/protocol/crc32c.ts'
import { readRecordBatch } from '../../../runtime/kafka/protocol/recordBatchReader.ts'
import { textHeaders } from '../../../runtime/rawHeaders.ts'
import type { RawHeaders } from '../../../runtime/rawHeaders.ts'
import { encodeRecordBatch } from '../../../runtime/kafka/protocol/recordBatch.ts'
import type { BatchRecord } from '../../../runtime/kafka/protocol/recordBatch.ts'
import { offsetCommit } from '../../../runtime/kafka/protocol/offsetCommit.ts'
import { askAbilities, endTxn, offsetFetch, produce, txnOffsetCommit } from '../../../runtime/kafka/protocol/transactionRequests.ts'
import type { ProtocolRequest } from '../../../runtime/kafka/protocol/request.ts'
import { askTopicId } from '../../../runtime/kafka/protocol/topicId.ts'
import { Together } from '../../../runtime/kafka/together.ts'
import { assertProperty } from '../../support/property.ts'
import { topicAnswer } from './brokerAnswers.ts'

const require = createRequire(import.meta.url)

t.test('crc32c gives the values of RFC 3720 appendix B.4, and for any bytes what one bit at a time gives', async (t) => {
  const bytes = (make: (at: number) => number) => Uint8Array.from({ length: 32 }, (_, at) => make(at))
  t.equal(crc32c(bytes(() => 0)), 0x8a9136aa)
  t.equal(crc32c(bytes(() => 0xff)), 0x62a8ab43)
  t.equal(crc32c(bytes((at) => at)), 0x46dd794e)
  t.equal(crc32c(bytes((at) => 31 - at)), 0x113fdb5c)
  t.equal(crc32c(Buffer.from('123456789')), 0xe3069283)
  const slow = (data: Uint8Array) => {
    let crc = 0xffffffff
    for (const byte of data) {
      crc ^= byte
      for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (crc & 1 ? 0x82f63b78 : 0)
    }
    return (crc ^ 0xffffffff) >>> 0
  }
  await assertProperty(
    t,
    fc.property(fc.uint8Array({ maxLength: 100 }), (data) => crc32c(data) === slow(data)),
  )
})

t.test('numbers and texts of any size come back as they were written', (t) =>
  assertProperty(
    t,
    fc.property(
      fc.nat(0xffffffff),
      fc.option(fc.string({ unit: 'binary' })),
      fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
      fc.integer({ min: -32768, max: 32767 }),
      (number, text, large, small) => {
        const bytes = new ByteWriter(1).uvarint(number).compactString(text).int64(large).int16(small).noTags().written
        const read = new ByteReader(bytes)
        // Half a surrogate pair has no UTF-8: it becomes a replacement character, as everywhere.
        const expected = text === null ? null : Buffer.from(text).toString()
        const same = read.uvarint() === number && read.compactString() === expected && read.int64() === large && read.int16() === small
        read.tags()
        return same
      },
    ),
  ),
)

t.test('text and whatever else stands behind its length is written as if its length had been known', (t) =>
  assertProperty(
    t,
    fc.property(
      fc.string({ unit: 'binary', maxLength: 80 }),
      fc.constantFrom(0, 1, 62, 63, 64, 65, 8_190, 8_191, 8_192, 8_193, 1_048_575, 1_048_576),
      fc.nat(3),
      (text, size, before) => {
        const utf8 = Buffer.from(text)
        const body = Buffer.alloc(size, 7)
        const expected = new ByteWriter(1).raw(Buffer.alloc(before)).varint(utf8.length).raw(utf8).varint(size).raw(body).varint(5).written
        const got = new ByteWriter(1)
          .raw(Buffer.alloc(before))
          .varintText(text)
          .lengthPrefixed((to) => void to.raw(body))
          .varint(5).written
        return got.equals(expected)
      },
    ),
  ),
)

t.test('what is shorter than its longest length stays where it is when its length is written (seed 468536473)', async (t) => {
  for (const size of [0, 1, 2, 3, 4]) {
    const body = Buffer.alloc(size, 7)
    const { written } = new ByteWriter(1).lengthPrefixed((to) => void to.raw(body))
    t.strictSame([...written], [size * 2, ...body], `${size} bytes`)
  }
})

t.test('the size of a variable-length number is known before it is written', (t) =>
  assertProperty(
    t,
    fc.property(fc.integer(), fc.maxSafeInteger(), (short, long) => {
      const sizes = new ByteWriter().varint(short).length === varintSize(short)
      return sizes && new ByteWriter().varlong(long).length === varlongSize(long)
    }),
  ),
)

t.test('an answer that ends early, or announces more than it has, is refused', async (t) => {
  t.throws(() => new ByteReader(Buffer.alloc(3)).int32(), RangeError)
  t.throws(() => new ByteReader(new ByteWriter().uvarint(10).written).compactString(), /ends after 1 bytes, 10 were announced/)
  t.throws(() => new ByteReader(new ByteWriter().uvarint(1).uvarint(7).uvarint(200).written).tags(), RangeError)
})

interface Decoded {
  readonly offset: string
  readonly timestamp: string
  readonly key: Buffer | null
  readonly value: Buffer | null
  readonly headers: Record<string, Buffer | Buffer[]>
  readonly isControlRecord: boolean
  readonly batchContext: Record<string, unknown>
}
const readBatch = async (batch: Buffer): Promise<Decoded[]> => {
  const Decoder = require('kafkajs/src/protocol/decoder') as new (bytes: Buffer) => object
  const decode = require('kafkajs/src/protocol/recordBatch/v0/decoder') as (from: object) => Promise<{ records: Decoded[] }>
  return (await decode(new Decoder(batch))).records
}

const bytes = fc.uint8Array({ maxLength: 30 }).map((each) => Buffer.from(each))
const headerName = fc.oneof(fc.string({ minLength: 1, maxLength: 8 }), fc.constantFrom('toString', 'constructor'))
const record: fc.Arbitrary<BatchRecord> = fc.record({
  key: fc.option(fc.oneof(bytes, fc.string())),
  value: fc.option(bytes),
  timestamp: fc.integer({ min: 0, max: 4_102_444_800_000 }),
  headers: fc.dictionary(
    headerName,
    fc.oneof(
      bytes,
      fc.string(),
      fc.string({ minLength: 60, maxLength: 70 }),
      fc.constantFrom('same', 'each time'),
      fc.constant(null),
      fc.array(bytes, { minLength: 2, maxLength: 3 }),
    ),
    { maxKeys: 4 },
  ),
})

t.test('a batch is read back by the client as it was written, compressed or not', (t) =>
  assertProperty(
    t,
    fc.asyncProperty(fc.array(record, { minLength: 1, maxLength: 8 }), fc.boolean(), async (records, compressed) => {
      const codec = compressed ? codecFor(1 << 20) : undefined
      const batch = await encodeRecordBatch(records, { producerId: 77n, producerEpoch: 3, firstSequence: 5, transactional: true, codec })
      const read = await readBatch(batch)
      const asBuffer = (each: Buffer | string | null) => (typeof each === 'string' ? Buffer.from(each) : each)
      const expected = records.map(({ key, value, timestamp, headers }, at) => ({
        offset: String(at),
        timestamp: String(timestamp),
        key: asBuffer(key),
        value: asBuffer(value),
        headers: Object.fromEntries(
          Object.entries(headers).map(([name, each]) => [name, Array.isArray(each) ? each : asBuffer(each as Buffer | string)]),
        ),
      }))
      const got = read.map(({ offset, timestamp, key, value, headers }) => ({ offset, timestamp, key, value, headers: { ...headers } }))
      const [{ batchContext }] = read as [Decoded]
      return (
        fc.stringify(got) === fc.stringify(expected) &&
        batchContext['producerId'] === '77' &&
        batchContext['inTransaction'] === true &&
        batch.readUInt32BE(17) === crc32c(batch.subarray(21))
      )
    }),
  ),
)

/** The client's decoder as it comes, beside the one that took its place. */
function originalDecoder(): (from: object) => Promise<{ readonly records: readonly Decoded[] }> {
  const path = require.resolve('kafkajs/src/protocol/recordBatch/v0/decoder')
  const ours = require.cache[path]
  delete require.cache[path]
  const original = require(path) as ReturnType<typeof originalDecoder>
  if (ours !== undefined) require.cache[path] = ours
  return original
}

/** What the client and its users look at of a decoded batch. */
function asSeen({ records, ...batch }: { readonly records: readonly Decoded[] }): object {
  const seen = records.map(({ offset, timestamp, key, value, headers, isControlRecord, batchContext }) => {
    const { producerId, inTransaction } = batchContext
    return { offset, timestamp, key, value, headers: { ...headers }, isControlRecord, producerId, inTransaction }
  })
  return { ...batch, seen }
}

t.test('any batch is decoded as the client itself decodes it, and the position moves as far', async (t) => {
  const original = originalDecoder()
  const Decoder = require('kafkajs/src/protocol/decoder') as new (bytes: Buffer) => { offset: number }
  const ours = require('kafkajs/src/protocol/recordBatch/v0/decoder') as typeof original
  t.not(ours, original)
  await assertProperty(
    t,
    fc.asyncProperty(
      fc.array(record, { minLength: 1, maxLength: 6 }),
      fc.boolean(),
      fc.record({ control: fc.boolean(), appended: fc.boolean(), transactional: fc.boolean(), offset: fc.nat(2 ** 31) }),
      fc.nat(),
      async (records, compressed, { control, appended, transactional, offset }, cut) => {
        // The client's own decoder takes `toString` and its like for names it has seen before.
        const plain = records.map((each) => ({
          ...each,
          headers: Object.fromEntries(Object.entries(each.headers).filter(([name]) => !(name in Object.prototype))),
        }))
        const codec = compressed ? codecFor(1 << 20) : undefined
        const batch = await encodeRecordBatch(plain, { producerId: 7n, producerEpoch: 1, firstSequence: 2, transactional, codec })
        batch.writeBigInt64BE(BigInt(offset), 0)
        batch.writeInt16BE(batch.readInt16BE(21) | (control ? 0x20 : 0) | (appended ? 0x8 : 0), 21)
        const twice = Buffer.concat([batch, batch])
        const [a, b] = [new Decoder(twice), new Decoder(twice)]
        for (let round = 0; round < 2; round += 1)
          if (fc.stringify(asSeen(await ours(a))) !== fc.stringify(asSeen(await original(b))) || a.offset !== b.offset) return false
        const partial = batch.subarray(0, 49 + (cut % (batch.length - 49)))
        const ends = await Promise.all(
          [ours, original].map((decode) =>
            decode(new Decoder(partial)).then(
              () => 'read',
              (error: Error) => error.name,
            ),
          ),
        )
        return ends[0] === 'KafkaJSPartialMessageError' && ends[0] === ends[1]
      },
    ),
  )
})

t.test('a record read off its batch has the same place, time and texts, whatever the one before had', (t) =>
  assertProperty(
    t,
    fc.asyncProperty(fc.array(record, { minLength: 1, maxLength: 8 }), fc.nat(2 ** 31), async (records, offset) => {
      const batch = await encodeRecordBatch(records, { producerId: 7n, producerEpoch: 1, firstSequence: 2, transactional: false })
      batch.writeBigInt64BE(BigInt(offset), 0)
      const read = await readRecordBatch({ buffer: batch, offset: 0, forward: () => undefined }, async (_, bytes) => bytes)
      // From the last to the first and once more: what a reader remembers must not depend on the order.
      const asked = [...(read?.records ?? [])].reverse()
      const texts = [...asked, ...asked].map(({ headersAsText }) => headersAsText).slice(-records.length)
      const got = (read?.records ?? []).map(({ place, timestampMs, keyText, valueSize }) => ({ place, timestampMs, keyText, valueSize }))
      const expected = records.map(({ key, value, timestamp }, at) => ({
        place: offset + at,
        timestampMs: timestamp,
        keyText: key === null ? null : Buffer.from(key as string).toString('utf8'),
        valueSize: value?.length ?? 0,
      }))
      const raw = records.map(({ headers }) => headers as RawHeaders)
      return (
        fc.stringify(got) === fc.stringify(expected) &&
        fc.stringify(texts.reverse()) === fc.stringify(raw.map((each) => textHeaders(each)).map(wellFormed))
      )
    }),
  ),
)

t.test('a time beyond the years 1 to 9999 is read as the first or last of them: no fold can make a date of it, or a timer', async (t) => {
  const far = [-(2 ** 62), -62_135_596_800_001, -62_135_596_800_000, 253_402_300_799_999, 253_402_300_800_000, 2 ** 62]
  const read: number[] = []
  for (const timestamp of far) {
    const batch = await encodeRecordBatch([{ key: 'k', value: null, timestamp, headers: {} }], {
      ...{ producerId: 1n, producerEpoch: 0, firstSequence: 0, transactional: false },
    })
    const { records = [] } =
      (await readRecordBatch({ buffer: batch, offset: 0, forward: () => undefined }, async (_, bytes) => bytes)) ?? {}
    read.push(...records.map(({ timestampMs }) => timestampMs))
  }
  t.strictSame(
    read.map((ms) => new Date(ms).toISOString()),
    [...Array(3).fill('0001-01-01T00:00:00.000Z'), ...Array(3).fill('9999-12-31T23:59:59.999Z')],
  )
})

/** Half a surrogate pair has no UTF-8: it becomes a replacement character. */
function wellFormed(headers: Record<string, string>): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).map((pair) => pair.map((text) => Buffer.from(text).toString()) as [string, string]))
}

t.test('a batch whose bytes lie is refused, and a header may have any name', async (t) => {
  const headers = JSON.parse('{"__proto__":"x"}') as Record<string, string>
  const batch = await encodeRecordBatch([{ key: 'k', value: Buffer.from('v'), timestamp: 1, headers }], {
    producerId: 1n,
    producerEpoch: 0,
    firstSequence: 0,
    transactional: false,
  })
  const [read] = await readBatch(batch)
  t.strictSame(
    Object.entries(read?.headers ?? {}).map(([name, value]) => [name, String(value)]),
    [['__proto__', 'x']],
  )
  // The length of the key, behind 61 bytes of the batch and 4 of the record: 63, longer than all that follows.
  batch.writeUInt8(2 * 63, 61 + 4)
  await t.rejects(readBatch(batch), RangeError)
})

t.test('headers without a value are null, and there is no batch without records', async (t) => {
  const header = { absent: undefined, none: null }
  const [read] = await readBatch(
    await encodeRecordBatch([{ key: null, value: null, timestamp: 1, headers: header }], {
      producerId: -1n,
      producerEpoch: 0,
      firstSequence: 0,
      transactional: false,
    }),
  )
  t.strictSame({ ...read?.headers }, { absent: null, none: null })
  await t.rejects(
    encodeRecordBatch([], { producerId: 1n, producerEpoch: 0, firstSequence: 0, transactional: false }),
    /at least one record/,
  )
})

/** What the request makes of an answer with these bytes. */
const answered = async <R>(request: ProtocolRequest<R>, answer: ByteWriter): Promise<R> =>
  request.response.parse(await request.response.decode(answer.written))

const produced = (code: number) => {
  const to = new ByteWriter().noTags()
  to.compactArray(['a.v1'], (topic) => {
    to.compactString(topic)
    to.compactArray([2], (partition) => {
      to.int32(partition).int16(code).int64(41n).int64(-1n).int64(0n)
      to.compactArray(code === 87 ? [0] : [], (at) => to.int32(at).compactString('a null key').noTags())
      to.compactString(code === 0 ? null : 'refused').noTags()
    }).noTags()
  })
  return to.int32(0).noTags()
}

t.test('a produce answer gives the first offset of each partition; a refusal is named with its place and reasons', async (t) => {
  const request = produce('id', [{ topic: 'a.v1', partition: 2, batch: Buffer.alloc(4) }], 1_000)
  t.strictSame(await answered(request, produced(0)), new Map([['a.v1#2', 41n]]))
  await t.rejects(answered(request, produced(87)), { message: 'a.v1 partition 2 refused; a null key: INVALID_RECORD' })
  await t.rejects(answered(request, produced(999)), /ERROR_999/, 'an error this version does not know')
})

t.test('offsets that are refused, a commit that is refused, and abilities that are not told are errors with their type', async (t) => {
  const identity = { producerId: 9n, producerEpoch: 4 }
  const offsets = txnOffsetCommit('id', identity, 'group', [{ topic: 'a.v1', partition: 0, offset: 7n }])
  const committed = (code: number) => {
    const to = new ByteWriter().noTags().int32(12)
    to.compactArray(['a.v1'], (topic) => {
      to.compactString(topic)
      to.compactArray([0], (partition) => to.int32(partition).int16(code).noTags()).noTags()
    })
    return to.noTags()
  }
  t.equal((await offsets.response.decode(committed(0).written)).clientSideThrottleTime, 12)
  await t.rejects(answered(offsets, committed(51)), /CONCURRENT_TRANSACTIONS/)
  t.equal(typeOf(await answered(offsets, committed(51)).catch((error: unknown) => error)), 'CONCURRENT_TRANSACTIONS')
  const moved = offsetCommit('group', [{ topic: 'a.v1', partition: 0, offset: 7n }])
  t.equal((await moved.response.decode(committed(0).written)).clientSideThrottleTime, 12)
  t.equal(typeOf(await answered(moved, committed(25)).catch((error: unknown) => error)), 'UNKNOWN_MEMBER_ID')
  const end = endTxn('id', identity, true)
  const ended = (code: number) => new ByteWriter().noTags().int32(0).int16(code).int64(9n).int16(5).noTags()
  t.strictSame(await answered(end, ended(0)), { producerId: 9n, producerEpoch: 5 })
  await t.rejects(answered(end, ended(90)), /^.*commit of id: PRODUCER_FENCED/)
  await t.rejects(answered(endTxn('id', identity, false), ended(90)), /abort of id: PRODUCER_FENCED/)
  await t.rejects(answered(askAbilities(), new ByteWriter().int16(35)), /UNSUPPORTED_VERSION/)
})

t.test('committed offsets come with their metadata; one that is not settled yet, or a group that is not known, is refused', async (t) => {
  const request = offsetFetch('group', [{ topic: 'a.v1', partition: 0 }], { stable: true })
  const answer = (ofPlace: number, ofGroup: number, offset: bigint) => {
    const to = new ByteWriter().noTags().int32(0)
    to.compactArray(['a.v1'], (topic) => {
      to.compactString(topic)
      to.compactArray([0], (partition) => {
        to.int32(partition).int64(offset).int32(-1).compactString('beside').int16(ofPlace).noTags()
      }).noTags()
    })
    return to.int16(ofGroup).noTags()
  }
  t.strictSame(await answered(request, answer(0, 0, 12n)), new Map([['a.v1#0', { offset: 12n, metadata: 'beside' }]]))
  t.strictSame(await answered(request, answer(0, 0, -1n)), new Map([['a.v1#0', { offset: undefined, metadata: 'beside' }]]))
  await t.rejects(answered(request, answer(88, 0, -1n)), /UNSTABLE_OFFSET_COMMIT/)
  await t.rejects(answered(request, answer(0, 15, -1n)), /committed offsets of group: COORDINATOR_NOT_AVAILABLE/)
})

t.test('abilities are read beside tagged fields nobody knows', async (t) => {
  const features = new ByteWriter()
  features.compactArray(['transaction.version'], (name) => features.compactString(name).int16(2).int16(2).noTags())
  const to = new ByteWriter().int16(0)
  to.compactArray([0, 26], (key) => to.int16(key).int16(0).int16(13).noTags())
  to.int32(0).uvarint(2)
  to.uvarint(1).uvarint(8).int64(3n)
  to.uvarint(2).uvarint(features.length).raw(features.written)
  const { newest, features: levels } = await answered(askAbilities(), to)
  t.strictSame(
    [...newest],
    [
      [0, 13],
      [26, 13],
    ],
  )
  t.strictSame([...levels], [['transaction.version', 2]])
})

t.test('what is asked in one turn, or while a round is under way, is done as one', async (t) => {
  const rounds: (readonly number[])[] = []
  const gates: (() => void)[] = []
  const together = new Together<number>(
    (items) => {
      rounds.push(items)
      return new Promise((resolve) => gates.push(resolve))
    },
    { apart: true },
  )
  const first = [together.ask(1), together.ask(2)]
  await new Promise((resolve) => setImmediate(resolve))
  const second = [together.ask(3), together.ask(4)]
  t.strictSame(rounds, [[1, 2]])
  gates[0]?.()
  await Promise.all(first)
  gates[1]?.()
  await Promise.all(second)
  t.strictSame(rounds, [
    [1, 2],
    [3, 4],
  ])
})

t.test('one that cannot be done does not hold back the others, unless the work must not be repeated', async (t) => {
  const done: number[] = []
  const work = async (items: readonly number[]) => {
    if (items.includes(2)) throw new Error('two')
    done.push(...items)
  }
  const apart = new Together(work, { apart: true })
  const outcomes = await Promise.allSettled([apart.ask(1), apart.ask(2), apart.ask(3)])
  t.strictSame(
    outcomes.map(({ status }) => status),
    ['fulfilled', 'rejected', 'fulfilled'],
  )
  t.strictSame(done, [1, 3])
  const once = new Together(work, { apart: false })
  t.ok((await Promise.allSettled([once.ask(4), once.ask(2)])).every(({ status }) => status === 'rejected'))
  t.strictSame(done, [1, 3])
})

t.test('the id of a topic is read from among what nobody asked for; none is none, and a topic that is gone is an error', async (t) => {
  const answer = (id: bigint, code = 0) => answered(askTopicId('topic'), topicAnswer(new ByteWriter().noTags(), id, code))
  t.equal(await answer(0xfedcba98765432100123456789abcdefn), 'fedcba98765432100123456789abcdef')
  t.equal(await answer(1n), '00000000000000000000000000000001')
  t.equal(await answer(0n), undefined)
  await t.rejects(answer(1n, 3), /id of topic: UNKNOWN_TOPIC_OR_PARTITION/)
})
