/**
 * What the work on a location says of single contacts, such as of one that could not be read, goes with an erasure. The work goes on: a reason
 * that named one is replaced, since it is read as "the last try has failed".
 */
import type pg from 'pg'

/** Tables that say of a location why the last try has failed. */
export const tablesOfReasons = ['sweep_cursors', 'heartbeats', 'inventories'] as const

const REPLACED = 'It named a contact that was erased since.'

/** `leads`: keys (`<locationId>:<contactId>`). */
export async function unnameContacts(client: pg.PoolClient, leads: readonly string[]): Promise<void> {
  const erased = "(SELECT split_part(key, ':', 1) AS tenant, substr(key, strpos(key, ':') + 1) AS contact FROM unnest($1::text[]) AS key)"
  await client.query(
    `UPDATE sweep_cursors SET held_up = held_up - contacts FROM (SELECT tenant, array_agg(contact) AS contacts FROM ${erased} AS e GROUP BY tenant) AS gone
     WHERE tenant_id = tenant AND held_up ?| contacts`,
    [leads],
  )
  for (const table of tablesOfReasons)
    await client.query(
      `UPDATE ${table} SET failed_because = $2 FROM ${erased} AS gone WHERE tenant_id = tenant AND strpos(failed_because, contact) > 0`,
      [leads, REPLACED],
    )
}
