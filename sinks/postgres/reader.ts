/**
 * Reads for others: as a role that may do nothing but read, and sees the rows of the tenant that the read is about and no
 * others. A read that does not say its tenant sees nothing; one that is about all tenants says so.
 */
import type pg from 'pg'
import type { Policy } from '../../schemas/generated/records.ts'
import { openAsks } from './asks.ts'
import type { AskFilter, OpenAsk } from './asks.ts'
import { auditQueue } from './audits.ts'
import type { AuditFilter, AuditQueue } from './audits.ts'
import { erasuresOf } from './erasure.ts'
import type { ErasedLead } from './erasure.ts'
import { gateCosts } from './gateCosts.ts'
import type { GateCostFilter, GateCosts } from './gateCosts.ts'
import { keptPolicies } from './keptPolicies.ts'
import { lookUp } from './leadSearch.ts'
import { owedLeads } from './owedLeads.ts'
import type { OwedAnswer, OwedFilter } from './owedLeads.ts'
import { policiesWithHashes } from './policies.ts'
import { inTransaction } from './pool.ts'
import type { Queryable } from './pool.ts'
import { leadQueries } from './queries.ts'
import type { LeadQueries } from './queries.ts'

/** No location is called so. */
export const ALL_TENANTS = '*'

/** @source reference/lead-domain.md 11.4: statement timeout 30 s for the application */
const STATEMENT_TIMEOUT_MS = 30_000

/** Runs `work` as the reader of one tenant, or of `ALL_TENANTS`. */
export async function asReader<T>(pool: pg.Pool, tenantId: string, work: (db: Queryable) => Promise<T>): Promise<T> {
  return inTransaction(pool, async (client) => {
    await client.query({
      name: 'become_reader',
      text: `SELECT set_config('app.tenant', $1, true), set_config('statement_timeout', $2, true), set_config('role', 'rekindle_reader', true)`,
      values: [tenantId, String(STATEMENT_TIMEOUT_MS)],
    })
    return work(client)
  })
}

/** The same as the owner, who sees the rows of all: for what the reader may not see, or has no index for. */
function asOwner<T>(pool: pg.Pool, work: (db: Queryable) => Promise<T>): Promise<T> {
  return inTransaction(pool, async (client) => {
    await client.query({
      name: 'bound_owner',
      text: `SELECT set_config('statement_timeout', $1, true)`,
      values: [String(STATEMENT_TIMEOUT_MS)],
    })
    return work(client)
  })
}

/** What the API asks, each question as the reader of the tenant that it is about. */
export function readerQueries(pool: pg.Pool): Pick<
  LeadQueries,
  | 'leads'
  | 'profiles'
  | 'linked'
  | 'consentStatements'
  | 'addressLedgers'
  | 'decisions'
  | 'decisionById'
  | 'followups'
  | 'deliveries'
  | 'overview'
  | 'latestDecisions'
> & {
  asks(filter: AskFilter): Promise<OpenAsk[]>
  audits(filter: AuditFilter): Promise<AuditQueue>
  policies(hashes: readonly string[]): Promise<readonly Policy[]>
  owed(filter: OwedFilter, now: number): Promise<OwedAnswer>
  erasures(contactId: string, tenantId?: string): Promise<ErasedLead[]>
  gateCosts(filter: GateCostFilter): Promise<GateCosts>
} {
  const reading = <T>(tenantId: string | undefined, ask: (queries: LeadQueries) => Promise<T>) =>
    asReader(pool, tenantId ?? ALL_TENANTS, (db) => ask(leadQueries(db)))
  return {
    async leads(filter) {
      // Before the role is taken: under row security Postgres does not use a text index, since it does not trust the operator
      // with rows of others. Only ids come of it, and they are read as the reader.
      const { text, tenantId } = filter
      const found = text === undefined ? undefined : await asOwner(pool, (db) => lookUp(db, text, tenantId))
      return reading(filter.tenantId, (queries) => queries.leads(filter, found))
    },
    profiles: (contactId, tenantId) => reading(tenantId, (queries) => queries.profiles(contactId, tenantId)),
    linked: (tenantId, contactId, most) => reading(tenantId, (queries) => queries.linked(tenantId, contactId, most)),
    consentStatements: (tenantId, contactId, most) => reading(tenantId, (queries) => queries.consentStatements(tenantId, contactId, most)),
    addressLedgers: (tenantId, contactId) => reading(tenantId, (queries) => queries.addressLedgers(tenantId, contactId)),
    decisions: (tenantId, contactId, limit) => reading(tenantId, (queries) => queries.decisions(tenantId, contactId, limit)),
    followups: (tenantId, contactId, limit) => reading(tenantId, (queries) => queries.followups(tenantId, contactId, limit)),
    deliveries: (tenantId, contactId, limit) => reading(tenantId, (queries) => queries.deliveries(tenantId, contactId, limit)),
    overview: () => reading(ALL_TENANTS, (queries) => queries.overview()),
    latestDecisions: (limit) => reading(ALL_TENANTS, (queries) => queries.latestDecisions(limit)),
    decisionById: (decisionId) => reading(ALL_TENANTS, (queries) => queries.decisionById(decisionId)),
    asks: (filter) => asReader(pool, filter.tenantId ?? ALL_TENANTS, (db) => openAsks(db, filter)),
    audits: (filter) => asReader(pool, filter.tenantId ?? ALL_TENANTS, (db) => auditQueue(db, filter)),
    gateCosts: (filter) => asReader(pool, filter.tenantId ?? ALL_TENANTS, (db) => gateCosts(db, filter)),
    // Not as the reader, who may not see the table: a policy is about no lead, and its hash came from a decision that was read.
    policies: keptPolicies((hashes) => asOwner(pool, (db) => policiesWithHashes(db, hashes))),
    // Nor here: the table says of a lead that it was erased, and nothing else.
    erasures: (contactId, tenantId) => asOwner(pool, (db) => erasuresOf(db, contactId, tenantId)),
    owed: (filter, now) =>
      owedLeads(
        pool,
        filter,
        now,
        (work) => asReader(pool, filter.tenantId ?? ALL_TENANTS, work),
        (work) => asOwner(pool, work),
      ),
  }
}
