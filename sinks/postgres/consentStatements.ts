/**
 * The ledger of permissions: each statement that has come to stand in a profile is kept once and never changed, also when another one has
 * replaced it. What never stood, since a stronger one was known, is not in it.
 * @source reference/safety-and-claude.md 2.1: append-only; reference/gohighlevel.md 6.4: records of consent
 */
import type pg from 'pg'
import { readScope } from '../../pipelines/enrich/purposes.ts'
import { provenanceOfPermission } from '../../pipelines/enrich/provenance.ts'
import type { Consent, LeadProfile } from '../../schemas/generated/records.ts'
import { instant, instantOrNull, storable } from './storable.ts'

const columns = [
  ['lead_id', 'text'],
  ['tenant_id', 'text'],
  ['channel', 'text'],
  ['purpose', 'text'],
  ['event_id', 'text'],
  ['status', 'text'],
  ['stated_at', 'timestamptz'],
  ['expires_at', 'timestamptz'],
  ['words', 'text'],
  ['source', 'text'],
] as const
type Row = Record<(typeof columns)[number][0], unknown>

const names = columns.map(([name]) => name).join(', ')
const append = `
  INSERT INTO consent_statements (${names}, stored_at)
  SELECT ${names}, clock_timestamp() FROM unnest(${columns.map(([, type], place) => `$${place + 1}::${type}[]`).join(', ')}) AS told (${names})
  ON CONFLICT DO NOTHING`

/** Appends what these profiles of leads state, by the key of the lead; statements that are known change nothing. */
export async function appendConsents(client: pg.PoolClient, told: Iterable<readonly [key: string, profile: LeadProfile]>): Promise<void> {
  const rows = new Map<string, Row>()
  for (const [key, profile] of told)
    for (const [scope, consent] of Object.entries(profile.consents)) {
      const row = rowOf(key, profile, scope, consent)
      const id = [row.lead_id, row.channel, row.purpose, row.event_id].join(' ')
      if (!rows.has(id)) rows.set(id, row)
    }
  if (rows.size === 0) return
  const all = [...rows.values()]
  await client.query({ name: 'consents_append', text: append, values: columns.map(([name]) => all.map((row) => row[name])) })
}

function rowOf(key: string, profile: LeadProfile, scope: string, { status, at, expiresAt, eventId, words }: Consent): Row {
  const { channel, purpose } = readScope(scope)
  return {
    lead_id: key,
    tenant_id: profile.tenantId,
    channel: storable(channel),
    purpose: purpose ?? 'all',
    event_id: storable(eventId),
    status,
    stated_at: instant(at),
    expires_at: instantOrNull(expiresAt),
    words: storable(words),
    source: storable(provenanceOfPermission(profile, scope)),
  }
}
