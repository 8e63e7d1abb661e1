/** A channel that is found closed as a message is about to leave: agents are asked again, choose another one, and keep off it for a week. */
import fc from 'fast-check'
import t from 'tap'
import { agents } from '../../pipelines/agents/agents.ts'
import { consensus } from '../../pipelines/consensus/consensus.ts'
import { applyEvent } from '../../pipelines/enrich/applyEvent.ts'
import { CLOSURE_MS, closedBecauseOf, foundClosed } from '../../pipelines/enrich/closures.ts'
import { forgotten } from '../../pipelines/enrich/erasure.ts'
import { leadView } from '../../pipelines/enrich/leadView.ts'
import { PURPOSES } from '../../pipelines/enrich/purposes.ts'
import { settingsOf } from '../../pipelines/enrich/settings.ts'
import { enrich } from '../../pipelines/enrich/stage.ts'
import { followup } from '../../pipelines/followup/stage.ts'
import { ingest } from '../../pipelines/ingest/stage.ts'
import { noSections } from '../../pipelines/ingest/translate/draft.ts'
import { drive } from '../../runtime/driver.ts'
import type { DeliveryFields, LeadEvent, LeadProfile } from '../../schemas/generated/records.ts'
import { assessments, decisions, deliveries, followups, leadEvents, profiles, triggers } from '../../topics/index.ts'
import { DAY, MINUTE, deliveryRecord, messageEvent, noContactFields, profileRecord, tenantId, tuesdayNoon } from '../support/leadRecords.ts'
import { assertProperty } from '../support/property.ts'
import { signUp, tables } from './signUp.ts'

const maria = `${tenantId}:maria`
const settings = settingsOf(undefined)
const denied = (at: number, closedBecause: string | null, channel = 'sms'): LeadEvent => ({
  ...messageEvent({ eventId: `denied-${at}-${channel}`, kind: 'followup_delivered', source: 'delivery', occurredAt: at, receivedAt: at }),
  ...noSections,
  delivery: {
    ...{ followupId: 'f', decisionId: 'd', channel, status: 'denied', messageId: null, text: null, action: 'send_message' },
    ...{ echoed: false, assigneeId: null, closedBecause },
  } satisfies DeliveryFields,
})
const contact = (at: number, fields: Partial<NonNullable<LeadEvent['contact']>>): LeadEvent => ({
  ...messageEvent({ eventId: `contact-${at}`, kind: 'contact_updated', occurredAt: at, receivedAt: at }),
  ...noSections,
  contact: { ...noContactFields, ...fields },
})
const fold = (profile: LeadProfile, ...events: readonly LeadEvent[]) =>
  events.reduce<LeadProfile>((before, event) => applyEvent(before, event, settings), profile)
const blocked = (profile: LeadProfile, at: number) => leadView(profile, undefined, at).blockedChannels

t.test('a first text that the number does not permit is followed by an e-mail within the minute', async (t) => {
  const line = drive([ingest, enrich, agents, consensus, followup], { at: tuesdayNoon, tables })
  line.pipe(leadEvents, maria, signUp)
  line.advance('1m')
  const planned = () =>
    line
      .outputs(followups)
      .filter(({ change, action }) => change === 'planned' && action === 'send_message')
      .map(({ channel, templateId }) => [channel, templateId?.split('.')[0]])
  t.strictSame(planned(), [['sms', 'first_touch']])
  const [first] = line.outputs(followups)
  const denial = { followupId: first?.followupId ?? '', decisionId: first?.decisionId ?? '', messageId: null, at: line.now }
  const rule = { status: 'denied', gateId: 'address', ruleId: 'address_revoked', reason: 'This number opted out.' }
  line.pipe(deliveries, maria, deliveryRecord({ ...denial, ...rule }))
  line.advance('1m')
  t.match(line.outputs(profiles).at(-1), { closures: { sms: { because: 'address_revoked', address: '+12125550101' } } })
  t.match(line.outputs(assessments).at(-1), { reason: 'channel_closed', view: { blockedChannels: { sms: 'address_revoked' } } })
  t.match(
    line.outputs(triggers).at(-1)?.reason,
    /^What was planned by sms could not leave at 2026-11-10 17:01 UTC: the channel was found closed\.$/,
  )
  t.strictSame(planned().at(-1), ['email', 'first_touch'])
  const said = line
    .outputs(decisions)
    .filter(({ type }) => type === 'follow_up')
    .at(-1)
  t.match(
    said?.gates.find(({ ruleId }) => ruleId === 'address_revoked'),
    { gateId: 'consent', option: 'sms', reason: 'Permission was revoked from this number or e-mail address for sms.' },
  )
  const asked = line.outputs(assessments).length
  line.pipe(deliveries, maria, deliveryRecord({ ...denial, ...rule, deliveryId: 'second', followupId: 'planned-before' }))
  line.advance('1m')
  t.equal(line.outputs(assessments).length, asked, 'a second denial of the same channel asks nothing')
})

t.test('what closes a channel without the profile of the lead saying so', async (t) => {
  const of = (ruleId: string | null, gateId: string | null, over = {}) =>
    closedBecauseOf({ ...deliveryRecord({ status: 'denied' }), gateId, ruleId, ...over })
  const address = ['address_revoked', ...PURPOSES.map((purpose) => `address_${purpose}_revoked`)]
  for (const rule of address) t.equal(of(rule, 'address'), rule)
  t.equal(of('provider_dnd', 'consent'), 'provider_dnd')
  for (const [rule, gate] of [
    ['copies_stale', 'address'],
    ['revoked', 'consent'],
    ['address_revoked', 'consent'],
    ['quiet_hours', 'hours'],
    ['toString', 'address'],
    [null, null],
  ] as const)
    t.equal(of(rule, gate), null, `${rule} of ${gate}`)
  t.equal(of('address_revoked', 'address', { channel: 'none' }), null, 'a hand-over has no channel')
  t.equal(of('address_revoked', 'address', { status: 'deferred' }), null)
})

t.test('how long it counts, and what ends it before', async (t) => {
  const at = tuesdayNoon
  const lead = profileRecord({ lastInboundAt: null })
  const closed = fold(lead, denied(at, 'address_revoked'))
  t.strictSame(blocked(closed, at), { sms: 'address_revoked' })
  t.strictSame(blocked(closed, at + CLOSURE_MS - 1), { sms: 'address_revoked' })
  t.strictSame(blocked(closed, at + CLOSURE_MS), {}, '7 days later it is tried again')
  t.equal(CLOSURE_MS, 7 * DAY)
  t.strictSame(blocked(fold(closed, contact(at + 1, { phone: '+12125550199' })), at + 1), {}, 'another number')
  t.strictSame(blocked(fold(closed, contact(at + 1, { phone: '+12125550101', tags: ['x'] })), at + 1), { sms: 'address_revoked' })
  const started = messageEvent({ eventId: 'start', occurredAt: at + 1, receivedAt: at + 1 }, 'START')
  t.strictSame(blocked(fold(closed, started), at + 1), {}, 'the lead says START from the number itself')
  t.strictSame(blocked(fold(fold(lead, { ...started, occurredAt: at - 1 }), denied(at, 'address_revoked')), at), { sms: 'address_revoked' })
  const dnd = fold(lead, denied(at, 'provider_dnd', 'email'))
  t.strictSame(blocked(dnd, at), { email: 'provider_dnd' })
  t.strictSame(blocked(fold(dnd, contact(at + 1, { dnd: false })), at + 1), {}, 'the platform has said since that nothing is set')
  t.strictSame(blocked(fold(dnd, contact(at - 1, { dnd: false })), at), { email: 'provider_dnd' }, 'that was before')
  t.strictSame(blocked(fold(closed, contact(at + 1, { dnd: false })), at + 1), { sms: 'address_revoked' }, 'it says nothing of opt-outs')
  t.strictSame(forgotten(closed, { tenantId, contactId: 'maria', erasedAt: at + 1 }).closures, {}, 'an erasure leaves no number behind')
})

t.test('a closure for one purpose holds what is for it, and nothing else', async (t) => {
  const at = tuesdayNoon
  const closed = fold(profileRecord(), denied(at, 'address_marketing_revoked'))
  t.equal(foundClosed(closed, 'sms', at, 'marketing'), 'address_marketing_revoked')
  t.equal(foundClosed(closed, 'sms', at, 'inquiry'), undefined)
  t.equal(foundClosed(closed, 'email', at, 'marketing'), undefined)
})

t.test('what the lead says itself is told before what was found', async (t) => {
  const at = tuesdayNoon
  const stop = messageEvent({ eventId: 'stop', occurredAt: at, receivedAt: at }, 'STOP')
  t.strictSame(blocked(fold(profileRecord(), stop, denied(at + 1, 'provider_dnd')), at + 2), {
    sms: 'revoked',
    email: 'revoked',
    call: 'revoked',
  })
})

t.test('property: the order in which denials come leaves no trace', async (t) => {
  const one = fc.record({
    at: fc.integer({ min: 0, max: 4 }).map((minutes) => tuesdayNoon + minutes * MINUTE),
    because: fc.constantFrom('address_revoked', 'address_marketing_revoked', 'provider_dnd'),
    channel: fc.constantFrom('sms', 'email', 'call'),
  })
  const closures = (all: readonly { at: number; because: string; channel: string }[]) => {
    const found = fold(profileRecord(), ...all.map(({ at, because, channel }) => denied(at, because, channel))).closures
    return Object.entries(found).sort()
  }
  const shuffled = fc
    .array(one, { maxLength: 8 })
    .chain((all) => fc.tuple(fc.constant(all), fc.shuffledSubarray(all, { minLength: all.length })))
  await assertProperty(
    t,
    fc.property(shuffled, ([all, again]) => JSON.stringify(closures(again)) === JSON.stringify(closures(all))),
  )
})
