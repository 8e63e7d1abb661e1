/**
 * Rounds over all active locations until the signal aborts, a few locations at once. Whatever a round throws is said, and the next
 * one comes all the same.
 */
import type { Logger } from 'pino'
import type { Clock } from '../integrations/ghl/clock.ts'
import type { Tenant } from '../schemas/generated/records.ts'

/** Locations worked on at once: each has its own room for calls, and answers come slowly. */
export const AT_ONCE = 4
const POLL_MS = 15_000

export interface RoundsOptions {
  readonly clock: Clock
  readonly logger: Pick<Logger, 'error'>
  /** Between rounds, ms. */
  readonly pollMs?: number | undefined
}

/** Makes rounds until the signal aborts. `failed`: what a round that threw could not do. */
export async function rounds(
  { clock, logger, pollMs = POLL_MS }: RoundsOptions,
  failed: string,
  signal: AbortSignal,
  round: () => Promise<unknown>,
): Promise<void> {
  while (!signal.aborted) {
    try {
      await round()
    } catch (error) {
      logger.error({ err: error }, `${failed}; trying again`)
    }
    await clock.sleep(pollMs, signal)
  }
}

/** Works on each location, until the signal aborts. */
export async function eachLocation(
  locations: readonly Tenant[],
  signal: AbortSignal,
  work: (location: Tenant) => Promise<void>,
): Promise<void> {
  const waiting = [...locations]
  await Promise.all(
    Array.from({ length: AT_ONCE }, async () => {
      for (let location = waiting.shift(); location !== undefined && !signal.aborted; location = waiting.shift()) await work(location)
    }),
  )
}
