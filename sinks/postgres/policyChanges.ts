/**
 * What each location was decided with from when on, who changed it and why. The latest row of a key is what is in force for it; one without
 * a policy says that it was let go back to the policy of all.
 */
import type pg from 'pg'
import { changeTold } from '../../pipelines/consensus/policyChange.ts'
import type { SinkRecord } from '../../runtime/sink.ts'
import type { Policy } from '../../schemas/generated/records.ts'
import type { Queryable } from './pool.ts'
import { instant, storable } from './storable.ts'

export interface StoredChange {
  /** `<location or *>:<decision type>` */
  readonly key: string
  /** `null`: nothing of its own. */
  readonly policyHash: string | null
  /** ms. */
  readonly changedAt: number
  readonly by: string | null
  readonly why: string | null
}

/** A row a record, in the order in which they lie on the topic. */
export async function storePolicyChanges(client: pg.PoolClient, records: readonly SinkRecord<Policy>[]): Promise<void> {
  const rows = records.map(({ key, value, timestamp, headers }) => {
    const end = key.lastIndexOf(':')
    const { by = null, why = null } = changeTold(headers)
    return { tenantId: key.slice(0, Math.max(end, 0)), type: key.slice(end + 1), hash: value?.policyHash ?? null, at: timestamp, by, why }
  })
  await client.query({
    name: 'policy_changes_insert',
    text: `INSERT INTO policy_changes (tenant_id, decision_type, policy_hash, changed_at, changed_by, reason)
           SELECT tenant_id, decision_type, policy_hash, changed_at, changed_by, reason
           FROM unnest($1::text[], $2::text[], $3::text[], $4::timestamptz[], $5::text[], $6::text[])
             WITH ORDINALITY AS told (tenant_id, decision_type, policy_hash, changed_at, changed_by, reason, place) ORDER BY place`,
    values: [
      rows.map(({ tenantId }) => tenantId),
      rows.map(({ type }) => type),
      rows.map(({ hash }) => hash),
      rows.map(({ at }) => instant(at)),
      rows.map(({ by }) => storable(by)),
      rows.map(({ why }) => storable(why)),
    ],
  })
}

/** The keys without a policy of their own that once had one, each with when and by whom it was taken away. */
export async function takenAway(db: Queryable): Promise<StoredChange[]> {
  return stored(
    db,
    `SELECT * FROM (
       SELECT DISTINCT ON (decision_type, tenant_id) * FROM policy_changes ORDER BY decision_type, tenant_id, id DESC
     ) AS latest WHERE policy_hash IS NULL ORDER BY tenant_id, decision_type`,
    [],
  )
}

/** When a policy was put in force, each time, the first one first. */
export async function changesTo(db: Queryable, policyHash: string): Promise<StoredChange[]> {
  return stored(db, 'SELECT * FROM policy_changes WHERE policy_hash = $1 ORDER BY id', [policyHash])
}

async function stored(db: Queryable, text: string, values: readonly unknown[]): Promise<StoredChange[]> {
  const { rows } = await db.query<{
    tenant_id: string
    decision_type: string
    policy_hash: string | null
    changed_at: Date
    changed_by: string | null
    reason: string | null
  }>(text, [...values])
  return rows.map((row) => ({
    key: `${row.tenant_id}:${row.decision_type}`,
    policyHash: row.policy_hash,
    changedAt: row.changed_at.getTime(),
    by: row.changed_by,
    why: row.reason,
  }))
}
