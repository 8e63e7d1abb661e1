/**
 * How soon a lead is to be contacted: a tier of its own scale, by what is known of it at a moment, with its reasons. A function of
 * the profile, so the order of events changes nothing; what is not known adds no point and is named. @source lead-domain reference 5.4
 */
import type { LeadProfile, Priority, Scoring } from '../../../schemas/generated/records.ts'
import { saidIntent } from '../score.ts'
import type { SaidIntent } from '../score.ts'
import { isOpen } from '../silence.ts'
import { answersOf } from './answers.ts'
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
} from './priorityTables.ts'
import type { PriorityPart, Tier } from './priorityTables.ts'
import { wholeFactors } from './wholePoints.ts'
import type { ExactFactor } from './wholePoints.ts'

/** The priority of a lead at the moment of its score. `factNames`: custom field id to the name of the fact that it holds. */
export function priorityOf(profile: LeadProfile, factNames: Readonly<Record<string, string>>, scoring: Scoring): Priority {
  const { engagement, fit } = scoring
  const { budget, days } = answersOf(profile.customFields, factNames)
  const said = saidIntent(profile.recentMessages)
  const known: ExactFactor[] = []
  const unknown: string[] = []
  weigh('budget', budgetOf(budget), known, unknown)
  weigh('engagement', factorOf('engagement', engagement, `acts: engagement ${engagement} of 100`), known, unknown)
  weigh('timeline', timelineOf(days, said), known, unknown)
  weigh('intent', said === undefined ? undefined : intentOf(said), known, unknown)
  weigh('fit', fit === 0 ? undefined : factorOf('fit', fit, `what it needs is known: fit ${fit} of 100`), known, unknown)
  weigh('source', sourceOf(profile.source), known, unknown)
  const factors = wholeFactors(known)
  let score = 0
  for (const { points } of factors) score += points
  // The engagement is always known.
  const tier = engagement === 0 && known.length === 1 ? undefined : tierOf(score)
  return { at: scoring.at, tier: tier ?? 'unknown', score, dueAt: tier === undefined ? null : dueAt(profile, tier), factors, unknown }
}

function weigh(part: PriorityPart, one: ExactFactor | undefined, known: ExactFactor[], unknown: string[]): void {
  if (one === undefined) unknown.push(part)
  else known.push(one)
}

/** `points`: of the 100 of the part. */
function factorOf(part: PriorityPart, points: number, words: string): ExactFactor {
  return { code: part, words, points, weight: priorityWeights[part] }
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
  const since = lastSignOf(profile)
  const contactedAt = Math.max(profile.lastHumanAt ?? 0, profile.lastOwnAt ?? 0)
  const withinMs = tiers.find((one) => one.tier === tier)?.withinMs
  return withinMs === undefined || contactedAt >= since ? null : since + withinMs
}

/** The last message or action of the lead, or when it is first known, ms. */
export function lastSignOf({
  firstSeenAt,
  lastInboundAt,
  behaviour,
}: Pick<LeadProfile, 'firstSeenAt' | 'lastInboundAt' | 'behaviour'>): number {
  return Math.max(firstSeenAt, lastInboundAt ?? 0, behaviour?.seen.at(-1)?.at ?? 0)
}

// What a band says is the same for every lead in it, and numbers in words are dear.
const budgetBands = budgetPoints.map(({ from, points }) => ({
  from,
  factor: factorOf('budget', points, from === 0 ? 'a budget below the lowest band' : `a budget of ${from.toLocaleString('en-US')} or more`),
}))

function budgetOf(amount: number | undefined): ExactFactor | undefined {
  return amount === undefined || amount < LEAST_BUDGET ? undefined : budgetBands.find(({ from }) => amount >= from)?.factor
}

const timelineBands = timelinePoints.map(({ toDays, points }) => ({
  toDays,
  factor: factorOf(
    'timeline',
    points,
    toDays === Infinity ? 'wants to move later than within a year' : `wants to move within ${toDays} days`,
  ),
}))

/** The soonest of what the lead answered, in days, and what it writes; `undefined` when neither names a time. */
export function timelineOf(answered: number | undefined, said: SaidIntent | undefined): ExactFactor | undefined {
  const written = said?.timeline === undefined ? undefined : bandDays[said.timeline.name]
  if (answered === undefined && written === undefined) return undefined
  const soonest = Math.min(answered ?? Infinity, written ?? Infinity)
  return timelineBands.find(({ toDays }) => soonest <= toDays)?.factor
}

/** By what was said, which is known by the messages. */
const intents = new WeakMap<SaidIntent, ExactFactor>()

function intentOf(said: SaidIntent): ExactFactor {
  let factor = intents.get(said)
  if (factor === undefined) {
    const { high, medium } = said
    const points = Math.min(100, phrasePoints.high * high.length + phrasePoints.medium * medium.length)
    const told = [...high, ...medium].slice(0, 3).map((phrase) => `"${phrase}"`)
    intents.set(said, (factor = factorOf('intent', points, `says ${told.join(', ')}`)))
  }
  return factor
}

const otherSource = factorOf('source', OTHER_SOURCE, 'comes from another source')
const sources = new Map<string, ExactFactor>()
for (const { name, points, also } of sourcePoints) {
  const factor = factorOf('source', points, `comes from ${name.replaceAll('_', ' ')}`)
  for (const stated of [name, ...also]) if (!sources.has(stated)) sources.set(stated, factor)
}

/** Sources as they were stated, with their factor; all are dropped when there are so many. */
const SOURCES_KEPT = 1_000
const asStated = new Map<string, ExactFactor | undefined>()

/** By the names of the table; a source that it does not name is told as such, never in its own words. */
function sourceOf(source: string | null): ExactFactor | undefined {
  if (source === null) return undefined
  if (asStated.has(source)) return asStated.get(source)
  const stated = source
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '_')
    .replaceAll(/^_|_$/g, '')
  const factor = stated === '' || stated === 'unknown' ? undefined : (sources.get(stated) ?? otherSource)
  if (asStated.size >= SOURCES_KEPT) asStated.clear()
  asStated.set(source, factor)
  return factor
}
