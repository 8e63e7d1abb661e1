/**
 * The rules about what leads do and leave undone, all of them, as data. A rule fires once per cool-down, counted in event time.
 * @source lead-domain reference 6.2, both sets; what was corrected stands in docs/decisions/0030
 */
import { replies } from './signals.ts'
import type { SignalName } from './signals.ts'

const MINUTE_MS = 60_000
const HOUR_MS = 60 * MINUTE_MS
const DAY_MS = 24 * HOUR_MS

export type Severity = 'CRITICAL' | 'HIGH' | 'MEDIUM'
/** @source lead-domain reference 6.2, action types */
export type Action = 'send_message' | 'notify_agent' | 'update_score' | 'add_tag' | 'assign_agent' | 'create_task' | 'start_workflow'

/** So many of these, counted as events, as different subjects, as events of one subject, or as different kinds. */
export interface Need {
  readonly of: readonly SignalName[] | 'any'
  readonly atLeast: number
  readonly counted: 'events' | 'subjects' | 'events of one subject' | 'kinds'
}

/** Every line must be met within the window by one of its needs. `during` leaves only events at such local times. */
export interface Within {
  readonly kind: 'within'
  readonly windowMs: number
  readonly needs: readonly (readonly Need[])[]
  readonly during?: 'weekend nights'
}
/** One of `after` happened, and for `forMs` nothing of what would end the wait. */
export interface Absence {
  readonly kind: 'absence'
  readonly after: readonly SignalName[] | 'any'
  readonly until: 'any' | Readonly<Partial<Record<SignalName, readonly SignalName[]>>>
  readonly forMs: number
  /** The end must be of the same subject, where both name one. */
  readonly sameSubject?: true
  /** Done with the same subject again it is no new wait: an end counts from the first time on. */
  readonly onceForSubject?: true
}
/** Of the last views with a price the last two average less than `below` of the first two. */
export interface PriceFall {
  readonly kind: 'price fall'
  readonly of: readonly SignalName[]
  readonly atLeast: number
  readonly last: number
  /** Per cent. */
  readonly below: number
}
export type Condition = Within | Absence | PriceFall

export interface Rule {
  readonly id: string
  readonly condition: Condition
  readonly severity: Severity | null
  /** 1 to 10, where the reference has one. */
  readonly priority: number | null
  readonly action: Action | null
  /** Are the agents asked when it fires? Not where only a human is told, nor where silence asks anyway. */
  readonly asks: boolean
  readonly cooldownMs: number
  /** The rule in words, for the reason of the trigger. */
  readonly words: string
}

const views = ['property_view'] as const satisfies SignalName[]
const visits = ['page_view', 'property_view'] as const satisfies SignalName[]

export const rules = [
  {
    id: 'high_engagement_spike',
    condition: { kind: 'within', windowMs: 2 * HOUR_MS, needs: [[{ of: 'any', atLeast: 5, counted: 'events' }]] },
    severity: 'CRITICAL',
    priority: null,
    action: null,
    asks: true,
    cooldownMs: DAY_MS,
    words: 'at least 5 actions within 2 hours',
  },
  {
    id: 'price_sensitivity',
    condition: { kind: 'price fall', of: views, atLeast: 3, last: 5, below: 90 },
    severity: 'MEDIUM',
    priority: null,
    action: null,
    asks: false,
    cooldownMs: 7 * DAY_MS,
    words: 'the last 2 of the last 5 priced views average less than 90 % of the first 2',
  },
  {
    id: 'decision_signals',
    condition: {
      kind: 'within',
      windowMs: DAY_MS,
      needs: [
        [{ of: ['calculator_usage'], atLeast: 1, counted: 'events' }],
        [
          { of: views, atLeast: 3, counted: 'events' },
          { of: ['favorites_action'], atLeast: 1, counted: 'events' },
        ],
      ],
    },
    severity: 'HIGH',
    priority: null,
    action: null,
    asks: true,
    cooldownMs: DAY_MS,
    words: 'a calculator and at least 3 views or a saved property within 24 hours',
  },
  {
    id: 'abandonment',
    condition: {
      kind: 'absence',
      after: ['form_started', 'tour_started', 'application_started'],
      until: { form_started: ['form_submitted'], tour_started: ['tour_finished'], application_started: ['application_finished'] },
      forMs: DAY_MS,
      sameSubject: true,
    },
    severity: 'MEDIUM',
    priority: null,
    action: null,
    asks: true,
    cooldownMs: 7 * DAY_MS,
    words: 'a form, tour or application was started and not finished for 24 hours',
  },
  {
    id: 'high_intent_viewing',
    condition: { kind: 'within', windowMs: DAY_MS, needs: [[{ of: views, atLeast: 3, counted: 'events of one subject' }]] },
    severity: null,
    priority: 9,
    action: 'send_message',
    asks: true,
    cooldownMs: DAY_MS,
    words: '3 views of one property within 24 hours',
  },
  {
    id: 'email_engaged',
    condition: { kind: 'absence', after: ['email_open'], until: { email_open: replies }, forMs: DAY_MS, onceForSubject: true },
    severity: null,
    priority: 6,
    action: 'send_message',
    asks: true,
    cooldownMs: 7 * DAY_MS,
    words: 'an e-mail was opened and not answered for 24 hours',
  },
  {
    id: 'price_click_left',
    condition: { kind: 'absence', after: ['price_click'], until: 'any', forMs: 5 * MINUTE_MS },
    severity: null,
    priority: 8,
    action: 'send_message',
    asks: true,
    cooldownMs: DAY_MS,
    words: 'a price was clicked and nothing done for 5 minutes',
  },
  {
    id: 'night_owl',
    condition: {
      kind: 'within',
      windowMs: 2 * DAY_MS,
      needs: [[{ of: visits, atLeast: 2, counted: 'events' }]],
      during: 'weekend nights',
    },
    severity: null,
    priority: 7,
    action: 'notify_agent',
    asks: false,
    cooldownMs: 7 * DAY_MS,
    words: 'at least 2 visits on a weekend between 22:00 and 02:00, local to the lead',
  },
  {
    id: 'comparison_shopping',
    condition: { kind: 'within', windowMs: 2 * HOUR_MS, needs: [[{ of: views, atLeast: 3, counted: 'subjects' }]] },
    severity: null,
    priority: 7,
    action: 'send_message',
    asks: true,
    cooldownMs: DAY_MS,
    words: '3 different properties within 2 hours',
  },
  {
    // `engagement_drop` (HIGH) of the first set and `churn_risk` (priority 8) of the second are one condition: it fires once.
    id: 'churn_risk',
    condition: { kind: 'absence', after: 'any', until: 'any', forMs: 7 * DAY_MS },
    severity: 'HIGH',
    priority: 8,
    action: 'start_workflow',
    asks: false,
    cooldownMs: 7 * DAY_MS,
    words: 'no activity for 7 days',
  },
  {
    id: 'hot_lead_signals',
    condition: {
      kind: 'within',
      windowMs: 4 * HOUR_MS,
      needs: [
        [{ of: ['property_view', 'email_open', 'document_download'], atLeast: 3, counted: 'events' }],
        [{ of: ['property_view', 'email_open', 'document_download'], atLeast: 2, counted: 'kinds' }],
      ],
    },
    severity: null,
    priority: 10,
    action: 'notify_agent',
    asks: true,
    cooldownMs: DAY_MS,
    words: 'at least 3 views, opened e-mails or downloads of more than one kind within 4 hours',
  },
] as const satisfies readonly Rule[]
export type RuleId = (typeof rules)[number]['id']

/**
 * What completed longer ago than this does not fire: a webhook may come days late, and a message about last week's visit would
 * be wrong. 24 h in ms.
 */
export const LATE_MS = DAY_MS
/** A rule asks the agents only when nothing was asked for this long: 4 h in ms. @source lead-domain reference 4.2 */
export const REST_MS = 4 * HOUR_MS
