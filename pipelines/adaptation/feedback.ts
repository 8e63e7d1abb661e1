/**
 * Row 30, what the feedback integrator finds: whether changes of policy were followed by more answers. It compares what came
 * before with what came after, so that something else changed at the same time is not excluded; it is no proof.
 * @source reference/lead-domain.md 2.9, Feedback Integrator
 */
import { Z_95 } from '../consensus/scores/shareIntervals.ts'
import type { AdaptationState, Finding } from '../../schemas/generated/records.ts'
import { latestPolicy, policyRates, waySeries } from './days.ts'
import type { PolicyRate } from './days.ts'
import { finding, mostPressing, shareEvidence, shareValue } from './finding.ts'
import { compareRates, intervalOf, sumOf } from './rates.ts'
import type { Rate } from './rates.ts'

/** Messages on either side that a change of policy needs to be looked at. */
export const POLICY_LEAST = 20
/** Changes in 30 days from which on it is asked whether they help. */
export const CHANGES_LEAST = 5
/** The share of changes that should help, and the gain that they should have on average. */
const HELPED = 0.7
const GAIN = 0.05
/** Four weeks, and the gain in which learning is slow. */
const SLOW_DAYS = 28
const SLOW_GAIN = 0.02

/** What the integrator finds in the days before `today` (its number). */
export function feedbackFindings(state: AdaptationState, today: number): Finding[] {
  const whole = { ...state, days: state.days.filter(({ day }) => day < today) }
  const policies = policyRates(whole).filter(({ trials }) => trials >= POLICY_LEAST)
  const changes = policies.slice(1).map((after, place) => ({ before: policies[place] as PolicyRate, after }))
  return mostPressing([...latestOf(changes, latestPolicy(whole)), ...withoutGain(changes), ...slow(whole, today, changes.length)])
}

interface Change {
  readonly before: PolicyRate
  readonly after: PolicyRate
}

/** The latest change, when the intervals of before and after do not touch. Of a policy that is not in force any more nothing is to be doubted. */
function latestOf(changes: readonly Change[], inForce: string | undefined): Finding[] {
  const change = changes.at(-1)
  if (change === undefined || change.after.hash !== inForce) return []
  const { before, after } = change
  const [was, is] = [intervalOf(before), intervalOf(after)]
  const isWorse = is.high < was.low
  if (!isWorse && is.low <= was.high) return []
  const fewer = Math.min(before.trials, after.trials)
  const [a, b] = [before.hits / before.trials, after.hits / after.trials]
  return [
    finding({
      kind: isWorse ? 'policy_worse' : 'policy_better',
      subject: after.hash.slice(0, 12),
      // A hundred messages on either side are all that is wanted; a change by half is clear.
      probability: Math.min(1, fewer / 100) * Math.min(1, 0.5 + Math.abs(a - b) / Math.max(a, b)),
      value: shareValue(after),
      samples: before.trials + after.trials,
      reason: isWorse ? 'answered_less_after' : 'answered_more_after',
      text: `Messages are answered ${isWorse ? 'less' : 'more'} since policy ${after.hash.slice(0, 12)} is in force.`,
      evidence: [shareEvidence('after', after), shareEvidence('before', before), ['former policy', before.hash.slice(0, 12)]],
    }),
  ]
}

/** Gain of some changes on average, and the upper end of its 95 % interval. */
export function meanGain(changes: readonly { readonly before: Rate; readonly after: Rate }[]): { mean: number; high: number } {
  const share = ({ hits, trials }: Rate) => hits / trials
  const variance = (rate: Rate) => {
    // One success and one failure more: nought of twenty is not certain.
    const p = (rate.hits + 1) / (rate.trials + 2)
    return (p * (1 - p)) / rate.trials
  }
  const mean = changes.reduce((sum, { before, after }) => sum + share(after) - share(before), 0) / changes.length
  const spread = Math.sqrt(changes.reduce((sum, { before, after }) => sum + variance(before) + variance(after), 0)) / changes.length
  return { mean, high: mean + Z_95 * spread }
}

/** Five changes or more that measurably did not help. */
function withoutGain(changes: readonly Change[]): Finding[] {
  if (changes.length < CHANGES_LEAST) return []
  const helped = changes.filter(({ before, after }) => compareRates(after, before) > 0).length
  const rate = { hits: helped, trials: changes.length }
  const gain = meanGain(changes)
  const few = intervalOf(rate).high < HELPED
  const little = gain.high < GAIN
  if (!few && !little) return []
  return [
    finding({
      kind: 'changes_without_gain',
      subject: '',
      probability: Math.min(1, changes.length / 10) * (few && little ? 1 : 0.8),
      value: shareValue(rate),
      samples: changes.length,
      reason: few ? 'few_changes_help' : 'little_gain',
      text: `Of ${changes.length} changes of policy ${helped} ${helped === 1 ? 'was' : 'were'} followed by more answers.`,
      evidence: [
        shareEvidence('changes that helped', rate),
        ['mean gain', `${points(gain.mean)}, at most ${points(gain.high)} with 97.5 %`],
      ],
    }),
  ]
}

/** The last week against the first of four, when a policy was changed and the gain is measurably below two points. */
function slow(state: AdaptationState, today: number, changes: number): Finding[] {
  if (changes === 0) return []
  const answered = waySeries(state, ['sms', 'email'], 'answered', 'closed')
  const week = (from: number) => sumOf(answered.filter(({ day }) => day >= today - from && day < today - from + 7))
  const [first, last] = [week(SLOW_DAYS), week(7)]
  if (first.trials < POLICY_LEAST || last.trials < POLICY_LEAST) return []
  const gain = meanGain([{ before: first, after: last }])
  if (gain.high >= SLOW_GAIN) return []
  return [
    finding({
      kind: 'slow_learning',
      subject: '',
      probability: Math.min(1, 0.5 + (SLOW_GAIN - gain.mean)) * Math.min(1, Math.min(first.trials, last.trials) / 200),
      value: shareValue(last),
      samples: first.trials + last.trials,
      reason: 'below_two_points_in_four_weeks',
      text: `The share that answers has ${gain.mean > 0 ? 'risen by less than two points' : 'not risen'} in four weeks.`,
      evidence: [
        shareEvidence('last week', last),
        shareEvidence('first of four weeks', first),
        ['gain', `${points(gain.mean)}, at most ${points(gain.high)} with 97.5 %`],
      ],
    }),
  ]
}

function points(share: number): string {
  return `${(100 * share).toFixed(1)} points`
}
