/**
 * The partitioner of Java clients: murmur2 of the key bytes, sign bit masked, modulo the partition count. Mixed writers
 * must agree on it, or equal keys meet in different tasks.
 * @source org.apache.kafka.common.utils.Utils#murmur2
 */

/** 32-bit murmur2 of the bytes, signed, as Java returns it. */
export function murmur2(data: Uint8Array): number {
  const m = 0x5bd1e995
  const length = data.length
  let h = 0x9747b28c ^ length
  const words = length >> 2
  for (let i = 0; i < words; i++) {
    const at = i * 4
    let k = (data[at] ?? 0) | ((data[at + 1] ?? 0) << 8) | ((data[at + 2] ?? 0) << 16) | ((data[at + 3] ?? 0) << 24)
    k = Math.imul(k, m)
    k ^= k >>> 24
    k = Math.imul(k, m)
    h = Math.imul(h, m)
    h ^= k
  }
  const tail = length & ~3
  const left = length & 3
  if (left === 3) h ^= (data[tail + 2] ?? 0) << 16
  if (left >= 2) h ^= (data[tail + 1] ?? 0) << 8
  if (left >= 1) {
    h ^= data[tail] ?? 0
    h = Math.imul(h, m)
  }
  h ^= h >>> 13
  h = Math.imul(h, m)
  h ^= h >>> 15
  return h
}

/** The partition of a key among `partitions`. */
export function partitionOf(key: string | Uint8Array, partitions: number): number {
  return (murmur2(typeof key === 'string' ? bytesOf(key) : key) & 0x7fffffff) % partitions
}

/** Keys are short: their bytes are written here one after the other, for as long as a call of `murmur2` takes. */
const scratch = new Uint8Array(256)
const views = Array.from({ length: scratch.length + 1 }, (_, length) => scratch.subarray(0, length))

/** The text in UTF-8. A buffer made for each key costs more than its hash. */
function bytesOf(key: string): Uint8Array {
  const { length } = key
  const view = views[length]
  if (view === undefined) return Buffer.from(key)
  for (let at = 0; at < length; at++) {
    const code = key.charCodeAt(at)
    if (code > 0x7f) return Buffer.from(key)
    view[at] = code
  }
  return view
}
