/** What is taken of a fetch: a record of another program that is not on the partition of its key reaches no fold, and is counted. */
import t from 'tap'
import { FetchedLogRecord } from '../../../runtime/kafka/partitionReader.ts'
import { takeRecords } from '../../../runtime/kafka/takeRecords.ts'
import { partitionOf } from '../../../runtime/murmur2.ts'
import { next } from '../../../runtime/outcome.ts'
import { from, stage } from '../../../runtime/stage.ts'
import { MemoryStateStore } from '../../../runtime/stateStore.ts'
import { Task } from '../../../runtime/task.ts'
import { topic } from '../../../runtime/topic.ts'
import type { AnyTopic } from '../../../runtime/topic.ts'
import { fetchedRecords } from './fetchedRecords.ts'
import { Sum } from './fixtures.ts'

const at = Date.UTC(2026, 10, 3)
const PARTITIONS = 4
const keys = Array.from({ length: 40 }, (_, index) => `lead:${index}`)

/** What a stage makes of one record of each key, all on the first partition of a topic that these write. */
async function folded(writtenBy: readonly string[]) {
  const input = topic({ name: 'open', key: 'lead', value: Sum, retention: { days: 1 }, contract: 'public', writtenBy, about: '' })
  const reader = stage({
    name: 'reader',
    state: Sum,
    on: [from(input, (_: Sum | undefined, { value }: { value: Sum }) => next(value))],
    outputs: [],
  })
  const stores = new Map([['reader', new MemoryStateStore()]])
  const task = new Task({ group: 'line', stages: [reader], partition: 0, stores, tables: new Map() })
  const value = Sum.encode({ seq: 0, count: 1, sum: 1, by: '' })
  const fetched = await fetchedRecords(
    0,
    keys.map((key) => ({ key, value, timestamp: at, headers: {} })),
  )
  const wire = { prepare: async () => undefined, decode: (of: AnyTopic, bytes: Buffer) => of.value.decode(bytes) as unknown }
  const context = { wire, inputs: new Map([['open.v1', input]]), group: 'line', counts: { of: () => PARTITIONS } }
  const logs = fetched.map((record) => new FetchedLogRecord('open.v1', 0, record))
  return task.process(await takeRecords(context as never, task, 'open.v1', logs), at)
}

t.test('what others wrote on another partition than that of its key begins no state there, and is counted', async (t) => {
  const here = keys.filter((key) => partitionOf(key, PARTITIONS) === 0)
  t.ok(here.length > 0 && here.length < keys.length)
  const { changes, drops } = await folded(['adder', '*'])
  t.strictSame(
    changes.map(({ key }) => key),
    here,
  )
  t.strictSame(
    drops,
    keys.filter((key) => !here.includes(key)).map(() => ({ stage: 'reader', reason: 'wrong_partition' })),
  )
})

t.test('of what only ours write it is not asked', async (t) => {
  const { changes, drops } = await folded(['adder'])
  t.strictSame([changes.length, drops], [keys.length, []])
})
