/**
 * The worker that asks whom webhooks are about that named no contact. What is found is told again on `ghl.webhooks`, under the key
 * of its lead and by the same webhook id, so that ingest tells it once; what is not stays on `ghl.unrecognised`, with why. What takes permission
 * back is told of each contact that has the number or address.
 */
import type { Logger } from 'pino'
import type { GhlClient } from '../integrations/ghl/client.ts'
import type { Clock } from '../integrations/ghl/clock.ts'
import { questionOf, toldOf } from '../pipelines/lookup/question.ts'
import type { Question, unnamedReasons } from '../pipelines/lookup/question.ts'
import { countsForAddress } from '../pipelines/lookup/saidByAddress.ts'
import { typeLabel } from '../pipelines/ingest/webhookTypes.ts'
import { drop, emit } from '../runtime/outcome.ts'
import { done, worker } from '../runtime/worker.ts'
import type { Worker, WorkResult } from '../runtime/worker.ts'
import type { WebhookUnrecognised } from '../schemas/generated/records.ts'
import { leadKey, unrecognised, webhooks } from '../topics/index.ts'
import { AddressMemory } from './addressMemory.ts'
import { lookupError } from './errors.ts'
import { findContact } from './findContact.ts'
import type { Finding } from './findContact.ts'
import { Patience } from './patience.ts'

export type LookupOutcome = 'found' | Exclude<(typeof unnamedReasons)[number], 'contact_not_named'> | 'lead_erased'

export interface ContactLookupOptions {
  readonly ghl: Pick<GhlClient, 'contacts' | 'tasks'>
  readonly clock: Clock
  readonly logger: Pick<Logger, 'info'>
  /** Leads that were erased, by key, with up to when, ms. */
  readonly erased: (leadKeys: readonly string[]) => Promise<ReadonlyMap<string, number>>
  /** Ends waits, not calls: a process that stops does not stand still for them. */
  readonly stopping: AbortSignal
  /** Told of every webhook that is decided. */
  readonly onOutcome?: (type: string, outcome: LookupOutcome) => void
}

/** What is new may be missing in lists for about a minute. @source reference/gohighlevel.md 5 */
export const VISIBLE_AFTER_MS = 75_000
/** Longest work on one webhook, ms: the wait above, and a location with many tasks. */
const DEADLINE_MS = 240_000
const CONCURRENCY = 8
/** Calls at most for one page; the webhook is taken up again after that. */
const TRIES = 3

type Results = WorkResult<typeof webhooks | typeof unrecognised>

/** What it reads and writes. */
export const declaredContactLookup = {
  name: 'contact-lookup',
  input: unrecognised,
  outputs: [webhooks, unrecognised],
  concurrency: CONCURRENCY,
}

/** Declares it. */
export function contactLookup(options: ContactLookupOptions): Worker<typeof unrecognised, typeof webhooks | typeof unrecognised> {
  const { ghl, clock, logger, erased, stopping, onOutcome = () => undefined } = options
  const patience = new Patience()
  const addresses = new AddressMemory(() => clock.now())

  async function ask(tenantId: string, question: Question, signal: AbortSignal): Promise<Finding> {
    // Of permission every contact is asked for anew: another one may have got the address meanwhile.
    const isRemembered = question.kind === 'address' && question.by === 'email' && !question.ofEach
    const known = isRemembered ? addresses.of(tenantId, question.address) : undefined
    if (known !== undefined) return { kind: 'found', contactIds: [known] }
    const finding = await findContact(ghl, tenantId, question, { tries: TRIES, background: true, signal })
    if (finding.kind === 'found' && isRemembered) addresses.keep(tenantId, question.address, finding.contactIds[0] as string)
    return finding
  }

  async function found(raw: WebhookUnrecognised, contactIds: readonly string[]): Promise<Results> {
    const { tenantId, receivedAt, shape } = raw
    const type = typeLabel(shape ?? '')
    const keys = contactIds.map((contactId) => leadKey(tenantId, contactId))
    const forgotten = await erased(keys)
    // It is from before its lead was erased, and must not bring it back.
    const told = contactIds.filter((contactId) => receivedAt > (forgotten.get(leadKey(tenantId, contactId)) ?? -Infinity))
    onOutcome(type, told.length === 0 ? 'lead_erased' : 'found')
    if (told.length === 0) return drop('lead_erased')
    return done(told.map((contactId) => emit(webhooks, toldOf(raw, contactId), { key: leadKey(tenantId, contactId) })))
  }

  function notFound(raw: WebhookUnrecognised, reason: Exclude<LookupOutcome, 'found' | 'lead_erased'>, detail: string): Results {
    const { tenantId, webhookId, shape } = raw
    onOutcome(typeLabel(shape ?? ''), reason)
    const isKept = countsForAddress(raw)
    logger.info(
      { tenantId, webhookId, type: shape, reason, detail },
      isKept ? 'what was said of permission counts for its number or e-mail address alone' : 'a webhook that names no contact stays raw',
    )
    return done([emit(unrecognised, { ...raw, reason, detail })])
  }

  return worker({
    ...declaredContactLookup,
    deadlineMs: DEADLINE_MS,
    async handle({ value: raw }, { signal, idempotencyKey }): Promise<Results> {
      const question = questionOf(raw)
      if (question === undefined) return drop('waits_for_no_contact')
      if (question.kind === 'none') return notFound(raw, 'contact_not_found', question.because)
      const until = AbortSignal.any([signal, stopping])
      let finding = await ask(raw.tenantId, question, until)
      const youngForMs = raw.receivedAt + VISIBLE_AFTER_MS - clock.now()
      if (finding.kind === 'not_found' && youngForMs > 0) {
        await clock.sleep(Math.min(youngForMs, VISIBLE_AFTER_MS), until)
        if (until.aborted) throw lookupError('E_LOOKUP_UNANSWERED', `${raw.tenantId} ${raw.shape}: stopped before it was asked again.`)
        finding = await ask(raw.tenantId, question, until)
      }
      if (finding.kind !== 'unanswered') {
        patience.answered(idempotencyKey)
        if (finding.kind === 'found') return found(raw, finding.contactIds)
        return notFound(raw, finding.kind === 'ambiguous' ? 'contact_ambiguous' : 'contact_not_found', finding.detail)
      }
      if (!finding.ofLocation && !patience.isSpent(idempotencyKey))
        throw lookupError('E_LOOKUP_UNANSWERED', `${raw.tenantId} ${raw.shape}: ${finding.detail}`)
      patience.forget(idempotencyKey)
      return notFound(raw, 'lookup_failed', finding.detail)
    },
  })
}
