/** One ledger on a real Postgres, one provider and one clock that stands still: what tests of the delivery worker work with. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type pg from 'pg'
import type { Test } from 'tap'
import { deliveryWorker } from '../../delivery/deliveryWorker.ts'
import type { DeliveryWorker, DeliveryWorkerOptions } from '../../delivery/deliveryWorker.ts'
import { ghlClient } from '../../integrations/ghl/client.ts'
import type { GhlClient } from '../../integrations/ghl/client.ts'
import { LocalWindows } from '../../integrations/ghl/limit/localWindows.ts'
import { RateLimit } from '../../integrations/ghl/rateLimit.ts'
import { sandboxToken, startSandbox } from '../../integrations/ghl/sandbox/sandbox.ts'
import type { Sandbox } from '../../integrations/ghl/sandbox/sandbox.ts'
import { fixedTokens } from '../../integrations/ghl/tokens.ts'
import type { SinkBatch, SinkRecord } from '../../runtime/sink.ts'
import type { AnyTopic, ValueOf } from '../../runtime/topic.ts'
import type { DeliveryChanged, FollowUp, LeadProfile, Tenant } from '../../schemas/generated/records.ts'
import type { LedgerRow } from '../../sinks/postgres/ledgerRow.ts'
import { migrate } from '../../sinks/postgres/migrate.ts'
import { createPool } from '../../sinks/postgres/pool.ts'
import { leadQueries } from '../../sinks/postgres/queries.ts'
import { postgresSink } from '../../sinks/postgres/sink.ts'
import { deliveries, followups, leadEvents, profiles, tenants, unrecognised, webhooksUrgent } from '../../topics/index.ts'
import { gatewayTo } from '../reconcile/gateway.ts'
import type { Gateway } from '../reconcile/gateway.ts'
import { followUpRecord, profileRecord, tenantId, tenantRecord, tuesdayNoon } from '../support/leadRecords.ts'
import { ManualClock } from '../support/manualClock.ts'
import { testStack } from '../support/stack.ts'

export const silent = { info: () => undefined, warn: () => undefined, error: () => undefined } as unknown as DeliveryWorkerOptions['logger']

export class LedgerBench {
  readonly pool: pg.Pool
  readonly sandbox: Sandbox
  readonly ghl: GhlClient
  readonly clock: ManualClock
  readonly queries
  private offset = 0n
  private readonly sink

  constructor(pool: pg.Pool, sandbox: Sandbox, ghl: GhlClient, clock: ManualClock) {
    this.pool = pool
    this.sandbox = sandbox
    this.ghl = ghl
    this.clock = clock
    this.queries = leadQueries(pool)
    this.sink = postgresSink(pool)
  }

  async put<T extends AnyTopic>(topic: T, values: readonly (readonly [key: string, value: ValueOf<T>])[]): Promise<void> {
    const from = this.offset
    const records = values.map(([key, value], index): SinkRecord<ValueOf<T>> => ({
      topic: topic.name,
      key,
      value,
      timestamp: this.clock.now(),
      headers: {},
      partition: 0,
      offset: from + BigInt(index),
    }))
    this.offset += BigInt(values.length)
    await this.sink.write([{ topic, partition: 0, records, min: from, max: this.offset - 1n, token: '', maybeStored: false } as SinkBatch])
  }

  lead(over: Partial<LeadProfile> = {}): Promise<void> {
    const profile = profileRecord(over)
    return this.put(profiles, [[`${tenantId}:${profile.contactId}`, profile]])
  }

  tenant(over: Partial<Tenant> = {}): Promise<void> {
    return this.put(tenants, [[tenantId, tenantRecord(over)]])
  }

  plan(...plans: Partial<FollowUp>[]): Promise<void> {
    return this.put(
      followups,
      plans.map((over) => {
        const followUp = followUpRecord(over)
        return [`${tenantId}:${followUp.contactId}`, followUp]
      }),
    )
  }

  /** The copies of the leads, of what has left for them, and of what is no lead's, are complete now. */
  async fresh(topics: readonly AnyTopic[] = [profiles, leadEvents, unrecognised, webhooksUrgent, deliveries]): Promise<void> {
    const copies = topics.map((topic) => ({ topic, partition: 0 }))
    await this.sink.caughtUp?.(copies, this.clock.now())
  }

  worker(options: Partial<DeliveryWorkerOptions> = {}): DeliveryWorker {
    return deliveryWorker({ pool: this.pool, ghl: this.ghl, clock: this.clock, logger: silent, ...options })
  }

  async row(contactId = 'maria', decisionId?: string): Promise<LedgerRow> {
    const row = (await this.queries.ledger(tenantId, contactId, 50)).find(
      (one) => decisionId === undefined || one.decisionId === decisionId,
    )
    if (row === undefined) throw new Error(`no follow-up of ${contactId}`)
    return row
  }

  /** What the outbox holds for a lead, in order. */
  async told(contactId = 'maria'): Promise<DeliveryChanged[]> {
    const found = await this.pool.query<{ record: DeliveryChanged }>('SELECT record FROM delivery_outbox WHERE lead_id = $1 ORDER BY id', [
      `${tenantId}:${contactId}`,
    ])
    return found.rows.map(({ record }) => record)
  }

  /** A client of the provider behind a gateway that may answer calls itself. */
  async behind(t: Test, gateway: Gateway): Promise<GhlClient> {
    const { url } = await gatewayTo(t, () => this.sandbox.url, gateway)
    const ghl = ghlClient({ apiUrl: url, tokens: fixedTokens(sandboxToken), clock: this.clock })
    t.teardown(() => ghl.close())
    return ghl
  }

  /** Rounds with a complete copy, the clock moving on, until every follow-up has its final status. */
  async untilDone(worker: DeliveryWorker, rounds = 12, stepMs = 60_000): Promise<void> {
    for (let i = 0; i < rounds; i++) {
      const open = await this.pool.query(
        "SELECT 1 FROM followup_actions WHERE status IN ('pending', 'deferred', 'reserved', 'handed_over', 'unknown') LIMIT 1",
      )
      if (open.rowCount === 0) return
      await this.fresh()
      await this.clock.run(worker.sweep())
      await this.clock.run(worker.cycle())
      this.clock.advance(stepMs)
    }
  }

  async reset(): Promise<void> {
    await this.pool.query(
      'TRUNCATE followup_actions, delivery_outbox, deliveries, leads, tenants, sink_offsets, lead_assignments, staff_settings',
    )
    this.sandbox.clearFaults()
    this.offset = 0n
  }
}

/** A migrated database, a fresh sandbox and the tenant. `timeoutMs`: how long the platform may take with an answer, by the clock on the wall. */
export async function ledgerBench(t: Test, { timeoutMs = 4_000 } = {}): Promise<LedgerBench> {
  const { databaseUrl } = await testStack(t)
  await migrate({ url: databaseUrl })
  const pool = createPool({ url: databaseUrl, max: 12 })
  const clock = new ManualClock(tuesdayNoon)
  const folder = mkdtempSync(join(tmpdir(), 'rekindle-delivery-'))
  const sandbox = await startSandbox({ file: join(folder, 'sandbox.jsonl'), clock, callsPer10s: 100_000, indexLagMs: 30_000 })
  // As many calls as the sandbox takes: by a clock that stands still nobody waits for the next ten seconds.
  const windows = new LocalWindows({ calls: 100_000, windowMs: 10_000, daily: 1_000_000 }, clock)
  const rateLimit = new RateLimit({ clock, windows })
  const ghl = ghlClient({ apiUrl: sandbox.url, tokens: fixedTokens(sandboxToken), clock, timeoutMs, rateLimit })
  t.teardown(async () => {
    await ghl.close()
    await sandbox.close()
    await pool.end()
    rmSync(folder, { recursive: true, force: true })
  })
  const b = new LedgerBench(pool, sandbox, ghl, clock)
  await b.tenant()
  await b.fresh()
  return b
}
