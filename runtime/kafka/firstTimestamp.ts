/** When the first record was written that a group has not done: what a lag in seconds is counted from. */
import type { PartitionLag } from './offsets.ts'
import type { PartitionReader } from './partitionReader.ts'
import { leaderMoves, patiently } from './patiently.ts'

/** One batch is enough to see the first record. */
const ONE_BATCH = 1
const WAIT_MS = 10

/** Time of the first record that the group has not done, ms; `undefined` when there are only markers and aborted ones. */
export async function firstTimestamp(reader: PartitionReader, { topic, partition, end, lag }: PartitionLag): Promise<number | undefined> {
  const position = { topic, partition, offset: end - lag }
  // Retention may have deleted what the group stands at: it has lost records, and what is kept is the least it is behind by.
  const low = (await reader.ranges(topic, [partition])).get(partition)?.low ?? position.offset
  if (position.offset < low) position.offset = low
  let first: number | undefined
  while (first === undefined && position.offset < end) {
    const before = position.offset
    await patiently(leaderMoves, () => reader.fetch([position], WAIT_MS, ([record]) => (first ??= record?.timestamp), ONE_BATCH))
    if (position.offset === before) return first
  }
  return first
}
