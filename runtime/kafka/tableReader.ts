/**
 * Compacted topics as look-up tables: read whole before they are handed out, what is committed behind an open transaction included, live
 * afterwards. A record that does not decode is left out and logged, never fatal: a table has no dead-letter topic, its writers are our own tools. One whose
 * topic was made anew, or no longer holds where it was read up to, is read whole once more.
 */
import { setTimeout as delay } from 'node:timers/promises'
import type { Logger } from 'pino'
import { runtimeError } from '../errors.ts'
import type { Table } from '../stage.ts'
import { Undecodable } from '../task.ts'
import { physicalName } from '../topic.ts'
import type { AnyTopic, ValueOf } from '../topic.ts'
import { TRANSACTION_ENDED_MS } from './client.ts'
import { typeOf } from './errorType.ts'
import type { LogRecord, PartitionReader, Position } from './partitionReader.ts'
import type { WireFormat } from './wireFormat.ts'

/** A waiting fetch returns at once with news, after this long without, ms. */
const WAIT_MS = 1_000
/** Pause after a failed fetch, ms. */
const RETRY_MS = 500
/** How often the id of the topic is asked for, ms; after a failure it is in any case. */
const ID_EVERY_MS = 10_000

export interface TableOptions {
  /** A reader of its own, closed with the table. */
  readonly connect: () => Promise<PartitionReader>
  readonly wire: WireFormat
  readonly topicPrefix: string
  readonly logger: Logger
  /** How often it is asked whether the topic was made anew, ms. */
  readonly idEveryMs?: number
  /** How long transactions that are open on the topic are waited for, ms; by default a little longer than the broker lets them live. */
  readonly patienceMs?: number
}

/** What a topic held when it was read, and where it goes on. */
interface Whole<V> {
  readonly rows: Map<string, V>
  readonly positions: readonly Position[]
  readonly id: string | undefined
}

export interface LiveTable<V> extends Table<V> {
  close(): Promise<void>
}

/**
 * Resolves when the table is complete up to the end of the topic as it was at the call. Where a transaction does not end, it is handed out with
 * what readers see, and that is logged.
 */
export async function readTable<T extends AnyTopic>(topic: T, options: TableOptions): Promise<LiveTable<ValueOf<T>>> {
  const { wire, logger, idEveryMs = ID_EVERY_MS, patienceMs = TRANSACTION_ENDED_MS } = options
  const name = physicalName(topic, options.topicPrefix)
  const reader = await options.connect()
  type Rows = Map<string, ValueOf<T>>

  // Decoding may have to ask the registry, so records are gathered by the fetch and applied after it.
  async function apply(records: readonly LogRecord[], rows: Rows): Promise<void> {
    await wire.prepare(
      topic,
      records.map(({ value }) => value),
    )
    for (const { key, value, partition, offset } of records) {
      if (key === null) continue
      if (value === null) {
        rows.delete(key.toString('utf8'))
        continue
      }
      const decoded = wire.decode(topic, value)
      if (decoded instanceof Undecodable)
        logger.error({ topic: name, partition, offset: String(offset), reason: decoded.reason }, 'table record left out')
      else rows.set(key.toString('utf8'), decoded)
    }
  }

  async function step(positions: readonly Position[], rows: Rows): Promise<void> {
    const before = positions.map(({ offset }) => offset)
    const gathered: LogRecord[] = []
    try {
      await reader.fetch(positions, WAIT_MS, (records) => gathered.push(...records))
      await apply(gathered, rows)
    } catch (error) {
      positions.forEach((position, index) => (position.offset = before[index] ?? position.offset))
      throw error
    }
  }

  /** Offsets say nothing of it: those of the new topic may well reach beyond where the old one was read up to. */
  async function isAnother(id: string | undefined, partition: number): Promise<boolean> {
    const now = await reader.topicId(name, partition)
    return id !== undefined && now !== undefined && now !== id
  }

  async function whole(): Promise<Whole<ValueOf<T>>> {
    const rows: Rows = new Map()
    const partitions = await reader.partitions(name).catch(() => [])
    const [first] = partitions
    if (first === undefined) throw runtimeError('E_TOPIC_MISSING', `${name} is read as a table and does not exist.`)
    const id = await reader.topicId(name, first)
    const ranges = await reader.ranges(name, partitions)
    // Of what is committed behind a transaction that is open readers see nothing yet: their end is none of the table.
    const ends = new Map(await Promise.all(partitions.map(async (partition) => [partition, await reader.logEnd(name, partition)] as const)))
    const positions = partitions.map((partition) => ({ topic: name, partition, offset: ranges.get(partition)?.low ?? 0n }))
    const below = (endOf: (partition: number) => bigint | undefined) =>
      positions.filter(({ partition, offset }) => offset < (endOf(partition) ?? 0n))
    const incomplete = () => below((partition) => ends.get(partition))
    let until = performance.now() + patienceMs
    for (let behind = incomplete(); behind.length > 0; behind = incomplete()) {
      if (performance.now() > until && below((partition) => ranges.get(partition)?.end).length === 0) {
        const open = behind.map(({ partition, offset }) => ({ partition, offset: String(offset) }))
        logger.error({ topic: name, open }, 'a table is handed out without what is behind a transaction that does not end')
        break
      }
      const before = behind.map(({ offset }) => offset)
      await step(behind, rows)
      if (behind.some(({ offset }, index) => offset !== before[index])) until = performance.now() + patienceMs
      // Made anew with less in it meanwhile, its end would be waited for without end.
      if (await isAnother(id, first)) return whole()
    }
    return { rows, positions, id }
  }

  try {
    let table = await whole()
    let closed = false
    const following = (async () => {
      let lost = false
      let askedAt = performance.now()
      while (!closed) {
        try {
          if (!lost && performance.now() - askedAt >= idEveryMs) {
            lost = await isAnother(table.id, table.positions[0]?.partition ?? 0)
            askedAt = performance.now()
            if (lost) logger.warn({ topic: name }, 'the topic of a table was made anew, it is read whole once more')
          }
          // Handed out when it is complete: until then the rows of before are the better answer.
          if (lost) table = await whole()
          lost = false
          await step(table.positions, table.rows)
        } catch (error) {
          if (closed) return
          askedAt = -Infinity
          // Made anew, or records were deleted that were not read: from here it would never go on.
          lost ||= typeOf(error) === 'OFFSET_OUT_OF_RANGE'
          logger.warn({ topic: name, error: String(error), lost }, 'table is not fresh: its topic cannot be read')
          await delay(RETRY_MS)
        }
      }
    })()
    return {
      get: (key) => table.rows.get(key),
      entries: () => table.rows.entries(),
      close: async () => {
        closed = true
        // A fetch that waits is cut short.
        await reader.close()
        await following
      },
    }
  } catch (error) {
    await reader.close()
    throw error
  }
}
