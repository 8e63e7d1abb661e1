/**
 * The touch by marketing that an event tells of, if any: the stated source of a contact, the visits that the platform recorded, the
 * parameters of a link, a message on a page of the team, a click in an e-mail. Our own messages, and texts and calls of the lead, are none.
 * @source reference/lead-domain.md 2.9 (TouchpointEvent), 12.5; reference/gohighlevel.md 2.3
 */
import type { JourneyTouch, LeadEvent, MessageFields, Origin, Tenant } from '../../schemas/generated/records.ts'
import { isContact } from '../enrich/messageEvents.ts'
import { cut } from '../ingest/fields.ts'
import { sourceName } from '../sources/sourceName.ts'
import { channelOfMessage, channelOfSession, channelOfSource } from './channels.ts'
import type { MarketingChannel } from './channels.ts'

export interface Touch {
  readonly channel: MarketingChannel
  readonly at: number
  readonly source: string
  readonly campaign: string | null
  readonly basis: 'stated' | 'utm' | 'message' | 'click'
}

export interface TouchesOfEvent {
  readonly touches: readonly Touch[]
  /** The source that the contact states, by its usual name; `undefined` = this event states none. */
  readonly statedSource: string | undefined
  /** The visits that the contact states, those in its fields among them, by what makes them the same visit. */
  readonly statedOrigins: readonly string[]
}

/** What the contact stated before: the platform repeats it with every change, and a repetition is no touch. */
export interface StatedBefore {
  readonly source: string | null
  readonly origins: readonly string[]
  /** What has touched the lead. */
  readonly touches: readonly Pick<JourneyTouch, 'source' | 'campaign' | 'basis'>[]
}

/** Longest name of a campaign, UTF-16 units. */
const CAMPAIGN_LENGTH = 60

export function touchesOf(event: LeadEvent, statedBefore: StatedBefore, tenant: Tenant | undefined): TouchesOfEvent {
  const contact = event.contact ?? event.workflow?.contact ?? null
  const text = contact?.source ?? null
  const stated = text === null || text.trim() === '' ? undefined : sourceName(text)
  const touches: Touch[] = []
  const begun = Math.min(contact?.createdAt ?? event.occurredAt, event.occurredAt)
  const isUnknown = statedBefore.source === null && statedBefore.origins.length === 0
  const { link, statedLinks } = linkOf(event, tenant, isUnknown ? begun : event.occurredAt)
  const first = visitOf('first', contact?.firstOrigin ?? null, begun)
  const last = visitOf('last', contact?.lastOrigin ?? null, event.occurredAt)
  const isNews = ({ id }: StatedVisit) => !statedBefore.origins.includes(id)
  // While there is no other, the latest visit is the first one, whenever the contact is read.
  const firsts = statedBefore.origins.some((id) => id.startsWith('last ')) ? [] : [...statedBefore.origins, ...first.map(({ id }) => id)]
  const later = last.filter(({ touch }) => !firsts.includes(visitId('first', touch)))
  touches.push(...[...first, ...later].filter(isNews).map(({ touch }) => touch))
  const visited = link ?? statedLinks.find(isNews)?.touch
  if (visited !== undefined) touches.push(visited)
  else if (stated !== undefined && stated !== statedBefore.source) {
    const channel = channelOfSource(stated)
    // A source is stated of the contact's beginning, once; a later statement of another one is a touch of its own.
    const at = statedBefore.source === null ? begun : event.occurredAt
    const touch = { source: stated, campaign: campaignIn(text), basis: basisOf(text) }
    if (channel !== undefined && !isAmong(statedBefore.touches, touch)) touches.push({ channel, at, ...touch })
  }
  const said = saidBy(event)
  const way = said === undefined ? undefined : channelOfMessage(said.channel)
  if (way !== undefined) touches.push({ ...way, at: event.occurredAt, campaign: null, basis: 'message' })
  if (event.emailEvent?.event === 'clicked')
    touches.push({ channel: 'email_marketing', at: event.occurredAt, source: 'email', campaign: null, basis: 'click' })
  return { touches, statedSource: stated, statedOrigins: [...first, ...last, ...statedLinks].map(({ id }) => id) }
}

/** Has it touched the lead already? An older statement that is told late stands between two of the newer one. */
function isAmong(touches: StatedBefore['touches'], { source, campaign, basis }: StatedBefore['touches'][number]): boolean {
  return touches.some((known) => known.source === source && known.campaign === campaign && known.basis === basis)
}

/** The message or call that came from the lead itself; what a telephone or mailbox writes is none. */
export function saidBy({ kind, message }: LeadEvent): MessageFields | undefined {
  return kind === 'message_inbound' && message !== null && isContact(message) ? message : undefined
}

interface StatedVisit {
  /** What makes it the same visit when it is stated again. */
  readonly id: string
  readonly touch: Touch
}

function visitId(which: 'first' | 'last' | 'link', { channel, campaign }: Pick<Touch, 'channel' | 'campaign'>): string {
  return [which, channel, campaign ?? ''].join(' ')
}

/** A visit that the platform recorded, where it says which channel it came by. */
function visitOf(which: 'first' | 'last', origin: Origin | null, at: number): StatedVisit[] {
  if (origin === null) return []
  const { source, medium, sessionSource, click } = origin
  // A click id proves an advertisement, whatever the parameters say; the session is the platform's own reading of both.
  const way = click === null ? (medium ?? '') : 'cpc'
  const link = source ?? click
  const channel = (link === null ? undefined : channelOfLink(link, way)) ?? channelOfSession(sessionSource ?? '')
  if (channel === undefined) return []
  const campaign = campaignName(origin.campaign)
  const name = link === null ? sourceName(sessionSource) : linkName(link, way)
  return [{ id: visitId(which, { channel, campaign }), touch: { channel, at, source: name, campaign, basis: 'utm' } }]
}

/** The parameters of a link that are read, under these names in a workflow's report and among the named custom fields. */
export const linkFields = ['utm_source', 'utm_medium', 'utm_campaign'] as const

/**
 * UTM parameters by which the lead has come now, where the author of a workflow hands them on himself; else those that stand in the fields of
 * the contact, which every report carries: they are stated, of `statedOf` (ms), and news only while they are others.
 */
function linkOf(
  { workflow, ...event }: LeadEvent,
  tenant: Tenant | undefined,
  statedOf: number,
): { link: Touch | undefined; statedLinks: StatedVisit[] } {
  const fields = { ...workflow?.customFields, ...namedFields(event, tenant) }
  const handedOn = workflow?.customData ?? {}
  const link = linkTouch([handedOn, fields], event.occurredAt)
  const isHandedOn = parameter([handedOn], 'utm_source') !== undefined
  const stated = isHandedOn ? (linkTouch([fields], event.occurredAt) ?? link) : link
  return {
    link: isHandedOn ? link : undefined,
    statedLinks: stated === undefined ? [] : [{ id: visitId('link', stated), touch: { ...stated, at: statedOf } }],
  }
}

type Named = Readonly<Record<string, string>>

function linkTouch(told: readonly Named[], at: number): Touch | undefined {
  const source = parameter(told, 'utm_source')
  if (source === undefined) return undefined
  const medium = parameter(told, 'utm_medium') ?? ''
  const channel = channelOfLink(source, medium)
  if (channel === undefined) return undefined
  return { channel, at, source: linkName(source, medium), campaign: campaignName(parameter(told, 'utm_campaign')), basis: 'utm' }
}

/** What the first of these that has it says. */
function parameter(told: readonly Named[], wanted: (typeof linkFields)[number]): string | undefined {
  const isWanted = (name: string) => name.toLowerCase().replaceAll(/[\s-]+/g, '_') === wanted
  return told.flatMap((named) => Object.entries(named)).find(([name, text]) => isWanted(name) && text.trim() !== '')?.[1]
}

/** A contact carries its fields in every webhook, so only that of its creation is a touch. */
function namedFields(event: Pick<LeadEvent, 'kind' | 'contact'>, tenant: Tenant | undefined): Record<string, string> {
  if (event.kind !== 'contact_created' || event.contact === null || tenant === undefined) return {}
  return Object.fromEntries(
    Object.entries(event.contact.customFields ?? {}).map(([id, value]) => [tenant.customFieldNames[id] ?? id, value] as const),
  )
}

/** The usual name of the source of a link. */
function linkName(source: string, medium: string): string {
  return sourceName(`utm_source=${encodeURIComponent(source)}&utm_medium=${encodeURIComponent(medium)}`)
}

/** The channel of a link: its medium where that names one, else its source. @source Google Analytics default channel group */
export function channelOfLink(source: string, medium: string): MarketingChannel | undefined {
  const way = medium.trim().toLowerCase()
  const bySource = channelOfSource(linkName(source, way))
  if (/^(e-?mail|newsletter)$/.test(way)) return 'email_marketing'
  if (/^(display|banner|cpm|retargeting)$/.test(way)) return 'display_ads'
  if (/video/.test(way)) return 'video_ads'
  if (/^(.*cp.*|ppc|paid.*)$/.test(way)) return bySource === 'organic_search' || bySource === undefined ? 'paid_search' : bySource
  if (/^(social.*|sm)$/.test(way)) return 'social_media'
  if (way === 'organic') return 'organic_search'
  if (/^(referral|affiliate)$/.test(way)) return 'referral'
  return bySource
}

function basisOf(text: string | null): 'stated' | 'utm' {
  return text !== null && /(^|[?&])utm_source=/i.test(text) ? 'utm' : 'stated'
}

function campaignIn(text: string | null): string | null {
  const from = text?.search(/(^|[?&])utm_campaign=/i) ?? -1
  if (text === null || from < 0) return null
  return campaignName(new URLSearchParams(text.slice(from).replace(/^[?&]/, '').split('#', 1)[0]).get('utm_campaign'))
}

function campaignName(text: string | null | undefined): string | null {
  const name = cut(text?.trim() ?? '', CAMPAIGN_LENGTH)
  return name === '' ? null : name
}
