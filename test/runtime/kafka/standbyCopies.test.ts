/**
 * The copies of one member against a stand-in for the cluster: what fails of one disturbs neither the others nor an owner,
 * and no answer that comes late reaches state that has gone on.
 */
import t from 'tap'
import type { Test } from 'tap'
import { runtimeError } from '../../../runtime/errors.ts'
import type { ClusterConnection } from '../../../runtime/kafka/cluster.ts'
import { PartitionReader } from '../../../runtime/kafka/partitionReader.ts'
import { ByteWriter } from '../../../runtime/kafka/protocol/byteWriter.ts'
import type { ProtocolRequest } from '../../../runtime/kafka/protocol/request.ts'
import { StandbyCopies } from '../../../runtime/kafka/standbyCopies.ts'
import { stateCodec } from '../../../runtime/stateEntry.ts'
import { oneAtATime } from '../../../runtime/state/oneAtATime.ts'
import { volatileUnitState } from '../../../runtime/state/unitState.ts'
import type { UnitState } from '../../../runtime/state/unitState.ts'
import { topicAnswer } from './brokerAnswers.ts'
import { fetchedRecords } from './fetchedRecords.ts'
import { adder, eventually, logger } from './fixtures.ts'
import { fetchOf, onTwoBrokers } from './twoBrokers.ts'

const topic = 'adder-changelog'
const codec = stateCodec(adder)
const counted = (count: number) => codec.encode({ state: { seq: 0, count, sum: 0, by: '' }, timers: {}, expiresAt: undefined })
const at = Date.UTC(2026, 10, 3)
const HOUR_MS = 3_600_000

/** Two partitions of a changelog, each with a leader of its own: partition 0 on broker 1, partition 1 on broker 2. */
class StandIn {
  /** By partition. */
  readonly logs: { key: string; value: Buffer }[][] = [[], []]
  /** `<partition>@<offset>` of each fetch. */
  readonly fetched: string[] = []
  topicId = 1n
  /** What an answer waits for. */
  beforeRanges = (): Promise<void> => Promise.resolve()
  beforeAnswer = (_broker: string): Promise<void> => Promise.resolve()

  keep(partition: number, ...counts: number[]): void {
    const { key, value } = codec.definition
    this.logs[partition] = [{ key, value }, ...counts.map((count) => ({ key: 'lead:1', value: counted(count) }))]
  }

  readonly connection = {
    close: async () => undefined,
    cluster: {
      ...onTwoBrokers,
      findBroker: async ({ nodeId }: { nodeId: string }) => ({
        connectionPool: {
          send: async <R>({ response }: ProtocolRequest<R>) =>
            response.parse(await response.decode(topicAnswer(new ByteWriter().noTags(), this.topicId).written)),
        },
        listOffsets: async ({ topics }: { topics: { partitions: { partition: number }[] }[] }) => ({
          responses: topics.map(({ partitions }) => ({
            topic,
            partitions: partitions.map(({ partition }) => ({ partition, offset: String(this.logs[partition]?.length) })),
          })),
        }),
        fetch: fetchOf(
          topic,
          (partition, offset) => this.answer(partition, offset),
          () => this.beforeAnswer(nodeId),
        ),
      }),
      fetchTopicsOffset: async ([asked]: { partitions: { partition: number }[]; fromBeginning: boolean }[]) => {
        const partition = asked?.partitions[0]?.partition ?? 0
        const offset = String(asked?.fromBeginning === true ? 0 : this.logs[partition]?.length)
        await this.beforeRanges()
        return [{ topic, partitions: [{ partition, offset }] }]
      },
    },
  } as unknown as ClusterConnection

  private async answer(partition: number, from: number) {
    this.fetched.push(`${partition}@${from}`)
    const log = this.logs[partition] ?? []
    const left = log.slice(from).map((record) => ({ ...record, timestamp: at, headers: {} }))
    const messages = await fetchedRecords(from, left)
    return { partition, highWatermark: String(log.length), lastStableOffset: String(log.length), abortedTransactions: [], messages }
  }
}

/** Copies of the adder on the stand-in, with the last lag of each partition. */
function copiesOn(t: Test, cluster: StandIn, open: (partition: number) => UnitState = () => volatileUnitState([adder])) {
  const lags = new Map<string, number>()
  const clock = { now: at }
  const copies = new StandbyCopies({
    reader: PartitionReader.over(cluster.connection),
    cluster: cluster.connection,
    logger,
    metrics: { count() {}, observe() {}, set: (_, { partition = '' }, value) => void lags.set(partition, value) },
    topicPrefix: '',
    group: 'line',
    stages: [adder],
    open: oneAtATime(open),
    now: () => clock.now,
  })
  t.teardown(() => copies.close())
  return { copies, lags, clock }
}

const countIn = (state: UnitState | undefined) => (state?.stores.get('adder')?.get('lead:1')?.state as { count: number } | undefined)?.count

t.test('a copy whose files fail is told as such, leaves the others alone, and is tried again after a minute', async (t) => {
  const cluster = new StandIn()
  cluster.keep(1, 7)
  const opened: number[] = []
  const { copies, lags, clock } = copiesOn(t, cluster, (partition) => {
    opened.push(partition)
    if (partition === 0) throw runtimeError('E_STATE_STORE', 'no space left on device')
    return volatileUnitState([adder])
  })
  copies.keep(['0', '1'])
  await eventually('the other one is complete', () => lags.get('1') === 0 && lags.get('0') === Infinity)
  t.strictSame(opened, [0, 1])
  t.equal(copies.size, 1)
  t.strictSame(copies.kept, ['1'], 'it does not claim what it could not go on from')
  clock.now += 60_000
  await eventually('it is tried again', () => opened.length === 3)
  t.equal(copies.handOver(0), undefined, 'its owner opens the files itself')
  const state = copies.handOver(1)
  t.equal(countIn(state), 7)
  t.strictSame([lags.get('0'), lags.get('1')], [0, 0], 'what is kept no longer misses nothing')
})

t.test('a copy whose partition is owned from now on is kept open until it is handed over; one that went elsewhere is not', async (t) => {
  const cluster = new StandIn()
  cluster.keep(0, 4)
  cluster.keep(1, 5)
  const { copies, lags } = copiesOn(t, cluster)
  copies.keep(['0', '1'])
  await eventually('both are complete', () => lags.get('0') === 0 && lags.get('1') === 0)
  copies.keep([], ['0'])
  t.strictSame([copies.size, copies.kept], [1, []])
  t.equal(countIn(copies.handOver(0)), 4)
  t.equal(copies.handOver(1), undefined)
})

t.test('a copy whose disk is full is given up; the other one is read on', async (t) => {
  const cluster = new StandIn()
  cluster.keep(0, 1)
  cluster.keep(1, 1)
  let full = false
  const { copies, lags } = copiesOn(t, cluster, (partition) => {
    const state = volatileUnitState([adder])
    const store = state.stores.get('adder')
    if (partition !== 0 || store === undefined) return state
    const take = store.load.bind(store)
    store.load = (...record) => {
      if (full) throw runtimeError('E_STATE_STORE', 'no space left on device')
      take(...record)
    }
    return state
  })
  copies.keep(['0', '1'])
  await eventually('both are complete', () => lags.get('0') === 0 && lags.get('1') === 0)
  full = true
  cluster.keep(0, 1, 2)
  cluster.keep(1, 1, 2)
  await eventually('one has failed', () => lags.get('0') === Infinity)
  const read = cluster.fetched.length
  await eventually('the other is read on', () => cluster.fetched.length > read + 1)
  t.strictSame([copies.size, copies.kept], [1, ['1']])
  t.equal(countIn(copies.handOver(1)), 2)
})

t.test('an answer about the log that comes after the hand-over does not empty the state under its owner', async (t) => {
  const cluster = new StandIn()
  cluster.keep(0, 1)
  let answer = (): void => undefined
  let asked = 0
  cluster.beforeRanges = () => {
    asked += 1
    return new Promise((resolve) => {
      const before = answer
      answer = () => (before(), resolve())
    })
  }
  const { copies } = copiesOn(t, cluster)
  copies.keep(['0'])
  await eventually('both ends of the log are asked for', () => asked === 2)
  const state = copies.handOver(0)
  state?.stores.get('adder')?.load('lead:1', counted(5), 9n)
  answer()
  await copies.close()
  t.equal(countIn(state), 5)
  t.equal(state?.stores.get('adder')?.position, 9n)
})

t.test('a fetch that one of two brokers fails is put again when the other has answered, and both copies are complete', async (t) => {
  const cluster = new StandIn()
  cluster.keep(0, 1)
  let late: (() => void) | undefined
  cluster.beforeAnswer = (broker) => {
    if (broker === '2') return Promise.reject(new Error('the broker is away'))
    return new Promise((resolve) => (late = resolve))
  }
  const { copies, lags } = copiesOn(t, cluster)
  copies.keep(['0', '1'])
  await eventually('one has failed, the other has not answered', () => late !== undefined)
  cluster.keep(0, 1, 2)
  cluster.beforeAnswer = () => Promise.resolve()
  late?.()
  await eventually('both are complete', () => lags.get('0') === 0 && lags.get('1') === 0)
  const state = copies.handOver(0)
  t.equal(countIn(state), 2)
  t.equal(state?.stores.get('adder')?.position, 3n)
})

t.test('while changelogs cannot be read nobody knows what a copy misses, and its last figure does not stand', async (t) => {
  const cluster = new StandIn()
  cluster.keep(0, 1)
  const { copies, lags } = copiesOn(t, cluster)
  copies.keep(['0'])
  await eventually('it is complete', () => lags.get('0') === 0)
  cluster.beforeAnswer = () => Promise.reject(new Error('the broker is away'))
  await eventually('it is told', () => lags.get('0') === Infinity)
  t.equal(copies.size, 1)
  cluster.beforeAnswer = () => Promise.resolve()
  await eventually('and ends', () => lags.get('0') === 0)
  cluster.beforeAnswer = () => Promise.reject(new Error('the broker is away'))
  const tried = cluster.fetched.length
  copies.keep([], ['0'])
  await eventually('it fails once it is owned', () => cluster.fetched.length > tried + 1)
  t.equal(lags.get('0'), 0, 'whoever owns it misses nothing')
})

t.test('a copy that could not be read for 20 hours begins anew: it may have missed that a key was deleted', async (t) => {
  const cluster = new StandIn()
  cluster.keep(0, 1, 2)
  const { copies, lags, clock } = copiesOn(t, cluster)
  copies.keep(['0'])
  await eventually('it is complete', () => lags.get('0') === 0)
  for (const [hours, from] of [
    [19, '0@3'],
    [20, '0@0'],
  ] as const) {
    cluster.beforeAnswer = () => Promise.reject(new Error('the broker is away'))
    const tried = cluster.fetched.length
    await eventually('it fails', () => cluster.fetched.length > tried + 1)
    clock.now += hours * HOUR_MS
    cluster.fetched.length = 0
    cluster.beforeAnswer = () => Promise.resolve()
    await eventually('it reads again', () => cluster.fetched.length > 1)
    t.ok(cluster.fetched.includes(from), `after ${hours} hours from ${from}: ${cluster.fetched.join()}`)
    t.equal(cluster.fetched.includes('0@0'), hours === 20)
  }
})

t.test('a copy that fails while it is handed over is closed, and the owner opens the files itself', async (t) => {
  const cluster = new StandIn()
  cluster.keep(0, 3)
  const closed: string[] = []
  const { copies, lags, clock } = copiesOn(t, cluster, () => {
    const state = volatileUnitState([adder])
    const store = state.stores.get('adder')
    if (store !== undefined)
      store.wipe = () => {
        throw runtimeError('E_STATE_STORE', 'no space left on device')
      }
    return { ...state, close: async (how) => void closed.push(how) }
  })
  copies.keep(['0'])
  await eventually('it is complete', () => lags.get('0') === 0)
  clock.now += 20 * HOUR_MS
  t.equal(copies.handOver(0), undefined)
  t.strictSame(closed, ['dirty'], 'or nobody would ever open them again')
  t.equal(lags.get('0'), 0)
})

t.test('a copy of a changelog that was made anew begins anew, though the new one reaches further', async (t) => {
  const cluster = new StandIn()
  cluster.keep(0, 1)
  cluster.logs[0]?.push({ key: 'lead:gone', value: counted(9) })
  const { copies, lags } = copiesOn(t, cluster)
  copies.keep(['0'])
  await eventually('it is complete', () => lags.get('0') === 0)
  cluster.beforeAnswer = () => Promise.reject(new Error('the topic is gone'))
  const tried = cluster.fetched.length
  await eventually('it fails', () => cluster.fetched.length > tried + 1)
  cluster.topicId = 2n
  cluster.keep(0, 1, 2, 3, 4)
  cluster.fetched.length = 0
  cluster.beforeAnswer = () => Promise.resolve()
  await eventually('it reads again', () => cluster.fetched.length > 1)
  t.equal(cluster.fetched[0], '0@0')
  const state = copies.handOver(0)
  t.equal(countIn(state), 4)
  t.equal(state?.stores.get('adder')?.get('lead:gone'), undefined)
})

t.test('who opens a partition waits until whoever has it open has closed it, and what fails to open holds up nobody', async (t) => {
  const steps: string[] = []
  let fails = false
  const open = oneAtATime((partition) => {
    if (fails) throw runtimeError('E_STATE_STORE', 'refused')
    steps.push(`open ${partition}`)
    return { stores: new Map(), close: async () => void steps.push(`close ${partition}`) }
  })
  const first = await open(1)
  const waiting = open(1)
  await (await open(2)).close('clean')
  t.strictSame(steps, ['open 1', 'open 2', 'close 2'])
  await first.close('dirty')
  const second = await waiting
  t.strictSame(steps.slice(3), ['close 1', 'open 1'])
  const third = open(1)
  const fourth = open(1)
  fails = true
  await second.close('clean')
  await t.rejects(third, { code: 'E_STATE_STORE' })
  await t.rejects(fourth, { code: 'E_STATE_STORE' })
  fails = false
  await (await open(1)).close('clean')
})
