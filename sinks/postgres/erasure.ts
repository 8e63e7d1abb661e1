/**
 * Forgets leads in Postgres: every row about them goes, in the transaction that stores the place of the order. Two tables
 * keep the least that is needed, stripped of content; a table that is new is emptied without anybody naming it.
 */
import type pg from 'pg'
import { leadKey } from '../../topics/index.ts'
import { daysDecided, uncountDays } from './decisionDays.ts'
import { unlinkStatements } from './addressStatements.ts'
import { lockLeads } from './ledger.ts'
import { leadTables } from './leadTables.ts'
import type { Queryable } from './pool.ts'
import { instant } from './storable.ts'
import { unnameContacts } from './unnameContacts.ts'

/** What stays of an erased lead under its key, each with why. Everything else goes; what was said from a number stays without its lead. */
export const keptOnErasure: Readonly<Record<string, string>> = {
  lead_erasures: 'that it was erased, and up to when: without it records that are read again would come back',
  followup_actions: 'what was handed to a provider, as proof of sending: ids, channel, status and times, without text, subject and reasons',
}

/** Follow-ups in these have not left: who has reserved one finds it gone, and hands nothing over. */
const OPEN: ReadonlySet<string> = new Set(['pending', 'deferred', 'reserved'])

/** Does this row of a table that keeps something hold no more than that? Open follow-ups are no proof of sending. */
export function isStripped(table: string, row: unknown): boolean {
  const { message, subject, reason, status } = row as Readonly<Record<string, unknown>>
  if (table !== 'followup_actions') return true
  return message === null && subject === null && reason === null && !OPEN.has(String(status))
}

export interface LeadErasure {
  readonly leadId: string
  /** ms. */
  readonly erasedAt: number
}

/** A message that was, is, or may have been handed to the provider; one that was brought forward by its deliveries may be open again. */
const HANDED = "((handed_over_at IS NOT NULL OR status IN ('handed_over', 'unknown')) AND status <> ALL($2))"

/** Columns of the ledger that say something about the person, and what becomes of each. */
const stripped: Readonly<Record<string, string>> = {
  message: 'NULL',
  subject: 'NULL',
  body: 'NULL',
  chosen_by: 'NULL',
  template_id: 'NULL',
  planned_because: "'The lead was erased.'",
  reason: 'NULL',
  gates: "'[]'",
  alternates: "'[]'",
  traceparent: 'NULL',
}

/** Forgets these leads. An order that is known already, or an older one, changes nothing. */
export async function eraseLeads(client: pg.PoolClient, orders: readonly LeadErasure[]): Promise<void> {
  const last = new Map<string, number>()
  for (const { leadId, erasedAt } of orders) last.set(leadId, Math.max(erasedAt, last.get(leadId) ?? erasedAt))
  // Whoever stores records of leads asks here first and holds the table until it has committed (`erasedAmong`): what it
  // is about to store is either seen here and deleted, or refused by it.
  await client.query('LOCK TABLE lead_erasures IN EXCLUSIVE MODE')
  const news = await client.query<{ lead_id: string }>(
    `INSERT INTO lead_erasures (lead_id, erased_at) SELECT * FROM unnest($1::text[], $2::timestamptz[])
     ON CONFLICT (lead_id) DO UPDATE SET erased_at = excluded.erased_at WHERE lead_erasures.erased_at < excluded.erased_at RETURNING lead_id`,
    [[...last.keys()], [...last.values()].map(instant)],
  )
  const leads = news.rows.map(({ lead_id }) => lead_id)
  if (leads.length === 0) return
  // Locks in the order of the ledger: its rows, then the leads.
  await client.query('SELECT 1 FROM followup_actions WHERE lead_id = ANY($1) ORDER BY followup_id FOR UPDATE', [leads])
  await lockLeads(
    client,
    leads.map((leadId) => ({ leadId })),
  )
  await client.query(`DELETE FROM followup_actions WHERE lead_id = ANY($1) AND NOT ${HANDED}`, [leads, [...OPEN]])
  const sets = Object.entries(stripped).map(([column, value]) => `${column} = ${value}`)
  await client.query(`UPDATE followup_actions SET ${sets.join(', ')} WHERE lead_id = ANY($1)`, [leads])
  const days = await daysDecided(client, leads)
  await unlinkStatements(client, leads)
  await unnameContacts(client, leads)
  for (const { table, column } of await leadTables(client))
    if (!Object.hasOwn(keptOnErasure, table)) await client.query(`DELETE FROM "${table}" WHERE "${column}" = ANY($1)`, [leads])
  await uncountDays(client, days)
}

/** When each of these leads was erased, ms; those that never were are not in it. Holds off an erasure until the end of the transaction. */
export async function erasedAmong(client: pg.PoolClient, leadIds: readonly string[]): Promise<ReadonlyMap<string, number>> {
  const { rows } = await client.query<{ lead_id: string; erased_at: Date }>({
    name: 'erased_among',
    text: 'SELECT lead_id, erased_at FROM lead_erasures WHERE lead_id = ANY($1) FOR SHARE',
    values: [leadIds],
  })
  return new Map(rows.map(({ lead_id, erased_at }) => [lead_id, erased_at.getTime()]))
}

export interface ErasedLead {
  readonly leadKey: string
  /** ms. */
  readonly erasedAt: number
}

/** Leads with this contact id, or the one with this location too, that were ever erased, the latest first. */
export async function erasuresOf(db: Queryable, contactId: string, tenantId?: string): Promise<ErasedLead[]> {
  // By contact id alone the table is read whole: it has a row for each erasure, and is asked only for a lead that is not known.
  const { rows } = await db.query<{ lead_id: string; erased_at: Date }>(
    `SELECT lead_id, erased_at FROM lead_erasures WHERE ${tenantId === undefined ? "right(lead_id, length($1) + 1) = ':' || $1" : 'lead_id = $1'} ORDER BY erased_at DESC`,
    [tenantId === undefined ? contactId : leadKey(tenantId, contactId)],
  )
  return rows.map(({ lead_id, erased_at }) => ({ leadKey: lead_id, erasedAt: erased_at.getTime() }))
}
