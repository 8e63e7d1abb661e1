/** System 8: results of a location by day, what they show beyond chance, and how it is stated. */
import fc from 'fast-check'
import t from 'tap'
import { REFRESH_MS, REVIEW_AFTER_MS, VALID_MS, adaptation, reviewAfter } from '../../pipelines/adaptation/adaptation.ts'
import {
  AGENTS_MOST,
  DAYS_MOST,
  POLICIES_MOST,
  agentSeries,
  dayOf,
  noDays,
  policyRates,
  pruned,
  waySeries,
  withResult,
} from '../../pipelines/adaptation/days.ts'
import { CHANGES_LEAST, feedbackFindings, meanGain } from '../../pipelines/adaptation/feedback.ts'
import { FINDINGS_MOST, finding, mostPressing } from '../../pipelines/adaptation/finding.ts'
import { correlationOf, optimizationFindings } from '../../pipelines/adaptation/optimization.ts'
import {
  ANOMALY_POINTS,
  BASELINE_DAYS,
  DAY_LEAST,
  RECENT_LEAST,
  changeOf,
  outliersOf,
  performanceFindings,
} from '../../pipelines/adaptation/performance.ts'
import { compareRates, differsByMoreThan, intervalOf, medianRate, millionths, rateText } from '../../pipelines/adaptation/rates.ts'
import type { DayRate } from '../../pipelines/adaptation/rates.ts'
import { findingKinds } from '../../pipelines/agents/adaptive/findingKinds.ts'
import type { AdaptiveAgentId } from '../../pipelines/agents/adaptive/findingKinds.ts'
import { roster } from '../../pipelines/agents/roster.ts'
import { drive } from '../../runtime/driver.ts'
import { AdaptationState } from '../../schemas/generated/records.ts'
import type { AgentResult, Finding } from '../../schemas/generated/records.ts'
import { insightKey, insights, results } from '../../topics/index.ts'
import { DAY, HOUR, MINUTE, tenantId } from '../support/leadRecords.ts'
import { assertProperty } from '../support/property.ts'

/** A day with a round number, so that days before it are easy to name. */
const TODAY = 20_800
const midnight = TODAY * DAY
const result = (day: number, over: Partial<AgentResult> = {}): AgentResult => ({
  resultId: 'r',
  tenantId,
  decisionType: 'follow_up',
  option: 'sms',
  policyHash: 'p1',
  startedAt: day * DAY - 3 * DAY,
  closedAt: day * DAY + HOUR,
  outcome: 'none',
  latencyMs: null,
  votedFor: [],
  votedAgainst: [],
  abstained: [],
  guardrails: null,
  failed: [],
  wording: null,
  hour: null,
  ...over,
})
const answered = { outcome: 'reply', latencyMs: 30 * MINUTE } as const
/** `hits` answered of `trials` on a day. */
const on = (day: number, hits: number, trials: number, over: Partial<AgentResult> = {}) =>
  Array.from({ length: trials }, (_, i) => result(day, { ...(i < hits ? answered : {}), ...over }))
const stateOf = (all: readonly AgentResult[], today = TODAY) =>
  all.reduce<AdaptationState>((state, one) => withResult(state, one, today) ?? state, noDays)
const days = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, i) => from + i)
const kinds = (findings: readonly Finding[]) => findings.map(({ kind, subject }) => `${kind} ${subject}`)
const performance = (all: readonly AgentResult[]) => performanceFindings(stateOf(all), TODAY, roster)

t.test('shares are compared exactly, also where floats are not', async (t) => {
  t.equal(compareRates({ hits: 1, trials: 3 }, { hits: 333_333_333, trials: 1_000_000_000 }), 1)
  t.equal(compareRates({ hits: 2, trials: 6 }, { hits: 1, trials: 3 }), 0)
  t.equal(differsByMoreThan({ hits: 9, trials: 100 }, { hits: 1, trials: 10 }, -10), false, 'ten per cent is not more than ten')
  t.equal(differsByMoreThan({ hits: 899, trials: 10_000 }, { hits: 1, trials: 10 }, -10), true)
  t.equal(differsByMoreThan({ hits: 116, trials: 1000 }, { hits: 1, trials: 10 }, 15), true)
  t.equal(differsByMoreThan({ hits: 115, trials: 1000 }, { hits: 1, trials: 10 }, 15), false)
  const four = [1, 2, 3, 4].map((hits) => ({ hits, trials: 10 }))
  t.strictSame([medianRate(four, 'lower')?.hits, medianRate(four, 'upper')?.hits, medianRate([], 'lower')], [2, 3, undefined])
  t.equal(millionths({ hits: 1, trials: 3 }), 333_333n)
  t.equal(rateText({ hits: 1, trials: 3 }), '1 of 3, 33.3 %')
})

t.test('the interval is exact for few trials and within a hundredth of that for many', async (t) => {
  // Clopper and Pearson: 0 of 10 is up to 1 - .025^(1/10) = .3085.
  const none = intervalOf({ hits: 0, trials: 10 })
  t.equal(none.low, 0)
  t.ok(Math.abs(none.high - 0.3085) < 0.0001)
  t.strictSame(intervalOf({ hits: 0, trials: 0 }), { low: 0, high: 1 })
  const [exact, wilson] = [intervalOf({ hits: 100, trials: 1000 }), intervalOf({ hits: 101, trials: 1001 })]
  t.ok(Math.abs(exact.low - wilson.low) < 0.01 && Math.abs(exact.high - wilson.high) < 0.01)
  // Wilson 1927 for 500 of 2000: (.25 + 1.9208/2000 ± 1.96 sqrt(.1875/2000 + .9604/4e6)) / (1 + 3.8415/2000) = .2315, .2695.
  const many = intervalOf({ hits: 500, trials: 2000 })
  t.ok(Math.abs(many.low - 0.2315) < 0.0001 && Math.abs(many.high - 0.2695) < 0.0001)
})

t.test('P-35: results are counted by day, option, policy and agent; what is not known is counted for the agents only', async (t) => {
  const votes = { votedFor: ['a', 'b'], votedAgainst: ['c'], abstained: ['d'], failed: ['e'] }
  const state = stateOf([
    result(TODAY - 2, { ...votes, ...answered }),
    result(TODAY - 2, { ...votes, outcome: 'overtaken' }),
    result(TODAY - 2, { ...votes, outcome: 'unknown' }),
    result(TODAY - 2, { outcome: 'failed' }),
    result(TODAY - 2, { option: 'email', outcome: 'appointment', latencyMs: HOUR + 1 }),
    result(TODAY - 2, { option: 'email', outcome: 'opt_out', latencyMs: MINUTE }),
    result(TODAY - 1, { option: 'wait', ...answered }),
    result(TODAY - 1, { option: 'wait', outcome: 'overtaken' }),
  ])
  const [first, second] = state.days
  t.match(first, {
    day: TODAY - 2,
    ways: { sms: { closed: 2, answered: 1, quick: 1, optedOut: 0 }, email: { closed: 2, answered: 1, quick: 0, optedOut: 1 } },
    policies: [{ hash: 'p1', closed: 4, answered: 2 }],
  })
  t.strictSame(second?.ways, { wait: { closed: 1, answered: 1, quick: 1, optedOut: 0 } }, 'a wait that a message ended tells nothing')
  t.strictSame(second?.policies, [])
  t.strictSame(agentSeries(state, ['a'], 'answered', 'sent'), [{ day: TODAY - 2, hits: 1, trials: 2 }])
  t.strictSame(agentSeries(state, ['e', 'a'], 'failed', 'asked'), [{ day: TODAY - 2, hits: 3, trials: 6 }])
  t.strictSame(agentSeries(state, ['c'], 'answered', 'sent'), [], 'a vote for another option was not carried out')
  t.strictSame(waySeries(state, ['sms', 'email'], 'answered', 'closed'), [{ day: TODAY - 2, hits: 2, trials: 4 }])
})

t.test('31 days, 64 agents, 6 policies a day: what is beyond is not counted, and the state stays small', async (t) => {
  const long = stateOf(days(TODAY - 40, TODAY).map((day) => result(day)))
  t.strictSame([long.days.length, long.days[0]?.day, DAYS_MOST], [31, TODAY - 30, 31])
  t.equal(pruned(long, TODAY + 40).days.length, 0)
  t.equal(withResult(noDays, result(TODAY - 31), TODAY), undefined)
  t.equal(withResult(noDays, result(TODAY + 2), TODAY), undefined)
  const many = stateOf([result(TODAY, { votedFor: Array.from({ length: AGENTS_MOST + 9 }, (_, i) => `agent-${i}`) })])
  t.equal(many.agents.length, AGENTS_MOST)
  const policies = stateOf(Array.from({ length: POLICIES_MOST + 2 }, (_, i) => result(TODAY, { policyHash: `p${i}` })))
  t.equal(policies.days[0]?.policies.length, POLICIES_MOST)
  const ids = roster.map(({ id }) => id)
  const full = stateOf(
    days(TODAY - 30, TODAY).flatMap((day) => ['sms', 'email', 'wait'].map((option) => result(day, { ...answered, option, votedFor: ids }))),
  )
  // 31 days of 6 numbers for each agent, their names once, and some 100 bytes for options and policy.
  t.ok(AdaptationState.encode(full).length < 31 * (6 * ids.length + 120) + 40 * ids.length)
})

t.test('the sum does not depend on the order in which results come', (t) =>
  assertProperty(
    t,
    fc.property(
      fc
        .array(
          fc.record({
            day: fc.integer({ min: TODAY - 4, max: TODAY }),
            option: fc.constantFrom('sms', 'email', 'wait'),
            outcome: fc.constantFrom('reply', 'none', 'overtaken', 'unknown'),
            agent: fc.constantFrom('a', 'b', 'c'),
          }),
          { maxLength: 12 },
        )
        .chain((all) => fc.tuple(fc.constant(all), fc.shuffledSubarray(all, { minLength: all.length }))),
      (orders) => {
        const [one, other] = orders.map((all) => {
          const state = stateOf(all.map(({ day, option, outcome, agent }) => result(day, { option, outcome, votedFor: [agent] })))
          return JSON.stringify([
            ['a', 'b', 'c'].map((id) => agentSeries(state, [id], 'answered', 'sent')),
            ['sms', 'email', 'wait'].map((way) => waySeries(state, [way], 'answered', 'closed')),
            policyRates(state),
          ])
        })
        return one === other
      },
    ),
  ),
)

// Ten days with 10 of 30 answered, and what the last day brought.
const usual = days(TODAY - 11, TODAY - 2).flatMap((day) => on(day, 10, 30))

t.test('a fall on the last day is found against the median day, not by chance and not with too little', async (t) => {
  // 1 of 40: at 99.9 % below .21, and the median is .33.
  const [all, sms] = performance([...usual, ...on(TODAY - 1, 1, 40)])
  t.match(all, { kind: 'answered_less', subject: 'messages', value: '1/40', samples: 40, reason: 'fell_in_24h' })
  t.match(sms, { kind: 'answered_less', subject: 'sms' })
  t.strictSame(
    [all?.text, sms?.text],
    [
      'Of the messages whose 72 hours ended on the last day fewer were answered.',
      'Of the messages by sms whose 72 hours ended on the last day fewer were answered.',
    ],
    'they went out three days before',
  )
  t.match(all?.evidence[0], { field: 'last day', value: /^1 of 40, 2\.5 %; 99\.9 % interval 0\.0 to \d+\.\d %$/ })
  t.match(all?.evidence[1], { field: 'median day', value: '10 of 30, 33.3 %' })
  t.strictSame(kinds(performance([...usual, ...on(TODAY - 1, 9, 40)])), [], '22.5 % of 40 is a third less, and may be chance')
  t.strictSame(kinds(performance([...usual, ...on(TODAY - 1, 0, RECENT_LEAST - 1)])), [], 'too few on the last day')
  t.strictSame(kinds(performance([...usual, ...on(TODAY, 0, 90)])), [], 'a day that is not over')
  const few = days(TODAY - BASELINE_DAYS, TODAY - 2).flatMap((day) => on(day, 10, 30))
  t.strictSame(kinds(performance([...few, ...on(TODAY - 1, 0, 40)])), [], `${BASELINE_DAYS - 1} days are no baseline`)
  const thin = days(TODAY - 11, TODAY - 2).flatMap((day) => on(day, 2, DAY_LEAST - 1))
  t.strictSame(kinds(performance([...thin, ...on(TODAY - 1, 0, 90)])), [], 'days with next to nothing are none')
})

t.test('changes are measured against the threshold of their figure', async (t) => {
  const series = (last: number): DayRate[] => [
    ...days(TODAY - 9, TODAY - 2).map((day) => ({ day, hits: 2000, trials: 10_000 })),
    { day: TODAY - 1, hits: last, trials: 100_000 },
  ]
  t.equal(changeOf(series(18_000), TODAY, -10), undefined, 'a tenth less is not more than a tenth')
  t.ok(changeOf(series(17_999), TODAY, -10))
  t.equal(changeOf(series(23_000), TODAY, 15), undefined)
  t.ok(changeOf(series(23_001), TODAY, 15))
})

t.test('agents and systems that fail, abstain or are wrong more often are named, the clearest first', async (t) => {
  const calm = days(TODAY - 15, TODAY - 2).flatMap((day) =>
    on(day, 10, 30, { votedFor: ['channel_strategist'], votedAgainst: ['timing_optimizer'], abstained: ['intent_detector'] }),
  )
  const last = on(TODAY - 1, 10, 30, { votedFor: ['channel_strategist'], abstained: ['timing_optimizer'], failed: ['intent_detector'] })
  const found = performance([...calm, ...last])
  t.strictSame(kinds(found), [
    'abstains_more system follow-up',
    'abstains_more timing_optimizer',
    'fails_more intent_detector',
    'fails_more system lead-intelligence',
  ])
  t.match(found[0], { reason: 'rose_in_24h', bin: 5 })
  const wrong = performance([
    ...days(TODAY - 15, TODAY - 2).flatMap((day) => on(day, 10, 30, { votedFor: ['channel_strategist'] })),
    ...on(TODAY - 1, 0, 40, { votedFor: ['channel_strategist'] }),
  ])
  t.ok(kinds(wrong).includes('right_less channel_strategist'))
})

t.test('replies that come later are found among those that come', async (t) => {
  const late = { outcome: 'reply', latencyMs: 5 * HOUR } as const
  const before = days(TODAY - 11, TODAY - 2).flatMap((day) => on(day, 9, 10))
  t.strictSame(kinds(performance([...before, ...on(TODAY - 1, 0, 30, late)])), ['answered_later messages', 'answered_later sms'])
})

t.test('an anomaly needs ten days, more than a tenth of them beyond two standard deviations', async (t) => {
  const of = (values: readonly number[]): DayRate[] => values.map((hits, i) => ({ day: i, hits, trials: 100 }))
  // Nineteen at 10 and two at 90: mean 17.6, sigma 23.5, both beyond 64.6; but 2 of 21 is below a tenth.
  t.equal(outliersOf(of([...Array<number>(19).fill(10), 90, 90])), undefined)
  // Twenty-five at 10, two at 0 and two at 20: mean 10, sigma sqrt(400 / 29) = 3.7; four of 29 beyond.
  t.match(outliersOf(of([...Array<number>(25).fill(10), 0, 0, 20, 20])), { outliers: 4, points: 29 })
  t.equal(outliersOf(of([...Array<number>(ANOMALY_POINTS - 2).fill(10), 90])), undefined, 'nine days are too few')
  t.equal(outliersOf(of(Array<number>(20).fill(10))), undefined, 'what never moves has no outlier')
  // 19 days at 30 % and three at 90 %: mean .38, sigma .21; without the day that is running two of 21 are left.
  const jump = (until: number) => [
    ...days(TODAY - 21, TODAY - 3).flatMap((day) => on(day, 9, 30)),
    ...days(TODAY - 2, until).flatMap((day) => on(day, 27, 30)),
  ]
  t.notOk(kinds(performance(jump(TODAY))).includes('anomaly sms'))
  t.match(
    performanceFindings(stateOf(jump(TODAY), TODAY + 1), TODAY + 1, roster).find(
      ({ kind, subject }) => kind === 'anomaly' && subject === 'sms',
    ),
    { value: '3/22', reason: 'beyond_two_sigma' },
  )
})

t.test('a way answers better when it does on most days, by more than ten points, and beyond chance over all', async (t) => {
  const both = (smsHits: number, emailHits: number) =>
    days(TODAY - 9, TODAY - 2).flatMap((day) => [...on(day, smsHits, 20), ...on(day, emailHits, 20, { option: 'email' })])
  const found = optimizationFindings(stateOf(both(10, 2)), TODAY)
  t.strictSame(kinds(found), ['answers_better sms'])
  t.match(found[0], { value: '80/160', samples: 320, evidence: [{}, {}, { value: '8 of 8' }] })
  t.strictSame(kinds(optimizationFindings(stateOf(both(2, 10)), TODAY)), ['answers_better email'])
  t.strictSame(kinds(optimizationFindings(stateOf(both(10, 8)), TODAY)), [], 'ten points are not more than ten')
  t.strictSame(
    kinds(optimizationFindings(stateOf(both(10, 2).filter(({ closedAt }) => closedAt < (TODAY - 7) * DAY)), TODAY)),
    [],
    'two days are no pattern',
  )
  const apart = [...on(TODAY - 3, 10, 20), ...on(TODAY - 2, 2, 20, { option: 'email' })]
  t.strictSame(kinds(optimizationFindings(stateOf(apart), TODAY)), [], 'never on one day')
  const waysOf = (sms: readonly [number, number][], email: readonly [number, number][]) => {
    const of = (option: string, all: readonly [number, number][]) =>
      all.flatMap(([hits, trials], i) => on(TODAY - 9 + i, hits, trials, { option }))
    return kinds(optimizationFindings(stateOf([...of('sms', sms), ...of('email', email)]), TODAY))
  }
  const times = (n: number, hits: number, trials: number) => Array.from({ length: n }, () => [hits, trials] as [number, number])
  t.strictSame(waysOf(times(5, 3, 3), times(5, 0, 3)), [], 'fifteen of each are too few, however clear')
  t.strictSame(waysOf(times(7, 3, 3), times(7, 0, 3)), ['answers_better sms'], 'twenty-one are not')
  t.strictSame(waysOf(times(4, 3, 5), times(4, 2, 5)), [], '12 of 20 against 8 of 20 may be chance')
  t.strictSame(waysOf(times(4, 400, 800), times(4, 320, 800)), [], 'beyond chance, and ten points exactly')
  t.strictSame(waysOf([...times(3, 20, 20), ...times(2, 5, 20)], [...times(3, 0, 20), ...times(2, 8, 20)]), [], 'on three days of five')
})

t.test('P-43: one way is better than another beyond chance, not by how often both were tried', async (t) => {
  // binom.test(30, 100) of R gives .2124064 to .3998147, binom.test(10, 100) gives .04900469 to .1762226.
  const ends = ({ hits, trials }: { hits: number; trials: number }) => {
    const { low, high } = intervalOf({ hits, trials })
    return [low.toFixed(4), high.toFixed(4)]
  }
  t.strictSame(ends({ hits: 30, trials: 100 }), ['0.2124', '0.3998'])
  t.strictSame(ends({ hits: 10, trials: 100 }), ['0.0490', '0.1762'])
  const ways = (sms: readonly number[], email: readonly number[]) =>
    kinds(
      optimizationFindings(
        stateOf(sms.flatMap((hits, i) => [...on(TODAY - 9 + i, hits, 20), ...on(TODAY - 9 + i, email[i] ?? 0, 20, { option: 'email' })])),
        TODAY,
      ),
    )
  t.strictSame(ways([6, 6, 6, 6, 6], [2, 2, 2, 2, 2]), ['answers_better sms'], '30 and 10 of 100: z = 3.54')
  // The intervals .160 to .336 and .064 to .200 touch: stricter than a z test, which calls 2.21 beyond chance.
  t.strictSame(ways([5, 5, 5, 5, 4], [3, 3, 2, 2, 2]), [], '24 and 12 of 100')
  // min(.99, tried / (2 * 20)) called this .99 sure.
  t.strictSame(ways([6, 6, 6, 6, 6], [6, 6, 6, 6, 6]), [], 'as good as each other, however often')
})

t.test('two figures move together from a coefficient beyond .7 on, with fourteen days or more', async (t) => {
  const of = (values: readonly number[]): DayRate[] => values.map((hits, i) => ({ day: i, hits, trials: 100 }))
  const rising = days(1, 14)
  t.match(correlationOf(of(rising), of(rising.map((x) => 3 * x))), { points: 14, coefficient: 1 })
  t.match(correlationOf(of(rising), of(rising.map((x) => 50 - x))), { coefficient: -1 })
  t.equal(correlationOf(of(rising.slice(1)), of(rising.slice(1))), undefined, 'thirteen days')
  t.equal(correlationOf(of(rising), of(rising.map(() => 5))), undefined, 'what never moves')
  // r = .51.
  t.equal(correlationOf(of(rising), of([5, 1, 8, 2, 9, 3, 10, 4, 11, 5, 12, 6, 13, 7])), undefined)
  t.equal(correlationOf(of(rising), of([7, 2, 9, 4, 8, 1, 6, 3, 9, 2, 8, 5, 7, 4])), undefined)
})

t.test('a change of policy is worse or better when the intervals do not touch', async (t) => {
  const before = days(TODAY - 20, TODAY - 11).flatMap((day) => on(day, 10, 20))
  const after = (hits: number) => days(TODAY - 10, TODAY - 2).flatMap((day) => on(day, hits, 20, { policyHash: 'p2' }))
  const worse = feedbackFindings(stateOf([...before, ...after(4)]), TODAY)
  t.match(worse[0], { kind: 'policy_worse', subject: 'p2', value: '36/180', samples: 380 })
  t.match(worse[0]?.evidence[1], { field: 'before', value: /^100 of 200, 50\.0 %; 95 % interval/ })
  t.ok(kinds(feedbackFindings(stateOf([...before, ...after(16)]), TODAY)).includes('policy_better p2'))
  t.strictSame(kinds(feedbackFindings(stateOf([...before, ...after(9)]), TODAY)), [])
  t.strictSame(kinds(feedbackFindings(stateOf([...before, ...on(TODAY - 2, 0, 19, { policyHash: 'p2' })]), TODAY)), [], 'nineteen messages')
})

t.test(
  'nothing is said of a policy that is in force no more: of one that was made worse, and was gone back from, no lead waits for weeks',
  async (t) => {
    const before = days(TODAY - 20, TODAY - 11).flatMap((day) => on(day, 10, 20))
    const worse = days(TODAY - 10, TODAY - 5).flatMap((day) => on(day, 4, 20, { policyHash: 'p2' }))
    // The day on which a person went back: what p2 still sent is closed beside what p1 sends again.
    const between = [...on(TODAY - 4, 1, 7, { policyHash: 'p2' }), ...on(TODAY - 4, 4, 8)]
    t.strictSame(kinds(feedbackFindings(stateOf([...before, ...worse]), TODAY)), ['policy_worse p2'])
    t.strictSame(kinds(feedbackFindings(stateOf([...before, ...worse, ...between]), TODAY)), [])
    const late = [...on(TODAY - 3, 10, 20), ...on(TODAY - 3, 0, 1, { policyHash: 'p2', startedAt: (TODAY - 5) * DAY })]
    t.strictSame(kinds(feedbackFindings(stateOf([...before, ...worse, ...between, ...late]), TODAY)), [])
    const next = on(TODAY - 2, 5, 5, { policyHash: 'p3' })
    t.strictSame(kinds(feedbackFindings(stateOf([...before, ...worse, ...next]), TODAY)), [], 'of the third one too little is known')
    // Closed on a day without any message of either: the waits say nothing of it.
    const waits = on(TODAY - 1, 1, 9, { option: 'wait' })
    t.strictSame(kinds(feedbackFindings(stateOf([...before, ...worse, ...waits]), TODAY)), ['policy_worse p2'])
  },
)

t.test('five changes that did not help are told, four are not, and five that may have helped are not', async (t) => {
  const changesOf = (shares: readonly number[], trials = 100) =>
    shares.flatMap((hits, i) =>
      on(TODAY - 29 + 2 * i, Math.round((hits * trials) / 100), trials, { policyHash: `p${i}`, startedAt: (TODAY - 40 + 2 * i) * DAY }),
    )
  const found = feedbackFindings(stateOf(changesOf([40, 38, 37, 36, 35, 34])), TODAY)
  // None of five: up to 1 - .025^(1/5) = 52.2 %, below 70 %.
  t.match(
    found.find(({ kind }) => kind === 'changes_without_gain'),
    { value: '0/5', reason: 'few_changes_help', samples: CHANGES_LEAST },
  )
  t.notOk(kinds(feedbackFindings(stateOf(changesOf([40, 38, 37, 36, 35])), TODAY)).some((kind) => kind.startsWith('changes_without')))
  t.notOk(kinds(feedbackFindings(stateOf(changesOf([10, 20, 30, 40, 50, 60])), TODAY)).some((kind) => kind.startsWith('changes_without')))
  // Three of five may be seven of ten; but a gain of .2 points, 1.96 * sqrt(10 * .24 / 1000) / 5 = 1.9 more at most, is below 5.
  const little = feedbackFindings(stateOf(changesOf([40, 41, 40, 41, 40, 41], 1000)), TODAY)
  t.match(
    little.find(({ kind }) => kind === 'changes_without_gain'),
    { value: '3/5', reason: 'little_gain' },
  )
  // p = 51 / 102 = .5, variance 2 * .25 / 100 = .005, so at most 1.96 * .0707 = .1386 above the mean.
  const { mean, high } = meanGain([{ before: { hits: 50, trials: 100 }, after: { hits: 50, trials: 100 } }])
  t.equal(mean, 0)
  t.ok(Math.abs(high - 0.1386) < 0.0001)
})

t.test('learning is slow when four weeks and a change brought measurably less than two points', async (t) => {
  const weeks = (first: number, last: number, policyHash = 'p2') => [
    ...days(TODAY - 28, TODAY - 22).flatMap((day) => on(day, first, 100)),
    ...days(TODAY - 7, TODAY - 1).flatMap((day) => on(day, last, 100, { policyHash })),
  ]
  const slow = (all: readonly AgentResult[]) => kinds(feedbackFindings(stateOf(all), TODAY)).filter((kind) => kind.startsWith('slow'))
  t.strictSame(slow(weeks(40, 30)), ['slow_learning '])
  const sentence = (all: readonly AgentResult[]) => feedbackFindings(stateOf(all), TODAY).find(({ kind }) => kind === 'slow_learning')?.text
  t.equal(sentence(weeks(40, 30)), 'The share that answers has not risen in four weeks.')
  // 7 of 700 after none: 1.0 point, at most 1.96 * sqrt((1/702 * 701/702 + 8/702 * 694/702) / 700) = 0.8 above it.
  t.equal(sentence(weeks(0, 1)), 'The share that answers has risen by less than two points in four weeks.')
  t.strictSame(slow(weeks(40, 40)), [], 'it may have risen by two points: 700 messages cannot tell')
  t.strictSame(slow(weeks(40, 30, 'p1')), [], 'nothing was changed, so nothing was learned')
})

t.test('noise alone is seldom called a finding', async (t) => {
  // A hundred locations whose leads answer three times in ten, drawn by hash: nothing ever changes.
  let told = 0
  for (let location = 0; location < 100; location++) {
    let seed = location + 1
    const draw = () => (seed = (seed * 48_271) % 2_147_483_647) / 2_147_483_647
    const all = days(TODAY - 28, TODAY - 1).flatMap((day) =>
      Array.from({ length: 30 }, () => result(day, { ...(draw() < 0.3 ? answered : {}), option: draw() < 0.5 ? 'sms' : 'email' })),
    )
    told +=
      performance(all).filter(({ kind }) => kind !== 'anomaly').length +
      optimizationFindings(stateOf(all), TODAY).filter(({ kind }) => kind === 'answers_better').length
  }
  // Five figures each at one in two thousand, and a pattern that needs ten points: fewer than one is expected.
  t.ok(told <= 2, `${told} of 100 locations`)
})

t.test('every kind that is found is in the vocabulary, and an agent states twelve findings at most', async (t) => {
  const one = (n: number) =>
    finding({ ...{ kind: 'anomaly', subject: `s${n}`, probability: n / 20, value: '', samples: 1, reason: '', text: '' }, evidence: [] })
  const most = mostPressing(Array.from({ length: 20 }, (_, n) => one(n)))
  t.equal(most.length, FINDINGS_MOST)
  t.equal(most[0]?.bin, 5)
  t.strictSame(
    Object.keys(findingKinds),
    roster.filter(({ system }) => system === 'adaptive').map(({ id }) => id),
  )
  t.equal(new Set(Object.values(findingKinds).flat()).size, 12)
})

t.test('findings are stated after midnight, anew when they change or their validity nears its end, and by nobody for ever', async (t) => {
  const line = drive(adaptation, { at: midnight - 11 * DAY })
  const pipe = (all: readonly AgentResult[]) => all.forEach((one) => line.pipe(results, tenantId, one))
  for (const day of days(TODAY - 11, TODAY - 1)) {
    pipe(on(day, day === TODAY - 1 ? 1 : 10, 30))
    if (day < TODAY - 1) line.advance('1d')
  }
  const monitor = () => line.records(insights).filter(({ key }) => key === insightKey(tenantId, 'performance_monitor'))
  const calm = monitor().length
  t.ok(calm >= 3 && calm <= 6, `stated ${calm} times in ten days: every second day, as nothing changed`)
  t.strictSame(monitor()[0]?.value.findings, [])
  line.advance('25h')
  const last = monitor().at(-1)?.value
  t.strictSame(kinds(last?.findings ?? []), ['answered_less messages', 'answered_less sms'])
  t.match(last, {
    tenantId,
    system: 'adaptive',
    agentVersion: 2,
    at: midnight + REVIEW_AFTER_MS,
    validUntil: midnight + REVIEW_AFTER_MS + VALID_MS,
  })
  line.restart()
  line.advance('1d')
  t.strictSame(monitor().at(-1)?.value.findings, [], 'the day after, it is not the last day any more')
  line.advance('40d')
  t.equal(line.state(tenantId), undefined, 'a location that nothing comes of is forgotten')
  const ends = (['performance_monitor', 'optimization_analyzer', 'feedback_integrator'] as AdaptiveAgentId[]).map(
    (id) =>
      line
        .records(insights)
        .filter(({ key }) => key === insightKey(tenantId, id))
        .at(-1)?.value.findings,
  )
  t.strictSame(ends, [[], [], []])
  t.ok(REFRESH_MS > DAY && VALID_MS > REFRESH_MS + DAY)
  t.equal(reviewAfter(midnight), midnight + REVIEW_AFTER_MS)
  t.equal(reviewAfter(midnight + REVIEW_AFTER_MS), midnight + DAY + REVIEW_AFTER_MS)
})

t.test('a result of a day that is not kept changes nothing', async (t) => {
  const line = drive(adaptation, { at: midnight })
  line.pipe(results, tenantId, result(TODAY - 50))
  t.equal(line.state(tenantId), undefined)
  t.strictSame(line.drops, [{ stage: 'adaptation', reason: 'day_not_kept' }])
  t.equal(dayOf(midnight - 1), TODAY - 1)
})
