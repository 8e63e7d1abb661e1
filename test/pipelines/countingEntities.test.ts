/** Which appointment and which opportunity of several count: for the status, the view, the gates and who is owed an answer. */
import fc from 'fast-check'
import t from 'tap'
import { applyEvent } from '../../pipelines/enrich/applyEvent.ts'
import { appointmentAt, wonOpportunity } from '../../pipelines/enrich/entities.ts'
import { leadView } from '../../pipelines/enrich/leadView.ts'
import { stageOf } from '../../pipelines/enrich/questions.ts'
import { settingsOf } from '../../pipelines/enrich/settings.ts'
import { occasion } from '../../pipelines/followup/gates/occasion.ts'
import type { FenceInput } from '../../pipelines/followup/gates/gate.ts'
import { owed } from '../../pipelines/reconcile/owed.ts'
import type { AppointmentFields, LeadEvent, LeadProfile, OpportunityFields } from '../../schemas/generated/records.ts'
import { DAY, HOUR, followUpRecord, messageEvent, profileRecord, tuesdayNoon } from '../support/leadRecords.ts'
import { assertProperty } from '../support/property.ts'

const settings = settingsOf(undefined)
let count = 0
const event = (at: number, over: Partial<LeadEvent>): LeadEvent =>
  messageEvent({ eventId: `e${++count}`, occurredAt: at, receivedAt: at, message: null, ...over })
const appointment = (at: number, appointmentId: string, status: string, startsAt: number | null = tuesdayNoon + DAY): LeadEvent => {
  const fields: AppointmentFields = { appointmentId, calendarId: null, status, title: null, startsAt, endsAt: null, assignedUserId: null }
  return event(at, { kind: 'appointment_changed', appointment: fields })
}
const opportunity = (at: number, opportunityId: string, status: string, monetaryValue: string | null = null): LeadEvent => {
  const fields: OpportunityFields = { opportunityId, pipelineId: null, stageId: null, status, name: null, monetaryValue, ownerId: null }
  return event(at, { kind: 'opportunity_changed', opportunity: fields })
}
const says = (at: number, text: string) => messageEvent({ eventId: `e${++count}`, occurredAt: at, receivedAt: at }, text)
const fold = (...events: LeadEvent[]): LeadProfile => {
  let profile: LeadProfile | undefined
  for (const one of events) profile = applyEvent(profile, one, settings)
  if (profile === undefined) throw new Error('no event')
  return profile
}
const ruleFor = (lead: LeadProfile, templateId: string, at: number) =>
  occasion({ at, lead, followUp: followUpRecord({ templateId }) } as Partial<FenceInput> as FenceInput).ruleId

/** Monday's viewing, and another one on Wednesday; on Tuesday the staff note that the first took place. */
const viewings = [
  appointment(tuesdayNoon - 3 * DAY, 'first', 'confirmed', tuesdayNoon - DAY),
  appointment(tuesdayNoon - 2 * HOUR, 'second', 'confirmed', tuesdayNoon + DAY),
  appointment(tuesdayNoon - HOUR, 'first', 'showed', tuesdayNoon - DAY),
]

t.test('a viewing that is ahead counts although the one before is marked as kept later', async (t) => {
  const lead = fold(says(tuesdayNoon - 4 * DAY, 'Can I see the house?'), ...viewings)
  t.equal(lead.appointment?.appointmentId, 'second')
  t.equal(lead.status, 'qualified')
  t.equal(stageOf(lead, tuesdayNoon), 'booked', 'not silent')
  t.match(leadView(lead, undefined, tuesdayNoon), { appointmentAt: tuesdayNoon + DAY, appointmentStatus: 'confirmed' })
  t.equal(ruleFor(lead, 'appointment_confirm.sms.1', tuesdayNoon), 'pass', 'the confirmation speaks of a viewing that is ahead')
  t.equal(ruleFor(lead, 'reengage.sms.1', tuesdayNoon), 'booked', '"Are you still thinking about a move?" is denied')
})

t.test('the soonest of several that are ahead counts, and as time passes the next one, without any event', async (t) => {
  const lead = fold(
    appointment(tuesdayNoon - 3, 'friday', 'confirmed', tuesdayNoon + 3 * DAY),
    appointment(tuesdayNoon - 2, 'wednesday', 'new', tuesdayNoon + DAY),
    appointment(tuesdayNoon - 1, 'some day', 'confirmed', null),
  )
  const countsAt = (days: number) => appointmentAt(lead, tuesdayNoon + days * DAY)?.appointmentId
  t.equal(lead.appointment?.appointmentId, 'wednesday')
  t.strictSame([0, 1, 2, 3].map(countsAt), ['wednesday', 'friday', 'friday', 'some day'])
  t.equal(leadView(lead, undefined, tuesdayNoon + 2 * DAY).appointmentAt, tuesdayNoon + 3 * DAY)
  t.equal(ruleFor(lead, 'appointment_confirm.sms.1', tuesdayNoon + 2 * DAY), 'pass')
  const none = fold(appointment(tuesdayNoon - 2, 'first', 'showed', tuesdayNoon - DAY), appointment(tuesdayNoon - 1, 'second', 'cancelled'))
  t.equal(appointmentAt(none, tuesdayNoon)?.appointmentId, 'first', 'with none ahead the latest that stands')
})

t.test('a past client with a new opportunity is a lead, whatever is edited of the one that is won', async (t) => {
  const asks = says(tuesdayNoon - HOUR, 'We are looking for a second home')
  const lead = fold(
    opportunity(tuesdayNoon - 90 * DAY, 'sold', 'won', '450000'),
    opportunity(tuesdayNoon - 2 * DAY, 'new', 'open'),
    opportunity(tuesdayNoon - DAY, 'sold', 'won', '455000'),
    asks,
  )
  t.equal(lead.opportunity?.opportunityId, 'new')
  t.equal(lead.status, 'contacted')
  t.equal(leadView(lead, undefined, tuesdayNoon).opportunityStatus, 'open')
  t.equal(ruleFor(lead, 'reply.sms.1', tuesdayNoon), 'pass')
  const facts = { profile: lead, knownAt: undefined, decision: undefined, followUp: undefined, foundAt: undefined }
  t.equal(owed(facts, tuesdayNoon)?.cause, 'no_decision', 'somebody owes it an answer')
  t.equal(wonOpportunity(lead)?.monetaryValue, '455000', 'what was bought stays known')
  const over = applyEvent(lead, opportunity(tuesdayNoon, 'new', 'lost'), settings)
  t.equal(over.status, 'converted', 'of one that is won and one that is lost the won one counts')
  t.equal(applyEvent(over, opportunity(tuesdayNoon + 1, 'sold', 'open'), settings).status, 'contacted')
})

t.test('a profile that was stored under an earlier rule is chosen anew with its next event, and read rightly before', async (t) => {
  const now = fold(...viewings, opportunity(tuesdayNoon - 3, 'sold', 'won'), opportunity(tuesdayNoon - 2, 'new', 'open'))
  const stored: LeadProfile = {
    ...now,
    appointment: now.appointments['first'] ?? null,
    opportunity: now.opportunities['sold'] ?? null,
    status: 'converted',
  }
  t.equal(appointmentAt(stored, tuesdayNoon)?.appointmentId, 'second')
  t.match(applyEvent(stored, says(tuesdayNoon, 'Hello'), settings), {
    appointment: { appointmentId: 'second' },
    opportunity: { opportunityId: 'new' },
    status: 'qualified',
  })
  const oldest = profileRecord({ appointment: now.appointments['first'] ?? null })
  t.equal(appointmentAt(oldest, tuesdayNoon)?.appointmentId, 'first', 'one that keeps no entities by id has one appointment')
})

t.test('any order and any repetition of appointments and opportunities gives one that counts, at every time', async (t) => {
  const at = fc.integer({ min: 0, max: 6 }).map((n) => tuesdayNoon + n * HOUR)
  const id = fc.integer({ min: 1, max: 3 }).map(String)
  const one = fc.oneof(
    fc
      .tuple(at, id, fc.constantFrom('new', 'confirmed', 'showed', 'noshow', 'cancelled', 'invalid'), fc.option(at))
      .map(([when, name, status, startsAt]) => appointment(when, name, status, startsAt)),
    fc.tuple(at, id, fc.constantFrom('open', 'won', 'lost', 'abandoned')).map(([when, name, status]) => opportunity(when, name, status)),
    at.map((when) => says(when, 'Hello')),
  )
  const chosen = (profile: LeadProfile) =>
    JSON.stringify([
      profile.opportunity,
      profile.appointment,
      profile.status,
      ...[0, 1, 2, 3, 4, 5, 6, 7].map((n) => appointmentAt(profile, tuesdayNoon + n * HOUR)),
    ])
  await assertProperty(
    t,
    fc.property(
      fc
        .array(one, { minLength: 2, maxLength: 10 })
        .chain((events) => fc.tuple(fc.constant(events), fc.shuffledSubarray([...events, ...events], { minLength: events.length * 2 }))),
      ([events, disturbed]) => {
        const [a, b] = [chosen(fold(...events)), chosen(fold(...disturbed))]
        if (a !== b) throw new Error(`${a}\n${b}`)
      },
    ),
    { numRuns: 500 },
  )
})
