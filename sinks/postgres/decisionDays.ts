/**
 * How many decisions were made, by location and type or by type and what was chosen, without counting a year of them: days that are over are counted once, and
 * whoever writes or deletes decisions takes their days out again in the same transaction. So a count is exact at any moment.
 */
import type pg from 'pg'
import { inTransaction } from './pool.ts'
import type { Queryable } from './pool.ts'
import { keptSince, retentionRules } from './retentionRules.ts'
import { instant } from './storable.ts'

/** What was decided at a location. */
export interface Decided {
  readonly tenantId: string
  readonly type: string
  /** Decisions on which votes were heard. */
  readonly heard: number
  /** Decisions that gates left nothing but waiting, so that nobody was asked. */
  readonly gated: number
}

const DAY_MS = 86_400_000
/** Whoever writes decisions of a day shares this advisory lock, whoever counts the day holds it alone. */
const LOCK_CLASS = 73546357
/** A day is counted so long after its end, ms: what comes a little late would take it out again. */
const LATE_MS = 600_000

const heardAndGated = `count(*) FILTER (WHERE stop_reason NOT IN ('gated', 'superseded')) AS heard, count(*) FILTER (WHERE stop_reason = 'gated') AS gated`

/** Decisions since a moment, ms, over all locations or at one. */
export async function decidedSince(db: Queryable, since: number, tenantId?: string): Promise<Decided[]> {
  const { rows } = await db.query<{ tenant_id: string; type: string; heard: string; gated: string }>(
    `WITH present AS (SELECT date_trunc('day', now() AT TIME ZONE 'UTC') AS today),
     spans AS (
       SELECT greatest(day AT TIME ZONE 'UTC', $1::timestamptz) AS begins, CASE WHEN day < today THEN (day + interval '1 day') AT TIME ZONE 'UTC' ELSE 'infinity' END AS ends
       FROM present CROSS JOIN generate_series(least(today, date_trunc('day', $1::timestamptz AT TIME ZONE 'UTC')), today, interval '1 day') AS series (day)
       WHERE day = today OR day < $3::date OR NOT EXISTS (SELECT FROM counted_days WHERE counted_days.day = series.day::date)
     )
     SELECT tenant_id, type, sum(heard) AS heard, sum(gated) AS gated FROM (
       SELECT tenant_id, type, heard, gated FROM present JOIN decision_days ON decision_days.day < today
       WHERE decision_days.day >= $3::date AND ($2::text IS NULL OR tenant_id = $2)
       UNION ALL
       -- Span by span: joined at once, all decisions would be read, and this for each span.
       SELECT others.* FROM spans CROSS JOIN LATERAL (
         SELECT tenant_id, type, ${heardAndGated} FROM decisions
         WHERE decided_at >= begins AND decided_at < ends AND ($2::text IS NULL OR tenant_id = $2) GROUP BY tenant_id, type
       ) AS others
     ) AS counted GROUP BY tenant_id, type ORDER BY tenant_id, type`,
    [instant(since), tenantId ?? null, dayOf(Math.ceil(since / DAY_MS) * DAY_MS)],
  )
  return rows.map((row) => ({ tenantId: row.tenant_id, type: row.type, heard: Number(row.heard), gated: Number(row.gated) }))
}

/** What was decided of one type. */
export interface TypeDecided {
  /** Decisions on which votes were heard, by what was chosen. */
  chosen: Record<string, number>
  /** Decisions that gates left nothing but waiting. */
  gated: number
  /** Decisions that something newer overtook. */
  superseded: number
}

/** How many decisions there are of each type, over all locations: what counting all of `decisions` gives. */
export async function decidedByType(db: Queryable): Promise<Record<string, TypeDecided>> {
  const { rows } = await db.query<{ type: string; chosen: string; heard: string; gated: string; decisions: string }>(
    `WITH present AS (SELECT date_trunc('day', now() AT TIME ZONE 'UTC') AS today),
     spans AS (
       SELECT day AT TIME ZONE 'UTC' AS begins, CASE WHEN day < today THEN (day + interval '1 day') AT TIME ZONE 'UTC' ELSE 'infinity' END AS ends
       FROM present CROSS JOIN (SELECT date_trunc('day', min(decided_at) AT TIME ZONE 'UTC') AS oldest FROM decisions) AS stored
         CROSS JOIN generate_series(least(today, oldest), today, interval '1 day') AS series (day)
       WHERE day = today OR NOT EXISTS (SELECT FROM counted_days WHERE counted_days.day = series.day::date)
     )
     SELECT type, chosen, sum(heard) AS heard, sum(gated) AS gated, sum(decisions) AS decisions FROM (
       SELECT type, chosen, heard, gated, decisions FROM present JOIN decision_days ON decision_days.day < today
       UNION ALL
       SELECT others.* FROM spans CROSS JOIN LATERAL (
         SELECT type, chosen, ${heardAndGated}, count(*) FROM decisions WHERE decided_at >= begins AND decided_at < ends GROUP BY type, chosen
       ) AS others
     ) AS counted GROUP BY type, chosen ORDER BY type, chosen`,
  )
  const types: Record<string, TypeDecided> = {}
  for (const row of rows) {
    const own = (types[row.type] ??= { chosen: {}, gated: 0, superseded: 0 })
    const [heard, gated] = [Number(row.heard), Number(row.gated)]
    if (heard > 0) own.chosen[row.chosen] = heard
    own.gated += gated
    own.superseded += Number(row.decisions) - heard - gated
  }
  return types
}

/** Counts the days that are over at `now` (ms), the latest first, each in a transaction of its own. Resolves with how many it counted. */
export async function countDays(pool: pg.Pool, now: number, signal?: AbortSignal): Promise<number> {
  const rule = retentionRules.find(({ table }) => table === 'decisions')
  // The first day that is kept loses decisions with every run of the retention.
  const first = rule === undefined ? 0 : Math.ceil(keptSince(rule, now) / DAY_MS + 1) * DAY_MS
  const last = Math.floor((now - LATE_MS) / DAY_MS - 1) * DAY_MS
  const { rows } = await pool.query<{ day: string }>(
    `SELECT day::date::text AS day FROM (SELECT date_trunc('day', min(decided_at) AT TIME ZONE 'UTC') AS oldest FROM decisions) AS stored
       CROSS JOIN generate_series(greatest($1::timestamp, oldest), $2::timestamp, interval '1 day') AS series (day)
     WHERE oldest IS NOT NULL AND NOT EXISTS (SELECT FROM counted_days WHERE counted_days.day = series.day::date) ORDER BY 1 DESC`,
    [dayOf(first), dayOf(last)],
  )
  let counted = 0
  for (const { day } of rows) {
    if (signal?.aborted === true) break
    counted += await inTransaction(pool, (client) => countDay(client, day))
  }
  return counted
}

async function countDay(client: pg.PoolClient, day: string): Promise<number> {
  await client.query(`SELECT pg_advisory_xact_lock($1, $2::date - date '2000-01-01')`, [LOCK_CLASS, day])
  const { rowCount } = await client.query('INSERT INTO counted_days (day) VALUES ($1) ON CONFLICT DO NOTHING', [day])
  if (rowCount === 0) return 0
  await client.query(
    `INSERT INTO decision_days (day, tenant_id, type, chosen, heard, gated, decisions)
     SELECT $1::date, tenant_id, type, chosen, ${heardAndGated}, count(*) FROM decisions
     WHERE decided_at >= $1::timestamp AT TIME ZONE 'UTC' AND decided_at < ($1::timestamp + interval '1 day') AT TIME ZONE 'UTC' GROUP BY tenant_id, type, chosen`,
    [day],
  )
  return 1
}

/** Takes the days (`2026-11-24`) out after decisions of them were written or deleted, in the same transaction. */
export async function uncountDays(client: pg.PoolClient, days: Iterable<string>): Promise<void> {
  const own = [...new Set(days)].sort()
  if (own.length === 0) return
  // Who is counting one of them is waited for: it has not seen what was just written.
  await client.query({
    name: 'share_days',
    text: `SELECT pg_advisory_xact_lock_shared($1, day - date '2000-01-01') FROM unnest($2::date[]) AS day`,
    values: [LOCK_CLASS, own],
  })
  await client.query({ name: 'uncount_days', text: 'DELETE FROM counted_days WHERE day = ANY($1::date[])', values: [own] })
}

/** The same for all days up to that of this moment, ms, before decisions of before it are deleted: none of them is being counted. */
export async function uncountDaysUpTo(client: pg.PoolClient, moment: number): Promise<void> {
  await client.query('DELETE FROM counted_days WHERE day <= $1::date', [dayOf(moment)])
}

/** Days on which something was decided about these leads. */
export async function daysDecided(client: pg.PoolClient, leadIds: readonly string[]): Promise<string[]> {
  const { rows } = await client.query<{ day: string }>(
    `SELECT DISTINCT (decided_at AT TIME ZONE 'UTC')::date::text AS day FROM decisions WHERE lead_id = ANY($1)`,
    [leadIds],
  )
  return rows.map(({ day }) => day)
}

/** The day (UTC) of a moment, ms: `2026-11-24`. */
export function dayOf(ms: number): string {
  return instant(ms).slice(0, 10)
}
