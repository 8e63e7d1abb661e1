/**
 * From what was fetched to what a task folds: the records of one transaction, decoded. Only those of the next one, since
 * what is made of a record here lives until its transaction has committed.
 */
import { partitionOf } from '../murmur2.ts'
import type { Task } from '../task.ts'
import type { AnyTopic } from '../topic.ts'
import { isReplayForOthers, replayedFor } from './deadLetters.ts'
import type { FetchedLog } from './partitionReader.ts'
import type { Taken } from './stageOutput.ts'
import type { StageUnitContext } from './stageUnitContext.ts'

/** The records of the next transaction, the first of them at `at`; at least one. `recordMs` is the mean time of one. */
export function sliceOf(
  records: readonly FetchedLog[],
  at: number,
  { maxRecords, maxMs, maxBytes }: StageUnitContext['limits'],
  recordMs: number,
): readonly FetchedLog[] {
  const most = Math.min(records.length, at + Math.max(1, Math.min(maxRecords, Math.floor(maxMs / recordMs))))
  let bytes = 0
  let end = at
  while (end < most) {
    bytes += (records[end] as FetchedLog).valueSize
    if (end > at && bytes > maxBytes) break
    end += 1
  }
  return records.slice(at, end)
}

/** Whether it is on another partition than that of its key. What we write never is, so only what others may write too is looked at. */
export function isMisplaced(
  { writtenBy }: AnyTopic,
  { key, partition }: Pick<FetchedLog, 'key' | 'partition'>,
  partitions: number,
): boolean {
  return key !== null && writtenBy.includes('*') && partitionOf(key, partitions) !== partition
}

/** The records without those that are replayed for another group. Throws only when the registry is away. */
export async function takeRecords(
  { wire, inputs, group, counts }: Pick<StageUnitContext, 'wire' | 'inputs' | 'group' | 'counts'>,
  task: Task,
  topicName: string,
  logs: readonly FetchedLog[],
): Promise<Taken[]> {
  const topic = inputs.get(topicName)
  if (topic === undefined) throw new Error(`${topicName} is not an input of ${group}`)
  const taken: Taken[] = []
  const values: (Buffer | null)[] = []
  for (const log of logs) {
    const headers = log.headersAsText
    if (isReplayForOthers(headers, log.topic, group)) continue
    const isOwn = task.isOwn(topic.name, headers)
    const misplaced = !isOwn && isMisplaced(topic, log, counts.of(topicName))
    // What the task wrote itself is passed over undecoded: it is most of what a fused group reads back.
    values.push(isOwn || misplaced ? null : log.value)
    const { partition, offset, keyText: key, timestamp } = log
    const onlyFor = replayedFor(headers, log.topic, group)
    taken.push({ topic: topic.name, partition, offset, key, value: null, timestamp, headers, raw: log, onlyFor, misplaced })
  }
  await wire.prepare(topic, values)
  for (const [at, record] of taken.entries()) {
    const bytes = values[at] as Buffer | null
    if (bytes !== null) record.value = wire.decode(topic, bytes)
  }
  return taken
}
