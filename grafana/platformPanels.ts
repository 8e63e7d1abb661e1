/**
 * Rows of `lr-pipeline` about what lies around the line: leads that wait, whether GoHighLevel tells us what it should, what is asked
 * of others, what is learned, and what retention takes.
 */
import type { PanelSpec } from './panel.ts'
import { counted, shareOf } from './counted.ts'
import { targets } from './selectors.ts'

/** Every pipeline process shows what is stored, so of these gauges the largest is taken. */
export const answers: PanelSpec[] = [
  {
    id: 61,
    title: 'Leads that wait, by cause',
    kind: 'lines',
    unit: 'short',
    noValue: 'not known',
    width: 12,
    about:
      'Leads whose last message has had no answer for 15 minutes or longer, by the first step that has not happened; of the thousand that wait longest. `rekindle owed` and /ui/owed name them.',
    queries: [{ promql: `max by (cause) (lr_owed_leads{${targets}}) > 0`, legend: '{{cause}}' }],
  },
  {
    id: 62,
    title: 'Nobody has decided, or nothing works',
    kind: 'stat',
    unit: 'short',
    noValue: 'not known',
    width: 6,
    about: 'Leads that wait since no decision was made, too few agents answered, or the provider refused; should be 0.',
    thresholds: [
      [null, 'green'],
      [1, 'red'],
    ],
    queries: [
      {
        promql: `sum(max by (cause) (lr_owed_leads{cause=~"no_decision|agents_failed|webhook_lost|delivery_failed", ${targets}}))`,
        legend: 'leads',
        instant: true,
      },
    ],
  },
  {
    id: 63,
    title: 'Locations not compared',
    kind: 'stat',
    unit: 'short',
    noValue: 'not known',
    width: 6,
    about:
      'Active locations that were never compared with what GoHighLevel shows, or not for 32 minutes; what waits there may be missing beside.',
    thresholds: [
      [null, 'green'],
      [1, 'yellow'],
    ],
    queries: [{ promql: `sum(max by (compared) (lr_owed_locations_behind{${targets}}))`, legend: 'locations', instant: true }],
  },
]

export const platform: PanelSpec[] = [
  {
    id: 56,
    title: 'Locations by heartbeat',
    kind: 'lines',
    unit: 'short',
    noValue: 'no heartbeat',
    width: 8,
    about:
      'Active locations by what their heartbeat contact shows; silent ones send us no webhooks, of unwatched ones that is not known. `rekindle owed` names them.',
    queries: [{ promql: `max by (state) (lr_heartbeat_locations{${targets}})`, legend: '{{state}}' }],
  },
  {
    id: 57,
    title: 'Age of the last heartbeat',
    kind: 'lines',
    unit: 's',
    noValue: 'no heartbeat',
    width: 8,
    about:
      'Since a heartbeat came back as a webhook, of the location where that is longest ago; up to the time between two beats is normal.',
    queries: [{ promql: `max(lr_heartbeat_age_seconds{${targets}})`, legend: 'longest ago' }],
  },
  {
    id: 58,
    title: 'Heartbeats sent',
    kind: 'bars',
    unit: 'short',
    noValue: 'no heartbeat',
    width: 8,
    about: 'Changes of heartbeat contacts by outcome; refused ones lack access, which a person has to widen.',
    queries: [{ promql: `sum by (outcome) (increase(lr_heartbeats_total{${targets}}[$__rate_interval]))`, legend: '{{outcome}}' }],
  },
  {
    id: 70,
    title: 'Webhooks by lane',
    kind: 'bars',
    unit: 'short',
    noValue: 'none',
    width: 24,
    about:
      'Webhooks stored, by the lane they wait in and why. Above their share: locations that send more than TENANT_WEBHOOKS_PER_SECOND let others pass; the log of the API names them.',
    queries: [
      {
        promql: `sum by (lane, reason) (${counted(`lr_webhook_lane_total{${targets}}`, '$__rate_interval')})`,
        legend: '{{lane}}: {{reason}}',
      },
    ],
  },
  {
    id: 199,
    title: 'Shares over the API processes',
    kind: 'lines',
    unit: 'short',
    noValue: 'no Redis',
    width: 24,
    about:
      'Exchanges of what locations have sent between the API processes, by outcome: after anew and failed ones what came in between is not counted. A process that judges alone lets a location have its share once more.',
    queries: [
      {
        promql: `sum by (outcome) (${counted(`lr_webhook_share_exchanges_total{${targets}}`, '$__rate_interval')})`,
        legend: '{{outcome}}',
      },
      { promql: `sum(lr_webhook_shares_alone{${targets}})`, legend: 'processes that judge alone' },
    ],
  },
  {
    id: 64,
    title: 'Comparisons',
    kind: 'bars',
    unit: 'short',
    noValue: 'no comparison',
    width: 8,
    about:
      'Comparisons of a location with what GoHighLevel shows, by source and outcome; failed ones are made again and leave no gap but the contacts that were set aside, because it did not show them in three in a row.',
    queries: [
      { promql: `sum by (source, outcome) (increase(lr_sweeps_total{${targets}}[$__rate_interval]))`, legend: '{{source}} {{outcome}}' },
      { promql: `sum by (source) (increase(lr_sweep_set_aside_total{${targets}}[$__rate_interval])) > 0`, legend: '{{source}} set aside' },
    ],
  },
  {
    id: 65,
    title: 'Found that no webhook told',
    kind: 'bars',
    unit: 'short',
    noValue: 'nothing',
    width: 8,
    about: 'Things that GoHighLevel shows and no webhook had told of, by source; they go through the line from there.',
    queries: [{ promql: `sum by (source) (increase(lr_sweep_missed_total{${targets}}[$__rate_interval]))`, legend: '{{source}}' }],
  },
  {
    id: 66,
    title: 'Share that no webhook told',
    kind: 'stat',
    unit: 'percentunit',
    noValue: 'nothing compared',
    width: 8,
    about: "Of what was compared in the chosen time; one that rises is a matter for the platform's page of webhooks.",
    thresholds: [
      [null, 'green'],
      [0.02, 'yellow'],
      [0.1, 'red'],
    ],
    queries: [
      {
        promql: shareOf(counted(`lr_sweep_missed_total{${targets}}`, '$__range'), counted(`lr_sweep_read_total{${targets}}`, '$__range')),
        legend: 'share',
        instant: true,
      },
    ],
  },
  {
    id: 191,
    title: 'Held things that GoHighLevel shows otherwise',
    kind: 'bars',
    unit: 'short',
    noValue: 'nothing',
    width: 8,
    about:
      'What leads hold and GoHighLevel has no more (deleted), or shows otherwise (changed), found by the inventory and told through the line.',
    queries: [
      {
        promql: `sum by (kind, what) (increase(lr_inventory_missed_total{${targets}}[$__rate_interval]))`,
        legend: '{{kind}} {{what}}',
      },
    ],
  },
  {
    id: 192,
    title: 'What the inventory asks',
    kind: 'lines',
    unit: 'short',
    noValue: 'no inventory',
    width: 8,
    about:
      'Calls of all locations together, what they compared, and what stayed unclear; GHL_INVENTORY_CALLS_PER_HOUR bounds the calls of each location.',
    queries: [
      { promql: `sum(increase(lr_inventory_calls_total{${targets}}[$__rate_interval]))`, legend: 'calls' },
      { promql: `sum by (kind) (increase(lr_inventory_read_total{${targets}}[$__rate_interval]))`, legend: '{{kind}}' },
      { promql: `sum(increase(lr_inventory_unclear_total{${targets}}[$__rate_interval]))`, legend: 'unclear' },
    ],
  },
  {
    id: 193,
    title: 'Age of the oldest inventory',
    kind: 'lines',
    unit: 's',
    noValue: 'no inventory',
    width: 8,
    about:
      'Since all that leads of a location hold was gone through, of the location where that is longest ago: for so long a deletion may be unknown.',
    queries: [{ promql: `max by (part) (lr_inventory_age_seconds{${targets}})`, legend: '{{part}}' }],
  },
]

export const enrichment: PanelSpec[] = [
  {
    id: 49,
    title: 'Contacts looked up',
    kind: 'bars',
    unit: 'short',
    noValue: 'none',
    width: 12,
    about:
      'Webhooks that named no contact, by what came of asking GoHighLevel. What was not found lies on ghl.unrecognised with the reason and its detail; lookup_failed in number is a location without access.',
    queries: [
      {
        promql: `sum by (type, outcome) (increase(lr_contact_lookups_total{${targets}}[$__rate_interval]))`,
        legend: '{{type}} {{outcome}}',
      },
    ],
  },
  {
    id: 67,
    title: 'Realtors told of',
    kind: 'bars',
    unit: 'short',
    noValue: 'none',
    width: 12,
    about: 'Rows of realtors that ingest wrote: users of locations who came, changed or went.',
    queries: [
      {
        promql: `sum by (stage) (${counted(`lr_stage_outputs_total{topic="realtors", ${targets}}`, '$__rate_interval')})`,
        legend: 'rows by {{stage}}',
      },
    ],
  },
  {
    id: 39,
    title: 'Look-ups of leads',
    kind: 'lines',
    unit: 'short',
    noValue: 'no look-ups',
    width: 12,
    about:
      'Questions to Apollo by outcome. Success is found and partly of all answers (`rekindle look-ups`); refused: what a location may spend in a day is used up.',
    queries: [{ promql: `sum by (outcome) (${counted(`lr_look_ups_total{${targets}}`, '$__rate_interval')})`, legend: '{{outcome}}' }],
  },
  {
    id: 40,
    title: 'Look-ups that found something',
    kind: 'stat',
    unit: 'percentunit',
    noValue: 'no look-ups',
    width: 12,
    about:
      'Share of the answers of the chosen time in which at least one field that was asked for was found. Apollo knows employees, not home buyers.',
    queries: [
      {
        promql: shareOf(
          counted(`lr_look_ups_total{outcome=~"found|partly", ${targets}}`, '$__range'),
          counted(`lr_look_ups_total{outcome=~"found|partly|none", ${targets}}`, '$__range'),
        ),
        legend: 'success',
        instant: true,
      },
    ],
  },
]

export const storage: PanelSpec[] = [
  {
    id: 68,
    title: 'Rows past their retention',
    kind: 'bars',
    unit: 'short',
    noValue: 'none',
    width: 12,
    about:
      'Rows of Postgres deleted since they were past their retention, by table; `rekindle retention --dry-run` says what would go next.',
    queries: [
      { promql: `sum by (table) (${counted(`lr_retention_deleted_rows_total{${targets}}`, '$__rate_interval')})`, legend: '{{table}}' },
    ],
  },
  {
    id: 69,
    title: 'Records too old to store',
    kind: 'bars',
    unit: 'short',
    noValue: 'none',
    width: 12,
    about: 'Records that were not stored since they are past the retention of their table, by topic; many mean that a topic is read again.',
    queries: [
      { promql: `sum by (topic) (${counted(`lr_retention_past_records_total{${targets}}`, '$__rate_interval')})`, legend: '{{topic}}' },
    ],
  },
  {
    id: 198,
    title: 'Outside votes that waited in vain',
    kind: 'bars',
    unit: 'short',
    noValue: 'none',
    width: 24,
    about:
      'Ballots of outside programs that waited for a decision and are kept no longer: undecided for an hour, or crowded out; many mean that somebody votes on questions that were never asked.',
    queries: [{ promql: `sum by (why) (increase(lr_outside_ballots_forgotten_total{${targets}}[$__rate_interval]))`, legend: '{{why}}' }],
  },
]

/** Learning runs in the processes of the sinks; whoever was at it last shows the newest figures. */
export const learning: PanelSpec[] = [
  {
    id: 74,
    title: 'Drift',
    kind: 'stat',
    unit: 'short',
    noValue: 'not known',
    width: 4,
    about:
      'Exact tests on verdicts that say something has drifted, by decision type; `rekindle learn --dry-run` names it with its numbers.',
    thresholds: [
      [null, 'green'],
      [1, 'yellow'],
    ],
    queries: [{ promql: `max by (decision_type) (lr_learn_drift{${targets}})`, legend: '{{decision_type}}', instant: true }],
  },
  {
    id: 200,
    title: 'Agents that turned',
    kind: 'stat',
    unit: 'short',
    noValue: 'not known',
    width: 4,
    about:
      'Agents whose votes count for nothing since they fell out with the others (held_down), or that fell while nobody can say who changed (cannot_tell); `rekindle learn --dry-run` names them with their numbers.',
    thresholds: [
      [null, 'green'],
      [1, 'yellow'],
    ],
    queries: [
      {
        promql: `max by (decision_type, state) (lr_learn_turned_agents{${targets}})`,
        legend: '{{decision_type}} {{state}}',
        instant: true,
      },
    ],
  },
  {
    id: 75,
    title: 'Hours since policies were learned',
    kind: 'stat',
    unit: 'h',
    noValue: 'not by the timer',
    width: 4,
    about: 'Since policies were last made of verdicts by the timer (LEARN_EVERY_HOURS); `rekindle learn` does it at once.',
    queries: [
      {
        promql: `(time() - max(lr_learn_last_run_timestamp_seconds{${targets}} > 0)) / 3600`,
        legend: 'hours',
        instant: true,
      },
    ],
  },
  {
    id: 71,
    title: 'Verdicts that policies rest on',
    kind: 'lines',
    unit: 'short',
    noValue: 'none',
    width: 4,
    about: 'Verdicts of all locations that the last run could use, by decision type.',
    queries: [{ promql: `max by (decision_type) (lr_learn_verdicts{${targets}})`, legend: '{{decision_type}}' }],
  },
  {
    id: 72,
    title: 'Policies learned',
    kind: 'bars',
    unit: 'short',
    noValue: 'none',
    width: 4,
    about:
      'By what became of them; worse: kept back since it foretells the newest verdicts less well than what is in force. `rekindle policy show <hash>` has the report.',
    queries: [{ promql: `sum by (outcome) (increase(lr_learned_policies_total{${targets}}[$__rate_interval]))`, legend: '{{outcome}}' }],
  },
  {
    id: 73,
    title: 'Runs of learning that failed',
    kind: 'stat',
    unit: 'short',
    noValue: 'none',
    width: 4,
    about: 'In the chosen time; the log of the sinks has E_LEARNING_FAILED. What was in force stayed in force.',
    thresholds: [
      [null, 'green'],
      [1, 'red'],
    ],
    queries: [{ promql: `sum(increase(lr_learn_failures_total{${targets}}[$__range]))`, legend: 'failed', instant: true }],
  },
]
