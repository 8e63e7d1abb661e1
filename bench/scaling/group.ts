/** What a rebalance takes through its coordinator: bytes that members say and are told, by the very assignor of the runtime. */
import { coPartitioned } from '../../runtime/kafka/assignor.ts'
import type { Claims } from '../../runtime/kafka/stickyAssignment.ts'

export interface GroupBytes {
  /** What all members say of themselves, which the leader is sent. */
  readonly said: number
  /** What the leader gives out. */
  readonly assigned: number
  /** One record of the coordinator, written at each rebalance: both, and the names. */
  readonly stored: number
}

const AT = Date.UTC(2026, 10, 28)

/** Of a group that has its partitions and is put together anew. The names of members are as long as those of the product. */
export async function groupBytes(members: number, partitions: number, topics: readonly string[]): Promise<GroupBytes> {
  const claims = new Map<string, Claims>()
  let asking = ''
  const cluster = { findTopicPartitionMetadata: () => Array.from({ length: partitions }) }
  const assigner = coPartitioned(() => claims.get(asking) ?? { since: 0, items: [] })({ cluster } as never)
  const said = () =>
    Array.from({ length: members }, (_, index) => {
      asking = `rekindle-pipeline-${String(index).padStart(36, '0')}`
      return { memberId: asking, memberMetadata: assigner.protocol({ topics: [...topics] }).metadata }
    })
  const assigned = () => assigner.assign({ members: said(), topics: [...topics] })
  const share = partitions / members
  // Which partitions do not matter to the bytes, as long as each is somebody's.
  for (const [index, { memberId }] of said().entries())
    claims.set(memberId, {
      since: AT,
      items: Array.from({ length: Math.floor((index + 1) * share) - Math.floor(index * share) }, (_, own) =>
        String(Math.floor(index * share) + own),
      ),
    })
  const sum = (buffers: readonly Buffer[]) => buffers.reduce((bytes, { length }) => bytes + length, 0)
  const saidBytes = sum(said().map(({ memberMetadata }) => memberMetadata))
  const answers = await assigned()
  const assignedBytes = sum(answers.map(({ memberAssignment }) => memberAssignment))
  return {
    said: saidBytes,
    assigned: assignedBytes,
    stored: saidBytes + assignedBytes + sum(answers.map(({ memberId }) => Buffer.from(memberId))),
  }
}
