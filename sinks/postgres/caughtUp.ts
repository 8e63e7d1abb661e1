/**
 * Up to when each place is stored, told without standing in the way of those who store: a statement that waits for one place holds no other,
 * or every topic would wait for the slowest transaction of all of them.
 */
import type { SinkPlace } from '../../runtime/sink.ts'
import type { AnyTopic } from '../../runtime/topic.ts'
import type { Queryable } from './pool.ts'
import { instant } from './storable.ts'
import { storedTopic } from './storedTopic.ts'

/** Everything that was on these places at `at` (ms) is stored. */
export async function tellCaughtUp(db: Queryable, places: readonly SinkPlace[], at: number): Promise<void> {
  // Also when it is earlier than what is there: it is true all the same, and a clock that was ahead must not vouch for what comes.
  const told = await db.query<{ topic: string; partition: number }>({
    name: 'sink_caught_up',
    text: `WITH free AS (
             SELECT topic, partition FROM sink_offsets
             WHERE (topic, partition) IN (SELECT topic, partition FROM unnest($1::text[], $2::int[]) AS place (topic, partition))
             FOR UPDATE SKIP LOCKED)
           UPDATE sink_offsets SET caught_up_at = $3 FROM free
           WHERE sink_offsets.topic = free.topic AND sink_offsets.partition = free.partition
           RETURNING sink_offsets.topic, sink_offsets.partition`,
    values: [places.map(({ topic }) => storedTopic(topic)), places.map(({ partition }) => partition), instant(at)],
  })
  const done = new Set(told.rows.map(({ topic, partition }) => `${topic}#${partition}`))
  const left = new Map<AnyTopic, number[]>()
  for (const { topic, partition } of places)
    if (!done.has(`${storedTopic(topic)}#${partition}`)) left.set(topic, [...(left.get(topic) ?? []), partition])
  // Rows that are held just now, or that nobody has made yet. Those of one topic are written by one transaction after the other anyway.
  for (const [topic, partitions] of left)
    await db.query({
      name: 'sink_caught_up_waiting',
      text: `INSERT INTO sink_offsets (topic, partition, caught_up_at) SELECT $1, partition, $3 FROM unnest($2::int[]) AS partition ORDER BY partition
             ON CONFLICT (topic, partition) DO UPDATE SET caught_up_at = excluded.caught_up_at`,
      values: [storedTopic(topic), partitions, instant(at)],
    })
}
