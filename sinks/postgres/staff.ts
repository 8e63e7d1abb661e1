/**
 * Which realtors take leads and how many they have, as the fence reads it: settings as they are on the topic, loads counted
 * from the leads themselves and from assignments that are on their way and not yet told by the lead.
 */
import type pg from 'pg'
import type { SinkRecord } from '../../runtime/sink.ts'
import type { StaffSettings } from '../../schemas/generated/records.ts'
import type { LedgerRow } from './ledgerRow.ts'
import { instant, storableJson } from './storable.ts'
import { unseenArray } from './unseenArray.ts'

/** Stores settings of offices; the last record of each wins, a tombstone deletes. */
export async function storeStaffSettings(client: pg.PoolClient, records: readonly SinkRecord<StaffSettings>[]): Promise<void> {
  const last = [...new Map(records.map((record) => [record.key, record])).values()]
  const gone = last.filter(({ value }) => value === null).map(({ key }) => key)
  if (gone.length > 0) await client.query('DELETE FROM staff_settings WHERE tenant_id = ANY($1)', [gone])
  const rows = last.flatMap(({ key, value }) => (value === null ? [] : [{ key, value }]))
  if (rows.length === 0) return
  await client.query({
    name: 'staff_settings_insert',
    text: `INSERT INTO staff_settings (tenant_id, record, updated_at) SELECT * FROM unnest($1::text[], $2::jsonb[], $3::timestamptz[])
           ON CONFLICT (tenant_id) DO UPDATE SET record = excluded.record, updated_at = excluded.updated_at`,
    values: [rows.map(({ key }) => key), rows.map(({ value }) => storableJson(value)), rows.map(({ value }) => instant(value.updatedAt))],
  })
}

/** What of a realtor counts when a lead is given to them. */
export interface AssigneeFacts {
  readonly availability: string
  readonly capacity: number
  /** Open leads that are theirs, with those on their way to them. */
  readonly load: number
}

export type AssigneeKey = `${string}:${string}`
export const assigneeKey = ({ tenantId, assigneeId }: Pick<LedgerRow, 'tenantId' | 'assigneeId'>): AssigneeKey =>
  `${tenantId}:${assigneeId ?? ''}`

/**
 * Holds every realtor who may get one of these leads until the end of the transaction, in one order over all rows: of two
 * assignments to one realtor the second counts the first, and no two transactions wait for each other.
 */
export async function lockAssignees(client: pg.PoolClient, rows: readonly LedgerRow[]): Promise<void> {
  const keys = [...new Set(candidates(rows).map(assigneeKey))].sort()
  if (keys.length > 0)
    await client.query({
      name: 'ledger_lock_assignees',
      text: "SELECT pg_advisory_xact_lock(hashtextextended('realtor:' || realtor, 0)) FROM unnest($1::text[]) AS realtor",
      values: [keys],
    })
}

/** An assignment that was confirmed so long ago and is not the lead's owner was changed by somebody since: 10 min in ms. */
const TOLD_WITHIN_MS = 600_000

const IN_HAND = `given.action = 'assign' AND given.status IN ('reserved', 'handed_over', 'unknown')`
/** Confirmed lately, and perhaps not told by the lead yet. $n: instant. */
const confirmedSince = (place: string) => `given.action = 'assign' AND given.status = 'confirmed' AND given.updated_at > ${place}`

/** Leads of these rows that another assignment is on its way for. */
export async function leadsBeingAssigned(client: pg.PoolClient, rows: readonly LedgerRow[], at: number): Promise<Set<string>> {
  const wanted = assignments(rows)
  if (wanted.length === 0) return new Set()
  const found = await client.query<{ lead_id: string }>({
    name: 'fence_assigning',
    text: `SELECT DISTINCT lead_id FROM followup_actions AS given WHERE lead_id = ANY(${unseenArray(1, 'text')}) AND followup_id <> ALL(${unseenArray(2, 'text')}) AND ((${IN_HAND}) OR (${confirmedSince('$3')}))`,
    values: [wanted.map(({ leadId }) => leadId), wanted.map(({ followupId }) => followupId), instant(at - TOLD_WITHIN_MS)],
  })
  return new Set(found.rows.map(({ lead_id }) => lead_id))
}

/** Facts of the realtors who may get these leads; who takes no leads has none. A row's own assignment does not count. */
export async function assigneeFacts(
  client: pg.PoolClient,
  rows: readonly LedgerRow[],
  at: number,
): Promise<Map<AssigneeKey, AssigneeFacts>> {
  const wanted = [...new Map(candidates(rows).map((one) => [assigneeKey(one), one])).values()]
  if (wanted.length === 0) return new Map()
  const settings = await client.query<{ record: StaffSettings }>({
    name: 'fence_staff',
    text: `SELECT record FROM staff_settings WHERE tenant_id = ANY(${unseenArray(1, 'text')})`,
    values: [[...new Set(wanted.map(({ tenantId }) => tenantId))]],
  })
  const loads = await client.query<{ tenant_id: string; realtor: string; load: string }>({
    name: 'fence_loads',
    // The two kinds of assignments by themselves: together they would be sought among all that the realtor was ever given.
    text: `SELECT wanted.tenant_id, wanted.realtor,
        (SELECT count(*) FROM leads WHERE assigned_agent_id = wanted.realtor AND tenant_id = wanted.tenant_id
            AND status NOT IN ('converted', 'lost', 'disqualified') AND deleted_at IS NULL)
      + (SELECT count(*) FROM (
            SELECT given.lead_id FROM followup_actions AS given
            WHERE ${IN_HAND} AND given.tenant_id = wanted.tenant_id AND given.assignee_id = wanted.realtor AND given.followup_id <> ALL(${unseenArray(4, 'text')})
            UNION ALL
            SELECT given.lead_id FROM followup_actions AS given
            WHERE ${confirmedSince('$3')} AND given.tenant_id = wanted.tenant_id AND given.assignee_id = wanted.realtor AND given.followup_id <> ALL(${unseenArray(4, 'text')})
          ) AS given LEFT JOIN leads ON leads.id = given.lead_id
          WHERE leads.assigned_agent_id IS DISTINCT FROM wanted.realtor) AS load
      FROM unnest(${unseenArray(1, 'text')}, ${unseenArray(2, 'text')}) AS wanted (tenant_id, realtor)`,
    values: [
      wanted.map(({ tenantId }) => tenantId),
      wanted.map(({ assigneeId }) => assigneeId),
      instant(at - TOLD_WITHIN_MS),
      rows.map(({ followupId }) => followupId),
    ],
  })
  const counted = new Map(loads.rows.map(({ tenant_id, realtor, load }) => [`${tenant_id}:${realtor}`, Number(load)]))
  const facts = new Map<AssigneeKey, AssigneeFacts>()
  for (const { record } of settings.rows)
    for (const { realtorId, availability, capacity } of record.realtors) {
      const key: AssigneeKey = `${record.tenantId}:${realtorId}`
      const load = counted.get(key)
      if (load !== undefined) facts.set(key, { availability, capacity, load })
    }
  return facts
}

type Candidate = Pick<LedgerRow, 'tenantId' | 'assigneeId'>

/** The realtors of these rows: to whom each assigns, and who is next when they can not have it. */
function candidates(rows: readonly LedgerRow[]): Candidate[] {
  return assignments(rows).flatMap(({ tenantId, assigneeId, alternates }) =>
    [assigneeId, ...alternates].map((realtorId) => ({ tenantId, assigneeId: realtorId })),
  )
}

function assignments(rows: readonly LedgerRow[]): LedgerRow[] {
  return rows.filter(({ action, assigneeId }) => action === 'assign' && assigneeId !== null)
}
