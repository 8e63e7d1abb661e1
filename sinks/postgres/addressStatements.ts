/**
 * What was said of permission from each number and e-mail address, kept by a hash of the address: an opt-out counts for every lead of the location
 * that has the address. Rows are only added, each once, so the order of arrival leaves no trace; an erasure takes lead and words from them. A
 * do-not-disturb that is permanent is told again by every update: of each lead and address it is one row, of when it was told last.
 * @source reference/safety-and-claude.md 2.1: opt-out follows the number, not the person
 */
import type pg from 'pg'
import { isPermanentDnd } from '../../pipelines/enrich/consent.ts'
import { ledgerOf, saidFrom } from '../../pipelines/enrich/saidFrom.ts'
import { PURPOSES, readScope, scopeOf } from '../../pipelines/enrich/purposes.ts'
import { permissionsOf } from '../../pipelines/enrich/settings.ts'
import { closingWords } from '../../pipelines/enrich/staffEvents.ts'
import { unnamedReasons } from '../../pipelines/lookup/question.ts'
import { addressStatementsOf } from '../../pipelines/lookup/saidByAddress.ts'
import type { Consents } from '../../pipelines/enrich/consent.ts'
import type { Consent, LeadEvent, LeadProfile, Tenant, WebhookUnrecognised } from '../../schemas/generated/records.ts'
import type { Queryable } from './pool.ts'
import { instant, storable } from './storable.ts'
import { unseenArray } from './unseenArray.ts'

const columns = [
  ['lead_id', 'text'],
  ['tenant_id', 'text'],
  ['channel', 'text'],
  ['purpose', 'text'],
  ['event_id', 'text'],
  ['status', 'text'],
  ['stated_at', 'timestamptz'],
  ['words', 'text'],
  ['address', 'text'],
  ['had_key', 'text'],
  ['is_certain', 'bool'],
] as const
type Row = Record<(typeof columns)[number][0], unknown>

/** A number without what is dialled after it: whoever is at an extension has the number. */
const plain = (address: string) => `regexp_replace(${address}, '(ext|x|#|;|,).*$', '', 'i')`
/** The key of an address, as an expression over expressions. */
export const keyOf = (tenant: string, channel: string, address: string) =>
  `CASE WHEN ${channel} = 'email' THEN address_key(${tenant}, ${channel}, ${address})
    ELSE coalesce(address_key(${tenant}, ${channel}, ${plain(address)}), address_key(${tenant}, ${channel}, ${address})) END`

const toldKey = `coalesce(had_key, ${keyOf('tenant_id', 'channel', 'address')})`
const names = columns.map(([name]) => name).join(', ')
const stored = 'tenant_id, channel, purpose, event_id, status, stated_at, words, lead_id'
const append = `
  INSERT INTO address_statements (address_key, ${stored}, stored_at)
  SELECT key, ${stored}, clock_timestamp()
  FROM unnest(${columns.map(([, type], place) => `$${place + 1}::${type}[]`).join(', ')}) AS told (${names})
  CROSS JOIN LATERAL (SELECT ${toldKey} AS key) AS said
  WHERE key IS NOT NULL AND (is_certain OR NOT EXISTS (
    SELECT FROM address_statements AS known WHERE known.tenant_id = told.tenant_id AND known.event_id = told.event_id
      AND known.channel = told.channel AND known.purpose = told.purpose AND (known.lead_id = told.lead_id OR known.lead_id IS NULL)))
  ON CONFLICT DO NOTHING`

// The latest telling counts against START, from whichever lead that came; a maximum, so that order and repetition leave no trace.
const raiseAgain = `
  UPDATE address_statements AS known SET stated_at = told.stated_at
  FROM (SELECT ${toldKey} AS key, * FROM unnest(${columns.map(([, type], place) => `$${place + 1}::${type}[]`).join(', ')}) AS said (${names})) AS told
  WHERE known.tenant_id = told.tenant_id AND known.address_key = told.key AND known.channel = told.channel AND known.purpose = told.purpose
    AND known.lead_id = told.lead_id AND known.status = told.status AND known.words = told.words AND told.is_certain AND told.stated_at > known.stated_at`
const appendAgain = append.replace(
  'ON CONFLICT',
  `AND NOT EXISTS (
    SELECT FROM address_statements AS known WHERE known.tenant_id = told.tenant_id AND known.lead_id = told.lead_id AND known.channel = told.channel
      AND known.purpose = told.purpose AND known.status = told.status AND known.words = told.words AND (known.address_key = said.key OR NOT told.is_certain))
  ON CONFLICT`,
)

/** Of a lead that was erased it is `nobody` who said so. */
export type SaidBy = 'lead' | 'nobody'

/** Adds what these leads have said and from where; of each its profiles in order of version. */
export async function storeAddressStatements(
  client: pg.PoolClient,
  told: Iterable<readonly [key: string, profiles: readonly LeadProfile[]]>,
  by: SaidBy = 'lead',
): Promise<void> {
  const rows: Row[] = []
  for (const [key, all] of told)
    for (const { channel, scope, stated, address, addressKey, isCertain } of saidFrom(all))
      rows.push({
        ...rowOf(key, all[0]?.tenantId ?? '', channel, readScope(scope).purpose ?? 'all', stated, address, isCertain),
        had_key: addressKey,
      })
  await storeSaid(client, rows, by)
}

/** Adds the addresses that unsubscribed or called an e-mail spam, as their mail service names them: the lead may have another one by now. */
export async function storeUnsubscribed(
  client: pg.PoolClient,
  records: readonly { readonly key: string; readonly value: LeadEvent | null }[],
  by: SaidBy = 'lead',
): Promise<void> {
  const rows = records.flatMap(({ key, value }) => {
    const words = value === null ? undefined : closingWords(value.kind)
    const address = value?.emailEvent?.address ?? null
    if (value === null || words === undefined || address === null) return []
    const { tenantId, eventId, occurredAt: at } = value
    return [rowOf(key, tenantId, 'email', 'all', { status: 'revoked', at, expiresAt: null, eventId, words }, address, true)]
  })
  await storeSaid(client, rows, by)
}

/**
 * Adds what numbers and addresses have said that no contact was named of, whatever came of asking for one: whoever appears with the address is
 * closed by it. Of what was said neither lead nor words are kept.
 */
export async function storeUnnamed(
  client: pg.PoolClient,
  records: readonly { readonly value: WebhookUnrecognised | null }[],
): Promise<void> {
  const told = records.flatMap(({ value }) => {
    if (value === null || !UNNAMED.has(value.reason)) return []
    const { tenantId } = value
    // Which location was meant nobody knows: what takes permission back counts for all of them, what gives it for none.
    return addressStatementsOf(value).flatMap((one) =>
      tenantId === EVERY_LOCATION && one.status !== 'revoked' ? [] : [{ ...one, tenantId }],
    )
  })
  const named = told.flatMap(({ tenantId, purpose }) => (purpose === null ? [] : [tenantId]))
  const byPurpose = named.length === 0 ? new Set<string>() : await locationsByPurpose(client, named)
  await store(
    client,
    told.map(({ tenantId, channel, purpose, address, ...stated }) => {
      const scope = purpose !== null && byPurpose.has(tenantId) ? purpose : 'all'
      return { ...rowOf('', tenantId, channel, scope, { ...stated, expiresAt: null, words: null }, address, true), lead_id: null }
    }),
  )
}

/** Of no contact, of no location, and of one that may be installed again. */
const UNNAMED: ReadonlySet<string> = new Set([...unnamedReasons, 'tenant_not_named', 'tenant_not_installed'])
/** In the place of the location: what counts in all of them. */
const EVERY_LOCATION = ''

/** Those of these locations where an opt-out closes what it names alone. */
async function locationsByPurpose(client: pg.PoolClient, tenantIds: readonly string[]): Promise<ReadonlySet<string>> {
  const { rows } = await client.query<{ tenant_id: string; record: Tenant }>({
    name: 'address_statements_settings',
    text: 'SELECT tenant_id, record FROM tenants WHERE tenant_id = ANY($1)',
    values: [tenantIds],
  })
  return new Set(rows.flatMap(({ tenant_id, record }) => (permissionsOf(record).revocation === 'purpose' ? [tenant_id] : [])))
}

function rowOf(
  key: string,
  tenantId: string,
  channel: string,
  purpose: string,
  stated: Consent,
  address: string | null,
  isCertain: boolean,
): Row {
  const { status, at, eventId, words } = stated
  return {
    ...{ lead_id: key, tenant_id: tenantId, channel, purpose, event_id: storable(eventId), status },
    ...{ stated_at: instant(at), words: storable(words), address: storable(address), had_key: null, is_certain: isCertain },
  }
}

async function store(client: pg.PoolClient, rows: readonly Row[]): Promise<void> {
  await run(client, 'address_statements_append', append, rows)
}

async function run(client: pg.PoolClient, name: string, text: string, rows: readonly Row[]): Promise<void> {
  if (rows.length === 0) return
  await client.query({ name, text, values: columns.map(([column]) => rows.map((row) => row[column])) })
}

/** The same of leads; of those that were erased without lead and words, and what takes nothing back only where it stands against something that does. */
async function storeSaid(client: pg.PoolClient, rows: readonly Row[], by: SaidBy): Promise<void> {
  if (by === 'lead') {
    const again = rows.filter(({ status, words }) => isPermanentDnd({ status, words } as Pick<Consent, 'status' | 'words'>))
    await run(client, 'address_statements_raise', raiseAgain, again)
    await run(client, 'address_statements_append_again', appendAgain, again)
    return store(client, again.length === 0 ? rows : rows.filter((row) => !again.includes(row)))
  }
  if (rows.length === 0) return
  await store(
    client,
    rows.map((row) => ({ ...row, lead_id: null, words: null })),
  )
  await client.query(
    `DELETE FROM address_statements AS said WHERE lead_id IS NULL AND tenant_id = ANY($1) AND event_id = ANY($2) AND ${alone}`,
    [rows.map((row) => row.tenant_id), rows.map((row) => row.event_id)],
  )
}

/** Where a message would go, as the platform has it at this moment. */
export interface Addresses {
  readonly phone: string | null
  readonly email: string | null
}

/** By lead: the ledger of each of its addresses of which anything was said, and of those that are given besides. */
export async function addressLedgers(
  db: Queryable,
  leadIds: readonly string[],
  besides: Addresses = { phone: null, email: null },
): Promise<ReadonlyMap<string, readonly Consents[]>> {
  const { rows } = await db.query<StoredStatement>({
    name: 'address_ledgers',
    text: ledgers,
    values: [leadIds, besides.phone, besides.email],
  })
  const statements = new Map<string, Map<string, [scope: string, stated: Consent][]>>()
  for (const row of rows) {
    const byAddress = statements.get(row.lead_id) ?? new Map<string, [string, Consent][]>()
    statements.set(row.lead_id, byAddress)
    const said = byAddress.get(row.address_key) ?? []
    byAddress.set(row.address_key, said)
    const purpose = PURPOSES.find((one) => one === row.purpose)
    said.push([
      purpose === undefined ? row.channel : scopeOf(row.channel, purpose),
      { status: row.status, at: row.stated_at.getTime(), expiresAt: null, eventId: row.event_id, words: row.words },
    ])
  }
  return new Map([...statements].map(([leadId, byAddress]) => [leadId, [...byAddress.values()].map(ledgerOf)]))
}

interface StoredStatement {
  readonly lead_id: string
  readonly address_key: string
  readonly channel: string
  readonly purpose: string
  readonly status: string
  readonly stated_at: Date
  readonly event_id: string
  readonly words: string | null
}

// The keys once: within the join they would be computed for every row that they are compared with.
const ledgers = `
  WITH own AS MATERIALIZED (
    SELECT leads.id, place.tenant_id, address_key(place.tenant_id, said.channel, said.address) AS key, address_key(leads.tenant_id, said.channel, said.address) AS own_key
    FROM leads
    CROSS JOIN LATERAL (VALUES ('sms', leads.phone), ('sms', ${plain('leads.phone')}), ('email', leads.email), ('sms', $2), ('sms', ${plain('$2')}), ('email', $3)) AS said (channel, address)
    CROSS JOIN LATERAL (VALUES (leads.tenant_id), ('${EVERY_LOCATION}')) AS place (tenant_id)
    WHERE leads.id = ANY(${unseenArray(1, 'text')})
  )
  SELECT own.id AS lead_id, own.own_key AS address_key, said.channel, said.purpose, said.status, said.stated_at, said.event_id, said.words
  FROM (SELECT DISTINCT id, tenant_id, key, own_key FROM own) AS own
  JOIN address_statements AS said ON said.tenant_id = own.tenant_id AND said.address_key = own.key
  ORDER BY own.id, own.own_key`

/** Nothing takes permission back that this one stands against: then it says nothing that must be known. */
const alone = `NOT EXISTS (
  SELECT FROM address_statements AS other
  WHERE other.tenant_id = said.tenant_id AND other.address_key = said.address_key AND other.channel = said.channel AND other.status = 'revoked')`

/**
 * Forgets who said so, and the words. What takes nothing back goes, unless it stands against something that does: without it the address
 * would be closed again.
 */
export async function unlinkStatements(client: pg.PoolClient, leadIds: readonly string[]): Promise<void> {
  await client.query(`DELETE FROM address_statements AS said WHERE lead_id = ANY($1) AND ${alone}`, [leadIds])
  await client.query('UPDATE address_statements SET lead_id = NULL, words = NULL WHERE lead_id = ANY($1)', [leadIds])
}
