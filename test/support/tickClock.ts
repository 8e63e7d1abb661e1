/** A clock for ticks that stands still until it is moved. Its wall time may jump; who waits is called by time that passed. */
import type { TickClock } from '../../runtime/joinTick.ts'

export class ManualTickClock implements TickClock {
  #wallMs: number
  #passedMs = 0
  #waiting: { readonly at: number; readonly work: () => void }[] = []

  /** `wallMs`: ms since the epoch. */
  constructor(wallMs: number) {
    this.#wallMs = wallMs
  }

  /** Who waits, by the time that is left for each, ms. */
  get waits(): readonly number[] {
    return this.#waiting.map(({ at }) => at - this.#passedMs)
  }

  now(): number {
    return this.#wallMs
  }

  later(ms: number, work: () => void): () => void {
    const one = { at: this.#passedMs + ms, work }
    this.#waiting.push(one)
    return () => (this.#waiting = this.#waiting.filter((other) => other !== one))
  }

  /** Time passes. */
  advance(ms: number): void {
    this.#passedMs += ms
    this.#wallMs += ms
    const due = this.#waiting.filter(({ at }) => at <= this.#passedMs)
    this.#waiting = this.#waiting.filter(({ at }) => at > this.#passedMs)
    for (const { work } of due) work()
  }

  /** Somebody sets the clock; no time passes. */
  set(wallMs: number): void {
    this.#wallMs = wallMs
  }
}
