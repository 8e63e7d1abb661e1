/**
 * The random audit: which decisions wait for a person's verdict, without what was decided, and the verdict itself. A 200
 * means that the verdict is stored; whoever is asked a second time for the same decision replaces the own verdict only.
 */
import { Type } from '@sinclair/typebox'
import type { Static } from '@sinclair/typebox'
import { shortlisted } from '../pipelines/consensus/explain.ts'
import { usualChoice } from '../pipelines/consensus/usualChoice.ts'
import { labelOf } from '../pipelines/learning/labels.ts'
import { optionOfPlace } from '../pipelines/routing/realtorOption.ts'
import { deterministicId } from '../runtime/ids.ts'
import type { Audit } from '../sinks/postgres/audits.ts'
import { leadKey, outcomes, realtorKey } from '../topics/index.ts'
import { apiError, refusal } from './errors.ts'
import { mustBeKnown } from './knownLocation.ts'
import { nothingElse, printable } from './leads.ts'
import { placesOf } from './places.ts'
import type { ApiDeps } from './ports.ts'
import { AuditList, Refused, StoredVerdict } from './replySchemas.ts'
import type { ApiInstance } from './typeProvider.ts'

/** A month-old situation is judged by memory and by what came of it. 30 d in ms. */
export const JUDGED_WITHIN_MS = 30 * 86_400_000

/** A short text without control characters. */
export const word = (description: string, example: string) =>
  Type.String({ minLength: 1, maxLength: 100, pattern: printable, description, examples: [example] })

export const AuditQuery = Type.Object(
  {
    by: word('Who judges: decisions that this person has judged are left out.', 'anna'),
    tenant: Type.Optional(word('Only this GHL location.', 'sandboxLocation000001')),
    type: Type.Optional(word('Only this decision type.', 'follow_up')),
    limit: Type.Integer({ minimum: 1, maximum: 50, default: 5, description: 'Decisions at most.' }),
  },
  nothingElse,
)

export const Verdict = Type.Object(
  {
    by: word('Who judges.', 'anna'),
    right: word('The option that would have been right.', 'call'),
    note: Type.Optional(Type.String({ minLength: 1, maxLength: 500, pattern: printable, description: 'Why, in a sentence.' })),
  },
  nothingElse,
)

/**
 * What a judge is shown: the lead and its conversation up to the question, and whom the options of a list stand for. What was decided is
 * not in it.
 */
export function auditItem(
  { decision, name, messages, second }: Audit,
  realtors: ApiDeps['realtors'],
  timeZone: string,
): Static<typeof AuditList>['audits'][number] {
  const { decisionId, tenantId, contactId, type, stage, reason, askedAt } = decision
  const options = decision.options.map(({ option }) => option)
  const closed = decision.options.filter(({ eligible }) => !eligible).map(({ option }) => option)
  const places = shortlisted(decision).flatMap((id, place) => {
    const option = optionOfPlace(place)
    return option === undefined ? [] : [{ option, id, name: realtors?.get(realtorKey(tenantId, id))?.name ?? null }]
  })
  const lead = leadKey(tenantId, contactId)
  return {
    decisionId,
    leadKey: lead,
    name,
    type,
    stage,
    reason,
    askedAt,
    timeZone,
    options,
    closed,
    realtors: places,
    messages: [...messages],
    second,
  }
}

export function auditRoutes(app: ApiInstance, deps: ApiDeps): void {
  app.get(
    '/audits',
    {
      schema: {
        tags: ['audits'],
        summary: 'Decisions that wait for a verdict, without what was decided, in an order that has nothing to do with it',
        querystring: AuditQuery,
        response: { 200: AuditList, 400: Refused, 401: Refused, 404: Refused, 429: Refused, 503: Refused },
      },
    },
    async ({ query: { by, tenant, type, limit } }) => {
      const { audits, waiting } = await deps.queries.audits({
        labeller: by,
        tenantId: tenant,
        type,
        since: deps.now() - JUDGED_WITHIN_MS,
        limit,
      })
      if (audits.length === 0) mustBeKnown(deps, tenant)
      const { zoneOf } = placesOf(deps)
      return { audits: audits.map((one) => auditItem(one, deps.realtors, zoneOf(one.decision.tenantId))), waiting }
    },
  )

  app.post(
    '/audits/:decisionId',
    {
      schema: {
        tags: ['audits'],
        summary: 'A verdict on a decision: which option would have been right',
        params: Type.Object({ decisionId: word('The decision.', '5623c699-8a0f-8efa-9dc7-d7a622c1f0e3') }),
        body: Verdict,
        response: { 200: StoredVerdict, 400: Refused, 401: Refused, 404: Refused, 409: Refused, 429: Refused, 503: Refused },
      },
    },
    async (request, reply) => {
      const { decisionId } = request.params
      const { by: labeller, right: option, note = null } = request.body
      const decision = await deps.queries.decisionById(decisionId)
      if (decision === undefined) throw apiError('E_DECISION_UNKNOWN', `There is no decision ${decisionId}.`)
      const labelled = labelOf(decision, { option, labeller, note }, deps.now(), request.id, deterministicId)
      if (!labelled.ok)
        return reply.code(409).send(refusal('E_VERDICT_REFUSED', request.id, { sentence: labelled.sentence, reason: labelled.reason }))
      const { outcome } = labelled
      await deps.producer
        .send(outcomes, leadKey(outcome.tenantId, outcome.contactId), outcome, { timestamp: outcome.at })
        .catch((error: unknown) => {
          throw apiError('E_INTAKE_UNAVAILABLE', 'The verdict could not be stored.', { cause: error })
        })
      const { selection = 'override', inclusion = 0 } = outcome.label ?? {}
      const chosen = usualChoice(decision)
      return { decisionId, right: option, chosen, agreed: option === chosen, selection, inclusion }
    },
  )
}
