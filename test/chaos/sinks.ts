/** The sinks of a chaos run and their tables. No key and no constraint hides a row that comes twice. */
import type pg from 'pg'
import { sink } from '../../runtime/sink.ts'
import type { Sink, SinkBatch } from '../../runtime/sink.ts'
import type { AnyTopic } from '../../runtime/topic.ts'
import { connectClickhouse, connectClickhouseWriter, identifier } from '../../sinks/clickhouse/connect.ts'
import { mend } from '../../sinks/clickhouse/mend.ts'
import { insertSettings } from '../../sinks/clickhouse/sink.ts'
import { inTransaction } from '../../sinks/postgres/pool.ts'
import { ledger, notices, regions, totals } from './workload.ts'
import type { Entry, Notice, Total } from './workload.ts'

/** What the sinks store: offsets beside the rows in Postgres, deterministic blocks in ClickHouse. */
export const postgresTopics: readonly AnyTopic[] = [ledger, totals]
export const clickhouseTopics: readonly AnyTopic[] = [notices, regions]

export const postgresSchema = `
  CREATE TABLE facts (topic text, part int, off bigint, key text, cause text, amount bigint);
  CREATE TABLE latest (key text PRIMARY KEY, total bigint);
  CREATE TABLE positions (topic text, part int, next bigint, PRIMARY KEY (topic, part));
`
const BATCH = { maxRecords: 200, maxMs: 200 }

interface Fact {
  readonly topic: string
  readonly part: number
  readonly off: string
  readonly key: string
  readonly cause: string
  readonly amount: number
}

function factsOf({ topic, partition, records }: SinkBatch): Fact[] {
  return records.map(({ key, offset, value }) => {
    const { cause, sum, total, level } = value as Partial<Entry & Total & Notice>
    return { topic: topic.name, part: partition, off: String(offset), key, cause: cause ?? '', amount: sum ?? total ?? level ?? NaN }
  })
}

/**
 * Rows and the next offset in one transaction of the database, which takes the offset first: a member that slept through
 * its successor's writes would otherwise store what that one has stored.
 */
export function postgresSink(pool: pg.Pool): Sink {
  async function store(client: pg.PoolClient, batch: SinkBatch): Promise<void> {
    const place = [batch.topic.name, batch.partition]
    await client.query('INSERT INTO positions VALUES ($1, $2, 0) ON CONFLICT DO NOTHING', place)
    const held = await client.query<{ next: string }>('SELECT next FROM positions WHERE topic = $1 AND part = $2 FOR UPDATE', place)
    const from = BigInt(held.rows[0]?.next ?? 0)
    if (from > batch.max) return
    const facts = factsOf({ ...batch, records: batch.records.filter(({ offset }) => offset >= from) })
    const columns = (['topic', 'part', 'off', 'key', 'cause', 'amount'] as const).map((name) => facts.map((fact) => fact[name]))
    await client.query(
      'INSERT INTO facts SELECT * FROM unnest($1::text[], $2::int[], $3::bigint[], $4::text[], $5::text[], $6::bigint[])',
      columns,
    )
    if (batch.topic.name === totals.name) {
      const latest = [...new Map(facts.map(({ key, amount }) => [key, amount]))]
      await client.query(
        'INSERT INTO latest SELECT * FROM unnest($1::text[], $2::bigint[]) ON CONFLICT (key) DO UPDATE SET total = excluded.total',
        [latest.map(([key]) => key), latest.map(([, total]) => total)],
      )
    }
    await client.query('UPDATE positions SET next = $3 WHERE topic = $1 AND part = $2', [...place, String(batch.max + 1n)])
  }
  async function load(topic: AnyTopic, partition: number): Promise<bigint | undefined> {
    const { rows } = await pool.query<{ next: string }>('SELECT next FROM positions WHERE topic = $1 AND part = $2', [
      topic.name,
      partition,
    ])
    return rows[0] === undefined ? undefined : BigInt(rows[0].next)
  }
  return sink({
    name: 'postgres',
    topics: postgresTopics,
    batch: BATCH,
    exactlyOnce: { kind: 'stored-offsets', load },
    write: (batches) =>
      inTransaction(pool, async (client) => {
        for (const batch of batches) await store(client, batch)
      }),
  })
}

export async function createClickhouseTable(url: string, database: string): Promise<void> {
  const client = connectClickhouse(url)
  try {
    await client.command({ query: `CREATE DATABASE IF NOT EXISTS ${identifier(database)}` })
    await client.command({
      query: `CREATE TABLE ${identifier(database)}.facts (topic String, part Int32, off Int64, key String, cause String, amount Int64)
        ENGINE = MergeTree ORDER BY (topic, part, off) SETTINGS non_replicated_deduplication_window = 1000`,
    })
  } finally {
    await client.close()
  }
}

export async function dropClickhouseDatabase(url: string, database: string): Promise<void> {
  const client = connectClickhouse(url)
  await client.command({ query: `DROP DATABASE IF EXISTS ${identifier(database)}` }).finally(() => client.close())
}

/** One block per range of offsets, under the token of the range. */
export function clickhouseSink(url: string, database: string): Sink {
  const writer = connectClickhouseWriter(url)
  return sink({
    name: 'clickhouse',
    topics: clickhouseTopics,
    // Blocks of half a second or more: an insert costs the engine as much as thousands of rows.
    batch: { maxRecords: 1_000, maxMs: 800 },
    exactlyOnce: { kind: 'deterministic-blocks' },
    async write(batches) {
      for (const batch of batches) {
        const rows = factsOf(batch)
        await writer.insert({
          table: `${identifier(database)}.facts`,
          values: rows,
          format: 'JSONEachRow',
          clickhouse_settings: insertSettings(batch.token),
        })
        const { topic, partition, min, max, maybeStored } = batch
        const columns = { topic: 'topic', partition: 'part', offset: 'off' }
        if (maybeStored)
          await mend(writer, {
            database,
            table: 'facts',
            columns,
            topic: topic.name,
            partition,
            min,
            max,
            rows,
            offsetOf: ({ off }) => String(off),
          })
      }
    },
  })
}
