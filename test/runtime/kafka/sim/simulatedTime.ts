/**
 * A clock that only goes on from one event to the next, and processes on it: whoever sets a timer does so for the process it
 * runs in, so that a process can stand still, come back, or end in the middle of anything. While it is installed, clocks and
 * timers of the code under test are these, those of `node:timers/promises` included.
 */
import { createRequire, syncBuiltinESMExports } from 'node:module'

const promised = createRequire(import.meta.url)('node:timers/promises') as { setTimeout: unknown }

interface Event {
  at: number
  readonly order: number
  readonly owner: SimulatedProcess | undefined
  readonly run: () => void
  /** Again after so many ms. */
  readonly everyMs?: number
  cancelled: boolean
  unref(): Event
}

/** Something whose code runs, stands still, or never runs again. */
export class SimulatedProcess {
  readonly name: string
  life: 'running' | 'frozen' | 'dead' = 'running'
  /** What would have run while it stood still. */
  held: Event[] = []

  constructor(name: string) {
    this.name = name
  }
}

const turn = setImmediate

export class SimulatedTime {
  now: number
  readonly #events: Event[] = []
  /** Whose code runs: that of one process at a time, until nothing of it goes on by itself. */
  #process: SimulatedProcess | undefined
  #order = 0

  constructor(now: number) {
    this.now = now
  }

  /** Does the work as this process, and whatever follows of itself. */
  async run(process: SimulatedProcess | undefined, work: () => void): Promise<void> {
    this.#process = process
    work()
    await this.settle()
    this.#process = undefined
  }

  /** Sets a timer of this process, whoever's code runs. */
  afterFor(process: SimulatedProcess | undefined, ms: number, run: () => void): void {
    const running = this.#process
    this.#process = process
    this.after(ms, run)
    this.#process = running
  }

  /** Runs it in so many ms, as the process that asks. */
  after(ms: number, run: () => void, everyMs?: number): Event {
    const event: Event = {
      at: this.now + Math.max(0, Math.trunc(ms)),
      order: (this.#order += 1),
      owner: this.#process,
      run,
      ...(everyMs === undefined ? {} : { everyMs }),
      cancelled: false,
      unref: () => event,
    }
    this.#push(event)
    return event
  }

  /** Resolves when everything up to that time has run. */
  async until(at: number): Promise<void> {
    for (;;) {
      const [first] = this.#events
      if (first === undefined || first.at > at) break
      this.#pop()
      this.now = Math.max(this.now, first.at)
      if (first.cancelled || first.owner?.life === 'dead') continue
      if (first.owner?.life === 'frozen') first.owner.held.push(first)
      else {
        await this.run(first.owner, first.run)
        if (first.everyMs !== undefined && !first.cancelled) {
          first.at = this.now + first.everyMs
          this.#push(first)
        }
      }
    }
    this.now = Math.max(this.now, at)
  }

  /** Resolves when nothing goes on by itself any more. */
  settle(): Promise<void> {
    return new Promise((resolve) => void turn(resolve))
  }

  freeze(process: SimulatedProcess): void {
    if (process.life === 'running') process.life = 'frozen'
  }

  /** It goes on where it stood: whatever would have run meanwhile does now. */
  thaw(process: SimulatedProcess): void {
    if (process.life !== 'frozen') return
    process.life = 'running'
    const held = process.held.splice(0)
    for (const event of held) {
      event.at = this.now
      this.#push(event)
    }
  }

  kill(process: SimulatedProcess): void {
    process.life = 'dead'
    process.held = []
  }

  /** Takes the place of clocks and timers; the function returned puts them back. */
  install(): () => void {
    const real = { setTimeout, clearTimeout, setInterval, clearInterval }
    const { now } = Date
    const { setTimeout: delay } = promised
    const clear = (event: Event | null | undefined) => {
      if (event?.cancelled === false) event.cancelled = true
    }
    Object.assign(globalThis, {
      setTimeout: (run: (...args: unknown[]) => void, ms = 0, ...args: unknown[]) => this.after(ms, () => run(...args)),
      setInterval: (run: () => void, ms = 0) => this.after(ms, run, Math.max(1, ms)),
      clearTimeout: clear,
      clearInterval: clear,
    })
    Date.now = () => this.now
    const start = this.now
    Object.defineProperty(performance, 'now', { value: () => this.now - start, configurable: true })
    promised.setTimeout = (ms = 0, value?: unknown, { signal }: { signal?: AbortSignal } = {}) =>
      new Promise((resolve, reject) => {
        const refuse = () => reject(signal?.reason instanceof Error ? signal.reason : new Error('aborted'))
        if (signal?.aborted === true) return refuse()
        const event = this.after(ms, () => resolve(value))
        signal?.addEventListener('abort', () => {
          event.cancelled = true
          refuse()
        })
      })
    syncBuiltinESMExports()
    return () => {
      Object.assign(globalThis, real)
      Date.now = now
      Reflect.deleteProperty(performance, 'now')
      promised.setTimeout = delay
      syncBuiltinESMExports()
    }
  }

  /** A heap: the earliest event is the first. */
  #push(event: Event): void {
    const events = this.#events
    let at = events.push(event) - 1
    while (at > 0) {
      const parent = (at - 1) >> 1
      if (!isBefore(event, events[parent] as Event)) break
      events[at] = events[parent] as Event
      at = parent
    }
    events[at] = event
  }

  #pop(): void {
    const events = this.#events
    const last = events.pop() as Event
    if (events.length === 0) return
    let at = 0
    for (;;) {
      let child = 2 * at + 1
      if (child >= events.length) break
      if (child + 1 < events.length && isBefore(events[child + 1] as Event, events[child] as Event)) child += 1
      if (!isBefore(events[child] as Event, last)) break
      events[at] = events[child] as Event
      at = child
    }
    events[at] = last
  }
}

function isBefore(one: Event, other: Event): boolean {
  return one.at < other.at || (one.at === other.at && one.order < other.order)
}
