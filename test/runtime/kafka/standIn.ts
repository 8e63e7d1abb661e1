/**
 * One unit of stages and a stand-in for its broker that writes down what it is asked, in order. For moments of a few milliseconds,
 * which a real broker gives by chance only.
 */
import { setImmediate as nextTurn } from 'node:timers/promises'
import type { Test } from 'tap'
import { defaultFuseLimits } from '../../../runtime/fuse.ts'
import type { FuseLimits } from '../../../runtime/fuse.ts'
import { FetchedLogRecord, PartitionReader } from '../../../runtime/kafka/partitionReader.ts'
import type { ProtocolRequest } from '../../../runtime/kafka/protocol/request.ts'
import { StageUnit } from '../../../runtime/kafka/stageUnit.ts'
import { LagBook } from '../../../runtime/kafka/lagBook.ts'
import type { StageUnitContext } from '../../../runtime/kafka/stageUnitContext.ts'
import { topicsWrittenBy } from '../../../runtime/kafka/names.ts'
import { RecordSizes } from '../../../runtime/kafka/recordSizes.ts'
import { UnitProducer } from '../../../runtime/kafka/unitProducer.ts'
import { OwnTransactions } from '../../../runtime/kafka/unitTransactions.ts'
import { Held } from '../../../runtime/kafka/unit.ts'
import type { FetchedBatch, Place, Turn } from '../../../runtime/kafka/unit.ts'
import { noMetrics } from '../../../runtime/metrics.ts'
import type { RuntimeMetrics } from '../../../runtime/metrics.ts'
import { volatileUnitState } from '../../../runtime/state/unitState.ts'
import { stateCodec } from '../../../runtime/stateEntry.ts'
import type { AnyStage } from '../../../runtime/stage.ts'
import { physicalName } from '../../../runtime/topic.ts'
import type { AnyTopic } from '../../../runtime/topic.ts'
import { topologyOf, topologyText } from '../../../runtime/topology.ts'
import { fetchedRecords } from './fetchedRecords.ts'
import { answerTo, connectionTo } from './brokerAnswers.ts'
import type { BrokerSays } from './brokerAnswers.ts'
import { adder, items, Item, logger, Sum } from './fixtures.ts'

export const place = { topic: 'items.v1', partition: 0 }
export const changelog = 'adder-changelog'
export const codec = stateCodec(adder)
export const at = Date.UTC(2026, 10, 3)

/** Far more than any test takes. */
const MOST_FETCHES = 10_000

interface Transaction {
  /** Records by topic. */
  readonly records: Record<string, number>
  offsets: string[]
  end: 'commit' | 'abort' | 'open'
}

export class StandIn implements BrokerSays {
  readonly steps: string[] = []
  private fetches = 0
  readonly transactions: Transaction[] = []
  readonly logs = new Map<string, { key: string; value: Buffer | null }[]>()
  lows = new Map<string, number>()
  /** Where readers have to stop, if before the end of the log, until they have asked `openFor` times. */
  stable = new Map<string, number>()
  openFor = 3
  states: BrokerSays['states'] = []
  open: BrokerSays['open'] = []
  committed: BrokerSays['committed'] = { topic: place.topic, offset: 5n, metadata: topologyText(topologyOf([adder])) }
  /** What the group has committed of topics that it does not read. */
  elsewhere: { topic: string; partitions: { partition: number; offset: string; metadata: string | null }[] }[] = []
  epoch = 0
  topicId = 0n
  refusesCommit = false
  /** What happens while the next records are sent. */
  meanwhile: (() => void) | undefined
  /** Called with each request of a transaction. */
  onRequest: (request: 'sendBatch' | 'sendOffsets' | 'commit') => void = () => undefined
  /** Called with the messages of each topic in a request. */
  onMessages: (topic: string, messages: readonly { readonly headers: Record<string, unknown> }[]) => void = () => undefined
  readonly written: { topic: string; value: Buffer; in: Transaction }[] = []

  /** What stands on the changelog: the definition of the state, then one record per key. */
  keep(...keys: string[]): void {
    const { key, value } = codec.definition
    const state = (count: number) => codec.encode({ state: { seq: 0, count, sum: 0, by: '' }, timers: {}, expiresAt: undefined })
    this.logs.set(changelog, [{ key, value }, ...keys.map((name, index) => ({ key: name, value: state(index + 1) }))])
  }

  readonly connection = (() => {
    const broker = {
      connectionPool: { send: <R>(request: ProtocolRequest<R>) => answerTo(request, this) },
      disconnect: async () => undefined,
      listOffsets: async ({ topics: [asked] }: { topics: { topic: string }[] }) => ({
        responses: [
          { topic: asked?.topic, partitions: [{ partition: 0, offset: String(this.logs.get(asked?.topic ?? '')?.length ?? 9) }] },
        ],
      }),
      fetch: async ({ topics: [asked] }: { topics: { topic: string; partitions: { fetchOffset: string }[] }[] }) => {
        // A reader that waits for what never comes would let no time-out of its test fire, and no process end.
        if (this.fetches++ > MOST_FETCHES) throw new Error('asked without end')
        return this.fetch(asked)
      },
    }
    const offsets = (topic: string, beginning: boolean) => {
      if (beginning) return this.lows.get(topic) ?? 0
      const stable = this.openFor > 0 ? this.stable.get(topic) : undefined
      if (stable !== undefined) this.openFor -= 1
      return stable ?? this.logs.get(topic)?.length ?? 9
    }
    return connectionTo(broker, 1, {
      findLeaderForPartitions: () => ({ 1: [0] }),
      fetchTopicsOffset: async (asked: { topic: string; fromBeginning: boolean }[]) =>
        asked.map(({ topic, fromBeginning }) => ({
          topic,
          partitions: [{ partition: 0, offset: String(offsets(topic, fromBeginning)) }],
        })),
    })
  })()

  readonly kafka = {
    producer: () => ({
      connect: async () => undefined,
      disconnect: async () => undefined,
      transaction: async () => this.transaction(),
    }),
  } as unknown as StageUnitContext['kafka']

  private transaction() {
    const transaction: Transaction = { records: {}, offsets: [], end: 'open' }
    return {
      sendBatch: async ({
        topicMessages,
      }: {
        topicMessages: { topic: string; messages: { value: Buffer; headers: Record<string, unknown> }[] }[]
      }) => {
        this.onRequest('sendBatch')
        if (!this.transactions.includes(transaction)) this.transactions.push(transaction)
        const { meanwhile } = this
        this.meanwhile = undefined
        meanwhile?.()
        for (const { topic, messages } of topicMessages) {
          transaction.records[topic] = (transaction.records[topic] ?? 0) + messages.length
          this.onMessages(topic, messages)
          this.written.push(...messages.map(({ value }) => ({ topic, value, in: transaction })))
        }
        return topicMessages.map(({ topic }) => ({ topicName: topic, partition: 0, baseOffset: '0' }))
      },
      sendOffsets: async ({ topics }: { topics: { topic: string; partitions: { partition: number; offset: string }[] }[] }) => {
        this.onRequest('sendOffsets')
        if (!this.transactions.includes(transaction)) this.transactions.push(transaction)
        transaction.offsets = topics.flatMap(({ topic, partitions }) =>
          partitions.map(({ partition, offset }) => `${topic}#${partition}@${offset}`),
        )
      },
      commit: async () => {
        this.onRequest('commit')
        if (this.refusesCommit) throw new Error('the broker is away')
        transaction.end = 'commit'
      },
      abort: async () => {
        // Without a record or an offset it is what initialises the producer.
        this.steps.push('take over')
        transaction.end = 'abort'
      },
    }
  }

  /** One record per fetch, as if each filled it. */
  private async fetch(asked: { topic: string; partitions: { fetchOffset: string }[] } | undefined) {
    const topic = asked?.topic ?? ''
    const offset = Number(asked?.partitions[0]?.fetchOffset)
    const record = this.logs.get(topic)?.[offset]
    // As a broker waits: who asks without end must not hold up the process.
    if (record === undefined) await nextTurn()
    this.steps.push(`${topic}@${offset}`)
    const messages = record === undefined ? [] : await fetchedRecords(offset, [{ ...record, timestamp: at, headers: {} }])
    return {
      responses: [
        {
          topicName: topic,
          partitions: [{ partition: 0, highWatermark: '9', lastStableOffset: '9', abortedTransactions: [], messages }],
        },
      ],
    }
  }
}

interface UnitOptions {
  readonly metrics?: RuntimeMetrics
  /** Clock of where time goes, ms. */
  readonly monotonic?: () => number
  readonly onOutputs?: StageUnitContext['onOutputs']
  readonly fuse?: FuseLimits
  readonly stages?: readonly AnyStage[]
  /** Of each topic the stages read, in which order they go; one of equal rank unless given. */
  readonly inputs?: readonly { readonly topic: AnyTopic; readonly priority: number }[]
  readonly maxRecords?: number
  readonly onFailed?: () => void
  /** How much topics take in one batch, by physical name; not known unless given. */
  readonly mostBytes?: Readonly<Record<string, number>>
  readonly lingerMs?: number
  /** How it commits; by a producer of its own unless given. */
  readonly transactions?: StageUnitContext['transactions']
  /** Opens the state; in memory unless given. */
  readonly state?: StageUnitContext['state']
  readonly pause?: (places: readonly Place[]) => void
  readonly resume?: (places: readonly Place[]) => void
}

/** What a cluster says of these topics. */
export function sizesOf(mostBytes: Readonly<Record<string, number>>): RecordSizes {
  const resources = Object.entries(mostBytes).map(([resourceName, limit]) => ({
    resourceName,
    configEntries: [{ configName: 'max.message.bytes', configValue: String(limit) }],
  }))
  const sizes = new RecordSizes({ describeConfigs: async () => ({ resources }) } as never, logger)
  void sizes.load(Object.keys(mostBytes))
  return sizes
}

/** A unit on the stand-in, of the adder unless told otherwise, and what it says of itself. */
export function unitOn(t: Test, broker: StandIn, options: UnitOptions = {}) {
  const {
    fuse = defaultFuseLimits,
    stages = [adder],
    inputs = [{ topic: items, priority: 0 }],
    maxRecords = 500,
    lingerMs = 0,
    metrics = noMetrics,
  } = options
  const sizes = sizesOf(options.mostBytes ?? {})
  const told = { recovered: [] as unknown[], failed: [] as Error[], resolved: [] as bigint[] }
  const places = inputs.map(({ topic }) => ({ topic: physicalName(topic, ''), partition: 0 }))
  const held = new Held<StageUnit>('0', places, {
    recover: (_, error) => told.recovered.push(error),
    fail: (error) => {
      told.failed.push(error)
      options.onFailed?.()
    },
    pause: (some) => options.pause?.(some),
    resume: (some) => options.resume?.(some),
  })
  const producer = (unit: number) =>
    new UnitProducer({
      kafka: broker.kafka,
      cluster: broker.connection,
      protocol: 'classic',
      logger,
      metrics: noMetrics,
      topicPrefix: '',
      group: 'line',
      unit,
      sizes,
      topics: topicsWrittenBy('line', stages, ''),
    })
  const ranks = new Map(inputs.map(({ topic, priority }) => [physicalName(topic, ''), priority]))
  const context = {
    kafka: broker.kafka,
    // Of a group without offsets: what it has committed of other topics.
    admin: { fetchOffsets: async () => broker.elsewhere },
    cluster: broker.connection,
    transactions: options.transactions ?? ((partition: number) => new OwnTransactions(producer(partition), { metrics, group: 'line' })),
    reader: PartitionReader.over(broker.connection),
    wire: {
      prepare: async () => undefined,
      decode: (topic: AnyTopic, bytes: Buffer) => topic.value.decode(bytes) as unknown,
      frame: (_: AnyTopic, payload: Buffer) => payload,
    },
    counts: { of: () => 1 },
    sizes,
    logger,
    metrics,
    monotonic: options.monotonic,
    onOutputs: options.onOutputs,
    topicPrefix: '',
    group: 'line',
    stages,
    tables: new Map([['factors', { get: () => undefined, entries: () => [] }]]),
    inputs: new Map(inputs.map(({ topic }) => [physicalName(topic, ''), topic])),
    priorityOf: (topic: string) => ranks.get(topic) ?? 0,
    ranked: new Set(ranks.values()).size > 1,
    limits: { maxRecords, maxMs: 1_000, maxBytes: 800_000, lingerMs },
    fuse,
    lagBook: new LagBook(),
    state: options.state ?? (async () => volatileUnitState(stages)),
    now: () => at,
  } as unknown as StageUnitContext
  const unit = new StageUnit(context, places, held)
  held.unit = unit
  t.teardown(() => unit.release())
  const turn: Turn = { live: () => true, resolve: (offset) => void told.resolved.push(offset), heartbeat: async () => undefined }
  const handle = async (...wishes: string[]) => unit.handle(await batchOf(items, 5, wishes), turn)
  return { unit, held, told, handle }
}

/** Items of a topic from this offset on, all of one key; their numbers begin at `first`. */
export async function batchOf(topic: AnyTopic, offset: number, wishes: readonly string[], first = 0): Promise<FetchedBatch> {
  const records = wishes.map((wish, index) => ({
    key: 'lead:1',
    value: Item.encode({ seq: first + index, amount: 1, wish }),
    timestamp: at,
    headers: {},
  }))
  const fetched = await fetchedRecords(offset, records)
  const name = physicalName(topic, '')
  return {
    topic: name,
    partition: 0,
    records: fetched.map((record) => new FetchedLogRecord(name, 0, record)),
    lastOffset: BigInt(offset - 1 + wishes.length),
  }
}

/** Counts of the sums that were written, in order. */
export const counts = (broker: StandIn) => sumsOf(broker).map(({ count }) => count)
/** The sums that were written, in order, or only those that were committed. */
export const sumsOf = (broker: StandIn, committed = false) =>
  broker.written
    .filter((record) => record.topic === 'sums.v1' && (!committed || record.in.end === 'commit'))
    .map(({ value }) => Sum.decode(value))
