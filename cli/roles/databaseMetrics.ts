/**
 * What the database costs a process: how long its queries take, how many of its connections are in use, and who waits for one.
 * The connections are asked for when somebody looks; a process without a pool shows 0 of 0.
 */
import { Gauge, Histogram } from 'prom-client'
import type { Registry } from 'prom-client'
import type { PoolWatch, WatchedPool } from '../../sinks/postgres/pool.ts'
import { operations } from '../../sinks/postgres/watchQueries.ts'

/** Registers the metrics once per registry; the result is the `watch` of every pool of the process. */
export function databaseMetrics(registry: Registry): PoolWatch {
  const registers = [registry]
  const pools = new Set<WatchedPool>()
  const sum = (of: (pool: WatchedPool) => number): number => [...pools].reduce((total, pool) => total + of(pool), 0)
  const queries = new Histogram({
    name: 'lr_db_query_duration_seconds',
    help: `From sending a query to its whole answer, without the wait for a connection, by its first word: ${operations.join(', ')}, other.`,
    labelNames: ['db', 'operation', 'outcome'],
    buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30],
    registers,
  })
  new Gauge({
    name: 'lr_db_pool_in_use',
    help: 'Connections to the database that somebody has in hand or that are being made.',
    registers,
    collect() {
      this.set(sum(({ totalCount, idleCount }) => totalCount - idleCount))
    },
  })
  new Gauge({
    name: 'lr_db_pool_waiting',
    help: 'Callers that wait for a connection to the database, because all are in use.',
    registers,
    collect() {
      this.set(sum(({ waitingCount }) => waitingCount))
    },
  })
  new Gauge({
    name: 'lr_db_pool_limit',
    help: 'Connections to the database that this process may have at most.',
    registers,
    collect() {
      this.set(sum(({ options }) => options.max))
    },
  })
  return {
    opened: (pool) => void pools.add(pool),
    queried: (operation, outcome, ms) => queries.observe({ db: 'postgres', operation, outcome }, ms / 1000),
  }
}
