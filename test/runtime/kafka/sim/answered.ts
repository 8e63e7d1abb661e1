/** How simulated brokers answer the requests of our own, in bytes as they are sent. */
import { ByteWriter } from '../../../../runtime/kafka/protocol/byteWriter.ts'
import { topicAnswer } from '../brokerAnswers.ts'
import { RequestReader } from './requestReader.ts'
import { OFFSETS_TOPIC } from './simulatedCluster.ts'
import type { SimulatedCluster } from './simulatedCluster.ts'
import { Refused } from './simulatedGroup.ts'

/** What a broker answers in the place of what it would, whether it has done the request or not. */
export interface Refusal {
  readonly code: number
  readonly done: boolean
}

/** Reads a request of our own and writes the answer, or a refusal in its place. */
export async function answered(cluster: SimulatedCluster, api: string, bytes: Buffer, refused?: Refusal): Promise<Buffer> {
  const coded = (work: () => void) => {
    const code = refused?.done === false ? 0 : codeAfter(work)
    return refused?.code ?? code
  }
  const from = new RequestReader(bytes)
  const to = new ByteWriter().noTags()
  from.tags()
  const places = () =>
    from
      .compactArray(() => {
        const topic = from.compactString()
        const partitions = from.compactArray(() => from.int32())
        from.tags()
        return partitions.map((partition) => ({ topic, partition }))
      })
      .flat()
  switch (api) {
    case 'describeTransactions': {
      const [id = ''] = from.compactArray(() => from.compactString())
      const now = cluster.describe(id)
      to.int32(0)
      to.compactArray([now], () => {
        to.int16(now === undefined ? 105 : 0)
          .compactString(id)
          .compactString(now?.state ?? '')
        to.int32(20_000)
          .int64(-1n)
          .int64(now?.producerId ?? -1n)
          .int16(now?.producerEpoch ?? -1)
        to.compactArray([], () => undefined).noTags()
      })
      break
    }
    case 'describeProducers':
      to.int32(0)
      to.compactArray(places(), ({ topic, partition }) => {
        to.compactString(topic)
        to.compactArray([partition], () => {
          to.int32(partition).int16(0).compactString(null)
          to.compactArray(cluster.openOn(topic, partition), ({ producerId, producerEpoch }) =>
            to.int64(producerId).int32(producerEpoch).int32(0).int64(0n).int32(4).int64(17n).noTags(),
          ).noTags()
        }).noTags()
      })
      break
    case 'writeTxnMarkers': {
      const markers = from.compactArray(() => {
        const identity = { producerId: from.int64(), producerEpoch: from.int16() }
        const commit = from.int8() === 1
        const own = places()
        from.int32()
        from.tags()
        return { identity, commit, own }
      })
      for (const { identity, commit, own } of markers)
        for (const { topic, partition } of own) await cluster.endOn(topic, partition, identity, commit)
      to.compactArray(markers, ({ identity, own }) => {
        to.int64(identity.producerId)
        to.compactArray(own, ({ topic, partition }) => {
          to.compactString(topic)
          to.compactArray([partition], () => to.int32(partition).int16(0).noTags()).noTags()
        }).noTags()
      })
      break
    }
    case 'offsetFetch': {
      from.compactString()
      const asked = places()
      // The last byte but one says whether offsets that are not settled are refused.
      const stable = bytes.at(-2) === 1
      const code = coded(() => asked.forEach(({ topic, partition }) => cluster.committed(`${topic}#${partition}`, stable)))
      to.int32(0)
      to.compactArray(asked, ({ topic, partition }) => {
        const own = cluster.committed(`${topic}#${partition}`, false)
        to.compactString(topic)
        to.compactArray([partition], () =>
          to
            .int32(partition)
            .int64(own?.offset ?? -1n)
            .int32(-1)
            .compactString(own?.metadata ?? '')
            .int16(code)
            .noTags(),
        ).noTags()
      }).int16(0)
      break
    }
    case 'metadata':
      topicAnswer(to, 1n)
      break
    case 'produce': {
      const id = from.compactString()
      from.int16()
      from.int32()
      const batches = from
        .compactArray(() => {
          const topic = from.compactString()
          const own = from.compactArray(() => {
            const partition = from.int32()
            const batch = from.compactBytes()
            from.tags()
            return { topic, partition, batch, producerId: batch.readBigInt64BE(43), producerEpoch: batch.readInt16BE(51) }
          })
          from.tags()
          return own
        })
        .flat()
      let firsts: ReadonlyMap<string, number> = new Map()
      let code = 0
      try {
        if (refused?.done !== false) firsts = await cluster.produce(id, batches)
        code = refused?.code ?? 0
      } catch (error) {
        code = refused?.code ?? codeOf(error)
      }
      to.compactArray(batches, ({ topic, partition }) => {
        to.compactString(topic)
        to.compactArray([partition], () => {
          to.int32(partition)
            .int16(code)
            .int64(BigInt(firsts.get(`${topic}#${partition}`) ?? -1))
            .int64(-1n)
            .int64(0n)
          to.compactArray([], () => undefined)
            .compactString(null)
            .noTags()
        }).noTags()
      }).int32(0)
      break
    }
    case 'txnOffsetCommit': {
      const [id, groupId] = [from.compactString(), from.compactString()]
      const identity = { producerId: from.int64(), producerEpoch: from.int16() }
      const generationId = from.int32()
      const memberId = from.compactString()
      from.compactString()
      const offsets = from
        .compactArray(() => {
          const topic = from.compactString()
          const own = from.compactArray(() => {
            const [partition, offset] = [from.int32(), from.int64()]
            from.int32()
            const metadata = from.compactString()
            from.tags()
            return { topic, partition, offset, metadata }
          })
          from.tags()
          return own
        })
        .flat()
      const code = coded(() => cluster.placeOffsets(id, identity, groupId, { memberId, generationId }, offsets))
      to.int32(0)
      to.compactArray(offsets.slice(0, 1), ({ topic, partition }) => {
        to.compactString(topic)
        to.compactArray([partition], () => to.int32(partition).int16(code).noTags()).noTags()
      })
      break
    }
    case 'endTxn': {
      const id = from.compactString()
      const identity = { producerId: from.int64(), producerEpoch: from.int16() }
      const commit = from.int8() === 1
      let next = identity
      const code = coded(() => {
        next = cluster.endTransaction(id, identity, commit)
      })
      to.int32(0).int16(code).int64(next.producerId).int16(next.producerEpoch)
      break
    }
    default:
      throw new Error(`simulated brokers do not know ${api} of ${OFFSETS_TOPIC}`)
  }
  return to.written
}

function codeAfter(work: () => void): number {
  try {
    work()
    return 0
  } catch (error) {
    return codeOf(error)
  }
}

function codeOf(error: unknown): number {
  if (error instanceof Refused) return error.code
  throw error
}
