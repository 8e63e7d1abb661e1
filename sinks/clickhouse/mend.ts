/**
 * Puts rows in place whose block the engine takes for stored although it is not. A plain table notes the token of a block
 * before it puts the block in place: killed in between, it drops every retry of a block that it never had. Found by the
 * chaos run of seed 6026.
 */
import { randomUUID } from 'node:crypto'
import type { ClickHouseClient } from '@clickhouse/client'
import { identifier } from './connect.ts'

export interface StoredRange<R> {
  readonly database: string
  readonly table: string
  /** Columns of a row's place. */
  readonly columns: { readonly topic: string; readonly partition: string; readonly offset: string }
  readonly topic: string
  readonly partition: number
  readonly min: bigint
  readonly max: bigint
  /** All that the range should have, one row an offset. */
  readonly rows: readonly R[]
  /** Offset of a row. */
  offsetOf(row: R): string
  /**
   * The time that the table is partitioned by, and that of a row, as text whose order is that of time: no month but those of the rows is
   * read. Without it all of the table is.
   */
  readonly partitionedBy?: { readonly column: string; timeOf(row: R): string }
}

/**
 * Adds the rows of the range that the table lacks, and resolves with how many that were. To be asked after the block was
 * sent again under its token, which is what feeds the views: they know the token each by itself, so the rows are put in
 * place past them, as parts of a table of the same shape. A kill in between leaves a table named `<table>_mend_…` with
 * nothing that is not told again.
 */
export async function mend<R extends object>(client: ClickHouseClient, range: StoredRange<R>): Promise<number> {
  const database = identifier(range.database)
  const place = `${database}.${identifier(range.table)}`
  const { topic, partition, offset } = range.columns
  const within = timesOf(range)
  const answer = await client.query({
    query: `SELECT DISTINCT toString(${identifier(offset)}) AS offset FROM ${place}
            WHERE ${identifier(topic)} = {topic:String} AND ${identifier(partition)} = {partition:Int32}
              AND ${identifier(offset)} BETWEEN {min:UInt64} AND {max:UInt64}${within.condition}`,
    query_params: { topic: range.topic, partition: range.partition, min: String(range.min), max: String(range.max), ...within.params },
    format: 'JSONEachRow',
  })
  const stored = new Set((await answer.json<{ offset: string }>()).map((row) => row.offset))
  const missing = range.rows.filter((row) => !stored.has(range.offsetOf(row)))
  if (missing.length === 0) return 0
  const aside = `${range.table}_mend_${randomUUID().replaceAll('-', '')}`
  const asidePlace = `${database}.${identifier(aside)}`
  const settled = { wait_end_of_query: 1 } as const
  await client.command({ query: `CREATE TABLE ${asidePlace} AS ${place}`, clickhouse_settings: settled })
  try {
    await client.insert({ table: asidePlace, values: missing, format: 'JSONEachRow', clickhouse_settings: { ...settled, async_insert: 0 } })
    const parts = await client.query({
      query:
        'SELECT DISTINCT partition_id AS id FROM system.parts WHERE database = {database:String} AND table = {table:String} AND active ORDER BY id',
      query_params: { database, table: aside },
      format: 'JSONEachRow',
    })
    for (const { id } of await parts.json<{ id: string }>())
      await client.command({
        query: `ALTER TABLE ${place} ATTACH PARTITION ID {id:String} FROM ${asidePlace}`,
        query_params: { id },
        clickhouse_settings: settled,
      })
  } finally {
    await client.command({ query: `DROP TABLE IF EXISTS ${asidePlace} SYNC`, clickhouse_settings: settled })
  }
  return missing.length
}

/** A table of two years has a billion rows, and a sink that starts looks in each of its tables. */
function timesOf<R>({ rows, partitionedBy }: Pick<StoredRange<R>, 'rows' | 'partitionedBy'>): {
  readonly condition: string
  readonly params: Readonly<Record<string, string>>
} {
  if (partitionedBy === undefined || rows.length === 0) return { condition: '', params: {} }
  let [from, until] = ['\uffff', '']
  for (const row of rows) {
    const time = partitionedBy.timeOf(row)
    if (time < from) from = time
    if (time > until) until = time
  }
  const at = (name: string) => `toDateTime64({${name}:String}, 3, 'UTC')`
  return { condition: ` AND ${identifier(partitionedBy.column)} BETWEEN ${at('from')} AND ${at('until')}`, params: { from, until } }
}
