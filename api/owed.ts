/**
 * `GET /owed`: leads whose last message has no answer, each with one cause and how long, as `rekindle owed` lists them. The answer
 * says for which instant it is true and how far it is compared with GoHighLevel, so that an empty list can be judged.
 */
import { Type } from '@sinclair/typebox'
import type { Static } from '@sinclair/typebox'
import { coverageWords } from '../pipelines/reconcile/coverage.ts'
import { causeWords } from '../pipelines/reconcile/words.ts'
import { leadKey, realtorKey } from '../topics/index.ts'
import { word } from './audits.ts'
import { mustBeKnown } from './knownLocation.ts'
import { nothingElse, printable } from './leads.ts'
import type { ApiDeps } from './ports.ts'
import { OwedList, Refused } from './replySchemas.ts'
import type { ApiInstance } from './typeProvider.ts'

/** 366 days in minutes. */
const LONGEST_MINUTES = 527_040
const MINUTE_MS = 60_000

export const OwedQuery = Type.Object(
  {
    tenant: Type.Optional(word('Only this GHL location.', 'sandboxLocation000001')),
    longerThanMinutes: Type.Integer({
      minimum: 0,
      maximum: LONGEST_MINUTES,
      default: 0,
      description: 'Only those who wait this many minutes or longer.',
    }),
    limit: Type.Integer({ minimum: 1, maximum: 200, default: 50, description: 'Leads per page.' }),
    cursor: Type.Optional(Type.String({ minLength: 1, maxLength: 500, pattern: printable, description: 'nextCursor of the page before.' })),
  },
  nothingElse,
)
export type OwedQuery = Static<typeof OwedQuery>
export type ToldOwed = Static<typeof OwedList>

/** Asks the store, and adds what codes mean in words. Throws `E_LOCATION_UNKNOWN`. */
export async function tellOwed(deps: Pick<ApiDeps, 'queries' | 'now' | 'realtors' | 'tenants'>, query: OwedQuery): Promise<ToldOwed> {
  const { tenant: tenantId, longerThanMinutes, limit, cursor } = query
  const now = deps.now()
  const answer = await deps.queries.owed({ tenantId, writtenBefore: now - longerThanMinutes * MINUTE_MS, limit, cursor }, now)
  const { at, leads, nextCursor, coverage } = answer
  if (leads.length === 0) mustBeKnown(deps, tenantId)
  return {
    at,
    leads: leads.map((one) => ({
      leadKey: leadKey(one.tenantId, one.contactId),
      ...one,
      causeWords: causeWords[one.cause],
      userName: one.userId === null ? null : (deps.realtors?.get(realtorKey(one.tenantId, one.userId))?.name ?? null),
    })),
    nextCursor,
    coverage: { ...coverage, behind: [...coverage.behind], unheard: [...coverage.unheard], words: coverageWords(coverage, at, tenantId) },
  }
}

export function owedRoutes(app: ApiInstance, deps: ApiDeps): void {
  app.get(
    '/owed',
    {
      schema: {
        tags: ['leads'],
        summary: 'Leads that wait for an answer, those that wait longest first, each with why',
        querystring: OwedQuery,
        response: { 200: OwedList, 400: Refused, 401: Refused, 404: Refused, 429: Refused, 503: Refused },
      },
    },
    async ({ query }) => tellOwed(deps, query),
  )
}
