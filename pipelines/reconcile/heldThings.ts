/**
 * What of a lead an inventory asks the platform about: what is open, and apart from it what is settled (opportunities that are closed,
 * appointments that are past, tasks that are done, notes of closed leads). What was stated lately is left out: the platform may not
 * show it everywhere yet. Pure.
 */
import type { LeadProfile } from '../../schemas/generated/records.ts'
import { isBooked } from '../enrich/leadStatus.ts'

export const heldKinds = ['opportunities', 'appointments', 'tasks', 'notes'] as const
export type HeldKind = (typeof heldKinds)[number]

/** What people and decisions rest on, and what is over. Each is gone through by itself, at its own pace. */
export const heldParts = ['open', 'settled'] as const
export type HeldPart = (typeof heldParts)[number]

/** Ids by kind. */
export type Held = Readonly<Record<HeldKind, readonly string[]>>

/** The index of the platform lags about a minute, and a webhook that was sent again comes minutes later. 10 min in ms. */
export const SETTLED_MS = 600_000

/** Statuses of a lead whose notes nobody works with any more. */
const CLOSED: ReadonlySet<string> = new Set(['converted', 'lost', 'disqualified'])

/** Undefined when there is nothing to ask about. */
export function heldBy(lead: LeadProfile, now: number, part: HeldPart): Held | undefined {
  if (lead.deletedAt !== null) return undefined
  const ids = <K extends HeldKind>(kind: K, counts: (one: LeadProfile[K][string]) => boolean) =>
    Object.entries(lead[kind])
      .filter(([id, one]) => counts(one as LeadProfile[K][string]) && isSettled(lead, kind, id, now))
      .map(([id]) => id)
  const isOpen = part === 'open'
  // One list shows them all: where a task is to do, those that are done cost no call.
  const hasTaskToDo = Object.values(lead.tasks).some(({ completed }) => !completed)
  const held: Held = {
    opportunities: ids('opportunities', ({ status }) => (status === null || status === 'open') === isOpen),
    // One that is deleted stays in the story as cancelled, so of one that is cancelled there is nothing to find.
    appointments: ids('appointments', (one) => (isOpen ? isBooked(one, now) : !isBooked(one, now) && one.status !== 'cancelled')),
    tasks: hasTaskToDo === isOpen ? ids('tasks', () => true) : [],
    notes: CLOSED.has(lead.status) === isOpen ? [] : ids('notes', () => true),
  }
  return heldKinds.every((kind) => held[kind].length === 0) ? undefined : held
}

/** What is open and what is settled, together. */
export function allHeldBy(lead: LeadProfile, now: number): Held | undefined {
  const [open, settled] = [heldBy(lead, now, 'open'), heldBy(lead, now, 'settled')]
  if (open === undefined || settled === undefined) return open ?? settled
  const both = (kind: HeldKind) => [...open[kind], ...settled[kind]]
  return { opportunities: both('opportunities'), appointments: both('appointments'), tasks: both('tasks'), notes: both('notes') }
}

/** Was the last statement about it made long enough ago for the platform to show the same everywhere? */
export function isSettled(lead: LeadProfile, kind: HeldKind, id: string, now: number): boolean {
  return (lead.fieldTimes[`${kind}.${id}`] ?? 0) <= now - SETTLED_MS
}
