import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { parse } from 'yaml'
import { alertRules } from '../../grafana/alertRules.ts'
import { expandMacros } from '../../grafana/expandMacros.ts'
import { dashboards, generated } from '../../grafana/generate.ts'
import { isSql, panelsOf } from '../../grafana/panel.ts'
import type { PanelSpec, PromQuery } from '../../grafana/panel.ts'
import { pipelineDashboard } from '../../grafana/pipelineDashboard.ts'
import { analyticsDatabaseOf, connectClickhouse } from '../../sinks/clickhouse/connect.ts'
import { migrateClickhouse } from '../../sinks/clickhouse/migrate.ts'
import { testStack } from '../support/stack.ts'
import { lint } from './dashboardLint.ts'
import type { Dashboard } from './dashboardLint.ts'
import { exposed } from './exposed.ts'
import { readPromql } from './promql.ts'
import { rooms, textsOf } from '../support/sources.ts'

const root = join(import.meta.dirname, '..', '..')
const read = (path: string) => readFileSync(join(root, path), 'utf8')
const lines = JSON.parse(read('grafana/dashboards/lr-pipeline.json')) as Dashboard
const panel = (id: number): PanelSpec => panelsOf(pipelineDashboard).find((known) => known.id === id) as PanelSpec
const sqlOf = (id: number): string => panel(id).queries.filter(isSql)[0]?.sql ?? ''

t.test('the committed files are those of the definitions', async (t) => {
  for (const [path, text] of generated()) t.equal(existsSync(join(root, path)) && read(path) === text, true, `${path} (npm run generate)`)
  t.strictSame(
    [...generated().keys()].filter((path) => path.endsWith('.json')),
    dashboards.map(({ uid }) => `grafana/dashboards/${uid}.json`),
  )
})

t.test('the dashboards break no rule of Grafana, of its linters, or of our own', async (t) => {
  t.strictSame(lint(lines), [])
})

t.test('the rules find what they are for', async (t) => {
  const [first, second, ...rest] = lines.panels
  const broken: Dashboard = {
    ...lines,
    editable: true,
    panels: [
      first as Dashboard['panels'][number],
      { ...(second as Dashboard['panels'][number]), description: 'no sentence', datasource: { uid: 'clickhouse' } },
      { ...(second as Dashboard['panels'][number]), title: 'Twin' },
      ...rest,
    ],
    templating: {
      list: lines.templating.list.map((variable) => ({
        ...variable,
        refresh: 1,
        query: variable.type === 'query' ? { query: 'x' } : variable.query,
      })),
    },
  }
  t.match(lint(broken), [
    /it can be edited/,
    /ids of panels are missing or double/,
    /variable job: the query must be a string/,
    /variable job: must be asked again/,
    /variable instance: the query/,
    /variable instance: must be/,
    /variable tenant: the query/,
    /variable tenant: must be/,
    /Decisions a minute: the description must be a sentence/,
    /Decisions a minute: a data source is hard-coded/,
    /Decisions a minute and Twin lie on each other/,
  ])
})

t.test('macros become what the data source makes of them', async (t) => {
  const range = { fromMs: 1_000_500, toMs: 2_000_500, intervalS: 0 }
  const cases: [string, string][] = [
    ['$__timeFilter(at)', 'at >= toDateTime(1000) AND at <= toDateTime(2000)'],
    ['$__timeFilter_ms(f(a, b))', 'f(a, b) >= fromUnixTimestamp64Milli(1000500) AND f(a, b) <= fromUnixTimestamp64Milli(2000500)'],
    ['$__timeInterval(at) AS time', 'toStartOfInterval(toDateTime(at), INTERVAL 1 second) AS time'],
    ['$__fromTime, $__toTime, $__interval_s', 'toDateTime(1000), toDateTime(2000), 1'],
    ['$__conditionalAll(a IN (${t:singlequote}), $t) AND b', '1=1 AND b'],
  ]
  for (const [sql, expected] of cases) t.equal(expandMacros(sql, range), expected)
  const chosen = { ...range, chosen: { t: ["o'hara", 'b'] } }
  t.equal(expandMacros('$__conditionalAll(a IN (${t:singlequote}), $t)', chosen), "a IN ('o\\'hara','b')")
  t.throws(() => expandMacros('$__lttb(1, 2, 3)', range), /\$__lttb is not known/)
  t.throws(() => expandMacros('${nobody:singlequote}', range), /nobody has no value/)
  t.throws(() => expandMacros('$__timeFilter(at', range), /bracket is not closed/)
})

/** Labels that Prometheus or the process adds to everything. */
const everywhere = ['job', 'instance', 'role']
const queries = panelsOf(pipelineDashboard).flatMap(({ title, queries }) =>
  queries.filter((query): query is PromQuery => !isSql(query)).map((query) => ({ title, promql: query.promql, legend: query.legend })),
)
const rules = alertRules.map(({ name, promql }) => ({ title: name, promql, legend: '' }))

/** What `counted` makes is an increase; by itself a counter says nothing. */
const asIncrease = (promql: string): string => promql.replaceAll(/\((\S[^()]*) unless \1 offset (\S+)\) or (increase\(\1\[\2\]\))/g, '$3')

t.test('P-56: every PromQL is PromQL, and names metrics and labels that the processes have', async (t) => {
  const metrics = await exposed()
  t.ok(queries.length > 10)
  for (const { title, promql, legend } of [...queries, ...rules]) {
    t.strictSame(readPromql(promql).errors, [], title)
    const { selectors, grouped } = readPromql(asIncrease(promql))
    if (title !== 'RekindleWatchdog') t.ok(selectors.length > 0, title)
    for (const { metric, labels, call, range } of selectors) {
      if (metric === 'up') continue
      const name = metrics.has(metric) ? metric : metric.replace(/_(bucket|sum|count)$/, '')
      const known = metrics.get(name)
      t.ok(known, `${title}: nobody exposes ${metric}`)
      t.equal(metric !== name, known?.type === 'histogram', `${title}: ${metric} is a ${String(known?.type)}`)
      const allowed = [...everywhere, ...(known?.labels ?? []), ...(known?.type === 'histogram' ? ['le'] : [])]
      t.strictSame(
        [...labels, ...grouped].filter((label) => !allowed.includes(label)),
        [],
        `${title}: labels of ${metric}`,
      )
      // A counter says nothing by itself, and a rate must fit the step of the panel.
      if (known?.type === 'counter' || known?.type === 'histogram') {
        t.ok(call === 'rate' || call === 'increase', `${title}: ${metric} without rate or increase`)
        t.ok(range !== undefined, title)
      }
    }
    t.strictSame(
      [...legend.matchAll(/\{\{(\w+)\}\}/g)].map(([, label]) => label).filter((label) => !grouped.includes(label ?? '')),
      [],
      `${title}: the legend names a label that is summed away`,
    )
  }
  for (const { title, promql } of queries)
    t.notMatch(promql, /(\[|offset )\d/, `${title}: a fixed range does not follow the step of the panel`)
})

t.test('what fails altogether and what was not asked look different on the dashboard', (t) => {
  const shares = queries.filter(({ promql }) => /\) \/ \(/.test(promql))
  t.strictSame(
    shares.filter(({ promql }) => !/^\(sum\(.*\) or vector\(0\)\) \/ \(sum\(.*\) > 0\)$/.test(promql)).map(({ title }) => title),
    [],
  )
  t.ok(shares.length >= 3)
  t.end()
})

t.test('the first count of a counter is shown', async (t) => {
  const metrics = await exposed()
  for (const { title, promql } of queries) {
    const { selectors } = readPromql(promql.replaceAll(/\((\S[^()]*) unless \1 offset (\S+)\) or (increase\(\1\[\2\]\))/g, '0'))
    for (const { metric, call } of selectors)
      if (call === 'increase') t.ok(metrics.get(metric)?.begun, `${title}: ${metric} begins with its first count`)
  }
})

t.test('the reader of PromQL finds errors and names', async (t) => {
  t.ok(readPromql('sum by (a (rate(x[1m])').errors.length > 0)
  t.strictSame(readPromql('sum by (topic) (rate(a_total{job=~"x", b!="c"}[$__rate_interval])) / up').selectors, [
    { metric: 'a_total', labels: ['job', 'b'], call: 'rate', range: '1m' },
    { metric: 'up', labels: [], call: undefined, range: undefined },
  ])
})

/** Exposed and on no dashboard, with the reason. */
const unused: Readonly<Record<string, string>> = {
  lr_build_info: 'of each process, for whoever asks Prometheus which version ran when',
  lr_kafka_consumed_total: 'records emitted by topic tell the same from the other side',
  lr_transaction_records: 'for benchmarks',
  lr_task_restore_seconds: 'for benchmarks',
  lr_timers_fired_total: 'triggers show as lead events and decisions',
  lr_sink_batch_duration_seconds: 'from question to stored decision shows what matters of it',
  lr_webhook_in_flight: 'its effect shows in the time of storing a webhook',
  lr_http_request_duration_seconds: 'reads of the API are no part of the line',
  lr_deliveries_total: 'follow-ups by outcome has it from ClickHouse, per tenant',
  lr_delivery_delay_seconds: 'for the dashboard of deliveries',
}

t.test('no metric of the sources is missing from what is compared here', async (t) => {
  const metrics = await exposed()
  let made = 0
  for (const { file, text } of rooms.flatMap((room) => textsOf(room, '.ts'))) {
    const names = [...text.matchAll(/\bnew (?:Counter|Gauge|Histogram|Summary)(?:<[^>]*>)?\(\{\s*name: '(\w+)'/g)].map(
      ([, name]) => name ?? '',
    )
    // The catalogue of the runtime makes its metrics out of a table, all of which `runtimeMetrics` registers.
    if (!file.endsWith('runtime/metrics.ts'))
      t.equal(
        [...text.matchAll(/\bnew (Counter|Gauge|Histogram|Summary)\b/g)].length,
        names.length,
        `${file} names each metric where it is made`,
      )
    for (const name of names) t.ok(metrics.has(name), `${name} of ${file}`)
    made += names.length
  }
  t.ok(made > 20, `${made} metrics found`)
})

t.test('every metric of ours is named in a test beside those of the dashboards: there its values are held', async (t) => {
  const tests = textsOf('test', '.ts').filter(({ file }) => !/test\/(grafana|mutate)\//.test(file))
  t.ok(tests.length > 100)
  const own = [...(await exposed()).keys()].filter((name) => /^(lr|kafka)_/.test(name))
  t.strictSame(
    own.filter((name) => !tests.some(({ text }) => new RegExp(`\\b${name}(?:_sum|_count|_bucket)?\\b`).test(text))),
    [],
  )
})

t.test('how far standby copies are behind is seen before the alert: below its bound, and failed ones apart', (t) => {
  const standby = panelsOf(pipelineDashboard).find(({ queries }) =>
    queries.some((query) => !isSql(query) && query.promql.includes('lr_standby_lag_records')),
  )
  const row = pipelineDashboard.rows.find(({ panels }) => standby !== undefined && panels.includes(standby))
  t.ok(
    row?.panels.some(({ title }) => title === 'State'),
    'beside the state that it copies',
  )
  const bound = alertRules.find(({ promql }) => promql.includes('lr_standby_lag_records'))?.promql.split('> ')[1]
  t.equal(standby?.thresholds?.at(-1)?.[0], Number(bound))
  const promqls = standby?.queries.flatMap((query) => (isSql(query) ? [] : [query.promql])) ?? []
  t.match(promqls[0], /< \+Inf/, 'a failed copy must not hide the others')
  t.match(promqls[1], /== \+Inf/)
  t.end()
})

t.test('what is called a message sent is one: confirmed tasks, questions and hand-overs are follow-ups as well', (t) => {
  t.match(sqlOf(5), /countIf\(status = 'confirmed' AND action = 'send_message'\)/)
  t.end()
})

t.test('every metric of ours is on a dashboard, in a rule, or left out for a stated reason', async (t) => {
  const used = new Set(
    [...queries, ...rules].flatMap(({ promql }) =>
      readPromql(promql).selectors.map(({ metric }) => metric.replace(/_(bucket|sum|count)$/, '')),
    ),
  )
  const own = [...(await exposed()).keys()].filter((name) => /^(lr|kafka)_/.test(name))
  t.strictSame(
    own.filter((name) => !used.has(name) && unused[name] === undefined),
    [],
  )
  t.strictSame(
    Object.keys(unused).filter((name) => used.has(name)),
    [],
    'a reason for one that is shown',
  )
})

t.test('every alert says how bad, what and what to do; the rule file is what Prometheus reads', async (t) => {
  const file = parse(read('grafana/prometheus/rekindle.yml')) as {
    groups: {
      rules: { alert: string; expr: string; labels: { severity: string }; annotations: { summary: string; runbook_url: string } }[]
    }[]
  }
  const written = file.groups.flatMap(({ rules }) => rules)
  t.strictSame(
    written.map(({ alert, expr }) => [alert, expr]),
    alertRules.map(({ name, promql }) => [name, promql]),
  )
  const page = read('docs/runbooks/alerts.md')
  for (const { alert, labels, annotations } of written) {
    t.match(labels.severity, /^(warning|critical|none)$/)
    t.ok(annotations.summary.length > 10)
    t.equal(annotations.runbook_url, `docs/runbooks/alerts.md#${alert.toLowerCase()}`)
    t.ok(page.includes(`\n## ${alert}\n`))
  }
})

t.test('provisioning names the data sources and the folder that the containers have', async (t) => {
  const compose = parse(read('docker-compose.yml'), { merge: true }) as {
    services: Record<string, { environment?: Record<string, string>; volumes?: string[] }>
  }
  const grafana = compose.services['grafana']
  const sources = read('grafana/provisioning/datasources/rekindle.yml')
  t.strictSame(
    [...sources.matchAll(/\$(\w+)/g)].map(([, name]) => name ?? '').filter((name) => grafana?.environment?.[name] === undefined),
    [],
  )
  const { datasources } = parse(sources) as { datasources: { uid: string; type: string }[] }
  t.strictSame(
    datasources.map(({ uid, type }) => [uid, type]),
    [
      ['prometheus', 'prometheus'],
      ['clickhouse', 'grafana-clickhouse-datasource'],
    ],
  )
  const variables = lines.templating.list.filter(({ type }) => type === 'datasource').map(({ query }) => query)
  t.strictSame(variables, ['prometheus', 'grafana-clickhouse-datasource'])
  const { providers } = parse(read('grafana/provisioning/dashboards/rekindle.yml')) as { providers: { options: { path: string } }[] }
  t.ok(grafana?.volumes?.includes(`./grafana/dashboards:${String(providers[0]?.options.path)}:ro`))
  t.ok(grafana?.volumes?.includes('./grafana/provisioning:/etc/grafana/provisioning:ro'))
  t.match(grafana?.environment?.['GF_PLUGINS_PREINSTALL_SYNC'], /^grafana-clickhouse-datasource@4\.20\.0$/)
  const [watched] =
    /[^\n]*\.yml/.exec(read('stack/compose/prometheus.yml').slice(read('stack/compose/prometheus.yml').indexOf('rule_files'))) ?? []
  t.ok(
    compose.services['prometheus']?.volumes?.includes('./grafana/prometheus:/etc/prometheus/rules:ro') &&
      watched?.includes('/etc/prometheus/rules/*.yml'),
  )
})

t.test('P-61: every SQL runs on the engine and gives the numbers of known rows', async (t) => {
  const { clickhouseUrl: url, clickhouseDatabase: database } = await testStack(t)
  await migrateClickhouse({ url, database })
  const client = connectClickhouse(url, database)
  t.teardown(async () => {
    await client.command({ query: `DROP DATABASE IF EXISTS ${analyticsDatabaseOf(database)}` })
    await client.close()
  })
  const fromMs = Date.UTC(2026, 10, 3, 15)
  const range = { fromMs, toMs: fromMs + 10 * 60_000, intervalS: 60 }
  const at = (minute: number, ms = 0) => new Date(fromMs + minute * 60_000 + ms).toISOString().replace('T', ' ').slice(0, -1)
  const insert = (table: string, values: object[]) =>
    client.insert({ table, values, format: 'JSONEachRow', clickhouse_settings: { async_insert: 0, insert_deduplication_token: table } })

  // Two tenants. North: three follow-up decisions and one escalation; south: one decision; one more lies outside the range.
  const answers = (votes: string[], silent: [string, string][]) => {
    const each = <V>(value: V) => votes.map(() => value)
    return {
      'contributions.agent_id': votes,
      'contributions.agent_version': each(1),
      'contributions.family': each('f'),
      'contributions.option': each('sms'),
      'contributions.bin': each(3),
      'contributions.nats': each(0.5),
      'contributions.blocked': each(false),
      'contributions.reason_code': each('r'),
      'silent.agent_id': silent.map(([agent]) => agent),
      'silent.kind': silent.map(([, kind]) => kind),
      'silent.reason_code': silent.map(() => 'r'),
    }
  }
  const decision = (tenant: string, minute: number, changes: object = {}) => ({
    tenant_id: tenant,
    type: 'follow_up',
    asked_at: at(minute),
    decided_at: at(minute),
    vote_ms: 0,
    ingested_at: at(minute, 500),
    chosen: 'sms',
    stop_reason: 'all_votes',
    lead_id: `${tenant}:a`,
    decision_id: `${tenant}-${minute}`,
    ...answers(['timing', 'intent'], [['profile', 'abstain']]),
    ...changes,
  })
  await insert('decisions', [
    decision('north', 1),
    decision('north', 1, { chosen: 'wait', stop_reason: 'gated', ...answers([], []) }),
    decision('north', 3, {
      decided_at: at(3, 2000),
      vote_ms: 2000,
      ingested_at: at(3, 3000),
      stop_reason: 'deadline',
      ...answers(
        ['timing'],
        [
          ['intent', 'missing'],
          ['profile', 'error'],
        ],
      ),
    }),
    decision('north', 3, { type: 'escalation', chosen: 'wait', ...answers(['escalation'], []) }),
    decision('south', 3),
    decision('north', 60),
  ])
  const event = (tenant: string, minute: number, kind: string) => ({
    tenant_id: tenant,
    kind,
    occurred_at: at(minute),
    received_at: at(minute),
    ingested_at: at(minute),
    lead_id: `${tenant}:a`,
    event_id: `${tenant}-${minute}-${kind}`,
  })
  await insert('lead_events', [
    event('north', 1, 'message_inbound'),
    event('north', 1, 'message_inbound'),
    event('south', 1, 'contact_created'),
    event('north', 60, 'contact_created'),
    { ...event('north', 1, 'message_outbound'), sender: 'workflow' },
    { ...event('south', 1, 'message_outbound'), sender: 'workflow' },
    { ...event('north', 1, 'message_outbound'), sender: 'human', message_id: 'm1' },
    { ...event('north', 1, 'message_outbound'), sender: 'api', message_id: 'm2' },
    { ...event('north', 1, 'followup_delivered'), delivery_action: 'send_message', delivery_status: 'confirmed', message_id: 'm2' },
    { ...event('north', 1, 'followup_delivered'), delivery_action: 'create_task', delivery_status: 'confirmed' },
    { ...event('north', 1, 'followup_delivered'), delivery_action: 'send_message', delivery_status: 'failed' },
  ])
  const delivery = (tenant: string, followup: string, sequence: number, minute: number, status: string, gate = '', rule = '') => ({
    action: 'send_message',
    tenant_id: tenant,
    followup_id: followup,
    sequence,
    changed_at: at(minute),
    status,
    gate_id: gate,
    rule_id: rule,
    lead_id: `${tenant}:a`,
    delivery_id: `${followup}-${sequence}`,
    channel: 'sms',
  })
  await insert('deliveries', [
    delivery('north', 'f1', 1, 1, 'deferred', 'hours', 'outside_hours'),
    delivery('north', 'f1', 2, 2, 'deferred', 'hours', 'outside_hours'),
    delivery('north', 'f1', 3, 4, 'confirmed'),
    delivery('north', 'f2', 1, 4, 'denied', 'consent', 'revoked'),
    delivery('south', 'f3', 1, 4, 'confirmed'),
    // A task that was confirmed is a follow-up and no message.
    { ...delivery('south', 'f4', 1, 4, 'confirmed'), action: 'create_task' },
  ])

  const run = async (id: number, chosen?: readonly string[], over = range) => {
    const sql = expandMacros(sqlOf(id), { ...over, ...(chosen === undefined ? {} : { chosen: { tenant: chosen } }) })
    const { data, meta } = await (await client.query({ query: sql, format: 'JSON' })).json<Record<string, unknown>>()
    return { data, types: (meta ?? []).map(({ type }) => type) }
  }
  const minute = (n: number) => `2026-11-03 15:0${n}:00`
  // 5 decisions in 10 minutes; north alone has 4.
  t.strictSame((await run(1)).data, [{ decisions: 0.5 }])
  t.strictSame((await run(1, ['north'])).data, [{ decisions: 0.4 }])
  t.strictSame((await run(1, ['nobody'])).data, [{ decisions: 0 }])
  // From 15:01:30 to 15:04:30 are the four minutes from 15:01 on, with all 5.
  const within = { ...range, fromMs: fromMs + 90_000, toMs: fromMs + 270_000 }
  t.strictSame((await run(1, undefined, within)).data, [{ decisions: 5 / 4 }])
  t.strictSame((await run(5)).data, [{ sent: '2' }])
  t.strictSame((await run(5, ['south'])).data, [{ sent: '1' }])
  const [newest] = (await run(6)).data
  t.equal(Math.abs(Number(newest?.['age']) - (Date.now() - (fromMs + 60_000)) / 1000) < 30, true, 'seconds since 15:01:00')
  t.strictSame((await run(6, ['nobody'])).data, [], 'nothing rather than an age since 1970')
  t.strictSame((await run(13)).data, [
    { time: minute(1), kind: 'contact_created', events: 1 },
    { time: minute(1), kind: 'followup_delivered', events: 3 },
    { time: minute(1), kind: 'message_inbound', events: 2 },
    { time: minute(1), kind: 'message_outbound', events: 4 },
  ])
  t.strictSame((await run(48)).data, [
    { time: minute(1), who: 'human', messages: 1 },
    { time: minute(1), who: 'rekindle', messages: 1 },
    { time: minute(1), who: 'workflow', messages: 2 },
  ])
  t.strictSame((await run(14)).data, [
    { time: minute(1), chosen: 'sms', decisions: 1 },
    { time: minute(1), chosen: 'wait', decisions: 1 },
    { time: minute(3), chosen: 'sms', decisions: 2 },
  ])
  // North's late decision took 3,000 ms from question to row, the others 500; of two values the sketch gives the lower as the median.
  t.strictSame((await run(21, ['north'])).data, [
    { time: minute(1), p50: 500, p99: 500 },
    { time: minute(3), p50: 500, p99: 3000 },
  ])
  t.strictSame((await run(21, ['south'])).data, [{ time: minute(3), p50: 500, p99: 500 }])
  t.strictSame((await run(22, ['south'])).data, [{ time: minute(3), p50: 0, p99: 0 }])
  t.strictSame(
    (await run(22, ['north'])).data.map(({ time, p99 }) => [time, p99]),
    [
      [minute(1), 0],
      [minute(3), 2000],
    ],
  )
  t.strictSame((await run(31)).data, [
    { time: minute(4), status: 'confirmed', followups: '3' },
    { time: minute(4), status: 'denied', followups: '1' },
  ])
  t.strictSame((await run(32, ['north'])).data, [
    { time: minute(1), stop_reason: 'all_votes', decisions: '1' },
    { time: minute(1), stop_reason: 'gated', decisions: '1' },
    { time: minute(3), stop_reason: 'all_votes', decisions: '1' },
    { time: minute(3), stop_reason: 'deadline', decisions: '1' },
  ])
  t.strictSame((await run(33)).data, [
    { agent: 'profile', votes: '0', abstained: '2', errors: '1', missing: '0', silence: 1 },
    { agent: 'intent', votes: '2', abstained: '0', errors: '0', missing: '1', silence: 0.333 },
    // Votes on a hand-over alone, so a panel of follow-ups would not have it.
    { agent: 'escalation', votes: '1', abstained: '0', errors: '0', missing: '0', silence: 0 },
    { agent: 'timing', votes: '3', abstained: '0', errors: '0', missing: '0', silence: 0 },
  ])
  t.strictSame((await run(34)).data, [
    { gate: 'consent', rule: 'revoked', status: 'denied', followups: '1' },
    { gate: 'hours', rule: 'outside_hours', status: 'deferred', followups: '1' },
  ])

  // Two rules stood before a call in one decision and one in the next; a rule that took something else is not told.
  const gated = (minute: number, gates: readonly (readonly [rule: string, option: string, verdict?: string])[]) =>
    decision('south', minute, {
      ...{ denied_favourite: 'call', 'gates.gate_id': gates.map(() => 'consent'), 'gates.rule_id': gates.map(([rule]) => rule) },
      ...{ 'gates.option': gates.map(([, option]) => option), 'gates.verdict': gates.map(([, , verdict = 'deny']) => verdict) },
      'gates.lifts_at': gates.map(() => null),
    })
  await client.insert({
    table: 'decisions',
    values: [
      gated(1, [['no_consent', 'call']]),
      gated(2, [
        ['no_consent', 'call'],
        ['dnd', 'call'],
        ['dnd', 'sms'],
        ['pass', 'call', 'allow'],
      ]),
      gated(60, [['no_consent', 'call']]),
    ],
    format: 'JSONEachRow',
    clickhouse_settings: { async_insert: 0, insert_deduplication_token: 'denied' },
  })
  const cost = { location: 'south', gate: 'consent', denied: 'call', decision: 'follow_up', leads: '1' }
  t.strictSame(
    (await run(36)).data.map(({ last: _last, ...rest }) => rest),
    [
      { ...cost, rule_of_gate: 'no_consent', decisions: '2', by_this_rule_alone: '1' },
      { ...cost, rule_of_gate: 'dnd', decisions: '1', by_this_rule_alone: '0' },
    ],
  )
  t.strictSame((await run(36, ['north'])).data, [])

  const spend = (campaign: string, amount: string, day: string, second: number, currency = 'USD') => ({
    ...{ tenant_id: 'north', channel: 'radio', campaign, day, amount, currency, stated_at: at(0, second * 1000), told_at: at(0) },
    _offset: String(second),
  })
  // Days begin at midnight: the range of this test is ten minutes of one, that of the panel the whole of it.
  await insert('marketing_spend', [
    spend('', '0.10', '2026-11-03', 1),
    spend('fair', '0.20', '2026-11-03', 2),
    spend('fair', '9', '2026-11-03', 1),
    spend('', '7', '2026-11-02', 3),
    spend('tour', '5', '2026-11-03', 4, 'EUR'),
  ])
  const won = (value: string | null, channels: string[], offset: number) => ({
    ...{ tenant_id: 'north', kind: 'converted', happened_at: at(1), told_at: at(2), journey_id: `j-${offset}`, lead_hash: 'h', value },
    ...{ 'touches.channel': channels, 'touches.stage': channels.map(() => 's'), 'touches.at': channels.map(() => at(0)) },
    ...{ 'touches.source': channels, 'touches.campaign': channels.map(() => ''), 'touches.basis': channels.map(() => 'stated') },
    _offset: String(offset),
  })
  await insert('journeys', [won('0.10', ['radio', 'events'], 1), won('0.20', ['radio'], 2), won(null, ['events'], 3)])
  const finding = (agent: string, minute: number, validMinutes: number, figures: string[], offset: number) => ({
    ...{
      tenant_id: 'north',
      system: 'attribution',
      agent_id: agent,
      agent_version: 1,
      found_at: at(minute),
      valid_until: at(minute + validMinutes),
    },
    ...{ told_at: at(minute), _offset: String(offset) },
    'findings.kind': figures.map(() => 'return'),
    'findings.subject': figures.map(() => 'radio'),
    'findings.bin': figures.map(() => 4),
    'findings.figure': figures,
    'findings.stated': figures,
    'findings.samples': figures.map(() => 50),
    'findings.reason': figures.map(() => 'r'),
    'findings.text': figures.map((figure) => `It is ${figure}.`),
    'findings.evidence': figures.map(() => ({})),
  })
  await insert('insights', [
    finding('roi', 1, 60, ['1.5'], 1),
    finding('roi', 2, 60, ['2.5', '3.5'], 2),
    finding('ended', 1, 5, ['9'], 3),
    finding('before', -60, 30, ['9'], 6),
    finding('roi', 30, 60, ['9'], 7),
    finding('silent', 1, 60, ['9'], 4),
    finding('silent', 2, 60, [], 5),
  ])
  const wholeDay = { fromMs: Date.UTC(2026, 10, 3), toMs: Date.UTC(2026, 10, 4) - 1, intervalS: 60 }
  const overDay = expandMacros(sqlOf(91), { ...wholeDay, chosen: { tenant: ['north'] } })
  const sums = {
    conversions_by_first: '0',
    revenue_by_first: 0,
    conversions_by_last: '0',
    revenue_by_last: 0,
    leads_touched_first: '0',
    spend: 0,
  }
  t.strictSame(await (await client.query({ query: overDay, format: 'JSONEachRow' })).json(), [
    { channel: 'events', currency: '', ...sums, conversions_by_first: '1', conversions_by_last: '2', revenue_by_last: 0.1 },
    {
      channel: 'radio',
      currency: '',
      ...sums,
      conversions_by_first: '2',
      revenue_by_first: 0.3,
      conversions_by_last: '1',
      revenue_by_last: 0.2,
    },
    { channel: 'radio', currency: 'EUR', ...sums, spend: 5 },
    { channel: 'radio', currency: 'USD', ...sums, spend: 0.3 },
  ])
  t.strictSame((await run(91, ['south'])).data, [])
  t.strictSame((await run(91, ['north'])).data, (await run(91, ['north'], wholeDay)).data, 'of ten minutes the day that they are in')
  t.equal((await run(91, ['north'])).data.length, 4)
  const told = { location: 'north', agent: 'roi', kind: 'return', subject: 'radio', samples: 50, confidence: 4 }
  t.strictSame((await run(92)).data, [
    { ...told, agent: 'ended', figure: 9, finding: 'It is 9.' },
    { ...told, figure: 2.5, finding: 'It is 2.5.' },
    { ...told, figure: 3.5, finding: 'It is 3.5.' },
  ])
  t.strictSame((await run(92, ['south'])).data, [])

  // An hour later. Of four questions one ends early, one is overtaken and one is asked of nobody: intent was asked twice, and failed once.
  const later = { ...range, fromMs: fromMs + 65 * 60_000, toMs: fromMs + 75 * 60_000 }
  const asked = (reason: string, votes: string[], silent: [string, string][]) =>
    decision('north', 70, { decision_id: reason, stop_reason: reason, ...answers(votes, silent) })
  await client.insert({
    table: 'decisions',
    values: [
      asked('all_votes', ['timing', 'intent'], []),
      asked('early_stop', ['timing'], [['profile', 'missing']]),
      asked('deadline', ['timing'], [['intent', 'missing']]),
      asked('superseded', ['timing', 'profile'], []),
      asked('gated', [], []),
    ],
    format: 'JSONEachRow',
    clickhouse_settings: { async_insert: 0, insert_deduplication_token: 'later' },
  })
  t.strictSame((await run(33, undefined, later)).data, [
    { agent: 'intent', votes: '1', abstained: '0', errors: '0', missing: '1', silence: 0.5 },
    { agent: 'timing', votes: '3', abstained: '0', errors: '0', missing: '0', silence: 0 },
  ])
  // Of five messages one arrived, one failed at once, one later, ours failed too, and one is a comment among colleagues.
  const said = (sender: string, id: string, changes: object = {}) => ({
    ...{ ...event('north', 70, 'message_outbound'), event_id: `${id}-${JSON.stringify(changes)}`, sender, message_id: id },
    ...changes,
  })
  const failed = { no_contact: true, message_status: 'failed' }
  await client.insert({
    table: 'lead_events',
    values: [
      ...[said('human', 'a1'), said('human', 'a2', failed), said('workflow', 'a3'), said('workflow', 'a3', failed)],
      ...[said('rekindle', 'a4', { kind: 'followup_delivered', delivery_action: 'send_message', delivery_status: 'confirmed' })],
      ...[said('rekindle', 'a4', failed), said('human', 'a5', { channel: 'internal_comment' })],
    ],
    format: 'JSONEachRow',
    clickhouse_settings: { async_insert: 0, insert_deduplication_token: 'later' },
  })
  t.strictSame((await run(48, undefined, later)).data, [{ time: '2026-11-03 16:10:00', who: 'human', messages: 1 }])

  const all = panelsOf(pipelineDashboard).filter(({ queries }) => queries.some(isSql))
  const proven = [1, 5, 6, 13, 14, 21, 22, 31, 32, 33, 34, 36, 48, 91, 92]
  t.strictSame(
    all.map(({ id }) => id),
    proven,
    'a panel with SQL has its numbers here',
  )
  for (const { id, title, queries } of all) {
    if (queries.filter(isSql)[0]?.as !== 'series') continue
    const [time, ...others] = (await run(id)).types
    t.match(time, /^DateTime/, `${title}: the first column of a series is its time`)
    t.strictSame(
      others.filter((type) => !/^(LowCardinality\()?String|^U?Int|^Float/.test(type)),
      [],
      title,
    )
  }
  const tenants = lines.templating.list.find(({ name }) => name === 'tenant')?.query as string
  t.strictSame(await (await client.query({ query: tenants, format: 'JSONEachRow' })).json(), [
    { tenant_id: 'north' },
    { tenant_id: 'south' },
  ])
})
