/**
 * The metrics of the runtime as a catalogue: names in base units, labels from bounded sets (never a key, a tenant or a
 * message). Dashboards and alert rules are checked against it.
 */
import { Counter, Gauge, Histogram } from 'prom-client'
import type { Registry } from 'prom-client'
import type { TaskBatch } from './taskBatch.ts'

export const runtimeMetricCatalogue = {
  lr_kafka_produced_total: { help: 'Records produced.', labels: ['topic', 'outcome'] },
  lr_kafka_produce_duration_seconds: {
    help: 'Time from send to acknowledgement.',
    labels: ['topic'],
    buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 5],
  },
  lr_kafka_consumed_total: { help: 'Records consumed by outcome.', labels: ['group', 'topic', 'outcome'] },
  lr_kafka_lag_seconds: { help: 'Now minus the timestamp of the oldest unprocessed record.', labels: ['group', 'topic'], gauge: true },
  kafka_consumergroup_lag: {
    help: 'Records between the position of the group and the end.',
    labels: ['consumergroup', 'topic', 'partition'],
    gauge: true,
  },
  lr_kafka_rebalances_total: { help: 'Joins of the group.', labels: ['group'] },
  lr_kafka_last_rebalance_timestamp_seconds: {
    help: 'When a member of this process joined the group last.',
    labels: ['group'],
    gauge: true,
  },
  lr_dlq_records_total: { help: 'Records set aside as dead letters.', labels: ['topic', 'reason'] },
  lr_stage_records_total: { help: 'Records and timers a stage folded, by outcome: next, drop, dead_letter.', labels: ['stage', 'outcome'] },
  lr_stage_drops_total: { help: 'Records a stage did not want, by reason.', labels: ['stage', 'reason'] },
  lr_stage_outputs_total: { help: 'Records a stage emitted.', labels: ['stage', 'topic'] },
  lr_timers_fired_total: { help: 'Keyed timers fired.', labels: ['group'] },
  lr_transaction_duration_seconds: {
    help: 'Time from opening to commit.',
    labels: ['group'],
    buckets: [0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 5],
  },
  lr_transaction_records: { help: 'Input records in one transaction.', labels: ['group'], buckets: [1, 2, 5, 10, 25, 50, 100, 250, 500] },
  lr_transactions_failed_total: { help: 'Transactions that did not commit, by error type.', labels: ['group', 'type'] },
  lr_transactions_mended_total: {
    help: 'Transactions that a broker had left open on partitions and that a member ended, by verdict.',
    labels: ['group', 'verdict'],
  },
  lr_transactions_unseen_total: {
    help: 'Looks for transactions that a broker left open, at topics that the cluster does not let this principal look at.',
    labels: ['group'],
  },
  lr_task_states: {
    help: 'Tasks of this process by state; its standby copies have the state standby.',
    labels: ['group', 'state'],
    gauge: true,
  },
  lr_task_time_seconds_total: { help: 'Time of tasks by what they were doing; adds up to their wall time.', labels: ['group', 'phase'] },
  lr_task_state_keys: { help: 'Keys in the state of a stage on this process.', labels: ['stage'], gauge: true },
  lr_task_parked_keys: { help: 'Keys of a stage on this process whose records wait to be folded again.', labels: ['stage'], gauge: true },
  lr_standby_lag_records: {
    help: 'Offsets of the changelogs that the standby copy of a partition on this process misses; 0 where it keeps none, infinite while it fails or cannot be read.',
    labels: ['group', 'partition'],
    gauge: true,
  },
  lr_task_restore_seconds: { help: 'Time of the last restore.', labels: ['group'], gauge: true },
  lr_worker_breaker_state: {
    help: 'Breakers of a worker on this process by state: closed, open, half-open. One per running member.',
    labels: ['worker', 'state'],
    gauge: true,
  },
  lr_worker_retries_refused_total: { help: 'Retries of a worker that had to wait for budget.', labels: ['worker'] },
  lr_sink_batches_total: { help: 'Batches a sink wrote.', labels: ['sink', 'topic', 'outcome'] },
  lr_sink_records_total: { help: 'Records a sink stored.', labels: ['sink', 'topic'] },
  lr_sink_batch_duration_seconds: {
    help: 'Time of one batch.',
    labels: ['sink', 'topic'],
    buckets: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 5],
  },
} as const satisfies Record<string, { help: string; labels: readonly string[]; buckets?: readonly number[]; gauge?: true }>

export type RuntimeMetricName = keyof typeof runtimeMetricCatalogue

export interface RuntimeMetrics {
  /** Adds to a counter. */
  count(name: RuntimeMetricName, labels: Record<string, string>, by?: number): void
  /** Observes a value in a histogram, base units. */
  observe(name: RuntimeMetricName, labels: Record<string, string>, value: number): void
  /** Sets a gauge. */
  set(name: RuntimeMetricName, labels: Record<string, string>, value: number): void
}

/** Registers the catalogue once per registry. */
export function runtimeMetrics(registry: Registry): RuntimeMetrics {
  const counters = new Map<string, Counter>()
  const gauges = new Map<string, Gauge>()
  const histograms = new Map<string, Histogram>()
  for (const [name, entry] of Object.entries(runtimeMetricCatalogue)) {
    const common = { name, help: entry.help, labelNames: [...entry.labels], registers: [registry] }
    if ('gauge' in entry) gauges.set(name, new Gauge(common))
    else if ('buckets' in entry) histograms.set(name, new Histogram({ ...common, buckets: [...entry.buckets] }))
    else counters.set(name, new Counter(common))
  }
  return {
    count: (name, labels, by = 1) => counters.get(name)?.inc(labels, by),
    observe: (name, labels, value) => histograms.get(name)?.observe(labels, value),
    set: (name, labels, value) => gauges.get(name)?.set(labels, value),
  }
}

/** Metrics nobody reads: for the driver and for tests. */
export const noMetrics: RuntimeMetrics = { count() {}, observe() {}, set() {} }

/** Counts what the stages of a task made of one committed batch. */
export function countBatch(metrics: RuntimeMetrics, group: string, batch: TaskBatch): void {
  const tally = new Map<string, { name: RuntimeMetricName; labels: Record<string, string>; by: number }>()
  const add = (name: RuntimeMetricName, labels: Record<string, string>, by = 1): void => {
    const id = `${name} ${Object.values(labels).join(' ')}`
    const entry = tally.get(id)
    if (entry === undefined) tally.set(id, { name, labels, by })
    else entry.by += by
  }
  // Most of what a batch has: counted before anything is named.
  const outputs = new Map<string, Map<string, number>>()
  for (const { stage, topic } of batch.outputs) {
    let own = outputs.get(stage)
    if (own === undefined) outputs.set(stage, (own = new Map<string, number>()))
    own.set(topic.name, (own.get(topic.name) ?? 0) + 1)
  }
  for (const [stage, own] of outputs) for (const [topic, by] of own) add('lr_stage_outputs_total', { stage, topic }, by)
  for (const { stage, reason } of batch.drops) {
    add('lr_stage_drops_total', { stage, reason })
    add('lr_stage_records_total', { stage, outcome: 'drop' })
  }
  for (const { stage, source, handedOver, code } of batch.deadLetters) {
    add('lr_dlq_records_total', { topic: handedOver?.topic.name ?? source?.topic ?? '', reason: code })
    add('lr_stage_records_total', { stage, outcome: 'dead_letter' })
  }
  for (const [stage, by] of batch.advanced) add('lr_stage_records_total', { stage, outcome: 'next' }, by)
  if (batch.timersFired > 0) add('lr_timers_fired_total', { group }, batch.timersFired)
  for (const { name, labels, by } of tally.values()) metrics.count(name, labels, by)
}
