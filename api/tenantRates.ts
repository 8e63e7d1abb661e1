/**
 * How much a location may send before it lets others pass: a token bucket for each, filled at its share a second. Whoever is above
 * its share stays so until it has been within it for a while, so that its webhooks do not overtake each other again and again.
 */

/** Seconds of the share that may come at once: a burst is no noise. What comes at once goes before the webhooks of all others. */
export const BURST_SECONDS = 2
/** Webhooks that may come at once, however small the share: a contact, its tags, its first messages and an opportunity. */
export const LEAST_BURST = 10
/** How long a location has to stay within its share until it counts as quiet again, ms: what waits is mostly worked off by then. */
const QUIET_MS = 60_000

interface Bucket {
  tokens: number
  at: number
  /** Above its share until then, ms; 0: within it. */
  loudUntil: number
}

export class TenantRates {
  readonly perSecond: number
  readonly #atOnce: number
  readonly #buckets = new Map<string, Bucket>()

  /**
   * `share`: webhooks a second of each location; `part`: of it and of what may come at once, 0 to 1. Asked of known locations only, it
   * holds a few numbers for each.
   */
  constructor(share: number, part = 1) {
    this.perSecond = share * part
    this.#atOnce = Math.max(share * BURST_SECONDS, LEAST_BURST) * part
  }

  /** Takes one for the location at `now`, ms. Tells whether it is within its share, and whether that has just changed. */
  take(tenantId: string, now: number): { readonly within: boolean; readonly turned: boolean } {
    const most = this.#atOnce
    const bucket = this.#buckets.get(tenantId) ?? { tokens: most, at: now, loudUntil: 0 }
    this.#buckets.set(tenantId, bucket)
    // A clock that is set back and forward again must not fill the same second twice.
    const passedMs = Math.max(0, now - bucket.at)
    bucket.tokens = Math.min(most, bucket.tokens + (passedMs * this.perSecond) / 1000)
    bucket.at += passedMs
    const wasLoud = bucket.loudUntil > 0
    if (bucket.tokens >= 1) {
      bucket.tokens -= 1
      if (bucket.at >= bucket.loudUntil) bucket.loudUntil = 0
    } else bucket.loudUntil = bucket.at + QUIET_MS
    const isLoud = bucket.loudUntil > 0
    return { within: !isLoud, turned: isLoud !== wasLoud }
  }
}
