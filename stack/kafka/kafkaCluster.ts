/**
 * Several Kafka nodes on this machine from the same jars, for what one broker cannot show: replication, leader change, too
 * few replicas in sync. Three copies of everything, two of which must have a record before it is acknowledged.
 */
import { join } from 'node:path'
import { freePort } from '../port.ts'
import { KafkaEngine, newClusterId } from './kafkaEngine.ts'

export interface KafkaClusterOptions {
  readonly dataDir: string
  readonly nodes?: number
  /**
   * The first so many nodes are controllers too. With as many as nodes, any one may be killed and leaders move; with one,
   * the others may all be killed, and it says who is in sync.
   */
  readonly controllers?: number
  /** Any free port unless given. */
  readonly port?: () => Promise<number>
  readonly onProgress?: (line: string) => void
}

export interface KafkaCluster {
  readonly nodes: readonly KafkaEngine[]
  readonly brokers: readonly string[]
  /** Of the whole; data is kept. */
  stop(budgetMs?: number): Promise<void>
}

const NODES = 3
const HEAP_MB = 256
const STOP_BUDGET_MS = 20_000

/** A node that is silent for 6 s is out; 9 s and 30 s are the defaults, made for networks. */
const SILENCE_MS = 6_000
const replicated: Readonly<Record<string, string>> = {
  'default.replication.factor': '3',
  'min.insync.replicas': '2',
  'offsets.topic.replication.factor': '3',
  'transaction.state.log.replication.factor': '3',
  'transaction.state.log.min.isr': '2',
  'share.coordinator.state.topic.replication.factor': '3',
  'share.coordinator.state.topic.min.isr': '2',
  'broker.session.timeout.ms': String(SILENCE_MS),
  'broker.heartbeat.interval.ms': '1000',
  'replica.lag.time.max.ms': String(SILENCE_MS),
  // Each partition of these is a log on every node.
  'offsets.topic.num.partitions': '2',
  'transaction.state.log.num.partitions': '2',
}

/** Resolves when every node answers. Each keeps its data in a folder of its own below `dataDir`. */
export async function startKafkaCluster(options: KafkaClusterOptions): Promise<KafkaCluster> {
  const { dataDir, nodes: count = NODES, controllers = 1, port = freePort, onProgress = () => undefined } = options
  const clusterId = newClusterId()
  const ids = Array.from({ length: count }, (_, index) => index + 1)
  const ports: { readonly nodeId: number; readonly client: number; readonly controller: number }[] = []
  for (const nodeId of ids) ports.push({ nodeId, client: await port(), controller: await port() })
  const voters = ports.slice(0, controllers).map(({ nodeId, controller }) => ({ nodeId, port: controller }))
  const nodes = ports.map(
    ({ nodeId, client, controller }) =>
      new KafkaEngine(
        { dataDir: join(dataDir, `broker-${nodeId}`), port: client, morePorts: [controller], onProgress },
        { nodeId, clusterId, voters, heapMb: HEAP_MB, settings: replicated },
      ),
  )
  const stop = async (budgetMs = STOP_BUDGET_MS) => {
    const deadline = performance.now() + budgetMs
    // Together: one that stops alone first hands its leaders over to nodes that are to stop next.
    const ended = await Promise.allSettled(nodes.map((node) => node.stop(Math.max(0, deadline - performance.now()))))
    for (const outcome of ended) if (outcome.status === 'rejected') throw outcome.reason
  }
  try {
    await Promise.all(nodes.map((node) => node.start()))
  } catch (error) {
    await stop(0)
    throw error
  }
  return { nodes, brokers: nodes.map(({ address }) => address ?? ''), stop }
}
