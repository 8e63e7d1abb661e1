/** What policies that are being tried would have decided, and how that compares with what was decided and with verdicts. */
import type pg from 'pg'
import type { SinkRecord } from '../../runtime/sink.ts'
import type { ShadowDecision } from '../../schemas/generated/records.ts'
import type { Queryable } from './pool.ts'
import { instant, storableJson } from './storable.ts'

/** Stores them. The first record of a decision and policy stays. */
export async function storeShadowDecisions(client: pg.PoolClient, records: readonly SinkRecord<ShadowDecision>[]): Promise<void> {
  const rows = records.flatMap(({ key, value }) => (value === null ? [] : [{ key, value }]))
  if (rows.length === 0) return
  await client.query({
    name: 'shadow_decisions_insert',
    text: `INSERT INTO shadow_decisions (decision_id, policy_hash, lead_id, tenant_id, type, usual, chosen, degraded, decided_at, record)
           SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::boolean[], $9::timestamptz[], $10::jsonb[])
           ON CONFLICT DO NOTHING`,
    values: [
      rows.map(({ value }) => value.decisionId),
      rows.map(({ value }) => value.policyHash),
      rows.map(({ key }) => key),
      rows.map(({ value }) => value.tenantId),
      rows.map(({ value }) => value.type),
      rows.map(({ value }) => value.usual),
      rows.map(({ value }) => value.chosen),
      rows.map(({ value }) => value.degraded),
      rows.map(({ value }) => instant(value.decidedAt)),
      rows.map(({ value }) => storableJson(value)),
    ],
  })
}

/** One pair of options: what was chosen and what would have been. */
export interface ShadowMove {
  readonly usual: string
  readonly chosen: string
  readonly count: number
}
export interface ShadowTold {
  /** The first decision beside which this policy decided, ms; `undefined` before. */
  readonly since: number | undefined
  readonly degraded: number
  readonly moves: readonly ShadowMove[]
  /** Decisions of the random audit that a person has judged, by the first verdict. */
  readonly judged: readonly { readonly decisionId: string; readonly usual: string; readonly chosen: string; readonly right: string }[]
}

/** What is known of a policy that is being tried: of the last 90 days. */
export async function shadowTold(db: Queryable, policyHash: string): Promise<ShadowTold> {
  const moves = await db.query<{ usual: string; chosen: string; count: string; degraded: string; since: Date }>(
    `SELECT usual, chosen, count(*), count(*) FILTER (WHERE degraded) AS degraded, min(decided_at) AS since
     FROM shadow_decisions WHERE policy_hash = $1 GROUP BY usual, chosen ORDER BY count(*) DESC, usual, chosen`,
    [policyHash],
  )
  const judged = await db.query<{ decision_id: string; usual: string; chosen: string; right_option: string }>(
    `SELECT DISTINCT ON (s.decision_id) s.decision_id, s.usual, s.chosen, a.right_option
     FROM shadow_decisions s JOIN audit_labels a USING (decision_id) JOIN decisions d USING (decision_id)
     WHERE s.policy_hash = $1 AND d.record ->> 'auditSelected' = 'true'
     ORDER BY s.decision_id, a.labelled_at, a.labeller`,
    [policyHash],
  )
  return {
    since: moves.rows.length === 0 ? undefined : Math.min(...moves.rows.map(({ since }) => since.getTime())),
    degraded: moves.rows.reduce((sum, { degraded }) => sum + Number(degraded), 0),
    moves: moves.rows.map(({ usual, chosen, count }) => ({ usual, chosen, count: Number(count) })),
    judged: judged.rows.map(({ decision_id: decisionId, usual, chosen, right_option: right }) => ({ decisionId, usual, chosen, right })),
  }
}
