/**
 * Channels that were found closed just before a message or call would have left, though the profile says nothing of it: somebody else
 * opted out of the number, or the platform has do not disturb set. Agents keep off them for a while; whether a message may leave is
 * asked of the fence each time, and never of this.
 */
import type { ChannelClosure, DeliveryChanged, LeadEvent, LeadProfile } from '../../schemas/generated/records.ts'
import { isContactChannel, workingEmail } from './consent.ts'
import type { ContactChannel } from './consent.ts'
import type { Draft } from './lastWriter.ts'
import { PURPOSES } from './purposes.ts'
import type { Purpose } from './purposes.ts'

/** The number may be opened by START from another lead, of which this one is told nothing: after 7 days, in ms, it is tried again. */
export const CLOSURE_MS = 7 * 86_400_000

export type ClosedBecause = 'address_revoked' | `address_${Purpose}_revoked` | 'provider_dnd'

/** Rules of the gates `address` and `consent` that close a channel without the profile's knowing. */
const GATE_OF: Readonly<Record<ClosedBecause, string>> = {
  address_revoked: 'address',
  address_marketing_revoked: 'address',
  address_inquiry_revoked: 'address',
  address_transactional_revoked: 'address',
  provider_dnd: 'consent',
}

function isClosing(rule: string): rule is ClosedBecause {
  return Object.hasOwn(GATE_OF, rule)
}

/** Why the channel of a denied message or call was closed, where the profile does not say so itself; else null. */
export function closedBecauseOf({
  status,
  channel,
  gateId,
  ruleId,
}: Pick<DeliveryChanged, 'status' | 'channel' | 'gateId' | 'ruleId'>): ClosedBecause | null {
  if (status !== 'denied' || !isContactChannel(channel) || ruleId === null || !isClosing(ruleId)) return null
  return GATE_OF[ruleId] === gateId ? ruleId : null
}

/** Folds a denial; says whether it told of a channel that was found closed. The latest one counts. */
export function applyClosure(profile: Draft, { delivery, occurredAt: at }: LeadEvent): boolean {
  if (delivery === null || delivery.closedBecause === null || !isContactChannel(delivery.channel)) return false
  const { channel, closedBecause: because } = delivery
  const known = profile.closures[channel]
  if (known !== undefined && (known.at > at || (known.at === at && known.because >= because))) return false
  profile.closures = { ...profile.closures, [channel]: { because, at, address: addressOf(profile, channel) } }
  return true
}

/**
 * Why a channel counts as closed at this moment for what would be said now, by what was found; undefined when nothing was, when it is too long
 * ago, when the lead has another address since, or when it has said START, or the platform that nothing is set, after it.
 */
export function foundClosed(profile: LeadProfile, channel: ContactChannel, at: number, purpose: Purpose): ClosedBecause | undefined {
  const closure = profile.closures[channel]
  if (closure === undefined || at >= closure.at + CLOSURE_MS || closure.address !== addressOf(profile, channel)) return undefined
  const { because } = closure
  if (!isClosing(because) || isOpenedAgain(profile, channel, because, closure)) return undefined
  const about = PURPOSES.find((one) => because === `address_${one}_revoked`)
  return about === undefined || about === purpose ? because : undefined
}

function isOpenedAgain(profile: LeadProfile, channel: ContactChannel, because: ClosedBecause, { at }: ChannelClosure): boolean {
  if (because === 'provider_dnd')
    return ['dnd', `dndChannels.${channel}`].some((field) => (profile.fieldTimes[field] ?? Number.NEGATIVE_INFINITY) > at)
  const own = profile.consents[channel]
  return own?.status === 'express' && own.at >= at
}

function addressOf(profile: Pick<LeadProfile, 'phone' | 'email' | 'emailStatus'>, channel: ContactChannel): string | null {
  return channel === 'email' ? workingEmail(profile) : profile.phone
}
