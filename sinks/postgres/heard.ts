/**
 * Which copies the fence waits for before a message leaves, since an opt-out may be on its way in each, and up to when each is known to
 * be complete. One that nothing is known of, or no partition of, is not complete.
 */
import { deliveries, leadEvents, profiles, unrecognised, webhooksUrgent } from '../../topics/index.ts'
import type { Queryable } from './pool.ts'
import { instant } from './storable.ts'
import { storedTopic } from './storedTopic.ts'

/** What leads have said, what was said from an address that a mail service names, and what was said by nobody known. */
const stored = [profiles, leadEvents, unrecognised].map(storedTopic)
/** The same before it is folded: it is complete once all that lay there is in the others. */
const accepted = storedTopic(webhooksUrgent)
/** What has left already: a database that was restored knows it again once it has read this. */
const left = storedTopic(deliveries)

export interface CopyPlace {
  readonly topic: string
  readonly partition: number
  readonly caught_up_at: Date | null
}

/** The places of all of them. */
export async function copyPlaces(db: Queryable): Promise<CopyPlace[]> {
  const { rows } = await db.query<CopyPlace>({
    name: 'fence_copies',
    text: 'SELECT topic, partition, caught_up_at FROM sink_offsets WHERE topic = ANY($1)',
    values: [[...stored, accepted, left]],
  })
  return rows
}

/** When all of them were last complete, ms, by the partition that is furthest behind. */
export function allCompleteAt(places: readonly CopyPlace[]): number | undefined {
  return earliest(places, [...stored, accepted])
}

/** By partition: when the leads of it, and what has left for them, were last complete, ms. One that either is not known of is not in it. */
export function leadCopiesCompleteAt(places: readonly CopyPlace[]): Map<number, number> {
  const timesOf = (one: string) =>
    new Map(
      places.flatMap(({ topic, partition, caught_up_at: at }) =>
        topic !== one || at === null ? [] : [[partition, at.getTime()] as const],
      ),
    )
  const told = timesOf(left)
  const times = [...timesOf(storedTopic(profiles))].map(
    ([partition, at]) => [partition, Math.min(at, told.get(partition) ?? Number.NaN)] as const,
  )
  return new Map(times.filter(([, at]) => !Number.isNaN(at)))
}

/** The same without what is not folded yet. */
export async function copiesCompleteAt(db: Queryable): Promise<number | undefined> {
  return earliest(await copyPlaces(db), stored)
}

function earliest(places: readonly CopyPlace[], topics: readonly string[]): number | undefined {
  const times = topics.map((one) => {
    const own = places.flatMap(({ topic, caught_up_at }) => (topic === one ? [caught_up_at?.getTime() ?? Number.NaN] : []))
    return own.length === 0 ? Number.NaN : Math.min(...own)
  })
  const time = Math.min(...times)
  return Number.isNaN(time) ? undefined : time
}

/** Everything that was on these partitions of the urgent lane at this time, ms, is in the other copies. */
export async function tellHeard(db: Queryable, partitions: readonly number[], at: number): Promise<void> {
  await db.query({
    name: 'fence_heard',
    text: `INSERT INTO sink_offsets (topic, partition, caught_up_at) SELECT $1, partition, $3 FROM unnest($2::int[]) AS partition ORDER BY partition
           ON CONFLICT (topic, partition) DO UPDATE SET caught_up_at = excluded.caught_up_at`,
    values: [accepted, partitions, instant(at)],
  })
}
