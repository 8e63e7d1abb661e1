/**
 * Calls counted in this process: a window over the last calls, because a bucket that refills lets twice its size through.
 * A clock that is set back holds nothing up.
 */
import { SteadyTime } from '../clock.ts'
import type { Clock } from '../clock.ts'
import { COUNTED_HOURS, HOUR_MS, keptFrom } from './windows.ts'
import type { CallClass, LimitSize, Room, Windows } from './windows.ts'

interface Counted {
  /** Times of the last calls, oldest first; at most as many as may leave in a window. */
  readonly taken: number[]
  blockedUntil: number
  /** Calls by hour. */
  hours: Map<number, number>
}

export class LocalWindows implements Windows {
  private readonly size: LimitSize
  private readonly time: SteadyTime
  private readonly locations = new Map<string, Counted>()

  constructor(size: LimitSize, clock: Clock) {
    this.size = size
    this.time = new SteadyTime(clock)
  }

  async take(location: string, count: number, of: CallClass = 'first'): Promise<Room> {
    const counted = this.counted(location)
    const at = this.time.now()
    const waitMs = this.waitMs(counted, count, at, of)
    if (waitMs === 0) this.push(counted, count, at)
    return { waitMs, free: this.size.calls - counted.taken.length, nextMs: this.waitMs(counted, 1, at), at }
  }

  async lower(location: string, free: number): Promise<void> {
    const counted = this.counted(location)
    const at = this.time.now()
    this.waitMs(counted, 1, at)
    const extra = this.size.calls - counted.taken.length - free
    for (let i = 0; i < extra; i++) counted.taken.push(at)
  }

  async block(location: string, forMs: number): Promise<void> {
    const counted = this.counted(location)
    counted.blockedUntil = Math.max(counted.blockedUntil, this.time.now() + forMs)
  }

  /** Counts calls that were allowed elsewhere. */
  record(location: string, count: number): void {
    this.push(this.counted(location), count, this.time.now())
  }

  private push(counted: Counted, count: number, at: number): void {
    for (let i = 0; i < count; i++) counted.taken.push(at)
    counted.taken.splice(0, counted.taken.length - this.size.calls)
    const hour = Math.floor(at / HOUR_MS)
    counted.hours.set(hour, (counted.hours.get(hour) ?? 0) + count)
  }

  private waitMs(counted: Counted, count: number, now: number, of: CallClass = 'first'): number {
    const { calls, windowMs, daily } = this.size
    const kept = keptFrom(this.size, of)
    const wanted = count + kept.calls
    const { taken } = counted
    let gone = 0
    while ((taken[gone] ?? Infinity) <= now - windowMs) gone++
    if (gone > 0) taken.splice(0, gone)
    const free = calls - taken.length
    const full = free >= wanted ? 0 : (taken[wanted - free - 1] ?? now) + windowMs - now
    const first = Math.floor(now / HOUR_MS) - COUNTED_HOURS + 1
    let today = 0
    let oldest = Infinity
    for (const [hour, made] of counted.hours) {
      if (hour < first) counted.hours.delete(hour)
      else {
        today += made
        oldest = Math.min(oldest, hour)
      }
    }
    const spent = today + count > daily - kept.daily ? (oldest + COUNTED_HOURS) * HOUR_MS - now : 0
    return Math.max(0, full, spent, counted.blockedUntil - now)
  }

  private counted(location: string): Counted {
    let counted = this.locations.get(location)
    if (counted === undefined) this.locations.set(location, (counted = { taken: [], blockedUntil: 0, hours: new Map() }))
    return counted
  }
}
