/** The query of the ClickHouse data source (plugin 4.20, raw SQL), which the SDK does not bring. */
import type { Builder, Dataquery } from '@grafana/grafana-foundation-sdk/cog'
import type { SqlQuery } from './panel.ts'

export const CLICKHOUSE_PLUGIN = { id: 'grafana-clickhouse-datasource', version: '4.20.0' }

/** The back end reads the number, the front end the word. */
const formats = { series: { format: 0, queryType: 'timeseries' }, table: { format: 1, queryType: 'table' } } as const

export function clickhouseQuery(query: SqlQuery, refId: string): Builder<Dataquery> {
  return {
    build: () => ({
      refId,
      datasource: { type: CLICKHOUSE_PLUGIN.id, uid: '${clickhouse}' },
      pluginVersion: CLICKHOUSE_PLUGIN.version,
      editorType: 'sql',
      ...formats[query.as],
      rawSql: query.sql,
      meta: { timezone: 'UTC' },
      _implementsDataqueryVariant() {},
    }),
  }
}
