/**
 * Compacted topics as look-up tables: read whole before they are handed out, live afterwards. A record that does not
 * decode is left out and logged, never fatal: a table has no dead-letter topic, its writers are our own tools.
 */
import { setTimeout as delay } from 'node:timers/promises'
import type { Kafka } from 'kafkajs'
import type { Logger } from 'pino'
import { runtimeError } from '../errors.ts'
import type { Table } from '../stage.ts'
import { Undecodable } from '../task.ts'
import { physicalName } from '../topic.ts'
import type { AnyTopic, ValueOf } from '../topic.ts'
import { PartitionReader } from './partitionReader.ts'
import type { LogRecord, Position } from './partitionReader.ts'
import type { WireFormat } from './wireFormat.ts'

/** A waiting fetch returns at once with news, after this long without, ms. */
const WAIT_MS = 1_000
/** Pause after a failed fetch, ms. */
const RETRY_MS = 500

export interface TableOptions {
  readonly kafka: Kafka
  readonly wire: WireFormat
  readonly topicPrefix: string
  readonly logger: Logger
}

export interface LiveTable<V> extends Table<V> {
  close(): Promise<void>
}

/** Resolves when the table is complete up to the end of the topic as it was at the call. */
export async function readTable<T extends AnyTopic>(topic: T, options: TableOptions): Promise<LiveTable<ValueOf<T>>> {
  const { wire, logger } = options
  const name = physicalName(topic, options.topicPrefix)
  const reader = await PartitionReader.connect(options.kafka)
  const values = new Map<string, ValueOf<T>>()

  // Decoding may have to ask the registry, so records are gathered by the fetch and applied after it.
  async function apply(records: readonly LogRecord[]): Promise<void> {
    await wire.prepare(
      topic,
      records.map(({ value }) => value),
    )
    for (const { key, value, partition, offset } of records) {
      if (key === null) continue
      if (value === null) {
        values.delete(key.toString('utf8'))
        continue
      }
      const decoded = wire.decode(topic, value)
      if (decoded instanceof Undecodable)
        logger.error({ topic: name, partition, offset: String(offset), reason: decoded.reason }, 'table record left out')
      else values.set(key.toString('utf8'), decoded)
    }
  }

  async function step(positions: readonly Position[]): Promise<void> {
    const before = positions.map(({ offset }) => offset)
    const gathered: LogRecord[] = []
    try {
      await reader.fetch(positions, WAIT_MS, (records) => gathered.push(...records))
      await apply(gathered)
    } catch (error) {
      positions.forEach((position, index) => (position.offset = before[index] ?? position.offset))
      throw error
    }
  }

  try {
    const partitions = await reader.partitions(name).catch(() => [])
    if (partitions.length === 0) throw runtimeError('E_TOPIC_MISSING', `${name} is read as a table and does not exist.`)
    const ranges = await reader.ranges(name, partitions)
    const positions = partitions.map((partition) => ({ topic: name, partition, offset: ranges.get(partition)?.low ?? 0n }))
    const incomplete = () => positions.filter(({ partition, offset }) => offset < (ranges.get(partition)?.end ?? 0n))
    for (let behind = incomplete(); behind.length > 0; behind = incomplete()) await step(behind)

    let closed = false
    const following = (async () => {
      while (!closed) {
        try {
          await step(positions)
        } catch (error) {
          if (closed) return
          logger.warn({ topic: name, error: String(error) }, 'table is not fresh: its topic cannot be read')
          await delay(RETRY_MS)
        }
      }
    })()
    return {
      get: (key) => values.get(key),
      entries: () => values.entries(),
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
