/**
 * Reads what other writers compress with Zstandard. Where its frames and blocks end is checked here, against the bytes that are there, and what
 * comes of them against what a batch may have; `fzstd` reads the blocks. Nothing of ours is written so.
 * @source https://www.rfc-editor.org/rfc/rfc8878
 */
import { Decompress } from 'fzstd'
import { RekindleError, runtimeError } from '../../errors.ts'
import { MOST_INFLATED_BYTES, inflatesTooFar } from './inflated.ts'

const MAGIC = 0xfd2f_b528
/** Frames of this and the 15 numbers behind it hold nothing that is compressed. */
const SKIPPABLE = 0x184d_2a50
/** Bits of the descriptor: two for the length of the size, a single segment, one that is reserved, a checksum, two for a dictionary. */
const SINGLE_SEGMENT = 0x20
const RESERVED = 0x08
const CHECKSUM = 0x04
const DICTIONARY = 0x03
const REPEATED = 1
const COMPRESSED = 2
const MOST_BLOCK_BYTES = 128 * 1024
const LEAST_WINDOW_LOG = 10
/** 32 MiB: `fzstd` reads distances of 25 bits and loses the first of longer ones. The usual levels look back 8 MiB at most. */
const MOST_WINDOW_LOG = 25

interface Frame {
  readonly windowBytes: number
  readonly blocks: Buffer
  /** What the blocks can hold at most. */
  readonly mostBytes: number
  readonly end: number
}

/** The bytes of these frames. Throws a `RangeError` for what is none, and E_BATCH_TOO_LARGE. */
export function readZstd(frames: Buffer, mostBytes = MOST_INFLATED_BYTES): Buffer {
  const chunks: Uint8Array[] = []
  let written = 0
  const take = (chunk: Uint8Array): void => {
    written += chunk.length
    if (written > mostBytes) throw inflatesTooFar('zstd', mostBytes)
    chunks.push(chunk)
  }
  for (let at = 0; at < frames.length;) {
    const frame = frameAt(frames, at)
    if (frame.blocks.length > 0) inflate(frame, take)
    at = frame.end
  }
  return Buffer.concat(chunks)
}

/**
 * The blocks behind a head of ours. `fzstd` sets as much aside as the window has, and moves all of it with each block, however little comes of
 * them: a writer of the highest level says 128 MiB in a frame of ten bytes.
 */
function inflate({ windowBytes, blocks, mostBytes }: Frame, take: (chunk: Uint8Array) => void): void {
  const log = Math.max(LEAST_WINDOW_LOG, Math.ceil(Math.log2(Math.min(windowBytes, mostBytes))))
  if (log > MOST_WINDOW_LOG)
    throw runtimeError('E_BATCH_TOO_LARGE', `A fetched batch, compressed with zstd, looks back more than ${2 ** MOST_WINDOW_LOG} bytes.`)
  const head = Buffer.alloc(6)
  head.writeUInt32LE(MAGIC)
  head.writeUInt8((log - LEAST_WINDOW_LOG) << 3, 5)
  try {
    new Decompress(take).push(Buffer.concat([head, blocks]), true)
  } catch (error) {
    if (error instanceof RekindleError) throw error
    throw new RangeError(`the zstd frame cannot be read: ${(error as Error).message}`, { cause: error })
  }
}

function frameAt(from: Buffer, start: number): Frame {
  if (from.length - start < 6) throw ended()
  const magic = from.readUInt32LE(start)
  if (magic >>> 4 === SKIPPABLE >>> 4) return skipped(from, start)
  if (magic !== MAGIC) throw new RangeError('there is no zstd frame')
  const flags = from.readUInt8(start + 4)
  if ((flags & RESERVED) !== 0) throw new RangeError('the zstd frame has a flag that does not exist')
  if ((flags & DICTIONARY) !== 0) throw new RangeError('the zstd frame needs a dictionary')
  const isSingle = (flags & SINGLE_SEGMENT) !== 0
  const sizeBytes = flags >> 6 === 0 ? Number(isSingle) : 1 << (flags >> 6)
  const sizeAt = start + 5 + Number(!isSingle)
  const first = sizeAt + sizeBytes
  if (first > from.length) throw ended()
  const windowBytes = isSingle ? contentSize(from, sizeAt, sizeBytes) : windowOf(from.readUInt8(start + 5))
  const { end, mostBytes } = blocksFrom(from, first, Math.min(windowBytes, MOST_BLOCK_BYTES))
  const after = end + ((flags & CHECKSUM) === 0 ? 0 : 4)
  if (after > from.length) throw ended()
  return { windowBytes, blocks: from.subarray(first, end), mostBytes, end: after }
}

/** Walks over the blocks: three bytes each for whether it is the last, its kind and its size, and what it has. */
function blocksFrom(from: Buffer, first: number, mostBlockBytes: number): { end: number; mostBytes: number } {
  let mostBytes = 0
  for (let at = first; ;) {
    if (at + 3 > from.length) throw ended()
    const word = from.readUIntLE(at, 3)
    const kind = (word >> 1) & 3
    const size = word >> 3
    // What is repeated tells how often, and what is compressed how many bytes stand there.
    const bytes = kind === COMPRESSED ? mostBlockBytes : size
    if (bytes > mostBlockBytes || size > mostBlockBytes) throw new RangeError(`a zstd block has ${size} bytes, more than a block may`)
    mostBytes += bytes
    at += 3 + (kind === REPEATED ? 1 : size)
    if (at > from.length) throw ended()
    if ((word & 1) === 1) return { end: at, mostBytes }
  }
}

function skipped(from: Buffer, start: number): Frame {
  if (from.length - start < 8) throw ended()
  const end = start + 8 + from.readUInt32LE(start + 4)
  if (end > from.length) throw ended()
  return { windowBytes: 0, blocks: from.subarray(end, end), mostBytes: 0, end }
}

/** A byte of five bits for the power of two, and three for eighths of it. */
function windowOf(byte: number): number {
  const base = 2 ** (LEAST_WINDOW_LOG + (byte >> 3))
  return base + (base / 8) * (byte & 7)
}

/** In one byte, two that begin at 256, four or eight. */
function contentSize(from: Buffer, at: number, bytes: number): number {
  if (bytes === 8) return Number(from.readBigUInt64LE(at))
  return from.readUIntLE(at, bytes) + (bytes === 2 ? 256 : 0)
}

function ended(): RangeError {
  return new RangeError('the zstd frame ends in the middle')
}
