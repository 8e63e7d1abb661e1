/**
 * Permission by channel and purpose, folded from events. The order of arrival does not matter: a revocation or an express permission
 * beats a box that was ticked, and that an inquiry; the later of two wins, a revocation wins a tie. A revocation has no end, and of what
 * is said of a channel and of one purpose on it the stronger counts.
 * @source reference/safety-and-claude.md 2.1, 2.3
 */
import type { AddressStatus, Consent, ContactFields, LeadEvent } from '../../schemas/generated/records.ts'
import { entryOf } from '../ingest/fields.ts'
import type { PermissionChange } from './optOut.ts'
import { PURPOSES, scopeOf } from './purposes.ts'
import type { Purpose } from './purposes.ts'
import type { PermissionSettings } from './settings.ts'

export type Consents = Readonly<Record<string, Consent>>

/** Channels that a lead can be written to or called on by us. */
export const CONTACT_CHANNELS = ['sms', 'email', 'call'] as const
export type ContactChannel = (typeof CONTACT_CHANNELS)[number]

/** Is there an address of ours to reach a lead by on this channel? */
export function isContactChannel(channel: string): channel is ContactChannel {
  return (CONTACT_CHANNELS as readonly string[]).includes(channel)
}

const DAY_MS = 86_400_000

/** Sources in which the lead itself asked: forms and portals, not lists, imports or referrals by others. */
const inquirySources =
  /\b(form|lead ads?|website|web site|webpage|landing|zillow|realtor ?com|trulia|redfin|homes ?com|open house|chat|widget|inquiry|enquiry|contact us)\b/i

/** What says besides that somebody else brought the lead: "Zillow import 2023", "website leads.csv", "open house list", "referral form". */
const broughtByOthers = /\b(import(s|ed)?|csv|xlsx?|upload(s|ed)?|list|purchased|bought|referr(al|als|ed))\b/i

/** An inbound message asks to be answered on the same line: a number can be called and written to. */
const answeredOn: Readonly<Record<string, readonly string[]>> = { sms: ['sms', 'call'], call: ['sms', 'call'], voicemail: ['sms', 'call'] }

/** The ledger with one more statement about a channel, or about one purpose on it. */
export function withConsent(consents: Consents, scope: string, stated: Consent): Consents {
  const known = entryOf(consents, scope)
  return known !== undefined && !isStronger(stated, known) ? consents : { ...consents, [scope]: stated }
}

/** By class, then time, then revocation before permission, then the event, so that the order of arrival leaves no trace. */
function isStronger(one: Consent, known: Consent): boolean {
  const by = classOf(one) - classOf(known)
  if (by !== 0) return by > 0
  if (one.at !== known.at) return one.at > known.at
  const isRefusal = REFUSALS.has(one.status)
  if (isRefusal !== REFUSALS.has(known.status)) return isRefusal
  return one.eventId > known.eventId
}

const REFUSALS: ReadonlySet<string> = new Set(['revoked', 'none'])

// A box stays ticked and every update tells it again, so of its time nothing follows against what the lead has said itself.
function classOf({ status }: Consent): number {
  if (status === 'inquiry') return 0
  return status === 'express_written' || status === 'none' ? 1 : 2
}

/** What an inbound message says about permission: an inquiry, and what `permissionChange` found in its words. */
export function consentOfMessage(
  consents: Consents,
  event: LeadEvent,
  channel: string,
  change: PermissionChange | undefined,
  settings: PermissionSettings,
): Consents {
  const { eventId, occurredAt: at } = event
  if (change?.change === 'opt_out') {
    const purpose = settings.revocation === 'purpose' ? change.purpose : undefined
    const { keeps = [] } = change
    const channels = [...CONTACT_CHANNELS, channel].filter((one) => !(keeps as readonly string[]).includes(one))
    const scopes = purpose === undefined ? channels : channels.map((one) => scopeOf(one, purpose))
    // What it asks for it has inquired by; an earlier revocation of that stands.
    return inquired(revoked(consents, scopes, at, eventId, change.words), keeps, at, eventId, settings.inquiryConsentDays)
  }
  if (change?.change === 'opt_in')
    return withConsent(consents, channel, { status: 'express', at, expiresAt: null, eventId, words: change.words })
  return inquired(consents, entryOf(answeredOn, channel) ?? [channel], at, eventId, settings.inquiryConsentDays)
}

/** An opt-out concerns every channel given: revoke one, revoke all. @source safety reference 2.3, scope default all */
export function revoked(consents: Consents, scopes: readonly string[], at: number, eventId: string, words: string): Consents {
  return withConsents(consents, scopes, { status: 'revoked', at, expiresAt: null, eventId, words })
}

/** Words of the ledger for a channel that the platform keeps closed since the recipient opted out; every update of the contact tells it again. */
export const PERMANENT_DND = 'dnd permanent'

/** Is it that, which may have been told before? */
export function isPermanentDnd({ status, words }: Pick<Consent, 'status' | 'words'>): boolean {
  return status === 'revoked' && words === PERMANENT_DND
}

/** A contact that came in by a form has inquired when it was created; a later update renews nothing. */
export function consentOfContact(consents: Consents, event: LeadEvent, contact: ContactFields, settings: PermissionSettings): Consents {
  let ledger = consents
  for (const [channel, status] of contact.dndChannels === null ? [] : Object.entries(contact.dndChannels)) {
    if (status === 'permanent') ledger = revoked(ledger, [channel], event.occurredAt, event.eventId, PERMANENT_DND)
  }
  ledger = withWritten(ledger, event, contact, settings)
  const createdAt = contact.createdAt ?? (event.kind === 'contact_created' ? event.occurredAt : null)
  if (contact.source === null || createdAt === null || !isInquiry(contact.source)) return ledger
  // Nobody was created after what is told of them: a wrong clock would make a permission that does not end.
  return inquired(ledger, CONTACT_CHANNELS, Math.min(createdAt, event.occurredAt), event.eventId, settings.inquiryConsentDays)
}

function isInquiry(source: string): boolean {
  const words = source.replace(/[-_.]/g, ' ')
  return inquirySources.test(words) && !broughtByOthers.test(words)
}

/** Values with which a form tells a box that is not ticked. */
const UNTICKED = /^(no|false|0|off|none|unchecked|declined)?$/i

/** A box that the location has named, with the words beside it: an agreement to marketing by text and call, and to nothing else. */
function withWritten(consents: Consents, event: LeadEvent, contact: ContactFields, { written }: PermissionSettings): Consents {
  const value = written === null ? undefined : entryOf(contact.customFields ?? {}, written.fieldId)
  if (written === null || value === undefined) return consents
  const status = UNTICKED.test(value.trim()) ? 'none' : 'express_written'
  const { occurredAt: at, eventId } = event
  return withConsents(consents, [scopeOf('sms', 'marketing'), scopeOf('call', 'marketing')], {
    status,
    at,
    expiresAt: null,
    eventId,
    words: written.wording,
  })
}

function inquired(consents: Consents, channels: readonly string[], at: number, eventId: string, inquiryDays: number): Consents {
  return withConsents(consents, channels, { status: 'inquiry', at, expiresAt: at + inquiryDays * DAY_MS, eventId, words: null })
}

/** One statement about several channels: the ledger is copied once, and only when it changes. */
function withConsents(consents: Consents, scopes: readonly string[], stated: Consent): Consents {
  let own: Record<string, Consent> | undefined
  for (const scope of scopes) {
    const known = entryOf(own ?? consents, scope)
    if (known !== undefined && !isStronger(stated, known)) continue
    own ??= { ...consents }
    own[scope] = stated
  }
  return own ?? consents
}

/** Statuses of a GHL channel under which it may be used; every other one, also an unknown one, blocks. */
export function blocksChannel(status: string | undefined): boolean {
  return status !== undefined && status !== 'inactive'
}

/** What is asked of the ledger: whether a message for this purpose may go, where marketing takes at least this kind of permission. */
export interface AskedPermission {
  readonly purpose: Purpose
  readonly marketingNeeds: PermissionSettings['marketingNeeds']
}

/** Of each channel and purpose where the ledger keeps it, made once: it is asked of every channel with every event. */
const SCOPES = Object.fromEntries(
  CONTACT_CHANNELS.map((channel) => [channel, Object.fromEntries(PURPOSES.map((purpose) => [purpose, scopeOf(channel, purpose)]))]),
) as Record<ContactChannel, Record<Purpose, string>>

/** The purpose that is covered last, as a location has it that has set nothing. */
const marketing: AskedPermission = { purpose: 'marketing', marketingNeeds: 'inquiry' }

export type BlockedBecause = 'dnd' | 'revoked' | `${Purpose}_revoked` | 'no_address' | 'no_consent' | 'marketing_not_covered'

/**
 * Why a channel may not be used at this moment for this purpose, or undefined. E-mail needs no prior permission (it carries an
 * unsubscribe footer); a text or a call does.
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
  { purpose, marketingNeeds }: AskedPermission = marketing,
): BlockedBecause | undefined {
  if (lead.dnd || blocksChannel(lead.dndChannels[channel])) return 'dnd'
  const refused = refusalOf(lead.consents, channel, purpose)
  if (refused !== undefined) return refused.because
  if ((channel === 'email' ? workingEmail(lead) : lead.phone) === null) return 'no_address'
  if (channel === 'email') return undefined
  // What the lead has said itself with a word is not added to by a box: the box may have been ticked before it.
  const general = lead.consents[channel]
  const named = general !== undefined && classOf(general) === 2 ? undefined : lead.consents[SCOPES[channel][purpose]]
  const best = Math.max(rankAt(general, at), rankAt(named, at))
  if (best === 0) return 'no_consent'
  return purpose === 'marketing' && best < rankOf(marketingNeeds) ? 'marketing_not_covered' : undefined
}

/** By which statement a channel is closed for this purpose; undefined when it is not, or is open again. */
export function refusalOf(
  consents: Consents,
  channel: ContactChannel,
  purpose: Purpose,
): { readonly because: 'revoked' | `${Purpose}_revoked`; readonly stated: Consent } | undefined {
  const general = consents[channel]
  const standing = strongest(general, consents[SCOPES[channel][purpose]])
  if (standing?.status !== 'revoked') return undefined
  return general?.status === 'revoked' ? { because: 'revoked', stated: general } : { because: `${purpose}_revoked`, stated: standing }
}

function strongest(one: Consent | undefined, other: Consent | undefined): Consent | undefined {
  if (one === undefined || other === undefined) return one ?? other
  return isStronger(other, one) ? other : one
}

const KINDS = ['inquiry', 'express', 'express_written']

/** What an entry of the ledger covers at a time: nothing, once it is over. */
function rankAt(one: Consent | undefined, at: number): number {
  return one === undefined || (one.expiresAt !== null && one.expiresAt <= at) ? 0 : rankOf(one.status)
}

/** Kinds of permission by what they cover; anything else permits nothing. */
function rankOf(status: string): number {
  return KINDS.indexOf(status) + 1
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
