/** A lot of hours in a decision: where one is carried and drawn, what it changes and what not, and that a replay finds the same. */
import fc from 'fast-check'
import t from 'tap'
import { agents } from '../../../pipelines/agents/agents.ts'
import type { AgentTables } from '../../../pipelines/agents/agent.ts'
import { panel } from '../../../pipelines/agents/panel.ts'
import { roster } from '../../../pipelines/agents/roster.ts'
import { consensus } from '../../../pipelines/consensus/consensus.ts'
import { decideIfReady, decideNow } from '../../../pipelines/consensus/decide.ts'
import type { Case } from '../../../pipelines/consensus/decide.ts'
import { drawHour, lawfulPlaceOf, withoutHourLot } from '../../../pipelines/consensus/drawHour.ts'
import { explain } from '../../../pipelines/consensus/explain.ts'
import { replay } from '../../../pipelines/consensus/replay.ts'
import { shippedPolicy } from '../../../pipelines/consensus/shippedPolicies.ts'
import { isLawful } from '../../../pipelines/followup/hours/lawfulHours.ts'
import { hourFindings } from '../../../pipelines/trials/hours/hourFindings.ts'
import { HOUR_LEAST_MICRO, atWeekend, runningHours } from '../../../pipelines/trials/hours/hourTrial.ts'
import { hourAt } from '../../../pipelines/trials/hours/openHours.ts'
import { begunHours } from '../../../pipelines/trials/hours/reviewHours.ts'
import { seedOf } from '../../../pipelines/trials/lot.ts'
import { mixedShares } from '../../../pipelines/trials/shares.ts'
import { drive } from '../../../runtime/driver.ts'
import { Decision } from '../../../schemas/generated/records.ts'
import type { Policy, Tenant, Vote } from '../../../schemas/generated/records.ts'
import { assessments, ballots, decisions, tenants } from '../../../topics/index.ts'
import { DAY, HOUR, MINUTE, tenantRecord } from '../../support/leadRecords.ts'
import { assertProperty } from '../../support/property.ts'
import { asked, message, question, silent, wrote } from '../leads.ts'

const followUp = shippedPolicy('follow_up') as Policy
const manager = 'timing_optimizer'
const onTables: AgentTables = { insight: () => undefined, hours: 'on' }
const own = (over: Parameters<typeof silent>[2] = {}, hours = 24) =>
  question({ reason: 'silence_24h', stage: 'silent', decisionTypes: ['follow_up'], view: silent(1, hours, over) })
const voteOf = (asking = own(), tables = onTables) => panel(asking, roster, tables).find(({ agentId }) => agentId === manager) as Vote

t.test('the vote on when to contact carries the lot where the location wants it, and is the same opinion', async (t) => {
  const plain = voteOf(own(), { insight: () => undefined })
  const carrying = voteOf()
  t.strictSame(Object.keys(plain.params), ['delayMinutes'])
  t.strictSame({ ...carrying, params: plain.params }, plain)
  t.match(carrying.params['lot'], /^hour-1 500000 h09:90910,h10:90909,.*,h19:90909 hour-1:[0-9a-f]{16}:1793718000000$/)
  t.notOk(Object.hasOwn(carrying.params, 'weekendLot'))
})

t.test('no lot where every hour is stopped: only a person opens one again', async (t) => {
  const stated = (stoppedAt: (place: number) => number | null): AgentTables => {
    const fresh = begunHours(asked - 9 * DAY)
    const arms = fresh.arms.map((arm, place) => {
      const at = stoppedAt(place % runningHours.arms.length)
      return at === null ? arm : { ...arm, stoppedAt: at, stoppedBy: 'opt_out', shareMicro: 0 }
    })
    const findings = hourFindings({ ...fresh, arms: arms.map((arm) => (arm.shareMicro > 0 ? { ...arm, shareMicro: 1_000_000 } : arm)) }, [])
    const insight = {
      tenantId: 'sandboxLocation000001',
      agentId: manager,
      agentVersion: 1,
      system: 'follow-up',
      at: asked,
      validUntil: asked + DAY,
      findings,
    }
    return { insight: (agentId) => (agentId === manager ? insight : undefined), hours: 'on' }
  }
  t.notOk(
    Object.hasOwn(
      voteOf(
        own(),
        stated(() => asked - DAY),
      ).params,
      'lot',
    ),
    'equal shares would draw what drove leads away',
  )
  const oneLeft = voteOf(
    own(),
    stated((place) => (place === 4 ? null : asked - DAY)),
  )
  t.match(oneLeft.params['lot'], /^hour-1 500000 h09:0,h10:0,h11:0,h12:0,h13:1000000,h14:0,/)
})

t.test('no lot where nobody may wait for an experiment', async (t) => {
  const hasLot = (asking: ReturnType<typeof own>) => Object.hasOwn(voteOf(asking).params, 'lot')
  t.ok(hasLot(own()))
  t.ok(hasLot({ ...own(), reason: 'level_changed' }))
  for (const [why, asking] of [
    ['a new lead', { ...own(), reason: 'new_lead' }],
    ['never written to', own({ counters: { outbound: 0, outboundOwn: 0 } })],
    ['an answer', { ...own(), reason: 'inbound_message' }],
    ['the last word was the lead’s', { ...own(), view: wrote('hello there') }],
    ['hot', own({ level: 'HOT' })],
    ['urgent', own({ level: 'URGENT' })],
    ['before an appointment', { ...own(), stage: 'booked' }],
    ['a person is due', own({ counters: { outbound: 5, attemptsSinceReply: 5 } })],
    ['withdrawn on another way', own({ blockedChannels: { email: 'revoked' } })],
    ['do not disturb on another way', own({ blockedChannels: { call: 'dnd' } })],
    [
      'complained lately',
      own({
        lastInboundAt: asked - 7 * HOUR,
        lastOutboundAt: asked - 6 * HOUR,
        recentMessages: [
          message('inbound', 'I am not happy, this is terrible', asked - 7 * HOUR),
          message('outbound', 'Sorry.', asked - 6 * HOUR),
        ],
      }),
    ],
  ] as const)
    t.notOk(hasLot(asking), why)
})

const shares = (best: readonly number[]) =>
  mixedShares(best, 40_000).map((shareMicro, k) => ({ option: runningHours.arms[k] ?? '', shareMicro }))
const lotsWith = (seed: string, best: readonly number[] = runningHours.arms.map(() => 1)) => {
  const weekday = { trial: 'hour-1', seed, exploreMicro: 500_000, shares: shares(best) }
  return { weekday, weekend: { ...weekday, shares: atWeekend(weekday.shares) } }
}
const austin = lawfulPlaceOf(silent(1, 24), undefined)

t.test('what is drawn meets its hour; what is usual keeps its time; the chances are those of both', async (t) => {
  // 09:00 in Austin: the usual time is 17:00, eleven hours are open.
  const draws = Array.from({ length: 60 }, (_, n) =>
    drawHour(lotsWith(`s${n}`), 'sms', { delayMinutes: '480', channel: 'sms' }, austin, asked),
  )
  for (const drawn of draws) {
    if (drawn === undefined) throw new TypeError('not drawn')
    const { hour, params } = drawn
    t.match(hour, { trial: 'hour-1', usual: 'h17', zone: 'America/Chicago' })
    // Half of 1/11 is .0454545, rounded down; the rest is the usual one's.
    t.strictSame(hour.arms.find(({ option }) => option === 'h10')?.propensityMicro, 45_454)
    t.equal(hour.arms.find(({ option }) => option === 'h17')?.propensityMicro, 1_000_000 - 45_455 - 9 * 45_454)
    t.equal(hourAt(asked + Number(params['delayMinutes']) * MINUTE, 'America/Chicago'), hour.taken)
    if (hour.taken === 'h17') t.strictSame(params, { delayMinutes: '480', channel: 'sms' })
  }
  t.ok(draws.some((one) => one?.hour.drawn === true && one.hour.taken !== 'h17') && draws.some((one) => one?.hour.drawn === false))
})

t.test(
  'nothing is drawn of a call, of what is wanted soon, where no hour is known, and where the usual hour is not among those tried',
  async (t) => {
    const lots = lotsWith('s')
    const drawn = (chosen: string, delayMinutes: string, place = austin, at = asked) => drawHour(lots, chosen, { delayMinutes }, place, at)
    t.ok(drawn('email', '240'))
    t.equal(drawn('call', '480'), undefined)
    t.equal(drawn('wait', '480'), undefined)
    t.equal(drawn('sms', '239'), undefined, 'sooner than the plain delay')
    t.equal(drawn('sms', '2880'), undefined, 'the habit of the lead is two days')
    t.equal(drawHour(lots, 'sms', { delayMinutes: '480' }, undefined, asked), undefined)
    t.equal(drawHour(undefined, 'sms', { delayMinutes: '480' }, austin, asked), undefined)
    t.equal(drawn('sms', '480', lawfulPlaceOf({ timeZones: ['America/New_York', 'America/Chicago'], states: [] }, undefined)), undefined)
    t.equal(lawfulPlaceOf({ timeZones: ['Europe/Rome'], states: ['IT'] }, undefined), undefined, 'no rules, no hour')
    const stopped = {
      ...lots,
      weekday: {
        ...lots.weekday,
        shares: lots.weekday.shares.map((one) => ({ ...one, shareMicro: one.option === 'h17' ? 0 : one.shareMicro })),
      },
    }
    t.equal(drawHour(stopped, 'sms', { delayMinutes: '480' }, austin, asked), undefined)
    // Friday 15:00 in Austin: usual 23:00, so Saturday from nine.
    const friday = asked + 3 * DAY + 6 * HOUR
    t.strictSame(
      drawn('sms', '480', austin, friday)?.hour.arms.map(({ option }) => option),
      ['w09', 'w10', 'w11', 'w12', 'w13', 'w14'],
      'only hours of the same kind of day',
    )
  },
)

t.test('whatever shares, seeds, times and places: chances are whole, add up to one, keep 2 %, and only lawful hours have any', (t) =>
  assertProperty(
    t,
    fc.property(
      fc.array(fc.integer({ min: 0, max: 1000 }), { minLength: 11, maxLength: 11 }).filter((best) => best.some((one) => one > 0)),
      fc.string(),
      fc.integer({ min: Date.UTC(2026, 0, 1), max: Date.UTC(2026, 11, 31) }),
      fc.constantFrom(['US-TX'], ['US-RI'], ['US-KY'], []),
      fc.integer({ min: 240, max: 1300 }),
      (best, seed, at, states, delay) => {
        const place = lawfulPlaceOf({ timeZones: ['America/Chicago'], states: [...states] }, undefined)
        const drawn = drawHour(lotsWith(seed, best), 'sms', { delayMinutes: String(delay) }, place, at)
        if (drawn === undefined) return true
        const { arms, taken, usual, drawn: isDrawn } = drawn.hour
        const goesAt = at + Number(drawn.params['delayMinutes']) * MINUTE
        const again = drawHour(lotsWith(seed, best), 'sms', { delayMinutes: String(delay) }, place, at)
        return (
          arms.reduce((sum, { propensityMicro }) => sum + propensityMicro, 0) === 1_000_000 &&
          arms.every(({ propensityMicro }) => Number.isInteger(propensityMicro) && propensityMicro >= HOUR_LEAST_MICRO) &&
          arms.some(({ option }) => option === taken) &&
          (isDrawn || taken === usual) &&
          (taken === usual || (isLawful(goesAt, ['America/Chicago'], place?.rules ?? []) && hourAt(goesAt, 'America/Chicago') === taken)) &&
          JSON.stringify(again) === JSON.stringify(drawn)
        )
      },
    ),
    { numRuns: 300 },
  ),
)

t.test('hours fall as often as is logged, and independently of the wording of the same message', async (t) => {
  const places = Array.from({ length: 6000 }, (_, n) =>
    drawHour(lotsWith(seedOf('hour-1', 'lead', n)), 'sms', { delayMinutes: '480' }, austin, asked),
  )
  for (const { option, propensityMicro } of places[0]?.hour.arms ?? []) {
    const p = propensityMicro / 1e6
    const seen = places.filter((one) => one?.hour.taken === option).length
    t.ok(Math.abs(seen - 6000 * p) < 4 * Math.sqrt(6000 * p * (1 - p)), `${option}: ${seen} of 6,000 at ${p}`)
  }
  t.not(seedOf('hour-1', 'lead', asked), seedOf('wording-2', 'lead', asked))
})

t.test(
  'only the agent that draws can bring a lot, only for a follow-up and on the roster, and no lot is left among the parameters',
  async (t) => {
    const carrying = { ...voteOf(), decisionType: 'follow_up' }
    t.ok(withoutHourLot([carrying], 'follow_up', followUp).lots)
    t.strictSame(withoutHourLot([carrying], 'follow_up', followUp).votes[0]?.params, { delayMinutes: '480' })
    t.equal(withoutHourLot([{ ...carrying, agentId: 'intent_detector' }], 'follow_up', followUp).lots, undefined)
    t.equal(withoutHourLot([{ ...carrying, agentId: `team/${manager}` }], 'follow_up', followUp).lots, undefined)
    t.equal(withoutHourLot([carrying], 'escalation', followUp).lots, undefined)
    t.equal(withoutHourLot([carrying], 'follow_up', { ...followUp, roster: [] }).lots, undefined)
    t.equal(withoutHourLot([{ ...carrying, params: { lot: 'hour-1 500000 h09:5 seed' } }], 'follow_up', followUp).lots, undefined)
  },
)

const key = 'sandboxLocation000001:maria'
const wanting = tenantRecord({ trialHours: true, updatedAt: asked - 1 })
/** The question as it goes through the stages. `n` moves the time it is asked at, and so the lot. */
const told = (n: number, tenant: Tenant = wanting) => {
  const at = asked + n
  const asking = { ...own(), askedAt: at, deadlineAt: at + 2_000 }
  const line = drive([agents, consensus], { at, tables: { [tenants.name]: [[tenant.tenantId, tenant]] } })
  line.pipe(assessments, key, asking)
  const [decision] = line.outputs(decisions)
  if (decision === undefined) throw new TypeError('not decided')
  const inputs = {
    assessment: { at, value: asking },
    ballots: line.outputs(ballots).map((value) => ({ at, value })),
    policy: (hash: string) => (hash === followUp.policyHash ? followUp : undefined),
    tenant,
  }
  return { decision, inputs }
}

t.test('a decision with an hour’s lot is decided again byte for byte, also after the location has ended its trial', async (t) => {
  const stories = Array.from({ length: 40 }, (_, n) => told(n))
  t.ok(stories.some(({ decision }) => decision.hour?.drawn === true) && stories.some(({ decision }) => decision.hour?.drawn === false))
  for (const { decision, inputs } of stories) {
    t.match(replay([decision], inputs), [{ kind: 'same' }])
    t.match(replay([decision], { ...inputs, tenant: tenantRecord({ updatedAt: asked + DAY }) }), [{ kind: 'same' }])
    t.strictSame(Decision.decode(Decision.encode(decision)).hour, decision.hour)
    t.equal(decision.dueAt, decision.decidedAt + Number(decision.params['delayMinutes']) * MINUTE)
  }
})

t.test('a lot changes of a decision its time and nothing else; without one nothing at all', async (t) => {
  for (let n = 0; n < 20; n++) {
    const { decision } = told(n)
    const without = told(n, tenantRecord({ updatedAt: asked - 1 })).decision
    t.equal(without.hour, null)
    t.notOk(Object.hasOwn(without.params, 'lot') || Object.hasOwn(decision.params, 'lot'))
    const timed = {
      ...decision,
      hour: null,
      dueAt: without.dueAt,
      params: { ...decision.params, delayMinutes: without.params['delayMinutes'] },
    }
    t.strictSame(timed, without)
    if (decision.hour?.taken === decision.hour?.usual) t.equal(decision.dueAt, without.dueAt)
  }
  t.equal(told(1, tenantRecord({ trialHours: true, trials: { enabled: false, reopened: {} } })).decision.hour, null)
})

t.test('where hours are left to lot the question is not closed before the agent that draws has answered; elsewhere as ever', async (t) => {
  const votes = followUp.roster
    .filter((id) => id !== manager && id !== 'video_ai_agent')
    .map((agentId): Vote => ({ ...voteOf(), agentId, family: '', decisionType: 'follow_up', option: 'sms', bin: 5, params: {} }))
    .map((vote) => ({ ...vote, family: followUp.families.find(({ agents: members }) => members.includes(vote.agentId))?.family ?? '' }))
  const open: Case = {
    ...{ decisionId: 'd', question: own(), decisionType: 'follow_up', votes, policy: followUp, at: asked, staleBallots: 0 },
    ...{ gated: { results: [], eligible: new Set(['wait', 'sms', 'email', 'call']), liftsAt: null } },
    ...{ policyRefused: false, degradedBefore: false },
  }
  t.match(decideIfReady(open), { stopReason: 'early_stop', chosen: 'sms', hour: null })
  t.equal(decideIfReady({ ...open, tenant: wanting }), undefined)
  t.match(decideIfReady({ ...open, tenant: wanting, question: { ...own(), reason: 'new_lead' } }), { stopReason: 'early_stop' })
  t.match(decideNow({ ...open, tenant: wanting }, 'deadline'), { chosen: 'sms', hour: null })
  t.match(decideNow({ ...open, votes: [...votes, voteOf()], tenant: wanting }, 'superseded'), { hour: null })
  t.match(decideIfReady({ ...open, votes: [...votes, voteOf()], tenant: wanting })?.hour, { trial: 'hour-1' })
})

t.test('told in words: which hour was drawn, instead of which, and how probable it was', async (t) => {
  const { decision } = told(0)
  const { hour } = decision
  if (hour === null) throw new TypeError('not drawn')
  const said = (over: Partial<typeof hour>) => explain({ ...decision, hour: { ...hour, ...over } }).sentences[0]
  t.equal(
    said({ taken: 'h10', drawn: true }),
    'Its hour was drawn by lot in trial hour-1, 10:00 to 11:00 where the lead lives, instead of 17:00 to 18:00: this had a chance of 4.5 %.',
  )
  t.match(
    said({ taken: 'h17', drawn: true }),
    /17:00 to 18:00 where the lead lives, which is the usual one: this had a chance of 54\.5 %\.$/,
  )
  t.equal(
    said({ taken: 'h17', drawn: false }),
    'Some hours are drawn by lot in trial hour-1; this message keeps its usual one, 17:00 to 18:00: this had a chance of 54.5 %.',
  )
  t.notMatch(explain({ ...decision, hour: null }).sentences.join(' '), /by lot/)
})
