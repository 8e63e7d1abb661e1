/**
 * The lag of a member in seconds, against a real broker: a partition that nobody works on is told with its age. Without one: that it
 * cannot be asked for is said.
 */
import pino from 'pino'
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

t.test('a lag that cannot be measured is said at once and every minute while that lasts, and when it is over', async (t) => {
  let asked = 0
  let away = true
  const clock = { now: 1_000 }
  const lines: string[] = []
  const cluster = {
    cluster: {
      addMultipleTargetTopics: async () => {
        asked += 1
        if (away) throw new Error('the broker is away')
      },
      findTopicPartitionMetadata: () => [],
      fetchTopicsOffset: async () => [],
    },
    groupCoordinator: async () => ({ connectionPool: { send: async () => new Map() } }),
  } as unknown as ClusterConnection
  const stop = watchLag({
    ...{ cluster, metrics: noMetrics, topicPrefix: '', group: 'line', topics: [items], everyMs: 1, monotonic: () => clock.now },
    logger: pino({ level: 'info' }, { write: (line: string) => lines.push((JSON.parse(line) as { msg: string }).msg) }),
  })
  t.teardown(stop)
  const looks = async (more: number) => {
    const from = asked
    await eventually('it asks', () => asked >= from + more)
  }
  const cannot = 'the lag in seconds cannot be measured and stands as it was, trying again'
  await looks(5)
  t.strictSame(lines, [cannot])
  clock.now += 59_999
  await looks(5)
  t.equal(lines.length, 1)
  clock.now += 1
  await looks(5)
  t.strictSame(lines, [cannot, cannot])
  away = false
  await eventually('it is over', () => lines.length === 3)
  t.equal(lines[2], 'the lag in seconds is measured again')
  away = true
  await eventually('it is said anew', () => lines.length === 4)
  t.equal(lines[3], cannot)
})
