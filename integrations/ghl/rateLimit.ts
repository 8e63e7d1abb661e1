/**
 * Never more than so many calls in any 10 seconds per location: a window over the last calls, because a bucket that
 * refills lets twice its size through. First come, first served; the platform's own headers can only slow it down.
 */
import { SteadyTime } from './clock.ts'
import type { Clock } from './clock.ts'

export interface RateLimitOptions {
  /** The platform allows 100; the rest is left to whatever else the app does. @source reference/gohighlevel.md 3.3 */
  readonly calls?: number
  readonly windowMs?: number
  readonly clock: Clock
}

interface Line {
  /** Times of the last calls, oldest first. */
  taken: number[]
  blockedUntil: number
  last: Promise<void>
  waiting: number
}

export class RateLimit {
  private readonly calls: number
  private readonly windowMs: number
  private readonly clock: Clock
  private readonly time: SteadyTime
  private readonly lines = new Map<string, Line>()

  constructor(options: RateLimitOptions) {
    this.calls = options.calls ?? 80
    this.windowMs = options.windowMs ?? 10_000
    this.clock = options.clock
    this.time = new SteadyTime(options.clock)
  }

  /** Waits until `count` calls for the location may leave. Returns false when the signal aborts first; nothing is taken then. */
  take(location: string, count = 1, signal?: AbortSignal): Promise<boolean> {
    const line = this.line(location)
    line.waiting++
    const turn = line.last.then(() => this.turn(location, line, count, signal))
    line.last = turn.then(() => {
      line.waiting--
    })
    return turn
  }

  /** How long a call for the location would wait at least, ms. */
  waitMs(location: string, count = 1): number {
    const line = this.line(location)
    const now = this.time.now()
    line.taken = line.taken.filter((at) => at > now - this.windowMs)
    const free = this.calls - line.taken.length
    const full = free >= count ? 0 : (line.taken[count - free - 1] ?? now) + this.windowMs - now
    return Math.max(0, full, line.blockedUntil - now)
  }

  /** Locations in which a call would have to wait now. */
  busy(): string[] {
    return [...this.lines].filter(([location, line]) => line.waiting > 0 || this.waitMs(location) > 0).map(([location]) => location)
  }

  /** What the platform said about its own count. */
  told(location: string, remaining: number | undefined, intervalMs: number | undefined): void {
    if (remaining !== undefined && remaining <= 0) this.block(location, intervalMs ?? this.windowMs)
  }

  /** No call for the location for this long, ms. */
  block(location: string, forMs: number): void {
    const line = this.line(location)
    line.blockedUntil = Math.max(line.blockedUntil, this.time.now() + forMs)
  }

  private async turn(location: string, line: Line, count: number, signal: AbortSignal | undefined): Promise<boolean> {
    for (;;) {
      if (signal?.aborted === true) return false
      const wait = this.waitMs(location, count)
      if (wait <= 0) break
      await this.clock.sleep(wait, signal)
    }
    const now = this.time.now()
    for (let i = 0; i < count; i++) line.taken.push(now)
    return true
  }

  private line(location: string): Line {
    let line = this.lines.get(location)
    if (line === undefined) this.lines.set(location, (line = { taken: [], blockedUntil: 0, last: Promise.resolve(), waiting: 0 }))
    return line
  }
}
