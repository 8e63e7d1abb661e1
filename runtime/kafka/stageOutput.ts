/**
 * What one transaction of a stage unit writes: outputs on the partition of their key, changes of state on the changelogs,
 * and dead letters as they were read.
 */
import { runtimeErrors } from '../errors.ts'
import { partitionOf } from '../murmur2.ts'
import { groupHeader } from '../task.ts'
import type { InputRecord, OutputRecord, Refusals, TaskBatch } from '../task.ts'
import { physicalName } from '../topic.ts'
import type { AnyTopic } from '../topic.ts'
import { ByPlace } from './byPlace.ts'
import type { Changelog } from './changelog.ts'
import { deadLetterRecord, fittingLetter } from './deadLetters.ts'
import { headerCharacters } from './headerSize.ts'
import type { LogRecord } from './partitionReader.ts'
import type { RecordSizes } from './recordSizes.ts'
import type { TopicCounts } from './topicCounts.ts'
import type { OutgoingRecord } from './openTransactions.ts'
import type { WireFormat } from './wireFormat.ts'

/** A record that was read, as it stands on the log. */
export interface Taken extends InputRecord {
  value: unknown
  readonly raw: LogRecord
}

export interface OutputContext {
  readonly wire: WireFormat
  readonly counts: TopicCounts
  /** Where letters are written: what is too large for their topic. */
  readonly sizes?: Pick<RecordSizes, 'excess'>
  readonly topicPrefix: string
  readonly group: string
  /** Topics that the stages read, handed over or not, by logical name. */
  readonly read: ReadonlyMap<string, AnyTopic>
  readonly partition: number
  /** Wall clock, ms. */
  readonly at: number
}

/** Headers, offsets and lengths of most records on the wire, at most. */
const OVERHEAD_BYTES = 300

export function outgoingOf(result: TaskBatch, changelogs: readonly Changelog[], context: OutputContext): OutgoingRecord[] {
  const { at } = context
  const outputs = outputsOf(result.outputs, context)
  const changes = changelogs.flatMap((changelog) => changelog.records(result.changes, at))
  return [...outputs, ...changes, ...result.deadLetters.map((letter) => deadLetterOf(letter, context))]
}

function outputsOf(written: readonly OutputRecord[], { wire, counts, topicPrefix }: OutputContext): OutgoingRecord[] {
  const places = new Map<AnyTopic, { readonly name: string; readonly partitions: number }>()
  return written.map(({ topic, key, payload, timestamp, headers }) => {
    let place = places.get(topic)
    if (place === undefined) {
      const name = physicalName(topic, topicPrefix)
      places.set(topic, (place = { name, partitions: counts.of(name) }))
    }
    const value = payload === null ? null : wire.frame(topic, payload)
    return { topic: place.name, partition: partitionOf(key, place.partitions), key, value, timestamp, headers }
  })
}

/** What no topic takes of what folds of this task give. */
export function refusalsBy(sizes: Pick<RecordSizes, 'excess'>, changelogs: readonly Changelog[], context: OutputContext): Refusals {
  const detailOf = (records: readonly OutgoingRecord[]) => {
    const excess = sizes.excess(records)
    return excess === undefined ? undefined : { ...excess, means: runtimeErrors.E_OUTPUT_TOO_LARGE.means }
  }
  return {
    output: (output) => detailOf(outputsOf([output], context)),
    entry: (stage, key, entry) => detailOf(changelogs.flatMap((changelog) => changelog.records([{ stage, key, entry }], context.at))),
  }
}

function deadLetterOf(
  { source, handedOver, stage, code, detail, attempts, alone }: TaskBatch['deadLetters'][number],
  { wire, sizes, topicPrefix, group, read, partition, at }: OutputContext,
): OutgoingRecord {
  const reason = { group, step: stage, code, detail, attempts, alone }
  if (handedOver === undefined) {
    const input = source as InputRecord
    const topic = read.get(input.topic) as AnyTopic
    const letter = deadLetterRecord(logOf(input, physicalName(topic, topicPrefix)), { ...reason, topic }, topicPrefix, at)
    return sizes === undefined ? letter : fittingLetter(letter, sizes)
  }
  const { topic, key, payload, timestamp } = handedOver
  // Put back, it must not be passed over as one that was handed over already.
  const { [groupHeader]: _own, ...headers } = handedOver.headers
  const bytes = payload === null ? null : wire.frame(topic, payload)
  // It has no offset yet: this very transaction writes it.
  const log: LogRecord = {
    topic: physicalName(topic, topicPrefix),
    partition,
    offset: -1n,
    key: Buffer.from(key),
    value: bytes,
    timestamp,
    headers,
  }
  return deadLetterRecord(log, { ...reason, topic }, topicPrefix, at)
}

/** The record as it stood on its topic, also when it has waited in the state since. */
function logOf({ partition, offset, timestamp, raw }: InputRecord, topic: string): LogRecord {
  const { key, value, headers } = raw
  // Handed over and put back, it must not be passed over as one that was handed over already.
  if (offset < 0n) {
    const { [groupHeader]: _own, ...others } = headers
    return { topic, partition, offset, timestamp, key, value, headers: others }
  }
  return { topic, partition, offset, timestamp, key, value, headers }
}

/** Bytes of the fullest topic-partition: each becomes one record batch, which the broker bounds. */
function largestShare(outgoing: readonly OutgoingRecord[]): number {
  const shares = new ByPlace<number>()
  let largest = 0
  for (const record of outgoing) {
    const { topic, partition } = record
    const bytes = (shares.get(topic, partition) ?? 0) + bytesOf(record)
    shares.set(topic, partition, bytes)
    if (bytes > largest) largest = bytes
  }
  return largest
}

/** Whether no topic-partition gets more than this many bytes. Nearly always all of them together are fewer. */
export function fits(outgoing: readonly OutgoingRecord[], maxBytes: number): boolean {
  let all = 0
  for (const record of outgoing) all += bytesOf(record)
  return all <= maxBytes || largestShare(outgoing) <= maxBytes
}

function bytesOf({ key, value, headers }: OutgoingRecord): number {
  return (value?.length ?? 0) + (key?.length ?? 0) + Math.max(OVERHEAD_BYTES, headerCharacters(headers))
}
