/**
 * Runs stages without a broker, through the very `Task` that production runs, under a clock that the test moves.
 * Values pass through their Avro encoding on the way in and out, so what a test sees is what a consumer would read.
 */
import { durationMs } from './duration.ts'
import { retryTimer } from './parking.ts'
import type { ParkedRecord } from './parked.ts'
import { stateCodec } from './stateEntry.ts'
import type { StateCodec } from './stateEntry.ts'
import type { AnyStage, Table } from './stage.ts'
import { MemoryStateStore } from './stateStore.ts'
import { Task, groupHeader } from './task.ts'
import type { OutputRecord, TaskBatch } from './task.ts'
import type { AnyTopic, ValueOf } from './topic.ts'
import type { Tracer } from './tracing.ts'

export interface DrivenRecord<V> {
  readonly key: string
  readonly value: V
  readonly timestamp: number
  readonly headers: Readonly<Record<string, string>>
}

export interface DrivenDeadLetter {
  readonly stage: string
  /** Of the record that was set aside. */
  readonly topic: string
  readonly key: string | null
  readonly code: string
  readonly detail: Readonly<Record<string, unknown>>
  /** Times that it was folded. */
  readonly attempts: number
}

export interface DriveOptions {
  /** Start of the clock: ISO text or ms. */
  at: string | number
  /** Content of tables by topic name. */
  tables?: Readonly<Record<string, Iterable<readonly [string, unknown]>>>
  /** Takes the spans of the folds, batch by batch. */
  tracer?: Tracer
}

export interface Line {
  /** Feeds one record; its timestamp is the clock's unless given. */
  pipe<T extends AnyTopic>(
    topic: T,
    key: string,
    value: ValueOf<T>,
    options?: { timestamp?: number; headers?: Record<string, string> },
  ): void
  /** Moves the clock; timers fire in order of due time, each at its own time. */
  advance(duration: string): void
  /** The clock, ms. */
  readonly now: number
  outputs<T extends AnyTopic>(topic: T): ValueOf<T>[]
  records<T extends AnyTopic>(topic: T): DrivenRecord<ValueOf<T>>[]
  /** State of a key; with several stages name the stage first. */
  state(...stageAndKey: [key: string] | [stage: string, key: string]): unknown
  /** Timers of a key in the same way. */
  timers(...stageAndKey: [key: string] | [stage: string, key: string]): Readonly<Record<string, number>>
  /** Records of a key that wait, in their order; named in the same way. */
  parked(...stageAndKey: [key: string] | [stage: string, key: string]): readonly ParkedRecord[]
  /** Sets one row of a table; `undefined` removes it. */
  table<T extends AnyTopic>(topic: T, key: string, value: ValueOf<T> | undefined): void
  readonly drops: readonly { readonly stage: string; readonly reason: string }[]
  readonly deadLetters: readonly DrivenDeadLetter[]
  /** Forgets everything in memory and restores state and timers from the changelog, as after a crash. */
  restart(): void
}

const timersPerBatch = 500
/** Batches of timers without the clock moving. */
const maxStandstill = 1000

/** Drives one stage, or several fused in the order given. */
export function drive(stages: AnyStage | readonly AnyStage[], options: DriveOptions): Line {
  return new DrivenLine('kind' in stages ? [stages] : stages, options)
}

class DrivenLine implements Line {
  now: number
  readonly drops: { stage: string; reason: string }[] = []
  readonly deadLetters: DrivenDeadLetter[] = []
  private readonly stages: readonly AnyStage[]
  private readonly written: OutputRecord[] = []
  private readonly changelogs = new Map<string, Map<string, Buffer>>()
  private readonly codecs = new Map<string, StateCodec>()
  private readonly tables = new Map<string, Map<string, unknown>>()
  private readonly inputs: ReadonlySet<string>
  private stores = new Map<string, MemoryStateStore>()
  private task: Task
  private offset = 0n
  private readonly tracer: Tracer | undefined

  constructor(stages: readonly AnyStage[], options: DriveOptions) {
    this.stages = stages
    this.tracer = options.tracer
    this.now = typeof options.at === 'number' ? options.at : Date.parse(options.at)
    if (Number.isNaN(this.now)) throw new RangeError(`"${options.at}" is not a time: ISO 8601 text or ms.`)
    for (const stage of stages) if (stage.state !== undefined) this.codecs.set(stage.name, stateCodec(stage))
    for (const topic of stages.flatMap((s) => Object.values((s.tables ?? {}) as Record<string, AnyTopic>)))
      this.tables.set(topic.name, new Map())
    for (const [name, rows] of Object.entries(options.tables ?? {})) this.tables.set(name, new Map(rows))
    this.inputs = new Set(stages.flatMap((stage) => stage.on.map(({ topic }) => topic.name)))
    this.task = this.build()
  }

  pipe<T extends AnyTopic>(
    topic: T,
    key: string,
    value: ValueOf<T>,
    options: { timestamp?: number; headers?: Record<string, string> } = {},
  ): void {
    // No member would subscribe it: a test that pipes to it would show that nothing comes of it, whatever the stages do.
    if (!this.inputs.has(topic.name)) throw new TypeError(`no driven stage reads ${topic.name}`)
    this.read(topic, key, topic.value.encode(value), options.timestamp ?? this.now, options.headers ?? {})
  }

  advance(duration: string): void {
    const end = this.now + durationMs(duration)
    for (let standstill = 0; ; standstill++) {
      const dueAt = this.task.nextTimerAt()
      if (dueAt === undefined || dueAt > end) break
      if (dueAt > this.now) standstill = 0
      if (standstill > maxStandstill)
        throw new Error(`timers go on firing at ${new Date(this.now).toISOString()}: their folds set each other to a time that has passed`)
      this.now = Math.max(this.now, dueAt)
      this.commit(this.task.fireTimers(this.now, timersPerBatch))
    }
    this.now = end
  }

  outputs<T extends AnyTopic>(topic: T): ValueOf<T>[] {
    return this.records(topic).map((record) => record.value)
  }

  records<T extends AnyTopic>(topic: T): DrivenRecord<ValueOf<T>>[] {
    return this.written
      .filter((record) => record.topic.name === topic.name)
      .map(({ key, payload, timestamp, headers }) => ({
        key,
        value: (payload === null ? null : topic.value.decode(payload)) as ValueOf<T>,
        timestamp,
        headers,
      }))
  }

  state(...stageAndKey: [key: string] | [stage: string, key: string]): unknown {
    return this.entry(stageAndKey)?.state
  }

  timers(...stageAndKey: [key: string] | [stage: string, key: string]): Readonly<Record<string, number>> {
    const { [retryTimer]: _retryAt, ...timers } = this.entry(stageAndKey)?.timers ?? {}
    return timers
  }

  parked(...stageAndKey: [key: string] | [stage: string, key: string]): readonly ParkedRecord[] {
    return this.entry(stageAndKey)?.parked?.records ?? []
  }

  table<T extends AnyTopic>(topic: T, key: string, value: ValueOf<T> | undefined): void {
    const rows = this.tables.get(topic.name)
    if (rows === undefined) throw new TypeError(`no driven stage has the table ${topic.name}`)
    if (value === undefined) rows.delete(key)
    else rows.set(key, value)
  }

  restart(): void {
    this.task = this.build()
    for (const [stage, codec] of this.codecs)
      for (const [key, bytes] of this.changelogs.get(stage) ?? []) this.task.restore(stage, key, codec.decode(bytes))
  }

  private read(topic: AnyTopic, key: string, payload: Buffer | null, timestamp: number, headers: Readonly<Record<string, string>>): void {
    const value = payload === null ? null : frozen(topic.value.decode(payload) as unknown)
    const raw = { key: Buffer.from(key), value: payload, headers }
    const record = { topic: topic.name, partition: 0, offset: this.offset++, key, value, timestamp, headers, raw }
    this.commit(this.task.process([record], this.now))
  }

  private entry(stageAndKey: readonly string[]) {
    const key = stageAndKey.at(-1) ?? ''
    const named = stageAndKey.length === 2 ? stageAndKey[0] : undefined
    if (named === undefined && this.stores.size > 1)
      throw new TypeError(`several stages have state: name one of ${[...this.stores.keys()].join(', ')}`)
    return (named === undefined ? [...this.stores.values()][0] : this.stores.get(named))?.get(key)
  }

  private build(): Task {
    this.stores = new Map([...this.codecs.keys()].map((name) => [name, new MemoryStateStore()]))
    const tables = new Map<string, Table<unknown>>(
      [...this.tables].map(([name, rows]) => [name, { get: (key: string) => rows.get(key), entries: () => rows.entries() }]),
    )
    const wire = {
      frame: (_: AnyTopic, payload: Buffer) => payload,
      decode: (topic: AnyTopic, bytes: Buffer) => frozen(topic.value.decode(bytes) as unknown),
    }
    return new Task({ group: 'driver', stages: this.stages, partition: 0, stores: this.stores, tables, wire, tracer: this.tracer })
  }

  private commit(batch: TaskBatch): void {
    for (const { stage: name, key, entry } of batch.changes) {
      const codec = this.codecs.get(name)
      if (codec === undefined) continue
      frozen(entry?.state)
      const log = this.changelogs.get(name) ?? new Map<string, Buffer>()
      this.changelogs.set(name, log)
      if (entry === undefined) log.delete(key)
      else log.set(key, codec.encode(entry))
    }
    this.task.apply(batch)
    for (const span of batch.spans ?? []) this.tracer?.report(span)
    this.written.push(...batch.outputs)
    this.drops.push(...batch.drops)
    for (const { stage, source, handedOver, code, detail, attempts } of batch.deadLetters) {
      const topic = handedOver === undefined ? source?.topic : handedOver.topic.name
      this.deadLetters.push({ stage, topic: topic ?? '', key: handedOver?.key ?? source?.key ?? null, code, detail, attempts })
    }
    // What was not handed over comes back through its topic, as from another partition.
    for (const { topic, key, payload, timestamp, headers } of batch.outputs)
      if (headers[groupHeader] === undefined && this.inputs.has(topic.name)) this.read(topic, key, payload, timestamp, headers)
  }
}

/** A fold that changes its state or record in place would see it half changed after a batch that was thrown away: here it throws. */
function frozen<T>(value: T): T {
  if (value === null || typeof value !== 'object' || ArrayBuffer.isView(value) || Object.isFrozen(value)) return value
  Object.freeze(value)
  Object.values(value).forEach(frozen)
  return value
}
