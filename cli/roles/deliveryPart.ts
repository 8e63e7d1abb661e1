/** The delivery worker and the relay of its outbox, as one part of the pipeline process. */
import type { Registry } from 'prom-client'
import type { Logger } from 'pino'
import type { Config } from '../../config/config.ts'
import { deliveryRelay } from '../../delivery/relay.ts'
import { deliveryWorker } from '../../delivery/deliveryWorker.ts'
import { deliveryMetrics } from '../../delivery/metrics.ts'
import { systemClock } from '../../delivery/systemClock.ts'
import { ghlClient } from '../../integrations/ghl/client.ts'
import { RateLimit } from '../../integrations/ghl/rateLimit.ts'
import { hoursProblems, hoursTable, unverifiedJurisdictions } from '../../pipelines/followup/hours/hoursTable.ts'
import type { KafkaConnection } from '../../runtime/kafka/connectKafka.ts'
import type { Tracer } from '../../runtime/tracing.ts'
import { createPool } from '../../sinks/postgres/pool.ts'
import { cliError } from '../errors.ts'
import { needed } from './connections.ts'
import { ghlAccess, ghlWindows } from './ghlAccess.ts'
import { sharedCounts } from './sharedCounts.ts'

export interface DeliveryPartOptions {
  readonly config: Config
  readonly logger: Logger
  readonly kafka: KafkaConnection
  readonly metrics: Registry
  readonly tracer?: Tracer | undefined
  readonly onFatal: (error: unknown) => void
}

/** Starts both; `stop` finishes what is in hand. */
export async function startDelivery({
  config,
  logger,
  kafka,
  metrics,
  tracer,
  onFatal,
}: DeliveryPartOptions): Promise<{ stop(): Promise<void> }> {
  const problems = hoursProblems(hoursTable)
  if (problems.length > 0) throw cliError('E_HOURS_TABLE_INVALID', problems.join('\n'))
  logger.warn({ jurisdictions: unverifiedJurisdictions() }, 'calling hours that nobody has verified apply as they stand')
  const { poolMax: max, poolTimeoutMs: timeoutMs, poolRecycleMs: recycleMs } = config.database
  const pool = createPool({
    url: needed(config.database.url, 'DATABASE_URL'),
    max,
    timeoutMs,
    recycleMs,
    logger,
    applicationName: 'rekindle delivery',
  })
  const redis = config.redis.url === undefined ? undefined : sharedCounts(config.redis.url, 'calls to GoHighLevel', logger)
  const access = ghlAccess(config, pool, systemClock)
  const ghl = ghlClient({
    apiUrl: needed(config.ghl.apiUrl, 'GHL_API_URL'),
    tokens: access.tokens,
    clock: systemClock,
    rateLimit: new RateLimit({ clock: systemClock, windows: ghlWindows(config, redis, systemClock, logger) }),
  })
  const worker = deliveryWorker({ pool, ghl, clock: systemClock, logger, tracer, onChange: deliveryMetrics(metrics) })
  const relay = deliveryRelay({ pool, producer: kafka.producer(), clock: systemClock, logger, tracer })
  const stopping = new AbortController()
  const running = [worker.run(stopping.signal), relay.run(stopping.signal)]
  for (const part of running) part.catch(onFatal)
  return {
    async stop() {
      stopping.abort()
      await Promise.allSettled(running)
      await ghl.close()
      await access.close()
      redis?.disconnect()
      await pool.end()
    },
  }
}
