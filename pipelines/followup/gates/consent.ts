/**
 * Permission for what the message is about, and do-not-disturb, of the folded ledger and of the provider at this moment. GoHighLevel does not report
 * every change of its do-not-disturb, so its own state is read before a message leaves.
 */
import { closedInWords } from '../../closedWords.ts'
import { blockedBecause, blocksChannel, isContactChannel } from '../../enrich/consent.ts'
import { purposeNow, purposeOfTemplate } from '../../enrich/purposes.ts'
import type { Purpose } from '../../enrich/purposes.ts'
import type { LeadProfile } from '../../../schemas/generated/records.ts'
import { permissionsOf } from '../../enrich/settings.ts'
import { allow, deny, denyUntil, isContact, unreadableBecause, withLead } from './gate.ts'
import type { FenceInput } from './gate.ts'

export const consent = withLead((lead, input) => {
  if (!isContact(input)) return allow('no_contact')
  const {
    followUp: { channel },
    at,
    tenant,
    provider,
    limits,
  } = input
  if (!isContactChannel(channel)) return deny('channel_unknown', `There are no rules for ${channel}.`)
  const purpose = purposeOf(lead, input)
  const blocked = blockedBecause(lead, channel, at, { purpose, marketingNeeds: permissionsOf(tenant).marketingNeeds })
  if (blocked !== undefined) return deny(blocked, closedInWords(blocked, channel))
  const because = unreadableBecause(provider)
  if (because !== undefined)
    return denyUntil(
      'provider_unreadable',
      at + limits.providerRecheckMs,
      `The provider did not tell the state of the contact (${because}).`,
    )
  if (typeof provider === 'string') return allow()
  if (!provider.exists) return deny('contact_gone', 'The provider has no such contact.')
  return provider.dnd || blocksChannel(provider.dndChannels[channel])
    ? deny('provider_dnd', closedInWords('provider_dnd', channel))
    : allow()
})

/** What the message or call is for. */
export function purposeOf(lead: LeadProfile, { followUp: { action, templateId }, at }: Pick<FenceInput, 'followUp' | 'at'>): Purpose {
  // Of a call nobody knows the words: it is for what would be said now.
  return action === 'send_message' ? purposeOfTemplate(templateId) : purposeNow(lead, at)
}
