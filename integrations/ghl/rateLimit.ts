/**
 * Never more calls for a location than it may make, however many processes share the count. First come, first served in a
 * process, but what nobody waits for holds up nothing that somebody does; what the platform says of its own count can only slow it down.
 */
import { SteadyTime } from './clock.ts'
import type { Clock } from './clock.ts'
import { LocalWindows } from './limit/localWindows.ts'
import { keptFrom, limitDefaults } from './limit/windows.ts'
import type { CallClass, Windows } from './limit/windows.ts'

export interface RateLimitOptions {
  readonly clock: Clock
  /** Where calls are counted; in this process by default. */
  readonly windows?: Windows
  /** Nobody waits for longer than this: the day is spent, or the platform is blocked. ms. */
  readonly patienceMs?: number
}

export interface Told {
  /** Calls left in the burst window, as the platform counts. */
  readonly remaining?: number | undefined
  /** Length of that window, ms. */
  readonly intervalMs?: number | undefined
  readonly dailyRemaining?: number | undefined
  /** Calls that the platform allows a day: fewer than we count on, of a private token. */
  readonly dailyLimit?: number | undefined
}

export type Taken = { readonly granted: true } | { readonly granted: false; readonly why: 'stopped' | 'too_long'; readonly waitMs: number }

interface Queue {
  last: Promise<void>
  waiting: number
}

interface Line {
  readonly queues: Readonly<Record<CallClass, Queue>>
  /** As last heard. */
  free: number
  busyUntil: number
  /** Little is left of the platform's day: what nobody waits for is not made until then. */
  keptUntil: number
}

const burstWindowMs = limitDefaults.windowMs
/** When the platform's day begins is not documented: it is asked again after this. */
const daySpentMs = 300_000

export class RateLimit {
  private readonly clock: Clock
  private readonly time: SteadyTime
  private readonly windows: Windows
  private readonly patienceMs: number
  private readonly lines = new Map<string, Line>()

  constructor({ clock, windows = new LocalWindows(limitDefaults, clock), patienceMs = 60_000 }: RateLimitOptions) {
    this.clock = clock
    this.time = new SteadyTime(clock)
    this.windows = windows
    this.patienceMs = patienceMs
  }

  /** Waits until `count` calls for the location may leave. Nothing is taken when the signal aborts first, or the wait is too long. */
  take(location: string, count = 1, signal?: AbortSignal, of: CallClass = 'first'): Promise<Taken> {
    const line = this.line(location)
    const queue = line.queues[of]
    queue.waiting++
    const turn = queue.last.then(() => this.turn(location, line, count, signal, of))
    const over = () => {
      queue.waiting--
    }
    queue.last = turn.then(over, over)
    return turn
  }

  /** Locations in which a call that somebody waits for would have to wait now, as far as this process has heard. */
  busy(): string[] {
    const now = this.time.now()
    return [...this.lines].filter(([, { queues, busyUntil }]) => queues.first.waiting > 0 || busyUntil > now).map(([location]) => location)
  }

  /** What the platform said about its own count. */
  async told(location: string, { remaining, intervalMs, dailyRemaining, dailyLimit }: Told): Promise<void> {
    const line = this.line(location)
    if (dailyRemaining !== undefined && dailyRemaining <= 0) await this.block(location, daySpentMs)
    if (dailyRemaining !== undefined && dailyLimit !== undefined) {
      const kept = keptFrom({ ...limitDefaults, daily: dailyLimit }, 'background').daily
      line.keptUntil = dailyRemaining <= kept ? this.time.now() + daySpentMs : 0
    }
    if (remaining === undefined) return
    if (remaining <= 0) await this.block(location, intervalMs ?? burstWindowMs)
    else if (remaining < line.free) {
      line.free = remaining
      await this.windows.lower(location, remaining)
    }
  }

  /** No call for the location for this long, ms. */
  async block(location: string, forMs: number): Promise<void> {
    const line = this.line(location)
    line.busyUntil = Math.max(line.busyUntil, this.time.now() + forMs)
    await this.windows.block(location, forMs)
  }

  private async turn(location: string, line: Line, count: number, signal: AbortSignal | undefined, of: CallClass): Promise<Taken> {
    for (;;) {
      if (signal?.aborted === true) return { granted: false, why: 'stopped', waitMs: 0 }
      const keptMs = of === 'background' ? line.keptUntil - this.time.now() : 0
      if (keptMs > 0) return { granted: false, why: 'too_long', waitMs: keptMs }
      const { waitMs, free, nextMs } = await this.windows.take(location, count, of)
      line.free = free
      // How long what nobody waits for has to wait says nothing of the others.
      line.busyUntil = Math.max(line.busyUntil, this.time.now() + (of === 'first' ? Math.max(waitMs, nextMs) : nextMs))
      if (waitMs <= 0) return { granted: true }
      if (waitMs > this.patienceMs) return { granted: false, why: 'too_long', waitMs }
      await this.clock.sleep(waitMs, signal)
    }
  }

  private line(location: string): Line {
    let line = this.lines.get(location)
    if (line === undefined) {
      const queues = { first: emptyQueue(), background: emptyQueue() }
      this.lines.set(location, (line = { queues, free: Infinity, busyUntil: 0, keptUntil: 0 }))
    }
    return line
  }
}

function emptyQueue(): Queue {
  return { last: Promise.resolve(), waiting: 0 }
}
