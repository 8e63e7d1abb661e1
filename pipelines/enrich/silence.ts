/**
 * Silence of a lead: since the last message in either direction, or since we know of it when there was none. The agents
 * are asked after 24, 48 and 72 hours, once each per silence; any message begins a new one. After 30 days it is dormant. While a person leads
 * nothing may be done, so that the last step waits for the end of a quiet time that is longer.
 */
import type { TimerChange } from '../../runtime/outcome.ts'
import { timer } from '../../runtime/outcome.ts'
import type { LeadProfile } from '../../schemas/generated/records.ts'
import { closedOnAllChannels } from './consent.ts'
import { appointmentAt } from './entities.ts'
import { isQualifying } from './leadStatus.ts'

const HOUR_MS = 3_600_000

/** Hours of silence after which the agents are asked; the timer and the reason of the assessment are named `silence_<n>h`. */
export const SILENCE_HOURS = [24, 48, 72] as const
/** The last of them, hours. */
export const LAST_STEP = SILENCE_HOURS[2]
/** Hours of silence after which a lead is dormant: 30 days. @source safety reference 10.3 */
export const DORMANT_HOURS = 720

export function silenceTimerName(hours: number): string {
  return `silence_${hours}h`
}

const steps = [...SILENCE_HOURS, DORMANT_HOURS].map((hours) => ({ hours, wait: timer(silenceTimerName(hours)) }))

/** Start of the present silence, in ms. */
export function silenceBase(profile: LeadProfile): number {
  const { lastInboundAt, lastOutboundAt } = profile
  if (lastInboundAt === null) return lastOutboundAt ?? profile.firstSeenAt
  return lastOutboundAt === null ? lastInboundAt : Math.max(lastInboundAt, lastOutboundAt)
}

/** When a step is reached, ms. Left out at its hour, the last one would leave a lead to nobody from the end of the quiet time on. */
function stepAt(profile: LeadProfile, hours: number): number {
  const at = silenceBase(profile) + hours * HOUR_MS
  return hours === LAST_STEP ? Math.max(at, profile.humanOwnership?.untilAt ?? at) : at
}

/** May this lead be asked about on our own initiative? Not when it is gone, won, lost or closed on every channel. */
export function isOpen(profile: LeadProfile): boolean {
  return closedBecause(profile) === undefined
}

/** Why nothing is asked about the lead on our own initiative, as a sentence; `undefined` where that is not so. */
export function closedBecause(
  profile: Parameters<typeof closedOnAllChannels>[0] & Pick<LeadProfile, 'deletedAt' | 'status'>,
): string | undefined {
  if (profile.deletedAt !== null) return 'The contact was deleted.'
  if (profile.status === 'converted') return 'The lead has become a client.'
  if (profile.status === 'lost') return 'The lead is marked as lost.'
  if (!closedOnAllChannels(profile)) return undefined
  return profile.dnd
    ? 'Do not disturb is set for the lead.'
    : 'No channel is open: each is taken back by the lead or set to do not disturb.'
}

/** Whole hours of the silence until `at`. */
export function hoursOfSilence(profile: LeadProfile, at: number): number {
  return Math.floor((at - silenceBase(profile)) / HOUR_MS)
}

/** The step (24, 48 or 72 hours) that the silence has reached at `at`; 0 before the first. */
export function silenceReached(profile: LeadProfile, at: number): number {
  return SILENCE_HOURS.findLast((step) => stepAt(profile, step) <= at) ?? 0
}

/** Timers to set or cancel when the profile goes from `before` to `after`. Nothing when the silence is the same one. */
export function silenceTimers(before: LeadProfile | undefined, after: LeadProfile): TimerChange[] {
  const was = before !== undefined && isOpen(before)
  if (!isOpen(after)) return was ? steps.map(({ wait }) => wait.cancel()) : []
  const isTheSame = was && silenceBase(before) === silenceBase(after) && stepAt(before, LAST_STEP) === stepAt(after, LAST_STEP)
  if (isTheSame && before.silenceStep === after.silenceStep) return []
  return steps.map(({ hours, wait }) => (hours > after.silenceStep ? wait.at(stepAt(after, hours)) : wait.cancel()))
}

export type SilenceAnswer = 'ask' | 'dormant' | 'nothing'

/**
 * What a fired silence timer means at `at`. A step that a later one has overtaken (the stage was down meanwhile) is not
 * asked: one silence gives one question at a time.
 */
export function onSilence(profile: LeadProfile, hours: number, at: number): SilenceAnswer {
  if (!isOpen(profile) || at < stepAt(profile, hours)) return 'nothing'
  if (hours === DORMANT_HOURS) return isQualifying(appointmentAt(profile, at), at) ? 'nothing' : 'dormant'
  return hours > profile.silenceStep && hours === silenceReached(profile, at) ? 'ask' : 'nothing'
}
