/**
 * Sends orders to a run at a steady rate and notes when the outputs of each partition arrive at a live read-committed
 * reader. An output that is doubled, wrong or out of the order of its key ends the load with an error.
 */
import { setTimeout as delay } from 'node:timers/promises'
import pino from 'pino'
import { connectKafka } from '../../runtime/kafka/connectKafka.ts'
import type { KafkaConnection } from '../../runtime/kafka/connectKafka.ts'
import type { Topic } from '../../runtime/topic.ts'
import { countedTopic, keyNumber, keyOf, keyText, orderOf } from './workload.ts'
import type { Order, Workload } from './workload.ts'
import type { World } from './world.ts'

export interface SteadyLoadOptions {
  readonly run: string
  readonly orders: Topic<string, Order>
  readonly partitions: number
  readonly workload: Workload
  /** Number of the first order that is sent; those before are on the topic already. */
  readonly firstSeq: number
  readonly perSecond: number
}

const ARRIVE_WITHIN_MS = 60_000

export class SteadyLoad {
  /** When outputs arrived, ms since the epoch, by partition. */
  readonly arrivals: readonly number[][]
  readonly #options: SteadyLoadOptions
  readonly #kafka: KafkaConnection
  readonly #ending = new AbortController()
  readonly #watching = new AbortController()
  readonly #work: Promise<[number, void]>
  #arrived = 0

  private constructor(options: SteadyLoadOptions, kafka: KafkaConnection) {
    this.#options = options
    this.#kafka = kafka
    this.arrivals = Array.from({ length: options.partitions }, () => [])
    this.#work = Promise.all([this.#send(), this.#watch()])
    // Whoever stops it sees it; nobody waits before.
    this.#work.catch(() => undefined)
  }

  /** The members must be there, with nothing left to do. */
  static async start(world: World, options: SteadyLoadOptions): Promise<SteadyLoad> {
    const { brokers, registryUrl, prefix } = world.addresses
    const logger = pino({ level: 'warn' }, pino.destination(2))
    const kafka = await connectKafka({ brokers, clientId: 'steady-load', topicPrefix: prefix, registryUrl, logger })
    await kafka.registerSchemas([options.orders])
    return new SteadyLoad(options, kafka)
  }

  /** Ends when all that was sent has arrived; returns how many orders the run has got by now, those before the load included. */
  async stop(): Promise<number> {
    this.#ending.abort()
    const [sent] = await this.#work
    await this.#kafka.close()
    return sent
  }

  async #send(): Promise<number> {
    const { orders, workload, firstSeq, perSecond } = this.#options
    const producer = this.#kafka.producer({ lingerMs: 5, deadlineMs: 60_000 })
    await producer.connect()
    const began = performance.now()
    let seq = firstSeq
    let open: Promise<unknown>[] = []
    while (!this.#ending.signal.aborted) {
      const due = firstSeq + Math.floor(((performance.now() - began) * perSecond) / 1000)
      for (; seq < due; seq++) open.push(producer.send(orders, keyText(keyOf(seq, workload)), orderOf(seq, Date.now())))
      await delay(2)
      if (open.length < perSecond) continue
      await Promise.all(open)
      open = []
    }
    await Promise.all(open)
    await producer.close()
    for (const until = performance.now() + ARRIVE_WITHIN_MS; this.#arrived < seq - firstSeq && performance.now() < until;) await delay(20)
    this.#watching.abort()
    return seq
  }

  async #watch(): Promise<void> {
    const { run, firstSeq, workload } = this.#options
    const last = new Map<number, number>()
    await this.#kafka.tail(countedTopic(run), { from: 'beginning', signal: this.#watching.signal }, ({ partition, key, value }) => {
      if (key === null || value === null || value === undefined) throw new Error('an output cannot be read')
      const number = keyNumber(key)
      if (number !== keyOf(value.seq, workload) || value.seq <= (last.get(number) ?? -1))
        throw new Error(`${key}: order ${value.seq} came after order ${String(last.get(number))}`)
      last.set(number, value.seq)
      if (value.seq < firstSeq) return
      this.arrivals[partition]?.push(Date.now())
      this.#arrived += 1
    })
  }
}
