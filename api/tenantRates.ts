/**
 * How much a location may send before it lets others pass: a token bucket for each, filled at its share a second. Whoever is above
 * its share stays so until it has been within it for a while, so that its webhooks do not overtake each other again and again.
 * What other processes took from the same share is charged here once it is known, and who is above it there is so here.
 */

/** Seconds of the share that may come at once: a burst is no noise. What comes at once goes before the webhooks of all others. */
export const BURST_SECONDS = 2
/** Webhooks that may come at once, however small the share: a contact, its tags, its first messages and an opportunity. */
export const LEAST_BURST = 10
/** How long a location has to stay within its share until it counts as quiet again, ms: what waits is mostly worked off by then. */
const QUIET_MS = 60_000

/** What a location has sent: taken from its share, and what its share did not cover. */
export interface Sent {
  readonly taken: number
  readonly above: number
}

interface Bucket {
  /** Below nought while others have taken more than there was. */
  tokens: number
  at: number
  /** Above its share until then, ms; 0: within it. */
  loudUntil: number
  /** As what it was told last: above its share or within it. */
  toldLoud: boolean
}

export class TenantRates {
  readonly perSecond: number
  readonly #atOnce: number
  readonly #buckets = new Map<string, Bucket>()
  #sent = new Map<string, { taken: number; above: number }>()

  /**
   * `share`: webhooks a second of each location; `part`: of it and of what may come at once, 0 to 1. Asked of known locations only, it
   * holds a few numbers for each.
   */
  constructor(share: number, part = 1) {
    this.perSecond = share * part
    this.#atOnce = Math.max(share * BURST_SECONDS, LEAST_BURST) * part
  }

  /** Takes one for the location at `now`, ms. Tells whether it is within its share, and whether that has changed since it was told. */
  take(tenantId: string, now: number): { readonly within: boolean; readonly turned: boolean } {
    const bucket = this.#filled(tenantId, now)
    const sent = this.#sent.get(tenantId) ?? { taken: 0, above: 0 }
    this.#sent.set(tenantId, sent)
    if (bucket.tokens >= 1) {
      bucket.tokens -= 1
      sent.taken += 1
      if (bucket.at >= bucket.loudUntil) bucket.loudUntil = 0
    } else {
      bucket.loudUntil = bucket.at + QUIET_MS
      sent.above += 1
    }
    const isLoud = bucket.loudUntil > 0
    const turned = isLoud !== bucket.toldLoud
    bucket.toldLoud = isLoud
    return { within: !isLoud, turned }
  }

  /** What came through `take` since this was last asked, by location. */
  sent(): ReadonlyMap<string, Sent> {
    const sent = this.#sent
    this.#sent = new Map()
    return sent
  }

  /** Takes what came elsewhere, known at `now`, ms. */
  charge(tenantId: string, { taken, above }: Sent, now: number): void {
    const bucket = this.#filled(tenantId, now)
    bucket.tokens -= taken
    if (above > 0) bucket.loudUntil = bucket.at + QUIET_MS
  }

  #filled(tenantId: string, now: number): Bucket {
    const most = this.#atOnce
    const bucket = this.#buckets.get(tenantId) ?? { tokens: most, at: now, loudUntil: 0, toldLoud: false }
    this.#buckets.set(tenantId, bucket)
    // A clock that is set back and forward again must not fill the same second twice.
    const passedMs = Math.max(0, now - bucket.at)
    bucket.tokens = Math.min(most, bucket.tokens + (passedMs * this.perSecond) / 1000)
    bucket.at += passedMs
    return bucket
  }
}
