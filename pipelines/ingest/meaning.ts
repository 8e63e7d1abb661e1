/**
 * The platform tells one change under several ids ([Update, StageUpdate], a message without an id twice). What says nothing
 * that was not told is dropped, by what it means and not by its id. Only what could not change the lead is dropped: the same
 * content that was told as true at the same time or up to 60 s later. So the order of arrival leaves no trace.
 */
import { createHash } from 'node:crypto'
import type { IngestState } from '../../schemas/generated/records.ts'
import type { Draft } from './translate/draft.ts'

/** Event times this close may be one change: 60 s in ms. @source GoHighLevel reference 7, point 3 */
export const SAME_CHANGE_MS = 60_000
const REMEMBERED = 8

/** A kind that says all that another says. Contact events are not here: each is what an entry of the consent ledger rests on. */
const COVERS: Readonly<Record<string, string>> = {
  opportunity_created: 'opportunity_changed',
  opportunity_stage_changed: 'opportunity_changed',
  opportunity_deleted: 'opportunity_changed',
  appointment_booked: 'appointment_changed',
}

export type Told = IngestState['told'][number]

/** What a draft means; undefined when events of its kind are told apart by their own ids. */
export function meaningOf({ kind, sections, messageIds }: Draft, at: number): Told | undefined {
  const { opportunity, appointment, note, task, conversation, message } = sections
  const isEntity = [opportunity, appointment, note, task, conversation].some((section) => section !== undefined && section !== null)
  const isNameless = message !== undefined && message !== null && (messageIds ?? []).length === 0
  if (!isEntity && !isNameless) return undefined
  return { kind, content: createHash('sha256').update(JSON.stringify(sections)).digest('base64url').slice(0, 16), at }
}

/** Has it been told already? */
export function isTold(told: readonly Told[], { kind, content, at }: Told): boolean {
  // A message without an id is counted, not kept as the latest: of two within a minute neither is newer.
  const reach = kind.startsWith('message_') ? SAME_CHANGE_MS : 0
  return told.some(
    (one) =>
      one.content === content && (one.kind === kind || COVERS[one.kind] === kind) && at <= one.at + reach && at >= one.at - SAME_CHANGE_MS,
  )
}

/** The memory with one more. */
export function rememberTold(told: readonly Told[], meaning: Told | undefined): Told[] {
  return meaning === undefined ? [...told] : [...told, meaning].slice(-REMEMBERED)
}
