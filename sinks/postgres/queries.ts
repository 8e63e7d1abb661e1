/**
 * What the API, the console and the tests ask the store. Pages go by key, never by count of rows skipped; every query has
 * an index that it uses.
 */
import type { Consents } from '../../pipelines/enrich/consent.ts'
import type { Decision, DeliveryChanged, FollowUp, LeadProfile } from '../../schemas/generated/records.ts'
import { leadKey } from '../../topics/index.ts'
import { consentStatements } from './consentStatements.ts'
import { decidedByType } from './decisionDays.ts'
import type { TypeDecided } from './decisionDays.ts'
import { postgresError } from './errors.ts'
import { followUpOf, rowOf } from './ledgerRow.ts'
import type { LedgerRow, StoredRow } from './ledgerRow.ts'
import { lookUp, searchCondition } from './leadSearch.ts'
import type { LookedUp } from './leadSearch.ts'
import { addressLedgers } from './addressStatements.ts'
import { linkedLeads } from './linkedLeads.ts'
import type { Queryable } from './pool.ts'

export interface LeadSummary {
  leadKey: string
  tenantId: string
  contactId: string
  name: string | null
  status: string
  /** As recorded: see recordedScore.ts. */
  score: number
  temperature: string
  level: string
  source: string | null
  lastEventAt: number
  lastInboundAt: number | null
}

export interface LeadFilter {
  readonly tenantId?: string | undefined
  readonly status?: string | undefined
  readonly level?: string | undefined
  readonly minScore?: number | undefined
  /** Words that the lead's fields and conversation hold: see leadSearch.ts. */
  readonly text?: string | undefined
  readonly limit: number
  readonly cursor?: string | undefined
}

export interface Overview {
  leads: number
  leadsByLevel: Record<string, number>
  decisions: number
  decisionsByType: Record<string, TypeDecided>
  /** By `<action>/<status>`: a confirmed assignment is no message that left. */
  followupsByOutcome: Record<string, number>
}

export interface Assignment {
  readonly leadId: string
  readonly assignedAgentId: string
  readonly status: 'active' | 'ended'
  readonly createdAt: number
}

/** Counts for accounting: what came in and what became of it. */
export interface StoreCounts {
  readonly leads: number
  readonly decisions: number
  readonly followups: number
  readonly deliveries: number
  readonly outboxUnpublished: number
  /** Follow-ups by `<action>/<status>`. */
  readonly followupsByOutcome: Readonly<Record<string, number>>
  /** Follow-ups that did not leave, by `<gate>/<rule>`. */
  readonly heldBy: Readonly<Record<string, number>>
}

const BY_OUTCOME = "SELECT action || '/' || status AS name, count(*) FROM followup_actions GROUP BY 1"

/** The queries on a pool (or on a client of a transaction). */
export function leadQueries(db: Queryable) {
  async function records<T>(sql: string, params: readonly unknown[]): Promise<T[]> {
    const found = await db.query<{ record: T }>(sql, [...params])
    return found.rows.map(({ record }) => record)
  }
  async function tally(sql: string): Promise<Record<string, number>> {
    const found = await db.query<{ name: string; count: string }>(sql)
    return Object.fromEntries(found.rows.map(({ name, count }) => [name, Number(count)]))
  }
  const total = async (table: string) => Object.values(await tally(`SELECT 'all' AS name, count(*) FROM ${table}`))[0] ?? 0

  return {
    /** Newest event first. Throws `E_CURSOR_INVALID` for a cursor it did not make, `E_SEARCH_INVALID` for a text without a word. */
    async leads(filter: LeadFilter, lookedUp?: LookedUp): Promise<{ leads: LeadSummary[]; nextCursor: string | null }> {
      const after = filter.cursor === undefined ? undefined : cursorOf(filter.cursor)
      const words = lookedUp ?? (filter.text === undefined ? undefined : await lookUp(db, filter.text, filter.tenantId))
      const matching = words === undefined ? { condition: 'true', values: [] } : searchCondition(words, 8)
      const found = await db.query<ListedRow & { activity: string }>(
        `SELECT id, last_activity::text AS activity, lead_score, temperature, profile FROM leads
         WHERE deleted_at IS NULL AND ($1::text IS NULL OR tenant_id = $1) AND ($2::text IS NULL OR status::text = $2) AND ($3::text IS NULL OR intent_level = $3)
           AND ($4::int IS NULL OR lead_score >= $4) AND ($5::timestamptz IS NULL OR last_activity < $5 OR (last_activity = $5 AND id > $6))
           AND ${matching.condition}
         ORDER BY last_activity DESC, id LIMIT $7`,
        [
          filter.tenantId ?? null,
          filter.status ?? null,
          filter.level ?? null,
          filter.minScore ?? null,
          after?.activity ?? null,
          after?.id ?? null,
          filter.limit + 1,
          ...matching.values,
        ],
      )
      const rows = found.rows.slice(0, filter.limit)
      const last = rows.at(-1)
      const more = found.rows.length > filter.limit && last !== undefined
      return {
        leads: rows.map(summaryOf),
        nextCursor: more ? Buffer.from(JSON.stringify([last.activity, last.id])).toString('base64url') : null,
      }
    },

    linked: (tenantId: string, contactId: string, most: number) => linkedLeads(db, leadKey(tenantId, contactId), most),

    /** What was said of permission from each address of a lead, by whichever lead of the location. */
    async addressLedgers(tenantId: string, contactId: string): Promise<readonly Consents[]> {
      const lead = leadKey(tenantId, contactId)
      return (await addressLedgers(db, [lead])).get(lead) ?? []
    },

    /** All leads with this contact id, or the one with this location too. */
    async profiles(contactId: string, tenantId?: string): Promise<LeadProfile[]> {
      return records('SELECT profile AS record FROM leads WHERE contact_id = $1 AND ($2::text IS NULL OR tenant_id = $2) ORDER BY id', [
        contactId,
        tenantId ?? null,
      ])
    },

    consentStatements: (tenantId: string, contactId: string, most: number) => consentStatements(db, leadKey(tenantId, contactId), most),

    /** Newest first. */
    async decisions(tenantId: string, contactId: string, limit: number): Promise<Decision[]> {
      return records('SELECT record FROM decisions WHERE lead_id = $1 ORDER BY decided_at DESC LIMIT $2', [
        leadKey(tenantId, contactId),
        limit,
      ])
    },

    async decisionById(decisionId: string): Promise<Decision | undefined> {
      return (await records<Decision>('SELECT record FROM decisions WHERE decision_id = $1', [decisionId]))[0]
    },

    /** Newest first, over all leads. */
    async latestDecisions(limit: number): Promise<{ decision: Decision; name: string | null }[]> {
      const found = await db.query<{ record: Decision; id: string | null; profile: LeadProfile | null }>(
        `SELECT d.record, l.id, l.profile FROM (SELECT * FROM decisions ORDER BY decided_at DESC, decision_id LIMIT $1) d
         LEFT JOIN leads l ON l.id = d.lead_id AND l.deleted_at IS NULL ORDER BY d.decided_at DESC, d.decision_id`,
        [limit],
      )
      return found.rows.map(({ record, id, profile }) => ({
        decision: record,
        name: id === null || profile === null ? null : nameOf(profile),
      }))
    },

    /** Newest first. */
    async followups(tenantId: string, contactId: string, limit: number): Promise<FollowUp[]> {
      return (await this.ledger(tenantId, contactId, limit)).map(followUpOf)
    },

    /** The ledger of a lead, newest first. */
    async ledger(tenantId: string, contactId: string, limit: number): Promise<LedgerRow[]> {
      const found = await db.query<StoredRow>(
        'SELECT * FROM followup_actions WHERE lead_id = $1 ORDER BY planned_at DESC, followup_id LIMIT $2',
        [leadKey(tenantId, contactId), limit],
      )
      return found.rows.map(rowOf)
    },

    /** What is still to come for a lead, soonest first. */
    async pendingFollowUps(leadId: string): Promise<LedgerRow[]> {
      const found = await db.query<StoredRow>(
        "SELECT * FROM followup_actions WHERE lead_id = $1 AND status IN ('pending', 'deferred') ORDER BY scheduled_at",
        [leadId],
      )
      return found.rows.map(rowOf)
    },

    /** Newest first. */
    async deliveries(tenantId: string, contactId: string, limit: number): Promise<DeliveryChanged[]> {
      return records('SELECT record FROM deliveries WHERE lead_id = $1 ORDER BY at DESC, followup_id, sequence DESC LIMIT $2', [
        leadKey(tenantId, contactId),
        limit,
      ])
    },

    /** Leads of one status, the most pressing first. */
    async worklist(status: string, limit: number): Promise<LeadSummary[]> {
      const found = await db.query<ListedRow>(
        'SELECT id, lead_score, temperature, profile FROM leads WHERE status = $1::lead_status ORDER BY priority_score DESC, created_at DESC LIMIT $2',
        [status, limit],
      )
      return found.rows.map(summaryOf)
    },

    /** What a realtor has, newest first. */
    async assignmentsOf(assignedAgentId: string, status: 'active' | 'ended', limit: number): Promise<Assignment[]> {
      const found = await db.query<{ lead_id: string; assigned_agent_id: string; status: 'active' | 'ended'; created_at: Date }>(
        'SELECT lead_id, assigned_agent_id, status, created_at FROM lead_assignments WHERE assigned_agent_id = $1 AND status = $2 ORDER BY created_at DESC LIMIT $3',
        [assignedAgentId, status, limit],
      )
      return found.rows.map((row) => ({
        leadId: row.lead_id,
        assignedAgentId: row.assigned_agent_id,
        status: row.status,
        createdAt: row.created_at.getTime(),
      }))
    },

    /** Counts for the landing page. */
    async overview(): Promise<Overview> {
      const leadsByLevel = await tally('SELECT intent_level AS name, count(*) FROM leads WHERE deleted_at IS NULL GROUP BY 1')
      const decisionsByType = await decidedByType(db)
      const decisions = sum(
        Object.fromEntries(Object.entries(decisionsByType).map(([type, own]) => [type, sum(own.chosen) + own.gated + own.superseded])),
      )
      const followupsByOutcome = await tally(BY_OUTCOME)
      return { leads: sum(leadsByLevel), leadsByLevel, decisions, decisionsByType, followupsByOutcome }
    },

    /** Counts for accounting, to the last record. */
    async counts(): Promise<StoreCounts> {
      const followupsByOutcome = await tally(BY_OUTCOME)
      return {
        leads: await total('leads'),
        decisions: await total('decisions'),
        followups: sum(followupsByOutcome),
        deliveries: await total('deliveries'),
        outboxUnpublished: await total('delivery_outbox WHERE published_at IS NULL'),
        followupsByOutcome,
        heldBy: await tally(
          "SELECT gate_id || '/' || rule_id AS name, count(*) FROM followup_actions WHERE gate_id IS NOT NULL GROUP BY 1",
        ),
      }
    },
  }
}
export type LeadQueries = ReturnType<typeof leadQueries>

interface ListedRow {
  readonly id: string
  readonly lead_score: number
  readonly temperature: string
  readonly profile: LeadProfile
}

function summaryOf({ id, lead_score: score, temperature, profile }: ListedRow): LeadSummary {
  return {
    leadKey: id,
    tenantId: profile.tenantId,
    contactId: profile.contactId,
    name: nameOf(profile),
    status: profile.status,
    score,
    temperature,
    level: profile.level,
    source: profile.source,
    lastEventAt: profile.lastEventAt,
    lastInboundAt: profile.lastInboundAt,
  }
}

function nameOf(profile: LeadProfile): string | null {
  const name = [profile.firstName, profile.lastName].filter((part) => part !== null && part !== '').join(' ')
  return name === '' ? null : name
}

function sum(tally: Readonly<Record<string, number>>): number {
  return Object.values(tally).reduce((all, one) => all + one, 0)
}

function cursorOf(cursor: string): { activity: string; id: string } {
  try {
    const parts = JSON.parse(Buffer.from(cursor, 'base64url').toString('utf8')) as unknown
    if (Array.isArray(parts) && parts.length === 2) {
      const [activity, id] = parts as [unknown, unknown]
      if (
        typeof activity === 'string' &&
        typeof id === 'string' &&
        !Number.isNaN(Date.parse(activity.replace(' ', 'T').replace(/([+-]\d\d)$/, '$1:00')))
      )
        return { activity, id }
    }
  } catch {
    // Neither base64 nor JSON: said below like every other foreign cursor.
  }
  throw postgresError('E_CURSOR_INVALID', `"${cursor.slice(0, 80)}" is not a cursor of this store.`)
}
