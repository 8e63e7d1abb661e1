/**
 * Keeps the lag in seconds of a member's group fresh, also while nothing is processed: a member that stands still must show a lag that
 * grows, or no alert ever fires; and while it cannot be asked for the log says so. The lag in records is asked for by whoever serves the metrics.
 */
import type { Logger } from 'pino'
import type { RuntimeMetrics } from '../metrics.ts'
import { physicalName } from '../topic.ts'
import type { AnyTopic } from '../topic.ts'
import type { ClusterConnection } from './cluster.ts'
import { firstTimestamp } from './firstTimestamp.ts'
import { LagBook } from './lagBook.ts'
import { groupName } from './names.ts'
import { lagOf } from './offsets.ts'
import { PartitionReader } from './partitionReader.ts'

export interface LagWatchOptions {
  readonly cluster: ClusterConnection
  readonly metrics: RuntimeMetrics
  readonly logger: Logger
  readonly topicPrefix: string
  readonly group: string
  readonly topics: readonly AnyTopic[]
  /** What the units of the member note in; a new one unless given. */
  readonly lagBook?: LagBook
  /** How often the broker is asked, ms. */
  readonly everyMs?: number
  /** Clock of how long a failure lasts, ms; that of the process unless given. */
  readonly monotonic?: () => number
}

/** Five seconds: a tenth of the scrape windows that alerts look at. */
const EVERY_MS = 5_000
/** How often a failure that lasts is said again, ms. */
const SAID_EVERY_MS = 60_000

/** Starts watching; returns what ends it, and resolves when a look that is under way is over. */
export function watchLag(options: LagWatchOptions): () => Promise<void> {
  const { cluster, metrics, logger, topicPrefix, group, lagBook: book = new LagBook(), monotonic = () => performance.now() } = options
  const topics = new Map(options.topics.map((topic) => [physicalName(topic, topicPrefix), topic.name]))
  const reader = PartitionReader.over(cluster)
  let looking: Promise<void> | undefined

  async function look(): Promise<void> {
    const lags = await lagOf(cluster, groupName(group, topicPrefix), [...topics.keys()])
    for (const [topic, seconds] of await book.look(lags, (lag) => firstTimestamp(reader, lag), Date.now()))
      metrics.set('lr_kafka_lag_seconds', { group, topic: topics.get(topic) ?? topic }, seconds)
  }

  let saidAt: number | undefined
  let stopped = false

  function asked(): void {
    if (saidAt !== undefined) logger.info('the lag in seconds is measured again')
    saidAt = undefined
  }

  function failed(error: unknown): void {
    const now = monotonic()
    if (stopped || (saidAt !== undefined && now - saidAt < SAID_EVERY_MS)) return
    saidAt = now
    logger.warn({ error: String(error) }, 'the lag in seconds cannot be measured and stands as it was, trying again')
  }

  const timer = setInterval(() => {
    looking ??= look()
      .then(asked, failed)
      .finally(() => (looking = undefined))
  }, options.everyMs ?? EVERY_MS).unref()
  return async () => {
    stopped = true
    clearInterval(timer)
    await looking
  }
}
