/** Where a group stands and moving it, against the real broker. */
import t from 'tap'
import type { Test } from 'tap'
import { createClient } from '../../../runtime/kafka/client.ts'
import { ClusterConnection } from '../../../runtime/kafka/cluster.ts'
import { typeOf } from '../../../runtime/kafka/errorType.ts'
import { GroupOffsets } from '../../../runtime/kafka/groupOffsets.ts'
import { committedOffsets, moveEmptyGroup } from '../../../runtime/kafka/offsets.ts'
import type { Workshop } from '../../../runtime/kafka/workshop.ts'
import { isFenced, UnitProducer } from '../../../runtime/kafka/unitProducer.ts'
import { noMetrics } from '../../../runtime/metrics.ts'
import { partitionOf } from '../../../runtime/murmur2.ts'
import type { Sink } from '../../../runtime/sink.ts'
import { testStack } from '../../support/stack.ts'
import type { TestStack } from '../../support/stack.ts'
import type { Item } from './fixtures.ts'
import { caughtUp, items, logger, partitions, world } from './fixtures.ts'

const partition = partitionOf('lead:1', partitions)
const began = Date.now() - 100_000
const unexpected = (error: Error) => {
  throw error
}

/** Numbers 1 to 6 of one lead, a second apart. */
async function written(t: Parameters<typeof testStack>[0]) {
  const stack = await testStack(t)
  const kafka = await world(stack, [{ group: 'store', inputs: [items] }])
  t.teardown(() => kafka.close())
  const send = async (seqs: readonly number[]) => {
    for (const seq of seqs) await kafka.producer().send(items, 'lead:1', { seq, amount: 1, wish: '' }, { timestamp: began + seq * 1_000 })
  }
  await send([1, 2, 3, 4, 5, 6])
  const stored: number[] = []
  const sink: Sink = {
    kind: 'sink',
    name: 'store',
    topics: [items],
    batch: { maxRecords: 100, maxMs: 20 },
    exactlyOnce: { kind: 'deterministic-blocks' },
    write: async (batches) => {
      for (const { value } of batches.flatMap(({ records }) => [...records])) stored.push((value as Item).seq)
    },
  }
  return { stack, kafka, send, stored, run: () => kafka.runSink({ group: 'store', sink, onFatal: unexpected }) }
}

t.test('the lag in seconds is the age of the first record that is not done', async (t) => {
  const { kafka, send, run } = await written(t)
  const offsets = kafka.groupOffsets(() => began + 60_000)
  const own = async () => (await offsets.lag('store', [items])).find((lag) => lag.partition === partition)
  t.match(await own(), { topic: 'items', committed: undefined, lag: 6n, behindMs: 59_000 })
  const member = await run()
  await caughtUp(kafka, 'store', [items])
  t.match(await own(), { lag: 0n, behindMs: 0 })
  await member.stop()
  await send([8, 9])
  t.match(await own(), { lag: 2n, behindMs: 52_000 })
  t.equal((await offsets.lag('store', [items])).length, partitions)
})

t.test('a group is moved while it is empty, to a time, the beginning or the end, and goes on from there', async (t) => {
  const { kafka, stored, run } = await written(t)
  const offsets = kafka.groupOffsets()
  t.match(await offsets.state('store'), { state: 'Dead', members: [] })
  const first = await run()
  await caughtUp(kafka, 'store', [items])
  t.match(await offsets.state('store'), { state: 'Stable', members: [/test/] })
  await t.rejects(offsets.reset('store', [items], 'earliest'), { code: 'E_GROUP_BUSY', message: /store is Stable; its members: test/ })
  await first.stop()
  t.match(await offsets.state('store'), { state: 'Empty', members: [] })

  const at = { at: began + 3_500 }
  const own = (moves: Awaited<ReturnType<typeof offsets.plan>>) => moves.find((move) => move.partition === partition)
  t.match(own(await offsets.plan('store', [items], at)), { topic: 'items', from: 6n, to: 3n })
  t.match(own(await offsets.plan('store', [items], 'earliest')), { from: 6n, to: 0n })
  t.match(own(await offsets.plan('store', [items], { at: began + 7_000 })), { from: 6n, to: 6n }, 'nothing is that young')
  t.match(own(await offsets.plan('store', [items], { at: began + 3_500 })), { from: 6n }, 'a plan moves nothing')
  const planned = await offsets.plan('store', [items], at)
  t.strictSame(await offsets.reset('store', [items], at), planned)
  const second = await run()
  await caughtUp(kafka, 'store', [items])
  await second.stop()
  t.strictSame(stored, [1, 2, 3, 4, 5, 6, 4, 5, 6])
  await offsets.reset('store', [items], 'earliest')
  await offsets.reset('store', [items], 'latest')
  t.match(
    (await offsets.lag('store', [items])).find((lag) => lag.partition === partition),
    { committed: 6n, lag: 0n },
  )
})

t.test('a member that hangs and comes back after the group was moved cannot take it back', async (t) => {
  const { kafka, stack } = await written(t)
  const client = createClient({ brokers: stack.kafkaBrokers, clientId: 'ghost', logger })
  const cluster = await ClusterConnection.open(client)
  t.teardown(() => cluster.close())
  const ghost = new UnitProducer({
    kafka: client,
    cluster,
    protocol: 'implicit',
    logger,
    metrics: noMetrics,
    topicPrefix: stack.prefix,
    group: 'store',
    unit: partition,
    topics: [`${stack.prefix}items.v1.store.dlq`],
  })
  await ghost.open()
  const place = { topic: `${stack.prefix}items.v1`, partition }
  await ghost.commit([], [{ ...place, offset: 2n }])
  const offsets = kafka.groupOffsets()
  await offsets.reset('store', [items], 'latest')
  t.equal(isFenced(await ghost.commit([], [{ ...place, offset: 3n }]).catch((error: unknown) => error)), true)
  t.match(
    (await offsets.lag('store', [items])).find((lag) => lag.partition === partition),
    { committed: 6n },
  )
})

/** The group of the world beside its connection: what is committed on each partition, and one more door to the broker. */
async function seenFrom(t: Test, stack: TestStack) {
  const client = createClient({ brokers: stack.kafkaBrokers, clientId: 'operator', logger })
  const [cluster, admin] = [await ClusterConnection.open(client), client.admin()]
  await admin.connect()
  t.teardown(() => Promise.all([cluster.close(), admin.disconnect()]))
  const places = Array.from({ length: partitions }, (_, each) => ({ topic: `${stack.prefix}items.v1`, partition: each }))
  return {
    client,
    cluster,
    admin,
    places,
    groupId: `${stack.prefix}store`,
    committed: async () =>
      [...(await committedOffsets(cluster, `${stack.prefix}store`, places, { stable: true })).values()].map(({ offset }) => offset),
  }
}

t.test('a group is moved on all of its partitions or on none, with what stands beside the offsets', async (t) => {
  const { stack, run } = await written(t)
  const { cluster, places, groupId, committed } = await seenFrom(t, stack)
  const to = (offset: bigint) => places.map((place) => ({ ...place, offset, metadata: `beside ${place.partition}` }))
  await moveEmptyGroup(cluster, groupId, to(0n))
  t.strictSame(await committed(), [0n, 0n, 0n, 0n], 'the coordinator makes a group that nobody has run yet')
  const member = await run()
  t.equal(typeOf(await moveEmptyGroup(cluster, groupId, to(5n)).catch((error: unknown) => error)), 'UNKNOWN_MEMBER_ID')
  t.notOk((await committed()).includes(5n), 'a group with a member is not moved anywhere')
  await member.stop()
  await moveEmptyGroup(cluster, groupId, to(5n))
  const now = await committedOffsets(cluster, groupId, places, { stable: true })
  t.strictSame(
    [...now.values()],
    places.map((place) => ({ offset: 5n, metadata: `beside ${place.partition}` })),
  )
})

t.test('a member that joins when the group has just been found empty is not moved under its feet, on no partition', async (t) => {
  const { stack, kafka, stored, run } = await written(t)
  const { client, cluster, admin } = await seenFrom(t, stack)
  let looks = 0
  let member: Awaited<ReturnType<typeof run>> | undefined
  t.teardown(() => member?.stop())
  const describeGroups: typeof admin.describeGroups = async (groups) => {
    const seen = await admin.describeGroups(groups)
    looks += 1
    if (looks === 2) member = await run()
    return seen
  }
  const workshop = { kafka: client, admin: { ...admin, describeGroups }, cluster, protocol: 'implicit', logger, metrics: noMetrics }
  const offsets = new GroupOffsets({ ...workshop, topicPrefix: stack.prefix } as unknown as Workshop)
  await t.rejects(offsets.reset('store', [items], 'latest'), { code: 'E_GROUP_BUSY', message: /none was/ })
  t.equal(looks, 2)
  await caughtUp(kafka, 'store', [items])
  t.equal(await member?.stop(), true)
  t.strictSame(stored, [1, 2, 3, 4, 5, 6], 'it took back what the verb had taken over, and read everything')
})
