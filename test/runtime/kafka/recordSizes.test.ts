/** On a real broker, with both kinds of transactions: what no topic takes is set aside, and what is much is one transaction. */
import { randomBytes } from 'node:crypto'
import t from 'tap'
import { createClient } from '../../../runtime/kafka/client.ts'
import { kafkajs } from '../../../runtime/kafka/corrections.ts'
import { emit, next } from '../../../runtime/outcome.ts'
import type { Outcome } from '../../../runtime/outcome.ts'
import { partitionOf } from '../../../runtime/murmur2.ts'
import { from, stage } from '../../../runtime/stage.ts'
import { testStack } from '../../support/stack.ts'
import { dense } from './dense.ts'
import { caughtUp, items, logger, partitions, Sum, sums, world } from './fixtures.ts'
import type { Item } from './fixtures.ts'

t.setTimeout(120_000)

const maker = stage({
  name: 'maker',
  state: Sum,
  on: [
    from(items, (state: Sum | undefined, { value: { seq, amount, wish } }: { value: Item }): Outcome<Sum, typeof sums> => {
      const sum = { seq, count: (state?.count ?? 0) + 1, sum: 0, by: '' }
      const bytes = Number(wish)
      return next(sum, { emit: Array.from({ length: amount }, () => emit(sums, { ...sum, by: dense(bytes) })) })
    }),
  ],
  outputs: [sums],
})

for (const transactions of ['implicit', 'classic'] as const)
  t.test(`${transactions}: one record beyond the limit is set aside with nothing kept of it, and many below it go together`, async (t) => {
    const stack = await testStack(t)
    const kafka = await world(stack, [{ group: 'line', stages: [maker] }], transactions)
    t.teardown(() => kafka.close())
    const admin = createClient({ brokers: stack.kafkaBrokers, clientId: 'test', logger }).admin()
    await admin.connect()
    t.teardown(() => admin.disconnect())
    const topicOf = (name: string) => ({
      type: kafkajs.ConfigResourceTypes.TOPIC,
      name: `${stack.prefix}${name}`,
      configEntries: [{ name: 'max.message.bytes', value: '300000' }],
    })
    await admin.alterConfigs({ validateOnly: false, resources: [topicOf('sums.v1')] })
    const producer = kafka.producer()
    const wishes: readonly (readonly [amount: number, bytes: number])[] = [
      [1, 10],
      [1, 400_000],
      [8, 100_000],
      [1, 10],
    ]
    for (const [seq, [amount, bytes]] of wishes.entries()) await producer.send(items, 'lead:1', { seq, amount, wish: String(bytes) })
    let fatal: (error: Error) => void = () => undefined
    const failed = new Promise<never>((_, fail) => void (fatal = fail))
    const member = await kafka.runStages({ group: 'line', stages: [maker], onFatal: (error) => fatal(error) })
    t.teardown(() => member.stop())
    await Promise.race([caughtUp(kafka, 'line', [items]), failed])
    const written: (readonly [seq: number, count: number, bytes: number])[] = []
    await kafka.tail(sums, { from: 'beginning', untilEnd: true }, ({ value }) => {
      if (value) written.push([value.seq, value.count, value.by.length])
    })
    t.strictSame(written, [[0, 1, 10], ...Array.from({ length: 8 }, () => [2, 2, 100_000]), [3, 3, 10]])
    const { open } = await kafka.deadLetters({ topics: [items], members: [{ group: 'line', stages: [maker] }] }).list()
    t.match(open, [{ code: 'E_OUTPUT_TOO_LARGE', step: 'maker', sourceOffset: 1n }])
  })

t.test('a record at the limit of its topic that cannot be read is set aside like any other, and those behind it go on', async (t) => {
  const stack = await testStack(t)
  const kafka = await world(stack, [{ group: 'line', stages: [maker] }])
  t.teardown(() => kafka.close())
  const raw = createClient({ brokers: stack.kafkaBrokers, clientId: 'stranger', logger }).producer()
  await raw.connect()
  t.teardown(() => raw.disconnect())
  // A batch of 1,048,588 bytes is taken; with its own headers and those of a dead letter it would be more.
  // Nothing of it can be compressed.
  const value = randomBytes(1_048_300)
  value[0] = 7
  const partition = partitionOf('lead:1', partitions)
  await raw.send({ topic: `${stack.prefix}items.v1`, messages: [{ partition, key: 'lead:1', value, headers: { 'ce-id': 'of theirs' } }] })
  await kafka.producer().send(items, 'lead:1', { seq: 1, amount: 1, wish: '10' })
  let fatal: (error: Error) => void = () => undefined
  const failed = new Promise<never>((_, fail) => void (fatal = fail))
  const member = await kafka.runStages({ group: 'line', stages: [maker], onFatal: (error) => fatal(error) })
  t.teardown(() => member.stop())
  await Promise.race([caughtUp(kafka, 'line', [items]), failed])
  const { open } = await kafka.deadLetters({ topics: [items], members: [{ group: 'line', stages: [maker] }] }).list()
  t.match(open, [{ code: 'E_RECORD_UNDECODABLE', step: 'maker', sourceOffset: 0n }])
  t.equal(open[0]?.value?.length, value.length)
  const written: number[] = []
  await kafka.tail(sums, { from: 'beginning', untilEnd: true }, (record) => written.push((record.value as Sum).seq))
  t.strictSame(written, [1])
})
