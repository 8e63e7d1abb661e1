/** `GET /leads` and `GET /leads/:id`: the state of leads, what was decided about them and why, as JSON. */
import { Type } from '@sinclair/typebox'
import type { Static } from '@sinclair/typebox'
import { mustBeKnown } from './knownLocation.ts'
import { tellLead } from './leadStory.ts'
import { placesOf } from './places.ts'
import type { ApiDeps } from './ports.ts'
import { LeadList, LeadStory, Refused } from './replySchemas.ts'
import type { ApiInstance } from './typeProvider.ts'

/** No control characters: the store takes no NUL, and no id has any. */
export const printable = '^[^\\u0000-\\u001f\\u007f]*$'

const word = (description: string, example: string) =>
  Type.Optional(Type.String({ minLength: 1, maxLength: 100, pattern: printable, description, examples: [example] }))

/** Of a route about one lead. */
export const LeadId = Type.String({
  minLength: 1,
  maxLength: 200,
  pattern: printable,
  description: 'GHL contact id, or <locationId>:<contactId>.',
})

/** Of what a request states: a name that is none is a mistake, and passed over it would ask for more than was meant. */
export const nothingElse = { additionalProperties: false } as const

/** Of a route about one lead, which is whole without a query. */
export const noQuery = Type.Object({}, nothingElse)

/** Leads on a page unless asked otherwise. */
export const usualLimit = 50

export const LeadQuery = Type.Object(
  {
    tenant: word('Only this GHL location.', 'sandboxLocation000001'),
    status: word('Only this status.', 'contacted'),
    level: word('Only this level.', 'HOT'),
    minScore: Type.Optional(Type.Integer({ minimum: 0, maximum: 100, description: 'Only leads with at least this score.' })),
    q: Type.Optional(
      Type.String({
        minLength: 1,
        maxLength: 200,
        pattern: printable,
        description:
          'Only leads that have all of these words in their fields or their messages, in English or Spanish, with or without endings and accents. A "phrase in quotes" is found as it stands; -word leaves out leads that have the word.',
        examples: ['maria "swimming pool" -rent'],
      }),
    ),
    limit: Type.Integer({ minimum: 1, maximum: 200, default: usualLimit, description: 'Leads per page.' }),
    cursor: Type.Optional(Type.String({ minLength: 1, maxLength: 500, pattern: printable, description: 'nextCursor of the page before.' })),
  },
  nothingElse,
)

/** A page of leads. Throws `E_LOCATION_UNKNOWN`. */
export async function tellLeads(
  deps: Pick<ApiDeps, 'queries' | 'tenants'>,
  query: Static<typeof LeadQuery>,
): Promise<Static<typeof LeadList>> {
  const { leads, nextCursor } = await deps.queries.leads(filterOf(query))
  if (leads.length === 0) mustBeKnown(deps, query.tenant)
  const { zoneOf } = placesOf(deps)
  return { leads: leads.map((lead) => ({ ...lead, timeZone: zoneOf(lead.tenantId) })), nextCursor }
}

/** Leaves out what was not asked for: an absent filter and an undefined one are two things to a store. */
function filterOf(query: Static<typeof LeadQuery>) {
  const { tenant, q, ...others } = query
  return { ...others, ...(tenant === undefined ? {} : { tenantId: tenant }), ...(q === undefined ? {} : { text: q }) }
}

export function leadRoutes(app: ApiInstance, deps: ApiDeps): void {
  app.get(
    '/leads',
    {
      schema: {
        tags: ['leads'],
        summary: 'Leads, newest event first; all, or those that match',
        querystring: LeadQuery,
        response: { 200: LeadList, 400: Refused, 401: Refused, 404: Refused, 429: Refused, 503: Refused },
      },
    },
    async ({ query }) => tellLeads(deps, query),
  )

  app.get(
    '/leads/:id',
    {
      schema: {
        tags: ['leads'],
        summary: 'One lead: profile, decisions and why, follow-ups, deliveries',
        params: Type.Object({ id: LeadId }),
        querystring: noQuery,
        response: { 200: LeadStory, 400: Refused, 401: Refused, 404: Refused, 409: Refused, 410: Refused, 429: Refused, 503: Refused },
      },
    },
    async (request) => tellLead(deps, request.params.id),
  )
}
