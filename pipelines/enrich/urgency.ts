/**
 * Which leads cannot wait: those of the priority tier or of the intent level URGENT. What comes of them overtakes what waits of
 * others, so the table of them is small and told again with each of their events.
 * @source lead-domain reference 5.4 (fast lane), 6.1 (intent level)
 */
import { emit } from '../../runtime/outcome.ts'
import type { Emission } from '../../runtime/outcome.ts'
import type { LeadProfile } from '../../schemas/generated/records.ts'
import { urgentLeads } from '../../topics/index.ts'
import { toldPriority } from './scoring/told.ts'

type Rated = Pick<LeadProfile, 'tenantId' | 'contactId' | 'level' | 'priority' | 'deletedAt'>

/** Can the lead not wait? */
export function isUrgent(profile: Rated | undefined): boolean {
  if (profile === undefined || profile.deletedAt !== null) return false
  return profile.level === 'URGENT' || toldPriority(profile)?.tier === 'URGENT'
}

/** What the table of urgent leads is told when a profile has changed; nothing for nearly all. `after` is undefined for an erased one. */
export function urgencyOf(before: Rated | undefined, after: Rated | undefined, at: number): Emission<typeof urgentLeads>[] {
  if (after !== undefined && isUrgent(after)) {
    const { tenantId, contactId, level } = after
    return [emit(urgentLeads, { tenantId, contactId, at, tier: toldPriority(after)?.tier ?? 'unknown', level })]
  }
  return isUrgent(before) ? [emit(urgentLeads, null)] : []
}
