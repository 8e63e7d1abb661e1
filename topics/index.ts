/**
 * What flows: one declaration per topic. The registry of them (`allTopics`) is what `rekindle topics apply` creates and
 * what documentation is generated from.
 */
import { topic } from '../runtime/topic.ts'
import type { AnyTopic } from '../runtime/topic.ts'
import {
  AgentInsight,
  AgentResult,
  Assessment,
  Ballot,
  Decision,
  DeliveryChanged,
  Erasure,
  FollowUp,
  LeadEvent,
  LeadJourney,
  LeadProfile,
  MarketFact,
  MarketingSpend,
  OutcomeObserved,
  Policy,
  Realtor,
  RealtorActivity,
  ShadowDecision,
  StaffFigures,
  StaffSettings,
  Tenant,
  TriggerFired,
  UrgentLead,
  WebhookReceived,
  WebhookUnrecognised,
} from '../schemas/generated/records.ts'

/** Verified webhooks as they came, raw. Key: lead key where the body names a contact, else the location. */
export const webhooks = topic({
  name: 'ghl.webhooks',
  key: 'lead',
  value: WebhookReceived,
  retention: { days: 30 },
  contract: 'internal',
  writtenBy: ['api', 'contact-lookup', 'look-ups'],
  about: 'Verified GoHighLevel webhooks and callbacks of providers with their raw bytes.',
})

/** Those that overtake: of leads that cannot wait, and whatever may take a permission back. */
export const webhooksUrgent = topic({
  ...webhooks,
  name: 'ghl.webhooks.urgent',
  writtenBy: ['api', 'reconciler'],
  about: 'Webhooks that overtake all others: of urgent leads, and what may take a permission back.',
})

/** Those that can wait: of locations that send more than their share, and what was missed and is told later. */
export const webhooksBulk = topic({
  ...webhooks,
  name: 'ghl.webhooks.bulk',
  writtenBy: ['api', 'reconciler'],
  about: 'Webhooks that let others pass: of locations above their share, and what sweeps found.',
})

/** The topics that webhooks come in on, by how soon they are read. Each lead-keyed record has a place in one of them. */
export const webhookLanes = { urgent: webhooksUrgent, normal: webhooks, bulk: webhooksBulk } as const
export type Lane = keyof typeof webhookLanes

/** Verified webhooks nobody has a translation for yet. */
export const unrecognised = topic({
  name: 'ghl.unrecognised',
  key: 'lead',
  value: WebhookUnrecognised,
  retention: { days: 30 },
  contract: 'internal',
  writtenBy: ['ingest', 'contact-lookup'],
  about: 'Verified webhooks without a translation, raw.',
})

/** The ordered, deduplicated story of each lead in our vocabulary. */
export const leadEvents = topic({
  name: 'leads.events',
  key: 'lead',
  value: LeadEvent,
  retention: { days: 90 },
  contract: 'public',
  writtenBy: ['ingest'],
  about: 'One canonical, deduplicated event about a lead.',
})

/** Orders to forget a lead, kept for ever so that no record that is read again brings it back. */
export const erasures = topic({
  name: 'leads.erasures',
  key: 'lead',
  value: Erasure,
  retention: 'compact',
  contract: 'internal',
  writtenBy: ['operator'],
  about: 'Leads that were erased, and up to when.',
})

/** The current state of each lead; a tombstone when it is erased. */
export const profiles = topic({
  name: 'leads.profiles',
  key: 'lead',
  value: LeadProfile,
  retention: 'compact',
  contract: 'public',
  writtenBy: ['enrich'],
  about: 'Current state of each lead, with version and epoch.',
})

/** Leads that cannot wait. Read whole as a table by whoever takes webhooks in. */
export const urgentLeads = topic({
  name: 'leads.urgent',
  key: 'lead',
  value: UrgentLead,
  retention: 'compact',
  contract: 'internal',
  writtenBy: ['enrich'],
  about: 'Leads whose webhooks overtake those of others.',
})

export const triggers = topic({
  name: 'leads.triggers',
  key: 'lead',
  value: TriggerFired,
  retention: { days: 30 },
  contract: 'public',
  writtenBy: ['enrich'],
  about: 'Behavioural triggers and level changes.',
})

export const assessments = topic({
  name: 'leads.assessments',
  key: 'lead',
  value: Assessment,
  retention: { days: 7 },
  contract: 'public',
  writtenBy: ['enrich', 'operator'],
  about: 'Questions put to the agents, each with a frozen view of the lead. Outside teams that vote read them.',
})

/** Votes on assessments. Outside teams may vote: write a Ballot with your own `source`. */
export const ballots = topic({
  name: 'agents.ballots',
  key: 'lead',
  value: Ballot,
  retention: { days: 7 },
  contract: 'public',
  writtenBy: ['agents', '*'],
  about: 'Votes of agents on assessments; open to outside teams.',
})

/** What feeds tell of the market of a location, of competitors and of what is said in public. Outside teams may write it. */
export const marketFacts = topic({
  name: 'market.facts',
  key: 'location',
  value: MarketFact,
  retention: { days: 90 },
  contract: 'public',
  writtenBy: ['cli', '*'],
  about: 'Observed facts about the market of a location, competitors and what is said in public; nothing about leads.',
})

/** Standing findings about a location, read whole as a table. Key: `<locationId>:<agent id>`. */
export const insights = topic({
  name: 'agents.insights',
  key: 'tenant:agent',
  value: AgentInsight,
  retention: 'compact',
  contract: 'public',
  writtenBy: ['insights'],
  about: 'What the agents of market, attribution and adaptive learning find about a location as a whole.',
})

/** What became of decisions, by location and without the lead. Key: location id. */
export const results = topic({
  name: 'agents.results',
  key: 'location',
  value: AgentResult,
  retention: { days: 30 },
  contract: 'internal',
  writtenBy: ['results'],
  about: 'What became of decisions on follow-ups and which agents voted for them, without the lead.',
})

/** What the consensus decided about a lead. The product for other teams: read it, never write it. */
export const decisions = topic({
  name: 'decisions',
  key: 'lead',
  value: Decision,
  retention: { days: 365 },
  contract: 'public',
  writtenBy: ['consensus'],
  about: 'Decisions with everything needed to explain and replay them.',
})

/** What policies that are being tried would have decided. Nothing acts on it. */
export const shadowDecisions = topic({
  name: 'decisions.shadow',
  key: 'lead',
  value: ShadowDecision,
  retention: { days: 90 },
  contract: 'internal',
  writtenBy: ['shadow'],
  about: 'What policies that are being tried would have decided on the same votes; without effect.',
})

export const followups = topic({
  name: 'followups',
  key: 'lead',
  value: FollowUp,
  retention: { days: 90 },
  contract: 'public',
  writtenBy: ['followup'],
  about: 'Follow-ups planned and cancelled.',
})

/** What became of each follow-up. Written by the relay of the delivery outbox. */
export const deliveries = topic({
  name: 'deliveries',
  key: 'lead',
  value: DeliveryChanged,
  retention: { days: 365 },
  contract: 'public',
  writtenBy: ['delivery'],
  about: 'What became of each follow-up at the provider.',
})

/** What came of decisions: what leads did afterwards, and the verdicts of people, which policies learn from. */
export const outcomes = topic({
  name: 'outcomes',
  key: 'lead',
  value: OutcomeObserved,
  retention: { days: 365 },
  contract: 'public',
  writtenBy: ['api', 'enrich'],
  about: 'What leads did after decisions, and verdicts of people with the probability that each would be asked for.',
})

/** How leads came by marketing, under pseudonyms. Key: location id. */
export const journeys = topic({
  name: 'attribution.journeys',
  key: 'location',
  value: LeadJourney,
  retention: { days: 90 },
  contract: 'internal',
  writtenBy: ['journeys'],
  about: 'Touches by marketing and conversions of leads under pseudonyms, by location.',
})

/** What was spent on marketing. Key: location id. The latest statement on a channel, campaign and day counts. */
export const marketingSpend = topic({
  name: 'marketing.spend',
  key: 'location',
  value: MarketingSpend,
  retention: { days: 365 },
  contract: 'public',
  writtenBy: ['cli', '*'],
  about: 'Spend by channel, campaign and day; open to outside teams.',
})

/** Key: `<tenant or *>:<decision type>`. Read whole as a table. */
export const policies = topic({
  name: 'policies',
  key: 'tenant:decision-type',
  value: Policy,
  retention: 'compact',
  contract: 'public',
  writtenBy: ['cli', 'learning'],
  about: 'Immutable policies that decisions are made with.',
})

/** Policies that are being tried beside those in force. Key: `<tenant or *>:<decision type>`. Read whole as a table. */
export const shadowPolicies = topic({
  name: 'policies.shadow',
  key: 'tenant:decision-type',
  value: Policy,
  retention: 'compact',
  contract: 'internal',
  writtenBy: ['cli'],
  about: 'Policies that decide beside those in force, without effect.',
})

/** Key: location id. Read whole as a table. */
export const tenants = topic({
  name: 'tenants',
  key: 'tenant',
  value: Tenant,
  retention: 'compact',
  contract: 'internal',
  writtenBy: ['ingest', 'cli'],
  about: 'GHL locations and their settings.',
})

/** Key: `<locationId>:<userId>`. Read whole as a table. */
export const realtors = topic({
  name: 'realtors',
  key: 'tenant:realtor',
  value: Realtor,
  retention: 'compact',
  contract: 'internal',
  writtenBy: ['ingest'],
  about: 'Users of GHL locations: the people who serve leads.',
})

/** What an office says of the work of its realtors. Key: location id. Read whole as a table. */
export const realtorSettings = topic({
  name: 'realtors.settings',
  key: 'tenant',
  value: StaffSettings,
  retention: 'compact',
  contract: 'internal',
  writtenBy: ['cli'],
  about: 'Specialties, languages, capacity and availability of realtors, as their office says them.',
})

/** What happened to leads of realtors, without the leads. Key: location id. */
export const realtorActivity = topic({
  name: 'realtors.activity',
  key: 'location',
  value: RealtorActivity,
  retention: { days: 30 },
  contract: 'internal',
  writtenBy: ['enrich'],
  about: 'Leads taken and released, answered, won and lost, by realtor.',
})

/** What is measured of the work of realtors. Key: location id. Read whole as a table. */
export const realtorFigures = topic({
  name: 'realtors.figures',
  key: 'tenant',
  value: StaffFigures,
  retention: 'compact',
  contract: 'internal',
  writtenBy: ['staff'],
  about: 'Load, speed and closed leads of realtors, as measured.',
})

export const allTopics: readonly AnyTopic[] = [
  webhooks,
  webhooksUrgent,
  webhooksBulk,
  unrecognised,
  leadEvents,
  erasures,
  profiles,
  urgentLeads,
  triggers,
  assessments,
  ballots,
  marketFacts,
  insights,
  results,
  decisions,
  shadowDecisions,
  followups,
  deliveries,
  outcomes,
  journeys,
  marketingSpend,
  policies,
  shadowPolicies,
  tenants,
  realtors,
  realtorSettings,
  realtorActivity,
  realtorFigures,
]

/** `<locationId>:<contactId>`: the unit of order and of state. */
export function leadKey(tenantId: string, contactId: string): string {
  return `${tenantId}:${contactId}`
}

/** `<locationId>:<userId>`: a user of two locations is two rows. */
export function realtorKey(tenantId: string, realtorId: string): string {
  return `${tenantId}:${realtorId}`
}

/** `<locationId>:<agent id>`. */
export function insightKey(tenantId: string, agentId: string): string {
  return `${tenantId}:${agentId}`
}
