/**
 * In which hour a message really went out, and how that was chosen. What the fence or an outage moved out of the hour that was taken
 * counts for none: it went when something else let it, and not by lot.
 */
import type { Decision, HourOfMessage, HourUsed, OutcomeWait } from '../../schemas/generated/records.ts'
import { hourAt } from '../trials/hours/openHours.ts'

const DAY_MS = 86_400_000
/** 1e-6. */
const CERTAIN = 1_000_000

/** What is kept of the hour that a decision took; `null` where none was left to lot. */
export function hourOfMessage({ hour }: Pick<Decision, 'hour'>): HourOfMessage | null {
  // Decisions from before the field was known have none.
  if (!hour) return null
  const { trial, zone, taken, drawn, arms } = hour
  return { option: taken, zone, trial, drawn, propensityMicro: arms.find(({ option }) => option === taken)?.propensityMicro ?? CERTAIN }
}

/** `startedAt` is when the message was confirmed. An hour that is taken lies within a day of its decision, so the same one of a later day is another. */
export function hourUsed({ hour, startedAt, decidedAt }: Pick<OutcomeWait, 'hour' | 'startedAt' | 'decidedAt'>): HourUsed | null {
  if (!hour || startedAt === null) return null
  const { zone, trial, drawn, propensityMicro } = hour
  const option = hourAt(startedAt, zone)
  const isMoved = option !== hour.option || startedAt - decidedAt >= DAY_MS
  return isMoved ? { option, trial: null, drawn: false, propensityMicro: CERTAIN } : { option, trial, drawn, propensityMicro }
}
