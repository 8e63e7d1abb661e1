/**
 * Permission and do-not-disturb, of the folded ledger and of the provider at this moment. GoHighLevel does not report
 * every change of its do-not-disturb, so its own state is read before a message leaves.
 */
import { CONTACT_CHANNELS, blockedBecause, blocksChannel } from '../../enrich/consent.ts'
import type { ContactChannel } from '../../enrich/consent.ts'
import { allow, deny, denyUntil, isContact, withLead } from './gate.ts'

const permitting: ReadonlySet<string> = new Set(['inquiry', 'express', 'express_written'])
const words = {
  dnd: 'Do not disturb is set for',
  revoked: 'The lead has revoked permission for',
  no_address: 'No address is known for',
  no_consent: 'There is no permission for',
}

export const consent = withLead((lead, input) => {
  if (!isContact(input)) return allow('no_contact')
  const {
    followUp: { channel },
    at,
    provider,
    limits,
  } = input
  if (!isContactChannel(channel)) return deny('channel_unknown', `There are no rules for ${channel}.`)
  const blocked = blockedBecause(lead, channel, at)
  if (blocked !== undefined) return deny(blocked, `${words[blocked]} ${channel}.`)
  if (channel !== 'email' && !permitting.has(lead.consents[channel]?.status ?? ''))
    return deny('no_consent', `${words.no_consent} ${channel}.`)
  if (provider === 'unread') return allow()
  if (provider === 'unreadable')
    return denyUntil('provider_unreadable', at + limits.providerRecheckMs, 'The provider did not tell the state of the contact.')
  if (!provider.exists) return deny('contact_gone', 'The provider has no such contact.')
  return provider.dnd || blocksChannel(provider.dndChannels[channel])
    ? deny('provider_dnd', `The provider has do not disturb set for ${channel}.`)
    : allow()
})

function isContactChannel(channel: string): channel is ContactChannel {
  return (CONTACT_CHANNELS as readonly string[]).includes(channel)
}
