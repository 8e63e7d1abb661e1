/**
 * Topics that change under whoever reads them, against a real broker: of one that is deleted and made anew with more in it a follower
 * reads the whole, and a member whose records are deleted before it has read them stops.
 */
import t from 'tap'
import { PartitionReader } from '../../../runtime/kafka/partitionReader.ts'
import { SchemaRegistry } from '../../../runtime/kafka/registry.ts'
import { readTable } from '../../../runtime/kafka/tableReader.ts'
import { WireFormat } from '../../../runtime/kafka/wireFormat.ts'
import { drop } from '../../../runtime/outcome.ts'
import { physicalName } from '../../../runtime/topic.ts'
import { worker } from '../../../runtime/worker.ts'
import { deadLetterWorld, members } from './deadLetterWorld.ts'
import type { DeadLetterWorld } from './deadLetterWorld.ts'
import { partitionOf } from '../../../runtime/murmur2.ts'
import { eventually, factors, items, logger, partitions, topics } from './fixtures.ts'

t.setTimeout(120_000)

async function makeAnew({ client, kafka }: DeadLetterWorld, name: string): Promise<void> {
  const admin = client.admin()
  await admin.connect()
  await admin.deleteTopics({ topics: [name] })
  await eventually('it is gone', async () => !(await admin.listTopics()).includes(name))
  await admin.disconnect()
  await kafka.applyTopics(topics, { partitions, replicationFactor: 1, members })
}

t.test('letters of before are counted no more, and each new one is', async (t) => {
  const made = await deadLetterWorld(t)
  const { kafka, desk, write, stack } = made
  const counts = kafka.deadLetterCounts([items])
  t.teardown(() => counts.close())
  const open = async () => (await counts.look()).reduce((sum, each) => sum + each.open, 0)
  await write({}, {}, {})
  t.equal(await open(), 3)
  await desk.discard({}, 'no use', { by: 'Ada' })
  await eventually('nothing is open', async () => (await open()) === 0)
  await makeAnew(made, `${stack.prefix}items.v1.line.dlq`)
  await write(...Array.from({ length: 12 }, () => ({})))
  t.equal((await desk.list()).open.length, 12)
  t.equal(await open(), 12)
})

t.test('a table holds what its topic holds now', async (t) => {
  const made = await deadLetterWorld(t)
  const { kafka, client, stack } = made
  const put = async (keys: readonly string[], sum: number) => {
    const producer = kafka.producer()
    for (const key of keys) await producer.send(factors, key, { seq: 0, count: 1, sum, by: '' })
    await producer.close()
  }
  await put(['a', 'b'], 1)
  const table = await readTable(factors, {
    connect: () => PartitionReader.connect(client),
    wire: new WireFormat(new SchemaRegistry({ url: stack.registryUrl }), stack.prefix),
    topicPrefix: stack.prefix,
    logger,
    idEveryMs: 100,
  })
  t.teardown(() => table.close())
  const sums = () => Object.fromEntries([...table.entries()].map(([key, { sum }]) => [key, sum]))
  t.strictSame(sums(), { a: 1, b: 1 })
  await makeAnew(made, physicalName(factors, stack.prefix))
  await put(['b', 'c', 'd', 'e'], 5)
  await eventually('what it holds now', () => table.get('b')?.sum === 5 && table.get('e') !== undefined)
  t.strictSame(sums(), { b: 5, c: 5, d: 5, e: 5 })
})

t.test('a member that is overtaken by a deletion stops, and does not go on behind it as if nothing had been', async (t) => {
  const { kafka, client, stack } = await deadLetterWorld(t)
  const producer = kafka.producer()
  t.teardown(() => producer.close())
  const send = async (from: number, to: number) => {
    for (let seq = from; seq < to; seq += 1) await producer.send(items, 'lead:1', { seq, amount: 1, wish: '' })
  }
  await send(0, 12)
  const taken: number[] = []
  let goOn = (): void => undefined
  const mayGoOn = new Promise<void>((resolve) => (goOn = resolve))
  const slow = worker({
    name: 'slow',
    input: items,
    outputs: [],
    // As many wait as fill eight times this: the partition is paused behind the first twelve.
    concurrency: 1,
    deadlineMs: 60_000,
    handle: async ({ value: { seq } }) => {
      taken.push(seq)
      await mayGoOn
      return drop('not_now')
    },
  })
  const failed: Error[] = []
  const member = await kafka.runWorker({ group: 'store', worker: slow, onFatal: (error) => failed.push(error) })
  t.teardown(() => member.stop())
  await eventually('it works', () => taken.length === 1)
  await send(12, 20)
  const admin = client.admin()
  await admin.connect()
  const topic = physicalName(items, stack.prefix)
  await admin.fetchTopicOffsets(topic)
  await admin.deleteTopicRecords({ topic, partitions: [{ partition: partitionOf('lead:1', partitions), offset: '18' }] })
  await admin.disconnect()
  goOn()
  await eventually('it stops', () => failed.length > 0)
  t.match(failed[0], { code: 'E_OFFSET_OUT_OF_RANGE', message: /was about to read .*items\.v1 partition \d from offset 12\./ })
  t.strictSame(taken, [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11].slice(0, taken.length))
})
