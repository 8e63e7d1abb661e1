/**
 * Sends the batches of one call to the leaders of their partitions, each exactly once under its sequence number. Takes the
 * place of the client's own, which with several brokers writes twice what is under way when another leader refuses, and
 * leaves out or repeats what belongs to a partition that changed its leader before the next attempt.
 */
import { createRequire } from 'node:module'
import type { Message } from 'kafkajs'

/** The parts of the client that its producer hands over. */
export interface SendMessagesParts {
  readonly logger: { error(message: string, extra?: object): void; debug(message: string, extra?: object): void }
  readonly cluster: {
    addMultipleTargetTopics(topics: readonly string[]): Promise<void>
    refreshMetadataIfNecessary(): Promise<void>
    refreshMetadata(): Promise<void>
    findTopicPartitionMetadata(topic: string): readonly { readonly partitionId: number; readonly leader: number | null }[]
    findBroker(options: { nodeId: string }): Promise<SendingBroker>
    removeBroker(address: { host: string; port: number }): void
    isConnected(): boolean
  }
  readonly partitioner: (options: { topic: string; partitionMetadata: readonly object[]; message: Message }) => number
  readonly eosManager: {
    acquireBrokerLock(broker: SendingBroker): Promise<void>
    releaseBrokerLock(broker: SendingBroker): Promise<void>
    isTransactional(): boolean
    addPartitionsToTransaction(topicData: readonly TopicBatches[]): Promise<void>
    getSequence(topic: string, partition: number): number
    updateSequence(topic: string, partition: number, increment: number): void
    getTransactionalId(): string
    getProducerId(): unknown
    getProducerEpoch(): unknown
  }
  readonly retrier: <R>(attempt: (bail: (error: Error) => void, retryCount: number, retryTime: number) => Promise<R>) => Promise<R>
}

interface SendingBroker {
  readonly nodeId: number | string
  /** No answer when none was asked for. */
  produce(
    request: object,
  ): Promise<{ readonly topics: readonly { readonly topicName: string; readonly partitions: readonly object[] }[] } | undefined>
}

interface Batch {
  readonly topic: string
  readonly partition: number
  readonly messages: readonly Message[]
}

interface TopicBatches {
  readonly topic: string
  readonly partitions: (Omit<Batch, 'topic'> & { readonly firstSequence: number })[]
}

export interface SendRequest {
  readonly acks: number
  readonly timeout: number
  readonly compression: number
  readonly topicMessages: readonly { readonly topic: string; readonly messages: readonly Message[] }[]
}

interface ClientError extends Error {
  readonly type?: string
  readonly retriable?: boolean
  readonly host?: string
  readonly port?: number
}

const require = createRequire(import.meta.url)

/** The client's factory of the same shape. */
export function createSendMessages(parts: SendMessagesParts): (request: SendRequest) => Promise<object[]> {
  const { logger, cluster, partitioner, retrier } = parts
  return (request) => {
    // Grouped once: a partitioner that draws would otherwise send a record to another partition at each attempt.
    let waiting: Batch[] | undefined
    const answers: object[] = []

    /** One attempt at everything that is not acknowledged. All requests end before it does, well or not. */
    async function attempt(): Promise<void> {
      await cluster.refreshMetadataIfNecessary()
      waiting ??= request.topicMessages.flatMap(({ topic, messages }) => batchesOf(topic, messages))
      const byLeader = new Map<SendingBroker, Batch[]>()
      for (const batch of waiting) {
        const leader = await leaderOf(batch)
        byLeader.set(leader, [...(byLeader.get(leader) ?? []), batch])
      }
      const ends = await Promise.allSettled(
        [...byLeader].map(async ([leader, batches]) => {
          answers.push(...(await sendTo(parts, leader, batches, request)))
          waiting = waiting?.filter((batch) => !batches.includes(batch))
        }),
      )
      for (const end of ends) if (end.status === 'rejected') throw end.reason
    }

    function batchesOf(topic: string, messages: readonly Message[]): Batch[] {
      const partitionMetadata = cluster.findTopicPartitionMetadata(topic)
      if (partitionMetadata.length === 0) throw metadataMissing()
      const byPartition = new Map<number, Message[]>()
      for (const message of messages) {
        const partition = partitioner({ topic, partitionMetadata, message })
        const list = byPartition.get(partition)
        if (list === undefined) byPartition.set(partition, [message])
        else list.push(message)
      }
      return [...byPartition].map(([partition, list]) => ({ topic, partition, messages: list }))
    }

    function leaderOf({ topic, partition }: Batch): Promise<SendingBroker> {
      const leader = cluster.findTopicPartitionMetadata(topic).find(({ partitionId }) => partitionId === partition)?.leader ?? -1
      // No leader at the moment, or none that is known yet: both pass.
      if (leader < 0) throw metadataMissing()
      return cluster.findBroker({ nodeId: String(leader) })
    }

    return retrier(async (bail, retryCount, retryTime) => {
      await cluster.addMultipleTargetTopics(request.topicMessages.map(({ topic }) => topic))
      try {
        await attempt()
        return answers
      } catch (thrown) {
        const error = thrown as ClientError
        if (error.name === 'KafkaJSConnectionClosedError') cluster.removeBroker({ host: error.host ?? '', port: error.port ?? 0 })
        if (!cluster.isConnected()) {
          logger.debug(`Cluster has disconnected, reconnecting: ${error.message}`, { retryCount, retryTime })
          // Which connects, unless the owner of the producer has disconnected it meanwhile.
          await cluster.refreshMetadata()
          throw error
        }
        logger.error(`Failed to send messages: ${error.message}`, { retryCount, retryTime })
        if (mayHaveMoved(error)) {
          await cluster.refreshMetadata()
          throw error
        }
        if (error.retriable === true) throw error
        bail(error)
        return answers
      }
    })
  }
}

async function sendTo(
  { eosManager }: SendMessagesParts,
  broker: SendingBroker,
  batches: readonly Batch[],
  { acks, timeout, compression }: SendRequest,
): Promise<object[]> {
  await eosManager.acquireBrokerLock(broker)
  try {
    const topicData: TopicBatches[] = []
    for (const { topic, partition, messages } of batches) {
      const entry = { partition, messages, firstSequence: eosManager.getSequence(topic, partition) }
      const known = topicData.find((each) => each.topic === topic)
      if (known === undefined) topicData.push({ topic, partitions: [entry] })
      else known.partitions.push(entry)
    }
    if (eosManager.isTransactional()) await eosManager.addPartitionsToTransaction(topicData)
    const answer = await broker.produce({
      transactionalId: eosManager.isTransactional() ? eosManager.getTransactionalId() : undefined,
      producerId: eosManager.getProducerId(),
      producerEpoch: eosManager.getProducerEpoch(),
      acks,
      timeout,
      compression,
      topicData,
    })
    // Only now: what was not acknowledged goes again under the same numbers, and the broker knows it if it has it.
    for (const { topic, partition, messages } of batches) eosManager.updateSequence(topic, partition, messages.length)
    return (answer?.topics ?? []).flatMap(({ topicName, partitions }) => partitions.map((partition) => ({ topicName, ...partition })))
  } finally {
    await eosManager.releaseBrokerLock(broker)
  }
}

function mayHaveMoved({ name, type, retriable }: ClientError): boolean {
  return (
    ['UNKNOWN_TOPIC_OR_PARTITION', 'LEADER_NOT_AVAILABLE', 'NOT_LEADER_FOR_PARTITION'].includes(type ?? '') ||
    ['KafkaJSMetadataNotLoaded', 'KafkaJSConnectionError', 'KafkaJSConnectionClosedError'].includes(name) ||
    (name === 'KafkaJSProtocolError' && retriable === true)
  )
}

function metadataMissing(): Error {
  const { KafkaJSMetadataNotLoaded } = require('kafkajs/src/errors.js') as { KafkaJSMetadataNotLoaded: new (message: string) => Error }
  return new KafkaJSMetadataNotLoaded('Producing to topic without metadata')
}
