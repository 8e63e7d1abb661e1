/**
 * The client of one process on simulated brokers: the real kafkajs consumer, with the real requests of our own in bytes. Below
 * it each connection is a queue: a request takes its time to the broker, and the answer back, in order. Any request may be struck.
 */
import { createRequire } from 'node:module'
import type { Admin, Kafka } from 'kafkajs'
import { createClient } from '../../../../runtime/kafka/client.ts'
import type { ProtocolRequest } from '../../../../runtime/kafka/protocol/request.ts'
import { logger } from '../fixtures.ts'
import { answered } from './answered.ts'
import type { Refusal } from './answered.ts'
import type { SimulatedCluster } from './simulatedCluster.ts'
import { Refused } from './simulatedGroup.ts'
import type { JoinRequest } from './simulatedGroup.ts'
import type { SimulatedProcess } from './simulatedTime.ts'

const require = createRequire(import.meta.url)
const { KafkaJSConnectionClosedError, KafkaJSOffsetOutOfRange } = require('kafkajs/src/errors.js') as {
  KafkaJSConnectionClosedError: new (message: string, at: { host: string; port: number }) => Error
  KafkaJSOffsetOutOfRange: new (cause: unknown, at: { topic: string; partition: number }) => Error
}
const { createErrorFromCode } = require('kafkajs/src/protocol/error.js') as { createErrorFromCode: (code: number) => Error }

/** What is asked of brokers, as far as it can be struck. */
export const requestNames = [
  'joinGroup',
  'syncGroup',
  'heartbeat',
  'leaveGroup',
  'fetch',
  'listOffsets',
  'initProducerId',
  'describeTransactions',
  'describeProducers',
  'writeTxnMarkers',
  'offsetFetch',
  'metadata',
  'produce',
  'txnOffsetCommit',
  'endTxn',
] as const
export type RequestName = (typeof requestNames)[number]

/** What happens to one request of a process. */
export type Strike = {
  readonly request: RequestName
  /** So many of them pass before. */
  readonly passing: number
} & (
  | {
      /** Before it reaches the broker, or when the broker has done it. */
      readonly when: 'before' | 'after'
      /** The connection breaks, so that a result is unknown; the process ends, or stands still. */
      readonly how: 'break' | 'crash' | 'freeze'
    }
  | {
      /** So late it reaches the broker, ms. */
      readonly lateMs: number
      /** The process waits for it, has given it up, or has ended meanwhile. */
      readonly how: 'late' | 'abandoned' | 'bequeathed'
    }
  | {
      /** The broker answers with this number, whether it has done it or not. */
      readonly code: number
      readonly when: 'before' | 'after'
      readonly how: 'refuse'
    }
)

export interface ClientOptions {
  readonly cluster: SimulatedCluster
  readonly process: SimulatedProcess
  /** How long the next thing takes, ms. */
  latencyMs(): number
  /** Takes the strike that is due for this request, if any. */
  struck(request: RequestName): Strike | undefined
  /** Whether the network between the process and the brokers is down. */
  isCut(): boolean
  /** The process ends. */
  crash(): void
  /** Records of a partition that a fetch brings at most. */
  readonly fetchRecords: number
  /** Told of each partition of which a fetch brings something, with the offset that was asked for. */
  fetched(place: string, offset: string): void
}

const NODES = [1, 2]
const COORDINATOR = 1
const host = { host: 'localhost', port: 9092 }

export interface SimulatedClient {
  readonly kafka: Kafka
  /** What an admin of it can be asked. */
  readonly admin: Admin
  /** How many connections to the cluster it has open. */
  connected(): number
}

/** A client of this process; whatever it opens is counted. */
export function simulatedClient(options: ClientOptions): SimulatedClient {
  const kafka = createClient({ brokers: ['localhost:9092'], clientId: options.process.name, logger })
  const made = Object.getOwnPropertySymbols(kafka).find((symbol) => symbol.description === 'private:Kafka:createCluster')
  if (made === undefined) throw new Error('the client makes its clusters in another way')
  const committedByGroup = new Map<string, object>()
  const clusters: ReturnType<typeof clusterOf>[] = []
  Object.assign(kafka, {
    [made]: ({ isolationLevel = 1 }: { isolationLevel?: number }) => {
      const cluster = clusterOf(options, isolationLevel, committedByGroup)
      clusters.push(cluster)
      return cluster
    },
  })
  const admin = {
    describeCluster: async () => ({ brokers: [], controller: 1, clusterId: 'simulated' }),
    fetchOffsets: async () => groupedOffsets(options.cluster),
    // As one that does not let this client ask.
    describeConfigs: async () => ({ resources: [] }),
  } as unknown as Admin
  return { kafka, admin, connected: () => clusters.filter((cluster) => cluster.isConnected()).length }
}

function groupedOffsets(cluster: SimulatedCluster) {
  const topics = new Map<string, { partition: number; offset: string; metadata: string }[]>()
  for (const [place, { offset, metadata }] of cluster.offsetsOf()) {
    const [topic = '', partition = ''] = place.split('#')
    const own = topics.get(topic) ?? []
    own.push({ partition: Number(partition), offset: String(offset), metadata })
    topics.set(topic, own)
  }
  return [...topics].map(([topic, partitions]) => ({ topic, partitions }))
}

/** Requests of one connection: each goes when the one before has been answered. */
class Connection {
  readonly #options: ClientOptions
  #last: Promise<unknown> = Promise.resolve()

  constructor(options: ClientOptions) {
    this.#options = options
  }

  /** `refused` is what the broker answers in the place of what it would. */
  ask<R>(name: RequestName, work: (refused?: Refusal) => R | Promise<R>): Promise<R> {
    const answer = this.#last.then(() => this.#ask(name, work))
    this.#last = answer.catch(() => undefined)
    return answer
  }

  async #ask<R>(name: RequestName, work: (refused?: Refusal) => R | Promise<R>): Promise<R> {
    const { cluster, crash, isCut, process, struck, latencyMs } = this.#options
    const { time } = cluster
    const strike = struck(name)
    const broken = () => new KafkaJSConnectionClosedError(`${name}: the connection broke`, host)
    const strikes = () => {
      if (strike?.how === 'crash') crash()
      if (strike?.how === 'freeze') time.freeze(process)
    }
    const isAfter = strike !== undefined && 'when' in strike && strike.when === 'after'
    const refused = strike?.how === 'refuse' ? { code: strike.code, done: isAfter } : undefined
    if (strike !== undefined && refused === undefined && 'when' in strike && strike.when === 'before') {
      strikes()
      // What stands still sends nothing until it goes on.
      await new Promise<void>((resolve) => void time.after(0, resolve))
      if (strike.how === 'break') throw broken()
    }
    const [to, back] = [latencyMs(), latencyMs()]
    const lateMs = strike !== undefined && 'lateMs' in strike ? strike.lateMs : 0
    return new Promise<R>((resolve, reject) => {
      if (isCut()) return void time.afterFor(process, to, () => reject(broken()))
      const answer = (tell: () => void) => {
        if (isAfter) strikes()
        time.afterFor(process, back, (isAfter && strike.how === 'break') || isCut() ? () => reject(broken()) : tell)
      }
      time.afterFor(undefined, to + lateMs, () => {
        void (async () => work(refused))().then(
          (result) => answer(() => resolve(result)),
          (error: unknown) => answer(() => reject(error instanceof Refused ? refusal(error) : (error as Error))),
        )
      })
      if (strike?.how === 'abandoned') time.afterFor(process, to, () => reject(broken()))
      if (strike?.how === 'bequeathed') crash()
    })
  }
}

/** Does it as the broker would, and refuses it in any case where it is to be refused. */
const told =
  <R>(work: () => R | Promise<R>) =>
  async (refused?: Refusal): Promise<R> => {
    if (refused?.done === false) throw new Refused(refused.code)
    const done = await work()
    if (refused !== undefined) throw new Refused(refused.code)
    return done
  }

function refusal({ code }: Refused): Error {
  return createErrorFromCode(code)
}

function clusterOf(options: ClientOptions, isolationLevel: number, committedByGroup: Map<string, object>) {
  const { cluster } = options
  let connected = false
  const brokers = new Map(NODES.map((nodeId) => [String(nodeId), brokerOf(options, nodeId)]))
  const leaderOf = (partition: number) => NODES[partition % NODES.length] as number
  const metadataOf = (topic: string) =>
    Array.from({ length: cluster.partitions(topic) }, (_, partitionId) => ({
      partitionId,
      leader: leaderOf(partitionId),
      isr: NODES,
      replicas: NODES,
    }))
  const byLeader = (partitions: readonly number[]) => {
    const found: Record<string, number[]> = {}
    for (const partition of partitions) (found[leaderOf(partition)] ??= []).push(partition)
    return found
  }
  const findBroker = async ({ nodeId }: { nodeId: string }) => brokers.get(String(nodeId))
  return {
    connect: async () => {
      connected = true
    },
    disconnect: async () => {
      connected = false
    },
    isConnected: () => connected,
    addTargetTopic: async () => undefined,
    addMultipleTargetTopics: async () => undefined,
    refreshMetadata: async () => undefined,
    refreshMetadataIfNecessary: async () => undefined,
    removeBroker: () => undefined,
    getNodeIds: () => NODES,
    findBroker,
    findControllerBroker: () => findBroker({ nodeId: '1' }),
    findGroupCoordinator: () => findBroker({ nodeId: String(COORDINATOR) }),
    findTopicPartitionMetadata: metadataOf,
    findLeaderForPartitions: (_: string, partitions: readonly number[]) => byLeader(partitions),
    defaultOffset: ({ fromBeginning }: { fromBeginning?: boolean }) => (fromBeginning === true ? -2 : -1),
    committedOffsets: ({ groupId }: { groupId: string }) => {
      const own = committedByGroup.get(groupId) ?? {}
      committedByGroup.set(groupId, own)
      return own
    },
    fetchTopicsOffset: (asked: readonly { topic: string; partitions: readonly { partition: number }[]; fromBeginning?: boolean }[]) =>
      Promise.all(
        asked.map(async ({ topic, partitions, fromBeginning }) => {
          const answers = await Promise.all(
            Object.entries(byLeader(partitions.map(({ partition }) => partition))).map(async ([nodeId, own]) => {
              const timestamp = fromBeginning === true ? '-2' : '-1'
              const topics = [{ topic, partitions: own.map((partition) => ({ partition, timestamp })) }]
              const { responses } = await (brokers.get(nodeId) as ReturnType<typeof brokerOf>).listOffsets({ isolationLevel, topics })
              return responses.flatMap((each) => each.partitions)
            }),
          )
          return { topic, partitions: answers.flat() }
        }),
      ),
  }
}

interface FetchRequest {
  /** 1 for readers of what is committed. */
  readonly isolationLevel: number
  readonly maxWaitTime: number
  readonly topics: readonly {
    readonly topic: string
    readonly partitions: readonly { readonly partition: number; readonly fetchOffset: string }[]
  }[]
}
interface ListOffsetsRequest {
  readonly isolationLevel: number
  readonly topics: readonly {
    readonly topic: string
    readonly partitions: readonly { readonly partition: number; readonly timestamp: string }[]
  }[]
}

function brokerOf(options: ClientOptions, nodeId: number) {
  const { cluster } = options
  const [connection, fetching] = [new Connection(options), new Connection(options)]
  return {
    nodeId,
    ...host,
    isConnected: () => true,
    disconnect: async () => undefined,
    joinGroup: (request: JoinRequest & { groupId: string }) =>
      connection.ask(
        'joinGroup',
        told(() => cluster.group(request.groupId).join(request)),
      ),
    syncGroup: ({ groupId, memberId, generationId, groupAssignment }: SyncRequest) =>
      connection.ask(
        'syncGroup',
        told(() => cluster.group(groupId).sync(memberId, generationId, groupAssignment)),
      ),
    heartbeat: ({ groupId, memberId, groupGenerationId }: { groupId: string; memberId: string; groupGenerationId: number }) =>
      connection.ask(
        'heartbeat',
        told(() => cluster.group(groupId).heartbeat(memberId, groupGenerationId)),
      ),
    leaveGroup: ({ groupId, memberId }: { groupId: string; memberId: string }) =>
      connection.ask(
        'leaveGroup',
        told(() => cluster.group(groupId).leave(memberId)),
      ),
    offsetFetch: ({ topics }: { topics: readonly { topic: string; partitions: readonly { partition: number }[] }[] }) =>
      connection.ask(
        'offsetFetch',
        told(() => ({
          responses: topics.map(({ topic, partitions }) => ({
            topic,
            partitions: partitions.map(({ partition }) => ({
              partition,
              offset: String(cluster.committed(`${topic}#${partition}`, false)?.offset ?? -1n),
            })),
          })),
        })),
      ),
    fetch: (request: FetchRequest) =>
      fetching.ask(
        'fetch',
        told(() => fetched(options, request)),
      ),
    listOffsets: ({ isolationLevel, topics }: ListOffsetsRequest) =>
      connection.ask(
        'listOffsets',
        told(() => ({
          responses: topics.map(({ topic, partitions }) => ({
            topic,
            partitions: partitions.map(({ partition, timestamp }) => {
              const log = cluster.log(topic, partition)
              return { partition, offset: String(timestamp === '-2' ? 0 : isolationLevel === 1 ? log.stable : log.end) }
            }),
          })),
        })),
      ),
    initProducerId: ({ transactionalId }: { transactionalId: string }) =>
      connection.ask(
        'initProducerId',
        told(() => {
          const { producerId, producerEpoch } = cluster.initProducerId(transactionalId)
          return { producerId: String(producerId), producerEpoch }
        }),
      ),
    connectionPool: {
      send: async <R>(request: ProtocolRequest<R>): Promise<R> => {
        const { buffer } = await request.request.encode()
        const answer = await connection.ask(request.request.apiName as RequestName, (refused) =>
          answered(cluster, request.request.apiName, buffer, refused),
        )
        return request.response.parse(await request.response.decode(answer))
      },
    },
  }
}

interface SyncRequest {
  readonly groupId: string
  readonly memberId: string
  readonly generationId: number
  readonly groupAssignment: readonly { readonly memberId: string; readonly memberAssignment: Buffer }[]
}

/** Waits until there is something, or for the longest wait. */
function fetched({ cluster, fetchRecords, fetched: tell }: ClientOptions, { maxWaitTime, isolationLevel, topics }: FetchRequest) {
  const look = () =>
    topics.map(({ topic, partitions }) => ({
      topicName: topic,
      partitions: partitions.map(({ partition, fetchOffset }) => {
        const log = cluster.log(topic, partition)
        if (Number(fetchOffset) > log.end) throw new KafkaJSOffsetOutOfRange(createErrorFromCode(1), { topic, partition })
        return log.fetch(Number(fetchOffset), fetchRecords, isolationLevel === 1)
      }),
    }))
  const brought = () => {
    const found = look()
    for (const { topic, partitions } of topics)
      for (const { partition, fetchOffset } of partitions) {
        const own = found.find(({ topicName }) => topicName === topic)?.partitions.find((each) => each.partition === partition)
        if (own !== undefined && own.messages.length > 0) tell(`${topic}#${partition}`, fetchOffset)
      }
    return { responses: found }
  }
  const isSomething = (found: ReturnType<typeof look>) =>
    found.some(({ partitions }) => partitions.some(({ messages }) => messages.length > 0))
  return new Promise<{ responses: ReturnType<typeof look> }>((resolve, reject) => {
    if (isSomething(look())) return resolve(brought())
    const logs = topics.flatMap(({ topic, partitions }) => partitions.map(({ partition }) => cluster.log(topic, partition)))
    const end = () => {
      late.cancelled = true
      for (const forget of forgets) forget()
      try {
        resolve(brought())
      } catch (error) {
        reject(error instanceof Error ? error : new Error(String(error)))
      }
    }
    const late = cluster.time.after(maxWaitTime, end)
    const forgets = logs.map((log) =>
      log.onChange(() => {
        try {
          if (isSomething(look())) end()
        } catch {
          end()
        }
      }),
    )
  })
}
