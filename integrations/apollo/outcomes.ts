/**
 * What became of a call at Apollo, read by one table. The question that counts is what it may have cost: a call that certainly did
 * not act costs nothing, one with an unknown outcome counts as its worst case.
 * @source docs.apollo.io: people-enrichment, bulk-people-enrichment (credits; 2026-10-08), status-codes, errors, rate-limits.
 * @checked 2026-11-27 against public documentation, never against a live account
 */

/** Most that one call costs, in credits: 1 for data of a person; the 8 for a mobile number are never asked for. */
export const worstCredits = '1'

export type Failure =
  /** It will not answer this question, however often it is asked; costs nothing. */
  | { readonly kind: 'refused'; readonly code: 'bad_request'; readonly detail: string }
  /** It certainly did not act. */
  | { readonly kind: 'not_sent'; readonly code: NotSentCode; readonly detail: string; readonly retryAfterMs: number }
  /** It may have acted. */
  | { readonly kind: 'unknown'; readonly code: UnknownCode; readonly detail: string }

export type NotSentCode = 'unauthorised' | 'forbidden' | 'no_credits' | 'rate_limited' | 'not_connected' | 'breaker_open' | 'held_back'
/** Here no call was made at all, to spare Apollo or its limit: nothing has gone wrong with this question. */
export const uncalled: ReadonlySet<NotSentCode> = new Set(['breaker_open', 'held_back'])
export type UnknownCode = 'server_error' | 'timed_out' | 'connection_lost' | 'answer_unreadable'

export interface FailureRule {
  /** `4xx` and `5xx` are whole classes. */
  readonly status: number | '4xx' | '5xx'
  /** Words of the body; absent = any. */
  readonly says?: RegExp
  readonly then:
    | { readonly kind: 'refused'; readonly code: 'bad_request' }
    | { readonly kind: 'not_sent'; readonly code: NotSentCode; readonly retryAfterMs: number }
    | { readonly kind: 'unknown'; readonly code: UnknownCode }
  readonly source: string
}

const MINUTE_MS = 60_000
/** A key, a plan or an empty account is mended by a person. */
const personMs = 5 * MINUTE_MS
const later = (code: NotSentCode, retryAfterMs: number) => ({ kind: 'not_sent', code, retryAfterMs }) as const

/** Answers that are not 2xx, the first rule that matches. */
export const failureRules: readonly FailureRule[] = [
  { status: 402, then: later('no_credits', personMs), source: 'RFC 9110 15.5.3; not in the documentation of Apollo' },
  { status: 422, says: /credit/i, then: later('no_credits', personMs), source: 'the words are unverified' },
  { status: 401, then: later('unauthorised', personMs), source: 'errors: invalid access credentials' },
  { status: 403, then: later('forbidden', personMs), source: 'errors: not in the plan, or not with this key' },
  { status: 429, then: later('rate_limited', MINUTE_MS), source: 'errors, rate-limits: windows of a minute at least' },
  // A gateway that gave up: what stood behind it may have acted.
  { status: 408, then: { kind: 'unknown', code: 'timed_out' }, source: 'RFC 9110 15.5.9' },
  // The endpoint is not there: the address is wrong, and no question is.
  { status: 404, then: later('not_connected', personMs), source: 'errors: the endpoint does not exist' },
  { status: '4xx', then: { kind: 'refused', code: 'bad_request' }, source: 'errors: 400, 422 parameters misconfigured' },
  { status: '5xx', then: { kind: 'unknown', code: 'server_error' }, source: 'errors: 500' },
]

const beforeBytes: ReadonlySet<string> = new Set([
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'UND_ERR_CONNECT_TIMEOUT',
  'CERT_HAS_EXPIRED',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
  'ERR_TLS_CERT_ALTNAME_INVALID',
])
const timeOuts: ReadonlySet<string> = new Set([
  'TimeoutError',
  'AbortError',
  'UND_ERR_HEADERS_TIMEOUT',
  'UND_ERR_BODY_TIMEOUT',
  'UND_ERR_ABORTED',
])

/** Reads an answer that is not 2xx. `words` is its body, which is searched and never repeated: it may name the person. */
export function failureOfStatus(status: number, words: string, retryAfterMs?: number): Failure {
  const rule = failureRules.find(
    ({ status: at, says }) => (at === status || at === `${Math.floor(status / 100)}xx`) && says?.test(words) !== false,
  )
  const then = rule?.then ?? ({ kind: 'unknown', code: 'answer_unreadable' } as const)
  const detail = `status ${status}`
  return then.kind === 'not_sent' ? { ...then, detail, retryAfterMs: retryAfterMs ?? then.retryAfterMs } : { ...then, detail }
}

/** Reads a failure without an answer. */
export function failureOfError(error: unknown): Failure {
  const codes = codesOf(error)
  const detail = codes.join(', ')
  if (codes.some((code) => beforeBytes.has(code))) return { ...later('not_connected', MINUTE_MS), detail }
  return { kind: 'unknown', code: codes.some((code) => timeOuts.has(code)) ? 'timed_out' : 'connection_lost', detail }
}

function codesOf(error: unknown): string[] {
  if (!(error instanceof Error)) return []
  const { code } = error as { code?: unknown }
  const collected = error instanceof AggregateError ? error.errors.flatMap(codesOf) : []
  return [...(typeof code === 'string' ? [code] : []), error.name, ...collected, ...codesOf(error.cause)]
}
