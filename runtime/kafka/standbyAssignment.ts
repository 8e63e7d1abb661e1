/**
 * Who of a group keeps the standby copy of which partition: never its owner, as evenly as partitions allow, and whoever has
 * the files already stays with them. Pure: the leader of the group works it out together with the assignment.
 */
import { newestFirst } from './stickyAssignment.ts'
import type { Claimant } from './stickyAssignment.ts'

/**
 * What each member that offers to keeps a copy of, given who owns what. Every owned item has one copy, except what the only
 * member that offers owns itself; loads differ by one at most.
 */
export function standbyAssignment(
  members: readonly Claimant[],
  owned: ReadonlyMap<string, readonly string[]>,
): ReadonlyMap<string, readonly string[]> {
  const offering = newestFirst(members).filter(({ standbys }) => standbys !== undefined)
  const ownerOf = new Map([...owned].flatMap(([id, items]) => items.map((item) => [item, id] as const)))
  const kept: Kept = new Map(offering.map(({ id }) => [id, []]))
  const bare: string[] = []
  for (const [item, owner] of ownerOf) {
    const others = offering.filter(({ id }) => id !== owner)
    // Whoever owned it until now has files too, only older ones.
    const holder = others.find(({ standbys = [] }) => standbys.includes(item)) ?? others.find(({ items }) => items.includes(item))
    if (holder === undefined) bare.push(item)
    else kept.get(holder.id)?.push(item)
  }
  for (const item of bare) {
    const others = [...kept].filter(([id]) => id !== ownerOf.get(item)).map(([, copies]) => copies)
    if (others.length > 0) others.reduce((a, b) => (b.length < a.length ? b : a)).push(item)
  }
  while (evened(kept, ownerOf));
  return kept
}

type Kept = Map<string, string[]>

/**
 * Moves one copy from a member to one that has at least two fewer, over others where the owner forbids the direct way; false
 * when nobody has. What is left then is as even as it can be: a chain of moves that evens the loads is what there would be.
 */
function evened(kept: Kept, ownerOf: ReadonlyMap<string, string>): boolean {
  const copies = (id: string): string[] => kept.get(id) as string[]
  const movable = (from: string, to: string): number => copies(from).findIndex((item) => ownerOf.get(item) !== to)
  const least = Math.min(...[...kept.values()].map(({ length }) => length))
  for (const [heavy, { length: load }] of kept) {
    if (load < least + 2) continue
    const cameFrom = new Map([[heavy, heavy]])
    for (let reached of cameFrom.keys()) {
      if (copies(reached).length > load - 2) {
        for (const next of kept.keys()) if (!cameFrom.has(next) && movable(reached, next) >= 0) cameFrom.set(next, reached)
        continue
      }
      for (; reached !== heavy; reached = cameFrom.get(reached) as string) {
        const before = cameFrom.get(reached) as string
        copies(reached).push(...copies(before).splice(movable(before, reached), 1))
      }
      return true
    }
  }
  return false
}
