/** LZ4 as others write it is read; what is none is refused. That the frames of Java writers are, a broker that compresses so shows (`brokerContract`). */
import { gzipSync } from 'node:zlib'
import fc from 'fast-check'
import t from 'tap'
import { kafkajs } from '../../../runtime/kafka/corrections.ts'
import { MOST_INFLATED_BYTES, readGzip } from '../../../runtime/kafka/protocol/inflated.ts'
import { readLz4 } from '../../../runtime/kafka/protocol/lz4.ts'
import { assertProperty } from '../../support/property.ts'

interface Sequence {
  readonly literals: Uint8Array
  /** How far back, as a share of what is there, and how many bytes of it. */
  readonly back: number
  readonly length: number
}

/** Lengths from 15 on take bytes of 255 behind the nibble, and one less than that. */
function more(length: number): number[] {
  if (length < 15) return []
  const rest = length - 15
  return [...Array<number>(Math.floor(rest / 255)).fill(255), rest % 255]
}

/** A block of these sequences and last literals, by the page of the format; and what it says. `before` is what earlier blocks said. */
function blockOf(sequences: readonly Sequence[], last: Uint8Array, before: readonly number[]): { block: Buffer; said: number[] } {
  const block: number[] = []
  const said = [...before]
  for (const { literals, back, length } of sequences) {
    said.push(...literals)
    const distance = Math.min(said.length, 65_535, 1 + Math.floor(back * said.length))
    if (distance === 0) continue
    block.push((Math.min(15, literals.length) << 4) | Math.min(15, length - 4), ...more(literals.length), ...literals)
    block.push(distance & 0xff, distance >> 8, ...more(length - 4))
    for (let left = length; left > 0; left -= 1) said.push(said[said.length - distance] as number)
  }
  block.push(Math.min(15, last.length) << 4, ...more(last.length), ...last)
  said.push(...last)
  return { block: Buffer.from(block), said: said.slice(before.length) }
}

const word = (value: number) => {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32LE(value >>> 0)
  return bytes
}

/** A frame of these blocks with what its flags say there is. */
function frameOf(blocks: readonly { readonly bytes: Buffer; readonly stored: boolean }[], flags: number): Buffer {
  const checksum = (flag: number) => Buffer.alloc((flags & flag) === 0 ? 0 : 4, 9)
  return Buffer.concat([
    Buffer.from([0x04, 0x22, 0x4d, 0x18, 0x40 | flags, 0x40]),
    Buffer.alloc((flags & 0x08) === 0 ? 0 : 8, 1),
    Buffer.of(0x82),
    ...blocks.flatMap(({ bytes, stored }) => [word(bytes.length | (stored ? 0x8000_0000 : 0)), bytes, checksum(0x10)]),
    word(0),
    checksum(0x04),
  ])
}

const bytes = (maxLength: number) => fc.uint8Array({ maxLength })
const sequence = fc.record({
  literals: bytes(20),
  back: fc.double({ min: 0, max: 0.999, noNaN: true }),
  length: fc.oneof(fc.integer({ min: 4, max: 40 }), fc.integer({ min: 270, max: 600 })),
})
const part = fc.oneof(
  fc.record({ kind: fc.constant('block' as const), sequences: fc.array(sequence, { maxLength: 4 }), last: bytes(300) }),
  fc.record({ kind: fc.constant('stored' as const), last: fc.uint8Array({ minLength: 1, maxLength: 50 }) }),
)

t.test('whatever sequences of literals and matches, in whatever blocks, a frame says what they say', (t) =>
  assertProperty(
    t,
    fc.property(fc.array(part, { maxLength: 4 }), fc.constantFrom(0, 0x20, 0x10, 0x08, 0x04, 0x3c), (parts, flags) => {
      const said: number[] = []
      const blocks = parts.map((each) => {
        if (each.kind === 'stored') {
          said.push(...each.last)
          return { bytes: Buffer.from(each.last), stored: true }
        }
        const made = blockOf(each.sequences, each.last, said)
        said.push(...made.said)
        return { bytes: made.block, stored: false }
      })
      const frame = frameOf(blocks, flags)
      return readLz4(frame).equals(Buffer.from(said)) && readLz4(Buffer.concat([frame, frame])).equals(Buffer.from([...said, ...said]))
    }),
  ),
)

t.test('a match that is longer than it goes back repeats itself, as the format says', async (t) => {
  // Token 0x1f: one literal, a match of 15 + 5 + 4 bytes; one byte back. Then a token of one last literal.
  const block = Buffer.from([0x1f, 0x61, 0x01, 0x00, 0x05, 0x10, 0x62])
  t.equal(readLz4(frameOf([{ bytes: block, stored: false }], 0)).toString(), `${'a'.repeat(25)}b`)
})

t.test('a run of one byte is copied in pieces that double, and none inflates beyond the bound', async (t) => {
  // One literal and a match of half a million bytes of 255 behind its nibble, one byte back; then a last literal.
  const run = Buffer.concat([Buffer.from([0x1f, 0x61, 0x01, 0x00]), Buffer.alloc(400_000, 255), Buffer.from([0, 0x10, 0x62])])
  const frame = frameOf([{ bytes: run, stored: false }], 0)
  const { copyWithin } = Uint8Array.prototype
  let copies = 0
  t.intercept(Uint8Array.prototype, 'copyWithin', {
    value(this: Uint8Array, ...args: Parameters<typeof copyWithin>) {
      if (++copies > 100) throw new Error('it is copied piece by piece')
      return copyWithin.apply(this, args)
    },
  })
  const said = readLz4(frame)
  // Each copy doubles what is there: 2 ** 27 is more than 102,000,020.
  t.ok(copies <= 27, `${copies} copies`)
  t.equal(said.length, 400_000 * 255 + 1 + 19 + 1)
  t.ok(said.subarray(0, -1).equals(Buffer.alloc(said.length - 1, 'a')))
  const tooMuch = {
    code: 'E_BATCH_TOO_LARGE',
    scope: 'process',
    retriable: false,
    message: /compressed with lz4, has more than 1000 bytes/,
  }
  t.throws(() => readLz4(frame, 1_000), tooMuch)
  t.throws(() => readLz4(frameOf([{ bytes: Buffer.alloc(1_001), stored: true }], 0), 1_000), tooMuch)
  t.equal(readLz4(frameOf([{ bytes: Buffer.alloc(1_000), stored: true }], 0), 1_000).length, 1_000)
})

t.test('what others compress with gzip inflates no further either, and the client reads it so', async (t) => {
  const zeros = (bytes: number) => gzipSync(Buffer.alloc(bytes))
  t.equal((await readGzip(zeros(1_000), 1_000)).length, 1_000)
  const tooMuch = { code: 'E_BATCH_TOO_LARGE', message: /compressed with gzip, has more than 1000 bytes/ }
  await t.rejects(readGzip(zeros(1_001), 1_000), tooMuch)
  await t.rejects(readGzip(Buffer.from('no gzip'), 1_000), { code: 'Z_DATA_ERROR' })
  const codec = (kafkajs.CompressionCodecs[kafkajs.CompressionTypes.GZIP] as () => { decompress(bytes: Buffer): Promise<Buffer> })()
  await t.rejects(codec.decompress(zeros(MOST_INFLATED_BYTES + 1)), { code: 'E_BATCH_TOO_LARGE' })
})

t.test('what is no frame, or lies about a length, is refused', async (t) => {
  const block = (...of: number[]) => frameOf([{ bytes: Buffer.from(of), stored: false }], 0)
  t.throws(() => readLz4(Buffer.from('snappy it is')), { message: 'there is no LZ4 frame' })
  t.throws(() => readLz4(Buffer.from([0x04, 0x22, 0x4d, 0x18, 0xc0, 0x40, 0x82])), { message: 'the LZ4 frame is of version 3' })
  t.throws(() => readLz4(frameOf([], 0x01)), { message: 'the LZ4 frame needs a dictionary' })
  t.throws(() => readLz4(block(0x11, 0x61, 0x00, 0x00, 0x00)), { message: 'an LZ4 match goes back 0 bytes of 1' })
  t.throws(() => readLz4(block(0x11, 0x61, 0x02, 0x00, 0x00)), { message: 'an LZ4 match goes back 2 bytes of 1' })
  for (const cut of [block(0x20, 0x61), block(0xf0, 0xff, 0xff), block(0x11, 0x61, 0x01), block(0x1f, 0x61, 0x01, 0x00)])
    t.throws(() => readLz4(cut), { message: 'the LZ4 frame ends in the middle' })
  const whole = block(0x10, 0x61)
  for (let length = 7; length < whole.length; length += 1) t.throws(() => readLz4(whole.subarray(0, length)), RangeError)
})
