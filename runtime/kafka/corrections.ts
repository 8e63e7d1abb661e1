/**
 * Loads kafkajs 2.2.4 with its fourteen defects corrected, what encodes, decodes and filters record batches replaced by something faster, the
 * codecs for snappy, LZ4, zstd and gzip registered. Every other file of this folder takes kafkajs from here: whoever loads it
 * first elsewhere would get the uncorrected client.
 *
 * Defect 1: aborted transactions are filtered in the broker's order (by end), so overlapping ones leak aborted records,
 * and an abort marker is recognised by key bytes that a data record may carry. Defect 2: the position does not move past
 * an empty record batch that compaction left behind, so a reader of a compacted topic stands still for ever. Defect 3: with
 * several brokers, what is sent to one is written twice or left out when another one refuses; see `sendMessages.ts`. Defect
 * 4: a member whose coordinator is gone for good, or has handed the group to another broker, asks it again for ever. Defect 5:
 * a connection that is cut in the middle of an answer misreads the next one; see `connectionCorrections.ts`. Defect 6: a
 * consumer that is stopped while it starts goes on, and one that leaves joins a rebalance first; see `runnerCorrections.ts`. Defect 7: a topic that it was told of
 * while the brokers were away has no partitions for ever; see `metadataCorrections.ts`. Defect 8: who joins a group is not told its
 * generation; see `joinCorrections.ts`. Defect 9: a client that is disconnected connects anew for what is still under
 * way; see `closingCorrections.ts`. Defect 10: a member whose records were deleted before it read them, or whose topic was made anew with
 * less in it, commits the first kept record and goes on there as if nothing had been. Defect 11: the end of a transaction fails while its
 * id is being taken over, with an error that does not say so; see `endingCorrections.ts`. Defect 12: heartbeats follow the wall clock; see
 * `heartbeatCorrections.ts`. Defect 13: each connection looks every millisecond whether a request waits, and its time-outs follow the
 * wall clock; see `queueCorrections.ts`. Defect 14: a member whose join was answered and whose sync was not goes on in the new generation with what it
 * had in the old one, beside whoever has that now; see `joinCorrections.ts`.
 */
import { createRequire } from 'node:module'
// Types only: they load nothing.
import type * as Client from 'kafkajs'
import { runtimeError } from '../errors.ts'
import { correctClosing } from './closingCorrections.ts'
import { correctConnections } from './connectionCorrections.ts'
import { correctEnding } from './endingCorrections.ts'
import { typeOf } from './errorType.ts'
import { correctHeartbeats } from './heartbeatCorrections.ts'
import { correctJoins } from './joinCorrections.ts'
import { correctMetadata } from './metadataCorrections.ts'
import type { Reading } from './phaseClock.ts'
import { readGzip } from './protocol/inflated.ts'
import { readLz4 } from './protocol/lz4.ts'
import { readZstd } from './protocol/zstd.ts'
import { encodeRecordBatch } from './protocol/recordBatch.ts'
import type { BatchOptions, BatchRecord } from './protocol/recordBatch.ts'
import { controlRecordAfter, readRecordBatch } from './protocol/recordBatchReader.ts'
import type { FetchedRecord, FetchPosition, ReadRecordBatch } from './protocol/recordBatchReader.ts'
import { correctQueues } from './queueCorrections.ts'
import { correctRunner } from './runnerCorrections.ts'
import { createSendMessages } from './sendMessages.ts'

const require = createRequire(import.meta.url)

interface RawRecord {
  readonly offset: string
  readonly key: Buffer | null
  readonly isControlRecord: boolean
  readonly batchContext: { readonly producerId: string; readonly inTransaction: boolean }
}
export interface AbortedTransaction {
  readonly producerId: string
  readonly firstOffset: string
}

/** Control record type 0 is an abort marker, 1 a commit marker (second int16 of its key). */
const ABORT = 0

/**
 * The records that did not take part in an aborted transaction; control records stay in.
 * A transaction is open from its first offset to its producer's next abort marker, whatever the list's order.
 */
export function withoutAborted<R extends RawRecord>(options: {
  messages: readonly R[]
  abortedTransactions?: readonly AbortedTransaction[] | null
}): readonly R[] {
  const { messages, abortedTransactions } = options
  if (!abortedTransactions?.length) return messages
  const starts = abortedTransactions
    .map(({ producerId, firstOffset }) => ({ producerId, first: BigInt(firstOffset) }))
    .sort((a, b) => (a.first < b.first ? -1 : a.first > b.first ? 1 : 0))
  const open = new Set<string>()
  let nextStart = 0
  return messages.filter((record) => {
    const offset = BigInt(record.offset)
    for (let start = starts[nextStart]; start !== undefined && offset >= start.first; start = starts[nextStart]) {
      open.add(start.producerId)
      nextStart += 1
    }
    const { producerId, inTransaction } = record.batchContext
    if (record.isControlRecord) {
      if (record.key !== null && record.key.readInt16BE(2) === ABORT) open.delete(producerId)
      return true
    }
    return !(inTransaction && open.has(producerId))
  })
}

/** What reading a record batch took, by the first of its records. */
const readings = new WeakMap<FetchedRecord, { readonly records: number; readonly ms: number }>()

/** Adds a control record at the last offset of a batch whose tail compaction removed, so that a reader moves past it. */
function withLastOffset(batch: ReadRecordBatch): ReadRecordBatch {
  const last = Number(batch.firstOffset) + batch.lastOffsetDelta
  if (batch.records.at(-1)?.place !== last) batch.records.push(controlRecordAfter(batch))
  return batch
}

function correct(): void {
  if (require.cache[require.resolve('kafkajs/src/consumer/batch.js')] !== undefined) {
    throw new Error('kafkajs was loaded before runtime/kafka/corrections.ts: import it from there only')
  }
  const filter = require.resolve('kafkajs/src/consumer/filterAbortedMessages.js')
  require(filter)
  ;(require.cache[filter] as NodeJS.Module).exports = withoutAborted
  const decoder = require.resolve('kafkajs/src/protocol/recordBatch/v0/decoder.js')
  require(decoder)
  ;(require.cache[decoder] as NodeJS.Module).exports = async (fetched: FetchPosition) => {
    const started = performance.now()
    const batch = withLastOffset(await decodeBatch(fetched))
    const [first] = batch.records
    if (first !== undefined) readings.set(first, { records: batch.records.length, ms: performance.now() - started })
    return batch
  }
  const send = require.resolve('kafkajs/src/producer/sendMessages.js')
  require(send)
  ;(require.cache[send] as NodeJS.Module).exports = createSendMessages
  hasten()
  filterByNumbers()
  correctHeartbeats()
  correctQueues()
  followCoordinator()
  refuseLoss()
  correctConnections()
  correctClosing()
  correctEnding()
  correctMetadata()
  correctRunner()
  correctJoins()
}

/** A batch of the client: what was fetched, what of it was asked for, and what of that readers get. */
interface ClientBatchOfFetch {
  rawMessages: readonly FetchedRecord[]
  messagesWithinOffset: readonly FetchedRecord[]
  messages: readonly FetchedRecord[]
}
/** What this adds to a batch of the client. */
export interface BatchReading {
  readonly reading: Reading
}
interface FetchedPartition {
  readonly messages: readonly FetchedRecord[]
  readonly abortedTransactions?: readonly AbortedTransaction[] | null
}

/** The client parses the offset of each record as text, which costs more than to decode the record. */
function filterByNumbers(): void {
  const path = require.resolve('kafkajs/src/consumer/batch.js')
  const Batch = require(path) as new (topic: string, fetchedOffset: string, partition: FetchedPartition) => ClientBatchOfFetch
  ;(require.cache[path] as NodeJS.Module).exports = class extends Batch implements BatchReading {
    readonly reading: Reading
    constructor(topic: string, fetchedOffset: string, partition: FetchedPartition) {
      const started = performance.now()
      super(topic, fetchedOffset, { ...partition, messages: [] })
      const { messages, abortedTransactions = null } = partition
      const from = Number(fetchedOffset)
      this.rawMessages = messages
      // A fetch may begin before the wanted offset, since whole batches travel.
      this.messagesWithinOffset = (messages[0]?.place ?? from) >= from ? messages : messages.filter(({ place }) => place >= from)
      this.messages = withoutAborted({ messages: this.messagesWithinOffset, abortedTransactions }).filter(
        (record) => !record.isControlRecord,
      )
      const endedAt = performance.now()
      this.reading = { ms: msToDecode(messages) + endedAt - started, endedAt }
    }
  }
}

/** What the decoding of these records took, which are those of whole record batches. */
function msToDecode(records: readonly FetchedRecord[]): number {
  let ms = 0
  for (let at = 0; at < records.length;) {
    const batch = readings.get(records[at] as FetchedRecord)
    if (batch === undefined) break
    ms += batch.ms
    at += batch.records
  }
  return ms
}

interface ClientGroup {
  readonly groupId: string
  readonly cluster: { findGroupCoordinator(query: { groupId: string }): Promise<object> }
  coordinator: object
  heartbeat: (this: ClientGroup, options: object) => Promise<void>
}

/** The coordinator cannot be reached, or is none any more. */
function coordinatorLost(error: unknown): boolean {
  const { name } = error as { name?: unknown }
  return name === 'KafkaJSConnectionError' || name === 'KafkaJSConnectionClosedError' || typeOf(error) === 'NOT_COORDINATOR_FOR_GROUP'
}

/** The client looks for the coordinator when it joins, and then keeps to it; the next one knows its members as they were. */
function followCoordinator(): void {
  const { prototype } = require('kafkajs/src/consumer/consumerGroup.js') as { readonly prototype: ClientGroup }
  const beat = prototype.heartbeat
  prototype.heartbeat = async function (options) {
    try {
      await beat.call(this, options)
    } catch (error) {
      // The heartbeat is repeated by the client; what it was refused with says more than that none was found yet.
      if (coordinatorLost(error))
        this.coordinator = await this.cluster.findGroupCoordinator({ groupId: this.groupId }).catch(() => this.coordinator)
      throw error
    }
  }
}

interface ResettingGroup {
  readonly groupId: string
  readonly offsetManager: { nextOffset(topic: string, partition: number): unknown }
  recoverFromOffsetOutOfRange: (this: ResettingGroup, place: { readonly topic: string; readonly partition: number }) => Promise<void>
}

/** Without a cause: whoever looks for the root of an error shall find this one. */
function refuseLoss(): void {
  const { prototype } = require('kafkajs/src/consumer/consumerGroup.js') as { readonly prototype: ResettingGroup }
  prototype.recoverFromOffsetOutOfRange = async function ({ topic, partition }) {
    const position = String(this.offsetManager.nextOffset(topic, partition))
    throw runtimeError(
      'E_OFFSET_OUT_OF_RANGE',
      `${this.groupId} was about to read ${topic} partition ${partition} from offset ${position}.`,
    )
  }
}

interface Codec {
  compress(encoder: { readonly buffer: Buffer }): Promise<Buffer>
  decompress(bytes: Buffer): Promise<Buffer>
}
interface Codecs {
  lookupCodec(this: void, id: number): Codec
  lookupCodecByAttributes(this: void, attributes: number): Codec | null
}
/** Looked up once: through the loader that runs a checkout, twice a transaction, it took a fifteenth of what a member costs at 1,000 records/s. */
let codecs: Codecs | undefined
const compression = (): Codecs => (codecs ??= require('kafkajs/src/protocol/message/compression/index.js') as Codecs)

/** By the number of the protocol. */
const CODEC_NAMES = ['none', 'gzip', 'snappy', 'lz4', 'zstd']

/** Without a cause: whoever looks for the root of an error shall find this one. */
function codecOfBatch(attributes: number): Codec {
  let codec: Codec | null = null
  try {
    codec = compression().lookupCodecByAttributes(attributes)
  } catch {
    // The client throws an error of its own for those that it knows by name only.
  }
  if (codec !== null) return codec
  const id = attributes & 0x7
  throw runtimeError('E_CODEC_MISSING', `A fetched batch is compressed with ${CODEC_NAMES[id] ?? `the unknown codec ${id}`}.`)
}

/** The batch at the position. An incomplete one, with which a fetch may end, is told to the client by its own error. */
async function decodeBatch(fetched: FetchPosition): Promise<ReadRecordBatch> {
  const batch = await readRecordBatch(fetched, (attributes, bytes) => codecOfBatch(attributes).decompress(bytes))
  if (batch !== undefined) return batch
  const { KafkaJSPartialMessageError } = require('kafkajs/src/errors.js') as { KafkaJSPartialMessageError: new (message: string) => Error }
  throw new KafkaJSPartialMessageError('the fetch ends within a record batch')
}

const NO_COMPRESSION = 0

/** A message as callers of the client give it: what they leave out is null. */
interface ClientRecord extends Partial<Omit<BatchRecord, 'timestamp'>> {
  readonly timestamp?: string | number
}
interface ClientBatch extends Omit<BatchOptions, 'codec' | 'producerId'> {
  readonly records: readonly ClientRecord[]
  readonly compression: number
  readonly producerId: string | number | bigint | { toString(): string }
  readonly firstTimestamp: string | number
}

/** The client makes some twenty objects and as many copies of each record it writes: the encoder of this room takes its place. */
function hasten(): void {
  const record = require.resolve('kafkajs/src/protocol/recordBatch/record/v0/index.js')
  require(record)
  ;(require.cache[record] as NodeJS.Module).exports = (message: ClientRecord) => message
  const batch = require.resolve('kafkajs/src/protocol/recordBatch/v0/index.js')
  const rest = require(batch) as object
  ;(require.cache[batch] as NodeJS.Module).exports = {
    ...rest,
    async RecordBatch({ records, compression, producerId, producerEpoch, firstSequence, transactional, firstTimestamp }: ClientBatch) {
      const bytes = await encodeRecordBatch(
        records.map(({ key = null, value = null, headers = {}, timestamp = firstTimestamp }) => ({
          key,
          value,
          headers,
          timestamp: Number(timestamp),
        })),
        {
          producerId: BigInt(String(producerId)),
          producerEpoch,
          firstSequence,
          transactional,
          codec: compression === NO_COMPRESSION ? undefined : codecOf(compression),
        },
      )
      return { buf: bytes, buffer: bytes, offset: bytes.length, size: () => bytes.length }
    },
  }
}

/** A codec of the client for the encoder of this room. */
function codecOf(id: number): NonNullable<BatchOptions['codec']> {
  const codec = compression().lookupCodec(id)
  return { id, compress: (bytes) => codec.compress({ buffer: bytes }) }
}

/**
 * Synchronous: the 10 KB of a usual batch take 20 µs, two changes of thread take longer and wake another core. With the 200 KB of a full one
 * on other threads a member was slower as well (docs/performance.md): its transaction ends later, and the next waits for that.
 */
interface Snappy {
  compressSync(bytes: Buffer): Buffer
  uncompressSync(bytes: Buffer): Buffer
}

/** The framing of Java clients: magic, two int32 versions, then chunks of int32 length and snappy bytes. */
const XERIAL = Buffer.from([0x82, 0x53, 0x4e, 0x41, 0x50, 0x50, 0x59, 0x00])

function uncompress(snappy: Snappy, bytes: Buffer): Buffer {
  if (!bytes.subarray(0, XERIAL.length).equals(XERIAL)) return snappy.uncompressSync(bytes)
  const chunks: Buffer[] = []
  for (let at = XERIAL.length + 8; at < bytes.length;) {
    const length = bytes.readInt32BE(at)
    chunks.push(snappy.uncompressSync(bytes.subarray(at + 4, at + 4 + length)))
    at += 4 + length
  }
  return Buffer.concat(chunks)
}

function registerSnappy(client: typeof Client): Snappy | undefined {
  let snappy: Snappy
  try {
    snappy = require('snappy') as Snappy
  } catch {
    // No prebuilt binary for this platform: records are written uncompressed.
    return undefined
  }
  client.CompressionCodecs[client.CompressionTypes.Snappy] = () => ({
    compress: async (encoder: { buffer: Buffer }) => snappy.compressSync(encoder.buffer),
    decompress: async (bytes: Buffer) => uncompress(snappy, bytes),
  })
  return snappy
}

/** Other teams may write so; ours write snappy, or nothing compressed. */
function registerOthers(client: typeof Client): void {
  const gzip = compression().lookupCodec(client.CompressionTypes.GZIP)
  client.CompressionCodecs[client.CompressionTypes.GZIP] = () => ({ ...gzip, decompress: async (bytes: Buffer) => readGzip(bytes) })
  client.CompressionCodecs[client.CompressionTypes.LZ4] = () => ({
    compress: async () => Promise.reject(new Error('nothing is written as LZ4 here')),
    decompress: async (bytes: Buffer) => readLz4(bytes),
  })
  client.CompressionCodecs[client.CompressionTypes.ZSTD] = () => ({
    compress: async () => Promise.reject(new Error('nothing is written as zstd here')),
    decompress: async (bytes: Buffer) => readZstd(bytes),
  })
}

correct()

/** The corrected client. */
export const kafkajs = require('kafkajs') as typeof Client
const snappy = registerSnappy(kafkajs)
registerOthers(kafkajs)

/** Below this many bytes in a request compression costs more than it saves. */
const COMPRESSION_FLOOR_BYTES = 4096

/** The codec for a request of this many bytes of keys and values. */
export function compressionFor(bytes: number): Client.CompressionTypes {
  return snappy !== undefined && bytes >= COMPRESSION_FLOOR_BYTES ? kafkajs.CompressionTypes.Snappy : kafkajs.CompressionTypes.None
}

/** The same for the encoder of this room: `undefined` writes uncompressed. */
export function codecFor(bytes: number): BatchOptions['codec'] {
  const type = compressionFor(bytes)
  return type === kafkajs.CompressionTypes.None ? undefined : codecOf(type)
}

/** How many bytes these records take in a batch of theirs, compressed as they would be. */
export function writtenBytes(records: Buffer): number {
  return snappy === undefined || records.length < COMPRESSION_FLOOR_BYTES ? records.length : snappy.compressSync(records).length
}
