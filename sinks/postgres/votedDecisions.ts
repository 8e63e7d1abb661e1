/**
 * Decisions with their votes, judged or not, for those who look for agents that have turned: a bounded number of each hour, so that a
 * large installation is seen as far back as a small one. Of a decision only what the comparison needs leaves the database.
 */
import type { VotedDecision } from '../../pipelines/learning/voteTable.ts'
import type { Queryable } from './pool.ts'
import { instant } from './storable.ts'

/** 30 d: three questions a day are the 60 before a turn and the 30 after it that are needed at least. */
export const HOURS_LOOKED_AT = 30 * 24
/** The newest of each hour: 144 a day, so that a turn is seen within a day or two, and 4,320 in all at most: the comparison takes a second then. */
export const DECISIONS_OF_AN_HOUR = 6

/**
 * Of each whole hour (UTC) of the 30 days up to `now` (ms), that of `now` included, the newest six decisions of a type, oldest hour
 * first. Not what gates decided alone or what was superseded: there nobody's votes were asked for, or not to the end.
 */
export async function votedDecisions(db: Queryable, type: string, now: number): Promise<VotedDecision[]> {
  const found = await db.query<{
    decision_id: string
    tenant_id: string
    contact_id: string
    stage: string
    decided_at: Date
    votes: VotedDecision['contributions'] | null
  }>(
    `SELECT d.*, (
       SELECT jsonb_agg(jsonb_build_object('agentId', vote -> 'agentId', 'agentVersion', vote -> 'agentVersion', 'family', vote -> 'family',
         'option', vote -> 'option', 'bin', vote -> 'bin'))
       FROM jsonb_array_elements(d.contributions) AS vote
     ) AS votes
     FROM generate_series($3::int - 1, 0, -1) AS back
     CROSS JOIN LATERAL (
       SELECT decision_id, tenant_id, contact_id, stage, decided_at, record -> 'contributions' AS contributions FROM decisions
       WHERE decided_at >= date_trunc('hour', $2::timestamptz, 'UTC') - back * interval '1 hour'
         AND decided_at < date_trunc('hour', $2::timestamptz, 'UTC') - (back - 1) * interval '1 hour'
         AND type = $1 AND stop_reason NOT IN ('gated', 'superseded')
       ORDER BY decided_at DESC, decision_id LIMIT $4
     ) d`,
    [type, instant(now), HOURS_LOOKED_AT, DECISIONS_OF_AN_HOUR],
  )
  return found.rows.map((row) => ({
    ...{ decisionId: row.decision_id, tenantId: row.tenant_id, contactId: row.contact_id, stage: row.stage },
    ...{ decidedAt: row.decided_at.getTime(), contributions: row.votes ?? [] },
  }))
}
