/**
 * One task is one partition of a list of stages. `process` and `fireTimers` compute on an overlay what one transaction
 * would write and leave the stores alone; `apply` is called after it committed. What a stage emits to a topic that a
 * stage of the same task reads is handed over in memory, depth first, in order of emission, as it would be read from
 * Kafka: through its Avro bytes. A record that its fold cannot judge yet is parked with its key (`parking.ts`).
 */
import { runtimeErrors } from './errors.ts'
import { FoldContext } from './foldContext.ts'
import { deadLetter, drop } from './outcome.ts'
import type { Emission, Outcome, TimerChange } from './outcome.ts'
import {
  inputOf,
  isParked,
  lifeOf,
  overfull,
  parkedBehind,
  parkedFirst,
  retryTimer,
  withState,
  withoutFirst,
  withoutState,
} from './parking.ts'
import type { Parked, ParkedRecord, ParkingLimits } from './parked.ts'
import type { AnyStage, Context, StreamRecord, Table } from './stage.ts'
import { expiry } from './stateStore.ts'
import type { StateEntry, StateStore } from './stateStore.ts'
import { Undecodable } from './taskBatch.ts'
import type { InputRecord, TaskBatch } from './taskBatch.ts'
import {
  causeOf,
  causeOfHandOver,
  causeOfTimer,
  hasRecord,
  isRefolded,
  labelOf,
  parkedRecord,
  plainValues,
  refusal,
  streamed,
  undecodable,
} from './taskCause.ts'
import type { Cause, FoldMark, ParkedValues } from './taskCause.ts'
import { groupHeader, outputOf, sourcePrefix, timersAfter } from './taskEffects.ts'
import type { Fired } from './taskEffects.ts'
import { taskPlan } from './taskPlan.ts'
import type { Reader, TaskPlan } from './taskPlan.ts'
import { TaskSpans } from './taskSpans.ts'
import { parkedValuesDue, TaskWork } from './taskWork.ts'
import type { Refusals, StageTimer } from './taskWork.ts'
import { TimerHeap, earlier } from './timerHeap.ts'
import type { AnyTopic } from './topic.ts'
import type { Tracer } from './tracing.ts'

export { Undecodable } from './taskBatch.ts'
export { groupHeader } from './taskEffects.ts'
export { subscriptions } from './taskPlan.ts'
export type { ParkedValues } from './taskCause.ts'
export type { Refusals } from './taskWork.ts'
export type { DeadLetterRecord, InputRecord, OutputRecord, RawRecord, StateChange, TaskBatch } from './taskBatch.ts'

export interface TaskOptions {
  /** Consumer group: marks what this task writes, so that it is not read back. */
  readonly group: string
  readonly stages: readonly AnyStage[]
  readonly partition: number
  /** One store per stage with state. */
  readonly stores: ReadonlyMap<string, StateStore>
  /** By topic name. */
  readonly tables: ReadonlyMap<string, Table<unknown>>
  /** How values stand on topics; plain Avro unless given. */
  readonly wire?: ParkedValues
  /** Makes spans of the folds of sampled records; without it none is made. */
  readonly tracer?: Pick<Tracer, 'ratio' | 'now'> | undefined
  readonly mark?: FoldMark | undefined
}

/** Emissions in a chain, each caused by the one before. More is a loop of stages that never ends. */
const maxHandOvers = 64

const noTables = {}
const noTimers = {}

export class Task {
  readonly partition: number
  private readonly options: TaskOptions
  private readonly plan: TaskPlan
  private readonly wire: ParkedValues
  private readonly spans: TaskSpans | undefined

  constructor(options: TaskOptions) {
    this.options = options
    this.partition = options.partition
    this.plan = taskPlan(options.stages, options.stores, options.tables)
    this.wire = options.wire ?? plainValues
    this.spans = options.tracer === undefined ? undefined : new TaskSpans(options.tracer, options.group, options.partition)
  }

  /**
   * Whether a record that was read was handed over in memory by this very group when it was written: it is passed over. Many programs pass
   * on the headers of what they read, as Kafka Streams does: a record of theirs has our group, but not our type or not our source.
   */
  isOwn(topic: string, headers: Readonly<Record<string, string>>): boolean {
    const type = this.plan.written.get(topic)
    if (type === undefined || headers[groupHeader] !== this.options.group) return false
    const { ce_type: stated = type, ce_source: source = sourcePrefix } = headers
    return stated === type && source.startsWith(sourcePrefix)
  }

  /**
   * Folds records, in order, into one batch. A throw inside a fold is a bug and propagates with its position. `now`, ms, is
   * what a record that shall wait waits from; without it, its timestamp. With `refusals` what no topic takes is not kept, and what it
   * was made of set aside.
   */
  process(records: readonly InputRecord[], now?: number, refusals?: Refusals): TaskBatch {
    const work = new TaskWork(this.options.stores, now, undefined, refusals)
    for (const record of records) this.take(record, work)
    return work.batch(records.length, this.spans !== undefined)
  }

  /**
   * Fires up to `limit` timers that are due at `now`, in order of due time, key, name; expires state past its time to
   * live. A timer that is set while they fire and is due too takes its turn among them. A record that has waited and is
   * folded again counts like a timer.
   */
  fireTimers(now: number, limit: number, refusals?: Refusals): TaskBatch {
    const due = new TimerHeap<StageTimer>(
      this.options.stages.flatMap((stage, place) =>
        (this.options.stores.get(stage.name)?.due(now, limit) ?? []).map((timer) => ({ ...timer, stage, place })),
      ),
      (a, b) => earlier(a, b) || a.place - b.place,
    )
    const work = new TaskWork(this.options.stores, now, due, refusals)
    for (let count = 0; count < limit; count++) {
      const timer = due.pop()
      if (timer === undefined) break
      this.fire(timer, now, work)
    }
    return work.batch(0, this.spans !== undefined)
  }

  /** Values of the parked records that `fireTimers` may fold, by topic: what decoding them needs has to be there before. */
  parkedValues(now: number, limit: number): ReadonlyMap<AnyTopic, readonly Buffer[]> {
    const topicOf = (name: string) => this.plan.readers.get(name)?.[0]?.topic
    return parkedValuesDue(this.options.stores.values(), retryTimer, now, limit, topicOf)
  }

  /** When the next timer is due, ms; `undefined` when none is set. */
  nextTimerAt(): number | undefined {
    let earliest: number | undefined
    for (const store of this.options.stores.values()) {
      const dueAt = store.nextDueAt()
      if (dueAt !== undefined && (earliest === undefined || dueAt < earliest)) earliest = dueAt
    }
    return earliest
  }

  /** Makes a committed batch the state. Never called for a batch whose transaction is not known to have committed. */
  apply(batch: TaskBatch): void {
    for (const { stage, key, entry } of batch.changes) this.options.stores.get(stage)?.set(key, entry)
  }

  /** Puts back one entry of the changelog. */
  restore(stage: string, key: string, entry: StateEntry | undefined): void {
    this.options.stores.get(stage)?.set(key, entry)
  }

  private take(record: InputRecord, work: TaskWork): void {
    if (this.isOwn(record.topic, record.headers)) {
      work.skipped++
      return
    }
    const all = this.plan.readers.get(record.topic) ?? []
    if (all.length === 0) return
    if (record.misplaced === true) {
      // The state of its key is elsewhere: folded here, it would begin another one, which no erasure finds and no other record meets.
      for (const { stage } of all) work.drops.push({ stage: stage.name, reason: 'wrong_partition' })
      return
    }
    const { onlyFor } = record
    const readers = onlyFor === undefined ? all : all.filter(({ stage }) => stage.name === onlyFor || stage.migrates?.from === onlyFor)
    const [first] = readers
    if (first === undefined) {
      work.drops.push({ stage: (all[0] as Reader).stage.name, reason: 'no_longer_read' })
      return
    }
    const refused = refusal(record)
    const cause = causeOf(record, 1, undefined)
    if (refused === undefined) this.fold(readers, streamed(record, record.key as string), cause, work)
    else this.conclude(first.stage, record.key ?? '', undefined, refused, cause, work, undefined, this.spans?.now())
  }

  private fold(readers: readonly Reader[], record: StreamRecord<unknown>, cause: Cause, work: TaskWork): void {
    for (const { stage, fold } of readers) {
      if (record.value === null) {
        work.drops.push({ stage: stage.name, reason: 'tombstone' })
        continue
      }
      const before = work.entryOf(stage, record.key)
      if (isParked(before)) {
        // Folded now, it would overtake those that wait.
        const waiting = this.parkable(stage, before, cause, 0, work)
        if (waiting !== undefined) this.set(stage, record.key, before, parkedBehind(before, waiting), { ...cause, attempt: 0 }, work)
        continue
      }
      const startMs = this.spans?.now()
      const outcome = this.answer(stage, record.key, cause, () => fold(before?.state, record, this.context(stage, record.key, cause.at)))
      this.conclude(stage, record.key, before, outcome, cause, work, undefined, startMs)
    }
  }

  private fire(due: StageTimer, now: number, work: TaskWork): void {
    const { stage, key, name, dueAt } = due
    const before = work.entryOf(stage, key)
    if (before === undefined) return
    if (name === expiry) {
      if (before.expiresAt === dueAt) work.set(stage, key, undefined)
      return
    }
    // An earlier timer of this batch may have moved or cancelled this one.
    if (before.timers[name] !== dueAt) return
    if (name === retryTimer && isParked(before)) return this.feed(due, before, now, work)
    const { [name]: _fired, ...timers } = before.timers
    const left: StateEntry = { ...before, timers }
    work.set(stage, key, left)
    work.timersFired++
    if (stage.timer === undefined) return
    const cause = causeOfTimer(name, dueAt, now)
    const run = stage.timer as (
      state: unknown,
      timer: { name: string; dueAt: number; firedAt: number },
      ctx: Context,
    ) => Outcome<unknown, AnyTopic>
    const startMs = this.spans?.now()
    const outcome = this.guarded(stage, key, cause, () => run(left.state, { name, dueAt, firedAt: now }, this.context(stage, key, now)))
    const { length } = work.deadLetters
    this.conclude(stage, key, left, outcome, cause, work, { name, dueAt }, startMs)
    work.timersDead.push(work.deadLetters.length > length)
  }

  /** Folds the first record that waits for the key. Once it is judged, the time of the next has come too. */
  private feed(
    { stage, key, dueAt, place }: StageTimer,
    before: StateEntry & { readonly parked: Parked },
    now: number,
    work: TaskWork,
  ): void {
    const [first] = before.parked.records as readonly [ParkedRecord]
    const reader = this.plan.readers.get(first.topic)?.find((each) => each.stage === stage)
    const record = inputOf(first, reader === undefined ? undefined : this.wire.decode(reader.topic, first.value))
    const cause = causeOf(record, first.attempts + 1, now)
    const startMs = this.spans?.now()
    const outcome = this.refold(stage, key, reader, before, record, cause)
    const left = withoutFirst(before)
    work.set(stage, key, left)
    this.conclude(stage, key, left, outcome, cause, work, undefined, startMs)
    const after = work.entryOf(stage, key)
    const hasTime = after?.timers[retryTimer] !== undefined
    // Without a time it has not been put back at the head: its entry would have been too large, and it was set aside.
    if (outcome.kind === 'retry-later' && hasTime) return
    work.retried.push(record)
    // It has a time already when the record led to another of its key that asked to wait.
    if (!isParked(after) || hasTime) return
    work.set(stage, key, { ...after, timers: { ...after.timers, [retryTimer]: dueAt } })
    work.due?.push({ key, name: retryTimer, dueAt, stage, place })
  }

  /** What the stage makes of a record that has waited: other code may run now than when it came. */
  private refold(
    stage: AnyStage,
    key: string,
    reader: Reader | undefined,
    before: StateEntry,
    record: InputRecord,
    cause: Cause,
  ): Outcome<unknown, AnyTopic> {
    if (reader === undefined) return drop('no_longer_read')
    if (record.value instanceof Undecodable) return deadLetter('E_RECORD_UNDECODABLE', undecodable(record.value))
    return this.answer(stage, key, cause, () => reader.fold(before.state, streamed(record, key), this.context(stage, key, cause.at)))
  }

  /** What the fold answers; a record that was folded often enough does not wait again. */
  private answer(stage: AnyStage, key: string, cause: Cause, run: () => Outcome<unknown, AnyTopic>): Outcome<unknown, AnyTopic> {
    const outcome = this.guarded(stage, key, cause, run)
    const exhausted = outcome.kind === 'retry-later' && cause.attempt >= (this.plan.parking.get(stage.name) as ParkingLimits).attempts
    return exhausted ? deadLetter(outcome.code, outcome.detail) : outcome
  }

  /** The record of the cause to be parked, when the stage lets so much wait; else it goes to the dead letters. */
  private parkable(
    stage: AnyStage,
    before: StateEntry | undefined,
    cause: Cause,
    attempts: number,
    work: TaskWork,
  ): ParkedRecord | undefined {
    const record = parkedRecord(cause, attempts, this.partition, this.wire)
    // What has waited may go on to wait, also when the bounds have become narrower.
    const full = isRefolded(cause) ? undefined : overfull(before, record, this.plan.parking.get(stage.name) as ParkingLimits)
    if (full === undefined) return record
    const { means } = runtimeErrors.E_PARKING_FULL
    work.setAside(stage, cause, 'E_PARKING_FULL', { ...full, means }, attempts)
    return undefined
  }

  /** Carries out what was answered; with a tracer, within the span of the fold. */
  private conclude(
    stage: AnyStage,
    key: string,
    before: StateEntry | undefined,
    outcome: Outcome<unknown, AnyTopic>,
    cause: Cause,
    work: TaskWork,
    fired: Fired | undefined,
    startMs: number | undefined,
  ): void {
    const span = this.spans?.begin(stage, key, cause, outcome)
    this.settle(stage, key, before, outcome, span?.cause ?? cause, work, fired)
    if (span?.context.sampled === true) work.spans.push((this.spans as TaskSpans).end(stage, key, span, outcome, startMs as number))
  }

  private settle(
    stage: AnyStage,
    key: string,
    before: StateEntry | undefined,
    outcome: Outcome<unknown, AnyTopic>,
    cause: Cause,
    work: TaskWork,
    fired: Fired | undefined,
  ): void {
    switch (outcome.kind) {
      case 'drop':
        work.drops.push({ stage: stage.name, reason: outcome.reason })
        return
      case 'dead-letter':
        if (!hasRecord(cause))
          throw new TypeError(
            `stage ${stage.name}: ${labelOf(cause)}, key ${key}, answered a dead letter; a timer has no record to set aside`,
          )
        work.setAside(stage, cause, outcome.code, outcome.detail, cause.attempt)
        return
      case 'retry-later': {
        const { code, afterMs } = outcome
        const place = `stage ${stage.name}: ${labelOf(cause)}, key ${key}, asked to wait`
        if (stage.state === undefined) throw new TypeError(`${place}; a stage without state has no place to keep the record in`)
        if (fired !== undefined) throw new TypeError(`${place}; a timer has no record, it sets itself anew`)
        if (!Number.isSafeInteger(afterMs) || afterMs < 1) throw new TypeError(`${place} ${afterMs} ms: whole ms from 1 on are needed`)
        const waiting = this.parkable(stage, before, cause, cause.attempt, work)
        if (waiting === undefined) return
        this.set(stage, key, before, parkedFirst(before, waiting, code, (work.now ?? cause.at) + afterMs), cause, work)
        return
      }
      case 'next':
        if (work.refusals !== undefined && this.refused(stage, key, outcome.emit, cause, work)) return
        if (stage.state !== undefined) {
          if (!this.keep(stage, key, before, outcome.state, outcome.timers, cause, work, fired)) return
        } else if (outcome.timers.length > 0)
          throw new TypeError(`stage ${stage.name} sets a timer (${labelOf(cause)}, key ${key}) and has no state to keep it in`)
        work.advance(stage)
        for (let ordinal = 0; ordinal < outcome.emit.length; ordinal++)
          this.write(stage, key, outcome.emit[ordinal] as Emission, ordinal, cause, work)
        return
      default:
        outcome satisfies never
    }
  }

  private keep(
    stage: AnyStage,
    key: string,
    before: StateEntry | undefined,
    state: unknown,
    changes: readonly TimerChange[],
    cause: Cause,
    work: TaskWork,
    fired: Fired | undefined,
  ): boolean {
    if (state === undefined) {
      const left = withoutState(before)
      if (before !== undefined) work.set(stage, key, left)
      return true
    }
    const timers = timersAfter(stage, key, before?.timers ?? noTimers, changes, cause, fired)
    // A late record of the past must not bring the end nearer.
    const expiresAt =
      stage.ttlMs === undefined ? undefined : Math.max(lifeOf(before) ?? 0, Math.max(cause.at, cause.retriedAt ?? 0) + stage.ttlMs)
    if (!this.set(stage, key, before, withState(before, state, timers, expiresAt), cause, work)) return false
    this.spans?.timersSet(stage, key, changes, cause.traceparent)
    for (const { name, dueAt } of work.due === undefined ? [] : changes)
      if (dueAt !== undefined && dueAt <= (work.now as number))
        work.due?.push({ key, name, dueAt, stage, place: this.plan.places.get(stage.name) as number })
    return true
  }

  /** Sets the entry. False when its changelog does not take it: the record is set aside, and the entry is as it was. */
  private set(stage: AnyStage, key: string, before: StateEntry | undefined, entry: StateEntry, cause: Cause, work: TaskWork): boolean {
    const excess = hasRecord(cause) ? work.refusals?.entry(stage.name, key, entry) : undefined
    if (excess === undefined) work.set(stage, key, entry)
    else work.setAside(stage, cause, 'E_OUTPUT_TOO_LARGE', excess, cause.attempt)
    return excess === undefined
  }

  /** Whether a topic does not take one of these: then the record is set aside before anything of the answer is kept. */
  private refused(stage: AnyStage, key: string, emissions: readonly Emission[], cause: Cause, work: TaskWork): boolean {
    if (!hasRecord(cause)) return false
    for (const [ordinal, emission] of emissions.entries()) {
      const excess = work.refusals?.output(outputOf(stage, key, emission, ordinal, cause, this.options.group))
      if (excess === undefined) continue
      work.setAside(stage, cause, 'E_OUTPUT_TOO_LARGE', excess, cause.attempt)
      return true
    }
    return false
  }

  private write(stage: AnyStage, current: string, emission: Emission, ordinal: number, cause: Cause, work: TaskWork): void {
    const { topic, key = current } = emission
    const name = topic.name
    if (!this.plan.written.has(name)) throw new TypeError(`stage ${stage.name} emitted to ${name}, which is not among its outputs`)
    if (cause.depth >= maxHandOvers)
      throw new Error(
        `stage ${stage.name}, key ${key}: ${maxHandOvers} records in a row cause each other (${labelOf(cause)}); the stages emit in a circle`,
      )
    const readers = this.plan.readers.get(name)
    // Another key may belong to another partition: that record goes through Kafka.
    const handOver = readers !== undefined && key === current
    if (readers !== undefined && !handOver && !this.plan.subscribed.has(name))
      throw new TypeError(
        `stage ${stage.name} emitted ${key} to ${name} while it processed ${current}; a fused task that does not read ${name} back can hand over its own key only`,
      )
    const output = outputOf(stage, current, emission, ordinal, cause, handOver ? this.options.group : undefined)
    work.outputs.push(output)
    if (!handOver) return
    const { payload, headers, timestamp } = output
    const read: unknown = payload === null ? null : topic.value.decode(payload)
    this.fold(readers, { topic: name, key, value: read, timestamp, headers }, causeOfHandOver(cause, output), work)
  }

  private context(stage: AnyStage, key: string, at: number): Context {
    return new FoldContext(stage.name, key, at, this.plan.tables.get(stage.name) ?? noTables)
  }

  private guarded<T>(stage: AnyStage, key: string, cause: Cause, run: () => T): T {
    const { mark } = this.options
    mark?.begin(stage.name, cause, key, this.partition)
    try {
      return run()
    } catch (error) {
      throw new Error(
        `stage ${stage.name} threw on ${labelOf(cause)}, key ${key}, partition ${this.partition}: ${error instanceof Error ? error.message : String(error)}`,
        { cause: error },
      )
    } finally {
      mark?.end()
    }
  }
}
