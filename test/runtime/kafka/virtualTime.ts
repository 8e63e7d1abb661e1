/**
 * A clock that stands still until it is moved, and the timers of the code under test on it: while it is installed, none
 * comes up by itself.
 */

interface Waiting {
  readonly dueAt: number
  readonly run: () => void
}

export class VirtualTime {
  now: number
  readonly #waiting = new Set<Waiting>()

  constructor(now: number) {
    this.now = now
  }

  /** Takes the place of the timers of the process; the function returned puts them back. */
  install(): () => void {
    const { setTimeout: set, clearTimeout: clear } = globalThis
    const own = (run: () => void, ms = 0) => {
      const waiting = { dueAt: this.now + ms, run, unref: () => waiting }
      this.#waiting.add(waiting)
      return waiting
    }
    globalThis.setTimeout = own as unknown as typeof set
    globalThis.clearTimeout = ((waiting: Waiting | undefined) => {
      if (waiting !== undefined) this.#waiting.delete(waiting)
    }) as unknown as typeof clear
    return () => Object.assign(globalThis, { setTimeout: set, clearTimeout: clear })
  }

  /** Runs the earliest timer that is due. False when none is. */
  runNext(): boolean {
    const [first] = [...this.#waiting].filter(({ dueAt }) => dueAt <= this.now).sort((a, b) => a.dueAt - b.dueAt)
    if (first === undefined) return false
    this.#waiting.delete(first)
    first.run()
    return true
  }
}
