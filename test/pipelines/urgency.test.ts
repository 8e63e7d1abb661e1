/** Who cannot wait: the table of urgent leads follows tier and level of the profiles, and lets go of a lead that is over. */
import t from 'tap'
import { urgencyOf } from '../../pipelines/enrich/urgency.ts'
import type { LeadProfile } from '../../schemas/generated/records.ts'
import { urgentLeads } from '../../topics/index.ts'
import { at, profileOf } from '../api/apiUnderTest.ts'

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
  t.strictSame(urgencyOf({ ...byTier, deletedAt: at }, undefined, at), [])
  t.end()
})
