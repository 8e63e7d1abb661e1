/**
 * Reads partitions without a consumer group: from an offset to the end that was read first (restore), or on and on
 * (tables, tail). Read committed; the position moves past control records, aborted ones and the holes of compaction.
 */
import { setTimeout as delay } from 'node:timers/promises'
import type { Cluster, Kafka } from 'kafkajs'
import type { RawHeaders } from '../rawHeaders.ts'
import { ClusterConnection } from './cluster.ts'
import { withoutAborted } from './corrections.ts'
import type { AbortedTransaction } from './corrections.ts'
import { logEnds, offsetsAtTime } from './offsets.ts'
import type { FetchedRecord } from './protocol/recordBatchReader.ts'
import { topicId } from './topicId.ts'

export { textHeaders } from '../rawHeaders.ts'
export type { RawHeaders } from '../rawHeaders.ts'

/** A record as it is on the log. */
export interface LogRecord {
  readonly topic: string
  readonly partition: number
  readonly offset: bigint
  readonly key: Buffer | null
  readonly value: Buffer | null
  /** ms since the epoch. */
  readonly timestamp: number
  readonly headers: RawHeaders
}

/** A record of a fetch, with what most readers want of it and nothing else has to be made for. */
export interface FetchedLog extends LogRecord {
  readonly keyText: string | null
  /** Bytes of the value, 0 for null. */
  readonly valueSize: number
  /** Of a repeated header the first. */
  readonly headersAsText: Record<string, string>
}

interface FetchedPartition {
  readonly partition: number
  readonly highWatermark: string
  readonly lastStableOffset: string
  readonly abortedTransactions: readonly AbortedTransaction[] | null
  readonly messages: readonly FetchedRecord[]
}

export interface Position {
  readonly topic: string
  readonly partition: number
  /** Next offset to read. */
  offset: bigint
  /** Where reading ended when it was last fetched from: the last stable offset. */
  end?: bigint
}

/** The range that read-committed readers can reach: first kept offset, and the last stable one (exclusive). */
export interface OffsetRange {
  readonly low: bigint
  readonly end: bigint
}

const READ_COMMITTED = 1
const MAX_BYTES_PER_PARTITION = 4 << 20

/** 100 times 100 ms: a topic that was just made has its leaders well before. */
const LEADER_ATTEMPTS = 100
const LEADER_WAIT_MS = 100

export class PartitionReader {
  readonly #connection: ClusterConnection
  readonly #cluster: Cluster
  readonly #topics = new Set<string>()
  #turn: Promise<unknown> = Promise.resolve()
  #closed = false

  private constructor(connection: ClusterConnection) {
    this.#connection = connection
    this.#cluster = connection.cluster
  }

  /** Connects. One reader has one connection per broker, on which a waiting fetch holds up others: use one per purpose. */
  static async connect(kafka: Kafka): Promise<PartitionReader> {
    return new PartitionReader(await ClusterConnection.open(kafka))
  }

  /** On a connection that others use too, for short questions; whoever opened it closes it. */
  static over(connection: ClusterConnection): PartitionReader {
    return new PartitionReader(connection)
  }

  async close(): Promise<void> {
    this.#closed = true
    await this.#connection.close()
  }

  /** Per partition the first offset stamped with this time (ms) or a later one; a partition without such a record has none. */
  async offsetsAt(topic: string, at: number): Promise<ReadonlyMap<number, bigint>> {
    return (await offsetsAtTime(this.#connection, [topic], at)).get(topic) ?? new Map<number, bigint>()
  }

  /** Partition numbers of a topic as it is now, ascending; empty when it does not exist. */
  async partitions(topic: string): Promise<readonly number[]> {
    if (this.#topics.has(topic)) await this.#cluster.refreshMetadata()
    await this.#know(topic)
    return this.#cluster
      .findTopicPartitionMetadata(topic)
      .map(({ partitionId }) => partitionId)
      .sort((a, b) => a - b)
  }

  /** Which topic stands under this name now, by one of its partitions; `undefined` where the cluster gives no ids. */
  topicId(topic: string, partition: number): Promise<string | undefined> {
    return topicId(this.#connection, topic, partition)
  }

  async ranges(topic: string, partitions: readonly number[]): Promise<ReadonlyMap<number, OffsetRange>> {
    await this.#know(topic)
    const asked = partitions.map((partition) => ({ partition }))
    const [low, end] = await Promise.all(
      [true, false].map(async (fromBeginning) => {
        const [answer] = await this.#settled(() => this.#cluster.fetchTopicsOffset([{ topic, partitions: asked, fromBeginning }]))
        return new Map(answer?.partitions.map(({ partition, offset }) => [partition, BigInt(offset)]))
      }),
    )
    return new Map(partitions.map((partition) => [partition, { low: low?.get(partition) ?? 0n, end: end?.get(partition) ?? 0n }]))
  }

  /** Where the log ends, transactions included that readers wait for (exclusive). */
  async logEnd(topic: string, partition: number): Promise<bigint> {
    await this.#know(topic)
    return (await this.#settled(() => logEnds(this.#connection, topic, [partition]))).get(partition) ?? 0n
  }

  /** Asks again, with fresh metadata, while the answer is that a leader has moved or a new partition has none yet. */
  async #settled<R>(ask: () => Promise<R>): Promise<R> {
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await ask()
      } catch (error) {
        if ((error as { retriable?: unknown }).retriable !== true || attempt >= LEADER_ATTEMPTS) throw error
        await delay(LEADER_WAIT_MS)
        await this.#cluster.refreshMetadata().catch(() => undefined)
      }
    }
  }

  /**
   * Hands every record from `from` (at least the low end) up to the end as it is now to `onRecord`; returns that end. What `onFetched` throws,
   * called after each fetch, ends the reading. Throws when the log has become shorter: that end will not come.
   */
  async readToEnd(
    topic: string,
    partition: number,
    from: bigint,
    onRecord: (record: LogRecord) => void,
    onFetched: () => void = () => undefined,
  ): Promise<bigint> {
    const range = (await this.ranges(topic, [partition])).get(partition)
    if (range === undefined) return from
    const position: Position = { topic, partition, offset: from > range.low ? from : range.low }
    while (position.offset < range.end) {
      const before = position.offset
      await this.fetch([position], 10, (records) => {
        for (const record of records) if (record.offset < range.end) onRecord(record)
      })
      onFetched()
      if (position.offset === before) await this.refuseShorter(topic, partition, range.end)
    }
    return range.end
  }

  /** To be asked when a fetch brings nothing: throws when the log ends before `end`, where it once ended, since that will not come any more. */
  async refuseShorter(topic: string, partition: number, end: bigint): Promise<void> {
    const now = (await this.ranges(topic, [partition])).get(partition)?.end ?? 0n
    if (now < end) throw new Error(`${topic} partition ${partition} ends at ${now} by now and not at ${end}: it was made anew`)
  }

  /**
   * One fetch of several partitions, waiting up to `maxWaitMs` for the first byte. Moves the positions and hands on the
   * records of each partition in order. A smaller `maxBytes` per partition still gives one batch of the first one.
   */
  fetch(
    positions: readonly Position[],
    maxWaitMs: number,
    onRecords: (records: LogRecord[]) => void,
    maxBytes = MAX_BYTES_PER_PARTITION,
  ): Promise<void> {
    // One at a time: the broker serves a connection in order anyway, and the client opens its fetch connection twice, and
    // never closes one of them, when two first fetches meet.
    const fetched = this.#turn.then(() => this.#fetch(positions, maxWaitMs, onRecords, maxBytes))
    this.#turn = fetched.catch(() => undefined)
    return fetched
  }

  async #fetch(
    positions: readonly Position[],
    maxWaitMs: number,
    onRecords: (records: LogRecord[]) => void,
    maxBytes: number,
  ): Promise<void> {
    const byLeader = new Map<number, Position[]>()
    for (const position of positions) {
      await this.#know(position.topic)
      const leader = this.#cluster.findTopicPartitionMetadata(position.topic).find((p) => p.partitionId === position.partition)?.leader
      if (leader === undefined) throw new Error(`${position.topic} has no partition ${position.partition}`)
      byLeader.set(leader, [...(byLeader.get(leader) ?? []), position])
    }
    try {
      const asked = [...byLeader].map(([leader, group]) => this.#fetchFrom(leader, group, maxWaitMs, onRecords, maxBytes))
      // Each is awaited, whatever becomes of another: what answers after the fetch has failed would move a position past records
      // that nobody takes any more.
      const refused = (await Promise.allSettled(asked)).find(({ status }) => status === 'rejected') as PromiseRejectedResult | undefined
      if (refused !== undefined) throw refused.reason
    } catch (error) {
      // A moved leader or a restarted broker: the next call asks anew. Asked after the close, which is what cut the fetch short,
      // the client would connect again, and the process would not end.
      if (!this.#closed) await this.#cluster.refreshMetadata().catch(() => undefined)
      if (this.#closed) await this.#connection.close()
      throw error
    }
  }

  async #know(topic: string): Promise<void> {
    if (this.#topics.has(topic)) return
    await this.#cluster.addTargetTopic(topic)
    this.#topics.add(topic)
  }

  async #fetchFrom(
    leader: number,
    group: readonly Position[],
    maxWaitMs: number,
    onRecords: (records: LogRecord[]) => void,
    maxBytes: number,
  ): Promise<void> {
    const broker = await this.#cluster.findBroker({ nodeId: String(leader) })
    const topics = new Map<string, Position[]>()
    for (const position of group) topics.set(position.topic, [...(topics.get(position.topic) ?? []), position])
    const { responses } = (await broker.fetch({
      isolationLevel: READ_COMMITTED,
      maxWaitTime: maxWaitMs,
      minBytes: 1,
      maxBytes: maxBytes * 4,
      topics: [...topics].map(([topic, positions]) => ({
        topic,
        partitions: positions.map(({ partition, offset }) => ({
          partition,
          fetchOffset: String(offset),
          maxBytes,
        })),
      })),
    })) as { responses: { topicName: string; partitions: FetchedPartition[] }[] }
    for (const { topicName, partitions } of responses) {
      for (const fetched of partitions) {
        const position = group.find(({ topic, partition }) => topic === topicName && partition === fetched.partition)
        if (position !== undefined) take(position, fetched, onRecords)
      }
    }
  }
}

function take(position: Position, fetched: FetchedPartition, onRecords: (records: LogRecord[]) => void): void {
  const { messages, abortedTransactions } = fetched
  const from = Number(position.offset)
  position.end = BigInt(fetched.lastStableOffset)
  // A fetch may begin before the wanted offset (whole batches travel); the filter must see the batch from the position on.
  const wanted = messages.filter(({ place }) => place >= from)
  const last = wanted.at(-1)
  if (last === undefined) return
  const records = withoutAborted({ messages: wanted, abortedTransactions })
    .filter(({ isControlRecord }) => !isControlRecord)
    .map((record) => new FetchedLogRecord(position.topic, position.partition, record))
  position.offset = BigInt(last.offset) + 1n
  if (records.length > 0) onRecords(records)
}

/** A fetched record with its place, read off the bytes of its batch when it is asked for. */
export class FetchedLogRecord implements FetchedLog {
  readonly topic: string
  readonly partition: number
  readonly #record: FetchedRecord

  constructor(topic: string, partition: number, record: FetchedRecord) {
    this.topic = topic
    this.partition = partition
    this.#record = record
  }

  get offset(): bigint {
    return BigInt(this.#record.place)
  }
  get timestamp(): number {
    return this.#record.timestampMs
  }
  get key(): Buffer | null {
    return this.#record.key
  }
  get value(): Buffer | null {
    return this.#record.value
  }
  get headers(): RawHeaders {
    return this.#record.headers
  }
  get keyText(): string | null {
    return this.#record.keyText
  }
  get valueSize(): number {
    return this.#record.valueSize
  }
  get headersAsText(): Record<string, string> {
    return this.#record.headersAsText
  }
}
