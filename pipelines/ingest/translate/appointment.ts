/** AppointmentCreate, AppointmentUpdate, AppointmentDelete: the only events whose content is nested. */
import type { Json } from '../body.ts'
import { instantOf, objectOf, textOf } from '../fields.ts'
import type { Translation, Translator } from './draft.ts'

const updated = { within: 'appointment', field: 'dateUpdated' }
const added = { within: 'appointment', field: 'dateAdded' }

export const appointmentTranslators: Readonly<Record<string, Translator>> = {
  AppointmentCreate: { translate: (body) => told(body, 'appointment_booked'), datedBy: [updated, added] },
  AppointmentUpdate: { translate: (body) => told(body, 'appointment_changed'), datedBy: [updated] },
  // Deleting does not touch dateUpdated.
  AppointmentDelete: { translate: (body) => told(body, 'appointment_deleted'), datedBy: [] },
}

function told(body: Json, kind: string): Translation {
  const appointment = objectOf(body, 'appointment') ?? {}
  const appointmentId = textOf(appointment, 'id')
  if (appointmentId === null) return { missing: 'appointment.id' }
  // `appoinmentStatus` is how the platform's create response and workflow bodies spell it.
  const stated = textOf(appointment, 'appointmentStatus', 'appoinmentStatus')?.toLowerCase() ?? 'new'
  return {
    kind,
    sections: {
      appointment: {
        appointmentId,
        calendarId: textOf(appointment, 'calendarId'),
        status: kind === 'appointment_deleted' ? 'cancelled' : stated,
        title: textOf(appointment, 'title'),
        startsAt: instantOf(appointment, 'startTime'),
        endsAt: instantOf(appointment, 'endTime'),
        assignedUserId: textOf(appointment, 'assignedUserId'),
      },
    },
  }
}
