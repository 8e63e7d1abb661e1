/** How the delivery worker behaves, every number with its reason. */
import type { FenceLimits } from '../pipelines/followup/gates/gate.ts'

export interface DeliverySettings {
  /** Follow-ups judged in one transaction. */
  readonly batch: number
  /** Follow-ups in hand at once. */
  readonly concurrency: number
  /** Wait when nothing is due, ms. */
  readonly pollMs: number
  /** How often what was left in hand and what is unknown are looked after, ms. */
  readonly sweepMs: number
  /** A follow-up in hand for longer has lost its worker: longer than any wait for room and answer together. */
  readonly leftAfterMs: number
  /** First look-up of an unknown outcome, ms after it became unknown. */
  readonly lookUpAfterMs: number
  /** Between look-ups, ms. */
  readonly lookUpEveryMs: number
  /** From the hand-over until "not found" means "not sent", ms: the provider's search lags about a minute. */
  readonly graceMs: number
  /** Clocks of the provider and ours may differ by this much, ms. */
  readonly skewMs: number
  /** Tries to end the task of a question that certainly did nothing, after which it is left. */
  readonly maxAttempts: number
  /** First wait after a hand-over that certainly did nothing; doubles up to `longestWaitMs`. It is tried until its time is over. */
  readonly firstWaitMs: number
  readonly longestWaitMs: number
  /** Read the provider's do-not-disturb before each contact: it does not report every change. */
  readonly readContact: boolean
  /** Tag that says a person should take over. */
  readonly handOverTag: string
  readonly limits: FenceLimits
}

export const deliveryDefaults: DeliverySettings = {
  batch: 64,
  concurrency: 16,
  pollMs: 250,
  sweepMs: 1_000,
  leftAfterMs: 90_000,
  lookUpAfterMs: 5_000,
  lookUpEveryMs: 15_000,
  graceMs: 90_000,
  skewMs: 60_000,
  maxAttempts: 8,
  firstWaitMs: 10_000,
  longestWaitMs: 900_000,
  readContact: true,
  handOverTag: 'rekindle hand over',
  limits: {
    maxCopyAgeMs: 15_000,
    recheckMs: 5_000,
    providerRecheckMs: 60_000,
    halted: false,
    haltedChannels: [],
    messagesPer24h: 500,
    optOutShare: 0.025,
    failureShare: 0.08,
  },
}

/** Wait before the provider is asked again about what it has said nothing of for this long, ms: an eighth of it. Access that a person has to mend takes days. */
export function waitAfterSilence(silentMs: number, { lookUpEveryMs, longestWaitMs }: DeliverySettings): number {
  return Math.min(longestWaitMs, Math.max(lookUpEveryMs, Math.floor(silentMs / 8)))
}

/**
 * Wait before the provider is looked at again for a row with this many changes, ms. Each look takes two of them, and up to three calls: eight
 * looks a minute apart, then ever further, or one lead that the platform shows otherwise for a day takes 4,000 calls of its location.
 */
export function waitAfterLooks(changes: number, { limits: { providerRecheckMs }, longestWaitMs }: DeliverySettings): number {
  const further = Math.min(longestWaitMs, providerRecheckMs * Math.floor(changes / CHANGES_BEFORE_FURTHER))
  return Math.max(providerRecheckMs, further)
}

const CHANGES_BEFORE_FURTHER = 8

/** Wait before the next attempt after `attempt` of them, ms. */
export function waitAfter(attempt: number, settings: DeliverySettings): number {
  return Math.min(settings.longestWaitMs, settings.firstWaitMs * 2 ** Math.max(0, attempt - 1))
}
