/**
 * CRC-32C (Castagnoli), the checksum of a record batch, eight bytes at a time.
 * @source RFC 3720 appendix B.4 (polynomial 0x1EDC6F41, reflected 0x82F63B78); slicing-by-8: Kounavis and Berry, 2005
 */
const POLYNOMIAL = 0x82f63b78
const SLICES = 8

const tables = new Int32Array(256 * SLICES)
for (let byte = 0; byte < 256; byte++) {
  let crc = byte
  for (let bit = 0; bit < 8; bit++) crc = (crc & 1) === 1 ? (crc >>> 1) ^ POLYNOMIAL : crc >>> 1
  tables[byte] = crc
}
for (let at = 256; at < tables.length; at++) {
  const before = tables[at - 256] as number
  tables[at] = (before >>> 8) ^ (tables[before & 0xff] as number)
}

/** The checksum of the bytes, unsigned. */
export function crc32c(bytes: Uint8Array): number {
  const table = tables
  let crc = -1
  let at = 0
  for (const end = bytes.length - (bytes.length % SLICES); at < end; at += SLICES) {
    const low = crc ^ (bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24))
    crc =
      table[1792 + (low & 0xff)]! ^
      table[1536 + ((low >>> 8) & 0xff)]! ^
      table[1280 + ((low >>> 16) & 0xff)]! ^
      table[1024 + (low >>> 24)]! ^
      table[768 + bytes[at + 4]!]! ^
      table[512 + bytes[at + 5]!]! ^
      table[256 + bytes[at + 6]!]! ^
      table[bytes[at + 7]!]!
  }
  for (; at < bytes.length; at++) crc = (crc >>> 8) ^ table[(crc ^ bytes[at]!) & 0xff]!
  return (crc ^ -1) >>> 0
}
