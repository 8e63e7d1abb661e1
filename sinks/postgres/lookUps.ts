/**
 * The ledger of look-ups: one at a time for a lead, its worst case reserved against the day of the location before anything is
 * sent, an answer kept while it is fresh. Sums are exact decimals. An erased lead is refused, and what is found about one that is
 * erased meanwhile is not kept.
 */
import type pg from 'pg'
import { outcomeOf } from '../../pipelines/enrichment/lookUpFields.ts'
import type { Found, LookUpField, LookUpOutcome } from '../../pipelines/enrichment/lookUpFields.ts'
import { erasedAmong } from './erasure.ts'
import { inTransaction } from './pool.ts'
import type { Queryable } from './pool.ts'
import { instant, storable } from './storable.ts'

/** Counted by day. `error`: it was sent and there is no answer, or there never will be one. */
export type DayCount = LookUpOutcome | 'error' | 'refused' | 'reused'
export const dayCounts: readonly DayCount[] = ['found', 'partly', 'none', 'error', 'refused', 'reused']

export interface LookUpClaim {
  readonly leadId: string
  readonly tenantId: string
  /** The same whenever the same record is worked on. */
  readonly lookUpId: string
  readonly provider: string
  readonly queryHash: string
  readonly asked: readonly LookUpField[]
  /** Exact decimals. */
  readonly worstCredits: string
  readonly creditsPerDay: string
  /** Now, ms. */
  readonly at: number
  /** A claim of somebody else counts for this long, ms: longer than a call can last. */
  readonly leaseMs: number
  readonly freshMs: number
}

export interface StoredAnswer {
  readonly lookUpId: string
  readonly asked: readonly LookUpField[]
  readonly found: Found
  /** ms. */
  readonly askedAt: number
}

export type Taken =
  | { readonly kind: 'ask' }
  | { readonly kind: 'answered'; readonly answer: StoredAnswer; readonly reused: boolean }
  | { readonly kind: 'failed' | 'erased' | 'over_budget' }
  | { readonly kind: 'busy'; readonly waitMs: number }

interface Row {
  readonly look_up_id: string
  readonly query_hash: string
  readonly provider: string
  readonly asked: LookUpField[]
  readonly state: 'asking' | 'answered' | 'failed'
  readonly found: Found
  readonly credits: string
  readonly asked_at: Date
  readonly fresh_until: Date
}

/** Claims the lead for one question, or says why nothing is to be asked. */
export async function takeLookUp(pool: pg.Pool, claim: LookUpClaim): Promise<Taken> {
  const { leadId, tenantId, provider, queryHash, at, leaseMs } = claim
  return inTransaction(pool, async (client) => {
    if ((await erasedAmong(client, [leadId])).has(leadId)) return { kind: 'erased' }
    // Two owners of one partition, for a moment: the second waits here for what the first has claimed.
    await client.query('SELECT pg_advisory_xact_lock(hashtextextended($1, 0))', [leadId])
    const { rows } = await client.query<Row>('SELECT * FROM lead_look_ups WHERE lead_id = $1 FOR UPDATE', [leadId])
    const known = rows[0]
    if (known?.state === 'asking') {
      const waitMs = known.asked_at.getTime() + leaseMs - at
      if (waitMs > 0) return { kind: 'busy', waitMs }
      // Whoever asked has died: it may have been charged.
      await account(client, tenantId, known.provider, known.asked_at, known.credits, known.credits, 'error')
    } else if (known !== undefined && known.fresh_until.getTime() > at && known.query_hash === queryHash) {
      return known.state === 'failed' ? { kind: 'failed' } : { kind: 'answered', answer: answerOf(known), reused: false }
    }
    const same = await client.query<Row>(
      `SELECT * FROM lead_look_ups WHERE tenant_id = $1 AND provider = $2 AND query_hash = $3 AND lead_id <> $4
         AND state = 'answered' AND fresh_until > $5 AND asked @> $6 ORDER BY asked_at DESC LIMIT 1`,
      [tenantId, provider, queryHash, leadId, instant(at), claim.asked],
    )
    const other = same.rows[0]
    if (other !== undefined) {
      const found = Object.fromEntries(Object.entries(other.found).filter(([field]) => claim.asked.includes(field as LookUpField)))
      await put(client, claim, 'answered', found, '0', other.asked_at, other.fresh_until)
      await count(client, tenantId, provider, at, 'reused')
      return {
        kind: 'answered',
        answer: { lookUpId: claim.lookUpId, asked: claim.asked, found, askedAt: other.asked_at.getTime() },
        reused: true,
      }
    }
    if (!(await reserve(client, claim))) {
      await count(client, tenantId, provider, at, 'refused')
      return { kind: 'over_budget' }
    }
    await put(client, claim, 'asking', {}, claim.worstCredits, new Date(at), new Date(at + claim.freshMs))
    return { kind: 'ask' }
  })
}

/** What became of a question. `spent`: exact decimal. */
export type LookUpEnd =
  | { readonly kind: 'answered'; readonly found: Found; readonly spent: string }
  /** No answer will ever come to this question. */
  | { readonly kind: 'failed'; readonly spent: string; readonly detail: string }
  /** It is asked again later. */
  | { readonly kind: 'again'; readonly spent: string; readonly isError: boolean }

/** Ends a claim and settles what it cost. False when the lead was erased meanwhile, or somebody else has taken the claim over. */
export async function endLookUp(pool: pg.Pool, claim: LookUpClaim, end: LookUpEnd): Promise<boolean> {
  const { leadId, tenantId, lookUpId, provider, worstCredits, at, asked } = claim
  return inTransaction(pool, async (client) => {
    const erased = (await erasedAmong(client, [leadId])).has(leadId)
    const mine = 'lead_id = $1 AND look_up_id = $2 AND asked_at = $3 AND state = $4'
    const key = [leadId, lookUpId, instant(at), 'asking']
    const held = await client.query(`SELECT 1 FROM lead_look_ups WHERE ${mine} FOR UPDATE`, key)
    // Taken over: its worst case is accounted for already.
    if (held.rowCount === 0 && !erased) return false
    const counted = end.kind === 'answered' ? outcomeOf(asked, end.found) : end.kind === 'failed' || end.isError ? 'error' : undefined
    await account(client, tenantId, provider, new Date(at), worstCredits, end.spent, counted)
    if (erased || end.kind === 'again') await client.query(`DELETE FROM lead_look_ups WHERE ${mine}`, key)
    else
      await client.query(`UPDATE lead_look_ups SET state = $5, found = $6, credits = $7, detail = $8 WHERE ${mine}`, [
        ...key,
        end.kind,
        JSON.stringify(end.kind === 'answered' ? end.found : {}),
        end.spent,
        end.kind === 'failed' ? storable(end.detail) : null,
      ])
    return !erased
  })
}

export interface LookUpSum extends Readonly<Record<DayCount, number>> {
  readonly tenantId: string
  readonly provider: string
  /** Exact decimals: in the days that were asked for, and in the last of them with what is reserved. */
  readonly spent: string
  readonly spentToday: string
}

/** Sums by location and provider of this many UTC days, the one of `at` (ms) included. */
export async function lookUpSums(db: Queryable, days: number, at: number, tenantId?: string): Promise<LookUpSum[]> {
  const sums = dayCounts.map((name) => `sum("${name}")::int AS "${name}"`).join(', ')
  const { rows } = await db.query<LookUpSum>(
    `SELECT tenant_id AS "tenantId", provider, ${sums}, sum(spent)::text AS spent,
       coalesce(sum(reserved + spent) FILTER (WHERE day = $1::date), 0)::text AS "spentToday"
     FROM look_up_days WHERE day > $1::date - $2::int AND day <= $1::date AND ($3::text IS NULL OR tenant_id = $3)
     GROUP BY tenant_id, provider ORDER BY tenant_id, provider`,
    [dayOf(at), days, tenantId ?? null],
  )
  return rows
}

/** What a location has reserved and spent in the UTC day of `at` (ms), exact decimals. */
export async function spentInDay(
  db: Queryable,
  tenantId: string,
  provider: string,
  at: number,
): Promise<{ reserved: string; spent: string }> {
  const { rows } = await db.query<{ reserved: string; spent: string }>(
    'SELECT reserved::text, spent::text FROM look_up_days WHERE tenant_id = $1 AND provider = $2 AND day = $3::date',
    [tenantId, provider, dayOf(at)],
  )
  return rows[0] ?? { reserved: '0', spent: '0' }
}

async function reserve(client: pg.PoolClient, { tenantId, provider, worstCredits, creditsPerDay, at }: LookUpClaim): Promise<boolean> {
  await client.query('INSERT INTO look_up_days (tenant_id, provider, day) VALUES ($1, $2, $3::date) ON CONFLICT DO NOTHING', [
    tenantId,
    provider,
    dayOf(at),
  ])
  const { rowCount } = await client.query(
    `UPDATE look_up_days SET reserved = reserved + $4::numeric
     WHERE tenant_id = $1 AND provider = $2 AND day = $3::date AND reserved + spent + $4::numeric <= $5::numeric`,
    [tenantId, provider, dayOf(at), worstCredits, creditsPerDay],
  )
  return rowCount === 1
}

/** Turns what was reserved into what was spent, in the day in which it was reserved. */
async function account(
  client: pg.PoolClient,
  tenantId: string,
  provider: string,
  reservedAt: Date,
  reserved: string,
  spent: string,
  counted: DayCount | undefined,
): Promise<void> {
  await client.query(
    `UPDATE look_up_days SET reserved = reserved - $4::numeric, spent = spent + $5::numeric
     WHERE tenant_id = $1 AND provider = $2 AND day = $3::date`,
    [tenantId, provider, dayOf(reservedAt.getTime()), reserved, spent],
  )
  if (counted !== undefined) await count(client, tenantId, provider, reservedAt.getTime(), counted)
}

async function count(client: pg.PoolClient, tenantId: string, provider: string, at: number, what: DayCount): Promise<void> {
  await client.query(
    `INSERT INTO look_up_days AS known (tenant_id, provider, day, "${what}") VALUES ($1, $2, $3::date, 1)
     ON CONFLICT (tenant_id, provider, day) DO UPDATE SET "${what}" = known."${what}" + 1`,
    [tenantId, provider, dayOf(at)],
  )
}

async function put(
  client: pg.PoolClient,
  { leadId, tenantId, lookUpId, provider, queryHash, asked }: LookUpClaim,
  state: Row['state'],
  found: Found,
  credits: string,
  askedAt: Date,
  freshUntil: Date,
): Promise<void> {
  await client.query(
    `INSERT INTO lead_look_ups (lead_id, tenant_id, look_up_id, provider, query_hash, asked, state, found, credits, asked_at, fresh_until)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
     ON CONFLICT (lead_id) DO UPDATE SET look_up_id = excluded.look_up_id, provider = excluded.provider, query_hash = excluded.query_hash,
       asked = excluded.asked, state = excluded.state, found = excluded.found, credits = excluded.credits,
       asked_at = excluded.asked_at, fresh_until = excluded.fresh_until, detail = NULL`,
    [leadId, tenantId, lookUpId, provider, queryHash, asked, state, JSON.stringify(found), credits, askedAt, freshUntil],
  )
}

function answerOf({ look_up_id, asked, found, asked_at }: Row): StoredAnswer {
  return { lookUpId: look_up_id, asked, found, askedAt: asked_at.getTime() }
}

function dayOf(at: number): string {
  return new Date(at).toISOString().slice(0, 10)
}
