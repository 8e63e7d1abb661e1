/** Panels of marketing and of what agents find about locations: what channels cost and brought, the latest findings, and the market feed. */
import type { PanelSpec } from './panel.ts'
import { targets, tenants } from './selectors.ts'

/** Every day of which the chosen time has a part: by the moment at which a day begins, six hours would as a rule have none. */
const days = "day BETWEEN toDate($__fromTime, 'UTC') AND toDate($__toTime, 'UTC')"

export const marketing: PanelSpec[] = [
  {
    id: 91,
    title: 'What channels cost and brought',
    kind: 'table',
    unit: 'short',
    noValue: 'nothing was told',
    width: 12,
    about:
      'By channel, of whole days (spend by those of the location, the rest by those of UTC): spend as stated last, leads it touched first, conversions and their worth by first and by last touch. Spend in two currencies is two rows; revenue has none.',
    queries: [
      {
        as: 'table',
        sql: `SELECT channel, currency, sum(spent) AS spend, sum(leads) AS leads_touched_first, sum(first_conversions) AS conversions_by_first, sum(first_revenue) AS revenue_by_first,
  sum(last_conversions) AS conversions_by_last, sum(last_revenue) AS revenue_by_last
FROM (
  SELECT toString(channel) AS channel, toString(currency) AS currency, toDecimal128(amount, 4) AS spent, toUInt64(0) AS leads, toUInt64(0) AS first_conversions,
    toDecimal128(0, 4) AS first_revenue, toUInt64(0) AS last_conversions, toDecimal128(0, 4) AS last_revenue
  FROM (
    SELECT * FROM marketing_spend WHERE day IS NOT NULL AND amount >= 0 AND ${tenants}
    ORDER BY stated_at DESC, _offset DESC LIMIT 1 BY tenant_id, channel, campaign, day)
  WHERE ${days}
  UNION ALL
  SELECT toString(channel), '', toDecimal128(0, 4), leads, first_conversions, first_revenue, last_conversions, last_revenue
  FROM channel_days WHERE ${days} AND ${tenants}
) GROUP BY channel, currency ORDER BY channel, currency`,
      },
    ],
  },
  {
    id: 92,
    title: 'What agents find about locations',
    kind: 'table',
    unit: 'short',
    noValue: 'nothing is found',
    width: 12,
    about: 'The latest findings of each agent about each location, of statements that held at any moment of the chosen time.',
    queries: [
      {
        as: 'table',
        sql: `SELECT tenant_id AS location, agent_id AS agent, kind, subject, figure, samples, bin AS confidence, text AS finding
FROM (SELECT * FROM insights WHERE found_at <= $__toTime AND ${tenants} ORDER BY found_at DESC, _offset DESC LIMIT 1 BY tenant_id, agent_id)
ARRAY JOIN findings.kind AS kind, findings.subject AS subject, findings.figure AS figure, findings.samples AS samples, findings.bin AS bin, findings.text AS text,
  arrayEnumerate(findings.kind) AS place
WHERE valid_until > $__toTime OR $__timeFilter_ms(valid_until) ORDER BY location, agent, place LIMIT 200`,
      },
    ],
  },
  {
    id: 93,
    title: 'Locations asked about at the market feed',
    kind: 'bars',
    unit: 'short',
    noValue: 'none',
    width: 8,
    about:
      'By the timer (MARKET_FETCH_HOURS), by outcome; of a failed one the pages before were told, and the log of the sinks has E_MARKET_FEED_….',
    queries: [{ promql: `sum by (outcome) (increase(lr_market_fetches_total{${targets}}[$__rate_interval]))`, legend: '{{outcome}}' }],
  },
  {
    id: 94,
    title: 'Rows of the market feed',
    kind: 'bars',
    unit: 'short',
    noValue: 'none',
    width: 8,
    about: 'Facts that the timer told to market.facts, and rows it could not read; `rekindle market fetch` names those.',
    queries: [{ promql: `sum by (outcome) (increase(lr_market_rows_total{${targets}}[$__rate_interval]))`, legend: '{{outcome}}' }],
  },
  {
    id: 95,
    title: 'Locations whose last fetch failed',
    kind: 'stat',
    unit: 'short',
    noValue: 'not by the timer',
    width: 8,
    about: 'They are asked about again by themselves, each time later; findings hold for 48 hours.',
    thresholds: [
      [null, 'green'],
      [1, 'yellow'],
    ],
    queries: [{ promql: `max(lr_market_failing_locations{${targets}})`, legend: 'failing', instant: true }],
  },
]
