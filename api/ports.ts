/**
 * What the API needs from the rest of the world, as narrow ports: a producer, a table of tenants, queries, probes, a
 * clock. The composition in `cli/` gives the real ones, tests give plain objects; nothing in `api/` opens a connection.
 */
import type { Redis } from 'ioredis'
import type { Logger } from 'pino'
import type { Registry } from 'prom-client'
import type { Comeback, Finished } from '../integrations/ghl/oauth/authorization.ts'
import type { Consents } from '../pipelines/enrich/consent.ts'
import type { Explanation, RealtorNames } from '../pipelines/consensus/explain.ts'
import type { AnyTopic, ValueOf } from '../runtime/topic.ts'
import type { Tracer } from '../runtime/tracing.ts'
import type { AskFilter, OpenAsk } from '../sinks/postgres/asks.ts'
import type { AuditFilter, AuditQueue } from '../sinks/postgres/audits.ts'
import type { ConsentStatement } from '../sinks/postgres/consentStatements.ts'
import type { ErasedLead } from '../sinks/postgres/erasure.ts'
import type { GateCostFilter, GateCosts } from '../sinks/postgres/gateCosts.ts'
import type { LinkedLead } from '../sinks/postgres/linkedLeads.ts'
import type { OwedAnswer, OwedFilter } from '../sinks/postgres/owedLeads.ts'
import type { Decision, DeliveryChanged, Erasure, FollowUp, LeadProfile, Policy, Realtor, Tenant } from '../schemas/generated/records.ts'
import type { KeyRing } from './ghlKeys.ts'
import type { ShareLedger } from './shareLedger.ts'
import type { TrustedKeys } from './signature.ts'
import type { TwilioTrust } from './twilioSignature.ts'
import type { WorkflowSecrets } from './workflowToken.ts'

/** Whom callbacks are taken from. */
export interface CallbackTrust {
  readonly twilio?: TwilioTrust | undefined
  readonly sendgrid?: KeyRing | undefined
}

export interface RecordProducer {
  /** Resolves when all in-sync replicas have the record; rejects when that is not known. */
  send<T extends AnyTopic>(
    topic: T,
    key: string,
    value: ValueOf<T>,
    options?: { readonly headers?: Readonly<Record<string, string>>; readonly timestamp?: number },
  ): Promise<unknown>
}

/** One line of a list of leads. */
export interface LeadSummary {
  /** `<locationId>:<contactId>`. */
  leadKey: string
  tenantId: string
  contactId: string
  name: string | null
  status: string
  /** 0 to 100. */
  score: number
  /** hot | warm | cold | unknown: of the score. */
  temperature: string
  /** COLD | WARM | HOT | URGENT */
  level: string
  source: string | null
  /** ms since the epoch. */
  lastEventAt: number
  /** ms since the epoch. */
  lastInboundAt: number | null
}

export interface LeadFilter {
  readonly tenantId?: string
  readonly status?: string
  readonly level?: string
  readonly minScore?: number
  /** Words, "phrases" and -exclusions. */
  readonly text?: string
  /** 1 to 200. */
  readonly limit: number
  /** Opaque, from the previous page. */
  readonly cursor?: string
}

export interface LeadPage {
  leads: LeadSummary[]
  /** `null` on the last page. */
  nextCursor: string | null
}

/** Counts for the landing page. */
export interface Overview {
  leads: number
  leadsByLevel: Record<string, number>
  decisions: number
  /** By type of decision: those on which votes were heard by what was chosen, and those that gates or something newer ended. */
  decisionsByType: Record<string, { chosen: Record<string, number>; gated: number; superseded: number }>
  /** By `<action>/<status>`: a confirmed assignment is no message that left. */
  followupsByOutcome: Record<string, number>
}

export interface LeadQueries {
  /** Newest event first. Throws `E_CURSOR_INVALID` for a cursor it did not make, `E_SEARCH_INVALID` for a text it cannot search for. */
  leads(filter: LeadFilter): Promise<LeadPage>
  /** All leads with this contact id, or the one with this location too. */
  profiles(contactId: string, tenantId?: string): Promise<LeadProfile[]>
  /** Other leads of the location that are perhaps the same person, at most `most`, the strongest links first. */
  linked(tenantId: string, contactId: string, most: number): Promise<LinkedLead[]>
  /** What the lead has stated of permissions, at most `most`, newest first. */
  consentStatements(tenantId: string, contactId: string, most: number): Promise<ConsentStatement[]>
  /** Leads with this contact id, or the one with this location too, that were ever erased. */
  erasures(contactId: string, tenantId?: string): Promise<ErasedLead[]>
  /** What was said of permission from each address of a lead, by whichever lead of the location. */
  addressLedgers(tenantId: string, contactId: string): Promise<readonly Consents[]>
  /** Newest first. */
  decisions(tenantId: string, contactId: string, limit: number): Promise<Decision[]>
  /** Newest first. */
  followups(tenantId: string, contactId: string, limit: number): Promise<FollowUp[]>
  /** Newest first. */
  deliveries(tenantId: string, contactId: string, limit: number): Promise<DeliveryChanged[]>
  decisionById(decisionId: string): Promise<Decision | undefined>
  /** Those of these hashes that were ever published, in no order. */
  policies(hashes: readonly string[]): Promise<readonly Policy[]>
  /** Decisions that wait for a person's verdict. */
  audits(filter: AuditFilter): Promise<AuditQueue>
  /** Questions to people that are open, the one whose time is over first first. */
  asks(filter: AskFilter): Promise<OpenAsk[]>
  overview(): Promise<Overview>
  /** Newest first, over all leads. The name is null while the lead's row is not there yet, or has none. */
  latestDecisions(limit: number): Promise<{ decision: Decision; name: string | null }[]>
  /** Throws `E_CURSOR_INVALID` for a cursor it did not make. */
  owed(filter: OwedFilter, now: number): Promise<OwedAnswer>
  /** Which rules took what the votes alone were clearly for. */
  gateCosts(filter: GateCostFilter): Promise<GateCosts>
}

/** Rejects, with a sentence, when what it probes cannot be used. */
export type Probe = () => Promise<unknown>

export type Access =
  /** Local mode: loopback only, no token. */
  { readonly kind: 'loopback' } | { readonly kind: 'token'; readonly token: string }

export interface ApiDeps {
  readonly producer: RecordProducer
  /** The live table of `tenants`. */
  readonly tenants: { get(tenantId: string): Tenant | undefined }
  /** The live table of `leads.urgent`; without it no lead is urgent. */
  readonly urgentLeads?: { get(key: string): unknown } | undefined
  /** The live table of `leads.erasures`, by lead key. */
  readonly erasures?: { get(key: string): Pick<Erasure, 'erasedAt'> | undefined } | undefined
  /** The live table of `realtors`; without it nobody is named. */
  readonly realtors?: { get(key: string): Realtor | undefined } | undefined
  readonly queries: LeadQueries
  /** Why a decision came out as it did: `pipelines/consensus/explain.ts`, with the policy it was made with where that is known. */
  readonly explain: (decision: Decision, policy?: Policy, realtorName?: RealtorNames) => Pick<Explanation, 'headline' | 'sentences'>
  /** By name, e.g. kafka, registry, postgres. All must answer for the API to be ready. */
  readonly probes: Readonly<Record<string, Probe>>
  readonly keys: TrustedKeys
  /** Makes and checks the tokens of workflow URLs; without it there is no such route. */
  readonly workflowSecrets?: WorkflowSecrets | undefined
  /** Whom callbacks of providers are taken from; without it there are no such routes. */
  readonly callbacks?: CallbackTrust | undefined
  /** Connects what a browser brings back from GoHighLevel; without it there is no such route. */
  readonly finishAuthorization?: ((comeback: Comeback) => Promise<Finished>) | undefined
  /** Own marketplace app id; a body that states another one is refused. */
  readonly appId: string
  readonly access: Access
  /** Addresses and networks whose X-Forwarded-For says who asks; nobody's unless given. */
  readonly trustedProxies?: readonly string[]
  readonly metrics: Registry
  readonly logger: Logger
  /** ms since the epoch. */
  readonly now: () => number
  /** ms of a clock that nobody sets, since any moment. */
  readonly monotonic: () => number
  readonly newId: () => string
  readonly limits?: Partial<ApiLimits>
  /** Takes a span per delivery; without it a trace context is handed on as it is. */
  readonly tracer?: Tracer | undefined
  /** Counts requests of all API processes together; without it, or while it is away, each counts its own. */
  readonly sharedCounts?: Redis
  /** Keeps the shares of locations over all API processes; without it, or while it is away, each judges by what it has seen. */
  readonly shareLedger?: ShareLedger | undefined
}

export interface ApiLimits {
  /** Largest webhook body in bytes. */
  readonly bodyBytes: number
  /** Longest wait for the broker before the sender is told to come again, ms. Senders give up after some 10 s. */
  readonly produceMs: number
  /** Webhooks a second of one location that are its share, of all processes that share a ledger; what is above lets those of others pass. */
  readonly tenantPerSecond: number
  /** Webhook records on their way to the broker; above it the sender is told to come again. */
  readonly inFlight: number
  /** Seconds in Retry-After when the broker cannot take records. */
  readonly retryAfterSeconds: number
  /** Requests a minute and client of the read API. 12,000 = 200/s, the rate the API is built for. */
  readonly readsPerMinute: number
  /** Longest wait for one readiness probe, ms. */
  readonly probeMs: number
}

export const defaultLimits: ApiLimits = {
  // With its envelope, and the headers that a dead letter adds, a record stays below what a broker takes unless told otherwise (1,048,588):
  // a dead letter that does not would stop the member.
  bodyBytes: 1_000_000,
  produceMs: 8_000,
  tenantPerSecond: 50,
  inFlight: 10_000,
  retryAfterSeconds: 5,
  readsPerMinute: 12_000,
  probeMs: 2_000,
}
