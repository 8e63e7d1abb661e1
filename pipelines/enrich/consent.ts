/**
 * Permission by channel, folded from events. The order of arrival does not matter: a revocation or an express permission
 * beats any inquiry, the later of two wins, a revocation wins a tie. A revocation has no end.
 */
import type { AddressStatus, Consent, ContactFields, LeadEvent } from '../../schemas/generated/records.ts'
import type { PermissionChange } from './optOut.ts'

export type Consents = Readonly<Record<string, Consent>>

/** Channels that a lead can be written to or called on by us. */
export const CONTACT_CHANNELS = ['sms', 'email', 'call'] as const
export type ContactChannel = (typeof CONTACT_CHANNELS)[number]

const DAY_MS = 86_400_000

/** Sources in which the lead itself asked: forms and portals, not lists, imports or referrals by others. */
const inquirySources =
  /\b(form|lead ads?|website|web site|webpage|landing|zillow|realtor ?com|trulia|redfin|homes ?com|open house|chat|widget|inquiry|enquiry|contact us)\b/i

/** An inbound message asks to be answered on the same line: a number can be called and written to. */
const answeredOn: Readonly<Record<string, readonly string[]>> = { sms: ['sms', 'call'], call: ['sms', 'call'], voicemail: ['sms', 'call'] }

/** The ledger with one more statement about a channel. */
export function withConsent(consents: Consents, channel: string, stated: Consent): Consents {
  const known = consents[channel]
  return known !== undefined && !isStronger(stated, known) ? consents : { ...consents, [channel]: stated }
}

/** By class, then time, then revocation before permission, then the event, so that the order of arrival leaves no trace. */
function isStronger(one: Consent, known: Consent): boolean {
  const isInquiry = one.status === 'inquiry'
  if (isInquiry !== (known.status === 'inquiry')) return !isInquiry
  if (one.at !== known.at) return one.at > known.at
  const isRevoked = one.status === 'revoked'
  if (isRevoked !== (known.status === 'revoked')) return isRevoked
  return one.eventId > known.eventId
}

/** What an inbound message says about permission: an inquiry, and what `permissionChange` found in its words. */
export function consentOfMessage(
  consents: Consents,
  event: LeadEvent,
  channel: string,
  change: PermissionChange | undefined,
  inquiryDays: number,
): Consents {
  const { eventId, occurredAt: at } = event
  if (change?.change === 'opt_out') return revoked(consents, [...CONTACT_CHANNELS, channel], at, eventId, change.words)
  if (change?.change === 'opt_in')
    return withConsent(consents, channel, { status: 'express', at, expiresAt: null, eventId, words: change.words })
  return inquired(consents, answeredOn[channel] ?? [channel], at, eventId, inquiryDays)
}

/** An opt-out concerns every channel given: revoke one, revoke all. @source safety reference 2.3, scope default all */
export function revoked(consents: Consents, channels: readonly string[], at: number, eventId: string, words: string): Consents {
  return withConsents(consents, channels, { status: 'revoked', at, expiresAt: null, eventId, words })
}

/** A contact that came in by a form has inquired when it was created; a later update renews nothing. */
export function consentOfContact(consents: Consents, event: LeadEvent, contact: ContactFields, inquiryDays: number): Consents {
  let ledger = consents
  for (const [channel, status] of contact.dndChannels === null ? [] : Object.entries(contact.dndChannels)) {
    if (status === 'permanent') ledger = revoked(ledger, [channel], event.occurredAt, event.eventId, 'dnd permanent')
  }
  const askedAt = contact.createdAt ?? (event.kind === 'contact_created' ? event.occurredAt : null)
  if (contact.source === null || askedAt === null || !inquirySources.test(contact.source.replace(/[-_.]/g, ' '))) return ledger
  return inquired(ledger, CONTACT_CHANNELS, askedAt, event.eventId, inquiryDays)
}

function inquired(consents: Consents, channels: readonly string[], at: number, eventId: string, inquiryDays: number): Consents {
  return withConsents(consents, channels, { status: 'inquiry', at, expiresAt: at + inquiryDays * DAY_MS, eventId, words: null })
}

/** One statement about several channels: the ledger is copied once, and only when it changes. */
function withConsents(consents: Consents, channels: readonly string[], stated: Consent): Consents {
  let own: Record<string, Consent> | undefined
  for (const channel of channels) {
    const known = (own ?? consents)[channel]
    if (known !== undefined && !isStronger(stated, known)) continue
    own ??= { ...consents }
    own[channel] = stated
  }
  return own ?? consents
}

/** Statuses of a GHL channel under which it may be used; every other one, also an unknown one, blocks. */
export function blocksChannel(status: string | undefined): boolean {
  return status !== undefined && status !== 'inactive'
}

/**
 * Why a channel may not be used at this moment, or undefined. E-mail needs no prior permission (it carries an unsubscribe
 * footer); a text or a call does.
 */
export function blockedBecause(
  lead: {
    readonly dnd: boolean
    readonly dndChannels: Readonly<Record<string, string>>
    readonly consents: Consents
    readonly phone: string | null
    readonly email: string | null
    readonly emailStatus: AddressStatus | null
  },
  channel: ContactChannel,
  at: number,
): 'dnd' | 'revoked' | 'no_address' | 'no_consent' | undefined {
  if (lead.dnd || blocksChannel(lead.dndChannels[channel])) return 'dnd'
  const consent = lead.consents[channel]
  if (consent?.status === 'revoked') return 'revoked'
  if ((channel === 'email' ? workingEmail(lead) : lead.phone) === null) return 'no_address'
  if (channel === 'email') return undefined
  return consent === undefined || (consent.expiresAt !== null && consent.expiresAt <= at) ? 'no_consent' : undefined
}

/** An address at which a mail failed for good is none. */
export function workingEmail({
  email,
  emailStatus,
}: {
  readonly email: string | null
  readonly emailStatus: AddressStatus | null
}): string | null {
  return emailStatus?.status === 'invalid' && emailStatus.address === email ? null : email
}

/** Has the lead closed every channel, by do-not-disturb or by taking permission back? */
export function closedOnAllChannels(lead: {
  readonly dnd: boolean
  readonly dndChannels: Readonly<Record<string, string>>
  readonly consents: Consents
}): boolean {
  if (lead.dnd) return true
  for (const channel of CONTACT_CHANNELS)
    if (!blocksChannel(lead.dndChannels[channel]) && lead.consents[channel]?.status !== 'revoked') return false
  return true
}
