/** What members tell of their joins, put together: when a group stood again after a change, and how many generations that took. Pure. */

/** A member has its assignment of a generation. */
export interface Joined {
  readonly member: string
  readonly generation: number
  /** ms since the epoch. */
  readonly at: number
  /** Its partitions. */
  readonly units: readonly string[]
}

/** What a whole group is. */
export interface Whole {
  readonly members: number
  readonly partitions: number
}

export interface Standing {
  /** When the last member of the last generation had its assignment, ms since the epoch. */
  readonly at: number
  /** Rebalances since the change. */
  readonly generations: number
}

/**
 * The rest of a group that was changed at `since`; `undefined` while its newest generation is not whole, or is the one of before.
 * Throws when two members of a generation have the same partition.
 */
export function standsAgain(joins: readonly Joined[], since: number, { members, partitions }: Whole): Standing | undefined {
  const before = Math.max(0, ...joins.filter(({ at }) => at < since).map(({ generation }) => generation))
  const newest = Math.max(0, ...joins.map(({ generation }) => generation))
  const own = joins.filter(({ generation }) => generation === newest)
  const owned = own.flatMap(({ units }) => units)
  if (new Set(owned).size < owned.length) throw new Error(`generation ${newest} gives a partition to two members`)
  if (newest === before || new Set(own.map(({ member }) => member)).size !== members || owned.length !== partitions) return undefined
  return { at: Math.max(...own.map(({ at }) => at)), generations: newest - before }
}
