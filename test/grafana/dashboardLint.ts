/**
 * Rules for a dashboard as Grafana will read it: what would look broken, lie, or bind it to one installation.
 * @source grafana/dashboard-linter, the tests of the ClickHouse plugin, and rules of our own
 */

export interface Target {
  readonly refId?: string
  readonly datasource?: { readonly type?: string; readonly uid?: string }
  readonly expr?: string
  readonly rawSql?: string
  readonly format?: number | string
}
export interface Panel {
  readonly id?: number
  readonly type: string
  readonly title?: string
  readonly description?: string
  readonly datasource?: { readonly type?: string; readonly uid?: string }
  readonly gridPos?: { readonly x: number; readonly y: number; readonly w: number; readonly h: number }
  readonly targets?: readonly Target[]
  readonly panels?: readonly Panel[]
  readonly fieldConfig?: { readonly defaults: { readonly unit?: string; readonly noValue?: string } }
  readonly options?: { readonly reduceOptions?: { readonly calcs: readonly string[] }; readonly legend?: { readonly showLegend: boolean } }
}
export interface Variable {
  readonly name: string
  readonly type: string
  readonly query?: unknown
  readonly refresh?: number
  readonly multi?: boolean
  readonly includeAll?: boolean
  readonly allValue?: string
  readonly current?: unknown
  readonly datasource?: { readonly uid?: string }
}
export interface Dashboard {
  readonly uid?: string
  readonly title?: string
  readonly editable?: boolean
  readonly timezone?: string
  readonly refresh?: string
  readonly schemaVersion?: number
  readonly tags?: readonly string[]
  readonly panels: readonly Panel[]
  readonly templating: { readonly list: readonly Variable[] }
}

const GRID_COLUMNS = 24
const ON_TIME_RANGE_CHANGE = 2

/** All panels, those of collapsed rows and the rows themselves too. */
export function everyPanel(dashboard: Pick<Dashboard, 'panels'>): Panel[] {
  return dashboard.panels.flatMap((panel) => [panel, ...everyPanel({ panels: panel.panels ?? [] })])
}

export function lint(dashboard: Dashboard): string[] {
  const panels = everyPanel(dashboard)
  const ids = panels.map(({ id }) => id)
  return [
    ...need(/^[a-z][a-z0-9-]{2,39}$/.test(dashboard.uid ?? ''), 'the uid must be short and plain'),
    ...need((dashboard.title ?? '') !== '', 'there is no title'),
    ...need(dashboard.editable === false, 'it can be edited, so the repository is not the truth'),
    ...need(dashboard.timezone === 'browser' && dashboard.refresh === '30s', 'time zone or refresh'),
    ...need((dashboard.tags ?? []).length > 0, 'there is no tag to find it by'),
    ...need(ids.every((id) => id !== undefined) && new Set(ids).size === ids.length, 'ids of panels are missing or double'),
    ...dashboard.templating.list.flatMap(variableFaults),
    ...panels
      .filter(({ type }) => type !== 'row')
      .flatMap((panel) => panelFaults(panel).map((fault) => `${panel.title ?? 'a panel'}: ${fault}`)),
    ...overlaps(panels).map(([a, b]) => `${a} and ${b} lie on each other`),
  ]
}

function variableFaults({ name, type, query, refresh, multi, includeAll, allValue, current, datasource }: Variable): string[] {
  const fault = (ok: boolean, text: string) => need(ok, `variable ${name}: ${text}`)
  if (type === 'datasource') return []
  return [
    ...fault(typeof query === 'string', 'the query must be a string'),
    ...fault(refresh === ON_TIME_RANGE_CHANGE, 'must be asked again when the time range changes'),
    ...fault(multi === true && includeAll === true && current !== undefined, 'must allow several and All, and start with All'),
    ...fault(/^\$\{\w+\}$/.test(datasource?.uid ?? ''), 'the data source is hard-coded'),
    ...(name === 'job' || name === 'instance' ? fault(allValue === '.+', 'All must be .+') : []),
  ]
}

function panelFaults({ type, title, description, datasource, targets = [], fieldConfig, gridPos, options }: Panel): string[] {
  const refs = targets.map(({ refId }) => refId)
  return [
    ...need((title ?? '') !== '', 'no title'),
    ...need(/^[A-Z].*\.$/.test(description ?? ''), 'the description must be a sentence'),
    ...need((fieldConfig?.defaults.unit ?? '') !== '', 'no unit'),
    ...need((fieldConfig?.defaults.noValue ?? '') !== '', 'nothing is said when there is nothing'),
    ...need(
      targets.length > 0 && new Set(refs).size === refs.length && !refs.includes(undefined),
      'no target, or targets of the same name',
    ),
    ...need(
      [datasource, ...targets.map((target) => target.datasource)].every((source) => /^\$\{\w+\}$/.test(source?.uid ?? '')),
      'a data source is hard-coded',
    ),
    ...need(gridPos !== undefined && gridPos.x + gridPos.w <= GRID_COLUMNS, 'outside the grid'),
    ...need(type !== 'stat' || options?.reduceOptions?.calcs.join() === 'lastNotNull', 'a stat must show the last value'),
    ...need(type !== 'timeseries' || options?.legend?.showLegend === true, 'no legend'),
    ...targets.flatMap(({ expr, rawSql, format }) => [
      ...(expr === undefined
        ? []
        : need(expr.includes('job=~"$job"') && expr.includes('instance=~"$instance"'), 'a query does not narrow by job and instance')),
      ...(rawSql === undefined ? [] : need(format === 0 || format === 1, 'the format must be the number of the back end')),
      ...(rawSql === undefined
        ? []
        : need(
            /\$__(timeFilter|fromTime)/.test(rawSql) &&
              /\$__conditionalAll\(tenant_id IN \(\$\{tenant:singlequote\}\), \$tenant\)/.test(rawSql),
            'a query does not narrow by time and tenant',
          )),
    ]),
  ]
}

function overlaps(panels: readonly Panel[]): [string, string][] {
  return panels.flatMap((a, i) =>
    panels.slice(i + 1).flatMap((b): [string, string][] => {
      const [p, q] = [a.gridPos, b.gridPos]
      if (p === undefined || q === undefined) return []
      const apart = p.x + p.w <= q.x || q.x + q.w <= p.x || p.y + p.h <= q.y || q.y + q.h <= p.y
      return apart ? [] : [[a.title ?? '?', b.title ?? '?']]
    }),
  )
}

function need(holds: boolean, fault: string): string[] {
  return holds ? [] : [fault]
}
