/**
 * What ClickHouse holds on one lead, found by its catalogue: every table with rows that name the lead they are about. A
 * table that names none stands in a list with its reason.
 */
import type { ClickHouseClient } from '@clickhouse/client'
import { identifier } from './connect.ts'
import { clickhouseFailure } from './errors.ts'

/** Tables with nothing about any single lead, each with why. A test holds that every other table names its lead. */
export const tablesWithoutLeads: Readonly<Record<string, string>> = {
  decisions_per_minute: 'counts by minute over all leads of a location',
  insights: 'what agents find about a location as a whole',
  marketing_spend: 'what a location spent',
  journeys: 'under a pseudonym that another one follows after an erasure, and as long as its topic: 90 days (docs/privacy.md)',
  channel_days: 'sums by channel and day over all leads of a location',
  schema_migrations: 'the steps that made the tables',
}

/** Names of the tables of this database with a `lead_id`. Views hold nothing of their own. */
export async function leadTables(client: ClickHouseClient, database: string): Promise<string[]> {
  const found = await asked(client, `Reading the tables of ${database}`, {
    query: `SELECT table FROM system.columns WHERE database = {database:String} AND name = 'lead_id' AND table IN (
      SELECT name FROM system.tables WHERE database = {database:String} AND engine NOT LIKE '%View') ORDER BY table`,
    query_params: { database },
  })
  return (await found.json<{ table: string }>()).map(({ table }) => table)
}

/** Hands on every row about the lead as JSON text, each when the one before is taken; the answer is read as it comes. */
export async function readLeadRows(
  client: ClickHouseClient,
  { database, table, leadId }: { readonly database: string; readonly table: string; readonly leadId: string },
  onRow: (json: string) => Promise<void>,
): Promise<void> {
  const place = `${identifier(database)}.${identifier(table)}`
  const found = await asked(client, `Reading ${place}`, {
    query: `SELECT * FROM ${place} WHERE lead_id = {lead:String}`,
    query_params: { lead: leadId },
  })
  for await (const rows of found.stream()) for (const { text } of rows) await onRow(text)
}

async function asked(client: ClickHouseClient, doing: string, query: { query: string; query_params: Record<string, string> }) {
  try {
    return await client.query({ ...query, format: 'JSONEachRow' })
  } catch (error) {
    throw clickhouseFailure(error, doing)
  }
}
