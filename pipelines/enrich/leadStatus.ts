/**
 * The status of a lead, derived from what is known. Dormant is set by the silence timer, and a lead that writes after it
 * is reactivated until something stronger is known. @source lead-domain reference 11.2, lead_status
 */
import type { AppointmentFields, LeadProfile } from '../../schemas/generated/records.ts'

/** How long an appointment that is over speaks for its lead while nobody tells whether it took place: 7 days in ms. Many never tell. */
export const UNTOLD_MS = 604_800_000

/** The status after an event; `replied` when the event is a message from the lead. */
export function statusOf(profile: LeadProfile, replied: boolean): string {
  if (profile.deletedAt !== null) return 'disqualified'
  const opportunity = profile.opportunity?.status
  if (opportunity === 'won') return 'converted'
  if (opportunity === 'lost' || opportunity === 'abandoned') return 'lost'
  const { appointment, lastEventAt: at } = profile
  if (isQualifying(appointment, at)) return 'qualified'
  if (profile.status === 'dormant') return replied ? 'reactivated' : 'dormant'
  if (isBooked(appointment, at - UNTOLD_MS)) return 'qualified'
  if (profile.status === 'reactivated') return 'reactivated'
  return profile.counters.inbound + profile.counters.outbound > 0 ? 'contacted' : 'new'
}

/** Status of an appointment that the lead did not come to. @source GoHighLevel reference 3.7 */
export const MISSED = 'noshow'

/** Is the appointment agreed and still to come, or was it kept? */
export function isQualifying(appointment: AppointmentFields | null, at: number): boolean {
  return appointment?.status === 'showed' || isBooked(appointment, at)
}

/** Is an appointment agreed that is still to come? */
export function isBooked(appointment: AppointmentFields | null, at: number): boolean {
  if (appointment === null || !(appointment.status === 'new' || appointment.status === 'confirmed')) return false
  return appointment.startsAt === null || appointment.startsAt > at
}
