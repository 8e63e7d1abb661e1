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
import { FetchCompany } from './fetchCompany.ts'
import type { Handed } from './fetchCompany.ts'
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

/** Records of one topic that go into one transaction; it goes on at `nextOffset` behind them. */
interface Part {
  readonly topic: string
  readonly records: readonly Taken[]
  readonly nextOffset: bigint
}

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
  readonly #company: FetchCompany
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
    const priorityOf = (topic: string) => context.priorityOf(topic)
    this.#aside = new SetAside(priorityOf)
    this.#company = new FetchCompany(priorityOf)
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
    this.#company.clear()
    this.#paused.clear()
    this.#commits.positions.start(offsets)
    if (live()) this.#armTimer()
    return offsets
  }

  expect(batch: FetchedBatch, turn: Turn): void {
    this.#company.expect(batch, turn)
  }

  async handle(batch: FetchedBatch, turn: Turn): Promise<void> {
    const started = performance.now()
    const company = this.#company.of(batch, turn)
    if (company === undefined) return
    this.#time.fetched(batch.reading)
    const together = company.length > 1 ? await this.#takeTogether(company) : 'apart'
    if (together === 'failed') return this.#rest()
    if (together === 'apart') for (const each of company) if (!(await this.#takeAlone(each.batch, each.turn))) return this.#rest()
    const { lingerMs } = this.#context.limits
    // Small transactions cost the broker as much as large ones: under low load the next one waits for company. Once for all that a fetch
    // brought: with a wait after each topic, those that the stages read back hold up every record that comes meanwhile.
    const isIdle = this.#aside.empty && company.every(({ batch: { records } }) => records.length < BUSY_RECORDS)
    const wait = isIdle ? lingerMs - (performance.now() - started) : 0
    if (wait > 0 && turn.live()) {
      this.#time.enter('linger')
      await delay(wait)
    }
    this.#rest()
  }

  /** What a fetch brought of several topics in one transaction, where that is little: the broker pays for each. */
  async #takeTogether(company: readonly Handed[]): Promise<'done' | 'apart' | 'failed'> {
    const { limits, tracer } = this.#context
    const all = company.flatMap(({ batch: { records } }) => records)
    const isLittle = all.length < BUSY_RECORDS && sliceOf(all, 0, limits, this.#recordMs).length === all.length
    if (!isLittle || company.some(({ batch: { topic } }) => this.#aside.has(topic))) return 'apart'
    const startMs = tracer?.now()
    if (company.some(({ batch: { topic } }) => this.#aside.isOvertakenBy(topic))) this.#overtakenAt = performance.now()
    this.#time.enter('decode')
    this.#transactions.announce()
    const parts: Part[] = []
    try {
      for (const { batch } of company) {
        const { topic, records, lastOffset } = batch
        const taken = await this.#held.during('decode', () => takeRecords(this.#context, this.#open().task, topic, records))
        parts.push({ topic, records: taken, nextOffset: lastOffset + 1n })
      }
    } catch (error) {
      this.#transactions.retract()
      this.#held.recover(error)
      return 'failed'
    }
    const done = await this.#process(parts, startMs)
    this.#transactions.retract()
    if (done === 'too_large') return 'apart'
    if (done === undefined) return 'failed'
    for (const { batch, turn } of company) turn.resolve(batch.lastOffset)
    await company[0]?.turn.heartbeat()
    return 'done'
  }

  /** Slice by slice, or set aside. False when the unit begins anew, or has to let go. */
  async #takeAlone(batch: FetchedBatch, turn: Turn): Promise<boolean> {
    let startMs = this.#context.tracer?.now()
    const { topic, records, lastOffset } = batch
    if (this.#aside.isOvertakenBy(topic)) this.#overtakenAt = performance.now()
    if (records.length === 0) {
      this.skip(batch, lastOffset + 1n)
      turn.resolve(lastOffset)
    } else if (this.#aside.has(topic)) this.#setAside(batch, 0, turn)
    else
      for (let at = 0; at < records.length;) {
        if (!turn.live()) return false
        if (at > 0 && this.#context.ranked) {
          this.#setAside(batch, at, turn)
          return true
        }
        const done = await this.#slice({ topic, records, at, nextOffset: lastOffset + 1n }, this.#context.limits, startMs)
        if (done === undefined) return false
        startMs = this.#context.tracer?.now()
        at += done
        turn.resolve((records[at]?.offset ?? lastOffset + 1n) - 1n)
        await turn.heartbeat()
      }
    return true
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
    const done = taken.length === 0 ? 0 : await this.#processSome({ topic, records: taken, nextOffset }, startMs)
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

  /** Folds and commits the part, or the first half of it when it turns out too large. Returns how many records, nothing for failure. */
  async #processSome(part: Part, startMs: number | undefined): Promise<number | undefined> {
    const done = await this.#process([part], startMs)
    if (done !== 'too_large') return done
    const { topic, records } = part
    const half = records.slice(0, Math.ceil(records.length / 2))
    return this.#processSome({ topic, records: half, nextOffset: (records[half.length] as Taken).offset }, startMs)
  }

  /**
   * Folds and commits the parts together. Returns how many records, nothing for failure; of several records that are too large for a
   * transaction none is done. `startMs` is when they came, for their span.
   */
  async #process(parts: readonly Part[], startMs: number | undefined): Promise<number | 'too_large' | undefined> {
    let result: TaskBatch
    let outgoing: OutgoingRecord[]
    const records = parts.length === 1 ? (parts[0] as Part).records : parts.flatMap((part) => part.records)
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
    if (records.length > 0) this.#recordMs = 0.8 * this.#recordMs + 0.2 * Math.max(0.001, (performance.now() - started) / records.length)
    if (records.length > 1 && !fits(outgoing, this.#context.limits.maxBytes)) return 'too_large'
    const fuse = this.#fuseAfter(records, result)
    if (fuse.blown !== undefined) {
      const of = parts.map(({ topic }) => topic).join(', ')
      this.#held.fail(runtimeError('E_FUSE_BLOWN', `${this.#context.group} partition ${this.partition} of ${of}: ${fuse.blown}.`))
      return undefined
    }
    for (const { topic, nextOffset } of parts) this.#commits.positions.done(topic, nextOffset)
    if (!(await this.#commit({ result, outgoing, records: records.length, topics: parts.map(({ topic }) => topic), startMs })))
      return undefined
    this.#fuse = fuse
    this.#count(parts, result)
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
    if (!(await this.#commit({ result, outgoing, records: 0, topics: [], startMs }))) return
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

  #count(parts: readonly Part[], result: TaskBatch): void {
    const { metrics, group, inputs, lagBook } = this.#context
    const { task } = this.#open()
    for (const { topic: source, records } of parts) {
      const topic = inputs.get(source)?.name as string
      const own = result.skipped === 0 ? 0 : records.filter(({ headers }) => task.isOwn(topic, headers)).length
      const dead = result.deadLetters.filter(({ source: of }) => of?.topic === topic).length
      metrics.count('lr_kafka_consumed_total', { group, topic, outcome: 'processed' }, records.length - own - dead)
      if (own > 0) metrics.count('lr_kafka_consumed_total', { group, topic, outcome: 'own' }, own)
      if (dead > 0) metrics.count('lr_kafka_consumed_total', { group, topic, outcome: 'dead_letter' }, dead)
      const newest = records.at(-1)
      if (newest !== undefined) lagBook.note(source, newest.partition, this.#context.now() - newest.timestamp)
    }
    this.#countResult(result)
  }

  #countResult(result: TaskBatch): void {
    const { metrics, group, onOutputs } = this.#context
    countBatch(metrics, group, result)
    onOutputs?.(result.outputs)
  }
}
