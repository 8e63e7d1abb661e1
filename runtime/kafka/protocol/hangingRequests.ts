/**
 * The requests that find out what the coordinator believes of a transactional id and what the partitions do, and that end
 * on a partition what the coordinator forgot there.
 * @source https://kafka.apache.org/protocol, DescribeTransactions 0, DescribeProducers 0, WriteTxnMarkers 1
 */
import { BrokerRefusal } from './errors.ts'
import { asked, flexible, grouped } from './request.ts'
import type { ProtocolRequest } from './request.ts'
import type { ProducerIdentity } from './transactionRequests.ts'

export interface TransactionState extends ProducerIdentity {
  /** Empty, Ongoing, PrepareCommit, CompleteCommit, PrepareAbort, CompleteAbort, PrepareEpochFence, Dead. */
  readonly state: string
}

const UNKNOWN_ID = 105

/** What the coordinator believes; `undefined` when it does not know the id. */
export function describeTransaction(transactionalId: string): ProtocolRequest<TransactionState | undefined> {
  const body = flexible()
  body.compactArray([transactionalId], (id) => body.compactString(id)).noTags()
  return asked('describeTransactions', body, (from) => {
    from.tags()
    const clientSideThrottleTime = from.int32()
    const [answer] = from.compactArray(() => {
      const code = from.int16()
      from.compactString()
      const state = from.compactString() ?? ''
      from.int32()
      from.int64()
      const producerId = from.int64()
      const producerEpoch = from.int16()
      from.compactArray(() => {
        from.compactString()
        from.compactArray(() => from.int32())
        from.tags()
      })
      from.tags()
      if (code !== 0 && code !== UNKNOWN_ID) throw new BrokerRefusal(code, `state of ${transactionalId}`)
      return code === UNKNOWN_ID ? undefined : { state, producerId, producerEpoch }
    })
    return { answer, clientSideThrottleTime }
  })
}

/** A transaction that is open on a partition. */
export interface OpenOnPartition extends ProducerIdentity {
  readonly topic: string
  readonly partition: number
  readonly coordinatorEpoch: number
}

const REFUSED = new Set([29, 31])

/**
 * Transactions that are open on these partitions, which the asked broker must lead. Topics that the principal may not look at are told to
 * `onRefused`, once a partition; without it their refusal throws.
 */
export function openTransactions(
  places: readonly { readonly topic: string; readonly partition: number }[],
  onRefused?: (topic: string) => void,
): ProtocolRequest<readonly OpenOnPartition[]> {
  const body = flexible()
  body
    .compactArray(grouped(places), ([topic, own]) => {
      body.compactString(topic)
      body.compactArray(own, ({ partition }) => body.int32(partition)).noTags()
    })
    .noTags()
  return asked('describeProducers', body, (from) => {
    from.tags()
    const clientSideThrottleTime = from.int32()
    const open: OpenOnPartition[] = []
    from.compactArray(() => {
      const topic = from.compactString() ?? ''
      from.compactArray(() => {
        const partition = from.int32()
        const code = from.int16()
        const message = from.compactString()
        from.compactArray(() => {
          const producerId = from.int64()
          const producerEpoch = from.int32()
          from.int32()
          from.int64()
          const coordinatorEpoch = from.int32()
          const startOffset = from.int64()
          from.tags()
          if (startOffset >= 0n) open.push({ topic, partition, producerId, producerEpoch, coordinatorEpoch })
        })
        from.tags()
        if (REFUSED.has(code) && onRefused !== undefined) onRefused(topic)
        else if (code !== 0) throw new BrokerRefusal(code, `producers of ${topic} partition ${partition} ${message ?? ''}`)
      })
      from.tags()
    })
    return { answer: open, clientSideThrottleTime }
  })
}

/** One end of a transaction to be written on partitions. */
export interface Marker extends ProducerIdentity {
  readonly commit: boolean
  readonly coordinatorEpoch: number
  readonly places: readonly { readonly topic: string; readonly partition: number }[]
}

/** Writes the ends on partitions that the asked broker must lead, as a transaction coordinator does. */
export function writeMarkers(markers: readonly Marker[]): ProtocolRequest<undefined> {
  const body = flexible()
  body
    .compactArray(markers, ({ producerId, producerEpoch, commit, coordinatorEpoch, places }) => {
      body
        .int64(producerId)
        .int16(producerEpoch)
        .int8(commit ? 1 : 0)
      body.compactArray(grouped(places), ([topic, own]) => {
        body.compactString(topic)
        body.compactArray(own, ({ partition }) => body.int32(partition)).noTags()
      })
      body.int32(coordinatorEpoch).noTags()
    })
    .noTags()
  return asked('writeTxnMarkers', body, (from) => {
    from.tags()
    from.compactArray(() => {
      from.int64()
      from.compactArray(() => {
        const topic = from.compactString() ?? ''
        from.compactArray(() => {
          const partition = from.int32()
          const code = from.int16()
          from.tags()
          if (code !== 0) throw new BrokerRefusal(code, `end of a transaction on ${topic} partition ${partition}`)
        })
        from.tags()
      })
      from.tags()
    })
    return { answer: undefined, clientSideThrottleTime: 0 }
  })
}
