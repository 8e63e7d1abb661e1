import fc from 'fast-check'
import t from 'tap'
import { drive } from '../../../runtime/driver.ts'
import type { Line } from '../../../runtime/driver.ts'
import { schema } from '../../../runtime/schema.ts'
import type { AnyStage } from '../../../runtime/stage.ts'
import { beginningOfTime } from '../../../runtime/windows/partitionWatermark.ts'
import { hopping, tumbling } from '../../../runtime/windows/timeWindows.ts'
import type { TimeWindows } from '../../../runtime/windows/timeWindows.ts'
import { windowAggregate } from '../../../runtime/windows/windowAggregate.ts'
import { assertProperty } from '../../support/property.ts'
import { Total, early, finals, payments, plus, present, till, tooLate, zero } from './till.ts'
import type { Span } from './till.ts'

const minute = tumbling(60, 10)
const pay = (line: Line, timestamp: number, amount: number, key = 'k') => {
  line.pipe(payments, key, { amount }, { timestamp })
}
const brief = (spans: readonly Span[]) => spans.map(({ start, sum, count }) => [start, sum, count])

t.test('a window is final when the key is read to its end and grace, and not one ms before', async (t) => {
  const line = drive(till(minute, 1000), { at: 0 })
  pay(line, 5, 1)
  pay(line, 59, 2)
  pay(line, 60, 4)
  pay(line, 69, 8)
  t.strictSame(line.outputs(finals), [])
  pay(line, 59, 16)
  pay(line, 70, 32)
  t.strictSame(line.outputs(finals), [{ start: 0, end: 60, sum: 19, count: 3 }], 'the record at 59 came within the grace')
  pay(line, 59, 64)
  t.strictSame(brief(line.outputs(finals)), [[0, 19, 3]])
  t.strictSame(line.outputs(tooLate), [{ start: 0, end: 60, sum: 64, count: 1 }])
})

t.test('early results follow each record', async (t) => {
  const line = drive(till(minute, 1000), { at: 0 })
  pay(line, 5, 1)
  pay(line, 6, 2)
  pay(line, 60, 4)
  t.strictSame(brief(line.outputs(early)), [
    [0, 1, 1],
    [0, 3, 2],
    [60, 4, 1],
  ])
})

t.test('a record may be late for one hopping window and in time for another', async (t) => {
  const line = drive(till(hopping(60, 30, 0), 1000), { at: 0 })
  pay(line, 61, 1)
  pay(line, 40, 2)
  t.strictSame(brief(line.outputs(tooLate)), [[0, 2, 1]])
  t.strictSame(brief(line.outputs(early)), [
    [30, 1, 1],
    [60, 1, 1],
    [30, 3, 2],
  ])
})

t.test('windows before 1970 close like others', async (t) => {
  const line = drive(till(minute, 1000), { at: -100 })
  pay(line, -1, 1)
  pay(line, 9, 2)
  t.strictSame(line.outputs(finals), [])
  pay(line, 10, 4)
  t.strictSame(brief(line.outputs(finals)), [[-60, 1, 1]])
})

t.test('a key that falls silent closes its window idleMs after end and grace; other keys have no say in it', async (t) => {
  const line = drive(till(minute, 30), { at: 0 })
  pay(line, 0, 1)
  pay(line, 1000, 1, 'another')
  line.advance('99ms')
  line.restart()
  t.strictSame(line.records(finals), [])
  line.advance('1ms')
  t.strictSame(
    line.records(finals).map(({ key, value, timestamp }) => [key, value.start, timestamp]),
    [['k', 0, 100]],
    '60 of size, 10 of grace, 30 of silence',
  )
  t.strictSame(line.timers('k'), {})
  pay(line, 30, 2)
  t.strictSame(brief(line.outputs(tooLate)), [[0, 2, 1]], 'closed stays closed')
})

t.test('a key that is not silent is closed by its records only, however old they are', async (t) => {
  const line = drive(till(minute, 30), { at: 1_000_000 })
  // A backlog: event time is far behind the clock, a record comes every 20 ms.
  for (let n = 0; n < 9; n++) {
    pay(line, n * 10, 1)
    line.advance('20ms')
  }
  t.strictSame(line.outputs(tooLate), [])
  t.strictSame(brief(line.outputs(finals)), [[0, 6, 6]], 'by the record at 70')
  line.advance('1s')
  t.strictSame(brief(line.outputs(finals)), [
    [0, 6, 6],
    [60, 3, 3],
  ])
})

t.test('silence closes only what was open: an old window that never was is still taken', async (t) => {
  const line = drive(till(minute, 30), { at: 1_000_000 })
  pay(line, 0, 1)
  line.advance('1s')
  pay(line, 500, 2)
  line.advance('1s')
  t.strictSame(brief(line.outputs(finals)), [
    [0, 1, 1],
    [480, 2, 1],
  ])
})

t.test('a timer that fires after a standstill does not pass for silence', async (t) => {
  const totals = windowAggregate({ name: 'till.Totals', windows: minute, idleMs: 30, aggregate: Total, initial: zero, add: plus })
  const name = totals.timerName
  const open = totals.add(undefined, { value: { amount: 1 }, timestamp: 0 })
  t.strictSame(open.timers, [{ name: 'Totals', dueAt: 70 }])
  const watched = totals.fire(present(open.state), { name, dueAt: 70, firedAt: 70 })
  t.strictSame([watched.closed, watched.timers], [[], [{ name, dueAt: 100 }]])
  const down = totals.fire(present(watched.state), { name, dueAt: 100, firedAt: 131 })
  t.strictSame([down.closed, down.timers], [[], [{ name, dueAt: 161 }]], 'its input may lie unread')
  const silent = totals.fire(present(down.state), { name, dueAt: 161, firedAt: 191 })
  t.strictSame(silent.closed, [{ start: 0, end: 60, aggregate: { sum: 1, count: 1 } }])
  t.strictSame(silent.timers, [])
})

t.test('reading a backlog does not set a timer per record', async (t) => {
  const totals = windowAggregate({ name: 'till.Totals', windows: minute, idleMs: 30, aggregate: Total, initial: zero, add: plus })
  const now = 1_000_000
  const first = totals.add(null, { value: { amount: 1 }, timestamp: 0 })
  let state = totals.fire(present(first.state), { name: totals.timerName, dueAt: 70, firedAt: now }).state
  const set = []
  for (let timestamp = 60; timestamp < 6000; timestamp += 60) {
    const step = totals.add(state, { value: { amount: 1 }, timestamp })
    set.push(...step.timers)
    state = step.state
  }
  t.strictSame(set, [], 'each record closed a window and opened one, and the timer stayed')
  t.strictSame(state?.timer, { at: now + 30, quiet: false })
})

t.test('a watermark that is given closes instead of the record, in both folds', async (t) => {
  const totals = windowAggregate({ name: 'till.Totals', windows: minute, idleMs: 30, aggregate: Total, initial: zero, add: plus })
  const name = totals.timerName
  const one = totals.add(null, { value: { amount: 1 }, timestamp: 0 }, -5)
  const two = totals.add(one.state, { value: { amount: 1 }, timestamp: 500 }, 69)
  t.strictSame(two.closed, [], 'another input may still have records of the first window')
  const three = totals.fire(present(two.state), { name, dueAt: 70, firedAt: 70 }, 70)
  t.strictSame(three.closed, [{ start: 0, end: 60, aggregate: { sum: 1, count: 1 } }])
  const four = totals.add(three.state, { value: { amount: 1 }, timestamp: 100 }, 550)
  t.strictSame([four.late, four.updated], [[{ start: 60, end: 120 }], []])
  t.strictSame(four.closed, [{ start: 480, end: 540, aggregate: { sum: 1, count: 1 } }])
  t.strictSame(four.timers, [{ name, dueAt: undefined }], 'nothing is open')
  const late = totals.add(four.state, { value: { amount: 1 }, timestamp: 100 }, 550)
  t.equal(late.state, four.state, 'a late record leaves the state as it was')
  t.strictSame(totals.add(null, { value: { amount: 1 }, timestamp: 0 }, 70).state, undefined, 'and makes none')
})

t.test('while nothing is known of the other inputs nothing closes and nothing is late', async (t) => {
  const totals = windowAggregate({ name: 'till.Totals', windows: minute, idleMs: 30, aggregate: Total, initial: zero, add: plus })
  const one = totals.add(null, { value: { amount: 1 }, timestamp: 5000 }, beginningOfTime)
  const state = totals.state.decode(totals.state.encode(present(one.state)))
  const two = totals.add(state, { value: { amount: 1 }, timestamp: 0 }, beginningOfTime)
  t.strictSame([two.late, two.closed, two.state?.windows.length], [[], [], 2])
})

t.test('a timer of another name changes nothing', async (t) => {
  const totals = windowAggregate({ name: 'till.Totals', windows: minute, idleMs: 30, aggregate: Total, initial: zero, add: plus })
  const state = present(totals.add(null, { value: { amount: 1 }, timestamp: 0 }).state)
  t.strictSame(totals.fire(state, { name: 'other', dueAt: 1e6, firedAt: 1e6 }), { state, updated: [], closed: [], late: [], timers: [] })
  t.throws(() => windowAggregate({ name: 'x', windows: minute, idleMs: 0, aggregate: Total, initial: zero, add: plus }), /idleMs is 0 ms/)
})

t.test('the aggregate may get a field: windows that are open in the state are read with it', async (t) => {
  const wider = schema<Total & { note: string }>({
    type: 'record',
    name: 'till.Total',
    fields: [
      { name: 'sum', type: 'int' },
      { name: 'count', type: 'int' },
      { name: 'note', type: 'string', default: 'none' },
    ],
  })
  const options = { name: 'till.Totals', windows: minute, idleMs: 30 }
  const old = windowAggregate({ ...options, aggregate: Total, initial: zero, add: plus })
  const now = windowAggregate({ ...options, aggregate: wider, initial: { ...zero, note: '' }, add: (total) => total })
  const state = present(old.add(null, { value: { amount: 3 }, timestamp: 0 }).state)
  t.strictSame(now.state.reader(old.state.definition)(old.state.encode(state)).windows, [
    { start: 0, end: 60, aggregate: { sum: 3, count: 1, note: 'none' } },
  ])
})

const anyWindows: fc.Arbitrary<TimeWindows> = fc
  .tuple(fc.integer({ min: 1, max: 30 }), fc.integer({ min: 0, max: 20 }))
  .chain(([size, grace]) => fc.integer({ min: 1, max: size }).map((advance) => hopping(size, advance, grace)))
const anyPayment = fc.record({
  kind: fc.constant('pay' as const),
  key: fc.constantFrom('a', 'b'),
  timestamp: fc.integer({ min: -100, max: 100 }),
  amount: fc.integer({ min: 1, max: 1000 }),
})
const anyStep = fc.oneof(
  { weight: 6, arbitrary: anyPayment },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('advance' as const), ms: fc.integer({ min: 1, max: 60 }) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('restart' as const) }) },
)
type Step = typeof anyStep extends fc.Arbitrary<infer S> ? S : never

function run(windows: TimeWindows, steps: readonly Step[], restarts = true): Line {
  const line = drive(till(windows, 15) as AnyStage, { at: -100 })
  for (const step of steps) {
    if (step.kind === 'pay') pay(line, step.timestamp, step.amount, step.key)
    else if (step.kind === 'advance') line.advance(`${step.ms}ms`)
    else if (restarts) line.restart()
  }
  return line
}
const sum = (spans: readonly Span[]) => spans.reduce((total, one) => total + one.sum, 0)

t.test('each window is final once and nothing is lost: what is not in a final result was answered as late', (t) =>
  assertProperty(
    t,
    fc.property(anyWindows, fc.array(anyStep, { maxLength: 60 }), (windows, steps) => {
      const line = run(windows, steps)
      line.advance('10s')
      const closed = line.records(finals).map(({ key, value }) => `${key} ${value.start}`)
      const paid = steps.reduce((total, step) => total + (step.kind === 'pay' ? step.amount * windows.assign(step.timestamp).length : 0), 0)
      return (
        new Set(closed).size === closed.length &&
        sum(line.outputs(finals)) + sum(line.outputs(tooLate)) === paid &&
        ['a', 'b'].every((key) => Object.keys(line.timers(key)).length === 0)
      )
    }),
    { numRuns: 300 },
  ),
)

t.test('restarts anywhere change no output', (t) =>
  assertProperty(
    t,
    fc.property(anyWindows, fc.array(anyStep, { maxLength: 60 }), (windows, steps) => {
      const [with_, without] = [run(windows, steps), run(windows, steps, false)]
      const all = (line: Line) => JSON.stringify([finals, early, tooLate].map((topic) => line.records(topic)))
      return all(with_) === all(without)
    }),
  ),
)

t.test('without timers a key gets what a list of its records gives', (t) =>
  assertProperty(
    t,
    fc.property(anyWindows, fc.array(anyPayment, { maxLength: 60 }), (windows, steps) => {
      const line = run(windows, steps)
      const expected: unknown[] = []
      for (const key of ['a', 'b']) {
        const read: { timestamp: number; amount: number }[] = []
        const totals = new Map<number, number>()
        for (const { timestamp, amount } of steps.filter((step) => step.key === key)) {
          read.push({ timestamp, amount })
          const latest = Math.max(...read.map((one) => one.timestamp))
          const closed = (start: number) => start + windows.sizeMs + windows.graceMs <= latest
          for (let start = -200 * windows.advanceMs; start <= timestamp; start += windows.advanceMs)
            if (timestamp < start + windows.sizeMs && !closed(start)) totals.set(start, (totals.get(start) ?? 0) + amount)
          for (const [start, total] of [...totals].sort(([a], [b]) => a - b))
            if (closed(start)) {
              expected.push([key, start, total])
              totals.delete(start)
            }
        }
      }
      const got = ['a', 'b'].flatMap((name) =>
        line.records(finals).flatMap(({ key, value }) => (key === name ? [[key, value.start, value.sum]] : [])),
      )
      return JSON.stringify(got) === JSON.stringify(expected)
    }),
    { numRuns: 300 },
  ),
)

t.test('in a live stream a window is final at most twice idleMs after its end and grace', (t) =>
  assertProperty(
    t,
    fc.property(
      anyWindows,
      fc.integer({ min: 1, max: 40 }),
      fc.array(fc.integer({ min: 0, max: 80 }), { minLength: 1, maxLength: 40 }),
      (windows, idleMs, waits) => {
        const line = drive(till(windows, idleMs), { at: 0 })
        for (const wait of waits) {
          line.advance(`${wait}ms`)
          pay(line, line.now, 1)
        }
        line.advance('10s')
        const opened = new Set(
          waits.map((_, n) => waits.slice(0, n + 1).reduce((a, b) => a + b)).flatMap((at) => windows.assign(at).map((one) => one.start)),
        )
        const results = line.records(finals)
        return (
          results.length === opened.size &&
          line.outputs(tooLate).length === 0 &&
          results.every(({ value, timestamp }) => {
            const closes = value.end + windows.graceMs
            return closes <= timestamp && timestamp <= closes + 2 * idleMs
          })
        )
      },
    ),
    { numRuns: 300 },
  ),
)
