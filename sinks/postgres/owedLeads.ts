/** Leads that wait for an answer, out of those whose last word is their own, with what has become of it. */
import { owed } from '../../pipelines/reconcile/owed.ts'
import type { Owed, OwedFacts } from '../../pipelines/reconcile/owed.ts'
import type { Decision, LeadProfile } from '../../schemas/generated/records.ts'
import type { Queryable } from './pool.ts'

export interface OwedFilter {
  readonly tenantId?: string | undefined
  /** Those whose message is from this moment or before, ms. */
  readonly writtenBefore: number
  readonly limit: number
}

/** How far the list is read: the time of the last message of its last lead, ms, and that lead. */
interface Place {
  readonly writtenAt: number
  readonly leadId: string
}

interface Row {
  readonly id: string
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

const PAGE = 200

/**
 * Those that have waited longest first. Read page by page until there are enough: leads that have refused us end with their own
 * word too, are owed nothing, and gather at the front with time.
 */
export async function owedLeads(db: Queryable, filter: OwedFilter, now: number): Promise<Owed[]> {
  const found: Owed[] = []
  let after: Place | undefined
  do {
    const page = await unanswered(db, filter, after)
    found.push(...page.facts.map((facts) => owed(facts, now)).filter((one) => one !== undefined))
    after = page.next
  } while (after !== undefined && found.length < filter.limit)
  return found.slice(0, filter.limit)
}

/** A page of leads whose last word is their own, and where the next one begins. */
async function unanswered(
  db: Queryable,
  { tenantId, writtenBefore }: OwedFilter,
  after: Place | undefined,
): Promise<{ readonly facts: readonly OwedFacts[]; readonly next: Place | undefined }> {
  const { rows } = await db.query<Row>({
    name: 'owed_leads',
    text: `SELECT leads.id, leads.profile, decided.record AS decision, planned.status, planned.gate_id, planned.rule_id, planned.reason, planned.scheduled_at,
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
             AND (profile ->> 'lastInboundAt')::bigint BETWEEN $3 AND $1 AND ($2::text IS NULL OR leads.tenant_id = $2)
             AND ((profile ->> 'lastInboundAt')::bigint, leads.id) > ($3, $4)
           ORDER BY (profile ->> 'lastInboundAt')::bigint, leads.id LIMIT ${PAGE}`,
    values: [writtenBefore, tenantId ?? null, after?.writtenAt ?? 0, after?.leadId ?? ''],
  })
  const last = rows.at(-1)
  const next = last === undefined || rows.length < PAGE ? undefined : { writtenAt: last.profile.lastInboundAt ?? 0, leadId: last.id }
  const facts = rows.map(({ profile, decision, status, gate_id, rule_id, reason, scheduled_at, updated_at, found_at }) => ({
    profile,
    decision: decision ?? undefined,
    followUp:
      status === null || scheduled_at === null || updated_at === null
        ? undefined
        : { status, reason, gateId: gate_id, ruleId: rule_id, scheduledAt: scheduled_at.getTime(), updatedAt: updated_at.getTime() },
    foundAt: found_at?.getTime(),
  }))
  return { facts, next }
}
