/**
 * What may be an opt-out is put to a person, whatever the votes say: once, and not while one is in the conversation already (decision 163).
 */
import t from 'tap'
import { applyEvent } from '../../pipelines/enrich/applyEvent.ts'
import { leadView } from '../../pipelines/enrich/leadView.ts'
import { settingsOf } from '../../pipelines/enrich/settings.ts'
import type { LeadEvent, LeadProfile, Tenant } from '../../schemas/generated/records.ts'
import { decisions, triggers } from '../../topics/index.ts'
import { HOUR, MINUTE, messageEvent, noContactFields, tenantRecord, tuesdayNoon } from '../support/leadRecords.ts'
import { mariaLine } from './mariaLine.ts'

/** A request that is no opt-out by rule, and may mean one. */
const UNCLEAR = 'please cancel my tour'

const handedOver = {
  ...{ followupId: 'f1', decisionId: 'd1', channel: 'none', status: 'confirmed', messageId: null, text: null, action: 'hand_over' },
  ...{ echoed: false, assigneeId: null, closedBecause: null },
}
const called = {
  ...{ callId: 'call-1', messageId: null, agentId: null, durationSeconds: 60, summary: null, trial: false, actions: [] },
  transcript: 'bot: Is this a good time?\nhuman: please stop calling me',
}
const reported = (text: string) => ({
  ...{ workflowId: 'w1', workflowName: 'Nurture', customFields: {}, opportunityId: null, stageName: null, contact: null },
  ...{ messageDirection: 'inbound', messageText: text },
})

t.test('a message that may be an opt-out goes to a person as a task that says so, once', async (t) => {
  const { line, writes, planned, happens, profile } = mariaLine()
  writes(UNCLEAR)
  const reason = 'What the lead said may be an opt-out. A person should read it, and set "do not disturb" if it is one.'
  t.match(
    line.outputs(decisions).filter(({ reason }) => reason === 'inbound_message'),
    [
      {
        type: 'follow_up',
        chosen: 'wait',
        stopReason: 'gated',
        gates: [{}, {}, { gateId: 'human_ownership', ruleId: 'may_be_opt_out', reason }],
      },
      { type: 'escalation', chosen: 'wait', stopReason: 'gated' },
    ],
  )
  const tasks = planned()
  t.match(tasks, [
    {
      action: 'hand_over',
      channel: 'none',
      priority: 4,
      text: 'Take over the conversation with Maria',
      reason: `A person takes over, whatever the votes say. ${reason}`,
    },
  ])
  line.advance('1h')
  writes('cancel it please')
  t.equal(planned().length, 1, 'the open one is replaced, not doubled')
  happens('followup_delivered', { source: 'delivery', delivery: handedOver })
  t.match(profile().humanOwnership, { reason: 'hand_over' })
  writes('cancel that')
  t.equal(planned().length, 0, 'a person has it: what is still open is taken back, and nothing new is planned')
})

t.test('while a person is in the conversation they have it before them; when they have left it, it is put to one', async (t) => {
  const { line, writes, planned, asked, profile } = mariaLine(tenantRecord({ humanQuietHours: 24 }))
  writes('We can see it tomorrow at 3', true)
  line.advance('1h')
  writes(UNCLEAR)
  t.match(profile().humanOwnership, { reason: 'opt_out_unclear', untilAt: null })
  t.match(asked().at(-1)?.view, { humanOwned: true, mayBeOptOut: false })
  t.strictSame(planned(), [])
  line.advance('24h')
  t.match(asked().at(-1), { reason: 'silence_24h', view: { mayBeOptOut: true } })
  t.match(planned(), [{ action: 'hand_over' }])
})

t.test('a person who has handed the lead back is in no conversation with it', async (t) => {
  const { line, writes, happens, planned } = mariaLine()
  writes('Hello from Anna', true)
  line.advance('1m')
  happens('tags_changed', { contact: { ...noContactFields, tags: ['AI Assistant: On'] } })
  line.advance('1m')
  writes(UNCLEAR)
  t.match(planned(), [{ action: 'hand_over' }])
})

t.test('so does what a call of the voice agent or the report of a workflow may hold, however soon it comes after a question', async (t) => {
  for (const [kind, section] of [
    ['voice_call_ended', { voiceCall: called }],
    ['workflow_reported', { workflow: reported('please stop texting me') }],
  ] as const) {
    const { line, happens, planned, asked } = mariaLine()
    happens(kind, section as Partial<LeadEvent>)
    t.match(asked(), [{ reason: 'opt_out_unclear', decisionTypes: ['follow_up', 'escalation'], view: { mayBeOptOut: true } }], kind)
    t.match(
      line.outputs(triggers).find(({ trigger }) => trigger === 'opt_out_unclear'),
      {
        source: undefined,
        reason: `What the lead said may be an opt-out, and no person has read it yet: ${kind.replaceAll('_', ' ')} at 2026-11-10 17:00:10 UTC.`,
      },
    )
    t.match(planned(), [{ action: 'hand_over' }], kind)
    happens(kind, { ...section, eventId: `again-${kind}` } as Partial<LeadEvent>)
    t.equal(planned().length, 1, 'told again it is nothing new')
  }
})

t.test('a person leads by the view of a moment', async (t) => {
  const tenant = tenantRecord({ humanQuietHours: 2 })
  const settings = settingsOf(tenant)
  const at = tuesdayNoon
  const told = (text: string, when: number, over: Partial<NonNullable<LeadEvent['message']>> = {}) => {
    const { message, ...event } = messageEvent({ eventId: `e${when}`, occurredAt: when, receivedAt: when }, text)
    return { ...event, message: message === null ? null : { ...message, messageId: `m${when}`, ...over } }
  }
  const human = { direction: 'outbound', sender: 'human', userId: 'anna' } as const
  const profile = [told('Hello', at, human), told(UNCLEAR, at + MINUTE)].reduce<LeadProfile | undefined>(
    (known, event) => applyEvent(known, event, settings),
    undefined,
  )
  if (profile === undefined) throw new Error('no profile')
  const seen = (when: number, of?: Tenant) => leadView(profile, of, when).mayBeOptOut
  t.strictSame([seen(at + 2 * HOUR - 1, tenant), seen(at + 2 * HOUR, tenant)], [false, true])
  t.strictSame([seen(at + 72 * HOUR - 1), seen(at + 72 * HOUR)], [false, true], 'three days at most, also where a person leads without end')
  const answered = applyEvent(profile, told('Sure', at + 2 * MINUTE, human), settings)
  t.equal(leadView(answered, tenant, at + 3 * HOUR).mayBeOptOut, false, 'who wrote after it has seen it')
})
