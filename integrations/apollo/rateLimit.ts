/**
 * Never more calls a minute than allowed, and none while Apollo says that a window is spent. Its windows are fixed and it does not
 * say when they end, so a spent one is waited for whole.
 * @source docs.apollo.io rate-limits (headers, fixed windows); lead-domain reference 12.4 (200 a minute)
 */
import { SteadyTime } from '../ghl/clock.ts'
import type { Clock } from '../ghl/clock.ts'

const MINUTE_MS = 60_000

/** Header that tells what is left of a window, and the length of the window, ms. */
export const windows: readonly { readonly header: string; readonly lengthMs: number }[] = [
  { header: 'x-minute-requests-left', lengthMs: MINUTE_MS },
  { header: 'x-hourly-requests-left', lengthMs: 60 * MINUTE_MS },
  { header: 'x-daily-requests-left', lengthMs: 24 * 60 * MINUTE_MS },
]

export class ApolloRateLimit {
  private readonly callsPerMinute: number
  private readonly time: SteadyTime
  private taken: number[] = []
  private blockedUntil = 0

  constructor(callsPerMinute: number, clock: Clock) {
    this.callsPerMinute = callsPerMinute
    this.time = new SteadyTime(clock)
  }

  /** 0 = a call is taken; else how long until one may be, ms. */
  take(): number {
    const now = this.time.now()
    this.taken = this.taken.filter((at) => at > now - MINUTE_MS)
    const full = this.taken.length < this.callsPerMinute ? 0 : (this.taken[0] ?? now) + MINUTE_MS - now
    const waitMs = Math.max(full, this.blockedUntil - now, 0)
    if (waitMs === 0) this.taken.push(now)
    return waitMs
  }

  /** What the headers of an answer say is left; `left` reads one by its name. */
  told(left: (header: string) => number | undefined): void {
    for (const { header, lengthMs } of windows) if ((left(header) ?? 1) <= 0) this.block(lengthMs)
  }

  /** No call for this long, ms. */
  block(forMs: number): void {
    this.blockedUntil = Math.max(this.blockedUntil, this.time.now() + forMs)
  }
}
