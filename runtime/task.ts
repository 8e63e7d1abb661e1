/**
 * One task is one partition of a list of stages. `process` and `fireTimers` compute on an overlay what one transaction
 * would write and leave the stores alone; `apply` is called after it committed. What a stage emits to a topic that a
 * stage of the same task reads is handed over in memory, depth first, in order of emission, as it would be read from
 * Kafka: through its Avro bytes.
 */
import { runtimeErrors } from './errors.ts'
import { deterministicId } from './ids.ts'
import type { Emission, Outcome, TimerChange } from './outcome.ts'
import type { AnyStage, Context, StreamRecord, Table } from './stage.ts'
import { expiry } from './stateStore.ts'
import type { DueTimer, StateEntry, StateStore } from './stateStore.ts'
import { Undecodable } from './taskBatch.ts'
import type { DeadLetterRecord, InputRecord, OutputRecord, StateChange, TaskBatch } from './taskBatch.ts'
import { TimerHeap, earlier } from './timerHeap.ts'
import type { AnyTopic } from './topic.ts'

export { Undecodable } from './taskBatch.ts'
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
}

/** Header on every record that was handed over in memory: the group that did it. A task of the group passes it over. */
export const groupHeader = 'rk-group'

/** Emissions in a chain, each caused by the one before. More is a loop of stages that never ends. */
const maxHandOvers = 64

/** The topics a task must read: inputs of its stages that others write too. */
export function subscriptions(stages: readonly AnyStage[]): AnyTopic[] {
  const members = new Set(stages.map((s) => s.name))
  const topics = new Map<string, AnyTopic>()
  for (const { topic } of stages.flatMap((s) => s.on))
    if (!topic.writtenBy.every((writer) => members.has(writer))) topics.set(topic.name, topic)
  return [...topics.values()]
}

/** The timer whose fold is being carried out. */
interface Fired {
  readonly name: string
  readonly dueAt: number
}

interface Reader {
  readonly stage: AnyStage
  readonly fold: (state: unknown, record: StreamRecord<unknown>, ctx: Context) => Outcome<unknown, AnyTopic>
}

interface Work {
  readonly outputs: OutputRecord[]
  readonly deadLetters: DeadLetterRecord[]
  readonly drops: { stage: string; reason: string }[]
  /** By stage and key: the entry as this batch leaves it. */
  readonly overlay: Map<string, Map<string, StateEntry | undefined>>
  readonly advanced: Map<string, number>
  /** Timers of this batch that are still to fire, and up to when; only while timers fire. */
  readonly due: TimerHeap<StageTimer> | undefined
  readonly dueUntil: number
  skipped: number
  timersFired: number
}

/** A due timer and the place of its stage in the task. */
interface StageTimer extends DueTimer {
  readonly stage: AnyStage
  readonly place: number
}

/** Where a record or timer came from: names it in errors, stamps what it causes. */
interface Cause {
  readonly at: number
  readonly source: InputRecord | undefined
  readonly handedOver: OutputRecord | undefined
  /** Hand-overs since the record or timer. */
  readonly depth: number
  readonly traceparent: string | undefined
  /**
   * Identity of the record or timer, from which ids of what it causes are derived. A record carries it in its `ce_id`
   * header, so that a stage gives the same ids whether it was handed the record in memory or read it from Kafka.
   */
  readonly identity: string
  readonly label: string
}

export class Task {
  readonly partition: number
  private readonly options: TaskOptions
  private readonly readers = new Map<string, Reader[]>()
  private readonly written: ReadonlySet<string>
  private readonly subscribed: ReadonlySet<string>
  private readonly places = new Map<string, number>()
  private readonly tablesOf = new Map<string, Record<string, Table<unknown>>>()

  constructor(options: TaskOptions) {
    this.options = options
    this.partition = options.partition
    this.written = new Set(options.stages.flatMap((s) => (s.outputs as readonly AnyTopic[]).map((topic) => topic.name)))
    this.subscribed = new Set(subscriptions(options.stages).map((topic) => topic.name))
    for (const [place, stage] of options.stages.entries()) {
      if (this.places.has(stage.name)) throw new TypeError(`two stages of one task are named ${stage.name}`)
      this.places.set(stage.name, place)
      const inputs = new Set(stage.on.map(({ topic }) => topic.name))
      if (inputs.size < stage.on.length) throw new TypeError(`stage ${stage.name} reads a topic with two folds; one fold per topic`)
      if (stage.state !== undefined && !options.stores.has(stage.name))
        throw new TypeError(`stage ${stage.name} has state and was given no store`)
      for (const input of stage.on)
        this.readers.set(input.topic.name, [...(this.readers.get(input.topic.name) ?? []), { stage, fold: input.fold as Reader['fold'] }])
      const tables: Record<string, Table<unknown>> = {}
      for (const [name, topic] of Object.entries((stage.tables ?? {}) as Record<string, AnyTopic>)) {
        const table = options.tables.get(topic.name)
        if (table === undefined) throw new TypeError(`stage ${stage.name} needs the table ${topic.name}, which was not given to the task`)
        tables[name] = table
      }
      this.tablesOf.set(stage.name, tables)
    }
  }

  /** Whether a record that was read was handed over in memory by this very group when it was written: it is passed over. */
  isOwn(topic: string, headers: Readonly<Record<string, string>>): boolean {
    return headers[groupHeader] === this.options.group && this.written.has(topic)
  }

  /** Folds records, in order, into one batch. A throw inside a fold is a bug and propagates with its position. */
  process(records: readonly InputRecord[]): TaskBatch {
    const work = this.begin()
    for (const record of records) this.take(record, work)
    return this.end(work, records.length)
  }

  /**
   * Fires up to `limit` timers that are due at `now`, in order of due time, key, name; expires state past its time to
   * live. A timer that is set while they fire and is due too takes its turn among them.
   */
  fireTimers(now: number, limit: number): TaskBatch {
    const due = new TimerHeap<StageTimer>(
      this.options.stages.flatMap((stage, place) =>
        (this.options.stores.get(stage.name)?.due(now, limit) ?? []).map((timer) => ({ ...timer, stage, place })),
      ),
      (a, b) => earlier(a, b) || a.place - b.place,
    )
    const work = this.begin(due, now)
    for (let count = 0; count < limit; count++) {
      const timer = due.pop()
      if (timer === undefined) break
      this.fire(timer, now, work)
    }
    return this.end(work, 0)
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

  private begin(due?: TimerHeap<StageTimer>, dueUntil = 0): Work {
    return { outputs: [], deadLetters: [], drops: [], overlay: new Map(), advanced: new Map(), due, dueUntil, skipped: 0, timersFired: 0 }
  }

  private end(work: Work, processed: number): TaskBatch {
    const changes: StateChange[] = []
    for (const [stage, entries] of work.overlay) for (const [key, entry] of entries) changes.push({ stage, key, entry })
    const { outputs, deadLetters, drops, skipped, timersFired, advanced } = work
    return { outputs, changes, deadLetters, drops, processed, skipped, timersFired, advanced }
  }

  private take(record: InputRecord, work: Work): void {
    if (this.isOwn(record.topic, record.headers)) {
      work.skipped++
      return
    }
    const readers = this.readers.get(record.topic) ?? []
    const [first] = readers
    if (first === undefined) return
    const stage = first.stage.name
    if (record.value instanceof Undecodable) {
      work.deadLetters.push({
        source: record,
        handedOver: undefined,
        stage,
        code: 'E_RECORD_UNDECODABLE',
        detail: { reason: record.value.reason, means: runtimeErrors.E_RECORD_UNDECODABLE.means },
      })
      return
    }
    if (record.key === null) {
      const { means } = runtimeErrors.E_RECORD_KEY_MISSING
      work.deadLetters.push({ source: record, handedOver: undefined, stage, code: 'E_RECORD_KEY_MISSING', detail: { means } })
      return
    }
    const label = `${record.topic}-${record.partition}@${record.offset}`
    const { ce_id: identity = label, traceparent } = record.headers
    const cause: Cause = { at: record.timestamp, source: record, handedOver: undefined, depth: 0, traceparent, identity, label }
    this.fold(
      readers,
      { topic: record.topic, key: record.key, value: record.value, timestamp: record.timestamp, headers: record.headers },
      cause,
      work,
    )
  }

  private fold(readers: readonly Reader[], record: StreamRecord<unknown>, cause: Cause, work: Work): void {
    for (const { stage, fold } of readers) {
      if (record.value === null) {
        work.drops.push({ stage: stage.name, reason: 'tombstone' })
        continue
      }
      const before = this.entryOf(stage, record.key, work)
      const outcome = this.guarded(stage, record.key, cause, () => fold(before?.state, record, this.context(stage, record.key, cause.at)))
      this.settle(stage, record.key, before, outcome, cause, work, undefined)
    }
  }

  private fire({ stage, key, name, dueAt }: StageTimer, now: number, work: Work): void {
    const before = this.entryOf(stage, key, work)
    if (before === undefined) return
    if (name === expiry) {
      if (before.expiresAt === dueAt) this.overlayOf(stage, work).set(key, undefined)
      return
    }
    // An earlier timer of this batch may have moved or cancelled this one.
    if (before.timers[name] !== dueAt) return
    const { [name]: _fired, ...timers } = before.timers
    const left: StateEntry = { ...before, timers }
    this.overlayOf(stage, work).set(key, left)
    work.timersFired++
    if (stage.timer === undefined) return
    const cause: Cause = {
      at: now,
      source: undefined,
      handedOver: undefined,
      depth: 0,
      traceparent: undefined,
      identity: `timer ${name} ${dueAt}`,
      label: `timer ${name} due at ${dueAt}`,
    }
    const run = stage.timer as (
      state: unknown,
      timer: { name: string; dueAt: number; firedAt: number },
      ctx: Context,
    ) => Outcome<unknown, AnyTopic>
    const outcome = this.guarded(stage, key, cause, () => run(left.state, { name, dueAt, firedAt: now }, this.context(stage, key, now)))
    this.settle(stage, key, left, outcome, cause, work, { name, dueAt })
  }

  private settle(
    stage: AnyStage,
    key: string,
    before: StateEntry | undefined,
    outcome: Outcome<unknown, AnyTopic>,
    cause: Cause,
    work: Work,
    fired: Fired | undefined,
  ): void {
    switch (outcome.kind) {
      case 'drop':
        work.drops.push({ stage: stage.name, reason: outcome.reason })
        return
      case 'dead-letter': {
        const { source, handedOver } = cause
        if (source === undefined && handedOver === undefined)
          throw new TypeError(`stage ${stage.name}: ${cause.label}, key ${key}, answered a dead letter; a timer has no record to set aside`)
        work.deadLetters.push({ source, handedOver, stage: stage.name, code: outcome.code, detail: outcome.detail })
        return
      }
      case 'next':
        work.advanced.set(stage.name, (work.advanced.get(stage.name) ?? 0) + 1)
        if (stage.state !== undefined) this.keep(stage, key, before, outcome.state, outcome.timers, cause, work, fired)
        else if (outcome.timers.length > 0)
          throw new TypeError(`stage ${stage.name} sets a timer (${cause.label}, key ${key}) and has no state to keep it in`)
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
    work: Work,
    fired: Fired | undefined,
  ): void {
    const overlay = this.overlayOf(stage, work)
    if (state === undefined) {
      if (before !== undefined) overlay.set(key, undefined)
      return
    }
    let timers: Record<string, number> = before?.timers ?? {}
    if (changes.length > 0) {
      timers = { ...timers }
      for (const { name, dueAt } of changes) {
        if (dueAt === undefined) {
          delete timers[name]
          continue
        }
        if (!Number.isSafeInteger(dueAt))
          throw new TypeError(`stage ${stage.name} set the timer ${name} to ${dueAt} (${cause.label}, key ${key}): whole ms are needed`)
        if (name === fired?.name && dueAt <= fired.dueAt)
          throw new TypeError(
            `stage ${stage.name}: ${cause.label}, key ${key}, set itself to ${dueAt}, no later than it was due: it would fire for ever`,
          )
        timers[name] = dueAt
        if (work.due !== undefined && dueAt <= work.dueUntil)
          work.due.push({ key, name, dueAt, stage, place: this.places.get(stage.name) as number })
      }
    }
    // A late record of the past must not bring the end nearer.
    const expiresAt = stage.ttlMs === undefined ? undefined : Math.max(before?.expiresAt ?? 0, cause.at + stage.ttlMs)
    overlay.set(key, { state, timers, expiresAt })
  }

  private write(stage: AnyStage, current: string, emission: Emission, ordinal: number, cause: Cause, work: Work): void {
    const { topic, key = current } = emission
    const value: unknown = emission.value
    const name = topic.name
    if (!this.written.has(name)) throw new TypeError(`stage ${stage.name} emitted to ${name}, which is not among its outputs`)
    if (cause.depth >= maxHandOvers)
      throw new Error(
        `stage ${stage.name}, key ${key}: ${maxHandOvers} records in a row cause each other (${cause.label}); the stages emit in a circle`,
      )
    let payload: Buffer | null = null
    try {
      if (value !== null) payload = topic.value.encode(value)
    } catch (error) {
      throw new TypeError(
        `stage ${stage.name} emitted a wrong record to ${name} (from ${cause.label}, key ${current}): ${(error as Error).message}`,
        { cause: error },
      )
    }
    const readers = this.readers.get(name)
    // Another key may belong to another partition: that record goes through Kafka.
    const handOver = readers !== undefined && key === current
    if (readers !== undefined && !handOver && !this.subscribed.has(name))
      throw new TypeError(
        `stage ${stage.name} emitted ${key} to ${name} while it processed ${current}; a fused task that does not read ${name} back can hand over its own key only`,
      )
    const id = deterministicId(stage.name, current, name, cause.identity, ordinal)
    const headers: Record<string, string> = { ...emission.headers }
    // A fold may have passed on the headers it read: those of the writer are set last.
    delete headers[groupHeader]
    if (handOver) headers[groupHeader] = this.options.group
    headers['ce_specversion'] = '1.0'
    headers['ce_id'] = id
    headers['ce_source'] = `rekindle/${stage.name}`
    headers['ce_type'] = topic.value.name
    headers['content-type'] = 'application/avro'
    if (cause.traceparent !== undefined) headers['traceparent'] = cause.traceparent
    const output: OutputRecord = { stage: stage.name, topic, key, value, payload, timestamp: cause.at, headers }
    work.outputs.push(output)
    if (!handOver) return
    const read: unknown = payload === null ? null : topic.value.decode(payload)
    const next: Cause = { ...cause, handedOver: output, depth: cause.depth + 1, identity: id, label: `${cause.label} > ${name}` }
    this.fold(readers, { topic: name, key, value: read, timestamp: cause.at, headers }, next, work)
  }

  private entryOf(stage: AnyStage, key: string, work: Work): StateEntry | undefined {
    const overlay = work.overlay.get(stage.name)
    if (overlay?.has(key) === true) return overlay.get(key)
    return this.options.stores.get(stage.name)?.get(key)
  }

  private overlayOf(stage: AnyStage, work: Work): Map<string, StateEntry | undefined> {
    let overlay = work.overlay.get(stage.name)
    if (overlay === undefined) work.overlay.set(stage.name, (overlay = new Map<string, StateEntry | undefined>()))
    return overlay
  }

  private context(stage: AnyStage, key: string, at: number): Context {
    return { key, at, tables: this.tablesOf.get(stage.name) ?? {}, id: (...parts) => deterministicId(stage.name, key, ...parts) }
  }

  private guarded<T>(stage: AnyStage, key: string, cause: Cause, run: () => T): T {
    try {
      return run()
    } catch (error) {
      throw new Error(
        `stage ${stage.name} threw on ${cause.label}, key ${key}, partition ${this.partition}: ${error instanceof Error ? error.message : String(error)}`,
        { cause: error },
      )
    }
  }
}
