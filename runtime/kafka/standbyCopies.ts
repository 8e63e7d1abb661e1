/**
 * Copies of the state of partitions that other members own, in files of this one, kept close behind the committed changelog
 * so that a take-over restores the last stretch only. What goes wrong here is told, and disturbs nothing else.
 */
import { setTimeout as delay } from 'node:timers/promises'
import type { Logger } from 'pino'
import type { RuntimeMetrics } from '../metrics.ts'
import type { AnyStage } from '../stage.ts'
import { TRUSTED_FOR_MS } from '../state/unitState.ts'
import type { UnitState } from '../state/unitState.ts'
import { Changelog } from './changelog.ts'
import type { ClusterConnection } from './cluster.ts'
import type { LogRecord, PartitionReader, Position } from './partitionReader.ts'

export interface StandbyContext {
  /** On a connection of its own, closed with the copies. */
  readonly reader: PartitionReader
  /** For short questions; whoever opened it closes it. */
  readonly cluster: ClusterConnection
  readonly logger: Logger
  readonly metrics: RuntimeMetrics
  readonly topicPrefix: string
  readonly group: string
  readonly stages: readonly AnyStage[]
  /** Opens the state of a partition once whoever has it open has let go. */
  readonly open: (partition: number) => Promise<UnitState>
  /** Wall clock, ms. */
  readonly now: () => number
}

interface Copy {
  readonly partition: number
  readonly state: UnitState
  readonly logs: readonly FollowedLog[]
  /** When it is written to the disk next, ms. */
  checkpointAt: number
}

interface FollowedLog {
  readonly changelog: Changelog
  /** Undefined until it is known whether the files agree with the log. */
  position: Position | undefined
  /** When it counts as having slept for too long, ms. */
  staleAt: number
}

/** Between two looks at a log that had nothing new, ms: what an owner commits meanwhile is what a take-over restores. */
const EVERY_MS = 500
/** A fetch of what is there already does not wait, ms. */
const WAIT_MS = 10
/** Of one partition at a time, 128 KiB: some 500 records, a few ms of the event loop that the owned partitions share. */
const SLICE_BYTES = 128 << 10
/** As for owners, ms: this much is read again after a crash. */
const CHECKPOINT_MS = 10_000
/**
 * Files that are opened may be almost as old as they are trusted for, 20 h, and a tombstone lives 24 h: they are complete
 * two hours later or begin anew.
 */
const CATCH_UP_MS = 2 * 3_600_000
/** A copy whose files failed is tried again after this long, ms. */
const RETRY_MS = 60_000

export class StandbyCopies {
  readonly #context: StandbyContext
  /** Partitions to keep, and from when on a copy may be opened, ms. */
  readonly #wanted = new Map<number, number>()
  readonly #opening = new Set<number>()
  readonly #copies = new Map<number, Copy>()
  readonly #dropping = new Set<Promise<void>>()
  readonly #closing = new AbortController()
  readonly #following: Promise<void>
  #first = 0

  constructor(context: StandbyContext) {
    this.#context = context
    this.#following = this.#follow()
  }

  /** Partitions that it keeps or is about to, as the group names them; none whose files failed. */
  get kept(): readonly string[] {
    return [...this.#wanted].filter(([, notBefore]) => notBefore === 0).map(([partition]) => String(partition))
  }

  /** Copies that are open. */
  get size(): number {
    return this.#copies.size
  }

  /** Keeps copies of these partitions and of no others from now on; those of owned ones wait until they are handed over. */
  keep(ids: readonly string[], ownedIds: readonly string[] = []): void {
    const owned = new Set(ownedIds.map(Number))
    const partitions = new Set(ids.map(Number))
    for (const partition of this.#wanted.keys()) if (!partitions.has(partition)) this.#unwant(partition)
    for (const partition of partitions) if (!this.#wanted.has(partition)) this.#wanted.set(partition, 0)
    for (const copy of this.#copies.values()) if (!partitions.has(copy.partition) && !owned.has(copy.partition)) this.#drop(copy, 'clean')
  }

  /** The open copy of a partition that this member owns from now on; undefined when there is none to go on with. */
  handOver(partition: number): UnitState | undefined {
    this.#unwant(partition)
    const copy = this.#copies.get(partition)
    if (copy === undefined) return undefined
    this.#onFiles(copy, () => this.#emptyStale(copy))
    if (!this.#keeps(copy)) return undefined
    this.#copies.delete(partition)
    return copy.state
  }

  async close(): Promise<void> {
    this.#wanted.clear()
    this.#closing.abort()
    // A fetch that is under way is cut short.
    await this.#context.reader.close()
    await this.#following
    for (const copy of this.#copies.values()) this.#drop(copy, 'clean')
    await Promise.all(this.#dropping)
  }

  async #follow(): Promise<void> {
    const { signal } = this.#closing
    while (!signal.aborted) {
      const started = performance.now()
      let complete = true
      this.#openWanted()
      try {
        complete = await this.#step()
      } catch (error) {
        if (signal.aborted) return
        for (const { partition, logs } of this.#copies.values()) {
          for (const log of logs) log.position = undefined
          this.#tellUnknown(partition)
        }
        this.#context.logger.warn({ error: String(error) }, 'standby copies fall behind: their changelogs cannot be read')
      }
      // While there is more, half of the time is left to those that own something.
      const pauseMs = complete ? EVERY_MS : performance.now() - started
      await delay(pauseMs, undefined, { signal }).catch(() => undefined)
    }
  }

  #openWanted(): void {
    for (const [partition, notBefore] of this.#wanted) {
      if (this.#copies.has(partition) || this.#opening.has(partition) || this.#context.now() < notBefore) continue
      this.#opening.add(partition)
      void this.#open(partition)
        .catch((error: unknown) => this.#giveUp(partition, error))
        .finally(() => this.#opening.delete(partition))
    }
  }

  async #open(partition: number): Promise<void> {
    const { stages, topicPrefix, open, now } = this.#context
    const state = await open(partition)
    // It waited for the files; the partition may have become one of this member's own meanwhile.
    if (!this.#wanted.has(partition)) return state.close('clean')
    const logs = stages.flatMap((stage) => {
      const store = state.stores.get(stage.name)
      if (store === undefined) return []
      return [{ changelog: new Changelog(stage, partition, topicPrefix, store), position: undefined, staleAt: now() + CATCH_UP_MS }]
    })
    this.#copies.set(partition, { partition, state, logs, checkpointAt: now() + CHECKPOINT_MS })
    this.#wanted.set(partition, 0)
  }

  /** One fetch for all copies. Returns whether nothing is missing after it. */
  async #step(): Promise<boolean> {
    const askedAt = this.#context.now()
    for (const copy of this.#copies.values()) await this.#begin(copy)
    const copies = [...this.#copies.values()]
    const positions = copies.flatMap(({ logs }) => logs.flatMap(({ position }) => position ?? []))
    if (positions.length === 0) return true
    // An answer is bounded as a whole, and its first partitions fill it: each one comes first in turn.
    this.#first = (this.#first + 1) % positions.length
    const inTurn = [...positions.slice(this.#first), ...positions.slice(0, this.#first)]
    // Taken once the fetch is whole: of one that fails nothing is taken, and it is put again from where the stores are.
    const answers: LogRecord[][] = []
    await this.#context.reader.fetch(inTurn, WAIT_MS, (records) => answers.push(records), SLICE_BYTES)
    return copies.map((copy) => this.#apply(copy, answers, askedAt)).every((complete) => complete)
  }

  /** Finds where each log is read from. */
  async #begin(copy: Copy): Promise<void> {
    this.#onFiles(copy, () => this.#emptyStale(copy))
    for (const log of copy.logs) {
      if (log.position !== undefined) continue
      const { topic, partition } = log.changelog
      const found = await log.changelog.look(this.#context.reader, this.#context.cluster)
      // Of a partition that was this member's own a moment ago: its last commit can be read at one of the next looks.
      if (await log.changelog.awaitsEnd(this.#context.reader, found)) continue
      // Handed over meanwhile, the store is ahead of this answer, and would be emptied under its owner.
      if (!this.#keeps(copy)) return
      this.#onFiles(copy, () => {
        log.position = { topic, partition, offset: log.changelog.agreed(found, this.#context.logger) }
      })
    }
  }

  /** Takes what was read of a copy, and writes it down now and then. Returns whether nothing is missing. */
  #apply(copy: Copy, answers: readonly LogRecord[][], askedAt: number): boolean {
    if (!this.#keeps(copy)) return true
    const { metrics, group, now } = this.#context
    let missing = 0n
    this.#onFiles(copy, () => {
      for (const log of copy.logs) {
        if (log.position === undefined) continue
        const { topic, partition, offset, end = 0n } = log.position
        const own = answers.filter(([first]) => first?.topic === topic && first.partition === partition)
        for (const record of own.flat()) log.changelog.take(record)
        log.changelog.reached(offset)
        if (offset >= end) log.staleAt = askedAt + TRUSTED_FOR_MS
        else missing += end - offset
      }
      if (now() < copy.checkpointAt) return
      for (const store of copy.state.stores.values()) store.checkpoint()
      copy.checkpointAt = now() + CHECKPOINT_MS
    })
    if (!this.#keeps(copy)) return true
    metrics.set('lr_standby_lag_records', { group, partition: String(copy.partition) }, Number(missing))
    return missing === 0n
  }

  /** A copy that could not be read for longer than a tombstone lives may keep keys that were deleted: it begins anew. */
  #emptyStale({ state, logs }: Copy): void {
    const { now } = this.#context
    for (const log of logs) {
      if (now() < log.staleAt) continue
      state.stores.get(log.changelog.stage)?.wipe()
      log.position = undefined
      log.staleAt = now() + CATCH_UP_MS
    }
  }

  /** What fails in the files of a copy ends this copy alone. */
  #onFiles(copy: Copy, work: () => void): void {
    try {
      work()
    } catch (error) {
      this.#giveUp(copy.partition, error)
    }
  }

  /** The owned partitions go on; the log says what to do. */
  #giveUp(partition: number, error: unknown): void {
    const { logger, now } = this.#context
    logger.error({ err: error, partition, retryMs: RETRY_MS }, 'a standby copy failed; a take-over here would restore more')
    if (this.#wanted.has(partition)) {
      this.#wanted.set(partition, now() + RETRY_MS)
      this.#tellUnknown(partition)
    }
    const copy = this.#copies.get(partition)
    if (copy !== undefined) this.#drop(copy, 'dirty')
  }

  /** What it misses is not known: its last figure would be taken for that of now. */
  #tellUnknown(partition: number): void {
    const { metrics, group } = this.#context
    if (this.#wanted.has(partition)) metrics.set('lr_standby_lag_records', { group, partition: String(partition) }, Infinity)
  }

  #unwant(partition: number): void {
    const { metrics, group } = this.#context
    this.#wanted.delete(partition)
    metrics.set('lr_standby_lag_records', { group, partition: String(partition) }, 0)
  }

  #keeps(copy: Copy): boolean {
    return this.#copies.get(copy.partition) === copy
  }

  #drop(copy: Copy, how: 'clean' | 'dirty'): void {
    const { partition, state } = copy
    this.#copies.delete(partition)
    const dropping = state
      .close(how)
      .catch((error: unknown) => this.#context.logger.warn({ error: String(error), partition }, 'a standby copy was not closed'))
      .finally(() => this.#dropping.delete(dropping))
    this.#dropping.add(dropping)
  }
}
