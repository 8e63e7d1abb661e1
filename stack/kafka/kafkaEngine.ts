/**
 * Apache Kafka on this machine: one KRaft node on the loopback interface, alone (broker and controller) or as a node of a
 * cluster. Nothing is auto-created, alone transactions and groups work with one replica, data and cluster id survive restarts.
 */
import { randomBytes } from 'node:crypto'
import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { ProcessEngine } from '../engine.ts'
import type { EngineOptions, Launch } from '../engine.ts'
import { requireJava, runJava } from '../java.ts'
import { keptText } from '../keptText.ts'
import { fetchWithMaven } from '../maven.ts'
import { LOOPBACK } from '../port.ts'
import { javaCommand } from '../prerequisites.mjs'
import { answersApiVersions } from './answersApiVersions.ts'

const HEAP_MB = 512
const FORMAT_TIMEOUT_MS = 60_000

/** Settings of the broker that members and tests rely on; docker-compose.yml sets the same. */
export const brokerSettings: Readonly<Record<string, string>> = {
  'auto.create.topics.enable': 'false',
  // A group of one member would otherwise wait 3 s for others before its first assignment.
  'group.initial.rebalance.delay.ms': '0',
  'num.partitions': '4',
  'default.replication.factor': '1',
  'min.insync.replicas': '1',
  'offsets.topic.replication.factor': '1',
  // 50 by default: each is a log with open files, and one broker gains nothing from more.
  'offsets.topic.num.partitions': '4',
  'transaction.state.log.replication.factor': '1',
  'transaction.state.log.min.isr': '1',
  'transaction.state.log.num.partitions': '4',
  'share.coordinator.state.topic.replication.factor': '1',
  'share.coordinator.state.topic.min.isr': '1',
  // A killed member blocks read-committed readers until its transaction is aborted: look every 2 s, not every 10.
  'transaction.abort.timed.out.transaction.cleanup.interval.ms': '2000',
  // The next transaction of a producer that does not pause meets the end of the last one: asked again after 2 ms, not 20.
  'add.partitions.to.txn.retry.backoff.ms': '2',
  // 30 days: a stack that was off for a fortnight continues where it stopped.
  'offsets.retention.minutes': String(30 * 24 * 60),
  'log.retention.check.interval.ms': '60000',
  // 16 MB: the default of 128 MB would be a quarter of the heap.
  'log.cleaner.dedupe.buffer.size': String(16 * 1024 * 1024),
  'num.network.threads': '2',
  'num.io.threads': '4',
  'message.max.bytes': String(2 * 1024 * 1024),
}

/** What a node of a cluster has of its own; see `kafkaCluster.ts`. */
export interface ClusterNode {
  readonly nodeId: number
  readonly clusterId: string
  /** Nodes that are controllers too, with the port they are one on. */
  readonly voters: readonly { readonly nodeId: number; readonly port: number }[]
  readonly heapMb: number
  /** On top of `brokerSettings`. */
  readonly settings: Readonly<Record<string, string>>
}

export class KafkaEngine extends ProcessEngine {
  protected override readonly portCount: number = 2
  private readonly node: ClusterNode | undefined
  protected jars = ''

  constructor(options: EngineOptions, node?: ClusterNode) {
    super('kafka', options)
    this.node = node
  }

  protected settings(): unknown {
    return [brokerSettings, HEAP_MB, ...(this.node === undefined ? [] : [this.node])]
  }

  protected addressAt(ports: readonly number[]): string {
    return `${LOOPBACK}:${ports[0] ?? 0}`
  }

  protected probe(): Promise<boolean> {
    return answersApiVersions(this.ports[0] ?? 0)
  }

  protected async prepare(): Promise<void> {
    requireJava()
    this.jars = await fetchWithMaven({
      name: 'kafka-4.3.1',
      pom: fileURLToPath(new URL('pom.xml', import.meta.url)),
      goals: ['dependency:copy-dependencies', '-DincludeScope=runtime', '-DoutputDirectory={folder}'],
      holds: 'kafka_2.13-4.3.1.jar',
      onProgress: this.options.onProgress,
    })
  }

  protected async launch(ports: readonly number[]): Promise<Launch> {
    const home = join(this.dataDir, 'kafka')
    const log = join(home, 'log')
    mkdirSync(log, { recursive: true })
    const properties = join(home, 'server.properties')
    writeFileSync(properties, textOf({ ...this.properties(ports), 'log.dirs': log }))
    const formatted = join(home, 'formatted')
    if (!existsSync(formatted)) {
      this.options.onProgress('kafka: creating the log')
      // Written down before the log is: one that was cut off in mid-creation is finished under the same id, and refused under another.
      const clusterId = this.node?.clusterId ?? keptText(join(home, 'cluster.id'), newClusterId)
      await runJava(
        'kafka format',
        [
          '-cp',
          join(this.jars, '*'),
          '-Xmx128m',
          'kafka.tools.StorageTool',
          'format',
          '--ignore-formatted',
          '-t',
          clusterId,
          '-c',
          properties,
          ...this.formatArguments(),
        ],
        FORMAT_TIMEOUT_MS,
      )
      writeFileSync(formatted, clusterId)
    }
    return {
      command: javaCommand(),
      args: [
        `-Xmx${this.node?.heapMb ?? HEAP_MB}m`,
        '-Xms128m',
        '-XX:TieredStopAtLevel=1',
        '-XX:+UseSerialGC',
        '-XX:MaxMetaspaceSize=160m',
        '-XX:+ExitOnOutOfMemoryError',
        '-Djava.awt.headless=true',
        `-Drekindle.engine=${this.marker}`,
        '-Dorg.slf4j.simpleLogger.defaultLogLevel=warn',
        '-Dorg.slf4j.simpleLogger.showDateTime=true',
        "-Dorg.slf4j.simpleLogger.dateTimeFormat=yyyy-MM-dd'T'HH:mm:ss.SSSXXX",
        '-Dorg.slf4j.simpleLogger.log.kafka.server.KafkaRaftServer=info',
        '-cp',
        join(this.jars, '*'),
        'kafka.Kafka',
        properties,
      ],
    }
  }

  /** Settings of the broker on these ports: clients come in on the first, the controller listens on the second. */
  protected properties(ports: readonly number[]): Record<string, string> {
    const [client = 0, controller = 0] = ports
    const nodeId = this.node?.nodeId ?? 1
    const voters = this.node?.voters ?? [{ nodeId, port: controller }]
    const votes = voters.some((voter) => voter.nodeId === nodeId)
    return {
      'process.roles': votes ? 'broker,controller' : 'broker',
      'node.id': String(nodeId),
      'controller.quorum.voters': voters.map((voter) => `${voter.nodeId}@${LOOPBACK}:${voter.port}`).join(','),
      listeners: `PLAINTEXT://${LOOPBACK}:${client}${votes ? `,CONTROLLER://${LOOPBACK}:${controller}` : ''}`,
      'advertised.listeners': `PLAINTEXT://${LOOPBACK}:${client}`,
      'listener.security.protocol.map': 'PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT',
      'controller.listener.names': 'CONTROLLER',
      'inter.broker.listener.name': 'PLAINTEXT',
      ...brokerSettings,
      ...this.node?.settings,
    }
  }

  /** What the tool that creates the log is given beside cluster id and settings. */
  protected formatArguments(): readonly string[] {
    return []
  }
}

function textOf(properties: Readonly<Record<string, string>>): string {
  return `${Object.entries(properties)
    .map(([key, value]) => `${key}=${value}`)
    .join('\n')}\n`
}

/** A cluster id as `kafka-storage random-uuid` makes them: one that begins with a dash would be taken for an option. */
export function newClusterId(): string {
  return randomBytes(16).toString('base64url').replace(/^-/, 'A')
}
