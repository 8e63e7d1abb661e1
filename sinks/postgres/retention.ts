/**
 * Deletes rows that are past their retention: oldest first, by index, a bounded number at a time, each table in a
 * transaction of its own and by one process at a time. Rows that somebody else holds are left for the next run. A table that
 * fails holds up no other.
 * @source reference/lead-domain.md 11.4: 1,000 rows per run
 */
import pg from 'pg'
import { uncountDaysUpTo } from './decisionDays.ts'
import { inTransaction } from './pool.ts'
import { keptSince, retentionRules } from './retentionRules.ts'
import type { RetentionRule } from './retentionRules.ts'
import { instant } from './storable.ts'

export interface RetentionLimits {
  /** Rows that one statement deletes at most. */
  readonly rowsPerStatement: number
  /** Statements per table and run at most; the next run goes on. */
  readonly statementsPerTable: number
}
export const retentionLimits: RetentionLimits = { rowsPerStatement: 1_000, statementsPerTable: 20 }

export type RetentionResult =
  /** `more`: the budget ended before the rows did. */
  | { readonly table: string; readonly outcome: 'done'; readonly deleted: number; readonly more: boolean }
  /** Another process is at this moment deleting. */
  | { readonly table: string; readonly outcome: 'busy' }
  /** The database refused; nothing of the table was deleted in this run. */
  | { readonly table: string; readonly outcome: 'failed'; readonly cause: Error }

/** Whoever deletes holds this advisory lock until the transaction ends. */
const LOCK_ID = 73546355

/** The statement that deletes what is past: $1 is the moment, $2 the number of rows. */
export function deletion({ table, key, age, condition }: RetentionRule): string {
  return `DELETE FROM ${table} WHERE ${key} = ANY(ARRAY(
    SELECT ${key} FROM ${table} WHERE ${condition} AND ${age} < $1 ORDER BY ${age} LIMIT $2 FOR UPDATE SKIP LOCKED))`
}

/** Deletes what is past at `now` (ms), a result per table of the rules. Throws when the database cannot be asked at all. */
export async function enforceRetention(pool: pg.Pool, now: number, limits: RetentionLimits = retentionLimits): Promise<RetentionResult[]> {
  const results: RetentionResult[] = []
  for (const rule of retentionRules)
    try {
      results.push(await inTransaction(pool, (client) => enforceRule(client, rule, now, limits)))
    } catch (error) {
      // What the database says of a statement is about this table; a connection that is not there would be so for all of them.
      if (!(error instanceof pg.DatabaseError)) throw error
      results.push({ table: rule.table, outcome: 'failed', cause: error })
    }
  return results
}

async function enforceRule(client: pg.PoolClient, rule: RetentionRule, now: number, limits: RetentionLimits): Promise<RetentionResult> {
  const { table } = rule
  const got = await client.query<{ got: boolean }>('SELECT pg_try_advisory_xact_lock($1) AS got', [LOCK_ID])
  if (got.rows[0]?.got !== true) return { table, outcome: 'busy' }
  const before = keptSince(rule, now)
  if (table === 'decisions') await uncountDaysUpTo(client, before)
  let deleted = 0
  for (let statement = 0; statement < limits.statementsPerTable; statement++) {
    const { rowCount } = await client.query(deletion(rule), [instant(before), limits.rowsPerStatement])
    deleted += rowCount ?? 0
    if ((rowCount ?? 0) < limits.rowsPerStatement) return { table, outcome: 'done', deleted, more: false }
  }
  return { table, outcome: 'done', deleted, more: true }
}

/** Rows by table that are past at `now` (ms); deletes nothing. */
export async function countPast(pool: pg.Pool, now: number): Promise<Map<string, number>> {
  const counts = new Map<string, number>()
  for (const rule of retentionRules) {
    const found = await pool.query<{ count: string }>(`SELECT count(*) FROM ${rule.table} WHERE ${rule.condition} AND ${rule.age} < $1`, [
      instant(keptSince(rule, now)),
    ])
    counts.set(rule.table, Number(found.rows[0]?.count))
  }
  return counts
}
