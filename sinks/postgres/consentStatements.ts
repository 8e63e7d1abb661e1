/**
 * The ledger of permissions: each statement that has come to stand in a profile is kept once and never changed, also when another one has
 * replaced it. What never stood, since a stronger one was known, is not in it. A box is told again by every update of its contact: it is kept
 * when it was told first, and when it says something else.
 * @source reference/safety-and-claude.md 2.1: append-only; reference/gohighlevel.md 6.4: records of consent
 */
import type pg from 'pg'
import { readScope } from '../../pipelines/enrich/purposes.ts'
import { provenanceOfPermission } from '../../pipelines/enrich/provenance.ts'
import type { Consent, LeadProfile } from '../../schemas/generated/records.ts'
import type { Queryable } from './pool.ts'
import { instant, instantOrNull, ms, storable } from './storable.ts'

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
  WHERE NOT (told.status = ANY('{express_written,none}') AND EXISTS (
    SELECT FROM (
      SELECT known.status, known.words FROM consent_statements AS known
      WHERE known.lead_id = told.lead_id AND known.channel = told.channel AND known.purpose = told.purpose
      ORDER BY known.stated_at DESC, known.event_id DESC LIMIT 1
    ) AS latest WHERE latest.status = told.status AND latest.words IS NOT DISTINCT FROM told.words))
  ON CONFLICT DO NOTHING`

const BOX: ReadonlySet<string> = new Set(['express_written', 'none'])

/** Appends what these profiles of leads state, by the key of the lead; statements that are known change nothing. */
export async function appendConsents(client: pg.PoolClient, told: Iterable<readonly [key: string, profile: LeadProfile]>): Promise<void> {
  const rows = new Map<string, Row>()
  const latest = new Map<string, Consent>()
  for (const [key, profile] of told)
    for (const [scope, consent] of Object.entries(profile.consents)) {
      const place = JSON.stringify([key, scope])
      const before = latest.get(place)
      latest.set(place, consent)
      if (BOX.has(consent.status) && before?.status === consent.status && before.words === consent.words) continue
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

/** A statement of a permission that has come to stand. */
export interface ConsentStatement {
  readonly channel: string
  /** all | marketing | inquiry | transactional */
  readonly purpose: string
  readonly status: string
  /** When it was stated, ms. */
  readonly at: number
  /** ms; null = it does not end. */
  readonly expiresAt: number | null
  readonly eventId: string
  readonly words: string | null
  /** What told of it; null = not known. */
  readonly source: string | null
  /** The channel of the lead's own message that states it; null = it was no message, or that is held no longer. */
  readonly messageOn: string | null
}

/** What this lead has stated, at most `most`, newest first. */
export async function consentStatements(db: Queryable, leadId: string, most: number): Promise<ConsentStatement[]> {
  const { rows } = await db.query<Omit<ConsentStatement, 'at' | 'expiresAt'> & { readonly at: Date; readonly expiresAt: Date | null }>(
    `SELECT s.channel, s.purpose, s.status, s.stated_at AS at, s.expires_at AS "expiresAt", s.event_id AS "eventId", s.words, s.source, c.channel AS "messageOn"
     FROM (SELECT * FROM consent_statements WHERE lead_id = $1 ORDER BY stated_at DESC, event_id DESC, channel, purpose LIMIT $2) s
     LEFT JOIN communications c ON c.id = s.event_id AND c.sender = 'lead' AND c.direction = 'inbound'
     ORDER BY s.stated_at DESC, s.event_id DESC, s.channel, s.purpose`,
    [leadId, most],
  )
  return rows.map((row) => ({ ...row, at: row.at.getTime(), expiresAt: ms(row.expiresAt) }))
}
