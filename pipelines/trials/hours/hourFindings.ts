/**
 * The trial of hours as it is stated about a location, under the id of the agent whose vote carries the lot, and read back: by that
 * agent, by the other locations, by people. Twelve findings: the trial and its eleven hours.
 */
import type { AgentInsight, Finding, HourTrial, TrialArm } from '../../../schemas/generated/records.ts'
import { finding, shareEvidence, shareValue } from '../../adaptation/finding.ts'
import { armsIn, percent, soundShares, statedCounts, statedShares } from '../findings.ts'
import type { Share } from '../lot.ts'
import type { Beta } from '../posterior.ts'
import type { Counts } from '../prior.ts'
import { SPLIT_SENT, atWeekend, runningHours } from './hourTrial.ts'
import { isSplit } from './reviewHours.ts'

/** Kind of the findings on hours: `value` is the share of the lot from Monday to Friday in 1e-6, or of all days. */
const HOUR = 'hour'
/** Evidence that says the share at week-ends, where these are told apart. */
export const WEEKEND_SHARE = 'week-end share'
const WEEKEND_BEST = 'week-end best with'

/** Reasons: of the trial `running`, of an hour `open` and `opted_out_more`. Times are ms. */
export function hourFindings(state: HourTrial, posteriors: readonly Beta[]): Finding[] {
  const { trial, since, arms } = state
  const samples = arms.reduce((sum, { sent }) => sum + sent, 0)
  const whole = finding({
    kind: 'trial',
    subject: trial,
    probability: Math.min(1, samples / SPLIT_SENT),
    value: '',
    samples,
    reason: 'running',
    text: isSplit(state) ? `Trial ${trial} is running and tells week-ends apart.` : `Trial ${trial} is running.`,
    evidence: [['since', String(since)]],
  })
  const hours = runningHours.arms.map((name, place) => {
    const [weekday, weekend] = [arms[place], arms[place + runningHours.arms.length]]
    if (weekday === undefined || weekend === undefined) throw new RangeError(`${trial} has no ${name}`)
    return hourFinding(weekday, weekend, isSplit(state), posteriors[place])
  })
  return [{ ...whole, value: null }, ...hours]
}

function hourFinding(weekday: TrialArm, weekend: TrialArm, split: boolean, posterior: Beta | undefined): Finding {
  const { option, shareMicro, bestMicro, stoppedAt } = weekday
  const total = (field: 'sent' | 'answered' | 'watched' | 'optedOut') => weekday[field] + weekend[field]
  const answered = { hits: total('answered'), trials: total('sent') }
  const at = `${option.slice(1)}:00`
  return finding({
    kind: HOUR,
    subject: option,
    probability: Math.min(1, (answered.trials * runningHours.arms.length) / SPLIT_SENT),
    value: String(shareMicro),
    samples: answered.trials,
    reason: stoppedAt === null ? 'open' : 'opted_out_more',
    text:
      stoppedAt === null
        ? `The hour from ${at} has ${percent(shareMicro)} % of the lot.`
        : `The hour from ${at} was stopped: more leads opt out after it than after the others. Only a person opens it again.`,
    evidence: [
      ['results', shareValue(answered)],
      shareEvidence('answered', answered),
      shareEvidence('opted out', { hits: total('optedOut'), trials: total('watched') }),
      ['best with', `${percent(bestMicro)} %`],
      ...(split
        ? ([
            [WEEKEND_SHARE, String(weekend.shareMicro)],
            [WEEKEND_BEST, `${percent(weekend.bestMicro)} %`],
          ] as const)
        : []),
      ...(posterior === undefined ? [] : [['posterior', `Beta(${posterior.a.toFixed(1)}, ${posterior.b.toFixed(1)})`] as const]),
      ...(stoppedAt === null ? [] : [['stopped', String(stoppedAt)] as const]),
    ],
  })
}

/** The shares of the lot of an hour from Monday to Friday and at week-ends; alike, unless they are told apart. */
export interface HourShares {
  readonly weekday: readonly Share[]
  /** `undefined` where it is as from Monday to Friday. */
  readonly weekend: readonly Share[] | undefined
}

/** The shares as they were stated; `undefined` when they were not, or do not add up. */
export function statedHourShares(stated: AgentInsight | undefined): HourShares | undefined {
  const weekday = statedShares(stated, runningHours, HOUR)
  if (weekday === undefined) return undefined
  const told = armsIn(stated, runningHours, HOUR)?.map(({ evidence }) => evidence.find(({ field }) => field === WEEKEND_SHARE)?.value)
  if (told?.every((share) => share === undefined) !== false) return { weekday, weekend: undefined }
  const weekend = soundShares(atWeekend(weekday).map(({ option }, place) => ({ option, shareMicro: Number(told[place] ?? NaN) })))
  return weekend === undefined ? undefined : { weekday, weekend }
}

/** Is every hour stopped? Then there are no shares, and equal ones would open all of them again. */
export function areAllStopped(stated: AgentInsight | undefined): boolean {
  return armsIn(stated, runningHours, HOUR)?.every(({ reason }) => reason !== 'open') === true
}

/** The results of each hour as they were stated, all days together; `undefined` when they were not. */
export function statedHourCounts(stated: AgentInsight): Counts[] | undefined {
  return statedCounts(stated, runningHours, HOUR)
}
