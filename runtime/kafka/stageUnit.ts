/**
 * One partition of a group of stages. Each slice of a fetched batch becomes one transaction: outputs, state changes, dead
 * letters and offsets together or not at all; the stores are touched after the commit only. Timers are transactions too.
 */
import { setTimeout as delay } from 'node:timers/promises'
import { reportBatch } from '../batchSpan.ts'
import { RekindleError, runtimeError } from '../errors.ts'
import { afterGood, afterRecord, intactFuse } from '../fuse.ts'
import type { FuseState } from '../fuse.ts'
import { countBatch } from '../metrics.ts'
import type { UnitState } from '../state/unitState.ts'
import { Task } from '../task.ts'
import type { InputRecord, TaskBatch } from '../task.ts'
import { topologyOf, topologyText } from '../topology.ts'
import type { AnyTopic } from '../topic.ts'
import { Changelog } from './changelog.ts'
import { fits, outgoingOf } from './stageOutput.ts'
import type { OutputContext, Taken } from './stageOutput.ts'
import type { FetchedBatch, Held, Place, Turn, Unit } from './unit.ts'
import { groupName } from './names.ts'
import { PhaseClock } from './phaseClock.ts'
import type { StageUnitContext } from './stageUnitContext.ts'
import { sources, startingAt } from './sourceOffsets.ts'
import type { Source } from './sourceOffsets.ts'
import { migrate } from './stageMigration.ts'
import { sliceOf, takeRecords } from './takeRecords.ts'
import type { OutgoingRecord, SourceOffset } from './unitProducer.ts'
import type { UnitTransactions } from './unitTransactions.ts'

interface Opened {
  readonly state: UnitState
  readonly task: Task
  readonly changelogs: readonly Changelog[]
}

/** Positions that no output carries along (drops, read-backs, aborted tails) are committed after this long, ms. */
const IDLE_COMMIT_MS = 250
/** A batch of at least this many records shows load: no waiting for company then. */
const BUSY_RECORDS = 100
const TIMERS_PER_TRANSACTION = 500
/** Between two checkpoints of the local state, ms: this much of the changelog is read again after a crash. */
const CHECKPOINT_MS = 10_000
const MAX_TIMEOUT_MS = 2 ** 31 - 1

export class StageUnit implements Unit {
  readonly partition: number
  readonly #context: StageUnitContext
  readonly #held: Held<StageUnit>
  readonly #places: readonly Place[]
  /** Topics that the stages read, handed over or not, by logical name. */
  readonly #read: ReadonlyMap<string, AnyTopic>
  readonly #transactions: UnitTransactions
  /** Opened when the unit takes over for the first time; what it holds stays warm while the unit is kept. */
  #opened: Opened | undefined
  /** Next offset by topic, committed or not: a transaction of timers alone carries one, which fences it. */
  readonly #next = new Map<string, bigint>()
  /** Next offsets that are done but not committed yet, by topic. */
  readonly #pending = new Map<string, bigint>()
  readonly #time: PhaseClock
  /** Stands beside each committed offset: the state that it belongs to. */
  readonly #record: string
  #fuse: FuseState = intactFuse
  /** Mean time of one record in the folds, ms: how many fit into `maxMs`. */
  #recordMs = 0.05
  /** How many timers may fit into the next transaction. */
  #timersAtOnce = TIMERS_PER_TRANSACTION
  #checkpointAt = 0
  #timer: NodeJS.Timeout | undefined
  #idleCommit: NodeJS.Timeout | undefined

  constructor(context: StageUnitContext, places: readonly Place[], held: Held<StageUnit>) {
    const [first] = places
    if (first === undefined) throw new Error('a unit needs a partition')
    this.partition = first.partition
    this.#context = context
    this.#held = held
    this.#places = places
    this.#time = new PhaseClock(context.metrics, context.group)
    const { stages } = context
    this.#record = topologyText(topologyOf(stages))
    this.#read = new Map(stages.flatMap((stage) => stage.on.map(({ topic }) => [topic.name, topic])))
    this.#transactions = context.transactions(this.partition)
  }

  /** Keys of a stage whose records wait. */
  parkedKeys(stage: string): number {
    return this.#opened?.state.stores.get(stage)?.parked ?? 0
  }

  /** Keys in the state of each stage. */
  stateKeys(): ReadonlyMap<string, number> {
    return new Map([...(this.#opened?.state.stores ?? [])].map(([stage, store]) => [stage, store.size]))
  }

  /** Counts the time of the step it is in, so that a long one is seen before it ends. */
  settleTime(): void {
    this.#time.settle()
  }

  async prepare(live: () => boolean): Promise<ReadonlyMap<string, bigint>> {
    const { cluster, reader, group, topicPrefix, metrics, logger } = this.#context
    const groupId = groupName(group, topicPrefix)
    const find = () => this.#held.during('read offsets', () => sources(cluster, groupId, this.#places))
    let found: readonly Source[] | undefined
    // Once the predecessor is fenced: read before, and one that is still committing hands us an old offset, so that its last batch
    // would be processed twice.
    await this.#held.during('take over', () =>
      this.#transactions.takeOver(async (producer) => {
        const before = (found = await find())
        await this.#held.during('migrate', () => migrate(this.#context, this.partition, producer, before))
      }),
    )
    found ??= await find()
    const offsets = new Map(found.map((source) => [source.topic, startingAt(source, source.committed, groupId)]))
    const started = performance.now()
    let records = 0
    this.#time.enter('restore')
    this.#opened ??= await this.#held.during('open state', () => this.#openState())
    for (const changelog of this.#opened.changelogs) {
      records += await this.#held.during(`restore ${changelog.topic}`, () => changelog.restore(reader, cluster, logger))
    }
    const seconds = (performance.now() - started) / 1000
    this.#time.enter('idle')
    metrics.set('lr_task_restore_seconds', { group }, seconds)
    logger.info({ partition: this.partition, records, seconds }, 'restored')
    this.#pending.clear()
    for (const [topic, offset] of offsets) this.#next.set(topic, offset)
    if (live()) this.#armTimer()
    return offsets
  }

  async handle(batch: FetchedBatch, turn: Turn): Promise<void> {
    const started = performance.now()
    let startMs = this.#context.tracer?.now()
    const { records, lastOffset } = batch
    if (records.length === 0) {
      this.skip(batch, lastOffset + 1n)
      turn.resolve(lastOffset)
    }
    for (let at = 0; at < records.length;) {
      if (!turn.live()) return
      const slice = sliceOf(records, at, this.#context.limits, this.#recordMs)
      const nextOffset = records[at + slice.length]?.offset ?? lastOffset + 1n
      this.#time.enter('decode')
      this.#transactions.announce()
      let taken: Taken[]
      try {
        taken = await this.#held.during('decode', () => takeRecords(this.#context, this.#open().task, batch.topic, slice))
      } catch (error) {
        this.#transactions.retract()
        return this.#held.recover(error)
      }
      const done = taken.length === 0 ? 0 : await this.#process(batch, taken, nextOffset, startMs)
      this.#transactions.retract()
      if (done === undefined) return
      startMs = this.#context.tracer?.now()
      const left = taken[done]
      if (taken.length === 0) this.skip(batch, nextOffset)
      turn.resolve((left?.offset ?? nextOffset) - 1n)
      at += left === undefined ? slice.length : slice.findIndex(({ offset }) => offset === left.offset)
      await turn.heartbeat()
    }
    const { lingerMs } = this.#context.limits
    // Small transactions cost the broker as much as large ones: under low load the next one waits for company.
    const wait = records.length >= BUSY_RECORDS ? 0 : lingerMs - (performance.now() - started)
    if (wait > 0 && turn.live()) {
      this.#time.enter('linger')
      await delay(wait)
    }
    this.#time.enter('idle')
  }

  skip({ topic }: Place, nextOffset: bigint): void {
    this.#done(topic, nextOffset)
    this.#armIdleCommit()
  }

  async drain(): Promise<void> {
    await this.#commitPending()
  }

  async release(): Promise<void> {
    clearTimeout(this.#timer)
    clearTimeout(this.#idleCommit)
    try {
      await this.#transactions.close()
    } finally {
      // Whoever has the partition next in this process waits for the files.
      await this.#opened?.state.close('clean')
      this.#opened = undefined
    }
  }

  #open(): Opened {
    if (this.#opened === undefined) throw new Error(`partition ${this.partition} works before it is prepared`)
    return this.#opened
  }

  async #openState(): Promise<Opened> {
    const { group, stages, tables, topicPrefix, tracer } = this.#context
    const state = await this.#context.state(this.partition)
    const changelogs = stages.flatMap((stage) => {
      const store = state.stores.get(stage.name)
      return store === undefined ? [] : [new Changelog(stage, this.partition, topicPrefix, store)]
    })
    const task = new Task({ group, stages, partition: this.partition, stores: state.stores, tables, wire: this.#context.wire, tracer })
    this.#checkpointAt = performance.now()
    return { state, task, changelogs }
  }

  /**
   * Folds and commits `records`, or the first half of them when they turn out too large. Returns how many, nothing for failure.
   * `startMs` is when the batch came, for its span.
   */
  async #process(
    batch: FetchedBatch,
    records: readonly Taken[],
    nextOffset: bigint,
    startMs: number | undefined,
  ): Promise<number | undefined> {
    let result: TaskBatch
    let outgoing: OutgoingRecord[]
    const started = performance.now()
    try {
      this.#time.enter('fold')
      result = this.#open().task.process(records, this.#context.now())
      this.#time.enter('encode')
      outgoing = outgoingOf(result, this.#open().changelogs, this.#place())
    } catch (error) {
      // A fold that throws is a bug. The record is not bad: it stays where it is, the process replays with the mended code.
      this.#held.fail(error as Error)
      return undefined
    }
    this.#recordMs = 0.8 * this.#recordMs + 0.2 * Math.max(0.001, (performance.now() - started) / records.length)
    if (records.length > 1 && !fits(outgoing, this.#context.limits.maxBytes)) {
      const half = records.slice(0, Math.ceil(records.length / 2))
      return this.#process(batch, half, (records[half.length] as Taken).offset, startMs)
    }
    const fuse = this.#fuseAfter(records, result)
    if (fuse.blown !== undefined) {
      this.#held.fail(runtimeError('E_FUSE_BLOWN', `${this.#context.group} partition ${this.partition} of ${batch.topic}: ${fuse.blown}.`))
      return undefined
    }
    this.#done(batch.topic, nextOffset)
    if (!(await this.#tracedCommit(result, outgoing, records.length, batch.topic, startMs))) return undefined
    this.#fuse = fuse
    this.#count(batch, records, result)
    return records.length
  }

  #fuseAfter(records: readonly InputRecord[], { deadLetters }: TaskBatch): FuseState {
    if (deadLetters.length === 0) return afterGood(this.#fuse, records.length, this.#context.fuse)
    const dead = new Set(deadLetters.map(({ source }) => source))
    return records.reduce((state, record) => afterRecord(state, dead.has(record), this.#context.fuse), this.#fuse)
  }

  #place(): OutputContext {
    const { wire, counts, topicPrefix, group } = this.#context
    return { wire, counts, topicPrefix, group, read: this.#read, partition: this.partition, at: this.#context.now() }
  }

  /** Commits, and reports the spans of the batch to the tracer, if there is one. `topic` is the physical one of records. */
  async #tracedCommit(
    result: TaskBatch,
    outgoing: readonly OutgoingRecord[],
    records: number,
    topic: string | undefined,
    startMs: number | undefined,
  ): Promise<boolean> {
    const { tracer, group, inputs } = this.#context
    if (tracer === undefined || startMs === undefined) return this.#commit(result, outgoing, records)
    const workedMs = tracer.now()
    const committed = await this.#commit(result, outgoing, records)
    reportBatch(tracer, result.spans ?? [], {
      topic: topic === undefined ? undefined : inputs.get(topic)?.name,
      partition: this.partition,
      group,
      count: topic === undefined ? result.timersFired + result.retried.length : records,
      startMs,
      workedMs,
      failed: !committed,
    })
    return committed
  }

  /** One transaction, then the stores. False when it failed: the unit starts over from the log. */
  async #commit(result: TaskBatch, outgoing: readonly OutgoingRecord[], records: number): Promise<boolean> {
    const { metrics, group } = this.#context
    // Without anything to write the positions can wait for a transaction that has something.
    if (outgoing.length === 0) {
      this.#armIdleCommit()
      return true
    }
    const pending = this.#offsets()
    const offsets = pending.length > 0 ? pending : this.#standing()
    this.#time.enter('commit')
    try {
      const firsts = await this.#held.during('commit', () => this.#transactions.commit({ records: outgoing, offsets, inputs: records }))
      this.#settled(offsets)
      this.#time.enter('state')
      const { task, changelogs } = this.#open()
      task.apply(result)
      for (const changelog of changelogs) {
        const count = outgoing.filter(({ topic }) => topic === changelog.topic).length
        const first = firsts.get(`${changelog.topic}#${this.partition}`)
        if (count > 0 && first !== undefined) changelog.committed(first, count)
      }
      this.#checkpoint()
      this.#time.enter('idle')
    } catch (error) {
      this.#time.enter('idle')
      metrics.count('lr_transactions_failed_total', { group, type: errorType(error) })
      if (error instanceof RekindleError && !error.retriable) this.#held.fail(error)
      else this.#held.recover(error)
      return false
    }
    this.#armTimer()
    return true
  }

  /** By time as well: a few keys that change all the time would leave a long tail to restore. */
  #checkpoint(): void {
    if (performance.now() - this.#checkpointAt < CHECKPOINT_MS) return
    this.#checkpointAt = performance.now()
    for (const store of this.#open().state.stores.values()) store.checkpoint()
  }

  async #commitPending(): Promise<void> {
    const offsets = this.#offsets()
    if (offsets.length === 0) return
    try {
      await this.#held.during('commit positions', () => this.#transactions.commit({ records: [], offsets, inputs: 0 }))
      this.#settled(offsets)
    } catch (error) {
      this.#held.recover(error)
    }
  }

  #done(topic: string, nextOffset: bigint): void {
    this.#next.set(topic, nextOffset)
    this.#pending.set(topic, nextOffset)
  }

  #offsets(): SourceOffset[] {
    return [...this.#pending].map(([topic, offset]) => this.#offset(topic, offset))
  }

  /** For a transaction that moves no position: where the unit stands, once more. */
  #standing(): SourceOffset[] {
    return [...this.#next].slice(0, 1).map(([topic, offset]) => this.#offset(topic, offset))
  }

  #offset(topic: string, offset: bigint): SourceOffset {
    return { topic, partition: this.partition, offset, metadata: this.#record }
  }

  #settled(offsets: readonly { topic: string; offset: bigint }[]): void {
    for (const { topic, offset } of offsets) if (this.#pending.get(topic) === offset) this.#pending.delete(topic)
  }

  #armIdleCommit(): void {
    this.#idleCommit ??= setTimeout(() => {
      this.#idleCommit = undefined
      void this.#held.serially(async () => {
        if (this.#held.ready) await this.#commitPending()
      })
    }, IDLE_COMMIT_MS)
  }

  #armTimer(): void {
    clearTimeout(this.#timer)
    const dueAt = this.#open().task.nextTimerAt()
    if (dueAt === undefined) return
    const wait = Math.min(Math.max(0, dueAt - this.#context.now()), MAX_TIMEOUT_MS)
    this.#timer = setTimeout(() => void this.#held.serially(() => this.#fireTimers()), wait)
  }

  async #fireTimers(): Promise<void> {
    if (!this.#held.ready) return
    const now = this.#context.now()
    const startMs = this.#context.tracer?.now()
    try {
      await this.#held.during('decode', () => this.#prepareParked(now))
    } catch (error) {
      return this.#held.recover(error)
    }
    if (!this.#held.ready) return
    let result: TaskBatch
    let outgoing: OutgoingRecord[]
    try {
      ;[result, outgoing] = this.#fired(now, this.#timersAtOnce)
    } catch (error) {
      return this.#held.fail(error as Error)
    }
    this.#time.enter('idle')
    if (outgoing.length === 0) return this.#armTimer()
    const fuse = this.#fuseAfter(result.retried, result)
    if (fuse.blown !== undefined)
      return this.#held.fail(
        runtimeError('E_FUSE_BLOWN', `${this.#context.group} partition ${this.partition}, records that had waited: ${fuse.blown}.`),
      )
    if (!(await this.#tracedCommit(result, outgoing, 0, undefined, startMs))) return
    this.#fuse = fuse
    this.#countResult(result)
  }

  /** What due timers write, of fewer timers when it turns out too large: a key that waits is written with all its records. */
  #fired(now: number, limit: number): [TaskBatch, OutgoingRecord[]] {
    this.#time.enter('fold')
    const result = this.#open().task.fireTimers(now, limit)
    this.#time.enter('encode')
    const outgoing = outgoingOf(result, this.#open().changelogs, this.#place())
    if (limit === 1 || fits(outgoing, this.#context.limits.maxBytes)) {
      // Those that are due next are mostly as large: begun anew with all, each transaction would be folded several times.
      this.#timersAtOnce = Math.min(TIMERS_PER_TRANSACTION, limit * 2)
      return [result, outgoing]
    }
    return this.#fired(now, Math.ceil(limit / 2))
  }

  /** Fetches what decoding the parked records needs whose time has come. */
  async #prepareParked(now: number): Promise<void> {
    for (const [topic, values] of this.#open().task.parkedValues(now, TIMERS_PER_TRANSACTION))
      await this.#context.wire.prepare(topic, values)
  }

  #count(batch: FetchedBatch, records: readonly Taken[], result: TaskBatch): void {
    const { metrics, group } = this.#context
    const topic = this.#context.inputs.get(batch.topic)?.name as string
    const dead = result.deadLetters.length
    metrics.count('lr_kafka_consumed_total', { group, topic, outcome: 'processed' }, records.length - result.skipped - dead)
    if (result.skipped > 0) metrics.count('lr_kafka_consumed_total', { group, topic, outcome: 'own' }, result.skipped)
    if (dead > 0) metrics.count('lr_kafka_consumed_total', { group, topic, outcome: 'dead_letter' }, dead)
    metrics.set('lr_kafka_lag_seconds', { group, topic }, Math.max(0, (this.#context.now() - (records.at(-1)?.timestamp ?? 0)) / 1000))
    this.#countResult(result)
  }

  #countResult(result: TaskBatch): void {
    const { metrics, group } = this.#context
    countBatch(metrics, group, result)
  }
}

function errorType(error: unknown): string {
  const { type, name } = error as { type?: unknown; name?: unknown }
  return typeof type === 'string' ? type : typeof name === 'string' ? name : 'unknown'
}
