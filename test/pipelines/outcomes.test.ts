/** What leads did, told by enrich: one outcome for each silence, appointment, opportunity and closed channel. */
import t from 'tap'
import { noEntities } from '../../pipelines/enrich/entities.ts'
import { REPLIES_HELD, REPLIES_SETTLE_MS, exactAmount, heldWith, observed, repliesSettled } from '../../pipelines/enrich/outcomes.ts'
import { enrich } from '../../pipelines/enrich/stage.ts'
import { noSections } from '../../pipelines/ingest/translate/draft.ts'
import { drive } from '../../runtime/driver.ts'
import type { LeadEvent, LeadProfile, MessageFields } from '../../schemas/generated/records.ts'
import { erasures, leadEvents, outcomes, profiles, tenants } from '../../topics/index.ts'
import {
  DAY,
  HOUR,
  MINUTE,
  messageEvent,
  noContactFields,
  profileRecord,
  tenantId,
  tenantRecord,
  tuesdayNoon,
} from '../support/leadRecords.ts'

const maria = `${tenantId}:maria`
const lineOf = () => drive(enrich, { at: tuesdayNoon, tables: { [tenants.name]: [[tenantId, tenantRecord()]] as const } })
type Line = ReturnType<typeof lineOf>
const tell = (line: Line, ...events: readonly LeadEvent[]) => events.forEach((one) => line.pipe(leadEvents, maria, one))

let count = 0
const at = (minutes: number) => tuesdayNoon + minutes * MINUTE
const message = (minutes: number, fields: Partial<MessageFields>): LeadEvent => {
  const event = messageEvent({ eventId: `e${++count}`, occurredAt: at(minutes), receivedAt: at(minutes) })
  const told = { ...(event.message as MessageFields), messageId: `m${count}`, ...fields }
  return { ...event, kind: `message_${told.direction}`, message: told }
}
const says = (minutes: number, text = 'Sounds good', fields: Partial<MessageFields> = {}) => message(minutes, { text, ...fields })
const told = (minutes: number, fields: Partial<MessageFields> = {}) =>
  message(minutes, { direction: 'outbound', sender: 'workflow', text: 'Hello', ...fields })
const eventOf = (minutes: number, kind: string, sections: Partial<LeadEvent>): LeadEvent => ({
  ...messageEvent({ eventId: `e${++count}`, occurredAt: at(minutes), receivedAt: at(minutes), kind }),
  ...noSections,
  ...sections,
})
const appointment = (minutes: number, status: string, over: { id?: string; kind?: string; startsAt?: number } = {}) =>
  eventOf(minutes, over.kind ?? 'appointment_booked', {
    appointment: {
      ...{ appointmentId: over.id ?? 'a1', calendarId: null, status, title: null, endsAt: null, assignedUserId: null },
      startsAt: over.startsAt ?? tuesdayNoon + 2 * DAY,
    },
  })
const opportunity = (
  minutes: number,
  status: string,
  monetaryValue: string | null = '450000.00',
  opportunityId = 'o1',
  kind = 'opportunity_changed',
) =>
  eventOf(minutes, kind, {
    opportunity: { ...{ opportunityId, pipelineId: 'p', stageId: 's', status, name: null, ownerId: null }, monetaryValue },
  })
const dnd = (minutes: number, dndChannels: Record<string, string>) =>
  eventOf(minutes, 'dnd_changed', { contact: { ...noContactFields, dndChannels } })
const mail = (minutes: number, kind: string) =>
  eventOf(minutes, kind, {
    emailEvent: { emailEventId: `mail${count}`, event: kind, address: null, mailId: null, code: null, reason: null, permanent: false },
  })
const seen = (line: Line, after = '11m') => {
  line.advance(after)
  return line
    .outputs(outcomes)
    .map(({ kind, at: when, channel, value, sourceId }) => ({ kind, minute: (when - tuesdayNoon) / MINUTE, channel, value, sourceId }))
}
const of = (line: Line) => seen(line).map(({ kind, minute, channel }) => [kind, minute, channel])

t.test('a reply is the first message after something was said to the lead, once for each silence', async (t) => {
  const line = lineOf()
  const first = says(20, 'Yes, Saturday works', { channel: 'email' })
  tell(line, says(0), told(10), told(15), first, says(21), says(22), told(30), says(31, '', { channel: 'call' }))
  t.strictSame(seen(line), [
    { kind: 'reply', minute: 20, channel: 'email', value: null, sourceId: first.eventId },
    { kind: 'reply', minute: 31, channel: 'call', value: null, sourceId: `e${count}` },
  ])
  const [one, two] = line.outputs(outcomes)
  t.match(one, { tenantId, contactId: 'maria', source: 'enrich', label: null })
  t.not(one?.outcomeId, two?.outcomeId)
})

t.test('what takes permission back, or perhaps does, is no reply; what did not reach the lead asks for none', async (t) => {
  const line = lineOf()
  tell(line, told(0), says(1, 'STOP'))
  t.strictSame(of(line), [['opt_out', 1, 'sms']])
  const unclear = lineOf()
  tell(unclear, told(0), says(1, 'I want you to quit'))
  t.strictSame(of(unclear), [])
  const unsent = lineOf()
  tell(unsent, told(0, { status: 'failed' }), told(0, { channel: 'internal_comment' }), says(1))
  t.strictSame(of(unsent), [], 'the lead wrote by itself')
})

t.test('a reply waits ten minutes, in which what is still on its way is counted first', async (t) => {
  const line = lineOf()
  tell(line, says(5))
  line.advance('9m')
  tell(line, told(2))
  t.strictSame(line.outputs(outcomes), [])
  t.equal(line.timers(maria)['replies'], tuesdayNoon + REPLIES_SETTLE_MS)
  const before = line.outputs(profiles).length
  line.advance('1m')
  t.strictSame(of(line), [['reply', 5, 'sms']])
  t.equal(line.outputs(profiles).length, before, 'the profile is not told anew')
  t.strictSame((line.state(maria) as LeadProfile).repliesToJudge, [])
  // Noted five minutes apart: each has its own ten minutes.
  const two = lineOf()
  tell(two, told(0), says(1))
  two.advance('5m')
  tell(two, told(2), says(3))
  two.advance('5m')
  t.equal(two.outputs(outcomes).length, 1)
  two.restart()
  two.advance('5m')
  t.equal(two.outputs(outcomes).length, 2)
})

t.test('two messages of one millisecond end one silence, and an event that comes twice is held once', async (t) => {
  const line = lineOf()
  const one = says(1)
  const other = says(1)
  tell(line, told(0), one, one, other)
  t.equal((line.state(maria) as LeadProfile).repliesToJudge.length, 2)
  t.strictSame(
    seen(line).map(({ kind, sourceId }) => [kind, sourceId]),
    [['reply', [one.eventId, other.eventId].sort()[0]]],
    'the one with the lesser id, whichever came first',
  )
})

t.test('a message told again after it was judged has the id it had', async (t) => {
  const line = lineOf()
  const reply = says(1)
  tell(line, told(0), reply)
  line.advance('11m')
  tell(line, reply)
  line.advance('11m')
  t.equal(new Set(line.outputs(outcomes).map(({ outcomeId }) => outcomeId)).size, 1)
  // An earlier message of the same silence, late: the silence ended once.
  tell(line, says(0.5))
  line.advance('11m')
  t.equal(new Set(line.outputs(outcomes).map(({ outcomeId }) => outcomeId)).size, 1)
})

t.test('an appointment counts once, when it stands: moved it is the same, cancelled it is none', async (t) => {
  const line = lineOf()
  tell(
    line,
    appointment(0, 'confirmed'),
    appointment(1, 'confirmed', { kind: 'appointment_changed', startsAt: tuesdayNoon + 5 * DAY }),
    appointment(2, 'showed', { kind: 'appointment_changed' }),
    appointment(3, 'new', { id: 'a2' }),
    appointment(4, 'cancelled', { id: 'a3' }),
    appointment(5, 'confirmed', { id: 'a4', kind: 'appointment_deleted' }),
  )
  t.strictSame(of(line), [
    ['appointment', 0, null],
    ['appointment', 3, null],
  ])
})

t.test('a conversion counts once for an opportunity, with its exact value or none', async (t) => {
  const line = lineOf()
  tell(
    line,
    opportunity(0, 'open'),
    opportunity(1, 'won'),
    opportunity(2, 'won', '500000'),
    opportunity(3, 'won', null, 'o2'),
    opportunity(4, 'won', '1', 'o3', 'opportunity_deleted'),
  )
  t.strictSame(
    seen(line).map(({ kind, minute, value }) => [kind, minute, value]),
    [
      ['conversion', 1, '450000.00'],
      ['conversion', 3, null],
    ],
  )
  t.strictSame(['12', '0.5', '1e3', '-1', ' 1', '1.1234567', '1234567890123456789', null].map(exactAmount), [
    '12',
    '0.5',
    null,
    null,
    null,
    null,
    null,
    null,
  ])
})

t.test('permission taken back is told with the channel it came on, once for each', async (t) => {
  const line = lineOf()
  tell(line, says(0, 'STOP'), says(1, 'START'), says(2, 'STOP'), told(3, { channel: 'sms', status: 'opt_out' }))
  const ids = line.outputs(outcomes).map(({ outcomeId }) => outcomeId)
  t.equal(new Set(ids).size, 1, 'the same observation, told again')
  const others = lineOf()
  tell(
    others,
    mail(0, 'email_unsubscribed'),
    dnd(1, { call: 'permanent', sms: 'active' }),
    dnd(2, { call: 'permanent' }),
    mail(3, 'email_opened'),
  )
  t.strictSame(of(others), [
    ['opt_out', 0, 'email'],
    ['opt_out', 1, 'call'],
  ])
})

t.test('an erasure takes what is held, and nothing of before it is told', async (t) => {
  const line = lineOf()
  tell(line, told(0), says(1))
  line.pipe(erasures, maria, { tenantId, contactId: 'maria', erasedAt: tuesdayNoon + HOUR, requestId: 'r', requestedBy: 'office' })
  t.strictSame(line.timers(maria), {})
  tell(line, appointment(2, 'confirmed'), opportunity(3, 'won'))
  t.strictSame(of(line), [])
})

t.test('at most twenty messages are held, and none is a reply when what was before it is not known any more', async (t) => {
  const many = Array.from({ length: REPLIES_HELD + 5 }, (_, i) => says(i))
  const held = many.toReversed().reduce<LeadProfile['repliesToJudge']>((before, one) => heldWith(before, one, tuesdayNoon), [])
  t.strictSame(
    held.map(({ eventId }) => eventId),
    many.slice(0, REPLIES_HELD).map(({ eventId }) => eventId),
    'the earliest of them, in whatever order they came',
  )
  // Thirty times are kept: a message of before the first of them may have had another before it.
  const times = Array.from({ length: 30 }, (_, i) => at(i + 10))
  const old = { repliesToJudge: [{ eventId: 'x', channel: 'sms', at: at(5), notedAt: tuesdayNoon }], outboundTimes: [at(0)] }
  const now = tuesdayNoon + REPLIES_SETTLE_MS
  t.strictSame(repliesSettled({ ...old, inboundTimes: times }, now).replies, [])
  t.equal(repliesSettled({ ...old, inboundTimes: times.slice(1) }, now).replies.length, 1)
})

t.test('a message that complains or refuses is told as such, once, whatever else it is; one that does not is not', async (t) => {
  const line = lineOf()
  const spam = mail(30, 'email_complained')
  const angry = says(1, 'This is terrible, a waste of time.')
  const asked: readonly (readonly [LeadEvent, string | undefined])[] = [
    [angry, 'negative_reply'],
    [says(2, 'I am not interested any more'), 'negative_reply'],
    [says(3, 'I will call my lawyer about this awful spam', { channel: 'email' }), 'complaint'],
    [says(4, 'Not bad at all, thanks! Saturday works.'), undefined],
    [told(5, { text: 'We are sorry, that was terrible' }), undefined],
    [says(6, 'a note: terrible', { channel: 'internal_comment' }), undefined],
    [spam, 'complaint'],
  ]
  for (const [event] of asked) tell(line, event, event)
  const found = line.outputs(outcomes).filter(({ kind }) => kind === 'complaint' || kind === 'negative_reply')
  const byId = new Map(found.map((one) => [one.outcomeId, one]))
  t.strictSame(
    [...byId.values()].map(({ kind, sourceId, channel }) => [kind, sourceId, channel]),
    asked.flatMap(([event, kind]) => (kind === undefined ? [] : [[kind, event.eventId, event.message?.channel ?? 'email']])),
  )
})

t.test('an event that tells none of this observes nothing', async (t) => {
  const profile = profileRecord({ ...noEntities })
  for (const one of [says(0), told(0), mail(0, 'email_delivered'), dnd(0, { sms: 'active' }), opportunity(0, 'lost')])
    t.strictSame(observed(profile, one), [], one.kind)
})
