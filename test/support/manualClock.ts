/** A clock that stands still until it is moved. Sleepers wake in order of their time. */
import { setImmediate as tick } from 'node:timers/promises'
import type { Clock } from '../../integrations/ghl/clock.ts'

export class ManualClock implements Clock {
  private time: number
  private sleepers: { readonly at: number; readonly wake: () => void }[] = []

  constructor(start: number) {
    this.time = start
  }

  now(): number {
    return this.time
  }

  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    if (signal?.aborted === true) return Promise.resolve()
    return new Promise((resolve) => {
      const sleeper = { at: this.time + ms, wake: resolve }
      this.sleepers.push(sleeper)
      signal?.addEventListener('abort', () => {
        this.sleepers = this.sleepers.filter((one) => one !== sleeper)
        resolve()
      })
    })
  }

  /** Moves on and wakes whoever is due. */
  advance(ms: number): void {
    this.time += ms
    const due = this.sleepers.filter(({ at }) => at <= this.time).sort((a, b) => a.at - b.at)
    this.sleepers = this.sleepers.filter(({ at }) => at > this.time)
    for (const { wake } of due) wake()
  }

  /** Lets everything that does not wait for this clock go on for a while. */
  async settle(turns = 50): Promise<void> {
    for (let i = 0; i < turns; i++) await tick()
  }

  /** Moves on from sleeper to sleeper until the work is done. */
  async run<T>(work: Promise<T>): Promise<T> {
    let done = false
    void work.then(
      () => (done = true),
      () => (done = true),
    )
    while (!done) {
      const next = Math.min(...this.sleepers.map(({ at }) => at))
      if (Number.isFinite(next)) this.advance(Math.max(0, next - this.time))
      await this.settle(5)
    }
    return work
  }
}
