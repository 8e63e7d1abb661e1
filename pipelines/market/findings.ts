/**
 * What the figures of a location say: by one table of movements, then competitors together, segments together, and the position of
 * the team. The same figures give the same findings; where nothing moved enough there is none.
 * @source reference/lead-domain.md 2.8
 */
import type { Finding, MarketSeries } from '../../schemas/generated/records.ts'
import { segmentName } from '../../topics/marketFacts.ts'
import { counted } from '../counted.ts'
import { binOf } from '../agents/agent.ts'
import type { Bin } from '../agents/agent.ts'
import { opportunityLevels, opportunityOf, positioning, threatLevels, threatOf } from './levels.ts'
import type { Opportunity, Threat } from './levels.ts'
import { milliText } from './micros.ts'
import { trendOf } from './trends.ts'
import type { Trend } from './trends.ts'
import { trendRules } from './trendRules.ts'
import type { InsightAgent, TrendRule } from './trendRules.ts'

/** Weeks that make a trend complete. */
const ENOUGH_WEEKS = 4
/** Of an AgentInsight. */
export const MOST_FINDINGS = 12

/** A finding with its level, as it is weighed before it is told. */
export interface Judged {
  readonly agent: InsightAgent
  readonly finding: Finding
  readonly threat: Threat | undefined
  readonly opportunity: Opportunity | undefined
  /** Speaks of all subjects at once: never left out. */
  readonly sumsUp?: true
}

/** Findings of the four agents; an agent that finds nothing has an empty list. */
export function findingsOf(series: readonly MarketSeries[]): ReadonlyMap<InsightAgent, readonly Finding[]> {
  const moved = movements(series)
  const together = [...moved, ...activity(moved, series)]
  const all = [...together, ...synthesis(moved, series)]
  const agents: readonly InsightAgent[] = ['market_analyzer', 'competitor_tracker', 'social_monitor', 'strategic_synthesizer']
  return new Map(agents.map((agent) => [agent, chosen(all.filter((one) => one.agent === agent)).map(({ finding }) => finding)]))
}

/** At most 12, the most pressing first: the most pressing one of each subject before the second of any. */
function chosen(some: readonly Judged[]): Judged[] {
  const taken = new Map<string, number>()
  const ranked = [...some].sort(byPress).map((one) => {
    const rank = taken.get(one.finding.subject) ?? 0
    taken.set(one.finding.subject, rank + 1)
    return { one, rank: one.sumsUp === true ? -1 : rank }
  })
  return ranked
    .sort((a, b) => a.rank - b.rank || byPress(a.one, b.one))
    .slice(0, MOST_FINDINGS)
    .map(({ one }) => one)
    .sort(byPress)
}

function movements(series: readonly MarketSeries[]): Judged[] {
  return trendRules.flatMap((rule) =>
    [...subjects(series, rule)].flatMap(([subject, feeds]) => {
      const trend = trendOf(feeds, rule)
      return trend === undefined ? [] : judged(rule, subject, trend)
    }),
  )
}

/** Feeds by what they are about: a segment, a competitor, or nobody (empty). */
function subjects(series: readonly MarketSeries[], rule: TrendRule): Map<string, MarketSeries[]> {
  const found = new Map<string, MarketSeries[]>()
  for (const one of series) {
    if (one.kind !== rule.of || (one.competitor === '') !== (rule.about === 'us')) continue
    const subject = rule.of === 'market' ? segmentName(one) : one.competitor
    found.set(subject, [...(found.get(subject) ?? []), one])
  }
  return found
}

function judged(rule: TrendRule, subject: string, trend: Trend): Judged[] {
  const size = trend.change < 0n ? -trend.change : trend.change
  const times = size / rule.threshold
  if (times === 0n || trend.byChance) return []
  const { reason, words, is } = trend.change > 0n ? rule.up : rule.down
  const threat = is === 'threat' ? threatOf(times) : undefined
  const opportunity = is === 'opportunity' ? opportunityOf(times) : undefined
  // Tenths of a per cent, or hundredths of the figure.
  const by = rule.by === 'per_mille' ? `${milliText(size * 100n, 1)} %` : milliText(size, 2)
  const value = rule.by === 'per_mille' ? milliText(trend.change * 100n, 1) : milliText(trend.change, 2)
  const who = rule.of === 'market' ? (subject === '' ? 'The whole market' : capital(subject.replaceAll('_', ' '))) : subject
  const sentence = who === '' ? capital(words) : rule.of === 'market' ? `${who}: ${words}` : `${who} ${words}`
  return [
    {
      agent: rule.agent,
      threat,
      opportunity,
      finding: {
        kind: rule.kind,
        subject,
        bin: binOfTrend(trend, rule, times),
        value,
        samples: trend.samples,
        reason,
        text: `${sentence}, by ${by} in ${counted(trend.days, 'day')}.`,
        evidence: [
          { field: `${rule.figure}.before`, value: trend.before.value },
          { field: `${rule.figure}.now`, value: trend.now.value },
          { field: 'source', value: trend.source },
          { field: is, value: threat ?? opportunity ?? '' },
        ],
      },
    },
  ]
}

/** Four weeks and twice the least samples are complete; a change of four thresholds, made in steady steps, speaks clearly. */
function binOfTrend(trend: Trend, { leastSamples }: TrendRule, times: bigint): Bin {
  const completeness = (Math.min(1, trend.weeks / ENOUGH_WEEKS) + Math.min(1, trend.samples / (2 * leastSamples))) / 2
  const clarity = times >= 4n ? 0.95 : times >= 2n ? 0.85 : 0.7
  return binOf(completeness * clarity * (0.5 + 0.5 * trend.steadiness))
}

const rankOfThreat = (threat: Threat | undefined): number => (threat === undefined ? -1 : threatLevels.indexOf(threat))
const rankOfOpportunity = (level: Opportunity | undefined): number => (level === undefined ? -1 : opportunityLevels.indexOf(level))

function byPress(a: Judged, b: Judged): number {
  return (
    rankOfThreat(b.threat) - rankOfThreat(a.threat) ||
    rankOfOpportunity(b.opportunity) - rankOfOpportunity(a.opportunity) ||
    b.finding.bin - a.finding.bin ||
    (`${a.finding.kind} ${a.finding.subject}` < `${b.finding.kind} ${b.finding.subject}` ? -1 : 1)
  )
}

/** Competitors with a threat of this level or above are active; activity is high from three of them on, or by one grave threat. */
const ACTIVE_FROM: Threat = 'moderate'
const HIGH_FROM: Threat = 'high'
const MANY = 3

function activity(moved: readonly Judged[], series: readonly MarketSeries[]): Judged[] {
  const ofCompetitors = moved.filter(
    ({ agent, threat }) => agent === 'competitor_tracker' && rankOfThreat(threat) >= threatLevels.indexOf(ACTIVE_FROM),
  )
  const names = [...new Set(ofCompetitors.map(({ finding }) => finding.subject))].sort()
  const worst = ofCompetitors.reduce<Threat>(
    (rank, { threat }) => (rankOfThreat(threat) > rankOfThreat(rank) ? (threat ?? rank) : rank),
    'minimal',
  )
  const isHigh = names.length >= MANY || rankOfThreat(worst) >= threatLevels.indexOf(HIGH_FROM)
  if (names.length === 0) return []
  const known = competitorsIn(series).length
  return [
    {
      agent: 'competitor_tracker',
      threat: worst,
      opportunity: undefined,
      sumsUp: true,
      finding: {
        kind: 'competitor_activity',
        subject: '',
        bin: meanBin(ofCompetitors),
        value: String(names.length),
        samples: ofCompetitors.reduce((sum, { finding }) => sum + finding.samples, 0),
        reason: isHigh ? 'activity_high' : 'activity_some',
        text: `${names.length} of ${counted(known, 'competitor')} ${names.length === 1 ? 'is' : 'are'} gaining.`,
        evidence: [
          { field: 'competitors', value: names.slice(0, 3).join(', ') },
          { field: 'threat', value: worst },
        ],
      },
    },
  ]
}

/** Names of the competitors that any fact is about. */
export function competitorsIn(series: readonly MarketSeries[]): string[] {
  return [...new Set(series.map(({ competitor }) => competitor))].filter((name) => name !== '').sort()
}

/** The whole part of the mean; of at least one. @source reference/lead-domain.md 2.8: report confidence */
function meanBin(some: readonly Judged[]): Bin {
  return Math.floor(some.reduce((sum, { finding }) => sum + finding.bin, 0) / some.length) as Bin
}

/** What favours who sells, and who buys. Two of the three and none against make an outlook. */
const favoursSellers: ReadonlySet<string> = new Set(['prices_rising', 'fewer_homes', 'selling_faster'])
const favoursBuyers: ReadonlySet<string> = new Set(['prices_falling', 'more_homes', 'selling_slower'])

function synthesis(moved: readonly Judged[], series: readonly MarketSeries[]): Judged[] {
  if (moved.length === 0) return []
  const threats = moved.flatMap(({ threat }) => threat ?? [])
  const opportunities = moved.flatMap(({ opportunity }) => opportunity ?? [])
  const competitors = competitorsIn(series).length
  const score = positioning(threats, opportunities, competitors)
  const position: Judged = {
    agent: 'strategic_synthesizer',
    threat: undefined,
    opportunity: undefined,
    sumsUp: true,
    finding: {
      kind: 'positioning',
      subject: '',
      bin: meanBin(moved),
      value: String(score),
      samples: moved.length,
      reason: score >= 70 ? 'position_strong' : score >= 50 ? 'position_fair' : 'position_weak',
      text: `Our position is ${score} of 100 by ${counted(moved.length, 'finding')} and ${counted(competitors, 'competitor')}.`,
      evidence: [
        { field: 'threats.high', value: String(threats.filter((level) => level === 'high').length) },
        { field: 'threats.critical', value: String(threats.filter((level) => level === 'critical').length) },
        { field: 'opportunities.significant', value: String(opportunities.filter((level) => level === 'significant').length) },
        {
          field: 'opportunities.major',
          value: String(opportunities.filter((level) => level === 'major' || level === 'transformative').length),
        },
        { field: 'competitors', value: String(competitors) },
      ],
    },
  }
  return [...outlooks(moved), position]
}

function outlooks(moved: readonly Judged[]): Judged[] {
  const ofMarket = moved.filter(({ agent }) => agent === 'market_analyzer')
  const segments = [...new Set(ofMarket.map(({ finding }) => finding.subject))].sort()
  return segments.flatMap((subject) => {
    const here = ofMarket.filter(({ finding }) => finding.subject === subject)
    const [sellers, buyers] = [favoursSellers, favoursBuyers].map((side) => here.filter(({ finding }) => side.has(finding.reason)))
    const side = buyers?.length === 0 ? sellers : sellers?.length === 0 ? buyers : undefined
    if (side === undefined || side.length < 2) return []
    const isSellers = side === sellers
    const finding: Finding = {
      kind: 'segment_outlook',
      subject,
      bin: meanBin(side),
      value: String(side.length),
      samples: side.reduce((sum, one) => sum + one.finding.samples, 0),
      reason: isSellers ? 'sellers_gain' : 'buyers_gain',
      text: `${subject === '' ? 'The whole market' : capital(subject.replaceAll('_', ' '))}: ${side.length} of 3 signs favour those who ${isSellers ? 'sell' : 'buy'}.`,
      evidence: side.map(({ finding: { reason, value } }) => ({ field: reason, value: value ?? '' })),
    }
    return [{ agent: 'strategic_synthesizer' as const, threat: undefined, opportunity: undefined, finding }]
  })
}

const capital = (words: string): string => `${words.charAt(0).toUpperCase()}${words.slice(1)}`
