/**
 * The fold of enrich alone, in this process on one core: lead events of simulated stories and of visits to properties, folded
 * through the stage's own function. What it writes is made and thrown away; encoding, store and broker are not in it.
 */
import { drive } from '../runtime/driver.ts'
import { deterministicId } from '../runtime/ids.ts'
import type { Context, StreamRecord } from '../runtime/stage.ts'
import type { LeadEvent, LeadProfile, Tenant } from '../schemas/generated/records.ts'
import { pastDeliveries } from '../simulate/deliveries.ts'
import { receivedWebhook } from '../simulate/receivedWebhook.ts'
import { sandboxTenant, sandboxTenantId } from '../simulate/sandboxTenant.ts'
import type { EnrichTables } from '../pipelines/enrich/questions.ts'
import { enrich } from '../pipelines/enrich/stage.ts'
import { ingest } from '../pipelines/ingest/stage.ts'
import { leadEvents, leadKey, webhooks } from '../topics/index.ts'
import { noOffice } from './noOffice.ts'

export interface FoldResult {
  readonly events: number
  readonly leads: number
  readonly triggers: number
  /** Events per second of CPU time, all threads of the process: others on the machine do not count. */
  readonly perSecond: number
}

type Told = StreamRecord<LeadEvent>

/** Every fourth event is followed by a visit to a property: the costliest kind for the behavioural rules. */
const VISIT_EVERY = 4

/** The lead events of so many stories, translated by ingest. */
export function storyEvents(seed: number, leads: number, now: number): Told[] {
  const line = drive(ingest, { at: now, tables: { tenants: [[sandboxTenantId, sandboxTenant(now)]] } })
  for (const { webhook } of pastDeliveries({ seed, leads, now: () => now, duplicates: 0, reordered: 0 }))
    line.pipe(webhooks, leadKey(sandboxTenantId, webhook.contactId), receivedWebhook(webhook, now))
  const told = line.records(leadEvents).map(({ key, value }) => ({
    topic: leadEvents.name,
    key,
    value,
    // As when it happened: what a backlog tells days later fires less.
    timestamp: value.occurredAt,
    headers: {},
  }))
  return told.flatMap((record, place) => (place % VISIT_EVERY === 0 ? [record, visitAfter(record, place)] : [record]))
}

function visitAfter(record: Told, place: number): Told {
  const visit: LeadEvent = {
    ...record.value,
    eventId: `visit-${place}`,
    kind: 'behaviour_observed',
    occurredAt: record.value.occurredAt + 1,
    contact: null,
    message: null,
    appointment: null,
    opportunity: null,
    behaviour: { signal: 'property_view', subject: `property-${place % 5}`, price: 400_000 + (place % 7) * 10_000 },
  }
  return { ...record, value: visit }
}

/** Folds all events `rounds` times, each from nothing; the rate is the median of the rounds. */
export function measureEnrichFold(told: readonly Told[], rounds: number): FoldResult {
  const input = enrich.on[0]
  if (input === undefined) throw new TypeError('enrich reads nothing')
  const row = sandboxTenant(0)
  const table = {
    get: (id: string) => (id === sandboxTenantId ? row : undefined),
    entries: () => [[sandboxTenantId, row]] as [string, Tenant][],
  }
  const tables = { tenants: table, ...noOffice }
  const rates: number[] = []
  let leads = 0
  let triggers = 0
  for (let round = 0; round < rounds; round++) {
    const states = new Map<string, LeadProfile>()
    triggers = 0
    // What the fold remembers of an event by its identity is not known again in the next round, as it is not on the line.
    const fresh = structuredClone(told)
    const began = process.cpuUsage()
    for (const record of fresh) {
      const ctx: Context<EnrichTables> = {
        key: record.key,
        at: record.timestamp,
        tables,
        id: (...parts) => deterministicId(enrich.name, record.key, ...parts),
      }
      const outcome = input.fold(states.get(record.key), record, ctx)
      if (outcome.kind !== 'next' || outcome.state === undefined) throw new TypeError(`enrich answered ${outcome.kind}`)
      states.set(record.key, outcome.state)
      for (const { topic } of outcome.emit) if (topic.name === 'leads.triggers') triggers++
    }
    const { user, system } = process.cpuUsage(began)
    rates.push((told.length * 1_000_000) / (user + system))
    leads = states.size
  }
  return { events: told.length, leads, triggers, perSecond: rates.sort((a, b) => a - b)[Math.floor(rates.length / 2)] ?? NaN }
}
