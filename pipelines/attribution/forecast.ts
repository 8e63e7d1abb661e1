/**
 * What the next 30 days bring if they are like the last 90, and what a lead of each channel has been worth. No growth is assumed.
 * The interval counts both how uneven conversions are and how little was seen of them.
 * @source reference/lead-domain.md 2.9 (predictive modeler), without its +15 %
 */
import { binOf } from '../agents/agent.ts'
import type { AttributionState, Finding } from '../../schemas/generated/records.ts'
import { amountNumber } from './cents.ts'
import { channelWords } from './channels.ts'
import { MATURE_DAYS, MIN_AMOUNTS, completenessOf } from './figures.ts'
import type { Figures } from './figures.ts'
import { MAX_FINDINGS, MIN_MATURE_LEADS, MIN_TOUCHPOINTS, interval, told } from './findings.ts'
import type { MeanInterval } from '../consensus/scores/shareIntervals.ts'
import { Z_90, Z_90_OF_14, sumInterval } from './intervals.ts'
import { DAY_MS, WINDOW_DAYS, dayOf } from './window.ts'

export const FORECAST_DAYS = 30
/** Two thirds of the window: of less, a month says little of the next. An assumption. */
export const MIN_OBSERVED_DAYS = 60
/** Conversions with a worth. At 20 the interval is at best some 37 % (1.645 / sqrt 20) wide on each side. */
export const MIN_CONVERSIONS = 20

/** What predictive_modeler finds. @param at end of the window, ms */
export function forecastFindings(state: AttributionState, figures: Figures, at: number): Finding[] {
  if (figures.touchpoints < MIN_TOUCHPOINTS) return []
  return [...forecastOf(state, figures, at), ...worthOfLeads(figures)].slice(0, MAX_FINDINGS)
}

function forecastOf(state: AttributionState, figures: Figures, at: number): Finding[] {
  // What was won before the location was first heard of is known in part, and not of the days that are counted.
  const firstDay = dayOf(state.since)
  const seen = state.conversions.filter((one) => dayOf(one.at) >= firstDay && one.at > at - WINDOW_DAYS * DAY_MS)
  const amounts = seen.flatMap(({ cents }) => (cents === null ? [] : [amountNumber(BigInt(cents))]))
  if (figures.observedDays < MIN_OBSERVED_DAYS || amounts.length < MIN_CONVERSIONS) return []
  const days = figures.observedDays
  const uneven = dispersion(state, at, days)
  const next = nextSum(amounts, figures.scale, days, uneven)
  return [
    {
      kind: 'forecast',
      subject: '',
      bin: binOf(
        completenessOf(figures) * (days / WINDOW_DAYS) * (next.mean === 0 ? 0 : Math.max(0, 1 - (next.high - next.low) / 2 / next.mean)),
      ),
      value: next.mean.toFixed(2),
      samples: amounts.length,
      reason: 'as_the_last_90_days',
      text: `${next.low.toFixed(0)} to ${next.high.toFixed(0)} of revenue in the next 30 days, if they are like the last ${days}.`,
      evidence: [
        ...interval('revenue', next, 2),
        ...told('days', days),
        ...told(
          'conversions',
          state.days.reduce((sum, { day, count }) => (day >= firstDay ? sum + count : sum), 0),
        ),
        ...told('dispersion', uneven.toFixed(2)),
      ],
    },
  ]
}

/**
 * The sum of the next 30 days: mean m of a compound Poisson sum seen over `days`; the variance of what comes, plus that of the
 * mean itself, times how much more unevenly conversions come than by chance (at least 1).
 */
export function nextSum(amounts: readonly number[], scale: number, days: number, uneven: number): MeanInterval {
  const share = FORECAST_DAYS / days
  const seen = amounts.reduce((sum, amount) => sum + amount, 0) * scale
  const squares = amounts.reduce((sum, amount) => sum + amount * amount, 0)
  const variance = uneven * (squares * scale * share + squares * scale * scale * share * share)
  const half = Z_90 * Math.sqrt(variance)
  const mean = seen * share
  return { mean, low: Math.max(0, mean - half), high: mean + half }
}

/** Variance of the weekly counts by their mean, whole weeks back from `at`; 1 is chance, less counts as 1. */
function dispersion({ days }: AttributionState, at: number, observed: number): number {
  const weeks = Math.floor(observed / 7)
  const counts = new Array<number>(weeks).fill(0)
  for (const { day, count } of days) {
    const week = Math.floor((dayOf(at) - day) / 7)
    if (week >= 0 && week < weeks) counts[week] = (counts[week] ?? 0) + count
  }
  const mean = counts.reduce((sum, count) => sum + count, 0) / weeks
  if (mean === 0 || weeks < 2) return 1
  const variance = counts.reduce((sum, count) => sum + (count - mean) * (count - mean), 0) / (weeks - 1)
  return Math.max(1, variance / mean)
}

/**
 * Revenue per lead first touched, by channel beside the others, with an interval that holds for all channels at once. Of leads that had
 * time to convert: a channel that has just begun would look worth less.
 */
function worthOfLeads(figures: Figures): Finding[] {
  const able = figures.channels.filter(
    ({ matureLeads, matureAmounts }) => matureLeads >= MIN_MATURE_LEADS && matureAmounts.length >= MIN_AMOUNTS,
  )
  return able.flatMap((one) => {
    const others = figures.channels.filter(({ channel }) => channel !== one.channel)
    const leads = others.reduce((sum, other) => sum + other.matureLeads, 0)
    if (leads < MIN_MATURE_LEADS || one.matureOthers.length < MIN_AMOUNTS) return []
    const own = perLead(one.matureAmounts, figures.scale, one.matureLeads)
    const rest = perLead(one.matureOthers, figures.scale, leads)
    const reason = own.low > rest.high ? 'worth_more' : own.high < rest.low ? 'worth_less' : 'worth_the_same'
    const gap = reason === 'worth_more' ? own.low - rest.high : reason === 'worth_less' ? rest.low - own.high : 0
    const apart = Math.abs(own.mean - rest.mean)
    return [
      {
        kind: 'lead_worth',
        subject: one.channel,
        bin: binOf(completenessOf(figures) * (gap === 0 ? 0.5 : 0.5 + (0.5 * gap) / apart)),
        value: own.mean.toFixed(2),
        samples: one.matureLeads,
        reason,
        text: `A lead of ${channelWords(one.channel)} that came ${MATURE_DAYS} days ago or before has brought ${own.mean.toFixed(0)} on average (${own.low.toFixed(0)} to ${own.high.toFixed(0)}), one of the others ${rest.mean.toFixed(0)}.`,
        evidence: [...interval('worth', own, 2), ...told('others', rest.mean.toFixed(2)), ...told('amounts', one.matureAmounts.length)],
      },
    ]
  })
}

function perLead(amounts: readonly number[], scale: number, leads: number): MeanInterval {
  const { mean, low, high } = sumInterval(amounts, scale, Z_90_OF_14)
  return { mean: mean / leads, low: low / leads, high: high / leads }
}
