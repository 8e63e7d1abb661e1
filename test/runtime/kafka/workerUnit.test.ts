/** One unit of a worker against the stand-in for the broker: where its time goes, and what it counts. */
import { setImmediate as nextTurn } from 'node:timers/promises'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { Registry } from 'prom-client'
import t from 'tap'
import type { Test } from 'tap'
import { defaultFuseLimits } from '../../../runtime/fuse.ts'
import { Held } from '../../../runtime/kafka/unit.ts'
import type { WorkerContext } from '../../../runtime/kafka/workerJob.ts'
import { FetchedLogRecord } from '../../../runtime/kafka/partitionReader.ts'
import { WorkerUnit } from '../../../runtime/kafka/workerUnit.ts'
import { runtimeMetrics } from '../../../runtime/metrics.ts'
import { deadLetter, drop, emit } from '../../../runtime/outcome.ts'
import type { AnyTopic } from '../../../runtime/topic.ts'
import { done, worker } from '../../../runtime/worker.ts'
import { fetchedRecords } from './fetchedRecords.ts'
import { eventually, Item, items, logger, sums } from './fixtures.ts'
import { at, batchOf, place, sizesOf, StandIn } from './standIn.ts'

/** A unit whose clock moves only where the test says: at its gate, in its handler, and with requests to the broker. */
function unitOn(t: Test, beforeAnswer: (key: string) => Promise<string> = async () => '') {
  const broker = new StandIn()
  const registry = new Registry()
  const clock = { now: 1_000 }
  const took = { sendBatch: 30, sendOffsets: 20, commit: 11 }
  broker.onRequest = (request) => (clock.now += took[request])
  const signals: WeakRef<AbortSignal>[] = []
  const recovered: unknown[] = []
  const held = new Held<WorkerUnit>('0', [place], {
    recover: (_, error) => (expected.recoveries ? void recovered.push(error) : t.fail(String(error))),
    fail: (error) => t.fail(String(error)),
    pause: () => undefined,
    resume: () => undefined,
  })
  const expected = { recoveries: false }
  const caller = worker({
    name: 'caller',
    input: items,
    outputs: [sums],
    concurrency: 4,
    deadlineMs: 60_000,
    handle: async ({ key, value: { wish } }, { signal }) => {
      clock.now += 40
      signals.push(new WeakRef(signal))
      if (wish === 'drop') return drop('not_now')
      if (wish === 'dead') return deadLetter('E_TEST_POISON')
      return done([emit(sums, { seq: 0, count: 1, sum: 1, by: await beforeAnswer(key) }, { key })])
    },
  })
  const context = {
    kafka: broker.kafka,
    cluster: broker.connection,
    protocol: 'classic',
    wire: {
      prepare: async () => void (clock.now += 3),
      decode: (topic: AnyTopic, bytes: Buffer) => topic.value.decode(bytes) as unknown,
      encode: (topic: AnyTopic, value: unknown) => topic.value.encode(value),
    },
    counts: { of: () => 1 },
    sizes: sizesOf({}),
    logger,
    metrics: runtimeMetrics(registry),
    monotonic: () => clock.now,
    topicPrefix: '',
    group: 'work',
    worker: caller,
    fuse: defaultFuseLimits,
    attempts: 1,
    gate: {
      state: 'closed',
      watch: () => () => undefined,
      leave: () => undefined,
      async enter() {
        clock.now += 9
        return {}
      },
    },
  } as unknown as WorkerContext
  const unit = new WorkerUnit(context, [place], held)
  held.unit = unit
  const resolved: bigint[] = []
  const turn = { live: () => true, resolve: (offset: bigint) => void resolved.push(offset), heartbeat: async () => undefined }
  const values = async () => {
    const lines = (await registry.metrics()).matchAll(/^(lr_\w+)\{([^}]*)\} (\S+)$/gm)
    return Object.fromEntries([...lines].map(([, name, labels, value]) => [`${name} ${labels}`, Number(value)]))
  }
  const committed = () => broker.transactions.some(({ end }) => end === 'commit')
  return { unit, broker, clock, turn, values, committed, signals, recovered, expected, resolved }
}

t.test('the time of a worker: idle, at its gate, with its outside, and the two steps of its transaction add up', async (t) => {
  const { unit, clock, turn, values, committed } = unitOn(t)
  clock.now += 5
  await unit.prepare(() => true)
  clock.now += 100
  await unit.handle({ ...(await batchOf(items, 5, [''])), reading: { ms: 6, endedAt: clock.now - 4 } }, turn)
  await eventually('it is committed', committed, 5_000)
  await unit.release()
  const phases = Object.entries(await values()).flatMap(([name, seconds]) => {
    const [, phase] = /^lr_task_time_seconds_total group="work",phase="(\w+)"$/.exec(name) ?? []
    return phase === undefined || seconds === 0 ? [] : [[phase, Math.round(seconds * 1_000)] as const]
  })
  t.strictSame(Object.fromEntries(phases), { idle: 5 + 90, poll: 6, turn: 4, decode: 3, wait: 9, work: 40, produce: 50, commit: 11 })
  t.equal(
    phases.reduce((sum, [, ms]) => sum + ms, 0),
    clock.now - 1_000,
  )
})

t.test('what a worker did with records is counted once each: done, dropped, set aside', async (t) => {
  const { unit, turn, values, committed } = unitOn(t)
  await unit.prepare(() => true)
  await unit.handle(await batchOf(items, 5, ['', 'drop', 'dead', '']), turn)
  await eventually('it is committed', committed, 5_000)
  await unit.drain()
  await unit.release()
  const found = await values()
  const of = (outcome: string) => found[`lr_kafka_consumed_total group="work",topic="items",outcome="${outcome}"`]
  t.strictSame([of('processed'), of('dropped'), of('dead_letter')], [2, 1, 1])
  t.equal(found['lr_stage_drops_total stage="caller",reason="not_now"'], 1)
  t.equal(found['lr_dlq_records_total topic="items",reason="E_TEST_POISON"'], 1)
})

t.test('what is done behind a slow record goes in transactions that the broker takes', async (t) => {
  let answer = (): void => undefined
  const slow = new Promise<void>((resolve) => (answer = resolve))
  let answered = 0
  const { unit, turn, broker } = unitOn(t, async (key) => {
    if (key === 'lead:0') await slow
    answered += 1
    return 'x'.repeat(150_000)
  })
  await unit.prepare(() => true)
  const records = Array.from({ length: 9 }, (_, seq) => ({
    key: `lead:${seq}`,
    value: Item.encode({ seq, amount: 1, wish: '' }),
    timestamp: at,
    headers: {},
  }))
  const fetched = (await fetchedRecords(5, records)).map((record) => new FetchedLogRecord(place.topic, 0, record))
  await unit.handle({ ...place, records: fetched, lastOffset: 13n }, turn)
  await eventually('all but the slow one are done', () => answered === 8, 5_000)
  answer()
  await eventually('all is written', () => broker.written.length === 9, 5_000)
  await unit.drain()
  await unit.release()
  // Nine results are 1.35 MB and five 750 KB; what is left are four.
  t.strictSame(
    broker.transactions.map(({ records: { 'sums.v1': count }, offsets, end }) => [count, offsets, end]),
    [
      [5, ['items.v1#0@10'], 'commit'],
      [4, ['items.v1#0@14'], 'commit'],
    ],
  )
})

t.test('a worker that is back as another member takes over anew, and only then', async (t) => {
  const { unit, broker } = unitOn(t)
  for (const memberId of ['one', 'one', 'two']) await unit.prepare(() => true, memberId)
  t.strictSame(broker.steps, ['take over', 'stable offsets', 'stable offsets', 'take over', 'stable offsets'])
  await unit.release()
})

t.test('work that is done is not kept until the partition is given up', async (t) => {
  const { unit, turn, values, signals } = unitOn(t)
  await unit.prepare(() => true)
  await unit.handle(await batchOf(items, 5, ['', '', '']), turn)
  const name = 'lr_kafka_consumed_total group="work",topic="items",outcome="processed"'
  for (let done = 0; done < 3; done = (await values())[name] ?? 0) await nextTurn()
  t.equal(signals.length, 3)
  setFlagsFromString('--expose-gc')
  const collect = runInNewContext('gc') as () => void
  await nextTurn()
  collect()
  t.strictSame(
    signals.map((signal) => signal.deref()),
    [undefined, undefined, undefined],
  )
  await unit.release()
})

t.test('markers that are passed over while the last record is being committed are committed too', async (t) => {
  const { unit, broker, turn } = unitOn(t)
  const offsets = () => broker.transactions.filter(({ end }) => end === 'commit').flatMap((each) => each.offsets)
  await unit.prepare(() => true)
  const { onRequest } = broker
  broker.onRequest = (request) => {
    if (request === 'sendOffsets' && broker.transactions.every(({ end }) => end !== 'commit')) unit.skip(place, 9n)
    onRequest(request)
  }
  await unit.handle(await batchOf(items, 5, ['']), turn)
  await eventually('the group is at the end', () => offsets().includes('items.v1#0@9'), 5_000)
  t.strictSame(offsets(), ['items.v1#0@6', 'items.v1#0@9'])
  await unit.release()
})

/** Four records of four leads, the first of which takes until it is told; what was called, and whose call was aborted. */
async function slowHead(t: Test) {
  const called: string[] = []
  let answer = (): void => undefined
  const answered = new Promise<void>((resolve) => (answer = resolve))
  const made = unitOn(t, async (key) => {
    called.push(key)
    if (key === 'lead:0') await answered
    return key
  })
  const { unit, turn, broker } = made
  const records = [0, 1, 2, 3].map((seq) => ({
    key: `lead:${seq}`,
    value: Item.encode({ seq, amount: 1, wish: '' }),
    timestamp: at,
    headers: {},
  }))
  const fetched = (await fetchedRecords(5, records)).map((record) => new FetchedLogRecord(place.topic, 0, record))
  await unit.prepare(() => true, 'one')
  await unit.handle({ ...place, records: fetched, lastOffset: 8n }, turn)
  await eventually('all are called', () => called.length === 4, 5_000)
  const committed = () =>
    broker.transactions.filter(({ end }) => end === 'commit').map(({ records, offsets }) => [records['sums.v1'], offsets])
  return { ...made, answer, called, committed, aborted: () => made.signals.filter((signal) => signal.deref()?.aborted === true).length }
}

t.test('a worker that keeps its partition over a rebalance goes on with the calls and results that it has', async (t) => {
  const { unit, answer, called, committed, aborted } = await slowHead(t)
  unit.suspend()
  t.equal(aborted(), 0, 'a rebalance ends no call')
  t.strictSame(await unit.prepare(() => true, 'one'), new Map([[place.topic, 9n]]), 'it reads on behind what it has')
  answer()
  await eventually('all is written', () => committed().length === 1, 5_000)
  t.strictSame(committed(), [[4, ['items.v1#0@9']]])
  t.equal(called.length, 4)
  await unit.release()
})

t.test('what is done while a group rebalances is committed by who is prepared again, in the assignment of now', async (t) => {
  const { unit, answer, committed, called } = await slowHead(t)
  unit.suspend()
  answer()
  for (let turns = 0; turns < 20; turns += 1) await nextTurn()
  t.strictSame(committed(), [], 'not while it is open who has the partition')
  let asked = 0
  await unit.prepare(() => (asked += 1) === 1, 'one')
  for (let turns = 0; turns < 20; turns += 1) await nextTurn()
  t.strictSame(committed(), [], 'not for an assignment that has passed')
  await unit.prepare(() => true, 'one')
  await eventually('all is written', () => committed().length === 1, 5_000)
  t.strictSame([committed(), called.length], [[[4, ['items.v1#0@9']]], 4])
  await unit.release()
})

t.test('a worker whose partition moves ends its calls and commits nothing of them', async (t) => {
  const { unit, answer, committed, aborted } = await slowHead(t)
  unit.suspend()
  unit.giveUp()
  t.equal(aborted(), 1)
  answer()
  await unit.release()
  t.strictSame(committed(), [])
})

t.test('where somebody else has committed meanwhile nothing that was in hand is kept', async (t) => {
  const { unit, broker, called, committed, aborted, answer } = await slowHead(t)
  unit.suspend()
  broker.committed = { ...broker.committed, offset: 7n }
  t.strictSame(await unit.prepare(() => true, 'one'), new Map([[place.topic, 7n]]))
  t.equal(aborted(), 1)
  answer()
  for (let turns = 0; turns < 20; turns += 1) await nextTurn()
  t.strictSame([committed(), called.length], [[], 4])
  await unit.release()
})

t.test('a commit whose answer was lost is found again, and no call is made twice for it', async (t) => {
  const made = await slowHead(t)
  const { unit, broker, answer, committed, called, recovered, expected } = made
  broker.refusesCommit = true
  expected.recoveries = true
  answer()
  await eventually('the commit fails', () => recovered.length === 1, 5_000)
  broker.refusesCommit = false
  // It had been done all the same.
  broker.committed = { ...broker.committed, offset: 9n }
  t.strictSame(await unit.prepare(() => true, 'one'), new Map([[place.topic, 9n]]))
  for (let turns = 0; turns < 20; turns += 1) await nextTurn()
  t.strictSame([committed(), called.length], [[], 4])
  await unit.release()
})

t.test('a commit that failed is made again with the results that are there', async (t) => {
  const { unit, broker, answer, committed, called, recovered, expected } = await slowHead(t)
  broker.refusesCommit = true
  expected.recoveries = true
  answer()
  await eventually('the commit fails', () => recovered.length === 1, 5_000)
  broker.refusesCommit = false
  await unit.prepare(() => true, 'one')
  await eventually('all is written', () => committed().length === 1, 5_000)
  t.strictSame([committed(), called.length], [[[4, ['items.v1#0@9']]], 4])
  await unit.release()
})

t.test('a worker that drains goes on draining when the group rebalances', async (t) => {
  const { unit, answer, committed, called } = await slowHead(t)
  const drained = unit.drain()
  unit.suspend()
  answer()
  await drained
  t.strictSame([committed(), called.length], [[[4, ['items.v1#0@9']]], 4])
  await unit.release()
})
