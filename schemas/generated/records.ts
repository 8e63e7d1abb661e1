// Generated from schemas/avsc by `npm run generate`. Do not edit.
/* eslint-disable */
import { schema } from '../../runtime/schema.ts'

/** Results of one option. */
export interface WayCounts {
  /** Results with a known outcome. */
  closed: number
  /** Of these, a reply or an appointment. */
  answered: number
  /** Of the answered, within an hour. */
  quick: number
  /** Of the closed, permission taken back. */
  optedOut: number
}

/** Messages by the policy that asked for them. */
export interface PolicyCounts {
  /** Policy. */
  hash: string
  /** Start of its first message of this day. */
  firstAt: number
  /** Messages with a known outcome. */
  closed: number
  /** Of these, answered. */
  answered: number
}

/** Results that were closed on one day. */
export interface ResultDay {
  /** Days since 1970-01-01, UTC. */
  day: number
  /** By option: wait | sms | email */
  ways: Record<string, WayCounts>
  /** At most 6. */
  policies: PolicyCounts[]
  /** Six numbers for each agent: asked, voted, abstained, failed, voted for a message that was sent, of these answered. */
  counts: number[]
}

/** What was stated last. */
export interface PublishedInsight {
  /** Until when it is valid. */
  validUntil: number
  /** Hash of its findings. */
  digest: string
}

/** Adaptation stage state per location: results by day. */
export interface AdaptationState {
  /** Agents that are counted, at most 64; their place is their number in the days. */
  agents: string[]
  /** Earliest first, at most 31. */
  days: ResultDay[]
  /** By agent: what was stated last. */
  published: Record<string, PublishedInsight>
}

/** What a finding rests on. */
export interface FindingEvidence {
  /** Name of the figure. */
  field: string
  /** Its value as text. */
  value: string
}

/** One standing finding. */
export interface Finding {
  /** What is found, from the vocabulary of the agent. */
  kind: string
  /** What it is about: a segment, a competitor, a channel, an agent; empty = the location as a whole. */
  subject: string
  /** Confidence bin 1 to 5: share of the needed data that is there, times how clearly it speaks. */
  bin: number
  /** The figure, exact, in the unit that the vocabulary gives. */
  value: string | null
  /** Observations it rests on. */
  samples: number
  /** Reason from a bounded vocabulary. */
  reason: string
  /** One sentence. */
  text: string
  /** What it rests on. */
  evidence: FindingEvidence[]
}

/** What an agent of systems 2, 4, 5, 6 and 8 finds about a location as a whole, until its next statement. An agent without findings says so with an empty list. */
export interface AgentInsight {
  /** GHL location id. */
  tenantId: string
  /** Agent. */
  agentId: string
  /** Version of the agent. */
  agentVersion: number
  /** content | competitive | attribution | adaptive */
  system: string
  /** When it was found. */
  at: number
  /** From then on nobody rests a vote on it. */
  validUntil: number
  /** Findings, the most pressing first; at most 12. */
  findings: Finding[]
}

/** How the message was worded, and how that was chosen. */
export interface WordingUsed {
  /** wait (the plain text) | soft_ask | inform | reassure | direct_ask */
  option: string
  /** The trial whose lot was drawn; null = none was. */
  trial: string | null
  /** The lot decided. */
  drawn: boolean
  /** Probability with which this wording was chosen, 1e-6. */
  propensityMicro: number
}

/** Something that a trial watches. */
export interface GuardrailHit {
  /** opt_out | complaint | negative_reply | provider_error. Other kinds may come: pass over those you do not know. */
  kind: string
  /** Day of the last such hit of the same lead, trial and wording before this one; null = this is the first. */
  lastDay: number | null
}

/** What a message that a lot worded did besides being answered, so that it can be counted by lead without the lead. */
export interface GuardrailsOfMessage {
  /** Day (UTC, days since 1970-01-01) of the result before this one of the same lead, trial and wording; null = this is the first. */
  lastDay: number | null
  /** Each kind once, sorted. */
  hits: GuardrailHit[]
}

/** In which hour the message went out, and how that was chosen. */
export interface HourUsed {
  /** h09 is 09:00 to 10:00 where the lead lives, from Monday to Friday; w09 the same at a week-end. */
  option: string
  /** The trial whose lot was drawn; null = none was, or the message was moved out of the hour that was taken. */
  trial: string | null
  /** The lot decided. */
  drawn: boolean
  /** Probability with which this hour was chosen, 1e-6. */
  propensityMicro: number
}

/** What became of one decision on a follow-up, for figures of performance. No proof of what would have been right, and nothing of the lead. */
export interface AgentResult {
  /** Deterministic id: one per decision. */
  resultId: string
  /** GHL location id. */
  tenantId: string
  /** follow_up */
  decisionType: string
  /** The option that was carried out: wait | sms | email */
  option: string
  /** Policy the decision was made with. */
  policyHash: string
  /** Start of the hour in which the message was confirmed, or the waiting decided. */
  startedAt: number
  /** When it was closed. */
  closedAt: number
  /** reply | appointment | opt_out: what the lead did first; overtaken: nothing before another message of ours; none: nothing in 72 hours; failed: the provider did not take it; unknown: closed early, too many were open */
  outcome: string
  /** From the start to what the lead did, ms. */
  latencyMs: number | null
  /** Agents that voted for the option, sorted. */
  votedFor: string[]
  /** Agents that voted for another one, sorted. */
  votedAgainst: string[]
  /** Agents without an opinion, sorted. */
  abstained: string[]
  /** Agents that threw, or did not answer in time, sorted. */
  failed: string[]
  /** Of a message whose wording was asked for; null = waiting, or nobody was asked. */
  wording: WordingUsed | null
  /** Of a message whose wording was drawn by lot and whose end is known; null = any other, and records from before the field. */
  guardrails: GuardrailsOfMessage | null
  /** Of a message whose hour was left to lot; null = waiting, or no lot was drawn. */
  hour: HourUsed | null
}

/** Counts since the lead is known. */
export interface Counters {
  /** Messages and calls from the lead. */
  inbound: number
  /** Messages and calls to the lead, by anybody. */
  outbound: number
  /** Of these, by Rekindle. */
  outboundOwn: number
  /** Of these, by humans. */
  outboundHuman: number
  /** Outbound since the last inbound. */
  attemptsSinceReply: number
  /** Inbound by channel. */
  inboundByChannel: Record<string, number>
  /** Outbound by channel. */
  outboundByChannel: Record<string, number>
  /** Appointments booked. */
  appointments: number
  /** Lead events applied. */
  events: number
  /** Events that arrived too late to change anything. */
  staleEvents: number
}

/** A message kept in the profile for agents and the duplicate gate. */
export interface RecentMessage {
  /** GHL message id. */
  messageId: string | null
  /** Event time. */
  at: number
  /** Channel. */
  channel: string
  /** inbound | outbound */
  direction: string
  /** lead | human | workflow | campaign | bulk | api (another program) | rekindle | unknown */
  sender: string
  /** First 500 characters; of a longer one of the lead its beginning and what is heard behind it, 500 in all. */
  text: string
}

/** What a lead did within ten minutes, of one kind and about one thing. */
export interface SeenSignal {
  /** A signal of docs/triggers.md: email_open | property_view | calculator_usage ... */
  signal: string
  /** The latest time. */
  at: number
  /** How often. */
  count: number
  /** What it was about, as a number within this view: equal numbers are one property, form or e-mail; 0 = not told. */
  subject: number
}

/** A realtor who may be given the lead: facts about work, none about the person. */
export interface ShortlistedRealtor {
  /** GHL user id. */
  realtorId: string
  /** Of docs/routing.md: first_time_buyers | luxury_properties | commercial_real_estate | investment_properties | relocation_services | distressed_sales | new_construction | senior_housing */
  specialties: string[]
  /** junior | mid | senior; null = nobody has said. */
  seniority: string | null
  /** available | busy */
  availability: string
  /** Open leads that are theirs. */
  load: number
  /** Open leads they take at most. */
  capacity: number
  /** Median minutes to their answer to a lead's message; null = too few answers. */
  answerMinutes: number | null
  /** Answers the median rests on. */
  answers: number
  /** Their leads that became clients within a year. */
  won: number
  /** Their leads that were lost within a year. */
  lost: number
  /** Whether they speak the language the lead writes in; null = it writes in that of the location, or nobody knows. */
  speaks: boolean | null
}

/** The frozen view of a lead that agents see. No name, address, e-mail or phone. */
export interface LeadView {
  /** Version of the profile. */
  profileVersion: number
  /** Status. */
  status: string
  /** 0 to 100. */
  score: number
  /** COLD | WARM | HOT | URGENT */
  level: string
  /** Source. */
  source: string | null
  /** A phone number is known. */
  hasPhone: boolean
  /** An e-mail address is known. */
  hasEmail: boolean
  /** A realtor owns the lead. */
  hasOwner: boolean
  /** All IANA zones that may apply. */
  timeZones: string[]
  /** All states that may apply, e.g. US-TX; empty = unknown. */
  states: string[]
  /** Tags. */
  tags: string[]
  /** Named custom fields: job_title, education, budget, timeline, pre_approved, visits ... */
  facts: Record<string, string>
  /** Channel to the reason why it may not be used for what would be said now (dnd, revoked, marketing_revoked, inquiry_revoked, transactional_revoked, no_address, no_consent, marketing_not_covered, address_revoked, address_<purpose>_revoked, provider_dnd). */
  blockedChannels: Record<string, string>
  /** Set while a human owns the conversation. */
  humanOwnedUntil: number | null
  /** A human owns the conversation. */
  humanOwned: boolean
  /** Counts. */
  counters: Counters
  /** Hours of the last replies. */
  replyHours: number[]
  /** The last messages, at most 5, texts cut to 280 characters. */
  recentMessages: RecentMessage[]
  /** Outbound by anybody within 24 h. */
  outboundLast24h: number
  /** Outbound by anybody within 14 days. */
  outboundLast14d: number
  /** open | won | lost | abandoned */
  opportunityStatus: string | null
  /** Exact decimal. */
  opportunityValue: string | null
  /** Next appointment. */
  appointmentAt: number | null
  /** Its status. */
  appointmentStatus: string | null
  /** Creation. */
  createdAt: number | null
  /** Latest message from the lead. */
  lastInboundAt: number | null
  /** Latest message to the lead. */
  lastOutboundAt: number | null
  /** Latest message by Rekindle. */
  lastOwnAt: number | null
  /** What the lead did within 7 days, oldest first: the latest 20 entries at most. */
  signals: SeenSignal[]
  /** Realtors who may be given the lead, the best by the rules of docs/routing.md first, three at most; empty where nobody is asked for. */
  shortlist: ShortlistedRealtor[]
  /** What the lead said may be an opt-out, and no person leads the conversation: one has to look. */
  mayBeOptOut: boolean
}

/** A question put to the agents about one lead at one moment. */
export interface Assessment {
  /** Deterministic id. */
  assessmentId: string
  /** GHL location id. */
  tenantId: string
  /** GHL contact id. */
  contactId: string
  /** new_lead | inbound_message | silence_24h | silence_48h | silence_72h | level_changed | workflow_reported | appointment_missed | opt_out_unclear | handed_back | channel_closed | a behavioural rule of docs/triggers.md */
  reason: string
  /** Epoch of the lead. */
  epoch: number
  /** Coarse lead stage for base rates: new | engaged | silent | booked */
  stage: string
  /** Open decision types: follow_up, escalation, content, routing. */
  decisionTypes: string[]
  /** When it was asked. */
  askedAt: number
  /** Votes after this are late. */
  deadlineAt: number
  /** SHA-256 of the encoded view, hex. */
  viewHash: string
  /** The frozen view. */
  view: LeadView
}

/** Leads that went from one channel to another, or that converted. */
export interface PathStep {
  /** Index of the channel; -1 = began. */
  from: number
  /** Index of the channel; -1 = converted, -2 = engaged, -3 = converted after a first touch in `from`. */
  to: number
  /** Leads. */
  count: number
}

/** The leads that were first touched on one day. */
export interface TouchCohort {
  /** Days since 1970-01-01, UTC. */
  day: number
  /** Steps, by from and to. */
  steps: PathStep[]
}

/** One touch of its journey. */
export interface KeptStep {
  /** Index of the channel. */
  channel: number
  /** When. */
  at: number
  /** How sure the channel is, in hundredths. */
  basis: number
}

/** One conversion of the window. */
export interface KeptConversion {
  /** Id of the journey. */
  id: string
  /** When. */
  at: number
  /** Worth in hundredths of the currency, whole number. */
  cents: string | null
  /** Touches, oldest first. */
  touches: KeptStep[]
}

/** Conversions of one day, kept or not. */
export interface ConversionDay {
  /** Days since 1970-01-01, UTC. */
  day: number
  /** Conversions. */
  count: number
  /** Of these, with a worth. */
  valued: number
  /** Their worth in hundredths, whole number. */
  cents: string
}

/** The latest statement on one channel, campaign and day. */
export interface SpendDay {
  /** Index of the channel. */
  channel: number
  /** Campaign. */
  campaign: string
  /** Days since 1970-01-01. */
  day: number
  /** Hundredths of the currency, whole number. */
  cents: string
  /** ISO 4217 code. */
  currency: string
  /** When it was stated. */
  statedAt: number
}

/** What was published last. */
export interface StandingInsight {
  /** Agent. */
  agentId: string
  /** SHA-256 of its findings, first 16 hexadecimal digits. */
  digest: string
  /** Until when it stands. */
  validUntil: number
}

/** State of stage attribution per location. */
export interface AttributionState {
  /** When the location was first heard of. */
  since: number
  /** Latest timestamp seen. */
  latestAt: number
  /** When what changed is published; null = nothing has changed since. */
  publishAt: number | null
  /** By day, at most 91 days. */
  cohorts: TouchCohort[]
  /** Within 90 days, oldest first, at most 600. */
  conversions: KeptConversion[]
  /** Of 2 to the power of this many conversions one is kept. */
  sampleBits: number
  /** At most 91 days. */
  days: ConversionDay[]
  /** Within 90 days, at most 2,000. */
  spend: SpendDay[]
  /** Day up to which spend is known in part only, because there was too much of it; 0 = whole. */
  spendRefusedUntil: number
  /** One per agent. */
  published: StandingInsight[]
}

/** What a vote rests on. */
export interface Evidence {
  /** Field of the view. */
  field: string
  /** Its value as text, at most 80 characters. */
  value: string
}

/** One agent's answer to one decision type. */
export interface Vote {
  /** Agent. */
  agentId: string
  /** Version of the agent. */
  agentVersion: number
  /** Agents that share evidence or a model; empty of one that cast no vote. */
  family: string
  /** vote | abstain | error */
  kind: string
  /** Decision type. */
  decisionType: string
  /** Option voted for. */
  option: string | null
  /** Confidence bin 1 to 5. */
  bin: number | null
  /** Reason from a bounded vocabulary. */
  reasonCode: string
  /** One sentence. */
  reasonText: string | null
  /** Evidence. */
  evidence: Evidence[]
  /** Parameters of the option, e.g. delayMinutes. */
  params: Record<string, string>
}

/** The votes of one or more agents on one assessment. */
export interface Ballot {
  /** Deterministic id. */
  ballotId: string
  /** Assessment. */
  assessmentId: string
  /** GHL location id. */
  tenantId: string
  /** GHL contact id. */
  contactId: string
  /** Epoch of the view that was voted on. */
  epoch: number
  /** Who cast it, e.g. panel, claude, team:name. */
  source: string
  /** When it was cast. */
  castAt: number
  /** Votes. */
  votes: Vote[]
}

/** One option in the pool. */
export interface OptionResult {
  /** Option. */
  option: string
  /** It passed the gates. */
  eligible: boolean
  /** ln of the base rate, 1e-6 nats. */
  baseMicro: number
  /** Pooled score as an exact integer in 1e-18 nats, as text. */
  score: string
  /** Probability over eligible options. */
  probability: number
  /** Expected utility. */
  utility: number
}

/** What a veto rule said. */
export interface GateResult {
  /** Gate. */
  gateId: string
  /** Rule inside the gate. */
  ruleId: string
  /** Option or channel it was asked for; * = all but wait. */
  option: string
  /** allow | deny_until | deny */
  verdict: string
  /** When it lifts, if it can. */
  liftsAt: number | null
  /** One sentence. */
  reason: string
}

/** What one vote added to an option. */
export interface Contribution {
  /** Agent. */
  agentId: string
  /** Version. */
  agentVersion: number
  /** Family. */
  family: string
  /** Option voted for. */
  option: string
  /** Confidence bin. */
  bin: number
  /** Rank among the votes of its family for this option, 1 first. */
  rank: number
  /** Strength in 1e-6 nats. */
  lambdaMicro: number
  /** Marginal worth of the rank, 1e-6. */
  deltaMicro: number
  /** Temperature, 1e-6. */
  tauMicro: number
  /** lambda * delta * tau as an exact integer in 1e-18 nats, as text. */
  nats: string
  /** The option was not eligible: contributes nothing. */
  blocked: boolean
  /** Reason of the vote. */
  reasonCode: string
  /** Sentence of the vote. */
  reasonText: string | null
}

/** An agent that did not vote. */
export interface Silence {
  /** Agent. */
  agentId: string
  /** abstain | error | missing */
  kind: string
  /** Reason. */
  reasonCode: string
}

/** How probable one option was. */
export interface ArmShare {
  /** Option. */
  option: string
  /** Probability that it is chosen, after gates and floor, 1e-6. All of a draw add up to 1,000,000. */
  propensityMicro: number
}

/** A choice that was left to lot, with the probabilities of it. */
export interface Draw {
  /** Which trial, as <name>-<number>. */
  trial: string
  /** What would have been chosen without the trial. */
  usual: string
  /** The lot decided; false: it fell to what is usual. */
  drawn: boolean
  /** Every option that could have been chosen. */
  arms: ArmShare[]
  /** What the lot was drawn from: the SHA-256 of this text. */
  seed: string
}

/** The hour of a message that was left to lot, with the probabilities of it. */
export interface HourDraw {
  /** Which trial, as <name>-<number>. */
  trial: string
  /** IANA zone whose hours are meant; every zone that may apply to the lead showed the same ones. */
  zone: string
  /** The hour in which the message would have gone without the trial: h09 is 09:00 to 10:00 from Monday to Friday, w09 the same at a week-end. */
  usual: string
  /** The hour that was taken. */
  taken: string
  /** The lot decided; false: it fell to the usual hour. */
  drawn: boolean
  /** Every hour that could have been taken, all of them lawful in every zone and state that may apply; in the order of the clock. */
  arms: ArmShare[]
  /** What the lot was drawn from: the SHA-256 of this text. */
  seed: string
}

/** What the consensus decided about a lead, complete enough to explain and to replay. The product for other teams. */
export interface Decision {
  /** Deterministic id. */
  decisionId: string
  /** GHL location id. */
  tenantId: string
  /** GHL contact id. */
  contactId: string
  /** Assessment it answers. */
  assessmentId: string
  /** follow_up | routing | content | escalation */
  type: string
  /** Reason of the assessment. */
  reason: string
  /** Lead stage for base rates. */
  stage: string
  /** Epoch of the view. */
  epoch: number
  /** Version of the profile. */
  profileVersion: number
  /** Hash of the view. */
  viewHash: string
  /** Hash of the policy. */
  policyHash: string
  /** Version of the arithmetic. */
  engineVersion: number
  /** Chosen option. */
  chosen: string
  /** Second option. */
  runnerUp: string | null
  /** All options. */
  options: OptionResult[]
  /** All gates. */
  gates: GateResult[]
  /** Votes and what they added, sorted by family, rank, agent. */
  contributions: Contribution[]
  /** Agents that did not vote. */
  silent: Silence[]
  /** Parameters of the chosen option, e.g. delayMinutes, channel. */
  params: Record<string, string>
  /** split | family-split | gate-vs-pool | stale | policy-refused */
  conflicts: string[]
  /** Quorum was not reached. */
  degraded: boolean
  /** The fallback option was taken. */
  fallbackUsed: boolean
  /** Effective voters present. */
  nEff: number
  /** Effective voters needed. */
  quorum: number
  /** all_votes | early_stop | deadline | gated | superseded */
  stopReason: string
  /** Chosen for the random audit. */
  auditSelected: boolean
  /** Probability of that. */
  pAudit: number
  /** When it was asked. */
  askedAt: number
  /** When it was decided. */
  decidedAt: number
  /** When the chosen action should happen. */
  dueAt: number | null
  /** When the gate that held it lifts. */
  liftsAt: number | null
  /** Options that cannot be ruled out, with the coverage of the policy's quantile; null = not enough audits to say. */
  conformalSet: string[] | null
  /** Why a person should look at it: undecided (something that cannot be undone was chosen while another option cannot be ruled out), quorum_failed_twice (too few voices were heard, as the time before on this lead); null = nobody has to. */
  escalation: string | null
  /** The lot behind the choice; null = nothing was left to lot, the choice was certain. */
  draw: Draw | null
  /** Of a message: the lot behind its hour, which `dueAt` tells; null = none was drawn. */
  hour: HourDraw | null
}

/** What became of a follow-up. */
export interface DeliveryChanged {
  /** Deterministic id: follow-up and sequence. */
  deliveryId: string
  /** Rises by one per change of this follow-up. */
  sequence: number
  /** Follow-up. */
  followupId: string
  /** Decision. */
  decisionId: string
  /** GHL location id. */
  tenantId: string
  /** GHL contact id. */
  contactId: string
  /** Epoch of the follow-up. */
  epoch: number
  /** send_message | create_task | hand_over | assign */
  action: string
  /** sms | email | call | none */
  channel: string
  /** reserved | handed_over | confirmed | unknown | failed | denied | deferred | superseded | cancelled | expired */
  status: string
  /** First gate that denied. */
  gateId: string | null
  /** Rule of that gate. */
  ruleId: string | null
  /** In words. */
  reason: string
  /** When a deferred one is tried again. */
  liftsAt: number | null
  /** All gates as evaluated. */
  gates: GateResult[]
  /** Provider message id. */
  messageId: string | null
  /** Text that was sent. */
  text: string | null
  /** Hand-over attempts so far. */
  attempt: number
  /** When it changed. */
  at: number
  /** Of an assignment: the realtor (GHL user). */
  assigneeId: string | null
}

/** An order to forget a lead: everything that was known of it up to a moment. It states nothing about the person but the key. */
export interface Erasure {
  /** GHL location id. */
  tenantId: string
  /** GHL contact id. */
  contactId: string
  /** What happened up to then is forgotten; what comes later is a new beginning. */
  erasedAt: number
  /** Id of the order, for who asks for proof. */
  requestId: string
  /** Who gave the order: an operator, never the lead. */
  requestedBy: string
}

/** An intended action, planned or cancelled. */
export interface FollowUp {
  /** Deterministic id. */
  followupId: string
  /** planned | cancelled */
  change: string
  /** GHL location id. */
  tenantId: string
  /** GHL contact id. */
  contactId: string
  /** Decision that asked for it. */
  decisionId: string
  /** Unique key of the intent: tenant, lead, decision, channel. */
  intentKey: string
  /** Epoch it was made from. */
  epoch: number
  /** send_message | create_task | hand_over | assign | ask (a person is asked what is to be done) */
  action: string
  /** sms | email | call | none */
  channel: string
  /** Template of the text. */
  templateId: string | null
  /** Text to send, or title of the task. */
  text: string | null
  /** E-mail subject. */
  subject: string | null
  /** 1 low to 5 high. */
  priority: number
  /** Why, in words. */
  reason: string
  /** When it was planned. */
  plannedAt: number
  /** When it should happen. */
  dueAt: number
  /** After this it is pointless. */
  expiresAt: number
  /** Of an assignment: the realtor (GHL user) who is to have the lead. */
  assigneeId: string | null
  /** Of an ask: what the person has to know to decide, in words. */
  body: string | null
  /** Of an assignment: realtors (GHL users) who are to have the lead, in this order, when the assignee can not. */
  alternates: string[]
  /** The person who was asked and chose this; null = nobody was asked. */
  chosenBy: string | null
}

/** A follow-up that may still be cancelled. */
export interface PlannedFollowUp {
  /** Follow-up. */
  followupId: string
  /** Decision. */
  decisionId: string
  /** Epoch. */
  epoch: number
  /** Channel. */
  channel: string
  /** Action. */
  action: string
  /** Due. */
  dueAt: number
  /** Expiry. */
  expiresAt: number
  /** 1 low to 5 high. */
  priority: number
  /** When it was planned. */
  plannedAt: number
  /** Template of the text. */
  templateId: string | null
}

/** How a message on one assessment is to be worded. */
export interface DecidedWording {
  /** Assessment. */
  assessmentId: string
  /** Chosen option of the content decision: wait (the plain text) | soft_ask | inform | reassure | direct_ask */
  approach: string
}

/** A decided message that waits for its wording. */
export interface HeldMessage {
  /** GHL location id. */
  tenantId: string
  /** GHL contact id. */
  contactId: string
  /** Decision. */
  decisionId: string
  /** Assessment that the wording is decided on as well. */
  assessmentId: string
  /** Epoch. */
  epoch: number
  /** sms | email */
  chosen: string
  /** Reason of the assessment. */
  reason: string
  /** Occasion of the text, as decided. */
  occasion: string | null
  /** When it was decided. */
  decidedAt: number
  /** When it is due. */
  dueAt: number | null
  /** Deadline of the assessment: then it is planned in plain words. */
  until: number
}

/** A decision that a person was asked about, and what is done when nobody answers. */
export interface AskedDecision {
  /** GHL location id. */
  tenantId: string
  /** GHL contact id. */
  contactId: string
  /** Decision. */
  decisionId: string
  /** Assessment that the wording is decided on as well. */
  assessmentId: string
  /** Epoch. */
  epoch: number
  /** Reason of the assessment. */
  reason: string
  /** Occasion of the text, as decided. */
  occasion: string | null
  /** When it was decided. */
  decidedAt: number
  /** Options that the person may answer with. */
  options: string[]
  /** Channel of the message that is drafted: sms | email; null = none can be sent. */
  message: string | null
  /** What the person has to know, without the draft; empty once they are asked. */
  question: string
  /** What is done when nobody answers: call | wait */
  otherwise: string
  /** When waiting for an answer ends. */
  until: number
}

/** Followup stage state per lead. */
export interface FollowupState {
  /** Latest epoch seen. */
  epoch: number
  /** Given name for templates. */
  firstName: string | null
  /** The contact was deleted. */
  deleted: boolean
  /** Open follow-ups. */
  planned: PlannedFollowUp[]
  /** Decisions whose follow-up was cancelled, each until that would have expired: told again, they are not planned again. */
  takenBack: Record<string, number>
  /** Template id to the last time (ms) it was planned. */
  history: Record<string, number>
  /** Intent level of the latest profile: COLD | WARM | HOT | URGENT */
  level: string | null
  /** Wordings of the latest assessments, oldest first, at most 4. */
  wordings: DecidedWording[]
  /** The message whose wording is not decided yet. */
  held: HeldMessage | null
  /** The decision that a person is asked about. */
  asked: AskedDecision | null
}

/** What the platform told of the location and of the app in it; the latest statement of each field counts. */
export interface Installation {
  /** GHL agency the location belongs to. */
  companyId: string | null
  /** Name of the agency. */
  companyName: string | null
  /** Name of the location. */
  name: string | null
  /** Marketplace app. */
  appId: string | null
  /** Version of the app. */
  versionId: string | null
  /** The app is installed; null = not told. */
  installed: boolean | null
  /** When it was last told that the app was removed. */
  removedAt: number | null
  /** An operator has paused the location: installing or updating the app does not resume it. */
  paused: boolean
  /** Field to event time (ms) of its statement. */
  fieldTimes: Record<string, number>
}

/** Permission to ask a third party about leads, which sends their personal data there and costs money. */
export interface LookUpSettings {
  /** apollo */
  provider: string
  /** What is asked for: firstName, lastName, companyName, jobTitle, industry, city, state, country. */
  fields: string[]
  /** Credits of the provider that may be spent in a UTC day, an exact decimal. */
  creditsPerDay: string
}

/** What a location wants of trials of wordings. */
export interface TrialSettings {
  /** false = nothing is left to lot. */
  enabled: boolean
  /** Wording to when (ms) a person opened it again after it was stopped. */
  reopened: Record<string, number>
}

/** Hours of some days of the week in which somebody is there. */
export interface OfficeWindow {
  /** 1 = Monday to 7 = Sunday. */
  days: number[]
  /** HH:MM in the zone of the location, included. */
  from: string
  /** HH:MM, excluded; 24:00 = the end of the day. */
  to: string
}

/** A box on a form by which leads agree to marketing by text and call. */
export interface WrittenPermission {
  /** Custom field that holds what was ticked. */
  fieldId: string
  /** The words beside the box, as they are shown. */
  wording: string
}

/** What a location wants of permissions. */
export interface ConsentSettings {
  /** What an opt-out closes that names what it is about: all (every channel and purpose, as any other opt-out) | purpose (what it names, on every channel) */
  revocation: string
  /** The least permission that marketing by text or call takes: inquiry | express | express_written */
  marketingNeeds: string
  /** null = no field is read as a permission. */
  written: WrittenPermission | null
}

/** A GHL location and its settings. */
export interface Tenant {
  /** GHL location id, or `company:` and the id of an agency whose installation was told. */
  tenantId: string
  /** Name. */
  name: string
  /** active | paused (webhooks are taken, nothing is sent) | uninstalled */
  status: string
  /** Marketplace app it was installed by. */
  appId: string | null
  /** ISO 3166-1 alpha-2; ZZ until somebody has said it. */
  country: string
  /** IANA zone of the location; Etc/UTC until somebody has said it. */
  timeZone: string
  /** Who messages come from. */
  senderName: string
  /** For the e-mail footer. */
  postalAddress: string
  /** false = kill switch: nothing is sent. */
  automation: boolean
  /** Contact budget, any sender. */
  maxPer24h: number
  /** Contact budget, any sender. */
  maxPer14d: number
  /** Hours after a human message during which the machine is silent. */
  humanQuietHours: number
  /** Minutes after an inbound message in which a reply may leave outside the window. */
  replyExemptMinutes: number
  /** Days an inquiry permits contact. */
  inquiryConsentDays: number
  /** Custom field id to fact name. */
  customFieldNames: Record<string, string>
  /** When it was set. */
  updatedAt: number
  /** Set once the platform, or an operator after it, has told something. */
  installation: Installation | null
  /** Null = nobody is asked, which is the default. */
  lookUps: LookUpSettings | null
  /** off | suggest (decided and shown) | assign (decided and carried out); null = suggest. */
  routing: string | null
  /** true: one lead in twenty, chosen by a hash for life, is not followed up with, so that it can be told what follow-ups bring; null = false. */
  holdout: boolean | null
  /** null = trials are on, which is the default. */
  trials: TrialSettings | null
  /** What is done about a message that the votes do not clearly call for: ask (a person is asked first) | act (it is sent); null = ask. */
  undecided: string | null
  /** When the office is open: only these hours count for the time in which a question is answered. null = every hour counts. */
  officeHours: OfficeWindow[] | null
  /** What a minute of a person is worth, 1e-6 of utility: of two options that differ by less a person is asked. null = nobody is. */
  minuteWorthMicro: number | null
  /** true: the hour of follow-ups that we begin ourselves is left to lot, so that it shows when leads answer; only while trials are on; null = false. */
  trialHours: boolean | null
  /** null = an opt-out closes everything, any permission covers every purpose, and no field is read as one. */
  consent: ConsentSettings | null
}

/** An event that was told, by what it says. */
export interface ToldMeaning {
  /** Kind of the event. */
  kind: string
  /** Hash of what it says, without who delivered it and when. */
  content: string
  /** Event time. */
  at: number
}

/** A user of a GHL location: a person who serves leads. The latest statement of each field counts; what is from before a deletion counts no more. */
export interface Realtor {
  /** GHL location id. */
  tenantId: string
  /** GHL user id; leads name it as their owner. */
  realtorId: string
  /** First and last name. */
  name: string | null
  /** E-mail. */
  email: string | null
  /** E.164 when it can be parsed, else as told. */
  phone: string | null
  /** user | admin */
  role: string | null
  /** Told of since the last deletion; false = deleted, and nothing personal is kept. */
  active: boolean
  /** When the user was last told to be deleted. */
  deletedAt: number | null
  /** When the row was written. */
  updatedAt: number
  /** Field to event time (ms) of its statement; `told` of any statement. */
  fieldTimes: Record<string, number>
}

/** Per lead: ids seen within the dedupe window. Per location: what its installation and its users were told to be. */
export interface IngestState {
  /** Delivery or message id to the time (ms) it was first seen. */
  seen: Record<string, number>
  /** The location as it was last written, until its table has it. */
  tenant: Tenant | null
  /** The last 8 events that may be delivered again under another id. */
  told: ToldMeaning[]
  /** The last 50 rows of users as they were written, until their table has them. */
  realtors: Realtor[]
}

/** By which visit a person came to the team, as the platform recorded it. No address of a machine, no parameters of a page. */
export interface Origin {
  /** The platform's own word for the kind of visit, such as Paid Search or CRM UI. */
  sessionSource: string | null
  /** utm_source. */
  source: string | null
  /** utm_medium, or the platform's medium (form, calendar, manual). */
  medium: string | null
  /** utm_campaign, or the campaign's name. */
  campaign: string | null
  /** utm_content. */
  content: string | null
  /** utm_term or keyword. */
  term: string | null
  /** Host that the visit came from. */
  referrer: string | null
  /** Host and path of the page, without parameters. */
  page: string | null
  /** google | facebook | microsoft: whose advertisement was clicked, told by its click id; the id is not kept. */
  click: string | null
}

/** What a contact event states. Null means "not stated", never "cleared". */
export interface ContactFields {
  /** Given name. */
  firstName: string | null
  /** Family name. */
  lastName: string | null
  /** Full name as sent. */
  name: string | null
  /** E-mail as sent, trimmed and lower-cased. */
  email: string | null
  /** Phone in E.164 when it can be parsed, else as sent. */
  phone: string | null
  /** Company. */
  companyName: string | null
  /** City. */
  city: string | null
  /** State or region as sent. */
  state: string | null
  /** Postal code. */
  postalCode: string | null
  /** ISO 3166-1 alpha-2. */
  country: string | null
  /** IANA zone, when stated. */
  timeZone: string | null
  /** Where the contact came from, as sent. */
  source: string | null
  /** GHL user id the contact is assigned to. */
  ownerId: string | null
  /** The complete list of tags after the change. */
  tags: string[] | null
  /** Do not disturb on every channel. */
  dnd: boolean | null
  /** GHL status by channel (sms, email, call, whatsapp, gmb, fb, rcs): active = do not send, inactive, permanent. */
  dndChannels: Record<string, string> | null
  /** Status of inboundDndSettings.all. */
  inboundDnd: string | null
  /** `dateAdded` of the contact. */
  createdAt: number | null
  /** Custom field id to value as text. */
  customFields: Record<string, string> | null
  /** The first visit; it does not change any more. */
  firstOrigin: Origin | null
  /** The latest visit. */
  lastOrigin: Origin | null
}

/** One message or call between the lead and anybody. */
export interface MessageFields {
  /** GHL message id. */
  messageId: string | null
  /** GHL conversation id. */
  conversationId: string | null
  /** sms | email | call | voicemail | whatsapp | live_chat | facebook | instagram | gmb | rcs | internal_comment | other */
  channel: string
  /** inbound | outbound */
  direction: string
  /** lead | human | workflow | campaign | bulk | api (another program) | rekindle | unknown */
  sender: string
  /** E-mail subject. */
  subject: string | null
  /** Plain text, HTML stripped, at most 4,000 characters; empty for calls. */
  text: string
  /** GHL message status. */
  status: string | null
  /** GHL user who sent it. */
  userId: string | null
  /** GHL call status. */
  callStatus: string | null
  /** Length of a call. */
  callDurationSeconds: number | null
}

/** A calendar appointment. */
export interface AppointmentFields {
  /** GHL appointment id. */
  appointmentId: string
  /** GHL calendar id. */
  calendarId: string | null
  /** new | confirmed | cancelled | showed | noshow | invalid */
  status: string
  /** Title. */
  title: string | null
  /** Start. */
  startsAt: number | null
  /** End. */
  endsAt: number | null
  /** GHL user. */
  assignedUserId: string | null
}

/** A GHL opportunity. */
export interface OpportunityFields {
  /** GHL opportunity id. */
  opportunityId: string
  /** Pipeline. */
  pipelineId: string | null
  /** Stage. */
  stageId: string | null
  /** open | won | lost | abandoned */
  status: string | null
  /** Name. */
  name: string | null
  /** Exact decimal as text. */
  monetaryValue: string | null
  /** GHL user id. */
  ownerId: string | null
}

/** What became of one of our own follow-ups. */
export interface DeliveryFields {
  /** Follow-up. */
  followupId: string
  /** Decision that asked for it. */
  decisionId: string
  /** sms | email | call | none */
  channel: string
  /** confirmed | failed | unknown | denied; of an assignment also handed_over */
  status: string
  /** Provider message id. */
  messageId: string | null
  /** Text that was sent, for the recent-messages view. */
  text: string | null
  /** send_message | create_task | hand_over | assign */
  action: string
  /** The provider's webhook of this message came first and was already told as message_outbound: count it once. */
  echoed: boolean
  /** Of an assignment: the realtor (GHL user). */
  assigneeId: string | null
  /** Of a message or call that was denied: why its channel was found closed though the profile did not say so (address_revoked | address_<purpose>_revoked | provider_dnd). Null when it was denied for anything else. */
  closedBecause: string | null
}

/** Something a lead did on a website or portal. */
export interface BehaviourFields {
  /** page_view | property_view | search_query | calculator_usage and others: docs/triggers.md. */
  signal: string
  /** What it was about: property, form, search. */
  subject: string | null
  /** Price that was seen, in the tenant's currency. */
  price: number | null
}

/** A note that staff keep on the contact. The platform names no author. */
export interface NoteFields {
  /** GHL note id. */
  noteId: string
  /** Plain text, HTML stripped, at most 2,000 characters. */
  text: string
}

/** A task that somebody has to do for the lead. */
export interface TaskFields {
  /** GHL task id. */
  taskId: string
  /** Title. */
  title: string | null
  /** Description, HTML stripped, at most 2,000 characters. */
  text: string | null
  /** GHL user it is assigned to. */
  ownerId: string | null
  /** When it is due. */
  dueAt: number | null
  /** Done. */
  completed: boolean
}

/** The state of a conversation in the inbox of the staff. */
export interface ConversationFields {
  /** GHL conversation id. */
  conversationId: string
  /** Conversation that went up in this one when a visitor was identified. */
  mergedId: string | null
  /** Messages nobody has read. */
  unreadCount: number | null
  /** Stands in the inbox. */
  inInbox: boolean | null
  /** Starred. */
  starred: boolean | null
  /** Deleted. */
  deleted: boolean | null
}

/** What became of one e-mail to the lead, told by the mail service of the platform or by SendGrid. */
export interface EmailEventFields {
  /** Id of the event at the mail service. */
  emailEventId: string | null
  /** delivered | opened | clicked | failed | complained | unsubscribed, else as sent */
  event: string
  /** Recipient, lower-cased. */
  address: string | null
  /** Message-Id header of the e-mail. */
  mailId: string | null
  /** SMTP status of a delivery attempt. */
  code: number | null
  /** Why it failed, in the words of the mail service. */
  reason: string | null
  /** A failure that no further attempt mends. */
  permanent: boolean
}

/** A call that the voice agent of the platform led with the lead. */
export interface VoiceCallFields {
  /** Id of the call. */
  callId: string
  /** GHL message id of the same call. */
  messageId: string | null
  /** Voice agent. */
  agentId: string | null
  /** Length. */
  durationSeconds: number | null
  /** Summary by the voice agent, at most 1,000 characters. */
  summary: string | null
  /** What was said, at most 4,000 characters. */
  transcript: string | null
  /** A trial by staff, not a call with the lead. */
  trial: boolean
  /** What the voice agent did: CALL_TRANSFER | DATA_EXTRACTION | APPOINTMENT_BOOKING and others as sent. */
  actions: string[]
}

/** What a workflow of the tenant posted about a lead. Nobody signed it: it may start work, and it grants no permission. */
export interface WorkflowFields {
  /** GHL workflow id. */
  workflowId: string | null
  /** Its name. */
  workflowName: string | null
  /** The contact as the workflow states it. */
  contact: ContactFields | null
  /** GHL opportunity id. */
  opportunityId: string | null
  /** Its name. */
  opportunityName: string | null
  /** open | won | lost | abandoned */
  opportunityStatus: string | null
  /** Exact decimal as text. */
  opportunityValue: string | null
  /** Pipeline. */
  pipelineId: string | null
  /** Name of the pipeline. */
  pipelineName: string | null
  /** Name of the stage: no other webhook tells it. */
  stageName: string | null
  /** GHL appointment id. */
  appointmentId: string | null
  /** Title. */
  appointmentTitle: string | null
  /** Status as sent, lower-cased. */
  appointmentStatus: string | null
  /** Start, read in the time zone that the body selects. */
  appointmentStartsAt: number | null
  /** End, read in the same. */
  appointmentEndsAt: number | null
  /** inbound | outbound, of the message that started the workflow. */
  messageDirection: string | null
  /** Its text, at most 2,000 characters. */
  messageText: string | null
  /** Custom fields of the contact by their label. */
  customFields: Record<string, string>
  /** What the author of the workflow added. */
  customData: Record<string, string>
}

/** What a provider of data about persons answered when it was asked about a lead. */
export interface LookUpFields {
  /** apollo */
  provider: string
  /** found (all that was asked for) | partly | none */
  outcome: string
  /** Fields that were asked for: firstName, lastName, companyName, jobTitle, industry, city, state, country. */
  asked: string[]
  /** Those that were found, by name. Never an address or a number to write to or to call. */
  found: Record<string, string>
}

/** One canonical, deduplicated event about a lead. The GHL vocabulary is translated; the ordered story of a lead. */
export interface LeadEvent {
  /** Deterministic id. */
  eventId: string
  /** GHL location id. */
  tenantId: string
  /** GHL contact id. */
  contactId: string
  /** contact_created | contact_updated | contact_deleted | tags_changed | dnd_changed | message_inbound | message_outbound | appointment_booked | appointment_changed | appointment_deleted | opportunity_created | opportunity_changed | opportunity_stage_changed | opportunity_deleted | note_added | note_changed | note_deleted | task_created | task_completed | task_deleted | conversation_changed | conversation_merged | email_delivered | email_opened | email_clicked | email_failed | email_complained | email_unsubscribed | email_other | voice_call_ended | workflow_reported | behaviour_observed | followup_delivered | lead_looked_up */
  kind: string
  /** Event time at the source. */
  occurredAt: number
  /** When we had it. */
  receivedAt: number
  /** ghl_webhook | ghl_workflow | reconcile | delivery | twilio | sendgrid | apollo */
  source: string
  /** Id at the source: webhookId, deliveryId, <MessageSid>:<status>, sg_event_id or the id of a look-up. */
  sourceId: string
  /** Type at the source. */
  rawType: string
  /** Set for contact, tag and do-not-disturb events. */
  contact: ContactFields | null
  /** Set for messages. */
  message: MessageFields | null
  /** Set for appointments. */
  appointment: AppointmentFields | null
  /** Set for opportunities. */
  opportunity: OpportunityFields | null
  /** Set for our own deliveries. */
  delivery: DeliveryFields | null
  /** Set for kind behaviour_observed, which reports of workflows state; the report itself stands beside it. */
  behaviour: BehaviourFields | null
  /** Event time the source stated, kept only when it lay in the future and occurredAt is the time of receipt instead. */
  statedAt: number | null
  /** Set for notes. */
  note: NoteFields | null
  /** Set for tasks. */
  task: TaskFields | null
  /** Set for conversations. */
  conversation: ConversationFields | null
  /** Set for what became of an e-mail. */
  emailEvent: EmailEventFields | null
  /** Set for calls of the voice agent. */
  voiceCall: VoiceCallFields | null
  /** Set for reports of workflows. */
  workflow: WorkflowFields | null
  /** Set for kind lead_looked_up. occurredAt is when the provider was asked. */
  lookUp: LookUpFields | null
}

/** One touch by marketing. */
export interface JourneyTouch {
  /** organic_search | paid_search | social_media | email_marketing | direct_traffic | referral | display_ads | video_ads | content_marketing | events | print_media | radio | television | outdoor */
  channel: string
  /** awareness (the first touch) | consideration | conversion (after an appointment or an opportunity) */
  stage: string
  /** When. */
  at: number
  /** Source by its usual name, e.g. facebook, zillow, google_ads. */
  source: string
  /** Campaign, where it was told. */
  campaign: string | null
  /** Where it is known from: stated (source of the contact) | utm (parameters of a link) | message (the channel it wrote on) | click (in an e-mail) */
  basis: string
}

/** How a lead came by marketing, told when a channel first touches it, when it first writes or calls, and when it converts. The lead is a pseudonym. */
export interface LeadJourney {
  /** Deterministic id of this statement: told twice it has one id. */
  journeyId: string
  /** GHL location id. */
  tenantId: string
  /** Pseudonym of the lead, 16 hexadecimal digits: the same until the lead is erased. */
  leadHash: string
  /** touched (by a channel that had not touched it before) | engaged (it wrote or called for the first time) | converted (an opportunity was won) | forgotten (the lead was erased: whoever keeps journeys under this pseudonym deletes them) */
  kind: string
  /** When it happened. */
  at: number
  /** When marketing first touched the lead; null = nothing told of any touch. */
  firstTouchAt: number | null
  /** Of a conversion: its worth as an exact decimal in the currency of the location; null = not told. */
  value: string | null
  /** Of a conversion: which one of the lead it is, from 1; 0 for other kinds. */
  conversionNo: number
  /** Touches up to this moment, oldest first; of a conversion those of the 90 days before it. At most 20: the first of each channel and the latest others. */
  touches: JourneyTouch[]
  /** Touches that were seen, kept or not. */
  touchCount: number
}

/** Permission to write on one channel, or for one purpose on it, folded from events. An opt-out never expires. */
export interface Consent {
  /** unknown | inquiry | express | express_written | none (a box that was not ticked) | revoked */
  status: string
  /** When this status began. */
  at: number
  /** When an inquiry-based permission ends. */
  expiresAt: number | null
  /** Event that set it. */
  eventId: string
  /** Words the opt-out or opt-in rests on, or those beside the box. */
  words: string | null
}

/** A human leads the conversation. */
export interface HumanOwnership {
  /** When it began. */
  since: number
  /** GHL user. */
  userId: string | null
  /** human_message | hand_over | tag | opt_out_unclear */
  reason: string
  /** When the machine may take part again, null = only by explicit hand-back. */
  untilAt: number | null
}

/** Something a lead did. */
export interface Observed {
  /** When. */
  at: number
  /** A signal of docs/triggers.md: email_open | sms_reply | property_view | calculator_usage ... */
  signal: string
  /** What it was about: property, form or e-mail. */
  subject: string | null
  /** Price that was seen, in the tenant's currency. */
  price: number | null
}

/** What a lead did lately, and what it made fire. */
export interface Behaviour {
  /** The latest 20 of each signal within 30 days, oldest first. */
  seen: Observed[]
  /** Rule to the event time (ms) that its last firing rests on. */
  fired: Record<string, number>
  /** How likely it is to act soon by what it did, 0 to 100, as of the latest event or timer. */
  likelihood: number
  /** When the next rule is complete if nothing comes. */
  dueAt: number | null
}

/** What became of the last e-mail to an address. */
export interface AddressStatus {
  /** The address. */
  address: string
  /** verified (a mail arrived) | invalid (a mail failed for good) */
  status: string
}

/** What the mail service told of e-mails to the lead. */
export interface EmailCounts {
  /** Times an e-mail was opened. */
  opened: number
  /** Clicks in e-mails. */
  clicked: number
  /** E-mails that did not arrive. */
  failed: number
}

/** A reason of a score. */
export interface ScoreFactor {
  /** A factor of docs/scoring.md: intent_signals | intent_timeline | behaviour_agent_inquiry | fit_known ... */
  code: string
  /** Points of the score, at least 1. */
  points: number
  /** What it is, in words. */
  words: string
}

/** How promising a lead is, and why: docs/scoring.md. */
export interface Scoring {
  /** The moment it is of: the latest event or timer. */
  at: number
  /** Composite of the four parts, 0 to 100: the sum of the points of its factors. */
  score: number
  /** hot (above 80) | warm (40 to 80) | cold | unknown (nothing is known to score) */
  temperature: string
  /** What the lead does, 0 to 100; weighs 0.3. */
  behaviour: number
  /** What the lead says, 0 to 100; weighs 0.4. */
  intent: number
  /** How much is known of what the lead needs, 0 to 100; weighs 0.2. */
  fit: number
  /** How much the lead does at all, 0 to 100; weighs 0.1. */
  engagement: number
  /** Most points first; what comes to less than a point is left out. */
  factors: ScoreFactor[]
}

/** What a message of the lead says, with the words it rests on. For people to read; nothing that votes or decides uses it. */
export interface TextSignal {
  /** intent | budget | time_frame | objection | question | sentiment | language | opt_out */
  kind: string
  /** A value of its kind: docs/text-signals.md. */
  value: string
  /** Exact substring of the message or of its subject, at most 120 characters. */
  words: string
  /** When the message was sent. */
  at: number
  /** GHL message id. */
  messageId: string | null
}

/** What a provider of data about persons said of a lead, kept apart from what the lead and the CRM say. */
export interface LookedUp {
  /** Where it is from: apollo */
  provider: string
  /** When it was asked. */
  at: number
  /** found | partly | none */
  outcome: string
  /** Field to value: firstName, lastName, companyName, jobTitle, industry, city, state, country. */
  found: Record<string, string>
}

/** What rules say of a telephone number. */
export interface PhoneFacts {
  /** The number it is about. */
  number: string
  /** Whether the numbering plan has such a number. */
  valid: boolean
  /** mobile | fixed_line | fixed_line_or_mobile (as far as is knowable in the US and Canada) | toll_free | premium_rate | voip | shared_cost | personal | pager | uan | voicemail | unknown */
  type: string
  /** ISO 3166-1 alpha-2 of the plan; null = several or none. */
  country: string | null
  /** Rules and data it is from: libphonenumber */
  source: string
  /** Event time of the number. */
  at: number
}

/** What rules say of an e-mail address. */
export interface EmailFacts {
  /** The address it is about. */
  address: string
  /** Whether the syntax is one that mail servers take. */
  valid: boolean
  /** free | disposable | reserved (names that no mail goes to) | own_domain | unknown (not valid) */
  kind: string
  /** Whether it is of a role and not of a person, such as info or sales. */
  role: boolean
  /** Address that was perhaps meant where the domain looks misspelt; never used by itself. */
  suggestion: string | null
  /** The address in the form by which duplicates are found: lower case, without what follows a plus; null when not valid. */
  identity: string | null
  /** Rules and data it is from: rules */
  source: string
  /** Event time of the address. */
  at: number
}

/** How soon a lead is to be contacted, and why: docs/scoring.md. For people and for the order of work; nothing that votes or decides reads it. */
export interface Priority {
  /** The moment it is of: the latest event or timer. */
  at: number
  /** URGENT (85 and more) | HOT (70) | WARM (50) | COLD | unknown (nothing is known to weigh) */
  tier: string
  /** Sum of the points of its factors, 0 to 100; what is unknown adds nothing. */
  score: number
  /** When the lead is to be contacted at the latest; null when nobody has to. */
  dueAt: number | null
  /** Most points first; what comes to less than a point is left out. */
  factors: ScoreFactor[]
  /** What is not known of the lead: budget | timeline | intent | fit | source. */
  unknown: string[]
}

/** A message from the lead of which it is not settled yet whether it is a reply. */
export interface ReplyToJudge {
  /** Event that told of it. */
  eventId: string
  /** Channel it came on. */
  channel: string
  /** When it was sent. */
  at: number
  /** When it was noted; ten minutes later it is judged. */
  notedAt: number
}

/** Which of the seven questions are answered, in fields or messages. */
export interface QuestionScore {
  /** Points of the factors, 0 to 100: 15, 30, 50, 65, 75, 85 and 100 for one to seven answers. */
  score: number
  /** Questions that are answered, 0 to 7; the factor names them. */
  answered: number
  /** much (3 answers and more) | some (2) | little */
  reach: string
  /** 70 and more: a person could take over and a meeting be offered. A fact; nothing acts on it. */
  ready: boolean
  /** None or one: what is answered. */
  factors: ScoreFactor[]
}

/** How much of a golden lead it is by what is known of it. */
export interface GoldenLead {
  /** Points of the factors, 0 to 100; what is unknown adds nothing. */
  score: number
  /** platinum (95 and more) | gold (85) | silver (70) | none */
  tier: string
  /** Most points first; what comes to less than a point is left out. */
  factors: ScoreFactor[]
  /** What is not known of the lead and could be: urgent_timeline | budget_clarity | financing | location_specificity | market_knowledge. Two more parts are known of no lead. */
  unknown: string[]
}

/** How far the lead has come. */
export interface Lifecycle {
  /** new | contacted | qualified | engaged | hot | appointment | converted | lost | dormant */
  stage: string
  /** The reason, in words. */
  because: string
}

/** Scores beside the composite that need no model: docs/scoring.md. For people; nothing that votes or decides reads them. */
export interface ServiceScores {
  /** The moment they are of: the latest event or timer. */
  at: number
  /** Question score. */
  questions: QuestionScore
  /** Golden lead. */
  golden: GoldenLead
  /** Lifecycle. */
  lifecycle: Lifecycle
}

/** From where something was last stated. */
export interface Provenance {
  /** As of an event: ghl_webhook | ghl_workflow | reconcile | delivery | twilio | sendgrid | apollo */
  source: string
  /** Event time of the statement. */
  at: number
}

/** A channel that was found closed just before a message or call would have left. */
export interface ChannelClosure {
  /** address_revoked | address_<purpose>_revoked (somebody took permission back from this number or e-mail address) | provider_dnd (the platform has do not disturb set) */
  because: string
  /** When it was found. */
  at: number
  /** Number or e-mail address that the profile had then. */
  address: string | null
}

/** The current state of a lead: a fold over its events. */
export interface LeadProfile {
  /** GHL location id. */
  tenantId: string
  /** GHL contact id. */
  contactId: string
  /** Rises by one with every applied event. */
  version: number
  /** Fencing counter: rises with inbound message, human message, opt-out, owner change, pause. */
  epoch: number
  /** Given name. */
  firstName: string | null
  /** Family name. */
  lastName: string | null
  /** E-mail. */
  email: string | null
  /** Phone in E.164 when parseable. */
  phone: string | null
  /** Company. */
  companyName: string | null
  /** City. */
  city: string | null
  /** State. */
  state: string | null
  /** Postal code; for law and time zone only. */
  postalCode: string | null
  /** ISO 3166-1 alpha-2. */
  country: string | null
  /** Stated IANA zone. */
  timeZone: string | null
  /** Source as stated. */
  source: string | null
  /** GHL user. */
  ownerId: string | null
  /** Tags after the last change. */
  tags: string[]
  /** Custom field id to value. */
  customFields: Record<string, string>
  /** Do not disturb on all channels. */
  dnd: boolean
  /** Status by channel. */
  dndChannels: Record<string, string>
  /** Permission by channel (sms, email, call), and by channel and purpose (sms/marketing, sms/inquiry, sms/transactional) where something is said of one alone. */
  consents: Record<string, Consent>
  /** Set while a human leads. */
  humanOwnership: HumanOwnership | null
  /** new | contacted | qualified | disqualified | converted | lost | dormant | reactivated */
  status: string
  /** 0 to 100. */
  score: number
  /** COLD | WARM | HOT | URGENT */
  level: string
  /** Counts. */
  counters: Counters
  /** Hours the lead took for its last 10 replies, oldest first. */
  replyHours: number[]
  /** The last 10 messages, oldest first. */
  recentMessages: RecentMessage[]
  /** Times (ms) of the last 30 outbound messages by anybody, oldest first. */
  outboundTimes: number[]
  /** Times (ms) of the last 30 messages of the lead, oldest first; none in profiles of before they were kept. */
  inboundTimes: number[]
  /** The opportunity that counts: the latest that is open, else the latest that is won, else the latest. */
  opportunity: OpportunityFields | null
  /** The appointment that counts as of lastEventAt: the soonest that is agreed and ahead, else the latest that stands, else the latest. Time alone changes which one that is: appointments has them all. */
  appointment: AppointmentFields | null
  /** Creation at the source. */
  createdAt: number | null
  /** First event here. */
  firstSeenAt: number
  /** Latest event time applied. */
  lastEventAt: number
  /** Latest message from the lead. */
  lastInboundAt: number | null
  /** Latest message to the lead, by anybody. */
  lastOutboundAt: number | null
  /** Latest message by a human. */
  lastHumanAt: number | null
  /** Latest message by Rekindle. */
  lastOwnAt: number | null
  /** When a question was last put to the agents. */
  lastAssessedAt: number | null
  /** Silence steps already asked about: 0, 24, 48 or 72 (hours). */
  silenceStep: number
  /** Field group to event time of its last write: last writer wins. */
  fieldTimes: Record<string, number>
  /** Tombstone time. */
  deletedAt: number | null
  /** Set from the first thing on that the lead was seen to do. */
  behaviour: Behaviour | null
  /** The latest 10 opportunities by id; a deleted one is gone. */
  opportunities: Record<string, OpportunityFields>
  /** The latest 10 appointments by id; a deleted one stands as cancelled. */
  appointments: Record<string, AppointmentFields>
  /** The latest 20 tasks by id, without their text; a deleted one is gone. */
  tasks: Record<string, TaskFields>
  /** The latest 5 notes by id, the first 280 characters of each; a deleted one is gone. */
  notes: Record<string, NoteFields>
  /** The latest 5 conversations by id; one that went up in another is gone. */
  conversations: Record<string, ConversationFields>
  /** Latest call of the voice agent, without its transcript. */
  voiceCall: VoiceCallFields | null
  /** Latest, for the address it is about; says nothing of another one. */
  emailStatus: AddressStatus | null
  /** Set from the first such event on. */
  emailCounts: EmailCounts | null
  /** IANA zone a workflow stated: one more that may apply, never one that rules others out. */
  reportedTimeZone: string | null
  /** Custom fields by label as workflows stated them, the latest 40, the first 200 characters of each. */
  reportedFields: Record<string, string>
  /** Opportunity id to the name of its stage as workflows stated it, the latest 10. */
  reportedStages: Record<string, string>
  /** Messages and calls to the lead by who sent them: human, workflow, campaign, bulk, api, rekindle, unknown. */
  outboundBySender: Record<string, number>
  /** The last 20 tasks that Rekindle made itself, by id. */
  ownTaskIds: string[]
  /** Set with every event; null on a profile that was written before scores had factors. */
  scoring: Scoring | null
  /** The latest 3 findings of each kind, newest first, gone with the contact. */
  textSignals: TextSignal[]
  /** The latest look-up, gone with the contact. Decides nothing about whether, where and when a lead may be written to. */
  lookUp: LookedUp | null
  /** Of the number that is known now; null without one, or on a profile of before this was told. */
  phoneFacts: PhoneFacts | null
  /** Of the address that is known now; null without one, or on a profile of before this was told. */
  emailFacts: EmailFacts | null
  /** Set with every event; null on a profile that was written before there were tiers. */
  priority: Priority | null
  /** The realtor whom our own assignment names: that the platform then tells of this owner is no news. */
  routedTo: string | null
  /** The realtor in whose load this lead was last told to count; null = in nobody's. */
  countedFor: string | null
  /** Messages from the lead that may be told as replies, earliest first, at most 20; for who keeps the profile. A profile is not told anew when they are judged. */
  repliesToJudge: ReplyToJudge[]
  /** By which visit the lead first came. */
  firstOrigin: Origin | null
  /** Its latest visit. */
  lastOrigin: Origin | null
  /** Set with every event; null on a profile that was written before they were scored. */
  serviceScores: ServiceScores | null
  /** By group of fields: name | email | phone | place | timeZone | origin | owner | tags | customFields | doNotDisturb | opportunities | appointments | tasks | notes | conversations | emailStatus | voiceCall | lookUp | reported, consent.<channel> and consent.<channel>/<purpose>. Messages tell their sender themselves. */
  provenance: Record<string, Provenance>
  /** By channel: what the profile itself does not say. Agents keep off such a channel for 7 days; the fence judges each message by itself. */
  closures: Record<string, ChannelClosure>
}

/** One touch by marketing. */
export interface KeptTouch {
  /** Channel. */
  channel: string
  /** Stage. */
  stage: string
  /** When. */
  at: number
  /** Source. */
  source: string
  /** Campaign. */
  campaign: string | null
  /** Basis. */
  basis: string
}

/** A conversion that was told. */
export interface ToldConversion {
  /** Outcome. */
  outcomeId: string
  /** When it happened. */
  at: number
}

/** State of stage journeys per lead. */
export interface LeadTouches {
  /** Oldest first; at most 20: the first of each channel and the latest others. */
  touches: KeptTouch[]
  /** Touches seen. */
  touchCount: number
  /** Source that the contact stated last, by its usual name. */
  statedSource: string | null
  /** When the lead first wrote or called. */
  engagedAt: number | null
  /** When it first booked an appointment or had an opportunity. */
  nearAt: number | null
  /** Conversions told within 180 days; at most 32. */
  conversions: ToldConversion[]
  /** Conversions told. */
  conversionCount: number
  /** Latest timestamp seen. */
  latestAt: number
  /** When the lead was erased: nothing up to then is taken again. */
  erasedAt: number | null
  /** Visits that the contact stated, first and latest, by channel and campaign, so that a repetition is no touch. */
  statedOrigins: string[]
}

/** One observed fact about the market of a location, a competitor, or what is said in public. Never about a lead, and never about a place within the market. */
export interface MarketFact {
  /** Deterministic id of what the fact is about: kind, segment, competitor, source and period. The same fact told twice, and a correction of it, have one id. */
  factId: string
  /** GHL location id. */
  tenantId: string
  /** market | competitor | social. Other kinds may come: pass over those you do not know. */
  kind: string
  /** Segment: single_family | condo | townhome | multi_family | land; empty = all types. */
  propertyType: string
  /** Segment: 0-250k | 250-500k | 500-750k | 750k-1m | 1m-up, in the currency of the location; empty = all prices. */
  priceBand: string
  /** Name of the agency or portal it is about; null = the market, or of a social fact the location itself. */
  competitor: string | null
  /** Start of the time the figures are of. */
  periodFrom: number
  /** End of that time, not included. */
  periodTo: number
  /** Feed that tells it: lower-case letters, digits and hyphens. */
  source: string
  /** When the feed stated it; of two statements with one id the later one counts. */
  observedAt: number
  /** When it was read from the feed. */
  receivedAt: number
  /** Sales, homes or posts the figures rest on; 0 = not told. */
  samples: number
  /** Exact decimals by name: median_price, inventory, days_on_market, new_listings, price_cuts, sold, market_share, mentions, sentiment, interest. Units stand in docs/market.md; pass over names you do not know. */
  figures: Record<string, string>
}

/** The statement of one figure that counts within a window. */
export interface MarketReading {
  /** Name of the figure. */
  figure: string
  /** Exact decimal. */
  value: string
  /** Start of the time it is of. */
  periodFrom: number
  /** End of that time. */
  periodTo: number
  /** When the feed stated it. */
  observedAt: number
  /** What it rests on; 0 = not told. */
  samples: number
}

/** A week of a series. */
export interface MarketWindow {
  /** Monday 00:00 UTC. */
  startsAt: number
  /** At most one per figure, by name. */
  readings: MarketReading[]
}

/** What one feed tells about one subject. */
export interface MarketSeries {
  /** market | competitor | social */
  kind: string
  /** Segment; empty = all types. */
  propertyType: string
  /** Segment; empty = all prices. */
  priceBand: string
  /** Competitor; empty = none. */
  competitor: string
  /** Feed. */
  source: string
  /** Oldest first; at most 6. */
  windows: MarketWindow[]
}

/** The last statement of an agent. */
export interface ToldInsight {
  /** Agent. */
  agentId: string
  /** SHA-256 of its findings, hex, cut to 32 digits. */
  digest: string
  /** Until when it holds. */
  validUntil: number
}

/** What is known of the market of a location: 30 days of figures by week, and what was last said about them. */
export interface MarketState {
  /** In order of kind, segment, competitor and source. */
  series: MarketSeries[]
  /** In order of the agents. */
  told: ToldInsight[]
}

/** What was spent on a channel and campaign on a day. The latest statement on the same three counts; 0 takes one back. */
export interface MarketingSpend {
  /** GHL location id. */
  tenantId: string
  /** organic_search | paid_search | social_media | email_marketing | direct_traffic | referral | display_ads | video_ads | content_marketing | events | print_media | radio | television | outdoor */
  channel: string
  /** Campaign; empty = the channel as a whole. */
  campaign: string
  /** Day of the spend in the time zone of the location, YYYY-MM-DD. */
  day: string
  /** Exact decimal, not negative, at most two places. */
  amount: string
  /** ISO 4217 code, e.g. USD. */
  currency: string
  /** When it was stated. */
  statedAt: number
}

/** An assessment that waits for votes. */
export interface OpenQuestion {
  /** The question. */
  assessment: Assessment
  /** Votes so far, one per agent and type. */
  votes: Vote[]
  /** Ballots counted. */
  ballotIds: string[]
  /** Ballots refused because they were cast on another epoch. */
  staleBallots: number
}

/** A ballot that came before its assessment: the two travel on different topics. */
export interface EarlyBallot {
  /** Ballot. */
  ballotId: string
  /** Assessment it waits for. */
  assessmentId: string
  /** Epoch it was cast on. */
  epoch: number
  /** When it came. */
  arrivedAt: number
  /** Its votes. */
  votes: Vote[]
}

/** Consensus state per lead. */
export interface OpenQuestions {
  /** Latest epoch seen. */
  epoch: number
  /** Questions not yet decided. */
  open: OpenQuestion[]
  /** Ballots waiting for their assessment, at most 8. */
  early: EarlyBallot[]
  /** The last 16 assessments that are fully decided: later votes on them are late. */
  decided: string[]
  /** Decision types for which too few voices were heard the last time. */
  degraded: string[]
}

/** A person's verdict on one decision. */
export interface AuditLabel {
  /** The decision judged. */
  decisionId: string
  /** Its type. */
  decisionType: string
  /** The option that would have been right. */
  option: string
  /** Who judged, as they call themselves. */
  labeller: string
  /** How the decision came to be judged: random | escalated | override */
  selection: string
  /** Probability that it would be judged: of random ones the audit share, of escalated ones 1, of overrides 0, which is unknown and weighs nothing. */
  inclusion: number
  /** Why, in the words of the labeller. */
  note: string | null
  /** true: the person was asked what is to be done, and this is the answer, to be carried out while the question is open; null = a verdict and no more. */
  carryOut: boolean | null
}

/** What came of a decision: what a lead did afterwards, and what a person says would have been right, which is what policies learn from. */
export interface OutcomeObserved {
  /** Deterministic id: the same observation told twice has one id. A person who labels a decision again replaces the earlier label. */
  outcomeId: string
  /** GHL location id. */
  tenantId: string
  /** GHL contact id. */
  contactId: string
  /** audit_label | reply | appointment | conversion | opt_out | complaint | negative_reply. Other kinds may come: pass over those you do not know. */
  kind: string
  /** When it happened; of a label, when it was given. */
  at: number
  /** Who observed it: api for labels, enrich for what the lead did. */
  source: string
  /** Event or request that told of it. */
  sourceId: string
  /** Present for audit_label alone. */
  label: AuditLabel | null
  /** Of a reply, an opt-out, a complaint and a negative reply: the channel it came on. */
  channel: string | null
  /** Of a conversion: what the opportunity is worth as an exact decimal in the currency of the location; null = not told. */
  value: string | null
}

/** One option of a decision type. */
export interface PolicyOption {
  /** Option. */
  option: string
  /** It can be undone. */
  reversible: boolean
  /** Lower is safer; wait is 0. */
  safety: number
  /** Cost of taking it, 1e-6 utility units (contact, opt-out risk, money, human time). */
  costMicros: number
  /** Utility by true option, 1e-6 units. */
  values: Record<string, number>
}

/** Measured strength of a cell. */
export interface PolicyStrength {
  /** Agent. */
  agentId: string
  /** Bin, 0 = any. */
  bin: number
  /** Option, * = any. */
  option: string
  /** Strength in 1e-6 nats. */
  lambdaMicro: number
}

/** Agents that err together. */
export interface PolicyFamily {
  /** Family. */
  family: string
  /** Correlation, 1e-6. */
  rhoMicro: number
  /** Members of the roster in this family; agents outside the roster state their own family. */
  agents: string[]
}

/** The immutable, content-hashed artefact a decision is made with. */
export interface Policy {
  /** Tenant, * = all. */
  tenantId: string
  /** Decision type. */
  decisionType: string
  /** SHA-256 of the canonical JSON of everything but this field and createdAt, hex. */
  policyHash: string
  /** Human name, e.g. shipped prior 2026-11. */
  label: string
  /** When it was made. */
  createdAt: number
  /** Options, wait first. */
  options: PolicyOption[]
  /** Stage to option to ln of the base rate, 1e-6 nats; stage * = parent. */
  baseRatesMicro: Record<string, Record<string, number>>
  /** Strength by bin 1 to 5 for unmeasured cells, 1e-6 nats. */
  coldStrengthsMicro: number[]
  /** Measured cells. */
  strengths: PolicyStrength[]
  /** Families. */
  families: PolicyFamily[]
  /** Agents expected to answer. */
  roster: string[]
  /** Temperature, 1e-6. */
  tauMicro: number
  /** Early-stop margin, 1e-6 nats. */
  marginMicro: number
  /** Effective voters needed, 1e-3. */
  quorumMilli: number
  /** Families that must be present. */
  requiredFamilies: string[]
  /** Option when quorum fails. */
  fallback: string
  /** Share audited at random, 1e-6. */
  pAuditMicro: number
  /** Time for votes, ms. */
  deadlineMs: number
  /** An option cannot be ruled out while 1 - P is at most this, 1e-6: measured on random audits, so that the right option is among those left as often as stated; null = not enough audits. */
  conformalMicro: number | null
}

/** What happened to one lead of a realtor, without the lead: what load, speed and success are counted from. */
export interface RealtorActivity {
  /** Deterministic id. */
  activityId: string
  /** GHL location id. */
  tenantId: string
  /** GHL user id. */
  realtorId: string
  /** taken (an open lead counts for them) | released (it does no more) | answered | won | lost */
  kind: string
  /** When it happened. */
  at: number
  /** Of an answer: whole minutes since the first message it answers. */
  answerMinutes: number | null
}

/** The hour that was taken for a message. */
export interface HourOfMessage {
  /** As h09 or w09. */
  option: string
  /** IANA zone whose hours are meant. */
  zone: string
  /** The trial whose lot was drawn. */
  trial: string
  /** The lot decided. */
  drawn: boolean
  /** Probability of the hour, 1e-6. */
  propensityMicro: number
}

/** A decision whose outcome is waited for. */
export interface OutcomeWait {
  /** Decision. */
  decisionId: string
  /** Chosen option. */
  option: string
  /** Policy. */
  policyHash: string
  /** When it was decided. */
  decidedAt: number
  /** When its message was confirmed; of waiting, when it was decided; null = not confirmed yet. */
  startedAt: number | null
  /** Agents that voted for the option. */
  votedFor: string[]
  /** Agents that voted for another one. */
  votedAgainst: string[]
  /** Agents without an opinion. */
  abstained: string[]
  /** Agents that threw or did not answer in time. */
  failed: string[]
  /** Assessment it answers. */
  assessmentId: string
  /** A person who was asked chose what was done: it is no result of the decision. */
  byPerson: boolean
  /** The provider did not take its message; `startedAt` is when that was known. */
  notTaken: boolean
  /** Null = no lot was drawn on its hour. */
  hour: HourOfMessage | null
}

/** Something the lead did. */
export interface SeenOutcome {
  /** reply | appointment | opt_out | complaint | negative_reply */
  kind: string
  /** When. */
  at: number
}

/** A decision on how a message is worded. */
export interface WordingOfMessage {
  /** Assessment it answers. */
  assessmentId: string
  /** Chosen wording. */
  chosen: string
  /** When it was decided. */
  decidedAt: number
  /** It was closed at the deadline, when a message may have left without it. */
  late: boolean
  /** The trial whose lot was drawn. */
  trial: string | null
  /** The lot decided. */
  drawn: boolean
  /** Probability of what was chosen, 1e-6. */
  propensityMicro: number
}

/** The text that was planned for a decision. */
export interface PlannedText {
  /** Decision. */
  decisionId: string
  /** Template of the text. */
  templateId: string
  /** When it was planned. */
  plannedAt: number
}

/** Something that a trial watches. */
export interface GuardrailDay {
  /** opt_out | complaint | negative_reply | provider_error */
  kind: string
  /** Day of the last one. */
  lastDay: number
}

/** A wording that a lot chose for a message to this lead. */
export interface TriedOnLead {
  /** Trial. */
  trial: string
  /** Wording. */
  option: string
  /** Day (UTC, days since 1970-01-01) of its last result. */
  lastDay: number
  /** Sorted by kind. */
  hits: GuardrailDay[]
}

/** What was told of the message of a decision, which may not have been read yet. */
export interface MessageOfDecision {
  /** Decision. */
  decisionId: string
  /** When its message was confirmed, was not taken or ended; of planned, when it was planned. */
  at: number
  /** planned | confirmed | failed | ended */
  status: string
  /** A person who was asked chose it. */
  byPerson: boolean
}

/** Results stage state per lead: decisions whose outcome is waited for. */
export interface ResultsState {
  /** Earliest decision first, at most 16. */
  waits: OutcomeWait[]
  /** Earliest first, at most 48, for 11 days. */
  seen: SeenOutcome[]
  /** Decisions that have their result, latest last, at most 16. */
  closed: string[]
  /** Latest last, at most 16. */
  worded: WordingOfMessage[]
  /** Latest last, at most 16. */
  sent: PlannedText[]
  /** Latest last, at most 8. */
  tried: TriedOnLead[]
  /** Latest last, at most 16, for 11 days. */
  messages: MessageOfDecision[]
}

/** What another policy would have decided on the votes of a decision. It has no effect. */
export interface ShadowDecision {
  /** The decision beside which it stands. */
  decisionId: string
  /** GHL location id. */
  tenantId: string
  /** GHL contact id. */
  contactId: string
  /** Decision type. */
  type: string
  /** Policy that is tried. */
  policyHash: string
  /** What it would have chosen. */
  chosen: string
  /** It would have had too few voices and taken its fallback. */
  degraded: boolean
  /** Its probability of each option that was allowed. */
  probabilities: Record<string, number>
  /** Policy in force. */
  usualPolicyHash: string
  /** What the policy in force chose; of a draw by lot what it would have chosen without. */
  usual: string
  /** When the decision was made. */
  decidedAt: number
}

/** Of one realtor. */
export interface RealtorFigures {
  /** GHL user id. */
  realtorId: string
  /** Open leads that are theirs. */
  openLeads: number
  /** Median minutes of their latest answers; null = fewer than five. */
  answerMinutes: number | null
  /** Answers the median rests on, the latest 20 at most. */
  answers: number
  /** Their leads that became clients within a year. */
  won: number
  /** Their leads that were lost within a year. */
  lost: number
}

/** What is measured of the work of the realtors of a location: the latest statement counts. */
export interface StaffFigures {
  /** GHL location id. */
  tenantId: string
  /** When it was counted. */
  at: number
  /** By user id. */
  realtors: RealtorFigures[]
}

/** Of one realtor who takes leads. */
export interface RealtorSettings {
  /** GHL user id. */
  realtorId: string
  /** Of docs/routing.md, e.g. first_time_buyers. */
  specialties: string[]
  /** junior | mid | senior */
  seniority: string | null
  /** ISO 639-1 codes they serve leads in. */
  languages: string[]
  /** available | busy | away | offline; the last two are given no leads. */
  availability: string
  /** Open leads they take at most, 1 to 1000. */
  capacity: number
}

/** What an office says of the work of its realtors, for who is given which lead. Nothing here says who they are. */
export interface StaffSettings {
  /** GHL location id. */
  tenantId: string
  /** When something was last said. */
  updatedAt: number
  /** Those who take leads; who is not named is given none. */
  realtors: RealtorSettings[]
}

/** Of one month. */
export interface ClosedLeads {
  /** Became clients. */
  won: number
  /** Were lost. */
  lost: number
}

/** Of one realtor. */
export interface RealtorTally {
  /** Open leads that are theirs. */
  openLeads: number
  /** Minutes of the latest answers, newest last; 20 at most. */
  answers: number[]
  /** Month (YYYY-MM, UTC) to what was closed in it; the latest 12. */
  months: Record<string, ClosedLeads>
}

/** What the staff stage counts of a location. */
export interface StaffState {
  /** By GHL user id; 500 at most. */
  realtors: Record<string, RealtorTally>
}

/** One wording of a trial. */
export interface TrialArm {
  /** wait (the plain text) | soft_ask | inform */
  option: string
  /** Results of messages that were worded so by lot. */
  sent: number
  /** Of these, a reply or an appointment. */
  answered: number
  /** The same, what is a week older counting a hundredth less, 1e-6. */
  sentMicro: number
  /** Of these, answered, 1e-6. */
  answeredMicro: number
  /** Leads that it was tried on since it was last opened, for the guardrails. */
  watched: number
  /** Of these leads, those that took permission back. */
  optedOut: number
  /** Its share of the lot since the last review, 1e-6; 0 while it is stopped. */
  shareMicro: number
  /** When it was stopped; only a person opens it again. */
  stoppedAt: number | null
  /** Probability that it is answered most, at the last review, 1e-6. */
  bestMicro: number
  /** Of these leads, those that complained. */
  complained: number
  /** Of these leads, those that answered in displeasure or without interest. */
  negative: number
  /** Of these leads, those for whom the provider did not take a message. */
  failed: number
  /** Day (UTC, days since 1970-01-01) on which a person opened it again; null = it never was. */
  openedDay: number | null
  /** What it was stopped for: opt_out | complaint | negative_reply | provider_error; null = it is open, or was stopped before this was kept, for opt-outs. */
  stoppedBy: string | null
}

/** The trial of hours of a location. */
export interface HourTrial {
  /** Which trial, as <name>-<number>. */
  trial: string
  /** When its first result was counted. */
  since: number
  /** Weeks since 1970-01-01 up to which what is old was made lighter. */
  week: number
  /** The hours from Monday to Friday in their order, then the same hours of week-ends. */
  arms: TrialArm[]
  /** What was stated last. */
  published: PublishedInsight | null
}

/** Trials stage state per location: what became of each wording and hour that was drawn by lot. */
export interface TrialState {
  /** Which trial, as <name>-<number>. */
  trial: string
  /** When its first result was counted. */
  since: number
  /** Weeks since 1970-01-01 up to which what is old was made lighter. */
  week: number
  /** In the order of the trial. */
  arms: TrialArm[]
  /** The wording that won; null = the trial is running. */
  winner: string | null
  /** What was stated last. */
  published: PublishedInsight | null
  /** Null = no message has a result whose hour was drawn. */
  hours: HourTrial | null
}

/** What the behaviour of a lead says about reaching it. */
export interface Outlook {
  /** 0 to 100. */
  likelihood: number
  /** COLD | WARM | HOT | URGENT, by behaviour alone. */
  level: string
  /** 0 to 1: how many kinds of interest, how fresh. */
  confidence: number
  /** email | sms | call: the one the lead uses itself. */
  channel: string
  /** Local hour from which it is best reached. */
  contactFrom: number
  /** Local hour until which it is best reached. */
  contactTo: number
  /** Kinds of interest that weigh, heaviest first, at most 3. */
  keySignals: string[]
}

/** A rule about a lead's behaviour fired. */
export interface TriggerFired {
  /** Deterministic id. */
  triggerId: string
  /** GHL location id. */
  tenantId: string
  /** GHL contact id. */
  contactId: string
  /** new_lead | inbound_message | silence_24h | silence_48h | silence_72h | level_changed | appointment_booked | workflow_reported | appointment_missed | opt_out_unclear (a call or a report may hold an opt-out) | handed_back (a tag has ended that a person leads) | channel_closed (what was planned found its channel closed) | a behavioural rule of docs/triggers.md */
  trigger: string
  /** When it fired. */
  at: number
  /** When it was due (timers), else the same. */
  dueAt: number
  /** Epoch of the lead. */
  epoch: number
  /** For a level change: before. */
  from: string | null
  /** For a level change: after. */
  to: string | null
  /** Why, in a sentence with values and times; empty in records before v2. */
  reason: string
  /** CRITICAL | HIGH | MEDIUM, of a behavioural rule that has one. */
  severity: string | null
  /** 1 to 10, of a behavioural rule that has one. */
  priority: number | null
  /** What the rule suggests: send_message | notify_agent | start_workflow. */
  action: string | null
  /** What it rests on, oldest first. */
  evidence: Observed[]
  /** Set for behavioural rules. */
  outlook: Outlook | null
}

/** A lead that cannot wait: what comes of it overtakes what waits of others. A tombstone when it can wait again. */
export interface UrgentLead {
  /** GHL location id. */
  tenantId: string
  /** GHL contact id. */
  contactId: string
  /** When it was last found urgent. */
  at: number
  /** Priority tier at that moment: URGENT | HOT | WARM | COLD | unknown. */
  tier: string
  /** Intent level at that moment: URGENT | HOT | WARM | COLD. One of the two is URGENT. */
  level: string
}

/** One webhook element as it was received, with the raw bytes and how it was verified. Never edited. */
export interface WebhookReceived {
  /** Id given at reception, unique per element of a delivery. */
  receivedId: string
  /** GHL location id; empty when the body names none (such a record is dead-lettered by ingest). */
  tenantId: string
  /** webhook | workflow | callback | reconcile | replay | lookup (a webhook whose contact was asked for, under the key of its lead) | enrichment (what a third party knows of a lead) */
  origin: string
  /** How the sender was proved: ed25519 | rsa | token | hmac-sha1 | ecdsa-p256 | api (read from the API by the reconciler, or from a provider of data by the worker of look-ups) | none */
  scheme: string
  /** Which configured key verified the signature, e.g. ghl-2026, sandbox, twilio, sendgrid-2; empty where none did. */
  keyId: string
  /** The type as sent, or what the shape of a typeless body tells; empty when neither says anything. Of a callback: TwilioMessage | SendGridEvent. Of a look-up: LeadLookedUp */
  type: string
  /** GHL delivery id, the same on every retry; of a callback <MessageSid>:<status> or sg_event_id. */
  webhookId: string | null
  /** Contact the body is about, when the writer could tell; needed where the body itself names none. */
  contactId: string | null
  /** Position inside the delivered array; 0 for a single object. */
  batchIndex: number
  /** When the receiver had read the body. */
  receivedAt: number
  /** The body as received; for an array, this element. */
  body: Buffer
}

/** A verified webhook that ingest has no translation for. Kept raw, counted by type, visible. */
export interface WebhookUnrecognised {
  /** Id of the WebhookReceived it came from. */
  receivedId: string
  /** GHL location id; empty when a callback names none. */
  tenantId: string
  /** The `type` of the body as sent, of a callback its status or event; empty when it states none. */
  rawType: string
  /** unknown_type | typeless | not_about_a_lead | no_part_of_the_story (about a lead, but tells nothing that is followed) | contact_not_named | signal_unknown (beside the event of a workflow's report) | tenant_not_named | tenant_not_installed | callback_unreadable (of callbacks alone) | contact_not_found | contact_ambiguous | lookup_failed (written by contact-lookup, after contact_not_named) | heartbeat (about the heartbeat contact of a location, which is no lead) */
  reason: string
  /** GHL delivery id. */
  webhookId: string | null
  /** When the receiver had read the body. */
  receivedAt: number
  /** The body as received. */
  body: Buffer
  /** What the body was taken for: its type, or the family its shape tells. */
  shape: string | null
  /** Why, in words, where the reason alone does not tell. */
  detail: string | null
  /** Position inside the delivered array; 0 for a single object. */
  batchIndex: number
  /** How the sender was proved, as in WebhookReceived; empty in records from before this was kept. */
  scheme: string
  /** Which key verified the signature, as in WebhookReceived. */
  keyId: string
}

/** Adaptation stage state per location: results by day. */
export const AdaptationState = schema<AdaptationState>({"type":"record","name":"AdaptationState","namespace":"rekindle","doc":"Adaptation stage state per location: results by day.","fields":[{"name":"agents","type":{"type":"array","items":"string"},"doc":"Agents that are counted, at most 64; their place is their number in the days."},{"name":"days","type":{"type":"array","items":{"type":"record","name":"ResultDay","namespace":"rekindle","doc":"Results that were closed on one day.","fields":[{"name":"day","type":"int","doc":"Days since 1970-01-01, UTC."},{"name":"ways","type":{"type":"map","values":{"type":"record","name":"WayCounts","namespace":"rekindle","doc":"Results of one option.","fields":[{"name":"closed","type":"int","doc":"Results with a known outcome."},{"name":"answered","type":"int","doc":"Of these, a reply or an appointment."},{"name":"quick","type":"int","doc":"Of the answered, within an hour."},{"name":"optedOut","type":"int","doc":"Of the closed, permission taken back."}]}},"doc":"By option: wait | sms | email"},{"name":"policies","type":{"type":"array","items":{"type":"record","name":"PolicyCounts","namespace":"rekindle","doc":"Messages by the policy that asked for them.","fields":[{"name":"hash","type":"string","doc":"Policy."},{"name":"firstAt","type":{"type":"long","logicalType":"timestamp-millis"},"doc":"Start of its first message of this day."},{"name":"closed","type":"int","doc":"Messages with a known outcome."},{"name":"answered","type":"int","doc":"Of these, answered."}]}},"doc":"At most 6."},{"name":"counts","type":{"type":"array","items":"int"},"doc":"Six numbers for each agent: asked, voted, abstained, failed, voted for a message that was sent, of these answered."}]}},"doc":"Earliest first, at most 31."},{"name":"published","type":{"type":"map","values":{"type":"record","name":"PublishedInsight","namespace":"rekindle","doc":"What was stated last.","fields":[{"name":"validUntil","type":{"type":"long","logicalType":"timestamp-millis"},"doc":"Until when it is valid."},{"name":"digest","type":"string","doc":"Hash of its findings."}]}},"doc":"By agent: what was stated last.","default":{}}]})
/** What an agent of systems 2, 4, 5, 6 and 8 finds about a location as a whole, until its next statement. An agent without findings says so with an empty list. */
export const AgentInsight = schema<AgentInsight>({"type":"record","name":"AgentInsight","namespace":"rekindle","doc":"What an agent of systems 2, 4, 5, 6 and 8 finds about a location as a whole, until its next statement. An agent without findings says so with an empty list.","fields":[{"name":"tenantId","type":"string","doc":"GHL location id."},{"name":"agentId","type":"string","doc":"Agent."},{"name":"agentVersion","type":"int","doc":"Version of the agent."},{"name":"system","type":"string","doc":"content | competitive | attribution | adaptive"},{"name":"at","type":{"type":"long","logicalType":"timestamp-millis"},"doc":"When it was found."},{"name":"validUntil","type":{"type":"long","logicalType":"timestamp-millis"},"doc":"From then on nobody rests a vote on it."},{"name":"findings","type":{"type":"array","items":{"type":"record","name":"Finding","doc":"One standing finding.","fields":[{"name":"kind","type":"string","doc":"What is found, from the vocabulary of the agent."},{"name":"subject","type":"string","doc":"What it is about: a segment, a competitor, a channel, an agent; empty = the location as a whole."},{"name":"bin","type":"int","doc":"Confidence bin 1 to 5: share of the needed data that is there, times how clearly it speaks."},{"name":"value","type":["null","string"],"doc":"The figure, exact, in the unit that the vocabulary gives.","default":null},{"name":"samples","type":"int","doc":"Observations it rests on."},{"name":"reason","type":"string","doc":"Reason from a bounded vocabulary."},{"name":"text","type":"string","doc":"One sentence."},{"name":"evidence","type":{"type":"array","items":{"type":"record","name":"FindingEvidence","doc":"What a finding rests on.","fields":[{"name":"field","type":"string","doc":"Name of the figure."},{"name":"value","type":"string","doc":"Its value as text."}]}},"doc":"What it rests on."}]}},"doc":"Findings, the most pressing first; at most 12."}]})
/** What became of one decision on a follow-up, for figures of performance. No proof of what would have been right, and nothing of the lead. */
export const AgentResult = schema<AgentResult>({"type":"record","name":"AgentResult","namespace":"rekindle","doc":"What became of one decision on a follow-up, for figures of performance. No proof of what would have been right, and nothing of the lead.","fields":[{"name":"resultId","type":"string","doc":"Deterministic id: one per decision."},{"name":"tenantId","type":"string","doc":"GHL location id."},{"name":"decisionType","type":"string","doc":"follow_up"},{"name":"option","type":"string","doc":"The option that was carried out: wait | sms | email"},{"name":"policyHash","type":"string","doc":"Policy the decision was made with."},{"name":"startedAt","type":{"type":"long","logicalType":"timestamp-millis"},"doc":"Start of the hour in which the message was confirmed, or the waiting decided."},{"name":"closedAt","type":{"type":"long","logicalType":"timestamp-millis"},"doc":"When it was closed."},{"name":"outcome","type":"string","doc":"reply | appointment | opt_out: what the lead did first; overtaken: nothing before another message of ours; none: nothing in 72 hours; failed: the provider did not take it; unknown: closed early, too many were open"},{"name":"latencyMs","type":["null","long"],"doc":"From the start to what the lead did, ms.","default":null},{"name":"votedFor","type":{"type":"array","items":"string"},"doc":"Agents that voted for the option, sorted."},{"name":"votedAgainst","type":{"type":"array","items":"string"},"doc":"Agents that voted for another one, sorted."},{"name":"abstained","type":{"type":"array","items":"string"},"doc":"Agents without an opinion, sorted."},{"name":"failed","type":{"type":"array","items":"string"},"doc":"Agents that threw, or did not answer in time, sorted."},{"name":"wording","type":["null",{"type":"record","name":"WordingUsed","namespace":"rekindle","doc":"How the message was worded, and how that was chosen.","fields":[{"name":"option","type":"string","doc":"wait (the plain text) | soft_ask | inform | reassure | direct_ask"},{"name":"trial","type":["null","string"],"doc":"The trial whose lot was drawn; null = none was.","default":null},{"name":"drawn","type":"boolean","doc":"The lot decided."},{"name":"propensityMicro","type":"int","doc":"Probability with which this wording was chosen, 1e-6."}]}],"doc":"Of a message whose wording was asked for; null = waiting, or nobody was asked.","default":null},{"name":"guardrails","type":["null",{"type":"record","name":"GuardrailsOfMessage","namespace":"rekindle","doc":"What a message that a lot worded did besides being answered, so that it can be counted by lead without the lead.","fields":[{"name":"lastDay","type":["null","int"],"doc":"Day (UTC, days since 1970-01-01) of the result before this one of the same lead, trial and wording; null = this is the first.","default":null},{"name":"hits","type":{"type":"array","items":{"type":"record","name":"GuardrailHit","namespace":"rekindle","doc":"Something that a trial watches.","fields":[{"name":"kind","type":"string","doc":"opt_out | complaint | negative_reply | provider_error. Other kinds may come: pass over those you do not know."},{"name":"lastDay","type":["null","int"],"doc":"Day of the last such hit of the same lead, trial and wording before this one; null = this is the first.","default":null}]}},"doc":"Each kind once, sorted."}]}],"doc":"Of a message whose wording was drawn by lot and whose end is known; null = any other, and records from before the field.","default":null},{"name":"hour","type":["null",{"type":"record","name":"HourUsed","namespace":"rekindle","doc":"In which hour the message went out, and how that was chosen.","fields":[{"name":"option","type":"string","doc":"h09 is 09:00 to 10:00 where the lead lives, from Monday to Friday; w09 the same at a week-end."},{"name":"trial","type":["null","string"],"doc":"The trial whose lot was drawn; null = none was, or the message was moved out of the hour that was taken.","default":null},{"name":"drawn","type":"boolean","doc":"The lot decided."},{"name":"propensityMicro","type":"int","doc":"Probability with which this hour was chosen, 1e-6."}]}],"doc":"Of a message whose hour was left to lot; null = waiting, or no lot was drawn.","default":null}]})
/** A question put to the agents about one lead at one moment. */
export const Assessment = schema<Assessment>({"type":"record","name":"Assessment","namespace":"rekindle","doc":"A question put to the agents about one lead at one moment.","fields":[{"name":"assessmentId","type":"string","doc":"Deterministic id."},{"name":"tenantId","type":"string","doc":"GHL location id."},{"name":"contactId","type":"string","doc":"GHL contact id."},{"name":"reason","type":"string","doc":"new_lead | inbound_message | silence_24h | silence_48h | silence_72h | level_changed | workflow_reported | appointment_missed | opt_out_unclear | handed_back | channel_closed | a behavioural rule of docs/triggers.md"},{"name":"epoch","type":"int","doc":"Epoch of the lead."},{"name":"stage","type":"string","doc":"Coarse lead stage for base rates: new | engaged | silent | booked"},{"name":"decisionTypes","type":{"type":"array","items":"string"},"doc":"Open decision types: follow_up, escalation, content, routing."},{"name":"askedAt","type":{"type":"long","logicalType":"timestamp-millis"},"doc":"When it was asked."},{"name":"deadlineAt","type":{"type":"long","logicalType":"timestamp-millis"},"doc":"Votes after this are late."},{"name":"viewHash","type":"string","doc":"SHA-256 of the encoded view, hex."},{"name":"view","type":{"type":"record","name":"LeadView","namespace":"rekindle","doc":"The frozen view of a lead that agents see. No name, address, e-mail or phone.","fields":[{"name":"profileVersion","type":"int","doc":"Version of the profile."},{"name":"status","type":"string","doc":"Status."},{"name":"score","type":"int","doc":"0 to 100."},{"name":"level","type":"string","doc":"COLD | WARM | HOT | URGENT"},{"name":"source","type":["null","string"],"doc":"Source.","default":null},{"name":"hasPhone","type":"boolean","doc":"A phone number is known."},{"name":"hasEmail","type":"boolean","doc":"An e-mail address is known."},{"name":"hasOwner","type":"boolean","doc":"A realtor owns the lead."},{"name":"timeZones","type":{"type":"array","items":"string"},"doc":"All IANA zones that may apply."},{"name":"states","type":{"type":"array","items":"string"},"doc":"All states that may apply, e.g. US-TX; empty = unknown."},{"name":"tags","type":{"type":"array","items":"string"},"doc":"Tags."},{"name":"facts","type":{"type":"map","values":"string"},"doc":"Named custom fields: job_title, education, budget, timeline, pre_approved, visits ..."},{"name":"blockedChannels","type":{"type":"map","values":"string"},"doc":"Channel to the reason why it may not be used for what would be said now (dnd, revoked, marketing_revoked, inquiry_revoked, transactional_revoked, no_address, no_consent, marketing_not_covered, address_revoked, address_<purpose>_revoked, provider_dnd)."},{"name":"humanOwnedUntil","type":["null",{"type":"long","logicalType":"timestamp-millis"}],"doc":"Set while a human owns the conversation.","default":null},{"name":"humanOwned","type":"boolean","doc":"A human owns the conversation."},{"name":"counters","type":{"type":"record","name":"Counters","namespace":"rekindle","doc":"Counts since the lead is known.","fields":[{"name":"inbound","type":"int","doc":"Messages and calls from the lead.","default":0},{"name":"outbound","type":"int","doc":"Messages and calls to the lead, by anybody.","default":0},{"name":"outboundOwn","type":"int","doc":"Of these, by Rekindle.","default":0},{"name":"outboundHuman","type":"int","doc":"Of these, by humans.","default":0},{"name":"attemptsSinceReply","type":"int","doc":"Outbound since the last inbound.","default":0},{"name":"inboundByChannel","type":{"type":"map","values":"int"},"doc":"Inbound by channel.","default":{}},{"name":"outboundByChannel","type":{"type":"map","values":"int"},"doc":"Outbound by channel.","default":{}},{"name":"appointments","type":"int","doc":"Appointments booked.","default":0},{"name":"events","type":"int","doc":"Lead events applied.","default":0},{"name":"staleEvents","type":"int","doc":"Events that arrived too late to change anything.","default":0}]},"doc":"Counts."},{"name":"replyHours","type":{"type":"array","items":"double"},"doc":"Hours of the last replies."},{"name":"recentMessages","type":{"type":"array","items":{"type":"record","name":"RecentMessage","namespace":"rekindle","doc":"A message kept in the profile for agents and the duplicate gate.","fields":[{"name":"messageId","type":["null","string"],"doc":"GHL message id.","default":null},{"name":"at","type":{"type":"long","logicalType":"timestamp-millis"},"doc":"Event time."},{"name":"channel","type":"string","doc":"Channel."},{"name":"direction","type":"string","doc":"inbound | outbound"},{"name":"sender","type":"string","doc":"lead | human | workflow | campaign | bulk | api (another program) | rekindle | unknown"},{"name":"text","type":"string","doc":"First 500 characters; of a longer one of the lead its beginning and what is heard behind it, 500 in all."}]}},"doc":"The last messages, at most 5, texts cut to 280 characters."},{"name":"outboundLast24h","type":"int","doc":"Outbound by anybody within 24 h."},{"name":"outboundLast14d","type":"int","doc":"Outbound by anybody within 14 days."},{"name":"opportunityStatus","type":["null","string"],"doc":"open | won | lost | abandoned","default":null},{"name":"opportunityValue","type":["null","string"],"doc":"Exact decimal.","default":null},{"name":"appointmentAt","type":["null",{"type":"long","logicalType":"timestamp-millis"}],"doc":"Next appointment.","default":null},{"name":"appointmentStatus","type":["null","string"],"doc":"Its status.","default":null},{"name":"createdAt","type":["null",{"type":"long","logicalType":"timestamp-millis"}],"doc":"Creation.","default":null},{"name":"lastInboundAt","type":["null",{"type":"long","logicalType":"timestamp-millis"}],"doc":"Latest message from the lead.","default":null},{"name":"lastOutboundAt","type":["null",{"type":"long","logicalType":"timestamp-millis"}],"doc":"Latest message to the lead.","default":null},{"name":"lastOwnAt","type":["null",{"type":"long","logicalType":"timestamp-millis"}],"doc":"Latest message by Rekindle.","default":null},{"name":"signals","type":{"type":"array","items":{"type":"record","name":"SeenSignal","namespace":"rekindle","doc":"What a lead did within ten minutes, of one kind and about one thing.","fields":[{"name":"signal","type":"string","doc":"A signal of docs/triggers.md: email_open | property_view | calculator_usage ..."},{"name":"at","type":{"type":"long","logicalType":"timestamp-millis"},"doc":"The latest time."},{"name":"count","type":"int","doc":"How often."},{"name":"subject","type":"int","doc":"What it was about, as a number within this view: equal numbers are one property, form or e-mail; 0 = not told.","default":0}]}},"doc":"What the lead did within 7 days, oldest first: the latest 20 entries at most.","default":[]},{"name":"shortlist","type":{"type":"array","items":{"type":"record","name":"ShortlistedRealtor","doc":"A realtor who may be given the lead: facts about work, none about the person.","fields":[{"name":"realtorId","type":"string","doc":"GHL user id."},{"name":"specialties","type":{"type":"array","items":"string"},"doc":"Of docs/routing.md: first_time_buyers | luxury_properties | commercial_real_estate | investment_properties | relocation_services | distressed_sales | new_construction | senior_housing"},{"name":"seniority","type":["null","string"],"doc":"junior | mid | senior; null = nobody has said.","default":null},{"name":"availability","type":"string","doc":"available | busy"},{"name":"load","type":"int","doc":"Open leads that are theirs."},{"name":"capacity","type":"int","doc":"Open leads they take at most."},{"name":"answerMinutes","type":["null","int"],"doc":"Median minutes to their answer to a lead's message; null = too few answers.","default":null},{"name":"answers","type":"int","doc":"Answers the median rests on."},{"name":"won","type":"int","doc":"Their leads that became clients within a year."},{"name":"lost","type":"int","doc":"Their leads that were lost within a year."},{"name":"speaks","type":["null","boolean"],"doc":"Whether they speak the language the lead writes in; null = it writes in that of the location, or nobody knows.","default":null}]}},"doc":"Realtors who may be given the lead, the best by the rules of docs/routing.md first, three at most; empty where nobody is asked for.","default":[]},{"name":"mayBeOptOut","type":"boolean","doc":"What the lead said may be an opt-out, and no person leads the conversation: one has to look.","default":false}]},"doc":"The frozen view."}]})
/** State of stage attribution per location. */
export const AttributionState = schema<AttributionState>({"type":"record","name":"AttributionState","namespace":"rekindle","doc":"State of stage attribution per location.","fields":[{"name":"since","type":{"type":"long","logicalType":"timestamp-millis"},"doc":"When the location was first heard of."},{"name":"latestAt","type":{"type":"long","logicalType":"timestamp-millis"},"doc":"Latest timestamp seen."},{"name":"publishAt","type":["null",{"type":"long","logicalType":"timestamp-millis"}],"doc":"When what changed is published; null = nothing has changed since.","default":null},{"name":"cohorts","type":{"type":"array","items":{"type":"record","name":"TouchCohort","doc":"The leads that were first touched on one day.","fields":[{"name":"day","type":"int","doc":"Days since 1970-01-01, UTC."},{"name":"steps","type":{"type":"array","items":{"type":"record","name":"PathStep","doc":"Leads that went from one channel to another, or that converted.","fields":[{"name":"from","type":"int","doc":"Index of the channel; -1 = began."},{"name":"to","type":"int","doc":"Index of the channel; -1 = converted, -2 = engaged, -3 = converted after a first touch in `from`."},{"name":"count","type":"int","doc":"Leads."}]}},"doc":"Steps, by from and to."}]}},"doc":"By day, at most 91 days."},{"name":"conversions","type":{"type":"array","items":{"type":"record","name":"KeptConversion","doc":"One conversion of the window.","fields":[{"name":"id","type":"string","doc":"Id of the journey."},{"name":"at","type":{"type":"long","logicalType":"timestamp-millis"},"doc":"When."},{"name":"cents","type":["null","string"],"doc":"Worth in hundredths of the currency, whole number.","default":null},{"name":"touches","type":{"type":"array","items":{"type":"record","name":"KeptStep","doc":"One touch of its journey.","fields":[{"name":"channel","type":"int","doc":"Index of the channel."},{"name":"at","type":{"type":"long","logicalType":"timestamp-millis"},"doc":"When."},{"name":"basis","type":"int","doc":"How sure the channel is, in hundredths."}]}},"doc":"Touches, oldest first."}]}},"doc":"Within 90 days, oldest first, at most 600."},{"name":"sampleBits","type":"int","doc":"Of 2 to the power of this many conversions one is kept."},{"name":"days","type":{"type":"array","items":{"type":"record","name":"ConversionDay","doc":"Conversions of one day, kept or not.","fields":[{"name":"day","type":"int","doc":"Days since 1970-01-01, UTC."},{"name":"count","type":"int","doc":"Conversions."},{"name":"valued","type":"int","doc":"Of these, with a worth."},{"name":"cents","type":"string","doc":"Their worth in hundredths, whole number."}]}},"doc":"At most 91 days."},{"name":"spend","type":{"type":"array","items":{"type":"record","name":"SpendDay","doc":"The latest statement on one channel, campaign and day.","fields":[{"name":"channel","type":"int","doc":"Index of the channel."},{"name":"campaign","type":"string","doc":"Campaign."},{"name":"day","type":"int","doc":"Days since 1970-01-01."},{"name":"cents","type":"string","doc":"Hundredths of the currency, whole number."},{"name":"currency","type":"string","doc":"ISO 4217 code."},{"name":"statedAt","type":{"type":"long","logicalType":"timestamp-millis"},"doc":"When it was stated."}]}},"doc":"Within 90 days, at most 2,000."},{"name":"spendRefusedUntil","type":"int","doc":"Day up to which spend is known in part only, because there was too much of it; 0 = whole."},{"name":"published","type":{"type":"array","items":{"type":"record","name":"StandingInsight","doc":"What was published last.","fields":[{"name":"agentId","type":"string","doc":"Agent."},{"name":"digest","type":"string","doc":"SHA-256 of its findings, first 16 hexadecimal digits."},{"name":"validUntil","type":{"type":"long","logicalType":"timestamp-millis"},"doc":"Until when it stands."}]}},"doc":"One per agent."}]})
/** The votes of one or more agents on one assessment. */
export const Ballot = schema<Ballot>({"type":"record","name":"Ballot","namespace":"rekindle","doc":"The votes of one or more agents on one assessment.","fields":[{"name":"ballotId","type":"string","doc":"Deterministic id."},{"name":"assessmentId","type":"string","doc":"Assessment."},{"name":"tenantId","type":"string","doc":"GHL location id."},{"name":"contactId","type":"string","doc":"GHL contact id."},{"name":"epoch","type":"int","doc":"Epoch of the view that was voted on."},{"name":"source","type":"string","doc":"Who cast it, e.g. panel, claude, team:name."},{"name":"castAt","type":{"type":"long","logicalType":"timestamp-millis"},"doc":"When it was cast."},{"name":"votes","type":{"type":"array","items":{"type":"record","name":"Vote","namespace":"rekindle","doc":"One agent's answer to one decision type.","fields":[{"name":"agentId","type":"string","doc":"Agent."},{"name":"agentVersion","type":"int","doc":"Version of the agent."},{"name":"family","type":"string","doc":"Agents that share evidence or a model; empty of one that cast no vote."},{"name":"kind","type":"string","doc":"vote | abstain | error"},{"name":"decisionType","type":"string","doc":"Decision type."},{"name":"option","type":["null","string"],"doc":"Option voted for.","default":null},{"name":"bin","type":["null","int"],"doc":"Confidence bin 1 to 5.","default":null},{"name":"reasonCode","type":"string","doc":"Reason from a bounded vocabulary."},{"name":"reasonText","type":["null","string"],"doc":"One sentence.","default":null},{"name":"evidence","type":{"type":"array","items":{"type":"record","name":"Evidence","namespace":"rekindle","doc":"What a vote rests on.","fields":[{"name":"field","type":"string","doc":"Field of the view."},{"name":"value","type":"string","doc":"Its value as text, at most 80 characters."}]}},"doc":"Evidence."},{"name":"params","type":{"type":"map","values":"string"},"doc":"Parameters of the option, e.g. delayMinutes."}]}},"doc":"Votes."}]})
/** What the consensus decided about a lead, complete enough to explain and to replay. The product for other teams. */
export const Decision = schema<Decision>({"type":"record","name":"Decision","namespace":"rekindle","doc":"What the consensus decided about a lead, complete enough to explain and to replay. The product for other teams.","fields":[{"name":"decisionId","type":"string","doc":"Deterministic id."},{"name":"tenantId","type":"string","doc":"GHL location id."},{"name":"contactId","type":"string","doc":"GHL contact id."},{"name":"assessmentId","type":"string","doc":"Assessment it answers."},{"name":"type","type":"string","doc":"follow_up | routing | content | escalation"},{"name":"reason","type":"string","doc":"Reason of the assessment."},{"name":"stage","type":"string","doc":"Lead stage for base rates."},{"name":"epoch","type":"int","doc":"Epoch of the view."},{"name":"profileVersion","type":"int","doc":"Version of the profile."},{"name":"viewHash","type":"string","doc":"Hash of the view."},{"name":"policyHash","type":"string","doc":"Hash of the policy."},{"name":"engineVersion","type":"int","doc":"Version of the arithmetic."},{"name":"chosen","type":"string","doc":"Chosen option."},{"name":"runnerUp","type":["null","string"],"doc":"Second option.","default":null},{"name":"options","type":{"type":"array","items":{"type":"record","name":"OptionResult","namespace":"rekindle","doc":"One option in the pool.","fields":[{"name":"option","type":"string","doc":"Option."},{"name":"eligible","type":"boolean","doc":"It passed the gates."},{"name":"baseMicro","type":"int","doc":"ln of the base rate, 1e-6 nats."},{"name":"score","type":"string","doc":"Pooled score as an exact integer in 1e-18 nats, as text."},{"name":"probability","type":"double","doc":"Probability over eligible options."},{"name":"utility","type":"double","doc":"Expected utility."}]}},"doc":"All options."},{"name":"gates","type":{"type":"array","items":{"type":"record","name":"GateResult","namespace":"rekindle","doc":"What a veto rule said.","fields":[{"name":"gateId","type":"string","doc":"Gate."},{"name":"ruleId","type":"string","doc":"Rule inside the gate."},{"name":"option","type":"string","doc":"Option or channel it was asked for; * = all but wait."},{"name":"verdict","type":"string","doc":"allow | deny_until | deny"},{"name":"liftsAt","type":["null",{"type":"long","logicalType":"timestamp-millis"}],"doc":"When it lifts, if it can.","default":null},{"name":"reason","type":"string","doc":"One sentence."}]}},"doc":"All gates."},{"name":"contributions","type":{"type":"array","items":{"type":"record","name":"Contribution","namespace":"rekindle","doc":"What one vote added to an option.","fields":[{"name":"agentId","type":"string","doc":"Agent."},{"name":"agentVersion","type":"int","doc":"Version."},{"name":"family","type":"string","doc":"Family."},{"name":"option","type":"string","doc":"Option voted for."},{"name":"bin","type":"int","doc":"Confidence bin."},{"name":"rank","type":"int","doc":"Rank among the votes of its family for this option, 1 first."},{"name":"lambdaMicro","type":"int","doc":"Strength in 1e-6 nats."},{"name":"deltaMicro","type":"int","doc":"Marginal worth of the rank, 1e-6."},{"name":"tauMicro","type":"int","doc":"Temperature, 1e-6."},{"name":"nats","type":"string","doc":"lambda * delta * tau as an exact integer in 1e-18 nats, as text."},{"name":"blocked","type":"boolean","doc":"The option was not eligible: contributes nothing."},{"name":"reasonCode","type":"string","doc":"Reason of the vote."},{"name":"reasonText","type":["null","string"],"doc":"Sentence of the vote.","default":null}]}},"doc":"Votes and what they added, sorted by family, rank, agent."},{"name":"silent","type":{"type":"array","items":{"type":"record","name":"Silence","namespace":"rekindle","doc":"An agent that did not vote.","fields":[{"name":"agentId","type":"string","doc":"Agent."},{"name":"kind","type":"string","doc":"abstain | error | missing"},{"name":"reasonCode","type":"string","doc":"Reason."}]}},"doc":"Agents that did not vote."},{"name":"params","type":{"type":"map","values":"string"},"doc":"Parameters of the chosen option, e.g. delayMinutes, channel."},{"name":"conflicts","type":{"type":"array","items":"string"},"doc":"split | family-split | gate-vs-pool | stale | policy-refused"},{"name":"degraded","type":"boolean","doc":"Quorum was not reached."},{"name":"fallbackUsed","type":"boolean","doc":"The fallback option was taken."},{"name":"nEff","type":"double","doc":"Effective voters present."},{"name":"quorum","type":"double","doc":"Effective voters needed."},{"name":"stopReason","type":"string","doc":"all_votes | early_stop | deadline | gated | superseded"},{"name":"auditSelected","type":"boolean","doc":"Chosen for the random audit."},{"name":"pAudit","type":"double","doc":"Probability of that."},{"name":"askedAt","type":{"type":"long","logicalType":"timestamp-millis"},"doc":"When it was asked."},{"name":"decidedAt","type":{"type":"long","logicalType":"timestamp-millis"},"doc":"When it was decided."},{"name":"dueAt","type":["null",{"type":"long","logicalType":"timestamp-millis"}],"doc":"When the chosen action should happen.","default":null},{"name":"liftsAt","type":["null",{"type":"long","logicalType":"timestamp-millis"}],"doc":"When the gate that held it lifts.","default":null},{"name":"conformalSet","type":["null",{"type":"array","items":"string"}],"doc":"Options that cannot be ruled out, with the coverage of the policy's quantile; null = not enough audits to say.","default":null},{"name":"escalation","type":["null","string"],"doc":"Why a person should look at it: undecided (something that cannot be undone was chosen while another option cannot be ruled out), quorum_failed_twice (too few voices were heard, as the time before on this lead); null = nobody has to.","default":null},{"name":"draw","type":["null",{"type":"record","name":"Draw","namespace":"rekindle","doc":"A choice that was left to lot, with the probabilities of it.","fields":[{"name":"trial","type":"string","doc":"Which trial, as <name>-<number>."},{"name":"usual","type":"string","doc":"What would have been chosen without the trial."},{"name":"drawn","type":"boolean","doc":"The lot decided; false: it fell to what is usual."},{"name":"arms","type":{"type":"array","items":{"type":"record","name":"ArmShare","namespace":"rekindle","doc":"How probable one option was.","fields":[{"name":"option","type":"string","doc":"Option."},{"name":"propensityMicro","type":"int","doc":"Probability that it is chosen, after gates and floor, 1e-6. All of a draw add up to 1,000,000."}]}},"doc":"Every option that could have been chosen."},{"name":"seed","type":"string","doc":"What the lot was drawn from: the SHA-256 of this text."}]}],"doc":"The lot behind the choice; null = nothing was left to lot, the choice was certain.","default":null},{"name":"hour","type":["null",{"type":"record","name":"HourDraw","namespace":"rekindle","doc":"The hour of a message that was left to lot, with the probabilities of it.","fields":[{"name":"trial","type":"string","doc":"Which trial, as <name>-<number>."},{"name":"zone","type":"string","doc":"IANA zone whose hours are meant; every zone that may apply to the lead showed the same ones."},{"name":"usual","type":"string","doc":"The hour in which the message would have gone without the trial: h09 is 09:00 to 10:00 from Monday to Friday, w09 the same at a week-end."},{"name":"taken","type":"string","doc":"The hour that was taken."},{"name":"drawn","type":"boolean","doc":"The lot decided; false: it fell to the usual hour."},{"name":"arms","type":{"type":"array","items":"ArmShare"},"doc":"Every hour that could have been taken, all of them lawful in every zone and state that may apply; in the order of the clock."},{"name":"seed","type":"string","doc":"What the lot was drawn from: the SHA-256 of this text."}]}],"doc":"Of a message: the lot behind its hour, which `dueAt` tells; null = none was drawn.","default":null}]})
/** What became of a follow-up. */
export const DeliveryChanged = schema<DeliveryChanged>({"type":"record","name":"DeliveryChanged","namespace":"rekindle","doc":"What became of a follow-up.","fields":[{"name":"deliveryId","type":"string","doc":"Deterministic id: follow-up and sequence."},{"name":"sequence","type":"int","doc":"Rises by one per change of this follow-up."},{"name":"followupId","type":"string","doc":"Follow-up."},{"name":"decisionId","type":"string","doc":"Decision."},{"name":"tenantId","type":"string","doc":"GHL location id."},{"name":"contactId","type":"string","doc":"GHL contact id."},{"name":"epoch","type":"int","doc":"Epoch of the follow-up."},{"name":"action","type":"string","doc":"send_message | create_task | hand_over | assign"},{"name":"channel","type":"string","doc":"sms | email | call | none"},{"name":"status","type":"string","doc":"reserved | handed_over | confirmed | unknown | failed | denied | deferred | superseded | cancelled | expired"},{"name":"gateId","type":["null","string"],"doc":"First gate that denied.","default":null},{"name":"ruleId","type":["null","string"],"doc":"Rule of that gate.","default":null},{"name":"reason","type":"string","doc":"In words."},{"name":"liftsAt","type":["null",{"type":"long","logicalType":"timestamp-millis"}],"doc":"When a deferred one is tried again.","default":null},{"name":"gates","type":{"type":"array","items":{"type":"record","name":"GateResult","namespace":"rekindle","doc":"What a veto rule said.","fields":[{"name":"gateId","type":"string","doc":"Gate."},{"name":"ruleId","type":"string","doc":"Rule inside the gate."},{"name":"option","type":"string","doc":"Option or channel it was asked for; * = all but wait."},{"name":"verdict","type":"string","doc":"allow | deny_until | deny"},{"name":"liftsAt","type":["null",{"type":"long","logicalType":"timestamp-millis"}],"doc":"When it lifts, if it can.","default":null},{"name":"reason","type":"string","doc":"One sentence."}]}},"doc":"All gates as evaluated."},{"name":"messageId","type":["null","string"],"doc":"Provider message id.","default":null},{"name":"text","type":["null","string"],"doc":"Text that was sent.","default":null},{"name":"attempt","type":"int","doc":"Hand-over attempts so far."},{"name":"at","type":{"type":"long","logicalType":"timestamp-millis"},"doc":"When it changed."},{"name":"assigneeId","type":["null","string"],"doc":"Of an assignment: the realtor (GHL user).","default":null}]})
/** An order to forget a lead: everything that was known of it up to a moment. It states nothing about the person but the key. */
export const Erasure = schema<Erasure>({"type":"record","name":"Erasure","namespace":"rekindle","doc":"An order to forget a lead: everything that was known of it up to a moment. It states nothing about the person but the key.","fields":[{"name":"tenantId","type":"string","doc":"GHL location id."},{"name":"contactId","type":"string","doc":"GHL contact id."},{"name":"erasedAt","type":{"type":"long","logicalType":"timestamp-millis"},"doc":"What happened up to then is forgotten; what comes later is a new beginning."},{"name":"requestId","type":"string","doc":"Id of the order, for who asks for proof."},{"name":"requestedBy","type":"string","doc":"Who gave the order: an operator, never the lead."}]})
/** An intended action, planned or cancelled. */
export const FollowUp = schema<FollowUp>({"type":"record","name":"FollowUp","namespace":"rekindle","doc":"An intended action, planned or cancelled.","fields":[{"name":"followupId","type":"string","doc":"Deterministic id."},{"name":"change","type":"string","doc":"planned | cancelled"},{"name":"tenantId","type":"string","doc":"GHL location id."},{"name":"contactId","type":"string","doc":"GHL contact id."},{"name":"decisionId","type":"string","doc":"Decision that asked for it."},{"name":"intentKey","type":"string","doc":"Unique key of the intent: tenant, lead, decision, channel."},{"name":"epoch","type":"int","doc":"Epoch it was made from."},{"name":"action","type":"string","doc":"send_message | create_task | hand_over | assign | ask (a person is asked what is to be done)"},{"name":"channel","type":"string","doc":"sms | email | call | none"},{"name":"templateId","type":["null","string"],"doc":"Template of the text.","default":null},{"name":"text","type":["null","string"],"doc":"Text to send, or title of the task.","default":null},{"name":"subject","type":["null","string"],"doc":"E-mail subject.","default":null},{"name":"priority","type":"int","doc":"1 low to 5 high."},{"name":"reason","type":"string","doc":"Why, in words."},{"name":"plannedAt","type":{"type":"long","logicalType":"timestamp-millis"},"doc":"When it was planned."},{"name":"dueAt","type":{"type":"long","logicalType":"timestamp-millis"},"doc":"When it should happen."},{"name":"expiresAt","type":{"type":"long","logicalType":"timestamp-millis"},"doc":"After this it is pointless."},{"name":"assigneeId","type":["null","string"],"doc":"Of an assignment: the realtor (GHL user) who is to have the lead.","default":null},{"name":"body","type":["null","string"],"doc":"Of an ask: what the person has to know to decide, in words.","default":null},{"name":"alternates","type":{"type":"array","items":"string"},"doc":"Of an assignment: realtors (GHL users) who are to have the lead, in this order, when the assignee can not.","default":[]},{"name":"chosenBy","type":["null","string"],"doc":"The person who was asked and chose this; null = nobody was asked.","default":null}]})
/** Followup stage state per lead. */
export const FollowupState = schema<FollowupState>({"type":"record","name":"FollowupState","namespace":"rekindle","doc":"Followup stage state per lead.","fields":[{"name":"epoch","type":"int","doc":"Latest epoch seen."},{"name":"firstName","type":["null","string"],"doc":"Given name for templates.","default":null},{"name":"deleted","type":"boolean","doc":"The contact was deleted."},{"name":"planned","type":{"type":"array","items":{"type":"record","name":"PlannedFollowUp","namespace":"rekindle","doc":"A follow-up that may still be cancelled.","fields":[{"name":"followupId","type":"string","doc":"Follow-up."},{"name":"decisionId","type":"string","doc":"Decision."},{"name":"epoch","type":"int","doc":"Epoch."},{"name":"channel","type":"string","doc":"Channel."},{"name":"action","type":"string","doc":"Action."},{"name":"dueAt","type":{"type":"long","logicalType":"timestamp-millis"},"doc":"Due."},{"name":"expiresAt","type":{"type":"long","logicalType":"timestamp-millis"},"doc":"Expiry."},{"name":"priority","type":"int","doc":"1 low to 5 high.","default":1},{"name":"plannedAt","type":{"type":"long","logicalType":"timestamp-millis"},"doc":"When it was planned.","default":0},{"name":"templateId","type":["null","string"],"doc":"Template of the text.","default":null}]}},"doc":"Open follow-ups."},{"name":"takenBack","type":{"type":"map","values":"long"},"doc":"Decisions whose follow-up was cancelled, each until that would have expired: told again, they are not planned again.","default":{}},{"name":"history","type":{"type":"map","values":"long"},"doc":"Template id to the last time (ms) it was planned."},{"name":"level","type":["null","string"],"doc":"Intent level of the latest profile: COLD | WARM | HOT | URGENT","default":null},{"name":"wordings","type":{"type":"array","items":{"type":"record","name":"DecidedWording","namespace":"rekindle","doc":"How a message on one assessment is to be worded.","fields":[{"name":"assessmentId","type":"string","doc":"Assessment."},{"name":"approach","type":"string","doc":"Chosen option of the content decision: wait (the plain text) | soft_ask | inform | reassure | direct_ask"}]}},"doc":"Wordings of the latest assessments, oldest first, at most 4.","default":[]},{"name":"held","type":["null",{"type":"record","name":"HeldMessage","namespace":"rekindle","doc":"A decided message that waits for its wording.","fields":[{"name":"tenantId","type":"string","doc":"GHL location id."},{"name":"contactId","type":"string","doc":"GHL contact id."},{"name":"decisionId","type":"string","doc":"Decision."},{"name":"assessmentId","type":"string","doc":"Assessment that the wording is decided on as well."},{"name":"epoch","type":"int","doc":"Epoch."},{"name":"chosen","type":"string","doc":"sms | email"},{"name":"reason","type":"string","doc":"Reason of the assessment."},{"name":"occasion","type":["null","string"],"doc":"Occasion of the text, as decided.","default":null},{"name":"decidedAt","type":{"type":"long","logicalType":"timestamp-millis"},"doc":"When it was decided."},{"name":"dueAt","type":["null",{"type":"long","logicalType":"timestamp-millis"}],"doc":"When it is due.","default":null},{"name":"until","type":{"type":"long","logicalType":"timestamp-millis"},"doc":"Deadline of the assessment: then it is planned in plain words."}]}],"doc":"The message whose wording is not decided yet.","default":null},{"name":"asked","type":["null",{"type":"record","name":"AskedDecision","namespace":"rekindle","doc":"A decision that a person was asked about, and what is done when nobody answers.","fields":[{"name":"tenantId","type":"string","doc":"GHL location id."},{"name":"contactId","type":"string","doc":"GHL contact id."},{"name":"decisionId","type":"string","doc":"Decision."},{"name":"assessmentId","type":"string","doc":"Assessment that the wording is decided on as well."},{"name":"epoch","type":"int","doc":"Epoch."},{"name":"reason","type":"string","doc":"Reason of the assessment."},{"name":"occasion","type":["null","string"],"doc":"Occasion of the text, as decided.","default":null},{"name":"decidedAt","type":{"type":"long","logicalType":"timestamp-millis"},"doc":"When it was decided."},{"name":"options","type":{"type":"array","items":"string"},"doc":"Options that the person may answer with."},{"name":"message","type":["null","string"],"doc":"Channel of the message that is drafted: sms | email; null = none can be sent.","default":null},{"name":"question","type":"string","doc":"What the person has to know, without the draft; empty once they are asked."},{"name":"otherwise","type":"string","doc":"What is done when nobody answers: call | wait"},{"name":"until","type":{"type":"long","logicalType":"timestamp-millis"},"doc":"When waiting for an answer ends."}]}],"doc":"The decision that a person is asked about.","default":null}]})
/** Per lead: ids seen within the dedupe window. Per location: what its installation and its users were told to be. */
export const IngestState = schema<IngestState>({"type":"record","name":"IngestState","namespace":"rekindle","doc":"Per lead: ids seen within the dedupe window. Per location: what its installation and its users were told to be.","fields":[{"name":"seen","type":{"type":"map","values":"long"},"doc":"Delivery or message id to the time (ms) it was first seen."},{"name":"tenant","type":["null",{"type":"record","name":"Tenant","namespace":"rekindle","doc":"A GHL location and its settings.","fields":[{"name":"tenantId","type":"string","doc":"GHL location id, or `company:` and the id of an agency whose installation was told."},{"name":"name","type":"string","doc":"Name."},{"name":"status","type":"string","doc":"active | paused (webhooks are taken, nothing is sent) | uninstalled"},{"name":"appId","type":["null","string"],"doc":"Marketplace app it was installed by.","default":null},{"name":"country","type":"string","doc":"ISO 3166-1 alpha-2; ZZ until somebody has said it."},{"name":"timeZone","type":"string","doc":"IANA zone of the location; Etc/UTC until somebody has said it."},{"name":"senderName","type":"string","doc":"Who messages come from."},{"name":"postalAddress","type":"string","doc":"For the e-mail footer."},{"name":"automation","type":"boolean","doc":"false = kill switch: nothing is sent."},{"name":"maxPer24h","type":"int","doc":"Contact budget, any sender."},{"name":"maxPer14d","type":"int","doc":"Contact budget, any sender."},{"name":"humanQuietHours","type":"int","doc":"Hours after a human message during which the machine is silent."},{"name":"replyExemptMinutes","type":"int","doc":"Minutes after an inbound message in which a reply may leave outside the window."},{"name":"inquiryConsentDays","type":"int","doc":"Days an inquiry permits contact."},{"name":"customFieldNames","type":{"type":"map","values":"string"},"doc":"Custom field id to fact name."},{"name":"updatedAt","type":{"type":"long","logicalType":"timestamp-millis"},"doc":"When it was set."},{"name":"installation","type":["null",{"type":"record","name":"Installation","namespace":"rekindle","doc":"What the platform told of the location and of the app in it; the latest statement of each field counts.","fields":[{"name":"companyId","type":["null","string"],"doc":"GHL agency the location belongs to.","default":null},{"name":"companyName","type":["null","string"],"doc":"Name of the agency.","default":null},{"name":"name","type":["null","string"],"doc":"Name of the location.","default":null},{"name":"appId","type":["null","string"],"doc":"Marketplace app.","default":null},{"name":"versionId","type":["null","string"],"doc":"Version of the app.","default":null},{"name":"installed","type":["null","boolean"],"doc":"The app is installed; null = not told.","default":null},{"name":"removedAt","type":["null",{"type":"long","logicalType":"timestamp-millis"}],"doc":"When it was last told that the app was removed.","default":null},{"name":"paused","type":"boolean","doc":"An operator has paused the location: installing or updating the app does not resume it.","default":false},{"name":"fieldTimes","type":{"type":"map","values":"long"},"doc":"Field to event time (ms) of its statement.","default":{}}]}],"doc":"Set once the platform, or an operator after it, has told something.","default":null},{"name":"lookUps","type":["null",{"type":"record","name":"LookUpSettings","namespace":"rekindle","doc":"Permission to ask a third party about leads, which sends their personal data there and costs money.","fields":[{"name":"provider","type":"string","doc":"apollo"},{"name":"fields","type":{"type":"array","items":"string"},"doc":"What is asked for: firstName, lastName, companyName, jobTitle, industry, city, state, country."},{"name":"creditsPerDay","type":"string","doc":"Credits of the provider that may be spent in a UTC day, an exact decimal."}]}],"doc":"Null = nobody is asked, which is the default.","default":null},{"name":"routing","type":["null","string"],"doc":"off | suggest (decided and shown) | assign (decided and carried out); null = suggest.","default":null},{"name":"holdout","type":["null","boolean"],"doc":"true: one lead in twenty, chosen by a hash for life, is not followed up with, so that it can be told what follow-ups bring; null = false.","default":null},{"name":"trials","type":["null",{"type":"record","name":"TrialSettings","namespace":"rekindle","doc":"What a location wants of trials of wordings.","fields":[{"name":"enabled","type":"boolean","doc":"false = nothing is left to lot."},{"name":"reopened","type":{"type":"map","values":"long"},"doc":"Wording to when (ms) a person opened it again after it was stopped.","default":{}}]}],"doc":"null = trials are on, which is the default.","default":null},{"name":"undecided","type":["null","string"],"doc":"What is done about a message that the votes do not clearly call for: ask (a person is asked first) | act (it is sent); null = ask.","default":null},{"name":"officeHours","type":["null",{"type":"array","items":{"type":"record","name":"OfficeWindow","namespace":"rekindle","doc":"Hours of some days of the week in which somebody is there.","fields":[{"name":"days","type":{"type":"array","items":"int"},"doc":"1 = Monday to 7 = Sunday."},{"name":"from","type":"string","doc":"HH:MM in the zone of the location, included."},{"name":"to","type":"string","doc":"HH:MM, excluded; 24:00 = the end of the day."}]}}],"doc":"When the office is open: only these hours count for the time in which a question is answered. null = every hour counts.","default":null},{"name":"minuteWorthMicro","type":["null","int"],"doc":"What a minute of a person is worth, 1e-6 of utility: of two options that differ by less a person is asked. null = nobody is.","default":null},{"name":"trialHours","type":["null","boolean"],"doc":"true: the hour of follow-ups that we begin ourselves is left to lot, so that it shows when leads answer; only while trials are on; null = false.","default":null},{"name":"consent","type":["null",{"type":"record","name":"ConsentSettings","namespace":"rekindle","doc":"What a location wants of permissions.","fields":[{"name":"revocation","type":"string","doc":"What an opt-out closes that names what it is about: all (every channel and purpose, as any other opt-out) | purpose (what it names, on every channel)"},{"name":"marketingNeeds","type":"string","doc":"The least permission that marketing by text or call takes: inquiry | express | express_written"},{"name":"written","type":["null",{"type":"record","name":"WrittenPermission","namespace":"rekindle","doc":"A box on a form by which leads agree to marketing by text and call.","fields":[{"name":"fieldId","type":"string","doc":"Custom field that holds what was ticked."},{"name":"wording","type":"string","doc":"The words beside the box, as they are shown."}]}],"doc":"null = no field is read as a permission.","default":null}]}],"doc":"null = an opt-out closes everything, any permission covers every purpose, and no field is read as one.","default":null}]}],"doc":"The location as it was last written, until its table has it.","default":null},{"name":"told","type":{"type":"array","items":{"type":"record","name":"ToldMeaning","namespace":"rekindle","doc":"An event that was told, by what it says.","fields":[{"name":"kind","type":"string","doc":"Kind of the event."},{"name":"content","type":"string","doc":"Hash of what it says, without who delivered it and when."},{"name":"at","type":{"type":"long","logicalType":"timestamp-millis"},"doc":"Event time."}]}},"doc":"The last 8 events that may be delivered again under another id.","default":[]},{"name":"realtors","type":{"type":"array","items":{"type":"record","name":"Realtor","namespace":"rekindle","doc":"A user of a GHL location: a person who serves leads. The latest statement of each field counts; what is from before a deletion counts no more.","fields":[{"name":"tenantId","type":"string","doc":"GHL location id."},{"name":"realtorId","type":"string","doc":"GHL user id; leads name it as their owner."},{"name":"name","type":["null","string"],"doc":"First and last name.","default":null},{"name":"email","type":["null","string"],"doc":"E-mail.","default":null},{"name":"phone","type":["null","string"],"doc":"E.164 when it can be parsed, else as told.","default":null},{"name":"role","type":["null","string"],"doc":"user | admin","default":null},{"name":"active","type":"boolean","doc":"Told of since the last deletion; false = deleted, and nothing personal is kept."},{"name":"deletedAt","type":["null",{"type":"long","logicalType":"timestamp-millis"}],"doc":"When the user was last told to be deleted.","default":null},{"name":"updatedAt","type":{"type":"long","logicalType":"timestamp-millis"},"doc":"When the row was written."},{"name":"fieldTimes","type":{"type":"map","values":"long"},"doc":"Field to event time (ms) of its statement; `told` of any statement.","default":{}}]}},"doc":"The last 50 rows of users as they were written, until their table has them.","default":[]}]})
/** One canonical, deduplicated event about a lead. The GHL vocabulary is translated; the ordered story of a lead. */
export const LeadEvent = schema<LeadEvent>({"type":"record","name":"LeadEvent","namespace":"rekindle","doc":"One canonical, deduplicated event about a lead. The GHL vocabulary is translated; the ordered story of a lead.","fields":[{"name":"eventId","type":"string","doc":"Deterministic id."},{"name":"tenantId","type":"string","doc":"GHL location id."},{"name":"contactId","type":"string","doc":"GHL contact id."},{"name":"kind","type":"string","doc":"contact_created | contact_updated | contact_deleted | tags_changed | dnd_changed | message_inbound | message_outbound | appointment_booked | appointment_changed | appointment_deleted | opportunity_created | opportunity_changed | opportunity_stage_changed | opportunity_deleted | note_added | note_changed | note_deleted | task_created | task_completed | task_deleted | conversation_changed | conversation_merged | email_delivered | email_opened | email_clicked | email_failed | email_complained | email_unsubscribed | email_other | voice_call_ended | workflow_reported | behaviour_observed | followup_delivered | lead_looked_up"},{"name":"occurredAt","type":{"type":"long","logicalType":"timestamp-millis"},"doc":"Event time at the source."},{"name":"receivedAt","type":{"type":"long","logicalType":"timestamp-millis"},"doc":"When we had it."},{"name":"source","type":"string","doc":"ghl_webhook | ghl_workflow | reconcile | delivery | twilio | sendgrid | apollo"},{"name":"sourceId","type":"string","doc":"Id at the source: webhookId, deliveryId, <MessageSid>:<status>, sg_event_id or the id of a look-up."},{"name":"rawType","type":"string","doc":"Type at the source."},{"name":"contact","type":["null",{"type":"record","name":"ContactFields","namespace":"rekindle","doc":"What a contact event states. Null means \"not stated\", never \"cleared\".","fields":[{"name":"firstName","type":["null","string"],"doc":"Given name.","default":null},{"name":"lastName","type":["null","string"],"doc":"Family name.","default":null},{"name":"name","type":["null","string"],"doc":"Full name as sent.","default":null},{"name":"email","type":["null","string"],"doc":"E-mail as sent, trimmed and lower-cased.","default":null},{"name":"phone","type":["null","string"],"doc":"Phone in E.164 when it can be parsed, else as sent.","default":null},{"name":"companyName","type":["null","string"],"doc":"Company.","default":null},{"name":"city","type":["null","string"],"doc":"City.","default":null},{"name":"state","type":["null","string"],"doc":"State or region as sent.","default":null},{"name":"postalCode","type":["null","string"],"doc":"Postal code.","default":null},{"name":"country","type":["null","string"],"doc":"ISO 3166-1 alpha-2.","default":null},{"name":"timeZone","type":["null","string"],"doc":"IANA zone, when stated.","default":null},{"name":"source","type":["null","string"],"doc":"Where the contact came from, as sent.","default":null},{"name":"ownerId","type":["null","string"],"doc":"GHL user id the contact is assigned to.","default":null},{"name":"tags","type":["null",{"type":"array","items":"string"}],"doc":"The complete list of tags after the change.","default":null},{"name":"dnd","type":["null","boolean"],"doc":"Do not disturb on every channel.","default":null},{"name":"dndChannels","type":["null",{"type":"map","values":"string"}],"doc":"GHL status by channel (sms, email, call, whatsapp, gmb, fb, rcs): active = do not send, inactive, permanent.","default":null},{"name":"inboundDnd","type":["null","string"],"doc":"Status of inboundDndSettings.all.","default":null},{"name":"createdAt","type":["null",{"type":"long","logicalType":"timestamp-millis"}],"doc":"`dateAdded` of the contact.","default":null},{"name":"customFields","type":["null",{"type":"map","values":"string"}],"doc":"Custom field id to value as text.","default":null},{"name":"firstOrigin","type":["null",{"type":"record","name":"Origin","namespace":"rekindle","doc":"By which visit a person came to the team, as the platform recorded it. No address of a machine, no parameters of a page.","fields":[{"name":"sessionSource","type":["null","string"],"doc":"The platform's own word for the kind of visit, such as Paid Search or CRM UI.","default":null},{"name":"source","type":["null","string"],"doc":"utm_source.","default":null},{"name":"medium","type":["null","string"],"doc":"utm_medium, or the platform's medium (form, calendar, manual).","default":null},{"name":"campaign","type":["null","string"],"doc":"utm_campaign, or the campaign's name.","default":null},{"name":"content","type":["null","string"],"doc":"utm_content.","default":null},{"name":"term","type":["null","string"],"doc":"utm_term or keyword.","default":null},{"name":"referrer","type":["null","string"],"doc":"Host that the visit came from.","default":null},{"name":"page","type":["null","string"],"doc":"Host and path of the page, without parameters.","default":null},{"name":"click","type":["null","string"],"doc":"google | facebook | microsoft: whose advertisement was clicked, told by its click id; the id is not kept.","default":null}]}],"doc":"The first visit; it does not change any more.","default":null},{"name":"lastOrigin","type":["null","Origin"],"doc":"The latest visit.","default":null}]}],"doc":"Set for contact, tag and do-not-disturb events.","default":null},{"name":"message","type":["null",{"type":"record","name":"MessageFields","namespace":"rekindle","doc":"One message or call between the lead and anybody.","fields":[{"name":"messageId","type":["null","string"],"doc":"GHL message id.","default":null},{"name":"conversationId","type":["null","string"],"doc":"GHL conversation id.","default":null},{"name":"channel","type":"string","doc":"sms | email | call | voicemail | whatsapp | live_chat | facebook | instagram | gmb | rcs | internal_comment | other"},{"name":"direction","type":"string","doc":"inbound | outbound"},{"name":"sender","type":"string","doc":"lead | human | workflow | campaign | bulk | api (another program) | rekindle | unknown"},{"name":"subject","type":["null","string"],"doc":"E-mail subject.","default":null},{"name":"text","type":"string","doc":"Plain text, HTML stripped, at most 4,000 characters; empty for calls."},{"name":"status","type":["null","string"],"doc":"GHL message status.","default":null},{"name":"userId","type":["null","string"],"doc":"GHL user who sent it.","default":null},{"name":"callStatus","type":["null","string"],"doc":"GHL call status.","default":null},{"name":"callDurationSeconds","type":["null","int"],"doc":"Length of a call.","default":null}]}],"doc":"Set for messages.","default":null},{"name":"appointment","type":["null",{"type":"record","name":"AppointmentFields","namespace":"rekindle","doc":"A calendar appointment.","fields":[{"name":"appointmentId","type":"string","doc":"GHL appointment id."},{"name":"calendarId","type":["null","string"],"doc":"GHL calendar id.","default":null},{"name":"status","type":"string","doc":"new | confirmed | cancelled | showed | noshow | invalid"},{"name":"title","type":["null","string"],"doc":"Title.","default":null},{"name":"startsAt","type":["null",{"type":"long","logicalType":"timestamp-millis"}],"doc":"Start.","default":null},{"name":"endsAt","type":["null",{"type":"long","logicalType":"timestamp-millis"}],"doc":"End.","default":null},{"name":"assignedUserId","type":["null","string"],"doc":"GHL user.","default":null}]}],"doc":"Set for appointments.","default":null},{"name":"opportunity","type":["null",{"type":"record","name":"OpportunityFields","namespace":"rekindle","doc":"A GHL opportunity.","fields":[{"name":"opportunityId","type":"string","doc":"GHL opportunity id."},{"name":"pipelineId","type":["null","string"],"doc":"Pipeline.","default":null},{"name":"stageId","type":["null","string"],"doc":"Stage.","default":null},{"name":"status","type":["null","string"],"doc":"open | won | lost | abandoned","default":null},{"name":"name","type":["null","string"],"doc":"Name.","default":null},{"name":"monetaryValue","type":["null","string"],"doc":"Exact decimal as text.","default":null},{"name":"ownerId","type":["null","string"],"doc":"GHL user id.","default":null}]}],"doc":"Set for opportunities.","default":null},{"name":"delivery","type":["null",{"type":"record","name":"DeliveryFields","namespace":"rekindle","doc":"What became of one of our own follow-ups.","fields":[{"name":"followupId","type":"string","doc":"Follow-up."},{"name":"decisionId","type":"string","doc":"Decision that asked for it."},{"name":"channel","type":"string","doc":"sms | email | call | none"},{"name":"status","type":"string","doc":"confirmed | failed | unknown | denied; of an assignment also handed_over"},{"name":"messageId","type":["null","string"],"doc":"Provider message id.","default":null},{"name":"text","type":["null","string"],"doc":"Text that was sent, for the recent-messages view.","default":null},{"name":"action","type":"string","doc":"send_message | create_task | hand_over | assign","default":"send_message"},{"name":"echoed","type":"boolean","doc":"The provider's webhook of this message came first and was already told as message_outbound: count it once.","default":false},{"name":"assigneeId","type":["null","string"],"doc":"Of an assignment: the realtor (GHL user).","default":null},{"name":"closedBecause","type":["null","string"],"doc":"Of a message or call that was denied: why its channel was found closed though the profile did not say so (address_revoked | address_<purpose>_revoked | provider_dnd). Null when it was denied for anything else.","default":null}]}],"doc":"Set for our own deliveries.","default":null},{"name":"behaviour","type":["null",{"type":"record","name":"BehaviourFields","namespace":"rekindle","doc":"Something a lead did on a website or portal.","fields":[{"name":"signal","type":"string","doc":"page_view | property_view | search_query | calculator_usage and others: docs/triggers.md."},{"name":"subject","type":["null","string"],"doc":"What it was about: property, form, search.","default":null},{"name":"price","type":["null","double"],"doc":"Price that was seen, in the tenant's currency.","default":null}]}],"doc":"Set for kind behaviour_observed, which reports of workflows state; the report itself stands beside it.","default":null},{"name":"statedAt","type":["null",{"type":"long","logicalType":"timestamp-millis"}],"doc":"Event time the source stated, kept only when it lay in the future and occurredAt is the time of receipt instead.","default":null},{"name":"note","type":["null",{"type":"record","name":"NoteFields","namespace":"rekindle","doc":"A note that staff keep on the contact. The platform names no author.","fields":[{"name":"noteId","type":"string","doc":"GHL note id."},{"name":"text","type":"string","doc":"Plain text, HTML stripped, at most 2,000 characters."}]}],"doc":"Set for notes.","default":null},{"name":"task","type":["null",{"type":"record","name":"TaskFields","namespace":"rekindle","doc":"A task that somebody has to do for the lead.","fields":[{"name":"taskId","type":"string","doc":"GHL task id."},{"name":"title","type":["null","string"],"doc":"Title.","default":null},{"name":"text","type":["null","string"],"doc":"Description, HTML stripped, at most 2,000 characters.","default":null},{"name":"ownerId","type":["null","string"],"doc":"GHL user it is assigned to.","default":null},{"name":"dueAt","type":["null",{"type":"long","logicalType":"timestamp-millis"}],"doc":"When it is due.","default":null},{"name":"completed","type":"boolean","doc":"Done.","default":false}]}],"doc":"Set for tasks.","default":null},{"name":"conversation","type":["null",{"type":"record","name":"ConversationFields","namespace":"rekindle","doc":"The state of a conversation in the inbox of the staff.","fields":[{"name":"conversationId","type":"string","doc":"GHL conversation id."},{"name":"mergedId","type":["null","string"],"doc":"Conversation that went up in this one when a visitor was identified.","default":null},{"name":"unreadCount","type":["null","int"],"doc":"Messages nobody has read.","default":null},{"name":"inInbox","type":["null","boolean"],"doc":"Stands in the inbox.","default":null},{"name":"starred","type":["null","boolean"],"doc":"Starred.","default":null},{"name":"deleted","type":["null","boolean"],"doc":"Deleted.","default":null}]}],"doc":"Set for conversations.","default":null},{"name":"emailEvent","type":["null",{"type":"record","name":"EmailEventFields","namespace":"rekindle","doc":"What became of one e-mail to the lead, told by the mail service of the platform or by SendGrid.","fields":[{"name":"emailEventId","type":["null","string"],"doc":"Id of the event at the mail service.","default":null},{"name":"event","type":"string","doc":"delivered | opened | clicked | failed | complained | unsubscribed, else as sent"},{"name":"address","type":["null","string"],"doc":"Recipient, lower-cased.","default":null},{"name":"mailId","type":["null","string"],"doc":"Message-Id header of the e-mail.","default":null},{"name":"code","type":["null","int"],"doc":"SMTP status of a delivery attempt.","default":null},{"name":"reason","type":["null","string"],"doc":"Why it failed, in the words of the mail service.","default":null},{"name":"permanent","type":"boolean","doc":"A failure that no further attempt mends.","default":false}]}],"doc":"Set for what became of an e-mail.","default":null},{"name":"voiceCall","type":["null",{"type":"record","name":"VoiceCallFields","namespace":"rekindle","doc":"A call that the voice agent of the platform led with the lead.","fields":[{"name":"callId","type":"string","doc":"Id of the call."},{"name":"messageId","type":["null","string"],"doc":"GHL message id of the same call.","default":null},{"name":"agentId","type":["null","string"],"doc":"Voice agent.","default":null},{"name":"durationSeconds","type":["null","int"],"doc":"Length.","default":null},{"name":"summary","type":["null","string"],"doc":"Summary by the voice agent, at most 1,000 characters.","default":null},{"name":"transcript","type":["null","string"],"doc":"What was said, at most 4,000 characters.","default":null},{"name":"trial","type":"boolean","doc":"A trial by staff, not a call with the lead.","default":false},{"name":"actions","type":{"type":"array","items":"string"},"doc":"What the voice agent did: CALL_TRANSFER | DATA_EXTRACTION | APPOINTMENT_BOOKING and others as sent.","default":[]}]}],"doc":"Set for calls of the voice agent.","default":null},{"name":"workflow","type":["null",{"type":"record","name":"WorkflowFields","namespace":"rekindle","doc":"What a workflow of the tenant posted about a lead. Nobody signed it: it may start work, and it grants no permission.","fields":[{"name":"workflowId","type":["null","string"],"doc":"GHL workflow id.","default":null},{"name":"workflowName","type":["null","string"],"doc":"Its name.","default":null},{"name":"contact","type":["null","rekindle.ContactFields"],"doc":"The contact as the workflow states it.","default":null},{"name":"opportunityId","type":["null","string"],"doc":"GHL opportunity id.","default":null},{"name":"opportunityName","type":["null","string"],"doc":"Its name.","default":null},{"name":"opportunityStatus","type":["null","string"],"doc":"open | won | lost | abandoned","default":null},{"name":"opportunityValue","type":["null","string"],"doc":"Exact decimal as text.","default":null},{"name":"pipelineId","type":["null","string"],"doc":"Pipeline.","default":null},{"name":"pipelineName","type":["null","string"],"doc":"Name of the pipeline.","default":null},{"name":"stageName","type":["null","string"],"doc":"Name of the stage: no other webhook tells it.","default":null},{"name":"appointmentId","type":["null","string"],"doc":"GHL appointment id.","default":null},{"name":"appointmentTitle","type":["null","string"],"doc":"Title.","default":null},{"name":"appointmentStatus","type":["null","string"],"doc":"Status as sent, lower-cased.","default":null},{"name":"appointmentStartsAt","type":["null",{"type":"long","logicalType":"timestamp-millis"}],"doc":"Start, read in the time zone that the body selects.","default":null},{"name":"appointmentEndsAt","type":["null",{"type":"long","logicalType":"timestamp-millis"}],"doc":"End, read in the same.","default":null},{"name":"messageDirection","type":["null","string"],"doc":"inbound | outbound, of the message that started the workflow.","default":null},{"name":"messageText","type":["null","string"],"doc":"Its text, at most 2,000 characters.","default":null},{"name":"customFields","type":{"type":"map","values":"string"},"doc":"Custom fields of the contact by their label.","default":{}},{"name":"customData","type":{"type":"map","values":"string"},"doc":"What the author of the workflow added.","default":{}}]}],"doc":"Set for reports of workflows.","default":null},{"name":"lookUp","type":["null",{"type":"record","name":"LookUpFields","namespace":"rekindle","doc":"What a provider of data about persons answered when it was asked about a lead.","fields":[{"name":"provider","type":"string","doc":"apollo"},{"name":"outcome","type":"string","doc":"found (all that was asked for) | partly | none"},{"name":"asked","type":{"type":"array","items":"string"},"doc":"Fields that were asked for: firstName, lastName, companyName, jobTitle, industry, city, state, country."},{"name":"found","type":{"type":"map","values":"string"},"doc":"Those that were found, by name. Never an address or a number to write to or to call."}]}],"doc":"Set for kind lead_looked_up. occurredAt is when the provider was asked.","default":null}]})
/** How a lead came by marketing, told when a channel first touches it, when it first writes or calls, and when it converts. The lead is a pseudonym. */
export const LeadJourney = schema<LeadJourney>({"type":"record","name":"LeadJourney","namespace":"rekindle","doc":"How a lead came by marketing, told when a channel first touches it, when it first writes or calls, and when it converts. The lead is a pseudonym.","fields":[{"name":"journeyId","type":"string","doc":"Deterministic id of this statement: told twice it has one id."},{"name":"tenantId","type":"string","doc":"GHL location id."},{"name":"leadHash","type":"string","doc":"Pseudonym of the lead, 16 hexadecimal digits: the same until the lead is erased."},{"name":"kind","type":"string","doc":"touched (by a channel that had not touched it before) | engaged (it wrote or called for the first time) | converted (an opportunity was won) | forgotten (the lead was erased: whoever keeps journeys under this pseudonym deletes them)"},{"name":"at","type":{"type":"long","logicalType":"timestamp-millis"},"doc":"When it happened."},{"name":"firstTouchAt","type":["null",{"type":"long","logicalType":"timestamp-millis"}],"doc":"When marketing first touched the lead; null = nothing told of any touch.","default":null},{"name":"value","type":["null","string"],"doc":"Of a conversion: its worth as an exact decimal in the currency of the location; null = not told.","default":null},{"name":"conversionNo","type":"int","doc":"Of a conversion: which one of the lead it is, from 1; 0 for other kinds.","default":0},{"name":"touches","type":{"type":"array","items":{"type":"record","name":"JourneyTouch","doc":"One touch by marketing.","fields":[{"name":"channel","type":"string","doc":"organic_search | paid_search | social_media | email_marketing | direct_traffic | referral | display_ads | video_ads | content_marketing | events | print_media | radio | television | outdoor"},{"name":"stage","type":"string","doc":"awareness (the first touch) | consideration | conversion (after an appointment or an opportunity)"},{"name":"at","type":{"type":"long","logicalType":"timestamp-millis"},"doc":"When."},{"name":"source","type":"string","doc":"Source by its usual name, e.g. facebook, zillow, google_ads."},{"name":"campaign","type":["null","string"],"doc":"Campaign, where it was told.","default":null},{"name":"basis","type":"string","doc":"Where it is known from: stated (source of the contact) | utm (parameters of a link) | message (the channel it wrote on) | click (in an e-mail)"}]}},"doc":"Touches up to this moment, oldest first; of a conversion those of the 90 days before it. At most 20: the first of each channel and the latest others."},{"name":"touchCount","type":"int","doc":"Touches that were seen, kept or not."}]})
/** The current state of a lead: a fold over its events. */
export const LeadProfile = schema<LeadProfile>({"type":"record","name":"LeadProfile","namespace":"rekindle","doc":"The current state of a lead: a fold over its events.","fields":[{"name":"tenantId","type":"string","doc":"GHL location id."},{"name":"contactId","type":"string","doc":"GHL contact id."},{"name":"version","type":"int","doc":"Rises by one with every applied event."},{"name":"epoch","type":"int","doc":"Fencing counter: rises with inbound message, human message, opt-out, owner change, pause."},{"name":"firstName","type":["null","string"],"doc":"Given name.","default":null},{"name":"lastName","type":["null","string"],"doc":"Family name.","default":null},{"name":"email","type":["null","string"],"doc":"E-mail.","default":null},{"name":"phone","type":["null","string"],"doc":"Phone in E.164 when parseable.","default":null},{"name":"companyName","type":["null","string"],"doc":"Company.","default":null},{"name":"city","type":["null","string"],"doc":"City.","default":null},{"name":"state","type":["null","string"],"doc":"State.","default":null},{"name":"postalCode","type":["null","string"],"doc":"Postal code; for law and time zone only.","default":null},{"name":"country","type":["null","string"],"doc":"ISO 3166-1 alpha-2.","default":null},{"name":"timeZone","type":["null","string"],"doc":"Stated IANA zone.","default":null},{"name":"source","type":["null","string"],"doc":"Source as stated.","default":null},{"name":"ownerId","type":["null","string"],"doc":"GHL user.","default":null},{"name":"tags","type":{"type":"array","items":"string"},"doc":"Tags after the last change."},{"name":"customFields","type":{"type":"map","values":"string"},"doc":"Custom field id to value."},{"name":"dnd","type":"boolean","doc":"Do not disturb on all channels."},{"name":"dndChannels","type":{"type":"map","values":"string"},"doc":"Status by channel."},{"name":"consents","type":{"type":"map","values":{"type":"record","name":"Consent","namespace":"rekindle","doc":"Permission to write on one channel, or for one purpose on it, folded from events. An opt-out never expires.","fields":[{"name":"status","type":"string","doc":"unknown | inquiry | express | express_written | none (a box that was not ticked) | revoked"},{"name":"at","type":{"type":"long","logicalType":"timestamp-millis"},"doc":"When this status began."},{"name":"expiresAt","type":["null",{"type":"long","logicalType":"timestamp-millis"}],"doc":"When an inquiry-based permission ends.","default":null},{"name":"eventId","type":"string","doc":"Event that set it."},{"name":"words","type":["null","string"],"doc":"Words the opt-out or opt-in rests on, or those beside the box.","default":null}]}},"doc":"Permission by channel (sms, email, call), and by channel and purpose (sms/marketing, sms/inquiry, sms/transactional) where something is said of one alone."},{"name":"humanOwnership","type":["null",{"type":"record","name":"HumanOwnership","namespace":"rekindle","doc":"A human leads the conversation.","fields":[{"name":"since","type":{"type":"long","logicalType":"timestamp-millis"},"doc":"When it began."},{"name":"userId","type":["null","string"],"doc":"GHL user.","default":null},{"name":"reason","type":"string","doc":"human_message | hand_over | tag | opt_out_unclear"},{"name":"untilAt","type":["null",{"type":"long","logicalType":"timestamp-millis"}],"doc":"When the machine may take part again, null = only by explicit hand-back.","default":null}]}],"doc":"Set while a human leads.","default":null},{"name":"status","type":"string","doc":"new | contacted | qualified | disqualified | converted | lost | dormant | reactivated"},{"name":"score","type":"int","doc":"0 to 100."},{"name":"level","type":"string","doc":"COLD | WARM | HOT | URGENT"},{"name":"counters","type":{"type":"record","name":"Counters","namespace":"rekindle","doc":"Counts since the lead is known.","fields":[{"name":"inbound","type":"int","doc":"Messages and calls from the lead.","default":0},{"name":"outbound","type":"int","doc":"Messages and calls to the lead, by anybody.","default":0},{"name":"outboundOwn","type":"int","doc":"Of these, by Rekindle.","default":0},{"name":"outboundHuman","type":"int","doc":"Of these, by humans.","default":0},{"name":"attemptsSinceReply","type":"int","doc":"Outbound since the last inbound.","default":0},{"name":"inboundByChannel","type":{"type":"map","values":"int"},"doc":"Inbound by channel.","default":{}},{"name":"outboundByChannel","type":{"type":"map","values":"int"},"doc":"Outbound by channel.","default":{}},{"name":"appointments","type":"int","doc":"Appointments booked.","default":0},{"name":"events","type":"int","doc":"Lead events applied.","default":0},{"name":"staleEvents","type":"int","doc":"Events that arrived too late to change anything.","default":0}]},"doc":"Counts."},{"name":"replyHours","type":{"type":"array","items":"double"},"doc":"Hours the lead took for its last 10 replies, oldest first."},{"name":"recentMessages","type":{"type":"array","items":{"type":"record","name":"RecentMessage","namespace":"rekindle","doc":"A message kept in the profile for agents and the duplicate gate.","fields":[{"name":"messageId","type":["null","string"],"doc":"GHL message id.","default":null},{"name":"at","type":{"type":"long","logicalType":"timestamp-millis"},"doc":"Event time."},{"name":"channel","type":"string","doc":"Channel."},{"name":"direction","type":"string","doc":"inbound | outbound"},{"name":"sender","type":"string","doc":"lead | human | workflow | campaign | bulk | api (another program) | rekindle | unknown"},{"name":"text","type":"string","doc":"First 500 characters; of a longer one of the lead its beginning and what is heard behind it, 500 in all."}]}},"doc":"The last 10 messages, oldest first."},{"name":"outboundTimes","type":{"type":"array","items":"long"},"doc":"Times (ms) of the last 30 outbound messages by anybody, oldest first."},{"name":"inboundTimes","type":{"type":"array","items":"long"},"doc":"Times (ms) of the last 30 messages of the lead, oldest first; none in profiles of before they were kept.","default":[]},{"name":"opportunity","type":["null",{"type":"record","name":"OpportunityFields","namespace":"rekindle","doc":"A GHL opportunity.","fields":[{"name":"opportunityId","type":"string","doc":"GHL opportunity id."},{"name":"pipelineId","type":["null","string"],"doc":"Pipeline.","default":null},{"name":"stageId","type":["null","string"],"doc":"Stage.","default":null},{"name":"status","type":["null","string"],"doc":"open | won | lost | abandoned","default":null},{"name":"name","type":["null","string"],"doc":"Name.","default":null},{"name":"monetaryValue","type":["null","string"],"doc":"Exact decimal as text.","default":null},{"name":"ownerId","type":["null","string"],"doc":"GHL user id.","default":null}]}],"doc":"The opportunity that counts: the latest that is open, else the latest that is won, else the latest.","default":null},{"name":"appointment","type":["null",{"type":"record","name":"AppointmentFields","namespace":"rekindle","doc":"A calendar appointment.","fields":[{"name":"appointmentId","type":"string","doc":"GHL appointment id."},{"name":"calendarId","type":["null","string"],"doc":"GHL calendar id.","default":null},{"name":"status","type":"string","doc":"new | confirmed | cancelled | showed | noshow | invalid"},{"name":"title","type":["null","string"],"doc":"Title.","default":null},{"name":"startsAt","type":["null",{"type":"long","logicalType":"timestamp-millis"}],"doc":"Start.","default":null},{"name":"endsAt","type":["null",{"type":"long","logicalType":"timestamp-millis"}],"doc":"End.","default":null},{"name":"assignedUserId","type":["null","string"],"doc":"GHL user.","default":null}]}],"doc":"The appointment that counts as of lastEventAt: the soonest that is agreed and ahead, else the latest that stands, else the latest. Time alone changes which one that is: appointments has them all.","default":null},{"name":"createdAt","type":["null",{"type":"long","logicalType":"timestamp-millis"}],"doc":"Creation at the source.","default":null},{"name":"firstSeenAt","type":{"type":"long","logicalType":"timestamp-millis"},"doc":"First event here."},{"name":"lastEventAt","type":{"type":"long","logicalType":"timestamp-millis"},"doc":"Latest event time applied."},{"name":"lastInboundAt","type":["null",{"type":"long","logicalType":"timestamp-millis"}],"doc":"Latest message from the lead.","default":null},{"name":"lastOutboundAt","type":["null",{"type":"long","logicalType":"timestamp-millis"}],"doc":"Latest message to the lead, by anybody.","default":null},{"name":"lastHumanAt","type":["null",{"type":"long","logicalType":"timestamp-millis"}],"doc":"Latest message by a human.","default":null},{"name":"lastOwnAt","type":["null",{"type":"long","logicalType":"timestamp-millis"}],"doc":"Latest message by Rekindle.","default":null},{"name":"lastAssessedAt","type":["null",{"type":"long","logicalType":"timestamp-millis"}],"doc":"When a question was last put to the agents.","default":null},{"name":"silenceStep","type":"int","doc":"Silence steps already asked about: 0, 24, 48 or 72 (hours)."},{"name":"fieldTimes","type":{"type":"map","values":"long"},"doc":"Field group to event time of its last write: last writer wins."},{"name":"deletedAt","type":["null",{"type":"long","logicalType":"timestamp-millis"}],"doc":"Tombstone time.","default":null},{"name":"behaviour","type":["null",{"type":"record","name":"Behaviour","namespace":"rekindle","doc":"What a lead did lately, and what it made fire.","fields":[{"name":"seen","type":{"type":"array","items":{"type":"record","name":"Observed","namespace":"rekindle","doc":"Something a lead did.","fields":[{"name":"at","type":{"type":"long","logicalType":"timestamp-millis"},"doc":"When."},{"name":"signal","type":"string","doc":"A signal of docs/triggers.md: email_open | sms_reply | property_view | calculator_usage ..."},{"name":"subject","type":["null","string"],"doc":"What it was about: property, form or e-mail.","default":null},{"name":"price","type":["null","double"],"doc":"Price that was seen, in the tenant's currency.","default":null}]}},"doc":"The latest 20 of each signal within 30 days, oldest first."},{"name":"fired","type":{"type":"map","values":"long"},"doc":"Rule to the event time (ms) that its last firing rests on."},{"name":"likelihood","type":"double","doc":"How likely it is to act soon by what it did, 0 to 100, as of the latest event or timer."},{"name":"dueAt","type":["null",{"type":"long","logicalType":"timestamp-millis"}],"doc":"When the next rule is complete if nothing comes.","default":null}]}],"doc":"Set from the first thing on that the lead was seen to do.","default":null},{"name":"opportunities","type":{"type":"map","values":"rekindle.OpportunityFields"},"doc":"The latest 10 opportunities by id; a deleted one is gone.","default":{}},{"name":"appointments","type":{"type":"map","values":"rekindle.AppointmentFields"},"doc":"The latest 10 appointments by id; a deleted one stands as cancelled.","default":{}},{"name":"tasks","type":{"type":"map","values":{"type":"record","name":"TaskFields","namespace":"rekindle","doc":"A task that somebody has to do for the lead.","fields":[{"name":"taskId","type":"string","doc":"GHL task id."},{"name":"title","type":["null","string"],"doc":"Title.","default":null},{"name":"text","type":["null","string"],"doc":"Description, HTML stripped, at most 2,000 characters.","default":null},{"name":"ownerId","type":["null","string"],"doc":"GHL user it is assigned to.","default":null},{"name":"dueAt","type":["null",{"type":"long","logicalType":"timestamp-millis"}],"doc":"When it is due.","default":null},{"name":"completed","type":"boolean","doc":"Done.","default":false}]}},"doc":"The latest 20 tasks by id, without their text; a deleted one is gone.","default":{}},{"name":"notes","type":{"type":"map","values":{"type":"record","name":"NoteFields","namespace":"rekindle","doc":"A note that staff keep on the contact. The platform names no author.","fields":[{"name":"noteId","type":"string","doc":"GHL note id."},{"name":"text","type":"string","doc":"Plain text, HTML stripped, at most 2,000 characters."}]}},"doc":"The latest 5 notes by id, the first 280 characters of each; a deleted one is gone.","default":{}},{"name":"conversations","type":{"type":"map","values":{"type":"record","name":"ConversationFields","namespace":"rekindle","doc":"The state of a conversation in the inbox of the staff.","fields":[{"name":"conversationId","type":"string","doc":"GHL conversation id."},{"name":"mergedId","type":["null","string"],"doc":"Conversation that went up in this one when a visitor was identified.","default":null},{"name":"unreadCount","type":["null","int"],"doc":"Messages nobody has read.","default":null},{"name":"inInbox","type":["null","boolean"],"doc":"Stands in the inbox.","default":null},{"name":"starred","type":["null","boolean"],"doc":"Starred.","default":null},{"name":"deleted","type":["null","boolean"],"doc":"Deleted.","default":null}]}},"doc":"The latest 5 conversations by id; one that went up in another is gone.","default":{}},{"name":"voiceCall","type":["null",{"type":"record","name":"VoiceCallFields","namespace":"rekindle","doc":"A call that the voice agent of the platform led with the lead.","fields":[{"name":"callId","type":"string","doc":"Id of the call."},{"name":"messageId","type":["null","string"],"doc":"GHL message id of the same call.","default":null},{"name":"agentId","type":["null","string"],"doc":"Voice agent.","default":null},{"name":"durationSeconds","type":["null","int"],"doc":"Length.","default":null},{"name":"summary","type":["null","string"],"doc":"Summary by the voice agent, at most 1,000 characters.","default":null},{"name":"transcript","type":["null","string"],"doc":"What was said, at most 4,000 characters.","default":null},{"name":"trial","type":"boolean","doc":"A trial by staff, not a call with the lead.","default":false},{"name":"actions","type":{"type":"array","items":"string"},"doc":"What the voice agent did: CALL_TRANSFER | DATA_EXTRACTION | APPOINTMENT_BOOKING and others as sent.","default":[]}]}],"doc":"Latest call of the voice agent, without its transcript.","default":null},{"name":"emailStatus","type":["null",{"type":"record","name":"AddressStatus","namespace":"rekindle","doc":"What became of the last e-mail to an address.","fields":[{"name":"address","type":"string","doc":"The address."},{"name":"status","type":"string","doc":"verified (a mail arrived) | invalid (a mail failed for good)"}]}],"doc":"Latest, for the address it is about; says nothing of another one.","default":null},{"name":"emailCounts","type":["null",{"type":"record","name":"EmailCounts","namespace":"rekindle","doc":"What the mail service told of e-mails to the lead.","fields":[{"name":"opened","type":"int","doc":"Times an e-mail was opened."},{"name":"clicked","type":"int","doc":"Clicks in e-mails."},{"name":"failed","type":"int","doc":"E-mails that did not arrive."}]}],"doc":"Set from the first such event on.","default":null},{"name":"reportedTimeZone","type":["null","string"],"doc":"IANA zone a workflow stated: one more that may apply, never one that rules others out.","default":null},{"name":"reportedFields","type":{"type":"map","values":"string"},"doc":"Custom fields by label as workflows stated them, the latest 40, the first 200 characters of each.","default":{}},{"name":"reportedStages","type":{"type":"map","values":"string"},"doc":"Opportunity id to the name of its stage as workflows stated it, the latest 10.","default":{}},{"name":"outboundBySender","type":{"type":"map","values":"int"},"doc":"Messages and calls to the lead by who sent them: human, workflow, campaign, bulk, api, rekindle, unknown.","default":{}},{"name":"ownTaskIds","type":{"type":"array","items":"string"},"doc":"The last 20 tasks that Rekindle made itself, by id.","default":[]},{"name":"scoring","type":["null",{"type":"record","name":"Scoring","namespace":"rekindle","doc":"How promising a lead is, and why: docs/scoring.md.","fields":[{"name":"at","type":{"type":"long","logicalType":"timestamp-millis"},"doc":"The moment it is of: the latest event or timer."},{"name":"score","type":"int","doc":"Composite of the four parts, 0 to 100: the sum of the points of its factors."},{"name":"temperature","type":"string","doc":"hot (above 80) | warm (40 to 80) | cold | unknown (nothing is known to score)"},{"name":"behaviour","type":"int","doc":"What the lead does, 0 to 100; weighs 0.3."},{"name":"intent","type":"int","doc":"What the lead says, 0 to 100; weighs 0.4."},{"name":"fit","type":"int","doc":"How much is known of what the lead needs, 0 to 100; weighs 0.2."},{"name":"engagement","type":"int","doc":"How much the lead does at all, 0 to 100; weighs 0.1."},{"name":"factors","type":{"type":"array","items":{"type":"record","name":"ScoreFactor","namespace":"rekindle","doc":"A reason of a score.","fields":[{"name":"code","type":"string","doc":"A factor of docs/scoring.md: intent_signals | intent_timeline | behaviour_agent_inquiry | fit_known ..."},{"name":"points","type":"int","doc":"Points of the score, at least 1."},{"name":"words","type":"string","doc":"What it is, in words."}]}},"doc":"Most points first; what comes to less than a point is left out."}]}],"doc":"Set with every event; null on a profile that was written before scores had factors.","default":null},{"name":"textSignals","type":{"type":"array","items":{"type":"record","name":"TextSignal","namespace":"rekindle","doc":"What a message of the lead says, with the words it rests on. For people to read; nothing that votes or decides uses it.","fields":[{"name":"kind","type":"string","doc":"intent | budget | time_frame | objection | question | sentiment | language | opt_out"},{"name":"value","type":"string","doc":"A value of its kind: docs/text-signals.md."},{"name":"words","type":"string","doc":"Exact substring of the message or of its subject, at most 120 characters."},{"name":"at","type":{"type":"long","logicalType":"timestamp-millis"},"doc":"When the message was sent."},{"name":"messageId","type":["null","string"],"doc":"GHL message id.","default":null}]}},"doc":"The latest 3 findings of each kind, newest first, gone with the contact.","default":[]},{"name":"lookUp","type":["null",{"type":"record","name":"LookedUp","namespace":"rekindle","doc":"What a provider of data about persons said of a lead, kept apart from what the lead and the CRM say.","fields":[{"name":"provider","type":"string","doc":"Where it is from: apollo"},{"name":"at","type":{"type":"long","logicalType":"timestamp-millis"},"doc":"When it was asked."},{"name":"outcome","type":"string","doc":"found | partly | none"},{"name":"found","type":{"type":"map","values":"string"},"doc":"Field to value: firstName, lastName, companyName, jobTitle, industry, city, state, country."}]}],"doc":"The latest look-up, gone with the contact. Decides nothing about whether, where and when a lead may be written to.","default":null},{"name":"phoneFacts","type":["null",{"type":"record","name":"PhoneFacts","namespace":"rekindle","doc":"What rules say of a telephone number.","fields":[{"name":"number","type":"string","doc":"The number it is about."},{"name":"valid","type":"boolean","doc":"Whether the numbering plan has such a number."},{"name":"type","type":"string","doc":"mobile | fixed_line | fixed_line_or_mobile (as far as is knowable in the US and Canada) | toll_free | premium_rate | voip | shared_cost | personal | pager | uan | voicemail | unknown"},{"name":"country","type":["null","string"],"doc":"ISO 3166-1 alpha-2 of the plan; null = several or none.","default":null},{"name":"source","type":"string","doc":"Rules and data it is from: libphonenumber"},{"name":"at","type":{"type":"long","logicalType":"timestamp-millis"},"doc":"Event time of the number."}]}],"doc":"Of the number that is known now; null without one, or on a profile of before this was told.","default":null},{"name":"emailFacts","type":["null",{"type":"record","name":"EmailFacts","namespace":"rekindle","doc":"What rules say of an e-mail address.","fields":[{"name":"address","type":"string","doc":"The address it is about."},{"name":"valid","type":"boolean","doc":"Whether the syntax is one that mail servers take."},{"name":"kind","type":"string","doc":"free | disposable | reserved (names that no mail goes to) | own_domain | unknown (not valid)"},{"name":"role","type":"boolean","doc":"Whether it is of a role and not of a person, such as info or sales."},{"name":"suggestion","type":["null","string"],"doc":"Address that was perhaps meant where the domain looks misspelt; never used by itself.","default":null},{"name":"identity","type":["null","string"],"doc":"The address in the form by which duplicates are found: lower case, without what follows a plus; null when not valid.","default":null},{"name":"source","type":"string","doc":"Rules and data it is from: rules"},{"name":"at","type":{"type":"long","logicalType":"timestamp-millis"},"doc":"Event time of the address."}]}],"doc":"Of the address that is known now; null without one, or on a profile of before this was told.","default":null},{"name":"priority","type":["null",{"type":"record","name":"Priority","namespace":"rekindle","doc":"How soon a lead is to be contacted, and why: docs/scoring.md. For people and for the order of work; nothing that votes or decides reads it.","fields":[{"name":"at","type":{"type":"long","logicalType":"timestamp-millis"},"doc":"The moment it is of: the latest event or timer."},{"name":"tier","type":"string","doc":"URGENT (85 and more) | HOT (70) | WARM (50) | COLD | unknown (nothing is known to weigh)"},{"name":"score","type":"int","doc":"Sum of the points of its factors, 0 to 100; what is unknown adds nothing."},{"name":"dueAt","type":["null",{"type":"long","logicalType":"timestamp-millis"}],"doc":"When the lead is to be contacted at the latest; null when nobody has to.","default":null},{"name":"factors","type":{"type":"array","items":"rekindle.ScoreFactor"},"doc":"Most points first; what comes to less than a point is left out."},{"name":"unknown","type":{"type":"array","items":"string"},"doc":"What is not known of the lead: budget | timeline | intent | fit | source."}]}],"doc":"Set with every event; null on a profile that was written before there were tiers.","default":null},{"name":"routedTo","type":["null","string"],"doc":"The realtor whom our own assignment names: that the platform then tells of this owner is no news.","default":null},{"name":"countedFor","type":["null","string"],"doc":"The realtor in whose load this lead was last told to count; null = in nobody's.","default":null},{"name":"repliesToJudge","type":{"type":"array","items":{"type":"record","name":"ReplyToJudge","namespace":"rekindle","doc":"A message from the lead of which it is not settled yet whether it is a reply.","fields":[{"name":"eventId","type":"string","doc":"Event that told of it."},{"name":"channel","type":"string","doc":"Channel it came on."},{"name":"at","type":{"type":"long","logicalType":"timestamp-millis"},"doc":"When it was sent."},{"name":"notedAt","type":{"type":"long","logicalType":"timestamp-millis"},"doc":"When it was noted; ten minutes later it is judged."}]}},"doc":"Messages from the lead that may be told as replies, earliest first, at most 20; for who keeps the profile. A profile is not told anew when they are judged.","default":[]},{"name":"firstOrigin","type":["null",{"type":"record","name":"Origin","namespace":"rekindle","doc":"By which visit a person came to the team, as the platform recorded it. No address of a machine, no parameters of a page.","fields":[{"name":"sessionSource","type":["null","string"],"doc":"The platform's own word for the kind of visit, such as Paid Search or CRM UI.","default":null},{"name":"source","type":["null","string"],"doc":"utm_source.","default":null},{"name":"medium","type":["null","string"],"doc":"utm_medium, or the platform's medium (form, calendar, manual).","default":null},{"name":"campaign","type":["null","string"],"doc":"utm_campaign, or the campaign's name.","default":null},{"name":"content","type":["null","string"],"doc":"utm_content.","default":null},{"name":"term","type":["null","string"],"doc":"utm_term or keyword.","default":null},{"name":"referrer","type":["null","string"],"doc":"Host that the visit came from.","default":null},{"name":"page","type":["null","string"],"doc":"Host and path of the page, without parameters.","default":null},{"name":"click","type":["null","string"],"doc":"google | facebook | microsoft: whose advertisement was clicked, told by its click id; the id is not kept.","default":null}]}],"doc":"By which visit the lead first came.","default":null},{"name":"lastOrigin","type":["null","Origin"],"doc":"Its latest visit.","default":null},{"name":"serviceScores","type":["null",{"type":"record","name":"ServiceScores","namespace":"rekindle","doc":"Scores beside the composite that need no model: docs/scoring.md. For people; nothing that votes or decides reads them.","fields":[{"name":"at","type":{"type":"long","logicalType":"timestamp-millis"},"doc":"The moment they are of: the latest event or timer."},{"name":"questions","type":{"type":"record","name":"QuestionScore","namespace":"rekindle","doc":"Which of the seven questions are answered, in fields or messages.","fields":[{"name":"score","type":"int","doc":"Points of the factors, 0 to 100: 15, 30, 50, 65, 75, 85 and 100 for one to seven answers."},{"name":"answered","type":"int","doc":"Questions that are answered, 0 to 7; the factor names them."},{"name":"reach","type":"string","doc":"much (3 answers and more) | some (2) | little"},{"name":"ready","type":"boolean","doc":"70 and more: a person could take over and a meeting be offered. A fact; nothing acts on it."},{"name":"factors","type":{"type":"array","items":"rekindle.ScoreFactor"},"doc":"None or one: what is answered."}]},"doc":"Question score."},{"name":"golden","type":{"type":"record","name":"GoldenLead","namespace":"rekindle","doc":"How much of a golden lead it is by what is known of it.","fields":[{"name":"score","type":"int","doc":"Points of the factors, 0 to 100; what is unknown adds nothing."},{"name":"tier","type":"string","doc":"platinum (95 and more) | gold (85) | silver (70) | none"},{"name":"factors","type":{"type":"array","items":"rekindle.ScoreFactor"},"doc":"Most points first; what comes to less than a point is left out."},{"name":"unknown","type":{"type":"array","items":"string"},"doc":"What is not known of the lead and could be: urgent_timeline | budget_clarity | financing | location_specificity | market_knowledge. Two more parts are known of no lead."}]},"doc":"Golden lead."},{"name":"lifecycle","type":{"type":"record","name":"Lifecycle","namespace":"rekindle","doc":"How far the lead has come.","fields":[{"name":"stage","type":"string","doc":"new | contacted | qualified | engaged | hot | appointment | converted | lost | dormant"},{"name":"because","type":"string","doc":"The reason, in words."}]},"doc":"Lifecycle."}]}],"doc":"Set with every event; null on a profile that was written before they were scored.","default":null},{"name":"provenance","type":{"type":"map","values":{"type":"record","name":"Provenance","namespace":"rekindle","doc":"From where something was last stated.","fields":[{"name":"source","type":"string","doc":"As of an event: ghl_webhook | ghl_workflow | reconcile | delivery | twilio | sendgrid | apollo"},{"name":"at","type":{"type":"long","logicalType":"timestamp-millis"},"doc":"Event time of the statement."}]}},"doc":"By group of fields: name | email | phone | place | timeZone | origin | owner | tags | customFields | doNotDisturb | opportunities | appointments | tasks | notes | conversations | emailStatus | voiceCall | lookUp | reported, consent.<channel> and consent.<channel>/<purpose>. Messages tell their sender themselves.","default":{}},{"name":"closures","type":{"type":"map","values":{"type":"record","name":"ChannelClosure","namespace":"rekindle","doc":"A channel that was found closed just before a message or call would have left.","fields":[{"name":"because","type":"string","doc":"address_revoked | address_<purpose>_revoked (somebody took permission back from this number or e-mail address) | provider_dnd (the platform has do not disturb set)"},{"name":"at","type":{"type":"long","logicalType":"timestamp-millis"},"doc":"When it was found."},{"name":"address","type":["null","string"],"doc":"Number or e-mail address that the profile had then.","default":null}]}},"doc":"By channel: what the profile itself does not say. Agents keep off such a channel for 7 days; the fence judges each message by itself.","default":{}}]})
/** State of stage journeys per lead. */
export const LeadTouches = schema<LeadTouches>({"type":"record","name":"LeadTouches","namespace":"rekindle","doc":"State of stage journeys per lead.","fields":[{"name":"touches","type":{"type":"array","items":{"type":"record","name":"KeptTouch","doc":"One touch by marketing.","fields":[{"name":"channel","type":"string","doc":"Channel."},{"name":"stage","type":"string","doc":"Stage."},{"name":"at","type":{"type":"long","logicalType":"timestamp-millis"},"doc":"When."},{"name":"source","type":"string","doc":"Source."},{"name":"campaign","type":["null","string"],"doc":"Campaign.","default":null},{"name":"basis","type":"string","doc":"Basis."}]}},"doc":"Oldest first; at most 20: the first of each channel and the latest others."},{"name":"touchCount","type":"int","doc":"Touches seen."},{"name":"statedSource","type":["null","string"],"doc":"Source that the contact stated last, by its usual name.","default":null},{"name":"engagedAt","type":["null",{"type":"long","logicalType":"timestamp-millis"}],"doc":"When the lead first wrote or called.","default":null},{"name":"nearAt","type":["null",{"type":"long","logicalType":"timestamp-millis"}],"doc":"When it first booked an appointment or had an opportunity.","default":null},{"name":"conversions","type":{"type":"array","items":{"type":"record","name":"ToldConversion","doc":"A conversion that was told.","fields":[{"name":"outcomeId","type":"string","doc":"Outcome."},{"name":"at","type":{"type":"long","logicalType":"timestamp-millis"},"doc":"When it happened."}]}},"doc":"Conversions told within 180 days; at most 32."},{"name":"conversionCount","type":"int","doc":"Conversions told."},{"name":"latestAt","type":{"type":"long","logicalType":"timestamp-millis"},"doc":"Latest timestamp seen."},{"name":"erasedAt","type":["null",{"type":"long","logicalType":"timestamp-millis"}],"doc":"When the lead was erased: nothing up to then is taken again.","default":null},{"name":"statedOrigins","type":{"type":"array","items":"string"},"doc":"Visits that the contact stated, first and latest, by channel and campaign, so that a repetition is no touch.","default":[]}]})
/** One observed fact about the market of a location, a competitor, or what is said in public. Never about a lead, and never about a place within the market. */
export const MarketFact = schema<MarketFact>({"type":"record","name":"MarketFact","namespace":"rekindle","doc":"One observed fact about the market of a location, a competitor, or what is said in public. Never about a lead, and never about a place within the market.","fields":[{"name":"factId","type":"string","doc":"Deterministic id of what the fact is about: kind, segment, competitor, source and period. The same fact told twice, and a correction of it, have one id."},{"name":"tenantId","type":"string","doc":"GHL location id."},{"name":"kind","type":"string","doc":"market | competitor | social. Other kinds may come: pass over those you do not know."},{"name":"propertyType","type":"string","doc":"Segment: single_family | condo | townhome | multi_family | land; empty = all types."},{"name":"priceBand","type":"string","doc":"Segment: 0-250k | 250-500k | 500-750k | 750k-1m | 1m-up, in the currency of the location; empty = all prices."},{"name":"competitor","type":["null","string"],"doc":"Name of the agency or portal it is about; null = the market, or of a social fact the location itself.","default":null},{"name":"periodFrom","type":{"type":"long","logicalType":"timestamp-millis"},"doc":"Start of the time the figures are of."},{"name":"periodTo","type":{"type":"long","logicalType":"timestamp-millis"},"doc":"End of that time, not included."},{"name":"source","type":"string","doc":"Feed that tells it: lower-case letters, digits and hyphens."},{"name":"observedAt","type":{"type":"long","logicalType":"timestamp-millis"},"doc":"When the feed stated it; of two statements with one id the later one counts."},{"name":"receivedAt","type":{"type":"long","logicalType":"timestamp-millis"},"doc":"When it was read from the feed."},{"name":"samples","type":"int","doc":"Sales, homes or posts the figures rest on; 0 = not told."},{"name":"figures","type":{"type":"map","values":"string"},"doc":"Exact decimals by name: median_price, inventory, days_on_market, new_listings, price_cuts, sold, market_share, mentions, sentiment, interest. Units stand in docs/market.md; pass over names you do not know."}]})
/** What is known of the market of a location: 30 days of figures by week, and what was last said about them. */
export const MarketState = schema<MarketState>({"type":"record","name":"MarketState","namespace":"rekindle","doc":"What is known of the market of a location: 30 days of figures by week, and what was last said about them.","fields":[{"name":"series","type":{"type":"array","items":{"type":"record","name":"MarketSeries","namespace":"rekindle","doc":"What one feed tells about one subject.","fields":[{"name":"kind","type":"string","doc":"market | competitor | social"},{"name":"propertyType","type":"string","doc":"Segment; empty = all types."},{"name":"priceBand","type":"string","doc":"Segment; empty = all prices."},{"name":"competitor","type":"string","doc":"Competitor; empty = none."},{"name":"source","type":"string","doc":"Feed."},{"name":"windows","type":{"type":"array","items":{"type":"record","name":"MarketWindow","namespace":"rekindle","doc":"A week of a series.","fields":[{"name":"startsAt","type":{"type":"long","logicalType":"timestamp-millis"},"doc":"Monday 00:00 UTC."},{"name":"readings","type":{"type":"array","items":{"type":"record","name":"MarketReading","namespace":"rekindle","doc":"The statement of one figure that counts within a window.","fields":[{"name":"figure","type":"string","doc":"Name of the figure."},{"name":"value","type":"string","doc":"Exact decimal."},{"name":"periodFrom","type":{"type":"long","logicalType":"timestamp-millis"},"doc":"Start of the time it is of."},{"name":"periodTo","type":{"type":"long","logicalType":"timestamp-millis"},"doc":"End of that time."},{"name":"observedAt","type":{"type":"long","logicalType":"timestamp-millis"},"doc":"When the feed stated it."},{"name":"samples","type":"int","doc":"What it rests on; 0 = not told."}]}},"doc":"At most one per figure, by name."}]}},"doc":"Oldest first; at most 6."}]}},"doc":"In order of kind, segment, competitor and source."},{"name":"told","type":{"type":"array","items":{"type":"record","name":"ToldInsight","namespace":"rekindle","doc":"The last statement of an agent.","fields":[{"name":"agentId","type":"string","doc":"Agent."},{"name":"digest","type":"string","doc":"SHA-256 of its findings, hex, cut to 32 digits."},{"name":"validUntil","type":{"type":"long","logicalType":"timestamp-millis"},"doc":"Until when it holds."}]}},"doc":"In order of the agents."}]})
/** What was spent on a channel and campaign on a day. The latest statement on the same three counts; 0 takes one back. */
export const MarketingSpend = schema<MarketingSpend>({"type":"record","name":"MarketingSpend","namespace":"rekindle","doc":"What was spent on a channel and campaign on a day. The latest statement on the same three counts; 0 takes one back.","fields":[{"name":"tenantId","type":"string","doc":"GHL location id."},{"name":"channel","type":"string","doc":"organic_search | paid_search | social_media | email_marketing | direct_traffic | referral | display_ads | video_ads | content_marketing | events | print_media | radio | television | outdoor"},{"name":"campaign","type":"string","doc":"Campaign; empty = the channel as a whole."},{"name":"day","type":"string","doc":"Day of the spend in the time zone of the location, YYYY-MM-DD."},{"name":"amount","type":"string","doc":"Exact decimal, not negative, at most two places."},{"name":"currency","type":"string","doc":"ISO 4217 code, e.g. USD."},{"name":"statedAt","type":{"type":"long","logicalType":"timestamp-millis"},"doc":"When it was stated."}]})
/** Consensus state per lead. */
export const OpenQuestions = schema<OpenQuestions>({"type":"record","name":"OpenQuestions","namespace":"rekindle","doc":"Consensus state per lead.","fields":[{"name":"epoch","type":"int","doc":"Latest epoch seen."},{"name":"open","type":{"type":"array","items":{"type":"record","name":"OpenQuestion","namespace":"rekindle","doc":"An assessment that waits for votes.","fields":[{"name":"assessment","type":{"type":"record","name":"Assessment","namespace":"rekindle","doc":"A question put to the agents about one lead at one moment.","fields":[{"name":"assessmentId","type":"string","doc":"Deterministic id."},{"name":"tenantId","type":"string","doc":"GHL location id."},{"name":"contactId","type":"string","doc":"GHL contact id."},{"name":"reason","type":"string","doc":"new_lead | inbound_message | silence_24h | silence_48h | silence_72h | level_changed | workflow_reported | appointment_missed | opt_out_unclear | handed_back | channel_closed | a behavioural rule of docs/triggers.md"},{"name":"epoch","type":"int","doc":"Epoch of the lead."},{"name":"stage","type":"string","doc":"Coarse lead stage for base rates: new | engaged | silent | booked"},{"name":"decisionTypes","type":{"type":"array","items":"string"},"doc":"Open decision types: follow_up, escalation, content, routing."},{"name":"askedAt","type":{"type":"long","logicalType":"timestamp-millis"},"doc":"When it was asked."},{"name":"deadlineAt","type":{"type":"long","logicalType":"timestamp-millis"},"doc":"Votes after this are late."},{"name":"viewHash","type":"string","doc":"SHA-256 of the encoded view, hex."},{"name":"view","type":{"type":"record","name":"LeadView","namespace":"rekindle","doc":"The frozen view of a lead that agents see. No name, address, e-mail or phone.","fields":[{"name":"profileVersion","type":"int","doc":"Version of the profile."},{"name":"status","type":"string","doc":"Status."},{"name":"score","type":"int","doc":"0 to 100."},{"name":"level","type":"string","doc":"COLD | WARM | HOT | URGENT"},{"name":"source","type":["null","string"],"doc":"Source.","default":null},{"name":"hasPhone","type":"boolean","doc":"A phone number is known."},{"name":"hasEmail","type":"boolean","doc":"An e-mail address is known."},{"name":"hasOwner","type":"boolean","doc":"A realtor owns the lead."},{"name":"timeZones","type":{"type":"array","items":"string"},"doc":"All IANA zones that may apply."},{"name":"states","type":{"type":"array","items":"string"},"doc":"All states that may apply, e.g. US-TX; empty = unknown."},{"name":"tags","type":{"type":"array","items":"string"},"doc":"Tags."},{"name":"facts","type":{"type":"map","values":"string"},"doc":"Named custom fields: job_title, education, budget, timeline, pre_approved, visits ..."},{"name":"blockedChannels","type":{"type":"map","values":"string"},"doc":"Channel to the reason why it may not be used for what would be said now (dnd, revoked, marketing_revoked, inquiry_revoked, transactional_revoked, no_address, no_consent, marketing_not_covered, address_revoked, address_<purpose>_revoked, provider_dnd)."},{"name":"humanOwnedUntil","type":["null",{"type":"long","logicalType":"timestamp-millis"}],"doc":"Set while a human owns the conversation.","default":null},{"name":"humanOwned","type":"boolean","doc":"A human owns the conversation."},{"name":"counters","type":{"type":"record","name":"Counters","namespace":"rekindle","doc":"Counts since the lead is known.","fields":[{"name":"inbound","type":"int","doc":"Messages and calls from the lead.","default":0},{"name":"outbound","type":"int","doc":"Messages and calls to the lead, by anybody.","default":0},{"name":"outboundOwn","type":"int","doc":"Of these, by Rekindle.","default":0},{"name":"outboundHuman","type":"int","doc":"Of these, by humans.","default":0},{"name":"attemptsSinceReply","type":"int","doc":"Outbound since the last inbound.","default":0},{"name":"inboundByChannel","type":{"type":"map","values":"int"},"doc":"Inbound by channel.","default":{}},{"name":"outboundByChannel","type":{"type":"map","values":"int"},"doc":"Outbound by channel.","default":{}},{"name":"appointments","type":"int","doc":"Appointments booked.","default":0},{"name":"events","type":"int","doc":"Lead events applied.","default":0},{"name":"staleEvents","type":"int","doc":"Events that arrived too late to change anything.","default":0}]},"doc":"Counts."},{"name":"replyHours","type":{"type":"array","items":"double"},"doc":"Hours of the last replies."},{"name":"recentMessages","type":{"type":"array","items":{"type":"record","name":"RecentMessage","namespace":"rekindle","doc":"A message kept in the profile for agents and the duplicate gate.","fields":[{"name":"messageId","type":["null","string"],"doc":"GHL message id.","default":null},{"name":"at","type":{"type":"long","logicalType":"timestamp-millis"},"doc":"Event time."},{"name":"channel","type":"string","doc":"Channel."},{"name":"direction","type":"string","doc":"inbound | outbound"},{"name":"sender","type":"string","doc":"lead | human | workflow | campaign | bulk | api (another program) | rekindle | unknown"},{"name":"text","type":"string","doc":"First 500 characters; of a longer one of the lead its beginning and what is heard behind it, 500 in all."}]}},"doc":"The last messages, at most 5, texts cut to 280 characters."},{"name":"outboundLast24h","type":"int","doc":"Outbound by anybody within 24 h."},{"name":"outboundLast14d","type":"int","doc":"Outbound by anybody within 14 days."},{"name":"opportunityStatus","type":["null","string"],"doc":"open | won | lost | abandoned","default":null},{"name":"opportunityValue","type":["null","string"],"doc":"Exact decimal.","default":null},{"name":"appointmentAt","type":["null",{"type":"long","logicalType":"timestamp-millis"}],"doc":"Next appointment.","default":null},{"name":"appointmentStatus","type":["null","string"],"doc":"Its status.","default":null},{"name":"createdAt","type":["null",{"type":"long","logicalType":"timestamp-millis"}],"doc":"Creation.","default":null},{"name":"lastInboundAt","type":["null",{"type":"long","logicalType":"timestamp-millis"}],"doc":"Latest message from the lead.","default":null},{"name":"lastOutboundAt","type":["null",{"type":"long","logicalType":"timestamp-millis"}],"doc":"Latest message to the lead.","default":null},{"name":"lastOwnAt","type":["null",{"type":"long","logicalType":"timestamp-millis"}],"doc":"Latest message by Rekindle.","default":null},{"name":"signals","type":{"type":"array","items":{"type":"record","name":"SeenSignal","namespace":"rekindle","doc":"What a lead did within ten minutes, of one kind and about one thing.","fields":[{"name":"signal","type":"string","doc":"A signal of docs/triggers.md: email_open | property_view | calculator_usage ..."},{"name":"at","type":{"type":"long","logicalType":"timestamp-millis"},"doc":"The latest time."},{"name":"count","type":"int","doc":"How often."},{"name":"subject","type":"int","doc":"What it was about, as a number within this view: equal numbers are one property, form or e-mail; 0 = not told.","default":0}]}},"doc":"What the lead did within 7 days, oldest first: the latest 20 entries at most.","default":[]},{"name":"shortlist","type":{"type":"array","items":{"type":"record","name":"ShortlistedRealtor","doc":"A realtor who may be given the lead: facts about work, none about the person.","fields":[{"name":"realtorId","type":"string","doc":"GHL user id."},{"name":"specialties","type":{"type":"array","items":"string"},"doc":"Of docs/routing.md: first_time_buyers | luxury_properties | commercial_real_estate | investment_properties | relocation_services | distressed_sales | new_construction | senior_housing"},{"name":"seniority","type":["null","string"],"doc":"junior | mid | senior; null = nobody has said.","default":null},{"name":"availability","type":"string","doc":"available | busy"},{"name":"load","type":"int","doc":"Open leads that are theirs."},{"name":"capacity","type":"int","doc":"Open leads they take at most."},{"name":"answerMinutes","type":["null","int"],"doc":"Median minutes to their answer to a lead's message; null = too few answers.","default":null},{"name":"answers","type":"int","doc":"Answers the median rests on."},{"name":"won","type":"int","doc":"Their leads that became clients within a year."},{"name":"lost","type":"int","doc":"Their leads that were lost within a year."},{"name":"speaks","type":["null","boolean"],"doc":"Whether they speak the language the lead writes in; null = it writes in that of the location, or nobody knows.","default":null}]}},"doc":"Realtors who may be given the lead, the best by the rules of docs/routing.md first, three at most; empty where nobody is asked for.","default":[]},{"name":"mayBeOptOut","type":"boolean","doc":"What the lead said may be an opt-out, and no person leads the conversation: one has to look.","default":false}]},"doc":"The frozen view."}]},"doc":"The question."},{"name":"votes","type":{"type":"array","items":{"type":"record","name":"Vote","namespace":"rekindle","doc":"One agent's answer to one decision type.","fields":[{"name":"agentId","type":"string","doc":"Agent."},{"name":"agentVersion","type":"int","doc":"Version of the agent."},{"name":"family","type":"string","doc":"Agents that share evidence or a model; empty of one that cast no vote."},{"name":"kind","type":"string","doc":"vote | abstain | error"},{"name":"decisionType","type":"string","doc":"Decision type."},{"name":"option","type":["null","string"],"doc":"Option voted for.","default":null},{"name":"bin","type":["null","int"],"doc":"Confidence bin 1 to 5.","default":null},{"name":"reasonCode","type":"string","doc":"Reason from a bounded vocabulary."},{"name":"reasonText","type":["null","string"],"doc":"One sentence.","default":null},{"name":"evidence","type":{"type":"array","items":{"type":"record","name":"Evidence","namespace":"rekindle","doc":"What a vote rests on.","fields":[{"name":"field","type":"string","doc":"Field of the view."},{"name":"value","type":"string","doc":"Its value as text, at most 80 characters."}]}},"doc":"Evidence."},{"name":"params","type":{"type":"map","values":"string"},"doc":"Parameters of the option, e.g. delayMinutes."}]}},"doc":"Votes so far, one per agent and type."},{"name":"ballotIds","type":{"type":"array","items":"string"},"doc":"Ballots counted."},{"name":"staleBallots","type":"int","doc":"Ballots refused because they were cast on another epoch.","default":0}]}},"doc":"Questions not yet decided."},{"name":"early","type":{"type":"array","items":{"type":"record","name":"EarlyBallot","namespace":"rekindle","doc":"A ballot that came before its assessment: the two travel on different topics.","fields":[{"name":"ballotId","type":"string","doc":"Ballot."},{"name":"assessmentId","type":"string","doc":"Assessment it waits for."},{"name":"epoch","type":"int","doc":"Epoch it was cast on."},{"name":"arrivedAt","type":{"type":"long","logicalType":"timestamp-millis"},"doc":"When it came."},{"name":"votes","type":{"type":"array","items":"rekindle.Vote"},"doc":"Its votes."}]}},"doc":"Ballots waiting for their assessment, at most 8.","default":[]},{"name":"decided","type":{"type":"array","items":"string"},"doc":"The last 16 assessments that are fully decided: later votes on them are late.","default":[]},{"name":"degraded","type":{"type":"array","items":"string"},"doc":"Decision types for which too few voices were heard the last time.","default":[]}]})
/** What came of a decision: what a lead did afterwards, and what a person says would have been right, which is what policies learn from. */
export const OutcomeObserved = schema<OutcomeObserved>({"type":"record","name":"OutcomeObserved","namespace":"rekindle","doc":"What came of a decision: what a lead did afterwards, and what a person says would have been right, which is what policies learn from.","fields":[{"name":"outcomeId","type":"string","doc":"Deterministic id: the same observation told twice has one id. A person who labels a decision again replaces the earlier label."},{"name":"tenantId","type":"string","doc":"GHL location id."},{"name":"contactId","type":"string","doc":"GHL contact id."},{"name":"kind","type":"string","doc":"audit_label | reply | appointment | conversion | opt_out | complaint | negative_reply. Other kinds may come: pass over those you do not know."},{"name":"at","type":{"type":"long","logicalType":"timestamp-millis"},"doc":"When it happened; of a label, when it was given."},{"name":"source","type":"string","doc":"Who observed it: api for labels, enrich for what the lead did."},{"name":"sourceId","type":"string","doc":"Event or request that told of it."},{"name":"label","type":["null",{"type":"record","name":"AuditLabel","doc":"A person's verdict on one decision.","fields":[{"name":"decisionId","type":"string","doc":"The decision judged."},{"name":"decisionType","type":"string","doc":"Its type."},{"name":"option","type":"string","doc":"The option that would have been right."},{"name":"labeller","type":"string","doc":"Who judged, as they call themselves."},{"name":"selection","type":"string","doc":"How the decision came to be judged: random | escalated | override"},{"name":"inclusion","type":"double","doc":"Probability that it would be judged: of random ones the audit share, of escalated ones 1, of overrides 0, which is unknown and weighs nothing."},{"name":"note","type":["null","string"],"doc":"Why, in the words of the labeller.","default":null},{"name":"carryOut","type":["null","boolean"],"doc":"true: the person was asked what is to be done, and this is the answer, to be carried out while the question is open; null = a verdict and no more.","default":null}]}],"doc":"Present for audit_label alone.","default":null},{"name":"channel","type":["null","string"],"doc":"Of a reply, an opt-out, a complaint and a negative reply: the channel it came on.","default":null},{"name":"value","type":["null","string"],"doc":"Of a conversion: what the opportunity is worth as an exact decimal in the currency of the location; null = not told.","default":null}]})
/** The immutable, content-hashed artefact a decision is made with. */
export const Policy = schema<Policy>({"type":"record","name":"Policy","namespace":"rekindle","doc":"The immutable, content-hashed artefact a decision is made with.","fields":[{"name":"tenantId","type":"string","doc":"Tenant, * = all."},{"name":"decisionType","type":"string","doc":"Decision type."},{"name":"policyHash","type":"string","doc":"SHA-256 of the canonical JSON of everything but this field and createdAt, hex."},{"name":"label","type":"string","doc":"Human name, e.g. shipped prior 2026-11."},{"name":"createdAt","type":{"type":"long","logicalType":"timestamp-millis"},"doc":"When it was made."},{"name":"options","type":{"type":"array","items":{"type":"record","name":"PolicyOption","namespace":"rekindle","doc":"One option of a decision type.","fields":[{"name":"option","type":"string","doc":"Option."},{"name":"reversible","type":"boolean","doc":"It can be undone."},{"name":"safety","type":"int","doc":"Lower is safer; wait is 0."},{"name":"costMicros","type":"int","doc":"Cost of taking it, 1e-6 utility units (contact, opt-out risk, money, human time)."},{"name":"values","type":{"type":"map","values":"int"},"doc":"Utility by true option, 1e-6 units."}]}},"doc":"Options, wait first."},{"name":"baseRatesMicro","type":{"type":"map","values":{"type":"map","values":"int"}},"doc":"Stage to option to ln of the base rate, 1e-6 nats; stage * = parent."},{"name":"coldStrengthsMicro","type":{"type":"array","items":"int"},"doc":"Strength by bin 1 to 5 for unmeasured cells, 1e-6 nats."},{"name":"strengths","type":{"type":"array","items":{"type":"record","name":"PolicyStrength","namespace":"rekindle","doc":"Measured strength of a cell.","fields":[{"name":"agentId","type":"string","doc":"Agent."},{"name":"bin","type":"int","doc":"Bin, 0 = any."},{"name":"option","type":"string","doc":"Option, * = any."},{"name":"lambdaMicro","type":"int","doc":"Strength in 1e-6 nats."}]}},"doc":"Measured cells."},{"name":"families","type":{"type":"array","items":{"type":"record","name":"PolicyFamily","namespace":"rekindle","doc":"Agents that err together.","fields":[{"name":"family","type":"string","doc":"Family."},{"name":"rhoMicro","type":"int","doc":"Correlation, 1e-6."},{"name":"agents","type":{"type":"array","items":"string"},"doc":"Members of the roster in this family; agents outside the roster state their own family.","default":[]}]}},"doc":"Families."},{"name":"roster","type":{"type":"array","items":"string"},"doc":"Agents expected to answer."},{"name":"tauMicro","type":"int","doc":"Temperature, 1e-6."},{"name":"marginMicro","type":"int","doc":"Early-stop margin, 1e-6 nats."},{"name":"quorumMilli","type":"int","doc":"Effective voters needed, 1e-3."},{"name":"requiredFamilies","type":{"type":"array","items":"string"},"doc":"Families that must be present."},{"name":"fallback","type":"string","doc":"Option when quorum fails."},{"name":"pAuditMicro","type":"int","doc":"Share audited at random, 1e-6."},{"name":"deadlineMs","type":"int","doc":"Time for votes, ms."},{"name":"conformalMicro","type":["null","int"],"doc":"An option cannot be ruled out while 1 - P is at most this, 1e-6: measured on random audits, so that the right option is among those left as often as stated; null = not enough audits.","default":null}]})
/** A user of a GHL location: a person who serves leads. The latest statement of each field counts; what is from before a deletion counts no more. */
export const Realtor = schema<Realtor>({"type":"record","name":"Realtor","namespace":"rekindle","doc":"A user of a GHL location: a person who serves leads. The latest statement of each field counts; what is from before a deletion counts no more.","fields":[{"name":"tenantId","type":"string","doc":"GHL location id."},{"name":"realtorId","type":"string","doc":"GHL user id; leads name it as their owner."},{"name":"name","type":["null","string"],"doc":"First and last name.","default":null},{"name":"email","type":["null","string"],"doc":"E-mail.","default":null},{"name":"phone","type":["null","string"],"doc":"E.164 when it can be parsed, else as told.","default":null},{"name":"role","type":["null","string"],"doc":"user | admin","default":null},{"name":"active","type":"boolean","doc":"Told of since the last deletion; false = deleted, and nothing personal is kept."},{"name":"deletedAt","type":["null",{"type":"long","logicalType":"timestamp-millis"}],"doc":"When the user was last told to be deleted.","default":null},{"name":"updatedAt","type":{"type":"long","logicalType":"timestamp-millis"},"doc":"When the row was written."},{"name":"fieldTimes","type":{"type":"map","values":"long"},"doc":"Field to event time (ms) of its statement; `told` of any statement.","default":{}}]})
/** What happened to one lead of a realtor, without the lead: what load, speed and success are counted from. */
export const RealtorActivity = schema<RealtorActivity>({"type":"record","name":"RealtorActivity","namespace":"rekindle","doc":"What happened to one lead of a realtor, without the lead: what load, speed and success are counted from.","fields":[{"name":"activityId","type":"string","doc":"Deterministic id."},{"name":"tenantId","type":"string","doc":"GHL location id."},{"name":"realtorId","type":"string","doc":"GHL user id."},{"name":"kind","type":"string","doc":"taken (an open lead counts for them) | released (it does no more) | answered | won | lost"},{"name":"at","type":{"type":"long","logicalType":"timestamp-millis"},"doc":"When it happened."},{"name":"answerMinutes","type":["null","int"],"doc":"Of an answer: whole minutes since the first message it answers.","default":null}]})
/** Results stage state per lead: decisions whose outcome is waited for. */
export const ResultsState = schema<ResultsState>({"type":"record","name":"ResultsState","namespace":"rekindle","doc":"Results stage state per lead: decisions whose outcome is waited for.","fields":[{"name":"waits","type":{"type":"array","items":{"type":"record","name":"OutcomeWait","namespace":"rekindle","doc":"A decision whose outcome is waited for.","fields":[{"name":"decisionId","type":"string","doc":"Decision."},{"name":"option","type":"string","doc":"Chosen option."},{"name":"policyHash","type":"string","doc":"Policy."},{"name":"decidedAt","type":{"type":"long","logicalType":"timestamp-millis"},"doc":"When it was decided."},{"name":"startedAt","type":["null",{"type":"long","logicalType":"timestamp-millis"}],"doc":"When its message was confirmed; of waiting, when it was decided; null = not confirmed yet.","default":null},{"name":"votedFor","type":{"type":"array","items":"string"},"doc":"Agents that voted for the option."},{"name":"votedAgainst","type":{"type":"array","items":"string"},"doc":"Agents that voted for another one."},{"name":"abstained","type":{"type":"array","items":"string"},"doc":"Agents without an opinion."},{"name":"failed","type":{"type":"array","items":"string"},"doc":"Agents that threw or did not answer in time."},{"name":"assessmentId","type":"string","doc":"Assessment it answers.","default":""},{"name":"byPerson","type":"boolean","doc":"A person who was asked chose what was done: it is no result of the decision.","default":false},{"name":"notTaken","type":"boolean","doc":"The provider did not take its message; `startedAt` is when that was known.","default":false},{"name":"hour","type":["null",{"type":"record","name":"HourOfMessage","namespace":"rekindle","doc":"The hour that was taken for a message.","fields":[{"name":"option","type":"string","doc":"As h09 or w09."},{"name":"zone","type":"string","doc":"IANA zone whose hours are meant."},{"name":"trial","type":"string","doc":"The trial whose lot was drawn."},{"name":"drawn","type":"boolean","doc":"The lot decided."},{"name":"propensityMicro","type":"int","doc":"Probability of the hour, 1e-6."}]}],"doc":"Null = no lot was drawn on its hour.","default":null}]}},"doc":"Earliest decision first, at most 16."},{"name":"seen","type":{"type":"array","items":{"type":"record","name":"SeenOutcome","namespace":"rekindle","doc":"Something the lead did.","fields":[{"name":"kind","type":"string","doc":"reply | appointment | opt_out | complaint | negative_reply"},{"name":"at","type":{"type":"long","logicalType":"timestamp-millis"},"doc":"When."}]}},"doc":"Earliest first, at most 48, for 11 days."},{"name":"closed","type":{"type":"array","items":"string"},"doc":"Decisions that have their result, latest last, at most 16."},{"name":"worded","type":{"type":"array","items":{"type":"record","name":"WordingOfMessage","namespace":"rekindle","doc":"A decision on how a message is worded.","fields":[{"name":"assessmentId","type":"string","doc":"Assessment it answers."},{"name":"chosen","type":"string","doc":"Chosen wording."},{"name":"decidedAt","type":{"type":"long","logicalType":"timestamp-millis"},"doc":"When it was decided."},{"name":"late","type":"boolean","doc":"It was closed at the deadline, when a message may have left without it."},{"name":"trial","type":["null","string"],"doc":"The trial whose lot was drawn.","default":null},{"name":"drawn","type":"boolean","doc":"The lot decided."},{"name":"propensityMicro","type":"int","doc":"Probability of what was chosen, 1e-6."}]}},"doc":"Latest last, at most 16.","default":[]},{"name":"sent","type":{"type":"array","items":{"type":"record","name":"PlannedText","namespace":"rekindle","doc":"The text that was planned for a decision.","fields":[{"name":"decisionId","type":"string","doc":"Decision."},{"name":"templateId","type":"string","doc":"Template of the text."},{"name":"plannedAt","type":{"type":"long","logicalType":"timestamp-millis"},"doc":"When it was planned."}]}},"doc":"Latest last, at most 16.","default":[]},{"name":"tried","type":{"type":"array","items":{"type":"record","name":"TriedOnLead","namespace":"rekindle","doc":"A wording that a lot chose for a message to this lead.","fields":[{"name":"trial","type":"string","doc":"Trial."},{"name":"option","type":"string","doc":"Wording."},{"name":"lastDay","type":"int","doc":"Day (UTC, days since 1970-01-01) of its last result."},{"name":"hits","type":{"type":"array","items":{"type":"record","name":"GuardrailDay","namespace":"rekindle","doc":"Something that a trial watches.","fields":[{"name":"kind","type":"string","doc":"opt_out | complaint | negative_reply | provider_error"},{"name":"lastDay","type":"int","doc":"Day of the last one."}]}},"doc":"Sorted by kind."}]}},"doc":"Latest last, at most 8.","default":[]},{"name":"messages","type":{"type":"array","items":{"type":"record","name":"MessageOfDecision","namespace":"rekindle","doc":"What was told of the message of a decision, which may not have been read yet.","fields":[{"name":"decisionId","type":"string","doc":"Decision."},{"name":"at","type":{"type":"long","logicalType":"timestamp-millis"},"doc":"When its message was confirmed, was not taken or ended; of planned, when it was planned."},{"name":"status","type":"string","doc":"planned | confirmed | failed | ended"},{"name":"byPerson","type":"boolean","doc":"A person who was asked chose it."}]}},"doc":"Latest last, at most 16, for 11 days.","default":[]}]})
/** What another policy would have decided on the votes of a decision. It has no effect. */
export const ShadowDecision = schema<ShadowDecision>({"type":"record","name":"ShadowDecision","namespace":"rekindle","doc":"What another policy would have decided on the votes of a decision. It has no effect.","fields":[{"name":"decisionId","type":"string","doc":"The decision beside which it stands."},{"name":"tenantId","type":"string","doc":"GHL location id."},{"name":"contactId","type":"string","doc":"GHL contact id."},{"name":"type","type":"string","doc":"Decision type."},{"name":"policyHash","type":"string","doc":"Policy that is tried."},{"name":"chosen","type":"string","doc":"What it would have chosen."},{"name":"degraded","type":"boolean","doc":"It would have had too few voices and taken its fallback."},{"name":"probabilities","type":{"type":"map","values":"double"},"doc":"Its probability of each option that was allowed."},{"name":"usualPolicyHash","type":"string","doc":"Policy in force."},{"name":"usual","type":"string","doc":"What the policy in force chose; of a draw by lot what it would have chosen without."},{"name":"decidedAt","type":{"type":"long","logicalType":"timestamp-millis"},"doc":"When the decision was made."}]})
/** What is measured of the work of the realtors of a location: the latest statement counts. */
export const StaffFigures = schema<StaffFigures>({"type":"record","name":"StaffFigures","namespace":"rekindle","doc":"What is measured of the work of the realtors of a location: the latest statement counts.","fields":[{"name":"tenantId","type":"string","doc":"GHL location id."},{"name":"at","type":{"type":"long","logicalType":"timestamp-millis"},"doc":"When it was counted."},{"name":"realtors","type":{"type":"array","items":{"type":"record","name":"RealtorFigures","doc":"Of one realtor.","fields":[{"name":"realtorId","type":"string","doc":"GHL user id."},{"name":"openLeads","type":"int","doc":"Open leads that are theirs."},{"name":"answerMinutes","type":["null","int"],"doc":"Median minutes of their latest answers; null = fewer than five.","default":null},{"name":"answers","type":"int","doc":"Answers the median rests on, the latest 20 at most."},{"name":"won","type":"int","doc":"Their leads that became clients within a year."},{"name":"lost","type":"int","doc":"Their leads that were lost within a year."}]}},"doc":"By user id."}]})
/** What an office says of the work of its realtors, for who is given which lead. Nothing here says who they are. */
export const StaffSettings = schema<StaffSettings>({"type":"record","name":"StaffSettings","namespace":"rekindle","doc":"What an office says of the work of its realtors, for who is given which lead. Nothing here says who they are.","fields":[{"name":"tenantId","type":"string","doc":"GHL location id."},{"name":"updatedAt","type":{"type":"long","logicalType":"timestamp-millis"},"doc":"When something was last said."},{"name":"realtors","type":{"type":"array","items":{"type":"record","name":"RealtorSettings","doc":"Of one realtor who takes leads.","fields":[{"name":"realtorId","type":"string","doc":"GHL user id."},{"name":"specialties","type":{"type":"array","items":"string"},"doc":"Of docs/routing.md, e.g. first_time_buyers."},{"name":"seniority","type":["null","string"],"doc":"junior | mid | senior","default":null},{"name":"languages","type":{"type":"array","items":"string"},"doc":"ISO 639-1 codes they serve leads in."},{"name":"availability","type":"string","doc":"available | busy | away | offline; the last two are given no leads."},{"name":"capacity","type":"int","doc":"Open leads they take at most, 1 to 1000."}]}},"doc":"Those who take leads; who is not named is given none."}]})
/** What the staff stage counts of a location. */
export const StaffState = schema<StaffState>({"type":"record","name":"StaffState","namespace":"rekindle","doc":"What the staff stage counts of a location.","fields":[{"name":"realtors","type":{"type":"map","values":{"type":"record","name":"RealtorTally","doc":"Of one realtor.","fields":[{"name":"openLeads","type":"int","doc":"Open leads that are theirs."},{"name":"answers","type":{"type":"array","items":"int"},"doc":"Minutes of the latest answers, newest last; 20 at most."},{"name":"months","type":{"type":"map","values":{"type":"record","name":"ClosedLeads","doc":"Of one month.","fields":[{"name":"won","type":"int","doc":"Became clients."},{"name":"lost","type":"int","doc":"Were lost."}]}},"doc":"Month (YYYY-MM, UTC) to what was closed in it; the latest 12."}]}},"doc":"By GHL user id; 500 at most."}]})
/** A GHL location and its settings. */
export const Tenant = schema<Tenant>({"type":"record","name":"Tenant","namespace":"rekindle","doc":"A GHL location and its settings.","fields":[{"name":"tenantId","type":"string","doc":"GHL location id, or `company:` and the id of an agency whose installation was told."},{"name":"name","type":"string","doc":"Name."},{"name":"status","type":"string","doc":"active | paused (webhooks are taken, nothing is sent) | uninstalled"},{"name":"appId","type":["null","string"],"doc":"Marketplace app it was installed by.","default":null},{"name":"country","type":"string","doc":"ISO 3166-1 alpha-2; ZZ until somebody has said it."},{"name":"timeZone","type":"string","doc":"IANA zone of the location; Etc/UTC until somebody has said it."},{"name":"senderName","type":"string","doc":"Who messages come from."},{"name":"postalAddress","type":"string","doc":"For the e-mail footer."},{"name":"automation","type":"boolean","doc":"false = kill switch: nothing is sent."},{"name":"maxPer24h","type":"int","doc":"Contact budget, any sender."},{"name":"maxPer14d","type":"int","doc":"Contact budget, any sender."},{"name":"humanQuietHours","type":"int","doc":"Hours after a human message during which the machine is silent."},{"name":"replyExemptMinutes","type":"int","doc":"Minutes after an inbound message in which a reply may leave outside the window."},{"name":"inquiryConsentDays","type":"int","doc":"Days an inquiry permits contact."},{"name":"customFieldNames","type":{"type":"map","values":"string"},"doc":"Custom field id to fact name."},{"name":"updatedAt","type":{"type":"long","logicalType":"timestamp-millis"},"doc":"When it was set."},{"name":"installation","type":["null",{"type":"record","name":"Installation","namespace":"rekindle","doc":"What the platform told of the location and of the app in it; the latest statement of each field counts.","fields":[{"name":"companyId","type":["null","string"],"doc":"GHL agency the location belongs to.","default":null},{"name":"companyName","type":["null","string"],"doc":"Name of the agency.","default":null},{"name":"name","type":["null","string"],"doc":"Name of the location.","default":null},{"name":"appId","type":["null","string"],"doc":"Marketplace app.","default":null},{"name":"versionId","type":["null","string"],"doc":"Version of the app.","default":null},{"name":"installed","type":["null","boolean"],"doc":"The app is installed; null = not told.","default":null},{"name":"removedAt","type":["null",{"type":"long","logicalType":"timestamp-millis"}],"doc":"When it was last told that the app was removed.","default":null},{"name":"paused","type":"boolean","doc":"An operator has paused the location: installing or updating the app does not resume it.","default":false},{"name":"fieldTimes","type":{"type":"map","values":"long"},"doc":"Field to event time (ms) of its statement.","default":{}}]}],"doc":"Set once the platform, or an operator after it, has told something.","default":null},{"name":"lookUps","type":["null",{"type":"record","name":"LookUpSettings","namespace":"rekindle","doc":"Permission to ask a third party about leads, which sends their personal data there and costs money.","fields":[{"name":"provider","type":"string","doc":"apollo"},{"name":"fields","type":{"type":"array","items":"string"},"doc":"What is asked for: firstName, lastName, companyName, jobTitle, industry, city, state, country."},{"name":"creditsPerDay","type":"string","doc":"Credits of the provider that may be spent in a UTC day, an exact decimal."}]}],"doc":"Null = nobody is asked, which is the default.","default":null},{"name":"routing","type":["null","string"],"doc":"off | suggest (decided and shown) | assign (decided and carried out); null = suggest.","default":null},{"name":"holdout","type":["null","boolean"],"doc":"true: one lead in twenty, chosen by a hash for life, is not followed up with, so that it can be told what follow-ups bring; null = false.","default":null},{"name":"trials","type":["null",{"type":"record","name":"TrialSettings","namespace":"rekindle","doc":"What a location wants of trials of wordings.","fields":[{"name":"enabled","type":"boolean","doc":"false = nothing is left to lot."},{"name":"reopened","type":{"type":"map","values":"long"},"doc":"Wording to when (ms) a person opened it again after it was stopped.","default":{}}]}],"doc":"null = trials are on, which is the default.","default":null},{"name":"undecided","type":["null","string"],"doc":"What is done about a message that the votes do not clearly call for: ask (a person is asked first) | act (it is sent); null = ask.","default":null},{"name":"officeHours","type":["null",{"type":"array","items":{"type":"record","name":"OfficeWindow","namespace":"rekindle","doc":"Hours of some days of the week in which somebody is there.","fields":[{"name":"days","type":{"type":"array","items":"int"},"doc":"1 = Monday to 7 = Sunday."},{"name":"from","type":"string","doc":"HH:MM in the zone of the location, included."},{"name":"to","type":"string","doc":"HH:MM, excluded; 24:00 = the end of the day."}]}}],"doc":"When the office is open: only these hours count for the time in which a question is answered. null = every hour counts.","default":null},{"name":"minuteWorthMicro","type":["null","int"],"doc":"What a minute of a person is worth, 1e-6 of utility: of two options that differ by less a person is asked. null = nobody is.","default":null},{"name":"trialHours","type":["null","boolean"],"doc":"true: the hour of follow-ups that we begin ourselves is left to lot, so that it shows when leads answer; only while trials are on; null = false.","default":null},{"name":"consent","type":["null",{"type":"record","name":"ConsentSettings","namespace":"rekindle","doc":"What a location wants of permissions.","fields":[{"name":"revocation","type":"string","doc":"What an opt-out closes that names what it is about: all (every channel and purpose, as any other opt-out) | purpose (what it names, on every channel)"},{"name":"marketingNeeds","type":"string","doc":"The least permission that marketing by text or call takes: inquiry | express | express_written"},{"name":"written","type":["null",{"type":"record","name":"WrittenPermission","namespace":"rekindle","doc":"A box on a form by which leads agree to marketing by text and call.","fields":[{"name":"fieldId","type":"string","doc":"Custom field that holds what was ticked."},{"name":"wording","type":"string","doc":"The words beside the box, as they are shown."}]}],"doc":"null = no field is read as a permission.","default":null}]}],"doc":"null = an opt-out closes everything, any permission covers every purpose, and no field is read as one.","default":null}]})
/** Trials stage state per location: what became of each wording and hour that was drawn by lot. */
export const TrialState = schema<TrialState>({"type":"record","name":"TrialState","namespace":"rekindle","doc":"Trials stage state per location: what became of each wording and hour that was drawn by lot.","fields":[{"name":"trial","type":"string","doc":"Which trial, as <name>-<number>."},{"name":"since","type":{"type":"long","logicalType":"timestamp-millis"},"doc":"When its first result was counted."},{"name":"week","type":"int","doc":"Weeks since 1970-01-01 up to which what is old was made lighter."},{"name":"arms","type":{"type":"array","items":{"type":"record","name":"TrialArm","namespace":"rekindle","doc":"One wording of a trial.","fields":[{"name":"option","type":"string","doc":"wait (the plain text) | soft_ask | inform"},{"name":"sent","type":"int","doc":"Results of messages that were worded so by lot."},{"name":"answered","type":"int","doc":"Of these, a reply or an appointment."},{"name":"sentMicro","type":"long","doc":"The same, what is a week older counting a hundredth less, 1e-6."},{"name":"answeredMicro","type":"long","doc":"Of these, answered, 1e-6."},{"name":"watched","type":"int","doc":"Leads that it was tried on since it was last opened, for the guardrails."},{"name":"optedOut","type":"int","doc":"Of these leads, those that took permission back."},{"name":"shareMicro","type":"int","doc":"Its share of the lot since the last review, 1e-6; 0 while it is stopped."},{"name":"stoppedAt","type":["null",{"type":"long","logicalType":"timestamp-millis"}],"doc":"When it was stopped; only a person opens it again.","default":null},{"name":"bestMicro","type":"int","doc":"Probability that it is answered most, at the last review, 1e-6."},{"name":"complained","type":"int","doc":"Of these leads, those that complained.","default":0},{"name":"negative","type":"int","doc":"Of these leads, those that answered in displeasure or without interest.","default":0},{"name":"failed","type":"int","doc":"Of these leads, those for whom the provider did not take a message.","default":0},{"name":"openedDay","type":["null","int"],"doc":"Day (UTC, days since 1970-01-01) on which a person opened it again; null = it never was.","default":null},{"name":"stoppedBy","type":["null","string"],"doc":"What it was stopped for: opt_out | complaint | negative_reply | provider_error; null = it is open, or was stopped before this was kept, for opt-outs.","default":null}]}},"doc":"In the order of the trial."},{"name":"winner","type":["null","string"],"doc":"The wording that won; null = the trial is running.","default":null},{"name":"published","type":["null",{"type":"record","name":"PublishedInsight","namespace":"rekindle","doc":"What was stated last.","fields":[{"name":"validUntil","type":{"type":"long","logicalType":"timestamp-millis"},"doc":"Until when it is valid."},{"name":"digest","type":"string","doc":"Hash of its findings."}]}],"doc":"What was stated last.","default":null},{"name":"hours","type":["null",{"type":"record","name":"HourTrial","namespace":"rekindle","doc":"The trial of hours of a location.","fields":[{"name":"trial","type":"string","doc":"Which trial, as <name>-<number>."},{"name":"since","type":{"type":"long","logicalType":"timestamp-millis"},"doc":"When its first result was counted."},{"name":"week","type":"int","doc":"Weeks since 1970-01-01 up to which what is old was made lighter."},{"name":"arms","type":{"type":"array","items":"TrialArm"},"doc":"The hours from Monday to Friday in their order, then the same hours of week-ends."},{"name":"published","type":["null","PublishedInsight"],"doc":"What was stated last.","default":null}]}],"doc":"Null = no message has a result whose hour was drawn.","default":null}]})
/** A rule about a lead's behaviour fired. */
export const TriggerFired = schema<TriggerFired>({"type":"record","name":"TriggerFired","namespace":"rekindle","doc":"A rule about a lead's behaviour fired.","fields":[{"name":"triggerId","type":"string","doc":"Deterministic id."},{"name":"tenantId","type":"string","doc":"GHL location id."},{"name":"contactId","type":"string","doc":"GHL contact id."},{"name":"trigger","type":"string","doc":"new_lead | inbound_message | silence_24h | silence_48h | silence_72h | level_changed | appointment_booked | workflow_reported | appointment_missed | opt_out_unclear (a call or a report may hold an opt-out) | handed_back (a tag has ended that a person leads) | channel_closed (what was planned found its channel closed) | a behavioural rule of docs/triggers.md"},{"name":"at","type":{"type":"long","logicalType":"timestamp-millis"},"doc":"When it fired."},{"name":"dueAt","type":{"type":"long","logicalType":"timestamp-millis"},"doc":"When it was due (timers), else the same."},{"name":"epoch","type":"int","doc":"Epoch of the lead."},{"name":"from","type":["null","string"],"doc":"For a level change: before.","default":null},{"name":"to","type":["null","string"],"doc":"For a level change: after.","default":null},{"name":"reason","type":"string","doc":"Why, in a sentence with values and times; empty in records before v2.","default":""},{"name":"severity","type":["null","string"],"doc":"CRITICAL | HIGH | MEDIUM, of a behavioural rule that has one.","default":null},{"name":"priority","type":["null","int"],"doc":"1 to 10, of a behavioural rule that has one.","default":null},{"name":"action","type":["null","string"],"doc":"What the rule suggests: send_message | notify_agent | start_workflow.","default":null},{"name":"evidence","type":{"type":"array","items":{"type":"record","name":"Observed","namespace":"rekindle","doc":"Something a lead did.","fields":[{"name":"at","type":{"type":"long","logicalType":"timestamp-millis"},"doc":"When."},{"name":"signal","type":"string","doc":"A signal of docs/triggers.md: email_open | sms_reply | property_view | calculator_usage ..."},{"name":"subject","type":["null","string"],"doc":"What it was about: property, form or e-mail.","default":null},{"name":"price","type":["null","double"],"doc":"Price that was seen, in the tenant's currency.","default":null}]}},"doc":"What it rests on, oldest first.","default":[]},{"name":"outlook","type":["null",{"type":"record","name":"Outlook","namespace":"rekindle","doc":"What the behaviour of a lead says about reaching it.","fields":[{"name":"likelihood","type":"double","doc":"0 to 100."},{"name":"level","type":"string","doc":"COLD | WARM | HOT | URGENT, by behaviour alone."},{"name":"confidence","type":"double","doc":"0 to 1: how many kinds of interest, how fresh."},{"name":"channel","type":"string","doc":"email | sms | call: the one the lead uses itself."},{"name":"contactFrom","type":"int","doc":"Local hour from which it is best reached."},{"name":"contactTo","type":"int","doc":"Local hour until which it is best reached."},{"name":"keySignals","type":{"type":"array","items":"string"},"doc":"Kinds of interest that weigh, heaviest first, at most 3."}]}],"doc":"Set for behavioural rules.","default":null}]})
/** A lead that cannot wait: what comes of it overtakes what waits of others. A tombstone when it can wait again. */
export const UrgentLead = schema<UrgentLead>({"type":"record","name":"UrgentLead","namespace":"rekindle","doc":"A lead that cannot wait: what comes of it overtakes what waits of others. A tombstone when it can wait again.","fields":[{"name":"tenantId","type":"string","doc":"GHL location id."},{"name":"contactId","type":"string","doc":"GHL contact id."},{"name":"at","type":{"type":"long","logicalType":"timestamp-millis"},"doc":"When it was last found urgent."},{"name":"tier","type":"string","doc":"Priority tier at that moment: URGENT | HOT | WARM | COLD | unknown."},{"name":"level","type":"string","doc":"Intent level at that moment: URGENT | HOT | WARM | COLD. One of the two is URGENT."}]})
/** One webhook element as it was received, with the raw bytes and how it was verified. Never edited. */
export const WebhookReceived = schema<WebhookReceived>({"type":"record","name":"WebhookReceived","namespace":"rekindle","doc":"One webhook element as it was received, with the raw bytes and how it was verified. Never edited.","fields":[{"name":"receivedId","type":"string","doc":"Id given at reception, unique per element of a delivery."},{"name":"tenantId","type":"string","doc":"GHL location id; empty when the body names none (such a record is dead-lettered by ingest)."},{"name":"origin","type":"string","doc":"webhook | workflow | callback | reconcile | replay | lookup (a webhook whose contact was asked for, under the key of its lead) | enrichment (what a third party knows of a lead)"},{"name":"scheme","type":"string","doc":"How the sender was proved: ed25519 | rsa | token | hmac-sha1 | ecdsa-p256 | api (read from the API by the reconciler, or from a provider of data by the worker of look-ups) | none"},{"name":"keyId","type":"string","doc":"Which configured key verified the signature, e.g. ghl-2026, sandbox, twilio, sendgrid-2; empty where none did."},{"name":"type","type":"string","doc":"The type as sent, or what the shape of a typeless body tells; empty when neither says anything. Of a callback: TwilioMessage | SendGridEvent. Of a look-up: LeadLookedUp"},{"name":"webhookId","type":["null","string"],"doc":"GHL delivery id, the same on every retry; of a callback <MessageSid>:<status> or sg_event_id.","default":null},{"name":"contactId","type":["null","string"],"doc":"Contact the body is about, when the writer could tell; needed where the body itself names none.","default":null},{"name":"batchIndex","type":"int","doc":"Position inside the delivered array; 0 for a single object.","default":0},{"name":"receivedAt","type":{"type":"long","logicalType":"timestamp-millis"},"doc":"When the receiver had read the body."},{"name":"body","type":"bytes","doc":"The body as received; for an array, this element."}]})
/** A verified webhook that ingest has no translation for. Kept raw, counted by type, visible. */
export const WebhookUnrecognised = schema<WebhookUnrecognised>({"type":"record","name":"WebhookUnrecognised","namespace":"rekindle","doc":"A verified webhook that ingest has no translation for. Kept raw, counted by type, visible.","fields":[{"name":"receivedId","type":"string","doc":"Id of the WebhookReceived it came from."},{"name":"tenantId","type":"string","doc":"GHL location id; empty when a callback names none."},{"name":"rawType","type":"string","doc":"The `type` of the body as sent, of a callback its status or event; empty when it states none."},{"name":"reason","type":"string","doc":"unknown_type | typeless | not_about_a_lead | no_part_of_the_story (about a lead, but tells nothing that is followed) | contact_not_named | signal_unknown (beside the event of a workflow's report) | tenant_not_named | tenant_not_installed | callback_unreadable (of callbacks alone) | contact_not_found | contact_ambiguous | lookup_failed (written by contact-lookup, after contact_not_named) | heartbeat (about the heartbeat contact of a location, which is no lead)"},{"name":"webhookId","type":["null","string"],"doc":"GHL delivery id.","default":null},{"name":"receivedAt","type":{"type":"long","logicalType":"timestamp-millis"},"doc":"When the receiver had read the body."},{"name":"body","type":"bytes","doc":"The body as received."},{"name":"shape","type":["null","string"],"doc":"What the body was taken for: its type, or the family its shape tells.","default":null},{"name":"detail","type":["null","string"],"doc":"Why, in words, where the reason alone does not tell.","default":null},{"name":"batchIndex","type":"int","doc":"Position inside the delivered array; 0 for a single object.","default":0},{"name":"scheme","type":"string","doc":"How the sender was proved, as in WebhookReceived; empty in records from before this was kept.","default":""},{"name":"keyId","type":"string","doc":"Which key verified the signature, as in WebhookReceived.","default":""}]})
