/**
 * Which location and which contact a GoHighLevel body is about. The receiver keys records with it and ingest checks
 * them with it, so both must use this one.
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
