/**
 * Reads what other writers compress with LZ4, which many clients do by default: a frame of blocks, one behind the other. Every length is
 * checked against the bytes that are there, and what comes of them against what a batch may have. Nothing of ours is written so.
 * @source https://github.com/lz4/lz4/blob/v1.10.0/doc/lz4_Frame_format.md
 * @source https://github.com/lz4/lz4/blob/v1.10.0/doc/lz4_Block_format.md
 */
import { MOST_INFLATED_BYTES, inflatesTooFar } from './inflated.ts'

const MAGIC = 0x184d2204
const VERSION = 0b01
/** Bits of the descriptor: version 2, then whether blocks are independent, have checksums, the size is told, it ends with a checksum. */
const BLOCK_CHECKSUM = 0x10
const CONTENT_SIZE = 0x08
const CONTENT_CHECKSUM = 0x04
const DICTIONARY = 0x01
/** Of the length of a block: it stands there as it is. */
const STORED = 0x8000_0000
const SHORTEST_MATCH = 4
const MORE = 15

/** The bytes of these frames. Throws a `RangeError` for what is none, and E_BATCH_TOO_LARGE. */
export function readLz4(frames: Buffer, mostBytes = MOST_INFLATED_BYTES): Buffer {
  const to = new Output(Math.min(frames.length * 4, mostBytes), mostBytes)
  for (let at = 0; at < frames.length;) at = readFrame(frames, at, to)
  return to.written
}

function readFrame(from: Buffer, start: number, to: Output): number {
  if (from.length - start < 7 || from.readUInt32LE(start) !== MAGIC) throw new RangeError('there is no LZ4 frame')
  const flags = from.readUInt8(start + 4)
  if (flags >> 6 !== VERSION) throw new RangeError(`the LZ4 frame is of version ${flags >> 6}`)
  if ((flags & DICTIONARY) !== 0) throw new RangeError('the LZ4 frame needs a dictionary')
  // Behind the flags stand the largest block, perhaps the size, and a checksum: those of the broker cover all of it.
  let at = start + 6 + ((flags & CONTENT_SIZE) === 0 ? 0 : 8) + 1
  for (;;) {
    if (at + 4 > from.length) throw ended()
    const word = from.readUInt32LE(at)
    at += 4
    if (word === 0) break
    const isStored = word >= STORED
    const end = at + (isStored ? word - STORED : word)
    if (end > from.length) throw ended()
    if (isStored) to.literals(from, at, end)
    else readBlock(from, at, end, to)
    at = end + ((flags & BLOCK_CHECKSUM) === 0 ? 0 : 4)
  }
  return at + ((flags & CONTENT_CHECKSUM) === 0 ? 0 : 4)
}

/** Sequences of literals and a match with what stands before; the last has no match. */
function readBlock(from: Buffer, start: number, end: number, to: Output): void {
  let at = start
  const longer = (nibble: number): number => {
    let length = nibble
    for (let more = nibble === MORE; more;) {
      if (at >= end) throw ended()
      const byte = from[at++] as number
      length += byte
      more = byte === 255
    }
    return length
  }
  while (at < end) {
    const token = from[at++] as number
    const literals = longer(token >> 4)
    if (at + literals > end) throw ended()
    to.literals(from, at, at + literals)
    at += literals
    if (at === end) return
    if (at + 2 > end) throw ended()
    const distance = from.readUInt16LE(at)
    at += 2
    to.match(distance, longer(token & MORE) + SHORTEST_MATCH)
  }
}

function ended(): RangeError {
  return new RangeError('the LZ4 frame ends in the middle')
}

class Output {
  readonly #most: number
  #bytes: Buffer
  #at = 0

  constructor(about: number, most: number) {
    this.#most = most
    this.#bytes = Buffer.allocUnsafe(Math.max(64, about))
  }

  get written(): Buffer {
    return this.#bytes.subarray(0, this.#at)
  }

  literals(from: Buffer, start: number, end: number): void {
    this.#room(end - start)
    this.#at += from.copy(this.#bytes, this.#at, start, end)
  }

  /** Repeats what stands so far back; a longer match than that repeats its own beginning. */
  match(distance: number, length: number): void {
    if (distance === 0 || distance > this.#at) throw new RangeError(`an LZ4 match goes back ${distance} bytes of ${this.#at}`)
    this.#room(length)
    const from = this.#at - distance
    const end = this.#at + length
    while (this.#at < end) {
      // What is there by now doubles with each copy: by the distance alone a run of one byte would be copied byte by byte.
      const share = Math.min(end - this.#at, this.#at - from)
      this.#bytes.copyWithin(this.#at, from, from + share)
      this.#at += share
    }
  }

  #room(bytes: number): void {
    if (this.#at + bytes > this.#most) throw inflatesTooFar('lz4', this.#most)
    if (this.#at + bytes <= this.#bytes.length) return
    const larger = Buffer.allocUnsafe(Math.max(this.#bytes.length * 2, this.#at + bytes))
    this.#bytes.copy(larger, 0, 0, this.#at)
    this.#bytes = larger
  }
}
