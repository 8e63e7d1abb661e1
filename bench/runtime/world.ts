/**
 * What the parts share: the engines of this run, inputs that are written once, and one way to run a competitor on them
 * and to check what it wrote. Every run has topics, group and state of its own, which are deleted after it.
 */
import { availableParallelism, loadavg } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import pino from 'pino'
import { createClient } from '../../runtime/kafka/client.ts'
import { connectKafka } from '../../runtime/kafka/connectKafka.ts'
import type { KafkaConnection } from '../../runtime/kafka/connectKafka.ts'
import { SchemaRegistry } from '../../runtime/kafka/registry.ts'
import { changelogName, groupName } from '../../runtime/kafka/names.ts'
import { physicalName } from '../../runtime/topic.ts'
import type { Topic } from '../../runtime/topic.ts'
import type { Stack } from '../../stack/stack.ts'
import { cpuSeconds, machineCpuSeconds } from '../cpu.ts'
import { rounded } from '../percentiles.ts'
import type { Target } from '../percentiles.ts'
import { paceOf } from './progress.ts'
import type { Pace, Reading } from './progress.ts'
import { startNode } from './processes.ts'
import type { Running } from './processes.ts'
import type { BareInput } from './bareProcess.ts'
import type { StageInput } from './stageProcess.ts'
import { buildStreamsPeer, startStreams } from './streamsPeer.ts'
import type { StreamsPeer } from './streamsPeer.ts'
import { EachOrderOnce, TotalsOfEachKey } from './resultCheck.ts'
import { CountedOrder, counterName, counterStage, countedTopic, keyNumber, keyOf, keyText, orderOf, ordersTopic } from './workload.ts'
import type { Order, Workload } from './workload.ts'

export interface WorldOptions {
  readonly stack: Stack
  readonly folder: string
  readonly quick: boolean
  readonly say: (text: string) => void
}

/** An input: its topic, and what is on it. */
export interface LaidInput {
  readonly orders: Topic<string, Order>
  readonly partitions: number
  readonly workload: Workload
  /** Records that are not measured: compilers and caches warm up on them. */
  readonly warmUp: number
}

/** How a competitor is started on an input. */
export interface Competitor {
  readonly name: string
  /** Creates what it needs and starts its processes. */
  start(run: string, input: Pick<LaidInput, 'orders' | 'partitions'>): Promise<readonly Running[]>
  /** Whether its outputs carry totals, to be checked too. */
  readonly totals: boolean
}

const PREFIX = 'bench.'
const LOOK_EVERY_MS = 100
/** A competitor that does not move for this long is stuck. */
const STILL_MS = 60_000

export class World {
  readonly quick: boolean
  readonly say: (text: string) => void
  readonly folder: string
  readonly targets: Target[] = []
  readonly #stack: Stack
  readonly #kafka: KafkaConnection
  readonly #admin: ReturnType<ReturnType<typeof createClient>['admin']>
  readonly #inputs = new Map<string, Promise<LaidInput>>()
  #peer: Promise<StreamsPeer> | undefined
  #runs = 0

  private constructor(options: WorldOptions, kafka: KafkaConnection, admin: ReturnType<ReturnType<typeof createClient>['admin']>) {
    this.quick = options.quick
    this.say = options.say
    this.folder = options.folder
    this.#stack = options.stack
    this.#kafka = kafka
    this.#admin = admin
  }

  static async open(options: WorldOptions): Promise<World> {
    const { kafkaBrokers: brokers, registryUrl } = options.stack.addresses
    const logger = pino({ level: 'warn' })
    const kafka = await connectKafka({ brokers, clientId: 'bench', topicPrefix: PREFIX, registryUrl, logger })
    const admin = createClient({ brokers, clientId: 'bench-admin', logger }).admin()
    await admin.connect()
    return new World(options, kafka, admin)
  }

  async close(): Promise<void> {
    await this.#admin.disconnect()
    await this.#kafka.close()
  }

  /** Where processes of their own connect. */
  get addresses(): { readonly brokers: readonly string[]; readonly registryUrl: string; readonly prefix: string } {
    const { kafkaBrokers: brokers, registryUrl } = this.#stack.addresses
    return { brokers, registryUrl, prefix: PREFIX }
  }

  /** CPU of the broker so far, s. */
  brokerCpu(): number {
    const pid = this.#stack.engines.find(({ name }) => name === 'kafka')?.pid
    const seconds = pid === undefined ? undefined : cpuSeconds(pid)
    if (seconds === undefined) throw new Error('the CPU time of the broker cannot be read: /proc is needed')
    return seconds
  }

  /** A heading with the load that others put on the machine. */
  begin(title: string): void {
    this.say(`\n## ${title}\n${availableParallelism()} cores, load before ${loadavg().map(rounded).join(' ')}`)
  }

  newRun(kind: string): string {
    this.#runs += 1
    return `${kind}-${this.#runs}`
  }

  /** An input of this shape; written at the first call, kept for the others. */
  input(partitions: number, workload: Workload, warmUp: number): Promise<LaidInput> {
    const name = `orders-${partitions}-${workload.keys}-${workload.records}`
    let laid = this.#inputs.get(name)
    if (laid === undefined) this.#inputs.set(name, (laid = this.#lay(name, partitions, workload, warmUp)))
    return laid
  }

  /** Creates empty topics for orders that are sent live. */
  async liveTopic(name: string, partitions: number): Promise<Topic<string, Order>> {
    const orders = ordersTopic(name)
    await this.#kafka.applyTopics([orders], { partitions, replicationFactor: 1 })
    await this.#kafka.registerSchemas([orders])
    return orders
  }

  async #lay(name: string, partitions: number, workload: Workload, warmUp: number): Promise<LaidInput> {
    const orders = await this.liveTopic(name, partitions)
    const began = performance.now()
    await this.sendMore({ orders, workload }, 0, workload.records)
    const seconds = (performance.now() - began) / 1000
    this.say(`(${workload.records} orders of ${workload.keys} customers on ${partitions} partitions, laid in ${rounded(seconds)} s)`)
    return { orders, partitions, workload, warmUp }
  }

  /** Writes `count` orders from `firstSeq` on, as the product's producer does; resolves when all are stored. */
  async sendMore({ orders, workload }: Pick<LaidInput, 'orders' | 'workload'>, firstSeq: number, count: number): Promise<void> {
    const producer = this.#kafka.producer({ lingerMs: 5, maxBufferedBytes: 256 << 20, deadlineMs: 60_000 })
    const placedAt = Date.now()
    let open: Promise<unknown>[] = []
    for (let seq = firstSeq; seq < firstSeq + count; seq++) {
      open.push(producer.send(orders, keyText(keyOf(seq, workload)), orderOf(seq, placedAt)))
      if (open.length < 5_000) continue
      await Promise.all(open)
      open = []
    }
    await Promise.all(open)
    await producer.close()
  }

  /** Resolves when the group has done everything on its input. */
  async caughtUp(run: string, { orders }: Pick<LaidInput, 'orders'>): Promise<void> {
    for (const until = performance.now() + 300_000; ;) {
      if ((await this.#kafka.lag(run, [orders])).every(({ lag }) => lag === 0n)) return
      if (performance.now() > until) throw new Error(`${run} does not get through its input`)
      await delay(LOOK_EVERY_MS)
    }
  }

  /** The next record on the output of a run. */
  nextOutput(run: string): { readonly arrived: Promise<void>; stop(): Promise<void> } {
    const watching = new AbortController()
    let note: () => void = () => undefined
    const arrived = new Promise<void>((resolve) => (note = resolve))
    const watched = this.#kafka.tail(countedTopic(run), { from: 'now', signal: watching.signal }, () => note())
    return {
      arrived: Promise.race([arrived, watched]),
      async stop() {
        watching.abort()
        await watched
      },
    }
  }

  /** Ours: the stage in `members` processes. */
  stage(members = 1, options: { readonly lingerMs?: number; readonly nodeOptions?: readonly string[] } = {}): Competitor {
    return {
      name: members === 1 ? 'stage' : `stage, ${members} processes`,
      totals: true,
      start: async (run, { orders, partitions }) => {
        await this.prepareRun(run, orders, partitions)
        return Array.from({ length: members }, () => this.startMember(run, orders, options))
      },
    }
  }

  /** One more member of a run whose topics are there. */
  startMember(
    run: string,
    orders: Topic<string, Order>,
    options: Pick<StageInput, 'lingerMs' | 'stateDir' | 'joinTickMs'> & { readonly nodeOptions?: readonly string[] } = {},
  ): Running {
    const { nodeOptions = [], ...settings } = options
    const input: StageInput = { ...this.addresses, run, orders: orders.name, ...settings }
    return startNode('stageProcess.ts', input, nodeOptions)
  }

  /** The loop of the client; `slice` 1 and concurrency 1 make it the naive one. */
  bare(
    name: string,
    options: { readonly slice: number; readonly concurrency?: number; readonly headers: boolean; readonly nodeOptions?: readonly string[] },
  ): Competitor {
    return {
      name,
      totals: false,
      start: async (run, { orders, partitions }) => {
        await this.prepareRun(run, orders, partitions)
        const input: BareInput = {
          brokers: this.addresses.brokers,
          group: groupName(run, PREFIX),
          orders: physicalName(orders, PREFIX),
          output: physicalName(countedTopic(run), PREFIX),
          changelog: changelogName(counterName(run), PREFIX),
          partitions,
          slice: options.slice,
          concurrency: options.concurrency ?? partitions,
          headers: options.headers,
        }
        return [startNode('bareProcess.ts', input, options.nodeOptions)]
      },
    }
  }

  /** Kafka Streams doing the same. */
  streams({ cached }: { readonly cached: boolean }): Competitor {
    return {
      name: cached ? 'kafka streams' : 'kafka streams, no cache',
      totals: true,
      start: async (run, { orders, partitions }) => {
        this.#peer ??= buildStreamsPeer(join(this.folder, 'kafka-streams'), this.say)
        const peer = await this.#peer
        await this.prepareRun(run, orders, partitions)
        const registry = new SchemaRegistry({ url: this.addresses.registryUrl })
        const output = physicalName(countedTopic(run), PREFIX)
        const schemaId = await registry.register(`${output}-value`, CountedOrder.definition, 'BACKWARD_TRANSITIVE')
        return [
          startStreams(peer, {
            brokers: this.addresses.brokers,
            applicationId: groupName(run, PREFIX),
            orders: physicalName(orders, PREFIX),
            output,
            schemaId,
            stateFolder: join(this.folder, 'state', run),
            cached,
          }),
        ]
      },
    }
  }

  /** Output, changelog and dead-letter topics of a run, the same for every competitor. */
  async prepareRun(run: string, orders: Topic<string, Order>, partitions: number): Promise<void> {
    const members = [{ group: run, stages: [counterStage(run, orders)] }]
    await this.#kafka.applyTopics([countedTopic(run)], { partitions, replicationFactor: 1, members })
  }

  /** Runs a competitor over the whole input, checks its output, deletes its topics. */
  async race(competitor: Competitor, input: LaidInput, options: { readonly until?: number } = {}): Promise<Pace> {
    const run = this.newRun('run')
    const members = await competitor.start(run, input)
    const records = options.until ?? input.workload.records
    try {
      const readings = await this.#watch(run, input, members, records)
      const pace = paceOf(readings, Math.min(input.warmUp, records / 4), records)
      for (const member of members) await member.end()
      if (records === input.workload.records) await this.checkOutput(run, input.workload, competitor.totals)
      this.say(
        `${competitor.name.padEnd(28)} ${rounded(pace.perSecond).padStart(7)} records/s in ${rounded(pace.seconds)} s; CPU a record: ${rounded(pace.memberMicros)} µs, broker ${rounded(pace.brokerMicros)} µs; others had ${pace.otherCores.toFixed(2)} cores`,
      )
      return pace
    } finally {
      await Promise.allSettled(members.map((member) => member.end()))
      await this.deleteRun(run)
    }
  }

  /** Readings of the group's committed offsets until it has done `records`. */
  async #watch(run: string, { orders }: LaidInput, members: readonly Running[], records: number): Promise<Reading[]> {
    const readings: Reading[] = []
    let ended: Error | undefined
    for (const member of members)
      member.ended.then(
        () => (ended = new Error('a competitor ended before its work was done')),
        (error: unknown) => (ended = error as Error),
      )
    for (let movedAt = performance.now(), done = 0; done < records;) {
      if (ended !== undefined) throw ended
      const lags = await this.#kafka.lag(run, [orders])
      const now = lags.reduce((sum, { committed = 0n }) => sum + Number(committed), 0)
      const at = performance.now()
      if (now > done) movedAt = at
      else if (at - movedAt > STILL_MS) throw new Error(`${run} has stood at ${done} of ${records} records for ${STILL_MS} ms`)
      done = now
      const memberCpu = members.reduce((sum, member) => sum + member.cpu(), 0)
      const brokerCpu = this.brokerCpu()
      readings.push({ at, done, memberCpu, brokerCpu, otherCpu: othersCpu(memberCpu + brokerCpu) })
      await delay(LOOK_EVERY_MS)
    }
    return readings
  }

  /** Reads the whole output of a run; throws when it is not what the input asks for. */
  async checkOutput(run: string, workload: Workload, totals: boolean): Promise<void> {
    const check = totals ? new TotalsOfEachKey(workload) : new EachOrderOnce(workload)
    const signal = AbortSignal.timeout(300_000)
    // A copy is written with the schema of the orders, which the fields of the totals cannot be read from.
    const topic = totals ? countedTopic(run) : { ...ordersTopic('orders'), name: countedTopic(run).name }
    await this.#kafka.tail(topic, { from: 'beginning', untilEnd: true, signal }, ({ key, value, undecodable }) => {
      if (key === null || value === null || value === undefined)
        throw new Error(`an output cannot be read: ${undecodable ?? 'no key or value'}`)
      check.take(keyNumber(key), value as CountedOrder)
    })
    check.finish()
  }

  /** Frees the disk: what a run wrote is not needed once it is checked. */
  async deleteRun(run: string): Promise<void> {
    const own = (await this.#admin.listTopics()).filter((topic) => topic.includes(run))
    if (own.length > 0) await this.#admin.deleteTopics({ topics: own.filter((topic) => new RegExp(`${run}(\\D|$)`).test(topic)) })
  }
}

/** CPU that neither the measured processes (`own`, s) nor this one had so far, s. */
export function othersCpu(own: number): number {
  const machine = machineCpuSeconds()
  if (machine === undefined) throw new Error('the CPU time of the machine cannot be read: /proc is needed')
  return machine.busy + machine.stolen - own - (cpuSeconds(process.pid) ?? 0)
}
