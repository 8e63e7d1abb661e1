/**
 * Who of a group gets which partition: whoever had it keeps it, one whose owner has gone goes to the member with a standby
 * copy of it, and nobody gets more than a fair share. Pure: the leader of the group works it out.
 */

/** What a member says of itself at each join. The newest claim wins when two make it. */
export interface Claims {
  /** ms of the join at which the items were received. */
  readonly since: number
  /** What it owned, what came last first: of more than its share it keeps the first. */
  readonly items: readonly string[]
  /** What it keeps a standby copy of; undefined when it keeps none. */
  readonly standbys?: readonly string[]
}

export interface Claimant extends Claims {
  readonly id: string
}

/**
 * What a member claims after it was given `items`, at `since`. Whoever has to give some up gives those it has had longest: a
 * member that is restarted gets others back than it left, and no item moves twice for it.
 */
export function claimsAfter(before: Claims, items: readonly string[], since: number): Claims {
  const given = new Set(items)
  const kept = before.items.filter((item) => given.delete(item))
  return { since, items: [...given, ...kept] }
}

/** The items of each member. Shares differ by one at most; within that, previous owners come first, then standby copies. */
export function stickyAssignment(members: readonly Claimant[], items: readonly string[]): ReadonlyMap<string, readonly string[]> {
  const owned = new Map<string, string[]>(members.map(({ id }) => [id, []]))
  const floor = Math.floor(items.length / members.length)
  let ceilings = items.length % members.length
  const free = new Set(items)
  const give = (id: string, wished: readonly string[]): void => {
    const mine = owned.get(id) as string[]
    for (const item of wished) {
      if (!free.has(item)) continue
      if (mine.length >= floor) {
        if (mine.length > floor || ceilings === 0) break
        ceilings -= 1
      }
      mine.push(item)
      free.delete(item)
    }
  }
  const claimants = newestFirst(members)
  for (const { id, items: had } of claimants) give(id, had)
  for (const { id, standbys = [] } of claimants) give(id, standbys)
  for (const item of items) {
    if (!free.has(item)) continue
    const least = [...owned.values()].reduce((a, b) => (b.length < a.length ? b : a))
    least.push(item)
  }
  return owned
}

/** The claims of the newest generation first: a ghost that comes back claims what others own by now. */
export function newestFirst<C extends Claimant>(members: readonly C[]): C[] {
  return [...members].sort((a, b) => b.since - a.since || (a.id < b.id ? -1 : a.id > b.id ? 1 : 0))
}
