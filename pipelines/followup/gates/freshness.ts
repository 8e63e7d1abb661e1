/**
 * The copy of the lead must be known to be complete: an opt-out that is still on its way would not be seen. And the platform must show nothing that was
 * said and not told: its webhook is late or lost, and whoever answers without it writes over the lead, or over a colleague.
 * @source reference/gohighlevel.md 5 (#29, #257), 7.4
 */
import { WRITTEN_BY_ITSELF } from '../../enrich/messageEvents.ts'
import { allow, denyUntil, isContact } from './gate.ts'
import type { FenceInput, Gate, ShownMessage } from './gate.ts'

const HOUR_MS = 3_600_000
/** What is older was said before the app came, as far as the first sweep reaches back, ms. */
export const TOLD_WITHIN_MS = 24 * HOUR_MS
/** A message to the lead is told by a sweep within this, or counts as none because it failed, ms. */
const SWEPT_WITHIN_MS = HOUR_MS / 3
/** A message is dated by its webhook some time after the platform has added it, never before but for this, ms. */
const SKEW_MS = 5_000
/** One of ours is known by when it was handed over, and added up to this much later, ms. */
const OWN_SKEW_MS = 60_000

export const freshness: Gate = (input) => {
  const { copyCompleteAt, at, limits } = input
  const recheckAt = at + limits.recheckMs
  if (copyCompleteAt === undefined) return denyUntil('copy_never_complete', recheckAt, 'The copy of the leads has not been complete yet.')
  if (!isFresh(copyCompleteAt, input)) {
    const seconds = Math.round((at - copyCompleteAt) / 1000)
    return denyUntil(
      'copy_stale',
      recheckAt,
      `The copy of the leads was last complete ${seconds < 0 ? `in ${-seconds} s, by a clock that is wrong` : `${seconds} s ago`}.`,
    )
  }
  const untold = untoldIn(input)
  if (untold === undefined) return allow()
  const minutes = Math.max(0, Math.round((at - untold.at) / 60_000))
  return denyUntil(
    'message_untold',
    at + limits.providerRecheckMs,
    `The provider shows a message ${untold.isInbound ? 'from' : 'to'} the lead of ${minutes} min ago that nobody has told of yet.`,
  )
}

/** What was said and is not known here; undefined when there is nothing, or nobody was asked. */
function untoldIn(input: FenceInput): ShownMessage | undefined {
  const { at, lead, ownSends, provider } = input
  if (!isContact(input) || lead === undefined || typeof provider !== 'object') return undefined
  // What a telephone wrote by itself is no contact, and was told of all the same.
  const told = [lead.lastInboundAt, lead.fieldTimes[WRITTEN_BY_ITSELF]].map((time) => time ?? Number.NEGATIVE_INFINITY)
  const fromLead = Math.max(...told) + SKEW_MS
  const ours = ownSends.map((send) => Math.max(send.at, send.confirmedAt ?? send.at))
  const toLead = Math.max((lead.lastOutboundAt ?? Number.NEGATIVE_INFINITY) + SKEW_MS, ...ours.map((one) => one + OWN_SKEW_MS))
  return provider.lastMessages.find((message) =>
    message.isInbound
      ? message.at > fromLead && message.at > at - TOLD_WITHIN_MS
      : message.at > toLead && message.at > at - SWEPT_WITHIN_MS && message.at <= at + SKEW_MS,
  )
}

/** Is a copy that was complete at `completeAt` (ms) good enough to send by? A time that is far ahead is of a clock that was wrong: it says nothing. */
export function isFresh(completeAt: number | undefined, { at, limits }: Pick<FenceInput, 'at' | 'limits'>): boolean {
  return completeAt !== undefined && Math.abs(at - completeAt) <= limits.maxCopyAgeMs
}
