/** The questions of docs/analytics.md as they are printed, and asking them. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { ClickHouseClient } from '@clickhouse/client'
import { analyticsDatabaseOf } from '../../sinks/clickhouse/connect.ts'
import { time } from '../../sinks/clickhouse/cells.ts'

export const page = readFileSync(join(import.meta.dirname, '..', '..', 'docs', 'analytics.md'), 'utf8')

/** By the name that stands before each. */
export const questions = new Map(
  [...page.matchAll(/<!-- asks: (\w+) -->\n+```sql\n([\s\S]*?)```/g)].map(([, name = '', sql = '']) => [name, sql]),
)

/** Those about messages, waits, agents and sources, which a test of their own asks. */
export const aboutMessages = [
  ...['came_back', 'brought', 'hours', 'waits', 'answerers', 'right', 'appointments'],
  ...['pg_sources', 'pg_templates', 'pg_load'],
] as const

/** Asks ClickHouse, in the database of the test. Tells `asked` what was asked. */
export function asker(client: ClickHouseClient, database: string, location: string, now: number, asked: Set<string>) {
  return async <R>(name: string, more: Readonly<Record<string, string>> = {}): Promise<R[]> => {
    asked.add(name)
    const query = (questions.get(name) ?? '').replaceAll('analytics.', `${analyticsDatabaseOf(database)}.`)
    const answer = await client.query({
      query,
      query_params: { location, now: time(now), ...more },
      format: 'JSONEachRow',
      clickhouse_settings: { output_format_json_quote_decimals: 1 },
    })
    return answer.json<R>()
  }
}
