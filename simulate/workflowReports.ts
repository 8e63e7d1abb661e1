/**
 * What workflows of the sandbox location post about its contacts, in the shape of the free "Webhook" action: "New lead", the one webhook that
 * tells by which visit they came, and "On the website", what they do there. The webhooks around them stay as they are.
 */
import { browsingOf } from './browsing.ts'
import type { LeadStory } from './leadStory.ts'
import { sandboxTenantId } from './sandboxTenant.ts'
import { seededRandom } from './seededRandom.ts'
import { visitsOf } from './visits.ts'
import type { Visits } from './visits.ts'
import type { Json, SimulatedWebhook } from './webhooks.ts'

const newLead = { id: '5b9c2a1e-0000-4000-8000-000000000101', name: 'New lead' }
const onTheWebsite = { id: '5b9c2a1e-0000-4000-8000-000000000102', name: 'On the website' }
/** A workflow runs some moments after what starts it, ms. */
const RUNS_AFTER_MS = 2_000

/**
 * The webhooks of a story with a report after the contact's creation, and another one when it has come back by a further visit; then what
 * it does on the website. The contact shows the same visits in the API.
 */
export function withVisits(story: LeadStory, seed: number, webhooks: readonly SimulatedWebhook[]): SimulatedWebhook[] {
  const random = seededRandom(seed, 'reports', story.index)
  const { first, last } = visitsOf(story, seed)
  return webhooks.flatMap((webhook) => {
    const visits = { first, last: webhook.type === 'ContactTagUpdate' ? last : undefined }
    if (webhook.type !== 'ContactCreate' && visits.last === undefined) return [webhook]
    const came = reportAfter(story, webhook, { workflow: newLead, visits, customData: {} }, random.uuid())
    const did = webhook.type === 'ContactCreate' ? browsingOf(story, seed) : []
    const ids = seededRandom(seed, 'browsing ids', story.index)
    const browsed = did.map((customData) => reportAfter(story, webhook, { workflow: onTheWebsite, customData }, ids.uuid()))
    return [{ ...webhook, shown: shownOf(visits) }, came, ...browsed]
  })
}

/** As a contact has it that is read from the API. @source reference/gohighlevel.md 3.4 */
function shownOf({ first, last }: Visits): Json {
  return { attributionSource: first, ...(last === undefined ? {} : { lastAttributionSource: last }) }
}

interface Post {
  readonly workflow: Json
  readonly visits?: Visits
  readonly customData: Json
}

function reportAfter(
  story: LeadStory,
  webhook: SimulatedWebhook,
  { workflow, visits, customData }: Post,
  webhookId: string,
): SimulatedWebhook {
  const { person, contactId } = story
  const { dateAdded, tags } = JSON.parse(webhook.body.toString('utf8')) as { readonly dateAdded: string; readonly tags: readonly string[] }
  const body = {
    contact_id: contactId,
    first_name: person.firstName,
    last_name: person.lastName,
    full_name: `${person.firstName} ${person.lastName}`,
    email: person.email,
    phone: person.phone,
    tags: tags.join(','),
    city: person.city,
    state: person.state,
    country: 'US',
    postal_code: person.postalCode,
    date_created: dateAdded,
    contact_source: story.source,
    contact_type: 'lead',
    location: { name: 'Sandbox Realty', id: sandboxTenantId },
    workflow,
    triggerData: {},
    contact: { attributionSource: visits?.first ?? {}, lastAttributionSource: visits?.last ?? {} },
    attributionSource: visits?.first ?? {},
    customData,
  }
  return {
    webhookId,
    contactId,
    type: 'workflow report',
    changedAt: webhook.changedAt,
    at: webhook.at + RUNS_AFTER_MS,
    body: Buffer.from(JSON.stringify(body)),
    isReport: true,
  }
}
