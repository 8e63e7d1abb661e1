import t from 'tap'
import { Decision, DeliveryChanged, LeadProfile } from '../../schemas/generated/records.ts'
import { apiUnderTest, decisionOf, noQueries, profileOf } from './apiUnderTest.ts'

type Avro =
  string | readonly Avro[] | { readonly type: Avro; readonly fields?: readonly AvroField[]; readonly items?: Avro; readonly values?: Avro }
interface AvroField {
  readonly name: string
  readonly type: Avro
  readonly default?: unknown
}

/** As the first version that knew it would have stored it: without every field that was added with a default. */
function first(avro: Avro, value: unknown): unknown {
  if (value === null || typeof value !== 'object' || typeof avro === 'string') return value
  if (Array.isArray(avro)) return first((avro as readonly Avro[]).find((branch) => branch !== 'null') ?? 'null', value)
  const { type, fields, items = 'null', values = 'null' } = avro as Exclude<Avro, string | readonly Avro[]>
  if (type === 'array') return (value as unknown[]).map((one) => first(items, one))
  if (type === 'map') return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, first(values, one)]))
  if (fields === undefined) return first(type, value)
  const kept = fields.filter((field) => !Object.hasOwn(field, 'default'))
  return Object.fromEntries(kept.map((field) => [field.name, first(field.type, (value as Record<string, unknown>)[field.name])]))
}

function defaultsOf({ definition }: { readonly definition: unknown }): Record<string, unknown> {
  const { fields } = definition as { fields: readonly AvroField[] }
  return Object.fromEntries(fields.filter((field) => Object.hasOwn(field, 'default')).map((field) => [field.name, field.default]))
}

t.test('a lead whose records were stored before fields were known is told, with what a field says when it is left out', async (t) => {
  const before = <T>(schema: { readonly definition: unknown }, value: T) => first(schema.definition as Avro, value) as T
  const delivery = {
    ...{ deliveryId: 'd1', sequence: 1, followupId: 'f1', decisionId: 'decision-1', tenantId: 't', contactId: 'c', epoch: 3 },
    ...{ action: 'send_message', channel: 'sms', status: 'confirmed', reason: '', gates: [], attempt: 1, at: 1 },
  } as unknown as DeliveryChanged
  const owned = { since: 1, userId: null, reason: 'tag', untilAt: null }
  const profile = before(LeadProfile, profileOf())
  // Of these a nested record is stored beside fields that were not known yet.
  const { scoring } = profileOf()
  const { app } = await apiUnderTest({
    queries: {
      ...noQueries,
      profiles: async () => [
        { ...profile, scoring: before({ definition: typeOf(LeadProfile, 'scoring') }, scoring), humanOwnership: owned },
      ],
      decisions: async () => [before(Decision, decisionOf())],
      deliveries: async () => [delivery],
    },
  })
  const answer = await app.inject('/leads/contactMaria000000001')
  t.equal(answer.statusCode, 200, answer.body.slice(0, 200))
  const story = answer.json<{ profile: object; decisions: { decision: object }[]; deliveries: object[] }>()
  t.match(story.profile, { ...defaultsOf(LeadProfile), scoring: { score: 72 }, humanOwnership: owned, score: 72 })
  t.match(story.decisions[0]?.decision, { ...defaultsOf(Decision), decisionId: 'decision-1' })
  t.match(story.deliveries[0], { ...defaultsOf(DeliveryChanged), deliveryId: 'd1' })
  t.ok(Object.keys(defaultsOf(LeadProfile)).length > 30, 'there is something to leave out')
})

function typeOf({ definition }: { readonly definition: unknown }, name: string): unknown {
  return (definition as { fields: readonly AvroField[] }).fields.find((field) => field.name === name)?.type
}
