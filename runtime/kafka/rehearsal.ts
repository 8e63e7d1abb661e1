/**
 * Runs stages over what stands on the log without being a member of their group: no offset moves, nothing is written.
 * All partitions are read together in order of record time, and a timer fires at its own time between the records before
 * and after it, so that the same log gives the same results however fast it is read.
 */
import { runtimeError } from '../errors.ts'
import { partitionOf } from '../murmur2.ts'
import type { AnyStage, Table } from '../stage.ts'
import { volatileUnitState } from '../state/unitState.ts'
import { groupHeader, subscriptions, Task } from '../task.ts'
import { sourcePrefix } from '../taskEffects.ts'
import type { OutputRecord, Refusals, TaskBatch } from '../task.ts'
import { physicalName } from '../topic.ts'
import type { AnyTopic } from '../topic.ts'
import { agreedStart } from './agreedStart.ts'
import { AsWritten } from './asWritten.ts'
import { Changelog } from './changelog.ts'
import { DeadLetterReader } from './deadLetterReader.ts'
import { isReplayForOthers, replayedFor, replayOf } from './deadLetters.ts'
import { groupName, topicsWrittenBy } from './names.ts'
import { firstOffsets, offsetsAtTime, stableEnds } from './offsets.ts'
import { PartitionReader, textHeaders } from './partitionReader.ts'
import type { LogRecord, Position } from './partitionReader.ts'
import { sources, startingAt } from './sourceOffsets.ts'
import { PastReplays } from './pastReplays.ts'
import { plannedMoves } from './stageMigration.ts'
import { isMisplaced } from './takeRecords.ts'
import type { Place } from './unit.ts'
import type { Workshop } from './workshop.ts'
import type { Taken } from './stageOutput.ts'

/**
 * `committed`: where the group stands now, with its state. A time (ms): the first records of that time or later, with no
 * state, as if nothing had been before.
 */
export type RehearsalStart = 'committed' | number

export interface RehearsalOptions {
  readonly group: string
  readonly stages: readonly AnyStage[]
  readonly from: RehearsalStart
  /** Whether what several timers led to can be written as one result; where it cannot, fewer are fired at once. Unless given, as for members. */
  fits?(result: TaskBatch, partition: number): boolean
  /** What topics do not take of this result: then what it was made of is set aside. Unless given, as by members. */
  refusals?(result: TaskBatch, partition: number): Refusals | undefined
  /** Told of each result, in order, before the next one is computed. */
  onResult(result: TaskBatch, partition: number): void | Promise<void>
}

/** What one partition of an input still has to give. */
interface Source {
  readonly topic: AnyTopic
  readonly position: Position
  end: bigint
  readonly records: LogRecord[]
  /** Place of the next record among `records`. */
  next: number
}

const WAIT_MS = 100
/** One source holds at most some 1 MB decoded ahead: there are as many as inputs times partitions. */
const CHUNK_BYTES = 1 << 20
const TIMERS_AT_ONCE = 500

export class Rehearsal {
  readonly #workshop: Workshop
  readonly #options: RehearsalOptions
  readonly #reader: PartitionReader
  readonly #tasks: ReadonlyMap<number, Task>
  readonly #sources: readonly Source[]
  readonly #inputs: ReadonlySet<string>
  readonly #writers: ReadonlySet<string>
  readonly #replays: PastReplays | undefined
  /** Time of the last record or timer, ms. */
  #at = 0

  private constructor(
    workshop: Workshop,
    options: RehearsalOptions,
    reader: PartitionReader,
    tasks: ReadonlyMap<number, Task>,
    sources: readonly Source[],
    replays: PastReplays | undefined,
  ) {
    this.#workshop = workshop
    this.#replays = replays
    this.#options = options
    this.#reader = reader
    this.#tasks = tasks
    this.#sources = sources
    this.#inputs = new Set(sources.map(({ topic }) => topic.name))
    this.#writers = writersOf(options.stages)
  }

  /**
   * Finds the beginning and restores the state that belongs to it. `wire` is of this rehearsal alone. Throws when a topic is missing, and what
   * a member would throw whose stages are not those that the group last ran with.
   */
  static async open(workshop: Workshop, options: RehearsalOptions): Promise<Rehearsal> {
    const { topicPrefix, counts, kafka, logger } = workshop
    const { stages, group } = options
    const inputs = subscriptions(stages)
    const physical = (topic: AnyTopic) => physicalName(topic, topicPrefix)
    await workshop.wire.lookUp([...inputs, ...stages.flatMap(({ outputs }) => outputs as readonly AnyTopic[])])
    await counts.load(inputs.map(physical))
    const tables = new Map<string, Table<unknown>>()
    for (const topic of stages.flatMap((stage) => Object.values((stage.tables ?? {}) as Record<string, AnyTopic>)))
      tables.set(topic.name, await workshop.table(topic))
    const reader = await PartitionReader.connect(kafka)
    try {
      const places = inputs.flatMap((topic) =>
        Array.from({ length: counts.of(physical(topic)) }, (_, partition) => ({ topic: physical(topic), partition })),
      )
      const topics = new Map(inputs.map((topic) => [physical(topic), topic]))
      const begins = new Map(options.from === 'committed' ? [] : await beginningsAt(workshop, options.from, places))
      const movesOf = options.from === 'committed' ? await plannedMoves(workshop, group, stages, inputs.map(physical)) : undefined
      const tasks = new Map<number, Task>()
      for (const partition of new Set(places.map((place) => place.partition))) {
        const { stores } = volatileUnitState(stages)
        if (movesOf !== undefined) {
          const moved = new Map(movesOf(partition).map(({ stage, from }) => [stage, from]))
          const changelogs = stages.flatMap((stage) => {
            const store = stores.get(stage.name)
            // Its state is where a member would take it from, which has not done so yet.
            const name = moved.has(stage.name) ? moved.get(stage.name) : stage.name
            return store === undefined || name === undefined ? [] : [new Changelog({ ...stage, name }, partition, topicPrefix, store)]
          })
          await counts.load(changelogs.map(({ topic }) => topic))
          const own = await agreedStart(
            `Group ${group}, partition ${partition},`,
            () =>
              committedBeginnings(
                workshop,
                group,
                places.filter((place) => place.partition === partition),
              ),
            async () => {
              for (const changelog of changelogs) await changelog.restore(reader, workshop.cluster, logger)
            },
          )
          for (const [place, offset] of own) begins.set(place, offset)
        }
        tasks.set(partition, new Task({ group, stages, partition, stores, tables, wire: workshop.wire }))
      }
      const found = places.map(({ topic, partition }): Source => {
        const offset = begins.get(`${topic}#${partition}`) ?? 0n
        return { topic: topics.get(topic) as AnyTopic, position: { topic, partition, offset }, end: offset, records: [], next: 0 }
      })
      const replays = options.from === 'committed' ? undefined : await pastReplays(workshop, group, stages, options.from, begins)
      return new Rehearsal(workshop, await judgedAsByMembers(workshop, options), reader, tasks, found, replays)
    } catch (error) {
      await reader.close()
      throw error
    }
  }

  /** Time of the last record or timer, ms; 0 before the first. */
  get at(): number {
    return this.#at
  }

  /**
   * Everything that the inputs hold now, or what was written before `until` (ms), and every timer up to the last of it.
   * `stopped` is asked between records.
   */
  async catchUp(options: { readonly until?: number; readonly stopped?: () => boolean } = {}): Promise<void> {
    const { until, stopped = () => false } = options
    await this.#readEnds(until)
    await this.#fill(this.#sources)
    for (let source = earliest(this.#sources); source !== undefined && !stopped(); source = earliest(this.#sources)) {
      const record = source.records[source.next] as LogRecord
      source.next += 1
      await this.advance(record.timestamp)
      await this.#take(source, record)
      if (source.next >= source.records.length) await this.#fill([source])
    }
  }

  /** Fires every timer that is due by then (ms), each at its own time or, when that has passed already, at once. */
  async advance(now: number): Promise<void> {
    for (;;) {
      let first: { task: Task; dueAt: number } | undefined
      for (const task of this.#tasks.values()) {
        const dueAt = task.nextTimerAt()
        if (dueAt !== undefined && dueAt <= now && (first === undefined || dueAt < first.dueAt)) first = { task, dueAt }
      }
      if (first === undefined) break
      this.#at = Math.max(this.#at, first.dueAt)
      // One that was due before it was set fires now, with those that are as late: time does not go back for it.
      for (const [topic, values] of first.task.parkedValues(this.#at, TIMERS_AT_ONCE)) await this.#workshop.wire.prepare(topic, values)
      await this.#settle(first.task, this.#fired(first.task, TIMERS_AT_ONCE))
    }
    this.#at = Math.max(this.#at, now)
  }

  async close(): Promise<void> {
    await this.#reader.close()
  }

  #fired(task: Task, limit: number): TaskBatch {
    if (limit === 1) return this.#given(task, (refusals) => task.fireTimers(this.#at, limit, refusals))
    const result = task.fireTimers(this.#at, limit)
    return this.#options.fits?.(result, task.partition) === false ? this.#fired(task, Math.ceil(limit / 2)) : result
  }

  /** What one record or timer gives, with whatever it was made of set aside that a topic does not take. */
  #given(task: Task, run: (refusals?: Refusals) => TaskBatch): TaskBatch {
    const result = run()
    const refusals = this.#options.refusals?.(result, task.partition)
    return refusals === undefined ? result : run(refusals)
  }

  async #readEnds(until: number | undefined): Promise<void> {
    const { cluster } = this.#workshop
    const names = [...new Set(this.#sources.map(({ position }) => position.topic))]
    const ends = await stableEnds(cluster, names)
    const bounds = until === undefined ? undefined : await offsetsAtTime(cluster, names, until)
    for (const source of this.#sources) {
      const { topic, partition } = source.position
      const end = ends.get(topic)?.get(partition)
      if (end === undefined) throw runtimeError('E_TOPIC_MISSING', `${topic} has no partition ${partition}.`)
      const bound = bounds?.get(topic)?.get(partition) ?? end
      source.end = bound < end ? bound : end
    }
  }

  /** Reads on until each of these has a record or is at its end. */
  async #fill(among: readonly Source[]): Promise<void> {
    for (;;) {
      const empty = among.filter(({ records, next, position, end }) => next >= records.length && position.offset < end)
      if (empty.length === 0) return
      for (const source of empty) {
        source.records.length = 0
        source.next = 0
      }
      const before = empty.map(({ position }) => position.offset)
      const byPlace = new Map(empty.map((source) => [`${source.position.topic}#${source.position.partition}`, source]))
      await this.#reader.fetch(
        empty.map(({ position }) => position),
        WAIT_MS,
        (records) => {
          for (const record of records) {
            const source = byPlace.get(`${record.topic}#${record.partition}`)
            if (source !== undefined && record.offset < source.end) source.records.push(record)
          }
        },
        CHUNK_BYTES,
      )
      if (empty.some(({ position }, index) => position.offset !== before[index])) continue
      for (const { position, end } of empty) await this.#reader.refuseShorter(position.topic, position.partition, end)
    }
  }

  async #take({ topic }: Source, log: LogRecord): Promise<void> {
    const headers = textHeaders(log.headers)
    // What these stages wrote when it happened they write again here: taken from the log as well, it would count twice.
    const letter = replayOf(headers, log.topic)
    // A program that passed on the headers of another topic is not these stages: its record has the type of that topic.
    if (letter === undefined && this.#writers.has(headers['ce_source'] ?? '') && headers['ce_type'] === topic.value.name) return
    if (isReplayForOthers(headers, log.topic, this.#options.group)) return
    const { wire } = this.#workshop
    await wire.prepare(topic, [log.value])
    const value: unknown = log.value === null ? null : wire.decode(topic, log.value)
    const onlyFor = replayedFor(headers, log.topic, this.#options.group)
    const record: Taken = {
      topic: topic.name,
      partition: log.partition,
      offset: log.offset,
      key: log.key === null ? null : log.key.toString('utf8'),
      value,
      timestamp: log.timestamp,
      headers,
      raw: log,
      misplaced: isMisplaced(topic, log, this.#workshop.counts.of(log.topic)),
    }
    const stages = letter === undefined ? undefined : this.#replays?.stagesOf(letter, onlyFor, headers)
    for (const stage of stages ?? [onlyFor]) await this.#fold({ ...record, onlyFor: stage })
  }

  async #fold(record: Taken): Promise<void> {
    const task = this.#tasks.get(record.partition)
    if (task === undefined) throw new Error(`there is no task for partition ${record.partition}`)
    await this.#settle(
      task,
      this.#given(task, (refusals) => task.process([record], this.#at, refusals)),
    )
  }

  async #settle(task: Task, result: TaskBatch): Promise<void> {
    task.apply(result)
    this.#replays?.add(result.deadLetters, task.partition)
    await this.#options.onResult(result, task.partition)
    for (const output of result.outputs)
      if (output.headers[groupHeader] === undefined && this.#inputs.has(output.topic.name)) await this.#fold(this.#readBack(output))
  }

  /** What was not handed over in memory, as it would come back from its topic. */
  #readBack({ topic, key, payload, timestamp, headers }: OutputRecord): Taken {
    const name = physicalName(topic, this.#workshop.topicPrefix)
    const partition = partitionOf(key, this.#workshop.counts.of(name))
    const value: unknown = payload === null ? null : topic.value.decode(payload)
    const bytes = payload === null ? null : this.#workshop.wire.frame(topic, payload)
    const raw: LogRecord = { topic: name, partition, offset: -1n, key: Buffer.from(key), value: bytes, timestamp, headers }
    return { topic: topic.name, partition, offset: -1n, key, value, timestamp, headers, raw }
  }
}

/** Values of `ce_source` on what these stages write. */
function writersOf(stages: readonly AnyStage[]): ReadonlySet<string> {
  return new Set(stages.map(({ name }) => `${sourcePrefix}${name}`))
}

/** Which replays are of records that lie in the stretch, as the dead letters of the group tell. */
async function pastReplays(
  workshop: Workshop,
  group: string,
  stages: readonly AnyStage[],
  from: number,
  begins: ReadonlyMap<string, bigint>,
): Promise<PastReplays> {
  const inputs = subscriptions(stages)
  const physical = (topic: AnyTopic) => physicalName(topic, workshop.topicPrefix)
  const letters = new DeadLetterReader(workshop, inputs)
  try {
    const books = await letters.books(await letters.places({ group }), { outlined: true })
    return new PastReplays({
      origins: new Map(books.flatMap((book) => book.letters.map(({ letter }) => [letter.id, letter]))),
      begins,
      from,
      writers: writersOf(stages),
      topics: new Map(inputs.map((topic) => [topic.name, physical(topic)])),
      compacted: new Set(inputs.filter(({ retention }) => retention === 'compact').map(physical)),
    })
  } finally {
    await letters.close()
  }
}

/** With what brokers take of the topics of the group itself, where nobody else judges. Throws E_TOPIC_MISSING for an output. */
async function judgedAsByMembers(workshop: Workshop, options: RehearsalOptions): Promise<RehearsalOptions> {
  if (options.fits !== undefined || options.refusals !== undefined) return options
  const { wire, counts, sizes, admin, topicPrefix: prefix } = workshop
  const { group, stages } = options
  await counts.load(stages.flatMap((stage) => (stage.outputs as readonly AnyTopic[]).map((topic) => physicalName(topic, prefix))))
  // A changelog that members have yet to make would leave the sizes of all others unknown.
  const existing = new Set(await admin.listTopics())
  await sizes.load(topicsWrittenBy(group, stages, prefix).filter((topic) => existing.has(topic)))
  const results = new AsWritten(workshop, wire, { group, stages, prefix })
  return {
    ...options,
    fits: (result, partition) => results.fits(result, partition),
    refusals: (result, partition) => results.refusals(result, partition),
  }
}

/** The one whose next record is the oldest; of equal ones the first, so topics in the order of the stages, then partitions. */
function earliest(sources: readonly Source[]): Source | undefined {
  let first: Source | undefined
  let at = Infinity
  for (const source of sources) {
    const timestamp = source.records[source.next]?.timestamp
    if (timestamp !== undefined && timestamp < at) {
      at = timestamp
      first = source
    }
  }
  return first
}

/** By `<topic>#<partition>`: where the group goes on. */
async function committedBeginnings(
  { cluster, topicPrefix }: Workshop,
  group: string,
  places: readonly Place[],
): Promise<ReadonlyMap<string, bigint>> {
  const groupId = groupName(group, topicPrefix)
  const found = await sources(cluster, groupId, places)
  return new Map(found.map((source) => [`${source.topic}#${source.partition}`, startingAt(source, source.committed, groupId)]))
}

/** By `<topic>#<partition>`: the first offset of that time or later, the end where there is none. */
async function beginningsAt({ cluster }: Workshop, at: number, places: readonly Place[]): Promise<ReadonlyMap<string, bigint>> {
  const names = [...new Set(places.map(({ topic }) => topic))]
  const [found, ends, lows] = await Promise.all([
    offsetsAtTime(cluster, names, at),
    stableEnds(cluster, names),
    firstOffsets(cluster, names),
  ])
  const of = (offsets: typeof found, topic: string, partition: number) => offsets.get(topic)?.get(partition)
  return new Map(
    places.map(({ topic, partition }) => {
      const end = of(ends, topic, partition) ?? 0n
      const low = of(lows, topic, partition) ?? 0n
      const first = of(found, topic, partition) ?? end
      return [`${topic}#${partition}`, first < low ? low : first]
    }),
  )
}
