/** What a join tells the metrics. */
import { Registry } from 'prom-client'
import t from 'tap'
import { tellJoin } from '../../../runtime/kafka/joins.ts'
import { runtimeMetrics } from '../../../runtime/metrics.ts'

t.test('each join counts, and the last one is told in seconds since 1970', async (t) => {
  const registry = new Registry()
  const metrics = runtimeMetrics(registry)
  tellJoin(metrics, 'line', 1_700_000_000_500)
  tellJoin(metrics, 'line', 1_700_000_060_500)
  tellJoin(metrics, 'sinks', 1_700_000_000_000)
  const text = await registry.metrics()
  t.match(text, 'lr_kafka_rebalances_total{group="line"} 2\n')
  t.match(text, 'lr_kafka_rebalances_total{group="sinks"} 1\n')
  t.match(text, 'lr_kafka_last_rebalance_timestamp_seconds{group="line"} 1700000060.5\n')
})
