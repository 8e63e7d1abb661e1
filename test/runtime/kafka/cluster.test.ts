/**
 * Three brokers with three copies of everything, two of which must be in sync: what was acknowledged survives the kill of
 * a leader, a group of stages goes on under the next one, and with too few copies nothing is acknowledged.
 */
import '../../support/uncountedChildren.ts'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import type { Test } from 'tap'
import type { RekindleError } from '../../../runtime/errors.ts'
import { createClient } from '../../../runtime/kafka/client.ts'
import { ClusterConnection } from '../../../runtime/kafka/cluster.ts'
import { connectKafka } from '../../../runtime/kafka/connectKafka.ts'
import type { KafkaConnection } from '../../../runtime/kafka/connectKafka.ts'
import { partitionOf } from '../../../runtime/murmur2.ts'
import { startKafkaCluster } from '../../../stack/kafka/kafkaCluster.ts'
import type { KafkaCluster } from '../../../stack/kafka/kafkaCluster.ts'
import type { KafkaEngine } from '../../../stack/kafka/kafkaEngine.ts'
import { signalProcess } from '../../../stack/osProcess.ts'
import { testStack } from '../../support/stack.ts'
import { adder, caughtUp, eventually, items, logger, partitions, sums, topics, totaller, totals } from './fixtures.ts'
import type { Item, Sum } from './fixtures.ts'

// A killed broker is given up after 6 s, and three of them start on shared cores.
t.setTimeout(280_000)

const folder = mkdtempSync(join(tmpdir(), 'rekindle-cluster-'))
let started: Promise<KafkaCluster> | undefined
t.teardown(async () => {
  await (await started)?.stop()
  rmSync(folder, { recursive: true, force: true })
})

const item = (seq: number): Item => ({ seq, amount: (seq % 7) + 1, wish: '' })
const keyOf = (seq: number) => `lead:${seq % 40}`
const unexpected = (error: Error) => {
  throw error
}

/** The cluster of this file, whose first node alone is a controller: it stays up and says who is in sync. */
async function replicated(t: Test) {
  started ??= startKafkaCluster({ dataDir: folder, controllers: 1 })
  const { nodes, brokers } = await started
  const { prefix, registryUrl } = await testStack(t)
  const kafka = await connectKafka({ brokers, clientId: 'test', topicPrefix: prefix, registryUrl, logger })
  const members = [{ group: 'line', stages: [adder, totaller] }]
  await kafka.applyTopics(topics, { partitions, replicationFactor: 3, members })
  await kafka.registerSchemas(topics)
  const admin = createClient({ brokers, clientId: 'admin', logger }).admin()
  await admin.connect()
  t.teardown(() => Promise.all([kafka.close(), admin.disconnect()]))
  const partition = async (topic: { name: string }, number: number) => {
    const found = await admin.fetchTopicMetadata({ topics: [`${prefix}${topic.name}.v1`] })
    const one = found.topics[0]?.partitions.find(({ partitionId }) => partitionId === number)
    return { leader: one?.leader ?? -1, inSync: [...(one?.isr ?? [])].sort() }
  }
  /** A partition of the topic that is led by a node which may be killed. */
  const expendable = async (topic: { name: string }) => {
    for (let number = 0; number < partitions; number++) {
      const { leader } = await partition(topic, number)
      if (leader > 1) return { number, leader, node: nodes[leader - 1] as KafkaEngine }
    }
    throw new Error(`node 1 leads all of ${topic.name}`)
  }
  return { kafka, nodes, brokers, prefix, partition, expendable }
}

async function kill(node: KafkaEngine): Promise<void> {
  signalProcess(node.pid ?? 0, 'SIGKILL')
  await eventually('it is gone', () => !node.alive)
}

/** Sends until it is acknowledged: what a sender that keeps its records does. */
async function sendAll(producer: ReturnType<KafkaConnection['producer']>, seqs: readonly number[]): Promise<void> {
  for (let open = seqs; open.length > 0;) {
    const answers = await Promise.allSettled(open.map((seq) => producer.send(items, keyOf(seq), item(seq))))
    open = open.filter((_, index) => answers[index]?.status === 'rejected')
  }
}

const range = (from: number, to: number) => Array.from({ length: to - from }, (_, index) => from + index)

// The first one: what it needs of the cluster a kill takes away.
t.test('a group whose coordinator dies for good finds the next one and goes on as it was', async (t) => {
  const { kafka, nodes, brokers, prefix, partition } = await replicated(t)
  const connection = await ClusterConnection.open(createClient({ brokers, clientId: 'coordinators', logger }))
  t.teardown(() => connection.close())
  const coordinatorOf = async (group: string) => (await connection.groupCoordinator(`${prefix}${group}`)) as unknown as { nodeId: number }
  let group = 'other0'
  let number = 0
  // Two partitions of offsets, led by different nodes as long as none has died: half of the names have one that may be killed.
  await eventually('a group that another node than the first coordinates', async () => {
    if ((await coordinatorOf(group)).nodeId !== 1) return true
    group = `other${++number}`
    return false
  })
  await kafka.applyTopics(topics, { partitions, replicationFactor: 3, members: [{ group, stages: [adder, totaller] }] })
  const node = nodes[(await coordinatorOf(group)).nodeId - 1] as KafkaEngine
  const member = await kafka.runStages({ group, stages: [adder, totaller], maxRecords: 20, onFatal: unexpected })
  const producer = kafka.producer({ deadlineMs: 60_000 })
  await sendAll(producer, range(0, 1_500))
  await kill(node)
  await sendAll(producer, range(1_500, 3_000))
  // Without an accepted heartbeat the member would be given up after 60 s.
  await caughtUp(kafka, group, [items, sums])
  const seqs = new Set<number>()
  await kafka.tail(totals, { from: 'beginning', untilEnd: true }, ({ value }) => seqs.add((value as Sum).seq))
  t.equal(seqs.size, 3_000)
  t.equal(await member.stop(), true)
  await node.start()
  await eventually('all three are in sync again', async () => (await partition(totals, 0)).inSync.length === 3)
})

t.test('what was acknowledged is there after the leader was killed, and another one leads', async (t) => {
  const { kafka, partition, expendable } = await replicated(t)
  const { number, leader, node } = await expendable(items)
  const producer = kafka.producer()
  const acknowledged = new Set<number>()
  let killed: Promise<void> | undefined
  for (let from = 0; from < 3_000; from += 100) {
    if (from === 1_000) killed = kill(node)
    const answers = await Promise.allSettled(
      range(from, from + 100).map(async (seq) => {
        await producer.send(items, keyOf(seq), item(seq))
        return seq
      }),
    )
    for (const answer of answers) if (answer.status === 'fulfilled') acknowledged.add(answer.value)
  }
  await killed
  await eventually('another one leads', async () => ![leader, -1].includes((await partition(items, number)).leader))
  await sendAll(producer, range(3_000, 3_100))
  const there = new Set<number>()
  await kafka.tail(items, { from: 'beginning', untilEnd: true }, ({ value }) => there.add((value as Item).seq))
  t.strictSame(
    [...acknowledged].filter((seq) => !there.has(seq)),
    [],
    `${acknowledged.size} of 3000 were acknowledged`,
  )
  t.ok(acknowledged.size > 1_000, 'before the kill all were, after it those that were sent again')
  await node.start()
  await eventually('all three are in sync again', async () => (await partition(items, number)).inSync.length === 3)
})

t.test('a group of stages goes on after a change of leader: nothing lost, nothing doubled, each key in order', async (t) => {
  const { kafka, partition, expendable } = await replicated(t)
  const { number, leader, node } = await expendable(totals)
  const producer = kafka.producer({ deadlineMs: 60_000 })
  const member = await kafka.runStages({ group: 'line', stages: [adder, totaller], maxRecords: 20, onFatal: unexpected })
  await sendAll(producer, range(0, 1_500))
  await kill(node)
  await sendAll(producer, range(1_500, 3_000))
  await eventually('another one leads', async () => ![leader, -1].includes((await partition(totals, number)).leader))
  await caughtUp(kafka, 'line', [items, sums], 120_000)
  // What is on the log decides: a record whose acknowledgement was lost is there twice, and counts twice.
  const expected = new Map<string, Sum[]>()
  await kafka.tail(items, { from: 'beginning', untilEnd: true }, ({ key, value }) => {
    const { seq, amount } = value as Item
    const before = expected.get(key ?? '') ?? []
    const last = before.at(-1)
    expected.set(key ?? '', [...before, { seq, count: before.length + 1, sum: (last?.sum ?? 0) + amount, by: 'adder' }])
  })
  for (const topic of [sums, totals]) {
    const found = new Map<string, Sum[]>()
    await kafka.tail(topic, { from: 'beginning', untilEnd: true }, ({ key, value }) => {
      found.set(key ?? '', [...(found.get(key ?? '') ?? []), value as Sum])
    })
    t.strictSame(new Map([...found].sort()), new Map([...expected].sort()), topic.name)
  }
  const seqs = new Set([...expected.values()].flat().map(({ seq }) => seq))
  t.equal(seqs.size, 3_000, 'all that was acknowledged')
  t.equal(await member.stop(), true)
  await node.start()
  await eventually('all three are in sync again', async () => (await partition(totals, number)).inSync.length === 3)
})

t.test('P-48: with fewer copies in sync than asked for a record is refused by name, and taken when a copy is back', async (t) => {
  const { kafka, nodes, partition } = await replicated(t)
  const [, second, third] = nodes as [KafkaEngine, KafkaEngine, KafkaEngine]
  const number = partitionOf('lead:1', partitions)
  const patient = kafka.producer({ deadlineMs: 120_000 })
  const hasty = kafka.producer({ deadlineMs: 2_000 })
  await patient.send(items, 'lead:1', item(0))
  await Promise.all([kill(second), kill(third)])
  await eventually('only one is in sync', async () => (await partition(items, number)).inSync.length === 1)
  // A record that is not even refused within its time is answered as for a broker that is away: on a busy machine the first may be.
  const codes = new Set<string>()
  await eventually('it is refused by name', async () => {
    const error = await hasty.send(items, 'lead:1', item(1)).then(
      () => undefined,
      (refused: unknown) => refused as RekindleError,
    )
    t.equal(error?.retriable, true, error?.code ?? 'taken')
    codes.add(error?.code ?? 'taken')
    return codes.has('E_REPLICAS_MISSING')
  })
  t.notOk(codes.has('taken'))
  let taken = false
  const waiting = patient.send(items, 'lead:1', item(2)).then(() => (taken = true))
  t.equal(taken, false)
  await second.start()
  await waiting
  t.equal(taken, true)
  await third.start()
  const there: number[] = []
  await kafka.tail(items, { from: 'beginning', untilEnd: true }, ({ value }) => there.push((value as Item).seq))
  t.strictSame(
    there.filter((seq) => seq !== 1),
    [0, 2],
  )
})
