/**
 * Questions to people: what the votes do not clearly call for, and the answer, which is carried out. A 200 means that the
 * answer is stored; the first one counts, since it closes the question.
 */
import { Type } from '@sinclair/typebox'
import type { Static } from '@sinclair/typebox'
import { labelOf } from '../pipelines/learning/labels.ts'
import { deterministicId } from '../runtime/ids.ts'
import type { OpenAsk } from '../sinks/postgres/asks.ts'
import { leadKey, outcomes } from '../topics/index.ts'
import { word } from './audits.ts'
import { apiError, refusal } from './errors.ts'
import { mustBeKnown } from './knownLocation.ts'
import { nothingElse, printable } from './leads.ts'
import { placesOf } from './places.ts'
import type { ApiDeps } from './ports.ts'
import { AskList, Refused, StoredAnswer } from './replySchemas.ts'
import type { ApiInstance } from './typeProvider.ts'

export const AskQuery = Type.Object(
  {
    tenant: Type.Optional(word('Only this GHL location.', 'sandboxLocation000001')),
    limit: Type.Integer({ minimum: 1, maximum: 200, default: 50, description: 'Questions at most.' }),
  },
  nothingElse,
)
export type AskQuery = Static<typeof AskQuery>
export type ToldAsks = Static<typeof AskList>
export type ToldAsk = ToldAsks['asks'][number]

export const Answer = Type.Object(
  {
    by: word('Who answers.', 'anna'),
    option: word('What is to be done: one of the options of the question.', 'sms'),
    note: Type.Optional(Type.String({ minLength: 1, maxLength: 500, pattern: printable, description: 'Why, in a sentence.' })),
  },
  nothingElse,
)
export type Answer = Static<typeof Answer>

function optionsOf({ decision }: OpenAsk): string[] {
  return decision.options.filter(({ eligible }) => eligible).map(({ option }) => option)
}

/** What is open, the one whose time is over first first. Throws `E_LOCATION_UNKNOWN`. */
export async function tellAsks(deps: Pick<ApiDeps, 'queries' | 'now' | 'tenants'>, { tenant, limit }: AskQuery): Promise<ToldAsks> {
  const asks = await deps.queries.asks({ tenantId: tenant, now: deps.now(), limit: limit + 1 })
  if (asks.length === 0) mustBeKnown(deps, tenant)
  const { zoneOf } = placesOf(deps)
  const told = asks.slice(0, limit).map((open): ToldAsk => {
    const { decision, ...ask } = open
    const { decisionId, tenantId, contactId } = decision
    return { decisionId, leadKey: leadKey(tenantId, contactId), options: optionsOf(open), ...ask, timeZone: zoneOf(tenantId) }
  })
  return { asks: told, more: asks.length > limit }
}

export type Answered =
  | { readonly ok: true; readonly stored: Static<typeof StoredAnswer> }
  | { readonly ok: false; readonly code: 'E_ASK_CLOSED' | 'E_VERDICT_REFUSED'; readonly sentence: string; readonly reason: string }

/** Stores an answer. Rejects with `E_INTAKE_UNAVAILABLE` when it cannot be stored. */
export async function storeAnswer(
  { queries, now, producer }: Pick<ApiDeps, 'queries' | 'now' | 'producer'>,
  decisionId: string,
  { by: labeller, option, note }: Answer,
  requestId: string,
): Promise<Answered> {
  const at = now()
  const [ask] = await queries.asks({ decisionId, now: at, limit: 1 })
  if (ask === undefined)
    return {
      ok: false,
      code: 'E_ASK_CLOSED',
      reason: 'not_open',
      sentence: `No question about decision ${decisionId} is open: it was never put, it is answered, its time is over, or something newer has happened.`,
    }
  const options = optionsOf(ask)
  const labelled = labelOf(ask.decision, { option, labeller, note: note ?? null, carryOut: true }, at, requestId, deterministicId)
  if (!labelled.ok) return { ok: false, code: 'E_VERDICT_REFUSED', reason: labelled.reason, sentence: labelled.sentence }
  if (!options.includes(option))
    return {
      ok: false,
      code: 'E_VERDICT_REFUSED',
      reason: 'not_allowed',
      sentence: `${option} is not allowed for this lead: ${options.join(', ')}.`,
    }
  const { outcome } = labelled
  await producer
    .send(outcomes, leadKey(outcome.tenantId, outcome.contactId), outcome, { timestamp: outcome.at })
    .catch((error: unknown) => {
      throw apiError('E_INTAKE_UNAVAILABLE', 'The answer could not be stored.', { cause: error })
    })
  return { ok: true, stored: { decisionId, option, by: labeller, at } }
}

export function askRoutes(app: ApiInstance, deps: ApiDeps): void {
  app.get(
    '/asks',
    {
      schema: {
        tags: ['asks'],
        summary: 'Questions to people that are open, the one whose time is over first first',
        querystring: AskQuery,
        response: { 200: AskList, 400: Refused, 401: Refused, 404: Refused, 429: Refused, 503: Refused },
      },
    },
    async ({ query }) => tellAsks(deps, query),
  )

  app.post(
    '/asks/:decisionId',
    {
      schema: {
        tags: ['asks'],
        summary: 'The answer to a question: what is to be done, which is then carried out',
        params: Type.Object({ decisionId: word('The decision asked about.', '5623c699-8a0f-8efa-9dc7-d7a622c1f0e3') }),
        body: Answer,
        response: { 200: StoredAnswer, 400: Refused, 401: Refused, 409: Refused, 429: Refused, 503: Refused },
      },
    },
    async (request, reply) => {
      const answered = await storeAnswer(deps, request.params.decisionId, request.body, request.id)
      if (answered.ok) return answered.stored
      const { code, sentence, reason } = answered
      return reply.code(409).send(refusal(code, request.id, { sentence, reason }))
    },
  )
}
