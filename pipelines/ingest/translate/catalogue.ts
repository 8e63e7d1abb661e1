/**
 * Every webhook type that has a translation, and those that are known to be about no lead. All others are unknown, and
 * unknown is a lane, not an error.
 */
import { knownTypes, lifecycleTypes } from '../webhookTypes.ts'
import type { WebhookType } from '../webhookTypes.ts'
import { installationTypes } from '../installation.ts'
import { realtorTypes } from '../realtor.ts'
import { appointmentTranslators } from './appointment.ts'
import { contactTranslators } from './contact.ts'
import { conversationTranslators } from './conversation.ts'
import type { Translator } from './draft.ts'
import { emailTranslators } from './emailEvent.ts'
import { messageTranslators } from './message.ts'
import { noteTranslators } from './note.ts'
import { opportunityTranslators } from './opportunity.ts'
import { taskTranslators } from './task.ts'
import type { UnrecognisedReason } from './unrecognised.ts'
import { voiceTranslators } from './voiceCall.ts'
import { workflowTranslator } from './workflow.ts'

const translators = new Map<string, Translator>(
  Object.entries({
    ...contactTranslators,
    ...messageTranslators,
    ...appointmentTranslators,
    ...opportunityTranslators,
    ...noteTranslators,
    ...taskTranslators,
    ...conversationTranslators,
    ...emailTranslators,
    ...voiceTranslators,
  }),
)

/** Families about the location, its catalogue or its objects. @source HighLevel webhook documentation of 2026-08-30 */
const familiesAboutNoLead =
  /^(Sa{1,2}SPlan|SupportTicket|Location|Product|Price|ObjectSchema|Association|Relation|Record|KnowledgeBase|WorkflowTrigger)/i
/** About a lead, and nothing that is followed: payments, campaigns, what a conversation provider is to send, custom actions. */
const familiesOfNoStory = /^(Invoice|Order|CampaignStatus|ProviderOutboundMessage|WorkflowAction|WorkflowWebhook)/

/** Types that have a translation. */
export const translatedTypes: readonly string[] = [...translators.keys()]

export type Destination =
  | { readonly translator: Translator }
  | { readonly raw: UnrecognisedReason }
  | { readonly installation: string }
  | { readonly realtor: string }

/** Where a report of a workflow goes: whatever it says of its type, it is unsigned and can be nothing else. */
export function reportDestination(contactId: string | null): Destination {
  return contactId === null ? { raw: 'contact_not_named' } : { translator: workflowTranslator }
}

/** Where a well-formed body goes: into the story of a lead, into the table of tenants or that of realtors, or raw into its own lane, and why. */
export function destinationOf(recognised: WebhookType, contactId: string | null): Destination {
  if (installationTypes.has(recognised.type)) return { installation: recognised.type }
  if (realtorTypes.has(recognised.type)) return { realtor: recognised.type }
  const translator = translators.get(recognised.type)
  if (translator === undefined) return { raw: untranslatedBecause(recognised) }
  return translator.mayLackContact === true && contactId === null ? { raw: 'contact_not_named' } : { translator }
}

function untranslatedBecause({ type, byShape }: WebhookType): UnrecognisedReason {
  if (type === '') return 'typeless'
  if (!byShape && !knownTypes.has(type)) return 'unknown_type'
  if (lifecycleTypes.has(type) || familiesAboutNoLead.test(type)) return 'not_about_a_lead'
  return familiesOfNoStory.test(type) ? 'no_part_of_the_story' : 'unknown_type'
}
