/**
 * What may be an opt-out is put to a person, whatever the votes say: once, and not while one is in the conversation already (decision 163).
 */
import t from 'tap'
import { agents } from '../../pipelines/agents/agents.ts'
import { consensus } from '../../pipelines/consensus/consensus.ts'
import { applyEvent } from '../../pipelines/enrich/applyEvent.ts'
import { leadView } from '../../pipelines/enrich/leadView.ts'
import { enrich } from '../../pipelines/enrich/stage.ts'
import { settingsOf } from '../../pipelines/enrich/settings.ts'
import { followup } from '../../pipelines/followup/stage.ts'
import { drive } from '../../runtime/driver.ts'
import type { LeadEvent, LeadProfile, Tenant } from '../../schemas/generated/records.ts'
import { assessments, decisions, followups, leadEvents, leadKey, profiles, triggers } from '../../topics/index.ts'
import { HOUR, MINUTE, messageEvent, noContactFields, tenantId, tenantRecord, tuesdayNoon } from '../support/leadRecords.ts'

const maria = leadKey(tenantId, 'maria')
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

function lineOf(tenant: Tenant = tenantRecord()) {
  const line = drive([enrich, agents, consensus, followup], { at: tuesdayNoon, tables: { tenants: [[tenantId, tenant]] } })
  let count = 0
  const happens = (kind: string, over: Partial<LeadEvent>) => {
    const event = { eventId: `e${++count}`, kind, occurredAt: line.now, receivedAt: line.now, message: null, ...over }
    line.pipe(leadEvents, maria, messageEvent(event))
    line.advance('10s')
  }
  const writes = (text: string, human = false) => {
    const { message } = messageEvent({}, text)
    if (message === null) throw new Error('no message')
    const own = { ...message, messageId: `m${count}` }
    if (human) happens('message_outbound', { message: { ...own, direction: 'outbound', sender: 'human', userId: 'anna' } })
    else happens('message_inbound', { message: own })
  }
  happens('contact_created', {
    contact: { ...noContactFields, firstName: 'Maria', phone: '+12125550101', email: 'm@example.com', state: 'NY' },
  })
  const seen = { followups: line.outputs(followups).length, asked: line.outputs(assessments).length }
  return {
    line,
    happens,
    writes,
    /** Planned since the lead became known, and not taken back. */
    planned: () => {
      const told = line.outputs(followups).slice(seen.followups)
      return told.filter(
        ({ change, followupId }) => change === 'planned' && !told.some((o) => o.change === 'cancelled' && o.followupId === followupId),
      )
    },
    asked: () => line.outputs(assessments).slice(seen.asked),
    profile: () => line.outputs(profiles).at(-1) as LeadProfile,
  }
}

t.test('a message that may be an opt-out goes to a person as a task that says so, once', async (t) => {
  const { line, writes, planned, happens, profile } = lineOf()
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
  const { line, writes, planned, asked, profile } = lineOf(tenantRecord({ humanQuietHours: 24 }))
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
  const { line, writes, happens, planned } = lineOf()
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
    const { line, happens, planned, asked } = lineOf()
    happens(kind, section as Partial<LeadEvent>)
    t.match(asked(), [{ reason: 'opt_out_unclear', decisionTypes: ['follow_up', 'escalation'], view: { mayBeOptOut: true } }], kind)
    t.match(
      line.outputs(triggers).find(({ trigger }) => trigger === 'opt_out_unclear'),
      {
        source: undefined,
        reason: `What the lead said may be an opt-out, as ${kind.replaceAll('_', ' ')} at 2026-11-10 17:00:10 UTC tells.`,
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
  t.equal(seen(at + 1000 * HOUR), false, 'of a location that has set nothing a person leads without end')
  const answered = applyEvent(profile, told('Sure', at + 2 * MINUTE, human), settings)
  t.equal(leadView(answered, tenant, at + 3 * HOUR).mayBeOptOut, false, 'who wrote after it has seen it')
})
