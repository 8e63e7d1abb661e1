/**
 * The one door to Kafka: whatever reads or writes topics goes through what this returns. No type of the client crosses it.
 */
import type { ConnectionOptions } from 'node:tls'
import { setTimeout as delay } from 'node:timers/promises'
import type { Logger } from 'pino'
import { RekindleError, runtimeError } from '../errors.ts'
import { noMetrics } from '../metrics.ts'
import type { RuntimeMetrics } from '../metrics.ts'
import { physicalName } from '../topic.ts'
import type { AnyStage } from '../stage.ts'
import type { AnyTopic, ValueOf } from '../topic.ts'
import type { Tracer } from '../tracing.ts'

import { createClient } from './client.ts'
import { ClusterConnection } from './cluster.ts'
import { copiesPlan } from './copiesPlan.ts'
import type { ReassignmentPlan } from './copiesPlan.ts'
import { DeadLetterCounts } from './deadLetterCounts.ts'
import { DeadLetterDesk } from './deadLetterDesk.ts'
import type { DeskOptions } from './deadLetterDesk.ts'
import { endAll } from './endAll.ts'
import { offersImplicitTransactions } from './implicitTransactions.ts'
import { GroupOffsets } from './groupOffsets.ts'
import { KeyRecords } from './keyRecords.ts'
import { groupName } from './names.ts'
import { endOffsets, lagOf, logEndOffsets } from './offsets.ts'
import type { PartitionLag, PartitionOffset } from './offsets.ts'
import { PartitionReader } from './partitionReader.ts'
import { openSteps } from './partitionSteps.ts'
import type { PartitionSteps } from './partitionSteps.ts'
import { named, tlsRefusals } from './refusals.ts'
import { RecordProducer } from './recordProducer.ts'
import type { ProducerOptions } from './recordProducer.ts'
import { RecordSizes } from './recordSizes.ts'
import { Rehearsal } from './rehearsal.ts'
import type { RehearsalOptions } from './rehearsal.ts'
import { SchemaRegistry } from './registry.ts'
import { Shadow } from './shadow.ts'
import type { ShadowOptions } from './shadow.ts'
import { changeRow } from './rowChange.ts'
import type { RowChange } from './rowChange.ts'
import { runSink } from './sinkMember.ts'
import type { SinkMemberOptions } from './sinkMember.ts'
import { runStages } from './stageMember.ts'
import type { RunningMember, StagesOptions } from './stageMember.ts'
import type { Workshop } from './workshop.ts'
import { watchFolds } from './foldWatch.ts'
import { StageStates } from './stageStates.ts'
import { readTable } from './tableReader.ts'
import type { LiveTable } from './tableReader.ts'
import { tail } from './tail.ts'
import type { TailOptions, TailRecord } from './tail.ts'
import { TopicCounts } from './topicCounts.ts'
import { applyTopics, wantedTopics } from './topicPlan.ts'
import type { ApplyOptions, TopicChange } from './topicPlan.ts'
import type { TransactionProtocol } from './openTransactions.ts'
import { WireFormat } from './wireFormat.ts'
import { runWorker } from './workerMember.ts'
import type { AnyWorker, WorkerMemberOptions } from './workerMember.ts'

export interface ConnectOptions {
  readonly brokers: readonly string[]
  readonly clientId: string
  /** Before every topic, group and transactional id, e.g. `staging.`; may be empty. */
  readonly topicPrefix: string
  readonly registryUrl: string
  readonly ssl?: boolean | ConnectionOptions
  readonly sasl?: { mechanism: 'plain' | 'scram-sha-256' | 'scram-sha-512'; username: string; password: string }
  readonly logger: Logger
  readonly metrics?: RuntimeMetrics
  /** Takes the spans of members; without one nothing is traced and trace contexts are handed on as they are. */
  readonly tracer?: Tracer | undefined
  /** `implicit` where every broker offers it, unless given. */
  readonly transactions?: TransactionProtocol
  /** How long a broker that is away at the start is waited for, ms. */
  readonly connectMs?: number
}

export interface KafkaConnection {
  /** An idempotent producer for single records; connects with the first one. */
  producer(options?: ProducerOptions): RecordProducer
  /** Resolves when the table is complete; it stays live until the connection is closed. */
  table<T extends AnyTopic>(topic: T): Promise<LiveTable<ValueOf<T>>>
  runStages(options: StagesOptions): Promise<RunningMember>
  runWorker<W extends AnyWorker>(options: WorkerMemberOptions<W>): Promise<RunningMember>
  runSink(options: SinkMemberOptions): Promise<RunningMember>
  tail<T extends AnyTopic>(topic: T, options: TailOptions, onRecord: (record: TailRecord<ValueOf<T>>) => void): Promise<void>
  /** A topic to be read partition by partition as fast as it is asked for, up to where it ends now. Closed by whoever opened it. */
  steps<T extends AnyTopic>(topic: T): Promise<PartitionSteps<ValueOf<T>>>
  applyTopics(topics: readonly AnyTopic[], options: ApplyOptions): Promise<readonly TopicChange[]>
  /** How the topics that have too few copies get as many as are asked for, for the tool of Kafka. */
  copiesPlan(topics: readonly AnyTopic[], options: ApplyOptions): Promise<ReassignmentPlan>
  /** Registers the value schemas; E_SCHEMA_REFUSED names the topic and the reason. */
  registerSchemas(topics: readonly AnyTopic[]): Promise<void>
  endOffsets(topic: AnyTopic): Promise<readonly PartitionOffset[]>
  /** Where its partitions end, transactions included that are still open: what is committed behind one is seen by nobody yet. */
  logEnds(topic: AnyTopic): Promise<readonly PartitionOffset[]>
  /** How far a group is behind on these topics, by their logical names. */
  lag(group: string, topics: readonly AnyTopic[]): Promise<readonly PartitionLag[]>
  /** Where groups stand and how to move them. */
  groupOffsets(now?: () => number): GroupOffsets
  /** What these stages keep, from their changelogs. */
  states(stages: readonly AnyStage[]): StageStates
  /** Everything on the log under one key. Closed with the connection. */
  keyRecords(): KeyRecords
  /** Runs stages over the log without joining their group and without writing. */
  rehearse(options: RehearsalOptions): Promise<Rehearsal>
  /** Where a rehearsal may be written to: topics under another prefix, empty so far. */
  shadow(options: ShadowOptions): Promise<Shadow>
  /** Where an operator lists, replays, fixes and discards dead letters. Closed with the connection. */
  deadLetters(options: DeskOptions): DeadLetterDesk
  /** How many of these topics' dead letters stand open. Closed with the connection. */
  deadLetterCounts(topics: readonly AnyTopic[]): DeadLetterCounts
  /** Makes a row of a compacted topic what `change` makes of it as it is now, whoever else changes it at the same time. Throws E_ROW_NOT_CHANGED. */
  changeRow<T extends AnyTopic>(topic: T, key: string, change: RowChange<ValueOf<T>>): Promise<ValueOf<T>>
  /** Resolves when a broker answers within the time; rejects with E_BROKER_UNREACHABLE. For readiness probes. */
  ping(withinMs?: number): Promise<void>
  /** Closes producers, tables and the admin connection; where one of them fails the others all the same. Members are stopped by their own handles, before. */
  close(): Promise<void>
}

/**
 * Connects. Throws E_BROKER_UNREACHABLE when no broker answers within `connectMs`, and at once E_BROKER_LOGIN_REFUSED or
 * E_BROKER_TLS_REFUSED when one answers and refuses.
 */
export async function connectKafka(options: ConnectOptions): Promise<KafkaConnection> {
  const { topicPrefix, clientId, logger } = options
  const refusals = tlsRefusals(options.brokers)
  const { sasl, ...rest } = options
  const kafka = createClient({ ...rest, ...(sasl === undefined ? {} : { sasl }), onRefusedTls: refusals.note })
  const admin = kafka.admin()
  const opening: { cluster?: ClusterConnection; givenUp?: true; reason?: string } = {}
  // A listener that asks for a login answers the first request of a client without one and closes at the second, so the
  // connection stands only when the whole of this has gone through.
  const attempt = async () => {
    await admin.connect()
    const cluster = (opening.cluster ??= await ClusterConnection.open(kafka))
    if (opening.givenUp === true) await Promise.all([cluster.close(), admin.disconnect()])
    return { cluster, protocol: options.transactions ?? ((await offersImplicitTransactions(cluster)) ? 'implicit' : 'classic') }
  }
  // Where connections are refused at once, the client gives up after some 12 s, whatever it was given.
  const work = async () => {
    for (;;) {
      try {
        return await attempt()
      } catch (error) {
        if (opening.givenUp === true || !isAway(error)) throw error
        opening.reason = (error as Error).message
      }
    }
  }
  const wait = within(options.connectMs ?? 30_000, Promise.race([work(), refusals.everywhere]), options.brokers, () => opening.reason)
  const { cluster, protocol } = await wait.catch(async (error: unknown) => {
    opening.givenUp = true
    await Promise.allSettled([admin.disconnect(), opening.cluster?.close()])
    throw error
  })
  const registry = new SchemaRegistry({ url: options.registryUrl })
  const wire = new WireFormat(registry, topicPrefix)
  const counts = new TopicCounts(admin)
  const open: { close(): Promise<void> }[] = []
  const tables = new Map<string, Promise<LiveTable<unknown>>>()

  const table = <T extends AnyTopic>(topic: T): Promise<LiveTable<ValueOf<T>>> => {
    const name = topic.name
    let reading = tables.get(name)
    if (reading === undefined) {
      reading = readTable(topic, { connect: () => PartitionReader.connect(kafka), wire, topicPrefix, logger })
      tables.set(name, reading)
      reading.catch(() => tables.delete(name))
    }
    return reading as Promise<LiveTable<ValueOf<T>>>
  }
  const workshop: Workshop = {
    watchFolds,
    kafka,
    admin,
    cluster,
    protocol,
    wire,
    counts,
    sizes: new RecordSizes(admin, logger),
    logger,
    metrics: options.metrics ?? noMetrics,
    tracer: options.tracer,
    topicPrefix,
    table,
  }

  const run = <O extends { onFatal(error: Error): void }>(
    start: (workshop: Workshop, member: O) => Promise<RunningMember>,
    member: O,
  ): Promise<RunningMember> => {
    const onFatal = (error: Error) => member.onFatal(named(error, options.brokers))
    return start(workshop, { ...member, onFatal }).catch((error: unknown) => {
      throw named(error as Error, options.brokers)
    })
  }

  return {
    producer(producerOptions) {
      const producer = new RecordProducer({ ...workshop, clientId }, producerOptions)
      open.push(producer)
      return producer
    },
    table,
    runStages: (stages) => run(runStages, stages),
    runWorker: (worker) => run(runWorker, worker),
    runSink: (sink) => run(runSink, sink),
    tail: (topic, tailOptions, onRecord) => tail(topic, { ...tailOptions, kafka, wire, topicPrefix, logger }, onRecord),
    steps: (topic) => openSteps(topic, { kafka, wire, topicPrefix }),
    applyTopics: (topics, apply) => applyTopics(admin, topics, topicPrefix, apply),
    copiesPlan: (topics, apply) =>
      copiesPlan(
        admin,
        wantedTopics(topics, topicPrefix, apply).map(({ topic }) => topic),
        apply.replicationFactor,
      ),
    registerSchemas: (topics) => wire.register(topics),
    logEnds: (topic) => logEndOffsets(cluster, physicalName(topic, topicPrefix)),
    endOffsets: (topic) => endOffsets(cluster, physicalName(topic, topicPrefix)),
    async lag(group, topics) {
      const names = new Map(topics.map((topic) => [physicalName(topic, topicPrefix), topic.name]))
      const lags = await lagOf(cluster, groupName(group, topicPrefix), [...names.keys()])
      return lags.map((lag) => ({ ...lag, topic: names.get(lag.topic) ?? lag.topic }))
    },
    groupOffsets: (now) => new GroupOffsets(workshop, now),
    states: (stages) => new StageStates(workshop, stages),
    keyRecords() {
      const reading = new KeyRecords(workshop)
      open.push(reading)
      return reading
    },
    rehearse: (rehearsal) => Rehearsal.open({ ...workshop, wire: new WireFormat(registry, topicPrefix) }, rehearsal),
    shadow: (shadow) => Shadow.open(workshop, new WireFormat(registry, shadow.prefix), shadow),
    deadLetters(desk) {
      const opened = new DeadLetterDesk(workshop, desk)
      open.push(opened)
      return opened
    },
    deadLetterCounts(topics) {
      const counting = new DeadLetterCounts(workshop, topics)
      open.push(counting)
      return counting
    },
    changeRow: (topic, key, change) => changeRow(workshop, topic, key, change),
    async ping(withinMs = 3_000) {
      await within(withinMs, admin.describeCluster(), options.brokers)
    },
    async close() {
      await endAll(
        () => open.map((each) => each.close()),
        () => [...tables.values()].map(async (each) => (await each).close()),
        () => [admin.disconnect(), cluster.close()],
      )
    },
  }
}

/** The broker cannot be reached now; a login or a certificate that it refuses is another matter. */
function isAway(error: unknown): boolean {
  const { name, cause } = error as { name?: unknown; cause?: unknown }
  if (name === 'KafkaJSConnectionError' || name === 'KafkaJSConnectionClosedError' || name === 'KafkaJSBrokerNotFound') return true
  return cause instanceof Error && isAway(cause)
}

/** `lately` says what kept the work from its end last. */
async function within<R>(ms: number, work: Promise<R>, brokers: readonly string[], lately?: () => string | undefined): Promise<R> {
  const timer = new AbortController()
  const late = delay(ms, undefined, { signal: timer.signal }).then(
    () => {
      const reason = lately?.()
      throw runtimeError(
        'E_BROKER_UNREACHABLE',
        `${brokers.join(', ')} did not answer within ${ms} ms${reason === undefined ? '' : `: ${reason}`}.`,
      )
    },
    () => new Promise<never>(() => undefined),
  )
  try {
    return await Promise.race([work, late])
  } catch (error) {
    const reason = named(error as Error, brokers)
    if (reason instanceof RekindleError) throw reason
    throw runtimeError('E_BROKER_UNREACHABLE', `${brokers.join(', ')}: ${reason.message}`, { cause: error })
  } finally {
    timer.abort()
  }
}

export type {
  AnyWorker,
  ApplyOptions,
  LiveTable,
  PartitionLag,
  PartitionOffset,
  ProducerOptions,
  RecordProducer,
  RunningMember,
  SinkMemberOptions,
  StagesOptions,
  TailOptions,
  TailRecord,
  TopicChange,
  WorkerMemberOptions,
}
export type { SendOptions, Stored } from './recordProducer.ts'
export type { DeadLetterCounts, OpenLetters } from './deadLetterCounts.ts'
export type { DeadLetter, Resolution, ResolutionKind } from './deadLetters.ts'
export type {
  DeadLetterDesk,
  DeadLetterFilter,
  ListedLetters,
  RefusedLetter,
  Resolved,
  ResolveOptions,
  ShownLetter,
} from './deadLetterDesk.ts'
export type { GroupOffsets, GroupState, OffsetMove, OffsetTarget, TimedLag } from './groupOffsets.ts'
export type { Rehearsal, RehearsalOptions, RehearsalStart } from './rehearsal.ts'
export type { Shadow, ShadowOptions } from './shadow.ts'
export type { KeyedTopic, KeyRecords } from './keyRecords.ts'
export type { KeyState, StageStates, StateStats } from './stageStates.ts'
export type { MemberDeclaration } from './topicPlan.ts'
