/** Leads whose last word is their own, with what has become of it: what the report of answers we owe is made of. */
import type { OwedFacts } from '../../pipelines/reconcile/owed.ts'
import type { Decision, LeadProfile } from '../../schemas/generated/records.ts'
import type { Queryable } from './pool.ts'

export interface OwedFilter {
  readonly tenantId?: string | undefined
  /** Those whose message is from this moment or before, ms. */
  readonly writtenBefore: number
  readonly limit: number
}

interface Row {
  readonly profile: LeadProfile
  readonly decision: Decision | null
  readonly status: string | null
  readonly gate_id: string | null
  readonly rule_id: string | null
  readonly reason: string | null
  readonly scheduled_at: Date | null
  readonly updated_at: Date | null
  readonly found_at: Date | null
}

/** A message found by the comparison is dated by the platform, its event perhaps some seconds otherwise. */
const SAME_MESSAGE = "interval '60 seconds'"

/** The facts of each, those that have waited longest first. Some turn out to be owed nothing: see `owed`. */
export async function unanswered(db: Queryable, { tenantId, writtenBefore, limit }: OwedFilter): Promise<OwedFacts[]> {
  const { rows } = await db.query<Row>({
    name: 'owed_leads',
    text: `SELECT leads.profile, decided.record AS decision, planned.status, planned.gate_id, planned.rule_id, planned.reason, planned.scheduled_at,
             planned.updated_at, found.found_at
           FROM leads
           CROSS JOIN LATERAL (SELECT to_timestamp((leads.profile ->> 'lastInboundAt')::bigint / 1000.0) AS at) AS asked
           LEFT JOIN LATERAL (SELECT record FROM decisions WHERE lead_id = leads.id AND type = 'follow_up' AND asked_at >= asked.at
                              ORDER BY decided_at DESC LIMIT 1) AS decided ON true
           LEFT JOIN LATERAL (SELECT * FROM followup_actions WHERE lead_id = leads.id AND planned_at >= asked.at
                              ORDER BY planned_at DESC LIMIT 1) AS planned ON true
           LEFT JOIN LATERAL (SELECT found_at FROM sweep_findings WHERE lead_id = leads.id AND type = 'InboundMessage'
                                AND happened_at BETWEEN asked.at - ${SAME_MESSAGE} AND asked.at + ${SAME_MESSAGE}
                              ORDER BY happened_at DESC LIMIT 1) AS found ON true
           WHERE deleted_at IS NULL AND (profile ->> 'lastInboundAt')::bigint >= coalesce((profile ->> 'lastOutboundAt')::bigint, 0)
             AND (profile ->> 'lastInboundAt')::bigint <= $1 AND ($2::text IS NULL OR leads.tenant_id = $2)
           ORDER BY (profile ->> 'lastInboundAt')::bigint LIMIT $3`,
    values: [writtenBefore, tenantId ?? null, limit],
  })
  return rows.map(({ profile, decision, status, gate_id, rule_id, reason, scheduled_at, updated_at, found_at }) => ({
    profile,
    decision: decision ?? undefined,
    followUp:
      status === null || scheduled_at === null || updated_at === null
        ? undefined
        : { status, reason, gateId: gate_id, ruleId: rule_id, scheduledAt: scheduled_at.getTime(), updatedAt: updated_at.getTime() },
    foundAt: found_at?.getTime(),
  }))
}
