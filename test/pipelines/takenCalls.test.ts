/** A call of the lead that a person of the team took: the lead waits for no answer, and the machine is silent for the quiet hours. */
import t from 'tap'
import { unanswered } from '../../pipelines/agents/phrases.ts'
import { applyEvent } from '../../pipelines/enrich/applyEvent.ts'
import { leadView } from '../../pipelines/enrich/leadView.ts'
import { settingsOf } from '../../pipelines/enrich/settings.ts'
import { contactTimes } from '../../pipelines/followup/gates/contactBudget.ts'
import { owed } from '../../pipelines/reconcile/owed.ts'
import type { LeadEvent, LeadProfile, MessageFields } from '../../schemas/generated/records.ts'
import { HOUR, MINUTE, messageEvent, tenantRecord, tuesdayNoon } from '../support/leadRecords.ts'

const tenant = tenantRecord()
const settings = settingsOf(tenant)
/** As ghl-samples/InboundMessage.Call.json has it: two minutes, with who took it. */
const taken = { channel: 'call', status: 'completed', callStatus: 'completed', callDurationSeconds: 120, userId: 'anna' }
function calls(fields: Partial<MessageFields>, at = tuesdayNoon): LeadEvent {
  const { message, ...event } = messageEvent({ eventId: `call-${at}`, occurredAt: at, receivedAt: at }, '')
  if (message === null) throw new Error('no message')
  return { ...event, message: { ...message, messageId: `call-${at}`, ...fields } }
}
const owedBy = (profile: LeadProfile, at: number) =>
  owed({ profile, knownAt: undefined, decision: undefined, followUp: undefined, foundAt: undefined }, at)?.cause
const waitsIn = (profile: LeadProfile, at: number) => unanswered(leadView(profile, tenant, at)).length
/** Right behind the call. */
const spokenAt = tuesdayNoon + 1

t.test('who was spoken with waits for no answer, and the realtor leads', async (t) => {
  const asked = applyEvent(undefined, messageEvent({ occurredAt: tuesdayNoon - HOUR, receivedAt: tuesdayNoon - HOUR }), settings)
  t.equal(owedBy(asked, tuesdayNoon), 'no_decision')
  const spoken = applyEvent(asked, calls(taken), settings)
  t.strictSame(spoken.humanOwnership, { since: spokenAt, userId: 'anna', reason: 'human_message', untilAt: spokenAt + 24 * HOUR })
  t.match(spoken, { lastInboundAt: tuesdayNoon, lastHumanAt: spokenAt, lastOutboundAt: spokenAt })
  t.match(spoken.counters, { inbound: 2, inboundByChannel: { call: 1 }, outbound: 0, outboundHuman: 0, attemptsSinceReply: 0 })
  t.strictSame(contactTimes(spoken, []), [], 'a call of the lead is no contact of ours')
  t.equal(owedBy(spoken, tuesdayNoon + 48 * HOUR), undefined)
  t.equal(waitsIn(spoken, tuesdayNoon + 48 * HOUR), 0)
  t.match(
    spoken.recentMessages.map(({ at, channel, sender }) => [at, channel, sender]),
    [
      [tuesdayNoon - HOUR, 'sms', 'lead'],
      [tuesdayNoon, 'call', 'lead'],
      [spokenAt, 'call', 'human'],
    ],
  )
  const again = applyEvent(
    spoken,
    messageEvent({ eventId: 'e2', occurredAt: spokenAt + HOUR, receivedAt: spokenAt + HOUR }, 'One more thing'),
    settings,
  )
  const soon = messageEvent({ eventId: 'e3', occurredAt: tuesdayNoon + MINUTE, receivedAt: tuesdayNoon + MINUTE }, 'One more thing')
  t.equal(
    waitsIn(applyEvent(spoken, soon, settings), tuesdayNoon + HOUR),
    1,
    'also within the length of the call: its time may be that of its end',
  )
  t.equal(waitsIn(again, spokenAt + 2 * HOUR), 1, 'what it writes afterwards waits')
  t.equal(owedBy(again, spokenAt + 2 * HOUR), 'human_silent')
})

t.test('a call that nobody took, or perhaps a machine, waits for an answer', async (t) => {
  for (const fields of [
    { callStatus: 'no-answer' },
    { callStatus: 'busy' },
    { callStatus: 'voicemail', channel: 'voicemail' },
    { callStatus: 'failed' },
    { callStatus: null, status: 'pending' },
    { callDurationSeconds: 0 },
    { userId: null },
  ]) {
    const missed = applyEvent(undefined, calls({ ...taken, ...fields }), settings)
    t.match(missed, { lastHumanAt: null, lastOutboundAt: null, humanOwnership: null }, JSON.stringify(fields))
    t.equal(owedBy(missed, tuesdayNoon + HOUR), 'no_decision')
    t.equal(waitsIn(missed, tuesdayNoon + HOUR), 1)
  }
})

t.test('one whose status or length is told in another way, or not at all, is taken all the same', async (t) => {
  for (const fields of [{ callStatus: 'answered' }, { callStatus: null }, { callDurationSeconds: null }])
    t.equal(applyEvent(undefined, calls({ ...taken, ...fields }), settings).lastHumanAt, spokenAt)
})

t.test('in whatever order a call and what was written around it come, the profile tells the same', async (t) => {
  const events = [
    messageEvent({ eventId: 'a', occurredAt: tuesdayNoon - HOUR, receivedAt: tuesdayNoon }, 'Hello'),
    calls(taken),
    messageEvent({ eventId: 'b', occurredAt: spokenAt + HOUR, receivedAt: tuesdayNoon }, 'Thanks'),
  ]
  const stateOf = (order: readonly LeadEvent[]) => {
    const profile = order.reduce<LeadProfile | undefined>((before, event) => applyEvent(before, event, settings), undefined)
    const { recentMessages, lastHumanAt, lastInboundAt, lastOutboundAt, humanOwnership } = profile as LeadProfile
    return { recentMessages, lastHumanAt, lastInboundAt, lastOutboundAt, humanOwnership }
  }
  const [a, b, c] = events as [LeadEvent, LeadEvent, LeadEvent]
  for (const order of [
    [a, c, b],
    [b, a, c],
    [b, c, a],
    [c, a, b],
    [c, b, a],
  ])
    t.strictSame(stateOf(order), stateOf(events))
})
