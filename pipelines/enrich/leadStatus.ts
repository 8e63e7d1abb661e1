/**
 * The status of a lead, derived from what is known. Dormant is set by the silence timer, and a lead that writes after it
 * is reactivated until something stronger is known. @source lead-domain reference 11.2, lead_status
 */
import type { AppointmentFields, LeadProfile } from '../../schemas/generated/records.ts'

const BOOKED: ReadonlySet<string> = new Set(['new', 'confirmed', 'showed'])

/** The status after an event; `replied` when the event is a message from the lead. */
export function statusOf(profile: LeadProfile, replied: boolean): string {
  if (profile.deletedAt !== null) return 'disqualified'
  const opportunity = profile.opportunity?.status
  if (opportunity === 'won') return 'converted'
  if (opportunity === 'lost' || opportunity === 'abandoned') return 'lost'
  if (profile.appointment !== null && BOOKED.has(profile.appointment.status)) return 'qualified'
  if (profile.status === 'dormant') return replied ? 'reactivated' : 'dormant'
  if (profile.status === 'reactivated') return 'reactivated'
  return profile.counters.inbound + profile.counters.outbound > 0 ? 'contacted' : 'new'
}

/** Status of an appointment that the lead did not come to. @source GoHighLevel reference 3.7 */
export const MISSED = 'noshow'

/** Is an appointment agreed that is still to come? */
export function isBooked(appointment: AppointmentFields | null, at: number): boolean {
  if (appointment === null || !(appointment.status === 'new' || appointment.status === 'confirmed')) return false
  return appointment.startsAt === null || appointment.startsAt > at
}
