/**
 * Answers in bytes to the requests of our own around transactions, for tests in which the broker is a stand-in: what the
 * coordinator believes, what is open on partitions, committed offsets, ends. Whatever matters for order is written down.
 */
import type { ClusterConnection } from '../../../runtime/kafka/cluster.ts'
import { ByteWriter } from '../../../runtime/kafka/protocol/byteWriter.ts'
import type { ProtocolRequest } from '../../../runtime/kafka/protocol/request.ts'

export const PRODUCER = 2001n

interface Committed {
  readonly topic: string
  /** 0 unless given. */
  readonly partition?: number
  readonly offset: bigint
  readonly metadata?: string
}

/** What the stand-in says; `open` is emptied when the ends of what is open are written. */
export interface BrokerSays {
  /** What was asked that changes something, or that depends on what was changed before. */
  readonly steps: string[]
  /** States of the transactional id, one per question; the last one stays. None: the id is new. */
  states: { state: string; epoch: number }[]
  open: { topic: string; epoch: number }[]
  /** Committed on a partition of this topic. */
  readonly committed: Committed
  /** Committed on further places. */
  readonly alsoCommitted?: readonly Committed[]
  /** Id of every topic; none unless given. */
  topicId?: bigint
  /** Of the producer; each commit raises it. */
  epoch: number
  /** Codes with which the next ends of a transaction are refused, one each; none unless given. */
  endRefusals?: number[]
}

/** The answer to a request, decoded by the code that asked. */
export async function answerTo<R>(request: ProtocolRequest<R>, says: BrokerSays): Promise<R> {
  const to = new ByteWriter().noTags()
  switch (request.request.apiName) {
    case 'describeTransactions': {
      const now = says.states.length > 1 ? says.states.shift() : says.states[0]
      to.int32(0)
      to.compactArray([now], () => {
        to.int16(now === undefined ? 105 : 0)
          .compactString('id')
          .compactString(now?.state ?? '')
        to.int32(20_000)
          .int64(-1n)
          .int64(PRODUCER)
          .int16(now?.epoch ?? -1)
        to.compactArray([], () => undefined).noTags()
      })
      break
    }
    case 'describeProducers':
      to.int32(0)
      to.compactArray(says.open, ({ topic, epoch }) => {
        to.compactString(topic)
        to.compactArray([0], (partition) => {
          to.int32(partition).int16(0).compactString(null)
          to.compactArray([0], () => to.int64(PRODUCER).int32(epoch).int32(0).int64(0n).int32(4).int64(17n).noTags()).noTags()
        }).noTags()
      })
      break
    case 'writeTxnMarkers':
      says.steps.push('end what is open')
      says.open = []
      to.compactArray([], () => undefined)
      break
    case 'offsetFetch': {
      const { buffer } = await request.request.encode()
      // The last byte but one says whether offsets that are not settled are refused.
      says.steps.push(buffer.at(-2) === 1 ? 'stable offsets' : 'any offsets')
      to.int32(0)
      to.compactArray([says.committed, ...(says.alsoCommitted ?? [])], ({ topic, partition: own = 0, offset, metadata = '' }) => {
        to.compactString(topic)
        to.compactArray([own], (partition) =>
          to.int32(partition).int64(offset).int32(-1).compactString(metadata).int16(0).noTags(),
        ).noTags()
      }).int16(0)
      break
    }
    case 'metadata':
      topicAnswer(to, says.topicId ?? 0n)
      break
    case 'txnOffsetCommit':
      says.steps.push('offsets in the transaction')
      to.int32(0)
      to.compactArray([], () => undefined)
      break
    case 'endTxn': {
      const refusal = says.endRefusals?.shift() ?? 0
      says.steps.push(refusal === 0 ? 'commit' : `no commit: ${refusal}`)
      if (refusal === 0) says.epoch += 1
      to.int32(0).int16(refusal).int64(PRODUCER).int16(says.epoch)
      break
    }
    default:
      throw new Error(`nobody asks ${request.request.apiName}`)
  }
  return request.response.parse(await request.response.decode(to.written))
}

/** Two brokers, and a topic of one partition under this id; the rest of the answer, which nobody reads, is not empty either. */
export function topicAnswer(to: ByteWriter, id: bigint, code = 0): ByteWriter {
  to.int32(0)
  to.compactArray([1, 2], (broker) => to.int32(broker).compactString('localhost').int32(9092).compactString(null).noTags())
  to.compactString('cluster').int32(1)
  to.compactArray([id], () => {
    to.int16(code)
      .compactString('topic')
      .int64(BigInt.asIntN(64, id >> 64n))
      .int64(BigInt.asIntN(64, id))
      .int8(1)
    to.compactArray([0], (partition) => {
      to.int16(0).int32(partition).int32(1).int32(7)
      for (const replicas of [[1, 2], [1], []]) to.compactArray(replicas, (replica) => to.int32(replica))
      to.noTags()
    })
    to.int32(-2147483648).noTags()
  })
  return to.noTags()
}

/** A connection to a cluster of one broker, every topic with so many partitions; `more` is what else the cluster is asked. */
export function connectionTo(broker: object, partitions: number, more: object): ClusterConnection {
  return {
    transactionCoordinator: async () => broker,
    groupCoordinator: async () => broker,
    cluster: {
      addMultipleTargetTopics: async () => undefined,
      addTargetTopic: async () => undefined,
      refreshMetadata: async () => undefined,
      findTopicPartitionMetadata: () => Array.from({ length: partitions }, (_, partitionId) => ({ partitionId, leader: 1 })),
      findBroker: async () => broker,
      ...more,
    },
  } as unknown as ClusterConnection
}
