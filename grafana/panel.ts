/**
 * What a dashboard is made of, in words of our own: the queries are proven against the engine and the catalogue of metrics
 * without a Grafana server, and the format Grafana wants can change without them.
 */

export interface SqlQuery {
  readonly sql: string
  /** Series: a time column, text columns as labels, numbers as values. Table: as it comes. */
  readonly as: 'series' | 'table'
}
export interface PromQuery {
  readonly promql: string
  readonly legend: string
  /** One value now, rather than a series. */
  readonly instant?: true
}
export type Query = SqlQuery | PromQuery

/** From this value on, this colour. The first step has no value: it is the ground. */
export type Threshold = readonly [value: number | null, color: 'green' | 'yellow' | 'red' | 'blue']

export interface PanelSpec {
  /** Stable: links to a panel and the comments in the query log carry it. */
  readonly id: number
  readonly title: string
  /** One sentence: what it shows and what is right. */
  readonly about: string
  readonly kind: 'stat' | 'lines' | 'bars' | 'table'
  /** Grafana's name of the unit. */
  readonly unit: string
  /** Shown when there is nothing to show. */
  readonly noValue: string
  readonly width: 4 | 6 | 8 | 12 | 24
  readonly queries: readonly Query[]
  readonly thresholds?: readonly Threshold[]
  /** Shortest step between two points; 15 s when left out. */
  readonly minInterval?: string
}

export interface RowSpec {
  readonly id: number
  readonly title: string
  readonly panels: readonly PanelSpec[]
  readonly collapsed?: true
}

export interface DashboardSpec {
  readonly uid: string
  readonly title: string
  readonly about: string
  readonly tags: readonly string[]
  readonly rows: readonly RowSpec[]
}

/** Every panel of a dashboard. */
export function panelsOf({ rows }: DashboardSpec): PanelSpec[] {
  return rows.flatMap(({ panels }) => panels)
}

export function isSql(query: Query): query is SqlQuery {
  return 'sql' in query
}
