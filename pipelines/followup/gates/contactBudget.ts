/**
 * At most 3 contacts in 24 hours and 10 in 14 days, whoever made them: people, workflows, campaigns and we. Our own
 * count from their reservation on, long before the provider tells them back. And a location begins no more conversations in a day than its number
 * and its domain bear: a list of 50,000 that is imported is 50,000 new leads.
 * And it begins none by text while too many of those we wrote to opted out, or too many texts did not arrive: the platform takes the number
 * of a location away at twice that.
 * @source reference/gohighlevel.md 6.5 (ramp: what is over the limit of a day fails and is not sent later; quality monitoring)
 */
import type { LeadProfile } from '../../../schemas/generated/records.ts'
import { counted } from '../../counted.ts'
import { DAY_MS, allow, denyUntil, isContact, withLead } from './gate.ts'
import type { FenceInput, OwnSend, Verdict } from './gate.ts'

/** Hard ceiling per lead; a tenant can only lower it. @source reference/safety-and-claude.md 10.3 */
export const contactCeiling = { per24h: 3, per14d: 10 } as const

export const contactBudget = withLead((lead, input) => {
  if (!isContact(input)) return allow('no_contact')
  const { at, tenant, ownSends } = input
  const times = contactTimes(lead, ownSends)
  const spent = (limit: number, days: number): number | undefined => {
    const inWindow = times.filter((time) => time > at - days * DAY_MS)
    // With limit 0 nothing ever leaves: look again when a window has passed.
    return inWindow.length < limit ? undefined : (inWindow[limit - 1] ?? at) + days * DAY_MS
  }
  const dayLimit = Math.min(contactCeiling.per24h, tenant?.maxPer24h ?? contactCeiling.per24h)
  const fortnightLimit = Math.min(contactCeiling.per14d, tenant?.maxPer14d ?? contactCeiling.per14d)
  const dayEnd = spent(dayLimit, 1)
  const fortnightEnd = spent(fortnightLimit, 14)
  if (fortnightEnd !== undefined && fortnightEnd >= (dayEnd ?? 0)) {
    return denyUntil(`${fortnightLimit}_per_14d`, fortnightEnd, limitInWords(fortnightLimit, '14 days'))
  }
  if (dayEnd !== undefined) return denyUntil(`${dayLimit}_per_24h`, dayEnd, limitInWords(dayLimit, '24 hours'))
  return ofLocation(input)
})

/** Occasions of which the lead is the cause. */
const ASKED_FOR = /^(reply|appointment_confirm)\./
/** 4 is HOT: few, and waited for. */
const PRIORITY = 4
/** What is held is looked at again after this at the soonest, ms: each hour, not each time that one may leave. */
const LOOK_AGAIN_MS = 3_600_000

const LOCATION_PER_24H = 'location_per_24h'
const LOCATION_OPT_OUTS = 'location_opt_outs'
const LOCATION_FAILURES = 'location_failures'

/** What holds everything that a location begins: its time is only when to look again, and moves with each look. */
export const rulesOfLocation: ReadonlySet<string> = new Set([LOCATION_PER_24H, LOCATION_OPT_OUTS, LOCATION_FAILURES])

/** Does what the location has sent in a day count for it? */
export function countsForLocation({
  action,
  priority,
  templateId,
}: Pick<FenceInput['followUp'], 'action' | 'priority' | 'templateId'>): boolean {
  return action === 'send_message' && priority < PRIORITY && !ASKED_FOR.test(templateId ?? '')
}

/** Shares are of so many texts at least, as the platform counts them: one opt-out of ten texts says nothing. */
export const TEXTS_COUNTED = 500

/** So many are too many, of any number of texts. */
export function leastTooMany(share: number): number {
  return Math.max(1, Math.ceil(TEXTS_COUNTED * share))
}

function ofLocation(input: FenceInput): Verdict {
  const { at, followUp, locationSends, limits } = input
  if (!countsForLocation(followUp)) return allow()
  const badlyReceived = followUp.channel === 'sms' ? receivedBadly(input) : undefined
  if (badlyReceived !== undefined) return badlyReceived
  const { count, oldestAt } = locationSends
  const { messagesPer24h } = limits
  if (count < messagesPer24h) return allow()
  return denyUntil(
    LOCATION_PER_24H,
    Math.max((oldestAt ?? at) + DAY_MS, at + LOOK_AGAIN_MS),
    `The location has sent ${counted(count, 'message')} of ours in 24 hours; ${messagesPer24h} is the limit.`,
  )
}

function receivedBadly({
  at,
  textsOfWeek: { sent, optOuts, failures },
  limits: { optOutShare, failureShare },
}: FenceInput): Verdict | undefined {
  const texts = Math.max(sent, TEXTS_COUNTED)
  const isTooMany = (some: number, share: number) => some >= leastTooMany(share) && some >= texts * share
  const stopped = (ruleId: string, some: string, share: number) =>
    denyUntil(
      ruleId,
      at + LOOK_AGAIN_MS,
      `Of ${counted(sent, 'text')} of ours in 7 days ${some}; from ${percent(share)} of them, or of ${TEXTS_COUNTED} where there are fewer, the location begins no conversation by text.`,
    )
  if (isTooMany(optOuts, optOutShare)) return stopped(LOCATION_OPT_OUTS, `${optOuts} ended in an opt-out`, optOutShare)
  if (isTooMany(failures, failureShare)) return stopped(LOCATION_FAILURES, `${failures} did not arrive`, failureShare)
  return undefined
}

function percent(share: number): string {
  return `${Number((100 * share).toFixed(2))} %`
}

function limitInWords(limit: number, span: string): string {
  return `${counted(limit, 'contact')} in ${span} ${limit === 1 ? 'is' : 'are'} the limit.`
}

/** Times of all contacts with the lead, newest first: what the profile knows, and of ours what it does not know yet. */
export function contactTimes(lead: LeadProfile, ownSends: readonly OwnSend[]): number[] {
  return [...lead.outboundTimes, ...ownSends.filter((send) => !isTold(lead, send)).map(({ at }) => at)].sort((a, b) => b - a)
}

/**
 * Is this message of ours part of the profile already? Our deliveries reach the profile in order, so whatever was
 * confirmed up to the last one it knows is in it; a message the provider told first is known by its id.
 */
function isTold(lead: LeadProfile, { messageId, confirmedAt }: OwnSend): boolean {
  if (messageId !== null && lead.recentMessages.some((message) => message.messageId === messageId)) return true
  return confirmedAt !== null && lead.lastOwnAt !== null && confirmedAt <= lead.lastOwnAt
}
