/** The lag of a member in seconds against a real broker: a partition that nobody works on is told with its age. */
import t from 'tap'
import { ClusterConnection } from '../../../runtime/kafka/cluster.ts'
import { createClient } from '../../../runtime/kafka/client.ts'
import { watchLag } from '../../../runtime/kafka/lagWatch.ts'
import { noMetrics } from '../../../runtime/metrics.ts'
import { testStack } from '../../support/stack.ts'
import { adder, caughtUp, eventually, items, logger, totaller, world } from './fixtures.ts'

t.setTimeout(120_000)

const HOUR_S = 3_600

t.test('what nobody has done is told with its age, and 0 once it is done', async (t) => {
  const stack = await testStack(t)
  const kafka = await world(stack)
  const cluster = await ClusterConnection.open(createClient({ brokers: stack.kafkaBrokers, clientId: 'lag', logger }))
  t.teardown(() => Promise.all([kafka.close(), cluster.close()]))
  const producer = kafka.producer()
  for (const seq of [1, 2]) await producer.send(items, 'lead:1', { seq, amount: 1, wish: '' }, { timestamp: Date.now() - HOUR_S * 1_000 })
  await producer.close()
  const told = new Map<string, number>()
  const metrics = {
    ...noMetrics,
    set: (name: string, { topic = '' }, value: number) => void told.set(`${name} ${topic}`, value),
  }
  const stop = watchLag({ cluster, metrics, logger, topicPrefix: stack.prefix, group: 'line', topics: [items], everyMs: 50 })
  t.teardown(stop)
  await eventually('the age is told', () => (told.get('lr_kafka_lag_seconds items') ?? 0) >= HOUR_S)
  t.ok((told.get('lr_kafka_lag_seconds items') ?? Infinity) < HOUR_S + 120, 'its age, not that of the epoch')
  const member = await kafka.runStages({
    group: 'line',
    stages: [adder, totaller],
    onFatal: (error) => {
      throw error
    },
  })
  t.teardown(() => member.stop())
  await caughtUp(kafka, 'line', [items])
  await eventually('nothing is left', () => told.get('lr_kafka_lag_seconds items') === 0)
})
