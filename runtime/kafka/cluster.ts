/**
 * The client's view of the cluster, for what its own consumer and producer cannot do: fetches without a group, requests
 * in newer versions. Nothing else reaches into the client.
 */
import type { Cluster, Consumer, Kafka } from 'kafkajs'
import { createConsumer } from './client.ts'
import type { ProtocolRequest } from './protocol/request.ts'

/** The part of a broker of the client that requests of our own need. */
interface BrokerConnection {
  readonly connectionPool: { send<R>(request: ProtocolRequest<R>): Promise<R> }
  disconnect(): Promise<void>
}
export type Broker = Awaited<ReturnType<Cluster['findBroker']>> & {
  initProducerId(options: { transactionalId: string; transactionTimeout: number }): Promise<{ producerId: string; producerEpoch: number }>
}
const TRANSACTION_COORDINATOR = 1
const GROUP_COORDINATOR = 0

export class ClusterConnection {
  readonly cluster: Cluster
  readonly #consumer: Consumer

  private constructor(consumer: Consumer, cluster: Cluster) {
    this.#consumer = consumer
    this.cluster = cluster
  }

  /** Connects, with connections of its own. */
  static async open(kafka: Kafka): Promise<ClusterConnection> {
    let cluster: Cluster | undefined
    const consumer = createConsumer(kafka, {
      groupId: 'none',
      partitionAssigners: [
        (config) => {
          // The assigner factory is the one public place that hands out the cluster; the assigner itself is never asked.
          cluster = config.cluster
          return { name: 'none', version: 0, assign: async () => [], protocol: () => ({ name: 'none', metadata: Buffer.alloc(0) }) }
        },
      ],
    })
    try {
      await consumer.connect()
    } catch (error) {
      await consumer.disconnect()
      throw error
    }
    if (cluster === undefined) throw new Error('the client did not hand out its cluster')
    return new ClusterConnection(consumer, cluster)
  }

  /** The broker that clients ask about the cluster as a whole. */
  async controller(): Promise<Broker> {
    await this.cluster.refreshMetadata()
    const cluster = this.cluster as unknown as { findControllerBroker(): Promise<Broker> }
    return cluster.findControllerBroker()
  }

  /** The broker that coordinates this transactional id. */
  transactionCoordinator(transactionalId: string): Promise<Broker> {
    return this.#coordinator(transactionalId, TRANSACTION_COORDINATOR)
  }

  /** The broker that coordinates this consumer group. */
  groupCoordinator(groupId: string): Promise<Broker> {
    return this.#coordinator(groupId, GROUP_COORDINATOR)
  }

  close(): Promise<void> {
    return this.#consumer.disconnect()
  }

  #coordinator(id: string, coordinatorType: number): Promise<Broker> {
    const cluster = this.cluster as unknown as {
      findGroupCoordinator(query: { groupId: string; coordinatorType: number }): Promise<Broker>
    }
    return cluster.findGroupCoordinator({ groupId: id, coordinatorType })
  }
}

/** Sends a request of our own on the broker's connection; a broken connection is closed, so that the next call opens one. */
export async function ask<R>(broker: Broker, request: ProtocolRequest<R>): Promise<R> {
  const connection = broker as unknown as BrokerConnection
  try {
    return await connection.connectionPool.send(request)
  } catch (error) {
    if ((error as Error).name === 'KafkaJSConnectionClosedError') await connection.disconnect()
    throw error
  }
}
