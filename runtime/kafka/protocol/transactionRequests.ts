/**
 * The requests of a transaction in the versions of KIP-890: what is written and committed adds itself to the transaction,
 * and its end gives the epoch of the next one. Shapes only; who asks whom in which order is `implicitTransactions.ts`.
 * Beside them the question for committed offsets that waits for those of a transaction that is being ended.
 * @source https://kafka.apache.org/protocol, Produce 12, TxnOffsetCommit 5, EndTxn 5, ApiVersions 3, OffsetFetch 7
 */
import { BrokerRefusal } from './errors.ts'
import { committing } from './committing.ts'
import type { Membership, PartitionOffset } from './committing.ts'
import { asked, flexible, grouped } from './request.ts'
import type { ProtocolRequest } from './request.ts'

/** A producer as the transaction coordinator knows it. */
export interface ProducerIdentity {
  readonly producerId: bigint
  readonly producerEpoch: number
}

export interface BatchOfPartition {
  readonly topic: string
  readonly partition: number
  readonly batch: Buffer
}

/** Writes one batch per partition; answers the first offset given out per `<topic>#<partition>`. The first refusal throws. */
export function produce(
  transactionalId: string,
  batches: readonly BatchOfPartition[],
  timeoutMs: number,
): ProtocolRequest<ReadonlyMap<string, bigint>> {
  const body = flexible(batches.reduce((sum, { topic, batch }) => sum + batch.length + topic.length + 32, 128))
  body.compactString(transactionalId).int16(-1).int32(timeoutMs)
  body.compactArray(grouped(batches), ([topic, own]) => {
    body.compactString(topic)
    body
      .compactArray(own, ({ partition, batch }) => {
        body
          .int32(partition)
          .uvarint(batch.length + 1)
          .raw(batch)
          .noTags()
      })
      .noTags()
  })
  body.noTags()
  return asked('produce', body, (from) => {
    const offsets = new Map<string, bigint>()
    from.tags()
    from.compactArray(() => {
      const topic = from.compactString() ?? ''
      from.compactArray(() => {
        const partition = from.int32()
        const code = from.int16()
        const firstOffset = from.int64()
        from.int64()
        from.int64()
        const wrong = from.compactArray(() => {
          from.int32()
          const why = from.compactString()
          from.tags()
          return why
        })
        const message = from.compactString()
        from.tags()
        if (code !== 0) throw new BrokerRefusal(code, `${topic} partition ${partition} ${[message, ...wrong].filter(Boolean).join('; ')}`)
        offsets.set(`${topic}#${partition}`, firstOffset)
      })
      from.tags()
    })
    return { answer: offsets, clientSideThrottleTime: from.int32() }
  })
}

/**
 * Sets the next offsets of a group, valid once the transaction commits. With a membership the coordinator refuses them once
 * the group has gone on to another generation; without one the transactional id alone fences.
 */
export function txnOffsetCommit(
  transactionalId: string,
  { producerId, producerEpoch }: ProducerIdentity,
  groupId: string,
  offsets: readonly PartitionOffset[],
  membership?: Membership,
): ProtocolRequest<undefined> {
  const body = flexible()
  body.compactString(transactionalId).compactString(groupId).int64(producerId).int16(producerEpoch)
  return committing('txnOffsetCommit', body, groupId, offsets, membership)
}

/** Commits, or aborts; answers the identity the next transaction must carry. */
export function endTxn(
  transactionalId: string,
  { producerId, producerEpoch }: ProducerIdentity,
  commit: boolean,
): ProtocolRequest<ProducerIdentity> {
  const body = flexible()
    .compactString(transactionalId)
    .int64(producerId)
    .int16(producerEpoch)
    .int8(commit ? 1 : 0)
    .noTags()
  return asked('endTxn', body, (from) => {
    from.tags()
    const clientSideThrottleTime = from.int32()
    const code = from.int16()
    if (code !== 0) throw new BrokerRefusal(code, `${commit ? 'commit' : 'abort'} of ${transactionalId}`)
    return { answer: { producerId: from.int64(), producerEpoch: from.int16() }, clientSideThrottleTime }
  })
}

/** A committed offset with what stands beside it. */
export interface CommittedOffset {
  /** Next offset to read; `undefined` when the group never committed one. */
  readonly offset: bigint | undefined
  readonly metadata: string
}

/**
 * The committed offsets of a group by `<topic>#<partition>`. `stable` refuses with UNSTABLE_OFFSET_COMMIT while one is part
 * of a transaction that is still being ended: read before that end, it would be the one before.
 */
export function offsetFetch(
  groupId: string,
  places: readonly { readonly topic: string; readonly partition: number }[],
  { stable }: { readonly stable: boolean },
): ProtocolRequest<ReadonlyMap<string, CommittedOffset>> {
  const body = flexible().compactString(groupId)
  body.compactArray(grouped(places), ([topic, own]) => {
    body.compactString(topic)
    body.compactArray(own, ({ partition }) => body.int32(partition)).noTags()
  })
  body.int8(stable ? 1 : 0).noTags()
  return asked('offsetFetch', body, (from) => {
    from.tags()
    const clientSideThrottleTime = from.int32()
    const offsets = new Map<string, CommittedOffset>()
    from.compactArray(() => {
      const topic = from.compactString() ?? ''
      from.compactArray(() => {
        const partition = from.int32()
        const offset = from.int64()
        from.int32()
        const metadata = from.compactString() ?? ''
        const code = from.int16()
        from.tags()
        if (code !== 0) throw new BrokerRefusal(code, `committed offset of ${groupId} on ${topic} partition ${partition}`)
        offsets.set(`${topic}#${partition}`, { offset: offset < 0n ? undefined : offset, metadata })
      })
      from.tags()
    })
    const code = from.int16()
    if (code !== 0) throw new BrokerRefusal(code, `committed offsets of ${groupId}`)
    return { answer: offsets, clientSideThrottleTime }
  })
}

export interface BrokerAbilities {
  /** Newest version by API key. */
  readonly newest: ReadonlyMap<number, number>
  /** Level of each finalized feature, e.g. `transaction.version`. */
  readonly features: ReadonlyMap<string, number>
}

/** Tag of the finalized features in the answer. */
const FINALIZED_FEATURES = 2

/** What the broker understands and which features the cluster has switched on. */
export function askAbilities(): ProtocolRequest<BrokerAbilities> {
  const body = flexible().compactString('rekindle').compactString('1').noTags()
  return asked('apiVersions', body, (from) => {
    // This one answer has the old header, without tagged fields.
    const code = from.int16()
    if (code !== 0) throw new BrokerRefusal(code, 'versions of the broker')
    const newest = new Map<number, number>()
    from.compactArray(() => {
      const key = from.int16()
      from.int16()
      newest.set(key, from.int16())
      from.tags()
    })
    const clientSideThrottleTime = from.int32()
    const features = new Map<string, number>()
    from.tags((tag, value) => {
      if (tag !== FINALIZED_FEATURES) return
      value.compactArray(() => {
        const name = value.compactString() ?? ''
        const level = value.int16()
        value.int16()
        value.tags()
        features.set(name, level)
      })
    })
    return { answer: { newest, features }, clientSideThrottleTime }
  })
}
