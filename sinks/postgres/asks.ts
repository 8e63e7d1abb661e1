/** Questions to people that are still open: put, or about to be, not answered, not overtaken and not too late. */
import type { Decision } from '../../schemas/generated/records.ts'
import type { Queryable } from './pool.ts'
import { instant } from './storable.ts'

export interface AskFilter {
  readonly tenantId?: string | undefined
  /** Only the question about this decision. */
  readonly decisionId?: string | undefined
  /** ms. */
  readonly now: number
  readonly limit: number
}

export interface OpenAsk {
  readonly decision: Decision
  /** The lead as it is called now; null when it is not known any more, or has no name. */
  readonly name: string | null
  readonly title: string
  /** What the person has to know, in lines. */
  readonly body: string
  /** ms. */
  readonly askedAt: number
  /** When waiting for an answer ends, ms. */
  readonly until: number
}

/** Open questions, the one whose time is over first first. */
export async function openAsks(db: Queryable, { tenantId, decisionId, now, limit }: AskFilter): Promise<OpenAsk[]> {
  const found = await db.query<{ record: Decision; name: string | null; title: string; body: string; planned_at: Date; expires_at: Date }>({
    name: 'asks_open',
    text: `SELECT d.record, nullif(trim(concat_ws(' ', l.first_name, l.last_name)), '') AS name, f.message AS title, f.body, f.planned_at, f.expires_at
     FROM followup_actions f JOIN decisions d ON d.decision_id = f.decision_id
     LEFT JOIN leads l ON l.id = f.lead_id AND l.deleted_at IS NULL
     WHERE f.action = 'ask' AND f.status IN ('pending', 'deferred', 'reserved', 'handed_over', 'confirmed', 'unknown') AND f.expires_at > $1
       AND ($2::text IS NULL OR f.tenant_id = $2) AND ($3::text IS NULL OR f.decision_id = $3)
     ORDER BY f.expires_at, f.followup_id LIMIT $4`,
    values: [instant(now), tenantId ?? null, decisionId ?? null, limit],
  })
  return found.rows.map(({ record, name, title, body, planned_at, expires_at }) => ({
    ...{ decision: record, name, title, body, askedAt: planned_at.getTime(), until: expires_at.getTime() },
  }))
}
