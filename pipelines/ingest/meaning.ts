/**
 * The platform tells one change under several ids ([Update, StageUpdate], a message without an id twice). What says nothing
 * that was not told is dropped, by what it means and not by its id. Only what could not change the lead is dropped: the same
 * content that was told as true at the same time or up to 60 s later. So the order of arrival leaves no trace.
 */
import { createHash } from 'node:crypto'
import type { IngestState } from '../../schemas/generated/records.ts'
import { OBSERVED } from '../enrich/behaviour/signals.ts'
import { isObject } from './body.ts'
import type { Draft } from './translate/draft.ts'

/** Event times this close may be one change: 60 s in ms. @source GoHighLevel reference 7, point 3 */
export const SAME_CHANGE_MS = 60_000
/** A workflow that fires twice for one change does so within this: 10 min in ms. */
export const SAME_REPORT_MS = 10 * 60_000
const REMEMBERED = 8
/** Kinds that reports of workflows become. */
const REPORTS: ReadonlySet<string> = new Set(['workflow_reported', OBSERVED])

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
  const { opportunity, appointment, note, task, conversation, message, workflow } = sections
  const isEntity = [opportunity, appointment, note, task, conversation, workflow].some(
    (section) => section !== undefined && section !== null,
  )
  const isNameless = message !== undefined && message !== null && (messageIds ?? []).length === 0
  if (!isEntity && !isNameless) return undefined
  return { kind, content: createHash('sha256').update(canonical(sections)).digest('base64url').slice(0, 16), at }
}

/** JSON with the fields of objects in one order. */
function canonical(value: unknown): string {
  return JSON.stringify(value, (_name, item: unknown) =>
    isObject(item) ? Object.fromEntries(Object.entries(item).sort(([a], [b]) => (a < b ? -1 : 1))) : item,
  )
}

/** Has it been told already? */
export function isTold(told: readonly Told[], { kind, content, at }: Told): boolean {
  const isReport = REPORTS.has(kind)
  const before = isReport ? SAME_REPORT_MS : SAME_CHANGE_MS
  // A message without an id and a report are counted, not kept as the latest: of two close together neither is newer.
  const after = isReport || kind.startsWith('message_') ? before : 0
  return told.some(
    (one) => one.content === content && (one.kind === kind || COVERS[one.kind] === kind) && at <= one.at + after && at >= one.at - before,
  )
}

/** The memory with one more. */
export function rememberTold(told: readonly Told[], meaning: Told | undefined): Told[] {
  return meaning === undefined ? [...told] : [...told, meaning].slice(-REMEMBERED)
}
