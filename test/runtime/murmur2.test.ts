import fc from 'fast-check'
import t from 'tap'
import { murmur2, partitionOf } from '../../runtime/murmur2.ts'
import { assertProperty } from '../support/property.ts'

// Vectors of org.apache.kafka.common.utils.UtilsTest#testMurmur2.
const vectors: [string, number][] = [
  ['21', -973932308],
  ['foobar', -790332482],
  ['a-little-bit-long-string', -985981536],
  ['a-little-bit-longer-string', -1486304829],
  ['lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8', -58897971],
  ['abc', 479470107],
]

t.test('hashes as Java clients do', async (t) => {
  for (const [text, hash] of vectors) t.equal(murmur2(Buffer.from(text)), hash, text)
})

t.test('a partition is in range and depends on the key only', (t) =>
  assertProperty(
    t,
    // Short and long ones, and such whose characters take several bytes.
    fc.property(
      fc.oneof(fc.string(), fc.string({ unit: 'binary' }), fc.string({ minLength: 250, maxLength: 260 })),
      fc.integer({ min: 1, max: 1000 }),
      (key, count) => {
        const partition = partitionOf(key, count)
        return partition >= 0 && partition < count && partition === partitionOf(Buffer.from(key), count)
      },
    ),
  ),
)
