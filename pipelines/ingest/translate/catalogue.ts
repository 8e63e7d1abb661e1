/**
 * Every webhook type that has a translation, and those that are known to be about no lead. All others are unknown, and
 * unknown is a lane, not an error.
 */
import { appointmentTranslators } from './appointment.ts'
import { contactTranslators } from './contact.ts'
import type { Translator } from './draft.ts'
import { messageTranslators } from './message.ts'
import { opportunityTranslators } from './opportunity.ts'

const translators = new Map<string, Translator>(
  Object.entries({ ...contactTranslators, ...messageTranslators, ...appointmentTranslators, ...opportunityTranslators }),
)

/** App life cycle, agency, catalogue and custom-object events. @source HighLevel webhook documentation of 2026-08-30 */
const aboutNoLead = new Set([
  'INSTALL',
  'UNINSTALL',
  'UPDATE',
  'PLAN_CHANGE',
  'APP_PAYMENT_STATUS',
  'EXTERNAL_AUTH_CONNECTED',
  'SaaSPlanCreate',
  'SaasPlanCreate',
])
const familiesAboutNoLead = /^(SupportTicket|Location|User|Product|Price|ObjectSchema|Association|Relation|Record|KnowledgeBase)/

export function translatorOf(type: string): Translator | undefined {
  return translators.get(type)
}

/** Types that `translatorOf` knows. */
export const translatedTypes: readonly string[] = [...translators.keys()]

/** Why a body without a translation has none. */
export function unrecognisedReason(type: string): 'typeless' | 'not_about_a_lead' | 'unknown_type' {
  if (type === '') return 'typeless'
  return aboutNoLead.has(type) || familiesAboutNoLead.test(type) ? 'not_about_a_lead' : 'unknown_type'
}
