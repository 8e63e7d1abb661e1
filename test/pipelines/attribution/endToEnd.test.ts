/** From signed webhooks of the simulator to the report: what is told of touches and won opportunities comes out to the cent. */
import t from 'tap'
import { attributionLines } from '../../../cli/attributionText.ts'
import { attribution } from '../../../pipelines/attribution/attribution.ts'
import { centsOf } from '../../../pipelines/attribution/cents.ts'
import { creditModels } from '../../../pipelines/attribution/creditModels.ts'
import { journeys as journeyStage } from '../../../pipelines/attribution/journeys.ts'
import { insightStages } from '../../../pipelines/insightStages.ts'
import { ingest } from '../../../pipelines/ingest/stage.ts'
import { pipeline } from '../../../pipelines/pipeline.ts'
import { drive } from '../../../runtime/driver.ts'
import type { AgentInsight } from '../../../schemas/generated/records.ts'
import { pastDeliveries } from '../../../simulate/deliveries.ts'
import { receivedWebhook } from '../../../simulate/receivedWebhook.ts'
import { sandboxSpend } from '../../../simulate/sandboxSpend.ts'
import { sandboxTenantId } from '../../../simulate/sandboxTenant.ts'
import { insights, journeys, leadKey, marketingSpend, outcomes, webhooks } from '../../../topics/index.ts'
import { won } from './journeyRecords.ts'

const at = Date.UTC(2026, 10, 24, 15)

t.test('stories of leads become a report whose models add up', async (t) => {
  t.ok(pipeline.includes(journeyStage) && insightStages.includes(attribution), 'both stages run')
  const line = drive([ingest, journeyStage], { at })
  let revenue = 0n
  let wins = 0
  for (const { webhook } of pastDeliveries({ seed: 1, leads: 1500, now: () => at, duplicates: 0.05, reordered: 0.02 })) {
    const key = leadKey(sandboxTenantId, webhook.contactId)
    line.pipe(webhooks, key, receivedWebhook(webhook, at))
    const body = JSON.parse(webhook.body.toString()) as { type: string; id: string; monetaryValue: number }
    if (body.type !== 'OpportunityStatusUpdate') continue
    const outcome = won(body.id, webhook.at, String(body.monetaryValue), { tenantId: sandboxTenantId, contactId: webhook.contactId })
    const before = line.outputs(journeys).length
    line.pipe(outcomes, key, outcome)
    // A webhook that is repeated tells of the same opportunity.
    if (line.outputs(journeys).length === before) continue
    wins += 1
    revenue += centsOf(outcome.value) ?? 0n
  }
  const location = drive(attribution, { at })
  for (const { key, value } of line.records(journeys)) location.pipe(journeys, key, value)
  for (const row of sandboxSpend(at)) location.pipe(marketingSpend, sandboxTenantId, row)
  location.advance('5m')
  const found = new Map<string, AgentInsight>(location.outputs(insights).map((one) => [one.agentId, one]))
  t.ok(wins > 40, `${wins} of 1500 won`)
  const credits = found.get('attribution_modeler')?.findings.filter(({ kind }) => kind === 'credit') ?? []
  for (const model of creditModels) {
    const sum = credits.reduce((all, { evidence }) => all + (centsOf(evidence.find(({ field }) => field === model)?.value) ?? 0n), 0n)
    t.equal(sum, revenue, `P-09: ${model} adds up`)
  }
  const text = attributionLines(sandboxTenantId, found, at)
  t.match(text.join('\n'), /1500 leads/)
  t.match(text.join('\n'), /social media/)
  const models = found.get('attribution_modeler')?.findings[0]
  t.ok(Number(models?.value) > 0.05, 'some were touched twice, so the models differ')
  t.notMatch(JSON.stringify([...found.values()]), /example\.com|\+1512/, 'nothing of a person')
})
