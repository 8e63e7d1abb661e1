/** How the groups and producers of Rekindle stand with the brokers, from the brokers' own positions where there are any. */
import type { PanelSpec } from './panel.ts'
import { counted } from './counted.ts'
import { targets } from './selectors.ts'

export const brokers: PanelSpec[] = [
  {
    id: 151,
    title: 'Lag in records',
    kind: 'lines',
    unit: 'short',
    noValue: 'no metrics',
    width: 12,
    about:
      'Records between the committed position of each group and the end of the topic, asked of the broker; a member that stands still cannot hide them.',
    queries: [
      {
        promql: `sum by (consumergroup, topic) (max by (consumergroup, topic, partition) (kafka_consumergroup_lag{${targets}}))`,
        legend: '{{consumergroup}} {{topic}}',
      },
    ],
  },
  {
    id: 152,
    title: 'Joins',
    kind: 'bars',
    unit: 'short',
    noValue: '0',
    width: 6,
    about: 'Times that members joined their group: two for each member of it when a process is restarted, none in peace.',
    queries: [{ promql: `sum by (group) (${counted(`lr_kafka_rebalances_total{${targets}}`, '$__rate_interval')})`, legend: '{{group}}' }],
  },
  {
    id: 153,
    title: 'Since the last join',
    kind: 'lines',
    unit: 's',
    noValue: 'no metrics',
    width: 6,
    about: 'Seconds since a member of the group joined last; a line that keeps falling to 0 is a group that cannot settle.',
    queries: [{ promql: `time() - max by (group) (lr_kafka_last_rebalance_timestamp_seconds{${targets}})`, legend: '{{group}}' }],
  },
  {
    id: 154,
    title: 'Records stored one by one',
    kind: 'lines',
    unit: 'cps',
    noValue: 'no records',
    width: 12,
    about:
      'Records a second outside of transactions: webhooks, verdicts, settings. `refused` was not acknowledged, and its sender was told.',
    queries: [
      { promql: `sum by (topic, outcome) (rate(lr_kafka_produced_total{${targets}}[$__rate_interval]))`, legend: '{{topic}} {{outcome}}' },
    ],
  },
  {
    id: 155,
    title: 'Until a record is stored',
    kind: 'lines',
    unit: 's',
    noValue: 'no records',
    width: 12,
    about: 'From the call that sends such a record to the answer of all replicas, with the wait for company in it.',
    queries: [
      {
        promql: `histogram_quantile(0.5, sum by (le, topic) (rate(lr_kafka_produce_duration_seconds_bucket{${targets}}[$__rate_interval])))`,
        legend: '{{topic}} p50',
      },
      {
        promql: `histogram_quantile(0.99, sum by (le, topic) (rate(lr_kafka_produce_duration_seconds_bucket{${targets}}[$__rate_interval])))`,
        legend: '{{topic}} p99',
      },
    ],
  },
]
