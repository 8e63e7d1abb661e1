/** The trial of a location: what counts, what stops a wording, what wins, how shares move; and the stage that tells it. */
import fc from 'fast-check'
import t from 'tap'
import { REVIEW_AFTER_MS } from '../../../pipelines/adaptation/adaptation.ts'
import { statedCounts, statedShares, trialFindings } from '../../../pipelines/trials/findings.ts'
import { SENT_LEAST, begun, reviewed, withTried } from '../../../pipelines/trials/review.ts'
import { LOCATIONS_MOST, REFRESH_MS, VALID_MS, trials } from '../../../pipelines/trials/stage.ts'
import { floorMicroOf, runningTrial } from '../../../pipelines/trials/trial.ts'
import { drive } from '../../../runtime/driver.ts'
import type { AgentInsight, AgentResult, TrialArm, TrialState } from '../../../schemas/generated/records.ts'
import { insightKey, insights, results, tenants } from '../../../topics/index.ts'
import { DAY, tenantId, tenantRecord } from '../../support/leadRecords.ts'
import { assertProperty } from '../../support/property.ts'

const start = 20_800 * DAY
const floor = floorMicroOf(runningTrial)
const nobody = runningTrial.arms.map(() => [])
type Hits = NonNullable<AgentResult['guardrails']>
/** A lead that was not counted before, with what is watched. */
const lead = (...kinds: readonly string[]): Hits => ({ lastDay: null, hits: kinds.map((kind) => ({ kind, lastDay: null })) })
const result = (
  option: string,
  outcome = 'none',
  over: Partial<AgentResult['wording']> = {},
  guardrails = lead(...(outcome === 'opt_out' ? ['opt_out'] : [])),
): AgentResult => ({
  ...{ resultId: 'r', tenantId, decisionType: 'follow_up', option: 'sms', policyHash: 'p', startedAt: start, closedAt: start, outcome },
  ...{ latencyMs: null, votedFor: [], votedAgainst: [], abstained: [], failed: [] },
  hour: null,
  wording: { option, trial: 'wording-2', drawn: true, propensityMicro: 100_000, ...over },
  guardrails,
})
const armOf = (state: TrialState, option: string) => state.arms.find((arm) => arm.option === option) as TrialArm
/** `sent`, of these `answered` and `optedOut`, on each wording in the order of the trial. */
const stateOf = (...counts: readonly (readonly [sent: number, answered: number, optedOut?: number])[]): TrialState => {
  const fresh = begun(runningTrial, start)
  const arms = fresh.arms.map((arm, k) => {
    const [sent, answered, optedOut = 0] = counts[k] ?? [0, 0]
    return { ...arm, sent, answered, sentMicro: sent * 1e6, answeredMicro: answered * 1e6, watched: sent, optedOut }
  })
  return { ...fresh, arms }
}
const look = (state: TrialState, { days = 0, reopened = {} } = {}) =>
  reviewed(state, runningTrial, nobody, reopened, start + days * DAY).state
const sharesOf = (state: TrialState) => state.arms.map(({ shareMicro }) => shareMicro)

t.test('a result counts where the lot decided on the wording that was sent, in this trial, and its end is known', async (t) => {
  const fresh = begun(runningTrial, start)
  t.strictSame(sharesOf(fresh), [333_334, 333_333, 333_333])
  for (const other of [
    { ...result('inform'), wording: null },
    result('inform', 'none', { drawn: false }),
    result('inform', 'none', { trial: 'wording-1' }),
    result('inform', 'none', { trial: null }),
    result('reassure'),
    result('inform', 'unknown'),
  ])
    t.equal(withTried(fresh, other), undefined, JSON.stringify(other.wording))
  for (const [outcome, answered, optedOut] of [
    ['reply', 1, 0],
    ['appointment', 1, 0],
    ['none', 0, 0],
    ['overtaken', 0, 0],
    ['opt_out', 0, 1],
  ] as const) {
    const state = withTried(fresh, result('inform', outcome)) as TrialState
    t.match(armOf(state, 'inform'), {
      ...{ sent: 1, answered, sentMicro: 1_000_000, answeredMicro: answered * 1_000_000 },
      ...{ watched: 1, optedOut },
    })
    t.strictSame(armOf(state, 'wait'), armOf(fresh, 'wait'))
  }
})

t.test('results in any order give one state', (t) =>
  assertProperty(
    t,
    fc.property(
      fc.array(fc.tuple(fc.constantFrom(...runningTrial.arms, 'reassure'), fc.constantFrom('reply', 'none', 'opt_out', 'unknown'))),
      fc.infiniteStream(fc.nat()),
      (told, order) => {
        const folded = (all: typeof told) =>
          all.reduce((state, [option, outcome]) => withTried(state, result(option, outcome)) ?? state, begun(runningTrial, start))
        const shuffled = told.map((one) => ({ one, key: order.next().value ?? 0 })).sort((a, b) => a.key - b.key)
        return JSON.stringify(folded(told)) === JSON.stringify(folded(shuffled.map(({ one }) => one)))
      },
    ),
  ),
)

t.test('what is answered more gets more of the lot, ten points a day, and no wording less than the floor', async (t) => {
  let state = stateOf([40, 2], [40, 14], [40, 4])
  state = look(state)
  // A third is .333333; its target is .666666 as far as P(best) is near one: three days of ten points and the rest.
  t.ok(Math.abs(armOf(state, 'soft_ask').shareMicro - 433_333) <= 1, String(sharesOf(state)))
  t.equal(state.winner, null, 'forty messages are not enough')
  for (let day = 1; day < 7; day++) state = look(state, { days: day })
  t.ok(armOf(state, 'soft_ask').shareMicro > 640_000, String(sharesOf(state)))
  t.ok(sharesOf(state).every((share) => share >= floor))
})

t.test('a wording wins with fifty messages of each, the best at 95 %, at a loss below one per cent', async (t) => {
  t.equal(look(stateOf([49, 2], [500, 200], [500, 20])).winner, null, 'one message short')
  t.equal(look(stateOf([50, 2], [500, 200], [500, 20])).winner, 'soft_ask')
  t.equal(look(stateOf([500, 50], [500, 60], [500, 45])).winner, null, 'not sure')
  let state = look(stateOf([500, 20], [500, 200], [500, 20]))
  for (let day = 1; day < 7; day++) state = look(state, { days: day })
  t.strictSame(sharesOf(state), [floor, 1_000_000 - 2 * floor, floor])
  t.equal(look({ ...stateOf([500, 60], [500, 62], [500, 20]), winner: 'soft_ask' }).winner, 'soft_ask', 'it is still the likeliest')
  t.equal(look({ ...stateOf([500, 62], [500, 60], [500, 20]), winner: 'soft_ask' }).winner, null)
})

t.test('a wording after which more leads opt out is stopped at once, whatever its answers; the control never is', async (t) => {
  // Beta(1, 99) with 6 of 20: Beta(7, 113), mean 5.8 %, against the control's Beta(1, 119).
  const state = look(stateOf([20, 1], [20, 14, 6], [20, 1]), { days: 1 })
  t.match(armOf(state, 'soft_ask'), { stoppedAt: start + DAY, shareMicro: 0, bestMicro: 0 })
  t.strictSame(sharesOf(state), [500_000, 0, 500_000])
  t.equal(armOf(look(stateOf([20, 1, 8], [20, 1], [20, 1])), 'wait').stoppedAt, null)
  t.equal(armOf(look(stateOf([20, 1, 6], [20, 14, 6], [20, 1])), 'soft_ask').stoppedAt, null, 'the control does the same')
  // One of twenty: Beta(2, 118), mean 1.7 %: nothing is known yet.
  t.equal(armOf(look(stateOf([20, 1], [20, 1, 1], [20, 1])), 'soft_ask').stoppedAt, null)
})

t.test('only a person opens a stopped wording again; then its opt-outs are counted anew and it begins at the floor', async (t) => {
  const stopped = look(stateOf([20, 1], [20, 14, 6], [20, 1]), { days: 1 })
  const later = look(stopped, { days: 30 })
  t.equal(armOf(later, 'soft_ask').stoppedAt, start + DAY, 'time alone does not')
  t.equal(
    armOf(look(stopped, { days: 2, reopened: { soft_ask: start + DAY } }), 'soft_ask').stoppedAt,
    start + DAY,
    'nor what a person said before',
  )
  const reopened = look(stopped, { days: 2, reopened: { soft_ask: start + DAY + 1 } })
  t.match(armOf(reopened, 'soft_ask'), { stoppedAt: null, stoppedBy: null, watched: 0, optedOut: 0, sent: 20, answered: 14 })
  // From the floor by ten points.
  t.ok(Math.abs(armOf(reopened, 'soft_ask').shareMicro - floor - 100_000) <= 1, String(sharesOf(reopened)))
  t.equal(armOf(look(reopened, { days: 3, reopened: { soft_ask: start + DAY + 1 } }), 'soft_ask').stoppedAt, null)
  t.equal(armOf(look(reopened, { days: 3, reopened: { toString: 9e15 } }), 'wait').stoppedAt, null)
})

t.test(
  'leads are counted, not messages: of one lead that is hit three times one, whose further messages count as answered or not',
  async (t) => {
    const today = start / DAY
    const again = (kind: string): Hits => ({ lastDay: today, hits: [{ kind, lastDay: today }] })
    const told = [
      result('inform', 'reply', {}, lead('negative_reply')),
      result('inform', 'none', {}, again('negative_reply')),
      result('inform', 'reply', {}, { lastDay: today, hits: [{ kind: 'complaint', lastDay: null }] }),
      result('inform', 'reply', {}, lead()),
    ]
    const state = told.reduce((before, one) => withTried(before, one) ?? before, begun(runningTrial, start))
    t.match(armOf(state, 'inform'), { sent: 4, answered: 1, watched: 2, negative: 1, complained: 1, optedOut: 0, failed: 0 })
  },
)

t.test(
  'a reply in displeasure, or without interest, is sent and not answered well; an opt-out after a reply takes nothing from it',
  async (t) => {
    const after = (outcome: string, ...kinds: string[]) =>
      armOf(
        withTried(
          begun(runningTrial, start),
          result('inform', outcome, {}, { lastDay: null, hits: kinds.map((kind) => ({ kind, lastDay: null })) }),
        ) as TrialState,
        'inform',
      )
    for (const outcome of ['reply', 'appointment']) {
      t.match(after(outcome), { sent: 1, answered: 1, answeredMicro: 1_000_000 })
      t.match(after(outcome, 'negative_reply'), { sent: 1, sentMicro: 1_000_000, answered: 0, answeredMicro: 0, negative: 1 })
      t.match(after(outcome, 'complaint'), { sent: 1, answered: 0, complained: 1 })
      t.match(after(outcome, 'opt_out'), { sent: 1, answered: 1, optedOut: 1 })
    }
    t.match(after('none', 'negative_reply'), { sent: 1, answered: 0 })
    const old = { ...result('inform', 'reply'), guardrails: null }
    t.match(armOf(withTried(begun(runningTrial, start), old) as TrialState, 'inform'), { answered: 1 })
  },
)

t.test('what the provider did not take was neither sent nor answered, but its lead is watched', async (t) => {
  const state = withTried(begun(runningTrial, start), result('inform', 'failed', {}, lead('provider_error'))) as TrialState
  t.match(armOf(state, 'inform'), { sent: 0, sentMicro: 0, answered: 0, watched: 1, failed: 1 })
})

t.test('records from before leads were counted are a lead each', async (t) => {
  const state = withTried(begun(runningTrial, start), { ...result('inform', 'opt_out'), guardrails: null }) as TrialState
  t.match(armOf(state, 'inform'), { watched: 1, optedOut: 1, sent: 1 })
})

t.test('complaints, bad replies and errors of the provider stop a wording as opt-outs do, each at its own bound', async (t) => {
  const with40 = (option: string, count: object) => {
    const state = stateOf([40, 4], [40, 4], [40, 4])
    return look({ ...state, arms: state.arms.map((arm) => (arm.option === option ? { ...arm, ...count } : arm)) })
  }
  for (const [count, stoppedBy, reason] of [
    // Beta(6, 234), mean 2.5 %, against Beta(1, 239), mean .4 %, and half a point.
    [{ complained: 5 }, 'complaint', 'complained_more'],
    // Beta(17, 123), mean 12.1 %, against Beta(5, 135), mean 3.6 %, and three points.
    [{ negative: 12 }, 'negative_reply', 'replied_badly_more'],
    [{ failed: 12 }, 'provider_error', 'not_taken_more'],
    [{ optedOut: 6, complained: 6 }, 'opt_out', 'opted_out_more'],
  ] as const) {
    const state = with40('soft_ask', count)
    t.match(armOf(state, 'soft_ask'), { stoppedAt: start, shareMicro: 0, stoppedBy })
    t.match(trialFindings(state, [])[2], { subject: 'soft_ask', reason, text: /was stopped: .* the control\. Only a person/ })
    t.equal(armOf(with40('wait', count), 'wait').stoppedAt, null, 'the control never is')
  }
  // Beta(2, 238), mean .8 %; Beta(8, 132), mean 5.7 %: less than the margin above the control.
  for (const few of [{ complained: 1 }, { negative: 3 }, { failed: 3 }]) t.equal(armOf(with40('soft_ask', few), 'soft_ask').stoppedAt, null)
})

t.test('after a wording was opened again a lead counts anew, and only what came since', async (t) => {
  const stopped = look(stateOf([20, 1], [20, 14, 6], [20, 1]), { days: 1 })
  const state = look(stopped, { days: 5, reopened: { soft_ask: start + 2 * DAY } })
  const opened = start / DAY + 5
  t.match(armOf(state, 'soft_ask'), { openedDay: opened, stoppedBy: null })
  const of = (lastDay: number, hit: number | null) =>
    armOf(
      withTried(state, result('soft_ask', 'none', {}, { lastDay, hits: [{ kind: 'opt_out', lastDay: hit }] })) as TrialState,
      'soft_ask',
    )
  t.match(of(opened - 1, opened - 1), { watched: 1, optedOut: 1 }, 'both were before')
  t.match(of(opened, opened - 1), { watched: 0, optedOut: 1 }, 'counted since, hit for the first time since')
  t.match(of(opened, opened), { watched: 0, optedOut: 0 })
})

t.test('with everything but the control stopped the lot has one wording, and nothing is won', async (t) => {
  const state = look(stateOf([60, 1], [60, 14, 20], [60, 1, 20]))
  t.strictSame(sharesOf(state), [1_000_000, 0, 0])
  t.equal(state.winner, null)
})

t.test('a week makes results a hundredth lighter, once; counts that are shown stay whole', async (t) => {
  const state = look(stateOf([100, 10], [100, 10], [100, 10]), { days: 7 })
  t.match(armOf(state, 'wait'), { sent: 100, answered: 10, sentMicro: 99_000_000, answeredMicro: 9_900_000 })
  t.match(armOf(look(state, { days: 7 }), 'wait'), { sentMicro: 99_000_000 })
  t.match(armOf(look(state, { days: 0 }), 'wait'), { sentMicro: 99_000_000 }, 'a clock that went back makes nothing heavier')
})

t.test('whatever came: shares add up, open ones keep the floor, none moves by more than ten points while the same are open', (t) =>
  assertProperty(
    t,
    fc.property(
      fc.array(fc.tuple(fc.integer({ min: 0, max: 80 }), fc.nat(20), fc.nat(3)), { minLength: 3, maxLength: 3 }),
      fc.integer({ min: 1, max: 8 }),
      (counts, days) => {
        let state = stateOf(...counts.map(([sent, answered, out]) => [sent + 23, answered, out] as const))
        for (let day = 0; day < days; day++) {
          const before = state
          state = look(state, { days: day })
          const open = state.arms.filter(({ stoppedAt }) => stoppedAt === null)
          const isSame = state.arms.every(({ stoppedAt }, k) => (stoppedAt === null) === (before.arms[k]?.stoppedAt === null))
          const total = sharesOf(state).reduce((sum, share) => sum + share, 0)
          if (total !== 1_000_000 || !open.every(({ shareMicro }) => shareMicro >= floor)) return false
          if (isSame && !state.arms.every((arm, k) => Math.abs(arm.shareMicro - (before.arms[k]?.shareMicro ?? 0)) <= 100_001)) return false
        }
        return true
      },
    ),
    { numRuns: 40 },
  ),
)

const statement = (state: TrialState, location = tenantId): AgentInsight => ({
  ...{ tenantId: location, agentId: 'ab_test_manager', agentVersion: 1, system: 'content', at: start, validUntil: start + DAY },
  findings: trialFindings(state, []),
})

t.test('what is stated is read back: shares and counts; of another trial, or broken, nothing', async (t) => {
  const state = look(stateOf([20, 1], [30, 14], [25, 1]))
  const stated = statement(state)
  t.strictSame(
    statedShares(stated, runningTrial)?.map(({ shareMicro }) => shareMicro),
    sharesOf(state),
  )
  t.strictSame(statedCounts(stated, runningTrial), [
    { sent: 20, answered: 1 },
    { sent: 30, answered: 14 },
    { sent: 25, answered: 1 },
  ])
  t.equal(statedShares(undefined, runningTrial), undefined)
  t.equal(statedShares(statement({ ...state, trial: 'wording-1' }), runningTrial), undefined)
  const less = state.arms.map((arm) => ({ ...arm, shareMicro: arm.shareMicro - 1 }))
  t.equal(statedShares(statement({ ...state, arms: less }), runningTrial), undefined)
  t.equal(statedShares(statement({ ...state, arms: state.arms.slice(1) }), runningTrial), undefined)
  const broken = { ...stated, findings: stated.findings.map((one) => ({ ...one, evidence: [] })) }
  t.equal(statedCounts(broken, runningTrial), undefined)
})

const shown = (line: ReturnType<typeof lineOf>) => line.records(insights).map(({ key, value }) => [key, value.at - start])
const lineOf = (tables: Record<string, readonly (readonly [string, unknown])[]> = {}) => drive(trials, { at: start, tables })

t.test('the stage states a trial once a day when it changed, and again before the statement runs out', async (t) => {
  const line = lineOf()
  const key = insightKey(tenantId, 'ab_test_manager')
  line.pipe(results, tenantId, result('inform', 'reply'))
  line.pipe(results, tenantId, result('inform', 'none', { drawn: false }))
  t.strictSame(
    line.drops.map(({ reason }) => reason),
    ['not_tried'],
  )
  line.advance('30m')
  t.strictSame(shown(line), [[key, REVIEW_AFTER_MS]])
  t.match(line.outputs(insights)[0], {
    ...{ agentId: 'ab_test_manager', system: 'content', validUntil: start + REVIEW_AFTER_MS + VALID_MS },
    findings: [
      { kind: 'trial', subject: 'wording-2', reason: 'running', value: null },
      {},
      {},
      { subject: 'inform', samples: 1, reason: 'open' },
    ],
  })
  line.advance('30d')
  const later = line.records(insights).slice(-1)[0]?.value
  t.ok((later?.validUntil ?? 0) - (start + 30 * DAY) > REFRESH_MS - DAY, 'it holds for three weeks more')
  t.ok(line.outputs(insights).length < 31, 'not each day: after some days shares stand still')
  line.pipe(results, tenantId, result('wait', 'reply'))
  line.advance('1d')
  t.match(line.outputs(insights).at(-1)?.findings[1], { subject: 'wait', samples: 1 })
})

t.test('a person opens a wording again through the settings of the location', async (t) => {
  const line = lineOf()
  for (let n = 0; n < 20; n++)
    for (const option of runningTrial.arms) line.pipe(results, tenantId, result(option, option === 'inform' && n < 8 ? 'opt_out' : 'none'))
  line.advance('1d')
  t.match(line.outputs(insights).at(-1)?.findings[3], { subject: 'inform', value: '0', reason: 'opted_out_more' })
  line.table(tenants, tenantId, tenantRecord({ trials: { enabled: true, reopened: { inform: line.now } } }))
  line.advance('1d')
  t.match(line.outputs(insights).at(-1)?.findings[3], { subject: 'inform', reason: 'open' })
})

t.test('what other locations have stated is the prior of a new one; its own statement is not', async (t) => {
  const alike = (location: string): readonly [string, AgentInsight] => [
    insightKey(location, 'ab_test_manager'),
    statement(stateOf([1000, 100], [1000, 300], [1000, 100]), location),
  ]
  const posterior = (rows: readonly (readonly [string, AgentInsight])[]) => {
    const line = lineOf({ [insights.name]: rows })
    line.pipe(results, tenantId, result('inform'))
    line.advance('1h')
    const found = line.outputs(insights)[0]?.findings[2]
    return found?.evidence.find(({ field }) => field === 'posterior')?.value
  }
  t.equal(posterior([]), 'Beta(1.0, 9.0)')
  t.equal(posterior([alike('a'), alike('b')]), 'Beta(1.0, 9.0)')
  // Worth 200, so a thousand messages of one say what 1000 * 201 / 1200 = 167.5 would, the flat ten 10 * 201 / 210 = 9.57:
  // (3 * 167.5 * .3 + .957) / (3 * 167.5 + 9.57) = .2963.
  t.equal(posterior([alike('a'), alike('b'), alike('c')]), 'Beta(59.3, 140.7)')
  t.equal(posterior([alike('a'), alike('b'), alike(tenantId)]), 'Beta(1.0, 9.0)')
  const other = { ...alike('c')[1], agentId: 'performance_monitor' }
  t.equal(posterior([alike('a'), alike('b'), [insightKey('c', 'performance_monitor'), other]]), 'Beta(1.0, 9.0)')
})

t.test('of very many locations those with the most results are heard', async (t) => {
  const rows = Array.from({ length: LOCATIONS_MOST + 20 }, (_, n): readonly [string, AgentInsight] => {
    const counts: [number, number] = n < 20 ? [10, 10] : [100, 10]
    return [insightKey(`l${n}`, 'ab_test_manager'), statement(stateOf(counts, counts, counts), `l${n}`)]
  })
  const line = lineOf({ [insights.name]: rows })
  line.pipe(results, tenantId, result('inform'))
  line.advance('1h')
  // 501 of 5,010 of the fifty: exactly .1, worth 200.
  t.equal(line.outputs(insights)[0]?.findings[1]?.evidence.find(({ field }) => field === 'posterior')?.value, 'Beta(20.0, 180.0)')
})

t.test('of a former trial nothing counts', async (t) => {
  const line = lineOf()
  line.pipe(results, tenantId, result('inform', 'reply', { trial: 'wording-1' }))
  line.advance('1d')
  t.strictSame(line.outputs(insights), [])
  t.equal(SENT_LEAST, 50)
})
