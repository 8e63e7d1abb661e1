/**
 * From a dashboard in our words to the classic JSON that file provisioning takes (version 2 files are refused by
 * Grafana 13.0's file provider). The same spec always gives the same JSON.
 */
import type { Builder, Dataquery } from '@grafana/grafana-foundation-sdk/cog'
import * as common from '@grafana/grafana-foundation-sdk/common'
import * as dashboard from '@grafana/grafana-foundation-sdk/dashboard'
import * as prometheus from '@grafana/grafana-foundation-sdk/prometheus'
import * as stat from '@grafana/grafana-foundation-sdk/stat'
import * as table from '@grafana/grafana-foundation-sdk/table'
import * as timeseries from '@grafana/grafana-foundation-sdk/timeseries'
import { CLICKHOUSE_PLUGIN, clickhouseQuery } from './clickhouseQuery.ts'
import { isSql } from './panel.ts'
import type { DashboardSpec, PanelSpec, Query, RowSpec } from './panel.ts'

const HEIGHTS: Readonly<Record<PanelSpec['kind'], number>> = { stat: 4, lines: 8, bars: 8, table: 8 }
const GRID_COLUMNS = 24
const MIN_INTERVAL = '15s'
const sources = {
  clickhouse: { type: CLICKHOUSE_PLUGIN.id, uid: '${clickhouse}' },
  prometheus: { type: 'prometheus', uid: '${prometheus_datasource}' },
}
const all = { text: 'All', value: '$__all', selected: true }

/** The dashboard as Grafana wants it. */
export function buildDashboard(spec: DashboardSpec): dashboard.Dashboard {
  const builder = new dashboard.DashboardBuilder(spec.title)
    .uid(spec.uid)
    .description(spec.about)
    .tags([...spec.tags])
    .timezone('browser')
    .readonly()
    .tooltip(dashboard.DashboardCursorSync.Crosshair)
    .refresh('30s')
    .time({ from: 'now-6h', to: 'now' })
    .variables(variables())
    .link(
      new dashboard.DashboardLinkBuilder('Rekindle')
        .type(dashboard.DashboardLinkType.Dashboards)
        .tags([...spec.tags])
        .asDropdown(true)
        .includeVars(true)
        .keepTime(true),
    )
  let y = 0
  for (const row of spec.rows) {
    const { panels, bottom } = placed(row, y + 1)
    const header = new dashboard.RowBuilder(row.title)
      .id(row.id)
      .collapsed(row.collapsed === true)
      .gridPos({ h: 1, w: GRID_COLUMNS, x: 0, y })
    // A collapsed row holds its panels; an open one is followed by them.
    if (row.collapsed === true) for (const panel of panels) header.withPanel(panel)
    builder.withRow(header)
    if (row.collapsed !== true) for (const panel of panels) builder.withPanel(panel)
    y = bottom
  }
  return builder.build()
}

/** The panels of a row side by side, line under line, from `top`. */
function placed({ panels }: RowSpec, top: number): { panels: Builder<dashboard.Panel>[]; bottom: number } {
  const done: Builder<dashboard.Panel>[] = []
  let x = 0
  let y = top
  let lineHeight = 0
  for (const panel of panels) {
    if (x + panel.width > GRID_COLUMNS) {
      x = 0
      y += lineHeight
      lineHeight = 0
    }
    const h = HEIGHTS[panel.kind]
    done.push(panelOf(panel, { h, w: panel.width, x, y }))
    x += panel.width
    lineHeight = Math.max(lineHeight, h)
  }
  return { panels: done, bottom: y + lineHeight }
}

function panelOf(spec: PanelSpec, gridPos: dashboard.GridPos): Builder<dashboard.Panel> {
  const panel = visual(spec)
    .id(spec.id)
    .title(spec.title)
    .description(spec.about)
    .datasource(spec.queries.every(isSql) ? sources.clickhouse : sources.prometheus)
    .gridPos(gridPos)
    .unit(spec.unit)
    .noValue(spec.noValue)
    .interval(spec.minInterval ?? MIN_INTERVAL)
    .thresholds(
      new dashboard.ThresholdsConfigBuilder()
        .mode(dashboard.ThresholdsMode.Absolute)
        .steps((spec.thresholds ?? [[null, 'green'] as const]).map(([value, color]) => ({ value, color }))),
    )
  spec.queries.forEach((query, i) => panel.withTarget(target(query, String.fromCharCode('A'.charCodeAt(0) + i))))
  return panel
}

function visual({ kind, thresholds }: PanelSpec): stat.PanelBuilder | table.PanelBuilder | timeseries.PanelBuilder {
  switch (kind) {
    case 'stat':
      return new stat.PanelBuilder()
        .reduceOptions(new common.ReduceDataOptionsBuilder().calcs(['lastNotNull']).values(false))
        .graphMode(common.BigValueGraphMode.None)
        .colorMode(thresholds === undefined ? common.BigValueColorMode.None : common.BigValueColorMode.Value)
    case 'table':
      return new table.PanelBuilder().showHeader(true)
    case 'lines':
    case 'bars': {
      const panel = new timeseries.PanelBuilder()
        .legend(
          new common.VizLegendOptionsBuilder()
            .showLegend(true)
            .displayMode(common.LegendDisplayMode.List)
            .placement(common.LegendPlacement.Bottom)
            .calcs([]),
        )
        .tooltip(new common.VizTooltipOptionsBuilder().mode(common.TooltipDisplayMode.Multi).sort(common.SortOrder.Descending))
      if (kind === 'lines') return panel.lineWidth(1).fillOpacity(8).showPoints(common.VisibilityMode.Never)
      return panel
        .drawStyle(common.GraphDrawStyle.Bars)
        .fillOpacity(80)
        .lineWidth(0)
        .stacking(new common.StackingConfigBuilder().mode(common.StackingMode.Normal).group('A'))
    }
  }
}

function target(query: Query, refId: string): Builder<Dataquery> {
  if (isSql(query)) return clickhouseQuery(query, refId)
  const builder = new prometheus.DataqueryBuilder()
    .refId(refId)
    .datasource(sources.prometheus)
    .expr(query.promql)
    .legendFormat(query.legend)
    .editorMode(prometheus.QueryEditorMode.Code)
  return query.instant === true ? builder.instant() : builder.range()
}

function variables(): Builder<dashboard.VariableModel>[] {
  const label = (name: string, title: string, query: string) =>
    new dashboard.QueryVariableBuilder(name)
      .label(title)
      .datasource(sources.prometheus)
      .query(query)
      .multi(true)
      .includeAll(true)
      .allValue('.+')
      .current(all)
      .refresh(dashboard.VariableRefresh.OnTimeRangeChanged)
      .sort(dashboard.VariableSort.AlphabeticalAsc)
  return [
    new dashboard.DatasourceVariableBuilder('prometheus_datasource').label('Prometheus').type('prometheus'),
    new dashboard.DatasourceVariableBuilder('clickhouse').label('ClickHouse').type(CLICKHOUSE_PLUGIN.id),
    label('job', 'Job', 'label_values(up, job)'),
    label('instance', 'Instance', 'label_values(up{job=~"$job"}, instance)'),
    new dashboard.QueryVariableBuilder('tenant')
      .label('Tenant')
      .datasource(sources.clickhouse)
      .query('SELECT DISTINCT tenant_id FROM decisions_per_minute ORDER BY tenant_id')
      .multi(true)
      .includeAll(true)
      .current(all)
      .refresh(dashboard.VariableRefresh.OnTimeRangeChanged)
      .sort(dashboard.VariableSort.Disabled),
  ]
}
