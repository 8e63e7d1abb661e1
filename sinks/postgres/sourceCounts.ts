/** What became of the leads of each source: read from the rows of leads, as far as they have had time to answer. */
import type { SourceCount } from '../../pipelines/sources/sourceQuality.ts'
import type { Queryable } from './pool.ts'

/** Counts by location and source as stated, of leads made before `madeBefore` (ms) that are not deleted. */
export async function sourceCounts(db: Queryable, madeBefore: number, tenantId?: string): Promise<SourceCount[]> {
  const { rows } = await db.query<SourceCount>(
    `SELECT tenant_id AS "tenantId", source, count(*)::int AS leads,
       count(*) FILTER (WHERE (profile #>> '{counters,inbound}')::int > 0)::int AS replied,
       count(*) FILTER (WHERE (profile #>> '{counters,appointments}')::int > 0)::int AS booked
     FROM leads WHERE deleted_at IS NULL AND created_at < to_timestamp($1 / 1000.0) AND ($2::text IS NULL OR tenant_id = $2)
     GROUP BY tenant_id, source ORDER BY tenant_id, source`,
    [madeBefore, tenantId ?? null],
  )
  return rows
}

/** Whether the location is set up. */
export async function isLocation(db: Queryable, tenantId: string): Promise<boolean> {
  return ((await db.query('SELECT FROM tenants WHERE tenant_id = $1', [tenantId])).rowCount ?? 0) > 0
}
