/** What a trigger says beside its name: why, in a sentence, and on what it rests. Every trigger has a reason. */
import type { LeadEvent, LeadProfile, Observed, Outlook, Tenant } from '../../../schemas/generated/records.ts'
import type { Because, Fired } from '../questions.ts'
import { levelOf } from '../score.ts'
import { silenceBase } from '../silence.ts'
import { placeOf } from '../timeZones.ts'
import { firingInWords, instantInWords, observedInWords } from './because.ts'
import type { Firing } from './engine.ts'
import { channelOf, confidenceOf, contactWindow, interestShares, likelihoodOf } from './likelihood.ts'
import { localHour } from './localTime.ts'
import { observationOf } from './observed.ts'
import { REST_MS } from './rules.ts'

const KEY_SIGNALS = 3

/** A firing as the stage tells it. */
export function firedOf({ rule, anchor }: Firing): Fired {
  return { trigger: rule.id, anchor }
}

/** The rule among these that the agents are asked about: the most pressing that asks, when nothing was asked lately. */
export function toAsk(firings: readonly Firing[], profile: LeadProfile, at: number): Fired | undefined {
  if (profile.lastAssessedAt !== null && at < profile.lastAssessedAt + REST_MS) return undefined
  const asking = firings.filter(({ rule }) => rule.asks)
  const first = asking.reduce<Firing | undefined>(
    (most, one) => (most === undefined || pressing(one) > pressing(most) ? one : most),
    undefined,
  )
  return first === undefined ? undefined : firedOf(first)
}

/** The two sets of rules on one scale of 1 to 10. */
const severities = { CRITICAL: 10, HIGH: 8, MEDIUM: 5 } as const

function pressing({ rule }: Firing): number {
  return rule.priority ?? (rule.severity === null ? 0 : severities[rule.severity])
}

/** Why a behavioural rule fired. */
export function becauseOf(firing: Firing, profile: LeadProfile, tenant: Tenant | undefined, at: number): Because {
  const { severity, priority, action } = firing.rule
  return {
    reason: firingInWords(firing),
    severity,
    priority,
    action,
    evidence: [...firing.evidence],
    outlook: outlookOf(profile, tenant, at),
  }
}

/** What the behaviour says about reaching the lead. @source lead-domain reference 6.1, PredictiveSellScore */
function outlookOf(profile: LeadProfile, tenant: Tenant | undefined, at: number): Outlook {
  const seen = profile.behaviour?.seen ?? []
  const shares = interestShares(seen, at)
  const likelihood = likelihoodOf(shares)
  const { from, to } = contactWindow(seen, localHour(placeOf(profile, tenant).zones))
  return {
    likelihood,
    level: levelOf(likelihood),
    confidence: confidenceOf(shares, at),
    channel: channelOf(seen),
    contactFrom: from,
    contactTo: to,
    keySignals: shares.slice(0, KEY_SIGNALS).map(({ interest }) => interest),
  }
}

function plain(reason: string, evidence: Observed[]): Because {
  return { reason, severity: null, priority: null, action: null, evidence, outlook: null }
}

/** Why an event fired what it did. */
export function becauseOfEvent(fired: Fired, profile: LeadProfile, event: LeadEvent): Because {
  const one = observationOf(event)
  return plain(reasonOfEvent(fired, profile, event, one), one === undefined ? [] : [one])
}

function reasonOfEvent({ trigger, from, to }: Fired, profile: LeadProfile, event: LeadEvent, one: Observed | undefined): string {
  const at = instantInWords(event.occurredAt)
  switch (trigger) {
    case 'inbound_message':
      return `The lead wrote or called (${event.message?.channel ?? 'unknown channel'}) at ${at}.`
    case 'new_lead':
      return `The lead became known with ${spoken(event.kind)} at ${at}${profile.source === null ? '' : `, source ${profile.source}`}.`
    case 'level_changed':
      return `Intent went from ${from ?? 'nothing'} to ${to ?? 'nothing'} with ${one === undefined ? `${spoken(event.kind)} at ${at}` : observedInWords(one)}: its words score ${profile.score}, its behaviour ${(profile.behaviour?.likelihood ?? 0).toFixed(1)} of 100.`
    case 'appointment_booked':
      return `An appointment was booked at ${at}${typeof event.appointment?.startsAt === 'number' ? ` for ${instantInWords(event.appointment.startsAt)}` : ''}.`
    case 'appointment_missed':
      return `The lead did not come to its appointment${typeof event.appointment?.startsAt === 'number' ? ` of ${instantInWords(event.appointment.startsAt)}` : ''}, as told at ${at}.`
    case 'opt_out_unclear':
      return `What the lead said may be an opt-out, and no person has read it yet: ${spoken(event.kind)} at ${at}.`
    case 'handed_back':
      return `A person handed the lead back at ${at}.`
    case 'channel_closed':
      return `What was planned by ${event.delivery?.channel ?? 'an unknown channel'} could not leave at ${at}: the channel was found closed.`
    default:
      return `${spoken(event.kind)} at ${at}.`
  }
}

/** Why a step of silence fired. */
export function becauseOfSilence(hours: number, profile: LeadProfile): Because {
  const hasSpoken = profile.lastInboundAt !== null || profile.lastOutboundAt !== null
  const since = instantInWords(silenceBase(profile))
  return plain(`${hours} hours without a message in either direction since ${hasSpoken ? '' : 'the lead became known at '}${since}.`, [])
}

function spoken(kind: string): string {
  return kind.replaceAll('_', ' ')
}
