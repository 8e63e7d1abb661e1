/**
 * What contact events write: fields, tags, do-not-disturb, consent, deletion and revival. A deletion takes every field that
 * was stated before it, so late updates cannot bring a deleted person back; consent and do-not-disturb stay.
 */
import type { ContactFields, LeadEvent } from '../../schemas/generated/records.ts'
import { blocksChannel, consentOfContact } from './consent.ts'
import { ECHO_OF_DELETION_MS, forgetEntities } from './entities.ts'
import { ADDRESS_FIELDS, forgetHad, noteHad } from './hadAddress.ts'
import { TOMBSTONE, isGreaterText, lower, raise, write, writeEntries } from './lastWriter.ts'
import type { Draft } from './lastWriter.ts'
import { noteHandBack } from './ownership.ts'
import { provenanceAfterDeletion } from './provenance.ts'
import type { Settings } from './settings.ts'
import { withoutForgotten } from './text/textSignals.ts'

const ALIVE = 'alive'
/** `fieldTimes` entries by channel: when the platform first told that the recipient has opted out of it. */
export const FIRST_PERMANENT = 'permanentDnd.'

/** Folds a contact event; says whether anything but times changed. */
export function applyContact(profile: Draft, event: LeadEvent, settings: Settings): boolean {
  const at = event.occurredAt
  const contact = event.contact
  let changed = false
  if (event.kind === 'contact_deleted') {
    changed = raise(profile, TOMBSTONE, at)
    if (changed) forget(profile, at)
  } else if (contact !== null) {
    if (event.kind === 'contact_created') raise(profile, ALIVE, at)
    else if (event.kind === 'contact_updated') raise(profile, ALIVE, at - ECHO_OF_DELETION_MS)
    const before = { tags: profile.tags, at: profile.fieldTimes['tags'] }
    changed = writeContact(profile, contact, at)
    if (contact.tags !== null) noteHandBack(profile, contact.tags, at, before)
    for (const [channel, status] of Object.entries(contact.dndChannels ?? {}))
      if (status === 'permanent') lower(profile, `${FIRST_PERMANENT}${channel}`, at)
    profile.consents = consentOfContact(profile.consents, event, contact, settings)
  }
  const deleted = profile.fieldTimes[TOMBSTONE]
  profile.deletedAt = deleted !== undefined && deleted >= (profile.fieldTimes[ALIVE] ?? Number.NEGATIVE_INFINITY) ? deleted : null
  return changed
}

/** Fields that a contact states as the profile has them. */
const stated = [
  'lastName',
  'email',
  'phone',
  'companyName',
  'city',
  'state',
  'postalCode',
  'country',
  'timeZone',
  'source',
  'ownerId',
  'createdAt',
  'tags',
  'dnd',
  'firstOrigin',
  'lastOrigin',
] as const satisfies (keyof ContactFields & keyof Draft)[]

function writeContact(profile: Draft, contact: ContactFields, at: number): boolean {
  const givenName = contact.firstName ?? (contact.lastName === null ? (contact.name?.split(' ')[0] ?? null) : null)
  // Not stated is not cleared.
  let changed = givenName !== null && write(profile, 'firstName', at, givenName)
  for (const field of stated) {
    const value = contact[field]
    if (value !== null && write(profile, field, at, value)) changed = true
  }
  for (const field of profile.fieldTimes[TOMBSTONE] === undefined ? [] : ADDRESS_FIELDS) {
    const address = contact[field]
    if (profile[field] !== null) forgetHad(profile, field)
    else if (address !== null) noteHad(profile, field, address, at)
  }
  if (contact.customFields !== null && writeEntries(profile, 'customFields', at, contact.customFields)) changed = true
  if (contact.dndChannels !== null && writeEntries(profile, 'dndChannels', at, contact.dndChannels, closesMore)) changed = true
  return changed
}

/** Of two statuses that were stated at one moment the one that closes the channel counts. */
function closesMore(status: string | undefined, other: string | undefined): boolean {
  const closes = blocksChannel(status)
  return closes === blocksChannel(other) ? isGreaterText(status, other) : closes
}

/** Fields that a deletion takes, with the value of a lead that nothing is known about. */
const forgotten = {
  firstName: null,
  lastName: null,
  email: null,
  phone: null,
  companyName: null,
  city: null,
  state: null,
  postalCode: null,
  country: null,
  timeZone: null,
  source: null,
  ownerId: null,
  routedTo: null,
  createdAt: null,
  voiceCall: null,
  emailStatus: null,
  reportedTimeZone: null,
  lookUp: null,
  firstOrigin: null,
  lastOrigin: null,
} as const

function forget(profile: Draft, at: number): void {
  forgetEntities(profile, at)
  const times = profile.fieldTimes
  const isOld = (field: string) => (times[field] ?? Number.NEGATIVE_INFINITY) <= at
  const had = ADDRESS_FIELDS.map(
    (field) => [field, isOld(field) ? profile[field] : null, times[field] ?? Number.NEGATIVE_INFINITY] as const,
  )
  for (const [field, empty] of Object.entries(forgotten)) if (isOld(field)) Object.assign(profile, { [field]: empty })
  if (isOld('tags')) profile.tags = []
  profile.customFields = Object.fromEntries(Object.entries(profile.customFields).filter(([name]) => !isOld(`customFields.${name}`)))
  profile.recentMessages = profile.recentMessages.filter((message) => message.at > at)
  profile.textSignals = withoutForgotten(profile.textSignals, at)
  const gone = (field: string) => isOld(field) && (field in forgotten || field === 'tags' || field.startsWith('customFields.'))
  profile.fieldTimes = Object.fromEntries(Object.entries(times).filter(([field]) => !gone(field)))
  for (const [field, address, since] of had) if (address !== null) noteHad(profile, field, address, since)
  profile.provenance = provenanceAfterDeletion(profile.provenance, at)
}
