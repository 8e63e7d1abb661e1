/** The limits of the platform per location, told in the headers of every answer. @source reference/gohighlevel.md 3.3 */
import type { Clock } from '../clock.ts'

export interface LimitsOptions {
  readonly callsPer10s: number
  readonly callsPerDay: number
  readonly clock: Clock
}

const WINDOW_MS = 10_000
const DAY_MS = 86_400_000

export class Limits {
  private readonly options: LimitsOptions
  private readonly calls = new Map<string, number[]>()
  private readonly days = new Map<string, { readonly day: number; made: number }>()

  constructor(options: LimitsOptions) {
    this.options = options
  }

  /** Counts a call of a location; `refusal` says why it may not be made. */
  admit(location: string): { readonly refusal: string | undefined; readonly headers: Readonly<Record<string, string>> } {
    const { callsPer10s, callsPerDay, clock } = this.options
    const now = clock.now()
    const calls = (this.calls.get(location) ?? []).filter((at) => at > now - WINDOW_MS)
    const today = Math.floor(now / DAY_MS)
    const known = this.days.get(location)
    const day = known?.day === today ? known : { day: today, made: 0 }
    const refusal =
      day.made >= callsPerDay ? 'Daily limit of requests exceeded' : calls.length >= callsPer10s ? 'Too Many Requests' : undefined
    if (refusal === undefined) {
      calls.push(now)
      day.made++
    }
    this.calls.set(location, calls)
    this.days.set(location, day)
    return {
      refusal,
      headers: {
        'X-RateLimit-Limit-Daily': String(callsPerDay),
        'X-RateLimit-Daily-Remaining': String(callsPerDay - day.made),
        'X-RateLimit-Interval-Milliseconds': String(WINDOW_MS),
        'X-RateLimit-Max': String(callsPer10s),
        'X-RateLimit-Remaining': String(callsPer10s - calls.length),
      },
    }
  }
}
