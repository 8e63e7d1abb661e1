/**
 * Retention in a process: once at the start and then every hour. A run that fails is logged with its code and tried again
 * an hour later; the process goes on.
 */
import type { Logger } from 'pino'
import type { Clock } from '../../integrations/ghl/clock.ts'
import { postgresError } from '../../sinks/postgres/errors.ts'
import type { RetentionResult } from '../../sinks/postgres/retention.ts'
import { repeatedly } from './repeatedly.ts'
import type { RetentionMetrics } from './retentionMetrics.ts'

const HOUR_MS = 3_600_000

export interface RetentionPartOptions {
  /** Deletes what is past at this time, ms. */
  readonly enforce: (now: number) => Promise<readonly RetentionResult[]>
  readonly clock: Clock
  readonly deletedRows: RetentionMetrics['deletedRows']
  readonly logger: Pick<Logger, 'info' | 'error'>
}

/** Starts it; `stop` waits for the run that is under way. */
export function startRetention({ enforce, clock, deletedRows, logger }: RetentionPartOptions): { stop(): Promise<void> } {
  async function run(): Promise<void> {
    try {
      for (const result of await enforce(clock.now())) {
        if (result.outcome === 'busy') continue
        deletedRows.inc({ table: result.table }, result.deleted)
        if (result.deleted > 0) logger.info({ ...result }, 'rows past their retention were deleted')
      }
    } catch (cause) {
      logger.error({ err: postgresError('E_RETENTION_FAILED', (cause as Error).message, { cause }) }, 'rows past their retention were kept')
    }
  }
  return repeatedly({ everyMs: HOUR_MS, clock, run })
}
