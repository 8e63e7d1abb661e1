/** docs/operations.md says of every metric of the inventory where it is here, in names and labels that processes expose. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { dashboards } from '../../grafana/generate.ts'
import { panelsOf } from '../../grafana/panel.ts'
import { exposed } from './exposed.ts'

/** @source reference/observability.md 3.4, the families of ClickHouse written out */
const inventory = [
  'lr_webhook_events_total{source,type,outcome}',
  'lr_http_request_duration_seconds{route,method,status_class}',
  'lr_kafka_produced_total{topic,outcome}',
  'lr_kafka_produce_duration_seconds{topic}',
  'lr_kafka_consumed_total{group,topic,outcome}',
  'kafka_consumergroup_lag{consumergroup,topic,partition}',
  'lr_kafka_lag_seconds{group,topic}',
  'lr_kafka_rebalances_total{group}',
  'lr_kafka_last_rebalance_timestamp_seconds{group}',
  'lr_agent_duration_seconds{agent,outcome}',
  'lr_agent_inflight{agent}',
  'lr_agent_errors_total{agent,class}',
  'lr_agent_queue_seconds{agent}',
  'lr_consensus_decisions_total{decision}',
  'lr_consensus_duration_seconds',
  'lr_consensus_votes_missing_total{agent}',
  'lr_consensus_agreement_ratio',
  'lr_lead_end_to_end_seconds{stage}',
  'lr_db_query_duration_seconds{db,operation,outcome}',
  'lr_db_pool_in_use',
  'lr_db_pool_waiting',
  'lr_cache_requests_total{cache,result}',
  'lr_clickhouse_insert_rows_total',
  'lr_clickhouse_insert_batches_total{outcome}',
  'lr_clickhouse_insert_duration_seconds',
  'lr_clickhouse_insert_batch_rows',
  'lr_clickhouse_insert_retries_total',
  'lr_clickhouse_freshness_seconds{table}',
  'lr_dlq_records_total{topic,reason}',
  'lr_dlq_depth{topic}',
  'lr_notifications_total{channel,severity,outcome}',
  'lr_notification_delivery_seconds{channel}',
  'lr_alerts_open{severity}',
  'lr_followups_sent_total{channel,outcome}',
  'lr_faro_payloads_total{outcome}',
  'lr_faro_items_total{kind}',
  'lr_build_info{version,commit}',
]

type Row = readonly [asked: string, here: string, why: string]

const page = readFileSync(join(import.meta.dirname, '..', '..', 'docs', 'operations.md'), 'utf8')
const section = page.slice(page.indexOf('\n## Metrics\n'), page.indexOf('\n## Traces\n'))
const rows = [...section.matchAll(/^\| `([^`]+)`\s*\| (.*?)\s*\|(.*)\|$/gm)].map(([, asked = '', here = '', why = '']): Row => [
  asked,
  here,
  why.trim(),
])
const titles = dashboards.flatMap((dashboard) => panelsOf(dashboard).map(({ title }) => title))

/** Name and labels of `name{a,b}`. */
function read(metric: string): { name: string; labels: string[] } {
  const [, name = '', labels = ''] = /^(\w+)(?:\{([\w,]*)\})?$/.exec(metric) ?? []
  return { name, labels: labels === '' ? [] : labels.split(',') }
}

/** What is wrong with a row, given what processes expose. */
function faults([asked, here, why]: Row, metrics: ReadonlyMap<string, { labels: string[] }>): string[] {
  const { name, labels } = read(asked)
  const known = metrics.get(name)
  const found: string[] = []
  if (here === 'itself') {
    if (known === undefined) found.push('nobody exposes it')
    for (const label of labels) if (known !== undefined && !known.labels.includes(label)) found.push(`it has no label ${label}`)
    const beside = known?.labels.filter((label) => !labels.includes(label) && !why.includes(`\`${label}\``)) ?? []
    if (beside.length > 0) found.push(`labels beside that are not told: ${beside.join(', ')}`)
  } else {
    if (known !== undefined && !here.includes(name)) found.push('it exists')
    if (!/^(none|`\w+(\{[\w,]+\})?`|panel "[^"]+")$/.test(here)) found.push(`what is ${here}?`)
    if (here === 'none' && why === '') found.push('no reason')
  }
  const told = [...`${here} ${why}`.matchAll(/`((?:lr|kafka)_\w+)(?:\{([\w,]*)\})?`/g)]
  for (const [, other = '', own = ''] of told) {
    const labelsHere = metrics.get(other)?.labels
    if (labelsHere === undefined) found.push(`nobody exposes ${other}`)
    else if ([...labelsHere].sort().join(',') !== own.split(',').filter(Boolean).sort().join(','))
      found.push(`${other} has the labels ${labelsHere.join(',')}`)
  }
  for (const [, title = ''] of `${here} ${why}`.matchAll(/panel "([^"]+)"/g)) if (!titles.includes(title)) found.push(`no panel ${title}`)
  return found
}

t.test('every metric of the inventory has a row, and every row is so', async (t) => {
  const metrics = await exposed()
  t.strictSame(
    rows.map(([asked]) => asked),
    inventory,
  )
  for (const row of rows) t.strictSame(faults(row, metrics), [], row[0])
  t.ok(metrics.has('nodejs_eventloop_lag_seconds') && metrics.has('process_cpu_seconds_total'), 'collectDefaultMetrics')
})

t.test('a row that is not so is found', (t) => {
  const metrics = new Map([
    ['lr_a', { labels: ['x', 'y'] }],
    ['lr_b', { labels: [] }],
  ])
  const cases: [Row, string[]][] = [
    [['lr_c', 'itself', ''], ['nobody exposes it']],
    [['lr_a{x,z}', 'itself', 'with `y`'], ['it has no label z']],
    [['lr_a{x}', 'itself', ''], ['labels beside that are not told: y']],
    [['lr_a{x,y}', 'none', 'never'], ['it exists']],
    [['lr_c', 'none', ''], ['no reason']],
    [['lr_c', 'somewhere', 'there'], ['what is somewhere?']],
    [['lr_c', '`lr_d`', ''], ['nobody exposes lr_d']],
    [['lr_c', '`lr_a{x}`', ''], ['lr_a has the labels x,y']],
    [['lr_c', 'none', 'see `lr_b{x}`'], ['lr_b has the labels ']],
    [['lr_c', 'panel "Nowhere"', ''], ['no panel Nowhere']],
    [['lr_c', '`lr_b`', ''], []],
  ]
  for (const [row, expected] of cases) t.strictSame(faults(row, metrics), expected, row.join(' | '))
  t.end()
})
