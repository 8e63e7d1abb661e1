/**
 * Everything that stands on the log under one key: committed records of the key on its partition, and dead letters of it.
 * A partition is read whole, since the log has no index by key; what is held at a time is one fetch. What cannot be decoded is handed on as it is.
 */
import { Undecodable } from '../task.ts'
import { partitionOf } from '../murmur2.ts'
import { physicalName } from '../topic.ts'
import type { AnyTopic, Retention } from '../topic.ts'
import { deadLetterSource } from './names.ts'
import { leaderMoves, patiently } from './patiently.ts'
import { PartitionReader, textHeaders } from './partitionReader.ts'
import type { LogRecord, Position } from './partitionReader.ts'
import type { Workshop } from './workshop.ts'
import type { TailRecord } from './tail.ts'
import { DEAD_LETTER_DAYS } from './topicPlan.ts'

/** A topic on the broker whose records are of a declared one. */
export interface KeyedTopic {
  /** Physical name. */
  readonly name: string
  readonly topic: AnyTopic
  readonly isDeadLetters: boolean
  /** How long a record is kept; a compacted topic keeps the last one of a key. */
  readonly retention: Retention
}

export interface KeyRecord extends TailRecord<unknown> {
  /** Of a record that is `undecodable`. */
  readonly bytes?: Buffer
}

const FETCH_WAIT_MS = 10

export class KeyRecords {
  readonly #workshop: Workshop
  #reader: Promise<PartitionReader> | undefined

  constructor(workshop: Workshop) {
    this.#workshop = workshop
  }

  async close(): Promise<void> {
    const reader = this.#reader
    this.#reader = undefined
    await (await reader)?.close()
  }

  /** Those of `topics` that the broker has, each followed by its dead letters. */
  async topics(topics: readonly AnyTopic[]): Promise<readonly KeyedTopic[]> {
    const { admin, topicPrefix } = this.#workshop
    const names = (await admin.listTopics()).sort()
    return topics.flatMap((topic) => {
      const own = physicalName(topic, topicPrefix)
      const letters = names.filter((name) => deadLetterSource(name, [topic], topicPrefix) !== undefined)
      return [
        ...(names.includes(own) ? [{ name: own, topic, isDeadLetters: false, retention: topic.retention }] : []),
        ...letters.map((name) => ({ name, topic, isDeadLetters: true, retention: { days: DEAD_LETTER_DAYS } })),
      ]
    })
  }

  /** Hands on every record of the key up to the end as it is at the call, in order, each when the one before is taken. */
  async read({ name, topic }: KeyedTopic, key: string, onRecord: (record: KeyRecord) => Promise<void>): Promise<void> {
    const { counts, wire } = this.#workshop
    const reader = await (this.#reader ??= PartitionReader.connect(this.#workshop.kafka))
    await counts.load([name])
    const partition = partitionOf(key, counts.of(name))
    const range = (await reader.ranges(name, [partition])).get(partition)
    const position: Position = { topic: name, partition, offset: range?.low ?? 0n }
    const end = range?.end ?? 0n
    while (position.offset < end) {
      const found: LogRecord[] = []
      const before = position.offset
      await patiently(leaderMoves, () =>
        reader.fetch([position], FETCH_WAIT_MS, (records) => {
          for (const record of records) if (record.offset < end && record.key?.toString('utf8') === key) found.push(record)
        }),
      )
      if (position.offset === before) await reader.refuseShorter(name, partition, end)
      await wire.prepare(
        topic,
        found.map(({ value }) => value),
      )
      for (const record of found) await onRecord(keyRecordOf(wire, topic, record))
    }
  }
}

/** A record with its value, or with its bytes where they cannot be decoded: they are about the key all the same. */
export function keyRecordOf(wire: Pick<Workshop['wire'], 'decode'>, topic: AnyTopic, record: LogRecord): KeyRecord {
  const { partition, offset, timestamp } = record
  const place = { partition, offset, timestamp, key: record.key?.toString('utf8') ?? null, headers: textHeaders(record.headers) }
  if (record.value === null) return { ...place, value: null }
  const value: unknown = wire.decode(topic, record.value)
  return value instanceof Undecodable ? { ...place, value: undefined, undecodable: value.reason, bytes: record.value } : { ...place, value }
}
