/**
 * What one partition of a group of stages writes: one transaction with what a fold gave and the positions it comes from, and
 * only then the stores. Positions that no output carries along are committed a moment later.
 */
import { reportBatch } from '../batchSpan.ts'
import { RekindleError } from '../errors.ts'
import type { UnitState } from '../state/unitState.ts'
import type { Task, TaskBatch } from '../task.ts'
import type { Changelog } from './changelog.ts'
import type { PhaseClock } from './phaseClock.ts'
import type { StageUnitContext } from './stageUnitContext.ts'
import type { Held, Unit } from './unit.ts'
import { UnitPositions } from './unitPositions.ts'
import type { OutgoingRecord } from './unitProducer.ts'
import type { TransactionPart, UnitTransactions } from './unitTransactions.ts'

/** What a unit works with from when it has taken over for the first time. */
export interface Opened {
  readonly state: UnitState
  readonly task: Task
  readonly changelogs: readonly Changelog[]
}

/** A result of a task, as it is to be written. */
export interface Work {
  readonly result: TaskBatch
  readonly outgoing: readonly OutgoingRecord[]
  /** Input records it comes from, 0 for timers. */
  readonly records: number
  /** Physical names of their topics; none for timers. */
  readonly topics: readonly string[]
  /** When it began, for its span. */
  readonly startMs: number | undefined
}

/** Positions that no output carries along (drops, read-backs, aborted tails) are committed after this long, ms. */
const IDLE_COMMIT_MS = 250
/** Between two checkpoints of the local state, ms: this much of the changelog is read again after a crash. */
const CHECKPOINT_MS = 10_000

export class UnitCommits<U extends Unit> {
  readonly positions: UnitPositions
  readonly #partition: number
  readonly #context: StageUnitContext
  readonly #held: Held<U>
  readonly #transactions: UnitTransactions
  readonly #time: PhaseClock
  readonly #rest: () => void
  #checkpointAt = performance.now()
  #idleCommit: NodeJS.Timeout | undefined

  /** `record` stands beside each committed offset. */
  constructor(
    partition: number,
    record: string,
    works: {
      readonly context: StageUnitContext
      readonly held: Held<U>
      readonly transactions: UnitTransactions
      readonly time: PhaseClock
      /** The unit has nothing to do, or not before its next turn. */
      readonly rest: () => void
    },
  ) {
    this.positions = new UnitPositions(partition, record)
    this.#partition = partition
    this.#context = works.context
    this.#held = works.held
    this.#transactions = works.transactions
    this.#time = works.time
    this.#rest = works.rest
  }

  /**
   * Commits, and reports the spans of the batch to the tracer, if there is one. False when it failed: the unit starts over from the
   * log. Afterwards the unit has its turn still.
   */
  async commit(opened: Opened, work: Work): Promise<boolean> {
    const { tracer, group, inputs } = this.#context
    const { result, records, topics, startMs } = work
    if (tracer === undefined || startMs === undefined) return this.#commit(opened, work)
    const workedMs = tracer.now()
    const committed = await this.#commit(opened, work)
    reportBatch(tracer, result.spans ?? [], {
      topics: topics.map((topic) => inputs.get(topic)?.name ?? topic),
      partition: this.#partition,
      group,
      count: topics.length === 0 ? result.timersFired + result.retried.length : records,
      startMs,
      workedMs,
      failed: !committed,
    })
    return committed
  }

  /** There was nothing to fold up to here. */
  passOver(topic: string, nextOffset: bigint): void {
    this.positions.done(topic, nextOffset)
    this.#commitSoon()
  }

  /** Commits the positions that are done. */
  async commitPositions(): Promise<void> {
    const offsets = this.positions.pending
    if (offsets.length === 0) return
    try {
      await this.#held.during('commit positions', () => this.#written({ records: [], offsets, inputs: 0 }))
      this.positions.settled(offsets)
    } catch (error) {
      this.#held.recover(error)
    } finally {
      this.#rest()
    }
  }

  stop(): void {
    clearTimeout(this.#idleCommit)
  }

  async #commit({ state, task, changelogs }: Opened, { result, outgoing, records }: Work): Promise<boolean> {
    const { metrics, group } = this.#context
    // Without anything to write the positions can wait for a transaction that has something.
    if (outgoing.length === 0) {
      this.#commitSoon()
      return true
    }
    const offsets = this.positions.carried
    try {
      const firsts = await this.#held.during('commit', () => this.#written({ records: outgoing, offsets, inputs: records }))
      this.positions.settled(offsets)
      this.#time.enter('state')
      task.apply(result)
      for (const changelog of changelogs) {
        const count = outgoing.filter(({ topic }) => topic === changelog.topic).length
        const first = firsts.get(`${changelog.topic}#${this.#partition}`)
        if (count > 0 && first !== undefined) changelog.committed(first, count)
      }
      this.#checkpoint(state)
      return true
    } catch (error) {
      metrics.count('lr_transactions_failed_total', { group, type: errorType(error) })
      if (error instanceof RekindleError && !error.retriable) this.#held.fail(error)
      else this.#held.recover(error)
      return false
    } finally {
      this.#time.enter('turn')
    }
  }

  /** Time before its transaction begins is that of those it shares it with. */
  #written(part: TransactionPart): Promise<ReadonlyMap<string, bigint>> {
    this.#time.enter('share')
    return this.#transactions.commit({ ...part, onStep: (step) => this.#time.enter(step) })
  }

  /** By time as well: a few keys that change all the time would leave a long tail to restore. */
  #checkpoint({ stores }: UnitState): void {
    if (performance.now() - this.#checkpointAt < CHECKPOINT_MS) return
    this.#checkpointAt = performance.now()
    for (const store of stores.values()) store.checkpoint()
  }

  #commitSoon(): void {
    this.#idleCommit ??= setTimeout(() => {
      this.#idleCommit = undefined
      void this.#held.serially(async () => {
        if (this.#held.ready) await this.commitPositions()
      })
    }, IDLE_COMMIT_MS)
  }
}

function errorType(error: unknown): string {
  const { type, name } = error as { type?: unknown; name?: unknown }
  return typeof type === 'string' ? type : typeof name === 'string' ? name : 'unknown'
}
