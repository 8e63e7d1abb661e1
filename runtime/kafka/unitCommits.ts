/**
 * What one partition of a group of stages writes: one transaction with what a fold gave and the positions it comes from, and
 * only then the stores. Positions that no output carries along are committed a moment later.
 */
import { reportBatch } from '../batchSpan.ts'
import { RekindleError } from '../errors.ts'
import type { UnitState } from '../state/unitState.ts'
import type { TaskBatch } from '../task.ts'
import { topologyOf, topologyText } from '../topology.ts'
import type { Unit } from './unit.ts'
import { UnitPositions } from './unitPositions.ts'
import type { OutgoingRecord } from './openTransactions.ts'
import type { TransactionPart } from './unitTransactions.ts'
import type { UnitWorks } from './unitWorks.ts'

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
  readonly #works: UnitWorks<U>
  #checkpointAt = performance.now()
  #idleCommit: NodeJS.Timeout | undefined

  constructor(works: UnitWorks<U>) {
    this.positions = new UnitPositions(works.partition, topologyText(topologyOf(works.context.stages)))
    this.#works = works
  }

  /**
   * Commits, and reports the spans of the batch to the tracer, if there is one. False when it failed: the unit starts over from the
   * log. Afterwards the unit has its turn still.
   */
  async commit(work: Work): Promise<boolean> {
    const { context, partition } = this.#works
    const { tracer, group, inputs } = context
    const { result, records, topics, startMs } = work
    if (tracer === undefined || startMs === undefined) return this.#commit(work)
    const workedMs = tracer.now()
    const committed = await this.#commit(work)
    reportBatch(tracer, result.spans ?? [], {
      topics: topics.map((topic) => inputs.get(topic)?.name ?? topic),
      partition,
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
    const { held, rest } = this.#works
    try {
      await held.during('commit positions', (onWait) => this.#written({ records: [], offsets, inputs: 0, onWait }))
      this.positions.settled(offsets)
    } catch (error) {
      this.positions.lost()
      held.recover(error)
    } finally {
      rest()
    }
  }

  stop(): void {
    clearTimeout(this.#idleCommit)
  }

  async #commit({ result, outgoing, records }: Work): Promise<boolean> {
    const { context, partition, held, time, opened } = this.#works
    // Without anything to write the positions can wait for a transaction that has something.
    if (outgoing.length === 0) {
      this.#commitSoon()
      return true
    }
    const { state, task, changelogs } = opened()
    const offsets = this.positions.carried
    try {
      const firsts = await held.during('commit', (onWait) => this.#written({ records: outgoing, offsets, inputs: records, onWait }))
      this.positions.settled(offsets)
      time.enter('state')
      task.apply(result)
      for (const changelog of changelogs) {
        const count = outgoing.filter(({ topic }) => topic === changelog.topic).length
        const first = firsts.get(`${changelog.topic}#${partition}`)
        if (count > 0 && first !== undefined) changelog.committed(first, count)
      }
      this.#checkpoint(state)
      return true
    } catch (error) {
      this.positions.lost()
      context.sizes.refused(error)
      context.metrics.count('lr_transactions_failed_total', { group: context.group, type: errorType(error) })
      if (error instanceof RekindleError && !error.retriable) held.fail(error)
      else held.recover(error)
      return false
    } finally {
      time.enter('turn')
    }
  }

  /** Time before its transaction begins is that of those it shares it with. */
  #written(part: TransactionPart): Promise<ReadonlyMap<string, bigint>> {
    const { time, transactions } = this.#works
    time.enter('share')
    return transactions.commit({ ...part, onStep: (step) => time.enter(step) })
  }

  /** By time as well: a few keys that change all the time would leave a long tail to restore. */
  #checkpoint({ stores }: UnitState): void {
    if (performance.now() - this.#checkpointAt < CHECKPOINT_MS) return
    this.#checkpointAt = performance.now()
    for (const store of stores.values()) store.checkpoint()
  }

  #commitSoon(): void {
    const { held } = this.#works
    this.#idleCommit ??= setTimeout(() => {
      this.#idleCommit = undefined
      void held.serially(async () => {
        if (held.ready) await this.commitPositions()
      })
    }, IDLE_COMMIT_MS)
  }
}

function errorType(error: unknown): string {
  const { type, name } = error as { type?: unknown; name?: unknown }
  return typeof type === 'string' ? type : typeof name === 'string' ? name : 'unknown'
}
