/**
 * For each alert rule what it is for, as Prometheus would see it: series a minute apart, when the rule must be quiet, when it must fire and
 * with which words, and when it must be over. Read by the rule tester of Prometheus (`promtool test rules`).
 */

/** One look at one rule. */
interface Look {
  readonly minute: number
  /** Labels beside severity and service, and the line for the pager; several where several fire. */
  readonly fires: readonly { readonly labels: Readonly<Record<string, string>>; readonly summary: string }[]
}

export interface AlertCase {
  readonly alert: string
  readonly what: string
  /**
   * Values a minute apart in the notation of Prometheus: `5x3` is 5 and three more of it, `0+2x3` is 0 2 4 6, `_` is no value.
   */
  readonly series: Readonly<Record<string, string>>
  readonly looks: readonly Look[]
}

const quiet = (minute: number): Look => ({ minute, fires: [] })
const fires = (minute: number, labels: Readonly<Record<string, string>>, summary: string): Look => ({
  minute,
  fires: [{ labels, summary }],
})

export const alertCases: readonly AlertCase[] = [
  {
    alert: 'RekindleTargetDown',
    what: 'a process is away for five minutes; another target is none of ours',
    series: { 'up{job="sinks",instance="sinks:9464"}': '1 1 0x5 1x3', 'up{job="kafka",instance="kafka:1"}': '0x11' },
    looks: [
      quiet(3),
      fires(4, { job: 'sinks', instance: 'sinks:9464' }, 'sinks on sinks:9464 does not answer.'),
      fires(7, { job: 'sinks', instance: 'sinks:9464' }, 'sinks on sinks:9464 does not answer.'),
      quiet(8),
    ],
  },
  {
    alert: 'RekindleTargetDown',
    what: 'processes of agents by themselves, all of them or those of one system',
    series: {
      'up{job="agents",instance="agents:9464"}': '1 0x3 1x3',
      'up{job="agents-routing",instance="routing:9464"}': '1 1 0x3 1x3',
      'up{job="agentsmith",instance="other:1"}': '0x11',
    },
    looks: [
      quiet(2),
      fires(3, { job: 'agents', instance: 'agents:9464' }, 'agents on agents:9464 does not answer.'),
      fires(5, { job: 'agents-routing', instance: 'routing:9464' }, 'agents-routing on routing:9464 does not answer.'),
      quiet(6),
    ],
  },
  {
    alert: 'RekindleRoleMissing',
    what: 'the only target of the sinks is gone from minute 4 to 9; one that is down is still a target',
    series: {
      'up{job="api",instance="10.0.0.1:8080"}': '1x20',
      'up{job="pipeline",instance="10.0.0.2:9464"}': '0x20',
      'up{job="sinks",instance="10.0.0.3:9464"}': '1x3 stale _x5 1x5',
    },
    looks: [quiet(5), fires(6, { job: 'sinks' }, 'Prometheus knows no process of the job sinks.'), quiet(10)],
  },
  {
    alert: 'RekindlePipelineStopped',
    what: 'ingest stands still from minute 10 to 31: ten minutes without a webhook read, and five more; a timer of a location writes meanwhile',
    series: {
      'lr_webhook_events_total{job="api",outcome="accepted"}': '0+10x50',
      'lr_stage_records_total{job="pipeline",stage="ingest",outcome="next"}': '0+5x10 50x20 55+5x18',
      'lr_stage_records_total{job="pipeline",stage="attribution",outcome="next"}': '0+1x50',
    },
    looks: [
      quiet(24),
      fires(25, {}, 'Webhooks are accepted and none has been read for 15 minutes.'),
      fires(31, {}, 'Webhooks are accepted and none has been read for 15 minutes.'),
      quiet(32),
    ],
  },
  {
    alert: 'RekindlePipelineStopped',
    what: 'the process of the pipeline is gone with its metrics',
    series: { 'lr_webhook_events_total{job="api",outcome="accepted"}': '0+10x20' },
    looks: [quiet(5), fires(6, {}, 'Webhooks are accepted and none has been read for 15 minutes.')],
  },
  {
    alert: 'RekindlePipelineStopped',
    what: 'a night with one webhook in half an hour, each of which had come before; the pipeline was started for the first of them',
    series: {
      'lr_webhook_events_total{job="api",outcome="accepted"}': '7x10 8x30 9x30',
      'lr_stage_records_total{job="pipeline",stage="ingest",outcome="drop"}': '_x10 1x30 2x30',
    },
    looks: [quiet(16), quiet(20), quiet(47), quiet(52)],
  },
  {
    alert: 'RekindlePipelineStopped',
    what: 'a night without webhooks',
    series: { 'lr_webhook_events_total{job="api",outcome="accepted"}': '70x60' },
    looks: [quiet(30), quiet(60)],
  },
  {
    alert: 'RekindleLagHigh',
    what: 'just a minute behind is allowed, a second more is not',
    series: { 'lr_kafka_lag_seconds{group="line",topic="ghl.webhooks",instance="a"}': '60x5 61x10 0x3' },
    looks: [quiet(5), quiet(10), fires(11, { group: 'line' }, 'line works on records 1m 1s old.'), quiet(17)],
  },
  {
    alert: 'RekindleTasksNotRunning',
    what: 'a restore of three minutes is none, one of seven is',
    series: {
      'lr_task_states{group="line",state="restoring",instance="a"}': '1x2 0 1x7 0x3',
      'lr_task_states{group="line",state="restoring",instance="b"}': '0x3 1x7 0x3',
      'lr_task_states{group="line",state="running",instance="a"}': '4x20',
    },
    looks: [
      quiet(3),
      quiet(8),
      fires(9, { group: 'line', state: 'restoring' }, '2 tasks of line have been restoring for five minutes.'),
      quiet(12),
    ],
  },
  {
    alert: 'RekindleStandbyBehind',
    what: 'behind by one record more than the bound',
    series: { 'lr_standby_lag_records{group="line",partition="3"}': '100000x3 100001x12 0x3' },
    looks: [
      quiet(3),
      quiet(13),
      fires(14, { group: 'line', partition: '3' }, 'The standby copy of line partition 3 misses 100k records.'),
      quiet(17),
    ],
  },
  {
    alert: 'RekindleStandbyBehind',
    what: 'a copy that failed at minute 4',
    series: { 'lr_standby_lag_records{group="line",partition="3"}': `0x3${' Inf'.repeat(12)}` },
    looks: [quiet(13), fires(14, { group: 'line', partition: '3' }, 'The standby copy of line partition 3 misses +Inf records.')],
  },
  {
    alert: 'RekindleSpansLost',
    what: 'spans are dropped from minute 6 to 31',
    series: {
      'lr_trace_spans_total{role="pipeline",outcome="dropped"}': '0x5 1+1x25 26x10',
      'lr_trace_spans_total{role="pipeline",outcome="sent"}': '0+50x41',
    },
    looks: [
      quiet(20),
      fires(21, { role: 'pipeline', outcome: 'dropped' }, 'The pipeline has been losing spans for 15 minutes (dropped).'),
      fires(35, { role: 'pipeline', outcome: 'dropped' }, 'The pipeline has been losing spans for 15 minutes (dropped).'),
      quiet(36),
    ],
  },
  {
    alert: 'RekindleBrokerLeftTransactionsOpen',
    what: 'the first ones: the counter is exposed with them, and an hour later they are old',
    series: { 'lr_transactions_mended_total{group="line",verdict="committed"}': '_ _ 3x70' },
    looks: [
      quiet(1),
      fires(2, { group: 'line', verdict: 'committed' }, 'A broker left 3 transactions of line open; they were ended (committed).'),
      fires(61, { group: 'line', verdict: 'committed' }, 'A broker left 3 transactions of line open; they were ended (committed).'),
      quiet(62),
    ],
  },
  {
    alert: 'RekindleSinkRefused',
    what: 'a record is refused six times a minute from minute 1 to 40',
    series: { 'lr_sink_batches_total{sink="postgres",topic="leads.profiles",outcome="failed"}': '0+6x40 240x30' },
    looks: [
      quiet(10),
      fires(
        20,
        { sink: 'postgres', topic: 'leads.profiles' },
        'postgres has failed to store leads.profiles for ten minutes, 12 times in the last two.',
      ),
      quiet(43),
    ],
  },
  {
    alert: 'RekindleSinkRefused',
    what: 'a database that was away for eight minutes, tried by four partitions: nobody is called when it has long been back',
    series: { 'lr_sink_batches_total{sink="postgres",topic="leads.events",outcome="failed"}': '0x20 28+24x7 196x30' },
    looks: [quiet(28), quiet(30), quiet(31), quiet(35), quiet(40)],
  },
  {
    alert: 'RekindleWorkerOutsideDown',
    what: 'two members whose breakers do not close',
    series: {
      'lr_worker_breaker_state{worker="claude",state="open",instance="a"}': '0 1x12 0x3',
      'lr_worker_breaker_state{worker="claude",state="half-open",instance="b"}': '0 1x12 0x3',
      'lr_worker_breaker_state{worker="claude",state="closed",instance="c"}': '1x20',
    },
    looks: [
      quiet(10),
      fires(11, { worker: 'claude' }, 'claude has left its outside alone for ten minutes: its breaker does not close.'),
      quiet(14),
    ],
  },
  {
    alert: 'RekindleWorkerRetriesRefused',
    what: 'retries are refused from minute 1 to 20',
    series: { 'lr_worker_retries_refused_total{worker="claude"}': '0+1x20 20x15' },
    looks: [quiet(15), fires(16, { worker: 'claude' }, 'claude has retries that wait for budget.'), quiet(30)],
  },
  {
    alert: 'RekindleWebhooksSilent',
    what: 'two locations, told by two processes',
    series: {
      'lr_heartbeat_locations{state="silent",instance="a"}': '0 2x8 0x3',
      'lr_heartbeat_locations{state="silent",instance="b"}': '0 2x8 0x3',
      'lr_heartbeat_locations{state="fine",instance="a"}': '7x20',
    },
    looks: [quiet(5), fires(6, {}, 'Webhooks of 2 locations do not arrive: three heartbeats did not come back.'), quiet(10)],
  },
  {
    alert: 'RekindleHeartbeatNotSent',
    what: 'one location cannot be watched for over half an hour',
    series: { 'lr_heartbeat_locations{state="unwatched"}': '0 1x40 0x3' },
    looks: [quiet(30), fires(31, {}, 'Whether webhooks of 1 locations arrive is not known: their heartbeat cannot be sent.'), quiet(42)],
  },
  {
    alert: 'RekindleVerdictsDrift',
    what: 'one test of four says so, until policies are learned without it',
    series: { 'lr_learn_drift{decision_type="follow_up"}': '0 1x5 0x3', 'lr_learn_drift{decision_type="content"}': '0x9' },
    looks: [quiet(0), fires(1, { decision_type: 'follow_up' }, 'Verdicts on follow_up decisions are not what they were.'), quiet(7)],
  },
  {
    alert: 'RekindleAgentsTurned',
    what: 'two are held down on one type, until thirty judged votes say what they are worth',
    series: {
      'lr_learn_turned_agents{decision_type="follow_up",state="held_down"}': '0 2x5 0x3',
      'lr_learn_turned_agents{decision_type="follow_up",state="cannot_tell"}': '0x9',
    },
    looks: [
      quiet(0),
      fires(1, { decision_type: 'follow_up', state: 'held_down' }, '2 agents fell out with the others on follow_up decisions (held_down).'),
      quiet(7),
    ],
  },
  {
    alert: 'RekindleTextsHeldBack',
    what: 'the first one that a location may not send, until a day after the last; what is held by the limit of a day is none',
    series: {
      'lr_followups_held_total{gate="contact_budget",rule="location_opt_outs",instance="a"}': '_ _ _ 1x1500',
      'lr_followups_held_total{gate="contact_budget",rule="location_per_24h",instance="a"}': '0+5x1500',
    },
    looks: [
      quiet(2),
      fires(3, { rule: 'location_opt_outs' }, 'Texts that begin a conversation are held back (location_opt_outs): 1 in a day.'),
      fires(1440, { rule: 'location_opt_outs' }, 'Texts that begin a conversation are held back (location_opt_outs): 1 in a day.'),
      quiet(1445),
    ],
  },
  {
    alert: 'RekindleDeadLetters',
    what: 'the first one that a process ever sets aside, and a quarter of an hour later no more',
    series: { 'lr_dlq_records_total{topic="ghl.webhooks",reason="E_UNDECODABLE",instance="a"}': '_ _ _ 1x30' },
    looks: [
      quiet(2),
      fires(3, { topic: 'ghl.webhooks', reason: 'E_UNDECODABLE' }, '1 records of ghl.webhooks were set aside: E_UNDECODABLE.'),
      fires(17, { topic: 'ghl.webhooks', reason: 'E_UNDECODABLE' }, '1 records of ghl.webhooks were set aside: E_UNDECODABLE.'),
      quiet(18),
    ],
  },
  {
    alert: 'RekindleDeadLetters',
    what: 'more of a kind that was counted before, on a process that counted others long ago',
    series: {
      'lr_dlq_records_total{topic="ghl.webhooks",reason="E_UNDECODABLE",instance="a"}': '4x20 9x30',
      'lr_dlq_records_total{topic="ghl.webhooks",reason="E_UNDECODABLE",instance="b"}': '2x50',
    },
    looks: [
      quiet(20),
      fires(22, { topic: 'ghl.webhooks', reason: 'E_UNDECODABLE' }, '5 records of ghl.webhooks were set aside: E_UNDECODABLE.'),
      quiet(36),
    ],
  },
  {
    alert: 'RekindleDeadLettersLeft',
    what: 'two steps of a topic, told by two processes, for a day and ten minutes; another topic has none',
    series: {
      'lr_dlq_depth{topic="ghl.webhooks",group="pipeline",step="ingest",instance="a"}': '0 2x1450 0x20',
      'lr_dlq_depth{topic="ghl.webhooks",group="pipeline",step="enrich",instance="a"}': '0 1x1450 0x20',
      'lr_dlq_depth{topic="ghl.webhooks",group="pipeline",step="ingest",instance="b"}': '0 2x1450 0x20',
      'lr_dlq_depth{topic="ghl.webhooks",group="pipeline",step="enrich",instance="b"}': '0 1x1450 0x20',
      'lr_dlq_depth{topic="leads.events",group="pipeline",step="",instance="a"}': '0x1471',
    },
    looks: [
      quiet(1440),
      fires(1441, { topic: 'ghl.webhooks', group: 'pipeline' }, '3 dead letters of ghl.webhooks (pipeline) have been open for a day.'),
      quiet(1467),
    ],
  },
  {
    alert: 'RekindleDeadLettersLeft',
    what: 'the only process that tells of them is replaced after twelve hours and known under another name eight minutes later',
    series: {
      'lr_dlq_depth{topic="ghl.webhooks",group="pipeline",step="ingest",instance="a"}': '0 2x720 stale',
      'lr_dlq_depth{topic="ghl.webhooks",group="pipeline",step="ingest",instance="b"}': '_x729 2x730',
    },
    looks: [
      quiet(1440),
      fires(1441, { topic: 'ghl.webhooks', group: 'pipeline' }, '2 dead letters of ghl.webhooks (pipeline) have been open for a day.'),
    ],
  },
  {
    alert: 'RekindleAgentErrors',
    what: 'the first one of an agent, on two processes; a quarter of an hour later no more',
    series: {
      'lr_agent_errors_total{system="attribution",agent="roi_optimizer",class="threw",instance="a"}': '_ _ 2x30',
      'lr_agent_errors_total{system="attribution",agent="roi_optimizer",class="threw",instance="b"}': '_ _ _ 1x30',
    },
    looks: [
      quiet(1),
      fires(
        3,
        { system: 'attribution', agent: 'roi_optimizer', class: 'threw' },
        '3 votes of roi_optimizer (attribution) were errors: threw.',
      ),
      fires(
        17,
        { system: 'attribution', agent: 'roi_optimizer', class: 'threw' },
        '1 votes of roi_optimizer (attribution) were errors: threw.',
      ),
      quiet(18),
    ],
  },
  {
    alert: 'RekindleAgentErrors',
    what: 'more of an agent that had failed long ago, in the same process',
    series: { 'lr_agent_errors_total{system="follow-up",agent="timing_optimizer",class="two_votes",instance="a"}': '4x20 6x30' },
    looks: [
      quiet(20),
      fires(
        22,
        { system: 'follow-up', agent: 'timing_optimizer', class: 'two_votes' },
        '2 votes of timing_optimizer (follow-up) were errors: two_votes.',
      ),
      quiet(36),
    ],
  },
  {
    alert: 'RekindleWebhooksRefused',
    what: 'of a hundred a minute four have a bad signature, then ten, then none',
    series: {
      'lr_webhook_events_total{outcome="bad_signature"}': '0+4x20 90+10x20 290x20',
      'lr_webhook_events_total{outcome="accepted"}': '0+96x20 2010+90x40',
    },
    // In ten minutes 40 + 6k of 1,000 with k minutes of ten: more than 50 from k = 2, minute 22, on; after minute 41 it is
    // 10 (10 - k) of 1,000 - 10k, fewer than one in twenty from k = 6 on.
    looks: [
      quiet(31),
      fires(32, {}, '10% of the webhooks have a bad signature.'),
      fires(46, {}, '5.263% of the webhooks have a bad signature.'),
      quiet(47),
    ],
  },
  {
    alert: 'RekindleWebhooksUnavailable',
    what: 'Kafka is away for ten minutes',
    series: { 'lr_webhook_events_total{outcome="unavailable"}': '0x3 1+1x9 10x10' },
    looks: [
      quiet(8),
      fires(9, {}, 'Webhooks are answered 503: Kafka does not take them.'),
      fires(17, {}, 'Webhooks are answered 503: Kafka does not take them.'),
      quiet(18),
    ],
  },
  {
    alert: 'RekindleWebhooksUnavailable',
    what: 'Kafka is away while little comes: of each type one webhook, the first of it that was ever refused',
    series: {
      'lr_webhook_events_total{type="ContactCreate",outcome="unavailable"}': '_ _ _ 1x20',
      'lr_webhook_events_total{type="InboundMessage",outcome="unavailable"}': '_x6 1x17',
      'lr_webhook_events_total{type="ContactUpdate",outcome="unavailable"}': '_x9 1x14',
    },
    looks: [quiet(7), fires(8, {}, 'Webhooks are answered 503: Kafka does not take them.'), quiet(15)],
  },
  {
    alert: 'RekindleWebhooksUnavailable',
    what: 'one that was refused and has come again by now',
    series: { 'lr_webhook_events_total{type="ContactCreate",outcome="unavailable"}': '_ _ _ 1x20' },
    looks: [quiet(3), quiet(8), quiet(9)],
  },
  {
    alert: 'RekindleSharesAlone',
    what: 'two processes hear nothing of Redis from the second minute to the twentieth, a third has none',
    series: {
      'lr_webhook_shares_alone{instance="a"}': '0x1 1x18 0x10',
      'lr_webhook_shares_alone{instance="b"}': '0x1 1x18 0x10',
      'lr_webhook_shares_alone{instance="c"}': '0x30',
    },
    looks: [
      quiet(11),
      fires(12, {}, '2 API processes judge the shares of locations alone.'),
      fires(20, {}, '2 API processes judge the shares of locations alone.'),
      quiet(21),
    ],
  },
  {
    alert: 'RekindleCallbacksOfNoLocation',
    what: 'two callbacks in the tenth minute, the first that are counted, others of contacts that are not named',
    series: {
      'lr_webhook_kept_raw_total{source="twilio",type="TwilioMessage",reason="tenant_not_named"}': '_x10 2x50',
      'lr_webhook_kept_raw_total{source="sendgrid",type="SendGridEvent",reason="contact_not_named"}': '0x10 5x50',
    },
    looks: [
      quiet(9),
      fires(12, { source: 'twilio' }, 'Callbacks of twilio name no location that has the app: 2 in 30 minutes.'),
      quiet(45),
    ],
  },
  {
    alert: 'RekindleDatabasePoolFull',
    what: 'the queue of one process stands from minute 3 to 9; that of another one empties in between, and a third is another process of the role',
    series: {
      'lr_db_pool_waiting{job="sinks",instance="a",role="sinks"}': '0x2 4x4 7x1 0x5',
      'lr_db_pool_waiting{job="sinks",instance="b",role="sinks"}': '0x13',
      'lr_db_pool_waiting{job="api",instance="c",role="api"}': '2x3 0 2x3 0 2x4',
    },
    looks: [
      quiet(7),
      fires(
        8,
        { role: 'sinks', instance: 'a' },
        '7 callers in the sinks on a wait for a connection to the database, and have for five minutes.',
      ),
      quiet(10),
      quiet(12),
    ],
  },
  {
    alert: 'RekindleWatchdog',
    what: 'always',
    series: {},
    looks: [fires(0, {}, 'Always on: when it stops arriving, alerting itself is broken.')],
  },
]
