/** Spans and causes of leads that wait, in the words of the terminal, the API and its pages. Pure. */
import type { OwedCause } from './owed.ts'

/** Why a lead has no answer, for somebody who does not know the pipeline. */
export const causeWords: Readonly<Record<OwedCause, string>> = {
  human_silent: 'A person has the lead and has not written.',
  follow_up_waits: 'An answer is planned, and waits for its time or for a rule that lifts later.',
  gate: 'A rule does not let us write.',
  delivery_failed: 'An answer was tried, and the provider did not take or deliver it.',
  outcome_unknown: 'An answer was handed over; whether it left is being looked up.',
  follow_up_lapsed: 'An answer was planned, then taken back, or its time ran out.',
  decided_to_wait: 'The agents weighed it and chose not to write.',
  agents_failed: 'Too few agents answered to decide.',
  webhook_lost: 'The message was found late, and nothing is decided about it yet.',
  no_decision: 'Nothing is decided about the message yet.',
}

/** The two largest units: `3d 4h`, `2h 5m`, `40s`. */
export function spanText(spanMs: number): string {
  const seconds = Math.floor(spanMs / 1_000)
  if (seconds < 60) return `${seconds}s`
  const minutes = Math.floor(seconds / 60)
  if (minutes < 60) return `${minutes}m`
  const hours = Math.floor(minutes / 60)
  return hours < 24 ? `${hours}h ${minutes % 60}m` : `${Math.floor(hours / 24)}d ${hours % 24}h`
}
