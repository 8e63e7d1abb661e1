/**
 * One sweep: what the platform's API shows of a stretch of time, less what is known, goes to `ghl.webhooks` with origin
 * `reconcile` and from there through the same line as a webhook. Written down before it is published, published before it
 * counts as read: a sweep that dies is made again, and ingest drops what it tells twice.
 */
import { randomUUID } from 'node:crypto'
import type pg from 'pg'
import type { GhlClient } from '../integrations/ghl/client.ts'
import type { Clock } from '../integrations/ghl/clock.ts'
import { settingsOf } from '../pipelines/enrich/settings.ts'
import { isHeartbeatContact } from '../pipelines/ingest/heartbeat.ts'
import { messageFieldsOf } from '../pipelines/ingest/translate/message.ts'
import { isAbout } from '../pipelines/reconcile/found.ts'
import type { Found } from '../pipelines/reconcile/found.ts'
import { newsIn } from '../pipelines/reconcile/news.ts'
import type { News } from '../pipelines/reconcile/news.ts'
import type { Sweep } from '../pipelines/reconcile/sweepPlan.ts'
import type { Tenant, WebhookReceived } from '../schemas/generated/records.ts'
import { erasedAmong } from '../sinks/postgres/erasure.ts'
import { heartbeatContact } from '../sinks/postgres/heartbeats.ts'
import { inTransaction } from '../sinks/postgres/pool.ts'
import type { Queryable } from '../sinks/postgres/pool.ts'
import { erasedLeads, knownLeads, knownMessageIds, knownMessages, recordFindings } from '../sinks/postgres/sweeps.ts'
import type { HeldUp } from '../sinks/postgres/sweeps.ts'
import { leadKey } from '../topics/index.ts'
import { readSource } from './readSource.ts'

export interface SweeperOptions {
  readonly pool: pg.Pool
  readonly ghl: GhlClient
  readonly clock: Clock
  /** Resolves when the record is on all in-sync replicas of `ghl.webhooks`. Undefined: what was missed is only counted. */
  readonly publish: ((key: string, record: WebhookReceived) => Promise<unknown>) | undefined
  readonly newId?: () => string
}

export interface SweepCounts {
  /** Things that the API showed, known or not. */
  readonly read: number
  /** Those that a webhook should have told of, and none had. */
  readonly missed: number
  /** Contacts whose visits are all that is new: told, and not lost by anybody. */
  readonly visits: number
  /** Rows that are about no lead, or lack what every row has. */
  readonly others: number
}
export type SweepResult = SweepCounts & {
  /** What broke this sweep of a stretch that was read but for that; absent where it was not. */
  readonly heldUp?: HeldUp
} & (
    | {
        readonly kind: 'read'
        /** Contacts that were left out, with why: they held up the stretch for long enough. */
        readonly aside?: readonly string[]
      }
    /** Ended before the end of the stretch, with what was done until then; what changed before `readUntil` (ms) is told. */
    | { readonly kind: 'failed'; readonly detail: string; readonly readUntil?: number }
  )

export interface ToldNews {
  /** What a webhook should have told. */
  readonly missed: readonly Found[]
  /** Contacts of which nothing but a visit is new. */
  readonly visits: readonly Found[]
}

/** A call that fails is made twice more; the next sweep reads the stretch again anyway. */
const TRIES = 3
/** Sweeps in a row, of a source, that a contact which alone cannot be read may hold up: about 25 minutes. */
const HELD_UP_BY_ONE = 3
/** Contacts that are named in a sentence. */
const NAMED = 5

export class Sweeper {
  private readonly options: SweeperOptions

  constructor(options: SweeperOptions) {
    this.options = options
  }

  /**
   * Reads a stretch to its end and tells what was missed. Throws on infrastructure of ours; the platform's failures are a result. `heldUp`: what
   * has broken the sweeps of this source before.
   */
  async sweep(
    sweep: Sweep,
    tenant: Tenant | undefined,
    signal?: AbortSignal,
    onPage?: (counts: SweepCounts, readUntil?: number) => unknown,
    heldUp: HeldUp = {},
  ): Promise<SweepResult> {
    const { pool, ghl, clock } = this.options
    let counts: SweepCounts = { read: 0, missed: 0, visits: 0, others: 0 }
    const context = {
      ghl,
      options: { tries: TRIES, background: true, ...(signal === undefined ? {} : { signal }) },
      leads: (leadKeys: readonly string[]) => knownLeads(pool, leadKeys),
      told: (ids: readonly string[]) => knownMessageIds(pool, sweep.tenantId, ids),
      now: () => clock.now(),
    }
    const heartbeat = await heartbeatContact(pool, sweep.tenantId)
    const broken = new Map<string, string>()
    let reached: { readonly readUntil?: number } = {}
    for await (const page of readSource(context, sweep)) {
      if (!page.ok) return { kind: 'failed', detail: page.detail, ...reached, ...counts }
      const { found, others } = page.value
      for (const { contactId, read } of page.value.broken) broken.set(contactId, `${contactId}: ${read.detail}`)
      // Where the platform looks for whole days it shows what comes after the stretch too.
      const settled = found.filter(({ at }) => at === null || at < sweep.before)
      const about = settled.filter((one) => isAbout(one) && !isOfHeartbeat(one, heartbeat))
      const { missed, visits } = await this.tellNews(sweep.tenantId, about, tenant)
      counts = {
        read: counts.read + about.length,
        missed: counts.missed + missed.length,
        visits: counts.visits + visits.length,
        others: counts.others + others + settled.length - about.length,
      }
      // What is broken holds up its place too.
      if (broken.size === 0 && page.value.readUntil !== undefined) reached = { readUntil: page.value.readUntil }
      await onPage?.(counts, reached.readUntil)
    }
    const end = endOf(heldUp, broken)
    return end.kind === 'failed' ? { ...end, ...reached, ...counts } : { ...end, ...counts }
  }

  /** Tells what of this nobody has told of, and says what that was. */
  async tellNews(tenantId: string, found: readonly Found[], tenant: Tenant | undefined): Promise<ToldNews> {
    const { pool } = this.options
    const news = await this.news(tenantId, await notForgotten(pool, tenantId, found, erasedLeads), tenant)
    return this.tell(tenantId, news)
  }

  /** What nobody has told of. */
  private async news(tenantId: string, found: readonly Found[], tenant: Tenant | undefined): Promise<ToldNews> {
    const { pool, clock } = this.options
    const messages = found.filter(({ type }) => isMessage(type))
    const known = await knownMessages(
      pool,
      tenantId,
      messages.map(({ type, body, contactId, at, foundId }) => {
        const { channel, direction, text, status } = messageFieldsOf(body, type === 'InboundMessage' ? 'inbound' : 'outbound')
        const ids = [body['messageId'], body['emailMessageId']].filter((id): id is string => typeof id === 'string')
        // A message that failed is told twice: once as sent, once as failed.
        const hasFailed = status !== null && foundId.endsWith(`:${status}`)
        return { ids, leadKey: leadKey(tenantId, contactId), channel, direction, text, at, status: hasFailed ? status : null }
      }),
    )
    const states = found.filter(({ type }) => !isMessage(type))
    const leads = await knownLeads(pool, [...new Set(states.map(({ contactId }) => leadKey(tenantId, contactId)))])
    const settings = settingsOf(tenant)
    const told = states.map((one) => ({
      one,
      news: newsIn(leads.get(leadKey(tenantId, one.contactId)), tenantId, one, clock.now(), settings),
    }))
    const those = (which: News) => told.filter(({ news }) => news === which).map(({ one }) => one)
    return { missed: [...messages.filter((_, position) => !known.has(position)), ...those('lost')], visits: those('visit') }
  }

  /** `visits` are told as well, and not written down as missed. */
  private async tell(tenantId: string, news: ToldNews): Promise<ToldNews> {
    const { pool, clock, publish, newId = randomUUID } = this.options
    if (publish === undefined || news.missed.length + news.visits.length === 0) return news
    const foundAt = clock.now()
    const { missed, visits } = await inTransaction(pool, async (client) => {
      // Asked again: a lead may have been erased since, and none is until this has committed.
      const still = (found: readonly Found[]) => notForgotten(client, tenantId, found, erasedAmong)
      const told = { missed: await still(news.missed), visits: await still(news.visits) }
      await recordFindings(
        client,
        tenantId,
        told.missed.map(({ foundId, contactId, type, at }) => ({ foundId, type, leadKey: leadKey(tenantId, contactId), happenedAt: at })),
        foundAt,
      )
      return told
    })
    await Promise.all(
      [...missed, ...visits].map(({ type, contactId, foundId, body }) =>
        publish(leadKey(tenantId, contactId), {
          receivedId: newId(),
          tenantId,
          origin: 'reconcile',
          scheme: 'api',
          keyId: '',
          type,
          webhookId: `reconcile:${foundId}`,
          contactId,
          batchIndex: 0,
          receivedAt: foundAt,
          body: Buffer.from(JSON.stringify(body)),
        }),
      ),
    )
    return { missed, visits }
  }
}

/** Of a stretch that is read but for what these contacts broke: it is read again until each of them has held it up for long enough. */
function endOf(before: HeldUp, broken: ReadonlyMap<string, string>) {
  const heldUp = Object.fromEntries([...broken.keys()].map((contactId) => [contactId, (before[contactId] ?? 0) + 1]))
  const waiting = [...broken].filter(([contactId]) => (heldUp[contactId] ?? 0) < HELD_UP_BY_ONE).map(([, detail]) => detail)
  if (waiting.length === 0) return { kind: 'read', aside: [...broken.values()], heldUp } as const
  return { kind: 'failed', detail: `while other contacts can be read: ${namesOf(waiting)}`, heldUp } as const
}

/**
 * Without what is from before the erasure of its lead: the platform may still show it, and it must not come back. What is dated by the
 * reading is of the lead that is stored, if there is one: the row of before is deleted in the transaction that notes the erasure.
 */
async function notForgotten<D extends Queryable>(
  db: D,
  tenantId: string,
  found: readonly Found[],
  erasures: (db: D, leadKeys: readonly string[]) => Promise<ReadonlyMap<string, number>>,
): Promise<Found[]> {
  const keyOf = ({ contactId }: Found) => leadKey(tenantId, contactId)
  const erased = await erasures(db, [...new Set(found.map(keyOf))])
  const isUndated = (one: Found) => one.at === null && erased.has(keyOf(one))
  const back = await knownLeads(db, [...new Set(found.filter(isUndated).map(keyOf))])
  return found.filter((one) => {
    const erasedAt = erased.get(keyOf(one))
    return erasedAt === undefined || (one.at === null ? back.has(keyOf(one)) : one.at > erasedAt)
  })
}

/** Our own contact is no lead, and that it has changed is for its webhook to tell. */
function isOfHeartbeat({ type, contactId, body }: Found, known: string | undefined): boolean {
  return contactId === known || (type.startsWith('Contact') && isHeartbeatContact(body))
}

/** What stands for a list that may be long. */
export function namesOf(broken: readonly string[]): string {
  return `${broken.slice(0, NAMED).join('; ')}${broken.length > NAMED ? `; and ${broken.length - NAMED} more` : ''}`
}

function isMessage(type: string): boolean {
  return type === 'InboundMessage' || type === 'OutboundMessage'
}
