/**
 * One member process of a group on the broker in memory, with real units of stages: it is given partitions, reads, commits
 * and starts over as `GroupMember` has it, and can be killed or frozen at each of its requests, also without the group
 * knowing.
 */
import type { BrokerClient, Membership, StoredRecord } from '../../../runtime/broker.ts'
import { LagBook } from '../../../runtime/kafka/lagBook.ts'
import { topicsWrittenBy } from '../../../runtime/kafka/names.ts'
import type { FetchedLog } from '../../../runtime/kafka/partitionReader.ts'
import { StageUnit } from '../../../runtime/kafka/stageUnit.ts'
import type { StageUnitContext } from '../../../runtime/kafka/stageUnitContext.ts'
import { Held } from '../../../runtime/kafka/unit.ts'
import type { Turn } from '../../../runtime/kafka/unit.ts'
import { isFenced, UnitProducer } from '../../../runtime/kafka/unitProducer.ts'
import { OwnTransactions } from '../../../runtime/kafka/unitTransactions.ts'
import { noMetrics } from '../../../runtime/metrics.ts'
import type { AnyStage } from '../../../runtime/stage.ts'
import type { UnitState } from '../../../runtime/state/unitState.ts'
import { physicalName } from '../../../runtime/topic.ts'
import type { AnyTopic } from '../../../runtime/topic.ts'
import { topologyOf, topologyText } from '../../../runtime/topology.ts'
import { logger } from './fixtures.ts'
import { memoryConnection } from './memoryConnection.ts'
import type { StepName } from './memoryConnection.ts'
import { sizesOf } from './standIn.ts'

/** What happens once at the next step of that name, before it reaches the broker or after the broker has done it. */
export interface Strike {
  readonly step: StepName | 'heartbeat'
  readonly when: 'before' | 'after'
  /** The process ends; it stands still; its request fails, or the answer is lost. */
  readonly how: 'crash' | 'freeze' | 'refuse'
}

export interface MemberWorks {
  readonly client: BrokerClient
  readonly group: string
  readonly stages: readonly AnyStage[]
  readonly inputs: readonly AnyTopic[]
  readonly partitions: number
  /** Opens the state of a partition on the machine of the member. */
  state(partition: number): UnitState
  now(): number
}

interface Owned {
  readonly held: Held<StageUnit>
  readonly positions: Map<string, bigint>
  /** Raised when what it had in hand is no longer its own. */
  epoch: number
}

/** Small, so that a batch is several transactions, and due timers of one partition too. */
const limits = { maxRecords: 3, maxMs: 1_000_000, maxBytes: 2_000, lingerMs: 0 }
const FUSE = { maxConsecutive: 1_000_000, maxRatio: 1, window: 1_000_000 }
/** More rounds without an end are an endless loop. */
const MOST_ROUNDS = 100
const never = new Promise<never>(() => undefined)

export class ModelMember {
  life: 'running' | 'frozen' | 'dead' = 'running'
  strike: Strike | undefined
  /** Partitions that are its own by the word of the group. */
  readonly partitions = new Set<number>()
  readonly failures: unknown[] = []
  readonly #works: MemberWorks
  readonly #context: StageUnitContext
  readonly #units = new Map<number, Owned>()
  readonly #states = new Map<number, UnitState>()
  #membership: Membership | undefined
  #isLeaving = false
  /** The group gave it up and it has not heard of it. */
  #isUnaware = false
  #halt!: () => void
  #halted!: Promise<void>
  #thaw: () => void = () => undefined
  #thawed: Promise<void> = Promise.resolve()

  constructor(works: MemberWorks) {
    this.#works = works
    this.#context = this.#contextOf(works)
    this.#runs()
  }

  get isMember(): boolean {
    return this.#membership !== undefined
  }

  /** What it holds of the state of a partition. */
  stateOf(partition: number): UnitState | undefined {
    return this.#states.get(partition)
  }

  async join(): Promise<void> {
    const { client, group, inputs } = this.#works
    this.#isUnaware = false
    this.#membership = await client.join(
      group,
      inputs.map((topic) => physicalName(topic, '')),
      {
        assigned: async (partitions) => {
          for (const partition of partitions) this.partitions.add(partition)
          await this.#unlessHalted(Promise.all(partitions.map((partition) => this.#begin(partition))))
        },
        revoked: async (partitions) => {
          for (const partition of partitions) this.partitions.delete(partition)
          if (this.life !== 'running' || this.#isUnaware) return
          await this.#unlessHalted(Promise.all(partitions.map((partition) => this.#release(partition))))
        },
      },
    )
    // What it held while it was not a member and was not given again.
    await this.#unlessHalted(
      Promise.all(
        [...this.#units.keys()].filter((partition) => !this.partitions.has(partition)).map((partition) => this.#release(partition)),
      ),
    )
  }

  /** Drains, leaves, ends. */
  async leave(): Promise<void> {
    this.#isLeaving = true
    await this.#given()
    await this.#unlessHalted(Promise.all([...this.#units.keys()].map((partition) => this.#release(partition))))
    if (this.life === 'running') await this.kill()
  }

  /** The group gives it up, as after a session without a heartbeat. The process hears of it when it is fenced. */
  async expel(): Promise<void> {
    this.#isUnaware = true
    await this.#given()
  }

  /** Whatever another one's joining or leaving did: it keeps its units and takes each over anew. */
  async rebalanced(): Promise<void> {
    if (this.life === 'running') await this.#unlessHalted(Promise.all([...this.partitions].map((partition) => this.#begin(partition))))
  }

  /** The process ends. The broker and the group are not told. */
  async kill(): Promise<void> {
    if (this.life === 'dead') return
    this.life = 'dead'
    this.#halt()
    for (const { held } of this.#units.values()) if (held.state !== 'closed' && held.state !== 'failed') held.move('failed')
    await Promise.all([...this.#states.values()].map((state) => state.close('dirty')))
  }

  /** It goes on in the middle of what it was doing. */
  async thaw(): Promise<void> {
    if (this.life !== 'frozen') return
    this.#runs()
    this.#thaw()
    await this.settle()
    const given = [...this.partitions].filter((partition) => this.#units.get(partition)?.held.ready !== true)
    await this.#unlessHalted(Promise.all(given.map((partition) => this.#begin(partition))))
  }

  /** Fetches up to so many records of each place and hands them to the units. True when there were any. */
  async poll(maxRecords: number): Promise<boolean> {
    let found = false
    for (const [partition, owned] of [...this.#units]) {
      for (const { topic } of owned.held.places) {
        if (this.life !== 'running' || !owned.held.ready) break
        const from = owned.positions.get(topic) as bigint
        const { records, next } = await this.#works.client.fetch(topic, partition, from, maxRecords)
        if (next === from) continue
        found = true
        if (records.length === 0) {
          owned.held.unit.skip({ topic, partition }, next)
          owned.positions.set(topic, next)
        } else await this.#unlessHalted(this.#handle(owned, { topic, partition, records: records.map(fetched), lastOffset: next - 1n }))
        await this.settle()
      }
    }
    return found
  }

  /** Writes what of the state is not on the disk yet, as it does now and then. */
  checkpoint(): void {
    if (this.life !== 'running') return
    for (const { stores } of this.#states.values()) for (const store of stores.values()) store.checkpoint()
  }

  /** Resolves when everything that was begun has ended or stands still. */
  async settle(): Promise<void> {
    // What a step asks for while it runs, as starting over, comes behind what was asked for meanwhile: so once more after it.
    for (let round = 0; this.life === 'running' && (round < 2 || this.#isStartingOver()); round += 1) {
      if (round === MOST_ROUNDS)
        throw new Error(`units do not start over: ${[...this.#units.values()].map(({ held }) => held.state).join()}`)
      await this.#unlessHalted(Promise.all([...this.#units.values()].map(({ held }) => held.serially(async () => undefined))))
    }
  }

  #isStartingOver(): boolean {
    return this.failures.length === 0 && [...this.#units.values()].some(({ held }) => !held.ready)
  }

  async #given(): Promise<void> {
    const membership = this.#membership
    this.#membership = undefined
    await membership?.leave()
  }

  #runs(): void {
    this.life = 'running'
    this.#halted = new Promise((resolve) => (this.#halt = resolve))
  }

  async #unlessHalted(work: Promise<unknown>): Promise<void> {
    await Promise.race([work, this.#halted])
  }

  async #step<R>(name: StepName | 'heartbeat', work: () => Promise<R>): Promise<R> {
    do await this.#alive()
    while (this.life !== 'running')
    const strike = this.strike?.step === name ? this.strike : undefined
    if (strike !== undefined) this.strike = undefined
    try {
      if (strike?.when === 'before') await this.#struck(strike)
      const result = await work()
      if (strike?.when === 'after') await this.#struck(strike)
      return result
    } finally {
      await this.#alive()
    }
  }

  /** Whatever a frozen process asks stands still with it; what it works out alone nobody sees. Requests of a dead one never end. */
  async #alive(): Promise<void> {
    while (this.life === 'frozen') await this.#thawed
    if (this.life === 'dead') await never
  }

  async #struck({ how }: Strike): Promise<void> {
    if (how === 'refuse') throw new Error('the connection broke')
    if (how === 'crash') {
      await this.kill()
      return never
    }
    await this.#freeze()
  }

  async #freeze(): Promise<void> {
    if (this.life === 'running') {
      this.life = 'frozen'
      this.#thawed = new Promise((resolve) => (this.#thaw = resolve))
      this.#halt()
    }
    await this.#alive()
  }

  /** Takes the partition over, or over again. */
  async #begin(partition: number): Promise<void> {
    if (this.life !== 'running') return
    const owned = this.#units.get(partition) ?? this.#take(partition)
    this.#withhold(owned)
    const { epoch } = owned
    await owned.held.serially(() => this.#prepare(owned, epoch))
  }

  #take(partition: number): Owned {
    const places = this.#works.inputs.map((topic) => ({ topic: physicalName(topic, ''), partition }))
    const held = new Held<StageUnit>(String(partition), places, {
      recover: (_, error) => this.#recover(partition, error),
      fail: (error) => this.failures.push(error),
      pause: () => undefined,
      resume: () => undefined,
    })
    held.unit = new StageUnit(this.#context, places, held)
    const owned: Owned = { held, positions: new Map(), epoch: 0 }
    this.#units.set(partition, owned)
    return owned
  }

  async #prepare(owned: Owned, epoch: number): Promise<void> {
    const live = () => owned.epoch === epoch && this.life !== 'dead'
    while (live()) {
      try {
        owned.held.move('restoring')
        const offsets = await owned.held.unit.prepare(live)
        if (!live()) return
        for (const [topic, offset] of offsets) owned.positions.set(topic, offset)
        owned.held.move('running')
        return
      } catch (error) {
        if (!/the connection broke/.test(String(error)) && !isFenced(error)) return void this.failures.push(error)
      }
    }
  }

  #withhold(owned: Owned): void {
    owned.epoch += 1
    const { held } = owned
    if (held.state === 'running' || held.state === 'restoring') held.move('assigned')
  }

  #recover(partition: number, error: unknown): void {
    const owned = this.#units.get(partition)
    if (owned === undefined || this.life === 'dead') return
    const { held } = owned
    if (isFenced(error) && held.ready) held.move('fenced')
    this.#withhold(owned)
    const { epoch } = owned
    void held.serially(async () => {
      if (held.ready || this.life === 'dead') return
      // Whoever was fenced first asks whether it still belongs to the group.
      if (!isFenced(error) || this.partitions.has(partition)) return this.#prepare(owned, epoch)
      void this.#release(partition)
    })
  }

  async #release(partition: number): Promise<void> {
    const owned = this.#units.get(partition)
    if (owned === undefined) return
    const { held } = owned
    const worked = held.ready
    this.#units.delete(partition)
    if (this.#isLeaving && worked) held.move('draining')
    else this.#withhold(owned)
    await held.serially(async () => {
      if (this.life === 'dead') return
      if (this.#isLeaving && worked && held.state === 'draining') await held.unit.drain()
      await held.unit.release()
      this.#states.delete(partition)
      held.move('closed')
    })
  }

  async #handle(owned: Owned, batch: { topic: string; partition: number; records: FetchedLog[]; lastOffset: bigint }): Promise<void> {
    const { held, epoch } = owned
    const turn: Turn = {
      live: () => owned.epoch === epoch && held.ready && this.life !== 'dead',
      resolve: (offset) => {
        if (owned.epoch === epoch) owned.positions.set(batch.topic, offset + 1n)
      },
      heartbeat: () => this.#step('heartbeat', async () => undefined),
    }
    try {
      await held.serially(async () => {
        if (turn.live()) await held.unit.handle(batch, turn)
      })
    } catch {
      // A rebalance was announced in the middle of the batch: what is left of it is fetched again after the next join.
      if (this.partitions.has(batch.partition)) await this.#begin(batch.partition)
      else await this.#release(batch.partition)
    }
  }

  #contextOf({ client, group, stages, inputs, partitions, state, now }: MemberWorks): StageUnitContext {
    const physical = inputs.map((topic) => physicalName(topic, ''))
    const connection = memoryConnection({
      ...{ client, group, partitions, inputs: physical, metadata: topologyText(topologyOf(stages)) },
      step: (name, work) => this.#step(name, work),
      // Only one that was replaced finds such a transaction: its own successor's. Time stands still, so it does too.
      waits: () => this.#freeze(),
    })
    const made = { ...connection, protocol: 'classic' as const, logger, metrics: noMetrics, topicPrefix: '', group }
    const topics = topicsWrittenBy(group, stages, '')
    return {
      ...made,
      transactions: (unit: number) => new OwnTransactions(new UnitProducer({ ...made, unit, topics }), made),
      wire: {
        prepare: async () => undefined,
        decode: (topic: AnyTopic, bytes: Buffer) => topic.value.decode(bytes) as unknown,
        frame: (_: AnyTopic, payload: Buffer) => payload,
      },
      counts: { of: () => partitions },
      sizes: sizesOf({}),
      tracer: undefined,
      stages,
      tables: new Map(),
      inputs: new Map(inputs.map((topic) => [physicalName(topic, ''), topic])),
      priorityOf: () => 0,
      ranked: false,
      limits,
      fuse: FUSE,
      lagBook: new LagBook(),
      state: async (partition: number) => {
        const opened = state(partition)
        this.#states.set(partition, opened)
        return opened
      },
      now,
    } as unknown as StageUnitContext
  }
}

function fetched(record: StoredRecord): FetchedLog {
  const { key, value, headers } = record
  return { ...record, keyText: key === null ? null : key.toString('utf8'), valueSize: value?.length ?? 0, headersAsText: headers }
}
