/** What the votes do not clearly call for: nothing is sent before a person has answered, and a question ends in one way. */
import fc from 'fast-check'
import t from 'tap'
import { shippedPolicy } from '../../pipelines/consensus/shippedPolicies.ts'
import { answerOf, askedOf } from '../../pipelines/followup/asked.ts'
import { askedOnPage } from '../../pipelines/followup/questionWords.ts'
import { followup } from '../../pipelines/followup/stage.ts'
import { drive } from '../../runtime/driver.ts'
import type { Line } from '../../runtime/driver.ts'
import type { Contribution, Decision, FollowupState, Tenant } from '../../schemas/generated/records.ts'
import { FollowUp, FollowupState as StateSchema } from '../../schemas/generated/records.ts'
import { decisions, erasures, followups, outcomes, profiles, tenants } from '../../topics/index.ts'
import {
  DAY,
  HOUR,
  MINUTE,
  decisionRecord,
  labelRecord,
  profileRecord,
  tenantId,
  tenantRecord,
  tuesdayNoon,
} from '../support/leadRecords.ts'
import { assertProperty } from '../support/property.ts'

const maria = `${tenantId}:maria`
const line = (tenant: Partial<Tenant> = {}): Line =>
  drive(followup, { at: tuesdayNoon, tables: { [tenants.name]: [[tenantId, tenantRecord(tenant)]] } })

const option = (name: string, probability: number, utility: number, eligible = true): Decision['options'][number] => ({
  ...{ option: name, eligible, baseMicro: 250_000, score: '0', probability, utility },
})
const vote = (agentId: string, voted: string, nats: string, reasonText: string): Contribution => ({
  ...{ agentId, agentVersion: 1, family: agentId, option: voted, bin: 4, rank: 1, lambdaMicro: 1, deltaMicro: 1, tauMicro: 1, nats },
  ...{ blocked: false, reasonCode: 'r', reasonText },
})
/** A text message at 62 %, waiting at 31 % not ruled out; a call is, and e-mail is not allowed. */
const undecided = (over: Partial<Decision> = {}): Decision =>
  decisionRecord({
    options: [option('wait', 0.31, 20), option('sms', 0.62, 30), option('email', 0, 0, false), option('call', 0.07, 5)],
    contributions: [
      vote('timing', 'sms', '900000000000000000', 'She asked for a showing.'),
      vote('history', 'sms', '300000000000000000', 'She answers texts.'),
      vote('rate', 'sms', '200000000000000000', 'Half of such leads answer.'),
      vote('season', 'sms', '100000000000000000', 'It is spring.'),
      vote('load', 'wait', '500000000000000000', 'She was written to yesterday.'),
    ],
    conformalSet: ['wait', 'sms'],
    escalation: 'undecided',
    ...over,
  })
const answer = (chosen: string, over: { decisionId?: string; at?: number; carryOut?: boolean | null } = {}) =>
  labelRecord(
    { at: over.at ?? tuesdayNoon },
    {
      decisionId: over.decisionId ?? 'd1',
      option: chosen,
      selection: 'escalated',
      inclusion: 1,
      carryOut: over.carryOut === undefined ? true : over.carryOut,
    },
  )
const told = (l: Line) => l.outputs(followups).map(({ change, action, channel }) => `${change} ${action} ${channel}`)
const stateOf = (l: Line) => l.state(maria) as FollowupState | undefined

function put(tenant: Partial<Tenant> = {}, over: Partial<Decision> = {}): Line {
  const l = line(tenant)
  l.pipe(profiles, maria, profileRecord({ level: 'HOT' }))
  l.pipe(decisions, maria, undecided(over))
  return l
}

t.test('the question says the two best options, the three strongest votes each way, the draft, and what happens otherwise', async (t) => {
  const l = put()
  t.strictSame(told(l), ['planned ask none'])
  const [question] = l.outputs(followups)
  t.match(question, {
    text: 'Decide what to do about Maria',
    priority: 4,
    dueAt: tuesdayNoon,
    expiresAt: tuesdayNoon + 4 * HOUR,
    chosenBy: null,
  })
  t.strictSame(question?.body?.split('\n'), [
    'What is right for Maria is not clear enough for Rekindle to act alone.',
    '1. Send a text message: 62 % likely to be right.',
    '   For it: She asked for a showing. (Timing, high) She answers texts. (History, high) Half of such leads answer. (Rate, high) 1 more.',
    '2. Wait: 31 % likely to be right.',
    '   For it: She was written to yesterday. (Load, high)',
    'Open: the votes rule out neither "send a text message" nor "wait" at the error that the policy allows, and what has reached a lead cannot be taken back.',
    'Draft of the text message: Hi Maria, Example Homes here. Just checking in: do you have any questions so far? Reply STOP to opt out.',
    // 12:00 in New York and four hours.
    'Answer by 2026-11-10 16:00 EST on the page "Asked" of Rekindle with one of: sms, wait, call. Or: rekindle asked answer d1 sms --by <your name>',
    'Completing this task is no answer. It is completed by itself when the question has ended.',
    'Without an answer nothing is sent.',
  ])
  t.equal(FollowUp.mismatch(question), undefined, 'it fits the topic')
  t.equal(StateSchema.mismatch(stateOf(l)), undefined)
})

t.test('votes without weight are no reasons of the question, and what is not certain is not told as such', async (t) => {
  const lines = (contributions: readonly Contribution[], sure = 0.62) =>
    put(
      {},
      {
        options: [option('wait', 1 - sure, 20), option('sms', sure, 30), option('call', 0, 5)],
        contributions: [...contributions],
      },
    )
      .outputs(followups)[0]
      ?.body?.split('\n') ?? []
  // One that is held down, and one of another team that nobody has measured.
  const weightless = [vote('season', 'sms', '0', 'It is spring.'), vote('team:acme/luck', 'sms', '0', 'It is her day.')]
  t.equal(
    lines([vote('timing', 'sms', '900000000000000000', 'She asked for a showing.'), ...weightless])[2],
    '   For it: She asked for a showing. (Timing, high)',
  )
  t.strictSame(lines(weightless).slice(2, 5), [
    '   What argued for it has no weight.',
    '2. Wait: 38 % likely to be right.',
    '   No agent argued for it.',
  ])
  const ruledOut = put({}, { conformalSet: ['wait'], options: [option('wait', 0.55, 20), option('sms', 0.3, 30), option('call', 0.15, 5)] })
  t.match(
    ruledOut.outputs(followups)[0]?.body ?? '',
    /^Open: "send a text message" is best by what each would gain and cost, but the votes rule out that it is right at the error/m,
  )
  t.strictSame(
    lines([], 0.997).filter((line) => line.endsWith('likely to be right.')),
    ['1. Send a text message: over 99 % likely to be right.', '2. Wait: below 1 % likely to be right.'],
  )
})

t.test('the answer is carried out once, in the words of the draft, and the question is closed by it', async (t) => {
  const l = put()
  const draft = /: (Hi Maria.*)$/m.exec(l.outputs(followups)[0]?.body ?? '')?.[1]
  l.advance('30m')
  l.pipe(outcomes, maria, answer('sms'))
  t.strictSame(told(l), ['planned ask none', 'cancelled ask none', 'planned send_message sms'])
  const [, closed, message] = l.outputs(followups)
  t.equal(message?.text, draft)
  t.match(message, {
    decisionId: 'd1',
    chosenBy: 'anna',
    dueAt: tuesdayNoon + 30 * MINUTE,
    reason: 'anna was asked and chose to send a text message.',
  })
  t.match(closed, { reason: 'anna was asked and chose to send a text message.', body: null, text: null })
  t.strictSame(l.timers(maria), {})
  l.pipe(outcomes, maria, answer('call'))
  l.pipe(decisions, maria, undecided())
  t.equal(l.outputs(followups).length, 3, 'neither a second answer nor the decision told again does anything')
  t.match(l.drops.slice(-2), [{ reason: 'not_asked' }, { reason: 'already_planned' }])
})

t.test('an answer may be another option, or to wait', async (t) => {
  const call = put()
  call.pipe(outcomes, maria, answer('call'))
  t.strictSame(told(call).slice(2), ['planned create_task call'])
  const wait = put()
  wait.pipe(outcomes, maria, answer('wait'))
  t.strictSame(told(wait), ['planned ask none', 'cancelled ask none'])
  wait.pipe(decisions, maria, undecided())
  t.match(wait.drops.at(-1), { reason: 'taken_back' }, 'the decision told again is not asked about again')
})

t.test('nobody answers: nothing that cannot be undone is done', async (t) => {
  const silent = put()
  silent.advance('239m')
  t.equal(silent.outputs(followups).length, 1)
  silent.advance('2m')
  t.strictSame(told(silent), ['planned ask none', 'cancelled ask none'])
  t.equal(silent.outputs(followups)[1]?.reason, 'A person was asked and did not answer in time, so nothing is sent.')
  silent.pipe(outcomes, maria, answer('sms'))
  t.equal(silent.outputs(followups).length, 2, 'an answer that comes too late is a verdict and no more')
  // The timer of a question and an answer may come in one batch, in either order.
  const open = askedOf(undecided(), { firstName: 'Maria', level: 'HOT' }, tuesdayNoon)
  t.strictSame(answerOf(answer('sms'), open, open.until), { none: 'answered_too_late' })
  t.strictSame(answerOf(answer('sms'), open, open.until - 1), { option: 'sms', by: 'anna' })

  const call = put(
    {},
    { conformalSet: ['call', 'sms', 'wait'], options: [option('wait', 0.2, 1), option('sms', 0.5, 30), option('call', 0.3, 20)] },
  )
  t.match(call.outputs(followups)[0]?.body, /nothing is sent, and a realtor is asked to call\.$/)
  call.advance('4h')
  t.strictSame(told(call), ['planned ask none', 'cancelled ask none', 'planned create_task call'])
  t.equal(call.outputs(followups)[2]?.chosenBy, null)
})

t.test('a verdict is no answer, nor is one on another decision or with an option that is not allowed', async (t) => {
  const l = put()
  l.pipe(outcomes, maria, answer('sms', { carryOut: null }))
  l.pipe(outcomes, maria, answer('sms', { decisionId: 'd0' }))
  l.pipe(outcomes, maria, answer('email'))
  l.pipe(outcomes, maria, labelRecord({ kind: 'reply', label: null }))
  t.strictSame(
    l.drops.map(({ reason }) => reason),
    ['no_answer', 'not_asked', 'answer_not_offered', 'no_answer'],
  )
  t.strictSame(told(l), ['planned ask none'])
})

t.test('the question waits for the wording of its draft, as a message would', async (t) => {
  const wording = decisionRecord({ decisionId: 'w1', type: 'content', chosen: 'soft_ask', params: {}, askedAt: tuesdayNoon, dueAt: null })
  const l = line()
  l.pipe(decisions, maria, undecided({ askedAt: tuesdayNoon }))
  t.strictSame(told(l), [])
  l.pipe(decisions, maria, wording)
  t.strictSame(told(l), ['planned ask none'])
  t.match(l.outputs(followups)[0]?.body, /If a short call would help, just tell us when\./)
  l.pipe(outcomes, maria, answer('sms'))
  t.match(l.outputs(followups)[2], { templateId: 'nudge_24h.sms.soft_ask.1', text: /If a short call would help/ })

  const late = line()
  late.pipe(decisions, maria, undecided({ askedAt: tuesdayNoon }))
  late.advance('2s')
  t.match(late.outputs(followups)[0]?.body, /Just checking in: do you have/, 'without one it is plain')
})

t.test('a question ends when the lead or a person acts, when something newer is clear, and with the lead', async (t) => {
  const acts = put()
  acts.pipe(profiles, maria, profileRecord({ epoch: 5, version: 4 }))
  t.strictSame(told(acts), ['planned ask none', 'cancelled ask none'])
  const clear = put()
  clear.pipe(decisions, maria, decisionRecord({ decisionId: 'd2' }))
  t.strictSame(told(clear), ['planned ask none', 'cancelled ask none', 'planned send_message sms'])
  const person = put()
  person.pipe(decisions, maria, decisionRecord({ decisionId: 'd3', type: 'escalation', chosen: 'hand_over', params: {} }))
  t.strictSame(told(person).slice(1), ['cancelled ask none', 'planned hand_over none'])
  const gone = put()
  gone.pipe(erasures, maria, { tenantId, contactId: 'maria', erasedAt: tuesdayNoon, requestId: 'r', requestedBy: 'operator' })
  t.strictSame(told(gone), ['planned ask none', 'cancelled ask none'])
  for (const l of [acts, clear, person, gone]) {
    t.equal(stateOf(l)?.asked ?? null, null)
    t.strictSame(l.timers(maria), {})
    const before = l.outputs(followups).length
    l.pipe(outcomes, maria, answer('sms'))
    t.equal(l.outputs(followups).length, before)
  }
})

t.test('a page has a button for each answer, so it says nothing of the task, the terminal and their codes', async (t) => {
  const body = put().outputs(followups)[0]?.body ?? ''
  t.match(body, /with one of: sms, wait, call\. Or: rekindle asked answer d1[\s\S]*Completing this task is no answer/, 'for the task')
  t.match(
    askedOnPage(body),
    /^What is right for Maria[\s\S]*Draft of the text message: [^\n]*\nAnswer by 2026-11-10 16:00 EST\.\nWithout an answer nothing is sent\.$/,
  )
  t.equal(askedOnPage('Answer by phone?'), 'Answer by phone?', 'what is worded otherwise stays')
})

t.test('while a question is open no second one is put, and a location may have such messages sent', async (t) => {
  const l = put()
  l.pipe(decisions, maria, undecided({ decisionId: 'd2' }))
  t.match(l.drops, [{ reason: 'already_asked' }])
  t.strictSame(told(put({ undecided: 'act' })), ['planned send_message sms'])
  t.strictSame(told(put({ undecided: 'ask' })), ['planned ask none'])
  const taken = line()
  taken.pipe(decisions, maria, decisionRecord({ decisionId: 'd3', type: 'escalation', chosen: 'hand_over', params: {} }))
  taken.pipe(decisions, maria, undecided())
  t.match(taken.drops, [{ reason: 'handed_over_to_a_person' }], 'a person has it already')
})

t.test('what followed from an answer is taken back, and the question is not put again when its decision is told again', async (t) => {
  const l = put()
  l.pipe(outcomes, maria, answer('call'))
  l.pipe(profiles, maria, profileRecord({ level: 'HOT', epoch: 9 }))
  t.strictSame(told(l), ['planned ask none', 'cancelled ask none', 'planned create_task call', 'cancelled create_task call'])
  // The task would have ended by now, a message not.
  l.advance('50h')
  l.pipe(decisions, maria, undecided({ epoch: 9 }))
  t.equal(l.outputs(followups).length, 4)
  t.match(l.drops.slice(-1), [{ reason: 'taken_back' }])
})

t.test('too few voices twice in a row are asked about as well, of follow-ups alone', async (t) => {
  const few = {
    chosen: 'wait',
    escalation: 'quorum_failed_twice',
    degraded: true,
    fallbackUsed: true,
    conformalSet: null,
    contributions: [],
    nEff: 0.4,
  }
  const l = put({}, few)
  t.match(
    l.outputs(followups)[0]?.body,
    /Open: fewer voices than needed were heard \(0\.4 of 2\.0\), and it was no better the time before\.\nDraft of the text message: Hi Maria/,
  )
  // All of `conversation` were away, and nine others there.
  const silent = (shippedPolicy('follow_up')?.families.find(({ family }) => family === 'conversation')?.agents ?? []).map((agentId) => ({
    ...{ agentId, kind: 'missing', reasonCode: 'no_answer' },
  }))
  t.match(
    put({}, { ...few, nEff: 10.4, quorum: 3, silent }).outputs(followups)[0]?.body,
    /Open: nobody answered of the agents of "conversation", which have to be heard, and it was no better the time before\./,
  )
  t.strictSame(told(put({}, { ...few, type: 'escalation' })), [])
})

t.test(
  'any order of decisions, answers, profiles and time: what is unclear is sent only by an answer, once, and one question is open',
  (t) =>
    assertProperty(
      t,
      fc.property(
        fc.array(
          fc.record({
            what: fc.constantFrom('profile', 'unclear', 'clear', 'answer', 'answer', 'wording'),
            epoch: fc.integer({ min: 4, max: 6 }),
            id: fc.integer({ min: 1, max: 4 }),
            chosen: fc.constantFrom('sms', 'call', 'wait'),
            minutes: fc.constantFrom(0, 0, 1, 90, 300, 3_000),
          }),
          { maxLength: 25 },
        ),
        (steps) => {
          const l = line()
          const answers = new Map<string, Set<string>>()
          for (const { what, epoch, id, chosen, minutes } of steps) {
            l.advance(`${minutes}m`)
            const decided = { epoch, decidedAt: l.now, dueAt: null, askedAt: l.now, assessmentId: `a${id}` }
            if (what === 'profile') l.pipe(profiles, maria, profileRecord({ epoch, level: 'HOT' }))
            if (what === 'unclear') l.pipe(decisions, maria, undecided({ decisionId: `u${id}`, ...decided }))
            if (what === 'clear') l.pipe(decisions, maria, decisionRecord({ decisionId: `c${id}`, chosen, ...decided }))
            if (what === 'wording')
              l.pipe(decisions, maria, decisionRecord({ decisionId: `w${id}`, type: 'content', chosen: 'inform', ...decided }))
            if (what !== 'answer') continue
            const decisionId = `u${id}`
            answers.set(decisionId, (answers.get(decisionId) ?? new Set()).add(chosen))
            l.pipe(outcomes, maria, answer(chosen, { decisionId, at: l.now }))
          }
          l.advance('2d')
          const open = new Set<string>()
          const did = new Map<string, number>()
          const put = new Map<string, number>()
          /** Told again after four days, a decision is as good as a new one. */
          const isAgain = (known: number | undefined, at: number) => known !== undefined && at < known + 4 * DAY
          for (const { change, followupId, action, decisionId, chosenBy, plannedAt } of l.outputs(followups)) {
            if (change === 'cancelled') {
              if (!open.delete(followupId)) return false
              continue
            }
            open.add(followupId)
            if (action === 'ask') {
              if (isAgain(put.get(decisionId), plannedAt)) return false
              put.set(decisionId, plannedAt)
            } else if (decisionId.startsWith('u')) {
              // One thing is done for a question, and it is one of the answers given.
              const done = action === 'send_message' ? 'sms' : 'call'
              if (isAgain(did.get(decisionId), plannedAt) || chosenBy !== 'anna' || answers.get(decisionId)?.has(done) !== true)
                return false
              did.set(decisionId, plannedAt)
            }
          }
          const asks = l.outputs(followups).filter(({ action, change }) => action === 'ask' && change === 'planned')
          return asks.every(({ followupId }) => !open.has(followupId)) && (stateOf(l)?.asked ?? null) === null
        },
      ),
      { numRuns: 300 },
    ),
)

t.test('the time for an answer counts while the office is open, and the question says so', async (t) => {
  const officeHours = [{ days: [1, 2, 3, 4, 5], from: '09:00', to: '13:00' }]
  const at = line({ officeHours })
  at.pipe(profiles, maria, profileRecord({ level: 'HOT' }))
  at.pipe(decisions, maria, undecided())
  at.advance('2s')
  const [put] = at.outputs(followups)
  // Four hours for a HOT lead: one of Tuesday from noon on, three of Wednesday from nine on.
  t.equal(put?.expiresAt, tuesdayNoon + DAY)
  t.match(put?.body, /Answer by 2026-11-11 12:00 EST [\s\S]*The time for it counts while the office is open: mon-fri 09:00-13:00\./)
  at.advance('23h')
  t.equal(at.outputs(followups).length, 1, 'still open')
  at.advance('1h')
  t.match(at.outputs(followups).at(-1), { change: 'cancelled', reason: /did not answer in time/ })
})

t.test('where a minute of a person has a worth, two options that differ by less are asked about, if one is a message', async (t) => {
  const clear = (over: Partial<Decision> = {}) =>
    undecided({
      ...{ escalation: null, conformalSet: ['sms'], chosen: 'sms' },
      options: [option('wait', 0.31, 0.487), option('sms', 0.62, 0.5), option('email', 0, 0.499, false), option('call', 0.07, 0.1)],
      ...over,
    })
  const asked = (tenant: Partial<Tenant>, over: Partial<Decision> = {}) => {
    const at = line(tenant)
    at.pipe(profiles, maria, profileRecord({ level: 'HOT' }))
    at.pipe(decisions, maria, clear(over))
    at.advance('2s')
    return at.outputs(followups)
  }
  const kinds = (told: readonly FollowUp[]) => told.map(({ action }) => action)
  t.strictSame(kinds(asked({})), ['send_message'], 'off, which is the default')
  t.strictSame(kinds(asked({ minuteWorthMicro: 13_000 })), ['send_message'], 'it is worth exactly a minute')
  const [put] = asked({ minuteWorthMicro: 13_001 })
  t.match(put, {
    action: 'ask',
    body: /1\. Send a text message: 62 % [\s\S]*2\. Wait: 31 % [\s\S]*Open: choosing between the two is worth 0\.013, less than the 0\.013001 that a minute/,
  })
  t.strictSame(kinds(asked({ minuteWorthMicro: 20_000, undecided: 'act' })), ['ask'], 'the location has said both')
  t.strictSame(kinds(asked({ minuteWorthMicro: 20_000 }, { chosen: 'wait' })), ['ask'], 'whichever of the two was chosen')
  for (const [over, told] of [
    [{ stopReason: 'gated', chosen: 'wait' }, []],
    [{ stopReason: 'superseded', chosen: 'wait' }, []],
    [{ degraded: true, chosen: 'wait' }, []],
    [{ options: [option('sms', 0.9, 0.5)] }, ['send_message']],
    [{ options: [option('wait', 0.5, 0.5), option('call', 0.4, 0.5), option('sms', 0.1, 0.1)], chosen: 'wait' }, []],
  ] as const satisfies readonly (readonly [Partial<Decision>, readonly string[]])[])
    t.strictSame(kinds(asked({ minuteWorthMicro: 20_000 }, over as Partial<Decision>)), told, JSON.stringify(over))
})

t.test('a question outlives a restart and is still answered', async (t) => {
  const l = put()
  l.restart()
  l.pipe(outcomes, maria, answer('sms'))
  t.strictSame(told(l).slice(-1), ['planned send_message sms'])
  t.ok((stateOf(l)?.takenBack['d1'] ?? 0) >= tuesdayNoon + 3 * DAY)
})
