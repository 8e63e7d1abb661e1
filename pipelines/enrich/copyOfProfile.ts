/**
 * A profile to write to, equal to one that stays as it is. Its parts are shared until somebody replaces one. Field by field: profiles
 * come out of folds and out of decoders, and a spread over objects of so many shapes costs many times as much.
 */
import type { Counters, LeadProfile } from '../../schemas/generated/records.ts'
import type { Draft } from './lastWriter.ts'

/** The counts of a lead, to count on. */
export function copyOfCounters(counters: Counters): Counters {
  return {
    inbound: counters.inbound,
    outbound: counters.outbound,
    outboundOwn: counters.outboundOwn,
    outboundHuman: counters.outboundHuman,
    attemptsSinceReply: counters.attemptsSinceReply,
    inboundByChannel: counters.inboundByChannel,
    outboundByChannel: counters.outboundByChannel,
    appointments: counters.appointments,
    events: counters.events,
    staleEvents: counters.staleEvents,
  }
}

/** The copy; the compiler refuses one that lacks a field. */
export function copyOfProfile(profile: LeadProfile): Draft {
  return {
    tenantId: profile.tenantId,
    contactId: profile.contactId,
    version: profile.version,
    epoch: profile.epoch,
    firstName: profile.firstName,
    lastName: profile.lastName,
    email: profile.email,
    phone: profile.phone,
    companyName: profile.companyName,
    city: profile.city,
    state: profile.state,
    postalCode: profile.postalCode,
    country: profile.country,
    timeZone: profile.timeZone,
    source: profile.source,
    ownerId: profile.ownerId,
    tags: profile.tags,
    customFields: profile.customFields,
    dnd: profile.dnd,
    dndChannels: profile.dndChannels,
    consents: profile.consents,
    humanOwnership: profile.humanOwnership,
    status: profile.status,
    score: profile.score,
    level: profile.level,
    counters: profile.counters,
    replyHours: profile.replyHours,
    recentMessages: profile.recentMessages,
    outboundTimes: profile.outboundTimes,
    inboundTimes: profile.inboundTimes,
    opportunity: profile.opportunity,
    appointment: profile.appointment,
    createdAt: profile.createdAt,
    firstSeenAt: profile.firstSeenAt,
    lastEventAt: profile.lastEventAt,
    lastInboundAt: profile.lastInboundAt,
    lastOutboundAt: profile.lastOutboundAt,
    lastHumanAt: profile.lastHumanAt,
    lastOwnAt: profile.lastOwnAt,
    lastAssessedAt: profile.lastAssessedAt,
    silenceStep: profile.silenceStep,
    fieldTimes: profile.fieldTimes,
    deletedAt: profile.deletedAt,
    behaviour: profile.behaviour,
    opportunities: profile.opportunities,
    appointments: profile.appointments,
    tasks: profile.tasks,
    notes: profile.notes,
    conversations: profile.conversations,
    voiceCall: profile.voiceCall,
    emailStatus: profile.emailStatus,
    emailCounts: profile.emailCounts,
    reportedTimeZone: profile.reportedTimeZone,
    reportedFields: profile.reportedFields,
    reportedStages: profile.reportedStages,
    outboundBySender: profile.outboundBySender,
    ownTaskIds: profile.ownTaskIds,
    scoring: profile.scoring,
    textSignals: profile.textSignals,
    lookUp: profile.lookUp,
    phoneFacts: profile.phoneFacts,
    emailFacts: profile.emailFacts,
    priority: profile.priority,
    routedTo: profile.routedTo,
    countedFor: profile.countedFor,
    repliesToJudge: profile.repliesToJudge,
  }
}
