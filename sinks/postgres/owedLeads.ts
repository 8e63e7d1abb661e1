/** Leads that wait for an answer, out of those that neither a person nor Rekindle has answered, with what has become of it. */
import { coverageOf, spokenSources } from '../../pipelines/reconcile/coverage.ts'
import type { Coverage, LocationSwept } from '../../pipelines/reconcile/coverage.ts'
import { owed } from '../../pipelines/reconcile/owed.ts'
import type { Owed, OwedFacts, OwedFollowUp } from '../../pipelines/reconcile/owed.ts'
import type { Decision, LeadProfile } from '../../schemas/generated/records.ts'
import { postgresError } from './errors.ts'
import { heartbeats } from './heartbeats.ts'
import type { Queryable } from './pool.ts'

export interface OwedFilter {
  readonly tenantId?: string | undefined
  /** Those whose message is from this moment or before, ms. */
  readonly writtenBefore: number
  readonly limit: number
  /** `nextCursor` of the page before. */
  readonly cursor?: string | undefined
}

/** Who waits, as far as is known at one instant. */
export interface OwedAnswer {
  /** The instant it is true for, ms. */
  readonly at: number
  readonly leads: readonly Owed[]
  /** Null when nobody else waits. A page may be short, and there is more all the same. */
  readonly nextCursor: string | null
  readonly coverage: Coverage
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
  readonly epoch: number
  readonly decision_id: string
  readonly assessment_id: string | null
  readonly gate_id: string | null
  readonly rule_id: string | null
  readonly reason: string | null
  readonly planned_at: Date | null
  readonly scheduled_at: Date | null
  readonly updated_at: Date | null
  readonly known_at: Date | null
  readonly found_at: Date | null
}

interface SweptRow {
  readonly tenant_id: string
  readonly name: string
  readonly source: string | null
  readonly swept_until: Date | null
  readonly failed_because: string | null
}

/** A message found by the comparison is dated by the platform, its event perhaps some seconds otherwise. */
const SAME_MESSAGE = "interval '60 seconds'"

const PAGE = 200
/** Most leads of which one answer says whether they are owed something: 25 x 200 = 5,000. The next one goes on from there. */
const PAGES = 25

/** Runs a question on the leads of a tenant, or of all: as itself, or as the reader. */
export type Reading = <T>(work: (db: Queryable) => Promise<T>) => Promise<T>

/**
 * Those that have waited longest first. Read page by page until there are enough: leads that have refused us end with their own
 * word too, are owed nothing, and gather at the front with time. Throws `E_CURSOR_INVALID` for a cursor it did not make.
 */
export async function owedLeads(
  db: Queryable,
  filter: OwedFilter,
  now: number,
  reading: Reading = (work) => work(db),
  gathering: Reading = (work) => work(db),
): Promise<OwedAnswer> {
  const found: { readonly lead: Owed; readonly place: Place }[] = []
  let place = filter.cursor === undefined ? undefined : placeOf(filter.cursor)
  let isLast = false
  for (let pages = 0; pages < PAGES && !isLast && found.length <= filter.limit; pages++) {
    // Not as the reader: under row security Postgres uses no index of an expression that it does not trust with rows of others.
    // Only ids come of it, and they are read as the reader.
    const after = place
    const page: readonly Place[] = await gathering((owner) => unanswered(owner, filter, after))
    const facts = page.length === 0 ? new Map<string, OwedFacts>() : await reading((reader) => factsOf(reader, page))
    for (const at of page) {
      const known = facts.get(at.leadId)
      const lead = known === undefined ? undefined : owed(known, now)
      if (lead !== undefined) found.push({ lead, place: at })
    }
    place = page.at(-1) ?? place
    isLast = page.length < PAGE
  }
  const shown = found.slice(0, filter.limit)
  const next = found.length > filter.limit ? shown.at(-1)?.place : isLast ? undefined : place
  return {
    at: now,
    leads: shown.map(({ lead }) => lead),
    nextCursor: next === undefined ? null : Buffer.from(JSON.stringify([next.writtenAt, next.leadId])).toString('base64url'),
    coverage: coverageOf(await reading((reader) => locationsSwept(reader, filter.tenantId)), now),
  }
}

/**
 * The first of them, as many as the filter names, where an answer alone may be short: whoever cannot turn a page must not take leads that are
 * owed nothing for nobody who waits. `ask` is the question as the reader asks it.
 */
export async function owedThrough(
  ask: (filter: OwedFilter, now: number) => Promise<OwedAnswer>,
  filter: OwedFilter,
  now: number,
): Promise<OwedAnswer> {
  const leads: Owed[] = []
  for (let asked = filter; ;) {
    const answer = await ask(asked, now)
    leads.push(...answer.leads)
    const { nextCursor: cursor } = answer
    if (cursor === null || leads.length >= filter.limit) return { ...answer, leads }
    asked = { ...filter, limit: filter.limit - leads.length, cursor }
  }
}

/** A page of leads that wrote and that neither a person nor Rekindle has answered. */
async function unanswered(db: Queryable, { tenantId, writtenBefore }: OwedFilter, after: Place | undefined): Promise<Place[]> {
  const { rows } = await db.query<{ id: string; written_at: string }>({
    name: 'unanswered_leads',
    text: `SELECT id, (profile ->> 'lastInboundAt')::bigint AS written_at FROM leads
           WHERE deleted_at IS NULL
             AND (profile ->> 'lastInboundAt')::bigint >= greatest((profile ->> 'lastHumanAt')::bigint, (profile ->> 'lastOwnAt')::bigint, 0)
             AND (profile ->> 'lastInboundAt')::bigint BETWEEN $3 AND $1 AND ($2::text IS NULL OR tenant_id = $2)
             AND ((profile ->> 'lastInboundAt')::bigint, id) > ($3, $4)
           ORDER BY (profile ->> 'lastInboundAt')::bigint, id LIMIT ${PAGE}`,
    values: [writtenBefore, tenantId ?? null, after?.writtenAt ?? 0, after?.leadId ?? ''],
  })
  return rows.map(({ id, written_at }) => ({ leadId: id, writtenAt: Number(written_at) }))
}

/** What is known of each, by lead key; what has changed since it was gathered counts. */
async function factsOf(db: Queryable, page: readonly Place[]): Promise<ReadonlyMap<string, OwedFacts>> {
  const { rows } = await db.query<Row>({
    name: 'owed_leads',
    text: `SELECT leads.id, leads.profile, decided.record AS decision, planned.status, planned.epoch, planned.decision_id, planner.record ->> 'assessmentId' AS assessment_id, planned.gate_id,
             planned.rule_id, planned.reason, planned.planned_at, planned.scheduled_at, planned.updated_at, known.known_at, found.found_at
           FROM leads
           CROSS JOIN LATERAL (SELECT to_timestamp((leads.profile ->> 'lastInboundAt')::bigint / 1000.0) AS at) AS asked
           LEFT JOIN LATERAL (SELECT record FROM decisions WHERE lead_id = leads.id AND type = 'follow_up' AND asked_at >= asked.at
                              ORDER BY decided_at DESC LIMIT 1) AS decided ON true
           LEFT JOIN LATERAL (SELECT * FROM followup_actions WHERE lead_id = leads.id AND planned_at >= asked.at AND action <> 'assign'
                              ORDER BY planned_at DESC LIMIT 1) AS planned ON true
           LEFT JOIN decisions AS planner ON planner.decision_id = planned.decision_id
           LEFT JOIN LATERAL (SELECT min(created_at) AS known_at FROM communications
                              WHERE lead_id = leads.id AND sent_at = asked.at AND direction = 'inbound') AS known ON true
           LEFT JOIN LATERAL (SELECT found_at FROM sweep_findings WHERE lead_id = leads.id AND type = 'InboundMessage'
                                AND happened_at BETWEEN asked.at - ${SAME_MESSAGE} AND asked.at + ${SAME_MESSAGE}
                              ORDER BY happened_at DESC LIMIT 1) AS found ON true
           WHERE leads.id = ANY($1)`,
    values: [page.map(({ leadId }) => leadId)],
  })
  return new Map(
    rows.map((row) => [
      row.id,
      {
        profile: row.profile,
        knownAt: row.known_at?.getTime(),
        decision: row.decision ?? undefined,
        followUp: followUpOf(row),
        foundAt: row.found_at?.getTime(),
      },
    ]),
  )
}

function followUpOf(row: Row): OwedFollowUp | undefined {
  const { status, reason, planned_at, scheduled_at, updated_at } = row
  if (status === null || planned_at === null || scheduled_at === null || updated_at === null) return undefined
  return {
    ...{ status, reason, epoch: row.epoch, decisionId: row.decision_id, assessmentId: row.assessment_id },
    ...{ gateId: row.gate_id, ruleId: row.rule_id },
    ...{ plannedAt: planned_at.getTime(), scheduledAt: scheduled_at.getTime(), updatedAt: updated_at.getTime() },
  }
}

/** The active locations, and how far what is said there is compared with what the platform shows. */
async function locationsSwept(db: Queryable, tenantId: string | undefined): Promise<LocationSwept[]> {
  const { rows } = await db.query<SweptRow>({
    name: 'locations_swept',
    text: `SELECT tenants.tenant_id, tenants.name, source, swept_until, failed_because
           FROM tenants LEFT JOIN sweep_cursors ON sweep_cursors.tenant_id = tenants.tenant_id AND source = ANY($2)
           WHERE status = 'active' AND ($1::text IS NULL OR tenants.tenant_id = $1) ORDER BY tenants.tenant_id, source`,
    values: [tenantId ?? null, spokenSources],
  })
  const beating = new Map((await heartbeats(db, tenantId)).map((one) => [one.tenantId, one]))
  const locations = new Map<string, LocationSwept & { swept: LocationSwept['swept'][number][] }>()
  for (const { tenant_id, name, source, swept_until, failed_because } of rows) {
    const location = locations.get(tenant_id) ?? { tenantId: tenant_id, name, swept: [], heartbeat: beating.get(tenant_id) ?? null }
    if (source !== null && swept_until !== null)
      location.swept.push({ source, until: swept_until.getTime(), failedBecause: failed_because })
    locations.set(tenant_id, location)
  }
  return [...locations.values()]
}

function placeOf(cursor: string): Place {
  try {
    const parts = JSON.parse(Buffer.from(cursor, 'base64url').toString('utf8')) as unknown
    const [writtenAt, leadId] = Array.isArray(parts) ? (parts as unknown[]) : []
    if (Number.isSafeInteger(writtenAt) && typeof leadId === 'string') return { writtenAt: writtenAt as number, leadId }
  } catch {
    // Neither base64 nor JSON: said below like every other foreign cursor.
  }
  throw postgresError('E_CURSOR_INVALID', `"${cursor.slice(0, 80)}" is not a cursor of this list.`)
}
