/** What every step of the delivery worker works with. */
import type pg from 'pg'
import type { Logger } from 'pino'
import type { GhlClient } from '../integrations/ghl/client.ts'
import type { Clock } from '../integrations/ghl/clock.ts'
import type { Tracer } from '../runtime/tracing.ts'
import type { LedgerRow } from '../sinks/postgres/ledgerRow.ts'
import type { DeliverySettings } from './settings.ts'

/**
 * Where a process may die. `…_commit` is inside the transaction, before it is committed; the others lie between two steps.
 * Tests throw there.
 */
export type Step =
  | 'reserve_commit'
  | 'reserved'
  | 'admitted'
  | 'contact_read'
  | 'hand_over_commit'
  | 'handed_over'
  | 'tagged'
  | 'called'
  | 'settle_commit'
  | 'settled'
  | 'recover_commit'
  | 'looked_up'
  | 'reconcile_commit'
  | 'task_read'
  | 'task_commit'
  | 'task_marked'
  | 'task_called'

export interface DeliveryContext {
  readonly pool: pg.Pool
  readonly ghl: GhlClient
  readonly clock: Clock
  readonly settings: DeliverySettings
  /** Names this worker in the ledger. */
  readonly workerId: string
  readonly logger: Pick<Logger, 'info' | 'warn' | 'error'>
  readonly tracer: Tracer | undefined
  /** Told of every change that was committed. */
  readonly onChange: (row: LedgerRow) => void
  readonly onStep: (step: Step, row: LedgerRow | undefined) => void | Promise<void>
}
