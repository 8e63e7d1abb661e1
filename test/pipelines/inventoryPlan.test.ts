/** An inventory goes on from where it stands, within its calls, past what breaks, and from the beginning again. */
import fc from 'fast-check'
import t from 'tap'
import {
  MOST_SUSPECTS,
  afterFailure,
  afterLead,
  afterTurn,
  dueInventory,
  inventoryDefaults,
  limitsOf,
  mayBegin,
} from '../../pipelines/reconcile/inventoryPlan.ts'
import type { InventoryLimits, InventoryState } from '../../pipelines/reconcile/inventoryPlan.ts'
import { inventoryWords } from '../../pipelines/reconcile/inventoryWords.ts'
import { assertProperty } from '../support/property.ts'

const minute = 60_000
const hour = 60 * minute
const noon = Date.UTC(2026, 10, 10, 12)
const limits: InventoryLimits = { ...inventoryDefaults, callsPerHour: 60 }
const read = (calls: number, leadKey = 'l') => ({ leadKey, calls, read: calls, missed: 0, unclear: 0, suspected: [], cleared: [] })
const failed = (isOfLead: boolean, leadKey = 'l') => ({ leadKey, calls: 1, detail: 'no answer', isOfLead })

function due(known: InventoryState | undefined, now: number): InventoryState {
  const state = dueInventory(known, now, limits)
  if (state === undefined) throw new Error(`nothing is due at ${now}`)
  return state
}

t.test('a lead is paid for by the calls it took: at 60 an hour three calls are three minutes, and one of them was saved up', async (t) => {
  const first = due(undefined, noon)
  t.match(first, { afterLead: '', beganAt: noon, endedAt: null, counts: { leads: 0 }, wholeAt: null })
  const after = afterLead(first, read(3, 'tenant:maria'), noon, limits)
  t.match(after, { afterLead: 'tenant:maria', paidUntil: noon + 2 * minute, counts: { leads: 1, calls: 3, read: 3 } })
  t.notOk(mayBegin(after, noon + 2 * minute - 1))
  t.ok(mayBegin(after, noon + 2 * minute))
  t.equal(dueInventory(after, noon + 2 * minute - 1, limits), undefined)
  t.equal(afterLead(after, read(1), noon + hour, limits).paidUntil, noon + hour, 'a minute is made up for at most')
})

t.test('a turn begins six hours after the one before began, from the beginning; a long one is followed by the next at once', async (t) => {
  const through = afterTurn(afterLead(due(undefined, noon), read(5, 'x'), noon, limits), noon + 10 * minute)
  t.match(through, { endedAt: noon + 10 * minute, wholeAt: noon + 10 * minute, wholeMs: 10 * minute })
  t.equal(dueInventory(through, noon + 6 * hour - 1, limits), undefined)
  t.match(due(through, noon + 6 * hour), { afterLead: '', beganAt: noon + 6 * hour, endedAt: null, counts: { leads: 0, calls: 0 } })
  t.equal(due(through, noon + 6 * hour).wholeMs, 10 * minute, 'the last whole turn is remembered')
  const long = afterTurn(due(undefined, noon), noon + 9 * hour)
  t.equal(due(long, noon + 9 * hour).beganAt, noon + 9 * hour)
})

t.test('a failure waits 5, 10, 20 minutes; after three the lead is passed over, unless it is the location that has none', async (t) => {
  const waits = (isOfLead: boolean) => {
    let state = due(undefined, noon)
    let now = noon
    return [1, 2, 3, 4, 5, 6].map(() => {
      state = afterFailure(state, failed(isOfLead, 'broken'), now, limits)
      const wait = (state.paidUntil - now) / minute
      now = state.paidUntil
      return [wait, state.afterLead, state.counts.passed]
    })
  }
  t.strictSame(waits(true), [
    [5, '', 0],
    [10, '', 0],
    [20, 'broken', 1],
    [5, 'broken', 1],
    [10, 'broken', 1],
    [20, 'broken', 2],
  ])
  t.strictSame(
    waits(false).map(([wait]) => wait),
    [5, 10, 20, 40, 60, 60],
  )
  t.strictSame(waits(false).at(-1), [60, '', 0], 'a token that is missing passes over no lead')
  let refused = due(undefined, noon)
  const refusals = Array.from({ length: 11 }, () => {
    const now = refused.paidUntil
    refused = afterFailure(refused, { ...failed(false), isRefused: true }, Math.max(noon, now), limits)
    return (refused.paidUntil - Math.max(noon, now)) / minute
  })
  t.strictSame(refusals, [5, 10, 20, 40, 80, 160, 320, 640, 1_280, 1_440, 1_440], 'a location that refuses is asked once a day in the end')
  const passed = { ...due(undefined, noon), counts: { ...due(undefined, noon).counts, passed: 1 } }
  t.match(afterTurn(passed, noon + hour), { endedAt: noon + hour, wholeAt: null }, 'such a turn is not whole')
  t.match(afterLead(afterFailure(due(undefined, noon), failed(true), noon, limits), read(1), noon, limits), {
    failures: 0,
    failedBecause: null,
  })
})

t.test('a clock that is set back stops nothing for longer than the way to its old time', async (t) => {
  const state = afterLead(due(undefined, noon), read(3), noon, limits)
  t.match(due(state, noon - hour), { beganAt: noon - hour, paidUntil: noon - hour, afterLead: 'l' })
  const through = afterTurn(state, noon)
  t.match(due(through, noon - hour), { afterLead: '', beganAt: noon - hour, wholeAt: noon })
})

t.test(
  'whatever leads cost and however often it is looked: within any hour no more calls than allowed, a minute of them and one lead',
  (t) =>
    assertProperty(
      t,
      fc.property(
        fc.integer({ min: 1, max: 2_000 }),
        fc.array(fc.record({ calls: fc.integer({ min: 0, max: 40 }), gapMs: fc.nat(20 * minute), breaks: fc.boolean() }), {
          maxLength: 60,
        }),
        (callsPerHour, steps) => {
          const own = { ...limits, callsPerHour }
          let state: InventoryState | undefined
          let now = noon
          const made: { readonly at: number; readonly calls: number }[] = []
          for (const { calls, gapMs, breaks } of steps) {
            now += gapMs
            state = dueInventory(state, now, own) ?? state
            while (state !== undefined && mayBegin(state, now) && made.filter(({ at }) => at === now).length < 100) {
              made.push({ at: now, calls })
              state = breaks ? afterFailure(state, { ...failed(false), calls }, now, own) : afterLead(state, read(calls), now, own)
              if (calls === 0) break
            }
          }
          return made.every(({ at: from }) => {
            const within = made.filter(({ at }) => at >= from && at < from + hour)
            const sum = within.reduce((all, { calls }) => all + calls, 0)
            return sum <= callsPerHour + Math.ceil(callsPerHour / 60) + Math.max(...within.map(({ calls }) => calls))
          })
        },
      ),
    ),
)

t.test('a fifth of the calls are for what is settled, once a day; both parts together make no more than allowed', async (t) => {
  const all = { ...inventoryDefaults, callsPerHour: 600 }
  const [open, settled] = [limitsOf('open', all), limitsOf('settled', all)]
  t.match(
    [open, settled],
    [
      { callsPerHour: 480, everyMs: 6 * hour },
      { callsPerHour: 120, everyMs: 24 * hour },
    ],
  )
  t.strictSame({ ...settled, callsPerHour: 600, everyMs: 6 * hour }, all, 'the rest is the same')
})

t.test('what seems to be gone keeps when that was first seen, until it is told or shown, thirty days, five hundred at most', async (t) => {
  const first = afterLead(due(undefined, noon), { ...read(1), suspected: ['opportunities.a', 'opportunities.b'] }, noon, limits)
  t.strictSame(first.suspects, { 'opportunities.a': noon, 'opportunities.b': noon })
  const again = afterLead(first, { ...read(1), suspected: ['opportunities.a'], cleared: ['opportunities.b'] }, noon + hour, limits)
  t.strictSame(again.suspects, { 'opportunities.a': noon })
  t.strictSame(afterLead(again, read(1), noon + 30 * 24 * hour, limits).suspects, {})
  const many = Array.from({ length: MOST_SUSPECTS + 1 }, (_, index) => `opportunities.many${index}`)
  const full = afterLead(again, { ...read(1), suspected: many }, noon + hour, limits).suspects
  t.equal(Object.keys(full).length, 500)
  t.equal(full['opportunities.a'], noon, 'those that are known stay')
})

t.test('where it stands, in words', async (t) => {
  const budget = { callsPerHour: 600, callsPerDay: 190_000 }
  t.equal(inventoryWords('home', 'open', undefined, budget, noon), 'home: what its leads hold was never gone through.')
  t.equal(
    inventoryWords('home', 'open', undefined, { ...budget, callsPerHour: 0 }, noon),
    'home: what its leads hold is not gone through: GHL_INVENTORY_CALLS_PER_HOUR is 0. `--held` does it now.',
  )
  t.equal(
    inventoryWords('home', 'settled', undefined, { callsPerHour: 0, callsPerDay: 47 }, noon),
    'home: what is settled of its leads is not gone through: half of GHL_CALLS_PER_DAY (47) is less than one call an hour, it takes 48. `--held` does it now.',
  )
  const enough = inventoryWords('home', 'open', undefined, { callsPerHour: 0, callsPerDay: 48 }, noon)
  t.match(enough, /GHL_INVENTORY_CALLS_PER_HOUR is 0/, '48 / 2 / 24 is one call an hour')
  const under = afterLead(due(undefined, noon), { ...read(3), read: 1, missed: 1, unclear: 2 }, noon, limits)
  t.equal(
    inventoryWords('home', 'open', under, budget, noon),
    'home: what its leads hold is being gone through since 2026-11-10 12:00 UTC: 1 lead and 1 thing compared with 3 calls, 1 missed, 2 unclear. It was never gone through to the end.',
  )
  t.match(inventoryWords('home', 'settled', under, budget, noon), /^home: what is settled of its leads is being gone through since /)
  const failing = afterFailure(under, failed(true), noon, limits)
  t.match(inventoryWords('home', 'open', failing, budget, noon), / The last try: no answer\. /)
  t.equal(
    inventoryWords('home', 'open', afterTurn(under, noon + hour), budget, noon + 3 * hour),
    'home: what its leads hold was gone through from 2026-11-10 12:00 UTC to 2026-11-10 13:00 UTC: 1 lead and 1 thing compared with 3 calls, 1 missed, 2 unclear. The last whole turn ended 2h 0m ago and took 1h 0m.',
  )
})
