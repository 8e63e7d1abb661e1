/**
 * Sweeps every location that is worked for, each source when it is due, on any number of processes: who claims a sweep has
 * it. A failure is said, keeps the cursor and holds up no other source or location; one that takes hours holds up no location.
 */
import type pg from 'pg'
import type { Logger } from 'pino'
import { createHash } from 'node:crypto'
import type { Clock } from '../integrations/ghl/clock.ts'
import { afterSweep, dueSweep, goesOnFrom, sweepDefaults, sweepSources, waitWhileSwept } from '../pipelines/reconcile/sweepPlan.ts'
import type { Sweep, SweepLimits, SweepSource } from '../pipelines/reconcile/sweepPlan.ts'
import type { Tenant } from '../schemas/generated/records.ts'
import { claimSweep, endSweep, keepSweep, sweepCursors, sweptTenants } from '../sinks/postgres/sweeps.ts'
import type { HeldUp, StoredCursor } from '../sinks/postgres/sweeps.ts'
import { AT_ONCE, rounds } from './eachLocation.ts'
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

/** Sources of a location that are swept one after the other. Tens of thousands of contacts that change at once must hold up nothing but themselves. */
const LINES: readonly (readonly SweepSource[])[] = [
  sweepSources.filter(isSaid),
  ...sweepSources.filter((source) => !isSaid(source)).map((source) => [source]),
]
/** What is under way for longer takes no place from the others, ms. */
const LONG_MS = 60_000

interface Line {
  readonly tenant: Tenant
  readonly sources: readonly SweepSource[]
}

export class Reconciler {
  private readonly options: ReconcilerOptions
  private waiting: Line[] = []
  private readonly underWay = new Map<string, { readonly since: number; readonly work: Promise<void> }>()
  private made = 0

  constructor(options: ReconcilerOptions) {
    this.options = options
  }

  /** Works until the signal aborts; a sweep that is under way then is given up and made again later. */
  async run(signal: AbortSignal): Promise<void> {
    await rounds(this.options, 'what is due to be compared with GoHighLevel could not be seen', signal, () => this.begin(signal))
    await this.settled()
  }

  /** Sweeps whatever is due now. Returns how many sweeps were made. */
  async round(signal: AbortSignal = new AbortController().signal): Promise<number> {
    const before = this.made
    await this.begin(signal)
    await this.settled()
    return this.made - before
  }

  /** Takes up what is not under way, once all that was taken up before has begun. */
  private async begin(signal: AbortSignal): Promise<void> {
    if (this.waiting.length === 0) {
      const lines = (await sweptTenants(this.options.pool)).flatMap((tenant) => LINES.map((sources) => ({ tenant, sources })))
      this.waiting = lines.filter((line) => !this.underWay.has(nameOf(line)))
    }
    this.fill(signal)
  }

  private fill(signal: AbortSignal): void {
    const now = this.options.clock.now()
    const placesTaken = () => [...this.underWay.values()].filter(({ since }) => Math.abs(now - since) < LONG_MS).length
    while (!signal.aborted && placesTaken() < AT_ONCE) {
      const line = this.waiting.shift()
      if (line === undefined) return
      const work = this.sweepLine(line, signal).finally(() => {
        this.underWay.delete(nameOf(line))
        this.fill(signal)
      })
      this.underWay.set(nameOf(line), { since: now, work })
    }
  }

  private async settled(): Promise<void> {
    while (this.underWay.size > 0) await Promise.all([...this.underWay.values()].map(({ work }) => work))
  }

  private async sweepLine({ tenant, sources }: Line, signal: AbortSignal): Promise<void> {
    const { pool, logger } = this.options
    const { tenantId } = tenant
    for (const source of sources) {
      if (signal.aborted) return
      try {
        const cursors = await sweepCursors(pool, tenantId)
        // Not `this.made += await …`: that reads the sum before the wait, and loses what the others add meanwhile.
        const made = await this.sweepSource(tenant, source, cursors.get(source), signal)
        this.made += made
      } catch (error) {
        logger.error({ err: error, tenantId, source }, 'a location could not be compared with GoHighLevel; trying again')
      }
    }
  }

  /** Sweeps a source until it is no longer behind, or fails. */
  private async sweepSource(tenant: Tenant, source: SweepSource, known: StoredCursor | undefined, signal: AbortSignal): Promise<number> {
    const { pool, clock, logger, limits = sweepDefaults, onSwept } = this.options
    const { tenantId } = tenant
    let cursor = known
    for (let made = 0; ; made++) {
      const sweep = signal.aborted ? undefined : dueSweep(tenantId, source, cursor, clock.now(), spreadOf(tenantId), limits)
      if (sweep === undefined) return made
      const claim = await claimSweep(pool, sweep, cursor, sweep.from + limits.overlapMs, limits.everyMs.least)
      if (claim === undefined) return made
      const result = await this.kept(sweep, tenant, claim, cursor?.heldUp ?? {}, signal)
      const after = afterSweep(cursor, sweep, result, limits)
      const aside = result.kind === 'read' ? (result.aside ?? []) : []
      const detail = result.kind === 'failed' ? result.detail : aside.length > 0 ? `set aside: ${namesOf(aside)}` : null
      if (!(await endSweep(pool, sweep, claim, after, detail, result.heldUp))) return made
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
      cursor = { ...after, claim, heldUp: result.heldUp ?? {} }
    }
  }

  /**
   * Makes a sweep and keeps it until it ends: tens of thousands of contacts take hours. Taken over after five minutes by the next process, and
   * from that one by this, none would ever come to its end. Given up once somebody else has it.
   */
  private async kept(sweep: Sweep, tenant: Tenant, claim: number, heldUp: HeldUp, signal: AbortSignal): Promise<SweepResult> {
    const { pool, clock, sweeper, limits = sweepDefaults } = this.options
    const leaseMs = limits.everyMs.least
    const lost = new AbortController()
    let keptAt = clock.now()
    const onPage = async (_: unknown, readUntil?: number) => {
      const now = clock.now()
      if (Math.abs(now - keptAt) < leaseMs / 5) return
      keptAt = now
      const waitMs = waitWhileSwept(sweep.startedAt, now, leaseMs)
      const reached = readUntil === undefined ? undefined : goesOnFrom(sweep, readUntil, limits)
      if (!(await keepSweep(pool, sweep, claim, waitMs, reached))) lost.abort()
    }
    return sweeper.sweep(sweep, tenant, AbortSignal.any([signal, lost.signal]), onPage, heldUp)
  }
}

function isSaid(source: SweepSource): boolean {
  return source === 'messages' || source === 'emails'
}

function nameOf({ tenant: { tenantId }, sources }: Line): string {
  return `${tenantId} ${sources.join()}`
}

/** From 0 up to 1, the same for a location every time. */
function spreadOf(tenantId: string): number {
  return createHash('sha256').update(tenantId).digest().readUInt32BE(0) / 2 ** 32
}
