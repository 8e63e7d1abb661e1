/**
 * Whether something found tells what the lead's state does not say yet. It is folded into a copy of the state by the rules of
 * enrich: what changes nothing that lasts was told before, or is older than what was. Pure.
 */
import type { LeadEvent, LeadProfile } from '../../schemas/generated/records.ts'
import { applyEvent } from '../enrich/applyEvent.ts'
import type { Settings } from '../enrich/settings.ts'
import { eventTimeOf } from '../ingest/eventTime.ts'
import { destinationOf } from '../ingest/translate/catalogue.ts'
import { noSections } from '../ingest/translate/draft.ts'
import type { Found } from './found.ts'

/** What contacts, opportunities and appointments say of a lead. Counts, times and scores tell of arrivals and follow from it. */
const LASTING = [
  ...['firstName', 'lastName', 'email', 'phone', 'companyName', 'city', 'state', 'postalCode', 'country', 'timeZone', 'source'],
  ...['ownerId', 'tags', 'customFields', 'dnd', 'dndChannels', 'opportunities', 'appointments', 'createdAt', 'deletedAt'],
] as const satisfies readonly (keyof LeadProfile)[] as readonly (keyof LeadProfile)[]

/** True when the lead would be another one after it; undefined when ingest has no translation for it. */
export function isNews(
  lead: LeadProfile | undefined,
  tenantId: string,
  found: Found,
  now: number,
  settings: Settings,
): boolean | undefined {
  const { type, contactId, body, foundId } = found
  const destination = destinationOf({ type, byShape: false }, contactId)
  if (!('translator' in destination)) return undefined
  const { translator } = destination
  const draft = translator.translate(body)
  if ('missing' in draft) return undefined
  if (lead === undefined) return true
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
  return lasting(lead) !== lasting(applyEvent(lead, event, settings))
}

function lasting(lead: LeadProfile): string {
  const consents = Object.entries(lead.consents).map(
    ([channel, { status, at, expiresAt }]) => [channel, { status, at, expiresAt }] as const,
  )
  return JSON.stringify([...LASTING.map((field) => lead[field]), Object.fromEntries(consents)], (_name, value: unknown) =>
    value !== null && typeof value === 'object' && !Array.isArray(value)
      ? Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)))
      : value,
  )
}
