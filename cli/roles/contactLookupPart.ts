/** The worker that asks whom webhooks without a contact are about, as one part of the pipeline process. */
import { Counter } from 'prom-client'
import type { Registry } from 'prom-client'
import type { Logger } from 'pino'
import { systemClock } from '../../delivery/systemClock.ts'
import { contactLookup } from '../../lookup/contactLookup.ts'
import type { LookupOutcome } from '../../lookup/contactLookup.ts'
import { askedTypes } from '../../pipelines/lookup/question.ts'
import type { KafkaConnection, RunningMember } from '../../runtime/kafka/connectKafka.ts'
import { erasedLeads } from '../../sinks/postgres/sweeps.ts'
import type { GhlPart } from './ghlPart.ts'
import { contactLookupGroup } from './groups.ts'

export interface LookupPartOptions {
  readonly logger: Logger
  readonly kafka: Pick<KafkaConnection, 'runWorker'>
  readonly shared: Pick<GhlPart, 'pool' | 'ghl'>
  readonly metrics: Registry
  readonly membership: { readonly signal: AbortSignal; readonly hurry: AbortSignal; readonly onFatal: (error: Error) => void }
}

/** Joins the group; `stop` finishes what is asked at the moment and leaves what waits to the next member. */
export async function startContactLookups({
  logger,
  kafka,
  shared,
  metrics,
  membership,
}: LookupPartOptions): Promise<{ readonly member: RunningMember; stop(): Promise<unknown> }> {
  const { pool, ghl } = shared
  const stopping = new AbortController()
  membership.signal.addEventListener('abort', () => stopping.abort(), { once: true })
  const worker = contactLookup({
    ghl,
    clock: systemClock,
    logger,
    erased: (leadKeys) => erasedLeads(pool, leadKeys),
    stopping: stopping.signal,
    onOutcome: contactLookupMetrics(metrics),
  })
  // A platform that is away for hours is no reason to replay everything that this process does.
  const member = await kafka.runWorker({ ...membership, group: contactLookupGroup, worker, attempts: Infinity })
  return {
    member,
    stop() {
      stopping.abort()
      return member.stop()
    },
  }
}

const outcomes: readonly LookupOutcome[] = ['found', 'contact_not_found', 'contact_ambiguous', 'lookup_failed', 'lead_erased']

/** Counts of what became of webhooks without a contact. */
export function contactLookupMetrics(registry: Registry): (type: string, outcome: LookupOutcome) => void {
  const counter = new Counter({
    name: 'lr_contact_lookups_total',
    help: 'Webhooks that named no contact, by type and what came of asking GoHighLevel.',
    labelNames: ['type', 'outcome'],
    registers: [registry],
  })
  for (const type of askedTypes) for (const outcome of outcomes) counter.inc({ type, outcome }, 0)
  return (type, outcome) => counter.inc({ type, outcome })
}
