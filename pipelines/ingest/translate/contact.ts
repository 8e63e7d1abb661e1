/**
 * ContactCreate, ContactUpdate, ContactDelete, ContactTagUpdate, ContactDndUpdate. Empty fields are left out by the
 * platform, so "not stated" is never taken for "cleared", with one exception: the tag list of a tag change.
 */
import type { ContactFields } from '../../../schemas/generated/records.ts'
import type { Json } from '../body.ts'
import { customFieldsOf, entryOf, flagOf, instantOf, listOf, objectOf, phoneOf, textOf, zoneOf } from '../fields.ts'
import type { Draft, Translator } from './draft.ts'
import { originsOf } from './origin.ts'

/** Names of channels in webhooks (`SMS`) and in API version 3 (`whatsApp`), lower-cased, to ours. */
const CHANNELS: Readonly<Record<string, string>> = {
  sms: 'sms',
  email: 'email',
  call: 'call',
  whatsapp: 'whatsapp',
  gmb: 'gmb',
  fb: 'facebook',
  rcs: 'rcs',
}

export const contactTranslators: Readonly<Record<string, Translator>> = {
  ContactCreate: { translate: told('contact_created'), datedBy: [{ field: 'dateUpdated' }, { field: 'dateAdded' }] },
  ContactUpdate: { translate: told('contact_updated'), datedBy: [{ field: 'dateUpdated' }] },
  ContactDelete: { translate: told('contact_deleted'), datedBy: [{ field: 'dateUpdated' }] },
  ContactTagUpdate: { translate: tagsChanged, datedBy: [{ field: 'dateUpdated' }] },
  ContactDndUpdate: { translate: told('dnd_changed'), datedBy: [{ field: 'dateUpdated' }] },
}

function told(kind: string) {
  return (body: Json): Draft => ({ kind, sections: { contact: contactFieldsOf(body) } })
}

// The list is complete after the change, and an empty list is left out like every empty field. One that cannot be read is not empty.
function tagsChanged(body: Json): Draft {
  const contact = contactFieldsOf(body)
  const stated = body['tags'] ?? ''
  const isLeftOut = typeof stated === 'string' && stated.trim() === ''
  return { kind: 'tags_changed', sections: { contact: { ...contact, tags: contact.tags ?? (isLeftOut ? [] : null) } } }
}

/** A list, or one text with commas, as workflows have it; null when none is stated or nothing of it can be read. */
function tagsOf(body: Json): string[] | null {
  const value = body['tags']
  if (typeof value === 'string') return value.trim() === '' ? null : listOf({ tags: value.split(',') }, 'tags')
  const tags = listOf(body, 'tags')
  return tags?.length === 0 && (value as unknown[]).length > 0 ? null : tags
}

/** What a contact body states. */
export function contactFieldsOf(body: Json): ContactFields {
  const country = textOf(body, 'country')?.toUpperCase() ?? null
  return {
    firstName: textOf(body, 'firstName'),
    lastName: textOf(body, 'lastName'),
    name: textOf(body, 'name'),
    email: textOf(body, 'email')?.toLowerCase() ?? null,
    phone: phoneOf(body, 'phone', country),
    companyName: textOf(body, 'companyName'),
    city: textOf(body, 'city'),
    state: textOf(body, 'state'),
    postalCode: textOf(body, 'postalCode'),
    country,
    timeZone: zoneOf(body, 'timezone') ?? zoneOf(body, 'timeZone'),
    source: textOf(body, 'source'),
    ownerId: textOf(body, 'assignedTo'),
    tags: tagsOf(body),
    dnd: flagOf(body, 'dnd'),
    dndChannels: dndChannelsOf(body),
    inboundDnd: statusOf(objectOf(body, 'inboundDndSettings')?.['all']),
    createdAt: instantOf(body, 'dateAdded'),
    customFields: customFieldsOf(body),
    ...originsOf(body),
  }
}

function dndChannelsOf(body: Json): Record<string, string> | null {
  const settings = objectOf(body, 'dndSettings')
  if (settings === null) return null
  const channels: Record<string, string> = {}
  for (const [name, setting] of Object.entries(settings)) {
    const channel = entryOf(CHANNELS, name.toLowerCase())
    const status = statusOf(setting)
    if (channel !== undefined && status !== null) channels[channel] = status
  }
  return Object.keys(channels).length === 0 ? null : channels
}

function statusOf(setting: unknown): string | null {
  const status = textOf(objectOf({ setting }, 'setting') ?? { status: setting }, 'status')
  return status?.toLowerCase() ?? null
}
