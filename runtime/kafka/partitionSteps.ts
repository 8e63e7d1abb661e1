/**
 * Reads a topic one partition and one fetch at a time, when it is asked for: several topics can be read in step, and what has
 * not been asked for needs no memory. Ends where the topic ended when it was opened. Nothing is committed.
 */
import type { Kafka } from 'kafkajs'
import { runtimeError } from '../errors.ts'
import { physicalName } from '../topic.ts'
import type { AnyTopic, ValueOf } from '../topic.ts'
import { PartitionReader } from './partitionReader.ts'
import type { LogRecord, Position } from './partitionReader.ts'
import { tailRecord } from './tail.ts'
import type { TailRecord } from './tail.ts'
import type { WireFormat } from './wireFormat.ts'

/** What one fetch brings at most, unless a single batch is larger. 512 KB in bytes. */
const STEP_BYTES = 512 << 10
const WAIT_MS = 200

export interface PartitionSteps<V> {
  /** Partition numbers, ascending. */
  readonly partitions: readonly number[]
  /** Begins with the first record of the partition that is stamped with this time (ms) or a later one. */
  start(partition: number, at: number): Promise<void>
  /** The next records in the order of the log, perhaps none; `undefined` at the end. Throws when the broker or the registry is away, or the topic was made anew. */
  next(partition: number): Promise<readonly TailRecord<V>[] | undefined>
  close(): Promise<void>
}

interface Workings {
  readonly kafka: Kafka
  readonly wire: WireFormat
  readonly topicPrefix: string
}

/** Opens a topic for reading in steps. Throws E_TOPIC_MISSING. */
export async function openSteps<T extends AnyTopic>(topic: T, { kafka, wire, topicPrefix }: Workings): Promise<PartitionSteps<ValueOf<T>>> {
  const name = physicalName(topic, topicPrefix)
  const reader = await PartitionReader.connect(kafka)
  const partitions = await reader.partitions(name).catch(() => [])
  if (partitions.length === 0) {
    await reader.close()
    throw runtimeError('E_TOPIC_MISSING', `${name} does not exist.`)
  }
  const ranges = await reader.ranges(name, partitions)
  const endOf = (partition: number) => ranges.get(partition)?.end ?? 0n
  const positions = new Map<number, Position>()
  return {
    partitions,
    async start(partition, at) {
      const offset = (await reader.offsetsAt(name, at)).get(partition) ?? endOf(partition)
      positions.set(partition, { topic: name, partition, offset })
    },
    async next(partition) {
      const position = positions.get(partition)
      if (position === undefined) throw new TypeError(`partition ${partition} of ${name} was not started`)
      if (position.offset >= endOf(partition)) return undefined
      const fetched: LogRecord[] = []
      const before = position.offset
      await reader.fetch([position], WAIT_MS, (records) => fetched.push(...records), STEP_BYTES)
      if (position.offset === before) await reader.refuseShorter(name, partition, endOf(partition))
      const wanted = fetched.filter(({ offset }) => offset < endOf(partition))
      await wire.prepare(
        topic,
        wanted.map(({ value }) => value),
      )
      return wanted.map((record) => tailRecord(topic, record, wire))
    },
    close: () => reader.close(),
  }
}
