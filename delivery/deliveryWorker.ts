/**
 * Carries out follow-ups: at most one external action per follow-up, whatever dies and whatever comes twice. Any number
 * of workers may share one ledger.
 */
import { randomUUID } from 'node:crypto'
import type pg from 'pg'
import type { GhlClient } from '../integrations/ghl/client.ts'
import type { Clock } from '../integrations/ghl/clock.ts'
import type { Tracer } from '../runtime/tracing.ts'
import { carryOut } from './carryOut.ts'
import type { DeliveryContext } from './context.ts'
import { rowTrace } from './deliverySpan.ts'
import { endTasks } from './endTasks.ts'
import { reserveDue } from './reserve.ts'
import { deliveryDefaults } from './settings.ts'
import type { DeliverySettings } from './settings.ts'
import { reconcileUnknown, recoverLeft } from './sweep.ts'

export interface DeliveryWorkerOptions {
  readonly pool: pg.Pool
  readonly ghl: GhlClient
  readonly clock: Clock
  readonly logger: DeliveryContext['logger']
  readonly settings?: Partial<DeliverySettings>
  readonly tracer?: Tracer | undefined
  readonly workerId?: string
  readonly onChange?: DeliveryContext['onChange']
  readonly onStep?: DeliveryContext['onStep']
}

export interface DeliveryWorker {
  /** Works until the signal aborts, then finishes what is in hand. Infrastructure that fails is logged and tried again. */
  run(signal: AbortSignal): Promise<void>
  /** One round: what is due is carried out to its outcome. Returns how many were due. Throws on infrastructure. */
  cycle(signal?: AbortSignal): Promise<number>
  /** One look after what was left behind. Returns how many rows were looked at. */
  sweep(): Promise<number>
}

/** Due follow-ups that are looked at for each one that could leave: most are held back by a gate. */
const JUDGED_PER_ROOM = 4
/** Wait after a failure of the infrastructure, ms. */
const FAILURE_WAIT_MS = 1_000

/** A worker on this ledger. */
export function deliveryWorker(options: DeliveryWorkerOptions): DeliveryWorker {
  return new LedgerWorker({
    pool: options.pool,
    ghl: options.ghl,
    clock: options.clock,
    logger: options.logger,
    tracer: options.tracer,
    settings: { ...deliveryDefaults, ...options.settings },
    workerId: options.workerId ?? randomUUID(),
    onChange: options.onChange ?? (() => undefined),
    onStep: options.onStep ?? (() => undefined),
  })
}

class LedgerWorker implements DeliveryWorker {
  private readonly context: DeliveryContext
  private readonly inHand = new Map<string, Promise<void>>()
  private sweeping: Promise<void> | undefined

  constructor(context: DeliveryContext) {
    this.context = context
  }

  async cycle(signal: AbortSignal = new AbortController().signal): Promise<number> {
    const { batch } = this.context.settings
    const { reserved, seen } = await reserveDue(this.context, batch, batch)
    await this.context.onStep('reserved', undefined)
    const done = await Promise.allSettled(reserved.map((row) => carryOut(this.context, row, signal)))
    for (const one of done) if (one.status === 'rejected') throw one.reason
    return seen
  }

  async sweep(): Promise<number> {
    return (
      (await recoverLeft(this.context, [...this.inHand.keys()])) + (await reconcileUnknown(this.context)) + (await endTasks(this.context))
    )
  }

  async run(signal: AbortSignal): Promise<void> {
    const { clock, settings, logger } = this.context
    let sweepAt = 0
    while (!signal.aborted) {
      try {
        if (this.sweeping === undefined && clock.now() >= sweepAt) {
          sweepAt = clock.now() + settings.sweepMs
          this.sweepBeside()
        }
        if ((await this.fill(signal)) === 0) await clock.sleep(settings.pollMs, signal)
      } catch (error) {
        logger.error({ err: error }, 'the ledger or the provider could not be reached; trying again')
        await clock.sleep(FAILURE_WAIT_MS, signal)
      }
    }
    await Promise.all([...this.inHand.values(), this.sweeping])
  }

  /** Not awaited: look-ups at a slow provider must not hold up what is due. */
  private sweepBeside(): void {
    this.sweeping = this.sweep()
      .then(() => undefined)
      .catch((error: unknown) => {
        this.context.logger.error({ err: error }, 'what was left behind could not be looked after; trying again')
      })
      .finally(() => {
        this.sweeping = undefined
      })
  }

  /** Takes as much in hand as there is room for. Returns how many were due. */
  private async fill(signal: AbortSignal): Promise<number> {
    const { settings, logger, tracer } = this.context
    const room = settings.concurrency - this.inHand.size
    if (room <= 0) {
      await Promise.race(this.inHand.values())
      return 1
    }
    const { reserved, seen } = await reserveDue(this.context, Math.min(JUDGED_PER_ROOM * room, settings.batch), room)
    for (const row of reserved) {
      const work = carryOut(this.context, row, signal)
        .catch((error: unknown) => {
          const place = { followupId: row.followupId, ...rowTrace(tracer, row) }
          logger.error({ err: error, ...place }, 'a follow-up could not be brought to its outcome; the sweep takes it up')
        })
        .finally(() => this.inHand.delete(row.followupId))
      this.inHand.set(row.followupId, work)
    }
    return seen
  }
}
