/**
 * Which location and which contact a body is about. The receiver keys records with it and ingest checks GoHighLevel's
 * with it, so both must use this one.
 */
import { textOf, objectOf } from './fields.ts'
import type { Json } from './body.ts'
import { webhookTypeOf } from './webhookTypes.ts'

/** The location id, or null. Invoices and orders name it `altId`, events about a location `id`, workflow modules nest it. */
export function tenantIdOf(body: Json): string | null {
  const { type } = webhookTypeOf(body)
  if (type === 'LocationCreate' || type === 'LocationUpdate') return textOf(body, 'id')
  return (
    textOf(body, 'locationId') ??
    (body['altType'] === 'location' ? textOf(body, 'altId') : null) ??
    textOf(objectOf(body, 'extras') ?? {}, 'locationId')
  )
}

/** The contact id, or null. In contact events `id` is the contact; appointments and invoices nest it. */
export function contactIdOf(body: Json): string | null {
  if ((textOf(body, 'type') ?? '').startsWith('Contact')) return textOf(body, 'id') ?? textOf(body, 'contactId')
  return (
    textOf(body, 'contactId') ??
    textOf(objectOf(body, 'appointment') ?? {}, 'contactId') ??
    textOf(objectOf(body, 'contactDetails') ?? {}, 'id') ??
    textOf(objectOf(body, 'extras') ?? {}, 'contactId')
  )
}

/** The location that a workflow's report names, or null: then it is the one its URL belongs to. */
export function reportTenantIdOf(body: Json): string | null {
  return textOf(objectOf(body, 'location') ?? {}, 'id') ?? textOf(body, 'locationId')
}

/** The contact that a workflow's report is about, or null. */
export function reportContactIdOf(body: Json): string | null {
  return textOf(body, 'contact_id', 'contactId')
}

/**
 * The lead that a callback names: in arguments that we give to the provider with each message and it gives back, in the query of a
 * URL (Twilio) or beside the fields of an event (SendGrid). The names are long so that no other program's arguments are taken for ours.
 */
export function callbackSubjectOf(given: Json): { tenantId: string | null; contactId: string | null } {
  return { tenantId: textOf(given, 'rekindle_tenant'), contactId: textOf(given, 'rekindle_contact') }
}
