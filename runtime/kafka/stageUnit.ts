/**
 * One partition of a group of stages: takes over, lets go, and says what goes when. Each slice of what was fetched becomes one
 * transaction (`unitSlices.ts`), and due timers do too (`unitTimers.ts`). Where inputs have priorities, what is longer than one slice is
 * set aside, so that a record of a higher one waits for a slice at most.
 */
import { setTimeout as delay } from 'node:timers/promises'
import { runtimeError } from '../errors.ts'
import { Task } from '../task.ts'
import { Changelog } from './changelog.ts'
import { FetchCompany } from './fetchCompany.ts'
import type { Handed } from './fetchCompany.ts'
import type { FetchedBatch, Held, Place, Turn, Unit } from './unit.ts'
import { groupName } from './names.ts'
import { PhaseClock } from './phaseClock.ts'
import type { StageUnitContext } from './stageUnitContext.ts'
import { sources, startingAt } from './sourceOffsets.ts'
import type { Source } from './sourceOffsets.ts'
import { SetAside } from './setAside.ts'
import { hasCommitted, migrate } from './stageMigration.ts'
import { UnitCommits } from './unitCommits.ts'
import { UnitFolds } from './unitFolds.ts'
import { UnitSlices } from './unitSlices.ts'
import { UnitTimers } from './unitTimers.ts'
import type { UnitTransactions } from './unitTransactions.ts'
import type { Opened, UnitWorks } from './unitWorks.ts'

/** A batch of at least this many records shows load: no waiting for company then. */
const BUSY_RECORDS = 100
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
  readonly #transactions: UnitTransactions
  /** Opened when the unit takes over for the first time; what it holds stays warm while the unit is kept. */
  #opened: Opened | undefined
  readonly #commits: UnitCommits<StageUnit>
  readonly #slices: UnitSlices<StageUnit>
  readonly #timers: UnitTimers<StageUnit>
  readonly #aside: SetAside
  /** Topics of which enough is set aside. */
  readonly #paused = new Set<string>()
  readonly #company: FetchCompany
  /** When a record last overtook others, ms of the process. */
  #overtakenAt = -Infinity
  /** The next turn of what is set aside is asked for. */
  #goesOn = false
  readonly #time: PhaseClock

  constructor(context: StageUnitContext, places: readonly Place[], held: Held<StageUnit>) {
    const [first] = places
    if (first === undefined) throw new Error('a unit needs a partition')
    this.partition = first.partition
    this.#context = context
    this.#held = held
    this.#places = places
    this.#time = new PhaseClock(context.metrics, context.group, context.monotonic)
    const priorityOf = (topic: string) => context.priorityOf(topic)
    this.#aside = new SetAside(priorityOf)
    this.#company = new FetchCompany(priorityOf)
    this.#transactions = context.transactions(this.partition)
    const works: UnitWorks<StageUnit> = {
      ...{ partition: this.partition, context, held, transactions: this.#transactions, time: this.#time },
      opened: () => this.#open(),
      rest: () => this.#rest(),
    }
    this.#commits = new UnitCommits(works)
    const folds = new UnitFolds(works, this.#commits, () => this.#timers.arm())
    this.#slices = new UnitSlices(works, this.#commits, folds)
    this.#timers = new UnitTimers(works, folds)
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

  async prepare(live: () => boolean, memberId?: string): Promise<ReadonlyMap<string, bigint>> {
    const { cluster, reader, group, topicPrefix, metrics, logger } = this.#context
    this.#time.enter('restore')
    const groupId = groupName(group, topicPrefix)
    const find = () => this.#held.during('read offsets', () => sources(cluster, groupId, this.#places, live))
    let found: readonly Source[] | undefined
    // Once the predecessor is fenced: read before, and one that is still committing hands us an old offset, so that its last batch
    // would be processed twice.
    await this.#held.during('take over', (progressed) =>
      this.#transactions.takeOver(async (producer, others) => {
        const before = (found = await find())
        // It takes as long as the state is large: the step around it gets on with it, and so do those that wait for it.
        const all = (own: () => void) => () => [own, progressed, others].forEach((each) => each())
        await this.#held.during('migrate', (own) => migrate(this.#context, this.partition, producer, before, all(own)))
      }, memberId),
    )
    found ??= await find()
    const offsets = new Map(found.map((source) => [source.topic, startingAt(source, source.committed, groupId)]))
    const started = performance.now()
    let records = 0
    this.#opened ??= await this.#held.during('open state', () => this.#openState())
    for (const changelog of this.#opened.changelogs) {
      const restore = (progressed: () => void) => changelog.restore(reader, cluster, logger, live, progressed)
      records += await this.#held.during(`restore ${changelog.topic}`, restore)
    }
    await this.#refuseForgotten(found, groupId)
    const seconds = (performance.now() - started) / 1000
    this.#time.enter('idle')
    metrics.set('lr_task_restore_seconds', { group }, seconds)
    logger.info({ partition: this.partition, records, seconds }, 'restored')
    this.#aside.clear()
    this.#company.clear()
    this.#paused.clear()
    this.#commits.positions.start(offsets)
    if (live()) this.#timers.arm()
    return offsets
  }

  /**
   * State and offsets are committed together, so state without any offset means that the broker has forgotten the group's: it would
   * begin with the first kept record, and fold into its state what is in it already.
   */
  async #refuseForgotten(found: readonly Source[], groupId: string): Promise<void> {
    if (found.some(({ committed }) => committed !== undefined)) return
    const [known] = [...this.stateKeys()].filter(([, keys]) => keys > 0)
    // Offsets of topics that the stages do not read any more are offsets, too: the state goes on with what they read now.
    if (known === undefined || (await hasCommitted(this.#context.admin, groupId, this.partition))) return
    throw runtimeError(
      'E_OFFSETS_FORGOTTEN',
      `${groupId} partition ${this.partition}: stage ${known[0]} has the state of ${known[1]} keys, and the broker has no offset of the group.`,
    )
  }

  expect(batch: FetchedBatch, turn: Turn): void {
    this.#company.expect(batch, turn)
  }

  async handle(batch: FetchedBatch, turn: Turn): Promise<void> {
    const started = performance.now()
    const company = this.#company.of(batch, turn)
    if (company === undefined) return
    this.#time.fetched(batch.reading)
    try {
      if (!(await this.#take(company))) return
      const { lingerMs } = this.#context.limits
      // Small transactions cost the broker as much as large ones: under low load the next one waits for company. Once for all that a fetch
      // brought: with a wait after each topic, those that the stages read back hold up every record that comes meanwhile.
      const isIdle = this.#aside.empty && company.every(({ batch: { records } }) => records.length < BUSY_RECORDS)
      const wait = isIdle ? lingerMs - (performance.now() - started) : 0
      if (wait > 0 && turn.live()) {
        this.#time.enter('linger')
        await delay(wait)
      }
    } finally {
      this.#rest()
    }
  }

  /** What a fetch brought: in one transaction where that is little, since the broker pays for each. False when the unit begins anew. */
  async #take(company: readonly Handed[]): Promise<boolean> {
    if (this.#areLittle(company)) {
      const done = await this.#takeTogether(company)
      if (done !== 'too_large') return done === 'done'
    }
    for (const { batch, turn } of company) if (!(await this.#takeAlone(batch, turn))) return false
    return true
  }

  #areLittle(company: readonly Handed[]): boolean {
    if (company.length === 1 || company.some(({ batch: { topic } }) => this.#aside.has(topic))) return false
    const all = company.flatMap(({ batch: { records } }) => records)
    return all.length < BUSY_RECORDS && this.#slices.areOne(all)
  }

  async #takeTogether(company: readonly Handed[]): Promise<'done' | 'too_large' | 'failed'> {
    const startMs = this.#context.tracer?.now()
    for (const { batch } of company) this.#noteOvertaking(batch)
    const batches = company.map(({ batch }) => batch)
    const done = await this.#slices.together(batches, startMs)
    if (done !== 'done') return done
    for (const { batch, turn } of company) turn.resolve(batch.lastOffset)
    await company[0]?.turn.heartbeat()
    return done
  }

  /** Slice by slice, or set aside. False when the unit begins anew, or has to let go. */
  async #takeAlone(batch: FetchedBatch, turn: Turn): Promise<boolean> {
    let startMs = this.#context.tracer?.now()
    const { topic, records, lastOffset } = batch
    this.#noteOvertaking(batch)
    if (records.length === 0) {
      this.skip(batch, lastOffset + 1n)
      turn.resolve(lastOffset)
      return true
    }
    if (this.#aside.has(topic)) {
      this.#setAside(batch, 0, turn)
      return true
    }
    for (let at = 0; at < records.length;) {
      if (!turn.live()) return false
      if (at > 0 && this.#context.ranked) {
        this.#setAside(batch, at, turn)
        return true
      }
      const done = await this.#slices.one({ topic, records, at, nextOffset: lastOffset + 1n }, this.#context.limits, startMs)
      if (done === undefined) return false
      startMs = this.#context.tracer?.now()
      at += done
      turn.resolve((records[at]?.offset ?? lastOffset + 1n) - 1n)
      await turn.heartbeat()
    }
    return true
  }

  #noteOvertaking({ topic }: FetchedBatch): void {
    if (this.#aside.isOvertakenBy(topic)) this.#overtakenAt = performance.now()
  }

  skip({ topic }: Place, nextOffset: bigint): void {
    // Committed at once, it would stand behind records that are not folded yet: a crash would lose them.
    if (!this.#aside.skip(topic, nextOffset)) this.#commits.passOver(topic, nextOffset)
  }

  async drain(): Promise<void> {
    await this.#commits.commitPositions()
  }

  async release(): Promise<void> {
    this.#timers.stop()
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
    const { group, stages, tables, topicPrefix, tracer, mark } = this.#context
    const state = await this.#context.state(this.partition)
    const changelogs = stages.flatMap((stage) => {
      const store = state.stores.get(stage.name)
      return store === undefined ? [] : [new Changelog(stage, this.partition, topicPrefix, store)]
    })
    const task = new Task({
      group,
      stages,
      partition: this.partition,
      stores: state.stores,
      tables,
      wire: this.#context.wire,
      tracer,
      mark,
    })
    return { state, task, changelogs }
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
    const done = await this.#slices.one(waiting, isOvertaken ? short : limits, tracer?.now())
    // Begun anew by then: what is set aside now was fetched from where it stands.
    if (done === undefined) return this.#rest()
    const end = this.#aside.took(topic, done)
    if (end !== undefined && end !== this.#commits.positions.of(topic)) this.#commits.passOver(topic, end)
    if (this.#aside.size(topic) <= REFETCH_RECORDS && this.#paused.delete(topic)) this.#held.resume([{ topic, partition: this.partition }])
    this.#rest()
    this.#goOn()
  }

  #rest(): void {
    this.#time.enter(this.#aside.empty ? 'idle' : 'turn')
  }
}
