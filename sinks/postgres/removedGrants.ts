/**
 * An uninstallation ends what was granted before it, of the location or of the whole agency, in the transaction that stores it. What was
 * granted later stays, however late the uninstallation is told or read again. Tokens that were made by hand are not the app's.
 */
import type pg from 'pg'
import { isAgency } from '../../pipelines/ingest/installation.ts'
import type { Tenant } from '../../schemas/generated/records.ts'
import { instant } from './storable.ts'

/** Deletes the grants that these rows of tenants end. Returns how many. */
export async function endRemovedGrants(client: pg.PoolClient, rows: readonly { key: string; value: Tenant }[]): Promise<number> {
  const removed = rows.flatMap(({ key, value }) => {
    const at = value.installation?.removedAt ?? null
    return at === null ? [] : [{ key, at }]
  })
  // Every batch of tenants comes here; most tell of no removal.
  if (removed.length === 0) return 0
  const { rowCount } = await client.query({
    name: 'end_removed_grants',
    text: `DELETE FROM ghl_grants USING unnest($1::text[], $2::boolean[], $3::timestamptz[]) AS gone (id, is_agency, at)
           WHERE source <> 'private' AND granted_at <= gone.at AND (
             (NOT gone.is_agency AND holder_kind = 'location' AND holder_id = gone.id)
             OR (gone.is_agency AND holder_kind = 'company' AND holder_id = gone.id)
             OR (gone.is_agency AND holder_kind = 'location' AND company_id = gone.id))`,
    values: [
      removed.map(({ key }) => (isAgency(key) ? companyIdOf(key) : key)),
      removed.map(({ key }) => isAgency(key)),
      removed.map(({ at }) => instant(at)),
    ],
  })
  return rowCount ?? 0
}

function companyIdOf(agency: string): string {
  return agency.slice(agency.indexOf(':') + 1)
}
