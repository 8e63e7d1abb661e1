/**
 * One beat: the heartbeat contact of a location is changed through the API, after it was found by its address or created once. A
 * create is never repeated without looking first. What became of it is a value.
 */
import type { CallOptions } from '../integrations/ghl/call/caller.ts'
import type { GhlClient } from '../integrations/ghl/client.ts'
import type { DndChannel } from '../integrations/ghl/contacts.ts'
import type { Failure } from '../integrations/ghl/outcomes.ts'
import { HEARTBEAT_EMAIL, HEARTBEAT_FIRST_NAME, HEARTBEAT_TAG, isHeartbeatEmail, lastNameOf } from '../pipelines/heartbeat/beat.ts'

export type Beat =
  | { readonly kind: 'sent'; readonly contactId: string }
  /** `refused`: the location does not let us; only a person can mend that. */
  | { readonly kind: 'failed'; readonly contactId: string | null; readonly refused: boolean; readonly detail: string }

/** What is meant for leads shall not go to the contact; the address alone would keep an e-mail from arriving, not from being paid. */
const CHANNELS: readonly DndChannel[] = ['SMS', 'Email', 'Call', 'WhatsApp']
const REFUSALS: ReadonlySet<string> = new Set(['scope_missing', 'forbidden', 'unauthorised', 'no_token', 'location_inactive'])

/** `at` (ms) names the beat. `known`: the contact of the last one. */
export async function sendBeat(ghl: GhlClient, tenantId: string, known: string | null, at: number, options: CallOptions): Promise<Beat> {
  const names = { firstName: HEARTBEAT_FIRST_NAME, lastName: lastNameOf(at) }
  const contact = known === null ? await contactOf(ghl, tenantId, names, options) : await stillOurs(ghl, tenantId, known, options)
  if ('kind' in contact) return contact
  const { contactId } = contact
  const changed = await ghl.contacts.update(tenantId, contactId, names, options)
  if (changed.kind === 'accepted') return { kind: 'sent', contactId }
  // Somebody deleted it: the next beat looks for it and makes another.
  const isGone = changed.kind === 'refused' && ['contact_not_found', 'not_found'].includes(changed.code)
  return failed(isGone ? null : contactId, changed)
}

/** The contact of the last beat, if it is not somebody's by now: a lead that gives a number to a form gives it to the contact with its address. */
async function stillOurs(
  ghl: GhlClient,
  tenantId: string,
  known: string,
  options: CallOptions,
): Promise<{ readonly contactId: string } | Beat> {
  const read = await ghl.contacts.getSurely(tenantId, known, options)
  if (!read.ok) return failed(known, read.failure)
  if (read.value === undefined) return failed(null, { kind: 'refused', code: 'contact_not_found', detail: `there is no contact ${known}` })
  if (read.value.phone !== null) return taken(known)
  // Another address than ours: the next beat looks for whoever has it, or makes one.
  if (!isHeartbeatEmail(read.value.email))
    return { kind: 'failed', contactId: null, refused: false, detail: `contact_taken: ${known} has another address` }
  return { contactId: known }
}

async function contactOf(
  ghl: GhlClient,
  tenantId: string,
  names: { readonly firstName: string; readonly lastName: string },
  options: CallOptions,
): Promise<{ readonly contactId: string } | Beat> {
  const found = await ghl.contacts.find(tenantId, { email: HEARTBEAT_EMAIL }, options)
  if (!found.ok) return failed(null, found.failure)
  const { contact } = found.value
  // A form gave a lead this address: its name is not ours to change, and do-not-disturb would silence it.
  if (contact !== undefined && contact.phone !== null) return taken(contact.contactId)
  const isQuiet = contact?.dnd === true || contact?.dndChannels['email'] === 'active'
  if (contact !== undefined && isQuiet) return { contactId: contact.contactId }
  let contactId = contact?.contactId
  if (contactId === undefined) {
    const wanted = { ...names, email: HEARTBEAT_EMAIL, source: 'Rekindle', tags: [HEARTBEAT_TAG] }
    const made = await ghl.contacts.create(tenantId, wanted, options)
    if (made.kind !== 'accepted') return failed(null, made)
    contactId = made.value.contactId
  }
  const quiet = await ghl.contacts.setDnd(tenantId, contactId, CHANNELS, 'Heartbeat of Rekindle: shows that webhooks arrive.', options)
  return quiet.kind === 'accepted' ? { contactId } : failed(null, quiet)
}

function taken(contactId: string): Beat {
  const detail = `contact_taken: the contact ${contactId} has the address ${HEARTBEAT_EMAIL} and a phone number, so it is somebody's; take the address from it`
  return { kind: 'failed', contactId: null, refused: false, detail }
}

function failed(contactId: string | null, { code, detail }: Failure): Beat {
  return { kind: 'failed', contactId, refused: REFUSALS.has(code), detail: `${code}: ${detail}` }
}
