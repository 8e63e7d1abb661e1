/** `GET /gates`: what rules cost. Which gate took, how often, an option that the votes alone were clearly for, for the owner of a location to judge. */
import { Type } from '@sinclair/typebox'
import type { Static } from '@sinclair/typebox'
import type { GateCosts } from '../sinks/postgres/gateCosts.ts'
import { word } from './audits.ts'
import { mustBeKnown } from './knownLocation.ts'
import { nothingElse } from './leads.ts'
import type { ApiDeps } from './ports.ts'
import { GateCostList, Refused } from './replySchemas.ts'
import type { ApiInstance } from './typeProvider.ts'

const DAY_MS = 86_400_000

export const GateQuery = Type.Object(
  {
    tenant: Type.Optional(word('Only this GHL location.', 'sandboxLocation000001')),
    days: Type.Integer({ minimum: 1, maximum: 366, default: 30, description: 'Decisions of so many days up to now.' }),
  },
  nothingElse,
)

export type GateQuery = Static<typeof GateQuery>

/** What rules cost in the days up to now, and since when that is. Throws `E_LOCATION_UNKNOWN`. */
export async function tellGateCosts(
  deps: Pick<ApiDeps, 'queries' | 'now' | 'tenants'>,
  { tenant: tenantId, days }: GateQuery,
): Promise<{ readonly since: number; readonly costs: GateCosts }> {
  const since = deps.now() - days * DAY_MS
  const costs = await deps.queries.gateCosts({ tenantId, since })
  if (costs.decided.length === 0) mustBeKnown(deps, tenantId)
  return { since, costs }
}

export function gateRoutes(app: ApiInstance, deps: ApiDeps): void {
  app.get(
    '/gates',
    {
      schema: {
        tags: ['operation'],
        summary: 'What rules cost: gates that took what the votes alone were clearly for, what costs most first',
        querystring: GateQuery,
        response: { 200: GateCostList, 400: Refused, 401: Refused, 404: Refused, 429: Refused, 503: Refused },
      },
    },
    async ({ query }) => {
      const { since, costs } = await tellGateCosts(deps, query)
      const { rules, decided, countedSince } = costs
      return { since, countedSince, rules: [...rules], decided: [...decided] }
    },
  )
}
