/**
 * Which location and which contact a GoHighLevel body is about. The receiver keys records with it and ingest checks
 * them with it, so both must use this one.
 */
import { textOf, objectOf } from './fields.ts'
import type { Json } from './body.ts'

/** The location id, or null. Invoices and orders name it `altId`. */
export function tenantIdOf(body: Json): string | null {
  return textOf(body, 'locationId') ?? (body['altType'] === 'location' ? textOf(body, 'altId') : null)
}

/** The contact id, or null. In contact events `id` is the contact; appointments and invoices nest it. */
export function contactIdOf(body: Json): string | null {
  const type = textOf(body, 'type') ?? ''
  if (type.startsWith('Contact')) return textOf(body, 'id') ?? textOf(body, 'contactId')
  const nested = objectOf(body, 'appointment') ?? {}
  return textOf(body, 'contactId') ?? textOf(nested, 'contactId') ?? textOf(objectOf(body, 'contactDetails') ?? {}, 'id')
}
