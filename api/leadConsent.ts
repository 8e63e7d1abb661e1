/**
 * `GET /leads/:id/consent`: what a lead has stated of permissions, by time, what stands of it and what is allowed now. A statement
 * that stands is always among them, also where the store has no row of it or more rows than are told.
 */
import { Type } from '@sinclair/typebox'
import { addressRefusalInWords, closedByAddress } from '../pipelines/enrich/addressRefusals.ts'
import { CONTACT_CHANNELS, blockedBecause, isPermanentDnd } from '../pipelines/enrich/consent.ts'
import type { Consents } from '../pipelines/enrich/consent.ts'
import { provenanceOfPermission, sourceInWords } from '../pipelines/enrich/provenance.ts'
import { PURPOSES, readScope } from '../pipelines/enrich/purposes.ts'
import { permissionsOf } from '../pipelines/enrich/settings.ts'
import { closedInWords } from '../pipelines/closedWords.ts'
import type { Consent, LeadProfile, Tenant } from '../schemas/generated/records.ts'
import type { ConsentStatement } from '../sinks/postgres/consentStatements.ts'
import { leadKey } from '../topics/index.ts'
import { LeadId, noQuery } from './leads.ts'
import { leadOf } from './leadStory.ts'
import { nameOf } from './pages/words.ts'
import type { ApiDeps } from './ports.ts'
import { LeadConsent, Refused } from './replySchemas.ts'
import type { ApiInstance } from './typeProvider.ts'

/** Statements that are told, the newest; each message of a lead is one for two channels. */
const mostTold = 500

/** What the history is made of, as stored at one moment. */
export interface ConsentRows {
  readonly profile: LeadProfile
  /** Newest first. */
  readonly statements: readonly ConsentStatement[]
  /** When the lead was last erased, ms; null = never. */
  readonly erasedAt: number | null
  readonly tenant: Tenant | undefined
  /** What was said from each of its addresses, by whichever lead. */
  readonly ledgers: readonly Consents[]
}

/** The history as of `now` (ms). */
export function consentHistory({ profile, statements, erasedAt, tenant, ledgers }: ConsentRows, now: number): LeadConsent {
  const { tenantId, contactId, deletedAt } = profile
  const told = statements.slice(0, mostTold)
  const known = new Set(told.map(({ channel, purpose, eventId }) => `${channel}/${purpose} ${eventId}`))
  const scopes = Object.entries(profile.consents).map(([scope, consent]) => {
    const of = ofScope(scope)
    // A do-not-disturb that is told again is the statement of when it was told first.
    const first = isPermanentDnd(consent)
      ? told.find(({ channel, purpose }) => channel === of.channel && purpose === of.purpose)
      : undefined
    const isFirst = first !== undefined && isPermanentDnd(first)
    return { ...of, scope, consent: isFirst ? { ...consent, eventId: first.eventId } : consent }
  })
  const standing = new Map(scopes.map(({ channel, purpose, consent }) => [`${channel}/${purpose}`, consent]))
  const unwritten = scopes.flatMap(({ channel, purpose, scope, consent: { eventId, ...stated } }): ConsentStatement[] =>
    known.has(`${channel}/${purpose} ${eventId}`)
      ? []
      : [{ channel, purpose, eventId, ...stated, source: provenanceOfPermission(profile, scope), messageOn: null }],
  )
  const { marketingNeeds } = permissionsOf(tenant)
  return {
    leadKey: leadKey(tenantId, contactId),
    name: nameOf(profile),
    deletedAt,
    erasedAt,
    statements: [...told, ...unwritten]
      .sort((a, b) => b.at - a.at || (a.channel + a.purpose < b.channel + b.purpose ? -1 : 1))
      .map(({ messageOn, ...statement }) => ({
        ...statement,
        by: saidBy(messageOn, statement.source),
        standing: standingOf(statement, standing.get(`${statement.channel}/${statement.purpose}`), now),
      })),
    more: statements.length > mostTold,
    now: CONTACT_CHANNELS.flatMap((channel) =>
      PURPOSES.map((purpose) => {
        const because = blockedBecause(profile, channel, now, { purpose, marketingNeeds })
        if (because !== undefined) return { channel, purpose, allowed: false, because: closedInWords(because, channel) }
        const byAddress = closedByAddress(ledgers, channel, purpose)
        return byAddress === undefined
          ? { channel, purpose, allowed: true, because: null }
          : { channel, purpose, allowed: false, because: addressRefusalInWords(byAddress.refusal) }
      }),
    ),
    timeZone: tenant?.timeZone ?? 'UTC',
  }
}

function ofScope(scope: string): { channel: string; purpose: string } {
  const { channel, purpose } = readScope(scope)
  return { channel, purpose: purpose ?? 'all' }
}

function saidBy(messageOn: string | null, source: string | null): string {
  if (messageOn !== null) return `the lead, by ${messageOn}`
  return source === null ? 'not known' : sourceInWords(source)
}

function standingOf(
  { eventId, status, expiresAt }: Pick<ConsentStatement, 'eventId' | 'status' | 'expiresAt'>,
  stands: Consent | undefined,
  now: number,
): 'stands' | 'ended' | 'replaced' {
  if (stands?.eventId !== eventId || stands.status !== status) return 'replaced'
  return expiresAt !== null && expiresAt <= now ? 'ended' : 'stands'
}

/** Throws what `leadOf` does. */
export async function tellConsent(deps: Pick<ApiDeps, 'queries' | 'tenants' | 'now'>, id: string): Promise<LeadConsent> {
  const profile = await leadOf(deps, id)
  const { tenantId, contactId } = profile
  const [statements, erasures, ledgers] = await Promise.all([
    deps.queries.consentStatements(tenantId, contactId, mostTold + 1),
    deps.queries.erasures(contactId, tenantId),
    deps.queries.addressLedgers(tenantId, contactId),
  ])
  const rows = { profile, statements, ledgers, erasedAt: erasures[0]?.erasedAt ?? null, tenant: deps.tenants.get(tenantId) }
  return consentHistory(rows, deps.now())
}

export function consentRoutes(app: ApiInstance, deps: ApiDeps): void {
  app.get(
    '/leads/:id/consent',
    {
      schema: {
        tags: ['leads'],
        summary: 'What one lead has stated of permissions, newest first, what stands of it and what is allowed now',
        params: Type.Object({ id: LeadId }),
        querystring: noQuery,
        response: { 200: LeadConsent, 400: Refused, 401: Refused, 404: Refused, 409: Refused, 410: Refused, 429: Refused, 503: Refused },
      },
    },
    async (request) => tellConsent(deps, request.params.id),
  )
}
