import fc from 'fast-check'
import t from 'tap'
import { afterSuccess, defaultRetryLimits, fullBudget, retryFlaw, takeRetry } from '../../runtime/retryBudget.ts'
import type { RetryLimits } from '../../runtime/retryBudget.ts'
import { assertProperty } from '../support/property.ts'

const limits: RetryLimits = { share: 0.2, perSecond: 2, most: 3 }

t.test('a full bucket gives what it holds; then the floor drips, and five successes pay for one retry', async (t) => {
  let budget = fullBudget(0, limits)
  const take = (now: number) => {
    const taken = takeRetry(budget, now, limits)
    budget = taken.budget
    return taken.granted
  }
  t.strictSame([take(0), take(0), take(0), take(0)], [true, true, true, false])
  t.strictSame([take(499), take(500), take(500)], [false, true, false], 'two a second')
  for (let n = 0; n < 4; n += 1) budget = afterSuccess(budget, 500, limits)
  t.equal(take(500), false, '0.8 of a token')
  budget = afterSuccess(budget, 500, limits)
  t.strictSame([take(500), take(500)], [true, false])
  t.equal(takeRetry(budget, 600, limits).waitMs, 400)
  t.strictSame([take(3_600_000), take(3_600_000), take(3_600_000), take(3_600_000)], [true, true, true, false], 'never more than it holds')
  t.equal(take(0), false, 'a clock that goes back gives nothing')
})

const events = fc.array(
  fc.record({ wait: fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 3_000 })), what: fc.constantFrom('success', 'retry', 'retry') }),
  { maxLength: 200 },
)
const someLimits = fc.record<RetryLimits>({
  share: fc.constantFrom(0, 0.1, 0.2, 0.5, 1),
  perSecond: fc.integer({ min: 1, max: 20 }),
  most: fc.integer({ min: 1, max: 30 }),
})

t.test('in any stretch of time, retries are at most the share of its successes, the floor, and what the bucket held', (t) =>
  assertProperty(
    t,
    fc.property(someLimits, events, (some, script) => {
      let now = 0
      let budget = fullBudget(0, some)
      const told = script.map(({ wait, what }) => {
        now += wait
        if (what === 'success') {
          budget = afterSuccess(budget, now, some)
          return { now, success: true, granted: false }
        }
        const taken = takeRetry(budget, now, some)
        budget = taken.budget
        return { now, success: false, granted: taken.granted }
      })
      for (let from = 0; from < told.length; from += 1) {
        let [successes, retries] = [0, 0]
        for (const { now: at, success, granted } of told.slice(from)) {
          successes += success ? 1 : 0
          retries += granted ? 1 : 0
          // In thousandths, so that the bound is exact.
          const bound = some.most * 1_000 + successes * some.share * 1_000 + (at - (told[from]?.now ?? 0)) * some.perSecond
          if (retries * 1_000 > bound) return false
        }
      }
      return true
    }),
    { numRuns: 300 },
  ),
)

t.test('a refused retry is granted after the wait that was named, and not a millisecond before', (t) =>
  assertProperty(
    t,
    fc.property(someLimits, events, (some, script) => {
      let now = 0
      let budget = fullBudget(0, some)
      for (const { wait, what } of script) {
        now += wait
        if (what === 'success') {
          budget = afterSuccess(budget, now, some)
          continue
        }
        const taken = takeRetry(budget, now, some)
        budget = taken.budget
        if (taken.granted) continue
        if (takeRetry(budget, now + taken.waitMs - 1, some).granted || !takeRetry(budget, now + taken.waitMs, some).granted) return false
      }
      return true
    }),
  ),
)

t.test('limits that cannot work are named', async (t) => {
  t.equal(retryFlaw(defaultRetryLimits), undefined)
  t.match(retryFlaw({ ...limits, share: -1 }), /share/)
  t.match(retryFlaw({ ...limits, perSecond: 0 }), /perSecond/)
  t.match(retryFlaw({ ...limits, most: 0 }), /most/)
})
