/** A migrated ClickHouse database with a sink on it, and batches for it. */
import type { ClickHouseClient } from '@clickhouse/client'
import type { SinkBatch } from '../../../runtime/sink.ts'
import { physicalName } from '../../../runtime/topic.ts'
import type { AnyTopic, ValueOf } from '../../../runtime/topic.ts'
import { currentRecords, examplesOf } from '../../../schemas/tools/catalogue.ts'
import { analyticsDatabaseOf, connectClickhouse } from '../../../sinks/clickhouse/connect.ts'
import { migrateClickhouse } from '../../../sinks/clickhouse/migrate.ts'
import { clickhouseSink } from '../../../sinks/clickhouse/sink.ts'
import { testStack } from '../../support/stack.ts'

export function example<T>(record: string, name: string): T {
  const entry = currentRecords().find((known) => known.name === record)
  return examplesOf(entry as NonNullable<typeof entry>).find((known) => known.name === name)?.value as T
}

/** A batch of partition 0 whose first record has offset `min`; `timestamp` of its records in ms. */
export function batchOf<T extends AnyTopic>(topic: T, values: readonly (ValueOf<T> | null)[], min = 0n, timestamp = 0): SinkBatch<T> {
  const max = min + BigInt(values.length - 1)
  const records = values.map((value, i) => ({
    topic: physicalName(topic, ''),
    key: 'k',
    value,
    timestamp,
    headers: {},
    partition: 0,
    offset: min + BigInt(i),
  }))
  return { topic, partition: 0, min, max, token: `${physicalName(topic, '')}-0-${min}-${max}`, records: records, maybeStored: false }
}

export async function rows<R>(client: ClickHouseClient, query: string): Promise<R[]> {
  return (await client.query({ query, format: 'JSONEachRow' })).json<R>()
}

/** A migrated database with a sink on it, taken down at the end. */
export async function migrated(t: { teardown(fn: () => unknown): unknown }) {
  const { clickhouseUrl: url, clickhouseDatabase: database, databaseUrl } = await testStack(t)
  await migrateClickhouse({ url, database })
  const client = connectClickhouse(url, database)
  const { sink, close } = clickhouseSink({ url, database })
  t.teardown(async () => {
    await client.command({ query: `DROP DATABASE IF EXISTS ${analyticsDatabaseOf(database)}` })
    await client.close()
    await close()
  })
  return { url, database, client, sink, databaseUrl }
}
