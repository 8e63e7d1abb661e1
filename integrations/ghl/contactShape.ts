/** A contact as the platform answers it, read tolerantly, and what may be written of one. */
import { fieldsOf, listOf, number, text, texts, time } from './call/fields.ts'
import type { Fields } from './call/fields.ts'

export interface GhlContact {
  readonly contactId: string
  readonly firstName: string | null
  readonly lastName: string | null
  readonly email: string | null
  readonly additionalEmails: readonly string[]
  /** E.164; only one is ever shown. */
  readonly phone: string | null
  readonly timeZone: string | null
  readonly country: string | null
  readonly state: string | null
  readonly city: string | null
  readonly postalCode: string | null
  readonly source: string | null
  readonly assignedTo: string | null
  readonly dnd: boolean
  /** Channel (sms, email, call, whatsapp, gmb, fb …) to its status. */
  readonly dndChannels: Readonly<Record<string, string>>
  /** Whether messages from the contact are blocked. */
  readonly inboundBlocked: boolean
  readonly tags: readonly string[]
  readonly customFields: readonly CustomFieldValue[]
  /** ms. */
  readonly addedAt: number | null
  readonly updatedAt: number | null
  /** As it came: fields are added over time. */
  readonly raw: Fields
}

export interface CustomFieldValue {
  readonly id: string
  readonly value: unknown
}

/** What is written of a contact; what is not given stays. Do-not-disturb has a call of its own, which can only set it. */
export interface ContactChange {
  readonly firstName?: string
  readonly lastName?: string
  readonly name?: string
  readonly email?: string
  readonly phone?: string
  readonly address1?: string
  readonly city?: string
  readonly state?: string
  readonly postalCode?: string
  readonly country?: string
  readonly website?: string
  readonly companyName?: string
  readonly timeZone?: string
  readonly source?: string
  readonly assignedTo?: string
  readonly customFields?: readonly CustomFieldValue[]
}

/** The keys of dndSettings differ in case between versions. */
export function contactOf(contact: Fields | undefined): GhlContact | undefined {
  const contactId = text(contact, 'id')
  if (contact === undefined || contactId === null) return undefined
  const emails = Array.isArray(contact['additionalEmails']) ? (contact['additionalEmails'] as unknown[]) : []
  return {
    contactId,
    firstName: text(contact, 'firstName'),
    lastName: text(contact, 'lastName'),
    email: text(contact, 'email'),
    additionalEmails: emails.flatMap((one) => (typeof one === 'string' ? one : (text(fieldsOf(one), 'email') ?? []))),
    phone: text(contact, 'phone'),
    timeZone: text(contact, 'timezone', 'timeZone'),
    country: text(contact, 'country'),
    state: text(contact, 'state'),
    city: text(contact, 'city'),
    postalCode: text(contact, 'postalCode'),
    source: text(contact, 'source'),
    assignedTo: text(contact, 'assignedTo'),
    // It is no news that is guessed at: whatever does not say that it is off is on.
    dnd: !isOff(contact['dnd']) || !isReadable(contact['dndSettings']),
    dndChannels: Object.fromEntries(
      Object.entries(fieldsOf(contact['dndSettings']) ?? {}).map(([channel, setting]) => [
        channel.toLowerCase(),
        text(fieldsOf(setting), 'status') ?? 'unknown',
      ]),
    ),
    inboundBlocked: text(fieldsOf(fieldsOf(contact['inboundDndSettings'])?.['all']), 'status') === 'active',
    tags: texts(contact, 'tags'),
    customFields: listOf(contact['customFields'], customFieldOf)?.items ?? [],
    addedAt: time(contact, 'dateAdded'),
    updatedAt: time(contact, 'dateUpdated'),
    raw: contact,
  }
}

function isOff(flag: unknown): boolean {
  return flag === undefined || flag === null || flag === false || flag === '' || flag === 'false'
}

/** Settings that are given and are none could close any channel. */
function isReadable(settings: unknown): boolean {
  return settings === undefined || settings === null || settings === '' || fieldsOf(settings) !== undefined
}

/** `value`, `fieldValue` and `field_value` all occur (highlevel-api-docs #313). */
export function customFieldOf(field: Fields): CustomFieldValue | undefined {
  const id = text(field, 'id')
  return id === null ? undefined : { id, value: field['value'] ?? field['fieldValue'] ?? field['field_value'] ?? null }
}

/** The body of a write in the words of the pinned version. */
export function contactBody({ timeZone, customFields, ...same }: ContactChange): object {
  return {
    ...same,
    ...(timeZone === undefined ? {} : { timezone: timeZone }),
    ...(customFields === undefined ? {} : { customFields: customFields.map(customFieldBody) }),
  }
}

export function customFieldBody({ id, value }: CustomFieldValue): object {
  return { id, field_value: value }
}

/** `searchAfter` of a found contact: where the next page begins. */
export function searchAfterOf(contact: Fields): readonly unknown[] | undefined {
  const value = contact['searchAfter']
  return Array.isArray(value) && value.length > 0 ? (value as unknown[]) : undefined
}

/** Whether an answer that should say `{succeded: true}` (sic) does not say otherwise. */
export function succeeded(answer: Fields): true | undefined {
  return answer['succeded'] === false || answer['succeeded'] === false || (number(answer, 'status') ?? 0) >= 400 ? undefined : true
}
