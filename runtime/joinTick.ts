/**
 * When a member may join or leave: at the next tick, a multiple of the tick's length on the wall clock, so that members that
 * are deployed together share a rebalance. A wait is one timer of at most a tick, whatever the clock does meanwhile.
 */

/** Lets tests move the time. */
export interface TickClock {
  /** Wall clock, ms since the epoch. */
  now(): number
  /** Calls back once after so many ms; returns how to call it off. */
  later(ms: number, work: () => void): () => void
}

export interface JoinTick {
  /** Length, ms; 0 = no tick: nothing waits. */
  readonly everyMs: number
  readonly clock: TickClock
}

export const machineClock: TickClock = {
  now: Date.now,
  later(ms, work) {
    const timer = setTimeout(work, ms)
    return () => clearTimeout(timer)
  },
}

/** From `nowMs` to the next multiple of `everyMs` (more than 0), ms: more than 0, at most `everyMs`. */
export function untilTick(nowMs: number, everyMs: number): number {
  const past = nowMs % everyMs
  return past < 0 ? -past : everyMs - past
}

/**
 * Resolves at the next tick, or when one of the signals aborts. Resolves at once without a tick, and when it is more than
 * `atMostMs` away: a wait that would end before the tick only costs time.
 */
export function nextTick({ everyMs, clock }: JoinTick, cuts: readonly (AbortSignal | undefined)[], atMostMs = Infinity): Promise<void> {
  const waitMs = everyMs === 0 ? 0 : untilTick(clock.now(), everyMs)
  const cut = AbortSignal.any(cuts.filter((signal) => signal !== undefined))
  if (waitMs === 0 || waitMs > atMostMs || cut.aborted) return Promise.resolve()
  return new Promise((resolve) => {
    const callOff = clock.later(waitMs, resolve)
    cut.addEventListener('abort', () => {
      callOff()
      resolve()
    })
  })
}
