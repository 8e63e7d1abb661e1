/**
 * Who leads the conversation, derived from the times of messages, hand-overs and tags. A human message keeps
 * the machine silent for the tenant's quiet hours; a tag, a hand-over and an unclear opt-out until a human says otherwise.
 */
import type { HumanOwnership } from '../../schemas/generated/records.ts'
import type { Draft } from './lastWriter.ts'
import { HANDED_BACK, HANDED_OVER, UNCLEAR_OPT_OUT } from './messageEvents.ts'
import type { Settings } from './settings.ts'

/** Tags by which a tenant switches the machine off and on for one lead. @source lead-domain reference 12.2 */
const OFF = /^ai assistant:? ?off$/i
const ON = /^ai assistant:? ?on$/i

/** Do these tags say that the machine may lead again? */
export function handsBack(tags: readonly string[]): boolean {
  return tags.some((tag) => ON.test(tag))
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
