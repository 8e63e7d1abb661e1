/**
 * Who leads the conversation, derived from the times of messages, hand-overs and tags. A human message keeps
 * the machine silent for the tenant's quiet hours; a tag, a hand-over and an unclear opt-out until a human says otherwise.
 */
import type { HumanOwnership, LeadProfile } from '../../schemas/generated/records.ts'
import { TOMBSTONE, raise } from './lastWriter.ts'
import type { Draft } from './lastWriter.ts'
import { HANDED_BACK, HANDED_OVER, UNCLEAR_OPT_OUT } from './messageEvents.ts'
import type { Settings } from './settings.ts'
import { LAST_STEP } from './silence.ts'

/** Tags by which a team switches the machine off and on for one lead; why not "Qualified": decision 157. @source lead-domain reference 12.1, 12.2 */
const OFF = /^(?:ai assistant:? ?off|ai[ -]?off|stop[ -]?bot)$/i
const ON = /^(?:ai assistant:? ?on|ai[ -]?on)$/i
/** `fieldTimes` entry beside `HANDED_BACK`: the latest statement of tags before it, which did not hand back. */
const NOT_YET = 'hand_back_not_yet'

/** Do these tags say that the machine may lead again? */
export function handsBack(tags: readonly string[]): boolean {
  return tags.some((tag) => ON.test(tag))
}

/**
 * Notes since when the tags hand the lead back, after a statement of them at `at` that has been folded; `before`: the tags as they were, and when
 * they were stated. Only the tag's arrival counts, for every later update of the contact states it again; one that is told late counts from when it
 * was stated. Where the tag went and came again in an order that nobody can tell the earlier counts: what a human wrote in between stands.
 */
export function noteHandBack(
  profile: Draft,
  tags: readonly string[],
  at: number,
  before: { tags: readonly string[]; at: number | undefined },
): void {
  const known = profile.fieldTimes[HANDED_BACK]
  if (!handsBack(tags)) {
    if (known !== undefined && at < known) raise(profile, NOT_YET, at)
  } else if (profile.fieldTimes['tags'] === at && handsBack(profile.tags) && !handsBack(before.tags)) {
    raise(profile, HANDED_BACK, at)
    if (before.at !== undefined) raise(profile, NOT_YET, before.at)
  } else if (known !== undefined && at < known && at > lastOf(profile, NOT_YET) && at > lastOf(profile, TOMBSTONE)) {
    profile.fieldTimes[HANDED_BACK] = at
  }
}

function lastOf({ fieldTimes }: Draft, field: string): number {
  return fieldTimes[field] ?? Number.NEGATIVE_INFINITY
}

/** The ownership after an event; `writer` is the user of the latest human message, when this event is it. */
export function ownershipOf(profile: Draft, settings: Settings, writer: string | null): HumanOwnership | null {
  const times = profile.fieldTimes
  const taggedAt = times['tags'] ?? Number.NEGATIVE_INFINITY
  if (profile.tags.some((tag) => OFF.test(tag))) return { since: taggedAt, userId: profile.ownerId, reason: 'tag', untilAt: null }
  const handedBackAt = times[HANDED_BACK] ?? Number.NEGATIVE_INFINITY
  const handedOverAt = times[HANDED_OVER]
  if (handedOverAt !== undefined && handedOverAt > handedBackAt)
    return { since: handedOverAt, userId: profile.ownerId, reason: 'hand_over', untilAt: null }
  const humanAt = profile.lastHumanAt
  const unclearAt = times[UNCLEAR_OPT_OUT]
  // A human who wrote after it has seen it.
  if (unclearAt !== undefined && unclearAt > handedBackAt && unclearAt >= (humanAt ?? Number.NEGATIVE_INFINITY)) {
    return { since: unclearAt, userId: profile.ownerId, reason: 'opt_out_unclear', untilAt: null }
  }
  if (humanAt === null || humanAt <= handedBackAt) return null
  const untilAt = settings.humanQuietMs === null ? null : humanAt + settings.humanQuietMs
  if (untilAt !== null && untilAt <= profile.lastEventAt) return null
  const known = profile.humanOwnership
  return { since: humanAt, userId: writer ?? (known?.reason === 'human_message' ? known.userId : null), reason: 'human_message', untilAt }
}

/** Who has not written for so long is in no conversation, however long the machine is silent after a person: no step of silence comes later, ms. */
const IN_IT_MS = LAST_STEP * 3_600_000

/**
 * At `at` (ms), does what may be an opt-out wait for somebody to read it? While a person is in the conversation they have it before them. A lead that
 * a tag has handed back was left by whoever wrote before.
 */
export function isUnclearForNobody(
  { humanOwnership, lastHumanAt, fieldTimes }: LeadProfile,
  at: number,
  { humanQuietMs }: Settings,
): boolean {
  if (humanOwnership?.reason !== 'opt_out_unclear') return false
  if (lastHumanAt === null || lastHumanAt <= (fieldTimes[HANDED_BACK] ?? Number.NEGATIVE_INFINITY)) return true
  return lastHumanAt + Math.min(humanQuietMs ?? IN_IT_MS, IN_IT_MS) <= at
}
