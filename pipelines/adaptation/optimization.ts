/**
 * Row 29, what the optimization analyzer finds: an option whose messages are answered more than the other's, day by day and
 * over all days, and figures that move together.
 * @source reference/lead-domain.md 2.9, Optimization Analyzer
 */
import type { AdaptationState, Finding } from '../../schemas/generated/records.ts'
import { agentSeries, waySeries } from './days.ts'
import { finding, mostPressing, shareEvidence, shareValue } from './finding.ts'
import { compareRates, intervalOf, millionths, sumOf } from './rates.ts'
import type { DayRate } from './rates.ts'

/** Days on which both were used that a pattern needs, and results of each on such a day. */
export const PATTERN_DAYS = 3
const PATTERN_DAY_LEAST = 3
/** Results of each over all days. */
export const PATTERN_LEAST = 20
/** Mean improvement that counts, in millionths, and the share of days that must have one: tenths. */
const IMPROVEMENT = 100_000n
const SUCCESS_TENTHS = 6
/**
 * Days that a correlation needs: with 14 a coefficient beyond .7 comes by chance once in 180 times (t = 3.40, 12 degrees), so of
 * the ten pairs one is told wrongly once in eighteen looks; with 10 days it would be once in four.
 */
export const CORRELATION_DAYS = 14
const CORRELATION_DAY_LEAST = 5

const options = ['sms', 'email'] as const

/** What the analyzer finds in the days before `today` (its number). */
export function optimizationFindings(state: AdaptationState, today: number): Finding[] {
  const whole = { ...state, days: state.days.filter(({ day }) => day < today) }
  const [sms, email] = options.map((option) => waySeries(whole, [option], 'answered', 'closed'))
  return mostPressing([
    ...better('sms', sms ?? [], 'email', email ?? []),
    ...better('email', email ?? [], 'sms', sms ?? []),
    ...togetherIn(whole),
  ])
}

/** Is the first answered more than the second? */
function better(subject: string, ones: readonly DayRate[], otherName: string, others: readonly DayRate[]): Finding[] {
  const [total, rest] = [sumOf(ones), sumOf(others)]
  if (total.trials < PATTERN_LEAST || rest.trials < PATTERN_LEAST) return []
  const pairs = ones.flatMap((one) => {
    const other = others.find(({ day }) => day === one.day)
    return other === undefined || Math.min(one.trials, other.trials) < PATTERN_DAY_LEAST ? [] : [{ one, other }]
  })
  if (pairs.length < PATTERN_DAYS) return []
  const gain = pairs.reduce((sum, { one, other }) => sum + millionths(one) - millionths(other), 0n)
  const wins = pairs.filter(({ one, other }) => compareRates(one, other) > 0).length
  if (gain <= IMPROVEMENT * BigInt(pairs.length) || wins * 10 <= SUCCESS_TENTHS * pairs.length) return []
  const { low } = intervalOf(total)
  const { high } = intervalOf(rest)
  if (low <= high) return []
  return [
    finding({
      kind: 'answers_better',
      subject,
      probability: Math.min(1, pairs.length / 7) * Math.min(1, 0.5 + wins / (2 * pairs.length)),
      value: shareValue(total),
      samples: total.trials + rest.trials,
      reason: 'answered_more',
      text: `Messages by ${subject} are answered more than those by ${otherName}.`,
      evidence: [
        shareEvidence(subject, total),
        shareEvidence(otherName, rest),
        ['days on which it was better', `${wins} of ${pairs.length}`],
      ],
    }),
  ]
}

function togetherIn(state: AdaptationState): Finding[] {
  const figures: readonly (readonly [name: string, series: readonly DayRate[]])[] = [
    ['messages answered', waySeries(state, options, 'answered', 'closed')],
    ['quick replies', waySeries(state, options, 'quick', 'answered')],
    ['permission taken back', waySeries(state, options, 'optedOut', 'closed')],
    ['agents that fail', agentSeries(state, state.agents, 'failed', 'asked')],
    ['agents that abstain', agentSeries(state, state.agents, 'abstained', 'asked')],
  ]
  return figures.flatMap(([name, series], place) =>
    figures.slice(place + 1).flatMap(([other, others]) => together(name, series, other, others)),
  )
}

/** Do two figures move together: a coefficient beyond .7 either way? Whole numbers decide. */
export function correlationOf(ones: readonly DayRate[], others: readonly DayRate[]): { points: number; coefficient: number } | undefined {
  const enough = ({ trials }: DayRate) => trials >= CORRELATION_DAY_LEAST
  const pairs = ones.filter(enough).flatMap((one) => {
    const other = others.find(({ day }) => day === one.day)
    return other === undefined || !enough(other) ? [] : [[millionths(one), millionths(other)] as const]
  })
  if (pairs.length < CORRELATION_DAYS) return undefined
  const n = BigInt(pairs.length)
  let [x, y, xx, yy, xy] = [0n, 0n, 0n, 0n, 0n]
  for (const [a, b] of pairs) [x, y, xx, yy, xy] = [x + a, y + b, xx + a * a, yy + b * b, xy + a * b]
  const [across, along, up] = [n * xy - x * y, n * xx - x * x, n * yy - y * y]
  // r² > .49, without a division. A figure that never moves has no coefficient.
  if (along === 0n || up === 0n || 100n * across * across <= 49n * along * up) return undefined
  return { points: pairs.length, coefficient: Number(across) / Math.sqrt(Number(along) * Number(up)) }
}

function together(name: string, ones: readonly DayRate[], otherName: string, others: readonly DayRate[]): Finding[] {
  const found = correlationOf(ones, others)
  if (found === undefined) return []
  const { points, coefficient } = found
  return [
    finding({
      kind: 'moves_together',
      subject: `${name} / ${otherName}`,
      probability: Math.min(1, points / 30) * Math.abs(coefficient),
      value: coefficient.toFixed(2),
      samples: points,
      reason: coefficient > 0 ? 'rise_together' : 'one_rises_one_falls',
      text: `"${name}" and "${otherName}" move ${coefficient > 0 ? 'together' : 'against each other'} from day to day; which causes which is not known.`,
      evidence: [['days', String(points)]],
    }),
  ]
}
