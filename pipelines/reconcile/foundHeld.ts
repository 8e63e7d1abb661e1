/**
 * What an inventory found of a lead's things, as the body that its webhook would have had: one that is gone, a note or a task that
 * stands otherwise than is known. Nobody says when that happened, so it is dated by the reading. Pure.
 * @source reference/gohighlevel.md 1.2 (bodies: there is no webhook of a changed task), 3.4
 */
import { DateTime } from 'luxon'
import type { LeadProfile } from '../../schemas/generated/records.ts'
import type { Json } from '../ingest/body.ts'
import { digestOf } from './found.ts'
import type { Found } from './found.ts'
import { SETTLED_MS, isSettled } from './heldThings.ts'
import type { HeldKind } from './heldThings.ts'

/** A note as the platform lists it. */
export interface ListedNote {
  readonly noteId: string
  readonly body: string
  /** ms. */
  readonly addedAt: number | null
}

/** A task as the platform lists it. */
export interface ListedTask {
  readonly taskId: string
  readonly title: string
  readonly body: string
  readonly assignedTo: string | null
  readonly completed: boolean
  /** ms. */
  readonly dueAt: number | null
  /** ms; null where the platform does not say. */
  readonly addedAt: number | null
}

const NAMES = { opportunities: 'opportunity', appointments: 'appointment', tasks: 'task', notes: 'note' } as const

/** Something of a lead that the platform had no more at `readAt` (ms). Its id names the state it was deleted in. */
export function foundGone(lead: LeadProfile, kind: HeldKind, id: string, readAt: number): Found {
  const { contactId } = lead
  const foundId = `${idOf(lead, kind, id)}:deleted`
  const found = (type: string, stated: Json) => ({
    type,
    contactId,
    foundId,
    at: null,
    body: { type, locationId: lead.tenantId, ...stated, timestamp: isoOf(readAt) },
  })
  switch (kind) {
    case 'opportunities':
      return found('OpportunityDelete', { id, contactId })
    case 'tasks':
      return found('TaskDelete', { id, contactId })
    case 'notes':
      return found('NoteDelete', { id, contactId })
    case 'appointments': {
      // It stays in the story as cancelled, so what is known of it goes with its deletion, as in the webhook.
      const { calendarId, title, assignedUserId, startsAt = null, endsAt = null } = lead.appointments[id] ?? {}
      const known = { calendarId, title, assignedUserId, startTime: isoOf(startsAt), endTime: isoOf(endsAt) }
      return found('AppointmentDelete', { appointment: { id, contactId, ...known } })
    }
  }
}

/** A note as it was listed at `readAt` (ms); undefined when nothing is to be said of it: see `newsOf`. */
export function foundNote(lead: LeadProfile, { noteId, body, addedAt }: ListedNote, readAt: number): Found | undefined {
  const news = newsOf(lead, 'notes', noteId, addedAt, readAt)
  const stated = { id: noteId, contactId: lead.contactId, body, dateAdded: isoOf(addedAt) }
  return news && foundListed(lead, 'notes', news === 'new' ? 'NoteCreate' : 'NoteUpdate', stated, news, addedAt, readAt)
}

/** The same of a task. One that was changed is told as a new one is: there is no webhook of that. */
export function foundTask(lead: LeadProfile, task: ListedTask, readAt: number): Found | undefined {
  const { taskId, title, body, assignedTo, completed, dueAt, addedAt } = task
  const news = newsOf(lead, 'tasks', taskId, addedAt, readAt)
  const isDone = completed && lead.tasks[taskId]?.completed === false
  const dates = { dueDate: isoOf(dueAt), dateAdded: isoOf(addedAt) }
  const stated = { id: taskId, contactId: lead.contactId, title, body, assignedTo, completed, ...dates }
  return news && foundListed(lead, 'tasks', isDone ? 'TaskComplete' : 'TaskCreate', stated, news, addedAt, readAt)
}

/**
 * `new`: no webhook told of it, though one should have: it was added after the lead became known, and long enough ago. Undefined
 * also for one that is deleted: a list that lags does not bring it back.
 */
function newsOf(
  lead: LeadProfile,
  kind: 'notes' | 'tasks',
  id: string,
  addedAt: number | null,
  readAt: number,
): 'new' | 'known' | undefined {
  if (lead[kind][id] !== undefined) return isSettled(lead, kind, id, readAt) ? 'known' : undefined
  if (lead.fieldTimes[`${kind}.${id}`] !== undefined || addedAt === null) return undefined
  return addedAt >= lead.firstSeenAt && addedAt <= readAt - SETTLED_MS ? 'new' : undefined
}

function foundListed(
  lead: LeadProfile,
  kind: 'notes' | 'tasks',
  type: string,
  stated: Json & { readonly id: string },
  news: 'new' | 'known',
  addedAt: number | null,
  readAt: number,
): Found {
  const dated = news === 'new' ? {} : { timestamp: isoOf(readAt) }
  return {
    type,
    contactId: lead.contactId,
    foundId: `${idOf(lead, kind, stated.id)}:${digestOf(stated)}`,
    at: news === 'new' ? addedAt : null,
    body: { type, locationId: lead.tenantId, ...stated, ...dated },
  }
}

/** Of the thing and when it was last stated: one that changes back and forth is told each time. */
function idOf(lead: LeadProfile, kind: HeldKind, id: string): string {
  return `${NAMES[kind]}:${id}:${lead.fieldTimes[`${kind}.${id}`] ?? 'new'}`
}

function isoOf(at: number | null): string | undefined {
  return at === null ? undefined : (DateTime.fromMillis(at, { zone: 'utc' }).toISO() ?? undefined)
}
