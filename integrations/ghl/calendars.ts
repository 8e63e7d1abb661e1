/** Calendars, their free slots, and appointments. @source reference/gohighlevel.md 3.7 */
import type { CallOptions, Caller } from './call/caller.ts'
import { fieldsOf, flag, listOf, text, texts, time } from './call/fields.ts'
import type { Fields, Listed } from './call/fields.ts'
import { succeeded } from './contactShape.ts'
import type { Outcome, Read } from './outcomes.ts'

export interface Calendar {
  readonly calendarId: string
  readonly name: string
  readonly active: boolean
  readonly userIds: readonly string[]
}

export type AppointmentStatus = 'new' | 'confirmed' | 'cancelled' | 'showed' | 'noshow' | 'invalid'

export interface Appointment {
  readonly eventId: string
  readonly calendarId: string | null
  readonly contactId: string | null
  readonly title: string | null
  readonly status: string | null
  readonly assignedTo: string | null
  /** ms; null where the platform gives a local time without an offset: `raw` has it. */
  readonly startAt: number | null
  readonly endAt: number | null
  readonly updatedAt: number | null
  readonly raw: Fields
}

export interface AppointmentChange {
  readonly calendarId?: string
  /** ms. */
  readonly startAt?: number
  readonly endAt?: number
  readonly title?: string
  readonly status?: AppointmentStatus
  readonly assignedTo?: string
  /** Whether the platform tells the contact; its own default is yes. */
  readonly notify?: boolean
}

export interface NewAppointment extends AppointmentChange {
  readonly calendarId: string
  readonly contactId: string
  readonly startAt: number
}

/** Whose events: the platform wants exactly one of them. */
export type EventsOf = { readonly calendarId: string } | { readonly userId: string } | { readonly groupId: string }

const DAY_MS = 86_400_000
/** Of one question for free slots. */
export const longestSlotSpanMs = 31 * DAY_MS

export type Calendars = ReturnType<typeof calendars>

export function calendars(caller: Caller) {
  return {
    list(tenantId: string, options?: CallOptions): Promise<Read<Listed<Calendar>>> {
      return caller.read({ endpoint: 'calendarList', tenantId, query: { locationId: tenantId }, options }, (answer) =>
        listOf(answer['calendars'], calendarOf),
      )
    },

    /** Starts of free slots, ms, in order. At most 31 days at once, or the platform refuses. */
    freeSlots(
      tenantId: string,
      calendarId: string,
      span: { readonly from: number; readonly to: number; readonly timeZone?: string; readonly userId?: string },
      options?: CallOptions,
    ): Promise<Read<readonly number[]>> {
      const query = { startDate: span.from, endDate: span.to, timezone: span.timeZone, userId: span.userId }
      return caller.read({ endpoint: 'freeSlots', tenantId, path: { calendarId }, query, options }, slotsOf)
    },

    events(
      tenantId: string,
      of: EventsOf,
      span: { readonly from: number; readonly to: number },
      options?: CallOptions,
    ): Promise<Read<Listed<Appointment>>> {
      const query = { locationId: tenantId, ...of, startTime: span.from, endTime: span.to }
      return caller.read({ endpoint: 'eventList', tenantId, query, options }, (answer) => listOf(answer['events'], appointmentOf))
    },

    appointment(tenantId: string, eventId: string, options?: CallOptions): Promise<Read<Appointment>> {
      return caller.read({ endpoint: 'appointmentGet', tenantId, path: { eventId }, options }, (answer) =>
        appointmentOf(fieldsOf(answer['event']) ?? fieldsOf(answer['appointment']) ?? {}),
      )
    },

    book(tenantId: string, { contactId, ...appointment }: NewAppointment, options?: CallOptions): Promise<Outcome<Appointment>> {
      return caller.change(
        { endpoint: 'appointmentCreate', tenantId, body: { ...bodyOf(appointment), contactId, locationId: tenantId }, options },
        appointmentOf,
      )
    },

    update(tenantId: string, eventId: string, change: AppointmentChange, options?: CallOptions): Promise<Outcome<Appointment>> {
      return caller.change({ endpoint: 'appointmentUpdate', tenantId, path: { eventId }, body: bodyOf(change), options }, appointmentOf)
    },

    delete(tenantId: string, eventId: string, options?: CallOptions): Promise<Outcome<true>> {
      return caller.change({ endpoint: 'appointmentDelete', tenantId, path: { eventId }, body: {}, options }, succeeded)
    },
  }
}

function bodyOf({ startAt, endAt, status, assignedTo, notify, ...same }: AppointmentChange): object {
  return {
    ...same,
    ...(startAt === undefined ? {} : { startTime: new Date(startAt).toISOString() }),
    ...(endAt === undefined ? {} : { endTime: new Date(endAt).toISOString() }),
    ...(status === undefined ? {} : { appointmentStatus: status }),
    ...(assignedTo === undefined ? {} : { assignedUserId: assignedTo }),
    ...(notify === undefined ? {} : { toNotify: notify }),
  }
}

/** An appointment, whose status is spelt `appoinmentStatus` in some answers (highlevel-api-docs #246). */
export function appointmentOf(event: Fields): Appointment | undefined {
  const eventId = text(event, 'id')
  if (eventId === null) return undefined
  return {
    eventId,
    calendarId: text(event, 'calendarId'),
    contactId: text(event, 'contactId'),
    title: text(event, 'title'),
    status: text(event, 'appointmentStatus', 'appoinmentStatus'),
    assignedTo: text(event, 'assignedUserId'),
    startAt: time(event, 'startTime'),
    endAt: time(event, 'endTime'),
    updatedAt: time(event, 'dateUpdated'),
    raw: event,
  }
}

function calendarOf(calendar: Fields): Calendar | undefined {
  const calendarId = text(calendar, 'id')
  if (calendarId === null) return undefined
  const members = listOf(calendar['teamMembers'], (member) => text(member, 'userId') ?? undefined)
  return { calendarId, name: text(calendar, 'name') ?? '', active: flag(calendar, 'isActive'), userIds: members?.items ?? [] }
}

/** `{"2026-11-10": {"slots": [ISO with offset …]}, "traceId": …}`. No day at all is an answer too: nothing is free. */
function slotsOf(answer: Fields): readonly number[] | undefined {
  const days = Object.entries(answer).filter(([name]) => /^\d{4}-\d\d-\d\d$/.test(name))
  if (days.length === 0 && text(answer, 'traceId') === null) return undefined
  return days
    .flatMap(([, day]) => texts(fieldsOf(day), 'slots'))
    .flatMap((slot) => time({ slot }, 'slot') ?? [])
    .sort((a, b) => a - b)
}
