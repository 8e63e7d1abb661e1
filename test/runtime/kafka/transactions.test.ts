/** Both ways to make a transaction, against the real broker: the same promises, and each takes over from the other. */
import { randomBytes } from 'node:crypto'
import type { Consumer, Kafka } from 'kafkajs'
import t from 'tap'
import type { Test } from 'tap'
import { createClient, createConsumer, createTransactionalProducer } from '../../../runtime/kafka/client.ts'
import { ask, ClusterConnection } from '../../../runtime/kafka/cluster.ts'
import { offersImplicitTransactions } from '../../../runtime/kafka/implicitTransactions.ts'
import { generationOf } from '../../../runtime/kafka/joinCorrections.ts'
import { committedOffsets, logEnds } from '../../../runtime/kafka/offsets.ts'
import { PartitionReader } from '../../../runtime/kafka/partitionReader.ts'
import { describeTransaction, openTransactions, writeMarkers } from '../../../runtime/kafka/protocol/hangingRequests.ts'
import type { Membership } from '../../../runtime/kafka/protocol/committing.ts'
import { isFenced, UnitProducer } from '../../../runtime/kafka/unitProducer.ts'
import type { OutgoingRecord, TransactionProtocol } from '../../../runtime/kafka/openTransactions.ts'
import { noMetrics } from '../../../runtime/metrics.ts'
import { createPlainTopics } from '../../support/plainTopics.ts'
import { testStack } from '../../support/stack.ts'
import { adder, caughtUp, eventually, items, logger, sums, totaller, totals, world } from './fixtures.ts'
import type { Sum } from './fixtures.ts'

t.setTimeout(120_000)
const protocols: readonly TransactionProtocol[] = ['implicit', 'classic']

async function broker(t: Test) {
  const { kafkaBrokers, prefix } = await testStack(t)
  const kafka = createClient({ brokers: kafkaBrokers, clientId: 'transactions', logger })
  const admin = kafka.admin()
  await admin.connect()
  const [a, b] = [`${prefix}a`, `${prefix}b`] as const
  const group = `${prefix}group`
  await createPlainTopics(admin, [a, b], 2)
  const reader = await PartitionReader.connect(kafka)
  t.teardown(() => Promise.all([admin.disconnect(), reader.close()]))
  // A commit is answered before its marker is written: what it wrote can be read a moment later.
  const read = async (topic: string, partition: number, count: number) => {
    const values: string[] = []
    const readable = eventually(`${count} records can be read`, async () => {
      values.length = 0
      await reader.readToEnd(topic, partition, 0n, ({ value }) => values.push(String(value)))
      return values.length >= count
    })
    await readable.catch(async (error: Error) => {
      error.message += ` | ${values.length} are; ${await whatIsOpen(topic, partition)}`
      throw error
    })
    return values
  }
  /** What a reader that gets no further would want to know. */
  const whatIsOpen = async (topic: string, partition: number) => {
    const id = `${prefix}group-0`
    const end = (await logEnds(cluster, topic, [partition])).get(partition)
    const stable = (await reader.ranges(topic, [partition])).get(partition)?.end
    const open = await ask(await cluster.controller(), openTransactions([{ topic, partition }]))
    const state = await ask(await cluster.transactionCoordinator(id), describeTransaction(id))
    return JSON.stringify({ end, stable, open, state }, (_, value: unknown) => (typeof value === 'bigint' ? String(value) : value))
  }
  const committed = async (topic: string) => {
    const [answer] = await admin.fetchOffsets({ groupId: group, topics: [topic] })
    return answer?.partitions.find(({ partition }) => partition === 0)
  }
  const cluster = await ClusterConnection.open(kafka)
  t.teardown(() => cluster.close())
  let mended = 0
  const metrics = { ...noMetrics, count: (name: string) => void (mended += name === 'lr_transactions_mended_total' ? 1 : 0) }
  const producerOf = (protocol: TransactionProtocol, lookAfterMs?: number) => {
    const producer = new UnitProducer({
      ...{ kafka, cluster, protocol, logger, metrics, topicPrefix: prefix, group: 'group', unit: 0, topics: [a, b] },
      ...(lookAfterMs === undefined ? {} : { lookAfterMs }),
    })
    // Also after a failure: an open connection keeps the file from ending.
    t.teardown(() => producer.drop())
    return producer
  }
  return { kafka, cluster, a, b, group, prefix, read, committed, producerOf, mended: () => mended }
}

async function offsetsTopic(kafka: Kafka): Promise<{ partitions: number[] }> {
  const admin = kafka.admin()
  await admin.connect()
  const { topics } = await admin.fetchTopicMetadata({ topics: ['__consumer_offsets'] })
  await admin.disconnect()
  return { partitions: topics[0]?.partitions.map(({ partitionId }) => partitionId) ?? [] }
}

/** Of now: topics without a setting of their own lose what is older than a week, within a minute. */
const writtenAt = Date.now()
const record = (topic: string, partition: number, value: string): OutgoingRecord => ({
  topic,
  partition,
  key: 'k',
  value: Buffer.from(value),
  timestamp: writtenAt,
  headers: { ce_type: 'test' },
})

t.test('the broker of this stack offers implicit transactions, and members use them unless told otherwise', async (t) => {
  const { cluster } = await broker(t)
  t.equal(await offersImplicitTransactions(cluster), true)
})

t.test('an owner that looks after its transactions all the time finds nothing to end while the broker does its work', async (t) => {
  const { a, b, read, producerOf, mended } = await broker(t)
  const producer = producerOf('implicit', 1)
  await producer.open()
  const sent = Array.from({ length: 60 }, (_, i) => String(i))
  for (const value of sent) await producer.commit([record(a, 0, value), record(b, 1, value)], [{ topic: a, partition: 0, offset: 1n }])
  t.strictSame(await read(a, 0, 60), sent)
  t.strictSame(await read(b, 1, 60), sent)
  t.equal(mended(), 0)
  await producer.drop()
})

for (const protocol of protocols) {
  t.test(`${protocol}: records of several topics and offsets are there together; the first offsets are given out`, async (t) => {
    const { a, b, read, committed, producerOf } = await broker(t)
    const producer = producerOf(protocol)
    await producer.open()
    const first = await producer.commit(
      [record(a, 0, 'one'), record(a, 0, 'two'), record(b, 1, 'x')],
      [{ topic: a, partition: 0, offset: 2n }],
    )
    t.strictSame([...first].sort(), [
      [`${a}#0`, 0n],
      [`${b}#1`, 0n],
    ])
    // The marker of the first transaction takes an offset.
    const second = await producer.commit([record(a, 0, 'three')], [{ topic: a, partition: 0, offset: 3n, metadata: '{"end":"9"}' }])
    t.strictSame([...second], [[`${a}#0`, 3n]])
    t.strictSame(await read(a, 0, 3), ['one', 'two', 'three'])
    t.strictSame(await read(b, 1, 1), ['x'])
    t.match(await committed(a), { offset: '3', metadata: '{"end":"9"}' })
    await producer.drop()
  })

  t.test(`${protocol}: back to back, offsets alone among them, nothing is refused and nothing is lost`, async (t) => {
    const { a, read, committed, producerOf } = await broker(t)
    const producer = producerOf(protocol)
    await producer.open()
    for (let i = 0; i < 60; i++)
      await producer.commit(i % 3 === 2 ? [] : [record(a, 0, String(i))], [{ topic: a, partition: 0, offset: BigInt(i) }])
    t.strictSame(
      await read(a, 0, 40),
      Array.from({ length: 60 }, (_, i) => String(i)).filter((_, i) => i % 3 !== 2),
    )
    t.match(await committed(a), { offset: '59' })
    t.strictSame(await producer.commit([], []), new Map())
    await producer.drop()
  })

  t.test(`${protocol}: a topic that does not exist fails the transaction as a whole; the next owner goes on`, async (t) => {
    const { a, prefix, read, producerOf } = await broker(t)
    const producer = producerOf(protocol)
    await producer.open()
    await t.rejects(producer.commit([record(a, 0, 'never'), record(`${prefix}missing`, 0, 'x')], []))
    await t.rejects(producer.commit([record(a, 0, 'too late')], []), /no open producer/)
    await producer.open()
    await producer.commit([record(a, 0, 'now')], [])
    t.strictSame(await read(a, 0, 1), ['now'])
    await producer.drop()
  })

  t.test(`${protocol}: records that are refused fail the transaction, offsets that were accepted beside them included`, async (t) => {
    const { a, read, committed, producerOf } = await broker(t)
    const producer = producerOf(protocol)
    await producer.open()
    await producer.commit([record(a, 0, 'before')], [{ topic: a, partition: 0, offset: 1n }])
    // The broker takes batches of 2 MB (stack/kafka).
    const tooLarge = { ...record(a, 0, ''), value: randomBytes(3 * 2 ** 20) }
    const refused = await producer.commit([tooLarge], [{ topic: a, partition: 0, offset: 2n }]).catch((error: unknown) => error)
    t.match(refused, { type: 'MESSAGE_TOO_LARGE' })
    t.equal(producer.whole, false, 'whoever goes on opens it anew')
    await producer.open()
    t.match(await committed(a), { offset: '1' })
    await producer.commit([record(a, 0, 'after')], [{ topic: a, partition: 0, offset: 3n }])
    t.strictSame(await read(a, 0, 2), ['before', 'after'])
    t.match(await committed(a), { offset: '3' })
    await producer.drop()
  })

  for (const heir of protocols)
    t.test(`${protocol}, then ${heir}: who opens second fences the first`, async (t) => {
      const { a, read, producerOf } = await broker(t)
      const old = producerOf(protocol)
      const young = producerOf(heir)
      await old.open()
      await old.commit([record(a, 0, 'old')], [])
      await young.open()
      const refused = await old.commit([record(a, 0, 'ghost')], [{ topic: a, partition: 0, offset: 99n }]).catch((error: unknown) => error)
      t.equal(isFenced(refused), true, String(refused))
      await young.commit([record(a, 0, 'young')], [{ topic: a, partition: 0, offset: 1n }])
      t.strictSame(await read(a, 0, 2), ['old', 'young'])
      await Promise.all([old.drop(), young.drop()])
    })
}

t.test('offsets of a transaction that is still open are waited for by whoever takes over, and only by them', async (t) => {
  const { kafka, cluster: connection, a, group, prefix } = await broker(t)
  const raw = kafka.producer({ transactionalId: `${prefix}raw`, idempotent: true, maxInFlightRequests: 1 })
  await raw.connect()
  t.teardown(() => raw.disconnect())
  const places = [{ topic: a, partition: 0 }]
  const open = await raw.transaction()
  await open.send({ topic: a, messages: [{ value: 'x', partition: 0 }] })
  await open.sendOffsets({ consumerGroupId: group, topics: [{ topic: a, partitions: [{ partition: 0, offset: '5' }] }] })
  t.equal((await committedOffsets(connection, group, places, { stable: false })).get(`${a}#0`)?.offset, undefined)
  const settled = committedOffsets(connection, group, places, { stable: true })
  await open.commit()
  t.equal((await settled).get(`${a}#0`)?.offset, 5n)
})

t.test('a transaction of a member that the group has gone on without commits nothing, whoever has its transactional id', async (t) => {
  const { kafka, cluster, producerOf, a, b, group, read, committed } = await broker(t)
  const joins: Membership[] = []
  const consumers = [createConsumer(kafka, { groupId: group }), createConsumer(kafka, { groupId: group })]
  t.teardown(() => Promise.all(consumers.map((consumer) => consumer.disconnect())))
  const join = async (consumer: Consumer) => {
    consumer.on(consumer.events.GROUP_JOIN, ({ payload }) => {
      if (consumer === consumers[0]) joins.push({ memberId: payload.memberId, generationId: generationOf(payload) })
    })
    await consumer.connect()
    await consumer.subscribe({ topics: [a] })
    await consumer.run({ autoCommit: false, eachBatch: async () => undefined })
  }
  // Offsets that are committed lie within the log: whoever would read beyond its end stops, and is no member any more.
  const plain = kafka.producer()
  await plain.connect()
  t.teardown(() => plain.disconnect())
  await plain.send({ topic: a, messages: Array.from({ length: 4 }, () => ({ value: 'read', partition: 0 })) })
  await join(consumers[0] as Consumer)
  await eventually('the first has joined', () => joins.length > 0)
  const own = producerOf('implicit')
  await own.open()
  const at = (offset: bigint) => [{ topic: a, partition: 0, offset }]
  const before = joins.at(-1)
  await own.commit([record(b, 0, 'in time')], at(1n), before)
  await join(consumers[1] as Consumer)
  await eventually('the group has gone on', () => joins.at(-1)?.generationId !== before?.generationId)
  await t.rejects(own.commit([record(b, 0, 'too late')], at(2n), before), /ILLEGAL_GENERATION/)
  // Nobody takes the id over, and no reader waits until the broker ends it, after 20 s.
  const leader = await cluster.controller()
  await eventually('it is ended', async () => (await ask(leader, openTransactions([{ topic: b, partition: 0 }]))).length === 0, 15_000)
  await own.open()
  const stranger = { memberId: 'nobody', generationId: joins.at(-1)?.generationId ?? 0 }
  await t.rejects(own.commit([record(b, 0, 'of nobody')], at(3n), stranger), /UNKNOWN_MEMBER_ID/)
  for (const type of ['ILLEGAL_GENERATION', 'UNKNOWN_MEMBER_ID']) t.ok(isFenced(Object.assign(new Error(type), { type })))
  await own.open()
  await own.commit([record(b, 0, 'as it is now')], at(4n), joins.at(-1))
  t.strictSame(await read(b, 0, 2), ['in time', 'as it is now'])
  t.match(await committed(a), { offset: '4' })
})

t.test('a marker of our own ends a transaction on a partition as the coordinator would: records and offsets count', async (t) => {
  const { kafka, cluster, a, group, prefix, read, committed } = await broker(t)
  const transactionalId = `${prefix}raw`
  const raw = kafka.producer({ transactionalId, idempotent: true, maxInFlightRequests: 1 })
  await raw.connect()
  t.teardown(() => raw.disconnect())
  const transaction = await raw.transaction()
  await transaction.send({ topic: a, messages: [{ value: 'hangs', partition: 0 }] })
  await transaction.sendOffsets({ consumerGroupId: group, topics: [{ topic: a, partitions: [{ partition: 0, offset: '7' }] }] })
  const state = await ask(await cluster.transactionCoordinator(transactionalId), describeTransaction(transactionalId))
  t.equal(state?.state, 'Ongoing')
  t.equal(await ask(await cluster.transactionCoordinator('nobody'), describeTransaction('nobody')), undefined)
  const leader = await cluster.controller()
  const { partitions } = await offsetsTopic(kafka)
  const places = [{ topic: a, partition: 0 }, ...partitions.map((partition) => ({ topic: '__consumer_offsets', partition }))]
  const open = (await ask(leader, openTransactions(places))).filter(({ producerId }) => producerId === state?.producerId)
  t.strictSame(open.map(({ topic }) => topic).sort(), ['__consumer_offsets', a].sort())
  await ask(
    leader,
    writeMarkers(
      open.map(({ topic, partition, producerId, producerEpoch, coordinatorEpoch }) => ({
        producerId,
        producerEpoch,
        coordinatorEpoch: Math.max(0, coordinatorEpoch),
        commit: true,
        places: [{ topic, partition }],
      })),
    ),
  )
  t.strictSame(await read(a, 0, 1), ['hangs'])
  t.match(await committed(a), { offset: '7' })
  t.strictSame(
    (await ask(leader, openTransactions(places))).filter(({ producerId }) => producerId === state?.producerId),
    [],
  )
  await transaction.abort()
})

t.test('stages give the same records under either protocol', async (t) => {
  const outputs: unknown[] = []
  for (const protocol of protocols) {
    const stack = await testStack(t)
    const kafka = await world(stack, undefined, protocol)
    t.teardown(() => kafka.close())
    const member = await kafka.runStages({
      group: 'line',
      stages: [adder, totaller],
      onFatal: (error) => {
        throw error
      },
    })
    const producer = kafka.producer()
    for (let seq = 0; seq < 50; seq++) await producer.send(items, `lead:${seq % 5}`, { seq, amount: seq, wish: '' })
    await caughtUp(kafka, 'line', [items, sums])
    const found: Sum[] = []
    await kafka.tail(totals, { from: 'beginning', untilEnd: true }, ({ value }) => found.push(value as Sum))
    outputs.push(found.sort((x, y) => x.seq - y.seq))
    t.equal(await member.stop(), true)
  }
  t.strictSame(outputs[0], outputs[1])
  t.equal((outputs[0] as unknown[]).length, 50)
})

for (const protocol of protocols)
  t.test(`who is back as another member ends what somebody else left open in between (${protocol})`, async (t) => {
    const { kafka, a, prefix, read, producerOf } = await broker(t)
    const own = producerOf(protocol)
    await own.open('one')
    await own.commit([record(a, 0, 'before')], [])
    await own.open('one')
    await own.commit([record(a, 0, 'still the same')], [])
    const other = createTransactionalProducer(kafka, `${prefix}group-0`)
    await other.connect()
    t.teardown(() => other.disconnect())
    const left = await other.transaction()
    await left.send({ topic: a, messages: [{ key: 'k', value: 'left open', partition: 0 }] })
    await own.open('two')
    await own.commit([record(a, 0, 'after')], [])
    t.strictSame(await read(a, 0, 3), ['before', 'still the same', 'after'])
  })
