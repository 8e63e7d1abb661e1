/**
 * LeadProfile records as rows of `leads` and `lead_assignments`. An older version never replaces a newer one; a tombstone
 * deletes the row. What was said before the contact was deleted, or before the tombstone, goes with it.
 */
import type pg from 'pg'
import type { SinkRecord } from '../../runtime/sink.ts'
import type { LeadProfile } from '../../schemas/generated/records.ts'
import { wonOpportunity } from '../../pipelines/enrich/entities.ts'
import { TOMBSTONE } from '../../pipelines/enrich/lastWriter.ts'
import { priorityOf } from '../../pipelines/followup/planFollowUp.ts'
import { forgetCommunications } from './communicationRows.ts'
import { storeAddressStatements, unlinkStatements } from './addressStatements.ts'
import { appendConsents } from './consentStatements.ts'
import { recordedAfter, scoreOf, storedScores } from './recordedScore.ts'
import type { RecordedScore, StoredScore } from './recordedScore.ts'
import { instant, instantOrNull, storable, storableJson } from './storable.ts'
import { unseenArray } from './unseenArray.ts'

const statuses: ReadonlySet<string> = new Set([
  'new',
  'contacted',
  'qualified',
  'disqualified',
  'converted',
  'lost',
  'dormant',
  'reactivated',
])
/** The temperature is a scale of its own, of the score: docs/scoring.md. */
const priorities: ReadonlyMap<string, string> = new Map([
  ['URGENT', 'urgent'],
  ['HOT', 'high'],
  ['WARM', 'medium'],
  ['COLD', 'low'],
])

/** What a profile is in the stored vocabulary. A word the vocabulary lacks becomes its default; the profile keeps it. */
function leadRow(key: string, profile: LeadProfile, timestamp: number, recorded: RecordedScore) {
  return {
    id: key,
    tenant_id: profile.tenantId,
    contact_id: profile.contactId,
    email: storable(profile.email),
    first_name: storable(profile.firstName),
    last_name: storable(profile.lastName),
    phone: storable(profile.phone),
    company: storable(profile.companyName),
    source: storable(profile.source) ?? 'unknown',
    lead_score: recorded.score,
    temperature: recorded.temperature,
    status: statuses.has(profile.status) ? profile.status : 'new',
    priority: priorities.get(profile.level) ?? 'medium',
    priority_score: 100 * priorityOf(profile.level) + recorded.score,
    intent_level: profile.level,
    scoring_reasoning: recorded.reasoning,
    last_score_update: instantOrNull(recorded.at),
    timezone: storable(profile.timeZone),
    city: storable(profile.city),
    state: storable(profile.state),
    country: storable(profile.country),
    postal_code: storable(profile.postalCode),
    assigned_agent_id: storable(profile.ownerId),
    conversion_value: decimal(wonOpportunity(profile)?.monetaryValue ?? null),
    created_at: instant(profile.createdAt ?? profile.firstSeenAt),
    updated_at: instant(timestamp),
    last_activity: instant(profile.lastEventAt),
    last_contacted: instantOrNull(profile.lastOutboundAt),
    deleted_at: instantOrNull(profile.deletedAt),
    deleted_reason: profile.deletedAt === null ? null : 'contact_deleted',
    epoch: profile.epoch,
    version: profile.version,
    profile: storableJson(profile),
  }
}
type LeadRow = ReturnType<typeof leadRow>

const columns: readonly (readonly [keyof LeadRow, string])[] = [
  ['id', 'text'],
  ['tenant_id', 'text'],
  ['contact_id', 'text'],
  ['email', 'text'],
  ['first_name', 'text'],
  ['last_name', 'text'],
  ['phone', 'text'],
  ['company', 'text'],
  ['source', 'text'],
  ['lead_score', 'int'],
  ['temperature', 'lead_temperature'],
  ['status', 'lead_status'],
  ['priority', 'priority_level'],
  ['priority_score', 'int'],
  ['intent_level', 'text'],
  ['scoring_reasoning', 'text'],
  ['last_score_update', 'timestamptz'],
  ['timezone', 'text'],
  ['city', 'text'],
  ['state', 'text'],
  ['country', 'text'],
  ['postal_code', 'text'],
  ['assigned_agent_id', 'text'],
  ['conversion_value', 'numeric'],
  ['created_at', 'timestamptz'],
  ['updated_at', 'timestamptz'],
  ['last_activity', 'timestamptz'],
  ['last_contacted', 'timestamptz'],
  ['deleted_at', 'timestamptz'],
  ['deleted_reason', 'text'],
  ['epoch', 'int'],
  ['version', 'int'],
  ['profile', 'jsonb'],
]

const names = columns.map(([name]) => name).join(', ')
const upsert = `
  INSERT INTO leads (${names}, assigned_at)
  SELECT ${names}, CASE WHEN assigned_agent_id IS NULL THEN NULL ELSE updated_at END
  FROM unnest(${columns.map(([, type], index) => `$${index + 1}::${type}[]`).join(', ')}) AS incoming (${names})
  ON CONFLICT (id) DO UPDATE SET
    ${columns
      .filter(([name]) => name !== 'id')
      .map(([name]) => `${name} = excluded.${name}`)
      .join(', ')},
    assigned_at = CASE WHEN leads.assigned_agent_id IS NOT DISTINCT FROM excluded.assigned_agent_id THEN leads.assigned_at ELSE excluded.assigned_at END
  WHERE leads.version < excluded.version`

const words = `
  INSERT INTO lead_search (lead_id, tenant_id, body, phone_key, email_key, name_key)
  SELECT id, tenant_id, lead_words(leads), lead_phone_key(leads), lead_email_key(leads), lead_name_key(leads)
  FROM leads WHERE id = ANY(${unseenArray(1, 'text')}) ORDER BY id
  ON CONFLICT (lead_id) DO UPDATE SET
    body = excluded.body, phone_key = excluded.phone_key, email_key = excluded.email_key, name_key = excluded.name_key
  WHERE lead_search.body <> excluded.body`

// Before the upsert, while `leads` still shows who had the lead.
const changedOwners = `
  SELECT incoming.id, incoming.tenant_id, incoming.agent, incoming.at
  FROM unnest(${['text', 'text', 'text', 'int', 'timestamptz'].map((type, index) => unseenArray(index + 1, type)).join(', ')})
    AS incoming (id, tenant_id, agent, version, at)
  LEFT JOIN leads ON leads.id = incoming.id
  WHERE (leads.id IS NULL OR leads.version < incoming.version) AND incoming.agent IS DISTINCT FROM leads.assigned_agent_id`

interface Standing {
  readonly profile: LeadProfile
  readonly timestamp: number
}

/** The row of a lead after these profiles of it, in order of their version; undefined when none of them is new. */
function rowAfter(key: string, all: readonly Standing[], stored: StoredScore | undefined): LeadRow | undefined {
  const news = stored === undefined ? all : all.filter(({ profile }) => profile.version > stored.version)
  let recorded: RecordedScore | undefined = stored
  for (const { profile, timestamp } of news)
    recorded = recordedAfter(recorded, scoreOf(profile, timestamp), profile.fieldTimes[TOMBSTONE] !== undefined)
  const newest = news.at(-1)
  return newest === undefined || recorded === undefined ? undefined : leadRow(key, newest.profile, newest.timestamp, recorded)
}

/** Stores the profiles of one batch: per lead the last one, after the last tombstone, with the score that all of them record. */
export async function storeProfiles(client: pg.PoolClient, records: readonly SinkRecord<LeadProfile>[]): Promise<void> {
  const erased = new Map<string, number>()
  const forgotten: [key: string, profiles: readonly LeadProfile[]][] = []
  const stands = new Map<string, Standing[]>()
  const deleted = new Map<string, number>()
  for (const { key, value, timestamp } of records) {
    if (value === null) {
      erased.set(key, timestamp)
      forgotten.push([key, (stands.get(key) ?? []).map(({ profile }) => profile)])
      stands.delete(key)
      continue
    }
    const until = value.fieldTimes[TOMBSTONE]
    if (until !== undefined) deleted.set(key, until)
    const known = stands.get(key)
    if (known === undefined) stands.set(key, [{ profile: value, timestamp }])
    else if ((known.at(-1)?.profile.version ?? 0) < value.version) known.push({ profile: value, timestamp })
  }
  if (erased.size > 0) {
    const keys = [...erased.keys()]
    await client.query('DELETE FROM leads WHERE id = ANY($1)', [keys])
    await client.query('DELETE FROM lead_search WHERE lead_id = ANY($1)', [keys])
    await client.query('DELETE FROM lead_assignments WHERE lead_id = ANY($1)', [keys])
    await client.query('DELETE FROM consent_statements WHERE lead_id = ANY($1)', [keys])
    await unlinkStatements(client, keys)
    await storeAddressStatements(client, forgotten, 'nobody')
    // Events are read apart from profiles: what the lead has written since it came back may be stored already.
    await forgetCommunications(
      client,
      [...erased].map(([id, until]) => ({ id, until })),
    )
  }
  // In one order everywhere: two partitions never share a lead, but a zombie and its successor may.
  const last = [...stands].sort(([a], [b]) => (a < b ? -1 : 1))
  if (last.length === 0) return
  const scores = await storedScores(client, [...stands.keys()])
  const rows = last.flatMap(([key, all]) => rowAfter(key, all, scores.get(key)) ?? [])
  await forgetCommunications(
    client,
    [...deleted].map(([id, until]) => ({ id, until })),
  )
  if (rows.length === 0) return
  await appendConsents(
    client,
    last.flatMap(([key, all]) => all.map(({ profile }) => [key, profile] as const)),
  )
  await storeAddressStatements(
    client,
    last.map(([key, all]) => [key, all.map(({ profile }) => profile)]),
  )
  await storeAssignments(client, rows)
  await client.query({ name: 'leads_upsert', text: upsert, values: columns.map(([name]) => rows.map((row) => row[name])) })
  await client.query({ name: 'leads_words', text: words, values: [rows.map((row) => row.id)] })
}

async function storeAssignments(client: pg.PoolClient, rows: readonly LeadRow[]): Promise<void> {
  const found = await client.query<{ id: string; tenant_id: string; agent: string | null; at: Date }>({
    name: 'leads_changed_owners',
    text: changedOwners,
    values: [
      rows.map((row) => row.id),
      rows.map((row) => row.tenant_id),
      rows.map((row) => row.assigned_agent_id),
      rows.map((row) => row.version),
      rows.map((row) => row.updated_at),
    ],
  })
  if (found.rows.length === 0) return
  const changed = found.rows
  await client.query(
    `UPDATE lead_assignments SET status = 'ended', ended_at = changed.at
     FROM unnest($1::text[], $2::timestamptz[]) AS changed (lead_id, at) WHERE lead_assignments.lead_id = changed.lead_id AND status = 'active'`,
    [changed.map(({ id }) => id), changed.map(({ at }) => at)],
  )
  const assigned = changed.filter(({ agent }) => agent !== null)
  await client.query(
    `INSERT INTO lead_assignments (lead_id, tenant_id, assigned_agent_id, status, created_at)
     SELECT lead_id, tenant_id, agent, 'active', at FROM unnest($1::text[], $2::text[], $3::text[], $4::timestamptz[]) AS assigned (lead_id, tenant_id, agent, at)`,
    [assigned.map(({ id }) => id), assigned.map((row) => row.tenant_id), assigned.map(({ agent }) => agent), assigned.map(({ at }) => at)],
  )
}

function decimal(text: string | null): string | null {
  return text !== null && /^-?\d+(\.\d+)?$/.test(text) ? text : null
}
