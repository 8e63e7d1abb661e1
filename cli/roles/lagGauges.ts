/** Refreshes the lag of groups before a scrape, from the broker's own positions: a member that stands still cannot hide it. */
import type { Gauge, Registry } from 'prom-client'
import type { KafkaConnection } from '../../runtime/kafka/connectKafka.ts'
import type { AnyTopic } from '../../runtime/topic.ts'

export interface WatchedGroup {
  readonly group: string
  readonly topics: readonly AnyTopic[]
}

/** A function for `serveMetrics`: sets `kafka_consumergroup_lag`, and the lag in seconds of what is fully read to 0. */
export function lagGauges(kafka: Pick<KafkaConnection, 'lag'>, registry: Registry, groups: readonly WatchedGroup[]): () => Promise<void> {
  const records = registry.getSingleMetric('kafka_consumergroup_lag') as Gauge
  const seconds = registry.getSingleMetric('lr_kafka_lag_seconds') as Gauge
  return async () => {
    for (const { group, topics } of groups) {
      const lags = await kafka.lag(group, topics)
      for (const topic of topics) {
        const own = lags.filter((lag) => lag.topic === topic.name)
        for (const { partition, lag } of own)
          records.set({ consumergroup: group, topic: topic.name, partition: String(partition) }, Number(lag))
        if (own.every(({ lag }) => lag === 0n)) seconds.set({ group, topic: topic.name }, 0)
      }
    }
  }
}
