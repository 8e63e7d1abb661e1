/**
 * Alerts on the metrics of the processes, as data: what is wrong, for how long, and what to do. The rule file of
 * Prometheus and the page for whoever is called are generated from it.
 */
import { counted } from './counted.ts'

export interface AlertRule {
  readonly name: string
  readonly promql: string
  /** How long it must hold; at once when left out. */
  readonly for?: string
  readonly severity: 'warning' | 'critical' | 'none'
  /** In a line, for a pager. Braces are filled in by Prometheus. */
  readonly summary: string
  readonly means: string
  readonly remedy: readonly string[]
}

export const alertRules: readonly AlertRule[] = [
  {
    name: 'RekindleTargetDown',
    promql: 'up{job=~"api|pipeline|sinks|agents(-.+)?"} == 0',
    for: '2m',
    severity: 'critical',
    summary: '{{ $labels.job }} on {{ $labels.instance }} does not answer.',
    means: 'A process of Rekindle has not answered Prometheus for two minutes.',
    remedy: [
      'Look at its log and at what supervises it: a process that met an unknown error exits and is started again.',
      'Nothing is lost meanwhile: its topics wait, and GoHighLevel sends webhooks again.',
    ],
  },
  {
    name: 'RekindleRoleMissing',
    promql: 'absent(up{job="api"}) or absent(up{job="pipeline"}) or absent(up{job="sinks"})',
    for: '2m',
    severity: 'critical',
    summary: 'Prometheus knows no process of the job {{ $labels.job }}.',
    means:
      'Where targets are found by name (containers, pods), one that is gone is no target any more, so RekindleTargetDown does not tell of it: none of this job is left.',
    remedy: [
      'See what supervises the processes: were they scaled to none, do they end at their start, or does the scheduler find no place for them?',
      'Their log says why a start ended (a code with what to do). Nothing is lost meanwhile while the API runs; without it GoHighLevel sends webhooks again for a while.',
      'If they do run, Prometheus looks elsewhere: its jobs must be called api, pipeline and sinks.',
    ],
  },
  {
    name: 'RekindlePipelineStopped',
    for: '5m',
    severity: 'critical',
    // What is read, not what is written: of a webhook that comes again nothing is, and a timer of a location writes while ingest stands still.
    promql: `sum(rate(lr_webhook_events_total{outcome="accepted"}[10m])) > 0 unless sum(${counted('lr_stage_records_total{stage="ingest"}', '10m')}) > 0`,
    summary: 'Webhooks are accepted and none has been read for 15 minutes.',
    means: 'The API takes webhooks in, the pipeline makes nothing of them.',
    remedy: [
      'See whether the pipeline process runs and what its log says last; a blown fuse (E_FUSE_BLOWN) stops it on purpose: keep it stopped until the cause is mended, for each start lets some more records pass into the dead letters.',
      'Mend the cause and start it: it goes on where it stopped.',
    ],
  },
  {
    name: 'RekindleLagHigh',
    promql: 'max by (group) (lr_kafka_lag_seconds) > 60',
    for: '5m',
    severity: 'warning',
    summary: '{{ $labels.group }} works on records {{ $value | humanizeDuration }} old.',
    means: 'A group has been more than a minute behind for five minutes.',
    remedy: [
      'Compare the rates of webhooks and of emitted records on the dashboard.',
      'When both are high, start another process: up to as many as there are partitions.',
      'When the second is low, look at transactions and at the event loop.',
    ],
  },
  {
    name: 'RekindleTasksNotRunning',
    promql: 'sum by (group, state) (lr_task_states{state=~"assigned|restoring|fenced|failed"}) > 0',
    for: '5m',
    severity: 'critical',
    summary: '{{ $value | humanize }} tasks of {{ $labels.group }} have been {{ $labels.state }} for five minutes.',
    means: 'Partitions are assigned and nobody works on them: their state is not back yet, or their broker does not answer.',
    remedy: [
      'The log of the process names the unit and what it waits for.',
      'A restore that is under way shows as `restored` when it ends; state in files (STATE_DIR) makes it short.',
    ],
  },
  {
    name: 'RekindleStandbyBehind',
    // A restore into files reads some 150,000 records a second (docs/performance.md): most of a second more for whoever takes over.
    promql: 'max by (group, partition) (lr_standby_lag_records) > 100000',
    for: '10m',
    severity: 'warning',
    summary: 'The standby copy of {{ $labels.group }} partition {{ $labels.partition }} misses {{ $value | humanize }} records.',
    means:
      'A copy of the state has failed or cannot be read (+Inf), or does not keep up. Owners are not disturbed; a take-over would restore more.',
    remedy: [
      'Find `a standby copy failed` in the log of the process: with E_STATE_STORE its disk is full or broken (STATE_DIR). It tries again each minute.',
      'Find `standby copies fall behind`: their changelogs cannot be read; look at Kafka. What they hold is good again once they are.',
      'Without these lines the process is too busy to follow: see the delay of its event loop, and start another one.',
    ],
  },
  {
    name: 'RekindleSpansLost',
    promql: 'sum by (role, outcome) (rate(lr_trace_spans_total{outcome=~"refused|dropped"}[5m])) > 0',
    for: '15m',
    severity: 'warning',
    summary: 'The {{ $labels.role }} has been losing spans for 15 minutes ({{ $labels.outcome }}).',
    means:
      'The collector of OTEL_EXPORTER_OTLP_ENDPOINT does not take the spans of a process, so traces have holes. The pipeline is not touched.',
    remedy: [
      '`refused`: the collector is away, slow or answers an error; the log of the process says what, once for each outage.',
      '`dropped`: more spans than it takes; sample fewer traces (OTEL_TRACES_SAMPLER_ARG) or give it more room.',
    ],
  },
  {
    name: 'RekindleBrokerLeftTransactionsOpen',
    promql: `sum by (group, verdict) (${counted('lr_transactions_mended_total', '1h')}) > 0`,
    severity: 'warning',
    summary: 'A broker left {{ $value | humanize }} transactions of {{ $labels.group }} open; they were ended ({{ $labels.verdict }}).',
    means:
      'A broker that was killed called transactions complete without their markers (KAFKA-20734). Members ended them. Nothing was read twice, and nothing lost unless a process died in the very next transaction (docs/decisions/0095).',
    remedy: [
      'Find out why the broker ended: its log, memory and disk.',
      'Other applications on this cluster that use transactions have the same trouble and may not mend it: `kafka-transactions.sh find-hanging`.',
    ],
  },
  {
    name: 'RekindleSinkRefused',
    // A partition that stands still tries every 10 s at the longest: twelve times in two minutes. Over a longer stretch what was away for
    // two minutes, and is back, would be told when it is over.
    promql: `sum by (sink, topic) (${counted('lr_sink_batches_total{outcome="failed"}', '2m')}) > 5`,
    for: '10m',
    severity: 'critical',
    summary: '{{ $labels.sink }} has failed to store {{ $labels.topic }} for ten minutes, {{ $value | humanize }} times in the last two.',
    means:
      'A database is away, or refuses a record: the partition of that record stands still, and of its leads nothing is sent, since their copy is not fresh. Nothing is lost.',
    remedy: [
      'The log of the sinks says why (`a batch was not stored`): a database that is away, full or not migrated. It goes on by itself.',
      '`the database refuses this record` names topic, partition and offset: Postgres was offered it alone. Read it with `rekindle tail` and the error beside it; mend the schema or the sink and deploy: the record is stored, and all behind it.',
      'To go on without it, once it is certain that it takes back no permission: stop the sinks, set `next_offset` of the topic and partition in `sink_offsets` to the offset behind it, and start them. It is not stored then, and only reading the topic again brings it back.',
    ],
  },
  {
    name: 'RekindleWorkerOutsideDown',
    promql: 'sum by (worker) (lr_worker_breaker_state{state!="closed"}) > 0',
    for: '10m',
    severity: 'warning',
    summary: '{{ $labels.worker }} has left its outside alone for ten minutes: its breaker does not close.',
    means: 'What the worker calls fails. It takes no new records and tries a few calls now and then; nothing is lost or set aside.',
    remedy: [
      'The log says what the calls fail with (`the work failed`): mend that outside. The worker goes on by itself.',
      'When only one record fails and nothing else is called, it is the record or the handler: see its place in the log.',
    ],
  },
  {
    name: 'RekindleWorkerRetriesRefused',
    promql: 'sum by (worker) (rate(lr_worker_retries_refused_total[10m])) > 0',
    for: '15m',
    severity: 'warning',
    summary: '{{ $labels.worker }} has retries that wait for budget.',
    means: 'More of the calls of a worker fail than its retry budget covers, and too few to open its breaker.',
    remedy: ['Look at what the calls fail with in the log; more budget (`retryBudget`) would load an outside that is in trouble already.'],
  },
  {
    name: 'RekindleWebhooksSilent',
    promql: 'max(lr_heartbeat_locations{state="silent"}) > 0',
    for: '5m',
    severity: 'critical',
    summary: 'Webhooks of {{ $value | humanize }} locations do not arrive: three heartbeats did not come back.',
    means:
      'We changed the heartbeat contact of a location three times and GoHighLevel told us of none. What its webhooks would tell is found by the comparison, up to a quarter of an hour late.',
    remedy: [
      '`rekindle lag` first: when this side is behind, the heartbeats wait with everything else.',
      '`rekindle owed` names the locations and since when; the log has E_HEARTBEAT_SILENT.',
      "All locations at once: the public address, its certificate, and the platform's page of webhooks, which stops sending to an address that fails too often. One location: its installation of the app.",
      'Nothing is to be done here when they are back: it is told.',
    ],
  },
  {
    name: 'RekindleHeartbeatNotSent',
    promql: 'max(lr_heartbeat_locations{state="unwatched"}) > 0',
    for: '30m',
    severity: 'warning',
    summary: 'Whether webhooks of {{ $value | humanize }} locations arrive is not known: their heartbeat cannot be sent.',
    means:
      'The heartbeat contact of a location cannot be changed; the location works as before, and nobody would notice that its webhooks stop.',
    remedy: [
      '`rekindle owed` says which location and why; E_HEARTBEAT_NOT_SENT is in the log.',
      'Missing access (contacts.readonly, contacts.write): connect the location anew. It is tried again once a day; a start with GHL_HEARTBEAT_MINUTES=0 and one with the old value begin at once.',
    ],
  },
  {
    name: 'RekindleVerdictsDrift',
    promql: 'max by (decision_type) (lr_learn_drift) > 0',
    severity: 'warning',
    summary: 'Verdicts on {{ $labels.decision_type }} decisions are not what they were.',
    means:
      'An exact test on verdicts of the random audit says that decisions or votes are right less often than before or than they state, or that other options are right. Each of the four tests gives a false alarm at most once in a hundred looks.',
    remedy: [
      '`rekindle learn --dry-run` says what has drifted, with its numbers; the log of the sinks has the same lines.',
      'An agent whose votes went bad loses its weight with the next policies. Where its source broke, mend the source: the verdicts of that time stay.',
      'Other right options mean other leads or other people who judge: `rekindle audit report` says how far they agree.',
    ],
  },
  {
    name: 'RekindleAgentsTurned',
    promql: 'max by (decision_type, state) (lr_learn_turned_agents) > 0',
    severity: 'warning',
    summary: '{{ $value }} agents fell out with the others on {{ $labels.decision_type }} decisions ({{ $labels.state }}).',
    means:
      'Their votes agree with those of the other agents much less often than they did. held_down: they count for nothing until 30 judged votes of since then say what they are worth. cannot_tell: so many fell that nobody can say who changed, and nobody is held down for it. Agreement knows no truth: an agent that alone became right is named too.',
    remedy: [
      '`rekindle learn --dry-run` names them, with when, how much and on how many questions; the log of the sinks has the same lines.',
      'Look at what they read: a source that broke, a field that was renamed, a new version of the agent. Votes of since then are judged as any other, so it is back once 30 say it is right; mending the source does not bring it back by itself.',
      'cannot_tell: judge decisions of since then (`rekindle audit next`); the verdicts say who is right. It stays until few enough differ.',
    ],
  },
  {
    name: 'RekindleDeadLetters',
    promql: `sum by (topic, reason) (${counted('lr_dlq_records_total', '15m')}) > 0`,
    severity: 'warning',
    summary: '{{ $value | humanize }} records of {{ $labels.topic }} were set aside: {{ $labels.reason }}.',
    means: 'Records could not be understood and wait in a dead-letter topic.',
    remedy: [
      '`rekindle dlq list` names them, `rekindle dlq show <id>` says what the code means and what to do.',
      'Often a new version of something wrote them: mend that first, then `rekindle dlq replay` (docs/operations.md).',
    ],
  },
  {
    name: 'RekindleDeadLettersLeft',
    // Of a quarter of an hour: a process that is replaced, or that cannot see for a moment, would have the day begin again.
    promql: 'max by (topic, group) (sum by (topic, group, instance) (max_over_time(lr_dlq_depth[15m]))) > 0',
    for: '1d',
    severity: 'warning',
    summary: '{{ $value | humanize }} dead letters of {{ $labels.topic }} ({{ $labels.group }}) have been open for a day.',
    means: 'Somebody was told of dead letters and nothing became of them. They are deleted with the age of their topic.',
    remedy: [
      '`rekindle dlq list` names them; replay, fix or discard each (docs/operations.md).',
      'The number is that of the same list: it goes down as soon as they are resolved.',
    ],
  },
  {
    name: 'RekindleAgentErrors',
    promql: `sum by (system, agent, class) (${counted('lr_agent_errors_total', '15m')}) > 0`,
    severity: 'warning',
    summary: '{{ $value | humanize }} votes of {{ $labels.agent }} ({{ $labels.system }}) were errors: {{ $labels.class }}.',
    means: 'Votes of an agent were errors, which count as abstentions: decisions go on without it. It is a bug of the agent.',
    remedy: [
      '`threw`: its code met something that it does not know. `two_votes`, `unknown_option`: it answered what no agent may.',
      'The ballots (`rekindle tail agents.ballots`) have the message beside the error, and `rekindle why <lead>` names the agent among the silent ones.',
    ],
  },
  {
    name: 'RekindleWebhooksRefused',
    for: '10m',
    severity: 'warning',
    promql: 'sum(rate(lr_webhook_events_total{outcome="bad_signature"}[10m])) / sum(rate(lr_webhook_events_total[10m])) > 0.05',
    summary: '{{ $value | humanizePercentage }} of the webhooks have a bad signature.',
    means: 'More than one webhook in twenty is not signed by a key we trust.',
    remedy: [
      'See the reasons on the dashboard (Webhooks refused).',
      'When GoHighLevel has changed its key, give the new one in GHL_PUBLIC_KEYS_FILE; otherwise it is a stranger.',
    ],
  },
  {
    name: 'RekindleWebhooksUnavailable',
    promql: `sum(${counted('lr_webhook_events_total{outcome="unavailable"}', '5m')}) > 0`,
    for: '5m',
    severity: 'critical',
    summary: 'Webhooks are answered 503: Kafka does not take them.',
    means: 'The API cannot store webhooks; GoHighLevel tries again for a while and then gives up.',
    remedy: ['Look at the brokers first, then at the connection of the API to them.'],
  },
  {
    name: 'RekindleSharesAlone',
    promql: 'sum(lr_webhook_shares_alone) > 0',
    for: '10m',
    severity: 'warning',
    summary: '{{ $value | humanize }} API processes judge the shares of locations alone.',
    means:
      'REDIS_URL is set and Redis has not answered in time for ten minutes. Webhooks are taken as before, but a location may have its share at each API process.',
    remedy: [
      'Look at Redis and at the way to it: an exchange has to be answered within a quarter of a second or so.',
      'Nothing has to be done afterwards: processes hear each other again within a second.',
    ],
  },
  {
    name: 'RekindleCallbacksOfNoLocation',
    promql: `sum by (source) (${counted('lr_webhook_kept_raw_total{reason=~"tenant_not_named|tenant_not_installed"}', '30m')}) > 0`,
    severity: 'warning',
    summary: 'Callbacks of {{ $labels.source }} name no location that has the app: {{ $value | humanize }} in 30 minutes.',
    means:
      'They belong to no lead. What takes permission back closes the number or the address in all locations, or in the one that is named and not installed; the other channels of its leads stay open.',
    remedy: [
      'Give `rekindle_tenant` in the URL (Twilio) or as a custom argument (SendGrid), with the id of a location that has the app: docs/webhooks.md.',
      'The field `degraded` of /readyz and the log of the API say whether opt-outs were among them.',
    ],
  },
  {
    name: 'RekindleTextsHeldBack',
    promql: `sum by (rule) (${counted('lr_followups_held_total{rule=~"location_opt_outs|location_failures"}', '1d')}) > 0`,
    severity: 'warning',
    summary: 'Texts that begin a conversation are held back ({{ $labels.rule }}): {{ $value | humanize }} in a day.',
    means:
      'Of the texts that we sent there in 7 days too many ended in an opt-out or did not arrive. GoHighLevel restricts the number of a location at about twice that share, for people too, so no conversation is begun by text; answers, appointments, e-mails and leads that are HOT or URGENT go on.',
    remedy: [
      '`rekindle why` of a lead that waits names the location and its figures; `location_opt_outs`: look at what was written to whom (docs/operations.md, how much leaves), most of all at lists that were imported.',
      '`location_failures`: look at the registration of the number (A2P 10DLC) and at the texts that carriers refused, in GoHighLevel.',
      'It lifts by itself as those texts leave the count of 7 days; OPT_OUT_LIMIT_PERCENT and FAILURE_LIMIT_PERCENT say where it begins.',
    ],
  },
  {
    name: 'RekindleDatabasePoolFull',
    promql: 'max by (role, instance) (lr_db_pool_waiting) > 0',
    for: '5m',
    severity: 'warning',
    summary:
      '{{ $value | humanize }} callers in the {{ $labels.role }} on {{ $labels.instance }} wait for a connection to the database, and have for five minutes.',
    means:
      'All connections to Postgres that a process may have are in use, and at each look for five minutes somebody waited for one. Rows are stored and messages leave late; who waits longer than DATABASE_POOL_TIMEOUT_MS fails: sinks and delivery try again, a read of the API is answered with an error.',
    remedy: [
      'Look at `lr_db_query_duration_seconds` (panel "Queries of the database") first: it does not count the wait for a connection.',
      'Queries are slow, or none ends: the database is in trouble, and more connections make it worse. `pg_stat_activity` says who runs what and since when, and with wait_event_type Lock who waits for whom.',
      'Queries are as fast as ever: raise DATABASE_POOL_MAX of that process, as long as `lr_db_pool_limit` of all processes together stays below max_connections of Postgres.',
    ],
  },
  {
    name: 'RekindleWatchdog',
    promql: 'vector(1)',
    severity: 'none',
    summary: 'Always on: when it stops arriving, alerting itself is broken.',
    means: 'Nothing is wrong. This alert always fires, so that its absence can be noticed elsewhere.',
    remedy: ['Route it to something that complains when it stays away.'],
  },
]

/** The rule file of Prometheus, as plain values. */
export function ruleFile(rules: readonly AlertRule[]): object {
  return {
    groups: [
      {
        name: 'rekindle',
        rules: rules.map(({ name, promql, severity, summary, ...rule }) => ({
          alert: name,
          expr: promql,
          ...(rule.for === undefined ? {} : { for: rule.for }),
          labels: { severity, service: 'rekindle' },
          annotations: { summary, runbook_url: `docs/runbooks/alerts.md#${name.toLowerCase()}` },
        })),
      },
    ],
  }
}

/** The page for whoever is called. */
export function runbook(rules: readonly AlertRule[]): string {
  return [
    '# Alerts',
    '',
    'Generated from `grafana/alertRules.ts` by `npm run generate`; do not edit.',
    '',
    ...rules.flatMap(({ name, promql, severity, means, remedy }) => [
      `## ${name}`,
      '',
      `${means} Severity: ${severity}.`,
      '',
      ...remedy.map((line) => `- ${line}`),
      '',
      '```',
      promql,
      '```',
      '',
    ]),
  ].join('\n')
}
