/**
 * One partition of a group of stages. Each slice of a fetched batch becomes one transaction: outputs, state changes, dead
 * letters and offsets together or not at all; the stores are touched after the commit only. Timers are transactions too.
 * Where inputs have priorities, what is longer than one slice is set aside, so that a record of a higher one waits for a slice at most.
 */
import { setTimeout as delay } from 'node:timers/promises'
import { runtimeError } from '../errors.ts'
import { afterGood, afterRecord, intactFuse } from '../fuse.ts'
import type { FuseState } from '../fuse.ts'
import { countBatch } from '../metrics.ts'
import { Task } from '../task.ts'
import type { InputRecord, TaskBatch } from '../task.ts'
import { topologyOf, topologyText } from '../topology.ts'
import type { AnyTopic } from '../topic.ts'
import { Changelog } from './changelog.ts'
import { fits, outgoingOf } from './stageOutput.ts'
import type { OutputContext, Taken } from './stageOutput.ts'
import type { FetchedLog } from './partitionReader.ts'
import type { FetchedBatch, Held, Place, Turn, Unit } from './unit.ts'
import { groupName } from './names.ts'
import { PhaseClock } from './phaseClock.ts'
import type { SliceLimits, StageUnitContext } from './stageUnitContext.ts'
import { sources, startingAt } from './sourceOffsets.ts'
import type { Source } from './sourceOffsets.ts'
import { SetAside } from './setAside.ts'
import { migrate } from './stageMigration.ts'
import { sliceOf, takeRecords } from './takeRecords.ts'
import { UnitCommits } from './unitCommits.ts'
import type { Opened, Work } from './unitCommits.ts'
import type { OutgoingRecord } from './unitProducer.ts'
import type { UnitTransactions } from './unitTransactions.ts'

/** Records of a topic of which those from `at` on wait; it goes on at `nextOffset` behind them. */
interface Slices {
  readonly topic: string
  readonly records: readonly FetchedLog[]
  readonly at: number
  readonly nextOffset: bigint
}

/** A batch of at least this many records shows load: no waiting for company then. */
const BUSY_RECORDS = 100
const TIMERS_PER_TRANSACTION = 500
const MAX_TIMEOUT_MS = 2 ** 31 - 1
/** More of a topic is fetched when so many of its records are still set aside: folding them takes longer than a fetch. */
const REFETCH_RECORDS = 500
/** For so long after a record has overtaken others, ms, slices of these are a fifth: the next one waits for one of each unit. */
const OVERTAKEN_FOR_MS = 5_000
const SHORT = 1 / 5

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
  readonly #commits: UnitCommits<StageUnit>
  readonly #aside: SetAside
  /** Topics of which enough is set aside. */
  readonly #paused = new Set<string>()
  /** When a record last overtook others, ms of the process. */
  #overtakenAt = -Infinity
  /** The next turn of what is set aside is asked for. */
  #goesOn = false
  readonly #time: PhaseClock
  #fuse: FuseState = intactFuse
  /** Mean time of one record in the folds, ms: how many fit into `maxMs`. */
  #recordMs = 0.05
  /** How many timers may fit into the next transaction. */
  #timersAtOnce = TIMERS_PER_TRANSACTION
  #timer: NodeJS.Timeout | undefined

  constructor(context: StageUnitContext, places: readonly Place[], held: Held<StageUnit>) {
    const [first] = places
    if (first === undefined) throw new Error('a unit needs a partition')
    this.partition = first.partition
    this.#context = context
    this.#held = held
    this.#places = places
    this.#time = new PhaseClock(context.metrics, context.group, context.monotonic)
    const { stages } = context
    this.#aside = new SetAside((topic) => context.priorityOf(topic))
    this.#read = new Map(stages.flatMap((stage) => stage.on.map(({ topic }) => [topic.name, topic])))
    this.#transactions = context.transactions(this.partition)
    const works = { context, held, transactions: this.#transactions, time: this.#time, rest: () => this.#rest() }
    this.#commits = new UnitCommits(this.partition, topologyText(topologyOf(stages)), works)
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
    this.#time.enter('restore')
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
    this.#opened ??= await this.#held.during('open state', () => this.#openState())
    for (const changelog of this.#opened.changelogs) {
      records += await this.#held.during(`restore ${changelog.topic}`, () => changelog.restore(reader, cluster, logger))
    }
    const seconds = (performance.now() - started) / 1000
    this.#time.enter('idle')
    metrics.set('lr_task_restore_seconds', { group }, seconds)
    logger.info({ partition: this.partition, records, seconds }, 'restored')
    this.#aside.clear()
    this.#paused.clear()
    this.#commits.positions.start(offsets)
    if (live()) this.#armTimer()
    return offsets
  }

  async handle(batch: FetchedBatch, turn: Turn): Promise<void> {
    const started = performance.now()
    let startMs = this.#context.tracer?.now()
    const { topic, records, lastOffset } = batch
    this.#time.fetched(batch.reading)
    if (this.#aside.isOvertakenBy(topic)) this.#overtakenAt = started
    if (records.length === 0) {
      this.skip(batch, lastOffset + 1n)
      turn.resolve(lastOffset)
    } else if (this.#aside.has(topic)) return this.#setAside(batch, 0, turn)
    for (let at = 0; at < records.length;) {
      if (!turn.live()) return this.#rest()
      if (at > 0 && this.#context.ranked) return this.#setAside(batch, at, turn)
      const done = await this.#slice({ topic, records, at, nextOffset: lastOffset + 1n }, this.#context.limits, startMs)
      if (done === undefined) return this.#rest()
      startMs = this.#context.tracer?.now()
      at += done
      turn.resolve((records[at]?.offset ?? lastOffset + 1n) - 1n)
      await turn.heartbeat()
    }
    const { lingerMs } = this.#context.limits
    // Small transactions cost the broker as much as large ones: under low load the next one waits for company.
    const wait = records.length >= BUSY_RECORDS || !this.#aside.empty ? 0 : lingerMs - (performance.now() - started)
    if (wait > 0 && turn.live()) {
      this.#time.enter('linger')
      await delay(wait)
    }
    this.#rest()
  }

  skip({ topic }: Place, nextOffset: bigint): void {
    // Committed at once, it would stand behind records that are not folded yet: a crash would lose them.
    if (!this.#aside.skip(topic, nextOffset)) this.#commits.passOver(topic, nextOffset)
  }

  async drain(): Promise<void> {
    await this.#commits.commitPositions()
  }

  async release(): Promise<void> {
    clearTimeout(this.#timer)
    this.#commits.stop()
    this.#time.settle()
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
    return { state, task, changelogs }
  }

  /** Folds and commits so many of the records from `at` on as fit into one transaction. Returns how many, nothing for failure. */
  async #slice(
    { topic, records, at, nextOffset: behind }: Slices,
    limits: SliceLimits,
    startMs: number | undefined,
  ): Promise<number | undefined> {
    const slice = sliceOf(records, at, limits, this.#recordMs)
    const nextOffset = records[at + slice.length]?.offset ?? behind
    this.#time.enter('decode')
    this.#transactions.announce()
    let taken: Taken[]
    try {
      taken = await this.#held.during('decode', () => takeRecords(this.#context, this.#open().task, topic, slice))
    } catch (error) {
      this.#transactions.retract()
      this.#held.recover(error)
      return undefined
    }
    const done = taken.length === 0 ? 0 : await this.#process(topic, taken, nextOffset, startMs)
    this.#transactions.retract()
    if (done === undefined) return undefined
    const left = taken[done]
    if (taken.length === 0) this.#commits.passOver(topic, nextOffset)
    return left === undefined ? slice.length : slice.findIndex(({ offset }) => offset === left.offset)
  }

  /** Leaves the batch from the place `from` on for later turns, and lets the member fetch what may go before it. */
  #setAside(batch: FetchedBatch, from: number, turn: Turn): void {
    const { topic, partition, lastOffset } = batch
    this.#aside.add(batch, from)
    turn.resolve(lastOffset)
    if (this.#aside.size(topic) > REFETCH_RECORDS) {
      this.#paused.add(topic)
      this.#held.pause([{ topic, partition }])
    }
    this.#rest()
    this.#goOn()
  }

  /** One slice of what is set aside, after whatever was fetched meanwhile; then the next. */
  #goOn(): void {
    if (this.#goesOn || this.#aside.empty || !this.#held.ready) return
    this.#goesOn = true
    void this.#held
      .serially(() => {
        this.#goesOn = false
        return this.#takeTurn()
      })
      .catch((error: unknown) => this.#held.fail(error as Error))
  }

  async #takeTurn(): Promise<void> {
    const waiting = this.#held.ready ? this.#aside.next() : undefined
    if (waiting === undefined) return
    const { topic } = waiting
    this.#time.enter('turn')
    const { limits, tracer } = this.#context
    const isOvertaken = performance.now() - this.#overtakenAt < OVERTAKEN_FOR_MS
    const short = { ...limits, maxMs: limits.maxMs * SHORT, maxRecords: Math.ceil(limits.maxRecords * SHORT) }
    const done = await this.#slice(waiting, isOvertaken ? short : limits, tracer?.now())
    // Begun anew by then: what is set aside now was fetched from where it stands.
    if (done === undefined) return this.#rest()
    const end = this.#aside.took(topic, done)
    if (end !== undefined && end !== this.#commits.positions.of(topic)) this.#commits.passOver(topic, end)
    if (this.#aside.size(topic) <= REFETCH_RECORDS && this.#paused.delete(topic)) this.#held.resume([{ topic, partition: this.partition }])
    this.#rest()
    this.#goOn()
  }

  /**
   * Folds and commits `records`, or the first half of them when they turn out too large. Returns how many, nothing for failure.
   * `startMs` is when the batch came, for its span.
   */
  async #process(topic: string, records: readonly Taken[], nextOffset: bigint, startMs: number | undefined): Promise<number | undefined> {
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
      return this.#process(topic, half, (records[half.length] as Taken).offset, startMs)
    }
    const fuse = this.#fuseAfter(records, result)
    if (fuse.blown !== undefined) {
      this.#held.fail(runtimeError('E_FUSE_BLOWN', `${this.#context.group} partition ${this.partition} of ${topic}: ${fuse.blown}.`))
      return undefined
    }
    this.#commits.positions.done(topic, nextOffset)
    if (!(await this.#commit({ result, outgoing, records: records.length, topic, startMs }))) return undefined
    this.#fuse = fuse
    this.#count(topic, records, result)
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

  async #commit(work: Work): Promise<boolean> {
    const committed = await this.#commits.commit(this.#open(), work)
    if (committed && work.outgoing.length > 0) this.#armTimer()
    return committed
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
    this.#time.enter('decode')
    await this.#fireDue().finally(() => this.#rest())
  }

  async #fireDue(): Promise<void> {
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
    if (outgoing.length === 0) return this.#armTimer()
    const fuse = this.#fuseAfter(result.retried, result)
    if (fuse.blown !== undefined)
      return this.#held.fail(
        runtimeError('E_FUSE_BLOWN', `${this.#context.group} partition ${this.partition}, records that had waited: ${fuse.blown}.`),
      )
    if (!(await this.#commit({ result, outgoing, records: 0, topic: undefined, startMs }))) return
    this.#fuse = fuse
    this.#countResult(result)
  }

  #rest(): void {
    this.#time.enter(this.#aside.empty ? 'idle' : 'turn')
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

  #count(source: string, records: readonly Taken[], result: TaskBatch): void {
    const { metrics, group } = this.#context
    const topic = this.#context.inputs.get(source)?.name as string
    const dead = result.deadLetters.length
    metrics.count('lr_kafka_consumed_total', { group, topic, outcome: 'processed' }, records.length - result.skipped - dead)
    if (result.skipped > 0) metrics.count('lr_kafka_consumed_total', { group, topic, outcome: 'own' }, result.skipped)
    if (dead > 0) metrics.count('lr_kafka_consumed_total', { group, topic, outcome: 'dead_letter' }, dead)
    const newest = records.at(-1)
    if (newest !== undefined) this.#context.lagBook.note(source, newest.partition, this.#context.now() - newest.timestamp)
    this.#countResult(result)
  }

  #countResult(result: TaskBatch): void {
    const { metrics, group, onOutputs } = this.#context
    countBatch(metrics, group, result)
    onOutputs?.(result.outputs)
  }
}
