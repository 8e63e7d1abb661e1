/**
 * The text signals of a lead as part of its profile: the latest few of each kind by event time. The same set in whatever order
 * the messages came and however often. Nothing that votes or decides reads it.
 */
import type { MessageFields, TextSignal } from '../../../schemas/generated/records.ts'
import type { PermissionChange } from '../optOut.ts'
import { findingsIn, kinds } from './findings.ts'

/** Findings kept of each kind. */
export const KEPT_EACH = 3

/**
 * The signals with those of one more message from the lead, which was sent at `at` and means `change` for permission; the very
 * same array when it says nothing.
 */
export function withMessage(known: TextSignal[], message: MessageFields, change: PermissionChange | undefined, at: number): TextSignal[] {
  const found = findingsIn(message.text, message.channel === 'email' ? message.subject : null, change).map((one) => ({
    ...one,
    at,
    messageId: message.messageId,
  }))
  if (found.length === 0) return known
  const all = [...known, ...found]
    .sort(newestFirst)
    .filter((one, place, sorted) => place === 0 || order(one, sorted[place - 1] as TextSignal) !== 0)
  return kinds.flatMap((kind) => all.filter((one) => one.kind === kind).slice(0, KEPT_EACH))
}

/** What is left when the contact was deleted at `at`. */
export function withoutForgotten(known: readonly TextSignal[], at: number): TextSignal[] {
  return known.filter((one) => one.at > at)
}

function newestFirst(a: TextSignal, b: TextSignal): number {
  return b.at - a.at || order(a, b)
}

// Equal times are ordered by content, so that the order of arrival leaves no trace.
function order(a: TextSignal, b: TextSignal): number {
  const [one, other] = [contentOf(a), contentOf(b)]
  return one < other ? -1 : one > other ? 1 : 0
}

function contentOf({ kind, value, words, at, messageId }: TextSignal): string {
  return JSON.stringify([kind, value, words, at, messageId])
}
