/**
 * One unit of stages against a stand-in for the broker that writes down what it is asked, in order: who takes over does it
 * in the one safe order, a slice is one transaction, and the state follows the commit.
 */
import { setTimeout as delay } from 'node:timers/promises'
import { Registry } from 'prom-client'
import t from 'tap'
import { Changelog } from '../../../runtime/kafka/changelog.ts'
import { FetchedLogRecord, PartitionReader } from '../../../runtime/kafka/partitionReader.ts'
import { stateCodec } from '../../../runtime/stateEntry.ts'
import { groupHeader } from '../../../runtime/taskEffects.ts'
import { topologyOf, topologyText } from '../../../runtime/topology.ts'
import { runtimeError } from '../../../runtime/errors.ts'
import { runtimeMetrics } from '../../../runtime/metrics.ts'
import { deadLetter, next } from '../../../runtime/outcome.ts'
import type { Outcome } from '../../../runtime/outcome.ts'
import { from, stage } from '../../../runtime/stage.ts'
import type { TakeOverWork } from '../../../runtime/kafka/unitTransactions.ts'
import { VolatileStore } from '../../../runtime/state/restorableStore.ts'
import { fetchedRecords } from './fetchedRecords.ts'
import { adder, eventually, Item, items, logger, Sum, sums, totaller } from './fixtures.ts'
import { at, batchOf, changelog, codec, counts, place, StandIn, unitOn } from './standIn.ts'

t.test('who takes over fences first, then asks for stable offsets, then restores; only then it is ready', async (t) => {
  const broker = new StandIn()
  broker.keep('lead:1', 'lead:2')
  const { unit } = unitOn(t, broker)
  t.strictSame(await unit.prepare(() => true), new Map([[place.topic, 5n]]))
  t.strictSame(broker.steps, ['take over', 'stable offsets', `${changelog}@0`, `${changelog}@1`, `${changelog}@2`])
})

t.test('who is back as another member takes over anew, and only then', async (t) => {
  const broker = new StandIn()
  broker.keep('lead:1')
  const { unit } = unitOn(t, broker)
  for (const memberId of ['one', 'one', 'two']) await unit.prepare(() => true, memberId)
  t.strictSame(
    broker.steps.filter((step) => step === 'take over' || step === 'stable offsets'),
    ['take over', 'stable offsets', 'stable offsets', 'take over', 'stable offsets'],
  )
})

t.test('a restore that nobody wants any more ends, though a transaction on the changelog does not', async (t) => {
  const broker = new StandIn()
  broker.keep('lead:1')
  broker.stable.set(changelog, 0)
  broker.openFor = 1_000
  const { unit } = unitOn(t, broker)
  let looks = 0
  await t.rejects(
    unit.prepare(() => (looks += 1) < 4),
    { message: 'adder-changelog partition 0: the group has assigned anew' },
  )
  t.ok(broker.openFor > 900)
})

t.test('a restore that nobody wants any more ends between two fetches, and goes on from there when it is wanted again', async (t) => {
  const broker = new StandIn()
  broker.keep('lead:1', 'lead:2', 'lead:3', 'lead:4')
  const { unit } = unitOn(t, broker)
  const fetched = () => broker.steps.filter((step) => step.startsWith(changelog))
  await t.rejects(
    unit.prepare(() => fetched().length < 2),
    { message: 'adder-changelog partition 0: the group has assigned anew' },
  )
  t.strictSame(fetched(), [`${changelog}@0`, `${changelog}@1`])
  await unit.prepare(() => true)
  t.strictSame(
    fetched(),
    [0, 1, 2, 3, 4].map((offset) => `${changelog}@${offset}`),
  )
  t.equal(unit.stateKeys().get('adder'), 4)
})

t.test('a restore that gets on is not taken for one that is stuck', async (t) => {
  const broker = new StandIn()
  broker.keep('lead:1', 'lead:2')
  const { unit, held } = unitOn(t, broker)
  const progress: string[] = []
  held.during = (name, work) => work(() => progress.push(name))
  await unit.prepare(() => true)
  t.strictSame(progress, Array(3).fill(`restore ${changelog}`))
})

t.test('a step counts from where it got on last', async (t) => {
  const { held } = unitOn(t, new StandIn())
  await held.during('first', async (progressed) => {
    await delay(5)
    await held.during('second', async () => {
      t.strictSame(
        held.steps.map(({ name }) => name),
        ['first', 'second'],
      )
      await delay(5)
      progressed()
      t.strictSame(
        held.steps.map(({ name }) => name),
        ['second', 'first'],
      )
    })
  })
  t.strictSame(held.steps, [])
})

t.test('a changelog that was made anew with less in it while it is read is not waited for', { timeout: 10_000 }, async (t) => {
  const broker = new StandIn()
  broker.keep('lead:1', 'lead:2', 'lead:3', 'lead:4')
  class Cutting extends VolatileStore {
    override load(...record: Parameters<VolatileStore['load']>): void {
      super.load(...record)
      if (record[2] === 2n) broker.keep('lead:9')
    }
  }
  const reader = PartitionReader.over(broker.connection)
  await t.rejects(new Changelog(adder, 0, '', new Cutting(codec)).restore(reader, broker.connection, logger), {
    message: 'adder-changelog partition 0 ends at 2 by now and not at 5: it was made anew',
  })
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

t.test(
  'a store that fails behind a commit, asked for its next timer, stops the member: thrown on, the batch would be folded again',
  async (t) => {
    const broker = new StandIn()
    broker.keep()
    let full = false
    class Failing extends VolatileStore {
      override nextDueAt(): number | undefined {
        if (full) throw runtimeError('E_STATE_STORE', 'no space is left')
        return super.nextDueAt()
      }
    }
    const store = new Failing(codec)
    const state = async () => ({ stores: new Map([['adder', store]]), close: async () => undefined })
    const { unit, told, handle } = unitOn(t, broker, { state })
    await unit.prepare(() => true)
    full = true
    await handle('')
    t.match(told.failed, [{ code: 'E_STATE_STORE' }])
    t.strictSame(counts(broker), [1])
    t.strictSame(told.resolved, [5n], 'it is committed')
  },
)

t.test('what was done in a transaction that failed is not committed afterwards without its records', async (t) => {
  const broker = new StandIn()
  broker.keep()
  const { unit, handle } = unitOn(t, broker)
  await unit.prepare(() => true)
  broker.refusesCommit = true
  await handle('')
  broker.refusesCommit = false
  await unit.prepare(() => true)
  await unit.drain()
  t.strictSame(
    broker.transactions.filter(({ end }) => end === 'commit'),
    [],
  )
})

t.test(
  'what was passed over before a unit is prepared anew is not committed in the place of what its next owner has done since',
  async (t) => {
    const broker = new StandIn()
    broker.keep()
    const { unit, handle } = unitOn(t, broker)
    await unit.prepare(() => true)
    await handle('drop', 'drop')
    broker.committed = { topic: place.topic, offset: 9n, metadata: topologyText(topologyOf([adder])) }
    await unit.prepare(() => true)
    await unit.drain()
    t.strictSame(
      broker.transactions.filter(({ end }) => end === 'commit'),
      [],
    )
  },
)

t.test('a stop that drains commits nothing of a transaction that failed, though its producer is open again by then', async (t) => {
  const broker = new StandIn()
  broker.keep()
  const committed: (readonly { readonly topic: string; readonly offset: bigint }[])[] = []
  let refuses = true
  // Shared with other units of the process: one of them has opened the producer anew while this one was about to stop.
  const transactions = () => ({
    takeOver: (work: TakeOverWork) => work(undefined as never, () => undefined),
    announce: () => undefined,
    retract: () => undefined,
    close: async () => undefined,
    commit: async ({ offsets }: { offsets: readonly { topic: string; offset: bigint }[] }) => {
      if (refuses) throw new Error('the broker is away')
      committed.push(offsets)
      return new Map<string, bigint>()
    },
  })
  const { unit, told, handle } = unitOn(t, broker, { transactions })
  await unit.prepare(() => true)
  await handle('', '')
  t.equal(told.recovered.length, 1)
  refuses = false
  unit.skip(place, 9n)
  await unit.drain()
  t.strictSame(committed, [])
  await unit.prepare(() => true)
  await handle('', '')
  t.match(committed, [[{ topic: place.topic, offset: 7n }]])
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

t.test('a take-over that moves state is in no step that does not get on, however long it takes', async (t) => {
  const broker = new StandIn()
  broker.keep('lead:1', 'lead:2')
  broker.logs.set('sum-up-changelog', [])
  const { unit, held } = unitOn(t, broker, { stages: [{ ...adder, name: 'sum-up', migrates: { from: 'adder' } }] })
  let fetchedAt = 0
  const fetch = t.captureFn(PartitionReader.prototype.fetch)
  t.intercept(PartitionReader.prototype, 'fetch', {
    value: async function (this: PartitionReader, ...asked: Parameters<PartitionReader['fetch']>) {
      await fetch.apply(this, asked)
      fetchedAt = performance.now()
    },
  })
  const steps: (readonly [name: string, getsOn: boolean])[] = []
  broker.onRequest = (request) => {
    if (request === 'sendBatch' && steps.length === 0)
      steps.push(...held.steps.map(({ name, since }) => [name, since >= fetchedAt] as const))
  }
  await unit.prepare(() => true)
  t.ok(fetchedAt > 0)
  t.strictSame(
    new Map(steps),
    new Map([
      ['take over', true],
      ['migrate', true],
    ]),
  )
})

t.test('a blown fuse stops the member before anything is written', async (t) => {
  const broker = new StandIn()
  broker.keep()
  const { unit, told, handle } = unitOn(t, broker, { fuse: { maxConsecutive: 2, maxRatio: 1, window: 1000 } })
  await unit.prepare(() => true)
  await handle('dead', 'dead')
  t.match(told.failed, [{ code: 'E_FUSE_BLOWN', message: /2 dead letters in a row/ }])
  t.strictSame(broker.transactions, [])
  t.strictSame(told.resolved, [])
})

t.test('the fuse blows, too, when what timers hand over is set aside, and good records between do not hide it', async (t) => {
  const broker = new StandIn()
  broker.keep()
  const refuser = stage({
    name: 'refuser',
    on: [
      from(sums, (_: undefined, { value }) => (value.by === 'timer late' ? deadLetter('E_TEST_POISON', {}) : next<undefined>(undefined))),
    ],
    outputs: [],
  })
  const fuse = { maxConsecutive: 3, maxRatio: 1, window: 1000 }
  const { unit, held, told, handle } = unitOn(t, broker, {
    fuse,
    stages: [adder, refuser],
  })
  await unit.prepare(() => true)
  held.move('restoring')
  held.move('running')
  const letters = () =>
    broker.transactions.filter(
      ({ records, end }) => end === 'commit' && records['items.v1.line.dlq'] === undefined && records['sums.v1.line.dlq'] === 1,
    )
  for (let fired = 1; fired <= 3; fired += 1) {
    // Due at once; folded behind what is under way.
    await handle('wait:0', '', '')
    await eventually('what the timer handed over is set aside', () => letters().length === fired || told.failed.length > 0)
  }
  t.equal(letters().length, 2)
  t.match(told.failed, [{ code: 'E_FUSE_BLOWN', message: /line partition 0, timers: 3 dead letters in a row \(limit 3\)\./ }])
})

t.test('what the group wrote itself and reads back hides no bad records from the fuse', async (t) => {
  const broker = new StandIn()
  broker.keep()
  const reader = stage({ name: 'reader', on: [from(sums, () => next<undefined>(undefined))], outputs: [] })
  const { unit, told, handle } = unitOn(t, broker, {
    fuse: { maxConsecutive: 3, maxRatio: 1, window: 1000 },
    stages: [adder, reader],
    inputs: [items, sums].map((topic) => ({ topic, priority: 0 })),
  })
  await unit.prepare(() => true)
  const turn = { live: () => true, resolve: () => undefined, heartbeat: async () => undefined }
  const headers = { [groupHeader]: 'line', ce_type: Sum.name, ce_source: 'rekindle/adder' }
  const value = Sum.encode({ seq: 0, count: 1, sum: 1, by: 'adder' })
  for (let offset = 0; offset < 3; offset += 1) {
    await handle('dead')
    const own = await fetchedRecords(offset, [{ key: 'lead:1', value, timestamp: at, headers }])
    const records = own.map((record) => new FetchedLogRecord('sums.v1', 0, record))
    await unit.handle({ topic: 'sums.v1', partition: 0, records, lastOffset: BigInt(offset) }, turn)
  }
  t.match(told.failed, [{ code: 'E_FUSE_BLOWN', message: /line partition 0 of items\.v1: 3 dead letters in a row/ }])
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

t.test('a group whose offsets the broker has forgotten does not fold again what its state holds', async (t) => {
  const broker = new StandIn()
  broker.committed = { topic: place.topic, offset: -1n, metadata: '' }
  broker.keep('lead:1', 'lead:2')
  const { unit } = unitOn(t, broker)
  await t.rejects(
    unit.prepare(() => true),
    {
      code: 'E_OFFSETS_FORGOTTEN',
      message: /partition 0: stage adder has the state of 2 keys, and the broker has no offset of the group/,
    },
  )
  broker.elsewhere = [{ topic: 'items.v0', partitions: [{ partition: 0, offset: '7', metadata: topologyText(topologyOf([adder])) }] }]
  t.strictSame(await unit.prepare(() => true), new Map([[place.topic, 0n]]), 'its topic was replaced by another one')
  broker.elsewhere = []
  broker.committed = { topic: place.topic, offset: 1n, metadata: topologyText(topologyOf([adder])) }
  t.strictSame(await unit.prepare(() => true), new Map([[place.topic, 1n]]), 'once somebody has said from where')
})

t.test('a unit that is kept over a rebalance goes on with the state that it has', async (t) => {
  const broker = new StandIn()
  broker.keep()
  const { unit, handle } = unitOn(t, broker)
  await unit.prepare(() => true)
  await handle('')
  await unit.prepare(() => true)
  await handle('')
  t.strictSame(counts(broker), [1, 2])
})

t.test('the position is behind the whole batch, not behind the last record that could be seen of it', async (t) => {
  const broker = new StandIn()
  broker.keep()
  const { unit } = unitOn(t, broker)
  await unit.prepare(() => true)
  const resolved: bigint[] = []
  const turn = { live: () => true, resolve: (offset: bigint) => void resolved.push(offset), heartbeat: async () => undefined }
  await unit.handle({ ...(await batchOf(items, 5, ['', ''])), lastOffset: 9n }, turn)
  t.strictSame(
    broker.transactions.flatMap(({ offsets }) => offsets),
    [`${place.topic}#0@10`],
  )
  t.strictSame(resolved, [9n])
})

t.test('nobody waits for company more than once for what a fetch brought, whatever topics it is of', async (t) => {
  const broker = new StandIn()
  broker.keep()
  broker.committed = { topic: place.topic, offset: 5n, metadata: topologyText(topologyOf([adder, totaller])) }
  const { key, value: definition } = stateCodec(totaller).definition
  broker.logs.set('totaller-changelog', [{ key, value: definition }])
  const inputs = [items, sums].map((topic) => ({ topic, priority: 0 }))
  const { unit, told } = unitOn(t, broker, { stages: [adder, totaller], inputs, lingerMs: 1_000 })
  await unit.prepare(() => true)
  const value = Sum.encode({ seq: 0, count: 1, sum: 1, by: '' })
  const [own] = await fetchedRecords(3, [{ key: 'lead:1', value, timestamp: at, headers: { [groupHeader]: 'line' } }])
  const records = [new FetchedLogRecord('sums.v1', 0, own as NonNullable<typeof own>)]
  const readBack = { topic: 'sums.v1', partition: 0, records, lastOffset: 3n }
  const fresh = await batchOf(items, 5, ['', ''])
  const turn = { live: () => true, resolve: (offset: bigint) => void told.resolved.push(offset), heartbeat: async () => undefined }
  unit.expect(fresh, turn)
  unit.expect(readBack, turn)
  // All that the stand-in does is done long before so many turns of the event loop.
  const soon = (work: Promise<unknown>) => Promise.race([work.then(() => 'done'), turns(100).then(() => 'it waits')])
  const first = unit.handle(fresh, turn)
  t.equal(await soon(first), 'it waits', 'for company')
  t.equal(await soon(unit.handle(readBack, turn)), 'done', 'it went along')
  t.strictSame(
    broker.transactions.map(({ offsets }) => offsets),
    [[`${place.topic}#0@7`, 'sums.v1#0@4']],
  )
  t.strictSame(told, { recovered: [], failed: [], resolved: [6n, 3n] })
  await first
})

async function turns(count: number): Promise<void> {
  for (let turn = 0; turn < count; turn++) await new Promise((resolve) => setImmediate(resolve))
}
/** Values of metrics by name and labels, those of histograms as count and sum. */
async function valuesOf(registry: Registry): Promise<Record<string, number>> {
  const lines = (await registry.metrics()).matchAll(/^(\w+)\{([^}]*)\} (\S+)$/gm)
  return Object.fromEntries([...lines].map(([, name, labels, value]) => [`${name} ${labels}`, Number(value)]))
}

t.test('the time of a task, from its making to its release: what it waited for, and the two steps of its transaction apart', async (t) => {
  const broker = new StandIn()
  broker.keep('lead:1')
  const registry = new Registry()
  let now = 1_000
  const { unit } = unitOn(t, broker, { metrics: runtimeMetrics(registry), monotonic: () => now })
  now += 7
  // Each answer to a request of the transaction takes its time, and so does reading the changelog.
  const took = { sendBatch: 30, sendOffsets: 20, commit: 11 }
  broker.onRequest = (request) => (now += took[request])
  const original = broker.logs.get(changelog)
  broker.logs.get = (topic: string) => {
    now += 2
    return topic === changelog ? original : undefined
  }
  const beforeRestore = now
  await unit.prepare(() => true)
  const restoreMs = now - beforeRestore
  t.ok(restoreMs > 0)
  now += 100
  const turn = { live: () => true, resolve: () => undefined, heartbeat: async () => undefined }
  await unit.handle({ ...(await batchOf(items, 5, ['', ''])), reading: { ms: 6, endedAt: now - 4 } }, turn)
  now += 50
  await unit.release()
  const values = await valuesOf(registry)
  const phases = Object.entries(values).flatMap(([name, seconds]) => {
    const [, phase] = /^lr_task_time_seconds_total group="line",phase="(\w+)"$/.exec(name) ?? []
    return phase === undefined || seconds === 0 ? [] : [[phase, Math.round(seconds * 1_000)] as const]
  })
  t.strictSame(Object.fromEntries(phases), {
    // 7 before it took over, 90 before its batch was read, 50 until it was let go.
    idle: 7 + 90 + 50,
    restore: restoreMs,
    poll: 6,
    turn: 4,
    produce: 30 + 20,
    commit: 11,
  })
  t.equal(
    phases.reduce((sum, [, ms]) => sum + ms, 0),
    now - 1_000,
    'they add up to its wall time',
  )
})

t.test('what became of records, outputs and transactions is counted as it was', async (t) => {
  const broker = new StandIn()
  broker.keep()
  const registry = new Registry()
  const outputs: string[][] = []
  const { unit, handle } = unitOn(t, broker, {
    metrics: runtimeMetrics(registry),
    onOutputs: (written) => void outputs.push(written.map(({ topic }) => topic.name)),
  })
  await unit.prepare(() => true)
  await handle('', 'dead', '')
  broker.refusesCommit = true
  await handle('', '')
  const values = await valuesOf(registry)
  const of = (name: string) => Object.fromEntries(Object.entries(values).filter(([key]) => key.startsWith(`${name} `)))
  t.strictSame(of('lr_kafka_consumed_total'), {
    'lr_kafka_consumed_total group="line",topic="items",outcome="processed"': 2,
    'lr_kafka_consumed_total group="line",topic="items",outcome="dead_letter"': 1,
  })
  t.strictSame(of('lr_stage_records_total'), {
    'lr_stage_records_total stage="adder",outcome="next"': 2,
    'lr_stage_records_total stage="adder",outcome="dead_letter"': 1,
  })
  t.strictSame(of('lr_stage_outputs_total'), { 'lr_stage_outputs_total stage="adder",topic="sums"': 2 })
  t.strictSame(outputs, [['sums', 'sums']], 'nobody is told of what was not committed')
  t.strictSame(of('lr_dlq_records_total'), { 'lr_dlq_records_total topic="items",reason="E_TEST_POISON"': 1 })
  t.strictSame(of('lr_transaction_records_sum'), { 'lr_transaction_records_sum group="line"': 3 })
  t.strictSame(of('lr_transaction_records_count'), { 'lr_transaction_records_count group="line"': 1 })
  t.strictSame(of('lr_transaction_duration_seconds_count'), { 'lr_transaction_duration_seconds_count group="line"': 1 })
  t.strictSame(of('lr_transactions_failed_total'), { 'lr_transactions_failed_total group="line",type="Error"': 1 })
})

t.test('a record that leads to several dead letters is one that was consumed', async (t) => {
  const broker = new StandIn()
  broker.keep()
  const second = stage({ name: 'second', on: [from(items, (): Outcome<unknown> => deadLetter('E_TEST_SECOND'))], outputs: [] })
  broker.committed = { ...broker.committed, metadata: topologyText(topologyOf([adder, second])) }
  const registry = new Registry()
  const { unit, told, handle } = unitOn(t, broker, { metrics: runtimeMetrics(registry), stages: [adder, second] })
  await unit.prepare(() => true)
  await handle('dead')
  const values = await valuesOf(registry)
  t.equal(values['lr_kafka_consumed_total group="line",topic="items",outcome="dead_letter"'], 1)
  t.equal(values['lr_kafka_consumed_total group="line",topic="items",outcome="processed"'], 0)
  t.equal(values['lr_dlq_records_total topic="items",reason="E_TEST_SECOND"'], 1)
  t.strictSame(told, { recovered: [], failed: [], resolved: [5n] })
})

t.test('what cannot be counted stops the member: it is committed, and would be folded twice by whoever fetches on', async (t) => {
  const broker = new StandIn()
  broker.keep()
  const onOutputs = () => {
    throw new Error('a bug in a count')
  }
  const { unit, told, handle } = unitOn(t, broker, { onOutputs })
  await unit.prepare(() => true)
  await handle('')
  t.match(told.failed, [{ message: 'a bug in a count' }])
  t.strictSame(
    broker.transactions.map(({ end }) => end),
    ['commit'],
  )
})

t.test('a rebalance that a heartbeat tells of ends the turn of its task: from then on it is idle', async (t) => {
  const broker = new StandIn()
  broker.keep()
  const registry = new Registry()
  let now = 0
  const { unit } = unitOn(t, broker, { metrics: runtimeMetrics(registry), monotonic: () => now })
  await unit.prepare(() => true)
  const heartbeat = () => Promise.reject(new Error('the group is rebalancing'))
  await t.rejects(unit.handle(await batchOf(items, 5, ['']), { live: () => true, resolve: () => undefined, heartbeat }))
  now += 3_000
  unit.settleTime()
  t.equal((await valuesOf(registry))['lr_task_time_seconds_total group="line",phase="idle"'], 3)
})
