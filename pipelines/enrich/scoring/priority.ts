/**
 * How soon a lead is to be contacted: a tier of its own scale, by what is known of it at a moment, with its reasons. A function of
 * the profile, so the order of events changes nothing; what is not known adds no point and is named. @source lead-domain reference 5.4
 */
import type { LeadProfile, Priority, Scoring } from '../../../schemas/generated/records.ts'
import { amountOf, meanOf } from '../../agents/factValues.ts'
import { saidIntent } from '../score.ts'
import { isOpen } from '../silence.ts'
import {
  LEAST_BUDGET,
  OTHER_SOURCE,
  bandDays,
  budgetPoints,
  phrasePoints,
  priorityWeights,
  sourcePoints,
  tiers,
  timelinePoints,
  unitDays,
} from './priorityTables.ts'
import type { PriorityPart, Tier } from './priorityTables.ts'
import { wholeFactors } from './wholePoints.ts'

/** Points (of 100) and words of a part, or `undefined` when it is not known. */
type Weighed = { readonly points: number; readonly words: string } | undefined

/** The priority of a lead at the moment of its score. `factNames`: custom field id to the name of the fact that it holds. */
export function priorityOf(profile: LeadProfile, factNames: Readonly<Record<string, string>>, scoring: Scoring): Priority {
  const facts = factsOf(profile.customFields, factNames)
  const weighed: Readonly<Record<PriorityPart, Weighed>> = {
    budget: budgetOf(facts),
    engagement: { points: scoring.engagement, words: `acts: engagement ${scoring.engagement} of 100` },
    timeline: timelineOf(profile, facts),
    intent: intentOf(profile),
    fit: scoring.fit === 0 ? undefined : { points: scoring.fit, words: `what it needs is known: fit ${scoring.fit} of 100` },
    source: sourceOf(profile.source),
  }
  const parts = Object.entries(weighed) as [PriorityPart, Weighed][]
  const factors = wholeFactors(
    parts.flatMap(([part, one]) => (one === undefined ? [] : [{ ...one, code: part, weight: priorityWeights[part] }])),
  )
  const score = factors.reduce((sum, { points }) => sum + points, 0)
  const unknown = parts.filter(([, one]) => one === undefined).map(([part]) => part)
  const isUnknown = scoring.engagement === 0 && unknown.length === parts.length - 1
  const tier = isUnknown ? undefined : tierOf(score)
  return { at: scoring.at, tier: tier ?? 'unknown', score, dueAt: tier === undefined ? null : dueAt(profile, tier), factors, unknown }
}

/** The tier of a score of 0 to 100. */
export function tierOf(score: number): Tier {
  return tiers.find(({ from }) => score >= from)?.tier ?? 'COLD'
}

/**
 * When the lead is to be contacted at the latest, ms: counted from its last message or action, or from when it is first known; null when
 * a person or Rekindle has written since, or when it is gone, won, lost or closed on every channel. Campaigns contact nobody.
 */
function dueAt(profile: LeadProfile, tier: Tier): number | null {
  if (!isOpen(profile)) return null
  const since = Math.max(profile.firstSeenAt, profile.lastInboundAt ?? 0, profile.behaviour?.seen.at(-1)?.at ?? 0)
  const contactedAt = Math.max(profile.lastHumanAt ?? 0, profile.lastOwnAt ?? 0)
  const withinMs = tiers.find((one) => one.tier === tier)?.withinMs
  return withinMs === undefined || contactedAt >= since ? null : since + withinMs
}

/** Facts by name; of two fields for one fact, the one whose id comes first. */
function factsOf(customFields: Readonly<Record<string, string>>, names: Readonly<Record<string, string>>): Map<string, string> {
  const facts = new Map<string, string>()
  for (const id of Object.keys(customFields).sort()) {
    const name = names[id]
    const value = customFields[id]
    if (name !== undefined && value !== undefined && value.trim() !== '' && !facts.has(name)) facts.set(name, value)
  }
  return facts
}

/** The stated budget, the middle of a range. */
function budgetOf(facts: ReadonlyMap<string, string>): Weighed {
  const ends = ['budget_min', 'budget_max'].map((name) => amountOf(facts.get(name))).filter((end) => end !== undefined)
  const amount = amountOf(facts.get('budget')) ?? (ends.length === 0 ? undefined : meanOf(ends))
  if (amount === undefined || amount < LEAST_BUDGET) return undefined
  const band = budgetPoints.find(({ from }) => amount >= from)
  if (band === undefined) return undefined
  const words = band.from === 0 ? 'below the lowest band' : `of ${band.from.toLocaleString('en-US')} or more`
  return { points: band.points, words: `a budget ${words}` }
}

/** The soonest of what the lead answered and what it writes. */
function timelineOf(profile: LeadProfile, facts: ReadonlyMap<string, string>): Weighed {
  const said = saidIntent(profile.recentMessages)?.timeline
  const days = [daysToMove(facts.get('timeline')), said === undefined ? undefined : bandDays[said.name]].filter(
    (known) => known !== undefined,
  )
  if (days.length === 0) return undefined
  const soonest = Math.min(...days)
  const band = timelinePoints.find(({ toDays }) => soonest <= toDays)
  if (band === undefined) return undefined
  return {
    points: band.points,
    words: band.toDays === Infinity ? 'wants to move later than within a year' : `wants to move within ${band.toDays} days`,
  }
}

/**
 * Days in which a lead wants to move by what it answered ("asap", "within 30 days", "3-6 months", "12+ months"): the later end of a range,
 * Infinity when it has none; `undefined` for what names no time ("flexible").
 */
export function daysToMove(answer: string | undefined): number | undefined {
  if (answer === undefined) return undefined
  if (/\b(asap|as soon as possible|immediate(ly)?|right away|now)\b/i.test(answer)) return /\bnot\b/i.test(answer) ? undefined : 0
  const counted = /(\d{1,3})\s*(\+)?\s*(?:or more\s+)?(day|week|month|year)s?\b\s*(\+|or more)?/i.exec(answer)
  const [, digits, plus, unit, plusAfter] = counted ?? []
  const days = unitDays[unit?.toLowerCase() ?? '']
  if (digits === undefined || days === undefined) return undefined
  const isOpenEnded = plus !== undefined || plusAfter !== undefined || /\b(over|more than|at least|after)\b/i.test(answer)
  return isOpenEnded ? Infinity : Number(digits) * days
}

function intentOf(profile: LeadProfile): Weighed {
  const said = saidIntent(profile.recentMessages)
  if (said === undefined) return undefined
  const points = Math.min(100, phrasePoints.high * said.high.length + phrasePoints.medium * said.medium.length)
  return {
    points,
    words: `says ${[...said.high, ...said.medium]
      .map((phrase) => `"${phrase}"`)
      .slice(0, 3)
      .join(', ')}`,
  }
}

/** By the names of the table; a source that it does not name is told as such, never in its own words. */
function sourceOf(source: string | null): Weighed {
  const stated =
    source
      ?.toLowerCase()
      .replaceAll(/[^a-z0-9]+/g, '_')
      .replaceAll(/^_|_$/g, '') ?? ''
  if (stated === '' || stated === 'unknown') return undefined
  const row = sourcePoints.find(({ name, also }) => name === stated || also.includes(stated))
  return {
    points: row?.points ?? OTHER_SOURCE,
    words: row === undefined ? 'comes from another source' : `comes from ${row.name.replaceAll('_', ' ')}`,
  }
}
