/**
 * The last writer wins, by event time, field by field. Any order and any repetition of the same writes leaves the same
 * values: a write is kept only when it is later, and at equal times the greater value wins, whoever comes first.
 */
import type { LeadProfile } from '../../schemas/generated/records.ts'

/** A profile that is being folded; the caller owns it. */
export type Draft = { -readonly [K in keyof LeadProfile]: LeadProfile[K] }

/** Would a value stated at `at` replace the one that is there? Nothing said before the contact was deleted does. `isGreater`: at equal times. */
export function isLatest<V>(
  profile: Draft,
  field: string,
  at: number,
  current: V,
  value: V,
  isGreater: Greater<V> = isGreaterText,
): boolean {
  const deleted = profile.fieldTimes[TOMBSTONE]
  if (deleted !== undefined && at <= deleted && !SURVIVES.test(field)) return false
  const written = profile.fieldTimes[field]
  if (written === undefined || at > written) return true
  return at === written && isGreater(value, current)
}

type Greater<V> = (value: V, current: V) => boolean

/** Writes one field of the profile if the statement is the latest; says whether it did. */
export function write<K extends keyof LeadProfile>(profile: Draft, field: K, at: number, value: LeadProfile[K]): boolean {
  if (!isLatest(profile, field, at, profile[field], value)) return false
  profile[field] = value
  profile.fieldTimes[field] = at
  return true
}

/** Makes the times the draft's own: a copy of a profile shares them until something is written. */
export function ownTimes(profile: Draft): void {
  profile.fieldTimes = { ...profile.fieldTimes }
}

/** Writes entries of a map in the profile; says whether one was news. The map of before is not changed. */
export function writeEntries(
  profile: Draft,
  map: 'customFields' | 'dndChannels',
  at: number,
  entries: Readonly<Record<string, string>>,
  isGreater: Greater<string | undefined> = isGreaterText,
): boolean {
  let own: Record<string, string> | undefined
  for (const name of Object.keys(entries)) {
    const field = `${map}.${name}`
    const value = entries[name] as string
    if (!isLatest(profile, field, at, profile[map][name], value, isGreater)) continue
    if (own === undefined) profile[map] = own = { ...profile[map] }
    own[name] = value
    profile.fieldTimes[field] = at
  }
  return own !== undefined
}

/** Raises a time that is kept beside the fields; says whether it rose. */
export function raise(profile: Draft, field: string, at: number): boolean {
  const known = profile.fieldTimes[field]
  if (known !== undefined && known >= at) return false
  profile.fieldTimes[field] = at
  return true
}

/** Lowers a time that is kept beside the fields: the first of several tellings, in whatever order they come. */
export function lower(profile: Draft, field: string, at: number): void {
  profile.fieldTimes[field] = Math.min(profile.fieldTimes[field] ?? at, at)
}

/** `fieldTimes` entry: the latest deletion of the contact. */
export const TOMBSTONE = 'deleted'

// Do-not-disturb outlives the contact: it follows the person, and a revived contact must not come back without it.
const SURVIVES = /^dnd(Channels\.|$)/

/** By their JSON: any order does that is the same for whoever comes first. */
export function isGreaterText(value: unknown, current: unknown): boolean {
  return orderOf(value) > orderOf(current)
}

function orderOf(value: unknown): string {
  return JSON.stringify(value ?? null)
}
