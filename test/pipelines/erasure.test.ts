/** An erasure through the stages: nothing is left but refusals, nothing from before comes back, what is open is taken back. */
import fc from 'fast-check'
import t from 'tap'
import { panel } from '../../pipelines/agents/panel.ts'
import { roster } from '../../pipelines/agents/roster.ts'
import { consensus } from '../../pipelines/consensus/consensus.ts'
import { forgotten, isForgotten } from '../../pipelines/enrich/erasure.ts'
import { enrich } from '../../pipelines/enrich/stage.ts'
import { followup } from '../../pipelines/followup/stage.ts'
import { ingest } from '../../pipelines/ingest/stage.ts'
import { noSections } from '../../pipelines/ingest/translate/draft.ts'
import { drive } from '../../runtime/driver.ts'
import type { ContactFields, Erasure, LeadEvent, LeadProfile } from '../../schemas/generated/records.ts'
import {
  assessments,
  ballots,
  decisions,
  deliveries,
  erasures,
  followups,
  leadEvents,
  profiles,
  tenants,
  triggers,
} from '../../topics/index.ts'
import {
  HOUR,
  MINUTE,
  decisionRecord,
  deliveryRecord,
  messageEvent,
  noContactFields,
  profileRecord,
  tenantId,
  tenantRecord,
  tuesdayNoon,
} from '../support/leadRecords.ts'
import { assertProperty } from '../support/property.ts'
import { question } from './leads.ts'

const maria = `${tenantId}:maria`
const tables = { [tenants.name]: [[tenantId, tenantRecord()]] as const }

const erasure = (erasedAt: number): Erasure => ({ tenantId, contactId: 'maria', erasedAt, requestId: 'r', requestedBy: 'office' })
const says = (text: string, at: number) => messageEvent({ eventId: `${text}@${at}`, occurredAt: at, receivedAt: at }, text)
const contact = (fields: Partial<ContactFields>, at: number, kind = 'contact_created'): LeadEvent => ({
  ...messageEvent({ eventId: `${kind}@${at}`, occurredAt: at, receivedAt: at, kind }),
  ...noSections,
  contact: { ...noContactFields, ...fields },
})
const maria1 = { firstName: 'Maria', email: 'maria@example.com', phone: '+12125550101', source: 'website form' }

function known() {
  const line = drive(enrich, { at: tuesdayNoon, tables })
  line.pipe(leadEvents, maria, contact({ ...maria1, dndChannels: { email: 'permanent', sms: 'inactive' } }, tuesdayNoon))
  line.pipe(leadEvents, maria, says('Can we see the house?', tuesdayNoon + MINUTE))
  line.pipe(leadEvents, maria, says('STOP', tuesdayNoon + 2 * MINUTE))
  line.advance('1h')
  return line
}
const stateOf = (line: ReturnType<typeof known>) => line.state(maria) as LeadProfile
const at = tuesdayNoon + HOUR

t.test('a deletion after the erasure begins nothing anew; of a lead that has come back it counts', async (t) => {
  const kinds = ['contact_deleted', 'opportunity_deleted', 'appointment_deleted', 'task_deleted', 'note_deleted']
  for (const kind of kinds) {
    const line = known()
    line.pipe(erasures, maria, erasure(at))
    const told = line.outputs(profiles).length
    line.pipe(leadEvents, maria, contact({}, at + MINUTE, kind))
    t.equal(line.outputs(profiles).length, told, kind)
    t.ok(isForgotten(stateOf(line)), kind)
  }
  const line = known()
  line.pipe(erasures, maria, erasure(at))
  line.pipe(leadEvents, maria, contact(maria1, at + MINUTE))
  line.pipe(leadEvents, maria, contact({}, at + 2 * MINUTE, 'contact_deleted'))
  t.match(line.outputs(profiles).at(-1), { deletedAt: at + 2 * MINUTE, phone: null })
})

t.test(
  'an erasure leaves refusals without their words and the moment, ends the profile and its timers, and is known when it is told again',
  async (t) => {
    const line = known()
    const before = stateOf(line)
    line.pipe(erasures, maria, erasure(at))
    t.equal(line.outputs(profiles).at(-1), null)
    t.strictSame(line.timers(maria), {})
    const state = stateOf(line)
    const revoked = {
      status: 'revoked',
      at: tuesdayNoon + 2 * MINUTE,
      expiresAt: null,
      eventId: `STOP@${tuesdayNoon + 2 * MINUTE}`,
      words: null,
    }
    t.match(state, {
      firstName: null,
      email: null,
      phone: null,
      source: null,
      recentMessages: [],
      deletedAt: at,
      dndChannels: { email: 'permanent' },
      consents: { sms: revoked, call: revoked },
      counters: { inbound: 0, events: 0 },
      version: before.version + 1,
      epoch: before.epoch + 1,
      fieldTimes: { erased: at, deleted: at, 'dndChannels.email': tuesdayNoon },
    })
    t.equal(state.consents['email']?.words, null)
    t.notOk('sms' in state.dndChannels, 'what is no refusal goes')
    t.ok(isForgotten(state))
    t.notOk(isForgotten(before))
    t.notOk(isForgotten({ ...state, city: 'Austin' }), 'the proof can fail')
    t.notMatch(JSON.stringify(state), /Maria|example\.com|212555|house|STOP"/)

    line.pipe(erasures, maria, erasure(at))
    line.pipe(erasures, maria, erasure(at - 1))
    t.strictSame(line.drops.map(({ reason }) => reason).slice(-2), ['erased_already', 'erased_already'])
    t.strictSame(stateOf(line), state)
    line.pipe(erasures, maria, erasure(at + 1))
    t.equal(stateOf(line).fieldTimes['erased'], at + 1, 'a later order takes what came in between')
    line.restart()
    line.advance('800h')
    t.equal(line.outputs(profiles).at(-1), null, 'no timer brings it back')
  },
)

t.test('a lead that nothing is known of can be erased: what was on its way does not make it', async (t) => {
  const line = drive(enrich, { at: tuesdayNoon, tables })
  line.pipe(erasures, maria, erasure(at))
  line.pipe(leadEvents, maria, contact(maria1, tuesdayNoon))
  t.strictSame(stateOf(line), forgotten(undefined, erasure(at)))
  t.strictSame(line.outputs(profiles), [null])
})

t.test('what comes late changes nothing but for a refusal, and is told to nobody', async (t) => {
  const line = drive(enrich, { at: tuesdayNoon, tables })
  line.pipe(leadEvents, maria, contact(maria1, tuesdayNoon))
  line.advance('1h')
  line.pipe(erasures, maria, erasure(at))
  const told = () => [profiles, triggers, assessments].map((topic) => line.records(topic).length)
  const before = told()
  t.strictSame(stateOf(line).consents, {})
  line.pipe(leadEvents, maria, says('Is it still there?', at))
  t.equal(line.drops.at(-1)?.reason, 'before_erasure')
  line.pipe(leadEvents, maria, says('STOP', at - MINUTE))
  line.pipe(leadEvents, maria, contact({ ...maria1, dnd: true }, at - MINUTE, 'contact_updated'))
  t.match(stateOf(line), { consents: { sms: { status: 'revoked', words: null } }, dnd: true, firstName: null })
  t.ok(isForgotten(stateOf(line)))
  const own = {
    followupId: 'f',
    decisionId: 'd',
    channel: 'sms',
    status: 'confirmed',
    messageId: 'm',
    text: 'Hi Maria',
    action: 'send_message',
    echoed: false,
    assigneeId: null,
    closedBecause: null,
  }
  line.pipe(leadEvents, maria, { ...says('', at + 1), ...noSections, kind: 'followup_delivered', delivery: own })
  t.equal(line.drops.at(-1)?.reason, 'erased', 'a message that was on its way')
  t.strictSame(told(), before)
})

t.test('a lead that comes back begins anew with its refusal, and may take it back', async (t) => {
  const line = known()
  line.pipe(erasures, maria, erasure(at))
  line.advance('1h')
  line.pipe(leadEvents, maria, contact({ firstName: 'Mary', source: 'website form' }, at + HOUR))
  t.match(line.outputs(profiles).at(-1), {
    firstName: 'Mary',
    email: null,
    deletedAt: null,
    recentMessages: [],
    consents: { sms: { status: 'revoked' }, call: { status: 'revoked' } },
    counters: { inbound: 0, events: 1 },
    firstSeenAt: at,
  })
  t.notOk(isForgotten(stateOf(line)))
  line.pipe(leadEvents, maria, says('START', at + 2 * HOUR))
  t.match(stateOf(line).consents, { sms: { status: 'express' } })
})

t.test('in whatever order the past and the erasure arrive, nothing of the past is left but refusals', (t) => {
  const past = fc.array(fc.tuple(fc.constantFrom('Hello', 'STOP', 'START', 'contact', 'dnd', 'deleted'), fc.integer({ min: 0, max: 50 })), {
    minLength: 1,
    maxLength: 10,
  })
  return assertProperty(
    t,
    fc.property(past, fc.nat({ max: 10 }), (events, place) => {
      const line = drive(enrich, { at, tables })
      const records = events.map(([what, minute]) => {
        const when = tuesdayNoon + minute * MINUTE
        if (what === 'contact') return contact(maria1, when)
        if (what === 'dnd') return contact({ ...maria1, dnd: true }, when, 'contact_updated')
        return what === 'deleted' ? contact({}, when, 'contact_deleted') : says(what, when)
      })
      for (const record of records.slice(0, place)) line.pipe(leadEvents, maria, record)
      line.pipe(erasures, maria, erasure(at))
      for (const record of records.slice(place)) line.pipe(leadEvents, maria, record)
      const words = events.filter(([what]) => what === 'STOP' || what === 'START')
      const lastMinute = Math.max(...words.map(([, minute]) => minute))
      const refused = words.some(([what, minute]) => what === 'STOP' && minute === lastMinute)
      const state = stateOf(line)
      return isForgotten(state) && line.outputs(profiles).at(-1) === null && (!refused || state.consents['sms']?.status === 'revoked')
    }),
  )
})

t.test('ingest forgets what it remembers, the consensus decides nothing more, a follow-up that is open is taken back', async (t) => {
  const told = drive(ingest, { at, tables })
  told.pipe(deliveries, maria, deliveryRecord({ at }))
  t.not(told.state(maria), undefined)
  told.pipe(erasures, maria, erasure(at))
  t.equal(told.state(maria), undefined)

  const asking = drive(consensus, { at: question().askedAt, tables })
  asking.pipe(assessments, maria, question())
  t.not(asking.state(maria), undefined)
  asking.pipe(erasures, maria, erasure(question().askedAt))
  asking.advance('1h')
  t.equal(asking.state(maria), undefined)
  t.strictSame(asking.outputs(decisions), [], 'no deadline is left')

  const planning = drive(followup, { at: tuesdayNoon, tables })
  planning.pipe(profiles, maria, profileRecord())
  planning.pipe(decisions, maria, decisionRecord())
  planning.pipe(erasures, maria, erasure(tuesdayNoon))
  t.equal(planning.state(maria), undefined)
  const [planned, cancelled, ...more] = planning.outputs(followups)
  t.match(cancelled, { followupId: planned?.followupId, change: 'cancelled', text: null, reason: 'The lead was erased.' })
  t.strictSame(more, [])
  planning.pipe(erasures, maria, erasure(tuesdayNoon))
  t.equal(planning.outputs(followups).length, 2, 'told again it takes nothing back')
})

t.test('topics are read apart: what is read after the order and is from before it is neither decided nor carried out', async (t) => {
  const before = question()
  const ballot = (asks = before, castAt = asks.askedAt) => ({
    ...{ ballotId: `b ${castAt}`, assessmentId: asks.assessmentId, tenantId, contactId: 'maria', epoch: asks.epoch },
    ...{ source: 'panel', castAt, votes: panel(asks, roster) },
  })
  const ordered = (stage: Parameters<typeof drive>[0], erasedAt: number, at = erasedAt) => {
    const line = drive(stage, { at, tables })
    line.table(erasures, maria, erasure(erasedAt))
    line.pipe(erasures, maria, erasure(erasedAt))
    return line
  }

  const erasedAt = before.askedAt
  const asking = ordered(consensus, erasedAt)
  asking.pipe(assessments, maria, before)
  // Agents that were behind vote after the erasure.
  asking.pipe(ballots, maria, ballot(before, erasedAt + MINUTE))
  asking.pipe(profiles, maria, profileRecord({ epoch: before.epoch }))
  asking.advance('1h')
  t.strictSame(asking.outputs(decisions), [])
  t.equal(asking.state(maria), undefined)
  t.strictSame(
    asking.drops.map(({ reason }) => reason),
    ['before_erasure', 'before_erasure', 'before_erasure'],
  )
  const back = profileRecord({ epoch: before.epoch + 2, fieldTimes: { erased: erasedAt } })
  const again = question({ assessmentId: 'a-2', askedAt: erasedAt + 2 * HOUR, deadlineAt: erasedAt + 2 * HOUR + 2_000, epoch: back.epoch })
  asking.advance('1h')
  asking.pipe(profiles, maria, back)
  asking.pipe(ballots, maria, ballot(again))
  asking.pipe(assessments, maria, again)
  t.strictSame(
    asking.outputs(decisions).map((one) => one?.assessmentId),
    again.decisionTypes.map(() => 'a-2'),
    'it has come back, and is decided about as any other',
  )

  const made = decisionRecord()
  const planning = ordered(followup, made.askedAt, made.decidedAt)
  planning.pipe(decisions, maria, made)
  planning.pipe(profiles, maria, profileRecord({ epoch: made.epoch }))
  t.strictSame(planning.outputs(followups), [])
  t.equal(planning.state(maria), undefined)
  planning.pipe(profiles, maria, profileRecord({ epoch: made.epoch + 2, fieldTimes: { erased: made.askedAt } }))
  planning.pipe(decisions, maria, { ...made, decisionId: 'd2', askedAt: made.askedAt + 1, epoch: made.epoch + 2 })
  planning.advance('1s')
  t.match(planning.outputs(followups), [{ change: 'planned', decisionId: 'd2' }])
})
