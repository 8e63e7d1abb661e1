/**
 * Sets committed offsets of a group from outside, as an administrator: all of one request are one write of the coordinator,
 * and it refuses them all while the group has members.
 * @source https://kafka.apache.org/protocol, OffsetCommit 8
 */
import { BrokerRefusal } from './errors.ts'
import { asked, flexible, grouped } from './request.ts'
import type { ProtocolRequest } from './request.ts'
import type { PartitionOffset } from './transactionRequests.ts'

/** Moves a group that has no members. The first refusal throws; UNKNOWN_MEMBER_ID says that somebody has joined. */
export function offsetCommit(groupId: string, offsets: readonly PartitionOffset[]): ProtocolRequest<undefined> {
  const body = flexible().compactString(groupId)
  // Neither generation nor member: that is what makes the coordinator ask for an empty group.
  body.int32(-1).compactString('').compactString(null)
  body.compactArray(grouped(offsets), ([topic, own]) => {
    body.compactString(topic)
    body
      .compactArray(own, ({ partition, offset, metadata = '' }) => {
        body.int32(partition).int64(offset).int32(-1).compactString(metadata).noTags()
      })
      .noTags()
  })
  body.noTags()
  return asked('offsetCommit', body, (from) => {
    from.tags()
    const clientSideThrottleTime = from.int32()
    from.compactArray(() => {
      const topic = from.compactString() ?? ''
      from.compactArray(() => {
        const partition = from.int32()
        const code = from.int16()
        from.tags()
        if (code !== 0) throw new BrokerRefusal(code, `offset of ${groupId} on ${topic} partition ${partition}`)
      })
      from.tags()
    })
    return { answer: undefined, clientSideThrottleTime }
  })
}
