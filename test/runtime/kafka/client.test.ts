/** What every consumer is made with, whatever its owner asks for beside it. */
import type { ConsumerConfig, Kafka } from 'kafkajs'
import t from 'tap'
import { createConsumer } from '../../../runtime/kafka/client.ts'

const made = (goesOn?: () => boolean): ConsumerConfig => {
  const kafka = { consumer: (config: ConsumerConfig) => config } as unknown as Kafka
  return createConsumer(kafka, { groupId: 'line' }, goesOn) as unknown as ConsumerConfig
}

t.test('a consumer reads what is committed, and makes no topics', async (t) => {
  t.match(made(), { groupId: 'line', readUncommitted: false, allowAutoTopicCreation: false })
})

t.test('a consumer waits for a broker for longer than any outage, and looks every second', async (t) => {
  const { retry } = made()
  t.ok((retry?.maxRetryTime ?? Infinity) <= 1_000)
  const days = ((retry?.retries ?? 0) * (retry?.maxRetryTime ?? 0)) / 86_400_000
  t.ok(days > 7, `${days} days`)
})

t.test('a consumer that failed begins anew unless its owner has enough', async (t) => {
  let wanted = true
  const { retry } = made(() => wanted)
  t.equal(await retry?.restartOnFailure?.(new Error('the broker is away')), true)
  wanted = false
  t.equal(await retry?.restartOnFailure?.(new Error('the broker is away')), false)
})
