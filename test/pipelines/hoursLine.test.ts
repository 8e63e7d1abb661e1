/**
 * Hours from end to end: leads of a location that has asked for it live through the stages, the hour of the message that follows a silence is
 * drawn by lot, messages leave when they are due, and what comes of it is stated. No decision, draw or result is written by hand.
 */
import t from 'tap'
import { resultsStage } from '../../pipelines/adaptation/results.ts'
import { agents } from '../../pipelines/agents/agents.ts'
import { consensus } from '../../pipelines/consensus/consensus.ts'
import { earliestLawfulInstant, rulesFor } from '../../pipelines/followup/hours/lawfulHours.ts'
import { enrich } from '../../pipelines/enrich/stage.ts'
import { followup } from '../../pipelines/followup/stage.ts'
import { noSections } from '../../pipelines/ingest/translate/draft.ts'
import { hourAt } from '../../pipelines/trials/hours/openHours.ts'
import { trials } from '../../pipelines/trials/stage.ts'
import { drive } from '../../runtime/driver.ts'
import type { Assessment, Decision, FollowUp } from '../../schemas/generated/records.ts'
import {
  assessments,
  ballots,
  decisions,
  deliveries,
  followups,
  insightKey,
  insights,
  leadEvents,
  results,
  tenants,
} from '../../topics/index.ts'
import { DAY, HOUR, MINUTE, deliveryRecord, messageEvent, tenantId, tenantRecord, tuesdayNoon } from '../support/leadRecords.ts'
import { signUp, tables } from './signUp.ts'

const LEADS = 120
const keyOf = (contactId: string) => `${tenantId}:${contactId}`
const zone = 'America/New_York'
/** One in so many messages is held by the fence for two hours. */
const HELD_ONE_IN = 10
/** When the fence lets a message go. */
const letGoAt = ({ dueAt }: Pick<FollowUp, 'dueAt'>) => earliestLawfulInstant(dueAt, [zone], rulesFor(['US-NY']) ?? []) ?? Infinity
/** A week later: the silence does not meet a holiday. */
const began = tuesdayNoon + 7 * DAY

/** All leads sign up, are written to, fall silent, and are written to again when the lot says; who gets that in the evening answers. */
function lived(trialHours: boolean | null) {
  const own = { ...tables, [tenants.name]: [[tenantId, tenantRecord({ trialHours })]] as const }
  const line = drive([enrich, agents, consensus, followup, resultsStage], { at: began, tables: own })
  for (let n = 0; n < LEADS; n++) {
    const told = { contactId: `c${n}`, eventId: `signUp${n}`, occurredAt: line.now, receivedAt: line.now }
    line.pipe(leadEvents, keyOf(`c${n}`), { ...signUp, ...told })
  }
  line.advance('5m')
  const sent = new Set<string>()
  const planned = () =>
    line
      .outputs(followups)
      .filter(({ change, action, followupId }) => change === 'planned' && action === 'send_message' && !sent.has(followupId))
  const send = ({ followupId, decisionId, channel, contactId, text }: FollowUp) => {
    sent.add(followupId)
    line.pipe(deliveries, keyOf(contactId), deliveryRecord({ followupId, decisionId, contactId, channel, at: line.now }))
    const delivery = { followupId, decisionId, channel, status: 'confirmed', messageId: `m-${followupId}`, text, action: 'send_message' }
    line.pipe(leadEvents, keyOf(contactId), {
      ...{ ...signUp, ...noSections, contactId, eventId: `sent-${followupId}`, kind: 'followup_delivered' },
      ...{ occurredAt: line.now, receivedAt: line.now, delivery: { ...delivery, echoed: false, assigneeId: null, closedBecause: null } },
    })
  }
  for (const one of planned()) send(one)
  line.advance('24h')
  const second = planned()
  const held = new Set(second.filter((_, index) => index % HELD_ONE_IN === 0).map(({ followupId }) => followupId))
  const leavesAt = (one: FollowUp) => letGoAt(one) + (held.has(one.followupId) ? 2 * HOUR : 0)
  for (const one of [...second].sort((a, b) => leavesAt(a) - leavesAt(b))) {
    if (leavesAt(one) > line.now) line.advance(`${Math.ceil((leavesAt(one) - line.now) / MINUTE)}m`)
    send(one)
    if (Number(hourAt(line.now, zone).slice(1)) < 17) continue
    const said = {
      contactId: one.contactId,
      eventId: `reply-${one.contactId}`,
      occurredAt: line.now + MINUTE,
      receivedAt: line.now + MINUTE,
    }
    line.pipe(leadEvents, keyOf(one.contactId), messageEvent(said, 'Yes, tell me more'))
  }
  line.advance('4d')
  const byId = new Map(line.outputs(decisions).map((decision) => [decision.decisionId, decision]))
  return { line, second, held, of: ({ decisionId }: FollowUp) => byId.get(decisionId) as Decision }
}
const { line, second, held, of } = lived(true)
const drawn = second.filter((one) => of(one).hour?.drawn === true)

t.test('the follow-up of a silence goes in the hour that was taken, and the first message of a new lead at once', async (t) => {
  t.equal(second.length, LEADS)
  for (const one of second) {
    const { hour } = of(one)
    if (hour === null) return t.fail('nothing was drawn')
    t.equal(hourAt(letGoAt(one), zone), hour.taken)
    t.ok(hour.arms.some(({ option }) => option === hour.taken))
  }
  t.ok(drawn.length > LEADS / 4 && new Set(drawn.map((one) => of(one).hour?.taken)).size > 4, `${drawn.length} drawn`)
  const first = line.outputs(decisions).filter(({ reason, type }) => reason === 'new_lead' && type === 'follow_up')
  t.strictSame([first.length, first.filter(({ hour }) => hour !== null).length], [LEADS, 0])
  t.notOk(line.outputs(decisions).some(({ type, hour }) => type !== 'follow_up' && hour !== null))
  t.notOk(line.outputs(decisions).some(({ reason, hour }) => reason === 'inbound_message' && hour !== null))
})

t.test('a result tells the hour in which its message really went; what was moved counts for none', async (t) => {
  const told = line.outputs(results).flatMap(({ hour }) => (hour === null ? [] : [hour]))
  t.equal(told.length, LEADS, 'one each')
  t.equal(told.filter(({ trial }) => trial === null).length, held.size, 'held for two hours')
  const kept = second.filter(({ followupId }) => !held.has(followupId))
  const named = (hours: readonly (string | undefined)[]) => [...hours].sort()
  t.strictSame(named(told.flatMap(({ trial, option }) => (trial === null ? [] : [option]))), named(kept.map((one) => of(one).hour?.taken)))
  t.strictSame(
    named(told.flatMap(({ trial, option }) => (trial === null ? [option] : []))),
    named(second.filter(({ followupId }) => held.has(followupId)).map((one) => hourAt(letGoAt(one) + 2 * HOUR, zone))),
  )
})

t.test('the trial counts what the lot decided and kept, hour by hour, and the lot of the next day has its shares', async (t) => {
  const review = drive(trials, { at: line.now })
  for (const { value } of line.records(results)) review.pipe(results, tenantId, value)
  review.advance('1d')
  const stated = review.outputs(insights).find(({ agentId }) => agentId === 'timing_optimizer')
  const counted = drawn.filter(({ followupId }) => !held.has(followupId))
  const hours = (stated?.findings ?? []).filter(({ kind }) => kind === 'hour')
  for (const { subject, evidence } of hours) {
    const sent = counted.filter((one) => of(one).hour?.taken === subject).length
    t.match(evidence[0], { field: 'results', value: `${Number(subject.slice(1)) >= 17 ? sent : 0}/${sent}` }, subject)
  }
  const value = (name: string) => Number(hours.find(({ subject }) => subject === name)?.value)
  t.ok(value('h18') > value('h11'), 'the evening is answered')
  if (stated === undefined) throw new TypeError('nothing was stated')
  const asking = line.outputs(assessments).find(({ reason }) => reason === 'silence_24h') as Assessment
  const next = drive(agents, {
    at: line.now,
    tables: {
      [tenants.name]: [[tenantId, tenantRecord({ trialHours: true })]],
      [insights.name]: [[insightKey(tenantId, 'timing_optimizer'), stated]],
    },
  })
  next.pipe(assessments, keyOf(asking.contactId), asking)
  const lot = next.outputs(ballots)[0]?.votes.find(({ agentId }) => agentId === 'timing_optimizer')?.params['lot'] ?? ''
  for (const { subject, value: share } of hours) t.ok(lot.includes(`${subject}:${share}`), lot)
})

t.test('where the location has not asked nothing is drawn, and messages go at their usual time', async (t) => {
  const { second: usual, of: decided } = lived(null)
  t.equal(usual.length, LEADS)
  for (const one of usual) {
    t.equal(decided(one).hour, null)
    t.equal(one.dueAt - decided(one).decidedAt, 8 * HOUR)
  }
})
