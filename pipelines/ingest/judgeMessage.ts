/**
 * Has this message been told already, under whichever of its ids and by whoever tells it, and is it one of ours? A message that
 * arrived and its failure are two facts; one that waits for its time is none yet, and its id stays free for when it leaves.
 */
import type { IngestState, LeadEvent } from '../../schemas/generated/records.ts'
import { isSeen, mark } from './seen.ts'
import type { Draft } from './translate/draft.ts'

/** Outbound statuses after which the lead has received nothing. @source HighLevel message status enum */
const UNDELIVERED: ReadonlySet<string> = new Set(['failed', 'undelivered', 'opt_out'])

/** Status of an outbound message that is to leave at a later time, and may be taken back before. @source GoHighLevel reference 3.6 */
export const SCHEDULED = 'scheduled'

/** `told` is why it is dropped; else the message with its sender, and the ids to remember. */
export type Judged = { readonly message: LeadEvent['message']; readonly ids: readonly string[] } | { readonly told: string }

/** Judges a draft at `now` (ms). */
export function judgeMessage(draft: Draft, seen: IngestState['seen'], now: number): Judged {
  const message = draft.sections.message ?? null
  const messageIds = draft.messageIds ?? []
  if (message === null) return { message, ids: [] }
  if (message.direction === 'outbound' && message.status === SCHEDULED) return { told: 'not_sent_yet' }
  const own = message.direction === 'outbound' && messageIds.some((messageId) => isSeen(seen, mark.own(messageId), now))
  const attributed = own ? { ...message, sender: 'rekindle' } : message
  const status = message.direction === 'outbound' && UNDELIVERED.has(message.status ?? '') ? message.status : null
  if (status !== null) {
    const ids = messageIds.map((messageId) => mark.failure(messageId, status))
    return ids.some((failure) => isSeen(seen, failure, now)) ? { told: 'duplicate_message' } : { message: attributed, ids }
  }
  const ids = messageIds.map(mark.message)
  if (ids.some((told) => isSeen(seen, told, now))) return { told: 'duplicate_message' }
  return own ? { told: 'echo_of_own_message' } : { message: attributed, ids }
}
