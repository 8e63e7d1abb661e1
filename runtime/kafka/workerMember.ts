/**
 * Runs a worker as a member of a group: several records at once per partition, one at a time per key. Results are written
 * in the order of the records, with the offset, in one transaction; a record that is not done holds back those behind it.
 */
import { setTimeout as delay } from 'node:timers/promises'
import { RekindleError, runtimeError } from '../errors.ts'
import { afterRecord, defaultFuseLimits, intactFuse } from '../fuse.ts'
import type { FuseLimits, FuseState } from '../fuse.ts'
import { deterministicId } from '../ids.ts'
import { deadLetter, drop } from '../outcome.ts'
import { partitionOf } from '../murmur2.ts'
import { groupHeader, Undecodable } from '../task.ts'
import { physicalName } from '../topic.ts'
import type { AnyTopic } from '../topic.ts'
import type { Worker, WorkResult } from '../worker.ts'
import { deadLetterRecord, isReplayForOthers } from './deadLetters.ts'
import { GroupMember } from './groupMember.ts'
import type { FetchedBatch, Held, Place, Turn, Unit } from './unit.ts'
import { watchLag } from './lagWatch.ts'
import { deadLetterName, groupName } from './names.ts'
import { textHeaders } from './partitionReader.ts'
import type { LogRecord } from './partitionReader.ts'
import { sources, startingAt } from './sourceOffsets.ts'
import { runningMember } from './stageMember.ts'
import type { MemberOptions, RunningMember, Workshop } from './stageMember.ts'
import { UnitProducer } from './unitProducer.ts'
import type { OutgoingRecord } from './unitProducer.ts'

// eslint-disable-next-line @typescript-eslint/no-explicit-any -- a worker of any topics
export type AnyWorker = Worker<any, any>

export interface WorkerMemberOptions<W extends AnyWorker = AnyWorker> extends MemberOptions {
  readonly worker: W
  readonly fuse?: FuseLimits
  /** Attempts at one record before the process replays; 5 unless given. */
  readonly attempts?: number
}

interface Context extends Workshop {
  readonly group: string
  readonly worker: AnyWorker
  readonly fuse: FuseLimits
  readonly attempts: number
}

interface Job {
  readonly log: LogRecord
  readonly key: string | null
  readonly value: unknown
  readonly headers: Readonly<Record<string, string>>
  /** Offset to commit when everything up to this job is done. */
  nextOffset: bigint
  state: 'waiting' | 'running' | 'done'
  attempts: number
  result: WorkResult<AnyTopic> | undefined
}

/** Jobs waiting per running one before the partition is paused. */
const WAITING_PER_RUNNING = 8
const RETRY_MS = { first: 200, most: 5_000 }
const JOBS_PER_TRANSACTION = 500
const IDLE_COMMIT_MS = 250

class WorkerUnit implements Unit {
  readonly #context: Context
  readonly #places: readonly Place[]
  readonly #held: Held<WorkerUnit>
  readonly #producer: UnitProducer
  #jobs: Job[] = []
  readonly #busyKeys = new Set<string>()
  readonly #running = new Set<Promise<void>>()
  #paused = false
  #live = false
  #draining = false
  #givingUp = new AbortController()
  #committing: Promise<void> | undefined
  /** Filtered records after the last job, to be committed when there is none. */
  #skippedTo: bigint | undefined
  #idle: NodeJS.Timeout | undefined
  #fuse: FuseState = intactFuse

  constructor(context: Context, places: readonly Place[], held: Held<WorkerUnit>) {
    this.#context = context
    this.#places = places
    this.#held = held
    const { worker, group, topicPrefix } = context
    this.#producer = new UnitProducer({
      ...context,
      unit: held.id,
      topics: [
        ...(worker.outputs as readonly AnyTopic[]).map((topic) => physicalName(topic, topicPrefix)),
        deadLetterName(worker.input as AnyTopic, group, topicPrefix),
      ],
    })
  }

  async prepare(): Promise<ReadonlyMap<string, bigint>> {
    await this.#quiet()
    const groupId = groupName(this.#context.group, this.#context.topicPrefix)
    await this.#held.during('take over', () => this.#producer.open())
    const found = await this.#held.during('read offsets', () => sources(this.#context.cluster, groupId, this.#places))
    this.#jobs = []
    this.#skippedTo = undefined
    this.#paused = false
    this.#givingUp = new AbortController()
    this.#live = true
    return new Map(found.map((source) => [source.topic, startingAt(source, source.committed, groupId)]))
  }

  async handle(batch: FetchedBatch, turn: Turn): Promise<void> {
    const { wire, worker } = this.#context
    const topic = worker.input as AnyTopic
    try {
      await wire.prepare(
        topic,
        batch.records.map(({ value }) => value),
      )
    } catch (error) {
      return this.#held.recover(error)
    }
    if (!turn.live() || !this.#live) return
    for (const log of batch.records) {
      this.#jobs.push({
        log,
        key: log.key === null ? null : log.key.toString('utf8'),
        value: log.value === null ? null : wire.decode(topic, log.value),
        headers: textHeaders(log.headers),
        nextOffset: log.offset + 1n,
        state: 'waiting',
        attempts: 0,
        result: undefined,
      })
    }
    const last = this.#jobs.at(-1)
    if (last !== undefined) last.nextOffset = batch.lastOffset + 1n
    turn.resolve(batch.lastOffset)
    if (!this.#paused && this.#jobs.length > worker.concurrency * WAITING_PER_RUNNING) {
      this.#paused = true
      this.#held.pause(this.#places)
    }
    this.#dispatch()
    await turn.heartbeat()
  }

  skip(_: Place, nextOffset: bigint): void {
    const last = this.#jobs.at(-1)
    if (last !== undefined) last.nextOffset = nextOffset
    else this.#skippedTo = nextOffset
    this.#idle ??= setTimeout(() => {
      this.#idle = undefined
      this.#commitDone()
    }, IDLE_COMMIT_MS)
  }

  suspend(): void {
    this.#live = false
    this.#givingUp.abort()
    clearTimeout(this.#idle)
    this.#idle = undefined
  }

  /** Lets what runs come to its end; what waits stays for the next owner. */
  async drain(): Promise<void> {
    this.#draining = true
    await this.#settle()
    this.#commitDone()
    await this.#settle()
  }

  async release(): Promise<void> {
    await this.#quiet()
    await this.#producer.drop()
  }

  async #quiet(): Promise<void> {
    this.suspend()
    await this.#settle()
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
      const run = this.#run(job).finally(() => {
        this.#running.delete(run)
        this.#busyKeys.delete(key)
        this.#commitDone()
        this.#dispatch()
      })
      this.#running.add(run)
    }
  }

  async #run(job: Job): Promise<void> {
    const refused = this.#refusal(job)
    if (refused !== undefined) {
      job.result = refused
      job.state = 'done'
      return
    }
    const { worker, logger, attempts } = this.#context
    for (let wait = RETRY_MS.first; this.#live; wait = Math.min(wait * 2, RETRY_MS.most)) {
      job.attempts += 1
      try {
        job.result = await this.#attempt(job)
        job.state = 'done'
        return
      } catch (error) {
        if (!this.#live) return
        const place = { offset: String(job.log.offset), partition: job.log.partition, attempt: job.attempts }
        logger.warn({ ...place, err: error }, 'the work failed')
        if (job.attempts >= attempts || (error instanceof RekindleError && !error.retriable)) {
          return this.#held.fail(
            new Error(
              `worker ${worker.name} could not do ${job.log.topic} ${job.log.partition}@${job.log.offset} in ${job.attempts} attempts`,
              { cause: error },
            ),
          )
        }
        await delay(wait, undefined, { signal: this.#givingUp.signal }).catch(() => undefined)
      }
    }
  }

  #refusal({ log, key, value }: Job): WorkResult<AnyTopic> | undefined {
    if (isReplayForOthers(log.headers, log.topic, this.#context.group)) return drop('replay_for_others')
    if (value instanceof Undecodable) return deadLetter('E_RECORD_UNDECODABLE', { reason: value.reason })
    if (key === null) return deadLetter('E_RECORD_KEY_MISSING')
    return value === null ? drop('tombstone') : undefined
  }

  async #attempt(job: Job): Promise<WorkResult<AnyTopic>> {
    const { worker, group } = this.#context
    const { log, headers } = job
    const key = job.key as string
    const deadline = new AbortController()
    const name = `work on ${log.topic} ${log.partition}@${log.offset}`
    const timer = setTimeout(
      () => deadline.abort(runtimeError('E_TASK_STUCK', `${name} took longer than ${worker.deadlineMs} ms.`)),
      worker.deadlineMs,
    )
    const signal = AbortSignal.any([deadline.signal, this.#givingUp.signal])
    // A handler that does not listen to its signal is left behind; its late answer counts for nothing.
    const ended = new Promise<never>((_, reject) => signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true }))
    const topic = (worker.input as AnyTopic).name
    try {
      return (await Promise.race([
        worker.handle(
          { topic, key, value: job.value, timestamp: log.timestamp, headers },
          {
            key,
            at: log.timestamp,
            signal,
            idempotencyKey: `${group}:${topic}:${log.partition}:${log.offset}`,
            id: (...parts) => deterministicId(worker.name, key, ...parts),
          },
        ),
        ended,
      ])) as WorkResult<AnyTopic>
    } finally {
      clearTimeout(timer)
    }
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
    const { worker, group, metrics, topicPrefix } = this.#context
    let fuse = this.#fuse
    for (const { result } of done) fuse = afterRecord(fuse, result?.kind === 'dead-letter', this.#context.fuse)
    const [place] = this.#places
    if (place === undefined) return
    if (fuse.blown !== undefined) {
      return this.#held.fail(runtimeError('E_FUSE_BLOWN', `${group} partition ${place.partition} of ${place.topic}: ${fuse.blown}.`))
    }
    let outgoing: OutgoingRecord[]
    try {
      outgoing = done.flatMap((job) => this.#outgoing(job))
    } catch (error) {
      // A value that its own schema refuses is a bug of the worker.
      return this.#held.fail(error as Error)
    }
    try {
      await this.#held.during('commit', () => this.#producer.commit(outgoing, [{ ...place, offset }]))
    } catch (error) {
      if (this.#live) this.#held.recover(error)
      return
    }
    this.#fuse = fuse
    this.#jobs.splice(0, done.length)
    if (this.#skippedTo !== undefined && this.#skippedTo <= offset) this.#skippedTo = undefined
    for (const { result } of done) {
      const outcome = result?.kind === 'dead-letter' ? 'dead_letter' : result?.kind === 'drop' ? 'dropped' : 'processed'
      metrics.count('lr_kafka_consumed_total', { group, topic: (worker.input as AnyTopic).name, outcome })
      if (result?.kind === 'drop') metrics.count('lr_stage_drops_total', { stage: worker.name, reason: result.reason })
      if (result?.kind === 'dead-letter')
        metrics.count('lr_dlq_records_total', { topic: physicalName(worker.input as AnyTopic, topicPrefix), reason: result.code })
    }
    if (this.#paused && this.#live && this.#jobs.length <= (worker.concurrency * WAITING_PER_RUNNING) / 2) {
      this.#paused = false
      this.#held.resume(this.#places)
    }
  }

  #outgoing({ log, key, headers, result, attempts }: Job): OutgoingRecord[] {
    const { worker, group, wire, counts, topicPrefix } = this.#context
    if (result === undefined || result.kind === 'drop') return []
    if (result.kind === 'dead-letter') {
      const reason = {
        topic: worker.input as AnyTopic,
        group,
        step: worker.name,
        code: result.code,
        detail: result.detail,
        attempts: Math.max(1, attempts),
      }
      return [deadLetterRecord(log, reason, topicPrefix, Date.now())]
    }
    return result.emit.map((emission, ordinal): OutgoingRecord => {
      const name = physicalName(emission.topic, topicPrefix)
      const to = emission.key ?? (key as string)
      const { traceparent } = headers
      return {
        topic: name,
        partition: partitionOf(to, counts.of(name)),
        key: to,
        value: emission.value === null ? null : wire.encode(emission.topic, emission.value as never),
        timestamp: log.timestamp,
        headers: {
          [groupHeader]: group,
          ce_specversion: '1.0',
          ce_id: deterministicId(
            worker.name,
            to,
            emission.topic.name,
            headers['ce_id'] ?? `${log.topic}-${log.partition}@${log.offset}`,
            ordinal,
          ),
          ce_source: `rekindle/${worker.name}`,
          ce_type: emission.topic.value.name,
          'content-type': 'application/avro',
          ...(traceparent === undefined ? {} : { traceparent }),
          ...emission.headers,
        },
      }
    })
  }
}

/** Starts the member; resolves when the group is joined. */
export async function runWorker<W extends AnyWorker>(workshop: Workshop, options: WorkerMemberOptions<W>): Promise<RunningMember> {
  const { group } = options
  const worker: AnyWorker = options.worker
  const { topicPrefix } = workshop
  const input = worker.input as AnyTopic
  const outputs = worker.outputs as readonly AnyTopic[]
  const logger = workshop.logger.child({ group, worker: worker.name })
  await workshop.wire.register([input, ...outputs])
  await workshop.counts.load([
    ...[input, ...outputs].map((topic) => physicalName(topic, topicPrefix)),
    deadLetterName(input, group, topicPrefix),
  ])
  const context: Context = { ...workshop, logger, group, worker, fuse: options.fuse ?? defaultFuseLimits, attempts: options.attempts ?? 5 }
  const member = new GroupMember<WorkerUnit>({
    kafka: workshop.kafka,
    admin: workshop.admin,
    groupId: groupName(group, topicPrefix),
    topics: [physicalName(input, topicPrefix)],
    assignment: 'co-partitioned',
    logger,
    unit: (_, places, held) => new WorkerUnit(context, places, held),
    onFatal: (error) => options.onFatal(error),
    onJoin: () => workshop.metrics.count('lr_kafka_rebalances_total', { group }),
    ...(options.stuckMs === undefined ? {} : { stuckMs: options.stuckMs }),
    ...(options.sessionTimeoutMs === undefined ? {} : { sessionTimeoutMs: options.sessionTimeoutMs }),
  })
  await member.start()
  const stopWatching = watchLag({ ...context, topics: [input] })
  return runningMember(member, options.signal, async () => stopWatching())
}
