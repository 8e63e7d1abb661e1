/**
 * Sticky assignors: a member gets the same partition numbers of every topic of the group, and keeps what it had.
 * `coPartitioned` refuses topics whose counts differ; `aligned` lets a topic have fewer (sinks read unrelated topics).
 */
import type { PartitionAssigner } from 'kafkajs'
import { runtimeError } from '../errors.ts'
import { kafkajs } from './corrections.ts'

/** What this member says it owned, told to the leader at each join. The newest claim wins when two make it. */
export interface Claims {
  /** ms of the join at which the items were received. */
  since: number
  items: readonly string[]
}

interface Claimant extends Claims {
  readonly id: string
}

/** Who gets which item: previous owners keep up to a fair share, the rest goes to the least loaded. Pure. */
export function stickyAssignment(members: readonly Claimant[], items: readonly string[]): ReadonlyMap<string, readonly string[]> {
  const wanted = new Set(items)
  const owned = new Map<string, string[]>(members.map(({ id }) => [id, []]))
  const floor = Math.floor(items.length / members.length)
  let ceilings = items.length % members.length
  const free = new Set(items)
  // The longest-standing claims of the newest generation first: a ghost that comes back claims what others own by now.
  const byAge = [...members].sort((a, b) => b.since - a.since || compare(a.id, b.id))
  for (const member of byAge) {
    const mine = owned.get(member.id) as string[]
    for (const item of member.items) {
      if (!wanted.has(item) || !free.has(item)) continue
      if (mine.length >= floor) {
        if (mine.length > floor || ceilings === 0) break
        ceilings -= 1
      }
      mine.push(item)
      free.delete(item)
    }
  }
  for (const item of items) {
    if (!free.has(item)) continue
    const least = [...owned.values()].reduce((a, b) => (b.length < a.length ? b : a))
    least.push(item)
  }
  return owned
}

/** For members whose topics share a key: equal counts, or no assignment at all. */
export function coPartitioned(claims: Claims): PartitionAssigner {
  return assignor('rekindle-copartitioned-sticky', claims, (counts) => {
    const [first] = counts
    const odd = [...counts].find(([, count]) => count !== first?.[1])
    if (first === undefined || odd === undefined) return
    throw runtimeError(
      'E_TOPIC_PARTITIONS_DIFFER',
      `${first[0]} has ${first[1]} partitions, ${odd[0]} has ${odd[1]}; stages that share a lead key need equal counts.`,
    )
  })
}

/** For members that treat each topic by itself: number n of every topic that has one. */
export function aligned(claims: Claims): PartitionAssigner {
  return assignor('rekindle-aligned-sticky', claims, () => undefined)
}

function assignor(name: string, claims: Claims, check: (counts: ReadonlyMap<string, number>) => void): PartitionAssigner {
  const { MemberAssignment, MemberMetadata } = kafkajs.AssignerProtocol
  return ({ cluster }) => ({
    name,
    version: 1,
    // Called at each join, so it reads the claims as they are now.
    protocol: ({ topics }) => ({
      name,
      metadata: MemberMetadata.encode({ version: 1, topics: [...topics].sort(), userData: Buffer.from(JSON.stringify(claims)) }),
    }),
    assign: async ({ members, topics }) => {
      const counts = new Map([...topics].sort().map((topic) => [topic, cluster.findTopicPartitionMetadata(topic).length]))
      check(counts)
      const numbers = Array.from({ length: Math.max(0, ...counts.values()) }, (_, partition) => String(partition))
      const shares = stickyAssignment(
        members.map(({ memberId, memberMetadata }) => ({ id: memberId, ...claimsIn(MemberMetadata.decode(memberMetadata)?.userData) })),
        numbers,
      )
      return members.map(({ memberId }) => {
        const own = (shares.get(memberId) ?? []).map(Number)
        const assignment = Object.fromEntries([...counts].map(([topic, count]) => [topic, own.filter((partition) => partition < count)]))
        return { memberId, memberAssignment: MemberAssignment.encode({ version: 1, assignment, userData: Buffer.alloc(0) }) }
      })
    },
  })
}

function claimsIn(userData: Buffer | undefined): Claims {
  try {
    const claims = JSON.parse(userData?.toString('utf8') ?? '') as Partial<Claims>
    return { since: Number(claims.since ?? 0), items: Array.isArray(claims.items) ? claims.items.map(String) : [] }
  } catch {
    // A member that says nothing readable owned nothing; it gets its share of what is free.
    return { since: 0, items: [] }
  }
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}
