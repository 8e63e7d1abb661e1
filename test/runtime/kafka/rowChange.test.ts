/** A row of a table that several change at the same time, with both kinds of transactions: nobody's change is lost. */
import t from 'tap'
import type { KafkaConnection } from '../../../runtime/kafka/connectKafka.ts'
import { createClient } from '../../../runtime/kafka/client.ts'
import { topic } from '../../../runtime/topic.ts'
import type { TransactionProtocol } from '../../../runtime/kafka/openTransactions.ts'
import { testStack } from '../../support/stack.ts'
import { factors, logger, world } from './fixtures.ts'
import type { Sum } from './fixtures.ts'

t.setTimeout(120_000)
const none: Sum = { seq: 0, count: 0, sum: 0, by: '' }
const add =
  (by: string) =>
  (before: Sum = none): Sum => ({ ...before, count: before.count + 1, by: `${before.by}${by}` })

async function rowOf(kafka: KafkaConnection, key: string): Promise<Sum | undefined> {
  let row: Sum | undefined
  await kafka.tail(factors, { from: 'beginning', untilEnd: true }, (record) => {
    if (record.key === key) row = record.value ?? undefined
  })
  return row
}

for (const protocol of ['implicit', 'classic'] as const satisfies readonly TransactionProtocol[])
  t.test(`of two who change a row at once the slower one sees what the faster one wrote (${protocol})`, async (t) => {
    const stack = await testStack(t)
    const [ada, bob] = await Promise.all([world(stack, undefined, protocol), world(stack, undefined, protocol)])
    t.teardown(() => Promise.all([ada.close(), bob.close()]))
    const seen: (Sum | undefined)[] = []
    const changed = await ada.changeRow(factors, 'office', async (before) => {
      seen.push(before)
      // Bob comes while Ada has read and not written yet.
      if (seen.length === 1) await bob.changeRow(factors, 'office', add('b'))
      return add('a')(before)
    })
    const both = { ...none, count: 2, by: 'ba' }
    t.strictSame(seen, [undefined, { ...none, count: 1, by: 'b' }], 'Ada begins anew')
    t.strictSame(changed, both)
    t.strictSame(await rowOf(ada, 'office'), both)

    await Promise.all([...'cdefg'].map((by, index) => (index % 2 === 0 ? ada : bob).changeRow(factors, 'office', add(by))))
    const { count, by } = (await rowOf(bob, 'office')) ?? none
    t.strictSame([count, by.slice(0, 2), [...by.slice(2)].sort().join('')], [7, 'ba', 'cdefg'], 'each of five stands in it once')
  })

t.test('a change that is refused writes nothing, and a row that does not decode is passed over as tables do', async (t) => {
  const stack = await testStack(t)
  const kafka = await world(stack)
  const raw = createClient({ brokers: stack.kafkaBrokers, clientId: 'raw', logger }).producer()
  await raw.connect()
  t.teardown(() => Promise.all([kafka.close(), raw.disconnect()]))
  await t.rejects(
    kafka.changeRow(factors, 'office', () => {
      throw new Error('no such zone')
    }),
    { message: 'no such zone' },
  )
  t.equal(await rowOf(kafka, 'office'), undefined)
  await kafka.changeRow(factors, 'office', add('a'))
  await raw.send({ topic: `${stack.prefix}factors.v1`, messages: [{ key: 'office', value: 'no record' }] })
  await kafka.changeRow(factors, 'other', add('o'))
  t.strictSame(await kafka.changeRow(factors, 'office', add('b')), { ...none, count: 2, by: 'ab' })
  await raw.send({ topic: `${stack.prefix}factors.v1`, messages: [{ key: 'office', value: null }] })
  t.strictSame(await kafka.changeRow(factors, 'office', add('c')), { ...none, count: 1, by: 'c' }, 'one that was taken out begins anew')
})

t.test('who is overtaken again and again, or finds no topic, is told and writes nothing', async (t) => {
  const stack = await testStack(t)
  const [kafka, other] = await Promise.all([world(stack), world(stack)])
  t.teardown(() => Promise.all([kafka.close(), other.close()]))
  let tries = 0
  await t.rejects(
    kafka.changeRow(factors, 'office', async (before) => {
      tries += 1
      await other.changeRow(factors, 'office', add('b'))
      return add('a')(before)
    }),
    { code: 'E_ROW_NOT_CHANGED' },
  )
  t.strictSame(await rowOf(kafka, 'office'), { ...none, count: tries, by: 'b'.repeat(tries) })
  const missing = topic({ ...factors, name: 'nowhere' })
  await t.rejects(kafka.changeRow(missing, 'office', add('a')), { code: 'E_TOPIC_MISSING' })
})
