/**
 * Publishes the outbox of the ledger to the topic, in order per lead. A record may be published twice (a crash between the
 * acknowledgement and the mark), never left out: its id is made from follow-up and sequence, so ingest, which remembers
 * delivery ids, and the sink, whose key it is, take it once. An idempotent producer alone would not do, because a restart
 * makes a new producer; a transaction would not either, because Kafka and Postgres share none.
 */
import type pg from 'pg'
import type { Logger } from 'pino'
import type { Clock } from '../integrations/ghl/clock.ts'
import type { DeliveryChanged } from '../schemas/generated/records.ts'
import { forgetPublished, markPublished, unpublished } from '../sinks/postgres/outbox.ts'
import type { OutboxEntry } from '../sinks/postgres/outbox.ts'
import { deliveries } from '../topics/index.ts'
import type { Tracer } from '../runtime/tracing.ts'
import { publishing } from './deliverySpan.ts'

export interface DeliveryProducer {
  /** Resolves when all in-sync replicas have the record. */
  send(
    topic: typeof deliveries,
    key: string,
    value: DeliveryChanged,
    options: { timestamp: number; headers: Readonly<Record<string, string>> },
  ): Promise<unknown>
}

export interface RelayOptions {
  readonly pool: pg.Pool
  readonly producer: DeliveryProducer
  readonly clock: Clock
  readonly logger: Pick<Logger, 'info' | 'warn' | 'error'>
  readonly batch?: number
  /** Wait when there is nothing to publish, ms. */
  readonly pollMs?: number
  /** How long published entries are kept, ms. */
  readonly keepMs?: number
  readonly tracer?: Tracer | undefined
  /** Called after records are acknowledged and before they are marked. */
  readonly onAcknowledged?: () => void | Promise<void>
}

export interface DeliveryRelay {
  /** Publishes until the signal aborts. Of several relays on one ledger one works and the others stand by. */
  run(signal: AbortSignal): Promise<void>
  /** Publishes one batch; returns how many. */
  publish(): Promise<number>
}

/** "relay" on a phone keypad: whoever publishes holds this advisory lock. */
const LOCK_ID = 73529
const STAND_BY_MS = 1_000
const DAY_MS = 86_400_000
const FORGET_EVERY_MS = 60_000
const FORGET_BATCH = 5_000

/** A relay of this ledger's outbox. */
export function deliveryRelay(options: RelayOptions): DeliveryRelay {
  return new OutboxRelay(options)
}

class OutboxRelay implements DeliveryRelay {
  private readonly options: RelayOptions

  constructor(options: RelayOptions) {
    this.options = options
  }

  async publish(): Promise<number> {
    const { pool, producer, clock, batch = 500, onAcknowledged, tracer } = this.options
    const entries = await unpublished(pool, batch)
    const byLead = new Map<string, OutboxEntry[]>()
    for (const entry of entries) byLead.set(entry.leadId, [...(byLead.get(entry.leadId) ?? []), entry])
    const acknowledged: string[] = []
    const lines = await Promise.allSettled(
      [...byLead.values()].map(async (line) => {
        for (const entry of line) {
          const { id, leadId, delivery } = entry
          await publishing(tracer, entry, (headers) => producer.send(deliveries, leadId, delivery, { timestamp: delivery.at, headers }))
          acknowledged.push(id)
        }
      }),
    )
    await onAcknowledged?.()
    await markPublished(pool, acknowledged, clock.now())
    for (const line of lines) if (line.status === 'rejected') throw line.reason
    return entries.length
  }

  async run(signal: AbortSignal): Promise<void> {
    const { clock, logger } = this.options
    while (!signal.aborted) {
      try {
        if (!(await this.whileHolder(signal))) await clock.sleep(STAND_BY_MS, signal)
      } catch (error) {
        logger.error({ err: error }, 'deliveries could not be published; trying again')
        await clock.sleep(STAND_BY_MS, signal)
      }
    }
  }

  /** Publishes for as long as this process holds the lock; false when somebody else does. */
  private async whileHolder(signal: AbortSignal): Promise<boolean> {
    const { pool, clock, pollMs = 100, keepMs = DAY_MS, logger } = this.options
    // The lock lives as long as this connection: a process that dies gives it up without a word.
    const holder = await pool.connect()
    let broken = false
    const onBroken = () => {
      broken = true
    }
    holder.on('error', onBroken)
    try {
      const got = await holder.query<{ got: boolean }>('SELECT pg_try_advisory_lock($1) AS got', [LOCK_ID])
      if (got.rows[0]?.got !== true) return false
      logger.info({}, 'this process publishes deliveries')
      let forgetAt = clock.now() + FORGET_EVERY_MS
      while (!signal.aborted && !broken) {
        if ((await this.publish()) === 0) await clock.sleep(pollMs, signal)
        if (clock.now() < forgetAt) continue
        forgetAt = clock.now() + FORGET_EVERY_MS
        await forgetPublished(pool, clock.now() - keepMs, FORGET_BATCH)
        // The pool replaces old connections when they are given back; a question shows that this one still lives.
        await holder.query('SELECT 1')
      }
      await holder.query('SELECT pg_advisory_unlock($1)', [LOCK_ID])
      return true
    } catch (error) {
      broken = true
      throw error
    } finally {
      holder.off('error', onBroken)
      // A connection in doubt is closed, and its lock with it.
      holder.release(broken)
    }
  }
}
