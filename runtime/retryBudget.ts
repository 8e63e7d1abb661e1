/**
 * The retry budget of a worker: a bucket of tokens. A retry costs one, a success pays a share of one in, and time drips a
 * floor, so that retries never exceed that share of the calls plus the floor. Pure: time is passed in; exact arithmetic.
 *
 * @source Finagle, "Retry Budgets" (finagle.github.io/blog/2016/02/08/retry-budgets): 20 % of the requests on top of a least
 * number of retries a second, credits kept for 10 s. Here successes pay instead of requests, as in gRPC's retry throttling:
 * what fails all the time must not earn retries. Instead of expiring, credits are capped.
 */
export interface RetryLimits {
  /** What a success pays in, in tokens; counted in thousandths. */
  readonly share: number
  /** Retries a second that are always allowed, so that whoever makes few calls, or has only failures, still gets on. */
  readonly perSecond: number
  /** Tokens the bucket holds at most, and at the start: retries that may come at once. */
  readonly most: number
}

/** A fifth of the calls, one a second, ten at once. */
export const defaultRetryLimits: RetryLimits = { share: 0.2, perSecond: 1, most: 10 }

export interface RetryBudget {
  /** Thousandths of a token. */
  readonly millis: number
  /** The latest time it was told, ms. */
  readonly at: number
}

const TOKEN = 1_000

/** A full bucket. */
export function fullBudget(now: number, limits: RetryLimits): RetryBudget {
  return { millis: limits.most * TOKEN, at: now }
}

/** The budget after a call succeeded. */
export function afterSuccess(before: RetryBudget, now: number, limits: RetryLimits): RetryBudget {
  const budget = afterDrip(before, now, limits)
  return { ...budget, millis: Math.min(budget.millis + Math.round(limits.share * TOKEN), limits.most * TOKEN) }
}

/** Takes a token for a retry. When there is none, `waitMs` is when the floor alone will have dripped one. */
export function takeRetry(
  before: RetryBudget,
  now: number,
  limits: RetryLimits,
): { readonly budget: RetryBudget; readonly granted: boolean; readonly waitMs: number } {
  const budget = afterDrip(before, now, limits)
  if (budget.millis >= TOKEN) return { budget: { ...budget, millis: budget.millis - TOKEN }, granted: true, waitMs: 0 }
  return { budget, granted: false, waitMs: Math.ceil((TOKEN - budget.millis) / limits.perSecond) }
}

/** Why these limits cannot work, or undefined. */
export function retryFlaw(limits: RetryLimits): string | undefined {
  if (!(limits.share >= 0)) return 'share must not be negative'
  // Without a floor a worker whose calls all fail would wait for ever: only successes pay.
  if (!(limits.perSecond > 0)) return 'perSecond must be above 0'
  return limits.most >= 1 ? undefined : 'most must be at least 1'
}

/** Tokens a second are thousandths of a token a millisecond. A clock that goes back drips nothing. */
function afterDrip({ millis, at }: RetryBudget, now: number, limits: RetryLimits): RetryBudget {
  if (now <= at) return { millis, at }
  return { millis: Math.min(millis + (now - at) * limits.perSecond, limits.most * TOKEN), at: now }
}
