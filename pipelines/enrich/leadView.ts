/**
 * What agents may see of a lead: no name, no address, no e-mail, no phone, no protected attribute, and never more than
 * fits a record of 3 KB. Frozen: the same profile, tenant and moment give the same bytes.
 */
import type { LeadProfile, LeadView, RecentMessage, ShortlistedRealtor, Tenant } from '../../schemas/generated/records.ts'
import { cut } from '../ingest/fields.ts'
import { copyOfCounters } from './copyOfProfile.ts'
import { LeadViewBytes } from './leadViewBytes.ts'
import { foundClosed } from './closures.ts'
import { CONTACT_CHANNELS, blockedBecause } from './consent.ts'
import { appointmentAt } from './entities.ts'
import { purposeNow } from './purposes.ts'
import { permissionsOf } from './settings.ts'
import { signalWindow } from './behaviour/signalWindow.ts'
import { placeOf } from './timeZones.ts'

const HOUR_MS = 3_600_000
const DAY_MS = 86_400_000

/** Size of the encoded view, leaving 400 of the 3,000 bytes of an assessment for its other fields. */
export const VIEW_BYTES = 2_600
const MESSAGES = 5
const MESSAGE_TEXT = 280
const TAGS = 20
const TAG_TEXT = 40
const FACTS = 20
const FACT_TEXT = 80

/** Names of custom fields that no agent may read. @source design of the safety gates: no protected attribute, no ZIP */
const PROTECTED =
  /(^|[^a-z])(age|birth|dob|gender|sex|race|ethnic\w*|religio\w*|national\w*|origin|famil\w*|child\w*|kids|marital|married|disab\w*|handicap\w*|veteran|pregnan\w*|zip|postal\w*|name|e?mail|phone|address|street)([^a-z]|$)/i

/** The view of a lead at `at` (ms). */
export function leadView(profile: LeadProfile, tenant: Tenant | undefined, at: number): LeadView {
  return encodedView(profile, tenant, at).view
}

export interface EncodedView {
  readonly view: LeadView
  /** Of `view`, as `LeadViewBytes` encodes it. */
  readonly bytes: Buffer
}

/**
 * The view of a lead at `at` (ms) with its encoding, which had to be made to know its size. `shortlistFor` gives the realtors
 * who may be given the lead, out of its facts.
 */
export function encodedView(
  profile: LeadProfile,
  tenant: Tenant | undefined,
  at: number,
  shortlistFor: (facts: LeadView['facts']) => ShortlistedRealtor[] = () => [],
): EncodedView {
  const place = placeOf(profile, tenant)
  const appointment = appointmentAt(profile, at)
  const owned = profile.humanOwnership
  const isOwned = owned !== null && (owned.untilAt === null || owned.untilAt > at)
  const counters = copyOfCounters(profile.counters)
  counters.inboundByChannel = inOrder(counters.inboundByChannel)
  counters.outboundByChannel = inOrder(counters.outboundByChannel)
  const facts = tenant === undefined ? {} : factsOf(profile.customFields, readableNames(tenant.customFieldNames))
  const view: LeadView = {
    profileVersion: profile.version,
    status: profile.status,
    score: profile.score,
    level: profile.level,
    source: profile.source === null ? null : cut(profile.source, FACT_TEXT),
    hasPhone: profile.phone !== null,
    hasEmail: profile.email !== null,
    hasOwner: profile.ownerId !== null,
    timeZones: [...place.zones],
    states: [...place.states],
    tags: profile.tags.slice(0, TAGS).map((tag) => cut(tag, TAG_TEXT)),
    facts,
    blockedChannels: blockedChannelsOf(profile, tenant, at),
    humanOwnedUntil: isOwned ? owned.untilAt : null,
    humanOwned: isOwned,
    counters,
    replyHours: [...profile.replyHours],
    recentMessages: profile.recentMessages.slice(-MESSAGES).map(seenMessage),
    outboundLast24h: countAfter(profile.outboundTimes, at - 24 * HOUR_MS),
    outboundLast14d: countAfter(profile.outboundTimes, at - 14 * DAY_MS),
    opportunityStatus: profile.opportunity?.status ?? null,
    opportunityValue: profile.opportunity?.monetaryValue ?? null,
    appointmentAt: appointment?.startsAt ?? null,
    appointmentStatus: appointment?.status ?? null,
    createdAt: profile.createdAt,
    lastInboundAt: profile.lastInboundAt,
    lastOutboundAt: profile.lastOutboundAt,
    lastOwnAt: profile.lastOwnAt,
    signals: profile.behaviour === null ? [] : signalWindow(profile.behaviour.seen, at),
    shortlist: shortlistFor(facts),
  }
  return fitted(view)
}

/** Of a message or call for what would be said now; the text that is chosen is judged again before it leaves. */
function blockedChannelsOf(profile: LeadProfile, tenant: Tenant | undefined, at: number): Record<string, string> {
  const blocked: Record<string, string> = {}
  const purpose = purposeNow(profile, at)
  const asked = { purpose, marketingNeeds: permissionsOf(tenant).marketingNeeds }
  for (const channel of CONTACT_CHANNELS) {
    const reason = blockedBecause(profile, channel, at, asked) ?? foundClosed(profile, channel, at, purpose)
    if (reason !== undefined) blocked[channel] = reason
  }
  return blocked
}

function countAfter(times: readonly number[], after: number): number {
  let count = 0
  for (const time of times) if (time > after) count++
  return count
}

// Avro writes a map in the order its keys were put in; equal views must have equal bytes. Most have one key.
function inOrder(map: Record<string, number>): Record<string, number> {
  const names = Object.keys(map)
  if (names.every((name, place) => place === 0 || (names[place - 1] as string) < name)) return map
  return Object.fromEntries(names.sort().map((name) => [name, map[name] as number]))
}

/** Facts by the names of custom fields: a tenant's row of a table, which lives as long as it is not replaced. */
type Names = readonly (readonly [id: string, name: string])[]
const readable = new WeakMap<Readonly<Record<string, string>>, Names>()

/** The custom fields that agents may read, in the order of their names; of equal names in that of the tenant. */
function readableNames(names: Readonly<Record<string, string>>): Names {
  let allowed = readable.get(names)
  if (allowed === undefined) {
    const open = Object.entries(names).filter(([, name]) => !PROTECTED.test(name.replaceAll('_', ' ')))
    readable.set(names, (allowed = open.sort(([, a], [, b]) => (a < b ? -1 : a > b ? 1 : 0))))
  }
  return allowed
}

/** By the very fields, which nearly every event leaves as they are. */
const factsIn = new WeakMap<Readonly<Record<string, string>>, { readonly names: Names; readonly facts: Record<string, string> }>()

/** The first facts by name. Of two fields with one name the last one counts, and both count among the first. */
function factsOf(customFields: Readonly<Record<string, string>>, names: Names): Record<string, string> {
  const known = factsIn.get(customFields)
  if (known?.names === names) return known.facts
  const named = names.filter(([id]) => customFields[id] !== undefined).slice(0, FACTS)
  const facts = Object.fromEntries(named.map(([id, name]) => [name, cut(masked(customFields[id] ?? ''), FACT_TEXT)]))
  factsIn.set(customFields, { names, facts })
  return facts
}

function seenMessage(message: RecentMessage): RecentMessage {
  const text = cut(masked(message.text), MESSAGE_TEXT)
  return text === message.text ? message : { ...message, text }
}

/** The ten digits of a telephone number: nothing shorter is one. */
const PHONE_TEXT = 10

// Leads write their number and address into messages. Grouped 3-3-4 or with a country code: "450000-500000" is a budget.
function masked(text: string): string {
  const unmailed = text.includes('@') ? text.replace(/[^\s@<>]{1,64}@[^\s@<>]{1,190}/g, '[email]') : text
  if (unmailed.length < PHONE_TEXT || !/\d/.test(unmailed)) return unmailed
  return unmailed.replace(/\+\d[\d ().-]{8,17}\d|(?<!\d)(?:1[ .-]?)?\(?\d{3}\)?[ .-]?\d{3}[ .-]?\d{4}(?!\d)/g, '[phone]')
}

/** Signals kept when the view is too large. */
const FEW_SIGNALS = 8

/** What is given up, the oldest first: signals, messages, then tags, then facts, then the rest of the last message. */
const reductions: readonly ((v: LeadView) => LeadView)[] = [
  (v) => ({ ...v, signals: v.signals.slice(-FEW_SIGNALS) }),
  ...Array.from({ length: MESSAGES - 1 }, () => (v: LeadView) => ({
    ...v,
    recentMessages: v.recentMessages.slice(v.recentMessages.length > 1 ? 1 : 0),
  })),
  (v) => ({ ...v, tags: v.tags.slice(0, 5) }),
  (v) => ({ ...v, facts: Object.fromEntries(Object.entries(v.facts).slice(0, 8)) }),
  (v) => ({ ...v, recentMessages: v.recentMessages.map((message) => ({ ...message, text: cut(message.text, 100) })) }),
  (v) => ({ ...v, tags: [], facts: {}, signals: [] }),
]

function fitted(whole: LeadView): EncodedView {
  let view = whole
  let bytes = LeadViewBytes.encode(view)
  for (const reduce of reductions) {
    if (bytes.length <= VIEW_BYTES) break
    view = reduce(view)
    bytes = LeadViewBytes.encode(view)
  }
  return { view, bytes }
}
