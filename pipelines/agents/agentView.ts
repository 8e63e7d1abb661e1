/**
 * What an agent can see of a lead. Of the custom fields that a tenant has named the frozen view and the agents get the permitted
 * ones only, so an agent that reads age, family, origin, religion or ZIP does not compile and finds nothing at run time.
 */
import { hash } from 'node:crypto'
import type { Assessment, LeadView } from '../../schemas/generated/records.ts'

/**
 * The facts an agent may read: money, plans and behaviour. Never a protected attribute nor a close proxy of one (age,
 * household, education, place, ZIP, language, photo, name). Adding a row here is a fair-housing decision.
 * @source reference/safety-and-claude.md 4.4
 */
export const permittedFacts = [
  'job_title',
  'employment_status',
  'income',
  'credit_score',
  'budget',
  'budget_min',
  'budget_max',
  'down_payment',
  'pre_approved',
  'financing',
  'timeline',
  'motivation',
  'goal',
  'lead_type',
  'property_type',
  'bedrooms',
  'bathrooms',
  'visits',
  'visits_7_days',
  'page_views',
  'property_views',
  'property_saves',
  'calculator_uses',
  'email_interactions',
  'email_open_rate',
  'email_click_rate',
  'form_message',
  'search_terms',
  'market_trend',
  'market_inventory',
  'price_trend',
  'open_slots',
  'video_url',
] as const
export type PermittedFact = (typeof permittedFacts)[number]

/** Words that must not name a fact an agent reads. Held against the list above and every `reads` by a test. */
export const forbiddenInFacts = new RegExp(
  `(^|_)(${[
    'age|birth\\w*|dob|gender|sex|race|ethnic\\w*|origin|nationality|religio\\w*|church|family|child\\w*|kids|marital|married|pregnan\\w*',
    'disab\\w*|handicap|veteran|language|zip|postal\\w*|postcode|neighborhood|school\\w*|education|photo|name',
  ].join('|')})(_|$)`,
)

export interface AgentView extends Omit<LeadView, 'facts' | 'tags' | 'states' | 'profileVersion'> {
  readonly facts: Readonly<Partial<Record<PermittedFact, string>>>
  /** The lead as a pseudonym: the same for life, and for assignment to groups only. */
  readonly leadHash: string
  /** When the question was asked, ms. The only "now" an agent knows. */
  readonly askedAt: number
  /** Why it was asked. */
  readonly reason: string
  /** Coarse stage of the lead. */
  readonly stage: string
}

/** The view of one question without facts that are not permitted; tags (free text of the tenant) and states are left out as well. */
export function agentView(question: Pick<Assessment, 'tenantId' | 'contactId' | 'askedAt' | 'reason' | 'stage' | 'view'>): AgentView {
  const { facts: all, tags: _tags, states: _states, profileVersion: _version, ...rest } = question.view
  const facts: Partial<Record<PermittedFact, string>> = {}
  for (const fact of permittedFacts) {
    // No permitted fact is named as what every object has, and asking for its own ones costs twice as much.
    const value = all[fact]?.trim()
    if (value !== undefined && value !== '') facts[fact] = value
  }
  const leadHash = hash('sha256', `${question.tenantId}:${question.contactId}`, 'hex').slice(0, 16)
  return { ...rest, facts, leadHash, askedAt: question.askedAt, reason: question.reason, stage: question.stage }
}
