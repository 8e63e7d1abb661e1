/**
 * Which leads cannot wait: those of the priority tier or of the intent level URGENT, while there is something to win or to answer. What
 * comes of them overtakes what waits of others, so the table of them is small and told again with each of their events.
 * @source lead-domain reference 5.4 (fast lane), 6.1 (intent level)
 */
import { emit } from '../../runtime/outcome.ts'
import type { Emission } from '../../runtime/outcome.ts'
import type { LeadProfile } from '../../schemas/generated/records.ts'
import { urgentLeads } from '../../topics/index.ts'
import { toldPriority } from './scoring/told.ts'
import { closedBecause } from './silence.ts'

type Rated = Pick<LeadProfile, 'tenantId' | 'contactId' | 'level' | 'priority'> & Parameters<typeof closedBecause>[0]

/**
 * Can the lead not wait? The words by which it once was URGENT stay, so one that is won, lost, silent for 30 days or closed on every channel
 * would be for ever.
 */
export function isUrgent(profile: Rated): boolean {
  return isRatedUrgent(profile) && profile.status !== 'dormant' && closedBecause(profile) === undefined
}

function isRatedUrgent(profile: Rated): boolean {
  return profile.level === 'URGENT' || toldPriority(profile)?.tier === 'URGENT'
}

/** What the table of urgent leads is told when a profile has changed; nothing for nearly all. `after` is undefined for an erased one. */
export function urgencyOf(before: Rated | undefined, after: Rated | undefined, at: number): Emission<typeof urgentLeads>[] {
  if (after !== undefined && isUrgent(after)) {
    const { tenantId, contactId, level } = after
    return [emit(urgentLeads, { tenantId, contactId, at, tier: toldPriority(after)?.tier ?? 'unknown', level })]
  }
  // By its rating alone: rows of leads that had ended were written before that ended a row.
  return before !== undefined && before.deletedAt === null && isRatedUrgent(before) ? [emit(urgentLeads, null)] : []
}
