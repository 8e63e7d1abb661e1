/** The lag of groups in records, asked of the broker before a scrape: a member that stands still cannot hide it. */
import type { Gauge, Registry } from 'prom-client'
import type { KafkaConnection } from '../../runtime/kafka/connectKafka.ts'
import type { AnyTopic } from '../../runtime/topic.ts'

export interface WatchedGroup {
  readonly group: string
  readonly topics: readonly AnyTopic[]
}

/** A function for `serveMetrics`: sets `kafka_consumergroup_lag`. The lag in seconds is told by the members themselves. */
export function lagGauges(kafka: Pick<KafkaConnection, 'lag'>, registry: Registry, groups: readonly WatchedGroup[]): () => Promise<void> {
  const records = registry.getSingleMetric('kafka_consumergroup_lag') as Gauge
  return async () => {
    for (const { group, topics } of groups)
      for (const { topic, partition, lag } of await kafka.lag(group, topics))
        records.set({ consumergroup: group, topic, partition: String(partition) }, Number(lag))
  }
}
