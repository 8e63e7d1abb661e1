/**
 * The profile of a lead as a fold over its events: pure, total, and for everything that is "the latest" independent of the
 * order of arrival. Version, epoch and counts tell of arrivals and do depend on it.
 */
import type { LeadEvent, LeadProfile, MessageFields } from '../../schemas/generated/records.ts'
import { observe, rate } from './behaviour/behave.ts'
import { blocksChannel } from './consent.ts'
import { copyOfCounters, copyOfProfile } from './copyOfProfile.ts'
import { applyContact } from './contactEvents.ts'
import { describeAddresses } from './facts/addressFacts.ts'
import { adoptEntities, chooseEntities, noEntities } from './entities.ts'
import { ownTimes } from './lastWriter.ts'
import type { Draft } from './lastWriter.ts'
import { statusOf } from './leadStatus.ts'
import { applyLookUp } from './lookUpEvents.ts'
import { applyDelivery, applyMessage, isContact, newlyRevoked, spokenAt } from './messageEvents.ts'
import { ownershipOf } from './ownership.ts'
import { noteProvenance } from './provenance.ts'
import { countsFor } from './realtorLoad.ts'
import { applyReport } from './reportEvents.ts'
import { intentScore } from './score.ts'
import type { Settings } from './settings.ts'
import { silenceBase } from './silence.ts'
import { applyStaffEvent } from './staffEvents.ts'

/** The profile after one more event, which is the caller's own. `before` is not changed. */
export function applyEvent(before: LeadProfile | undefined, event: LeadEvent, settings: Settings): Draft {
  const profile = before === undefined ? emptyProfile(event) : copyOf(before, event)
  const isStated = applySection(profile, event, settings)
  noteProvenance(profile, before, event)
  const isShown = observe(profile, event)
  const changed = isStated || isShown
  const { message, kind } = event
  profile.version++
  profile.counters.events++
  if (!changed) profile.counters.staleEvents++
  profile.firstSeenAt = Math.min(profile.firstSeenAt, event.receivedAt)
  profile.lastEventAt = Math.max(profile.lastEventAt, event.occurredAt)
  // With every event: the one that counts changes with time alone, and with the rule by which a stored profile was chosen.
  chooseEntities(profile)
  describeAddresses(profile)
  profile.humanOwnership = ownershipOf(
    profile,
    settings,
    message !== null && isLatestHuman(profile, event, message) ? message.userId : null,
  )
  if (profile.recentMessages !== before?.recentMessages) profile.score = intentScore(profile.recentMessages)
  profile.status = statusOf(profile, kind === 'message_inbound' && changed)
  profile.countedFor = countsFor(profile)
  // After the status: whether somebody has to contact the lead is asked of it.
  rate(profile, profile.lastEventAt, settings)
  if (before !== undefined && silenceBase(profile) !== silenceBase(before)) profile.silenceStep = 0
  if (fences(before, profile, event, changed)) profile.epoch++
  return profile
}

/** Is this the latest word of a person of the team? */
function isLatestHuman({ lastHumanAt }: Draft, { occurredAt }: LeadEvent, message: MessageFields): boolean {
  const at = message.sender === 'human' && isContact(message) ? occurredAt : spokenAt(message, occurredAt)
  return at !== undefined && lastHumanAt === at
}

function applySection(profile: Draft, event: LeadEvent, settings: Settings): boolean {
  if (event.message !== null) return applyMessage(profile, event, event.message, settings)
  if (event.delivery !== null) return applyDelivery(profile, event)
  if (event.lookUp !== null) return applyLookUp(profile, event.lookUp, event.occurredAt)
  if (event.workflow !== null) return applyReport(profile, event.workflow, event.occurredAt)
  return applyStaffEvent(profile, event) ?? applyContact(profile, event, settings)
}

/**
 * Does the event make decisions taken before it obsolete? @source safety reference 1.2: inbound message, human message,
 * opt-out, owner change, manual pause; a hand-over and a deletion end them too.
 */
function fences(before: LeadProfile | undefined, after: LeadProfile, event: LeadEvent, changed: boolean): boolean {
  const { message } = event
  if (message !== null && changed && (message.direction === 'inbound' || message.sender === 'human')) return true
  if (newlyRevoked(before?.consents ?? {}, after.consents)) return true
  if (before === undefined) return false
  if (after.dnd && !before.dnd) return true
  if (after.dndChannels !== before.dndChannels)
    for (const channel of Object.keys(after.dndChannels))
      if (blocksChannel(after.dndChannels[channel]) && !blocksChannel(before.dndChannels[channel])) return true
  // An owner of our own choosing is no news: what was decided with it goes on.
  if (after.ownerId !== before.ownerId && after.ownerId !== after.routedTo) return true
  if (after.deletedAt !== null && before.deletedAt === null) return true
  const owned = after.humanOwnership
  return owned !== null && owned.reason !== before.humanOwnership?.reason
}

function copyOf(profile: LeadProfile, event: LeadEvent): Draft {
  const copy = copyOfProfile(profile)
  copy.counters = copyOfCounters(copy.counters)
  // Dozens of names: a message or a visit seldom writes one, and `ownTimes` is there for when it does.
  if (event.message === null && (event.behaviour === null || event.workflow !== null)) ownTimes(copy)
  adoptEntities(copy)
  return copy
}

/** A lead that nothing is known about. */
export function emptyProfile(event: Pick<LeadEvent, 'tenantId' | 'contactId' | 'occurredAt' | 'receivedAt'>): Draft {
  return {
    tenantId: event.tenantId,
    contactId: event.contactId,
    version: 0,
    epoch: 1,
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
    tags: [],
    customFields: {},
    dnd: false,
    dndChannels: {},
    consents: {},
    humanOwnership: null,
    status: 'new',
    score: 0,
    level: 'COLD',
    counters: {
      inbound: 0,
      outbound: 0,
      outboundOwn: 0,
      outboundHuman: 0,
      attemptsSinceReply: 0,
      inboundByChannel: {},
      outboundByChannel: {},
      appointments: 0,
      events: 0,
      staleEvents: 0,
    },
    replyHours: [],
    recentMessages: [],
    outboundTimes: [],
    inboundTimes: [],
    opportunity: null,
    appointment: null,
    createdAt: null,
    firstSeenAt: event.receivedAt,
    lastEventAt: event.occurredAt,
    lastInboundAt: null,
    lastOutboundAt: null,
    lastHumanAt: null,
    lastOwnAt: null,
    lastAssessedAt: null,
    silenceStep: 0,
    fieldTimes: {},
    deletedAt: null,
    routedTo: null,
    countedFor: null,
    firstOrigin: null,
    lastOrigin: null,
    ...noEntities,
  }
}
