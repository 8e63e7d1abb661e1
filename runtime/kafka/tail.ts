/**
 * Follows a topic without a group: from its beginning, a time, its last records, or from now on. Nothing is committed. What
 * keeps it waiting is told, and what was deleted before it was read.
 */
import { setTimeout as delay } from 'node:timers/promises'
import type { Kafka } from 'kafkajs'
import type { Logger } from 'pino'
import { RekindleError, runtimeError } from '../errors.ts'
import { Undecodable } from '../task.ts'
import { physicalName } from '../topic.ts'
import type { AnyTopic, ValueOf } from '../topic.ts'
import { typeOf } from './errorType.ts'
import { PartitionReader, textHeaders } from './partitionReader.ts'
import type { LogRecord, Position } from './partitionReader.ts'
import type { WireFormat } from './wireFormat.ts'

export interface TailOptions {
  /** Where to begin: the first kept record, that of a time (ms) or later, the last n of the topic, or what comes from now on (default). */
  readonly from?: 'beginning' | 'now' | { readonly last: number } | { readonly at: number }
  /** Resolve at the end of the topic as it was at the call instead of waiting for more. */
  readonly untilEnd?: boolean
  /** Ends the tail. */
  readonly signal?: AbortSignal
  /**
   * Told in a sentence what keeps it waiting, at once and every 30 s, and which records were deleted before they were read. Logged
   * as a warning unless given.
   */
  readonly onTrouble?: (sentence: string) => void
}

export interface TailRecord<V> {
  readonly partition: number
  readonly offset: bigint
  readonly key: string | null
  /** `null` is a tombstone; `undefined` bytes that could not be read, see `undecodable`. */
  readonly value: V | null | undefined
  readonly undecodable?: string
  readonly timestamp: number
  readonly headers: Readonly<Record<string, string>>
}

const WAIT_MS = 200
const RETRY_MS = 500
/** How often it is asked whether the topic was made anew, ms; after a failure it is in any case. */
const ID_EVERY_MS = 10_000
/** As often as a wait that lasts is said again: every 30 s. */
const SAID_EVERY = 30_000 / RETRY_MS

/** Hands each record to `onRecord`, in order per partition. Resolves when aborted or, with `untilEnd`, at the end. */
export async function tail<T extends AnyTopic>(
  topic: T,
  options: TailOptions & { kafka: Kafka; wire: WireFormat; topicPrefix: string; logger: Logger; idEveryMs?: number },
  onRecord: (record: TailRecord<ValueOf<T>>) => void,
): Promise<void> {
  const { wire, signal, from = 'now', idEveryMs = ID_EVERY_MS } = options
  const name = physicalName(topic, options.topicPrefix)
  const tell = options.onTrouble ?? ((sentence: string) => options.logger.warn({ topic: name }, sentence))
  const reader = await PartitionReader.connect(options.kafka)

  async function hand(records: readonly LogRecord[]): Promise<void> {
    await wire.prepare(
      topic,
      records.map(({ value }) => value),
    )
    for (const record of records) if (signal?.aborted !== true) onRecord(tailRecord(topic, record, wire))
  }

  /** Retention has overtaken the reader, or the topic was made anew: it goes on at the first record that there is. */
  async function intoRange(positions: readonly Position[], ends: bigint[]): Promise<void> {
    const ranges = await reader.ranges(
      name,
      positions.map(({ partition }) => partition),
    )
    positions.forEach((position, index) => {
      const { low, end } = ranges.get(position.partition) ?? { low: 0n, end: 0n }
      const before = ends[index] ?? 0n
      if (before > end) {
        ends[index] = end
        tell(`${name} partition ${position.partition} ends at ${end} by now and not at ${before}: it was made anew.`)
      }
      if (position.offset >= low && position.offset <= end) return
      tell(
        `Records of ${name} partition ${position.partition} from offset ${position.offset} on were deleted before they were read; it goes on at ${low}.`,
      )
      position.offset = low
    })
  }

  let id: string | undefined
  /** Made anew with more in it than was read of the old one, a topic is read on as if nothing had been: only its id tells. */
  async function madeAnew(positions: readonly Position[], ends: bigint[]): Promise<void> {
    const places = positions.map(({ partition }) => partition)
    const now = await reader.topicId(name, places[0] ?? 0)
    if (id !== undefined && now !== undefined && now !== id) {
      const ranges = await reader.ranges(name, places)
      positions.forEach((position, index) => {
        const { low, end } = ranges.get(position.partition) ?? { low: 0n, end: 0n }
        position.offset = low
        ends[index] = end
      })
      tell(`${name} was made anew; it goes on at the beginning of what stands there now.`)
    }
    id = now ?? id
  }

  try {
    const partitions = await reader.partitions(name).catch((error: unknown) => {
      if (typeOf(error) === 'UNKNOWN_TOPIC_OR_PARTITION') return []
      throw error
    })
    if (partitions.length === 0) throw runtimeError('E_TOPIC_MISSING', `${name} does not exist.`)
    id = await reader.topicId(name, partitions[0] ?? 0).catch(() => undefined)
    const ranges = await reader.ranges(name, partitions)
    const ends = partitions.map((partition) => ranges.get(partition)?.end ?? 0n)
    const since = typeof from === 'object' && 'at' in from ? await reader.offsetsAt(name, from.at) : undefined
    const starts = partitions.map((partition, index) => {
      const end = ends[index] ?? 0n
      if (from === 'now') return end
      return since === undefined ? (ranges.get(partition)?.low ?? 0n) : (since.get(partition) ?? end)
    })
    const positions = partitions.map((partition, index) => ({ topic: name, partition, offset: starts[index] ?? 0n }))
    const behind = () => positions.filter(({ offset }, index) => offset < (ends[index] ?? 0n))

    if (typeof from === 'object' && 'last' in from) {
      // Offsets have holes (control records), so "the last n" can only be counted by reading; the newest by time are kept.
      const kept: LogRecord[] = []
      const { last } = from
      const window = BigInt(last) * 2n + 100n
      positions.forEach((position, index) => {
        const start = (ends[index] ?? 0n) - window
        if (start > position.offset) position.offset = start
      })
      for (let open = behind(); open.length > 0 && signal?.aborted !== true; open = behind()) {
        const before = open.map(({ offset }) => offset)
        await reader.fetch(open, WAIT_MS, (records) => kept.push(...records))
        if (open.every(({ offset }, index) => offset === before[index])) await intoRange(positions, ends)
      }
      await hand(kept.sort((a, b) => a.timestamp - b.timestamp).slice(-last))
    }
    let failures = 0
    let outOfRange = false
    let askAt = performance.now() + idEveryMs
    for (;;) {
      const wanted = options.untilEnd === true ? behind() : positions
      if (wanted.length === 0 || signal?.aborted === true) return
      const gathered: LogRecord[] = []
      let before = wanted.map(({ offset }) => offset)
      try {
        if (performance.now() >= askAt) {
          await madeAnew(positions, ends)
          before = wanted.map(({ offset }) => offset)
          askAt = performance.now() + idEveryMs
        }
        if (outOfRange) await intoRange(positions, ends)
        outOfRange = false
        await reader.fetch(wanted, WAIT_MS, (records) => gathered.push(...records))
        await wire.prepare(
          topic,
          gathered.map(({ value }) => value),
        )
        failures = 0
        // Of a topic that was made anew with less in it, the end that was read first never comes.
        outOfRange = options.untilEnd === true && wanted.every(({ offset }, index) => offset === before[index])
      } catch (error) {
        if (error instanceof RekindleError && !error.retriable) throw error
        wanted.forEach((position, index) => (position.offset = before[index] ?? position.offset))
        outOfRange = typeOf(error) === 'OFFSET_OUT_OF_RANGE'
        askAt = -Infinity
        // The broker or the registry is away: the same place is read again until the caller stops it.
        if (failures++ % SAID_EVERY === 0) tell(`${name} cannot be read at present, it is tried again: ${String(error)}`)
        await delay(RETRY_MS)
        continue
      }
      await hand(gathered)
    }
  } finally {
    await reader.close()
  }
}

/** A record of the log as it is handed out. Its schema must have been prepared. */
export function tailRecord<T extends AnyTopic>(topic: T, record: LogRecord, wire: WireFormat): TailRecord<ValueOf<T>> {
  const { partition, offset, timestamp } = record
  const place = { partition, offset, timestamp, key: record.key?.toString('utf8') ?? null, headers: textHeaders(record.headers) }
  if (record.value === null) return { ...place, value: null }
  const value = wire.decode(topic, record.value)
  return value instanceof Undecodable ? { ...place, value: undefined, undecodable: value.reason } : { ...place, value }
}
