/** All metrics that the parts of processes register: what dashboards, rules and the documentation may name. */
import { apiMetrics } from '../../api/apiMetrics.ts'
import { agentErrors } from '../../cli/roles/agentErrors.ts'
import { contactLookupMetrics } from '../../cli/roles/contactLookupPart.ts'
import { processMetrics } from '../../cli/roles/connections.ts'
import { deadLetterDepth } from '../../cli/roles/deadLetterWatch.ts'
import { lookUpMetrics } from '../../cli/roles/enrichmentPart.ts'
import { heartbeatMetrics } from '../../cli/roles/heartbeatPart.ts'
import { owedMetrics } from '../../cli/roles/owedWatch.ts'
import { inventoryMetrics, sweepMetrics } from '../../cli/roles/reconcilePart.ts'
import { marketMetrics } from '../../cli/roles/marketPart.ts'
import { learningMetrics } from '../../cli/roles/learningPart.ts'
import { retentionMetrics } from '../../cli/roles/retentionMetrics.ts'
import { deliveryMetrics } from '../../delivery/metrics.ts'
import { traceMetrics } from '../../integrations/otlp/traceMetrics.ts'
import { runtimeMetrics } from '../../runtime/metrics.ts'
import { databaseMetrics } from '../../cli/roles/databaseMetrics.ts'

export interface Exposed {
  readonly type: string
  readonly labels: string[]
  /** It has a series before anything has happened. */
  readonly begun: boolean
}

/** Every metric that a process of Rekindle exposes, with its labels. */
export async function exposed(): Promise<Map<string, Exposed>> {
  const registry = processMetrics('test', '1')
  runtimeMetrics(registry)
  apiMetrics(registry)
  deliveryMetrics(registry)
  agentErrors(registry)
  databaseMetrics(registry)
  deadLetterDepth(registry)
  contactLookupMetrics(registry)
  lookUpMetrics(registry)
  heartbeatMetrics(registry)
  sweepMetrics(registry)
  inventoryMetrics(registry)
  retentionMetrics(registry)
  owedMetrics(registry)
  learningMetrics(registry)
  marketMetrics(registry)
  traceMetrics(registry)
  const found = new Map<string, Exposed>()
  for (const { name, type } of registry.getMetricsAsArray() as unknown as { name: string; type: string }[]) {
    const { labelNames = [] } = registry.getSingleMetric(name) as unknown as { labelNames?: string[] }
    found.set(name, { type, labels: labelNames, begun: false })
  }
  const json = await registry.getMetricsAsJSON()
  for (const { name, type, values } of json)
    found.set(name, { type: String(type), labels: found.get(name)?.labels ?? [], begun: values.length > 0 })
  return found
}
