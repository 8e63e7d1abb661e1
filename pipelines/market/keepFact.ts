/**
 * Which statement of each figure counts, by subject, feed and week. Within the bounds the outcome depends on the facts alone: not
 * on their order, and not on how often each is told. What is kept is 30 days, and so much that the state stays below 256 KiB.
 */
import type { MarketFact, MarketReading, MarketSeries, MarketState, MarketWindow } from '../../schemas/generated/records.ts'
import { isFigure, isMarketKind, isSource, MOST_NAME, priceBands, propertyTypes } from '../../topics/marketFacts.ts'

const DAY_MS = 86_400_000
export const WEEK_MS = 7 * DAY_MS
/** Monday 1970-01-05: weeks begin on Mondays, 00:00 UTC. */
const FIRST_MONDAY_MS = 4 * DAY_MS
/** @source reference/lead-domain.md 2.8: retention 30 days, up to 20 competitors */
export const RETENTION_MS = 30 * DAY_MS
export const MOST_COMPETITORS = 20
/** Of the 36 there could be (6 types by 6 bands): more than a location is asked about, and one per type and band of a small market. */
export const MOST_SEGMENTS = 16
/** Feeds per subject: one, and the one it is being replaced by. */
export const MOST_SOURCES = 2
/** Weeks end after `at - 30 d` and begin before `at + 1 d`: 38 days hold 6 ends of weeks at most. */
export const MOST_WINDOWS = 6
/** Clocks of feeds may be ahead; what is further ahead is no observation. */
const AHEAD_MS = DAY_MS
/** Longest period of a fact; longer ones say nothing about 30 days. */
const LONGEST_PERIOD_MS = 31 * DAY_MS

/** The Monday of the week that a period ends in, ms. The end itself is not included. */
export function weekOf(periodTo: number): number {
  return Math.floor((periodTo - 1 - FIRST_MONDAY_MS) / WEEK_MS) * WEEK_MS + FIRST_MONDAY_MS
}

const isCurrent = (startsAt: number, at: number): boolean => startsAt + WEEK_MS > at - RETENTION_MS

/** Why a fact is not taken; `undefined` when it is. */
export function refusalOf(fact: MarketFact, key: string, at: number): string | undefined {
  if (fact.tenantId !== key) return 'another_location'
  if (!isMarketKind(fact.kind)) return 'kind_unknown'
  const inSegment = fact.propertyType !== '' || fact.priceBand !== ''
  const typeKnown = fact.propertyType === '' || (propertyTypes as readonly string[]).includes(fact.propertyType)
  const bandKnown = fact.priceBand === '' || priceBands.some(({ band }) => band === fact.priceBand)
  if (!typeKnown || !bandKnown) return 'segment_unknown'
  if (inSegment && fact.kind !== 'market') return 'segment_of_competitor'
  const name = fact.competitor ?? ''
  if ((fact.kind === 'competitor') !== (name !== '') && fact.kind !== 'social') return 'competitor_unclear'
  if (name.length > MOST_NAME || !isSource(fact.source)) return 'name_unfit'
  if (fact.periodFrom >= fact.periodTo || fact.periodTo - fact.periodFrom > LONGEST_PERIOD_MS) return 'period_unfit'
  if (fact.periodTo > at + AHEAD_MS) return 'in_the_future'
  if (!isCurrent(weekOf(fact.periodTo), at)) return 'too_old'
  if (!Object.entries(fact.figures).some(([figure, value]) => isFigure(fact.kind, figure, value))) return 'no_figure'
  return undefined
}

/**
 * The series with the fact in them, and without weeks that are over for 30 days. `undefined` when it changes nothing: it was told
 * before, or something later stands in its place; `full` when there is no room for its subject.
 */
export function withFact(before: readonly MarketSeries[], fact: MarketFact, at: number): MarketSeries[] | 'full' | undefined {
  const known = before.find((series) => isOf(series, fact))
  const series = known ?? seriesOf(fact)
  const startsAt = weekOf(fact.periodTo)
  const window = series.windows.find((one) => one.startsAt === startsAt) ?? { startsAt, readings: [] }
  const readings = withReadings(window.readings, fact)
  if (readings === undefined) return undefined
  const windows = [...series.windows.filter((one) => one !== window), { startsAt, readings }].sort((a, b) => a.startsAt - b.startsAt)
  const after = { ...series, windows }
  const kept = bounded(current([...before.filter((one) => one !== known), after], at))
  return kept.some((one) => isOf(one, fact)) ? kept : 'full'
}

/** Without weeks that ended more than 30 days ago, and without series that have none left. */
export function current(series: readonly MarketSeries[], at: number): MarketSeries[] {
  return series.flatMap((one) => {
    const windows = one.windows.filter(({ startsAt }) => isCurrent(startsAt, at)).slice(-MOST_WINDOWS)
    return windows.length === 0 ? [] : [windows.length === one.windows.length ? one : { ...one, windows }]
  })
}

function withReadings(before: readonly MarketReading[], fact: MarketFact): MarketReading[] | undefined {
  const { periodFrom, periodTo, observedAt } = fact
  const samples = Math.max(0, fact.samples)
  const after = new Map(before.map((reading) => [reading.figure, reading]))
  let changed = false
  for (const [figure, value] of Object.entries(fact.figures)) {
    if (!isFigure(fact.kind, figure, value)) continue
    const reading: MarketReading = { figure, value, periodFrom, periodTo, observedAt, samples }
    const other = after.get(figure)
    if (other !== undefined && !outranks(reading, other)) continue
    after.set(figure, reading)
    changed = true
  }
  return changed ? [...after.values()].sort((a, b) => order(a.figure, b.figure)) : undefined
}

/** A total order of statements of one figure in one week: the later end, the longer period, the later statement; then the bytes. */
function outranks(a: MarketReading, b: MarketReading): boolean {
  const first = [
    a.periodTo - b.periodTo,
    b.periodFrom - a.periodFrom,
    a.observedAt - b.observedAt,
    order(a.value, b.value),
    a.samples - b.samples,
  ].find((difference) => difference !== 0)
  return first !== undefined && first > 0
}

/** Subjects and feeds that were heard of last stay; among equals the first by name. */
function bounded(series: readonly MarketSeries[]): MarketSeries[] {
  const groups = new Map<string, MarketSeries[]>()
  for (const one of series) {
    const subject = [one.kind, one.propertyType, one.priceBand, one.competitor].join('\u0000')
    groups.set(subject, [...(groups.get(subject) ?? []), one])
  }
  const latest = (some: readonly MarketSeries[]) => Math.max(...some.map(endOf))
  const fewSources = [...groups.values()].map((some) =>
    [...some].sort((a, b) => endOf(b) - endOf(a) || order(a.source, b.source)).slice(0, MOST_SOURCES),
  )
  const segments = fewSources
    .filter(([one]) => one?.kind === 'market')
    .sort((a, b) => latest(b) - latest(a) || order(nameOf(a[0]), nameOf(b[0])))
    .slice(0, MOST_SEGMENTS)
  const named = new Map<string, number>()
  for (const some of fewSources) {
    const name = some[0]?.competitor ?? ''
    if (name !== '') named.set(name, Math.max(named.get(name) ?? 0, latest(some)))
  }
  const competitors = new Set(
    [...named]
      .sort(([a, atA], [b, atB]) => atB - atA || order(a, b))
      .slice(0, MOST_COMPETITORS)
      .map(([name]) => name),
  )
  const others = fewSources.filter(([one]) => one?.kind !== 'market' && (one?.competitor === '' || competitors.has(one?.competitor ?? '')))
  return [...segments, ...others].flat().sort((a, b) => order(nameOf(a), nameOf(b)))
}

const order = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0)
const endOf = ({ windows }: MarketSeries): number => lastOf(windows)?.startsAt ?? 0
const lastOf = (windows: readonly MarketWindow[]): MarketWindow | undefined => windows[windows.length - 1]
const nameOf = (one: MarketSeries | undefined): string =>
  one === undefined ? '' : [one.kind, one.propertyType, one.priceBand, one.competitor, one.source].join('\u0000')

function isOf(series: MarketSeries, fact: MarketFact): boolean {
  return (
    series.kind === fact.kind &&
    series.propertyType === fact.propertyType &&
    series.priceBand === fact.priceBand &&
    series.competitor === (fact.competitor ?? '') &&
    series.source === fact.source
  )
}

function seriesOf({ kind, propertyType, priceBand, competitor, source }: MarketFact): MarketSeries {
  return { kind, propertyType, priceBand, competitor: competitor ?? '', source, windows: [] }
}

/** Nothing is known. */
export const nothingKnown: MarketState = { series: [], told: [] }
