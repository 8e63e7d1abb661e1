/** What rules cost by the stored decisions: which gate took an option that the votes alone were clearly for, beside how many were decided at all. */
import { costOfGates } from '../../pipelines/consensus/costOfGates.ts'
import type { CostOfRule, GatedDecision } from '../../pipelines/consensus/costOfGates.ts'
import { decidedSince } from './decisionDays.ts'
import type { Decided } from './decisionDays.ts'
import type { Queryable } from './pool.ts'
import { instant } from './storable.ts'

export interface GateCostFilter {
  readonly tenantId?: string | undefined
  /** Decisions of this moment or later, ms. */
  readonly since: number
}

export interface GateCosts {
  readonly rules: readonly CostOfRule[]
  readonly decided: readonly Decided[]
  /** Decisions from this moment on are counted in `rules`, ms: later than asked for where there are more than are read. */
  readonly countedSince: number
}

/** Contested decisions that are read, the newest: of some 2 kB each. */
export const CONTESTED_AT_MOST = 10_000

/** As the indexes `idx_decisions_denied` and `idx_decisions_denied_tenant` have it. */
const isContested = `record -> 'conflicts' ? 'gate-vs-pool'`

/** The newest contested decisions, at most `most`. */
export async function contestedDecisions(db: Queryable, { tenantId, since }: GateCostFilter, most: number): Promise<GatedDecision[]> {
  const found = await db.query<{ decision: GatedDecision }>(
    `SELECT jsonb_build_object('tenantId', tenant_id, 'contactId', contact_id, 'type', type, 'decidedAt', read."decidedAt",
       'conflicts', read.conflicts, 'options', read.options, 'gates', read.gates) AS decision
     FROM decisions CROSS JOIN LATERAL jsonb_to_record(record) AS read ("decidedAt" jsonb, conflicts jsonb, options jsonb, gates jsonb)
     WHERE ${isContested} AND decided_at >= $1 AND ($2::text IS NULL OR tenant_id = $2)
     ORDER BY decided_at DESC, decision_id LIMIT $3`,
    [instant(since), tenantId ?? null, most],
  )
  return found.rows.map(({ decision }) => decision)
}

/** What rules cost since a moment, over all locations or at one. `most`: contested decisions that are read. */
export async function gateCosts(db: Queryable, filter: GateCostFilter, most: number = CONTESTED_AT_MOST): Promise<GateCosts> {
  const { tenantId, since } = filter
  const contested = await contestedDecisions(db, filter, most + 1)
  const read = contested.slice(0, most)
  return {
    rules: costOfGates(read),
    decided: await decidedSince(db, since, tenantId),
    countedSince: contested.length > most ? (read.at(-1)?.decidedAt ?? since) : since,
  }
}
