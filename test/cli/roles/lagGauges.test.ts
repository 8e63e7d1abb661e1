/** The lag in records as a scrape finds it: of each partition, as the broker says at that moment. */
import { Registry } from 'prom-client'
import t from 'tap'
import { lagGauges } from '../../../cli/roles/lagGauges.ts'
import { runtimeMetrics } from '../../../runtime/metrics.ts'
import { items, sums } from '../../runtime/kafka/fixtures.ts'

t.test('each partition of what a group reads is told in records, as it is when it is asked for', async (t) => {
  const registry = new Registry()
  runtimeMetrics(registry)
  let left = 2n
  const asked: string[] = []
  const lag = async (group: string) => {
    asked.push(group)
    return [
      { topic: 'items', partition: 0, committed: 9n - left, lag: left, end: 9n },
      { topic: 'items', partition: 3, committed: 4n, lag: 0n, end: 4n },
    ]
  }
  const refresh = lagGauges({ lag }, registry, [
    { group: 'line', topics: [items] },
    { group: 'store', topics: [items, sums] },
  ])
  const told = async () => {
    await refresh()
    const lines = (await registry.metrics()).matchAll(/^kafka_consumergroup_lag\{([^}]*)\} (\S+)$/gm)
    return Object.fromEntries([...lines].map(([, labels, value]) => [labels, Number(value)]))
  }
  const of = (group: string, partition: number) => `consumergroup="${group}",topic="items",partition="${partition}"`
  t.strictSame(await told(), { [of('line', 0)]: 2, [of('line', 3)]: 0, [of('store', 0)]: 2, [of('store', 3)]: 0 })
  t.strictSame(asked, ['line', 'store'])
  left = 0n
  t.equal((await told())[of('line', 0)], 0, 'also once all is done')
})

t.test('a broker that cannot be asked is told, not hidden behind the numbers of before', async (t) => {
  const registry = new Registry()
  runtimeMetrics(registry)
  const away = () => Promise.reject(new Error('the broker is away'))
  await t.rejects(lagGauges({ lag: away }, registry, [{ group: 'line', topics: [items] }])(), /the broker is away/)
})
