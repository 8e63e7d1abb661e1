/**
 * The occasion of the message still stands. Booking, winning or losing a lead changes no epoch, yet a nudge after a
 * booking is the message people complain about.
 */
import { isBooked } from '../../enrich/leadStatus.ts'
import { allow, deny, withLead } from './gate.ts'

const closed: Readonly<Record<string, string>> = {
  converted: 'The lead has become a client.',
  lost: 'The lead is marked as lost.',
  disqualified: 'The lead is disqualified.',
}
/** Occasions that stop with a booked appointment. */
const untilBooked = /^(first_touch|nudge_\d+h|reengage)\./

export const occasion = withLead((lead, { followUp, at }) => {
  if (lead.deletedAt !== null) return deny('contact_deleted', 'The contact was deleted.')
  const because = Object.hasOwn(closed, lead.status) ? closed[lead.status] : undefined
  if (because !== undefined) return deny(`status_${lead.status}`, because)
  const booked = isBooked(lead.appointment, at)
  const template = followUp.templateId ?? ''
  if (booked && untilBooked.test(template)) return deny('booked', 'An appointment is agreed: no more asking.')
  if (!booked && template.startsWith('appointment_confirm.'))
    return deny('no_appointment', 'The appointment this message speaks of is no more.')
  return allow()
})
