/**
 * What the two requests that set offsets of a group have in common: as which member, the offsets, and an answer of which the
 * first refusal throws.
 */
import type { ByteWriter } from './byteWriter.ts'
import { BrokerRefusal } from './errors.ts'
import { asked, grouped } from './request.ts'
import type { ProtocolRequest } from './request.ts'

/** A member of a group in one generation: the coordinator refuses offsets of any but the present one. */
export interface Membership {
  readonly memberId: string
  readonly generationId: number
}

export interface PartitionOffset {
  readonly topic: string
  readonly partition: number
  readonly offset: bigint
  readonly metadata?: string
}

/** The request whose body so far says for whom it commits; without a membership the coordinator asks for none. */
export function committing(
  api: 'offsetCommit' | 'txnOffsetCommit',
  body: ByteWriter,
  groupId: string,
  offsets: readonly PartitionOffset[],
  membership: Membership = { memberId: '', generationId: -1 },
): ProtocolRequest<undefined> {
  body.int32(membership.generationId).compactString(membership.memberId).compactString(null)
  body.compactArray(grouped(offsets), ([topic, own]) => {
    body.compactString(topic)
    body
      .compactArray(own, ({ partition, offset, metadata = '' }) => {
        body.int32(partition).int64(offset).int32(-1).compactString(metadata).noTags()
      })
      .noTags()
  })
  body.noTags()
  return asked(api, body, (from) => {
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
