/** Zstandard as others write it is read; what is none is refused. That the frames of Java writers are, a broker that compresses so shows (`brokerContract`). */
import fc from 'fast-check'
import t from 'tap'
import { RekindleError } from '../../../runtime/errors.ts'
import { readZstd } from '../../../runtime/kafka/protocol/zstd.ts'
import { assertProperty } from '../../support/property.ts'

const said = Array.from({ length: 40 }, (_, lead) => `{"lead":"${lead}","said":"Is the house on Elm Street still for sale?"}\n`).join('')

/** What the `zstd` program, version 1.5.4, makes of it. */
const FRAMES = {
  'first level':
    'KLUv/QRIpQUAcoYVGoBNOqr+FM0WBPMTL4ggp+RPWkuJYaRNJXUC////v23btt22bVvEwVAgDO4CJpY4PFkQ1CjEJmWlO0hilAMV9UB1GUFMHZMqF6bY0py0gAlMseUcmi' +
    'QoIIBzSg89xdK5xCyJSWeJuSSWziRmSUw6S8wksXSWmEti6UxilsRL50tKzJaUxJWUzpSUmCcpiSUpnSMpMUNSEj9SgjsiXSVWklS6klglKekqsUrSLi8gingGuLNgMQ==',
  'highest, without a checksum':
    'KLUv/QCIdQQAYgYWGICrA1rYH2JmNAKeCzEwuOW2xPfIhU30BM81tpQ3J3+usaW8OfVzjS3lzfxcY0t5MxDt8BFKdRpEY1Sm1PnvTEOXSCjT6MunSfSTqbJQoNxg0wp7wI' +
    '8LBSmoEaCzf9YO0Eu1GhEwBDOE//9n+AG03Wz2mrZtNjdZ2222twv5jtqqVruSRQkZFAPkDw==',
  'its size not told':
    'KLUv/QRYpQUAcoYVGoBNOqr+FM0WBPMTL4ggp+RPWkuJYaRNJXUC////v23btt22bVvEwVAgDO4CJpY4PFkQ1CjEJmWlO0hilAMV9UB1GUFMHZMqF6bY0py0gAlMseUcmi' +
    'QoIIBzSg89xdK5xCyJSWeJuSSWziRmSUw6S8wksXSWmEti6UxilsRL50tKzJaUxJWUzpSUmCcpiSUpnSMpMUNSEj9SgjsiXSVWklS6klglKekqsUrSLi8gingGuLNgMQ==',
}

interface Block {
  readonly kind: 'stored' | 'repeated'
  readonly bytes: Buffer
}

/** A frame of blocks that are stored as they are or say how often their first byte comes; the window by its power of two. */
function frameOf(blocks: readonly Block[], { windowLog = 17, flags = 0 } = {}): Buffer {
  const parts = blocks.map(({ kind, bytes }, index) => {
    const head = Buffer.alloc(3)
    head.writeUIntLE((bytes.length << 3) | (kind === 'stored' ? 0 : 2) | Number(index === blocks.length - 1), 0, 3)
    return Buffer.concat([head, kind === 'stored' ? bytes : bytes.subarray(0, 1)])
  })
  return Buffer.concat([Buffer.from('28b52ffd', 'hex'), Buffer.of(flags, (windowLog - 10) << 3), ...parts])
}

const letters = (count: number): Block => ({ kind: 'repeated', bytes: Buffer.alloc(count, 'a') })
const stored = (text: string): Block => ({ kind: 'stored', bytes: Buffer.from(text) })
/** A frame that holds nothing for a reader: its number, how many bytes follow, and those. */
const passedOver = Buffer.concat([Buffer.from('5e2a4d1803000000', 'hex'), Buffer.from('abc')])

for (const [how, frame] of Object.entries(FRAMES))
  t.test(`what the program of the format writes is read: ${how}`, async (t) => {
    const bytes = Buffer.from(frame, 'base64')
    t.equal(readZstd(bytes).toString(), said)
    t.equal(readZstd(Buffer.concat([bytes, passedOver, bytes])).toString(), said + said, 'frame behind frame')
    for (let length = 1; length < bytes.length; length += 1) t.throws(() => readZstd(bytes.subarray(0, length)), RangeError)
  })

const block = fc.oneof(
  fc.string({ maxLength: 300 }).map(stored),
  fc.integer({ min: 1, max: 131_072 }).map((count) => letters(count)),
)

t.test('whatever blocks a frame has, it says what they say', (t) =>
  assertProperty(
    t,
    fc.property(fc.array(block, { minLength: 1, maxLength: 5 }), fc.integer({ min: 17, max: 27 }), (blocks, windowLog) =>
      readZstd(frameOf(blocks, { windowLog })).equals(Buffer.concat(blocks.map(({ bytes }) => bytes))),
    ),
  ),
)

t.test('nothing inflates beyond the bound', async (t) => {
  const tooMuch = {
    code: 'E_BATCH_TOO_LARGE',
    scope: 'process',
    retriable: false,
    message: /compressed with zstd, has more than 1000 bytes/,
  }
  t.equal(readZstd(frameOf([letters(600), letters(400)]), 1_000).length, 1_000)
  t.throws(() => readZstd(frameOf([letters(600), letters(401)]), 1_000), tooMuch)
  t.throws(() => readZstd(Buffer.concat([frameOf([letters(600)]), frameOf([letters(401)])]), 1_000), tooMuch)
})

t.test('a window of 128 MiB takes no more memory than what is in it, and one that is used is told', async (t) => {
  const before = process.memoryUsage().arrayBuffers
  for (let round = 0; round < 16; round += 1) readZstd(frameOf([stored('hi')], { windowLog: 27 }))
  t.ok(process.memoryUsage().arrayBuffers - before < 16 * 1024 * 1024, 'what 16 windows of a MiB take')
  const blocks = Array.from({ length: 257 }, () => letters(131_072))
  t.throws(() => readZstd(frameOf(blocks, { windowLog: 27 })), {
    code: 'E_BATCH_TOO_LARGE',
    message: /looks back more than 33554432 bytes/,
  })
  t.equal(readZstd(frameOf(blocks, { windowLog: 25 })).length, 257 * 131_072)
})

t.test('what is no frame, or lies about a length, is refused', async (t) => {
  t.throws(() => readZstd(Buffer.from('snappy it is')), { message: 'there is no zstd frame' })
  t.throws(() => readZstd(frameOf([stored('a')], { flags: 0x08 })), { message: 'the zstd frame has a flag that does not exist' })
  t.throws(() => readZstd(frameOf([stored('a')], { flags: 0x01 })), { message: 'the zstd frame needs a dictionary' })
  t.throws(() => readZstd(frameOf([letters(131_073)])), { message: 'a zstd block has 131073 bytes, more than a block may' })
  const third = Buffer.concat([frameOf([stored('')]).subarray(0, 6), Buffer.of(0x07, 0, 0)])
  t.throws(() => readZstd(third), { message: 'the zstd frame cannot be read: invalid block type' })
  t.throws(() => readZstd(passedOver.subarray(0, 10)), { message: 'the zstd frame ends in the middle' })
})

t.test('whatever byte of a frame is another, what comes is bytes or a refusal', (t) => {
  const frame = Buffer.from(FRAMES['first level'], 'base64')
  return assertProperty(
    t,
    fc.property(fc.nat(frame.length - 1), fc.integer({ min: 1, max: 255 }), (at, by) => {
      const other = Buffer.from(frame)
      other[at] = (frame[at] as number) ^ by
      try {
        return Buffer.isBuffer(readZstd(other))
      } catch (error) {
        return error instanceof RangeError || (error instanceof RekindleError && error.code === 'E_BATCH_TOO_LARGE')
      }
    }),
  )
})
