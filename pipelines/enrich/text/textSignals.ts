/**
 * The text signals of a lead as part of its profile: the latest few of each kind by event time. The same set in whatever order
 * the messages came and however often. Nothing that votes or decides reads
 * it, except that a lead may be given to somebody who speaks the language it writes in.
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
  const found = findingsIn(message.text, message.channel === 'email' ? message.subject : null, change)
  if (found.length === 0) return known
  const { messageId } = message
  const signals: TextSignal[] = []
  for (const kind of kinds) {
    const own: TextSignal[] = []
    for (const one of known) if (one.kind === kind) own.push(one)
    const before = own.length
    for (const one of found) if (one.kind === kind) own.push({ kind, value: one.value, words: one.words, at, messageId })
    if (own.length > before && own.length > 1) own.sort(newestFirst)
    let kept = 0
    for (let place = 0; place < own.length && kept < KEPT_EACH; place++) {
      const one = own[place] as TextSignal
      if (place > 0 && newestFirst(own[place - 1] as TextSignal, one) === 0) continue
      signals.push(one)
      kept++
    }
  }
  return signals
}

/** What is left when the contact was deleted at `at`. */
export function withoutForgotten(known: readonly TextSignal[], at: number): TextSignal[] {
  return known.filter((one) => one.at > at)
}

/** By time, and at equal times by content, so that the order of arrival leaves no trace. */
function newestFirst(a: TextSignal, b: TextSignal): number {
  return b.at - a.at || text(a.value, b.value) || text(a.words, b.words) || text(a.messageId ?? '', b.messageId ?? '')
}

function text(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}
