/** The client of GoHighLevel of a process with the database behind it: one count of calls for all parts that share it. */
import type { Logger } from 'pino'
import type { Config } from '../../config/config.ts'
import { systemClock } from '../../delivery/systemClock.ts'
import { ghlClient } from '../../integrations/ghl/client.ts'
import type { GhlClient } from '../../integrations/ghl/client.ts'
import { RateLimit } from '../../integrations/ghl/rateLimit.ts'
import { createPool } from '../../sinks/postgres/pool.ts'
import type { PoolWatch } from '../../sinks/postgres/pool.ts'
import { ghlAccess, ghlWindows } from './ghlAccess.ts'
import type { GhlAccess } from './ghlAccess.ts'
import { sharedCounts } from './sharedCounts.ts'

export interface GhlPart {
  readonly pool: ReturnType<typeof createPool>
  readonly ghl: GhlClient
  readonly agencies: GhlAccess['agencies']
  close(): Promise<void>
}

export interface GhlPartOptions {
  readonly config: Config
  readonly logger: Logger
  readonly databaseUrl: string
  readonly apiUrl: string
  /** Shown in pg_stat_activity. */
  readonly applicationName: string
  /** Connections at most; what the configuration says unless given. */
  readonly poolMax?: number
  readonly watch?: PoolWatch
}

/** Opens both; nothing is called yet. */
export function openGhl({ config, logger, databaseUrl, apiUrl, applicationName, poolMax, watch }: GhlPartOptions): GhlPart {
  const { poolMax: configured, poolTimeoutMs: timeoutMs, poolRecycleMs: recycleMs } = config.database
  const pool = createPool({
    url: databaseUrl,
    max: poolMax ?? configured,
    timeoutMs,
    recycleMs,
    logger,
    applicationName,
    ...(watch === undefined ? {} : { watch }),
  })
  const redis = config.redis.url === undefined ? undefined : sharedCounts(config.redis.url, 'calls to GoHighLevel', logger)
  const access = ghlAccess(config, pool, systemClock)
  const ghl = ghlClient({
    apiUrl,
    tokens: access.tokens,
    clock: systemClock,
    rateLimit: new RateLimit({ clock: systemClock, windows: ghlWindows(config, redis, systemClock, logger) }),
  })
  return {
    pool,
    ghl,
    agencies: access.agencies,
    async close() {
      await ghl.close()
      await access.close()
      redis?.disconnect()
      await pool.end()
    },
  }
}
