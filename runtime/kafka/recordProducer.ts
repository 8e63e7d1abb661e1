/**
 * Writes single records with acks from all replicas: gathers what comes within a few milliseconds into one request and
 * answers each caller with its own partition and offset. A broker that is away rejects by the deadline, never hangs.
 */
import { randomUUID } from 'node:crypto'
import { setTimeout as delay } from 'node:timers/promises'
import type { Kafka, Message, Producer } from 'kafkajs'
import type { Logger } from 'pino'
import { RekindleError, runtimeError } from '../errors.ts'
import type { RuntimeMetrics } from '../metrics.ts'
import { partitionOf } from '../murmur2.ts'
import { physicalName } from '../topic.ts'
import type { AnyTopic, ValueOf } from '../topic.ts'
import { createIdempotentProducer } from './client.ts'
import { compressionFor } from './corrections.ts'
import { kafkaError } from './errors.ts'
import { typeOf } from './errorType.ts'
import { rightsMissing } from './refusals.ts'
import type { TopicCounts } from './topicCounts.ts'
import type { WireFormat } from './wireFormat.ts'

export interface ProducerOptions {
  /** How long a record may wait for company, ms. */
  readonly lingerMs?: number
  /** Records of one request at most. */
  readonly maxRecords?: number
  /** Bytes that may wait or be in flight; beyond it `send` rejects with E_PRODUCER_FULL. */
  readonly maxBufferedBytes?: number
  /** A record that is not acknowledged by then is rejected with E_BROKER_UNREACHABLE, ms. */
  readonly deadlineMs?: number
}

export interface SendOptions {
  readonly headers?: Readonly<Record<string, string>>
  /** Timestamp of the record, ms; the time of sending when left out. */
  readonly timestamp?: number
}

export interface Stored {
  readonly partition: number
  readonly offset: bigint
}

interface Waiting {
  readonly topic: string
  readonly key: string
  readonly message: Omit<Message, 'partition'>
  readonly bytes: number
  readonly resolve: (stored: Stored) => void
  readonly reject: (error: Error) => void
  settled: boolean
}

interface Parts {
  readonly kafka: Kafka
  readonly wire: WireFormat
  readonly counts: TopicCounts
  readonly topicPrefix: string
  readonly clientId: string
  readonly logger: Logger
  readonly metrics: RuntimeMetrics
}

/** One request stays below the broker's default of 1 MiB per batch. */
const MAX_REQUEST_BYTES = 800_000
/** Per record for offsets, lengths and timestamps. */
const RECORD_OVERHEAD_BYTES = 32
const RECONNECT_MS = 200

export class RecordProducer {
  readonly #parts: Parts
  readonly #options: Required<ProducerOptions>
  readonly #queue: Waiting[] = []
  #bufferedBytes = 0
  #producer: Producer | undefined
  #pumping: Promise<void> | undefined
  #closed = false

  constructor(parts: Parts, options: ProducerOptions = {}) {
    this.#parts = parts
    this.#options = { lingerMs: 5, maxRecords: 500, maxBufferedBytes: 32 << 20, deadlineMs: 10_000, ...options }
  }

  /**
   * Resolves when all in-sync replicas have the record. A `null` value is a tombstone. Rejects with E_REPLICAS_MISSING when
   * too few are in sync, with E_BROKER_UNREACHABLE when nobody acknowledges it in time: whether it is stored is unknown then.
   */
  // Queued before the first await: calls made one after the other keep their order.
  async send<T extends AnyTopic>(topic: T, key: string, value: ValueOf<T> | null, options: SendOptions = {}): Promise<Stored> {
    if (this.#closed) throw runtimeError('E_BROKER_UNREACHABLE', 'The producer is closed.')
    const name = physicalName(topic, this.#parts.topicPrefix)
    const payload = value === null ? null : this.#parts.wire.encode(topic, value)
    const bytes = RECORD_OVERHEAD_BYTES + Buffer.byteLength(key) + (payload?.length ?? 0)
    if (this.#bufferedBytes + bytes > this.#options.maxBufferedBytes) {
      throw kafkaError(
        'E_PRODUCER_FULL',
        `${this.#bufferedBytes} bytes wait for the broker, the bound is ${this.#options.maxBufferedBytes}.`,
      )
    }
    const timestamp = options.timestamp ?? Date.now()
    const started = performance.now()
    const label = topic.name
    return new Promise<Stored>((resolve, reject) => {
      const timer = setTimeout(() => {
        waiting.reject(runtimeError('E_BROKER_UNREACHABLE', `${name} did not acknowledge a record within ${this.#options.deadlineMs} ms.`))
      }, this.#options.deadlineMs)
      const settle = (answer: () => void): void => {
        if (waiting.settled) return
        waiting.settled = true
        clearTimeout(timer)
        this.#parts.metrics.observe('lr_kafka_produce_duration_seconds', { topic: label }, (performance.now() - started) / 1000)
        answer()
      }
      const waiting: Waiting = {
        topic: name,
        key,
        bytes,
        settled: false,
        resolve: (stored) =>
          settle(() => {
            this.#parts.metrics.count('lr_kafka_produced_total', { topic: label, outcome: 'stored' })
            resolve(stored)
          }),
        reject: (error) =>
          settle(() => {
            this.#parts.metrics.count('lr_kafka_produced_total', { topic: label, outcome: 'refused' })
            reject(error)
          }),
        message: {
          key,
          value: payload,
          timestamp: String(timestamp),
          headers: {
            ce_specversion: '1.0',
            ce_id: randomUUID(),
            ce_source: this.#parts.clientId,
            ce_type: topic.value.name,
            'content-type': 'application/avro',
            ...options.headers,
          },
        },
      }
      this.#bufferedBytes += bytes
      this.#queue.push(waiting)
      this.#pumping ??= this.#pump()
    })
  }

  /** Connects ahead of the first record. */
  async connect(): Promise<void> {
    await this.#connected()
  }

  /** Sends what waits, then disconnects. Records that cannot be sent are rejected by their deadlines. */
  async close(): Promise<void> {
    this.#closed = true
    await this.#pumping
    await this.#producer?.disconnect()
    this.#producer = undefined
  }

  async #pump(): Promise<void> {
    let oldest = performance.now()
    while (this.#queue.length > 0) {
      const wait = this.#options.lingerMs - (performance.now() - oldest)
      if (wait > 0 && !this.#closed && this.#queue.length < this.#options.maxRecords) await delay(wait)
      let producer: Producer
      try {
        producer = await this.#connected()
        this.#dropSettled()
        await this.#knowPartitions()
      } catch (error) {
        this.#parts.logger.warn({ error: String(error) }, 'producer cannot connect')
        const refused = rightsMissing(error)
        if (refused !== undefined) for (const waiting of this.#queue) waiting.reject(refused)
        this.#dropSettled()
        await delay(RECONNECT_MS)
        continue
      }
      const batch = this.#take()
      oldest = performance.now()
      await this.#sendBatch(producer, batch)
      this.#bufferedBytes -= bytesOf(batch)
    }
    // In the same turn as the check of the queue: a record that comes a microtask later must find no pump and start one.
    this.#pumping = undefined
  }

  /** Refuses what is meant for a topic that does not exist, or that is not permitted; throws when the broker cannot be asked. */
  async #knowPartitions(): Promise<void> {
    for (;;) {
      // Only of what the next request can hold: looking at a long queue each time would cost more than sending it.
      const topic = this.#queue
        .slice(0, this.#options.maxRecords)
        .find((waiting) => this.#parts.counts.known(waiting.topic) === undefined)?.topic
      if (topic === undefined) return
      try {
        await this.#parts.counts.load([topic])
      } catch (error) {
        const refused = error instanceof RekindleError ? error : rightsMissing(error, topic)
        if (refused === undefined) throw error
        for (const waiting of this.#queue) if (waiting.topic === topic) waiting.reject(refused)
        this.#dropSettled()
      }
    }
  }

  #dropSettled(): void {
    if (!this.#queue.some(({ settled }) => settled)) return
    const open = this.#queue.filter(({ settled }) => !settled)
    this.#bufferedBytes -= bytesOf(this.#queue.filter(({ settled }) => settled))
    this.#queue.splice(0, this.#queue.length, ...open)
  }

  #take(): Waiting[] {
    let bytes = 0
    let count = 0
    for (const waiting of this.#queue) {
      if (count > 0 && (count >= this.#options.maxRecords || bytes + waiting.bytes > MAX_REQUEST_BYTES)) break
      bytes += waiting.bytes
      count += 1
    }
    return this.#queue.splice(0, count)
  }

  async #sendBatch(producer: Producer, batch: readonly Waiting[]): Promise<void> {
    const byTopic = new Map<string, Waiting[]>()
    for (const waiting of batch) {
      const list = byTopic.get(waiting.topic)
      if (list === undefined) byTopic.set(waiting.topic, [waiting])
      else list.push(waiting)
    }
    const placeOf = ({ topic, key }: Waiting) => partitionOf(key, this.#parts.counts.of(topic))
    if (batch.length === 0) return
    try {
      const answers = await producer.sendBatch({
        acks: -1,
        compression: compressionFor(bytesOf(batch)),
        topicMessages: [...byTopic].map(([topic, list]) => ({
          topic,
          messages: list.map((waiting) => ({ ...waiting.message, partition: placeOf(waiting) })),
        })),
      })
      const next = new Map(answers.map(({ topicName, partition, baseOffset }) => [`${topicName}#${partition}`, BigInt(baseOffset ?? '-1')]))
      for (const waiting of batch) {
        const { topic, resolve, reject } = waiting
        const partition = placeOf(waiting)
        const place = `${topic}#${partition}`
        const offset = next.get(place)
        if (offset === undefined) {
          reject(runtimeError('E_BROKER_UNREACHABLE', `${topic} partition ${partition} was not in the broker's answer.`))
          continue
        }
        next.set(place, offset + 1n)
        resolve({ partition, offset })
      }
    } catch (error) {
      await this.#dropProducer()
      if (typeOf(error) === 'MESSAGE_TOO_LARGE') {
        // One record above the limit fails its whole request: the others go again one by one.
        if (batch.length > 1) {
          for (const waiting of batch) {
            try {
              await this.#sendBatch(await this.#connected(), [waiting])
            } catch (again) {
              waiting.reject(refusal(waiting.topic, again))
            }
          }
          return
        }
        batch[0]?.reject(
          kafkaError('E_RECORD_TOO_LARGE', `${batch[0].topic} refuses a record of ${batch[0].bytes} bytes.`, { cause: error }),
        )
        return
      }
      this.#parts.logger.warn({ records: batch.length, error: String(error) }, 'records were not acknowledged')
      for (const { topic, reject } of batch) reject(refusal(topic, error))
    }
  }

  async #connected(): Promise<Producer> {
    if (this.#producer !== undefined) return this.#producer
    const producer = createIdempotentProducer(this.#parts.kafka, this.#options.deadlineMs)
    try {
      await producer.connect()
    } catch (error) {
      await producer.disconnect().catch(() => undefined)
      throw error
    }
    this.#producer = producer
    return producer
  }

  // The client takes its sequence numbers back after a failed request. Had the broker stored that request after all, the
  // next one under the same numbers would be taken for its repetition and lost: a failed producer is never used again.
  async #dropProducer(): Promise<void> {
    const producer = this.#producer
    this.#producer = undefined
    await producer?.disconnect().catch(() => undefined)
  }
}

/** Too few replicas in sync: before the record was written, or found out after it. */
const REPLICAS_MISSING = new Set(['NOT_ENOUGH_REPLICAS', 'NOT_ENOUGH_REPLICAS_AFTER_APPEND'])

function refusal(topic: string, error: unknown): RekindleError {
  const refused = rightsMissing(error, topic)
  if (refused !== undefined) return refused
  const detail = `${topic}: ${String((error as Error).message)}`
  return REPLICAS_MISSING.has(typeOf(error) ?? '')
    ? kafkaError('E_REPLICAS_MISSING', detail, { cause: error })
    : runtimeError('E_BROKER_UNREACHABLE', detail, { cause: error })
}

function bytesOf(list: readonly Waiting[]): number {
  return list.reduce((sum, { bytes }) => sum + bytes, 0)
}
