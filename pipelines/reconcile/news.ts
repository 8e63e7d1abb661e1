/**
 * Whether something found tells what the lead's state does not say yet: something that a webhook lost, or a visit, which no webhook
 * of a contact tells. It is folded into a copy of the state by the rules of enrich: what changes nothing that lasts was told before,
 * or is older than what was. Pure.
 */
import type { LeadEvent, LeadProfile } from '../../schemas/generated/records.ts'
import { applyEvent } from '../enrich/applyEvent.ts'
import type { Settings } from '../enrich/settings.ts'
import { eventTimeOf } from '../ingest/eventTime.ts'
import { destinationOf } from '../ingest/translate/catalogue.ts'
import { noSections } from '../ingest/translate/draft.ts'
import type { Found } from './found.ts'

/** What contacts, opportunities, appointments, tasks and notes say of a lead. Counts, times and scores tell of arrivals and follow from it. */
const LASTING = [
  ...['firstName', 'lastName', 'email', 'phone', 'companyName', 'city', 'state', 'postalCode', 'country', 'timeZone', 'source'],
  ...['ownerId', 'tags', 'customFields', 'dnd', 'dndChannels', 'opportunities', 'appointments', 'tasks', 'notes'],
  ...['createdAt', 'deletedAt'],
] as const satisfies readonly (keyof LeadProfile)[] as readonly (keyof LeadProfile)[]

/** By which visits the lead came: webhooks of contacts leave them out, so none was lost. */
const VISITS = ['firstOrigin', 'lastOrigin'] as const satisfies readonly (keyof LeadProfile)[]

/** `lost`: a webhook should have told it. `visit`: nothing but the visits is new. */
export type News = 'lost' | 'visit' | 'nothing'

/** What the lead would be told by it; undefined when ingest has no translation for it. */
export function newsIn(lead: LeadProfile | undefined, tenantId: string, found: Found, now: number, settings: Settings): News | undefined {
  const { type, contactId, body, foundId } = found
  const destination = destinationOf({ type, byShape: false }, contactId)
  if (!('translator' in destination)) return undefined
  const { translator } = destination
  const draft = translator.translate(body)
  if ('missing' in draft) return undefined
  if (lead === undefined) return 'lost'
  const event: LeadEvent = {
    eventId: foundId,
    tenantId,
    contactId,
    kind: draft.kind,
    ...eventTimeOf(body, translator, now),
    receivedAt: now,
    source: 'reconcile',
    sourceId: foundId,
    rawType: type,
    ...noSections,
    ...draft.sections,
  }
  const after = applyEvent(lead, event, settings)
  if (lasting(lead) !== lasting(after)) return 'lost'
  return sorted(VISITS.map((field) => lead[field])) === sorted(VISITS.map((field) => after[field])) ? 'nothing' : 'visit'
}

function lasting(lead: LeadProfile): string {
  const consents = Object.entries(lead.consents).map(
    ([channel, { status, at, expiresAt }]) => [channel, { status, at, expiresAt }] as const,
  )
  return sorted([...LASTING.map((field) => lead[field]), Object.fromEntries(consents)])
}

function sorted(values: readonly unknown[]): string {
  return JSON.stringify(values, (_name, value: unknown) =>
    value !== null && typeof value === 'object' && !Array.isArray(value)
      ? Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)))
      : value,
  )
}
