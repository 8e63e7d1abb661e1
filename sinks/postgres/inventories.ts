/**
 * Where the inventory of each location stands, and the leads that are next. It belongs to whoever claimed it last; a process that
 * died in one is followed by the next after its lease.
 */
import type { HeldPart } from '../../pipelines/reconcile/heldThings.ts'
import type { InventoryCounts, InventoryState, Suspects } from '../../pipelines/reconcile/inventoryPlan.ts'
import type { LeadProfile } from '../../schemas/generated/records.ts'
import type { Queryable } from './pool.ts'
import { instant, storable } from './storable.ts'

export interface StoredInventory extends InventoryState {
  readonly claim: number
  /** Nobody else takes it before, ms. */
  readonly heldUntil: number
}

interface Row {
  readonly tenant_id: string
  readonly after_lead: string
  readonly began_at: Date
  readonly ended_at: Date | null
  readonly counts: InventoryCounts
  readonly paid_until: Date
  readonly failures: number
  readonly failed_because: string | null
  readonly whole_at: Date | null
  readonly whole_ms: string | null
  readonly suspects: Suspects
  readonly claim: number
  readonly held_until: Date
}

/** Those of one part of active locations, by location. */
export async function inventories(db: Queryable, part: HeldPart): Promise<ReadonlyMap<string, StoredInventory>> {
  const { rows } = await db.query<Row>(
    `SELECT inventories.* FROM inventories JOIN tenants ON tenants.tenant_id = inventories.tenant_id
     WHERE tenants.status = 'active' AND part = $1`,
    [part],
  )
  return new Map(
    rows.map((row) => [
      row.tenant_id,
      {
        afterLead: row.after_lead,
        beganAt: row.began_at.getTime(),
        endedAt: row.ended_at?.getTime() ?? null,
        counts: row.counts,
        paidUntil: row.paid_until.getTime(),
        failures: row.failures,
        failedBecause: row.failed_because,
        wholeAt: row.whole_at?.getTime() ?? null,
        wholeMs: row.whole_ms === null ? null : Number(row.whole_ms),
        suspects: row.suspects,
        claim: row.claim,
        heldUntil: row.held_until.getTime(),
      },
    ]),
  )
}

/** Takes an inventory on until `heldUntil` (ms), unless somebody did since `before` was read; gives the number of the claim. */
export async function claimInventory(
  db: Queryable,
  tenantId: string,
  part: HeldPart,
  before: StoredInventory | undefined,
  state: InventoryState,
  heldUntil: number,
): Promise<number | undefined> {
  const { rows } = await db.query<{ claim: number }>({
    name: 'inventory_claim',
    text: `INSERT INTO inventories AS known (tenant_id, part, ${STATE}, held_until)
           VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)
           ON CONFLICT (tenant_id, part) DO UPDATE SET held_until = excluded.held_until, claim = known.claim + 1
           WHERE known.claim = $14 RETURNING claim`,
    values: [tenantId, part, ...valuesOf(state), instant(heldUntil), before?.claim ?? null],
  })
  return rows[0]?.claim
}

/** Stores how far it came. False when somebody else has taken it on meanwhile: then that counts. */
export async function storeInventory(
  db: Queryable,
  tenantId: string,
  part: HeldPart,
  claim: number,
  state: InventoryState,
  heldUntil: number,
): Promise<boolean> {
  const { rowCount } = await db.query({
    name: 'inventory_store',
    text: `UPDATE inventories SET (${STATE}, held_until) = ($3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)
           WHERE tenant_id = $1 AND part = $2 AND claim = $14`,
    values: [tenantId, part, ...valuesOf(state), instant(heldUntil), claim],
  })
  return rowCount === 1
}

const STATE = 'after_lead, began_at, ended_at, counts, paid_until, failures, failed_because, whole_at, whole_ms, suspects'

function valuesOf(state: InventoryState): unknown[] {
  const { afterLead, beganAt, endedAt, counts, paidUntil, failures, failedBecause, wholeAt, wholeMs, suspects } = state
  const at = (ms: number | null) => (ms === null ? null : instant(ms))
  return [
    afterLead,
    at(beganAt),
    at(endedAt),
    JSON.stringify(counts),
    at(paidUntil),
    failures,
    storable(failedBecause),
    at(wholeAt),
    wholeMs,
    JSON.stringify(suspects),
  ]
}

/** Leads of a location that hold something, after this one in the order of their keys. */
export async function leadsWithThings(
  db: Queryable,
  tenantId: string,
  afterLead: string,
  limit: number,
): Promise<readonly { readonly leadKey: string; readonly profile: LeadProfile }[]> {
  const { rows } = await db.query<{ leadKey: string; profile: LeadProfile }>({
    name: 'inventory_leads',
    text: `SELECT id AS "leadKey", profile FROM leads
           WHERE tenant_id = $1 AND id > $2 AND deleted_at IS NULL
             AND ((profile -> 'opportunities') <> '{}'::jsonb OR (profile -> 'appointments') <> '{}'::jsonb
               OR (profile -> 'tasks') <> '{}'::jsonb OR (profile -> 'notes') <> '{}'::jsonb)
           ORDER BY id LIMIT $3`,
    values: [tenantId, afterLead, limit],
  })
  return rows
}
