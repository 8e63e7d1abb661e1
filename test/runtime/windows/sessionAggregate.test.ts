import fc from 'fast-check'
import t from 'tap'
import { drive } from '../../../runtime/driver.ts'
import type { Line } from '../../../runtime/driver.ts'
import { emit, next } from '../../../runtime/outcome.ts'
import { from, stage } from '../../../runtime/stage.ts'
import type { FiredTimer, StreamRecord } from '../../../runtime/stage.ts'
import { sessionAggregate } from '../../../runtime/windows/sessionAggregate.ts'
import type { SessionState, SessionStep } from '../../../runtime/windows/sessionAggregate.ts'
import { assertProperty } from '../../support/property.ts'
import { Total, early, finals, payments, plus, present, spanOf, tooLate, zero } from './till.ts'
import type { Payment, Span, TillOutput } from './till.ts'

const together = (a: Total, b: Total): Total => ({ sum: a.sum + b.sum, count: a.count + b.count })
const declare = (gapMs: number, graceMs: number, idleMs = 1000) =>
  sessionAggregate({ name: 'till.Visits', gapMs, graceMs, idleMs, aggregate: Total, initial: zero, add: plus, merge: together })

function visits(gapMs: number, graceMs: number, idleMs = 1000) {
  const sessions = declare(gapMs, graceMs, idleMs)
  const answer = (step: SessionStep<Total>, late: Span) =>
    next<SessionState<Total>, TillOutput>(step.state, {
      timers: step.timers,
      emit: [
        ...step.replaced.map((one) => emit(early, { ...spanOf(one), sum: -one.aggregate.sum })),
        ...(step.updated === undefined ? [] : [emit(early, spanOf(step.updated))]),
        ...step.closed.map((one) => emit(finals, spanOf(one))),
        ...(step.late ? [emit(tooLate, late)] : []),
      ],
    })
  return stage({
    name: 'visits',
    state: sessions.state,
    on: [
      from(payments, (state: SessionState<Total> | undefined, record: StreamRecord<Payment>) =>
        answer(sessions.add(state, record), { start: record.timestamp, end: record.timestamp, sum: record.value.amount, count: 1 }),
      ),
    ],
    timer: (state: SessionState<Total>, fired: FiredTimer) => answer(sessions.fire(state, fired), { start: 0, end: 0, sum: 0, count: 0 }),
    outputs: [finals, early, tooLate],
  })
}
const pay = (line: Line, timestamp: number, amount: number, key = 'k') => {
  line.pipe(payments, key, { amount }, { timestamp })
}
const brief = (spans: readonly Span[]) => spans.map(({ start, end, sum }) => [start, end, sum])

t.test('records a gap apart are one session, a ms more and they are two', async (t) => {
  const line = drive(visits(10, 0), { at: 0 })
  pay(line, 0, 1)
  pay(line, 10, 2)
  pay(line, 21, 4)
  t.strictSame(brief(line.outputs(finals)), [[0, 10, 3]])
  t.strictSame((line.state('k') as SessionState<Total>).sessions, [{ start: 21, end: 21, aggregate: { sum: 4, count: 1 } }])
})

t.test('a session is final once nothing within the grace can join it: at end, gap and grace it is still open', async (t) => {
  const line = drive(visits(10, 5), { at: 0 })
  pay(line, 0, 1)
  pay(line, 15, 2)
  pay(line, 10, 4)
  t.strictSame(line.outputs(finals), [], 'the record at 10 was 5 late and joins both')
  pay(line, 31, 8)
  t.strictSame(brief(line.outputs(finals)), [[0, 15, 7]], '15 + 10 + 5 is behind 31')
  pay(line, 25, 16)
  t.strictSame(brief(line.outputs(tooLate)), [[25, 25, 16]])
  pay(line, 26, 32)
  t.strictSame(brief(line.outputs(early)).at(-1), [26, 31, 40], '5 late is in time')
})

t.test('a record between two sessions makes them one, and says which early results it replaces', async (t) => {
  const line = drive(visits(10, 50), { at: 0 })
  pay(line, 0, 1)
  pay(line, 20, 2)
  pay(line, 10, 4)
  t.strictSame(brief(line.outputs(early)), [
    [0, 0, 1],
    [20, 20, 2],
    [0, 0, -1],
    [20, 20, -2],
    [0, 20, 7],
  ])
})

t.test('a late record does not open a session beside a final one, where Kafka Streams would', async (t) => {
  const line = drive(visits(10, 0), { at: 0 })
  pay(line, 0, 1)
  pay(line, 11, 2)
  // Its own session would be open until 18, and lies within the gap of the final one.
  pay(line, 7, 4)
  t.strictSame(brief(line.outputs(finals)), [[0, 0, 1]])
  t.strictSame(brief(line.outputs(tooLate)), [[7, 7, 4]])
})

t.test('a visitor who falls silent leaves after gap, grace and the time of silence', async (t) => {
  const line = drive(visits(10, 5, 20), { at: 0 })
  pay(line, 0, 1)
  line.advance('35ms')
  t.strictSame(line.outputs(finals), [])
  line.restart()
  line.advance('1ms')
  t.strictSame(brief(line.outputs(finals)), [[0, 0, 1]], '0 + 10 + 5 + 1, and 20 of silence')
  pay(line, 10, 2)
  t.strictSame(brief(line.outputs(tooLate)), [[10, 10, 2]], 'it would have belonged to the final session')
  pay(line, 11, 4)
  line.advance('1s')
  t.strictSame(brief(line.outputs(finals)), [
    [0, 0, 1],
    [11, 11, 4],
  ])
})

t.test('a watermark that is given closes in both folds; a timer of another name and late records change nothing', async (t) => {
  const sessions = declare(10, 0, 20)
  const name = sessions.timerName
  const one = sessions.add(null, { value: { amount: 1 }, timestamp: 0 }, 0)
  const two = sessions.add(one.state, { value: { amount: 2 }, timestamp: 500 }, 10)
  t.strictSame([two.closed, two.late], [[], false], 'the key is at 500, its inputs are at 10')
  const three = sessions.fire(present(two.state), { name, dueAt: 11, firedAt: 11 }, 11)
  t.strictSame([three.closed, three.timers], [[{ start: 0, end: 0, aggregate: { sum: 1, count: 1 } }], [{ name, dueAt: 511 }]])
  const four = sessions.add(three.state, { value: { amount: 4 }, timestamp: 20 }, 600)
  t.strictSame([four.late, four.closed.length, four.timers], [true, 1, [{ name, dueAt: undefined }]])
  t.equal(sessions.add(four.state, { value: { amount: 4 }, timestamp: 20 }).state, four.state)
  t.strictSame(sessions.add(null, { value: { amount: 4 }, timestamp: 20 }, 600).state, undefined)
  t.equal(sessions.fire(present(two.state), { name: 'other', dueAt: 11, firedAt: 11 }).state, two.state)
})

t.test('declarations that make no sessions are refused', async (t) => {
  t.throws(() => declare(0, 0), /the gap of a session is 0 ms/)
  t.throws(() => declare(1, -1), /the grace of a session is -1 ms/)
  t.throws(() => declare(1, 0, 0.5), /idleMs is 0.5 ms/)
})

/** Runs of timestamps with at most the gap between neighbours. */
function sessionsOf(records: readonly { timestamp: number; amount: number }[], gapMs: number): (readonly [number, number, number])[] {
  const runs: [number, number, number][] = []
  for (const { timestamp, amount } of [...records].sort((a, b) => a.timestamp - b.timestamp)) {
    const last = runs.at(-1)
    if (last === undefined || timestamp > last[1] + gapMs) runs.push([timestamp, timestamp, amount])
    else {
      last[1] = timestamp
      last[2] += amount
    }
  }
  return runs
}

const record = fc.record({ timestamp: fc.integer({ min: -100, max: 300 }), amount: fc.integer({ min: 1, max: 1000 }) })

t.test('any order within the grace gives the sessions of the sorted records', (t) =>
  assertProperty(
    t,
    fc.property(
      fc.integer({ min: 1, max: 20 }),
      fc.integer({ min: 0, max: 60 }),
      fc.array(fc.tuple(record, fc.double({ min: 0, max: 1, noNaN: true }), fc.boolean()), { maxLength: 50 }),
      (gapMs, graceMs, drawn) => {
        const line = drive(visits(gapMs, graceMs), { at: -100 })
        // Each arrives up to graceMs after its time, so none is read more than that behind another.
        const arriving = drawn
          .map(([one, share, restart]) => ({ ...one, restart, arrives: one.timestamp + Math.floor(share * graceMs) }))
          .sort((a, b) => a.arrives - b.arrives)
        for (const one of arriving) {
          pay(line, one.timestamp, one.amount)
          if (one.restart) line.restart()
        }
        line.advance('10s')
        return (
          line.outputs(tooLate).length === 0 && JSON.stringify(brief(line.outputs(finals))) === JSON.stringify(sessionsOf(arriving, gapMs))
        )
      },
    ),
    { numRuns: 300 },
  ),
)

t.test('whatever comes, at whatever times, final sessions are those of the records that were not late', (t) =>
  assertProperty(
    t,
    fc.property(
      fc.integer({ min: 1, max: 20 }),
      fc.integer({ min: 0, max: 30 }),
      fc.array(fc.oneof({ weight: 4, arbitrary: record }, { weight: 1, arbitrary: fc.constantFrom('restart', '3ms', '40ms', '1s') }), {
        maxLength: 60,
      }),
      (gapMs, graceMs, steps) => {
        const line = drive(visits(gapMs, graceMs, 10), { at: -100 })
        const taken: { timestamp: number; amount: number }[] = []
        for (const step of steps) {
          if (step === 'restart') line.restart()
          else if (typeof step === 'string') line.advance(step)
          else {
            const before = line.outputs(tooLate).length
            pay(line, step.timestamp, step.amount)
            if (line.outputs(tooLate).length === before) taken.push(step)
          }
        }
        line.advance('10s')
        const closed = brief(line.outputs(finals)).sort(([a = 0], [b = 0]) => a - b)
        return JSON.stringify(closed) === JSON.stringify(sessionsOf(taken, gapMs))
      },
    ),
    { numRuns: 300 },
  ),
)
