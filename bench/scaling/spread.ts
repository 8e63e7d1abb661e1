/** How evenly leads and partitions are spread, by the very functions that spread them: no model, no broker. */
import { stickyAssignment } from '../../runtime/kafka/stickyAssignment.ts'
import { partitionOf } from '../../runtime/murmur2.ts'
import { leadKey } from '../../topics/index.ts'

/** Leads on the fullest partition as a share of the mean. */
export function fullestPartition(leads: number, partitions: number): number {
  const counts = new Array<number>(partitions).fill(0)
  // Ids of the platform are 20 letters and digits; numbers in them are as good, for the hash takes all bytes.
  for (let lead = 0; lead < leads; lead++) {
    const place = partitionOf(leadKey(`location${lead % 1_000}`, `contact${lead}`), partitions)
    counts[place] = (counts[place] ?? 0) + 1
  }
  return (Math.max(...counts) * partitions) / leads
}

/** Partitions that change their owner when one of `members` goes, and when one more comes. */
export function moved(partitions: number, members: number): { readonly onLoss: number; readonly onJoin: number } {
  const items = Array.from({ length: partitions }, (_, partition) => String(partition))
  const fresh = (count: number) => Array.from({ length: count }, (_, index) => ({ id: `m${index}`, since: 1, items: [] as string[] }))
  const settled = [...stickyAssignment(fresh(members), items)].map(([id, own]) => ({ id, since: 2, items: [...own] }))
  const before = new Map(settled.flatMap(({ id, items: own }) => own.map((item) => [item, id] as const)))
  const changes = (after: ReadonlyMap<string, readonly string[]>): number =>
    [...after].flatMap(([id, own]) => own.filter((item) => before.get(item) !== id)).length
  return {
    onLoss: changes(stickyAssignment(settled.slice(1), items)),
    onJoin: changes(stickyAssignment([...settled, { id: 'new', since: 0, items: [] }], items)),
  }
}
