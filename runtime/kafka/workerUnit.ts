/**
 * One partition in the hands of a worker: several records at once, one at a time per key. Results are written in the order
 * of the records, with the offset, in one transaction; a record that is not done holds back those behind it. While the
 * breaker is open the partition is paused: nothing is called, failed or moved. While the group rebalances nothing is committed
 * and no call begins; those under way go on, and who keeps the partition goes on with their results.
 */
import { setTimeout as delay } from 'node:timers/promises'
import { reportBatch } from '../batchSpan.ts'
import { RekindleError, runtimeError } from '../errors.ts'
import { afterRecord, intactFuse } from '../fuse.ts'
import type { FuseState } from '../fuse.ts'
import { physicalName } from '../topic.ts'
import type { AnyTopic } from '../topic.ts'
import { traceFields } from '../tracing.ts'
import type { Span } from '../tracing.ts'
import type { FetchedBatch, Held, Place, Turn, Unit } from './unit.ts'
import { deadLetterName, groupName } from './names.ts'
import { inSteps, OverlappingPhases, PhaseClock } from './phaseClock.ts'
import { sources, startingAt } from './sourceOffsets.ts'
import { fits } from './stageOutput.ts'
import { UnitProducer } from './unitProducer.ts'
import type { OutgoingRecord } from './openTransactions.ts'
import { attempt, outgoing, refusal, spanOfJob } from './workerJob.ts'
import type { Job, WorkerContext } from './workerJob.ts'

/** Jobs waiting per running one before the partition is paused. */
const WAITING_PER_RUNNING = 8
const RETRY_MS = { first: 200, most: 5_000 }
const JOBS_PER_TRANSACTION = 500
/** Of one partition of a topic: a broker takes 1 MB of it at once, and a refused transaction has all of its calls made again. */
const BYTES_PER_TRANSACTION = 800_000
const IDLE_COMMIT_MS = 250

export class WorkerUnit implements Unit {
  readonly #context: WorkerContext
  readonly #places: readonly Place[]
  readonly #held: Held<WorkerUnit>
  readonly #producer: UnitProducer
  /** Without a gap from `#from` on, where the group stands as far as is known. */
  #jobs: Job[] = []
  #from = 0n
  readonly #busyKeys = new Set<string>()
  readonly #running = new Set<Promise<void>>()
  #paused = false
  #live = false
  #draining = false
  #givingUp = new AbortController()
  /** Ends waits between calls, not calls. */
  #waits = new AbortController()
  readonly #unwatch: () => void
  #committing: Promise<void> | undefined
  /** Filtered records after the last job, to be committed when there is none. */
  #skippedTo: bigint | undefined
  /** Commits in a row that were not answered well. */
  #refusals = 0
  #idle: NodeJS.Timeout | undefined
  #fuse: FuseState = intactFuse
  readonly #time: OverlappingPhases

  constructor(context: WorkerContext, places: readonly Place[], held: Held<WorkerUnit>) {
    this.#context = context
    this.#places = places
    this.#held = held
    const { worker, group, topicPrefix } = context
    this.#time = new OverlappingPhases(new PhaseClock(context.metrics, group, context.monotonic))
    this.#producer = new UnitProducer({
      ...context,
      unit: held.id,
      topics: [
        ...(worker.outputs as readonly AnyTopic[]).map((topic) => physicalName(topic, topicPrefix)),
        deadLetterName(worker.input as AnyTopic, group, topicPrefix),
      ],
    })
    this.#unwatch = context.gate.watch(() => this.#balance())
  }

  /** Counts the time of what it does, so that a long step is seen before it ends. */
  settleTime(): void {
    this.#time.settle()
  }

  prepare(live: () => boolean, memberId?: string): Promise<ReadonlyMap<string, bigint>> {
    return this.#time.during('restore', () => this.#prepare(live, memberId))
  }

  async #prepare(live: () => boolean, memberId: string | undefined): Promise<ReadonlyMap<string, bigint>> {
    this.#hold()
    while (this.#committing !== undefined) await this.#committing
    const groupId = groupName(this.#context.group, this.#context.topicPrefix)
    await this.#held.during('take over', () => this.#producer.open(memberId))
    const found = await this.#held.during('read offsets', () => sources(this.#context.cluster, groupId, this.#places, live))
    for (const source of found) await this.#keepFrom(startingAt(source, source.committed, groupId), source.end)
    const next = this.#jobs.at(-1)?.nextOffset ?? this.#from
    // Only for the assignment that asked: whoever has the partition after another one stands elsewhere.
    if (live()) this.#goOn()
    return new Map(found.map((source) => [source.topic, next]))
  }

  /**
   * Keeps what was taken in when the group stands at the first job, or where one of our own commits has ended that was not answered.
   * Anywhere else somebody else was here, or records are gone: everything is fetched anew.
   */
  async #keepFrom(from: bigint, end: bigint): Promise<void> {
    const done = from === this.#from ? 0 : this.#jobs.findIndex(({ nextOffset }) => nextOffset === from) + 1
    const isOurs = from === this.#from || (done > 0 && this.#jobs.slice(0, done).every(({ state }) => state === 'done'))
    const isThere = (this.#jobs.at(-1)?.nextOffset ?? from) <= end
    this.#from = from
    this.#skippedTo = undefined
    if (isOurs && isThere) {
      this.#jobs.splice(0, done)
      return
    }
    this.#jobs = []
    this.#givingUp.abort()
    await this.#settle()
    this.#givingUp = new AbortController()
  }

  #goOn(): void {
    this.#paused = false
    this.#waits = new AbortController()
    this.#live = true
    this.#commitDone()
    this.#dispatch()
  }

  async handle(batch: FetchedBatch, turn: Turn): Promise<void> {
    const { wire, worker, gate } = this.#context
    this.#time.fetched(batch.reading)
    // Fetched just before the breaker opened, or by a unit that was prepared meanwhile: it is fetched again later.
    if (gate.state === 'open') {
      this.#paused = true
      this.#held.pause(this.#places)
      return turn.heartbeat()
    }
    const topic = worker.input as AnyTopic
    try {
      const values = batch.records.map(({ value }) => value)
      await this.#time.during('decode', () => wire.prepare(topic, values))
    } catch (error) {
      return this.#held.recover(error)
    }
    if (!turn.live() || !this.#live) return
    const jobs = await this.#time.during('decode', async () =>
      batch.records.map((log): Job => ({
        log,
        key: log.keyText,
        value: log.value === null ? null : wire.decode(topic, log.value),
        headers: log.headersAsText,
        nextOffset: log.offset + 1n,
        state: 'waiting',
        attempts: 0,
        failures: 0,
        result: undefined,
        startMs: undefined,
        endMs: undefined,
      })),
    )
    if (!turn.live() || !this.#live) return
    this.#jobs.push(...jobs)
    const last = this.#jobs.at(-1)
    if (last !== undefined) last.nextOffset = batch.lastOffset + 1n
    turn.resolve(batch.lastOffset)
    this.#balance()
    this.#dispatch()
    await turn.heartbeat()
  }

  skip(_: Place, nextOffset: bigint): void {
    const last = this.#jobs.at(-1)
    if (last !== undefined) last.nextOffset = nextOffset
    // Beside it: of a job that is being committed the offset has been read already.
    this.#skippedTo = nextOffset
    this.#idle ??= setTimeout(() => {
      this.#idle = undefined
      this.#commitDone()
    }, IDLE_COMMIT_MS)
  }

  /** A stop works on: whoever gets the partition fences this producer before it reads where to begin. */
  suspend(): void {
    if (!this.#draining) this.#hold()
  }

  giveUp(): void {
    this.#hold()
    this.#givingUp.abort()
  }

  /** Commits nothing more and begins no call. */
  #hold(): void {
    this.#live = false
    this.#waits.abort()
    clearTimeout(this.#idle)
    this.#idle = undefined
  }

  /** Lets what runs come to its end; what waits stays for the next owner. */
  async drain(): Promise<void> {
    this.#draining = true
    this.#waits.abort()
    await this.#settle()
    this.#commitDone()
    await this.#settle()
  }

  async release(): Promise<void> {
    this.#unwatch()
    this.giveUp()
    await this.#settle()
    this.#time.settle()
    await this.#producer.close()
  }

  async #settle(): Promise<void> {
    const underWay = () => [...this.#running, ...(this.#committing === undefined ? [] : [this.#committing])]
    for (let open = underWay(); open.length > 0; open = underWay()) await Promise.all(open)
  }

  #dispatch(): void {
    if (!this.#live || this.#draining) return
    const blocked = new Set(this.#busyKeys)
    for (const job of this.#jobs) {
      if (this.#running.size >= this.#context.worker.concurrency) return
      if (job.state !== 'waiting') continue
      const key = job.key ?? ''
      if (blocked.has(key)) continue
      // Later records of this key wait even while this one is refused without any work.
      blocked.add(key)
      this.#busyKeys.add(key)
      job.state = 'running'
      const run = this.#time
        .during('wait', () => this.#run(job))
        .finally(() => {
          this.#running.delete(run)
          this.#busyKeys.delete(key)
          this.#commitDone()
          this.#dispatch()
        })
      this.#running.add(run)
    }
  }

  /** Works on one record until it is done, the member fails, or the partition is let go: then it waits for the next owner. */
  async #run(job: Job): Promise<void> {
    const { group, gate, logger, tracer } = this.#context
    job.startMs ??= tracer?.now()
    const refused = refusal(job, group)
    if (refused !== undefined) {
      job.result = refused
      job.state = 'done'
      job.endMs = tracer?.now()
      return
    }
    for (let wait = RETRY_MS.first; ; wait = Math.min(wait * 2, RETRY_MS.most)) {
      const permit = await gate.enter(job.attempts > 0, this.#waits.signal)
      if (permit === undefined) break
      if (this.#waits.signal.aborted) {
        gate.leave(permit, 'given-up')
        break
      }
      job.attempts += 1
      try {
        job.result = await this.#time.during('work', () => attempt(job, this.#context, this.#givingUp.signal))
        job.state = 'done'
        job.endMs = tracer?.now()
        gate.leave(permit, 'success')
        return
      } catch (error) {
        const isGivenUp = this.#givingUp.signal.aborted
        gate.leave(permit, isGivenUp ? 'given-up' : 'failure')
        if (isGivenUp) break
        const place = { offset: String(job.log.offset), partition: job.log.partition, attempt: job.attempts }
        const trace = tracer === undefined ? {} : traceFields(job.headers['traceparent'])
        logger.warn({ ...place, ...trace, breaker: gate.state, err: error }, 'the work failed')
        // An outside that is down says nothing about the record.
        if (gate.state === 'closed') job.failures += 1
        if (!this.#live) break
        if (this.#isTerminal(job, error)) return this.#fail(job, error)
        await delay(wait, undefined, { signal: this.#waits.signal }).catch(() => undefined)
      }
    }
    job.state = 'waiting'
  }

  #isTerminal(job: Job, error: unknown): boolean {
    return job.failures >= this.#context.attempts || (error instanceof RekindleError && !error.retriable)
  }

  #fail({ log, attempts }: Job, cause: unknown): void {
    const place = `${log.topic} ${log.partition}@${log.offset}`
    this.#held.fail(new Error(`worker ${this.#context.worker.name} could not do ${place} in ${attempts} attempts`, { cause }))
  }

  /** Pauses the partition while the breaker is open or too much waits, and resumes it with some room between. */
  #balance(): void {
    if (!this.#live) return
    const { gate, worker } = this.#context
    const most = worker.concurrency * WAITING_PER_RUNNING
    const hold = gate.state === 'open' || this.#jobs.length > (this.#paused ? most / 2 : most)
    if (hold === this.#paused) return
    this.#paused = hold
    if (hold) this.#held.pause(this.#places)
    else this.#held.resume(this.#places)
  }

  /** Commits the finished jobs at the head of the line, again and again until the head is not finished. */
  #commitDone(): void {
    if (!this.#live || this.#committing !== undefined) return
    const head = this.#jobs.findIndex(({ state }) => state !== 'done')
    const done = this.#jobs.slice(0, Math.min(head < 0 ? this.#jobs.length : head, JOBS_PER_TRANSACTION))
    const offset = done.at(-1)?.nextOffset ?? (this.#jobs.length === 0 ? this.#skippedTo : undefined)
    if (offset === undefined) return
    this.#committing = this.#commit(done, offset).finally(() => {
      this.#committing = undefined
      this.#commitDone()
    })
  }

  async #commit(done: readonly Job[], offset: bigint): Promise<void> {
    const { worker, group, metrics } = this.#context
    const [place] = this.#places
    if (place === undefined) return
    let records: OutgoingRecord[]
    try {
      records = done.flatMap((job) => outgoing(job, this.#context))
    } catch (error) {
      // A value that its own schema refuses is a bug of the worker.
      return this.#held.fail(error as Error)
    }
    let fuse = this.#fuse
    for (const { result } of done) fuse = afterRecord(fuse, result?.kind === 'dead-letter', this.#context.fuse)
    if (fuse.blown !== undefined) {
      return this.#held.fail(runtimeError('E_FUSE_BLOWN', `${group} partition ${place.partition} of ${place.topic}: ${fuse.blown}.`))
    }
    const half = done.slice(0, Math.ceil(done.length / 2))
    const end = half.at(-1)?.nextOffset
    // Behind a slow record any number is done; the rest goes in the next one.
    if (end !== undefined && half.length < done.length && !fits(records, BYTES_PER_TRANSACTION)) return this.#commit(half, end)
    const workedMs = this.#context.tracer?.now()
    try {
      await this.#held.during('commit', () =>
        inSteps(this.#time, (onWritten) => this.#producer.commit(records, [{ ...place, offset }], undefined, onWritten)),
      )
      this.#report(done, place.partition, workedMs, false)
    } catch (error) {
      this.#context.sizes.refused(error)
      this.#report(done, place.partition, workedMs, true)
      // What a broker refuses again and again would be sent again at once: the results are still there.
      const wait = this.#refusals === 0 ? 0 : Math.min(RETRY_MS.first * 2 ** this.#refusals, RETRY_MS.most)
      this.#refusals += 1
      if (wait > 0) await delay(wait, undefined, { signal: this.#waits.signal }).catch(() => undefined)
      if (!this.#live) return
      this.#hold()
      this.#held.recover(error)
      return
    }
    this.#refusals = 0
    this.#fuse = fuse
    this.#jobs.splice(0, done.length)
    this.#from = offset
    if (this.#skippedTo !== undefined && this.#skippedTo <= offset) this.#skippedTo = undefined
    for (const { result } of done) {
      const outcome = result?.kind === 'dead-letter' ? 'dead_letter' : result?.kind === 'drop' ? 'dropped' : 'processed'
      metrics.count('lr_kafka_consumed_total', { group, topic: (worker.input as AnyTopic).name, outcome })
      if (result?.kind === 'drop') metrics.count('lr_stage_drops_total', { stage: worker.name, reason: result.reason })
      if (result?.kind === 'dead-letter')
        metrics.count('lr_dlq_records_total', { topic: (worker.input as AnyTopic).name, reason: result.code })
    }
    this.#balance()
  }

  /** The spans of the jobs of one transaction, with a tracer. */
  #report(done: readonly Job[], partition: number, workedMs: number | undefined, failed: boolean): void {
    const { tracer, worker, group } = this.#context
    if (tracer === undefined || workedMs === undefined) return
    const spans = done.map((job) => spanOfJob(job, this.#context)).filter((span): span is Span => span !== undefined)
    const startMs = Math.min(workedMs, ...spans.map((span) => span.startMs))
    const topic = (worker.input as AnyTopic).name
    reportBatch(tracer, spans, { topics: [topic], partition, group, count: done.length, startMs, workedMs, failed })
  }
}
