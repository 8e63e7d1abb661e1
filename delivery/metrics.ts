/** Counts of what became of follow-ups, for dashboards and alerts. Labels come from bounded vocabularies. */
import { Counter, Histogram } from 'prom-client'
import type { Registry } from 'prom-client'
import type { LedgerRow } from '../sinks/postgres/ledgerRow.ts'

export const deliveryMetricCatalogue = {
  lr_deliveries_total: { help: 'Changes that delivery made of follow-ups, by channel and status.', labels: ['channel', 'status'] },
  lr_followups_held_total: { help: 'Changes by which a gate held or ended a follow-up.', labels: ['gate', 'rule'] },
  lr_delivery_delay_seconds: {
    help: 'From the time a follow-up was due to its confirmation.',
    labels: ['channel'],
    buckets: [0.1, 0.5, 1, 5, 15, 60, 300, 3600, 43_200, 259_200],
  },
} as const

/** Registers the metrics; the result is the worker's `onChange`. */
export function deliveryMetrics(registry: Registry): (row: LedgerRow) => void {
  const { lr_deliveries_total: total, lr_followups_held_total: heldTotal, lr_delivery_delay_seconds: delay } = deliveryMetricCatalogue
  const deliveries = new Counter({ name: 'lr_deliveries_total', help: total.help, labelNames: [...total.labels], registers: [registry] })
  const held = new Counter({
    name: 'lr_followups_held_total',
    help: heldTotal.help,
    labelNames: [...heldTotal.labels],
    registers: [registry],
  })
  const delays = new Histogram({
    name: 'lr_delivery_delay_seconds',
    help: delay.help,
    labelNames: [...delay.labels],
    buckets: [...delay.buckets],
    registers: [registry],
  })
  return ({ channel, status, gateId, ruleId, settledAt, dueAt }) => {
    deliveries.inc({ channel, status })
    if (gateId !== null) held.inc({ gate: gateId, rule: ruleId ?? '' })
    if (status === 'confirmed' && settledAt !== null) delays.observe({ channel }, Math.max(0, settledAt - dueAt) / 1000)
  }
}
