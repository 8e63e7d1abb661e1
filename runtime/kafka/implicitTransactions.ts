/**
 * Transactions in which every request adds itself (KIP-890, `transaction.version` 2): three requests where the older
 * protocol takes nine. The epoch rises with every commit, so a request that comes late can never join a later transaction,
 * and the sequence numbers of each transaction begin at 0.
 */
import { setTimeout as delay } from 'node:timers/promises'
import type { Kafka } from 'kafkajs'
import { ByPlace } from './byPlace.ts'
import { ask, ClusterConnection } from './cluster.ts'
import type { Broker } from './cluster.ts'
import { codecFor } from './corrections.ts'
import { typeOf } from './errorType.ts'
import { coordinatorBusy, idBusy, patiently, TRANSACTION_TIMEOUT_MS } from './patiently.ts'
import { encodeRecordBatch } from './protocol/recordBatch.ts'
import { apis } from './protocol/request.ts'
import type { Membership } from './protocol/committing.ts'
import type { ProtocolRequest } from './protocol/request.ts'
import { askAbilities, endTxn, produce, txnOffsetCommit } from './protocol/transactionRequests.ts'
import type { BatchOfPartition, ProducerIdentity } from './protocol/transactionRequests.ts'
import type { OpenTransactions, OutgoingRecord, SourceOffset } from './openTransactions.ts'
import { inRounds } from './rounds.ts'

interface Produce {
  readonly leader: Broker
  readonly request: ProtocolRequest<ReadonlyMap<string, bigint>>
}

/** Level of the feature from which requests add themselves and an end raises the epoch. */
const NEEDED_LEVEL = 2
const PRODUCE_TIMEOUT_MS = 30_000
/** How long the answer to an abort is waited for; the member begins anew after it, whatever it says. */
const ABORT_MS = 1_000

/** Whether every feature and version that this needs is there. */
export async function offersImplicitTransactions(connection: ClusterConnection): Promise<boolean> {
  const { newest, features } = await ask(await connection.controller(), askAbilities())
  return (
    (features.get('transaction.version') ?? 0) >= NEEDED_LEVEL &&
    (['produce', 'txnOffsetCommit', 'endTxn'] as const).every((api) => (newest.get(apis[api].key) ?? 0) >= apis[api].version)
  )
}

export class ImplicitTransactions implements OpenTransactions {
  readonly #transactionalId: string
  readonly #groupId: string
  readonly #connection: ClusterConnection
  readonly #coordinator: Broker
  readonly #groupCoordinator: Broker
  readonly #batchBytes: (topic: string) => number
  readonly #known = new Set<string>()
  #identity: ProducerIdentity

  private constructor(
    transactionalId: string,
    groupId: string,
    connection: ClusterConnection,
    brokers: { readonly transactions: Broker; readonly group: Broker },
    identity: ProducerIdentity,
    batchBytes: (topic: string) => number,
  ) {
    this.#batchBytes = batchBytes
    this.#transactionalId = transactionalId
    this.#groupId = groupId
    this.#connection = connection
    this.#coordinator = brokers.transactions
    this.#groupCoordinator = brokers.group
    this.#identity = identity
  }

  /** Fences whoever had this transactional id and ends what that one left open. */
  static async open(
    kafka: Kafka,
    transactionalId: string,
    groupId: string,
    batchBytes: (topic: string) => number,
  ): Promise<ImplicitTransactions> {
    const connection = await ClusterConnection.open(kafka)
    try {
      return await patiently(coordinatorBusy, async () => {
        const transactions = await connection.transactionCoordinator(transactionalId)
        const { producerId, producerEpoch } = await transactions.initProducerId({
          transactionalId,
          transactionTimeout: TRANSACTION_TIMEOUT_MS,
        })
        const group = await connection.groupCoordinator(groupId)
        return new ImplicitTransactions(
          transactionalId,
          groupId,
          connection,
          { transactions, group },
          {
            producerId: BigInt(producerId),
            producerEpoch,
          },
          batchBytes,
        )
      })
    } catch (error) {
      await connection.close().catch(() => undefined)
      throw error
    }
  }

  async commit(
    records: readonly OutgoingRecord[],
    offsets: readonly SourceOffset[],
    membership?: Membership,
    onWritten?: () => void,
  ): Promise<ReadonlyMap<string, bigint>> {
    const [first = [], ...others] = inRounds(records, this.#batchBytes)
    const sent = new ByPlace<number>()
    const requests = await this.#requests(first, sent)
    // Both at once: what one of them waits for, the other need not. The end is asked for when both have been answered.
    const [written, placed] = await Promise.allSettled([this.#write(requests, others, sent), this.#place(offsets, membership)])
    const failed = [written, placed].flatMap((result) => (result.status === 'rejected' ? [result.reason as unknown] : []))
    if (failed.length > 0 && failed.every((reason) => typeOf(reason) !== undefined)) await this.#abort()
    if (written.status === 'rejected') throw written.reason
    if (placed.status === 'rejected') throw placed.reason
    onWritten?.()
    const firsts = written.value
    if (records.length > 0 || offsets.length > 0) await this.#end()
    return firsts
  }

  /** Under which the next transaction is made: those before it are committed. */
  get identity(): ProducerIdentity {
    return this.#identity
  }

  async close(): Promise<void> {
    await this.#connection.close()
  }

  // While somebody takes the id over, the coordinator says that it is busy before it looks at the epoch. Taken for an error of its
  // own, that hides that this owner was replaced, and the member that lost the unit would take it back from the one that has it.
  async #end(): Promise<void> {
    const request = endTxn(this.#transactionalId, this.#identity, true)
    this.#identity = await patiently(idBusy, () => ask(this.#coordinator, request))
  }

  /**
   * Ends what brokers have refused a part of, as far as that is to be had at once. Whoever takes the id over would do so too; but where
   * it was of a member that the group has given up, perhaps nobody does, and readers of its partitions would wait for the broker, 20 s and more.
   */
  async #abort(): Promise<void> {
    const late = new AbortController()
    const aborted = ask(this.#coordinator, endTxn(this.#transactionalId, this.#identity, false))
    // Refused, somebody has the id by now, who has ended it.
    await Promise.race([aborted, delay(ABORT_MS, undefined, { signal: late.signal })]).catch(() => undefined)
    late.abort()
  }

  async #place(offsets: readonly SourceOffset[], membership: Membership | undefined): Promise<void> {
    if (offsets.length === 0) return
    const request = txnOffsetCommit(this.#transactionalId, this.#identity, this.#groupId, offsets, membership)
    await patiently(idBusy, () => ask(this.#groupCoordinator, request))
  }

  /** These requests, then one after the other what does not fit into them. Returns the first offset given out per place. */
  async #write(
    first: readonly Produce[],
    others: readonly (readonly OutgoingRecord[])[],
    sent: ByPlace<number>,
  ): Promise<ReadonlyMap<string, bigint>> {
    const firsts = new Map<string, bigint>()
    const send = async (requests: readonly Produce[]) => {
      const answered = await Promise.all(requests.map(({ leader, request }) => patiently(idBusy, () => ask(leader, request))))
      for (const answers of answered) for (const [place, offset] of answers) if (!firsts.has(place)) firsts.set(place, offset)
    }
    await send(first)
    for (const records of others) await send(await this.#requests(records, sent))
    return firsts
  }

  /** `sent` is how many records of this transaction each place has before these, and has them afterwards. */
  async #requests(records: readonly OutgoingRecord[], sent: ByPlace<number>): Promise<readonly Produce[]> {
    const lists = new ByPlace<OutgoingRecord[]>()
    for (const record of records) {
      const list = lists.get(record.topic, record.partition)
      if (list === undefined) lists.set(record.topic, record.partition, [record])
      else list.push(record)
    }
    const byLeader = new Map<Broker, BatchOfPartition[]>()
    for (const list of lists.values()) {
      const { topic, partition } = list[0] as OutgoingRecord
      const leader = await this.#leaderOf(topic, partition)
      let bytes = 0
      for (const { value } of list) bytes += value?.length ?? 0
      const firstSequence = sent.get(topic, partition) ?? 0
      sent.set(topic, partition, firstSequence + list.length)
      const batch = await encodeRecordBatch(list, { ...this.#identity, firstSequence, transactional: true, codec: codecFor(bytes) })
      byLeader.set(leader, [...(byLeader.get(leader) ?? []), { topic, partition, batch }])
    }
    return [...byLeader].map(([leader, batches]) => ({ leader, request: produce(this.#transactionalId, batches, PRODUCE_TIMEOUT_MS) }))
  }

  async #leaderOf(topic: string, partition: number): Promise<Broker> {
    const { cluster } = this.#connection
    if (!this.#known.has(topic)) {
      await cluster.addTargetTopic(topic)
      this.#known.add(topic)
    }
    const leader = cluster.findTopicPartitionMetadata(topic).find(({ partitionId }) => partitionId === partition)?.leader
    if (leader === undefined) throw new Error(`${topic} has no partition ${partition}`)
    return (await cluster.findBroker({ nodeId: String(leader) })) as Broker
  }
}
