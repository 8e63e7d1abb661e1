/**
 * Where the time of a task goes: it is in exactly one phase at any time, so that the phases of a task add up to its wall
 * time since it was made.
 */
import type { RuntimeMetrics } from '../metrics.ts'

export type Phase = 'idle' | 'restore' | 'decode' | 'fold' | 'encode' | 'commit' | 'state' | 'linger'

export class PhaseClock {
  readonly #metrics: RuntimeMetrics
  readonly #group: string
  readonly #now: () => number
  #phase: Phase = 'idle'
  #since: number

  /** `now` is a monotonic clock in ms. */
  constructor(metrics: RuntimeMetrics, group: string, now: () => number = () => performance.now()) {
    this.#metrics = metrics
    this.#group = group
    this.#now = now
    this.#since = now()
  }

  /** Ends the phase it is in and begins this one; returns the one that ended. */
  enter(phase: Phase): Phase {
    const ended = this.#phase
    this.settle()
    this.#phase = phase
    return ended
  }

  /** Counts what has passed of the phase it is in, so that a long one is seen before it ends. */
  settle(): void {
    const at = this.#now()
    this.#metrics.count('lr_task_time_seconds_total', { group: this.#group, phase: this.#phase }, (at - this.#since) / 1000)
    this.#since = at
  }
}
