/** Decisions, deliveries and tenants as rows: the columns that are asked for beside the record itself. Ids make a repetition harmless. */
import type pg from 'pg'
import type { SinkRecord } from '../../runtime/sink.ts'
import type { Decision, DeliveryChanged, Tenant } from '../../schemas/generated/records.ts'
import { dayOf, uncountDays } from './decisionDays.ts'
import { endRemovedGrants } from './removedGrants.ts'
import { instant, instantOrNull, storableJson, storableText } from './storable.ts'

type Column<R> = readonly [name: string, type: string, value: (record: R, key: string) => unknown]

const decisionColumns: readonly Column<Decision>[] = [
  ['decision_id', 'text', (d) => d.decisionId],
  ['lead_id', 'text', (_, key) => key],
  ['tenant_id', 'text', (d) => d.tenantId],
  ['contact_id', 'text', (d) => d.contactId],
  ['type', 'text', (d) => d.type],
  ['chosen', 'text', (d) => d.chosen],
  ['reason', 'text', (d) => d.reason],
  ['stage', 'text', (d) => d.stage],
  ['stop_reason', 'text', (d) => d.stopReason],
  ['epoch', 'int', (d) => d.epoch],
  ['policy_hash', 'text', (d) => d.policyHash],
  ['asked_at', 'timestamptz', (d) => instant(d.askedAt)],
  ['decided_at', 'timestamptz', (d) => instant(d.decidedAt)],
  ['due_at', 'timestamptz', (d) => instantOrNull(d.dueAt)],
  ['record', 'jsonb', (d) => storableJson(d)],
]

const deliveryColumns: readonly Column<DeliveryChanged>[] = [
  ['delivery_id', 'text', (d) => d.deliveryId],
  ['followup_id', 'text', (d) => d.followupId],
  ['sequence', 'int', (d) => d.sequence],
  ['lead_id', 'text', (_, key) => key],
  ['tenant_id', 'text', (d) => d.tenantId],
  ['contact_id', 'text', (d) => d.contactId],
  ['decision_id', 'text', (d) => d.decisionId],
  ['action', 'text', (d) => d.action],
  ['channel', 'text', (d) => d.channel],
  ['status', 'text', (d) => d.status],
  ['at', 'timestamptz', (d) => instant(d.at)],
  ['record', 'jsonb', (d) => storableJson(d)],
]

const tenantColumns: readonly Column<Tenant>[] = [
  ['tenant_id', 'text', (_, key) => key],
  ['name', 'text', (one) => storableText(one.name)],
  ['status', 'text', (one) => one.status],
  ['automation', 'boolean', (one) => one.automation],
  ['record', 'jsonb', (one) => storableJson(one)],
  ['updated_at', 'timestamptz', (one) => instant(one.updatedAt)],
]

/** Stores decisions. The first record of an id stays. */
export async function storeDecisions(client: pg.PoolClient, records: readonly SinkRecord<Decision>[]): Promise<void> {
  const rows = present(records)
  await insert(client, 'decisions', decisionColumns, rows, 'ON CONFLICT (decision_id) DO NOTHING')
  await uncountDays(
    client,
    rows.map(({ value }) => dayOf(value.decidedAt)),
  )
}

/** Stores deliveries. The relay may publish one twice: the second is ignored. */
export async function storeDeliveries(client: pg.PoolClient, records: readonly SinkRecord<DeliveryChanged>[]): Promise<void> {
  await insert(client, 'deliveries', deliveryColumns, present(records), 'ON CONFLICT (delivery_id) DO NOTHING')
}

/** Stores tenants; the last record of each wins, a tombstone deletes. What was granted before an uninstallation ends. */
export async function storeTenants(client: pg.PoolClient, records: readonly SinkRecord<Tenant>[]): Promise<void> {
  const last = new Map(records.map((record) => [record.key, record]))
  const gone = [...last.values()].filter(({ value }) => value === null).map(({ key }) => key)
  if (gone.length > 0) await client.query('DELETE FROM tenants WHERE tenant_id = ANY($1)', [gone])
  const rows = present([...last.values()])
  await endRemovedGrants(client, rows)
  await insert(
    client,
    'tenants',
    tenantColumns,
    rows,
    'ON CONFLICT (tenant_id) DO UPDATE SET name = excluded.name, status = excluded.status, automation = excluded.automation, record = excluded.record, updated_at = excluded.updated_at',
  )
}

interface Present<R> {
  readonly key: string
  readonly value: R
}

function present<R>(records: readonly SinkRecord<R>[]): Present<R>[] {
  return records.flatMap(({ key, value }) => (value === null ? [] : [{ key, value }]))
}

async function insert<R>(
  client: pg.PoolClient,
  table: string,
  columns: readonly Column<R>[],
  rows: readonly Present<R>[],
  onConflict: string,
): Promise<void> {
  if (rows.length === 0) return
  const names = columns.map(([name]) => name).join(', ')
  const arrays = columns.map(([, type], index) => `$${index + 1}::${type}[]`).join(', ')
  await client.query({
    name: `${table}_insert`,
    text: `INSERT INTO ${table} (${names}) SELECT ${names} FROM unnest(${arrays}) AS incoming (${names}) ${onConflict}`,
    values: columns.map(([, , value]) => rows.map(({ key, value: record }) => value(record, key))),
  })
}
