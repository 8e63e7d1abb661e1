/** Records that wait with their key: what a fold sees of it, the bounds, and how they stand in the changelog. */
import avro from 'avsc'
import t from 'tap'
import { drive } from '../../runtime/driver.ts'
import type { Line } from '../../runtime/driver.ts'
import { deadLetter, drop, emit, next, retryLater, timer } from '../../runtime/outcome.ts'
import type { Outcome } from '../../runtime/outcome.ts'
import { defaultParkingLimits, parkingLimitsOf } from '../../runtime/parking.ts'
import type { ParkedRecord } from '../../runtime/parked.ts'
import { schema } from '../../runtime/schema.ts'
import { from, stage } from '../../runtime/stage.ts'
import type { AnyStage, Context, FiredTimer, StreamRecord } from '../../runtime/stage.ts'
import { stateCodec } from '../../runtime/stateEntry.ts'
import { MemoryStateStore } from '../../runtime/stateStore.ts'
import type { StateEntry } from '../../runtime/stateStore.ts'
import { Task, Undecodable } from '../../runtime/task.ts'
import type { InputRecord } from '../../runtime/task.ts'
import { topic } from '../../runtime/topic.ts'

interface Order {
  item: string
  /** `drop`, `dead`, `forget`, `remind:<ms>`, or nothing in particular. */
  wish: string
}
interface Bill {
  items: string[]
}
interface Price {
  cents: number
}
const text = (name: string) => ({ name, type: 'string' })
const Order = schema<Order>({ type: 'record', name: 'Order', namespace: 'shop', fields: [text('item'), text('wish')] })
const Bill = schema<Bill>({
  type: 'record',
  name: 'Bill',
  namespace: 'shop',
  fields: [{ name: 'items', type: { type: 'array', items: 'string' } }],
})
const Price = schema<Price>({ type: 'record', name: 'Price', namespace: 'shop', fields: [{ name: 'cents', type: 'int' }] })
const declared = { key: 'lead', retention: { days: 1 }, contract: 'internal', about: '' } as const
const orders = topic({ ...declared, name: 'orders', value: Order, writtenBy: ['desk'] })
const returns = topic({ ...declared, name: 'returns', value: Order, writtenBy: ['desk'] })
const sold = topic({ ...declared, name: 'sold', value: Order, writtenBy: ['till'] })
const checked = topic({ ...declared, name: 'checked', value: Order, writtenBy: ['clerk'] })
const prices = topic({ ...declared, name: 'prices', key: 'tenant', value: Price, retention: 'compact', writtenBy: ['desk'] })

/** Sells what has a price; until it has one the order waits for a second. */
function sell(state: Bill | undefined, { value }: StreamRecord<Order>, ctx: Context<{ price: typeof prices }>): Outcome<Bill, typeof sold> {
  if (ctx.tables.price.get(value.item) === undefined) return retryLater('E_PRICE_UNKNOWN', { item: value.item }, { afterMs: 1_000 })
  if (value.wish === 'drop') return drop('unwanted')
  if (value.wish === 'dead') return deadLetter('E_BAD_ORDER', { item: value.item })
  if (value.wish === 'forget') return next<Bill, typeof sold>(undefined)
  const timers = value.wish.startsWith('remind:') ? [timer('remind').at(ctx.at + Number(value.wish.slice(7)))] : []
  return next({ items: [...(state?.items ?? []), value.item] }, { emit: [emit(sold, value)], timers })
}
const till = stage({
  name: 'till',
  state: Bill,
  tables: { price: prices },
  ttlMs: 60_000,
  on: [from(orders, sell), from(returns, sell)],
  timer: (state: Bill, { name }: FiredTimer) =>
    name === 'clear'
      ? next<Bill, typeof sold>(undefined)
      : next(state, { emit: [emit(sold, { item: `${name} ${state.items.length}`, wish: '' })] }),
  outputs: [sold],
})
const start = Date.parse('2026-11-03T15:00:00Z')
const order = (item: string, wish = ''): Order => ({ item, wish })
const open = (stages: AnyStage | readonly AnyStage[], known: readonly string[] = ['tea']): Line =>
  drive(stages, { at: start, tables: { prices: known.map((item) => [item, { cents: 100 }] as const) } })
const items = (line: Line) => line.outputs(sold).map(({ item }) => item)
const waiting = (line: Line, ...place: [string] | [string, string]) =>
  line.parked(...place).map(({ value, attempts }) => [Order.decode(value).item, attempts])

t.test(
  'P-52: a record that cannot be judged waits, later ones of its key wait behind it, other keys go on; then they follow in order',
  async (t) => {
    const line = open(till)
    line.pipe(orders, 'ann', order('tea'))
    line.pipe(orders, 'ann', order('cake'))
    line.pipe(returns, 'ann', order('tea', 'after cake'))
    line.pipe(orders, 'bob', order('tea'))
    line.pipe(orders, 'ann', order('cake', 'last'))
    t.strictSame(items(line), ['tea', 'tea'], 'the first of ann, the one of bob')
    t.strictSame(waiting(line, 'ann'), [
      ['cake', 1],
      ['tea', 0],
      ['cake', 0],
    ])
    t.strictSame(line.state('ann'), { items: ['tea'] })
    t.strictSame(line.timers('ann'), {}, 'the time of the next try is none of the stage')
    line.advance('2500ms')
    t.strictSame(waiting(line, 'ann')[0], ['cake', 3], 'tried again after one second and after two')
    line.table(prices, 'cake', { cents: 300 })
    line.advance('499ms')
    t.strictSame(items(line), ['tea', 'tea'], 'not before its time')
    line.advance('1ms')
    t.strictSame(
      line.records(sold).map(({ key, value, timestamp }) => [key, value.item, value.wish, timestamp - start]),
      [
        ['ann', 'tea', '', 0],
        ['bob', 'tea', '', 0],
        ['ann', 'cake', '', 0],
        ['ann', 'tea', 'after cake', 0],
        ['ann', 'cake', 'last', 0],
      ],
      'each with the time of its record',
    )
    t.strictSame(line.state('ann'), { items: ['tea', 'cake', 'tea', 'cake'] })
    t.strictSame(waiting(line, 'ann'), [])
    line.pipe(orders, 'ann', order('tea', 'now'))
    t.equal(line.outputs(sold).at(-1)?.wish, 'now', 'nothing waits any more')
  },
)

t.test('what is dropped or set aside lets the next one follow, until one asks to wait again', async (t) => {
  const line = open(till, [])
  for (const each of [order('tea', 'drop'), order('tea', 'dead'), order('tea'), order('cake'), order('tea', 'behind')])
    line.pipe(orders, 'ann', each)
  line.table(prices, 'tea', { cents: 100 })
  line.advance('1s')
  t.strictSame(line.drops, [{ stage: 'till', reason: 'unwanted' }])
  t.match(line.deadLetters, [{ code: 'E_BAD_ORDER', key: 'ann', topic: 'orders', attempts: 1 }])
  t.strictSame(items(line), ['tea'])
  t.strictSame(waiting(line, 'ann'), [
    ['cake', 1],
    ['tea', 0],
  ])
  line.advance('999ms')
  line.table(prices, 'cake', { cents: 300 })
  line.advance('1ms')
  t.strictSame(items(line), ['tea', 'cake', 'tea'])
})

t.test('P-51: a record that was folded as often as the stage allows goes to the dead letters with its own code', async (t) => {
  const line = open(stage({ ...till, parking: { attempts: 3 } }))
  line.pipe(orders, 'ann', order('cake'))
  line.pipe(orders, 'ann', order('tea'))
  line.advance('1s')
  t.strictSame(line.deadLetters, [])
  line.advance('1s')
  t.strictSame(line.deadLetters, [
    { stage: 'till', topic: 'orders', key: 'ann', code: 'E_PRICE_UNKNOWN', detail: { item: 'cake' }, attempts: 3 },
  ])
  t.strictSame(items(line), ['tea'], 'the next one follows at once')
  const once = open(stage({ ...till, parking: { attempts: 1 } }))
  once.pipe(orders, 'ann', order('cake'))
  t.match(once.deadLetters, [{ code: 'E_PRICE_UNKNOWN', attempts: 1 }], 'with one attempt nothing waits')
  t.strictSame(once.state('ann'), undefined)
})

t.test('P-40: the newest beyond the records or bytes that may wait goes to the dead letters as E_PARKING_FULL', async (t) => {
  const line = open(stage({ ...till, parking: { records: 2 } }))
  for (const wish of ['1', '2', '3', '4']) line.pipe(orders, 'ann', order('cake', wish))
  line.pipe(orders, 'bob', order('cake', '5'))
  t.match(line.deadLetters, [
    { code: 'E_PARKING_FULL', key: 'ann', detail: { records: 3, limit: 2 }, attempts: 0 },
    { code: 'E_PARKING_FULL', key: 'ann', attempts: 0 },
  ])
  line.table(prices, 'cake', { cents: 300 })
  line.advance('1s')
  t.strictSame(
    line.outputs(sold).map(({ wish }) => wish),
    ['1', '2', '5'],
  )
  // Each has 10 bytes: a key of 3, `cake` with its length 5, a wish with its length 2.
  const small = open(stage({ ...till, parking: { bytes: 20 } }))
  for (const wish of ['a', 'b', 'c']) small.pipe(orders, 'ann', order('cake', wish))
  t.strictSame(waiting(small, 'ann').length, 2)
  t.match(small.deadLetters, [{ code: 'E_PARKING_FULL', detail: { bytes: 30, limit: 20 }, attempts: 0 }])
  small.pipe(orders, 'bob', order('cake', 'x'.repeat(20)))
  t.match(small.deadLetters[1], { key: 'bob', code: 'E_PARKING_FULL', attempts: 1 }, 'one that is too large alone')
  t.strictSame(waiting(small, 'bob'), [])
})

t.test('the time to live stands still while records wait, and goes on from where it was', async (t) => {
  const line = open(stage({ ...till, parking: { attempts: 1_000 } }))
  line.pipe(orders, 'ann', order('tea'))
  line.advance('50s')
  line.pipe(orders, 'ann', order('cake'))
  line.pipe(orders, 'new', order('cake', 'drop'))
  line.advance('5m')
  t.strictSame([line.state('ann'), waiting(line, 'ann').length], [{ items: ['tea'] }, 1])
  t.strictSame(waiting(line, 'new').length, 1, 'a key without state waits as well')
  line.table(prices, 'cake', { cents: 300 })
  line.advance('1s')
  t.strictSame(line.state('ann'), { items: ['tea', 'cake'] }, 'accepted, it touches the state now, not when it came')
  line.advance('59s')
  t.strictSame(line.state('ann'), { items: ['tea', 'cake'] })
  line.advance('1s')
  t.equal(line.state('ann'), undefined)

  const dropped = open(stage({ ...till, parking: { attempts: 1_000 } }))
  dropped.pipe(orders, 'ann', order('tea'))
  dropped.pipe(orders, 'ann', order('cake', 'drop'))
  dropped.advance('5m')
  t.strictSame(dropped.state('ann'), { items: ['tea'] })
  dropped.table(prices, 'cake', { cents: 300 })
  dropped.advance('1s')
  t.equal(dropped.state('ann'), undefined, 'nothing touched it for five minutes')
})

t.test('timers of a parked key fire as they would, and one that deletes the state leaves what waits', async (t) => {
  const line = open(till)
  line.pipe(orders, 'ann', order('tea', 'remind:1500'))
  line.pipe(orders, 'ann', order('cake'))
  line.pipe(orders, 'ann', order('tea'))
  t.strictSame(line.timers('ann'), { remind: start + 1_500 })
  line.advance('1500ms')
  t.strictSame(items(line), ['tea', 'remind 1'])
  t.equal(waiting(line, 'ann').length, 2)
  const clearing = stage({ ...till, on: [from(orders, (...args: Parameters<typeof sell>) => withClear(sell(...args), args[2].at))] })
  const cleared = open(clearing)
  cleared.pipe(orders, 'ann', order('tea'))
  cleared.pipe(orders, 'ann', order('cake'))
  cleared.advance('500ms')
  t.equal(cleared.state('ann'), undefined)
  t.strictSame(cleared.timers('ann'), {})
  cleared.table(prices, 'cake', { cents: 300 })
  cleared.advance('500ms')
  t.strictSame(items(cleared), ['tea', 'cake'])
  t.equal(cleared.state('ann'), undefined, 'its timer was due half a second after its record')
  line.table(prices, 'cake', { cents: 300 })
  line.pipe(orders, 'ann', order('tea', 'forget'))
  line.advance('500ms')
  t.equal(line.state('ann'), undefined, 'a record that waited may delete the state')
})

function withClear(outcome: Outcome<Bill, typeof sold>, at: number): Outcome<Bill, typeof sold> {
  return outcome.kind === 'next' ? { ...outcome, timers: [timer('clear').at(at + 500)] } : outcome
}

t.test('what waits comes back from the changelog, with its attempts and its time', async (t) => {
  const line = open(till)
  line.pipe(orders, 'ann', order('tea', 'remind:5000'))
  line.pipe(orders, 'ann', order('cake'))
  line.pipe(orders, 'ann', order('tea'))
  line.advance('1500ms')
  line.restart()
  t.strictSame(waiting(line, 'ann'), [
    ['cake', 2],
    ['tea', 0],
  ])
  t.strictSame([line.state('ann'), line.timers('ann')], [{ items: ['tea'] }, { remind: start + 5_000 }])
  line.table(prices, 'cake', { cents: 300 })
  line.advance('500ms')
  line.restart()
  t.strictSame(items(line), ['tea', 'cake', 'tea'])
  t.strictSame([line.state('ann'), waiting(line, 'ann')], [{ items: ['tea', 'cake', 'tea'] }, []])
})

t.test('a record that was handed over waits at its stage, and gives the ids that it would have given at once', async (t) => {
  const clerk = stage({
    name: 'clerk',
    state: Bill,
    tables: { price: prices },
    on: [
      from(sold, (state: Bill | undefined, { value }, ctx: Context<{ price: typeof prices }>): Outcome<Bill, typeof checked> => {
        if (ctx.tables.price.get('open') === undefined) return retryLater('E_CLOSED', {}, { afterMs: 1_000 })
        if (value.wish === 'poison') return deadLetter('E_POISON')
        return next({ items: [...(state?.items ?? []), value.item] }, { emit: [emit(checked, value)] })
      }),
    ],
    outputs: [checked],
  })
  const late = open([till, clerk])
  const early = open([till, clerk], ['tea', 'open'])
  for (const line of [late, early]) {
    line.pipe(orders, 'ann', order('tea'), { headers: { traceparent: '00-1-2-01' } })
    line.pipe(orders, 'ann', order('tea', 'poison'))
    line.pipe(orders, 'ann', order('tea', 'third'))
  }
  t.strictSame([items(late).length, late.outputs(checked).length], [3, 0], 'the first stage goes on')
  t.strictSame(
    late.parked('clerk', 'ann').map(({ topic: name, offset }) => [name, offset]),
    [
      ['sold', -1n],
      ['sold', -1n],
      ['sold', -1n],
    ],
  )
  late.table(prices, 'open', { cents: 1 })
  late.advance('1s')
  t.strictSame(late.records(checked), early.records(checked))
  t.match(late.deadLetters, [{ stage: 'clerk', topic: 'sold', code: 'E_POISON', attempts: 1 }])
})

t.test('a large queue is folded over several batches of timers and nothing overtakes it', async (t) => {
  const stores = new Map([['till', new MemoryStateStore()]])
  const rows = new Map<string, unknown>()
  const table = { get: (key: string) => rows.get(key), entries: () => rows.entries() }
  const task = new Task({ group: 'g', stages: [till], partition: 0, stores, tables: new Map([['prices', table]]) })
  const record = (offset: number, wish: string): InputRecord => {
    const value = order('cake', wish)
    const raw = { key: Buffer.from('ann'), value: Order.encode(value), headers: {} }
    return { topic: 'orders', partition: 0, offset: BigInt(offset), key: 'ann', value, timestamp: start, headers: {}, raw }
  }
  const wishes: string[] = []
  const run = (batch: ReturnType<Task['process']>) => {
    task.apply(batch)
    wishes.push(...batch.outputs.map(({ value }) => (value as Order).wish))
    return batch
  }
  run(task.process([record(0, '0'), record(1, '1'), record(2, '2'), record(3, '3')], start))
  rows.set('cake', { cents: 1 })
  t.equal(run(task.fireTimers(start + 1_000, 2)).retried.length, 2)
  run(task.process([record(4, '4')], start + 1_000))
  t.strictSame([wishes, stores.get('till')?.parked, task.nextTimerAt()], [['0', '1'], 1, start + 1_000])
  run(task.fireTimers(start + 1_000, 100))
  t.strictSame(wishes, ['0', '1', '2', '3', '4'])
  t.strictSame([stores.get('till')?.parked, task.nextTimerAt()], [0, start + 61_000])
})

t.test('one that asks to wait again and no longer fits into its entry is set aside, and those behind it follow', async (t) => {
  const stores = new Map([['till', new MemoryStateStore()]])
  const rows = new Map<string, unknown>()
  const table = { get: (key: string) => rows.get(key), entries: () => rows.entries() }
  const task = new Task({ group: 'g', stages: [till], partition: 0, stores, tables: new Map([['prices', table]]) })
  const record = (offset: number): InputRecord => {
    const value = order('cake', String(offset))
    const raw = { key: Buffer.from('ann'), value: Order.encode(value), headers: {} }
    return { topic: 'orders', partition: 0, offset: BigInt(offset), key: 'ann', value, timestamp: start, headers: {}, raw }
  }
  task.apply(task.process([record(0), record(1)], start))
  // The changelog takes less than when they came.
  const entry = (_stage: string, _key: string, { parked }: StateEntry) => ((parked?.records.length ?? 0) > 1 ? { limit: 1 } : undefined)
  const refused = task.fireTimers(start + 1_000, 1, { output: () => undefined, entry })
  t.match(refused.deadLetters, [{ code: 'E_OUTPUT_TOO_LARGE', attempts: 2, source: { offset: 0n } }])
  t.strictSame(
    refused.retried.map(({ offset }) => offset),
    [0n],
    'the fuse counts it',
  )
  task.apply(refused)
  t.equal(task.nextTimerAt(), start + 1_000, 'the time of the next one has come')
  rows.set('cake', { cents: 1 })
  const followed = task.fireTimers(start + 1_000, 10)
  task.apply(followed)
  t.strictSame(
    followed.outputs.map(({ value }) => (value as Order).wish),
    ['1'],
  )
  t.equal(stores.get('till')?.parked, 0)
})

t.test('what cannot be read any more goes to the dead letters, what the stage no longer reads is dropped and counted', async (t) => {
  const stores = new Map([['till', new MemoryStateStore()]])
  const table = { get: () => undefined, entries: () => [] }
  const wire = { frame: (_: unknown, payload: Buffer) => payload, decode: () => new Undecodable('gone') }
  const options = { group: 'g', partition: 0, stores, tables: new Map([['prices', table]]), wire }
  const record = (name: string): InputRecord => {
    const raw = { key: Buffer.from('ann'), value: Order.encode(order('cake')), headers: { twice: ['a', Buffer.from('b')] } }
    return { topic: name, partition: 0, offset: 7n, key: 'ann', value: order('cake'), timestamp: start, headers: { twice: 'a' }, raw }
  }
  const before = new Task({ ...options, stages: [till] })
  before.apply(before.process([record('orders'), record('returns')], start))
  const after = new Task({ ...options, stages: [{ ...till, on: [from(orders, sell)] }] })
  t.equal(after.parkedValues(start + 1_000, 10).get(orders)?.length, 1)
  const batch = after.fireTimers(start + 1_000, 10)
  t.match(batch.deadLetters, [{ code: 'E_RECORD_UNDECODABLE', detail: { reason: 'gone' }, attempts: 2, source: { offset: 7n } }])
  t.strictSame(batch.deadLetters[0]?.source?.raw, record('orders').raw, 'as it was read')
  t.strictSame(batch.drops, [{ stage: 'till', reason: 'no_longer_read' }])
  t.strictSame(batch.changes, [{ stage: 'till', key: 'ann', entry: undefined }])
})

t.test('what no correct stage does is refused with its place', async (t) => {
  const asking = (over: object, afterMs = 1) =>
    stage({
      name: 'asking',
      state: Bill,
      outputs: [],
      on: [from(orders, (): Outcome<Bill> => retryLater('E_X', {}, { afterMs }))],
      ...over,
    })
  const piped = (each: AnyStage) => () => open(each, []).pipe(orders, 'k', order('tea'))
  t.throws(piped(asking({ state: undefined })), /asked to wait; a stage without state/)
  for (const wrong of [0, 1.5, NaN]) t.throws(piped(asking({}, wrong)), new RegExp(`asked to wait ${wrong} ms: whole ms`))
  const late = open(
    stage({
      name: 'late',
      state: Bill,
      outputs: [],
      on: [from(orders, (_s: Bill | undefined, _r, ctx: Context) => next<Bill>({ items: [] }, { timers: [timer('t').at(ctx.at + 1)] }))],
      timer: () => retryLater('E_X', {}, { afterMs: 1 }),
    }),
    [],
  )
  late.pipe(orders, 'k', order('tea'))
  t.throws(() => late.advance('1s'), /asked to wait; a timer has no record/)
  const own = (name: string) =>
    asking({ on: [from(orders, (): Outcome<Bill> => next<Bill>({ items: [] }, { timers: [timer(name).at(1)] }))] })
  for (const name of ['$retry', '$expiry']) t.throws(piped(own(name)), /\$ begins the names of the runtime/)
  for (const parking of [{ attempts: 0 }, { records: 1.5 }, { bytes: -1 }, { bytes: 524_289 }])
    t.throws(() => open(asking({ parking })), /stage asking parks/)
  t.strictSame(parkingLimitsOf(asking({})), { attempts: 10, records: 100, bytes: 262_144 })
  t.strictSame(parkingLimitsOf(asking({ parking: { records: 7 } })), { ...defaultParkingLimits, records: 7 })
})

t.test('a changelog from before records could wait is read; entries without such are written as they were', async (t) => {
  const then = avro.Type.forSchema({
    type: 'record',
    name: 'StateEntry',
    namespace: 'rekindle.runtime',
    fields: [
      { name: 'fingerprint', type: 'string' },
      { name: 'state', type: 'bytes' },
      { name: 'timers', type: { type: 'map', values: 'long' } },
      { name: 'expiresAt', type: ['null', 'long'], default: null },
    ],
  })
  const codec = stateCodec(till)
  const state = { items: ['tea'] }
  const old = then.toBuffer({
    fingerprint: Bill.fingerprint,
    state: Bill.encode(state),
    timers: { remind: start },
    expiresAt: start + 60_000,
  })
  const entry: StateEntry = { state, timers: { remind: start }, expiresAt: start + 60_000 }
  t.strictSame(codec.decode(old), entry)
  t.strictSame(codec.outline(old), { timers: { remind: start }, expiresAt: start + 60_000 })
  t.ok(codec.encode(entry).equals(old), 'a build of then reads what does not wait')

  const record: ParkedRecord = {
    topic: 'orders',
    partition: 3,
    offset: 2n ** 40n,
    timestamp: start,
    attempts: 2,
    key: Buffer.of(0xff, 0),
    headers: { one: Buffer.from('1'), twice: [Buffer.from('a'), Buffer.of(0xfe)], none: undefined },
    value: Buffer.of(0, 1, 2),
  }
  const parked = { code: 'E_X', expiresAt: start, records: [record, { ...record, offset: -1n, attempts: 0, headers: {} }] }
  const full: StateEntry = { state, timers: { $retry: start }, expiresAt: undefined, parked }
  t.strictSame(codec.decode(codec.encode(full)), full)
  const bare: StateEntry = {
    state: undefined,
    timers: { $retry: start },
    expiresAt: undefined,
    parked: { ...parked, expiresAt: undefined },
  }
  t.strictSame(codec.decode(codec.encode(bare)), bare)
  t.strictSame(codec.outline(codec.encode(full)), { timers: { $retry: start }, expiresAt: undefined, parked })
  t.throws(() => codec.decode(codec.encode(full).subarray(0, 20)), { code: 'E_STATE_INCOMPATIBLE' })
  t.throws(() => then.fromBuffer(codec.encode(full)), /./, 'a build of then refuses it')
})
