/**
 * Whether a failed call is made again, and when: full jitter over a doubling wait, never before the platform allows it, and
 * what would act twice only when it certainly has not acted. Pure: chance is passed in.
 * @source M. Brooker, "Exponential Backoff And Jitter", AWS Architecture Blog 2015: full jitter
 */
import type { Endpoint } from '../endpoints.ts'
import type { Failure } from '../outcomes.ts'

export interface RepeatLimits {
  /** Calls at most, the first one included. */
  readonly tries: number
  /** The first wait is at most this, the next ones twice that of the one before, ms. */
  readonly firstMs: number
  readonly mostMs: number
  /** When the platform asks for a longer wait than this, the caller is told instead, ms. */
  readonly patienceMs: number
}

export const repeatDefaults: RepeatLimits = { tries: 4, firstMs: 500, mostMs: 8_000, patienceMs: 30_000 }

const repeatedWhenNotSent: ReadonlySet<string> = new Set(['rate_limited', 'not_connected', 'not_yet_visible'])
const repeatedWhenUnknown: ReadonlySet<string> = new Set(['server_error', 'timed_out', 'connection_lost'])

/** The wait before the next call after `made` of them, ms; `undefined` when there is none. `chance` is from 0 up to 1. */
export function waitBeforeRepeat(
  failure: Failure,
  kind: Endpoint['kind'],
  made: number,
  chance: number,
  limits: RepeatLimits,
): number | undefined {
  if (made >= limits.tries) return undefined
  const backOff = Math.floor(chance * Math.min(limits.mostMs, limits.firstMs * 2 ** (made - 1)))
  switch (failure.kind) {
    case 'refused':
      return undefined
    case 'not_sent': {
      if (!repeatedWhenNotSent.has(failure.code)) return undefined
      // Nobody asks for a wait when nobody answered.
      const asked = failure.code === 'not_connected' ? 0 : failure.retryAfterMs
      return asked > limits.patienceMs ? undefined : asked + backOff
    }
    case 'unknown':
      return kind !== 'once' && repeatedWhenUnknown.has(failure.code) ? backOff : undefined
  }
}

/** `Retry-After` in ms: seconds or a date. `undefined` when there is none that can be read. */
export function retryAfterMs(header: string | undefined, now: number): number | undefined {
  if (header === undefined || header.trim() === '') return undefined
  const seconds = Number(header)
  if (Number.isFinite(seconds)) return Math.max(0, Math.ceil(seconds * 1_000))
  const at = Date.parse(header)
  return Number.isNaN(at) ? undefined : Math.max(0, at - now)
}
