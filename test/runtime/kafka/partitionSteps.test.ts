/** A topic read in steps: from a time on, in the order of the log, up to where it ended when it was opened, and no further than it is asked. */
import { randomBytes } from 'node:crypto'
import t from 'tap'
import { testStack } from '../../support/stack.ts'
import { items, world } from './fixtures.ts'

t.test('steps give every record of a partition from a time on, once and in order, and end where the topic ended', async (t) => {
  const kafka = await world(await testStack(t))
  t.teardown(() => kafka.close())
  const producer = kafka.producer()
  const began = Date.now()
  // 3,000 records of 1 KB that hardly compress, under one key: several fetches of 512 KB, all in one partition.
  const send = (from: number, count: number) =>
    Promise.all(
      Array.from({ length: count }, (_, index) => {
        const seq = from + index
        return producer.send(items, 'k', { seq, amount: 1, wish: randomBytes(500).toString('hex') }, { timestamp: began + seq })
      }),
    )
  await send(0, 3_000)
  const steps = await kafka.steps(items)
  t.teardown(() => steps.close())
  await send(3_000, 10)
  t.equal(steps.partitions.length, 4)
  const read: number[] = []
  let fetches = 0
  for (const partition of steps.partitions) {
    await steps.start(partition, began + 500)
    for (let step = await steps.next(partition); step !== undefined; step = await steps.next(partition)) {
      if (step.length > 0) fetches++
      for (const { key, value, timestamp } of step) {
        if (key !== 'k' || !value || timestamp !== began + value.seq) t.fail('another record')
        else read.push(value.seq)
      }
    }
  }
  t.strictSame(
    read,
    Array.from({ length: 2_500 }, (_, index) => 500 + index),
  )
  t.ok(fetches > 1, `${fetches} fetches`)
  await t.rejects(kafka.steps({ ...items, name: 'nobody.made.this' }), { code: 'E_TOPIC_MISSING' })
})
