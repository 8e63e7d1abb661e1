/**
 * Transactions through the client's own producer, for brokers without `transaction.version` 2: partitions and offsets are
 * added to the transaction by requests of their own.
 */
import { setTimeout as delay } from 'node:timers/promises'
import type { Kafka, Message, Producer, ProducerBatch } from 'kafkajs'
import { createTransactionalProducer } from './client.ts'
import { compressionFor } from './corrections.ts'
import { typeOf } from './errorType.ts'
import type { Membership } from './protocol/committing.ts'
import type { OpenTransactions, OutgoingRecord, SourceOffset } from './openTransactions.ts'
import { inRounds } from './rounds.ts'

const OFFSETS_ONLY_ATTEMPTS = 10
const OFFSETS_ONLY_WAIT_MS = 20

export class ClassicTransactions implements OpenTransactions {
  readonly #producer: Producer
  readonly #groupId: string
  readonly #batchBytes: (topic: string) => number

  private constructor(producer: Producer, groupId: string, batchBytes: (topic: string) => number) {
    this.#producer = producer
    this.#groupId = groupId
    this.#batchBytes = batchBytes
  }

  /** Fences whoever had this transactional id and ends what that one left open. */
  static async open(
    kafka: Kafka,
    transactionalId: string,
    groupId: string,
    batchBytes: (topic: string) => number,
  ): Promise<ClassicTransactions> {
    const producer = createTransactionalProducer(kafka, transactionalId)
    try {
      await producer.connect()
      // An empty transaction that is aborted sends InitProducerId and nothing else.
      const transaction = await producer.transaction()
      await transaction.abort()
    } catch (error) {
      await producer.disconnect().catch(() => undefined)
      throw error
    }
    return new ClassicTransactions(producer, groupId, batchBytes)
  }

  commit(
    records: readonly OutgoingRecord[],
    offsets: readonly SourceOffset[],
    _membership?: Membership,
    onWritten?: () => void,
  ): Promise<ReadonlyMap<string, bigint>> {
    return records.length > 0 ? this.#withRecords(records, offsets, onWritten) : this.#offsetsOnly(offsets, onWritten)
  }

  close(): Promise<void> {
    return this.#producer.disconnect()
  }

  async #withRecords(
    records: readonly OutgoingRecord[],
    offsets: readonly SourceOffset[],
    onWritten?: () => void,
  ): Promise<ReadonlyMap<string, bigint>> {
    const transaction = await this.#producer.transaction()
    const firsts = new Map<string, bigint>()
    for (const round of inRounds(records, this.#batchBytes)) {
      for (const { topicName, partition, baseOffset } of await transaction.sendBatch(batchOf(round))) {
        const place = `${topicName}#${partition}`
        if (!firsts.has(place)) firsts.set(place, BigInt(baseOffset ?? '-1'))
      }
    }
    if (offsets.length > 0) await transaction.sendOffsets({ consumerGroupId: this.#groupId, topics: asTopics(offsets) })
    onWritten?.()
    await transaction.commit()
    return firsts
  }

  // Offsets as the first request of a transaction meet CONCURRENT_TRANSACTIONS while the last one is being completed, and
  // the client does not retry that.
  async #offsetsOnly(offsets: readonly SourceOffset[], onWritten?: () => void): Promise<ReadonlyMap<string, bigint>> {
    if (offsets.length === 0) return new Map()
    for (let attempt = 1; ; attempt += 1) {
      const transaction = await this.#producer.transaction()
      try {
        await transaction.sendOffsets({ consumerGroupId: this.#groupId, topics: asTopics(offsets) })
      } catch (error) {
        if (typeOf(error) !== 'CONCURRENT_TRANSACTIONS' || attempt >= OFFSETS_ONLY_ATTEMPTS) throw error
        await transaction.abort()
        await delay(OFFSETS_ONLY_WAIT_MS)
        continue
      }
      onWritten?.()
      await transaction.commit()
      return new Map()
    }
  }
}

function batchOf(records: readonly OutgoingRecord[]): ProducerBatch {
  const topics = new Map<string, Message[]>()
  let bytes = 0
  for (const { topic, timestamp, ...record } of records) {
    const message: Message = { ...record, timestamp: String(timestamp) }
    bytes += record.value?.length ?? 0
    const messages = topics.get(topic)
    if (messages === undefined) topics.set(topic, [message])
    else messages.push(message)
  }
  const topicMessages = [...topics].map(([topic, messages]) => ({ topic, messages }))
  return { acks: -1, compression: compressionFor(bytes), topicMessages }
}

function asTopics(
  offsets: readonly SourceOffset[],
): { topic: string; partitions: { partition: number; offset: string; metadata: string }[] }[] {
  return offsets.map(({ topic, partition, offset, metadata = '' }) => ({
    topic,
    partitions: [{ partition, offset: String(offset), metadata }],
  }))
}
