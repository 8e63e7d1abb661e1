/**
 * The ledger of follow-ups as queries. Every change that is told goes into the outbox in the same transaction. Locks are
 * taken in one order everywhere: rows of the ledger, then realtors, then leads; so no two transactions wait for each other.
 */
import type pg from 'pg'
import type { LeadProfile, Tenant } from '../../schemas/generated/records.ts'
import { allCompleteAt, copyPlaces, leadCopiesCompleteAt } from './heard.ts'
import { countsForLocation } from '../../pipelines/followup/gates/contactBudget.ts'
import type { LocationSends, TextsOfWeek } from '../../pipelines/followup/gates/gate.ts'
import type { Consents } from '../../pipelines/enrich/consent.ts'
import { addressLedgers } from './addressStatements.ts'
import type { Addresses } from './addressStatements.ts'
import { deliveryOf, rowOf } from './ledgerRow.ts'
import type { LedgerRow, StoredRow } from './ledgerRow.ts'
import type { Queryable } from './pool.ts'
import { assigneeFacts, leadsBeingAssigned } from './staff.ts'
import type { AssigneeFacts, AssigneeKey } from './staff.ts'
import { instant, instantOrNull, ms, storable, storableJson } from './storable.ts'
import { textsOfWeek } from './textsOfWeek.ts'
import type { Shares } from './textsOfWeek.ts'
import { unseenArray } from './unseenArray.ts'

const DAY_MS = 86_400_000

/** Due rows that nobody else holds, most urgent first, locked for this transaction. */
export async function lockDue(client: pg.PoolClient, at: number, limit: number, exceptTenants: readonly string[]): Promise<LedgerRow[]> {
  const found = await client.query<StoredRow>({
    name: 'ledger_lock_due',
    text: `SELECT * FROM followup_actions WHERE status IN ('pending', 'deferred') AND scheduled_at <= $1 AND tenant_id <> ALL($3)
     ORDER BY priority DESC, scheduled_at, followup_id LIMIT $2 FOR UPDATE SKIP LOCKED`,
    values: [instant(at), limit, exceptTenants],
  })
  return found.rows.map(rowOf)
}

/** One row, locked; `undefined` when there is none. */
export async function lockRow(client: pg.PoolClient, followupId: string): Promise<LedgerRow | undefined> {
  const found = await client.query<StoredRow>({
    name: 'ledger_lock_row',
    text: 'SELECT * FROM followup_actions WHERE followup_id = $1 FOR UPDATE',
    values: [followupId],
  })
  return found.rows[0] === undefined ? undefined : rowOf(found.rows[0])
}

/** Rows that somebody took in hand before `before` (ms) and never finished, locked. */
export async function lockLeftInHand(
  client: pg.PoolClient,
  before: number,
  limit: number,
  exceptIds: readonly string[],
): Promise<LedgerRow[]> {
  const found = await client.query<StoredRow>(
    `SELECT * FROM followup_actions WHERE status IN ('reserved', 'handed_over') AND updated_at < $1 AND followup_id <> ALL($3)
     ORDER BY updated_at, followup_id LIMIT $2 FOR UPDATE SKIP LOCKED`,
    [instant(before), limit, exceptIds],
  )
  return found.rows.map(rowOf)
}

/** Rows of unknown outcome that are to be looked up now; they are not offered again before `nextCheckAt`. */
export async function takeUnknown(client: Queryable, at: number, nextCheckAt: number, limit: number): Promise<LedgerRow[]> {
  const found = await client.query<StoredRow>(
    `UPDATE followup_actions SET next_check_at = $2 WHERE followup_id IN (
       SELECT followup_id FROM followup_actions WHERE status = 'unknown' AND next_check_at <= $1 ORDER BY next_check_at LIMIT $3 FOR UPDATE SKIP LOCKED)
     RETURNING *`,
    [instant(at), instant(nextCheckAt), limit],
  )
  return found.rows.map(rowOf)
}

/** Is asked about again at `nextCheckAt` (ms), unless it has changed since it was read. */
export async function putOff(client: Queryable, { followupId, sequence }: LedgerRow, nextCheckAt: number): Promise<void> {
  await client.query({
    name: 'ledger_put_off',
    text: 'UPDATE followup_actions SET next_check_at = $3 WHERE followup_id = $1 AND sequence = $2 AND next_check_at IS NOT NULL',
    values: [followupId, sequence, instant(nextCheckAt)],
  })
}

/** Holds these leads until the end of the transaction: budgets are counted and changes are told by one at a time. */
export async function lockLeads(client: pg.PoolClient, rows: readonly { readonly leadId: string }[]): Promise<void> {
  const leads = [...new Set(rows.map(({ leadId }) => leadId))].sort()
  if (leads.length > 0)
    await client.query({
      name: 'ledger_lock_leads',
      text: "SELECT pg_advisory_xact_lock(hashtextextended('lead:' || lead, 0)) FROM unnest($1::text[]) AS lead",
      values: [leads],
    })
}

/** A message of ours as the gates count it. */
export interface LedgerSend {
  readonly followupId: string
  readonly leadId: string
  readonly at: number
  readonly confirmedAt: number | null
  readonly messageId: string | null
  readonly text: string
}

/** What the gates of these rows are judged on, as committed at this moment. */
export interface FenceFacts {
  readonly leads: ReadonlyMap<string, LeadProfile>
  readonly tenants: ReadonlyMap<string, Tenant>
  /** By partition: when the copies of the leads, and of what has left for them, were last known to be complete, ms. */
  readonly copyCompleteAt: ReadonlyMap<number, number>
  /** Up to when all copies are complete of what any lead of a location may have said, or an address that is no lead's, by the partition that is furthest behind. */
  readonly allCompleteAt: number | undefined
  /** By lead: what was said of permission from each of its addresses, by whomever. */
  readonly addressLedgers: ReadonlyMap<string, readonly Consents[]>
  readonly sends: readonly LedgerSend[]
  /** By location: our messages of the last 24 hours. */
  readonly locationSends: ReadonlyMap<string, LocationSends>
  /** By location: how our texts of 7 days were received. */
  readonly textsOfWeek: ReadonlyMap<string, TextsOfWeek>
  /** By location and realtor, of assignments; none of those who take no leads. */
  readonly assignees: ReadonlyMap<AssigneeKey, AssigneeFacts>
  /** Leads that another assignment is on its way for. */
  readonly assigning: ReadonlySet<string>
}

/**
 * Reads what the fence needs. Call it after `lockLeads`: what others reserved before is then visible. `besides` is where the
 * platform would send, which may be news to our copy.
 */
export async function fenceFacts(
  client: pg.PoolClient,
  rows: readonly LedgerRow[],
  at: number,
  limits: Shares,
  besides?: Addresses,
): Promise<FenceFacts> {
  const leadIds = [...new Set(rows.map(({ leadId }) => leadId))]
  // Before what it is about: read after it, it would vouch for what was stored in between and is not among it.
  const copies = await copyPlaces(client)
  const leads = await client.query<{ id: string; profile: LeadProfile }>({
    name: 'fence_leads',
    text: `SELECT id, profile FROM leads WHERE id = ANY(${unseenArray(1, 'text')})`,
    values: [leadIds],
  })
  const tenants = await client.query<{ tenant_id: string; record: Tenant }>({
    name: 'fence_tenants',
    text: `SELECT tenant_id, record FROM tenants WHERE tenant_id = ANY(${unseenArray(1, 'text')})`,
    values: [[...new Set(rows.map(({ tenantId }) => tenantId))]],
  })
  const sends = await client.query<{
    followup_id: string
    lead_id: string
    at: Date
    confirmed_at: Date | null
    message_id: string | null
    message: string | null
  }>({
    name: 'fence_sends',
    text: `SELECT followup_id, lead_id, coalesce(handed_over_at, reserved_at) AS at, CASE WHEN status = 'confirmed' THEN settled_at END AS confirmed_at, message_id, message
     FROM followup_actions WHERE lead_id = ANY(${unseenArray(1, 'text')}) AND reserved_at > $2 AND action = 'send_message' AND status IN ('reserved', 'handed_over', 'confirmed', 'unknown')`,
    values: [leadIds, instant(at - 14 * DAY_MS)],
  })
  // A busy day is thousands of rows to count: only for those that it holds.
  const beginning = new Set(rows.filter(countsForLocation).map(({ tenantId }) => tenantId))
  const locationSends =
    beginning.size === 0 ? new Map<string, LocationSends>() : await locationSendsSince(client, [...beginning], at - DAY_MS)
  const texting = new Set(rows.filter((row) => row.channel === 'sms' && countsForLocation(row)).map(({ tenantId }) => tenantId))
  return {
    locationSends,
    textsOfWeek: await textsOfWeek(client, [...texting], at, limits),
    allCompleteAt: allCompleteAt(copies),
    addressLedgers: await addressLedgers(client, leadIds, besides),
    assignees: await assigneeFacts(client, rows, at),
    assigning: await leadsBeingAssigned(client, rows, at),
    leads: new Map(leads.rows.map(({ id, profile }) => [id, profile])),
    tenants: new Map(tenants.rows.map(({ tenant_id, record }) => [tenant_id, record])),
    copyCompleteAt: leadCopiesCompleteAt(copies),
    sends: sends.rows.map((row) => ({
      followupId: row.followup_id,
      leadId: row.lead_id,
      at: row.at.getTime(),
      confirmedAt: ms(row.confirmed_at),
      messageId: row.message_id,
      text: row.message ?? '',
    })),
  }
}

/** Our messages of each of these locations since then (ms), and when the first of them was reserved. */
export async function locationSendsSince(db: Queryable, tenantIds: readonly string[], since: number): Promise<Map<string, LocationSends>> {
  const { rows } = await db.query<{ tenant_id: string; sent: number; oldest: Date }>({
    name: 'fence_location_sends',
    text: `SELECT tenant_id, count(*)::int AS sent, min(reserved_at) AS oldest FROM followup_actions
     WHERE tenant_id = ANY(${unseenArray(1, 'text')}) AND reserved_at > $2 AND action = 'send_message' AND status IN ('reserved', 'handed_over', 'confirmed', 'unknown')
     GROUP BY tenant_id`,
    values: [tenantIds, instant(since)],
  })
  return new Map(rows.map(({ tenant_id, sent, oldest }) => [tenant_id, { count: sent, oldestAt: oldest.getTime() }]))
}

/** Message ids of this contact that a follow-up has already been matched with. */
export async function claimedMessageIds(client: Queryable, tenantId: string, messageIds: readonly string[]): Promise<Set<string>> {
  const found = await client.query<{ message_id: string }>(
    'SELECT message_id FROM followup_actions WHERE tenant_id = $1 AND message_id = ANY($2)',
    [tenantId, messageIds],
  )
  return new Set(found.rows.map(({ message_id }) => message_id))
}

const savedColumns: readonly (readonly [string, string, (row: LedgerRow) => unknown])[] = [
  ['status', 'text', (row) => row.status],
  ['assignee_id', 'text', (row) => storable(row.assigneeId)],
  ['alternates', 'jsonb', (row) => storableJson(row.alternates)],
  ['scheduled_at', 'timestamptz', (row) => instant(row.scheduledAt)],
  ['sequence', 'int', (row) => row.sequence],
  ['attempt', 'int', (row) => row.attempt],
  ['gate_id', 'text', (row) => row.gateId],
  ['rule_id', 'text', (row) => row.ruleId],
  ['reason', 'text', (row) => storable(row.reason)],
  ['lifts_at', 'timestamptz', (row) => instantOrNull(row.liftsAt)],
  ['gates', 'jsonb', (row) => storableJson(row.gates)],
  ['message_id', 'text', (row) => storable(row.messageId)],
  ['reserved_by', 'text', (row) => row.reservedBy],
  ['reserved_at', 'timestamptz', (row) => instantOrNull(row.reservedAt)],
  ['handed_over_at', 'timestamptz', (row) => instantOrNull(row.handedOverAt)],
  ['settled_at', 'timestamptz', (row) => instantOrNull(row.settledAt)],
  ['next_check_at', 'timestamptz', (row) => instantOrNull(row.nextCheckAt)],
  ['updated_at', 'timestamptz', (row) => instant(row.updatedAt)],
]

/** Saves rows that this transaction holds, and says nothing. */
export async function save(client: pg.PoolClient, rows: readonly LedgerRow[]): Promise<void> {
  if (rows.length === 0) return
  const names = ['followup_id', ...savedColumns.map(([name]) => name)].join(', ')
  await client.query({
    name: 'ledger_save',
    text: `UPDATE followup_actions SET ${savedColumns.map(([name]) => `${name} = saved.${name}`).join(', ')}
     FROM unnest(${['text', ...savedColumns.map(([, type]) => type)].map((type, index) => unseenArray(index + 1, type)).join(', ')}) AS saved (${names})
     WHERE followup_actions.followup_id = saved.followup_id`,
    values: [rows.map(({ followupId }) => followupId), ...savedColumns.map(([, , value]) => rows.map(value))],
  })
}

/** Saves rows that this transaction holds and tells their change. Call it with the leads locked. */
export async function saveAndTell(client: pg.PoolClient, rows: readonly LedgerRow[]): Promise<void> {
  if (rows.length === 0) return
  await save(client, rows)
  const told = rows.map((row) => ({ leadId: row.leadId, delivery: deliveryOf(row) }))
  await client.query({
    name: 'ledger_tell',
    text: `INSERT INTO delivery_outbox (delivery_id, lead_id, record, created_at)
     SELECT delivery_id, lead_id, record, at FROM unnest($1::text[], $2::text[], $3::jsonb[], $4::timestamptz[]) WITH ORDINALITY AS told (delivery_id, lead_id, record, at, place) ORDER BY place`,
    values: [
      told.map(({ delivery }) => delivery.deliveryId),
      told.map(({ leadId }) => leadId),
      told.map(({ delivery }) => storableJson(delivery)),
      told.map(({ delivery }) => instant(delivery.at)),
    ],
  })
}
