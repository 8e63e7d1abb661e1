/**
 * How likely a lead is to act soon by what it did, 0 to 100, as a function of what is kept and of the moment: nothing is
 * accumulated, so no order of arrival and no number of steps changes the decay. exp and ln are the pinned ones: same bytes everywhere.
 * @source lead-domain reference 6.1
 */
import type { Observed } from '../../../schemas/generated/records.ts'
import { exp, ln } from '../../consensus/pinnedMath.ts'
import {
  CONFIDENT_INTERESTS,
  DECAY_MS,
  POINTS,
  SATURATION,
  TREND_EVENTS,
  channelPoints,
  contactHours,
  interestWeights,
  isSignal,
  signals,
  trends,
} from './signals.ts'
import type { Interest } from './signals.ts'

export type Trend = (typeof trends)[number]['trend']

export interface InterestShare {
  readonly interest: Interest
  readonly events: number
  readonly lastAt: number
  readonly trend: Trend
  /** Points of the 100. */
  readonly points: number
}

const factors = Object.fromEntries(trends.map(({ trend, factor }) => [trend, factor])) as Readonly<Record<Trend, number>>

/** Later half of the time from the first event to `at` against the earlier half. `times` in order. */
export function trendOf(times: readonly number[], at: number): Trend {
  const first = times[0]
  if (first === undefined || times.length < TREND_EVENTS) return 'stable'
  let late = 0
  for (const time of times) if (2 * time > first + at) late++
  const early = times.length - late
  const [rising, falling] = trends
  if (late > rising.from * early) return rising.trend
  return late < falling.below * early ? falling.trend : 'stable'
}

/** What each interest adds at `at`, largest first. Events after `at` are not known yet. */
export function interestShares(seen: readonly Observed[], at: number): InterestShare[] {
  const times = new Map<Interest, number[]>()
  for (const one of seen) {
    const interest = isSignal(one.signal) ? signals[one.signal].interest : null
    if (interest === null || one.at > at) continue
    const known = times.get(interest)
    if (known === undefined) times.set(interest, [one.at])
    else known.push(one.at)
  }
  return [...times]
    .map(([interest, each]) => share(interest, each, at))
    .sort((a, b) => b.points - a.points || (a.interest < b.interest ? -1 : 1))
}

function share(interest: Interest, times: readonly number[], at: number): InterestShare {
  const lastAt = times.at(-1) ?? at
  const trend = trendOf(times, at)
  const factor = factors[trend]
  const volume = volumeOf(times.length)
  const points = POINTS * interestWeights[interest] * volume * exp(-(at - lastAt) / DECAY_MS) * factor
  return { interest, events: times.length, lastAt, trend, points }
}

/** Logarithms are dear and few: what is kept of each signal is bounded. */
const volumes: number[] = []

function volumeOf(events: number): number {
  return (volumes[events] ??= Math.min(ln(1 + events) / SATURATION, 1))
}

/** 0 to 100. */
export function likelihoodOf(shares: readonly InterestShare[]): number {
  // The shares are in order of size: a sum in another order would differ in its last digit.
  return Math.min(
    shares.reduce((sum, { points }) => sum + points, 0),
    100,
  )
}

/** Breadth and freshness in equal parts, 0 to 1. */
export function confidenceOf(shares: readonly InterestShare[], at: number): number {
  if (shares.length === 0) return 0
  const meanMs = shares.reduce((sum, { lastAt }) => sum + (at - lastAt), 0) / shares.length
  return (Math.min(shares.length / CONFIDENT_INTERESTS, 1) + exp(-meanMs / DECAY_MS)) / 2
}

/** The channel that the lead uses itself; `sms` when it has used none. */
export function channelOf(seen: readonly Observed[]): string {
  const points = channelPoints.map((row) => ({ ...row, sum: row.points * seen.filter(({ signal }) => signal === row.signal).length }))
  const best = points.reduce((most, row) => (row.sum > most.sum ? row : most))
  return best.sum === 0 ? 'sms' : best.channel
}

/** Local hours from and to which the lead is best reached: its most active hour and its neighbours. `hourOf` tells the local hour. */
export function contactWindow(seen: readonly Observed[], hourOf: ((at: number) => number) | undefined): { from: number; to: number } {
  const fallback = { from: contactHours.defaultFrom, to: contactHours.defaultTo }
  if (hourOf === undefined || seen.length === 0) return fallback
  const counts = new Array<number>(24).fill(0)
  for (const { at } of seen) {
    const hour = hourOf(at)
    counts[hour] = (counts[hour] ?? 0) + 1
  }
  const busiest = counts.indexOf(Math.max(...counts))
  const from = Math.max(busiest - 1, contactHours.earliest)
  const to = Math.min(busiest + 1, contactHours.latest)
  return from < to ? { from, to } : fallback
}
