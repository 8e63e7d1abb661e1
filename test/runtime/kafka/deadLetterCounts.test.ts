/** How many dead letters stand open, against a real broker: always as many as the list of the operator's desk names. */
import t from 'tap'
import { DeadLetterCounts } from '../../../runtime/kafka/deadLetterCounts.ts'
import type { OpenLetters } from '../../../runtime/kafka/deadLetterCounts.ts'
import { PartitionReader } from '../../../runtime/kafka/partitionReader.ts'
import { deadLetterWorld } from './deadLetterWorld.ts'
import { eventually, items, sums, topics } from './fixtures.ts'

t.setTimeout(120_000)
const by = 'Ada'
const sorted = (found: readonly OpenLetters[]) => [...found].sort((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1))

t.test('letters are counted by topic, group and step until they are replayed, fixed or discarded', async (t) => {
  const { kafka, desk, write, client, stack } = await deadLetterWorld(t)
  const counts = kafka.deadLetterCounts(topics)
  const look = async () => sorted(await counts.look())
  const none = [
    { topic: 'items', group: 'line', step: '', open: 0 },
    { topic: 'items', group: 'store', step: '', open: 0 },
    { topic: 'sums', group: 'line', step: '', open: 0 },
  ]
  t.strictSame(await look(), none, 'a topic without letters is told, too')
  const [replayed = '', discarded = '', fixed = ''] = await write({}, { key: 'lead:2' }, { key: 'lead:3' })
  await write(
    { key: 'lead:4' },
    { topic: sums, forged: { 'dlq-step': 'totaller' } },
    // The same source record twice, as a sink that crashed may leave it: one letter. And something that nobody of ours wrote.
    { group: 'store', sourceOffset: 7n, forged: { 'dlq-step': 'kept' } },
    { group: 'store', sourceOffset: 7n, forged: { 'dlq-step': 'kept' } },
    { group: 'store', forged: { 'dlq-source-topic': 'another' } },
  )
  const open = async (line: number) => {
    const found = await look()
    t.strictSame(found, [
      { topic: 'items', group: 'line', step: 'adder', open: line },
      { topic: 'items', group: 'store', step: 'kept', open: 1 },
      { topic: 'sums', group: 'line', step: 'totaller', open: 1 },
    ])
    t.equal((await desk.list()).open.length, line + 2, 'as many as the list names')
  }
  await open(4)
  await desk.replay({ id: replayed }, { by })
  await desk.discard({ id: discarded }, 'no use', { by })
  await desk.fix(fixed, (value) => ({ ...(value as object), amount: 2 }), { by })
  await eventually('the resolutions can be read', async () => (await desk.list()).resolved === 3)
  await open(1)
  await desk.discard({}, 'all of them', { by })
  await eventually('the resolutions can be read', async () => (await desk.list()).open.length === 0)
  t.strictSame(
    (await look()).map(({ open: left }) => left),
    [0, 0, 0],
  )
  // What the broker deletes for its age is open no more, whatever became of it.
  const [gone = ''] = await write({ key: 'lead:5' })
  t.equal((await look())[0]?.open, 1)
  const [, partition] = /#(\d+)@/.exec(gone) ?? []
  const admin = client.admin()
  await admin.connect()
  const topic = `${stack.prefix}items.v1.line.dlq`
  // The client deletes only where it knows the leader already.
  await admin.fetchTopicOffsets(topic)
  await admin.deleteTopicRecords({
    topic,
    partitions: [{ partition: Number(partition), offset: '-1' }],
  })
  await admin.disconnect()
  await eventually('it is deleted', async () => (await desk.list()).open.length === 0)
  t.equal((await look())[0]?.open, 0)
})

t.test('whoever was closed, as after a failure, connects anew and goes on where it was', async (t) => {
  const { kafka, write } = await deadLetterWorld(t)
  const counts = kafka.deadLetterCounts([items])
  await write({}, { key: 'lead:2' })
  const open = async () => (await counts.look()).reduce((sum, each) => sum + each.open, 0)
  t.equal(await open(), 2)
  await counts.close()
  await write({ key: 'lead:3' })
  t.equal(await open(), 3)
})

t.test('what a look that failed had read already is not counted once more', async (t) => {
  const { kafka, write } = await deadLetterWorld(t)
  const counts = kafka.deadLetterCounts([items])
  // Handed over in memory, a letter has no offset of its source by which it would be known again.
  const handedOver = { sourceOffset: -1n }
  await write(handedOver)
  const open = async () => (await counts.look()).reduce((sum, each) => sum + each.open, 0)
  t.equal(await open(), 1)
  await write(handedOver, handedOver)
  const { fetch } = PartitionReader.prototype
  t.teardown(() => (PartitionReader.prototype.fetch = fetch))
  PartitionReader.prototype.fetch = async function (...asked) {
    await fetch.apply(this, asked)
    throw new Error('the connection broke')
  }
  await t.rejects(open(), /the connection broke/)
  PartitionReader.prototype.fetch = fetch
  t.equal(await open(), 3)
})

t.test('a look that cannot see is refused', async (t) => {
  const away = async () => {
    throw new Error('the broker is away')
  }
  const counts = new DeadLetterCounts({ admin: { listTopics: away }, topicPrefix: '', cluster: { cluster: {} } } as never, [items])
  await t.rejects(counts.look(), /the broker is away/)
})
