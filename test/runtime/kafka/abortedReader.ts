/**
 * A process of its own that writes overlapping aborted transactions and prints the keys a read-committed consumer gets.
 * `uncorrected` takes kafkajs as it is: proof that the scenario would fail without the corrections.
 */
import { createRequire } from 'node:module'
import type * as Client from 'kafkajs'
import type { Kafka as KafkaClient, Message, Transaction } from 'kafkajs'

const [mode, broker, topic] = process.argv.slice(2) as ['corrected' | 'uncorrected', string, string]
const kafkajs =
  mode === 'corrected'
    ? (await import('../../../runtime/kafka/corrections.ts')).kafkajs
    : (createRequire(import.meta.url)('kafkajs') as typeof Client)
const kafka: KafkaClient = new kafkajs.Kafka({
  brokers: [broker],
  clientId: 'aborted',
  logLevel: kafkajs.logLevel.NOTHING,
  retry: { initialRetryTime: 10, retries: 30 },
})

const producerOf = async (transactionalId: string) => {
  const producer = kafka.producer({
    transactionalId,
    idempotent: true,
    maxInFlightRequests: 1,
    createPartitioner: kafkajs.Partitioners.DefaultPartitioner,
  })
  await producer.connect()
  return producer
}
const [first, second] = await Promise.all([producerOf(`${topic}-1`), producerOf(`${topic}-2`)])
const send = (transaction: Transaction, keys: readonly (string | Buffer)[]) =>
  transaction.send({ topic, messages: keys.map((key): Message => ({ key, value: 'x', partition: 0 })) })
const named = (name: string) => Array.from({ length: 5 }, (_, index) => `${name}${index}`)

// The one that began later ends earlier, so the broker's list of aborted transactions is not in order of their starts.
const outer = await first.transaction()
await send(outer, named('aborted-outer-'))
const inner = await second.transaction()
await send(inner, named('aborted-inner-'))
await send(outer, named('aborted-outer-late-'))
await inner.abort()
// An end is answered before its marker is written; the producer's next transaction waits for it. So the markers, too, come
// in the order of the ends.
const good = await second.transaction()
await send(good, ['good'])
await outer.abort()
// A data record whose key looks like an abort marker to the client.
const zero = await first.transaction()
await send(zero, [Buffer.from([0, 0, 0, 0]), ...named('aborted-zero-')])
await zero.abort()
await send(good, ['end'])
await good.commit()

const consumer = kafka.consumer({ groupId: `${topic}-${mode}`, maxWaitTimeInMs: 100 })
await consumer.connect()
await consumer.subscribe({ topic, fromBeginning: true })
const keys: string[] = []
await new Promise<void>((resolve, reject) => {
  consumer
    .run({
      autoCommit: false,
      eachMessage: async ({ message }) => {
        keys.push(message.key?.toString('latin1') ?? '')
        if (message.key?.toString() === 'end') resolve()
      },
    })
    .catch(reject)
})
process.stdout.write(JSON.stringify(keys))
await Promise.all([consumer.disconnect(), first.disconnect(), second.disconnect()])
