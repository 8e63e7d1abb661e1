/**
 * What Postgres holds on one lead, found by the catalogue: every table whose rows name the lead they are about, so that a
 * new table is among them without anybody thinking of it. A table that names none stands in a list with its reason.
 */
import type pg from 'pg'
import { inTransaction } from './pool.ts'
import type { Queryable } from './pool.ts'

export interface LeadTable {
  readonly table: string
  /** Column of the lead key. */
  readonly column: string
}

/** Tables with nothing about any lead, each with why. A test holds that every other table names its lead. */
export const tablesWithoutLeads: Readonly<Record<string, string>> = {
  tenants: 'settings of a location',
  staff_settings: 'which realtors of a location take leads',
  policies: 'the numbers that decisions are made with',
  policy_changes: 'which of those numbers were in force when, and who changed it',
  learned_policies: 'what verdicts made of those numbers, counts and shares',
  sink_offsets: 'places of topics',
  sweep_cursors: 'how far locations are compared with the platform',
  counted_days: 'of which days decisions are counted',
  decision_days: 'how many decisions locations made in a day, counts',
  inventories:
    'how far what leads hold was asked about; the place is the key of a lead, and goes on past it; ids of things that seem to be gone, 30 days at most',
  heartbeats: 'whether webhooks of locations arrive; the contact it names is ours and no lead',
  ghl_authorizations: 'who may come back from GoHighLevel with a code',
  look_up_days: 'what locations have spent on look-ups, and how many succeeded',
  ghl_grants: 'sealed tokens of locations and agencies',
  schema_migrations: 'the steps that made the tables',
}

/** `leads` is named by its own key, every other table by `lead_id`. */
export async function leadTables(db: Queryable): Promise<LeadTable[]> {
  const { rows } = await db.query<LeadTable>(
    `SELECT columns.table_name AS table, columns.column_name AS column
     FROM information_schema.columns JOIN information_schema.tables USING (table_schema, table_name)
     WHERE table_schema = current_schema() AND table_type = 'BASE TABLE'
       AND (columns.column_name = 'lead_id' OR (columns.table_name, columns.column_name) = ('leads', 'id'))
     ORDER BY columns.table_name`,
  )
  return rows
}

const ROWS_AT_ONCE = 200

/** Hands on every row about the lead as JSON text, each when the one before is taken; a few hundred are held at a time. */
export async function readLeadRows(
  pool: pg.Pool,
  { table, column }: LeadTable,
  leadId: string,
  onRow: (json: string) => Promise<void>,
): Promise<void> {
  await inTransaction(pool, async (client) => {
    await client.query('SET TRANSACTION READ ONLY')
    const name = (identifier: string) => `"${identifier.replaceAll('"', '""')}"`
    // The columns that search derives from the others say nothing that they do not.
    await client.query(
      `DECLARE about_lead NO SCROLL CURSOR FOR SELECT (to_jsonb(held) - '{search,phone_key,email_key,name_key}'::text[])::text AS row FROM ${name(table)} AS held WHERE ${name(column)} = $1`,
      [leadId],
    )
    for (;;) {
      const { rows } = await client.query<{ row: string }>(`FETCH ${ROWS_AT_ONCE} FROM about_lead`)
      for (const { row } of rows) await onRow(row)
      if (rows.length < ROWS_AT_ONCE) return
    }
  })
}
