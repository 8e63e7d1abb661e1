/**
 * What of a lead an inventory asks the platform about: opportunities that are open, appointments still to come, tasks that are not
 * done, and notes of leads that are open. What was stated lately is left out: the platform may not show it everywhere yet. Pure.
 */
import type { LeadProfile } from '../../schemas/generated/records.ts'
import { isBooked } from '../enrich/leadStatus.ts'

export const heldKinds = ['opportunities', 'appointments', 'tasks', 'notes'] as const
export type HeldKind = (typeof heldKinds)[number]

/** Ids by kind. */
export type Held = Readonly<Record<HeldKind, readonly string[]>>

/** The index of the platform lags about a minute, and a webhook that was sent again comes minutes later. 10 min in ms. */
export const SETTLED_MS = 600_000

/** Statuses of a lead whose notes nobody works with any more. */
const CLOSED: ReadonlySet<string> = new Set(['converted', 'lost', 'disqualified'])

/** Undefined when there is nothing to ask about. */
export function heldBy(lead: LeadProfile, now: number): Held | undefined {
  if (lead.deletedAt !== null) return undefined
  const ids = <K extends HeldKind>(kind: K, counts: (one: LeadProfile[K][string]) => boolean) =>
    Object.entries(lead[kind])
      .filter(([id, one]) => counts(one as LeadProfile[K][string]) && isSettled(lead, kind, id, now))
      .map(([id]) => id)
  const held: Held = {
    opportunities: ids('opportunities', ({ status }) => status === null || status === 'open'),
    appointments: ids('appointments', (appointment) => isBooked(appointment, now)),
    tasks: ids('tasks', ({ completed }) => !completed),
    notes: CLOSED.has(lead.status) ? [] : ids('notes', () => true),
  }
  return heldKinds.every((kind) => held[kind].length === 0) ? undefined : held
}

/** Was the last statement about it made long enough ago for the platform to show the same everywhere? */
export function isSettled(lead: LeadProfile, kind: HeldKind, id: string, now: number): boolean {
  return (lead.fieldTimes[`${kind}.${id}`] ?? 0) <= now - SETTLED_MS
}
