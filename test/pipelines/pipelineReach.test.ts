/** One webhook through the stages of the product, in the order in which a process runs them: who is asked, and what comes of it. */
import t from 'tap'
import { systems } from '../../pipelines/agents/agent.ts'
import type { DecisionType, System } from '../../pipelines/agents/agent.ts'
import { roster } from '../../pipelines/agents/roster.ts'
import { pipeline } from '../../pipelines/pipeline.ts'
import { drive } from '../../runtime/driver.ts'
import { assessments, ballots, decisions, followups, leadKey, realtorSettings, tenants, webhooks } from '../../topics/index.ts'
import { tenantRecord } from '../support/leadRecords.ts'
import { receivedAt, sample } from './ghlSamples.ts'
import type { Body } from './ghlSamples.ts'

t.test('P-14: one webhook reaches every agent of all eight systems, and each question that is open is decided', async (t) => {
  const body: Body = {
    ...sample('ContactCreate'),
    dnd: false,
    country: 'US',
    assignedTo: null,
    dateAdded: new Date(receivedAt).toISOString(),
  }
  const [tenantId, contactId] = [String(body['locationId']), String(body['id'])]
  const realtor = { realtorId: 'ana', specialties: [], seniority: null, languages: [], availability: 'available', capacity: 10 }
  const line = drive(pipeline, {
    at: receivedAt,
    tables: {
      [tenants.name]: [[tenantId, tenantRecord({ tenantId, routing: 'assign' })]],
      [realtorSettings.name]: [[tenantId, { tenantId, updatedAt: 0, realtors: [realtor] }]],
    },
  })
  line.pipe(webhooks, leadKey(tenantId, contactId), {
    ...{ receivedId: 'r', tenantId, origin: 'webhook', scheme: 'ed25519', keyId: 'sandbox', type: 'ContactCreate', webhookId: 'w' },
    ...{ contactId, batchIndex: 0, receivedAt, body: Buffer.from(JSON.stringify(body)) },
  })
  const [question] = line.outputs(assessments)
  const types = [...(question?.decisionTypes ?? [])].sort()
  t.strictSame(types, ['content', 'escalation', 'follow_up', 'routing'])

  const heard = new Set(line.outputs(ballots).flatMap(({ votes }) => votes.map(({ agentId }) => agentId)))
  const asked = roster.filter(({ answers }) => answers.some((type: DecisionType) => types.includes(type)))
  t.strictSame(
    asked.map(({ id }) => id).filter((id) => !heard.has(id)),
    [],
    'who can answer has voted or said why not',
  )
  const reached = new Set<System>(roster.filter(({ id }) => heard.has(id)).map(({ system }) => system))
  t.strictSame(
    systems.filter((system) => !reached.has(system)),
    [],
  )
  t.equal(heard.size, 37)

  t.strictSame(
    line
      .outputs(decisions)
      .map(({ type }) => type)
      .sort(),
    types,
  )
  const routed = line.outputs(decisions).find(({ type }) => type === 'routing')
  t.match(
    line.outputs(followups).find(({ action }) => action === 'assign'),
    { decisionId: routed?.decisionId, contactId },
    'a decision is carried on',
  )
})
