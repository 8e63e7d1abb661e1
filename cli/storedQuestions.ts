/**
 * Stored questions with their votes and decisions, joined out of three topics that are read in step, a partition at a time: what is
 * held are the questions in flight, however long the stretch is. A question is handed on as soon as its decisions come out of the
 * inputs that were read; only one that does not waits for what else may come.
 */
import { replay } from '../pipelines/consensus/replay.ts'
import type { Replayed, ReplayInputs, Timed } from '../pipelines/consensus/replay.ts'
import type { PartitionSteps } from '../runtime/kafka/partitionSteps.ts'
import type { TailRecord } from '../runtime/kafka/tail.ts'
import type { Assessment, Ballot, Decision } from '../schemas/generated/records.ts'
import { assessments, ballots, decisions, leadKey } from '../topics/index.ts'
import { cliError } from './errors.ts'
import type { ReplaySource } from './replaySource.ts'
import { timeOf } from './timeOption.ts'

/** Inputs are read from this long before the first question on: times on a topic need not rise. 1 min in ms. */
const BEFORE_MS = 60_000
/** What is this much later than a question or its decision is not part of it. 10 min in ms. */
const BEYOND_MS = 600_000
/**
 * Questions held of which no decision was read yet: those in flight, and erased ones. A partition has some 200 a second at the most
 * the line carries, and each is decided within its deadline of 2 s, or all are late in the same order. 5 times that.
 */
const UNDECIDED_MOST = 2_000
/** Questions held whose decisions do not come out (yet); the oldest is then told as it stands. */
const DOUBTFUL_MOST = 500

export interface ReplayRange {
  /** Decisions of this time (ms) or later … */
  readonly from: number
  /** … and before this one. */
  readonly until: number
  /** `<locationId>:<contactId>` */
  readonly lead: string | undefined
}

export interface StoredQuestion {
  readonly stored: readonly Decision[]
  readonly inputs: ReplayInputs
  /** What came of deciding again, in the order of `stored`. */
  readonly answers: readonly Replayed[]
}

/** `--from`, `--to` and `--lead` as they are meant. Throws E_OPTION_INVALID. */
export function rangeOf(flags: { readonly from: string; readonly to?: string; readonly lead?: string }, now: number): ReplayRange {
  const from = timeOf('--from', flags.from)
  const until = flags.to === undefined ? now : timeOf('--to', flags.to)
  if (until <= from) throw cliError('E_OPTION_INVALID', `--to ${flags.to ?? 'now'}: must be after --from ${flags.from}.`)
  if (flags.lead !== undefined && !/^[^\s:]+:./.test(flags.lead))
    throw cliError(
      'E_OPTION_INVALID',
      `--lead ${flags.lead}: must be <locationId>:<contactId>; \`rekindle leads search\` finds it by a name.`,
    )
  return { from, until, lead: flags.lead }
}

/** The decisions of a range by their questions, decided again. Throws E_TOPIC_MISSING. */
export async function* storedQuestions(source: ReplaySource, range: ReplayRange): AsyncGenerator<StoredQuestion> {
  const opened: PartitionSteps<unknown>[] = []
  const open = async <S extends PartitionSteps<unknown>>(steps: Promise<S>): Promise<S> => {
    const one = await steps
    opened.push(one)
    return one
  }
  try {
    const made = await open(source.steps(decisions))
    const asked = await open(source.steps(assessments))
    const cast = await open(source.steps(ballots))
    for (const partition of made.partitions) {
      const topics = { made: new Cursor(made, partition), asked: new Cursor(asked, partition), cast: new Cursor(cast, partition) }
      yield* new PartitionJoin(source, range, topics).questions()
    }
  } finally {
    for (const steps of opened) await steps.close()
  }
}

/** One partition of one topic, and how far it was read. */
class Cursor<V> {
  readonly #steps: PartitionSteps<V>
  readonly #partition: number
  #ended = false
  #reached = -Infinity
  #passed = -Infinity

  constructor(steps: PartitionSteps<V>, partition: number) {
    this.#steps = steps
    this.#partition = partition
  }

  start(at: number): Promise<void> {
    return this.#steps.start(this.#partition, at)
  }

  async next(): Promise<readonly TailRecord<V>[] | undefined> {
    const records = await this.#steps.next(this.#partition)
    if (records === undefined) this.#ended = true
    else if (records.length > 0) {
      const times = records.map(({ timestamp }) => timestamp)
      this.#reached = Math.max(this.#reached, ...times)
      this.#passed = Math.min(...times)
    }
    return records
  }

  /** Whether something of this time (ms) has certainly not been read yet, may come, or cannot come any more. */
  ahead(at: number): 'certainly' | 'perhaps' | 'no' {
    if (this.#ended || this.#passed > at + BEYOND_MS) return 'no'
    return this.#reached < at ? 'certainly' : 'perhaps'
  }
}

class Held {
  readonly stored: Decision[] = []
  /** Types that were decided, in the range or not. */
  readonly types = new Set<string>()
  readonly ballots: Timed<Ballot>[] = []
  assessment: Timed<Assessment> | undefined
  /** Time of the first record about it, ms. */
  readonly metAt: number

  constructor(metAt: number) {
    this.metAt = metAt
  }

  get isComplete(): boolean {
    return this.assessment?.value.decisionTypes.every((type) => this.types.has(type)) === true
  }
}

interface Topics {
  readonly made: Cursor<Decision>
  readonly asked: Cursor<Assessment>
  readonly cast: Cursor<Ballot>
}

class PartitionJoin {
  readonly #source: ReplaySource
  readonly #range: ReplayRange
  readonly #topics: Topics
  /** In the order in which they were met. */
  readonly #undecided = new Map<string, Held>()
  readonly #decided = new Map<string, Held>()
  /** Decided questions with something new since they were last tried. */
  readonly #news = new Set<string>()

  constructor(source: ReplaySource, range: ReplayRange, topics: Topics) {
    this.#source = source
    this.#range = range
    this.#topics = topics
  }

  async *questions(): AsyncGenerator<StoredQuestion> {
    const { made, asked, cast } = this.#topics
    let isReading = false
    await made.start(this.#range.from)
    for (let batch = await made.next(); batch !== undefined; batch = await made.next()) {
      for (const { value } of batch) if (value) this.#take(value)
      if (this.#decided.size === 0) continue
      if (!isReading) {
        const first = Math.min(...[...this.#decided.values()].flatMap(({ stored }) => stored.map(({ askedAt }) => askedAt)))
        await Promise.all([asked.start(first - BEFORE_MS), cast.start(first - BEFORE_MS)])
        isReading = true
      }
      yield* this.#settle(false)
    }
    if (!isReading) return
    yield* this.#settle(true)
    for (const held of this.#decided.values()) yield this.#question(held)
  }

  #take(decision: Decision): void {
    const { assessmentId, decidedAt, tenantId, contactId } = decision
    const { from, until, lead } = this.#range
    const held = this.#held(assessmentId, decision.askedAt)
    held.types.add(decision.type)
    this.#news.add(assessmentId)
    if (decidedAt < from || decidedAt >= until || (lead !== undefined && leadKey(tenantId, contactId) !== lead)) return
    held.stored.push(decision)
    this.#undecided.delete(assessmentId)
    this.#decided.set(assessmentId, held)
  }

  #held(assessmentId: string, at: number): Held {
    const known = this.#decided.get(assessmentId) ?? this.#undecided.get(assessmentId)
    if (known !== undefined) return known
    const held = new Held(at)
    this.#undecided.set(assessmentId, held)
    return held
  }

  /** Reads inputs until every decided question comes out or nothing more may come for it. `isLast`: no decision follows. */
  async *#settle(isLast: boolean): AsyncGenerator<StoredQuestion> {
    for (;;) {
      yield* this.#comingOut(isLast)
      const cursor = this.#wanting(isLast)
      if (cursor === undefined) break
      for (const { value, timestamp: at } of (await cursor.next()) ?? []) if (value) this.#input(value, at)
      this.#forget()
    }
    for (const [assessmentId, held] of this.#decided) {
      if (this.#decided.size <= DOUBTFUL_MOST) break
      this.#decided.delete(assessmentId)
      yield this.#question(held)
    }
  }

  #input(value: Assessment | Ballot, at: number): void {
    const { assessmentId } = value
    const held = this.#held(assessmentId, at)
    if ('votes' in value) held.ballots.push({ at, value })
    else held.assessment ??= { at, value }
    this.#news.add(assessmentId)
  }

  /** Forgets the earliest: one topic may still be in the minute before while the other has come to what is asked for. */
  #forget(): void {
    const tooMany = this.#undecided.size - UNDECIDED_MOST
    if (tooMany <= 0) return
    const byTime = [...this.#undecided].sort(([, a], [, b]) => a.metAt - b.metAt)
    for (const [assessmentId] of byTime.slice(0, tooMany)) this.#undecided.delete(assessmentId)
  }

  /** What is the same with the inputs so far is the same: ballots that come later were late for it too. */
  *#comingOut(isLast: boolean): Generator<StoredQuestion> {
    for (const assessmentId of this.#news) {
      const held = this.#decided.get(assessmentId)
      if (held === undefined || !(held.isComplete || isLast)) continue
      const question = this.#question(held)
      if (!question.answers.every(({ kind }) => kind === 'same')) continue
      this.#decided.delete(assessmentId)
      yield question
    }
    this.#news.clear()
  }

  /** The topic to read on: one that certainly or perhaps holds what a decided question lacks. */
  #wanting(isLast: boolean): Cursor<Assessment | Ballot> | undefined {
    const { asked, cast } = this.#topics
    const mayLookAhead = isLast || this.#undecided.size < UNDECIDED_MOST
    for (const { assessment, stored, isComplete } of this.#decided.values()) {
      const askedAt = stored[0]?.askedAt ?? Infinity
      if (assessment === undefined && asked.ahead(askedAt) !== 'no') return asked
      if (!isComplete && !isLast) continue
      const ahead = cast.ahead(Math.max(...stored.map(({ decidedAt }) => decidedAt)))
      if (ahead === 'certainly' || (ahead === 'perhaps' && mayLookAhead)) return cast
    }
    return undefined
  }

  #question({ stored, assessment, ballots: cast }: Held): StoredQuestion {
    const inputs: ReplayInputs = {
      assessment,
      ballots: cast,
      policy: this.#source.policy,
      tenant: this.#source.tenant(stored[0]?.tenantId ?? ''),
    }
    return { stored, inputs, answers: replay(stored, inputs) }
  }
}
