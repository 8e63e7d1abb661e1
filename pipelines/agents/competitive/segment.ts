/**
 * Which segment of the market a lead looks at, by what it has said of the home and its budget, and the finding that fits it best.
 * A finding about a narrower segment goes before one about a wider; one about another segment is never told to the lead.
 */
import type { AgentInsight, Finding } from '../../../schemas/generated/records.ts'
import { priceBandOf, propertyTypeOf, segmentName } from '../../../topics/marketFacts.ts'
import { binOf } from '../agent.ts'
import type { Bin } from '../agent.ts'
import type { AgentView } from '../agentView.ts'
import { amountOf, meanOf } from '../factValues.ts'

/** Facts of the view that say it. */
export const segmentFacts = ['facts.property_type', 'facts.budget', 'facts.budget_min', 'facts.budget_max'] as const

/** Segments that hold what the lead looks for, the narrowest first; the whole market is the last and always there. */
export function segmentsOf({ facts }: Pick<AgentView, 'facts'>): string[] {
  const propertyType = propertyTypeOf(facts.property_type) ?? ''
  const ends = [facts.budget_min, facts.budget_max].map(amountOf).filter((end) => end !== undefined)
  const price = amountOf(facts.budget) ?? (ends.length === 0 ? undefined : meanOf(ends))
  const priceBand = (price === undefined ? undefined : priceBandOf(price)) ?? ''
  const named = [
    { propertyType, priceBand },
    { propertyType, priceBand: '' },
    { propertyType: '', priceBand },
    { propertyType: '', priceBand: '' },
  ]
  return [...new Set(named.map(segmentName))]
}

/** The finding of one of these kinds about the narrowest segment of the lead, the most pressing one first. */
export function findingFor(insight: AgentInsight, view: Pick<AgentView, 'facts'>, kinds: ReadonlySet<string>): Finding | undefined {
  for (const segment of segmentsOf(view)) {
    const found = insight.findings.find(({ kind, subject }) => subject === segment && kinds.has(kind))
    if (found !== undefined) return found
  }
  return undefined
}

/** The middle of each bin of probabilities. */
const middles: Readonly<Record<number, number>> = { 1: 0.2, 2: 0.475, 3: 0.625, 4: 0.775, 5: 0.925 }

/** The bin of a vote that rests on a finding: the middle of the finding's bin, times how well it fits this lead, 0 to 1. */
export function binOfFinding({ bin }: Pick<Finding, 'bin'>, fit: number): Bin {
  return binOf((middles[bin] ?? 0.2) * fit)
}

/**
 * How well a finding fits: as good as known for a segment of the lead, half where only the whole market is spoken of. What holds for
 * every lead of a location says little of this one: with more, nearly every message was worded by it.
 */
export function fitOf({ subject }: Pick<Finding, 'subject'>): number {
  return subject === '' ? 0.5 : 1
}

const ended: ReadonlySet<string> = new Set(['converted', 'lost', 'disqualified'])

/** Has the lead bought, sold or gone? Then no news of the market is for it. */
export function hasEnded({ status }: Pick<AgentView, 'status'>): boolean {
  return ended.has(status)
}
