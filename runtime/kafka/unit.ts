/**
 * The part of a member that moves between processes as a whole, and the lock it works under: no unit is touched by two
 * steps at once, and each step has a name, so that a stuck one can be told.
 */
import type { FetchedLog } from './partitionReader.ts'
import type { Reading } from './phaseClock.ts'
import { mayMove } from './taskState.ts'
import type { TaskState } from './taskState.ts'

export interface Place {
  readonly topic: string
  readonly partition: number
}

/** What a unit may ask and tell while it handles a batch. */
export interface Turn {
  /** False as soon as the partition may belong to somebody else: stop at the next step. */
  live(): boolean
  /** Moves the fetch position past this offset. */
  resolve(offset: bigint): void
  /** Keeps the membership. Throws when a rebalance is on: leave the batch at once. */
  heartbeat(): Promise<void>
}

export interface FetchedBatch extends Place {
  readonly records: readonly FetchedLog[]
  /** Last offset of the fetch, control and filtered records included. */
  readonly lastOffset: bigint
  readonly reading?: Reading | undefined
}

/** The part of a member that moves as a whole. */
export interface Unit {
  /**
   * Takes over: fences the predecessor, then reads offsets, then restores. Returns the next offset per place. Under another `memberId`
   * than before it fences again: somebody else may have had the places in between.
   */
  prepare(live: () => boolean, memberId?: string): Promise<ReadonlyMap<string, bigint>>
  /** A batch of the same fetch is about to be handed over: a unit that works off several at once may take it with an earlier one. */
  expect?(batch: FetchedBatch, turn: Turn): void
  handle(batch: FetchedBatch, turn: Turn): Promise<void>
  /** Nothing but filtered records up to here. */
  skip(place: Place, nextOffset: bigint): void
  /** Stores what can be stored without further input. Called before a clean stop. */
  drain(): Promise<void>
  /** The partition may be going away: nothing may be committed before it is prepared again. Called in the middle of the client's own work. */
  suspend?(): void
  /** It goes away: long work should end at once. `release` follows when nothing else is under way. */
  giveUp?(): void
  /** Lets go: nothing of it may be written afterwards. */
  release(): Promise<void>
}

interface HeldHooks<U extends Unit> {
  recover(held: Held<U>, error: unknown): void
  fail(error: Error): void
  pause(places: readonly Place[]): void
  resume(places: readonly Place[]): void
}

/** A unit with its place in the member: readiness, lock, and what it is doing. */
export class Held<U extends Unit> {
  readonly id: string
  readonly places: readonly Place[]
  #state: TaskState = 'assigned'
  #stateSince = Date.now()
  readonly #steps = new Set<{ readonly name: string; since: number }>()
  #tail: Promise<unknown> = Promise.resolve()
  unit!: U
  /** Stops fetching these places; `resume` is ignored while the unit is not prepared. */
  readonly pause: (places: readonly Place[]) => void
  readonly resume: (places: readonly Place[]) => void
  /** Asks the member to prepare the unit anew, after an error of the infrastructure. */
  readonly recover: (error: unknown) => void
  /** Stops the whole member: the error is not one that trying again could mend. */
  readonly fail: (error: Error) => void

  constructor(id: string, places: readonly Place[], hooks: HeldHooks<U>) {
    this.id = id
    this.places = places
    this.recover = (error) => hooks.recover(this, error)
    this.fail = (error) => hooks.fail(error)
    this.pause = (some) => hooks.pause(some)
    this.resume = (some) => {
      if (this.ready) hooks.resume(some)
    }
  }

  get state(): TaskState {
    return this.#state
  }
  /** When the state began, ms since the epoch. */
  get stateSince(): number {
    return this.#stateSince
  }
  /** True while it may fetch, fold and commit. */
  get ready(): boolean {
    return this.#state === 'running'
  }

  /** Goes on to the next state. One that cannot follow is a bug: the member stops. */
  move(to: TaskState): void {
    if (to === this.#state) return
    if (!mayMove(this.#state, to)) return this.fail(new Error(`unit ${this.id} cannot go from ${this.#state} to ${to}`))
    this.#state = to
    this.#stateSince = Date.now()
  }

  /** Runs after everything that was asked for before. */
  serially<R>(work: () => Promise<R>): Promise<R> {
    const result = this.#tail.then(work)
    this.#tail = result.catch(() => undefined)
    return result
  }

  /** Names what is being done, for the stuck detector. A long step that gets on says so: it counts from there. */
  async during<R>(name: string, work: (progressed: () => void) => Promise<R>): Promise<R> {
    const step = { name, since: performance.now() }
    this.#steps.add(step)
    try {
      return await work(() => (step.since = performance.now()))
    } finally {
      this.#steps.delete(step)
    }
  }

  /** What is being done and has not got on for longest first; since when in ms of `performance.now()`. */
  get steps(): readonly { readonly name: string; readonly since: number }[] {
    return [...this.#steps].sort((a, b) => a.since - b.since)
  }
}
