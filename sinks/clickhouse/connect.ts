/**
 * Clients for ClickHouse. Inserts get a client of their own, so that a slow query never holds up the stream, and every
 * client asks for 64-bit integers as text: as bare JSON numbers JavaScript would lose their last digits.
 */
import { ClickHouseLogLevel, createClient } from '@clickhouse/client'
import type { ClickHouseClient } from '@clickhouse/client'

/** 30 s: an insert of one block takes tens of milliseconds; beyond this the connection is dead. */
const REQUEST_TIMEOUT_MS = 30_000
const QUERY_CONNECTIONS = 8
/** One insert in flight per topic-partition; beyond this many they wait for each other. */
const INSERT_CONNECTIONS = 4

/** A client for queries and statements. `url` may carry the credentials. */
export function connectClickhouse(url: string, database?: string): ClickHouseClient {
  return client(url, QUERY_CONNECTIONS, database)
}

/** A client for inserts alone. */
export function connectClickhouseWriter(url: string): ClickHouseClient {
  return client(url, INSERT_CONNECTIONS)
}

function client(url: string, connections: number, database?: string): ClickHouseClient {
  return createClient({
    url,
    ...(database === undefined ? {} : { database }),
    application: 'rekindle',
    request_timeout: REQUEST_TIMEOUT_MS,
    max_open_connections: connections,
    // What fails is thrown with its code; the client's own line would only repeat it, statement and all.
    log: { level: ClickHouseLogLevel.OFF },
    clickhouse_settings: { output_format_json_quote_64bit_integers: 1 },
  })
}

const IDENTIFIER = /^[A-Za-z_][A-Za-z0-9_]*$/

/** A checked identifier for use in a statement. Throws `TypeError`: names come from configuration, which is validated. */
export function identifier(name: string): string {
  if (!IDENTIFIER.test(name)) throw new TypeError(`${JSON.stringify(name)} is not an SQL identifier.`)
  return name
}

/** The database of the analysts' views: `analytics` beside the default one, else named after its database. */
export function analyticsDatabaseOf(database: string): string {
  return database === 'rekindle' ? 'analytics' : `${database}_analytics`
}
