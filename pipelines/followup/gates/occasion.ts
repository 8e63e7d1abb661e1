/**
 * The occasion of the message still stands. Booking, winning or losing a lead changes no epoch, yet a nudge after a
 * booking is the message people complain about.
 */
import { appointmentAt } from '../../enrich/entities.ts'
import { MISSED, isBooked } from '../../enrich/leadStatus.ts'
import { allow, deny, withLead } from './gate.ts'

const closed: Readonly<Record<string, string>> = {
  converted: 'The lead has become a client.',
  lost: 'The lead is marked as lost.',
}
/** Occasions that stop with a booked appointment. */
const untilBooked = /^(first_touch|nudge_\d+h|reengage|appointment_missed)\./

export const occasion = withLead((lead, { followUp, at }) => {
  // The status that the vocabulary has for it says less.
  if (lead.deletedAt !== null || lead.status === 'disqualified') return deny('contact_deleted', 'The contact was deleted in GoHighLevel.')
  const because = Object.hasOwn(closed, lead.status) ? closed[lead.status] : undefined
  // A client, or somebody who was lost, asks for a person or speaks of law: that person is called all the same.
  if (because !== undefined && followUp.action !== 'hand_over') return deny(`status_${lead.status}`, because)
  const appointment = appointmentAt(lead, at)
  const booked = isBooked(appointment, at)
  const template = followUp.templateId ?? ''
  if (booked && untilBooked.test(template)) return deny('booked', 'An appointment is agreed: no more asking.')
  if (!booked && template.startsWith('appointment_confirm.'))
    return deny('no_appointment', 'The appointment this message speaks of is no more.')
  // Staff correct what they marked: who came, or has cancelled, is not told that the meeting did not take place.
  if (template.startsWith('appointment_missed.') && appointment?.status !== MISSED)
    return deny('not_missed', 'No appointment is marked as missed any more.')
  return allow()
})
