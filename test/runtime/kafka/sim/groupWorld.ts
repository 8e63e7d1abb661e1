/**
 * Machines with member processes of one group on simulated brokers, each the whole of `runStages`: group member, units, shared
 * transactions, client. And what may happen to them, at any moment of theirs.
 */
import { changelogName, deadLetterName } from '../../../../runtime/kafka/names.ts'
import { ClusterConnection } from '../../../../runtime/kafka/cluster.ts'
import { encodeRecordBatch } from '../../../../runtime/kafka/protocol/recordBatch.ts'
import { RecordSizes } from '../../../../runtime/kafka/recordSizes.ts'
import { runStages } from '../../../../runtime/kafka/stageMember.ts'
import type { RunningMember } from '../../../../runtime/kafka/stageMember.ts'
import type { Workshop } from '../../../../runtime/kafka/workshop.ts'
import type { RuntimeMetrics } from '../../../../runtime/metrics.ts'
import { partitionOf } from '../../../../runtime/murmur2.ts'
import type { AnyStage, Table } from '../../../../runtime/stage.ts'
import { schemaKeyPrefix, stateCodec } from '../../../../runtime/stateEntry.ts'
import { physicalName } from '../../../../runtime/topic.ts'
import type { AnyTopic } from '../../../../runtime/topic.ts'
import { logger } from '../fixtures.ts'
import { Act, acted, counted, echoed, Line, plain, told, urgent } from './actedStages.ts'
import { fetchLoops } from './fetchLoops.ts'
import { simulatedClient } from './simulatedClient.ts'
import type { SimulatedClient, Strike } from './simulatedClient.ts'
import { OFFSETS_TOPIC, SimulatedCluster } from './simulatedCluster.ts'
import { SimulatedProcess, SimulatedTime } from './simulatedTime.ts'
import type { Came, Heard, Left, Written } from './sequentialTelling.ts'

export const PARTITIONS = 4
const GROUP = 'line'
const MACHINES = 3
const inputs = [plain, urgent, told]
/** Small, so that a batch is several transactions and much of it is set aside. */
export const limits = { maxRecords: 3, maxBytes: 1_500, lingerMs: 5 }
const FUSE = { maxConsecutive: 1_000_000, maxRatio: 1, window: 1_000_000 }
const SESSION_MS = 3_000
/** Time in which what a dead member left open is ended: longer than a session and a rebalance, shorter than a broker waits. */
const OPEN_MS = 15_000
/** Producer ids of others, none of a member. */
const OTHERS = 900_000n
/** Longer than a session, a transaction that nobody ends, and the rebalance after it. */
const MOST_MS = 300_000

/** Refuses what a counter refuses. */
const metrics: RuntimeMetrics = {
  count: (name, labels, by = 1) => {
    if (by < 0) throw new Error(`${name} ${JSON.stringify(labels)} is counted back by ${by}`)
  },
  observe: () => undefined,
  set: () => undefined,
}

interface Member {
  readonly process: SimulatedProcess
  readonly client: SimulatedClient
  running: RunningMember | undefined
  readonly strikes: Strike[]
  /** Until when it reaches no broker. */
  cutUntil: number
}

/** A line that a member has said. */
export interface Said {
  readonly key: string
  readonly by: string
  /** Of its value. */
  readonly bytes: number
}

export class GroupWorld {
  readonly time: SimulatedTime
  readonly cluster: SimulatedCluster
  /** What a member could not go on with. */
  readonly failures: Error[] = []
  readonly #members: Member[] = []
  readonly #acts = new Map<string, Record<string, Act[]>>()
  readonly #outside = new Map<string, string[]>()
  #seed: number
  #started = 0
  #others = 0
  #calm = false

  /** The seed decides how long each request and marker takes; 0: all the same. */
  constructor(at: number, seed: number) {
    this.time = new SimulatedTime(at)
    this.#seed = seed
    this.cluster = new SimulatedCluster(this.time, () => this.#draw(6))
    const names = [
      ...[plain, urgent, told, echoed, counted].map((topic) => physicalName(topic, '')),
      ...acted.map(({ name }) => changelogName(name, '')),
      ...[plain, urgent, told, echoed].map((topic) => deadLetterName(topic, GROUP, '')),
    ]
    this.cluster.create(names, PARTITIONS)
  }

  get alive(): readonly Member[] {
    return this.#members.filter(({ process }) => process.life !== 'dead')
  }

  member(number: number): Member | undefined {
    const { alive } = this
    return alive[number % alive.length]
  }

  async start(): Promise<void> {
    if (this.alive.length >= MACHINES) return
    const process = new SimulatedProcess(`process ${(this.#started += 1)}`)
    const strikes: Strike[] = []
    const client = simulatedClient({
      cluster: this.cluster,
      process,
      latencyMs: () => this.#draw(3),
      struck: (request) => this.#struck(strikes, request),
      isCut: () => !this.#calm && this.time.now < member.cutUntil,
      crash: () => this.time.kill(process),
      fetchRecords: 12,
      fetched: fetchLoops(this.time, (loop) => this.failures.push(new Error(`${process.name} ${loop}`))),
    })
    const member: Member = { process, client, running: undefined, strikes, cutUntil: 0 }
    this.#members.push(member)
    await this.time.run(process, () => {
      this.#run(member).catch((error: unknown) => {
        // A process that cannot start ends; that it could not reach the brokers is all that may have kept it from it.
        if (!/the connection broke/.test(String(error))) this.failures.push(error as Error)
        this.#end(member)
      })
    })
  }

  /** A process that has let go, within its budget, has nothing open that would keep it from ending. */
  #end({ process, client }: Member, clean = true): void {
    const open = client.connected()
    if (clean && open > 0) this.failures.push(new Error(`${process.name} has ended with ${open} connections open`))
    this.time.kill(process)
  }

  /** Drains, leaves, ends. */
  async stop(member: Member): Promise<void> {
    const { process, running } = member
    if (running === undefined || process.life !== 'running') return
    await this.time.run(process, () => void running.stop().then((clean) => this.#end(member, clean)))
  }

  kill({ process }: Member): void {
    this.time.kill(process)
  }

  /** The group gives up one of its members. */
  async expel(number: number): Promise<void> {
    const { memberIds } = this.cluster.group(GROUP)
    const id = memberIds[number % memberIds.length]
    if (id !== undefined) await this.time.run(undefined, () => this.cluster.group(GROUP).remove(id))
  }

  /** The member reaches no broker for so long, ms. */
  cut(member: Member, forMs: number): void {
    member.cutUntil = this.time.now + forMs
  }

  strike({ strikes }: Member, strike: Strike): void {
    strikes.push(strike)
  }

  async write(topic: typeof plain | typeof urgent, key: string, act: Act): Promise<void> {
    const own = this.#acts.get(key) ?? {}
    ;(own[topic.name] ??= []).push(act)
    this.#acts.set(key, own)
    await this.#append(topic, key, Act.encode(act))
  }

  /** A line for the echo, from outside. */
  async say(key: string, by: string): Promise<void> {
    this.#outside.set(key, [...(this.#outside.get(key) ?? []), by])
    await this.#append(told, key, Line.encode({ by, count: 0, chain: 0 }))
  }

  /** The same in a transaction of others, which ends some time later. */
  async sayInTransaction(key: string, by: string, endsInMs: number, commit: boolean): Promise<void> {
    if (commit) this.#outside.set(key, [...(this.#outside.get(key) ?? []), by])
    const producerId = OTHERS + BigInt((this.#others += 1))
    await this.#append(told, key, Line.encode({ by, count: 0, chain: 0 }), producerId)
    const log = this.cluster.log(physicalName(told, ''), partitionOf(Buffer.from(key), PARTITIONS))
    this.time.afterFor(undefined, endsInMs, () => void log.mark(producerId, 0, commit, this.time.now))
  }

  /** The next end of a transaction is left out on the partition of the key of a topic, or for the offsets of the group. */
  leaveOut(where: 'told' | 'changelog' | 'offsets', key: string): void {
    if (where === 'offsets') this.cluster.leaveOut(OFFSETS_TOPIC, 0)
    else
      this.cluster.leaveOut(
        where === 'told' ? physicalName(told, '') : changelogName('actor', ''),
        partitionOf(Buffer.from(key), PARTITIONS),
      )
  }

  /** What the actor says of the partition of the key is refused for so long, ms. */
  refuse(key: string, forMs: number): void {
    this.cluster.refuse(physicalName(told, ''), partitionOf(Buffer.from(key), PARTITIONS), this.time.now + forMs)
  }

  /** Whether all acts of the key have been committed. */
  isDone(key: string): boolean {
    const partition = partitionOf(Buffer.from(key), PARTITIONS)
    return [plain, urgent].every((topic) => {
      const name = physicalName(topic, '')
      const { end } = this.cluster.log(name, partition)
      return end === 0 || this.cluster.committed(`${name}#${partition}`, false)?.offset === BigInt(end)
    })
  }

  wait(ms: number): Promise<void> {
    return this.time.until(this.time.now + ms)
  }

  /** No strikes any more; who stands still goes on; resolves when all is done. Throws when it never is. */
  async end(): Promise<void> {
    this.#calm = true
    const calmAt = this.time.now
    for (const until = calmAt + MOST_MS; ;) {
      // Each time: a request that was struck before the calm stops its process when it is answered, after it.
      for (const { process } of this.#members) this.time.thaw(process)
      if (this.alive.length === 0) await this.start()
      await this.wait(500)
      const left = this.#left()
      if (left.length === 0 || this.failures.length > 0) return
      if (this.time.now > calmAt + OPEN_MS && this.cluster.open.length > 0)
        throw new Error(`transactions stay open that nobody has: ${this.cluster.open.join(', ')}`)
      if (this.time.now > until) throw new Error(`it does not end: ${left.join('; ')}; ${this.#told()}`)
    }
  }

  get keys(): readonly string[] {
    return [...new Set([...this.#acts.keys(), ...this.#outside.keys()])]
  }

  written(key: string): Written {
    return { acts: this.#acts.get(key) ?? {}, outside: this.#outside.get(key) ?? [] }
  }

  came(key: string): Came {
    const lines = (topic: AnyTopic) =>
      this.#read(physicalName(topic, ''), key).map((record) => ({
        ...(topic.value.decode(record.value as Buffer) as Line),
        at: record.timestampMs,
      }))
    return {
      told: lines(told).filter(({ by }) => !by.startsWith('outside')),
      echoed: lines(echoed),
      counted: lines(counted),
      deadLetters: [plain, urgent].flatMap((topic) =>
        this.#read(deadLetterName(topic, GROUP, ''), key).map(({ value }) => Act.decode(value as Buffer).id),
      ),
      deadLines: this.#read(deadLetterName(told, GROUP, ''), key).map(({ value }) => Line.decode(value as Buffer).by),
    }
  }

  /** By partition and transaction, the lines that records gave, in the order in which they were written. */
  get transactions(): readonly (readonly Said[])[] {
    const found = new Map<object, Said[]>()
    for (let partition = 0; partition < PARTITIONS; partition += 1)
      for (const { batchContext, keyText, value } of this.cluster.log(physicalName(told, ''), partition).committed()) {
        if (!batchContext.inTransaction) continue
        const lines = found.get(batchContext) ?? []
        const { by } = Line.decode(value as Buffer)
        if (by.startsWith('outside')) continue
        lines.push({ key: keyText ?? '', by, bytes: (value as Buffer).length })
        found.set(batchContext, lines)
      }
    return [...found.values()]
  }

  /** What the changelogs say of a key. */
  kept(key: string): Left {
    const entry = (name: string) => {
      const codec = stateCodec(acted.find((each) => each.name === name) as AnyStage)
      const last = this.#read(changelogName(name, ''), key).at(-1)
      return last === undefined || last.value === null ? undefined : codec.decode(last.value)
    }
    const [actor, echo] = [entry('actor'), entry('echo')]
    return {
      actor: actor === undefined ? undefined : { ...(actor.state as Heard), timers: actor.timers },
      echo: echo?.state as Heard | undefined,
    }
  }

  /** Ends everything, so that nothing goes on after the run. */
  close(): void {
    for (const { process } of this.#members) this.time.kill(process)
  }

  async #run(member: Member): Promise<void> {
    const { kafka, admin } = member.client
    const cluster = await ClusterConnection.open(kafka)
    const { time } = this
    const workshop = {
      kafka,
      admin,
      cluster,
      protocol: 'implicit',
      wire: {
        register: async () => undefined,
        // A registry that is asked now and then: folds begin when it has answered.
        prepare: () => new Promise<void>((resolve) => void (this.#draw(4) === 4 ? time.after(this.#draw(6), resolve) : resolve())),
        decode: (topic: AnyTopic, bytes: Buffer) => topic.value.decode(bytes) as unknown,
        frame: (_: AnyTopic, payload: Buffer) => payload,
      },
      counts: { load: async () => undefined, of: () => PARTITIONS },
      sizes: new RecordSizes(admin, logger),
      logger,
      metrics,
      tracer: undefined,
      topicPrefix: '',
      table: async (): Promise<Table<unknown>> => ({
        get: () => ({ count: time.now, chain: 0 }),
        entries: () => [],
      }),
    } as unknown as Workshop
    const running = await runStages(workshop, {
      ...limits,
      group: GROUP,
      stages: acted,
      fuse: FUSE,
      sessionTimeoutMs: SESSION_MS,
      onFatal: (error) => {
        if (member.process.life === 'dead') return
        this.failures.push(error)
        this.time.kill(member.process)
      },
    }).catch(async (error: unknown) => {
      await cluster.close()
      throw error
    })
    const stop = async () => {
      const clean = await running.stop()
      await cluster.close()
      return clean
    }
    member.running = {
      get ready() {
        return running.ready
      },
      get tasks() {
        return running.tasks
      },
      stop,
    }
  }

  #struck(strikes: Strike[], request: string): Strike | undefined {
    if (this.#calm) return undefined
    const at = strikes.findIndex((each) => each.request === request)
    const strike = strikes[at]
    if (strike === undefined) return undefined
    if (strike.passing > 0) {
      strikes[at] = { ...strike, passing: strike.passing - 1 }
      return undefined
    }
    strikes.splice(at, 1)
    return strike
  }

  /** What is not done yet. */
  #left(): readonly string[] {
    const places = inputs.flatMap((topic) =>
      Array.from({ length: PARTITIONS }, (_, partition) => ({ topic: physicalName(topic, ''), partition })),
    )
    const behind = places.flatMap(({ topic, partition }) => {
      const { end, stable } = this.cluster.log(topic, partition)
      const committed = this.cluster.committed(`${topic}#${partition}`, false)?.offset ?? 0n
      return committed === BigInt(end) && stable === end ? [] : [`${topic}#${partition} is at ${committed} of ${stable} of ${end}`]
    })
    const waiting = this.keys.filter((key) => Object.keys(this.kept(key).actor?.timers ?? {}).length > 0)
    return [...behind, ...this.cluster.open.map((place) => `${place} is open`), ...waiting.map((key) => `timers of ${key}`)]
  }

  #told(): string {
    return this.alive
      .map(({ process, running }) => `${process.name}: ${JSON.stringify(running?.tasks.map(({ id, state, step }) => [id, state, step]))}`)
      .join('; ')
  }

  #read(topic: string, key: string) {
    const partition = partitionOf(Buffer.from(key), PARTITIONS)
    if (key.startsWith(schemaKeyPrefix)) return []
    return this.cluster
      .log(topic, partition)
      .committed()
      .filter((record) => record.keyText === key)
  }

  async #append(topic: AnyTopic, key: string, value: Buffer, producerId = -1n): Promise<void> {
    const bytes = await encodeRecordBatch([{ key: Buffer.from(key), value, timestamp: this.time.now, headers: {} }], {
      producerId,
      producerEpoch: producerId < 0n ? -1 : 0,
      firstSequence: producerId < 0n ? -1 : 0,
      transactional: producerId >= 0n,
    })
    await this.cluster.log(physicalName(topic, ''), partitionOf(Buffer.from(key), PARTITIONS)).append(bytes)
  }

  /** From 1 to `most`, ms. */
  #draw(most: number): number {
    if (this.#seed === 0) return 1
    this.#seed = (Math.imul(this.#seed, 1664525) + 1013904223) >>> 0
    return 1 + ((this.#seed >>> 8) % most)
  }
}
