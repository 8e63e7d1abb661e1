/**
 * What a lead can do that tells of its intent, how much each kind weighs, and where it comes from. The data of the
 * behavioural trigger engine. @source lead-domain reference 6.1 (weights), 6.3 (the sixteen signals), 14.4 (30 days)
 */

const HOUR_MS = 3_600_000

/** Weight of each kind of interest; without virtual tours they sum to 1. @source lead-domain reference 6.1 */
export const interestWeights = {
  pricing_tool_usage: 0.25,
  agent_inquiry: 0.2,
  neighborhood_research: 0.15,
  market_report_engagement: 0.15,
  property_search: 0.1,
  listing_views: 0.05,
  email_opens: 0.05,
  website_visits: 0.03,
  sms_responses: 0.02,
  virtual_tour_views: 0.05,
} as const
export type Interest = keyof typeof interestWeights

export interface Signal {
  /** The interest it counts for; null = activity that weighs nothing by itself. */
  readonly interest: Interest | null
  /** The kind of lead event that brings it. */
  readonly source: string
}

/** What websites and portals tell, by the reports of workflows. */
export const OBSERVED = 'behaviour_observed'
const stated = (interest: Interest | null): Signal => ({ interest, source: OBSERVED })

/** The vocabulary. A signal that is not here is not folded. */
export const signals = {
  // Told by events that GoHighLevel sends.
  email_open: { interest: 'email_opens', source: 'email_opened' },
  email_click: { interest: null, source: 'email_clicked' },
  sms_reply: { interest: 'sms_responses', source: 'message_inbound' },
  email_reply: { interest: 'agent_inquiry', source: 'message_inbound' },
  chat_message: { interest: 'agent_inquiry', source: 'message_inbound' },
  phone_call: { interest: 'agent_inquiry', source: 'message_inbound, voice_call_ended' },
  appointment_booked: { interest: 'agent_inquiry', source: 'appointment_booked' },
  // Told by a website or portal, through a workflow.
  page_view: stated('website_visits'),
  property_view: stated('listing_views'),
  virtual_tour_view: stated('virtual_tour_views'),
  search_query: stated('property_search'),
  neighborhood_view: stated('neighborhood_research'),
  market_report_view: stated('market_report_engagement'),
  document_download: stated('market_report_engagement'),
  calculator_usage: stated('pricing_tool_usage'),
  price_click: stated('pricing_tool_usage'),
  favorites_action: stated('listing_views'),
  sharing_action: stated('listing_views'),
  form_interaction: stated(null),
  form_started: stated(null),
  form_submitted: stated('agent_inquiry'),
  tour_started: stated(null),
  tour_finished: stated('agent_inquiry'),
  application_started: stated(null),
  application_finished: stated('agent_inquiry'),
  time_on_page: stated(null),
  scroll_behavior: stated(null),
  click_pattern: stated(null),
  device_switch: stated(null),
} as const satisfies Readonly<Record<string, Signal>>
export type SignalName = keyof typeof signals

export const signalNames = Object.keys(signals) as SignalName[]

export function isSignal(name: string): name is SignalName {
  return Object.hasOwn(signals, name)
}

/** Signals that are an answer to somebody. */
export const replies = ['sms_reply', 'email_reply', 'chat_message', 'phone_call', 'appointment_booked'] as const satisfies SignalName[]

/** Time constant of the decay: an interest is worth 1/e after it. @source lead-domain reference 6.1 */
export const DECAY_MS = 72 * HOUR_MS
/** `ln(1 + n) / 3` of an interest counts at most 1, which it reaches at the 20th event. @source lead-domain reference 6.1 */
export const SATURATION = 3
/**
 * Points per unit of impact. The reference has 100, with which only dozens of events of several kinds are HOT; with 250 its own
 * profiles of high, medium and low intent (13.1) are URGENT, WARM and COLD (docs/decisions/0030).
 */
export const POINTS = 250

/** An interest whose later half of time has more than 1.5 times the events of the earlier one rises. @source 6.1 */
export const trends = [
  { trend: 'increasing', factor: 1.3, from: 1.5 },
  { trend: 'decreasing', factor: 0.7, below: 0.5 },
  { trend: 'stable', factor: 1 },
] as const
/** With fewer events an interest is stable. @source lead-domain reference 6.1 */
export const TREND_EVENTS = 4

/** Kinds of interest at which breadth is no longer what limits the confidence. @source lead-domain reference 6.1 */
export const CONFIDENT_INTERESTS = 5

/** Local hours: the most active one and its neighbours, kept within; otherwise the default. @source lead-domain reference 6.1 */
export const contactHours = { earliest: 9, latest: 18, defaultFrom: 12, defaultTo: 14 } as const

/** Points of each answer for the channel to use; `sms` when there are none. @source lead-domain reference 6.1 */
export const channelPoints = [
  { channel: 'email', signal: 'email_open', points: 1 },
  { channel: 'sms', signal: 'sms_reply', points: 1.5 },
  { channel: 'call', signal: 'phone_call', points: 2 },
] as const satisfies { channel: string; signal: SignalName; points: number }[]

/** How long what a lead did is kept. @source lead-domain reference 14.4 */
export const KEPT_MS = 30 * 24 * HOUR_MS
/** Observations kept of each signal: the 20th saturates its interest. */
export const KEPT_EACH = 20
