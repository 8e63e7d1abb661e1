/**
 * A table against a stand-in for the cluster, each of its two partitions on a broker of its own: a broker that fails costs no
 * row that another one tells, and a topic that was made anew, or no longer holds where the table was read up to, is read whole once more.
 */
import t from 'tap'
import type { Test } from 'tap'
import { firstTimestamp } from '../../../runtime/kafka/firstTimestamp.ts'
import { PartitionReader } from '../../../runtime/kafka/partitionReader.ts'
import { readTable } from '../../../runtime/kafka/tableReader.ts'
import type { WireFormat } from '../../../runtime/kafka/wireFormat.ts'
import { eventually, factors, logger, Sum } from './fixtures.ts'
import { at, topic, TwoBrokers } from './twoBrokers.ts'

async function tableOn(t: Test, cluster: TwoBrokers, idEveryMs = 10_000, patienceMs?: number) {
  const table = await readTable(factors, {
    connect: async () => PartitionReader.over(cluster.connection),
    wire: { prepare: async () => undefined, decode: (_: unknown, bytes: Buffer) => Sum.decode(bytes) } as unknown as WireFormat,
    topicPrefix: '',
    logger,
    idEveryMs,
    ...(patienceMs === undefined ? {} : { patienceMs }),
  })
  t.teardown(() => table.close())
  const sums = () => Object.fromEntries([...table.entries()].map(([key, { sum }]) => [key, sum]))
  return { table, sums }
}

t.test('a row that one broker tells after another has failed is not lost', async (t) => {
  const cluster = new TwoBrokers()
  cluster.put(0, 'a', 1)
  cluster.put(1, 'b', 1)
  const { sums } = await tableOn(t, cluster)
  t.strictSame(sums(), { a: 1, b: 1 })
  let answered = false
  let answer = (): void => undefined
  const late = new Promise<void>((resolve) => (answer = resolve))
  cluster.put(1, 'b', 2)
  const held = new Promise<void>((resolve) => {
    cluster.beforeAnswer = async (broker) => {
      if (answered) return
      if (broker === '1') throw new Error('the broker is away')
      resolve()
      await late
    }
  })
  await held
  // Longer than the pause after a fetch that failed: one that is given up without the other broker is put again by then.
  await new Promise((resolve) => setTimeout(resolve, 700))
  answered = true
  answer()
  cluster.put(0, 'a', 3)
  await eventually('the table goes on', () => sums()['a'] === 3, 5_000)
  t.strictSame(sums(), { a: 3, b: 2 })
})

t.test('a table has what is committed behind a transaction that is open: it is handed out when that has ended', async (t) => {
  const cluster = new TwoBrokers()
  for (const key of ['a', 'b', 'c']) cluster.put(0, key, 1)
  cluster.put(1, 'd', 1)
  cluster.open[0] = 1
  let handedOut = false
  const reading = tableOn(t, cluster).finally(() => (handedOut = true))
  let fetches = 0
  await new Promise<void>((resolve) => {
    cluster.beforeAnswer = async () => {
      fetches += 1
      if (fetches === 5) resolve()
    }
  })
  t.equal(handedOut, false, 'nobody works with a table that lacks rows')
  cluster.open[0] = undefined
  t.strictSame((await reading).sums(), { a: 1, b: 1, c: 1, d: 1 })
})

t.test(
  'a transaction that does not end holds up no table for good: what readers see is handed out, and the rest when it comes',
  async (t) => {
    const cluster = new TwoBrokers()
    for (const key of ['a', 'b']) cluster.put(0, key, 1)
    cluster.open[0] = 1
    const { table, sums } = await tableOn(t, cluster, 10_000, 20)
    t.strictSame(sums(), { a: 1 })
    cluster.open[0] = undefined
    await eventually('the rest', () => table.get('b') !== undefined, 5_000)
  },
)

t.test('a table whose topic was made anew is read whole once more', async (t) => {
  const cluster = new TwoBrokers()
  for (const key of ['a', 'b', 'c']) cluster.put(0, key, 1)
  cluster.put(1, 'd', 1)
  const { table, sums } = await tableOn(t, cluster)
  t.strictSame(sums(), { a: 1, b: 1, c: 1, d: 1 })
  for (const log of cluster.logs) log.length = 0
  cluster.put(0, 'c', 9)
  await eventually('what it holds now', () => table.get('c')?.sum === 9, 5_000)
  t.strictSame(sums(), { c: 9 })
})

t.test('a topic that was made anew with more in it is told by its id', async (t) => {
  const cluster = new TwoBrokers()
  for (const key of ['a', 'b']) cluster.put(0, key, 1)
  const { table, sums } = await tableOn(t, cluster, 1)
  t.strictSame(sums(), { a: 1, b: 1 })
  cluster.makeAnew()
  for (const key of ['b', 'c', 'd', 'e']) cluster.put(0, key, 5)
  cluster.put(1, 'f', 5)
  await eventually('what it holds now', () => table.get('b')?.sum === 5 && table.get('a') === undefined, 5_000)
  t.strictSame(sums(), { b: 5, c: 5, d: 5, e: 5, f: 5 })
})

t.test('the id is asked for after a failure, too: while a topic is made anew it cannot be read', async (t) => {
  const cluster = new TwoBrokers()
  cluster.put(0, 'a', 1)
  const { table, sums } = await tableOn(t, cluster)
  let failed = false
  cluster.beforeAnswer = async () => {
    if (failed) return
    failed = true
    cluster.makeAnew()
    for (const key of ['b', 'c', 'd']) cluster.put(0, key, 5)
    throw new Error('this server does not host this topic-partition')
  }
  await eventually('what it holds now', () => table.get('b')?.sum === 5, 5_000)
  t.strictSame(sums(), { b: 5, c: 5, d: 5 })
})

t.test('a topic that is made anew with less in it while it is read whole is begun with once more', async (t) => {
  const cluster = new TwoBrokers()
  for (const key of ['a', 'b', 'c']) cluster.put(0, key, 1)
  cluster.afterEnds = () => {
    cluster.afterEnds = () => undefined
    cluster.makeAnew()
    cluster.put(0, 'z', 2)
  }
  const { sums } = await tableOn(t, cluster)
  t.strictSame(sums(), { z: 2 })
})

t.test('the age of what a group has not done is that of the first record that is kept', async (t) => {
  const cluster = new TwoBrokers()
  for (const sum of [1, 2, 3, 4]) cluster.put(0, 'a', sum)
  const reader = PartitionReader.over(cluster.connection)
  const lag = { topic, partition: 0, committed: 1n, end: 4n, lag: 3n }
  t.equal(await firstTimestamp(reader, lag), at + 2)
  cluster.lows[0] = 3
  t.equal(await firstTimestamp(reader, lag), at + 4, 'retention has deleted what it stands at')
})
