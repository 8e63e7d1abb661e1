/** Every policy that was published, by hash: what replay, comparison and roll-back ask for. */
import type pg from 'pg'
import type { SinkRecord } from '../../runtime/sink.ts'
import type { Policy } from '../../schemas/generated/records.ts'
import type { Queryable } from './pool.ts'
import { instant, storableJson } from './storable.ts'

export interface StoredPolicy {
  readonly policy: Policy
  /** When it was last put in force, ms. */
  readonly publishedAt: number
}

/** Stores policies; one that is published again was put in force again. A tombstone ends its being in force, not the policy. */
export async function storePolicies(client: pg.PoolClient, records: readonly SinkRecord<Policy>[]): Promise<void> {
  const latest = new Map<string, { policy: Policy; at: number }>()
  for (const { value, timestamp } of records) if (value !== null) latest.set(value.policyHash, { policy: value, at: timestamp })
  const rows = [...latest.values()]
  if (rows.length === 0) return
  await client.query({
    name: 'policies_insert',
    text: `INSERT INTO policies (policy_hash, tenant_id, decision_type, label, created_at, published_at, record)
           SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::timestamptz[], $6::timestamptz[], $7::jsonb[])
           ON CONFLICT (policy_hash) DO UPDATE SET published_at = greatest(policies.published_at, excluded.published_at)`,
    values: [
      rows.map(({ policy }) => policy.policyHash),
      rows.map(({ policy }) => policy.tenantId),
      rows.map(({ policy }) => policy.decisionType),
      rows.map(({ policy }) => policy.label),
      rows.map(({ policy }) => instant(policy.createdAt)),
      rows.map(({ at }) => instant(at)),
      rows.map(({ policy }) => storableJson(policy)),
    ],
  })
}

/** All, the one that was put in force last first. */
export async function storedPolicies(db: Queryable): Promise<StoredPolicy[]> {
  const found = await db.query<{ record: Policy; published_at: Date }>(
    'SELECT record, published_at FROM policies ORDER BY published_at DESC, policy_hash',
  )
  return found.rows.map(({ record, published_at }) => ({ policy: record, publishedAt: published_at.getTime() }))
}

/** Those whose hash begins so. */
export async function policiesByHash(db: Queryable, beginning: string): Promise<Policy[]> {
  const found = await db.query<{ record: Policy }>('SELECT record FROM policies WHERE starts_with(policy_hash, $1) ORDER BY policy_hash', [
    beginning,
  ])
  return found.rows.map(({ record }) => record)
}

/** Those of these hashes that were ever published, in no order. */
export async function policiesWithHashes(db: Queryable, hashes: readonly string[]): Promise<Policy[]> {
  const found = await db.query<{ record: Policy }>('SELECT record FROM policies WHERE policy_hash = ANY($1)', [hashes])
  return found.rows.map(({ record }) => record)
}
