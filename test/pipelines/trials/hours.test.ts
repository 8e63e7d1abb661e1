/** The trial of hours of a location: what a result says of the hours beside it, what stops an hour, how shares move; and the stage that tells it. */
import fc from 'fast-check'
import t from 'tap'
import { hourFindings, statedHourCounts, statedHourShares } from '../../../pipelines/trials/hours/hourFindings.ts'
import { SPLIT_SENT, hourFloorMicro, runningHours, wantsHours } from '../../../pipelines/trials/hours/hourTrial.ts'
import { begunHours, isSplit, reviewedHours, withTriedHour } from '../../../pipelines/trials/hours/reviewHours.ts'
import { smoothed } from '../../../pipelines/trials/hours/smoothed.ts'
import { trials } from '../../../pipelines/trials/stage.ts'
import { drive } from '../../../runtime/driver.ts'
import type { AgentInsight, AgentResult, HourTrial, TrialArm } from '../../../schemas/generated/records.ts'
import { insightKey, insights, results, tenants } from '../../../topics/index.ts'
import { DAY, tenantId, tenantRecord } from '../../support/leadRecords.ts'
import { assertProperty } from '../../support/property.ts'

const start = 20_800 * DAY
const nobody = runningHours.arms.map(() => [])
const result = (option: string, outcome = 'none', over: Partial<AgentResult['hour']> = {}): AgentResult => ({
  ...{ resultId: 'r', tenantId, decisionType: 'follow_up', option: 'sms', policyHash: 'p', startedAt: start, closedAt: start, outcome },
  ...{ latencyMs: null, votedFor: [], votedAgainst: [], abstained: [], failed: [], wording: null, guardrails: null },
  hour: { option, trial: 'hour-1', drawn: true, propensityMicro: 45_454, ...over },
})
type Counts = Readonly<Record<string, readonly [sent: number, answered: number, optedOut?: number]>>
/** Every hour has these counts where `counts` says nothing of it. */
const stateOf = (counts: Counts, rest: readonly [number, number, number?] = [0, 0]): HourTrial => {
  const fresh = begunHours(start)
  const arms = fresh.arms.map((arm) => {
    const [sent, answered, optedOut = 0] = counts[arm.option] ?? rest
    return { ...arm, sent, answered, sentMicro: sent * 1e6, answeredMicro: answered * 1e6, watched: sent, optedOut }
  })
  return { ...fresh, arms }
}
const look = (state: HourTrial, { days = 0, reopened = {} } = {}) => reviewedHours(state, nobody, reopened, start + days * DAY)
const armOf = (state: HourTrial, option: string) => state.arms.find((arm) => arm.option === option) as TrialArm
const sumOf = (arms: readonly TrialArm[]) => arms.reduce((sum, { shareMicro }) => sum + shareMicro, 0)
const weekdays = ({ arms }: HourTrial) => arms.slice(0, 11)
const weekends = ({ arms }: HourTrial) => arms.slice(11)

t.test(
  'an hour keeps 2 % after mixing with the usual one: .02 / .5 of the lot, and eleven such floors leave most of it to what was learned',
  async (t) => {
    t.equal(hourFloorMicro, 40_000)
    t.ok(runningHours.arms.length * hourFloorMicro < 500_000)
  },
)

t.test('a location has to ask for it, and has no trial of hours while its trials are off', async (t) => {
  t.notOk(wantsHours(undefined))
  t.notOk(wantsHours(tenantRecord()))
  t.ok(wantsHours(tenantRecord({ trialHours: true })))
  t.notOk(wantsHours(tenantRecord({ trialHours: false })))
  t.notOk(wantsHours(tenantRecord({ trialHours: true, trials: { enabled: false, reopened: {} } })))
})

const micro = fc.nat(1_000_000).map((half) => 2 * half)
const clock = fc.array(
  fc.tuple(micro, micro).map(([x, y]) => ({ sentMicro: Math.max(x, y), answeredMicro: Math.min(x, y) })),
  { minLength: 24, maxLength: 24 },
)

t.test('smoothed around the clock a result counts for two: itself, and half in either neighbour', async (t) => {
  const one = Array.from({ length: 24 }, (_, hour) => ({ sentMicro: hour === 0 ? 1e6 : 0, answeredMicro: hour === 0 ? 1e6 : 0 }))
  t.strictSame(
    smoothed(one).flatMap(({ sentMicro }, hour) => (sentMicro === 0 ? [] : [[hour, sentMicro]])),
    [
      [0, 1e6],
      [1, 5e5],
      [23, 5e5],
    ],
  )
  await assertProperty(
    t,
    fc.property(clock, fc.nat(23), (counts, turn) => {
      const sum = (all: typeof counts) =>
        all.reduce((total, { sentMicro, answeredMicro }) => [(total[0] ?? 0) + sentMicro, (total[1] ?? 0) + answeredMicro], [0, 0])
      const after = smoothed(counts)
      const turned = (all: typeof counts) => all.map((_, hour) => all[(hour + turn) % 24])
      return (
        JSON.stringify(sum(after)) === JSON.stringify(sum(counts).map((total) => 2 * total)) &&
        after.every(({ sentMicro, answeredMicro }) => answeredMicro <= sentMicro) &&
        // Noon is as midnight.
        JSON.stringify(smoothed(turned(counts) as typeof counts)) === JSON.stringify(turned(after))
      )
    }),
  )
})

t.test('a result counts where the lot decided on the hour in which the message went, and its end is known', async (t) => {
  const fresh = begunHours(start)
  t.strictSame(
    fresh.arms.map(({ option }) => option),
    [...runningHours.arms, ...runningHours.weekendArms],
  )
  // 1,000,000 of eleven: 90,909.09, ten of the eleven parts rounded down and the first up.
  t.strictSame([armOf(fresh, 'h09').shareMicro, armOf(fresh, 'h10').shareMicro, sumOf(weekdays(fresh))], [90_910, 90_909, 1_000_000])
  for (const other of [
    { ...result('h18'), hour: null },
    result('h18', 'none', { drawn: false }),
    result('h18', 'none', { trial: null }),
    result('h18', 'none', { trial: 'hour-0' }),
    result('h20'),
    result('h18', 'unknown'),
  ])
    t.equal(withTriedHour(fresh, other), undefined, JSON.stringify(other.hour))
  const after = withTriedHour(fresh, result('w18', 'appointment')) as HourTrial
  t.match(armOf(after, 'w18'), { sent: 1, answered: 1, sentMicro: 1_000_000, answeredMicro: 1_000_000, watched: 1, optedOut: 0 })
  t.strictSame(armOf(after, 'h18'), armOf(fresh, 'h18'))
})

t.test('what is known of an hour is its results and half of those beside it, with the prior', async (t) => {
  const { posteriors } = look(stateOf({ h12: [10, 4], w12: [2, 0], h13: [6, 2] }))
  // Flat prior Beta(1, 9). Below 1,000 results the days are together: 12 at noon, 4 answered; 6 at one, 2 answered.
  t.strictSame(
    ['h10', 'h11', 'h12', 'h13', 'h14'].map((name) => posteriors[runningHours.arms.indexOf(name)]),
    [
      { a: 1, b: 9 },
      { a: 3, b: 13 },
      { a: 6, b: 19 },
      { a: 5, b: 17 },
      { a: 2, b: 11 },
    ],
  )
  t.strictSame(posteriors.slice(0, 11), posteriors.slice(11))
})

t.test('from more than a thousand results on week-ends are told apart, and not from fewer', async (t) => {
  const counts: Counts = {
    h18: [240, 120],
    h17: [100, 5],
    h19: [100, 5],
    h11: [100, 5],
    w11: [160, 80],
    w10: [100, 5],
    w12: [100, 5],
    w18: [100, 5],
  }
  const before = stateOf(counts)
  t.notOk(isSplit(before), `${SPLIT_SENT} are not more`)
  const together = look(before).state
  t.strictSame(
    weekdays(together).map(({ shareMicro }) => shareMicro),
    weekends(together).map(({ shareMicro }) => shareMicro),
  )
  let state = stateOf({ ...counts, h15: [1, 0] })
  t.ok(isSplit(state))
  for (let day = 1; day < 8; day++) state = look(state, { days: day }).state
  t.ok(armOf(state, 'h18').shareMicro > 300_000 && armOf(state, 'h11').shareMicro < 100_000, 'the evening from Monday to Friday')
  t.ok(armOf(state, 'w11').shareMicro > 300_000 && armOf(state, 'w18').shareMicro < 100_000, 'the morning at week-ends')
})

t.test('an hour that is answered more gets more of the lot, ten points a day, and those beside it a part', async (t) => {
  const state = stateOf({ h16: [200, 100] }, [100, 5])
  const first = look(state).state
  t.ok(Math.abs(armOf(first, 'h16').shareMicro - armOf(state, 'h16').shareMicro - 100_000) <= 1)
  let later = first
  for (let day = 1; day < 7; day++) later = look(later, { days: day }).state
  // 1 - 11 * .04 is .56, so at most .60.
  t.ok(armOf(later, 'h16').shareMicro > 550_000 && armOf(later, 'h16').shareMicro <= 600_000, String(armOf(later, 'h16').shareMicro))
  t.ok(armOf(later, 'h15').bestMicro > armOf(later, 'h10').bestMicro)
})

t.test('an hour after which more leads opt out than after the others is stopped, on all days; only a person opens it again', async (t) => {
  // Beta(1, 99) with 6 of 20 at 19:00: mean 5.8 %, against Beta(1, 299) of the ten others.
  const stopped = look(stateOf({ h19: [12, 6, 4], w19: [8, 4, 2] }, [10, 1]), { days: 1 }).state
  for (const name of ['h19', 'w19']) t.match(armOf(stopped, name), { stoppedAt: start + DAY, shareMicro: 0, bestMicro: 0 })
  t.strictSame([sumOf(weekdays(stopped)), sumOf(weekends(stopped))], [1_000_000, 1_000_000])
  t.equal(armOf(look(stopped, { days: 40 }).state, 'h19').stoppedAt, start + DAY, 'time alone does not')
  const reopened = look(stopped, { days: 2, reopened: { h19: start + DAY + 1 } }).state
  for (const name of ['h19', 'w19']) t.match(armOf(reopened, name), { stoppedAt: null, watched: 0, optedOut: 0 })
  t.match(armOf(reopened, 'h19'), { sent: 12, answered: 6 })
  t.equal(armOf(look(stopped, { days: 2, reopened: { h19: start + DAY, toString: 9e15 } }).state, 'h19').stoppedAt, start + DAY)
  t.ok(
    look(stateOf({}, [20, 2, 5])).state.arms.every(({ stoppedAt }) => stoppedAt === null),
    'where all do the same none is worse',
  )
  const last = { ...stopped, arms: stopped.arms.map((arm) => ({ ...arm, stoppedAt: start, shareMicro: 0 })) }
  t.strictSame([sumOf(weekdays(look(last).state)), sumOf(weekends(look(last).state))], [0, 0], 'with every hour stopped there is no lot')
})

t.test('a week makes results a hundredth lighter, once', async (t) => {
  const state = look(stateOf({}, [100, 10]), { days: 7 }).state
  t.match(armOf(state, 'h12'), { sent: 100, answered: 10, sentMicro: 99_000_000, answeredMicro: 9_900_000 })
  t.match(armOf(look(state, { days: 7 }).state, 'h12'), { sentMicro: 99_000_000 })
})

t.test(
  'whatever came: shares of each kind of day add up, open hours keep the floor, none moves by more than ten points while the same are open',
  (t) =>
    assertProperty(
      t,
      fc.property(
        fc.array(fc.tuple(fc.nat(120), fc.nat(25), fc.nat(4)), { minLength: 22, maxLength: 22 }),
        fc.integer({ min: 1, max: 3 }),
        (counts, days) => {
          const fresh = begunHours(start)
          let state = stateOf(
            Object.fromEntries(
              fresh.arms.map(({ option }, k) => [option, [(counts[k]?.[0] ?? 0) + 30, counts[k]?.[1] ?? 0, counts[k]?.[2] ?? 0] as const]),
            ),
          )
          for (let day = 0; day < days; day++) {
            const before = state
            state = look(state, { days: day }).state
            const open = state.arms.filter(({ stoppedAt }) => stoppedAt === null)
            const isSame = state.arms.every(({ stoppedAt }, k) => (stoppedAt === null) === (before.arms[k]?.stoppedAt === null))
            if (open.length > 0 && [weekdays(state), weekends(state)].some((arms) => sumOf(arms) !== 1_000_000)) return false
            if (!open.every(({ shareMicro }) => shareMicro >= hourFloorMicro)) return false
            if (isSame && !state.arms.every((arm, k) => Math.abs(arm.shareMicro - (before.arms[k]?.shareMicro ?? 0)) <= 100_001))
              return false
          }
          return true
        },
      ),
      { numRuns: 15 },
    ),
)

const statement = (state: HourTrial, location = tenantId): AgentInsight => ({
  ...{ tenantId: location, agentId: 'timing_optimizer', agentVersion: 1, system: 'follow-up', at: start, validUntil: start + DAY },
  findings: hourFindings(state, []),
})

t.test('what is stated is read back, week-ends apart or not; of another trial, or broken, nothing', async (t) => {
  const few = look(stateOf({ h09: [5, 1], w09: [3, 1] }, [1, 0])).state
  t.strictSame(
    statedHourShares(statement(few))?.weekday,
    weekdays(few).map(({ option, shareMicro }) => ({ option, shareMicro })),
  )
  t.equal(statedHourShares(statement(few))?.weekend, undefined)
  t.strictSame(statedHourCounts(statement(few))?.slice(0, 2), [
    { sent: 8, answered: 2 },
    { sent: 2, answered: 0 },
  ])
  const many = look(stateOf({ h18: [300, 90], w11: [100, 30] }, [40, 2])).state
  t.strictSame(
    statedHourShares(statement(many))?.weekend,
    weekends(many).map(({ option, shareMicro }) => ({ option, shareMicro })),
  )
  t.equal(statement(many).findings.length, 12)
  t.equal(statedHourShares(undefined), undefined)
  t.equal(statedHourShares(statement({ ...many, trial: 'hour-0' })), undefined)
  const cut = statement(many)
  t.equal(statedHourShares({ ...cut, findings: cut.findings.slice(0, 11) }), undefined)
  const [, first, ...rest] = cut.findings
  const less = { ...first, evidence: first?.evidence.filter(({ field }) => field !== 'week-end share') } as (typeof rest)[number]
  t.equal(statedHourShares({ ...cut, findings: [cut.findings[0] as typeof less, less, ...rest] }), undefined, 'one share is missing')
})

const lineOf = (tables: Record<string, readonly (readonly [string, unknown])[]> = {}) => drive(trials, { at: start, tables })

t.test('the stage counts hours beside wordings and states each of the two where there is something to say', async (t) => {
  const line = lineOf()
  line.pipe(results, tenantId, result('h18', 'reply'))
  line.pipe(results, tenantId, result('h18', 'none', { drawn: false }))
  t.strictSame(
    line.drops.map(({ reason }) => reason),
    ['not_tried'],
  )
  line.advance('1h')
  t.strictSame(
    line.records(insights).map(({ key }) => key),
    [insightKey(tenantId, 'timing_optimizer')],
  )
  t.match(
    line.outputs(insights)[0]?.findings.find(({ subject }) => subject === 'h18'),
    { kind: 'hour', samples: 1, reason: 'open' },
  )
  line.pipe(results, tenantId, {
    ...result('h18'),
    wording: { option: 'inform', trial: 'wording-2', drawn: true, propensityMicro: 100_000 },
  })
  line.advance('1d')
  const told = line.records(insights).slice(1)
  t.strictSame(told.map(({ key }) => key).sort(), [insightKey(tenantId, 'ab_test_manager'), insightKey(tenantId, 'timing_optimizer')])
  t.ok(
    told.every(({ value }) => value.findings.some(({ samples }) => samples > 0)),
    'one message, one result of each of its lots',
  )
})

t.test('what other locations have stated is the prior of a new one; a person opens an hour again through the settings', async (t) => {
  const alike = (location: string): readonly [string, AgentInsight] => [
    insightKey(location, 'timing_optimizer'),
    statement(stateOf({ h18: [500, 150] }, [250, 25]), location),
  ]
  const line = lineOf({ [insights.name]: ['a', 'b', 'c'].map(alike) })
  line.pipe(results, tenantId, result('h09'))
  line.advance('1h')
  const evidence = line.outputs(insights)[0]?.findings.find(({ subject }) => subject === 'h18')?.evidence ?? []
  // w18 has 250 and 25, so 175 of 750. Worth 200: 750 messages of one say what 750 * 201 / 950 would, the flat ten 10 * 201 / 210.
  const [others, flat] = [(3 * 750 * 201) / 950, (10 * 201) / 210]
  const mean = ((others * 175) / 750 + flat / 10) / (others + flat)
  t.match(evidence, [{}, {}, {}, {}, { field: 'posterior', value: `Beta(${(200 * mean).toFixed(1)}, ${(200 * (1 - mean)).toFixed(1)})` }])
  for (let n = 0; n < 30; n++) line.pipe(results, tenantId, result(n < 20 ? 'h11' : 'h09', n < 10 ? 'opt_out' : 'none'))
  line.advance('1d')
  const h11 = () =>
    line
      .outputs(insights)
      .at(-1)
      ?.findings.find(({ subject }) => subject === 'h11')
  t.match(h11(), { value: '0', reason: 'opted_out_more' })
  line.table(tenants, tenantId, tenantRecord({ trialHours: true, trials: { enabled: true, reopened: { h11: line.now } } }))
  line.advance('1d')
  t.match(h11(), { reason: 'open' })
})
