import fc from 'fast-check'
import t from 'tap'
import { admit, afterCall, afterTime, breakerFlaw, closedBreaker, defaultBreakerLimits } from '../../runtime/circuitBreaker.ts'
import type { BreakerLimits, BreakerState, CallOutcome, CallPermit } from '../../runtime/circuitBreaker.ts'
import { assertProperty } from '../support/property.ts'

const limits: BreakerLimits = {
  inARow: 3,
  failureShare: 0.5,
  window: 8,
  maxAgeMs: 1_000,
  leastCalls: 4,
  openMs: { first: 100, most: 350 },
  jitter: 0.5,
  trials: 2,
  successes: 3,
}

function begin(before: BreakerState, now: number, some = limits): [BreakerState, CallPermit] {
  const { state, permit } = admit(before, now, some)
  if (permit === undefined) throw new Error(`no call at ${now} while ${state.kind}`)
  return [state, permit]
}
/** One call after the other, each at its time. */
function calls(state: BreakerState, outcomes: readonly [CallOutcome, number][], some = limits): BreakerState {
  for (const [outcome, now] of outcomes) {
    const [begun, permit] = begin(state, now, some)
    state = afterCall(begun, permit, outcome, now, 0, some)
  }
  return state
}
const F = (at: number): [CallOutcome, number] => ['failure', at]
const S = (at: number): [CallOutcome, number] => ['success', at]

t.test('it opens after failures in a row, or when half of enough calls failed, and not before', async (t) => {
  t.equal(calls(closedBreaker, [F(1), F(2)]).kind, 'closed')
  t.match(calls(closedBreaker, [F(1), F(2), F(3)]), { kind: 'open', until: 103 })
  t.equal(calls(closedBreaker, [F(1), F(2), S(3)]).kind, 'closed', 'three calls are too few for a share')
  t.equal(calls(closedBreaker, [F(1), F(2), S(3), F(4)]).kind, 'open', '3 of 4 failed')
  t.equal(calls(closedBreaker, [F(1), S(2), S(3), F(4)]).kind, 'open', '2 of 4 are half')
  t.equal(calls(closedBreaker, [F(1), S(2), S(3), S(4), F(5)]).kind, 'closed', '2 of 5 are less')
  t.equal(calls(closedBreaker, [F(1), S(2), S(3), F(1_002)]).kind, 'closed', 'what failed 1,001 ms ago is forgotten')
  t.equal(calls(closedBreaker, [S(1), F(2), S(3), F(4)], { ...limits, failureShare: 0.6 }).kind, 'closed')
  const healthy = Array.from({ length: 1_000 }, (_, at) => S(at))
  t.equal(calls(closedBreaker, [...healthy, F(1_000), F(1_000), F(1_000)]).kind, 'open', 'however well it was before')
})

t.test('P-47: it stays open for its time, lets trials through, and closes after enough of them', async (t) => {
  const open = calls(closedBreaker, [F(0), F(0), F(0)])
  t.equal(admit(open, 99, limits).permit, undefined)
  const [one, first] = begin(open, 100)
  const [two, second] = begin(one, 100)
  t.equal(admit(two, 100, limits).permit, undefined, 'two trials at once')
  const [three, third] = begin(afterCall(two, first, 'success', 101, 0, limits), 101)
  const almost = afterCall(afterCall(three, second, 'success', 102, 0, limits), third, 'given-up', 103, 0, limits)
  t.match(almost, { kind: 'half-open', succeeded: 2, running: 0 }, 'a call that was given up says nothing')
  const [last, fourth] = begin(almost, 104)
  t.match(afterCall(last, fourth, 'success', 105, 0, limits), { kind: 'closed', calls: [], failedInARow: 0 })
})

t.test('each failed trial doubles the open time up to its most; jitter lengthens it; a closing forgets it', async (t) => {
  let state = calls(closedBreaker, [F(0), F(0), F(0)])
  const lengths: number[] = []
  for (let round = 0; round < 4; round += 1) {
    if (state.kind !== 'open') throw new Error(state.kind)
    const now = state.until
    const [half, permit] = begin(state, now)
    state = afterCall(half, permit, 'failure', now, 1, limits)
    if (state.kind === 'open') lengths.push(state.until - now)
  }
  t.strictSame(lengths, [300, 525, 525, 525], '1.5 times 200, 350, 350, 350')
  if (state.kind !== 'open') throw new Error(state.kind)
  const { until } = state
  const well = calls(state, [S(until), S(until), S(until)])
  t.match(calls(well, [F(until), F(until), F(until)]), { kind: 'open', until: until + 100 })
})

t.test('a call that began before the last change of state changes nothing', async (t) => {
  const [begun, late] = begin(closedBreaker, 0)
  const open = calls(begun, [F(0), F(0), F(0)])
  for (const outcome of ['success', 'failure', 'given-up'] as const) {
    t.strictSame(afterCall(open, late, outcome, 50, 0, limits), open)
    t.strictSame(afterCall(open, late, outcome, 100, 0, limits), afterTime(open, 100))
  }
})

const someLimits = fc
  .record({
    inARow: fc.integer({ min: 1, max: 5 }),
    failureShare: fc.constantFrom(0.25, 0.5, 1),
    window: fc.integer({ min: 4, max: 10 }),
    maxAgeMs: fc.integer({ min: 5, max: 200 }),
    leastCalls: fc.integer({ min: 1, max: 4 }),
    first: fc.integer({ min: 1, max: 50 }),
    more: fc.integer({ min: 0, max: 200 }),
    jitter: fc.constantFrom(0, 0.25, 1),
    trials: fc.integer({ min: 1, max: 3 }),
    successes: fc.integer({ min: 1, max: 4 }),
  })
  .map(({ first, more, ...rest }): BreakerLimits => ({ ...rest, openMs: { first, most: first + more } }))
const steps = fc.array(
  fc.record({
    wait: fc.integer({ min: 0, max: 60 }),
    /** Begin a call, or end one of those under way. */
    end: fc.option(fc.record({ which: fc.nat(), outcome: fc.constantFrom<CallOutcome>('success', 'failure', 'failure', 'given-up') })),
    jitter: fc.constantFrom(0, 0.5, 1),
  }),
  { maxLength: 150 },
)

t.test('whatever the calls do: closed until the rule says so, none while open, bounded trials, bounded open time', (t) =>
  assertProperty(
    t,
    fc.property(someLimits, steps, (some, script) => {
      let now = 0
      let state: BreakerState = closedBreaker
      let underWay: CallPermit[] = []
      // The model keeps every outcome of the present closed time and counts by the words of the rule.
      let known: { at: number; failed: boolean }[] = []
      let openings = 0
      for (const { wait, end, jitter } of script) {
        now += wait
        const before: BreakerState = afterTime(state, now)
        if (end === null) {
          const { state: after, permit } = admit(state, now, some)
          const trials = underWay.filter(({ epoch }) => epoch === before.epoch).length
          const expected = before.kind === 'closed' || (before.kind === 'half-open' && trials < some.trials)
          if ((permit !== undefined) !== expected) return false
          if (before.kind === 'open' && now >= before.until) return false
          state = after
          if (permit !== undefined) underWay.push(permit)
          continue
        }
        const permit = underWay[end.which % Math.max(1, underWay.length)]
        if (permit === undefined) continue
        underWay = underWay.filter((one) => one !== permit)
        state = afterCall(state, permit, end.outcome, now, jitter, some)
        if (permit.epoch !== before.epoch) {
          if (state.kind !== before.kind || state.epoch !== before.epoch) return false
          continue
        }
        const failed = end.outcome === 'failure'
        if (before.kind === 'closed' && end.outcome !== 'given-up') {
          known.push({ at: now, failed })
          const row = known.slice(-some.inARow)
          const recent = known.slice(-some.window).filter(({ at }) => now - at <= some.maxAgeMs)
          const share = recent.filter((one) => one.failed).length / recent.length
          const due =
            failed &&
            ((row.length === some.inARow && row.every((one) => one.failed)) ||
              (recent.length >= some.leastCalls && share >= some.failureShare))
          if ((state.kind === 'open') !== due) return false
        }
        if (before.kind === 'half-open' && failed !== (state.kind === 'open')) return false
        if (state.kind === 'open') {
          openings += 1
          known = []
          const base = Math.min(some.openMs.first * 2 ** (openings - 1), some.openMs.most)
          if (state.until - now < base || state.until - now > Math.ceil(base * (1 + some.jitter))) return false
        } else if (state.kind === 'closed' && before.kind === 'half-open') openings = 0
      }
      return true
    }),
    { numRuns: 500 },
  ),
)

t.test('from wherever it stands, it closes once the outside answers again', (t) =>
  assertProperty(
    t,
    fc.property(someLimits, steps, (some, script) => {
      let now = 0
      let state: BreakerState = closedBreaker
      let underWay: CallPermit[] = []
      for (const { wait, end, jitter } of script) {
        now += wait
        const permit = end === null ? undefined : underWay[end.which % Math.max(1, underWay.length)]
        if (end === null) {
          const asked = admit(state, now, some)
          state = asked.state
          if (asked.permit !== undefined) underWay.push(asked.permit)
        } else if (permit !== undefined) {
          underWay = underWay.filter((one) => one !== permit)
          state = afterCall(state, permit, end.outcome, now, jitter, some)
        }
      }
      // Every call has a deadline: what is under way ends, and what comes then succeeds.
      for (const permit of underWay) state = afterCall(state, permit, 'given-up', now, 0, some)
      now += some.openMs.most * 2 + 1
      for (let n = 0; n < some.successes; n += 1) state = calls(state, [S(now)], some)
      return state.kind === 'closed'
    }),
    { numRuns: 300 },
  ),
)

t.test('limits that cannot work are named', async (t) => {
  t.equal(breakerFlaw(defaultBreakerLimits), undefined)
  const cases: [Partial<BreakerLimits>, RegExp][] = [
    [{ trials: 0 }, /trials/],
    [{ successes: 1.5 }, /successes/],
    [{ failureShare: 0 }, /failureShare/],
    [{ leastCalls: 51 }, /leastCalls/],
    [{ maxAgeMs: 0 }, /maxAgeMs/],
    [{ openMs: { first: 10, most: 5 } }, /openMs/],
    [{ jitter: -1 }, /jitter/],
  ]
  for (const [change, means] of cases) t.match(breakerFlaw({ ...defaultBreakerLimits, ...change }), means)
})
