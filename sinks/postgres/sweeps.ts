/**
 * What the comparison with the platform needs of Postgres: how far each source of a location is swept, what is known of its
 * messages and leads, and what was found that no webhook had told of. A sweep belongs to whoever claimed it.
 */
import type { SweepCursor, SweepSource, Sweep } from '../../pipelines/reconcile/sweepPlan.ts'
import type { LeadProfile, Tenant } from '../../schemas/generated/records.ts'
import type { Queryable } from './pool.ts'
import { instant, storable, storableJson, storableText } from './storable.ts'

interface CursorRow {
  readonly source: SweepSource
  readonly swept_until: Date
  readonly started_at: Date
  readonly wait_ms: number
  readonly claim: number
  readonly held_up: HeldUp
  readonly read_until: Date | null
}

/** A cursor with the number of the last sweep that was taken: times alone do not tell two sweeps of one millisecond apart. */
export interface StoredCursor extends SweepCursor {
  readonly claim: number
  readonly heldUp: HeldUp
}

/** By contact: sweeps in a row that it broke while others could be read, whichever process made them. */
export type HeldUp = Readonly<Record<string, number>>

/** The cursors of a location, by source. */
export async function sweepCursors(db: Queryable, tenantId: string): Promise<ReadonlyMap<SweepSource, StoredCursor>> {
  const { rows } = await db.query<CursorRow>({
    name: 'sweep_cursors',
    text: 'SELECT source, swept_until, started_at, wait_ms, claim, held_up, read_until FROM sweep_cursors WHERE tenant_id = $1',
    values: [tenantId],
  })
  return new Map(
    rows.map(({ source, swept_until, started_at, wait_ms, claim, held_up, read_until }) => [
      source,
      {
        ...{ sweptUntil: swept_until.getTime(), startedAt: started_at.getTime(), waitMs: wait_ms, claim, heldUp: held_up },
        ...(read_until === null ? {} : { readUntil: read_until.getTime() }),
      },
    ]),
  )
}

/**
 * Takes a sweep, unless somebody took one since `before` was read; gives the number of the claim. `leaseMs`: nobody else begins
 * one for that long, so that a sweep whose process died is made again.
 */
export async function claimSweep(
  db: Queryable,
  { tenantId, source, startedAt }: Sweep,
  before: StoredCursor | undefined,
  sweptUntil: number,
  leaseMs: number,
): Promise<number | undefined> {
  const { rows } = await db.query<{ claim: number }>({
    name: 'sweep_claim',
    text: `INSERT INTO sweep_cursors AS known (tenant_id, source, swept_until, started_at, wait_ms) VALUES ($1, $2, $3, $4, $5)
           ON CONFLICT (tenant_id, source) DO UPDATE SET started_at = excluded.started_at, wait_ms = excluded.wait_ms, claim = known.claim + 1
           WHERE known.claim = $6 RETURNING claim`,
    values: [tenantId, source, instant(before?.sweptUntil ?? sweptUntil), instant(startedAt), leaseMs, before?.claim ?? null],
  })
  return rows[0]?.claim
}

/**
 * Keeps a sweep that is still made; false when somebody else has taken it over. `waitMs`: nobody begins one for so long after it began;
 * `readUntil`: whoever takes it over when this process has died goes on from there (ms).
 */
export async function keepSweep(
  db: Queryable,
  { tenantId, source }: Sweep,
  claim: number,
  waitMs: number,
  readUntil?: number,
): Promise<boolean> {
  const { rowCount } = await db.query({
    name: 'sweep_keep',
    text: `UPDATE sweep_cursors SET wait_ms = $3, read_until = greatest(read_until, $5::timestamptz)
           WHERE tenant_id = $1 AND source = $2 AND claim = $4`,
    values: [tenantId, source, waitMs, claim, readUntil === undefined ? null : instant(readUntil)],
  })
  return rowCount === 1
}

/**
 * Stores how far it came, and what held it up; `undefined`: as before. False when somebody else has taken the sweep over meanwhile: then
 * his end counts.
 */
export async function endSweep(
  db: Queryable,
  { tenantId, source }: Sweep,
  claim: number,
  after: SweepCursor,
  failedBecause: string | null,
  heldUp: HeldUp | undefined,
): Promise<boolean> {
  const { rowCount } = await db.query({
    name: 'sweep_end',
    text: `UPDATE sweep_cursors SET swept_until = $3, wait_ms = $4, failed_because = $5, held_up = coalesce($7::jsonb, held_up), read_until = $8
           WHERE tenant_id = $1 AND source = $2 AND claim = $6`,
    values: [
      ...[tenantId, source, instant(after.sweptUntil), after.waitMs, storable(failedBecause), claim],
      ...[heldUp === undefined ? null : storableJson(heldUp), after.readUntil === undefined ? null : instant(after.readUntil)],
    ],
  })
  return rowCount === 1
}

/** Locations that are worked for. */
export async function sweptTenants(db: Queryable): Promise<readonly Tenant[]> {
  const { rows } = await db.query<{ record: Tenant }>("SELECT record FROM tenants WHERE status = 'active' ORDER BY tenant_id")
  return rows.map(({ record }) => record)
}

/** Those of these locations that are known, by id. */
export async function tenantRows(db: Queryable, locationIds: readonly string[]): Promise<ReadonlyMap<string, Tenant>> {
  const { rows } = await db.query<{ tenant_id: string; record: Tenant }>(
    'SELECT tenant_id, record FROM tenants WHERE tenant_id = ANY($1)',
    [locationIds],
  )
  return new Map(rows.map(({ tenant_id, record }) => [tenant_id, record]))
}

/** Those of these ids by which a message of the location is known. */
export async function knownMessageIds(db: Queryable, tenantId: string, ids: readonly string[]): Promise<ReadonlySet<string>> {
  if (ids.length === 0) return new Set()
  const { rows } = await db.query<{ external_id: string }>({
    name: 'sweep_known_message_ids',
    text: 'SELECT external_id FROM communications WHERE tenant_id = $1 AND external_id = ANY($2)',
    values: [tenantId, ids],
  })
  return new Set(rows.map(({ external_id }) => external_id))
}

/** A message to be looked for. */
export interface SoughtMessage {
  /** Ids that it may be known by; none is tried by its words. */
  readonly ids: readonly string[]
  readonly leadKey: string
  readonly channel: string
  readonly direction: string
  readonly text: string
  /** ms; null when not stated. */
  readonly at: number | null
  /** Known only if this was told of it; null = however it is. */
  readonly status: string | null
}

/** A message told without an id is taken for the same if its words are, at this distance at most: 60 s. */
const SAME_MESSAGE_SECONDS = 60

/** Which of these are known, by position. */
export async function knownMessages(db: Queryable, tenantId: string, sought: readonly SoughtMessage[]): Promise<ReadonlySet<number>> {
  if (sought.length === 0) return new Set()
  const { rows } = await db.query<{ position: number }>({
    name: 'sweep_known_messages',
    text: `SELECT position::int FROM unnest($2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::timestamptz[], $9::text[])
             WITH ORDINALITY AS sought (id, other_id, lead_id, channel, direction, words, at, status, position)
           WHERE EXISTS (SELECT FROM communications WHERE tenant_id = $1 AND external_id IN (sought.id, sought.other_id)
                           AND (sought.status IS NULL OR communications.status = sought.status))
              OR EXISTS (SELECT FROM communications WHERE lead_id = sought.lead_id AND channel = sought.channel
                           AND direction = sought.direction AND content = sought.words
                           AND sent_at BETWEEN sought.at - interval '${SAME_MESSAGE_SECONDS} seconds' AND sought.at + interval '${SAME_MESSAGE_SECONDS} seconds'
                           AND (external_id IS NULL OR channel = 'email') AND (sought.status IS NULL OR communications.status = sought.status))`,
    values: [
      tenantId,
      sought.map(({ ids }) => ids[0] ?? null),
      sought.map(({ ids }) => ids[1] ?? null),
      sought.map(({ leadKey }) => leadKey),
      sought.map(({ channel }) => channel),
      sought.map(({ direction }) => direction),
      sought.map(({ text }) => storableText(text)),
      sought.map(({ at }) => (at === null ? null : instant(at))),
      sought.map(({ status }) => status),
    ],
  })
  return new Set(rows.map(({ position }) => position - 1))
}

/** The state of these leads, by lead key; those that nothing is known of are left out. */
export async function knownLeads(db: Queryable, leadKeys: readonly string[]): Promise<ReadonlyMap<string, LeadProfile>> {
  if (leadKeys.length === 0) return new Map()
  const { rows } = await db.query<{ id: string; profile: LeadProfile }>({
    name: 'sweep_known_leads',
    text: 'SELECT id, profile FROM leads WHERE id = ANY($1)',
    values: [leadKeys],
  })
  return new Map(rows.map(({ id, profile }) => [id, profile]))
}

/** When each of these leads was erased, ms; those that never were are not in it. */
export async function erasedLeads(db: Queryable, leadKeys: readonly string[]): Promise<ReadonlyMap<string, number>> {
  if (leadKeys.length === 0) return new Map()
  const { rows } = await db.query<{ lead_id: string; erased_at: Date }>({
    name: 'sweep_erased_leads',
    text: 'SELECT lead_id, erased_at FROM lead_erasures WHERE lead_id = ANY($1)',
    values: [leadKeys],
  })
  return new Map(rows.map(({ lead_id, erased_at }) => [lead_id, erased_at.getTime()]))
}

export interface Finding {
  readonly foundId: string
  readonly leadKey: string
  /** Webhook type that did not come. */
  readonly type: string
  /** ms; null when the platform does not say. */
  readonly happenedAt: number | null
}

/** Writes down what no webhook had told of by `foundAt` (ms); one that is known keeps the time it was found first. */
export async function recordFindings(db: Queryable, tenantId: string, findings: readonly Finding[], foundAt: number): Promise<void> {
  if (findings.length === 0) return
  await db.query({
    name: 'sweep_findings_insert',
    text: `INSERT INTO sweep_findings (found_id, tenant_id, lead_id, type, happened_at, found_at)
           SELECT $1 || ':' || found_id, $1, lead_id, type, happened_at, $6 FROM unnest($2::text[], $3::text[], $4::text[], $5::timestamptz[])
             AS found (found_id, lead_id, type, happened_at)
           ON CONFLICT DO NOTHING`,
    values: [
      tenantId,
      findings.map(({ foundId }) => foundId),
      findings.map(({ leadKey }) => leadKey),
      findings.map(({ type }) => type),
      findings.map(({ happenedAt }) => (happenedAt === null ? null : instant(happenedAt))),
      instant(foundAt),
    ],
  })
}
