/** State in files beside a real changelog: what a start reads of it, and what it does when the two do not agree. */
import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import pino from 'pino'
import t from 'tap'
import { createClient } from '../../../runtime/kafka/client.ts'
import { connectKafka } from '../../../runtime/kafka/connectKafka.ts'
import type { KafkaConnection } from '../../../runtime/kafka/connectKafka.ts'
import { testStack } from '../../support/stack.ts'
import type { TestStack } from '../../support/stack.ts'
import { adder, caughtUp, eventually, items, logger, partitions, sums, totaller, totals, world } from './fixtures.ts'

t.setTimeout(120_000)

const stages = [adder, totaller]
const inputs = [items, sums]
const unexpected = (error: Error) => {
  throw error
}

interface Line {
  readonly msg: string
  readonly partition?: number
  readonly records?: number
}

/** A connection whose log lines can be read. */
async function listening(stack: TestStack): Promise<{ kafka: KafkaConnection; lines: Line[]; restored(): number }> {
  const lines: Line[] = []
  const kafka = await connectKafka({
    brokers: stack.kafkaBrokers,
    clientId: 'test',
    topicPrefix: stack.prefix,
    registryUrl: stack.registryUrl,
    logger: pino({ level: 'info' }, { write: (text: string) => lines.push(JSON.parse(text) as Line) }),
  })
  const restored = () => lines.filter(({ msg }) => msg === 'restored').reduce((sum, { records = 0 }) => sum + records, 0)
  return { kafka, lines, restored }
}

async function send(kafka: KafkaConnection, from: number, count: number, keys = 50): Promise<void> {
  const producer = kafka.producer()
  await Promise.all(
    Array.from({ length: count }, (_, at) => producer.send(items, `lead:${(from + at) % keys}`, { seq: from + at, amount: 1, wish: '' })),
  )
  await producer.close()
}

/** The last running count of every key, added up: as many as there were items, when none was lost or taken twice. */
async function counted(kafka: KafkaConnection): Promise<number> {
  const last = new Map<string, number>()
  await kafka.tail(totals, { from: 'beginning', untilEnd: true }, ({ key, value }) =>
    last.set(key ?? '', (value as { count: number }).count),
  )
  return [...last.values()].reduce((sum, count) => sum + count, 0)
}

t.test('after a clean stop nothing is restored; what happened elsewhere meanwhile is', async (t) => {
  const stack = await testStack(t)
  await (await world(stack)).close()
  const { kafka, restored } = await listening(stack)
  t.teardown(() => kafka.close())
  const folders = t.testdir({ here: {}, there: {} })
  const run = (where = 'here') => kafka.runStages({ group: 'line', stages, stateDir: join(folders, where), onFatal: unexpected })

  const first = await run()
  await send(kafka, 0, 500)
  await caughtUp(kafka, 'line', inputs)
  t.equal(await first.stop(), true)
  t.equal(restored(), 0, 'a first start finds nothing')
  const second = await run()
  await eventually('it has every partition', () => second.ready.length === partitions)
  t.equal(restored(), 0, 'all of it is in the files')
  await second.stop()

  const elsewhere = await run('there')
  await send(kafka, 500, 100)
  await caughtUp(kafka, 'line', inputs)
  await elsewhere.stop()
  // 50 keys in two stages; a slice of the log writes each key once, and each stage its definition on each partition.
  const whole = restored()
  t.ok(whole >= 100 + 2 * partitions, `another folder restores the whole: ${whole}`)
  const third = await run()
  await eventually('it has every partition', () => third.ready.length === partitions)
  const missed = restored() - whole
  t.ok(missed > 0 && missed <= 200, `only what was missed: ${missed}, no definition among it`)
  await send(kafka, 600, 100)
  await caughtUp(kafka, 'line', inputs)
  t.equal(await counted(kafka), 700)
  await third.stop()
})

t.test('two members on one machine have a folder each; the folder of one that is gone is used again', async (t) => {
  const stack = await testStack(t)
  const kafka = await world(stack)
  const other = await world(stack)
  t.teardown(() => Promise.all([kafka.close(), other.close()]))
  const stateDir = t.testdir({})
  const parent = join(stateDir, `${stack.prefix}line`)
  const one = await kafka.runStages({ group: 'line', stages, stateDir, onFatal: unexpected })
  const two = await other.runStages({ group: 'line', stages, stateDir, onFatal: unexpected })
  await eventually('they share', () => one.ready.length === 2 && two.ready.length === 2)
  t.strictSame(readdirSync(parent).sort(), ['0', '1'])
  t.ok(existsSync(join(parent, '0', 'owner')) && existsSync(join(parent, '1', 'owner')))
  await one.stop()
  t.notOk(existsSync(join(parent, '0', 'owner')))
  const three = await kafka.runStages({ group: 'line', stages, stateDir, onFatal: unexpected })
  t.strictSame(readdirSync(parent).sort(), ['0', '1'])
  await Promise.all([two.stop(), three.stop()])
})

for (const more of [0, 600])
  t.test(
    `a changelog that was deleted and made anew, with ${more === 0 ? 'nothing' : 'more'} in it: the state is restored from it, and the log says so`,
    async (t) => {
      const stack = await testStack(t)
      await (await world(stack)).close()
      const { kafka, lines } = await listening(stack)
      t.teardown(() => kafka.close())
      const folders = t.testdir({ here: {}, there: {} })
      const run = (where: string, options: { maxRecords?: number } = {}) =>
        kafka.runStages({ group: 'line', stages, stateDir: join(folders, where), onFatal: unexpected, ...options })
      const first = await run('here')
      await send(kafka, 0, 200)
      await caughtUp(kafka, 'line', inputs)
      await first.stop()
      const admin = createClient({ brokers: stack.kafkaBrokers, clientId: 'raw', logger }).admin()
      await admin.connect()
      t.teardown(() => admin.disconnect())
      const changelog = `${stack.prefix}totaller-changelog`
      const ends = async () =>
        (await admin.fetchTopicOffsets(changelog)).sort((a, b) => a.partition - b.partition).map(({ offset }) => Number(offset))
      const before = await ends()
      await admin.deleteTopics({ topics: [changelog] })
      await eventually('the changelog is gone', async () => !(await admin.listTopics()).includes(changelog))
      await (await world(stack)).close()
      const others = await run('there', { maxRecords: 5 })
      // With transactions of 5 records the new log reaches beyond where the files here were with the old one.
      // Ten keys do not come again: whoever took the new log for the old one would keep what it had of them.
      await send(kafka, 200, more, 40)
      await caughtUp(kafka, 'line', inputs)
      await others.stop()
      t.ok(
        (await ends()).every((end, index) => (more === 0 ? end === 0 : end > (before[index] ?? Infinity))),
        `${String(await ends())} after ${String(before)}`,
      )

      const told = () =>
        lines.filter(
          ({ msg }) => msg === 'the changelog of the local state was deleted and made anew; the state is restored from the beginning',
        )
      t.equal(told().length, 0)
      const again = await run('here')
      await eventually('it has every partition', () => again.ready.length === partitions)
      t.equal(told().length, partitions)
      await send(kafka, 200 + more, 50)
      await caughtUp(kafka, 'line', inputs)
      t.equal(await counted(kafka), more + 50, 'the totals count from the new log, not from files that no log confirms')
      await again.stop()
      const quiet = await run('here')
      await eventually('it has every partition', () => quiet.ready.length === partitions)
      t.equal(told().length, partitions, 'from then on it is the changelog that they know')
      await quiet.stop()
    },
  )
