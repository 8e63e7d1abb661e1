/**
 * The body of a workflow's "Webhook" action: snake_case, tags as one text, custom fields by their label at the root, times
 * without offset, misspelt names. It is unsigned, so what it says of the contact stays apart from what the platform says.
 */
import { OBSERVED } from '../../enrich/behaviour/signals.ts'
import type { WorkflowFields } from '../../../schemas/generated/records.ts'
import { isObject } from '../body.ts'
import type { Json } from '../body.ts'
import { cut, customText, decimalOf, instantOf, isoMs, objectOf, textOf, zoneOf } from '../fields.ts'
import { proseOf } from '../plainText.ts'
import { contactFieldsOf } from './contact.ts'
import type { Draft, Translator } from './draft.ts'
import { statedSignalOf } from './statedSignal.ts'

const MESSAGE_TEXT = 2_000
const LABEL_TEXT = 80
/** Custom fields and entries of customData kept. */
const ENTRIES = 60

/** Names at the root that are no labels of custom fields. @source GoHighLevel reference 2.3 */
const known = new Set([
  ...['contact_id', 'first_name', 'last_name', 'full_name', 'email', 'phone', 'tags', 'address1', 'city', 'state', 'country', 'timezone'],
  ...['date_created', 'postal_code', 'company_name', 'website', 'date_of_birth', 'contact_source', 'full_address', 'contact_type', 'gclid'],
  ...['opportunity_name', 'status', 'lead_value', 'opportunity_source', 'source', 'pipleline_stage', 'pipeline_stage', 'pipeline_id'],
  ...['pipeline_name', 'id', 'location', 'workflow', 'triggerData', 'contact', 'attributionSource', 'customData', 'campaign', 'user'],
  ...['calendar', 'message', 'task', 'note', 'order', 'invoice', 'owner', 'type', 'locationId', 'contactId'],
])

export const workflowTranslator: Translator = {
  translate: reported,
  // Whatever an author has put into it: nobody signed it, and most such times lack their offset.
  datedBy: 'arrival',
  mayLackContact: true,
}

/** The report, with what it says the lead did. A signal that is not known is not guessed: the report is told without it. */
function reported(body: Json): Draft {
  const workflow = workflowFieldsOf(body)
  const stated = statedSignalOf(objectOf(body, 'customData') ?? {})
  if (stated === undefined) return { kind: 'workflow_reported', sections: { workflow } }
  if ('unknown' in stated) return { kind: 'workflow_reported', sections: { workflow }, unread: stated.unknown }
  return { kind: OBSERVED, sections: { workflow, behaviour: stated.behaviour } }
}

/** A key of the author's own, by which he marks one report. */
export function reportKeyOf(body: Json): string | null {
  return textOf(objectOf(body, 'customData') ?? {}, 'idempotency_key', 'event_id')
}

function workflowFieldsOf(body: Json): WorkflowFields {
  const workflow = objectOf(body, 'workflow') ?? {}
  const calendar = objectOf(body, 'calendar') ?? {}
  const message = objectOf(body, 'message') ?? {}
  const zone = zoneOf(calendar, 'selectedTimezone')
  return {
    workflowId: textOf(workflow, 'id'),
    workflowName: textOf(workflow, 'name'),
    contact: contactFieldsOf(inOurNames(body)),
    // The root's `id` is the opportunity's, where there is one.
    opportunityId: textOf(body, 'opportunity_name', 'pipeline_id') === null ? null : textOf(body, 'id'),
    opportunityName: textOf(body, 'opportunity_name'),
    opportunityStatus: textOf(body, 'status')?.toLowerCase() ?? null,
    opportunityValue: decimalOf(body, 'lead_value'),
    pipelineId: textOf(body, 'pipeline_id'),
    pipelineName: textOf(body, 'pipeline_name'),
    stageName: textOf(body, 'pipleline_stage', 'pipeline_stage'),
    appointmentId: textOf(calendar, 'appointmentId'),
    appointmentTitle: textOf(calendar, 'title'),
    appointmentStatus: textOf(calendar, 'appoinmentStatus', 'appointmentStatus', 'status')?.toLowerCase() ?? null,
    appointmentStartsAt: localInstantOf(calendar, 'startTime', zone),
    appointmentEndsAt: localInstantOf(calendar, 'endTime', zone),
    messageDirection: textOf(message, 'direction')?.toLowerCase() ?? null,
    messageText: proseOf(message, 'body', MESSAGE_TEXT),
    customFields: labelled(Object.entries(body).filter(([name]) => !known.has(name))),
    customData: labelled(Object.entries(objectOf(body, 'customData') ?? {})),
  }
}

/** The contact's fields under the names that signed bodies have. */
function inOurNames(body: Json): Json {
  const contact = objectOf(body, 'contact') ?? {}
  const origin = objectOf(contact, 'attributionSource') ?? {}
  return {
    // The platform repeats it at the root; one of the two may be empty.
    attributionSource: Object.keys(origin).length > 0 ? origin : body['attributionSource'],
    lastAttributionSource: contact['lastAttributionSource'],
    gclid: body['gclid'],
    firstName: body['first_name'],
    lastName: body['last_name'],
    name: body['full_name'],
    email: body['email'],
    phone: body['phone'],
    companyName: body['company_name'],
    city: body['city'],
    state: body['state'],
    postalCode: body['postal_code'],
    country: body['country'],
    timezone: body['timezone'],
    source: body['contact_source'],
    dateAdded: body['date_created'],
    tags: textOf(body, 'tags') === null ? undefined : String(body['tags']).split(','),
  }
}

/** A time with an offset is what it says; one without is read in the zone, and without a zone it is no time. */
function localInstantOf(body: Json, name: string, zone: string | null): number | null {
  const text = textOf(body, name)
  if (text === null) return null
  if (/(Z|[+-]\d\d:?\d\d)$/.test(text)) return instantOf(body, name)
  if (zone === null) return null
  return instantOf({ at: isoMs(text.replace(' ', 'T'), zone) }, 'at')
}

function labelled(entries: readonly (readonly [string, unknown])[]): Record<string, string> {
  const texts = entries
    .filter(([label, value]) => !isObject(value) && label !== '__proto__')
    .map(([label, value]) => [cut(label.trim(), LABEL_TEXT), customText(value)] as const)
    .filter((entry): entry is readonly [string, string] => entry[0] !== '' && entry[1] !== null)
  return Object.fromEntries(texts.slice(0, ENTRIES))
}
