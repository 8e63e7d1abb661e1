/**
 * Retention in a process: once at the start and then every hour, and while rows are left that are past, every ten seconds. A
 * table that fails, or a run, is logged with its code and tried again an hour later; the process goes on.
 */
import type { Logger } from 'pino'
import type { Clock } from '../../integrations/ghl/clock.ts'
import { postgresError } from '../../sinks/postgres/errors.ts'
import type { RetentionResult } from '../../sinks/postgres/retention.ts'
import { repeatedly } from './repeatedly.ts'
import type { RetentionMetrics } from './retentionMetrics.ts'

const HOUR_MS = 3_600_000
/** A run deletes 20,000 rows of a table at most: an hour of 1,000 decisions a minute makes 60,000. */
const MORE_MS = 10_000

export interface RetentionPartOptions {
  /** Deletes what is past at this time, ms. */
  readonly enforce: (now: number) => Promise<readonly RetentionResult[]>
  readonly clock: Clock
  readonly deletedRows: RetentionMetrics['deletedRows']
  readonly logger: Pick<Logger, 'info' | 'error'>
}

/** Starts it; `stop` waits for the run that is under way. */
export function startRetention({ enforce, clock, deletedRows, logger }: RetentionPartOptions): { stop(): Promise<void> } {
  const failed = (cause: Error, what: string) =>
    logger.error(
      { err: postgresError('E_RETENTION_FAILED', `${what}: ${cause.message}`, { cause }) },
      'rows past their retention were kept',
    )
  let isMore = false
  async function run(): Promise<void> {
    isMore = false
    try {
      for (const result of await enforce(clock.now())) {
        if (result.outcome === 'failed') failed(result.cause, result.table)
        if (result.outcome !== 'done') continue
        isMore ||= result.more
        deletedRows.inc({ table: result.table }, result.deleted)
        if (result.deleted > 0) logger.info({ ...result }, 'rows past their retention were deleted')
      }
    } catch (cause) {
      failed(cause as Error, 'all tables that were left')
    }
  }
  return repeatedly({ everyMs: () => (isMore ? MORE_MS : HOUR_MS), clock, run })
}
