/**
 * Runs a sink as a member of a group. A unit is one partition number of every topic of the sink; each of its topics has
 * a lane of its own, so that a slow table does not hold up the others. Undecodable records go to dead letters first.
 */
import { reportBatch } from '../batchSpan.ts'
import { runtimeError } from '../errors.ts'
import { afterRecord, defaultFuseLimits, intactFuse } from '../fuse.ts'
import type { FuseLimits, FuseState } from '../fuse.ts'
import type { Sink, SinkBatch, SinkPlace, SinkRecord } from '../sink.ts'
import { Undecodable } from '../task.ts'
import { physicalName } from '../topic.ts'
import type { AnyTopic } from '../topic.ts'
import { MAX_WAIT_MS } from './client.ts'
import { deadLetterRecord, fittingLetter, isReplayForOthers } from './deadLetters.ts'
import { GroupMember } from './groupMember.ts'
import { tellJoin } from './joins.ts'
import type { FetchedBatch, Held, Place, Turn, Unit } from './unit.ts'
import { watchLag } from './lagWatch.ts'
import { deadLetterName, groupName } from './names.ts'
import { allLogEnds } from './offsets.ts'
import { SinkLane } from './sinkLane.ts'
import { sinkSpans } from './sinkSpans.ts'
import { sources } from './sourceOffsets.ts'
import type { Source } from './sourceOffsets.ts'
import { membership, runningMember } from './stageMember.ts'
import type { MemberOptions, RunningMember } from './stageMember.ts'
import type { Workshop } from './workshop.ts'
import { inSteps, OverlappingPhases, PhaseClock } from './phaseClock.ts'
import { tellTasks } from './taskGauges.ts'
import { Together } from './together.ts'
import { topicId } from './topicId.ts'
import { UnitProducer } from './unitProducer.ts'
import type { OutgoingRecord, SourceOffset } from './openTransactions.ts'
import { WholeUpTo } from './wholeUpTo.ts'

export interface SinkMemberOptions extends MemberOptions {
  readonly sink: Sink
  readonly fuse?: FuseLimits
}

export interface SinkContext extends Workshop {
  readonly group: string
  readonly sink: Sink
  readonly fuse: FuseLimits
  /** By physical name. */
  readonly inputs: ReadonlyMap<string, AnyTopic>
}

/**
 * Positions are committed this long after they were reached, ms, unless the next fixed range carries them: the database
 * knows what is stored, so a commit per batch would only burn the broker. After a crash the last range is offered again
 * under its token, or the stored offset says that it is there.
 */
const COMMIT_AFTER_MS = 1_000
/** A pause or resume takes effect with the next fetch: at most this long after it, ms. */
const LONGEST_WAIT_MS = 500
/** How often a sink may learn that it has everything, ms. */
const CAUGHT_UP_MS = 1_000

/** A batch that is to be stored, and who is told that this gets on. */
interface Writing {
  readonly batch: SinkBatch
  readonly progressed: () => void
}

/** What a batch holds: records to store, dead letters, and the fuse after them. */
interface Read {
  readonly records: readonly { readonly record: SinkRecord<never>; readonly bytes: number }[]
  readonly dead: readonly OutgoingRecord[]
  readonly fuse: FuseState
  readonly passedOver: number
}

export class SinkUnit implements Unit {
  readonly #context: SinkContext
  readonly #places: readonly Place[]
  readonly #producer: UnitProducer
  readonly #lanes: ReadonlyMap<string, SinkLane>
  readonly #held: Held<SinkUnit>
  /** One producer, one transaction at a time: small ones cost the broker as much as large ones. */
  readonly #commits: Together<{ readonly records: readonly OutgoingRecord[]; readonly offsets: readonly SourceOffset[] }>
  readonly #time: OverlappingPhases
  #fuse: FuseState = intactFuse
  #late: NodeJS.Timeout | undefined

  constructor(context: SinkContext, places: readonly Place[], held: Held<SinkUnit>) {
    const { group, topicPrefix, sink, inputs } = context
    this.#context = context
    this.#places = places
    this.#held = held
    this.#time = new OverlappingPhases(new PhaseClock(context.metrics, group))
    this.#producer = new UnitProducer({
      ...context,
      unit: held.id,
      topics: sink.topics.map((topic) => deadLetterName(topic, group, topicPrefix)),
    })
    this.#commits = new Together(
      async (asked) => {
        const records = asked.flatMap((part) => part.records)
        const offsets = asked.flatMap((part) => part.offsets)
        await inSteps(this.#time, (onWritten) => this.#producer.commit(records, offsets, undefined, onWritten))
      },
      // What became of a failed transaction only the log can tell.
      { apart: false },
    )
    const place = new Map(sink.topics.map(({ name }, index) => [name, index]))
    const inOrder = (batches: readonly SinkBatch[]) =>
      [...batches].sort((a, b) => (place.get(a.topic.name) ?? 0) - (place.get(b.topic.name) ?? 0))
    const writes = new Together<Writing>(
      (asked) => {
        const progressed = () => asked.forEach((each) => each.progressed())
        return sink.write(inOrder(asked.map(({ batch }) => batch)), progressed)
      },
      { apart: true },
    )
    const write = (batch: SinkBatch, progressed: () => void) =>
      sink.exactlyOnce.kind === 'stored-offsets' ? writes.ask({ batch, progressed }) : sink.write([batch], progressed)
    this.#lanes = new Map(
      places.map((place) => {
        const topic = inputs.get(place.topic)
        if (topic === undefined) throw new Error(`${place.topic} is not an input of ${group}`)
        const lane = new SinkLane(sink, topic, place.topic, place.partition, {
          logger: context.logger,
          metrics: context.metrics,
          time: this.#time,
          commit: (offset, metadata) => this.#commit([], [{ ...place, offset, metadata }]),
          write,
          commitLater: () => this.#commitLater(),
          stored: (batch, startedAt) => this.#report(batch, startedAt),
          due: () => {
            for (const each of this.#lanes.values()) each.flush()
          },
          pause: () => held.pause([place]),
          resume: () => held.resume([place]),
          recover: (error) => held.recover(error),
          fail: (error) => held.fail(error),
          during: (name, work) => held.during(name, work),
        })
        return [place.topic, lane]
      }),
    )
  }

  get lanes(): readonly { readonly place: Place; readonly lane: SinkLane }[] {
    return this.#places.map((place) => ({ place, lane: this.#lanes.get(place.topic) as SinkLane }))
  }

  /** Counts the time of what it does, so that a long step is seen before it ends. */
  settleTime(): void {
    this.#time.settle()
  }

  prepare(live: () => boolean, memberId?: string): Promise<ReadonlyMap<string, bigint>> {
    return this.#time.during('restore', () => this.#prepare(live, memberId))
  }

  async #prepare(live: () => boolean, memberId: string | undefined): Promise<ReadonlyMap<string, bigint>> {
    const { cluster, group, topicPrefix } = this.#context
    await Promise.all([...this.#lanes.values()].map((lane) => lane.close()))
    await this.#held.during('take over', () => this.#producer.open(memberId))
    const found = await this.#held.during('read offsets', () => sources(cluster, groupName(group, topicPrefix), this.#places, live))
    const opening = found.map(
      async (source) => [source.topic, await this.#held.during(`open ${source.topic}`, () => this.#open(source))] as const,
    )
    // Each is awaited, whatever becomes of another: one that is answered after the unit was prepared anew would empty its lane.
    await Promise.allSettled(opening)
    return new Map(await Promise.all(opening))
  }

  async #open(source: Source): Promise<bigint> {
    const { cluster, sink } = this.#context
    const asks = sink.exactlyOnce.kind === 'stored-offsets' && sink.exactlyOnce.topicId !== undefined
    return this.#laneOf(source).open(source, asks ? await topicId(cluster, source.topic, source.partition) : undefined)
  }

  async handle(batch: FetchedBatch, turn: Turn): Promise<void> {
    const { inputs, group } = this.#context
    const topic = inputs.get(batch.topic) as AnyTopic
    this.#time.fetched(batch.reading)
    let read: Read
    try {
      read = await this.#time.during('decode', () => this.#read(batch, topic))
      const { dead, fuse } = read
      if (fuse.blown !== undefined) {
        return this.#held.fail(runtimeError('E_FUSE_BLOWN', `${group} partition ${batch.partition} of ${batch.topic}: ${fuse.blown}.`))
      }
      // Before the offset can move past them: after a crash a dead letter may be there twice, never not at all.
      if (dead.length > 0) await this.#commit(dead, [])
    } catch (error) {
      this.#context.sizes.refused(error)
      return this.#held.recover(error)
    }
    if (!turn.live()) return
    this.#fuse = read.fuse
    const { records, dead, passedOver } = read
    for (const { headers } of dead)
      this.#context.metrics.count('lr_dlq_records_total', { topic: topic.name, reason: String(headers['dlq-code']) })
    const { metrics } = this.#context
    metrics.count('lr_kafka_consumed_total', { group, topic: topic.name, outcome: 'processed' }, records.length)
    if (dead.length > 0) metrics.count('lr_kafka_consumed_total', { group, topic: topic.name, outcome: 'dead_letter' }, dead.length)
    if (passedOver > 0) metrics.count('lr_kafka_consumed_total', { group, topic: topic.name, outcome: 'passed_over' }, passedOver)
    this.#laneOf(batch).add(records, batch.lastOffset + 1n)
    turn.resolve(batch.lastOffset)
    await turn.heartbeat()
  }

  async #read({ records: fetched }: FetchedBatch, topic: AnyTopic): Promise<Read> {
    const { wire, sizes, group, sink, topicPrefix } = this.#context
    const records: { record: SinkRecord<never>; bytes: number }[] = []
    const dead: OutgoingRecord[] = []
    const rule = sink.passesOver?.find((each) => each.topic === topic)
    let fuse = this.#fuse
    let passedOver = 0
    await wire.prepare(
      topic,
      fetched.map(({ value }) => value),
    )
    for (const log of fetched) {
      if (rule !== undefined && log.value !== null && log.key !== null && wire.isPassedOver(rule, log.value)) {
        fuse = afterRecord(fuse, false, this.#context.fuse)
        passedOver += 1
        continue
      }
      const { keyText: key, headersAsText: headers } = log
      if (isReplayForOthers(headers, log.topic, group)) continue
      const value: unknown = log.value === null ? null : wire.decode(topic, log.value)
      const code = value instanceof Undecodable ? 'E_RECORD_UNDECODABLE' : key === null ? 'E_RECORD_KEY_MISSING' : undefined
      fuse = afterRecord(fuse, code !== undefined, this.#context.fuse)
      if (code !== undefined || key === null) {
        const detail = value instanceof Undecodable ? { reason: value.reason } : {}
        const reason = { topic, group, step: sink.name, code: code ?? 'E_RECORD_KEY_MISSING', detail, attempts: 1 }
        dead.push(fittingLetter(deadLetterRecord(log, reason, topicPrefix, Date.now()), sizes))
        continue
      }
      const { partition, offset, timestamp } = log
      records.push({
        bytes: log.valueSize + Buffer.byteLength(key),
        record: { topic: topic.name, partition, offset, key, value: value as never, timestamp, headers },
      })
    }
    return { records, dead, fuse, passedOver }
  }

  /** Until its transaction begins, it waits for others that go before it. */
  #commit(records: readonly OutgoingRecord[], offsets: readonly SourceOffset[]): Promise<void> {
    return this.#time.during('share', () => this.#commits.ask({ records, offsets }))
  }

  skip(place: Place, nextOffset: bigint): void {
    this.#laneOf(place).add([], nextOffset)
  }

  suspend(): void {
    clearTimeout(this.#late)
    this.#late = undefined
    for (const lane of this.#lanes.values()) lane.suspend()
  }

  async drain(): Promise<void> {
    await Promise.all([...this.#lanes.values()].map((lane) => lane.drain()))
  }

  async release(): Promise<void> {
    await Promise.all([...this.#lanes.values()].map((lane) => lane.close()))
    this.#time.settle()
    await this.#producer.close()
  }

  #report(batch: SinkBatch, startedAt: number): void {
    const { tracer, sink, group } = this.#context
    if (tracer === undefined) return
    const workedMs = tracer.now()
    const startMs = workedMs - (performance.now() - startedAt)
    const { topic, partition, records } = batch
    if (records.length === 0) return
    const spans = sinkSpans(tracer, { sink, group, batch, startMs, endMs: workedMs })
    reportBatch(tracer, spans, { topics: [topic.name], partition, group, count: records.length, startMs, workedMs, failed: false })
  }

  #commitLater(): void {
    this.#late ??= setTimeout(() => {
      this.#late = undefined
      for (const lane of this.#lanes.values()) void lane.commitReached()
    }, COMMIT_AFTER_MS)
  }

  #laneOf({ topic }: { readonly topic: string }): SinkLane {
    return this.#lanes.get(topic) as SinkLane
  }
}

/** Starts the member; resolves when the group is joined. */
export async function runSink(workshop: Workshop, options: SinkMemberOptions): Promise<RunningMember> {
  const { group, sink } = options
  const { topicPrefix } = workshop
  const logger = workshop.logger.child({ group, sink: sink.name })
  const physical = (topic: AnyTopic) => physicalName(topic, topicPrefix)
  await workshop.wire.register(sink.topics)
  const letters = sink.topics.map((topic) => deadLetterName(topic, group, topicPrefix))
  await workshop.counts.load([...sink.topics.map(physical), ...letters])
  await workshop.sizes.load(letters)
  const context: SinkContext = {
    ...workshop,
    logger,
    group,
    sink,
    fuse: options.fuse ?? defaultFuseLimits,
    inputs: new Map(sink.topics.map((topic) => [physical(topic), topic])),
  }
  const member = new GroupMember<SinkUnit>({
    kafka: workshop.kafka,
    admin: workshop.admin,
    groupId: groupName(group, topicPrefix),
    topics: sink.topics.map(physical),
    assignment: 'aligned',
    logger,
    unit: (_, places, held) => new SinkUnit(context, places, held),
    // A sink writes batches; answering it for every record would cost the broker more than the records do.
    minBytes: 65_536,
    maxWaitMs: Math.min(LONGEST_WAIT_MS, Math.max(MAX_WAIT_MS, sink.batch.maxMs / 4)),
    onFatal: (error) => options.onFatal(error),
    onJoin: () => tellJoin(workshop.metrics, group, Date.now()),
    onStates: (counts) => tellTasks(workshop.metrics, group, counts, member.units),
    ...membership(options),
  })
  await member.start()
  const stopTelling = sink.caughtUp === undefined ? () => undefined : tellCaughtUp(member, sink, context)
  const stopWatching = watchLag({ ...context, topics: sink.topics })
  return runningMember(member, options.signal, async () => {
    stopTelling()
    void stopWatching()
  })
}

/** Once a second: up to when the copy of each partition is whole. The time is taken before the ends are asked for. */
function tellCaughtUp(member: GroupMember<SinkUnit>, sink: Sink, { cluster, inputs, logger }: SinkContext): () => void {
  const whole = new WholeUpTo<SinkPlace>()
  let busy = false
  let failing = false
  const round = async () => {
    const at = Date.now()
    const lanes = member.ready.flatMap((unit) => unit.lanes)
    if (lanes.length === 0) return
    const ends = await allLogEnds(cluster, [...inputs.keys()])
    const looked = lanes.flatMap(({ place: { topic, partition }, lane }) => {
      const end = ends.get(topic)?.get(partition)
      const place = { topic: lane.topic, partition }
      return end === undefined ? [] : [{ place, key: `${topic}#${partition}`, storedTo: lane.storedTo, end }]
    })
    for (const [time, places] of whole.look(at, looked)) await sink.caughtUp?.(places, time)
    failing = false
  }
  const timer = setInterval(() => {
    if (busy) return
    busy = true
    round()
      .catch((error: unknown) => {
        if (!failing) logger.warn({ error: String(error) }, 'how fresh the copy is cannot be told, trying again')
        failing = true
      })
      .finally(() => (busy = false))
  }, CAUGHT_UP_MS)
  return () => clearInterval(timer)
}
