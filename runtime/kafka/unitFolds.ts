/**
 * What the task of one partition gives, from its fold to its commit: a blown fuse, or a fold that throws, stops the member before
 * anything is written, and what is counted was committed.
 */
import { runtimeError } from '../errors.ts'
import { afterGood, afterRecord, intactFuse } from '../fuse.ts'
import type { FuseState } from '../fuse.ts'
import { countBatch } from '../metrics.ts'
import type { InputRecord, Refusals, Task, TaskBatch } from '../task.ts'
import type { AnyTopic } from '../topic.ts'
import type { Excess } from './recordSizes.ts'
import { fits, outgoingOf, refusalsBy } from './stageOutput.ts'
import type { OutputContext, Taken } from './stageOutput.ts'
import type { Unit } from './unit.ts'
import type { UnitCommits } from './unitCommits.ts'
import type { OutgoingRecord } from './openTransactions.ts'
import type { UnitWorks } from './unitWorks.ts'

/** Records of one topic that go into one transaction; it goes on at `nextOffset` behind them. */
export interface Part {
  readonly topic: string
  readonly records: readonly Taken[]
  readonly nextOffset: bigint
}

/** What a task made of records or timers, and what is to be written of it. */
export interface Folded {
  readonly result: TaskBatch
  readonly outgoing: readonly OutgoingRecord[]
}

export class UnitFolds<U extends Unit> {
  readonly #works: UnitWorks<U>
  readonly #commits: UnitCommits<U>
  readonly #onWritten: () => void
  /** Topics that the stages read, handed over or not, by logical name. */
  readonly #read: ReadonlyMap<string, AnyTopic>
  #fuse: FuseState = intactFuse
  /** What timers lead to counts by itself: good ones between bad records, which may be many, would hide these. */
  #timerFuse: FuseState = intactFuse

  /** `onWritten` is called after each transaction: timers may have been set by it. */
  constructor(works: UnitWorks<U>, commits: UnitCommits<U>, onWritten: () => void) {
    this.#works = works
    this.#commits = commits
    this.#onWritten = onWritten
    this.#read = new Map(works.context.stages.flatMap((stage) => stage.on.map(({ topic }) => [topic.name, topic])))
  }

  /** Nothing when the fold throws: the member stops. */
  fold(run: (task: Task) => TaskBatch): Folded | undefined {
    const { time, held, opened } = this.#works
    const { task, changelogs } = opened()
    try {
      time.enter('fold')
      const result = run(task)
      time.enter('encode')
      return { result, outgoing: outgoingOf(result, changelogs, this.#place()) }
    } catch (error) {
      // A fold that throws is a bug. The record is not bad: it stays where it is, the process replays with the mended code.
      held.fail(error as Error)
      return undefined
    }
  }

  /** Whether no topic-partition gets more than goes into one transaction, and no topic a record that it does not take. */
  fits({ outgoing }: Folded): boolean {
    const { limits } = this.#works.context
    return fits(outgoing, limits.maxBytes) && this.#excess(outgoing) === undefined
  }

  /**
   * What one record or timer gives, with whatever it was made of set aside that a topic does not take. Nothing when the fold throws,
   * or that cannot be set aside: the member stops.
   */
  foldAlone(run: (task: Task, refusals?: Refusals) => TaskBatch): Folded | undefined {
    const { held, context, opened, partition } = this.#works
    const first = this.fold((task) => run(task))
    if (first === undefined || this.#excess(first.outgoing) === undefined) return first
    const refusals = refusalsBy(context.sizes, opened().changelogs, this.#place())
    const folded = this.fold((task) => run(task, refusals))
    const excess = folded === undefined ? undefined : this.#excess(folded.outgoing)
    if (excess === undefined) return folded
    const { topic, key, bytes, limit } = excess
    held.fail(
      runtimeError(
        'E_OUTPUT_TOO_LARGE',
        `${context.group} partition ${partition}: ${topic} takes ${limit} bytes, of ${key} come ${bytes}.`,
      ),
    )
    return undefined
  }

  #excess(outgoing: readonly OutgoingRecord[]): Excess | undefined {
    return this.#works.context.sizes.excess(outgoing)
  }

  /** Commits what came of these records, with the positions behind them. `startMs` is when they came. */
  commitRecords(folded: Folded, parts: readonly Part[], records: readonly Taken[], startMs: number | undefined): Promise<boolean> {
    const topics = parts.map(({ topic }) => topic)
    const { task } = this.#works.opened()
    // What it wrote itself and reads back is none of what it was given: often more than all others, it would hide the bad ones.
    const judged = folded.result.skipped === 0 ? records : records.filter(({ topic, headers }) => !task.isOwn(topic, headers))
    return this.#commit(folded, { judged, name: ` of ${topics.join(', ')}`, parts, topics, records: records.length, startMs })
  }

  /** Commits what came of due timers, and of records that had waited for them. `startMs` is when that began. */
  commitTimers(folded: Folded, startMs: number | undefined): Promise<boolean> {
    const { retried } = folded.result
    return this.#commit(folded, { judged: retried, name: ', records that had waited', parts: [], topics: [], records: 0, startMs })
  }

  /** False when the fuse has blown, or the unit starts over. */
  async #commit(
    { result, outgoing }: Folded,
    of: {
      /** What the fuse of records counts. */
      readonly judged: readonly InputRecord[]
      readonly name: string
      readonly parts: readonly Part[]
      readonly topics: readonly string[]
      readonly records: number
      readonly startMs: number | undefined
    },
  ): Promise<boolean> {
    const { held, partition, context } = this.#works
    const { judged, name, parts, topics, records, startMs } = of
    const dead = new Set(result.deadLetters.map(({ source }) => source))
    const fuse = this.#fuseAfter(judged, dead)
    const timerFuse = result.timersDead.reduce((state, led) => afterRecord(state, led, context.fuse), this.#timerFuse)
    const blown = fuse.blown ?? timerFuse.blown
    if (blown !== undefined) {
      const of = fuse.blown === undefined ? ', timers' : name
      held.fail(runtimeError('E_FUSE_BLOWN', `${context.group} partition ${partition}${of}: ${blown}.`))
      return false
    }
    for (const { topic, nextOffset } of parts) this.#commits.positions.done(topic, nextOffset)
    if (!(await this.#commits.commit({ result, outgoing, records, topics, startMs }))) return false
    if (outgoing.length > 0) this.#onWritten()
    this.#fuse = fuse
    this.#timerFuse = timerFuse
    try {
      for (const part of parts) this.#countPart(part, result, dead)
      countBatch(context.metrics, context.group, result)
      context.onOutputs?.(result.outputs)
      return true
    } catch (error) {
      // It is committed. Thrown on, the client would fetch from where it stood before, and all of it would be folded twice.
      held.fail(error as Error)
      return false
    }
  }

  #fuseAfter(judged: readonly InputRecord[], dead: ReadonlySet<InputRecord | undefined>): FuseState {
    const { fuse: limits } = this.#works.context
    if (dead.size === 0) return afterGood(this.#fuse, judged.length, limits)
    return judged.reduce((state, record) => afterRecord(state, dead.has(record), limits), this.#fuse)
  }

  #place(): OutputContext {
    const { partition, context } = this.#works
    const { wire, counts, sizes, topicPrefix, group } = context
    return { wire, counts, sizes, topicPrefix, group, read: this.#read, partition, at: context.now() }
  }

  /** Each record once, whatever came of it: one may lead to several dead letters. */
  #countPart({ topic: source, records }: Part, result: TaskBatch, dead: ReadonlySet<InputRecord | undefined>): void {
    const { context } = this.#works
    const { metrics, group, inputs, lagBook } = context
    const { task } = this.#works.opened()
    const topic = inputs.get(source)?.name as string
    const own = result.skipped === 0 ? 0 : records.filter(({ headers }) => task.isOwn(topic, headers)).length
    const refused = dead.size === 0 ? 0 : records.filter((record) => dead.has(record)).length
    metrics.count('lr_kafka_consumed_total', { group, topic, outcome: 'processed' }, records.length - own - refused)
    if (own > 0) metrics.count('lr_kafka_consumed_total', { group, topic, outcome: 'own' }, own)
    if (refused > 0) metrics.count('lr_kafka_consumed_total', { group, topic, outcome: 'dead_letter' }, refused)
    const newest = records.at(-1)
    if (newest !== undefined) lagBook.note(source, newest.partition, context.now() - newest.timestamp)
  }
}
