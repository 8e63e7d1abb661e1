/** Who cannot wait: the table of urgent leads follows tier and level of the profiles, and lets go of a lead that is over. */
import t from 'tap'
import { enrich } from '../../pipelines/enrich/stage.ts'
import { urgencyOf } from '../../pipelines/enrich/urgency.ts'
import { drive } from '../../runtime/driver.ts'
import type { LeadEvent, LeadProfile } from '../../schemas/generated/records.ts'
import { leadEvents, leadKey, urgentLeads } from '../../topics/index.ts'
import { at, profileOf } from '../api/apiUnderTest.ts'
import { eventsOf } from '../support/eventsOf.ts'
import { tenantRecord } from '../support/leadRecords.ts'

const priority = (tier: string): NonNullable<LeadProfile['priority']> => ({ at, tier, score: 90, dueAt: null, factors: [], unknown: [] })
const calm = profileOf({ level: 'HOT', priority: priority('HOT') })
const byTier = profileOf({ level: 'WARM', priority: priority('URGENT') })
const byLevel = profileOf({ level: 'URGENT', priority: priority('COLD') })
const old = profileOf({ level: 'URGENT', priority: null })
const { tenantId, contactId } = calm

t.test('a lead of the tier or the level URGENT is told with each of its events', (t) => {
  const told = (tier: string, level: string) => [{ topic: urgentLeads, value: { tenantId, contactId, at, tier, level } }]
  t.match(urgencyOf(undefined, byTier, at), told('URGENT', 'WARM'))
  t.match(urgencyOf(byTier, byTier, at), told('URGENT', 'WARM'))
  t.match(urgencyOf(calm, byLevel, at), told('COLD', 'URGENT'))
  t.match(urgencyOf(calm, old, at), told('unknown', 'URGENT'), 'of a profile from before there were tiers')
  t.end()
})

t.test('one that can wait is no news, and one that can wait again ends the row', (t) => {
  t.strictSame(urgencyOf(undefined, calm, at), [])
  t.strictSame(urgencyOf(calm, calm, at), [])
  t.match(urgencyOf(byTier, calm, at), [{ topic: urgentLeads, value: null }])
  t.match(urgencyOf(byTier, { ...byTier, deletedAt: at }, at), [{ topic: urgentLeads, value: null }], 'deleted')
  t.match(urgencyOf(byLevel, undefined, at), [{ topic: urgentLeads, value: null }], 'erased')
  for (const over of [{ status: 'converted' }, { status: 'lost' }, { status: 'dormant' }, { dnd: true }])
    t.match(urgencyOf(byLevel, { ...byLevel, ...over }, at), [{ topic: urgentLeads, value: null }], JSON.stringify(over))
  t.strictSame(urgencyOf({ ...byTier, deletedAt: at }, undefined, at), [])
  t.end()
})

t.test('a lead that was URGENT by its words leaves the table when it is won, takes permission back or falls silent', async (t) => {
  const lead = { tenantId: 'location-1', contactId: 'maria' }
  const key = leadKey(lead.tenantId, lead.contactId)
  const event = eventsOf(lead)
  const says = (text: string, when: number) => {
    const said = { messageId: `m${when}`, channel: 'sms', direction: 'inbound', sender: 'lead', text }
    const nothing = { conversationId: null, subject: null, status: null, userId: null, callStatus: null, callDurationSeconds: null }
    return event('message_inbound', when, { message: { ...said, ...nothing } })
  }
  const won = { opportunityId: 'o', pipelineId: null, stageId: null, status: 'won', name: null, monetaryValue: null, ownerId: null }
  const rowAfter = (wait: string, ...events: LeadEvent[]) => {
    const line = drive(enrich, { at, tables: { tenants: [[lead.tenantId, tenantRecord({ tenantId: lead.tenantId })]] } })
    line.pipe(leadEvents, key, says('Ready to buy asap: cash buyer, pre-approved, make an offer, inspection, closing date', at))
    for (const one of events) line.pipe(leadEvents, key, one)
    line.advance(wait)
    t.equal((line.state(key) as LeadProfile).level, 'URGENT', 'its words stay')
    return line.outputs(urgentLeads).at(-1)
  }
  t.match(rowAfter('1h'), { level: 'URGENT' })
  t.equal(rowAfter('1h', event('opportunity_changed', at + 1, { opportunity: won })), null, 'won')
  t.equal(rowAfter('1h', says('STOP', at + 1)), null, 'closed on every channel')
  t.match(rowAfter('1h', says('STOP', at + 1), says('START', at + 2)), { level: 'URGENT' }, 'open again')
  t.match(rowAfter('29d'), { level: 'URGENT' })
  t.equal(rowAfter('31d'), null, 'silent for 30 days')
})
