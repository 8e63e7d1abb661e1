/**
 * Row 28, what the performance monitor finds: figures of the last whole day that have fallen, or risen, against the median day
 * before it, and figures that jump about. A day counts where it has enough results, a change where chance does not explain it.
 * @source reference/lead-domain.md 2.9, Performance Monitor
 */
import type { AdaptationState, Finding } from '../../schemas/generated/records.ts'
import type { Agent } from '../agents/agent.ts'
import { allMessages } from '../agents/adaptive/findingKinds.ts'
import { agentSeries, waySeries } from './days.ts'
import { finding, mostPressing, shareEvidence, shareValue } from './finding.ts'
import { differsByMoreThan, intervalOf, medianRate, millionths, rateText, sumOf } from './rates.ts'
import type { DayRate, Rate } from './rates.ts'

/** Results that a day must have to be one of the days before. */
export const DAY_LEAST = 5
/** Days before that make a median, and those that make it whole. */
export const BASELINE_DAYS = 7
const BASELINE_WHOLE = 14
/** Results that the last day must have. */
export const RECENT_LEAST = 20
/**
 * Some 150 figures are looked at each day (37 agents and 8 systems, three each; messages): at 99.9 %, half of it on the side that
 * is asked for, one in thirteen days would be called a finding by chance if nothing changed.
 */
const ALPHA = 0.001
/** Points that an anomaly needs. */
export const ANOMALY_POINTS = 10

/** Change that is looked for, per cent of the median: negative for a fall. */
const changes = { answered_less: -10, right_less: -10, answered_later: -20, fails_more: 15, abstains_more: 15 } as const
type Kind = keyof typeof changes

/** A result is told 72 hours after its message: what went out on the last day nobody knows of yet. */
const ENDED = 'whose 72 hours ended on the last day'
const messagesBy = (subject: string) => (subject === allMessages ? 'messages' : `messages by ${subject}`)

const texts: Readonly<Record<Kind, (subject: string) => string>> = {
  answered_less: (subject) => `Of the ${messagesBy(subject)} ${ENDED} fewer were answered.`,
  answered_later: (subject) => `Replies to the ${messagesBy(subject)} ${ENDED} came later.`,
  fails_more: (subject) => `In decisions ${ENDED} ${subject} failed more often.`,
  abstains_more: (subject) => `In decisions ${ENDED} ${subject} abstained more often.`,
  right_less: (subject) => `Of the messages ${ENDED} and that ${subject} voted for fewer were answered.`,
}

/** The last whole day against the median of the days before it; `undefined` where there is too little, or chance may explain it. */
export function changeOf(
  series: readonly DayRate[],
  today: number,
  percent: number,
): { last: Rate; median: Rate; days: number } | undefined {
  const last = series.find(({ day }) => day === today - 1)
  if (last === undefined || last.trials < RECENT_LEAST) return undefined
  const before = series.filter(({ day, trials }) => day < today - 1 && trials >= DAY_LEAST)
  if (before.length < BASELINE_DAYS) return undefined
  const median = medianRate(before, percent < 0 ? 'lower' : 'upper')
  if (median === undefined || !differsByMoreThan(last, median, percent)) return undefined
  const { low, high } = intervalOf(last, ALPHA)
  const usual = median.hits / median.trials
  return (percent < 0 ? high < usual : low > usual) ? { last, median, days: before.length } : undefined
}

function changed(kind: Kind, subject: string, series: readonly DayRate[], today: number): Finding[] {
  const change = changeOf(series, today, changes[kind])
  if (change === undefined) return []
  const { last, median, days } = change
  const [now, usual] = [last.hits / last.trials, median.hits / median.trials]
  const size = Math.abs(now - usual) / Math.max(now, usual)
  return [
    finding({
      kind,
      subject,
      // All of the days that are wanted and a change by half or more is as clear as it gets.
      probability: Math.min(1, days / BASELINE_WHOLE) * Math.min(1, 0.5 + size),
      value: shareValue(last),
      samples: last.trials,
      reason: changes[kind] < 0 ? 'fell_in_24h' : 'rose_in_24h',
      text: texts[kind](subject),
      evidence: [shareEvidence('last day', last, ALPHA), ['median day', rateText(median)], ['days before', String(days)]],
    }),
  ]
}

/** More than a tenth of at least ten days beyond two standard deviations of their mean. Whole numbers decide. */
export function outliersOf(series: readonly DayRate[]): { outliers: number; points: number } | undefined {
  const values = series.filter(({ trials }) => trials >= DAY_LEAST).map(millionths)
  const n = BigInt(values.length)
  if (values.length < ANOMALY_POINTS) return undefined
  const sum = values.reduce((total, value) => total + value, 0n)
  const squares = values.reduce((total, value) => total + value * value, 0n)
  // |x - mean| > 2 sigma, both sides times n and squared.
  const limit = 4n * (n * squares - sum * sum)
  const outliers = values.filter((value) => (n * value - sum) ** 2n > limit).length
  return outliers * 10 > values.length ? { outliers, points: values.length } : undefined
}

function anomalous(subject: string, series: readonly DayRate[]): Finding[] {
  const found = outliersOf(series)
  if (found === undefined) return []
  const { outliers, points } = found
  return [
    finding({
      kind: 'anomaly',
      subject,
      probability: Math.min(1, points / 30) * Math.min(1, 0.5 + (2 * outliers) / points),
      value: `${outliers}/${points}`,
      samples: points,
      reason: 'beyond_two_sigma',
      text: `On ${outliers} of ${points} days the share of answered ${subject} lies far from its mean.`,
      evidence: [shareEvidence('all days', sumOf(series))],
    }),
  ]
}

/** What the monitor finds on `today` (its number). Systems are those of `agents`. */
export function performanceFindings(state: AdaptationState, today: number, agents: readonly Pick<Agent, 'id' | 'system'>[]): Finding[] {
  const whole = { ...state, days: state.days.filter(({ day }) => day < today) }
  const ways = [
    [allMessages, ['sms', 'email']],
    ['sms', ['sms']],
    ['email', ['email']],
  ] as const
  const ofMessages = ways.flatMap(([subject, options]) => {
    const answered = waySeries(whole, options, 'answered', 'closed')
    return [
      ...changed('answered_less', subject, answered, today),
      ...changed('answered_later', subject, waySeries(whole, options, 'quick', 'answered'), today),
      ...anomalous(subject, answered),
    ]
  })
  const systems = [...new Set(agents.map(({ system }) => system))]
  const groups = [
    ...whole.agents.map((id) => [id, [id]] as const),
    ...systems.map((system) => [`system ${system}`, agents.filter((agent) => agent.system === system).map(({ id }) => id)] as const),
  ]
  const ofAgents = groups.flatMap(([subject, ids]) => [
    ...changed('fails_more', subject, agentSeries(whole, ids, 'failed', 'asked'), today),
    ...changed('abstains_more', subject, agentSeries(whole, ids, 'abstained', 'asked'), today),
    ...changed('right_less', subject, agentSeries(whole, ids, 'answered', 'sent'), today),
  ])
  return mostPressing([...ofMessages, ...ofAgents])
}
