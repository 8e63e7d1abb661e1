/** Time, passed in: a wall clock that may be set, and one made of it that never goes back. */

export interface Clock {
  /** ms since the epoch. */
  now(): number
  /** Resolves after `ms`, or as soon as the signal aborts. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>
}

/**
 * Milliseconds that only grow: when the clock is set back, time stands still for that one look and goes on from there. What
 * is remembered by it is neither forgotten nor held up until the clock has caught up.
 */
export class SteadyTime {
  private readonly clock: Clock
  private last: number
  private steady: number

  constructor(clock: Clock) {
    this.clock = clock
    this.last = clock.now()
    this.steady = this.last
  }

  now(): number {
    const now = this.clock.now()
    this.steady += Math.max(0, now - this.last)
    this.last = now
    return this.steady
  }
}
