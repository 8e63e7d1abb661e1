import fc from 'fast-check'
import t from 'tap'
import { drive } from '../../runtime/driver.ts'
import { durationMs } from '../../runtime/duration.ts'
import { afterGood, afterRecord, defaultFuseLimits, intactFuse } from '../../runtime/fuse.ts'
import type { FuseState } from '../../runtime/fuse.ts'
import { deterministicId } from '../../runtime/ids.ts'
import { deadLetter, drop, emit, next, timer } from '../../runtime/outcome.ts'
import { schema } from '../../runtime/schema.ts'
import { from, stage } from '../../runtime/stage.ts'
import type { Context, FiredTimer, StreamRecord } from '../../runtime/stage.ts'
import { stateCodec } from '../../runtime/stateEntry.ts'
import { MemoryStateStore } from '../../runtime/stateStore.ts'
import type { StateEntry } from '../../runtime/stateStore.ts'
import { Task, Undecodable, groupHeader, subscriptions } from '../../runtime/task.ts'
import type { InputRecord, OutputRecord } from '../../runtime/task.ts'
import { topic } from '../../runtime/topic.ts'
import { assertProperty } from '../support/property.ts'

interface Amount {
  amount: number
}
interface Balance {
  sum: number
  count: number
}
const Amount = schema<Amount>({ type: 'record', name: 'Amount', namespace: 'bank', fields: [{ name: 'amount', type: 'int' }] })
const Balance = schema<Balance>({
  type: 'record',
  name: 'Balance',
  namespace: 'bank',
  fields: [
    { name: 'sum', type: 'int' },
    { name: 'count', type: 'int' },
  ],
})
const declared = { key: 'lead', retention: { days: 1 }, contract: 'internal', about: '' } as const
const payments = topic({ ...declared, name: 'payments', value: Amount, writtenBy: ['till'] })
const balances = topic({ ...declared, name: 'balances', value: Balance, writtenBy: ['account'] })
const notices = topic({ ...declared, name: 'notices', value: Amount, writtenBy: ['account', '*'] })
const mirrored = topic({ ...declared, name: 'mirrored', value: Balance, writtenBy: ['mirror'] })
const limits = topic({ ...declared, name: 'limits', key: 'tenant', value: Amount, retention: 'compact', writtenBy: ['desk'] })

function pay(state: Balance | undefined, { value }: StreamRecord<Amount>, ctx: Context<{ limit: typeof limits }>) {
  if (value.amount === 0) return drop('nothing')
  if (value.amount > (ctx.tables.limit.get('max')?.amount ?? 1_000_000)) return deadLetter('E_OVER_LIMIT', { amount: value.amount })
  const after = { sum: (state?.sum ?? 0) + value.amount, count: (state?.count ?? 0) + 1 }
  return next(after, {
    emit: [emit(balances, after)],
    timers: [timer('quiet').at(ctx.at + 60_000), ...(after.count > 2 ? [timer('busy').at(ctx.at + 1000)] : [])],
  })
}
function remind(state: Balance, fired: FiredTimer) {
  return fired.name === 'busy'
    ? next(state, { emit: [emit(notices, { amount: -state.count })] })
    : next<Balance, typeof notices>(undefined, { emit: [emit(notices, { amount: state.sum })] })
}
const account = stage({
  name: 'account',
  state: Balance,
  tables: { limit: limits },
  on: [from(payments, pay)],
  timer: remind,
  outputs: [balances, notices],
})
const mirror = stage({
  name: 'mirror',
  state: Balance,
  outputs: [mirrored],
  on: [
    from(balances, (_before: Balance | undefined, { value }: StreamRecord<Balance>) => next(value, { emit: [emit(mirrored, value)] })),
    from(notices, (before: Balance | undefined, { value }: StreamRecord<Amount>) =>
      next({ sum: value.amount, count: (before?.count ?? 0) + 100 }),
    ),
  ],
})
const start = '2026-11-03T15:00:00Z'

t.test('a stage folds, emits, drops and dead-letters; a bad record leaves state and timers alone', async (t) => {
  const line = drive(account, { at: start, tables: { limits: [['max', { amount: 50 }]] } })
  line.pipe(payments, 'a', { amount: 10 })
  line.pipe(payments, 'a', { amount: 0 })
  line.pipe(payments, 'a', { amount: 51 })
  t.strictSame(line.state('a'), { sum: 10, count: 1 })
  t.strictSame(line.outputs(balances), [{ sum: 10, count: 1 }])
  t.strictSame(line.drops, [{ stage: 'account', reason: 'nothing' }])
  t.match(line.deadLetters, [{ code: 'E_OVER_LIMIT', key: 'a', detail: { amount: 51 } }])
  line.table(limits, 'max', { amount: 100 })
  line.pipe(payments, 'a', { amount: 51 })
  t.strictSame(line.state('a'), { sum: 61, count: 2 }, 'a table change is visible to the next record')
})

t.test('timers fire in order of due time, move when set again, survive a restart, and end with their key', async (t) => {
  const line = drive(account, { at: start })
  line.pipe(payments, 'a', { amount: 1 })
  line.advance('30s')
  line.pipe(payments, 'a', { amount: 2 })
  line.pipe(payments, 'b', { amount: 5 })
  line.restart()
  line.advance('59s')
  t.strictSame(line.outputs(notices), [], 'the first due time was moved')
  line.advance('1s')
  t.strictSame(
    line.records(notices).map(({ key, value, timestamp }) => [key, value.amount, timestamp - Date.parse(start)]),
    [
      ['a', 3, 90_000],
      ['b', 5, 90_000],
    ],
  )
  t.equal(line.state('a'), undefined)
  line.advance('10m')
  t.equal(line.outputs(notices).length, 2, 'each fires once')
})

t.test('the fuse after many good records is what it is after one and one more', (t) =>
  assertProperty(
    t,
    fc.property(
      fc.array(fc.boolean(), { maxLength: 60 }),
      fc.nat(60),
      fc.record({
        maxConsecutive: fc.integer({ min: 1, max: 8 }),
        maxRatio: fc.double({ min: 0, max: 1, noNaN: true }),
        window: fc.integer({ min: 1, max: 20 }),
      }),
      (before, count, limits) => {
        const state = before.reduce((fuse, dead) => afterRecord(fuse, dead, limits), intactFuse)
        let one: FuseState = state
        for (let index = 0; index < count; index++) one = afterRecord(one, false, limits)
        return JSON.stringify(afterGood(state, count, limits)) === JSON.stringify(one)
      },
    ),
  ),
)

t.test('fused stages hand over in memory and give what split ones give, whatever the input', (t) =>
  assertProperty(
    t,
    fc.property(
      fc.array(
        fc.oneof(
          fc.record({ kind: fc.constant('pay' as const), key: fc.constantFrom('a', 'b', 'c'), amount: fc.integer({ min: 0, max: 9 }) }),
          fc.record({ kind: fc.constant('advance' as const), seconds: fc.constantFrom(1, 20, 61) }),
          fc.record({ kind: fc.constant('restart' as const) }),
        ),
        { maxLength: 40 },
      ),
      (steps) => {
        const fused = drive([account, mirror], { at: start })
        const first = drive(account, { at: start })
        const second = drive(mirror, { at: start })
        let copied = 0
        const copy = () => {
          const all = [
            ...first.records(balances).map((r) => ({ ...r, topic: balances })),
            ...first.records(notices).map((r) => ({ ...r, topic: notices })),
          ]
          for (const { topic: target, key, value, timestamp, headers } of all.slice(copied))
            second.pipe(target, key, value, { timestamp, headers: { ...headers, [groupHeader]: 'another' } })
          copied = all.length
        }
        for (const step of steps) {
          if (step.kind === 'pay') for (const line of [fused, first]) line.pipe(payments, step.key, { amount: step.amount })
          else if (step.kind === 'advance') for (const line of [fused, first]) line.advance(`${step.seconds}s`)
          else for (const line of [fused, first, second]) line.restart()
        }
        copy()
        const same = (a: unknown, b: unknown) => JSON.stringify(a) === JSON.stringify(b)
        const plain = (records: readonly { key: string; value: unknown; timestamp: number; headers: Readonly<Record<string, string>> }[]) =>
          records.map(({ key, value, timestamp, headers }) => [key, value, timestamp, headers['ce_id']])
        return (
          same(plain(fused.records(balances)), plain(first.records(balances))) &&
          same(plain(fused.records(notices)), plain(first.records(notices))) &&
          same(plain(fused.records(mirrored)), plain(second.records(mirrored)))
        )
      },
    ),
  ),
)

t.test('a batch that is thrown away leaves no trace, and its repetition gives the same bytes', (t) =>
  assertProperty(
    t,
    fc.property(
      fc.array(fc.tuple(fc.constantFrom('a', 'b'), fc.integer({ min: 0, max: 9 }), fc.boolean(), fc.boolean()), { maxLength: 30 }),
      (steps) => {
        const build = () => {
          const store = new MemoryStateStore()
          const task = new Task({
            group: 'g',
            stages: [account],
            partition: 0,
            stores: new Map([['account', store]]),
            tables: new Map([['limits', { get: () => undefined, entries: () => [] }]]),
          })
          return { store, task }
        }
        const calm = build()
        const shaken = build()
        let changelog = new Map<string, StateEntry>()
        const seen = { calm: [] as unknown[], shaken: [] as unknown[] }
        const bytes = (outputs: readonly OutputRecord[]) =>
          outputs.map(({ topic: { name }, key, value, timestamp, headers }) => [name, key, value, timestamp, headers])
        steps.forEach(([key, amount, abort, timers], index) => {
          const at = Date.parse(start) + index * 20_000
          const run = ({ task }: { task: Task }) => (timers ? task.fireTimers(at, 10) : task.process([input(index, key, { amount }, at)]))
          const kept = run(calm)
          calm.task.apply(kept)
          seen.calm.push(...bytes(kept.outputs))
          if (abort) {
            run(shaken)
            const fresh = new MemoryStateStore()
            for (const [name, entry] of changelog) fresh.set(name, entry)
            shaken.store = fresh
            shaken.task = new Task({
              group: 'g',
              stages: [account],
              partition: 0,
              stores: new Map([['account', fresh]]),
              tables: new Map([['limits', { get: () => undefined, entries: () => [] }]]),
            })
          }
          const again = run(shaken)
          shaken.task.apply(again)
          seen.shaken.push(...bytes(again.outputs))
          changelog = new Map(shaken.store.entries())
        })
        return (
          JSON.stringify(seen.calm) === JSON.stringify(seen.shaken) &&
          JSON.stringify([...calm.store.entries()].sort()) === JSON.stringify([...shaken.store.entries()].sort())
        )
      },
    ),
  ),
)

t.test('state past its time to live is deleted; a touch puts the end off', async (t) => {
  const brief = stage({
    name: 'brief',
    state: Balance,
    ttlMs: 60_000,
    outputs: [],
    on: [from(payments, (s: Balance | undefined, r: StreamRecord<Amount>) => next({ sum: (s?.sum ?? 0) + r.value.amount, count: 0 }))],
  })
  const line = drive(brief, { at: start })
  line.pipe(payments, 'a', { amount: 1 })
  line.advance('50s')
  line.pipe(payments, 'a', { amount: 1 })
  line.restart()
  line.advance('59s')
  t.strictSame(line.state('a'), { sum: 2, count: 0 })
  line.advance('2s')
  t.equal(line.state('a'), undefined)
})

t.test('what cannot be read or has no key is a dead letter; own records and tombstones are passed over', async (t) => {
  const task = new Task({
    group: 'g',
    stages: [account, mirror],
    partition: 0,
    stores: new Map([
      ['account', new MemoryStateStore()],
      ['mirror', new MemoryStateStore()],
    ]),
    tables: new Map([['limits', { get: () => undefined, entries: () => [] }]]),
  })
  const batch = task.process([
    input(0, 'a', new Undecodable('magic byte 7'), 0),
    { ...input(1, 'a', { amount: 1 }, 0), key: null },
    { ...input(2, 'a', null, 0), topic: 'notices' },
    { ...input(3, 'a', { amount: 1 }, 0), topic: 'notices', headers: { [groupHeader]: 'g' } },
    { ...input(4, 'a', { amount: 1 }, 0), topic: 'notices', headers: { [groupHeader]: 'other' } },
  ])
  const handedOver = { [groupHeader]: 'g', ce_type: notices.value.name, ce_source: 'rekindle/account' }
  t.equal(task.isOwn('notices', handedOver), true)
  t.equal(task.isOwn('notices', { ...handedOver, ce_type: 'Deposit' }), false, 'a program that passed on the headers of what it read')
  t.equal(task.isOwn('notices', { ...handedOver, ce_source: 'team/acme' }), false, 'or all but its own name')
  t.strictSame(
    batch.deadLetters.map(({ code, stage: name }) => [code, name]),
    [
      ['E_RECORD_UNDECODABLE', 'account'],
      ['E_RECORD_KEY_MISSING', 'account'],
    ],
  )
  t.strictSame(batch.drops, [{ stage: 'mirror', reason: 'tombstone' }])
  t.strictSame([batch.processed, batch.skipped], [5, 1])
  t.strictSame(
    batch.changes.map(({ stage: name, key }) => [name, key]),
    [['mirror', 'a']],
  )
})

t.test('a task reads what others write too, and not what only its own stages write', async (t) => {
  t.strictSame(
    subscriptions([account, mirror]).map(({ name }) => name),
    ['payments', 'notices'],
  )
  t.strictSame(
    subscriptions([mirror]).map(({ name }) => name),
    ['balances', 'notices'],
  )
})

t.test('a throw in a fold, a wrong record and a dead letter from a timer are bugs that name the place', async (t) => {
  const broken = stage({
    name: 'broken',
    state: Balance,
    outputs: [balances],
    on: [
      from(payments, (_s: Balance | undefined, r: StreamRecord<Amount>) => {
        if (r.value.amount === 1) throw new RangeError('boom')
        if (r.value.amount === 2) return next({ sum: 0, count: 0 }, { emit: [emit(balances, { sum: 'x' } as never)] })
        return next({ sum: 0, count: 0 }, { timers: [timer('x').at(0)] })
      }),
    ],
    timer: () => deadLetter('E_NO'),
  })
  const line = drive(broken, { at: start })
  t.throws(() => line.pipe(payments, 'k', { amount: 1 }), /stage broken threw on payments-0@0, key k, partition 0: boom/)
  t.throws(() => line.pipe(payments, 'k', { amount: 2 }), /stage broken emitted a wrong record to balances .*sum is "x"/)
  line.pipe(payments, 'k', { amount: 3 })
  t.throws(() => line.advance('1s'), /a timer has no record to set aside/)
  t.throws(() => drive(account, { at: 'soon' }), /"soon" is not a time/)
  t.throws(() => {
    line.table(limits, 'a', undefined)
  }, /no driven stage has the table limits/)
})

t.test('older state is read with the newer schema; what cannot be read is said', async (t) => {
  const newer = schema<Balance & { note: string }>({
    type: 'record',
    name: 'Balance',
    namespace: 'bank',
    fields: [
      { name: 'sum', type: 'int' },
      { name: 'count', type: 'int' },
      { name: 'note', type: 'string', default: 'none' },
    ],
  })
  const old = stateCodec(account)
  const bytes = old.encode({ state: { sum: 1, count: 2 }, timers: { x: 5 }, expiresAt: undefined })
  const now = stateCodec(stage({ name: 'account', state: newer, outputs: [], on: [] }))
  t.throws(() => now.decode(bytes), /E_STATE_INCOMPATIBLE/)
  now.learn(old.definition.key, old.definition.value)
  t.strictSame(now.decode(bytes), { state: { sum: 1, count: 2, note: 'none' }, timers: { x: 5 }, expiresAt: undefined })
  const other = schema<{ other: string }>({
    type: 'record',
    name: 'Balance',
    namespace: 'bank',
    fields: [{ name: 'other', type: 'string' }],
  })
  const wrong = stateCodec(stage({ name: 'account', state: other, outputs: [], on: [] }))
  t.throws(() => wrong.learn(old.definition.key, old.definition.value), /E_STATE_INCOMPATIBLE/)
})

t.test('the store gives timers as a sorted list would, however they are set, moved and cancelled', (t) =>
  assertProperty(
    t,
    fc.property(
      fc.array(
        fc.tuple(
          fc.integer({ min: 0, max: 20 }),
          fc.dictionary(fc.constantFrom('x', 'y', 'z'), fc.integer({ min: 0, max: 50 })),
          fc.boolean(),
        ),
        { maxLength: 200 },
      ),
      fc.integer({ min: 0, max: 60 }),
      (changes, now) => {
        const store = new MemoryStateStore()
        const model = new Map<string, Record<string, number>>()
        for (const [id, timers, gone] of changes) {
          const key = `k${id}`
          store.set(key, gone ? undefined : { state: 0, timers: { ...timers }, expiresAt: undefined })
          if (gone) model.delete(key)
          else model.set(key, timers)
        }
        const expected = [...model]
          .flatMap(([key, timers]) => Object.entries(timers).map(([name, dueAt]) => ({ key, name, dueAt })))
          .sort((a, b) => a.dueAt - b.dueAt || (a.key < b.key ? -1 : a.key > b.key ? 1 : a.name < b.name ? -1 : 1))
        const unique = [...new Map(store.due(now, 10_000).map((d) => [`${d.key}/${d.name}`, d])).values()]
        return (
          JSON.stringify(unique) === JSON.stringify(expected.filter(({ dueAt }) => dueAt <= now)) &&
          store.nextDueAt() === expected[0]?.dueAt &&
          store.size === model.size
        )
      },
    ),
  ),
)

t.test('ids are deterministic, shaped as UUIDs, and do not collide by concatenation', async (t) => {
  t.match(deterministicId('a', 1), /^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/)
  t.equal(deterministicId('a', 'b'), deterministicId('a', 'b'))
  t.not(deterministicId('ab', 'c'), deterministicId('a', 'bc'))
  t.not(deterministicId('1'), deterministicId(1))
})

t.test('the fuse blows after so many in a row, or too large a share of a full window, and stays blown', async (t) => {
  const run = (outcomes: readonly boolean[]) => outcomes.reduce<FuseState>((state, dead) => afterRecord(state, dead), intactFuse)
  t.equal(run(Array<boolean>(49).fill(true)).blown, undefined)
  t.match(run(Array<boolean>(50).fill(true)).blown, '50 dead letters in a row')
  const every = (n: number) => Array.from({ length: defaultFuseLimits.window }, (_, i) => i % n === 0)
  t.equal(run(every(5)).blown, undefined, '200 of 1,000 is the limit')
  t.match(run(every(4)).blown, '250 dead letters among 1000')
  t.match(run([...every(4), ...Array<boolean>(5000).fill(false)]).blown, '250')
})

t.test('durations are read as people write them', async (t) => {
  t.strictSame(['250ms', '30s', '5m', '24h', '3d', '1.5h'].map(durationMs), [250, 30_000, 300_000, 86_400_000, 259_200_000, 5_400_000])
  t.throws(() => durationMs('soon'), /"soon" is not a duration/)
})

function input(offset: number, key: string, value: unknown, timestamp: number): InputRecord {
  return {
    topic: 'payments',
    partition: 0,
    offset: BigInt(offset),
    key,
    value,
    timestamp,
    headers: {},
    raw: { key: Buffer.from(key), value: null, headers: {} },
  }
}
