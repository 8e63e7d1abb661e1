/**
 * Keeps the lag gauges of a member fresh, also while nothing is processed: a member that stands still must show a lag in
 * seconds that grows, or no alert ever fires.
 */
import type { Logger } from 'pino'
import type { RuntimeMetrics } from '../metrics.ts'
import { physicalName } from '../topic.ts'
import type { AnyTopic } from '../topic.ts'
import type { ClusterConnection } from './cluster.ts'
import { groupName } from './names.ts'
import { lagOf } from './offsets.ts'

export interface LagWatchOptions {
  readonly cluster: ClusterConnection
  readonly metrics: RuntimeMetrics
  readonly logger: Logger
  readonly topicPrefix: string
  readonly group: string
  readonly topics: readonly AnyTopic[]
  /** How often the broker is asked, ms. */
  readonly everyMs?: number
}

/** Five seconds: a tenth of the scrape windows that alerts look at. */
const EVERY_MS = 5_000

/** Starts watching; returns what ends it. */
export function watchLag(options: LagWatchOptions): () => void {
  const { cluster, metrics, logger, topicPrefix, group } = options
  const topics = new Map(options.topics.map((topic) => [physicalName(topic, topicPrefix), topic.name]))
  const standing = new Map<string, { position: bigint; since: number }>()
  let busy = false

  async function look(): Promise<void> {
    const lags = await lagOf(cluster, groupName(group, topicPrefix), [...topics.keys()])
    for (const [physical, topic] of topics) {
      const own = lags.filter((lag) => lag.topic === physical)
      for (const { partition, lag } of own)
        metrics.set('kafka_consumergroup_lag', { consumergroup: group, topic, partition: String(partition) }, Number(lag))
      const behind = own.filter(({ lag }) => lag > 0n)
      const position = own.reduce((sum, { committed }) => sum + (committed ?? 0n), 0n)
      const before = standing.get(topic)
      if (behind.length === 0 || before?.position !== position) standing.set(topic, { position, since: Date.now() })
      // While it moves, the age of the last processed record is the better figure; the members set it themselves.
      if (behind.length === 0) metrics.set('lr_kafka_lag_seconds', { group, topic }, 0)
      else if (before?.position === position) metrics.set('lr_kafka_lag_seconds', { group, topic }, (Date.now() - before.since) / 1000)
    }
  }

  const timer = setInterval(() => {
    if (busy) return
    busy = true
    look()
      .catch((error: unknown) => logger.debug({ error: String(error) }, 'the lag could not be asked for'))
      .finally(() => (busy = false))
  }, options.everyMs ?? EVERY_MS).unref()
  return () => clearInterval(timer)
}
