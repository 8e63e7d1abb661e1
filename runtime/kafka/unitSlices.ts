/**
 * Fetched records of one partition as transactions: what fits into one is decoded, folded and committed, records and position together,
 * and what turns out too large is halved.
 */
import type { FetchedLog } from './partitionReader.ts'
import type { Taken } from './stageOutput.ts'
import type { SliceLimits } from './stageUnitContext.ts'
import { sliceOf, takeRecords } from './takeRecords.ts'
import type { FetchedBatch, Unit } from './unit.ts'
import type { UnitCommits } from './unitCommits.ts'
import type { Part, UnitFolds } from './unitFolds.ts'
import type { UnitWorks } from './unitWorks.ts'

/** Records of a topic of which those from `at` on wait; it goes on at `nextOffset` behind them. */
export interface Slices {
  readonly topic: string
  readonly records: readonly FetchedLog[]
  readonly at: number
  readonly nextOffset: bigint
}

export class UnitSlices<U extends Unit> {
  readonly #works: UnitWorks<U>
  readonly #commits: UnitCommits<U>
  readonly #folds: UnitFolds<U>
  /** Mean time of one record in the folds, ms: how many fit into `maxMs`. */
  #recordMs = 0.05

  constructor(works: UnitWorks<U>, commits: UnitCommits<U>, folds: UnitFolds<U>) {
    this.#works = works
    this.#commits = commits
    this.#folds = folds
  }

  /** Whether all of these records may go into one transaction, by what is known before they are folded. */
  areOne(records: readonly FetchedLog[]): boolean {
    return sliceOf(records, 0, this.#works.context.limits, this.#recordMs).length === records.length
  }

  /** So many of the records from `at` on as fit into one transaction. Returns how many, nothing for failure. `startMs` is when they came. */
  one({ topic, records, at, nextOffset: behind }: Slices, limits: SliceLimits, startMs: number | undefined): Promise<number | undefined> {
    return this.#announced(async () => {
      const slice = sliceOf(records, at, limits, this.#recordMs)
      const nextOffset = records[at + slice.length]?.offset ?? behind
      const part = await this.#decoded(topic, slice, nextOffset)
      if (part === undefined) return undefined
      if (part.records.length === 0) {
        this.#commits.passOver(topic, nextOffset)
        return slice.length
      }
      const done = await this.#processSome(part, startMs)
      if (done === undefined) return undefined
      const left = part.records[done]
      return left === undefined ? slice.length : slice.findIndex(({ offset }) => offset === left.offset)
    })
  }

  /** All records of these batches in one transaction. Nothing is done when they turn out too large for it. */
  together(batches: readonly FetchedBatch[], startMs: number | undefined): Promise<'done' | 'too_large' | 'failed'> {
    return this.#announced(async () => {
      const parts: Part[] = []
      for (const { topic, records, lastOffset } of batches) {
        const part = await this.#decoded(topic, records, lastOffset + 1n)
        if (part === undefined) return 'failed'
        parts.push(part)
      }
      return this.#process(parts, startMs)
    })
  }

  /** Small transactions of other units may wait until it is known what this one has to commit. */
  async #announced<R>(work: () => Promise<R>): Promise<R> {
    const { transactions } = this.#works
    transactions.announce()
    try {
      return await work()
    } finally {
      transactions.retract()
    }
  }

  /** Nothing when that fails: the unit begins anew. */
  async #decoded(topic: string, logs: readonly FetchedLog[], nextOffset: bigint): Promise<Part | undefined> {
    const { context, held, time, opened } = this.#works
    time.enter('decode')
    try {
      return { topic, nextOffset, records: await held.during('decode', () => takeRecords(context, opened().task, topic, logs)) }
    } catch (error) {
      held.recover(error)
      return undefined
    }
  }

  /** The part, or the first half of it when it turns out too large. Returns how many records, nothing for failure. */
  async #processSome(part: Part, startMs: number | undefined): Promise<number | undefined> {
    const { topic, records } = part
    const done = await this.#process([part], startMs)
    if (done === 'failed') return undefined
    if (done === 'done') return records.length
    const half = records.slice(0, Math.ceil(records.length / 2))
    return this.#processSome({ topic, records: half, nextOffset: (records[half.length] as Taken).offset }, startMs)
  }

  /** Folds and commits the parts together. Of several records that are too large for a transaction none is done. */
  async #process(parts: readonly Part[], startMs: number | undefined): Promise<'done' | 'too_large' | 'failed'> {
    const { context } = this.#works
    const records = parts.length === 1 ? (parts[0] as Part).records : parts.flatMap((part) => part.records)
    const started = performance.now()
    const at = context.now()
    const folded =
      records.length > 1
        ? this.#folds.fold((task) => task.process(records, at))
        : this.#folds.foldAlone((task, refusals) => task.process(records, at, refusals))
    if (folded === undefined) return 'failed'
    if (records.length > 0) this.#recordMs = 0.8 * this.#recordMs + 0.2 * Math.max(0.001, (performance.now() - started) / records.length)
    if (records.length > 1 && !this.#folds.fits(folded)) return 'too_large'
    return (await this.#folds.commitRecords(folded, parts, records, startMs)) ? 'done' : 'failed'
  }
}
