/**
 * The ledger of permissions: each statement that has come to stand in a profile is kept once and never changed, also when another one has
 * replaced it. What never stood, since a stronger one was known, is not in it. A box, and a do-not-disturb that is permanent, are told again by
 * every update of their contact: they are kept when they were told first, and when something else was said between.
 * @source reference/safety-and-claude.md 2.1: append-only; reference/gohighlevel.md 6.4: records of consent
 */
import type pg from 'pg'
import { PERMANENT_DND, isPermanentDnd } from '../../pipelines/enrich/consent.ts'
import { FIRST_PERMANENT } from '../../pipelines/enrich/contactEvents.ts'
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
const told = `unnest(${columns.map(([, type], place) => `$${place + 1}::${type}[]`).join(', ')}) AS told (${names})`
const appendWhere = (condition: string) => `
  INSERT INTO consent_statements (${names}, stored_at)
  SELECT ${names}, clock_timestamp() FROM ${told}
  WHERE ${condition}
  ON CONFLICT DO NOTHING`
const append = appendWhere('true')
// Compared with what was said before it, not with what was said last: read again, it must not stand beside its first telling.
const appendAgain = appendWhere(`NOT EXISTS (
    SELECT FROM (
      SELECT known.status, known.words FROM consent_statements AS known
      WHERE known.lead_id = told.lead_id AND known.channel = told.channel AND known.purpose = told.purpose AND known.stated_at <= told.stated_at
      ORDER BY known.stated_at DESC, known.event_id DESC LIMIT 1
    ) AS before WHERE before.status = told.status AND before.words IS NOT DISTINCT FROM told.words)`)

// The earliest telling is one row however late it comes, so the order of arrival leaves no trace in it.
const appendFirst = `
  INSERT INTO consent_statements (${names}, stored_at)
  SELECT ${names}, clock_timestamp() FROM ${told}
  ON CONFLICT (lead_id, channel, purpose, event_id) DO UPDATE SET stated_at = excluded.stated_at
  WHERE excluded.stated_at < consent_statements.stated_at`

/** The event of a statement that a contact has told for the first time: which event that was depends on the order of arrival. */
export const FIRST_TOLD = 'first_told'

const BOX: ReadonlySet<string> = new Set(['express_written', 'none'])

/** Is it said again, with another time, whenever anything of its contact changes? */
function isToldAgain(stated: Consent): boolean {
  return BOX.has(stated.status) || isPermanentDnd(stated)
}

/** Appends what these profiles of leads state, by the key of the lead; statements that are known change nothing. */
export async function appendConsents(client: pg.PoolClient, told: Iterable<readonly [key: string, profile: LeadProfile]>): Promise<void> {
  const rows = new Map<string, Row>()
  // Of those that are told again the first of each in this batch: what came before it is in the table alone.
  const again = new Map<string, Row>()
  const firsts = new Map<string, Row>()
  const latest = new Map<string, Consent>()
  for (const [key, profile] of told) {
    for (const first of firstTold(key, profile)) firsts.set(JSON.stringify([key, first.channel]), first)
    for (const [scope, consent] of Object.entries(profile.consents)) {
      const place = JSON.stringify([key, scope])
      const before = latest.get(place)
      latest.set(place, consent)
      if (isToldAgain(consent) && before?.status === consent.status && before.words === consent.words) continue
      const row = rowOf(key, profile, scope, consent)
      const id = [row.lead_id, row.channel, row.purpose, row.event_id].join(' ')
      const where = before === undefined && isToldAgain(consent) ? again : rows
      if (!where.has(id)) where.set(id, row)
    }
  }
  // Before those that are compared with what is known.
  await insert(client, 'consents_append_first', appendFirst, [...firsts.values()])
  await insert(client, 'consents_append_again', appendAgain, [...again.values()])
  await insert(client, 'consents_append', append, [...rows.values()])
}

async function insert(client: pg.PoolClient, name: string, text: string, rows: readonly Row[]): Promise<void> {
  if (rows.length === 0) return
  await client.query({ name, text, values: columns.map(([column]) => rows.map((row) => row[column])) })
}

/** When each channel was first told as closed for good, also where another statement stands by now. */
function firstTold(key: string, profile: LeadProfile): Row[] {
  return Object.entries(profile.fieldTimes).flatMap(([field, at]) => {
    if (!field.startsWith(FIRST_PERMANENT)) return []
    const channel = field.slice(FIRST_PERMANENT.length)
    return [rowOf(key, profile, channel, { status: 'revoked', at, expiresAt: null, eventId: FIRST_TOLD, words: PERMANENT_DND })]
  })
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
