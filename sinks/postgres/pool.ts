/**
 * The connection pool with the limits that were asked for, and transactions on it. A broken connection is logged and
 * replaced; it never ends the process.
 */
import pg from 'pg'
import type { Logger } from 'pino'
import { watchQueries } from './watchQueries.ts'
import type { OnQuery } from './watchQueries.ts'

/** What somebody who watches a pool looks at. */
export type WatchedPool = Pick<pg.Pool, 'totalCount' | 'idleCount' | 'waitingCount'> & { readonly options: { readonly max: number } }

export interface PoolWatch {
  /** Told once of each pool, before its first connection. */
  readonly opened: (pool: WatchedPool) => void
  readonly queried: OnQuery
}

export interface PoolOptions {
  readonly url: string
  /** Connections at most. */
  readonly max?: number
  /** Longest wait for a connection, ms. */
  readonly timeoutMs?: number
  /** Age at which a connection is replaced, ms. */
  readonly recycleMs?: number
  readonly logger?: Pick<Logger, 'warn'>
  /** Shown in pg_stat_activity. */
  readonly applicationName?: string
  readonly watch?: PoolWatch
}

/** @source requirement: pool max 100, timeout 30 s, recycle 3600 s (reference/lead-domain.md 1.2) */
export const poolDefaults = { max: 100, timeoutMs: 30_000, recycleMs: 3_600_000 } as const
const IDLE_MS = 60_000

/** Opens a pool; connections are made when they are needed. Close it with `end()`. */
export function createPool(options: PoolOptions): pg.Pool {
  const { max = poolDefaults.max, timeoutMs = poolDefaults.timeoutMs, recycleMs = poolDefaults.recycleMs } = options
  const pool = new pg.Pool({
    connectionString: options.url,
    max,
    connectionTimeoutMillis: timeoutMs,
    maxLifetimeSeconds: Math.ceil(recycleMs / 1000),
    idleTimeoutMillis: IDLE_MS,
    application_name: options.applicationName ?? 'rekindle',
  })
  // On each connection, not on the pool alone: that one hears of idle ones only, and a connection that breaks between two
  // queries of a transaction would end the process.
  pool.on('connect', (client) => client.on('error', (error) => options.logger?.warn({ err: error }, 'a database connection broke')))
  pool.on('error', () => undefined)
  const { watch } = options
  if (watch !== undefined) {
    watch.opened(pool)
    pool.on('connect', (client) => watchQueries(client, watch.queried))
  }
  return pool
}

/** Runs `work` in one transaction: commits what it returns, rolls back what it throws. */
export async function inTransaction<T>(pool: pg.Pool, work: (client: pg.PoolClient) => Promise<T>): Promise<T> {
  const client = await pool.connect()
  let broken: Error | undefined
  try {
    await client.query('BEGIN')
    const result = await work(client)
    await client.query('COMMIT')
    return result
  } catch (error) {
    await client.query('ROLLBACK').catch((failure: unknown) => {
      // A connection that cannot roll back is not given to anybody else.
      broken = failure as Error
    })
    throw error
  } finally {
    client.release(broken)
  }
}

/** What both a pool and a client of a transaction can do. */
export type Queryable = Pick<pg.ClientBase, 'query'>
