/** What Postgres costs the processes: how long queries take, and whether there are connections enough. */
import type { PanelSpec } from './panel.ts'
import { targets } from './selectors.ts'

export const database: PanelSpec[] = [
  {
    id: 201,
    title: 'Queries of the database',
    kind: 'lines',
    unit: 's',
    noValue: 'no queries',
    width: 12,
    about:
      'Time from sending a query to its whole answer, by role and first word of the query, p95, which should stay below 100 ms; runs of retention and learning may take longer. The wait for a connection is not in it.',
    thresholds: [
      [null, 'green'],
      [0.1, 'yellow'],
    ],
    queries: [
      {
        promql: `histogram_quantile(0.95, sum by (le, role, operation) (rate(lr_db_query_duration_seconds_bucket{${targets}}[$__rate_interval])))`,
        legend: '{{role}} {{operation}}',
      },
    ],
  },
  {
    id: 202,
    title: 'Connections to the database',
    kind: 'lines',
    unit: 'short',
    noValue: 'no metrics',
    width: 12,
    about: 'Connections in use and allowed at most, over all processes of a role, and callers that wait for one; should be none.',
    queries: [
      { promql: `sum by (role) (lr_db_pool_in_use{${targets}})`, legend: '{{role}}, in use' },
      { promql: `sum by (role) (lr_db_pool_limit{${targets}})`, legend: '{{role}}, at most' },
      { promql: `sum by (role) (lr_db_pool_waiting{${targets}}) > 0`, legend: '{{role}}, waiting' },
    ],
  },
]
