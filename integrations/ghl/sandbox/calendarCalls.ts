/** Calendars, free slots and appointments as the platform answers them. @source reference/gohighlevel.md 3.7, 5 (#246) */
import { DateTime, IANAZone } from 'luxon'
import { text, time } from '../call/fields.ts'
import type { Fields } from '../call/fields.ts'
import { done, missing, refused } from './call.ts'
import type { Reply, RoutedCall } from './call.ts'
import type { World } from './world.ts'
import { appointmentWebhook } from './writeWebhooks.ts'

const SLOT_MS = 1_800_000
const LONGEST_MS = 31 * 86_400_000
/** When slots are offered, local hours, Monday to Friday. */
const opens = 9
const closes = 17
const statuses = ['new', 'confirmed', 'cancelled', 'showed', 'noshow', 'invalid']

export function calendarCalls(world: World) {
  const booked = (location: string, calendarId: unknown, except?: unknown) =>
    world
      .rows('appointments', location)
      .filter((row) => row['calendarId'] === calendarId && row['id'] !== except && row['appointmentStatus'] !== 'cancelled')
      .map((row) => [time(row, 'startTime') ?? 0, time(row, 'endTime') ?? 0] as const)

  const isTaken = (spans: readonly (readonly [number, number])[], from: number, to: number) =>
    spans.some(([start, end]) => start < to && end > from)

  /** The answer to a write: no dates, and a status that is spelt wrong. */
  function answered(row: Fields): object {
    const { dateAdded: _, dateUpdated: __, appointmentStatus, users: ___, notes: ____, groupId: _____, ...rest } = row
    return { ...rest, appoinmentStatus: appointmentStatus, isRecurring: false }
  }

  function store({ location, body }: RoutedCall, before: Fields | undefined): Fields | Reply {
    const start = time(body, 'startTime') ?? time(before, 'startTime')
    const calendarId = text(body, 'calendarId') ?? text(before, 'calendarId')
    const status = text(body, 'appointmentStatus') ?? text(before, 'appointmentStatus') ?? 'confirmed'
    if (start === null) return refused(422, ['startTime should not be empty'])
    if (!statuses.includes(status)) return refused(422, ['appointmentStatus must be a valid enum value'])
    const calendar = world.row('calendars', location, calendarId ?? undefined)
    if (calendar === undefined) return missing('Calendar', calendarId ?? undefined)
    const end = time(body, 'endTime') ?? start + ((time(before, 'endTime') ?? 0) - (time(before, 'startTime') ?? 0) || SLOT_MS)
    const moves = before === undefined || body['startTime'] !== undefined || body['calendarId'] !== undefined
    if (moves && body['ignoreFreeSlotValidation'] !== true && isTaken(booked(location, calendarId, before?.['id']), start, end))
      return refused(400, 'The slot you have selected is no longer available.')
    const id = text(before, 'id') ?? world.newId('evt')
    const assignedUserId = text(body, 'assignedUserId') ?? text(before, 'assignedUserId') ?? ''
    const row: Fields = {
      id,
      calendarId,
      locationId: location,
      contactId: text(body, 'contactId') ?? text(before, 'contactId'),
      groupId: text(before, 'groupId') ?? '',
      title: text(body, 'title') ?? text(before, 'title') ?? '',
      address: text(body, 'address') ?? text(before, 'address') ?? '',
      appointmentStatus: status,
      assignedUserId,
      users: assignedUserId === '' ? [] : [assignedUserId],
      notes: text(before, 'notes') ?? '',
      startTime: new Date(start).toISOString(),
      endTime: new Date(end).toISOString(),
      dateAdded: before?.['dateAdded'] ?? world.iso(),
      dateUpdated: world.iso(),
    }
    world.put('appointments', location, id, row, (webhook) => appointmentWebhook(webhook, before === undefined ? 'Create' : 'Update', row))
    return row
  }

  const replyTo = (made: Fields | Reply, status: number): Reply => (isReply(made) ? made : done(answered(made), status))

  return {
    calendarList({ location }: RoutedCall): Reply {
      return done({ calendars: world.rows('calendars', location) })
    },

    freeSlots({ location, query, at }: RoutedCall): Reply {
      const calendar = world.row('calendars', location, at['calendarId'])
      if (calendar === undefined) return missing('Calendar', at['calendarId'])
      const [from, to] = [Number(query.get('startDate')), Number(query.get('endDate'))]
      if (!(from > 0 && to >= from)) return refused(422, ['startDate and endDate must be milliseconds'])
      if (to - from > LONGEST_MS) return refused(400, 'The date range cannot be more than 31 days.')
      const zone = query.get('timezone') ?? 'America/Chicago'
      if (!IANAZone.isValidZone(zone)) return refused(422, ['timezone must be a valid timezone'])
      const taken = booked(location, calendar['id'])
      const days: Record<string, { slots: string[] }> = {}
      for (let slot = Math.ceil(from / SLOT_MS) * SLOT_MS; slot + SLOT_MS <= to; slot += SLOT_MS) {
        const local = DateTime.fromMillis(slot, { zone })
        if (local.weekday > 5 || local.hour < opens || local.hour >= closes || isTaken(taken, slot, slot + SLOT_MS)) continue
        const day = local.toISODate() ?? ''
        ;(days[day] ??= { slots: [] }).slots.push(local.toISO({ suppressMilliseconds: true }) ?? '')
      }
      return done(days)
    },

    eventList({ location, query }: RoutedCall): Reply {
      const [from, to] = [Number(query.get('startTime')), Number(query.get('endTime'))]
      const of = (['calendarId', 'userId', 'groupId'] as const).find((name) => query.has(name))
      if (of === undefined) return refused(422, ['either of calendarId, userId or groupId is required'])
      const field = of === 'userId' ? 'assignedUserId' : of
      const events = world.rows('appointments', location).filter((row) => {
        const start = time(row, 'startTime') ?? 0
        return row[field] === query.get(of) && start >= from && start <= to
      })
      return done({ events })
    },

    appointmentGet({ location, at }: RoutedCall): Reply {
      const event = world.row('appointments', location, at['eventId'])
      return event === undefined ? missing('Appointment', at['eventId']) : done({ event })
    },

    appointmentCreate(call: RoutedCall): Reply {
      const contactId = text(call.body, 'contactId')
      if (contactId === null) return refused(422, ['contactId should not be empty'])
      if (world.contact(call.location, contactId) === undefined) return missing('Contact', contactId)
      return replyTo(store(call, undefined), 201)
    },

    appointmentUpdate(call: RoutedCall): Reply {
      const before = world.row('appointments', call.location, call.at['eventId'])
      return before === undefined ? missing('Appointment', call.at['eventId']) : replyTo(store(call, before), 200)
    },

    appointmentDelete({ location, at }: RoutedCall): Reply {
      const row = world.row('appointments', location, at['eventId'])
      if (row === undefined) return missing('Appointment', at['eventId'])
      world.put('appointments', location, String(row['id']), null, (webhook) => appointmentWebhook(webhook, 'Delete', row))
      return done({ succeeded: true }, 201)
    },
  }
}

function isReply(made: Fields | Reply): made is Reply {
  return typeof (made as Reply).status === 'number' && 'body' in made
}
