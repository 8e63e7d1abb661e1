/**
 * Sets committed offsets of a group from outside, as an administrator: all of one request are one write of the coordinator,
 * and it refuses them all while the group has members.
 * @source https://kafka.apache.org/protocol, OffsetCommit 8
 */
import { committing } from './committing.ts'
import { flexible } from './request.ts'
import type { ProtocolRequest } from './request.ts'
import type { PartitionOffset } from './committing.ts'

/** Moves a group that has no members. The first refusal throws; UNKNOWN_MEMBER_ID says that somebody has joined. */
export function offsetCommit(groupId: string, offsets: readonly PartitionOffset[]): ProtocolRequest<undefined> {
  const body = flexible().compactString(groupId)
  // Neither generation nor member: that is what makes the coordinator ask for an empty group.
  return committing('offsetCommit', body, groupId, offsets)
}
