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
import { kept } from './longMessage.ts'
import { masked } from './maskedText.ts'
import { isUnclearForNobody } from './ownership.ts'
import { purposeNow } from './purposes.ts'
import { seenFacts } from './seenFacts.ts'
import { permissionsOf, settingsOf } from './settings.ts'
import { signalWindow } from './behaviour/signalWindow.ts'
import { placeOf } from './timeZones.ts'

const HOUR_MS = 3_600_000
const DAY_MS = 86_400_000

/** Size of the encoded view, leaving 400 of the 3,000 bytes of an assessment for its other fields. */
export const VIEW_BYTES = 2_600
const MESSAGES = 5
const MESSAGE_TEXT = 280
/** When the view is too large. */
const SHORT_MESSAGE_TEXT = 100
const TAGS = 20
const TAG_TEXT = 40
const SOURCE_TEXT = 80

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
  const facts = tenant === undefined ? {} : seenFacts(profile.customFields, tenant.customFieldNames)
  const view: LeadView = {
    profileVersion: profile.version,
    status: profile.status,
    score: profile.score,
    level: profile.level,
    source: profile.source === null ? null : cut(profile.source, SOURCE_TEXT),
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
    mayBeOptOut: isUnclearForNobody(profile, at, settingsOf(tenant)),
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

function seenMessage(message: RecentMessage): RecentMessage {
  return ofLength(message, masked(message.text), MESSAGE_TEXT)
}

function ofLength(message: RecentMessage, whole: string, most: number): RecentMessage {
  const text = message.direction === 'inbound' ? kept(whole, most) : cut(whole, most)
  return text === message.text ? message : { ...message, text }
}

/** Signals kept when the view is too large. */
const FEW_SIGNALS = 8

/** The facts of at most this many characters. A short one says as much as a long one: numbers, yes and no. */
const ofAtMost = (length: number, facts: LeadView['facts']) =>
  Object.fromEntries(Object.entries(facts).filter(([, value]) => value.length <= length))

/** What is given up, the oldest first: signals, messages, then tags, then facts, the longest first, then the rest of the last message. */
const reductions: readonly ((v: LeadView) => LeadView)[] = [
  (v) => ({ ...v, signals: v.signals.slice(-FEW_SIGNALS) }),
  ...Array.from({ length: MESSAGES - 1 }, () => (v: LeadView) => ({
    ...v,
    recentMessages: v.recentMessages.slice(v.recentMessages.length > 1 ? 1 : 0),
  })),
  (v) => ({ ...v, tags: v.tags.slice(0, 5) }),
  (v) => ({ ...v, facts: ofAtMost(80, v.facts) }),
  (v) => ({ ...v, facts: ofAtMost(40, v.facts) }),
  (v) => ({ ...v, facts: ofAtMost(20, v.facts) }),
  (v) => ({ ...v, recentMessages: v.recentMessages.map((message) => ofLength(message, message.text, SHORT_MESSAGE_TEXT)) }),
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
