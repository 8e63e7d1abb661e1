/** Tells the metrics that a member has joined its group, and when. */
import type { RuntimeMetrics } from '../metrics.ts'

/** @param group its name without the prefix; @param nowMs the wall clock, ms since 1970 */
export function tellJoin(metrics: Pick<RuntimeMetrics, 'count' | 'set'>, group: string, nowMs: number): void {
  metrics.count('lr_kafka_rebalances_total', { group })
  metrics.set('lr_kafka_last_rebalance_timestamp_seconds', { group }, nowMs / 1000)
}
