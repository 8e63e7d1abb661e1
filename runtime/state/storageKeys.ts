/**
 * Keys as the local store holds them: any string, however long, has one; the timer index is ordered by due time, then
 * key, then name, so that the earliest timers are its first.
 */
import { createHash } from 'node:crypto'
import type { DueTimer } from '../timerHeap.ts'

/** Of a key as it stands, and of the name of a timer. LMDB takes 1,978 bytes: 8 of the due time, a key, a separator and a name fit. */
export const LONGEST_BYTES = 900
/** Never begins UTF-8 text, so that a hash is no text. */
const HASHED = 0xff
const HASHED_LENGTH = 33
const SEPARATOR = 0
const DUE_LENGTH = 8
const HALF = 2 ** 32
/** Signed becomes unsigned, so that bytes sort as numbers do. */
const BIAS = 2 ** 31

/** The bytes of a key; a hash for one that is long or contains NUL, which separates key and name in the index. */
export function storageKey(key: string): Buffer {
  const bytes = Buffer.from(key)
  if (bytes.length > 0 && bytes.length <= LONGEST_BYTES && !bytes.includes(SEPARATOR)) return bytes
  return Buffer.concat([Buffer.of(HASHED), createHash('sha256').update(bytes).digest()])
}

/** Whether the key cannot be read back from its storage key. */
export function isHashed(stored: Buffer): boolean {
  return stored[0] === HASHED
}

/** Writes a time (whole ms, any safe integer) so that bytes sort as times do; 8 bytes. */
export function writeTime(target: Buffer, at: number, offset = 0): void {
  const high = Math.floor(at / HALF)
  target.writeUInt32BE(high + BIAS, offset)
  target.writeUInt32BE(at - high * HALF, offset + 4)
}

export function readTime(source: Buffer, offset = 0): number {
  return (source.readUInt32BE(offset) - BIAS) * HALF + source.readUInt32BE(offset + 4)
}

/** The place of a timer in the index. Throws `TypeError` for a name of more than 900 bytes. */
export function indexKey(stored: Buffer, name: string, dueAt: number): Buffer {
  const text = Buffer.from(name)
  if (text.length > LONGEST_BYTES) throw new TypeError(`a timer name has ${text.length} bytes; at most ${LONGEST_BYTES} are allowed`)
  const hashed = isHashed(stored)
  const key = Buffer.allocUnsafe(DUE_LENGTH + stored.length + (hashed ? 0 : 1) + text.length)
  writeTime(key, dueAt)
  stored.copy(key, DUE_LENGTH)
  if (!hashed) key[DUE_LENGTH + stored.length] = SEPARATOR
  text.copy(key, key.length - text.length)
  return key
}

/** The timer at a place of the index; `fullKey` is what stands there when the key is hashed. */
export function indexedTimer(place: Buffer, fullKey: Buffer): DueTimer {
  const dueAt = readTime(place)
  if (place[DUE_LENGTH] === HASHED)
    return { key: fullKey.toString('utf8'), name: place.toString('utf8', DUE_LENGTH + HASHED_LENGTH), dueAt }
  const end = place.indexOf(SEPARATOR, DUE_LENGTH)
  return { key: place.toString('utf8', DUE_LENGTH, end), name: place.toString('utf8', end + 1), dueAt }
}
