/**
 * What became of a call that changes something at GoHighLevel, and how each answer is read. There is no idempotency key,
 * so the one question that counts is: can the platform have acted? "Unknown" is never sent again, it is looked up.
 * @source reference/gohighlevel.md 3.2, 3.3, 3.6
 */

export type SendOutcome =
  /** The platform has it. A message is queued; whether it arrives is told later. */
  | { readonly kind: 'accepted'; readonly id: string; readonly conversationId: string | null }
  /** It refused, for good: never try again. */
  | { readonly kind: 'refused'; readonly code: RefusalCode; readonly detail: string }
  /** It certainly did not act: may be tried again later. */
  | { readonly kind: 'not_sent'; readonly code: NotSentCode; readonly detail: string; readonly retryAfterMs: number }
  /** It may or may not have acted. */
  | { readonly kind: 'unknown'; readonly code: UnknownCode; readonly detail: string }

export type RefusalCode =
  | 'dnd_active'
  | 'unsubscribed'
  | 'phone_missing'
  | 'phone_invalid'
  | 'email_invalid'
  | 'carrier_opt_out'
  | 'unreachable'
  | 'carrier_filtered'
  | 'contact_not_found'
  | 'bad_request'
export type NotSentCode = 'rate_limited' | 'unauthorised' | 'not_connected' | 'aborted_before_sending'
export type UnknownCode = 'server_error' | 'timed_out' | 'connection_lost' | 'answer_unreadable' | 'redirected'

interface RefusalRule {
  readonly says: RegExp
  readonly code: RefusalCode
}

/** Terminal 4xx by the words of the platform, the first that matches. */
export const refusals: readonly RefusalRule[] = [
  { says: /cannot send message as dnd is active|dnd is active/i, code: 'dnd_active' },
  { says: /has unsubscribed/i, code: 'unsubscribed' },
  { says: /\b21610\b/, code: 'carrier_opt_out' },
  { says: /\b3000[3-6]\b/, code: 'unreachable' },
  { says: /\b30007\b/, code: 'carrier_filtered' },
  { says: /missing phone number/i, code: 'phone_missing' },
  { says: /invalid country calling code|invalid phone/i, code: 'phone_invalid' },
  { says: /e-?mail is invalid|invalid e-?mail/i, code: 'email_invalid' },
  { says: /contact not found|contact with id .* not found/i, code: 'contact_not_found' },
]

/** The window of the burst limit; no reset time is documented. */
export const burstWindowMs = 10_000
/** A token that is refused is mended by a person. */
const unauthorisedRetryMs = 300_000

/** Error codes of connections that ended before a byte of the request left. */
const beforeBytes: ReadonlySet<string> = new Set([
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'EADDRNOTAVAIL',
  'UND_ERR_CONNECT_TIMEOUT',
  'CERT_HAS_EXPIRED',
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
  'ERR_TLS_CERT_ALTNAME_INVALID',
])

/** Reads an answer that is not 2xx. `words` is its body. */
export function outcomeOfStatus(status: number, words: string, retryAfterMs?: number): SendOutcome {
  const detail = `${status}: ${words.slice(0, 300)}`
  if (status === 429) return { kind: 'not_sent', code: 'rate_limited', detail, retryAfterMs: retryAfterMs ?? burstWindowMs }
  if (status === 401 || status === 403) return { kind: 'not_sent', code: 'unauthorised', detail, retryAfterMs: unauthorisedRetryMs }
  // A gateway that gave up says 408 or 5xx; what stood behind it may have acted.
  if (status === 408) return { kind: 'unknown', code: 'timed_out', detail }
  if (status >= 500) return { kind: 'unknown', code: 'server_error', detail }
  if (status < 400) return { kind: 'unknown', code: 'redirected', detail }
  return {
    kind: 'refused',
    code: refusals.find(({ says }) => says.test(words))?.code ?? (status === 404 ? 'contact_not_found' : 'bad_request'),
    detail,
  }
}

/** Reads a failure without an answer. */
export function outcomeOfFailure(error: unknown): SendOutcome {
  const codes = codesOf(error)
  const detail = error instanceof Error ? `${error.name}: ${error.message}` : String(error)
  if (codes.some((code) => beforeBytes.has(code))) return { kind: 'not_sent', code: 'not_connected', detail, retryAfterMs: burstWindowMs }
  const timedOut = codes.some(
    (code) =>
      code === 'UND_ERR_HEADERS_TIMEOUT' ||
      code === 'UND_ERR_BODY_TIMEOUT' ||
      code === 'TimeoutError' ||
      code === 'AbortError' ||
      code === 'UND_ERR_ABORTED',
  )
  return { kind: 'unknown', code: timedOut ? 'timed_out' : 'connection_lost', detail }
}

/** The codes and names of an error, its causes and the errors it collects: a refused dual-stack connection is an AggregateError. */
function codesOf(error: unknown): string[] {
  if (!(error instanceof Error)) return []
  const { code } = error as { code?: unknown }
  const collected = error instanceof AggregateError ? error.errors.flatMap(codesOf) : []
  return [...(typeof code === 'string' ? [code] : []), error.name, ...collected, ...codesOf(error.cause)]
}
