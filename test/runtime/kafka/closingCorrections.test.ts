/** Clients that are disconnected in the middle of something: nothing of them keeps the process. Corrected and as the client is. */
import { createRequire } from 'node:module'
import t from 'tap'
import type { Test } from 'tap'
import type * as Client from 'kafkajs'
import type { Cluster, Consumer, Kafka } from 'kafkajs'
import { createClient } from '../../../runtime/kafka/client.ts'
import { ClusterConnection } from '../../../runtime/kafka/cluster.ts'
import { kafkajs } from '../../../runtime/kafka/corrections.ts'
import { watchLag } from '../../../runtime/kafka/lagWatch.ts'
import { noMetrics } from '../../../runtime/metrics.ts'
import { items, logger } from './fixtures.ts'
import { HeldBroker } from './heldBroker.ts'

const require = createRequire(import.meta.url)
const REQUEST_TIMEOUT_MS = 3_000
/** Nobody repeats it: whoever does gives up with an error of another name. */
const ENDED = 'KafkaJSConnectionClosedError: the client was disconnected'
/** Far longer than anything here takes. */
const WITHIN_MS = 5_000

/** It gives up some time, or as it is it would outlive the test. */
const retry = { initialRetryTime: 5, factor: 0, multiplier: 1.5, maxRetryTime: 20, retries: 100 }

/** The client as it is, beside the corrected one. */
function asItIs(): typeof Client {
  const loaded = Object.entries(require.cache).filter(([file]) => file.includes('/kafkajs/'))
  for (const [file] of loaded) Reflect.deleteProperty(require.cache, file)
  try {
    return require('kafkajs') as typeof Client
  } finally {
    Object.assign(require.cache, Object.fromEntries(loaded))
  }
}

/** What keeps the process: sockets and timers. */
function keeping(): readonly string[] {
  return process.getActiveResourcesInfo().filter((name) => /TCP|Connect|Timeout/.test(name))
}

async function world(t: Test, corrected: boolean) {
  const broker = await HeldBroker.start()
  const { Kafka: made, logLevel } = corrected ? kafkajs : asItIs()
  const kafka = new made({
    clientId: 'test',
    brokers: [broker.address],
    requestTimeout: REQUEST_TIMEOUT_MS,
    retry,
    logLevel: logLevel.NOTHING,
  })
  // Nothing else does while the test waits for the server.
  const awake = setInterval(() => undefined, 1_000)
  const before = keeping().length
  t.teardown(() => {
    broker.close()
    clearInterval(awake)
  })
  /** Whether whatever the client holds goes: as it is nothing more happens then, and it stays. */
  const endsWith = async (ended: boolean, connections: number) => {
    // Without a timer, which would keep the process.
    const isSo = () => (ended ? keeping().length <= before : broker.connections > connections && keeping().length > before)
    for (const until = Date.now() + WITHIN_MS; !isSo() && Date.now() < until;) await new Promise((resolve) => setImmediate(resolve))
    t.ok(isSo(), ended ? 'nothing keeps the process' : 'it stays connected')
  }
  return { broker, kafka, endsWith }
}

/** A consumer with the cluster that it works on. */
function opened(kafka: Kafka): { readonly consumer: Consumer; readonly cluster: Cluster } {
  let cluster: Cluster | undefined
  const nothing = { name: 'none', version: 0, assign: async () => [], protocol: () => ({ name: 'none', metadata: Buffer.alloc(0) }) }
  const consumer = kafka.consumer({
    groupId: 'line',
    partitionAssigners: [
      (config) => {
        cluster = config.cluster
        return nothing
      },
    ],
  })
  return { consumer, cluster: cluster as unknown as Cluster }
}

const outcome = (work: Promise<unknown>): Promise<string> =>
  work.then(
    () => 'done',
    ({ name, message }: Error) => `${name}: ${message}`,
  )

/** Found where a test of a worker passed and its process did not end: the lag is asked for every five seconds, in several questions. */
t.test('closed while the lag of the group is asked for: the next question is not asked', async (t) => {
  const { broker, endsWith } = await world(t, true)
  const cluster = await ClusterConnection.open(createClient({ brokers: [broker.address], clientId: 'test', logger }))
  broker.hold('findCoordinator')
  const stop = watchLag({ cluster, metrics: noMetrics, logger, topicPrefix: '', group: 'line', topics: [items], everyMs: 1 })
  const question = await broker.held('findCoordinator')
  const { connections } = broker
  const stopped = stop()
  const closed = cluster.close()
  question.answer()
  await Promise.all([stopped, closed])
  t.equal(broker.connections, connections)
  await endsWith(true, connections)
})

t.test('a connection that cannot be made leaves nothing open', async (t) => {
  const { broker, kafka, endsWith } = await world(t, true)
  broker.hold('apiVersions')
  const opening = outcome(ClusterConnection.open(kafka))
  const first = await broker.held('apiVersions')
  first.refuse()
  t.match(await opening, 'authorization')
  await endsWith(true, 0)
})

t.test('disconnected while it joins, with the broker gone: it does not try again', async (t) => {
  const { broker, kafka, endsWith } = await world(t, true)
  const { consumer } = opened(kafka)
  await consumer.connect()
  await consumer.subscribe({ topics: ['items.v1'] })
  broker.hold('joinGroup')
  const running = consumer.run({ eachBatch: async () => undefined })
  const join = await broker.held('joinGroup')
  const ended = consumer.disconnect()
  join.cut()
  await Promise.all([running, ended])
  await endsWith(true, broker.connections)
})

t.test('connected again, a client that was disconnected is one that works', async (t) => {
  const { broker, kafka, endsWith } = await world(t, true)
  const { consumer, cluster } = opened(kafka)
  await consumer.connect()
  await consumer.disconnect()
  t.match(await outcome(cluster.refreshMetadata()), /the client was disconnected/)
  await consumer.connect()
  t.equal(await outcome(cluster.refreshMetadata()), 'done')
  t.equal(broker.connections, 2)
  await consumer.disconnect()
  await endsWith(true, 0)
})

// Last as it is: what that leaves behind ends when it likes.
for (const corrected of [true, false]) {
  const as = corrected ? 'corrected' : 'as it is'

  t.test(`disconnected between two questions: the second one does not connect anew (${as})`, async (t) => {
    const { broker, kafka, endsWith } = await world(t, corrected)
    const { consumer, cluster } = opened(kafka)
    await consumer.connect()
    broker.hold('metadata')
    const questions = cluster.refreshMetadata().then(async () => cluster.addTargetTopic('items.v1'))
    const first = await broker.held('metadata')
    const { connections } = broker
    const ended = consumer.disconnect()
    broker.release('metadata')
    first.answer()
    await ended
    const answered = await outcome(questions)
    if (corrected) t.equal(answered, ENDED)
    await endsWith(corrected, connections)
  })

  t.test(`disconnected while it connects: it does not try again (${as})`, async (t) => {
    const { broker, kafka, endsWith } = await world(t, corrected)
    const { consumer } = opened(kafka)
    broker.hold('apiVersions')
    const connecting = consumer.connect()
    const first = await broker.held('apiVersions')
    const { connections } = broker
    const ended = consumer.disconnect()
    broker.release('apiVersions')
    first.cut()
    if (corrected) t.equal(await outcome(connecting), ENDED)
    else await connecting
    if (corrected) await ended
    await endsWith(corrected, connections)
  })

  t.test(`disconnected while a producer tries again: it stops to (${as})`, async (t) => {
    const { broker, kafka, endsWith } = await world(t, corrected)
    const producer = kafka.producer({ retry })
    await producer.connect()
    broker.hold('produce')
    const sent = producer.send({ topic: 'items.v1', messages: [{ value: 'one' }] })
    const first = await broker.held('produce')
    const { connections } = broker
    const ended = producer.disconnect()
    first.cut()
    if (corrected) {
      t.match(await outcome(sent), /the client was disconnected/)
      await ended
    }
    await endsWith(corrected, connections)
    sent.catch(() => undefined)
  })

  t.test(`forgotten by the client, a broker is disconnected all the same (${as})`, async (t) => {
    const { broker, kafka, endsWith } = await world(t, corrected)
    const { consumer, cluster } = opened(kafka)
    await consumer.connect()
    await cluster.refreshMetadata()
    const { host, port } = { host: '127.0.0.1', port: Number(broker.address.split(':')[1]) }
    ;(cluster as unknown as { removeBroker(at: object): void }).removeBroker({ host, port })
    await consumer.disconnect()
    await endsWith(corrected, 0)
  })
}
