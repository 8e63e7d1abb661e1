/**
 * One unit of stages against a stand-in for the broker that writes down what it is asked, in order: who takes over does it
 * in the one safe order, a slice is one transaction, and the state follows the commit.
 */
import t from 'tap'
import type { Test } from 'tap'
import { defaultFuseLimits } from '../../../runtime/fuse.ts'
import type { FuseLimits } from '../../../runtime/fuse.ts'
import { Changelog } from '../../../runtime/kafka/changelog.ts'
import type { ClusterConnection } from '../../../runtime/kafka/cluster.ts'
import { FetchedLogRecord, PartitionReader } from '../../../runtime/kafka/partitionReader.ts'
import type { ProtocolRequest } from '../../../runtime/kafka/protocol/request.ts'
import { StageUnit } from '../../../runtime/kafka/stageUnit.ts'
import type { StageUnitContext } from '../../../runtime/kafka/stageUnitContext.ts'
import { topicsWrittenBy } from '../../../runtime/kafka/names.ts'
import { UnitProducer } from '../../../runtime/kafka/unitProducer.ts'
import { OwnTransactions } from '../../../runtime/kafka/unitTransactions.ts'
import { Held } from '../../../runtime/kafka/unit.ts'
import type { FetchedBatch, Turn } from '../../../runtime/kafka/unit.ts'
import { noMetrics } from '../../../runtime/metrics.ts'
import { stateCodec } from '../../../runtime/stateEntry.ts'
import { VolatileStore } from '../../../runtime/state/restorableStore.ts'
import { volatileUnitState } from '../../../runtime/state/unitState.ts'
import type { AnyTopic } from '../../../runtime/topic.ts'
import { topologyOf, topologyText } from '../../../runtime/topology.ts'
import { fetchedRecords } from './fetchedRecords.ts'
import { answerTo } from './brokerAnswers.ts'
import type { BrokerSays } from './brokerAnswers.ts'
import { adder, items, Item, logger, Sum } from './fixtures.ts'

const place = { topic: 'items.v1', partition: 0 }
const changelog = 'adder-changelog'
const codec = stateCodec(adder)
const at = Date.UTC(2026, 10, 3)

interface Transaction {
  /** Records by topic. */
  readonly records: Record<string, number>
  offsets: string[]
  end: 'commit' | 'abort' | 'open'
}

class StandIn implements BrokerSays {
  readonly steps: string[] = []
  readonly transactions: Transaction[] = []
  readonly logs = new Map<string, { key: string; value: Buffer | null }[]>()
  lows = new Map<string, number>()
  /** Where readers have to stop, if before the end of the log, until they have asked `openFor` times. */
  stable = new Map<string, number>()
  openFor = 3
  states: BrokerSays['states'] = []
  open: BrokerSays['open'] = []
  readonly committed = { topic: place.topic, offset: 5n, metadata: topologyText(topologyOf([adder])) }
  epoch = 0
  topicId = 0n
  refusesCommit = false
  readonly written: { topic: string; value: Buffer }[] = []

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
        responses: [{ partitions: [{ partition: 0, offset: String(this.logs.get(asked?.topic ?? '')?.length ?? 9) }] }],
      }),
      fetch: async ({ topics: [asked] }: { topics: { topic: string; partitions: { fetchOffset: string }[] }[] }) => this.fetch(asked),
    }
    const offsets = (topic: string, beginning: boolean) => {
      if (beginning) return this.lows.get(topic) ?? 0
      const stable = this.openFor > 0 ? this.stable.get(topic) : undefined
      if (stable !== undefined) this.openFor -= 1
      return stable ?? this.logs.get(topic)?.length ?? 9
    }
    return {
      transactionCoordinator: async () => broker,
      groupCoordinator: async () => broker,
      cluster: {
        addMultipleTargetTopics: async () => undefined,
        addTargetTopic: async () => undefined,
        refreshMetadata: async () => undefined,
        findTopicPartitionMetadata: () => [{ partitionId: 0, leader: 1 }],
        findLeaderForPartitions: () => ({ 1: [0] }),
        findBroker: async () => broker,
        fetchTopicsOffset: async (asked: { topic: string; fromBeginning: boolean }[]) =>
          asked.map(({ topic, fromBeginning }) => ({
            topic,
            partitions: [{ partition: 0, offset: String(offsets(topic, fromBeginning)) }],
          })),
      },
    } as unknown as ClusterConnection
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
      sendBatch: async ({ topicMessages }: { topicMessages: { topic: string; messages: { value: Buffer }[] }[] }) => {
        this.transactions.push(transaction)
        for (const { topic, messages } of topicMessages) {
          transaction.records[topic] = messages.length
          this.written.push(...messages.map(({ value }) => ({ topic, value })))
        }
        return topicMessages.map(({ topic }) => ({ topicName: topic, partition: 0, baseOffset: '0' }))
      },
      sendOffsets: async ({ topics }: { topics: { topic: string; partitions: { partition: number; offset: string }[] }[] }) => {
        if (!this.transactions.includes(transaction)) this.transactions.push(transaction)
        transaction.offsets = topics.flatMap(({ topic, partitions }) =>
          partitions.map(({ partition, offset }) => `${topic}#${partition}@${offset}`),
        )
      },
      commit: async () => {
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

/** A unit of the adder on the stand-in, and what it says of itself. */
function unitOn(t: Test, broker: StandIn, fuse: FuseLimits = defaultFuseLimits) {
  const told = { recovered: [] as unknown[], failed: [] as Error[], resolved: [] as bigint[] }
  const held = new Held<StageUnit>('0', [place], {
    recover: (_, error) => told.recovered.push(error),
    fail: (error) => told.failed.push(error),
    pause: () => undefined,
    resume: () => undefined,
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
      topics: topicsWrittenBy('line', [adder], ''),
    })
  const context = {
    kafka: broker.kafka,
    cluster: broker.connection,
    transactions: (partition: number) => new OwnTransactions(producer(partition), { metrics: noMetrics, group: 'line' }),
    reader: PartitionReader.over(broker.connection),
    wire: {
      prepare: async () => undefined,
      decode: (topic: AnyTopic, bytes: Buffer) => topic.value.decode(bytes) as unknown,
      frame: (_: AnyTopic, payload: Buffer) => payload,
    },
    counts: { of: () => 1 },
    logger,
    metrics: noMetrics,
    topicPrefix: '',
    group: 'line',
    stages: [adder],
    tables: new Map([['factors', { get: () => undefined, entries: () => [] }]]),
    inputs: new Map([[place.topic, items]]),
    limits: { maxRecords: 500, maxMs: 1_000, maxBytes: 800_000, lingerMs: 0 },
    fuse,
    state: async () => volatileUnitState([adder]),
    now: () => at,
  } as unknown as StageUnitContext
  const unit = new StageUnit(context, [place], held)
  t.teardown(() => unit.release())
  const turn: Turn = { live: () => true, resolve: (offset) => void told.resolved.push(offset), heartbeat: async () => undefined }
  const handle = async (...wishes: string[]) => unit.handle(await batch(wishes), turn)
  return { unit, told, handle }
}

/** Items from offset 5 on, all of one key. */
async function batch(wishes: readonly string[]): Promise<FetchedBatch> {
  const records = wishes.map((wish, seq) => ({ key: 'lead:1', value: Item.encode({ seq, amount: 1, wish }), timestamp: at, headers: {} }))
  const fetched = await fetchedRecords(5, records)
  return {
    ...place,
    records: fetched.map((record) => new FetchedLogRecord(place.topic, place.partition, record)),
    lastOffset: BigInt(4 + wishes.length),
  }
}

const counts = (broker: StandIn) => broker.written.filter(({ topic }) => topic === 'sums.v1').map(({ value }) => Sum.decode(value).count)

t.test('who takes over fences first, then asks for stable offsets, then restores; only then it is ready', async (t) => {
  const broker = new StandIn()
  broker.keep('lead:1', 'lead:2')
  const { unit } = unitOn(t, broker)
  t.strictSame(await unit.prepare(() => true), new Map([[place.topic, 5n]]))
  t.strictSame(broker.steps, ['take over', 'stable offsets', `${changelog}@0`, `${changelog}@1`, `${changelog}@2`])
})

t.test('a changelog is read to its end, however many fetches that takes', async (t) => {
  const broker = new StandIn()
  broker.keep('lead:1', 'lead:2', 'lead:3', 'lead:4')
  const { unit, handle } = unitOn(t, broker)
  await unit.prepare(() => true)
  t.equal(unit.stateKeys().get('adder'), 4)
  await handle('')
  t.strictSame(counts(broker), [2], 'the fold goes on from what was restored')
})

t.test('outputs, changes of state, dead letters and offsets are one transaction', async (t) => {
  const broker = new StandIn()
  broker.keep()
  const { unit, told, handle } = unitOn(t, broker)
  await unit.prepare(() => true)
  await handle('', 'dead', '')
  t.strictSame(broker.transactions, [
    { records: { 'sums.v1': 2, [changelog]: 1, 'items.v1.line.dlq': 1 }, offsets: [`${place.topic}#0@8`], end: 'commit' },
  ])
  t.strictSame(told, { recovered: [], failed: [], resolved: [7n] })
})

t.test('a transaction that failed leaves the state as it was: its repetition counts once', async (t) => {
  const broker = new StandIn()
  broker.keep()
  const { unit, told, handle } = unitOn(t, broker)
  await unit.prepare(() => true)
  broker.refusesCommit = true
  await handle('')
  t.equal(told.recovered.length, 1)
  t.strictSame(told.resolved, [], 'the position has not moved')
  t.equal(unit.stateKeys().get('adder'), 0)
  broker.refusesCommit = false
  await unit.prepare(() => true)
  await handle('')
  t.strictSame(counts(broker), [1, 1], 'one, refused, and one again')
  t.equal(unit.stateKeys().get('adder'), 1)
})

t.test('a record whose headers hold null is folded like any other', async (t) => {
  const broker = new StandIn()
  broker.keep()
  const { unit, told } = unitOn(t, broker)
  await unit.prepare(() => true)
  const value = Item.encode({ seq: 0, amount: 1, wish: '' })
  const [record] = await fetchedRecords(5, [
    { key: 'lead:1', value, timestamp: at, headers: { 'x-empty': null, 'x-list': [null, Buffer.from('a')] } },
  ])
  const records = [new FetchedLogRecord(place.topic, place.partition, record as NonNullable<typeof record>)]
  await unit.handle({ ...place, records, lastOffset: 5n }, { live: () => true, resolve: () => undefined, heartbeat: async () => undefined })
  t.strictSame(told.failed, [])
  t.strictSame(counts(broker), [1])
})

t.test('a blown fuse stops the member before anything is written', async (t) => {
  const broker = new StandIn()
  broker.keep()
  const { unit, told, handle } = unitOn(t, broker, { maxConsecutive: 2, maxRatio: 1, window: 1000 })
  await unit.prepare(() => true)
  await handle('dead', 'dead')
  t.match(told.failed, [{ code: 'E_FUSE_BLOWN', message: /2 dead letters in a row/ }])
  t.strictSame(broker.transactions, [])
  t.strictSame(told.resolved, [])
})

t.test('what the predecessor left open is ended before the offsets are read', async (t) => {
  const broker = new StandIn()
  broker.keep()
  broker.states = [
    { state: 'Ongoing', epoch: 24 },
    { state: 'Empty', epoch: 26 },
  ]
  broker.open = [{ topic: 'sums.v1', epoch: 24 }]
  const { unit } = unitOn(t, broker)
  await unit.prepare(() => true)
  t.strictSame(broker.steps.slice(0, 3), ['take over', 'end what is open', 'stable offsets'])
})

t.test('a store that is ahead of its changelog, or behind its beginning, is wiped and restored', async (t) => {
  for (const [position, low] of [
    [50n, 0],
    [1n, 2],
  ] as const) {
    const broker = new StandIn()
    broker.keep('lead:1', 'lead:2')
    broker.lows.set(changelog, low)
    const store = new VolatileStore(codec)
    store.set('lead:gone', { state: { seq: 0, count: 1, sum: 0, by: '' }, timers: {}, expiresAt: undefined })
    store.advance(position, true)
    await new Changelog(adder, 0, '', store).restore(PartitionReader.over(broker.connection), broker.connection, logger)
    t.equal(store.get('lead:gone'), undefined, `at ${position}, the log begins at ${low}`)
    t.equal(store.size, 3 - Math.max(1, low))
    t.equal(store.position, 3n)
  }
})

t.test(
  'a store of a changelog that was made anew is wiped and restored, wherever the new one ends; an id that is not known says nothing',
  async (t) => {
    const gone = { state: { seq: 0, count: 1, sum: 0, by: '' }, timers: {}, expiresAt: undefined }
    for (const [before, now, kept] of [
      [1n, 2n, false],
      // Of a build or a cluster that knew no ids.
      [undefined, 2n, true],
      [1n, undefined, true],
      [1n, 1n, true],
    ] as const)
      for (const stable of [3, 1]) {
        const broker = new StandIn()
        broker.keep('lead:1', 'lead:2')
        // The end of a transaction that is not written yet must not hide that it is another topic.
        broker.stable.set(changelog, stable)
        const id = (topicId: bigint) => topicId.toString(16).padStart(32, '0')
        if (now !== undefined) broker.topicId = now
        const store = new VolatileStore(codec)
        if (before !== undefined) store.identify(id(before))
        store.set('lead:gone', gone)
        store.advance(2n, true)
        await new Changelog(adder, 0, '', store).restore(PartitionReader.over(broker.connection), broker.connection, logger)
        const what = `${String(before)}, then ${String(now)}, readers see ${stable}`
        t.strictSame(store.get('lead:gone'), kept ? gone : undefined, what)
        t.equal(store.changelogId, id(now ?? before ?? 0n), what)
      }
  },
)

t.test('a store that is ahead of what readers see, but not of the log, keeps what it has: its last commit is being ended', async (t) => {
  const broker = new StandIn()
  broker.keep('lead:1', 'lead:2')
  broker.stable.set(changelog, 1)
  const store = new VolatileStore(codec)
  const entry = { state: { seq: 0, count: 7, sum: 0, by: '' }, timers: {}, expiresAt: undefined }
  store.set('lead:2', entry)
  store.advance(3n, true)
  const restored = await new Changelog(adder, 0, '', store).restore(PartitionReader.over(broker.connection), broker.connection, logger)
  t.equal(restored, 0)
  t.same(store.get('lead:2'), entry)
  t.equal(store.position, 3n)
})

t.test('what a transaction has written that is still being ended is restored, too: its offsets may be read already', async (t) => {
  const broker = new StandIn()
  broker.keep('lead:1', 'lead:2')
  broker.stable.set(changelog, 1)
  const store = new VolatileStore(codec)
  const restored = await new Changelog(adder, 0, '', store).restore(PartitionReader.over(broker.connection), broker.connection, logger)
  t.equal(broker.openFor, 0, 'it has waited')
  t.equal(restored, 3)
  t.equal(store.size, 2)
})
