/** Leads for the tests of agents and consensus: a neutral view, the four profiles of the domain reference, and questions about them. */
import type { Assessment, LeadView, RecentMessage } from '../../schemas/generated/records.ts'

/** 2026-11-03T15:00:00Z, a Tuesday. */
export const asked = 1_793_718_000_000
export const minute = 60_000
export const hour = 3_600_000
export const day = 24 * hour

/** A lead nobody knows anything about, reachable on every way. */
export function view(changes: Partial<Omit<LeadView, 'counters'>> & { counters?: Partial<LeadView['counters']> } = {}): LeadView {
  const { counters, ...rest } = changes
  return {
    profileVersion: 1,
    status: 'new',
    score: 40,
    level: 'WARM',
    source: 'website',
    hasPhone: true,
    hasEmail: true,
    hasOwner: false,
    timeZones: ['America/Chicago'],
    states: ['US-TX'],
    tags: [],
    facts: {},
    blockedChannels: {},
    humanOwnedUntil: null,
    humanOwned: false,
    counters: {
      inbound: 0,
      outbound: 0,
      outboundOwn: 0,
      outboundHuman: 0,
      attemptsSinceReply: 0,
      inboundByChannel: {},
      outboundByChannel: {},
      appointments: 0,
      events: 1,
      staleEvents: 0,
      ...counters,
    },
    replyHours: [],
    recentMessages: [],
    outboundLast24h: 0,
    outboundLast14d: 0,
    opportunityStatus: null,
    opportunityValue: null,
    appointmentAt: null,
    appointmentStatus: null,
    createdAt: asked,
    lastInboundAt: null,
    lastOutboundAt: null,
    lastOwnAt: null,
    signals: [],
    shortlist: [],
    mayBeOptOut: false,
    ...rest,
  }
}

export function message(direction: 'inbound' | 'outbound', text: string, at: number, channel = 'sms'): RecentMessage {
  return { messageId: null, at, channel, direction, sender: direction === 'inbound' ? 'lead' : 'rekindle', text }
}

/** A question about a lead. */
export function question(changes: Partial<Assessment> = {}): Assessment {
  return {
    assessmentId: 'a-1',
    tenantId: 'sandboxLocation000001',
    contactId: 'maria',
    reason: 'new_lead',
    epoch: 1,
    stage: 'new',
    decisionTypes: ['follow_up', 'escalation'],
    askedAt: asked,
    deadlineAt: asked + 2000,
    viewHash: 'f'.repeat(64),
    view: view(),
    ...changes,
  }
}

/** A lead that has just written. */
export function wrote(text: string, changes: Parameters<typeof view>[0] = {}): LeadView {
  const { counters, ...rest } = changes
  return view({
    status: 'contacted',
    recentMessages: [message('outbound', 'Hello, this is Ana.', asked - 2 * hour), message('inbound', text, asked - minute)],
    lastInboundAt: asked - minute,
    lastOutboundAt: asked - 2 * hour,
    outboundLast24h: 1,
    outboundLast14d: 1,
    replyHours: [2],
    counters: { inbound: 1, outbound: 1, outboundOwn: 1, inboundByChannel: { sms: 1 }, outboundByChannel: { sms: 1 }, ...counters },
    ...rest,
  })
}

/** A lead that stays silent after `attempts` messages, the last one `hours` ago. */
export function silent(attempts: number, hours: number, changes: Parameters<typeof view>[0] = {}): LeadView {
  const { counters, ...rest } = changes
  const last = asked - hours * hour
  return view({
    status: 'contacted',
    recentMessages: Array.from({ length: Math.min(5, attempts) }, (_, index) => message('outbound', 'Hello', last - index * day)).reverse(),
    lastOutboundAt: last,
    outboundLast14d: Math.min(attempts, 9),
    counters: {
      outbound: attempts,
      outboundOwn: attempts,
      attemptsSinceReply: attempts,
      outboundByChannel: { sms: attempts },
      ...counters,
    },
    ...rest,
  })
}

/** The four profiles of the domain reference (13.1) as views; age, family and place are in the facts and must not matter. */
export const profiles = {
  high_intent: view({
    facts: {
      age: '34',
      income: '95000',
      credit_score: '750',
      down_payment: '25000',
      employment_status: 'employed',
      family_size: '4',
      location: 'Austin TX',
      budget: '350-450k',
      property_type: 'single_family',
      timeline: 'immediate',
      visits: '12',
      page_views: '45',
      property_views: '23',
      calculator_uses: '8',
      email_open_rate: '0.85',
      email_click_rate: '0.34',
      search_terms: '3br 2ba Austin',
      form_message: '3BR in Cedar Park, need to move by month end',
    },
    replyHours: [0.25, 0.25, 0.25],
  }),
  medium_intent: view({
    facts: {
      age: '28',
      income: '65000',
      credit_score: '680',
      down_payment: '15000',
      family_size: '2',
      location: 'Dallas TX',
      budget: '250-320k',
      property_type: 'townhouse',
      timeline: '3_to_6_months',
      visits: '6',
      page_views: '18',
      property_views: '8',
      calculator_uses: '2',
      email_open_rate: '0.45',
      email_click_rate: '0.12',
      search_terms: '2br',
    },
    replyHours: [2, 2, 2],
  }),
  low_intent: view({
    facts: {
      age: '45',
      income: '55000',
      credit_score: '620',
      down_payment: '8000',
      family_size: '3',
      location: 'Houston TX',
      budget: '180-250k',
      property_type: 'starter_home',
      timeline: '12_plus_months',
      visits: '2',
      page_views: '5',
      property_views: '1',
      calculator_uses: '0',
      email_open_rate: '0.25',
      email_click_rate: '0.05',
    },
    replyHours: [24, 24, 24],
  }),
  investor: view({
    facts: {
      age: '52',
      income: '180000',
      credit_score: '780',
      down_payment: '100000',
      family_size: '2',
      location: 'Austin TX',
      budget: '300-800k',
      property_type: 'investment',
      timeline: 'immediate',
      goal: 'cash_flow',
      visits: '8',
      page_views: '32',
      property_views: '15',
      calculator_uses: '12',
      email_open_rate: '0.75',
      email_click_rate: '0.28',
    },
    replyHours: [0.75, 0.75, 0.75],
  }),
} as const
