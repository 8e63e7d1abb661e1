/**
 * Asks a provider of data about leads of which the offline rules leave open what their location asks for, and tells the answer
 * through the line, as a webhook is told. The right is asked twice, of the profile at hand and of what is stored, and the worst case
 * is reserved before anything is sent. What is not about the lead (key, credits, outage) waits and holds up nothing but look-ups.
 */
import { createHash } from 'node:crypto'
import type pg from 'pg'
import type { Logger } from 'pino'
import type { Apollo, Match } from '../integrations/apollo/client.ts'
import { apolloError } from '../integrations/apollo/errors.ts'
import { uncalled, worstCredits } from '../integrations/apollo/outcomes.ts'
import type { Clock } from '../integrations/ghl/clock.ts'
import { outcomeOf } from '../pipelines/enrichment/lookUpFields.ts'
import type { Found, LookUpField } from '../pipelines/enrichment/lookUpFields.ts'
import { whatToAsk } from '../pipelines/enrichment/whatToAsk.ts'
import type { Person } from '../pipelines/enrichment/whatToAsk.ts'
import { drop, emit } from '../runtime/outcome.ts'
import { done, worker } from '../runtime/worker.ts'
import type { Worker, WorkResult } from '../runtime/worker.ts'
import type { LeadProfile, Tenant } from '../schemas/generated/records.ts'
import { endLookUp, takeLookUp } from '../sinks/postgres/lookUps.ts'
import type { DayCount, LookUpClaim, LookUpEnd, StoredAnswer } from '../sinks/postgres/lookUps.ts'
import { knownLeads } from '../sinks/postgres/sweeps.ts'
import { leadKey, profiles, webhooks } from '../topics/index.ts'

export interface LookUpWorkerOptions {
  readonly pool: pg.Pool
  readonly apollo: Apollo
  readonly clock: Clock
  readonly logger: Pick<Logger, 'warn'>
  readonly tenantOf: (tenantId: string) => Tenant | undefined
  /** Whether an order to erase the lead is known; the database may learn of it later. */
  readonly isErased: (leadKey: string) => boolean
  /** How long an answer counts, ms. */
  readonly freshMs: number
  /** Told of every end of a look-up. */
  readonly onEnd?: (tenantId: string, what: DayCount) => void
}

export type LookUpWorker = Worker<typeof profiles, typeof webhooks>

const PROVIDER = 'apollo'
/** Longer than a call with its time-out lasts. */
const LEASE_MS = 30_000
const DEADLINE_MS = 60_000
/** Records of different leads in hand in each partition: answers come within a second, and the limit is by the minute. */
const CONCURRENCY = 4

/** By location, the UTC day of which it was last told that nothing is left. */
type ToldDays = Map<string, string>

/** What it reads and writes. */
export const declaredLookUps = { name: 'look-ups', input: profiles, outputs: [webhooks], concurrency: CONCURRENCY }

/** The worker; its member reads the profiles. */
export function lookUpWorker(options: LookUpWorkerOptions): LookUpWorker {
  const toldDays: ToldDays = new Map()
  return worker({
    ...declaredLookUps,
    deadlineMs: DEADLINE_MS,
    handle: (record, ctx) => lookUp(options, toldDays, record.value, ctx.id(ctx.idempotencyKey), ctx.signal),
  })
}

async function lookUp(
  options: LookUpWorkerOptions,
  toldDays: ToldDays,
  told: LeadProfile,
  lookUpId: string,
  signal: AbortSignal,
): Promise<WorkResult<typeof webhooks>> {
  const { pool, clock, tenantOf, isErased, freshMs, logger } = options
  const { tenantId, contactId } = told
  const leadId = leadKey(tenantId, contactId)
  const tenant = tenantOf(tenantId)
  const judged = whatToAsk(told, tenant, clock.now(), freshMs)
  if ('not' in judged) return drop(judged.not)
  if (isErased(leadId)) return drop('erased')
  // A backlog, or a group that begins: what is stored may be newer than the record, and it may be a refusal.
  const stored = (await knownLeads(pool, [leadId])).get(leadId)
  const ask = stored !== undefined && stored.version > told.version ? whatToAsk(stored, tenant, clock.now(), freshMs) : judged
  if ('not' in ask) return drop(ask.not)
  const creditsPerDay = tenant?.lookUps?.creditsPerDay ?? '0'
  for (;;) {
    const claim: LookUpClaim = {
      leadId,
      tenantId,
      lookUpId,
      provider: PROVIDER,
      queryHash: hashOf(ask.person),
      asked: ask.fields,
      worstCredits,
      creditsPerDay,
      at: clock.now(),
      leaseMs: LEASE_MS,
      freshMs,
    }
    const taken = await takeLookUp(pool, claim)
    switch (taken.kind) {
      case 'busy':
        await clock.sleep(taken.waitMs, signal)
        signal.throwIfAborted()
        continue
      case 'failed':
      case 'erased':
        return drop(taken.kind)
      case 'over_budget':
        options.onEnd?.(tenantId, 'refused')
        sayOnce(logger, toldDays, tenantId, creditsPerDay, clock.now())
        return drop('over_budget')
      case 'answered':
        if (taken.reused) options.onEnd?.(tenantId, 'reused')
        return tell(told, taken.answer, clock.now())
      case 'ask':
        return asked(options, told, claim, await options.apollo.match(ask.person))
    }
  }
}

function sayOnce(logger: Pick<Logger, 'warn'>, toldDays: ToldDays, tenantId: string, creditsPerDay: string, now: number): void {
  const day = new Date(now).toISOString().slice(0, 10)
  if (toldDays.get(tenantId) === day) return
  toldDays.set(tenantId, day)
  logger.warn({ tenantId, creditsPerDay, day }, 'leads are not looked up any more today: what the location may spend in a day is used up')
}

/** Ends the claim by what Apollo said. */
async function asked(
  { pool, clock, onEnd }: LookUpWorkerOptions,
  told: LeadProfile,
  claim: LookUpClaim,
  match: Match,
): Promise<WorkResult<typeof webhooks>> {
  const { tenantId, lookUpId, asked, at } = claim
  if (match.kind === 'answered') {
    const found = foundOf(match.person ?? {}, asked)
    // Nobody who was found is not charged; a person of whom nothing was of use is.
    const kept = await endLookUp(pool, claim, { kind: 'answered', found, spent: match.person === undefined ? '0' : worstCredits })
    onEnd?.(tenantId, outcomeOf(asked, found))
    return kept ? tell(told, { lookUpId, asked, found, askedAt: at }, clock.now()) : drop('erased')
  }
  const isError = match.kind !== 'not_sent' || !uncalled.has(match.code)
  await endLookUp(pool, claim, endOf(match, isError))
  if (isError) onEnd?.(tenantId, 'error')
  if (match.kind === 'refused') return drop(match.code)
  const detail = `${match.code}: ${match.detail}.`
  if (match.code === 'unauthorised' || match.code === 'forbidden') throw apolloError('E_APOLLO_KEY_REFUSED', detail)
  throw apolloError(match.code === 'no_credits' ? 'E_APOLLO_CREDITS_GONE' : 'E_APOLLO_UNAVAILABLE', detail)
}

function endOf(failure: Exclude<Match, { kind: 'answered' }>, isError: boolean): LookUpEnd {
  if (failure.kind === 'refused') return { kind: 'failed', spent: '0', detail: `${failure.code}: ${failure.detail}` }
  return { kind: 'again', spent: failure.kind === 'unknown' ? worstCredits : '0', isError }
}

function foundOf(person: Found, asked: readonly LookUpField[]): Found {
  return Object.fromEntries(asked.flatMap((field) => (person[field] === undefined ? [] : [[field, person[field]] as const])))
}

/** The answer as a record of the line: told again it has the same id, and ingest takes it once. */
function tell({ tenantId, contactId }: LeadProfile, answer: StoredAnswer, now: number): WorkResult<typeof webhooks> {
  const { lookUpId, asked, found, askedAt } = answer
  const body = { type: 'LeadLookedUp', lookUpId, provider: PROVIDER, asked, found, askedAt }
  const record = {
    receivedId: lookUpId,
    tenantId,
    origin: 'enrichment',
    scheme: 'api',
    keyId: '',
    type: body.type,
    webhookId: lookUpId,
    contactId,
    batchIndex: 0,
    receivedAt: now,
    body: Buffer.from(JSON.stringify(body)),
  }
  return done([emit(webhooks, record)])
}

/** The same for the same question, whatever order or case it is in. */
function hashOf(person: Person): string {
  const parts = Object.entries(person)
    .map(([name, value]) => [name, value.trim().toLowerCase()] as const)
    .sort(([a], [b]) => (a < b ? -1 : 1))
  return createHash('sha256')
    .update(JSON.stringify([PROVIDER, ...parts]))
    .digest('hex')
}
