/**
 * The limit: a bare loop of the client that copies each record to an output and the first bytes of its value to a
 * changelog, in transactions, and neither decodes nor keeps anything. Same corrected client and codecs as the runtime.
 * Argument: JSON of BareInput. Prints `joined`; ends on SIGTERM.
 */
import pino from 'pino'
import { createClient, createConsumer, createTransactionalProducer } from '../../runtime/kafka/client.ts'
import { compressionFor } from '../../runtime/kafka/corrections.ts'

export interface BareInput {
  readonly brokers: readonly string[]
  /** Physical names. */
  readonly group: string
  readonly orders: string
  readonly output: string
  readonly changelog: string
  readonly partitions: number
  /** Records of one transaction at most. */
  readonly slice: number
  /** Partitions handled at the same time. */
  readonly concurrency: number
  /** Copy the record's headers too, as the peers do. */
  readonly headers: boolean
}

/** As many bytes as the stage's entry of one key takes on its changelog. */
const STATE_BYTES = 40

const { brokers, group, orders, output, changelog, partitions, slice, concurrency, headers } = JSON.parse(
  process.argv[2] as string,
) as BareInput
const kafka = createClient({ brokers, clientId: `bare-${process.pid}`, logger: pino({ level: 'warn' }) })
const producers = await Promise.all(
  Array.from({ length: partitions }, async (_, partition) => {
    const producer = createTransactionalProducer(kafka, `${group}-${partition}`)
    await producer.connect()
    await (await producer.transaction()).abort()
    return producer
  }),
)
const consumer = createConsumer(kafka, { groupId: group })
await consumer.connect()
await consumer.subscribe({ topics: [orders], fromBeginning: true })
await consumer.run({
  autoCommit: false,
  eachBatchAutoResolve: false,
  partitionsConsumedConcurrently: concurrency,
  async eachBatch(payload) {
    const { partition, messages } = payload.batch
    const producer = producers[partition]
    if (producer === undefined) throw new Error(`no producer for partition ${partition}`)
    for (let at = 0; at < messages.length && payload.isRunning() && !payload.isStale(); at += slice) {
      const part = messages.slice(at, at + slice)
      const last = part.at(-1)
      if (last === undefined) return
      let bytes = 0
      for (const { value } of part) bytes += value?.length ?? 0
      const transaction = await producer.transaction()
      await transaction.sendBatch({
        acks: -1,
        compression: compressionFor(bytes),
        topicMessages: [
          {
            topic: output,
            messages: part.map(({ key, value, timestamp, headers: own }) => ({
              partition,
              key,
              value,
              timestamp,
              ...(headers && own !== undefined ? { headers: own } : {}),
            })),
          },
          {
            topic: changelog,
            messages: part.map(({ key, value, timestamp }) => ({
              partition,
              key,
              value: value?.subarray(0, STATE_BYTES) ?? null,
              timestamp,
            })),
          },
        ],
      })
      await transaction.sendOffsets({
        consumerGroupId: group,
        topics: [{ topic: orders, partitions: [{ partition, offset: String(BigInt(last.offset) + 1n) }] }],
      })
      await transaction.commit()
      payload.resolveOffset(last.offset)
      await payload.heartbeat()
    }
  },
})
console.log('joined')
process.once('SIGTERM', () => {
  void consumer
    .disconnect()
    .then(() => Promise.all(producers.map((producer) => producer.disconnect())))
    .then(() => process.exit(0))
})
