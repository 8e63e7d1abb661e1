/** Complete records for tests of the follow-up side, each field with an unremarkable value that a test overrides. */
import { noEntities } from '../../pipelines/enrich/entities.ts'
import { noSections } from '../../pipelines/ingest/translate/draft.ts'
import type {
  AuditLabel,
  ContactFields,
  Decision,
  DeliveryChanged,
  FollowUp,
  LeadEvent,
  LeadProfile,
  OutcomeObserved,
  ShadowDecision,
  Tenant,
} from '../../schemas/generated/records.ts'

export const tenantId = 'sandboxLocation000001'
/** Tuesday 10 November 2026, 17:00 UTC: 12:00 in New York, 09:00 in Los Angeles; lawful everywhere in the contiguous US but 10:00 in Kentucky. */
export const tuesdayNoon = Date.UTC(2026, 10, 10, 17)
export const MINUTE = 60_000
export const HOUR = 3_600_000
export const DAY = 86_400_000

export function tenantRecord(over: Partial<Tenant> = {}): Tenant {
  return {
    tenantId,
    name: 'Example Homes',
    status: 'active',
    appId: null,
    country: 'US',
    timeZone: 'America/New_York',
    senderName: 'Example Homes',
    postalAddress: '1 Main Street, Springfield',
    automation: true,
    maxPer24h: 3,
    maxPer14d: 10,
    humanQuietHours: 24,
    replyExemptMinutes: 10,
    inquiryConsentDays: 90,
    customFieldNames: {},
    updatedAt: 0,
    installation: null,
    lookUps: null,
    routing: null,
    holdout: null,
    trials: null,
    trialHours: null,
    undecided: null,
    officeHours: null,
    minuteWorthMicro: null,
    consent: null,
    ...over,
  }
}

/** A lead in New York with express permission on every channel. */
export function profileRecord(over: Partial<LeadProfile> = {}): LeadProfile {
  const consent = { status: 'express', at: 0, expiresAt: null, eventId: 'e', words: null }
  return {
    tenantId,
    contactId: 'maria',
    version: 3,
    epoch: 4,
    firstName: 'Maria',
    lastName: 'Lopez',
    email: 'maria@example.com',
    phone: '+12125550101',
    companyName: null,
    city: 'New York',
    state: 'NY',
    postalCode: null,
    country: 'US',
    timeZone: 'America/New_York',
    source: 'website form',
    ownerId: null,
    tags: [],
    customFields: {},
    dnd: false,
    dndChannels: {},
    consents: { sms: consent, email: consent, call: consent },
    humanOwnership: null,
    status: 'contacted',
    score: 60,
    level: 'HOT',
    counters: {
      inbound: 2,
      outbound: 1,
      outboundOwn: 0,
      outboundHuman: 0,
      attemptsSinceReply: 0,
      inboundByChannel: {},
      outboundByChannel: {},
      appointments: 0,
      events: 3,
      staleEvents: 0,
    },
    replyHours: [],
    recentMessages: [],
    outboundTimes: [],
    inboundTimes: [],
    opportunity: null,
    appointment: null,
    createdAt: tuesdayNoon - 3 * DAY,
    firstSeenAt: tuesdayNoon - 3 * DAY,
    lastEventAt: tuesdayNoon - HOUR,
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
    ...over,
  }
}

/** What a policy on trial would have decided: an e-mail where a text was chosen. */
export function shadowRecord(over: Partial<ShadowDecision> = {}): ShadowDecision {
  return {
    ...{ decisionId: 'd1', tenantId, contactId: 'maria', type: 'follow_up', policyHash: 'tried', chosen: 'email', degraded: false },
    ...{ probabilities: { wait: 0.4, email: 0.6 }, usualPolicyHash: 'in force', usual: 'sms', decidedAt: tuesdayNoon },
    ...over,
  }
}

export function decisionRecord(over: Partial<Decision> = {}): Decision {
  return {
    decisionId: 'd1',
    tenantId,
    contactId: 'maria',
    assessmentId: 'a1',
    type: 'follow_up',
    reason: 'silence_24h',
    stage: 'silent',
    epoch: 4,
    profileVersion: 3,
    viewHash: 'v',
    policyHash: 'p',
    engineVersion: 1,
    chosen: 'sms',
    runnerUp: 'wait',
    options: [],
    gates: [],
    contributions: [],
    silent: [],
    params: { templateId: 'nudge_24h' },
    conflicts: [],
    degraded: false,
    fallbackUsed: false,
    nEff: 3,
    quorum: 2,
    stopReason: 'all_votes',
    auditSelected: false,
    pAudit: 0,
    // At the deadline: no message of this decision waits for its wording.
    askedAt: tuesdayNoon - 2_000,
    decidedAt: tuesdayNoon,
    dueAt: tuesdayNoon + 5 * MINUTE,
    liftsAt: null,
    conformalSet: null,
    escalation: null,
    draw: null,
    hour: null,
    ...over,
  }
}

/** Anna's verdict on `d1`: a call would have been right. */
export function labelRecord(over: Partial<OutcomeObserved> = {}, label: Partial<AuditLabel> = {}): OutcomeObserved {
  const given: AuditLabel = {
    ...{
      decisionId: 'd1',
      decisionType: 'follow_up',
      option: 'call',
      labeller: 'anna',
      selection: 'random',
      inclusion: 0.03,
      note: null,
      carryOut: null,
    },
    ...label,
  }
  return {
    outcomeId: `${given.decisionId}-${given.labeller}`,
    tenantId,
    contactId: 'maria',
    kind: 'audit_label',
    channel: null,
    value: null,
    at: tuesdayNoon,
    source: 'api',
    sourceId: 'r1',
    label: given,
    ...over,
  }
}

export function followUpRecord(over: Partial<FollowUp> = {}): FollowUp {
  const contactId = over.contactId ?? 'maria'
  const decisionId = over.decisionId ?? 'd1'
  const channel = over.channel ?? 'sms'
  return {
    followupId: `f-${contactId}-${decisionId}-${channel}`,
    change: 'planned',
    tenantId,
    contactId,
    decisionId,
    intentKey: [tenantId, contactId, decisionId, channel].join(':'),
    epoch: 4,
    action: 'send_message',
    channel,
    templateId: 'nudge_24h.sms.1',
    text: 'Hi Maria, Example Homes here. Just checking in. Reply STOP to opt out.',
    subject: null,
    assigneeId: null,
    body: null,
    chosenBy: null,
    alternates: [],
    priority: 4,
    reason: 'test',
    plannedAt: tuesdayNoon,
    dueAt: tuesdayNoon,
    expiresAt: tuesdayNoon + 96 * HOUR,
    ...over,
  }
}

/** What a follow-up's delivery that has arrived says. */
export function deliveryRecord(over: Partial<DeliveryChanged> = {}): DeliveryChanged {
  return {
    deliveryId: 'delivery-1',
    sequence: 1,
    followupId: 'followup-1',
    decisionId: 'decision-1',
    tenantId,
    contactId: 'maria',
    epoch: 1,
    action: 'send_message',
    channel: 'sms',
    status: 'confirmed',
    gateId: null,
    ruleId: null,
    reason: 'sent',
    liftsAt: null,
    gates: [],
    messageId: 'message-own',
    text: 'Hello',
    assigneeId: null,
    attempt: 1,
    at: tuesdayNoon,
    ...over,
  }
}

/** A contact event's section that states nothing. */
export const noContactFields: ContactFields = {
  firstName: null,
  lastName: null,
  name: null,
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
  tags: null,
  dnd: null,
  dndChannels: null,
  inboundDnd: null,
  createdAt: null,
  customFields: null,
  firstOrigin: null,
  lastOrigin: null,
}

export function messageEvent(over: Partial<LeadEvent> = {}, text = 'Hello'): LeadEvent {
  return {
    eventId: 'e1',
    tenantId,
    contactId: 'maria',
    kind: 'message_inbound',
    occurredAt: tuesdayNoon,
    receivedAt: tuesdayNoon,
    source: 'ghl_webhook',
    sourceId: 'w',
    rawType: 'InboundMessage',
    statedAt: null,
    ...noSections,
    message: {
      messageId: `m-${text}`,
      conversationId: 'c',
      channel: 'sms',
      direction: 'inbound',
      sender: 'lead',
      subject: null,
      text,
      status: null,
      userId: null,
      callStatus: null,
      callDurationSeconds: null,
    },
    ...over,
  }
}
