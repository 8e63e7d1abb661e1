/**
 * `lr-pipeline`: is the line well, what flows, how fast, what came of it. Prometheus answers for now and for the
 * processes, ClickHouse for leads, decisions and follow-ups.
 */
import { counted, shareOf } from './counted.ts'
import { database } from './databasePanels.ts'
import { brokers } from './kafkaPanels.ts'
import { marketing } from './marketingPanels.ts'
import type { DashboardSpec, PanelSpec } from './panel.ts'
import { answers, enrichment, learning, platform, storage } from './platformPanels.ts'
import { ruleCost } from './ruleCostPanel.ts'
import { targets, tenants } from './selectors.ts'

const health: PanelSpec[] = [
  {
    id: 1,
    title: 'Decisions a minute',
    kind: 'stat',
    unit: 'short',
    noValue: '0',
    width: 4,
    about: 'Decisions of the chosen time, per minute of it. They are counted by minute, so the minutes at its ends are taken whole.',
    queries: [
      {
        as: 'table',
        // A time that begins within a minute loses the rest of it otherwise: a fifth of the last five minutes. Of the present minute there is a part yet.
        sql: `WITH toUnixTimestamp(toStartOfMinute($__fromTime)) AS since,
  least(toUnixTimestamp(now()), toUnixTimestamp(toStartOfMinute($__toTime - 1)) + 60) AS until
SELECT sum(decisions) * 60 / greatest(60, until - since) AS decisions
FROM decisions_per_minute WHERE toUnixTimestamp(minute) >= since AND minute < $__toTime AND ${tenants}`,
      },
    ],
  },
  {
    id: 2,
    title: 'Worst lag',
    kind: 'stat',
    unit: 's',
    noValue: 'no metrics',
    width: 4,
    about: 'Age of the oldest record that the slowest group has not done; a few seconds are normal, above 30 the line falls behind.',
    thresholds: [
      [null, 'green'],
      [10, 'yellow'],
      [30, 'red'],
    ],
    queries: [{ promql: `max(lr_kafka_lag_seconds{${targets}})`, legend: 'lag', instant: true }],
  },
  {
    id: 3,
    title: 'Dead letters',
    kind: 'stat',
    unit: 'short',
    noValue: '0',
    width: 4,
    about: 'Records set aside in the chosen time; should be 0.',
    thresholds: [
      [null, 'green'],
      [1, 'red'],
    ],
    queries: [{ promql: `sum(${counted(`lr_dlq_records_total{${targets}}`, '$__range')})`, legend: 'dead letters', instant: true }],
  },
  {
    id: 4,
    title: 'Webhooks accepted',
    kind: 'stat',
    unit: 'percentunit',
    noValue: 'no webhooks',
    width: 4,
    about:
      'Share of webhook elements that were stored, what ingest cannot read among them; the rest was refused, is to come again, or is of an erased lead.',
    thresholds: [
      [null, 'red'],
      [0.95, 'yellow'],
      [0.99, 'green'],
    ],
    queries: [
      {
        promql: shareOf(
          counted(`lr_webhook_events_total{outcome=~"accepted|invalid", ${targets}}`, '$__range'),
          counted(`lr_webhook_events_total{${targets}}`, '$__range'),
        ),
        legend: 'accepted',
        instant: true,
      },
    ],
  },
  {
    id: 5,
    title: 'Messages sent',
    kind: 'stat',
    unit: 'short',
    noValue: '0',
    width: 4,
    about: 'Messages that the provider confirmed in the chosen time; tasks and hand-overs are not among them.',
    queries: [
      {
        as: 'table',
        sql: `SELECT countIf(status = 'confirmed' AND action = 'send_message') AS sent FROM followups_current FINAL WHERE $__timeFilter_ms(changed_at) AND ${tenants}`,
      },
    ],
  },
  {
    id: 6,
    title: 'Age of the newest row',
    kind: 'stat',
    unit: 's',
    noValue: 'no events',
    width: 4,
    about:
      'Seconds since the newest lead event of the chosen time was stored in ClickHouse; grows when nothing comes in or the sink stands still.',
    thresholds: [
      [null, 'green'],
      [60, 'yellow'],
      [600, 'red'],
    ],
    queries: [
      {
        as: 'table',
        sql: `SELECT dateDiff('second', max(ingested_at), now64(3)) AS age FROM lead_events WHERE $__timeFilter_ms(received_at) AND ${tenants} HAVING count() > 0`,
      },
    ],
  },
]

const flow: PanelSpec[] = [
  {
    id: 11,
    title: 'Webhooks by outcome',
    kind: 'lines',
    unit: 'reqps',
    noValue: 'no webhooks',
    width: 12,
    about: 'Webhook elements a second by what became of them; anything but accepted has a reason in the log.',
    queries: [{ promql: `sum by (outcome) (rate(lr_webhook_events_total{${targets}}[$__rate_interval]))`, legend: '{{outcome}}' }],
  },
  {
    id: 12,
    title: 'Records emitted by topic',
    kind: 'lines',
    unit: 'cps',
    noValue: 'no records',
    width: 12,
    about: 'Records a second that the stages wrote, by topic.',
    queries: [{ promql: `sum by (topic) (rate(lr_stage_outputs_total{${targets}}[$__rate_interval]))`, legend: '{{topic}}' }],
  },
  {
    id: 13,
    title: 'Lead events by kind',
    kind: 'bars',
    unit: 'short',
    noValue: 'no events',
    width: 12,
    minInterval: '1m',
    about: 'Lead events a minute by kind, at the time they were received.',
    queries: [
      {
        as: 'series',
        sql: `SELECT $__timeInterval(received_at) AS time, kind, count() * 60 / $__interval_s AS events
FROM lead_events WHERE $__timeFilter_ms(received_at) AND ${tenants} GROUP BY time, kind ORDER BY time, kind`,
      },
    ],
  },
  {
    id: 14,
    title: 'Decisions a minute by option',
    kind: 'bars',
    unit: 'short',
    noValue: 'no decisions',
    width: 12,
    minInterval: '1m',
    about: 'Follow-up decisions a minute by the option chosen.',
    queries: [
      {
        as: 'series',
        sql: `SELECT $__timeInterval(minute) AS time, chosen, sum(decisions) * 60 / $__interval_s AS decisions
FROM decisions_per_minute WHERE $__timeFilter(minute) AND type = 'follow_up' AND ${tenants} GROUP BY time, chosen ORDER BY time, chosen`,
      },
    ],
  },
]

const latency: PanelSpec[] = [
  {
    id: 21,
    title: 'From question to stored decision',
    kind: 'lines',
    unit: 'ms',
    noValue: 'no decisions',
    width: 12,
    minInterval: '1m',
    about:
      'Time from the question to its decision being a row here: votes, consensus, transaction and sink; the sink alone may wait for company as long as CLICKHOUSE_FLUSH_MS says (5 s).',
    queries: [
      {
        as: 'series',
        sql: `SELECT $__timeInterval(decided_at) AS time, quantileTDigest(0.5)(dateDiff('millisecond', asked_at, ingested_at)) AS p50,
  quantileTDigest(0.99)(dateDiff('millisecond', asked_at, ingested_at)) AS p99
FROM decisions WHERE $__timeFilter_ms(decided_at) AND ${tenants} GROUP BY time ORDER BY time`,
      },
    ],
  },
  {
    id: 22,
    title: 'Waiting for votes',
    kind: 'lines',
    unit: 'ms',
    noValue: 'no decisions',
    width: 12,
    minInterval: '1m',
    about: 'Time of the stream from question to decision: 0 while all agents answer at once, at most the deadline of the policy (2 s).',
    thresholds: [
      [null, 'green'],
      [2_000, 'red'],
    ],
    queries: [
      {
        as: 'series',
        sql: `SELECT $__timeInterval(minute) AS time, quantilesTDigestMerge(0.5, 0.99)(vote_ms)[1] AS p50, quantilesTDigestMerge(0.5, 0.99)(vote_ms)[2] AS p99
FROM decisions_per_minute WHERE $__timeFilter(minute) AND ${tenants} GROUP BY time ORDER BY time`,
      },
    ],
  },
  {
    id: 23,
    title: 'Storing a webhook',
    kind: 'lines',
    unit: 's',
    noValue: 'no webhooks',
    width: 12,
    about: 'Time from the body being read to all in-sync replicas having it; p99 should stay below 50 ms.',
    thresholds: [
      [null, 'green'],
      [0.05, 'yellow'],
    ],
    queries: [
      {
        promql: `histogram_quantile(0.5, sum by (le) (rate(lr_webhook_store_duration_seconds_bucket{${targets}}[$__rate_interval])))`,
        legend: 'p50',
      },
      {
        promql: `histogram_quantile(0.99, sum by (le) (rate(lr_webhook_store_duration_seconds_bucket{${targets}}[$__rate_interval])))`,
        legend: 'p99',
      },
    ],
  },
  {
    id: 24,
    title: 'Transactions',
    kind: 'lines',
    unit: 's',
    noValue: 'no transactions',
    width: 12,
    about: 'Time from opening to commit of the transactions of each group; p99.',
    queries: [
      {
        promql: `histogram_quantile(0.99, sum by (le, group) (rate(lr_transaction_duration_seconds_bucket{${targets}}[$__rate_interval])))`,
        legend: '{{group}} p99',
      },
    ],
  },
  ...database,
]

const outcomes: PanelSpec[] = [
  {
    id: 31,
    title: 'Follow-ups by outcome',
    kind: 'bars',
    unit: 'short',
    noValue: 'no follow-ups',
    width: 12,
    minInterval: '1m',
    about: 'Follow-ups as they stand now, at the time they last changed.',
    queries: [
      {
        as: 'series',
        sql: `SELECT $__timeInterval(changed_at) AS time, status, count() AS followups
FROM followups_current FINAL WHERE $__timeFilter_ms(changed_at) AND ${tenants} GROUP BY time, status ORDER BY time, status`,
      },
    ],
  },
  {
    id: 32,
    title: 'Why questions were closed',
    kind: 'bars',
    unit: 'short',
    noValue: 'no decisions',
    width: 12,
    minInterval: '1m',
    about: 'Decisions by what closed the question: all votes, early stop, deadline, a gate, or something newer.',
    queries: [
      {
        as: 'series',
        sql: `SELECT $__timeInterval(minute) AS time, stop_reason, sum(decisions) AS decisions
FROM decisions_per_minute WHERE $__timeFilter(minute) AND ${tenants} GROUP BY time, stop_reason ORDER BY time, stop_reason`,
      },
    ],
  },
  {
    id: 33,
    title: 'Agents abstaining',
    kind: 'table',
    unit: 'short',
    noValue: 'no decisions',
    width: 12,
    about:
      'How often each agent voted, had no finding, failed or did not answer; silence is the share without a vote. All decision types; whom an early end did not wait for counts nothing, as in `rekindle agents`.',
    queries: [
      {
        as: 'table',
        sql: `SELECT answer.1 AS agent, countIf(answer.2 = 'vote') AS votes, countIf(answer.2 = 'abstain') AS abstained, countIf(answer.2 = 'error') AS errors,
  countIf(answer.2 = 'missing') AS missing, round(1 - votes / count(), 3) AS silence
FROM (
  SELECT arrayJoin(arrayConcat(
    arrayMap(agent -> (toString(agent), 'vote'), contributions.agent_id),
    arrayFilter(one -> NOT (one.2 = 'missing' AND stop_reason = 'early_stop'), arrayMap((agent, kind) -> (toString(agent), toString(kind)), silent.agent_id, silent.kind)))) AS answer
  FROM decisions WHERE $__timeFilter_ms(decided_at) AND stop_reason NOT IN ('gated', 'superseded') AND ${tenants}
) GROUP BY agent ORDER BY silence DESC, agent`,
      },
    ],
  },
  {
    id: 35,
    title: 'Agents failing',
    kind: 'bars',
    unit: 'short',
    noValue: '0',
    width: 12,
    about: 'Votes that were errors, by agent and what went wrong. Each counts as an abstention; should be 0.',
    queries: [
      {
        promql: `sum by (system, agent, class) (${counted(`lr_agent_errors_total{${targets}}`, '$__rate_interval')})`,
        legend: '{{system}} {{agent}} {{class}}',
      },
    ],
  },
  {
    id: 34,
    title: 'What held follow-ups back',
    kind: 'table',
    unit: 'short',
    noValue: 'nothing was held back',
    width: 12,
    about: 'Gates and rules that denied or deferred a follow-up, and how many follow-ups.',
    queries: [
      {
        as: 'table',
        sql: `SELECT gate_id AS gate, rule_id AS rule, status, uniqExact(followup_id) AS followups
FROM deliveries WHERE $__timeFilter_ms(changed_at) AND gate_id != '' AND ${tenants} GROUP BY gate, rule, status ORDER BY followups DESC, gate, rule, status LIMIT 50`,
      },
    ],
  },
]

const errors: PanelSpec[] = [
  {
    id: 41,
    title: 'Lag in seconds',
    kind: 'lines',
    unit: 's',
    noValue: 'no metrics',
    width: 12,
    about: 'Age of the oldest record that each group has not done, by topic; 0 when all is done.',
    thresholds: [
      [null, 'green'],
      [30, 'red'],
    ],
    queries: [{ promql: `max by (group, topic) (lr_kafka_lag_seconds{${targets}})`, legend: '{{group}} {{topic}}' }],
  },
  {
    id: 42,
    title: 'Dead letters by reason',
    kind: 'bars',
    unit: 'short',
    noValue: '0',
    width: 12,
    about: 'Records set aside, by topic and reason; each waits in the dead-letter topic of its group.',
    queries: [
      {
        promql: `sum by (topic, reason) (${counted(`lr_dlq_records_total{${targets}}`, '$__rate_interval')})`,
        legend: '{{topic}} {{reason}}',
      },
    ],
  },
  {
    id: 50,
    title: 'Dead letters open',
    kind: 'lines',
    unit: 'short',
    noValue: 'not seen',
    width: 12,
    about:
      'Dead letters that nothing became of yet, by source topic, group and step; those that `rekindle dlq list` names. Should be 0; no line means that it cannot be seen.',
    queries: [{ promql: `max by (topic, group, step) (lr_dlq_depth{${targets}})`, legend: '{{topic}} {{group}} {{step}}' }],
  },
  {
    id: 43,
    title: 'Sinks',
    kind: 'lines',
    unit: 'cps',
    noValue: 'no records',
    width: 12,
    about: 'Records a second that each sink stored, by topic.',
    queries: [{ promql: `sum by (sink, topic) (rate(lr_sink_records_total{${targets}}[$__rate_interval]))`, legend: '{{sink}} {{topic}}' }],
  },
  {
    id: 44,
    title: 'Failures',
    kind: 'bars',
    unit: 'short',
    noValue: '0',
    width: 12,
    about:
      'Transactions that did not commit and batches a sink had to repeat; both are repaired by themselves, many of them are not normal. Looks that the cluster refuses are those for transactions that a broker forgot to end: the rights are missing (docs/operations.md).',
    queries: [
      {
        promql: `sum by (group, type) (${counted(`lr_transactions_failed_total{${targets}}`, '$__rate_interval')})`,
        legend: 'transaction {{group}} {{type}}',
      },
      {
        promql: `sum by (sink) (${counted(`lr_sink_batches_total{outcome="failed", ${targets}}`, '$__rate_interval')})`,
        legend: 'batch {{sink}}',
      },
      {
        promql: `sum by (group) (${counted(`lr_transactions_unseen_total{${targets}}`, '$__rate_interval')})`,
        legend: 'look refused {{group}}',
      },
    ],
  },
  {
    id: 45,
    title: 'Records not wanted',
    kind: 'lines',
    unit: 'cps',
    noValue: '0',
    width: 12,
    about: 'Records a second that a stage had no use for, by reason: duplicates, stale events, nothing to do.',
    queries: [
      { promql: `sum by (stage, reason) (rate(lr_stage_drops_total{${targets}}[$__rate_interval]))`, legend: '{{stage}} {{reason}}' },
    ],
  },
  {
    id: 46,
    title: 'Webhooks refused',
    kind: 'bars',
    unit: 'short',
    noValue: '0',
    width: 12,
    about: 'Webhook deliveries refused, by reason; bad signatures in number mean a changed key or a stranger.',
    queries: [{ promql: `sum by (reason) (${counted(`lr_webhook_refused_total{${targets}}`, '$__rate_interval')})`, legend: '{{reason}}' }],
  },
  {
    id: 47,
    title: 'Webhooks kept raw',
    kind: 'bars',
    unit: 'short',
    noValue: '0',
    width: 12,
    about:
      'Webhooks stored that become no event of a lead, or not all that they state, by type and why; the bodies are on ghl.unrecognised (`rekindle tail ghl.unrecognised`). An unknown type in number is news of the platform.',
    queries: [
      {
        promql: `sum by (type, reason) (${counted(`lr_webhook_kept_raw_total{${targets}}`, '$__rate_interval')})`,
        legend: '{{type}} {{reason}}',
      },
    ],
  },
  {
    id: 48,
    title: 'Messages to leads by sender',
    kind: 'bars',
    unit: 'short',
    noValue: 'no messages',
    width: 12,
    minInterval: '1m',
    about:
      'Messages and calls to leads a minute by who sent them: people, workflows, campaigns and bulk actions of the location, other programs (api), Rekindle. One that the platform told of and that turned out to be ours is one of ours; one that did not arrive is none, nor is a comment among colleagues. Many senders to the same leads are what annoys them.',
    queries: [
      {
        as: 'series',
        sql: `SELECT $__timeInterval(first_at) AS time, who, count() * 60 / $__interval_s AS messages
FROM (
  SELECT min(received_at) AS first_at, if(max(kind = 'followup_delivered'), 'rekindle', toString(any(sender))) AS who
  FROM lead_events WHERE $__timeFilter_ms(received_at) AND ${tenants} AND channel != 'internal_comment'
  AND (kind = 'message_outbound' OR (kind = 'followup_delivered' AND delivery_action = 'send_message' AND delivery_status = 'confirmed'))
  GROUP BY tenant_id, if(message_id = '', event_id, message_id) HAVING NOT max(no_contact)
)
GROUP BY time, who ORDER BY time, who`,
      },
    ],
  },
]

const processes: PanelSpec[] = [
  {
    id: 51,
    title: 'Event loop',
    kind: 'lines',
    unit: 's',
    noValue: 'no metrics',
    width: 8,
    about: 'Delay of the event loop of each process, p99; above 100 ms something computes too long.',
    thresholds: [
      [null, 'green'],
      [0.1, 'red'],
    ],
    queries: [{ promql: `max by (role, instance) (nodejs_eventloop_lag_p99_seconds{${targets}})`, legend: '{{role}} {{instance}}' }],
  },
  {
    id: 52,
    title: 'Memory',
    kind: 'lines',
    unit: 'bytes',
    noValue: 'no metrics',
    width: 8,
    about: 'Resident memory of each process.',
    queries: [{ promql: `max by (role, instance) (process_resident_memory_bytes{${targets}})`, legend: '{{role}} {{instance}}' }],
  },
  {
    id: 53,
    title: 'State',
    kind: 'lines',
    unit: 'short',
    noValue: 'no metrics',
    width: 8,
    about: 'Keys in the state of each stage, and those whose records wait to be folded again, over all processes.',
    queries: [
      { promql: `sum by (stage) (lr_task_state_keys{${targets}})`, legend: '{{stage}}' },
      { promql: `sum by (stage) (lr_task_parked_keys{${targets}}) > 0`, legend: '{{stage}}, parked' },
    ],
  },
  {
    id: 54,
    title: 'What tasks do',
    kind: 'lines',
    unit: 's',
    noValue: 'no metrics',
    width: 8,
    about:
      'Seconds of each second that the tasks of a group spend on what (docs/operations.md); idle included, they add up to the number of tasks.',
    queries: [
      {
        promql: `sum by (group, phase) (rate(lr_task_time_seconds_total{${targets}}[$__rate_interval]))`,
        legend: '{{group}} {{phase}}',
      },
    ],
  },
  {
    id: 55,
    title: 'Standby lag',
    kind: 'lines',
    unit: 'short',
    noValue: 'no copies',
    width: 8,
    about: 'Changelog records that the copy furthest behind misses, which is what its take-over would restore; and how many copies failed.',
    thresholds: [
      [null, 'green'],
      [100_000, 'red'],
    ],
    queries: [
      { promql: `max by (group) (lr_standby_lag_records{${targets}} < +Inf)`, legend: '{{group}}' },
      { promql: `count by (group) (lr_standby_lag_records{${targets}} == +Inf)`, legend: '{{group}}, failed copies' },
    ],
  },
]

export const pipelineDashboard: DashboardSpec = {
  uid: 'lr-pipeline',
  title: 'Rekindle pipeline',
  about: 'Is the line well, what flows through it, how fast, and what came of it.',
  tags: ['rekindle'],
  rows: [
    { id: 100, title: 'Verdict', panels: health },
    { id: 110, title: 'Flow', panels: flow },
    { id: 120, title: 'Latency', panels: latency },
    { id: 130, title: 'Decisions and follow-ups', panels: [...outcomes, ruleCost] },
    { id: 140, title: 'Errors and lag', panels: errors },
    { id: 148, title: 'Groups and brokers', panels: brokers, collapsed: true },
    { id: 160, title: 'Leads that wait', panels: answers },
    { id: 170, title: 'GoHighLevel: webhooks and the comparison', panels: platform },
    { id: 180, title: 'Contacts, look-ups and realtors', panels: enrichment },
    { id: 182, title: 'Marketing and what is found', panels: marketing, collapsed: true },
    { id: 185, title: 'Learning', panels: learning, collapsed: true },
    { id: 190, title: 'Retention', panels: storage, collapsed: true },
    { id: 150, title: 'Processes', panels: processes, collapsed: true },
  ],
}
