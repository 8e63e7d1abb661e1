/**
 * Sweeps every location that is worked for, each source when it is due, on any number of processes: who claims a sweep has
 * it. A failure is said, keeps the cursor and holds up no other source or location.
 */
import type pg from 'pg'
import type { Logger } from 'pino'
import { createHash } from 'node:crypto'
import type { Clock } from '../integrations/ghl/clock.ts'
import { afterSweep, dueSweep, sweepDefaults, sweepSources } from '../pipelines/reconcile/sweepPlan.ts'
import type { Sweep, SweepLimits, SweepSource } from '../pipelines/reconcile/sweepPlan.ts'
import type { Tenant } from '../schemas/generated/records.ts'
import { claimSweep, endSweep, sweepCursors, sweptTenants } from '../sinks/postgres/sweeps.ts'
import type { StoredCursor } from '../sinks/postgres/sweeps.ts'
import { eachLocation, rounds } from './eachLocation.ts'
import { namesOf } from './sweeper.ts'
import type { SweepResult, Sweeper } from './sweeper.ts'

export interface ReconcilerOptions {
  readonly pool: pg.Pool
  readonly sweeper: Sweeper
  readonly clock: Clock
  readonly logger: Pick<Logger, 'info' | 'warn' | 'error'>
  readonly limits?: SweepLimits
  /** Between looks for what is due, ms. */
  readonly pollMs?: number
  /** Told of every sweep that ended. */
  readonly onSwept?: (sweep: Sweep, result: SweepResult) => void
}

export class Reconciler {
  private readonly options: ReconcilerOptions

  constructor(options: ReconcilerOptions) {
    this.options = options
  }

  /** Works until the signal aborts; a sweep that is under way then is given up and made again later. */
  async run(signal: AbortSignal): Promise<void> {
    await rounds(this.options, 'what is due to be compared with GoHighLevel could not be seen', signal, () => this.round(signal))
  }

  /** Sweeps whatever is due now. Returns how many sweeps were made. */
  async round(signal: AbortSignal = new AbortController().signal): Promise<number> {
    let made = 0
    await eachLocation(await sweptTenants(this.options.pool), signal, async (tenant) => {
      // Not `made += await …`: that reads the sum before the wait, and loses what the others add meanwhile.
      const ofTenant = await this.sweepTenant(tenant, signal)
      made += ofTenant
    })
    return made
  }

  private async sweepTenant(tenant: Tenant, signal: AbortSignal): Promise<number> {
    const { pool, logger } = this.options
    const { tenantId } = tenant
    const cursors = await sweepCursors(pool, tenantId)
    let made = 0
    for (const source of sweepSources) {
      if (signal.aborted) break
      try {
        made += await this.sweepSource(tenant, source, cursors.get(source), signal)
      } catch (error) {
        logger.error({ err: error, tenantId, source }, 'a location could not be compared with GoHighLevel; trying again')
      }
    }
    return made
  }

  /** Sweeps a source until it is no longer behind, or fails. */
  private async sweepSource(tenant: Tenant, source: SweepSource, known: StoredCursor | undefined, signal: AbortSignal): Promise<number> {
    const { pool, clock, sweeper, logger, limits = sweepDefaults, onSwept } = this.options
    const { tenantId } = tenant
    let cursor = known
    for (let made = 0; ; made++) {
      const sweep = signal.aborted ? undefined : dueSweep(tenantId, source, cursor, clock.now(), spreadOf(tenantId), limits)
      if (sweep === undefined) return made
      const claim = await claimSweep(pool, sweep, cursor, sweep.from + limits.overlapMs, limits.everyMs.least)
      if (claim === undefined) return made
      const result = await sweeper.sweep(sweep, tenant, signal)
      const after = afterSweep(cursor, sweep, result, limits)
      const aside = result.kind === 'read' ? (result.aside ?? []) : []
      const detail = result.kind === 'failed' ? result.detail : aside.length > 0 ? `set aside: ${namesOf(aside)}` : null
      if (!(await endSweep(pool, sweep, claim, after, detail))) return made
      onSwept?.(sweep, result)
      const place = { tenantId, source, from: new Date(sweep.from).toISOString(), before: new Date(sweep.before).toISOString() }
      if (result.kind === 'failed') {
        if (!signal.aborted) logger.warn({ ...place, detail }, 'a location could not be compared with GoHighLevel to the end; trying again')
        return made + 1
      }
      if (aside.length > 0)
        logger.error(
          { ...place, aside: namesOf(aside), count: aside.length },
          'contacts that GoHighLevel does not show, while it shows others, were set aside: what changed of them is not compared',
        )
      if (result.missed > 0)
        logger.warn({ ...place, read: result.read, missed: result.missed }, 'GoHighLevel shows what no webhook had told of; it is told now')
      cursor = { ...after, claim }
    }
  }
}

/** From 0 up to 1, the same for a location every time. */
function spreadOf(tenantId: string): number {
  return createHash('sha256').update(tenantId).digest().readUInt32BE(0) / 2 ** 32
}
