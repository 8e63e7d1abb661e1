/**
 * Sticky assignors: a member gets the same partition numbers of every topic of the group, and keeps what it had.
 * `coPartitioned` refuses topics whose counts differ; `aligned` lets a topic have fewer (sinks read unrelated topics).
 */
import type { PartitionAssigner } from 'kafkajs'
import { runtimeError } from '../errors.ts'
import { kafkajs } from './corrections.ts'
import { standbyAssignment } from './standbyAssignment.ts'
import { stickyAssignment } from './stickyAssignment.ts'
import type { Claims } from './stickyAssignment.ts'

/** For members whose topics share a key: equal counts, or no assignment at all. */
export function coPartitioned(claims: () => Claims): PartitionAssigner {
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
export function aligned(claims: () => Claims): PartitionAssigner {
  return assignor('rekindle-aligned-sticky', claims, () => undefined)
}

function assignor(name: string, claims: () => Claims, check: (counts: ReadonlyMap<string, number>) => void): PartitionAssigner {
  const { MemberAssignment, MemberMetadata } = kafkajs.AssignerProtocol
  return ({ cluster }) => ({
    name,
    version: 1,
    // Called at each join, so it reads the claims as they are now.
    protocol: ({ topics }) => ({
      name,
      metadata: MemberMetadata.encode({ version: 1, topics: [...topics].sort(), userData: Buffer.from(JSON.stringify(claims())) }),
    }),
    assign: async ({ members, topics }) => {
      const counts = new Map([...topics].sort().map((topic) => [topic, cluster.findTopicPartitionMetadata(topic).length]))
      check(counts)
      const numbers = Array.from({ length: Math.max(0, ...counts.values()) }, (_, partition) => String(partition))
      const claimants = members.map(({ memberId, memberMetadata }) => ({
        id: memberId,
        ...claimsIn(MemberMetadata.decode(memberMetadata)?.userData),
      }))
      const shares = stickyAssignment(claimants, numbers)
      const copies = standbyAssignment(claimants, shares)
      return members.map(({ memberId }) => {
        const own = (shares.get(memberId) ?? []).map(Number)
        const assignment = Object.fromEntries([...counts].map(([topic, count]) => [topic, own.filter((partition) => partition < count)]))
        const standbys = copies.get(memberId)
        const userData = standbys === undefined ? Buffer.alloc(0) : Buffer.from(JSON.stringify({ standbys }))
        return { memberId, memberAssignment: MemberAssignment.encode({ version: 1, assignment, userData }) }
      })
    },
  })
}

/**
 * The standby copies that an assignment gives its member beside the partitions; none from a leader that knows of none, and
 * `undefined` while the group has no assignment.
 */
export function standbysIn(memberAssignment: Buffer): readonly string[] | undefined {
  const decoded = kafkajs.AssignerProtocol.MemberAssignment.decode(memberAssignment)
  if (decoded === null) return undefined
  if (decoded.userData.length === 0) return []
  return (JSON.parse(decoded.userData.toString('utf8')) as { standbys: string[] }).standbys
}

function claimsIn(userData: Buffer | undefined): Claims {
  try {
    const claims = JSON.parse(userData?.toString('utf8') ?? '') as Partial<Claims>
    return {
      since: Number(claims.since ?? 0),
      items: Array.isArray(claims.items) ? claims.items.map(String) : [],
      ...(Array.isArray(claims.standbys) ? { standbys: claims.standbys.map(String) } : {}),
    }
  } catch {
    // A member that says nothing readable owned nothing; it gets its share of what is free.
    return { since: 0, items: [] }
  }
}
