/**
 * Membership in a consumer group, the same for stages, workers and sinks: joins, leaves, and what each unit (one partition number of
 * every input) is told of it. At each join a unit is paused first and then prepared (`prepareUnit.ts`). No unit is touched by two steps at
 * once, and none works on after its epoch has passed.
 */
import type { Consumer, EachBatchPayload } from 'kafkajs'
import { RekindleError } from '../errors.ts'
import { nextTick } from '../joinTick.ts'
import { aligned, coPartitioned } from './assignor.ts'
import { byTopic } from './byPlace.ts'
import { createConsumer } from './client.ts'
import type { BatchReading } from './corrections.ts'
import { FetchedLogRecord } from './partitionReader.ts'
import type { FetchedRecord } from './protocol/recordBatchReader.ts'
import { typeOf } from './errorType.ts'
import type { Membership } from './protocol/committing.ts'
import type { GroupMemberOptions } from './groupMemberOptions.ts'
import { prepareUnit } from './prepareUnit.ts'
import { watchMember } from './memberWatch.ts'
import { generationOf } from './joinCorrections.ts'
import { askForStandbys } from './askForStandbys.ts'
import { StopBudget, untilAborted } from './stopBudget.ts'
import { claimsAfter } from './stickyAssignment.ts'
import type { Claims } from './stickyAssignment.ts'
import type { TaskState } from './taskState.ts'
import { Held } from './unit.ts'
import type { FetchedBatch, Place, Turn, Unit } from './unit.ts'
import { isFenced } from './unitProducer.ts'

export interface TaskReport {
  /** Partition number. */
  readonly id: string
  readonly state: TaskState
  /** ms since the epoch. */
  readonly since: number
  /** The step under way, if any. */
  readonly step: string | undefined
}

/** Batches of different partitions handled at the same time. */
const CONCURRENCY = 16
/** Answers to a heartbeat after which the client joins anew. */
const REJOINED = new Set(['REBALANCE_IN_PROGRESS', 'ILLEGAL_GENERATION', 'NOT_COORDINATOR_FOR_GROUP', 'UNKNOWN_MEMBER_ID'])
/** A minute: longer than any rebalance (45 s) and any request (30 s). */
export const STUCK_MS = 60_000
/** How often a confirmation is looked for, ms. */
const CONFIRM_MS = 50
/** What a stop keeps of its budget for draining and leaving when it waits for a tick, ms. */
const DRAIN_MS = 5_000

export class GroupMember<U extends Unit> {
  readonly #options: GroupMemberOptions<U>
  readonly #consumer: Consumer
  #claims: Claims = { since: 0, items: [] }
  readonly #units = new Map<string, Held<U>>()
  #epoch = 0
  #heartbeats = 0
  /** Last join or accepted heartbeat, ms of `performance.now()`. */
  #lastSignAt = performance.now()
  #assignment: Readonly<Record<string, readonly number[]>> = {}
  #membership: Membership = { memberId: '', generationId: -1 }
  /** A rebalance was announced and no join has followed yet. */
  #rejoining = false
  #draining = false
  #closing = false
  #fatal = false
  #start: { joined(): void; failed(error: Error): void } | undefined
  /** Aborted by an error that ends the member: nothing is waited for then. */
  readonly #failed = new AbortController()
  readonly #watch: { stop(): void }

  constructor(options: GroupMemberOptions<U>) {
    this.#options = options
    const assignor = options.assignment === 'co-partitioned' ? coPartitioned : aligned
    const config = {
      groupId: options.groupId,
      partitionAssigners: [assignor(() => ({ ...this.#claims, ...(options.standby && { standbys: options.standby.kept }) }))],
      ...(options.minBytes === undefined ? {} : { minBytes: options.minBytes }),
      ...(options.maxWaitMs === undefined ? {} : { maxWaitTimeInMs: options.maxWaitMs }),
      ...(options.maxBytesPerPartition === undefined ? {} : { maxBytesPerPartition: options.maxBytesPerPartition }),
      ...(options.sessionTimeoutMs === undefined ? {} : { sessionTimeout: options.sessionTimeoutMs }),
    }
    this.#consumer = createConsumer(options.kafka, config, () => !this.#closing)
    this.#listen()
    this.#watch = watchMember({
      groupId: options.groupId,
      limitMs: options.stuckMs ?? STUCK_MS,
      admin: options.admin,
      logger: options.logger,
      tasks: () => [...this.#units.values()],
      lastSignAt: () => (this.#start === undefined && !this.#closing ? this.#lastSignAt : undefined),
      failed: () => this.#fatal,
      fail: (error) => this.fail(error),
      onStates: (counts) => options.onStates?.(counts),
    })
  }

  /** Units that are prepared and working. */
  get ready(): readonly U[] {
    return [...this.#units.values()].filter(({ ready }) => ready).map(({ unit }) => unit)
  }
  get readyIds(): readonly string[] {
    return [...this.#units.values()].filter(({ ready }) => ready).map(({ id }) => id)
  }
  /** What each task is, since when, and the step it is in. */
  get tasks(): readonly TaskReport[] {
    return this.units.map(({ id, state, stateSince, steps }) => ({ id, state, since: stateSince, step: steps[0]?.name }))
  }
  get units(): readonly Held<U>[] {
    return [...this.#units.values()]
  }

  /** Resolves when the group was joined for the first time, or was not to be joined any more; throws what keeps it from that. */
  async start(): Promise<void> {
    const joined = new Promise<void>((resolve, reject) => (this.#start = { joined: resolve, failed: reject }))
    joined.catch(() => undefined)
    try {
      await this.#consumer.connect()
      await this.#consumer.subscribe({ topics: [...this.#options.topics], fromBeginning: true })
      // Connected before the tick: what a join still needs then takes as little as it can.
      await this.#waitForTick('join', this.#options.signal)
      if (this.#options.signal?.aborted === true) return
      const running = this.#consumer.run({
        autoCommit: false,
        eachBatchAutoResolve: false,
        partitionsConsumedConcurrently: CONCURRENCY,
        eachBatch: (payload) => this.#each(payload),
      })
      // A join may not be answered for as long as brokers are away, or another member keeps the group waiting.
      await untilAborted(Promise.all([running, joined]), this.#options.signal)
    } catch (error) {
      this.#watch.stop()
      await this.#consumer.disconnect()
      throw error
    }
  }

  /**
   * Works on until the tick, drains, leaves the group, releases the units; gives up waiting after `budgetMs`. Returns false
   * when it had to.
   */
  async stop(budgetMs: number): Promise<boolean> {
    const budget = new StopBudget(budgetMs, this.#options.logger)
    if (this.#start === undefined) await this.#waitForTick('leave', this.#options.hurry, budgetMs - DRAIN_MS)
    this.#closing = true
    // A batch that is refused on a partition that flows would be fetched again at once, thousands of times a second.
    for (const { places } of this.units) this.pause(places)
    const drained = await budget.within(
      'drain',
      Promise.all(
        this.units.map((held) => {
          const worked = held.ready
          if (held.state !== 'failed') held.move('draining')
          return held.serially(async () => worked && held.state === 'draining' && held.unit.drain())
        }),
      ),
    )
    // What is late would be done beside the next owner.
    for (const { unit } of this.units) unit.giveUp?.()
    this.#epoch += 1
    const left = await budget.within('leave', this.#consumer.disconnect())
    this.#options.logger.info({ drained, left }, 'left the group')
    const released = await budget.within('release', Promise.all(this.units.map((held) => this.#release(held))))
    this.#watch.stop()
    return drained && left && released
  }

  async #waitForTick(to: 'join' | 'leave', cut: AbortSignal | undefined, atMostMs?: number): Promise<void> {
    const { tick, logger } = this.#options
    if (tick === undefined || tick.everyMs === 0) return
    logger.info({ everyMs: tick.everyMs, to }, 'waits for the tick')
    await nextTick(tick, [this.#failed.signal, cut], atMostMs)
  }

  pause(places: readonly Place[]): void {
    this.#safely(() => this.#consumer.pause(byTopic(places)))
  }

  /** True while the unit is prepared, in the current epoch, and nothing asks it to let go. */
  isLive(held: Held<U>): boolean {
    return held.ready && !this.#draining && !this.#fatal
  }

  /** Stops working and hands the error to the owner of the process; later ones are only logged. */
  fail(error: Error): void {
    this.#options.logger.error({ err: error }, 'the member cannot go on')
    if (this.#fatal) return
    this.#fatal = true
    this.#failed.abort()
    this.#suspend()
    for (const held of this.#units.values()) {
      held.unit.giveUp?.()
      if (held.state !== 'closed') held.move('failed')
      this.pause(held.places)
    }
    if (this.#start === undefined) this.#options.onFatal(error)
    else this.#start.failed(error)
  }

  #listen(): void {
    const { GROUP_JOIN, REBALANCING, CRASH, STOP, END_BATCH_PROCESS, HEARTBEAT } = this.#consumer.events
    this.#consumer.on(HEARTBEAT, ({ payload: { memberId, groupGenerationId } }) => {
      this.#safely(() => this.#onHeartbeat({ memberId, generationId: groupGenerationId }))
    })
    // Listeners run synchronously in the middle of the client's own work: an exception in one would break the join.
    this.#consumer.on(GROUP_JOIN, ({ payload }) => {
      const { memberId, memberAssignment } = payload
      this.#membership = { memberId, generationId: generationOf(payload) }
      this.#safely(() => this.#onJoin(memberAssignment))
    })
    this.#consumer.on(REBALANCING, () => {
      this.#suspend()
      this.#rejoining = true
    })
    this.#consumer.on(STOP, () => this.#suspend())
    this.#consumer.on(CRASH, ({ payload: { error, restart } }) => {
      this.#suspend()
      if (this.#closing) this.#options.logger.debug({ error: String(error) }, 'the consumer failed while it was stopped')
      else if (!restart) this.fail(rootOf(error))
      else this.#options.logger.warn({ error: String(error) }, 'the consumer restarts itself')
    })
    this.#consumer.on(END_BATCH_PROCESS, ({ payload: { topic, partition, batchSize, lastOffset } }) => {
      if (batchSize === 0) this.#heldFor({ topic, partition })?.unit.skip({ topic, partition }, BigInt(lastOffset) + 1n)
    })
  }

  /**
   * Usually a join follows an announced rebalance. When the coordinator is just loading after a restart, that join fails
   * and the client goes on as the member it was; an accepted heartbeat of the old generation says that it still is. One of a later generation
   * says nothing of what the member has there: taken for its old assignment, it would work in that generation beside the owner, and no fence
   * would know.
   */
  #onHeartbeat(membership: Membership): void {
    if (membership.generationId !== this.#membership.generationId) return
    this.#heartbeats += 1
    this.#lastSignAt = performance.now()
    if (!this.#rejoining) return
    this.#membership = membership
    this.#onJoin(this.#assignment)
  }

  #suspend(): void {
    this.#epoch += 1
    this.#rejoining = false
    for (const held of this.#units.values()) this.#withhold(held)
  }

  #withhold(held: Held<U>): void {
    if (held.state === 'running' || held.state === 'restoring') held.move('assigned')
    held.unit.suspend?.()
  }

  #onJoin(assignment: Readonly<Record<string, readonly number[]>>): void {
    const epoch = (this.#epoch += 1)
    this.#draining = false
    this.#rejoining = false
    this.#assignment = assignment
    this.#lastSignAt = performance.now()
    const places = Object.entries(assignment).flatMap(([topic, partitions]) => partitions.map((partition) => ({ topic, partition })))
    this.#consumer.pause(byTopic(places))
    const mine = new Map<string, Place[]>()
    for (const place of places) mine.set(this.#idOf(place), [...(mine.get(this.#idOf(place)) ?? []), place])
    this.#claims = claimsAfter(this.#claims, [...mine.keys()], Date.now())
    this.#options.onJoin?.(this.#membership, [...mine.keys()])
    const leaving = new Map<string, Promise<void>>()
    for (const held of this.#units.values()) {
      this.#withhold(held)
      // One topic may have got more partitions since: a unit has the places that it was made with.
      if (sameTopics(held.places, mine.get(held.id) ?? [])) continue
      this.#units.delete(held.id)
      leaving.set(held.id, this.#release(held))
    }
    for (const [id, own] of mine) {
      const held = this.#units.get(id) ?? this.#take(id, own)
      void held.serially(async () => {
        await leaving.get(id)
        await this.#prepare(held, epoch)
      })
    }
    this.#options.logger.info({ units: [...mine.keys()], epoch }, 'joined')
    this.#start?.joined()
    this.#start = undefined
    const { standby } = this.#options
    if (standby === undefined) return
    const question = { ...this.#options, memberId: this.#membership.memberId, live: () => epoch === this.#epoch }
    void askForStandbys({ ...question, answer: (ids) => standby.keep(ids, [...mine.keys()]) })
  }

  #take(id: string, places: readonly Place[]): Held<U> {
    const held = new Held<U>(id, places, {
      recover: (unit, error) => this.#recover(unit, error),
      fail: (error) => this.fail(error),
      pause: (some) => this.pause(some),
      resume: (some) => this.#safely(() => this.#consumer.resume(byTopic(some))),
    })
    held.unit = this.#options.unit(id, places, held)
    this.#units.set(id, held)
    return held
  }

  #prepare(held: Held<U>, epoch: number): Promise<void> {
    const live = () => epoch === this.#epoch && !this.#closing && !this.#fatal
    return prepareUnit(held, {
      live,
      memberId: () => this.#membership.memberId,
      seek: (position) => this.#consumer.seek(position),
      resume: (places) => this.#consumer.resume(byTopic(places)),
      fail: (error) => this.fail(error),
      logger: this.#options.logger,
    })
  }

  /**
   * Not serial itself: it is called from inside the unit's own step and takes effect after it. What trying again cannot mend ends the
   * member, as when a unit is prepared.
   */
  #recover(held: Held<U>, error: unknown): void {
    this.#options.logger.warn({ unit: held.id, error: String(error) }, 'a unit starts over after an error')
    if (isFenced(error) && held.ready) held.move('fenced')
    this.#withhold(held)
    this.pause(held.places)
    if (this.#units.get(held.id) !== held) return
    if (error instanceof RekindleError && !error.retriable) return this.fail(error)
    const epoch = this.#epoch
    void held.serially(async () => {
      // A join has come meanwhile, and with it what mends the unit.
      if (held.ready) return
      // A member that slept may find itself replaced. Initialising its producer anew would fence the rightful owner, so
      // it first has the coordinator confirm that it still belongs to the group.
      if (isFenced(error)) await held.during('confirm membership', () => this.#confirmed(epoch))
      await this.#prepare(held, epoch)
    })
  }

  /** Resolves at the next heartbeat the coordinator accepts, or when the epoch has passed. */
  #confirmed(epoch: number): Promise<void> {
    return new Promise((resolve) => {
      const since = this.#heartbeats
      const check = setInterval(() => {
        if (epoch === this.#epoch && this.#heartbeats === since && !this.#closing) return
        clearInterval(check)
        resolve()
      }, CONFIRM_MS)
    })
  }

  #release(held: Held<U>): Promise<void> {
    this.#withhold(held)
    held.unit.giveUp?.()
    return held
      .serially(async () => {
        await held.unit.release()
        held.move('closed')
      })
      .catch((error: unknown) => {
        this.#options.logger.warn({ unit: held.id, error: String(error) }, 'a unit was not released cleanly')
      })
  }

  async #each(payload: EachBatchPayload): Promise<void> {
    const { topic, partition, messages } = payload.batch
    const held = this.#heldFor({ topic, partition })
    if (held === undefined) return
    const epoch = this.#epoch
    const turn: Turn = {
      live: () => epoch === this.#epoch && this.isLive(held) && !this.#closing && payload.isRunning() && !payload.isStale(),
      resolve: (offset) => payload.resolveOffset(String(offset)),
      heartbeat: async () => {
        try {
          await payload.heartbeat()
        } catch (error) {
          // The client hands the other batches of the same fetch on even now; they return at once. A broker that is away
          // is no reason: the client goes on without a join after it, and nothing would end the draining.
          if (REJOINED.has(typeOf(error) ?? '')) this.#draining = true
          throw error
        }
      },
    }
    // Also one that was fetched before a seek: once the next fetch has begun, the client says of it no more that it is stale.
    if (!turn.live()) return
    const batch: FetchedBatch = {
      topic,
      partition,
      lastOffset: BigInt(payload.batch.lastOffset()),
      reading: (payload.batch as Partial<BatchReading>).reading,
      // The corrected client hands on what its new decoder made, under a type of its own.
      records: (messages as unknown as FetchedRecord[]).map((record) => new FetchedLogRecord(topic, partition, record)),
    }
    held.unit.expect?.(batch, turn)
    await held.serially(async () => {
      if (turn.live()) await held.unit.handle(batch, turn)
    })
  }

  #heldFor(place: Place): Held<U> | undefined {
    return this.#units.get(this.#idOf(place))
  }

  #idOf({ partition }: Place): string {
    return String(partition)
  }

  #safely(work: () => void): void {
    try {
      work()
    } catch (error) {
      // pause, seek and resume throw while the consumer restarts; the next join does all of it again.
      this.#options.logger.debug({ error: String(error) }, 'the consumer is between two lives')
    }
  }
}

/** Of one partition number. */
function sameTopics(before: readonly Place[], now: readonly Place[]): boolean {
  return before.length === now.length && now.every(({ topic }) => before.some((one) => one.topic === topic))
}

function rootOf(error: Error): Error {
  return error.cause instanceof Error ? rootOf(error.cause) : error
}
