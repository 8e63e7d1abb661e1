/**
 * What became of a call at GoHighLevel, and how each answer is read. There is no idempotency key, so the one question that
 * counts is: can the platform have acted? "Unknown" is never sent again, it is looked up.
 * @source reference/gohighlevel.md 3.2, 3.3, 3.6, 5
 */
import { endpoints } from './endpoints.ts'
import type { EndpointName } from './endpoints.ts'

export type Outcome<T> =
  /** The platform has it. A message is queued; whether it arrives is told later. */
  { readonly kind: 'accepted'; readonly value: T } | Failure

export type Failure =
  /** It refused, for good: never try again. */
  | { readonly kind: 'refused'; readonly code: RefusalCode; readonly detail: string }
  /** It certainly did not act: may be tried again later. */
  | { readonly kind: 'not_sent'; readonly code: NotSentCode; readonly detail: string; readonly retryAfterMs: number }
  /** It may or may not have acted. */
  | { readonly kind: 'unknown'; readonly code: UnknownCode; readonly detail: string }

/** A value, or why there is none. */
export type Read<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly detail: string; readonly failure: Failure }

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
  | 'opportunity_not_found'
  | 'appointment_not_found'
  | 'not_found'
  | 'duplicate_contact'
  | 'location_inactive'
  | 'slot_taken'
  | 'wrong_version'
  | 'bad_request'
export type NotSentCode =
  | 'rate_limited'
  | 'daily_limit'
  | 'unauthorised'
  | 'forbidden'
  | 'scope_missing'
  | 'no_token'
  | 'token_unavailable'
  | 'not_yet_visible'
  | 'not_connected'
  | 'breaker_open'
  | 'aborted_before_sending'
export type UnknownCode = 'server_error' | 'timed_out' | 'connection_lost' | 'answer_unreadable' | 'redirected' | 'perhaps_created'

/** The window of the burst limit; no reset time is documented. */
export const burstWindowMs = 10_000
/** A token that is refused, or lacks a scope, is mended by a person. */
const personRetryMs = 300_000
/** Status updates are refused until a message is visible everywhere. */
const visibleAfterMs = 10_000

export interface FailureRule {
  /** `4xx` and `5xx` are whole classes. */
  readonly status: number | '3xx' | '4xx' | '5xx'
  /** Words of the body; absent = any. */
  readonly says?: RegExp
  /** Endpoints it holds for; absent = all. */
  readonly at?: readonly EndpointName[]
  readonly then:
    | { readonly kind: 'refused'; readonly code: RefusalCode }
    | { readonly kind: 'not_sent'; readonly code: NotSentCode; readonly retryAfterMs: number }
    | { readonly kind: 'unknown'; readonly code: UnknownCode }
  /** Where it is known from: a section of reference/gohighlevel.md, or an issue of highlevel-api-docs. */
  readonly source: string
}

const refused = (code: RefusalCode) => ({ kind: 'refused', code }) as const
const later = (code: NotSentCode, retryAfterMs: number) => ({ kind: 'not_sent', code, retryAfterMs }) as const
const unknown = (code: UnknownCode) => ({ kind: 'unknown', code }) as const

const changes = (Object.keys(endpoints) as EndpointName[]).filter((name) => endpoints[name].kind !== 'read')

/** Answers that are not 2xx, the first rule that matches. @checked 2026-11-27 */
export const failureRules: readonly FailureRule[] = [
  { status: 429, says: /daily/i, then: later('daily_limit', personRetryMs), source: '3.3' },
  { status: 429, then: later('rate_limited', burstWindowMs), source: '3.3' },
  {
    status: 401,
    says: /not authorized for this scope|IAM service/i,
    then: later('scope_missing', personRetryMs),
    source: '3.2, #217, #74',
  },
  // Seen with "Command timed out": the gateway's own failure, behind which the call may have been acted on. Sent again with another token, it would be
  // sent twice.
  { status: 401, says: /time(d)?[ -]?out/i, then: unknown('timed_out'), source: 'seen: rocketride-server tool_gohighlevel' },
  { status: 401, at: ['messageStatus'], then: later('not_yet_visible', visibleAfterMs), source: '#4' },
  { status: 403, at: ['messageStatus'], then: later('not_yet_visible', visibleAfterMs), source: '#4' },
  { status: 401, then: later('unauthorised', personRetryMs), source: '3.2' },
  { status: 403, then: later('forbidden', personRetryMs), source: '3.2' },
  // A gateway that gave up says 408 or 5xx; what stood behind it may have acted.
  { status: 408, then: unknown('timed_out'), source: 'RFC 9110 15.5.9' },
  { status: '5xx', then: unknown('server_error'), source: 'RFC 9110 15.6' },
  { status: '3xx', then: unknown('redirected'), source: 'RFC 9110 15.4' },
  { status: 422, at: ['contactCreate', 'contactUpsert'], then: unknown('perhaps_created'), source: '#64' },
  { status: '4xx', says: /dnd is active/i, then: refused('dnd_active'), source: '3.6' },
  { status: '4xx', says: /has unsubscribed/i, then: refused('unsubscribed'), source: '3.6' },
  { status: '4xx', says: /\b21610\b/, then: refused('carrier_opt_out'), source: '3.6' },
  { status: '4xx', says: /\b3000[3-6]\b/, then: refused('unreachable'), source: '3.6' },
  { status: '4xx', says: /\b30007\b/, then: refused('carrier_filtered'), source: '3.6' },
  { status: '4xx', says: /missing phone number/i, then: refused('phone_missing'), source: '3.6' },
  { status: '4xx', says: /invalid country calling code|invalid phone/i, then: refused('phone_invalid'), source: '3.6' },
  { status: '4xx', says: /e-?mail is invalid|invalid e-?mail/i, then: refused('email_invalid'), source: '3.6' },
  { status: '4xx', says: /location is not active/i, then: refused('location_inactive'), source: '3.2' },
  { status: '4xx', says: /does not allow duplicated contacts/i, then: refused('duplicate_contact'), source: '3.4' },
  { status: '4xx', says: /slot .*no longer available/i, then: refused('slot_taken'), source: '3.7' },
  { status: '4xx', says: /contact not found|contact with id .* not found/i, then: refused('contact_not_found'), source: '3.4' },
  // Only where it was asked for by its id: then the platform itself says that it has none.
  {
    status: '4xx',
    says: /opportunity (with id .* )?not found/i,
    at: ['opportunityGet'],
    then: refused('opportunity_not_found'),
    source: '3.5',
  },
  {
    status: '4xx',
    says: /(appointment|event) (with id .* )?not found/i,
    at: ['appointmentGet'],
    then: refused('appointment_not_found'),
    source: '3.7',
  },
  { status: '4xx', says: /version header/i, then: refused('wrong_version'), source: '3.1' },
  // Without a word of the platform it is a gateway's: what was to be changed never came to it.
  { status: 404, says: /^(?![^]*"message"\s*:)/, at: changes, then: later('not_connected', burstWindowMs), source: 'RFC 9110 15.5.5' },
  { status: 404, then: refused('not_found'), source: 'RFC 9110 15.5.5' },
  { status: '4xx', says: /not found/i, then: refused('not_found'), source: '3.4' },
  { status: '4xx', then: refused('bad_request'), source: 'RFC 9110 15.5' },
]

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

/** Reads an answer that is not 2xx. `words` is its body, `retryAfterMs` what its headers ask for. */
export function failureOfStatus(endpoint: EndpointName, status: number, words: string, retryAfterMs?: number): Failure {
  const detail = `${status}: ${words.slice(0, 300)}`
  const rule = failureRules.find(
    ({ status: at, says, at: only }) =>
      (at === status || at === `${Math.floor(status / 100)}xx`) && says?.test(words) !== false && only?.includes(endpoint) !== false,
  )
  // 1xx never comes here, anything else that no rule knows may have been acted on.
  const then = rule?.then ?? unknown('answer_unreadable')
  return then.kind === 'not_sent' ? { ...then, detail, retryAfterMs: retryAfterMs ?? then.retryAfterMs } : { ...then, detail }
}

/** Reads a failure without an answer. */
export function failureOfError(error: unknown): Failure {
  const codes = codesOf(error)
  const detail = error instanceof Error ? `${error.name}: ${error.message}` : String(error)
  if (codes.includes('UND_ERR_RES_EXCEEDED_MAX_SIZE')) return { kind: 'unknown', code: 'answer_unreadable', detail }
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
