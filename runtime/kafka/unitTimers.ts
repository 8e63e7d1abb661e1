/**
 * Fires the due timers of one partition, each once, by the wall clock: one transaction at a time, of as many timers as fit into it,
 * and each waits its turn among the slices of what was fetched.
 */
import type { Unit } from './unit.ts'
import type { Folded, UnitFolds } from './unitFolds.ts'
import type { UnitWorks } from './unitWorks.ts'

const TIMERS_PER_TRANSACTION = 500
/** The clock of the process stands still while its machine sleeps, and is not set with the wall clock: looked at again after a minute, ms. */
const LONGEST_WAIT_MS = 60_000

export class UnitTimers<U extends Unit> {
  readonly #works: UnitWorks<U>
  readonly #folds: UnitFolds<U>
  /** How many may fit into the next transaction. */
  #atOnce = TIMERS_PER_TRANSACTION
  #timer: NodeJS.Timeout | undefined

  constructor(works: UnitWorks<U>, folds: UnitFolds<U>) {
    this.#works = works
    this.#folds = folds
  }

  /** Wakes up when the next one is due, by what is committed now. Never throws: a store that cannot say it stops the member. */
  arm(): void {
    this.stop()
    const { context, held, opened } = this.#works
    let dueAt: number | undefined
    try {
      dueAt = opened().task.nextTimerAt()
    } catch (error) {
      // Thrown on behind a commit, the client would fetch from where it stood before, and all of it would be folded twice.
      return held.fail(error as Error)
    }
    if (dueAt === undefined) return
    const wait = Math.min(Math.max(0, dueAt - context.now()), LONGEST_WAIT_MS)
    this.#timer = setTimeout(() => void held.serially(() => this.#fire()), wait)
  }

  stop(): void {
    clearTimeout(this.#timer)
  }

  async #fire(): Promise<void> {
    const { held, time, rest } = this.#works
    if (!held.ready) return
    time.enter('decode')
    await this.#fireDue().finally(rest)
  }

  async #fireDue(): Promise<void> {
    const { context, held } = this.#works
    const now = context.now()
    const startMs = context.tracer?.now()
    try {
      await held.during('decode', () => this.#prepareParked(now))
    } catch (error) {
      return held.recover(error)
    }
    if (!held.ready) return
    const folded = this.#folded(now, this.#atOnce)
    if (folded === undefined) return
    if (folded.outgoing.length === 0) return this.arm()
    await this.#folds.commitTimers(folded, startMs)
  }

  /** What due timers write, of fewer timers when it turns out too large: a key that waits is written with all its records. */
  #folded(now: number, limit: number): Folded | undefined {
    const folded =
      limit > 1
        ? this.#folds.fold((task) => task.fireTimers(now, limit))
        : this.#folds.foldAlone((task, refusals) => task.fireTimers(now, limit, refusals))
    if (folded === undefined) return undefined
    if (limit === 1 || this.#folds.fits(folded)) {
      // Those that are due next are mostly as large: begun anew with all, each transaction would be folded several times.
      this.#atOnce = Math.min(TIMERS_PER_TRANSACTION, limit * 2)
      return folded
    }
    return this.#folded(now, Math.ceil(limit / 2))
  }

  /** Fetches what decoding the parked records needs whose time has come. */
  async #prepareParked(now: number): Promise<void> {
    const { context, opened } = this.#works
    for (const [topic, values] of opened().task.parkedValues(now, TIMERS_PER_TRANSACTION)) await context.wire.prepare(topic, values)
  }
}
