/** How grave a threat and how large an opportunity is: by how often a change exceeds what counts as one. */

/** Ordered, mildest first. @source reference/lead-domain.md 2.8 */
export const threatLevels = ['minimal', 'low', 'moderate', 'high', 'critical'] as const
export type Threat = (typeof threatLevels)[number]
export const opportunityLevels = ['minor', 'moderate', 'significant', 'major', 'transformative'] as const
export type Opportunity = (typeof opportunityLevels)[number]

/** The level from so many thresholds on. The reference leaves levels to a model's words; these steps are ours. */
const threatFrom: readonly (readonly [bigint, Threat])[] = [
  [5n, 'critical'],
  [3n, 'high'],
  [2n, 'moderate'],
  [1n, 'low'],
]
const opportunityFrom: readonly (readonly [bigint, Opportunity])[] = [
  [8n, 'transformative'],
  [5n, 'major'],
  [3n, 'significant'],
  [2n, 'moderate'],
]

/** `times` is the change in whole thresholds. */
export function threatOf(times: bigint): Threat {
  return threatFrom.find(([from]) => times >= from)?.[1] ?? 'minimal'
}
export function opportunityOf(times: bigint): Opportunity {
  return opportunityFrom.find(([from]) => times >= from)?.[1] ?? 'minor'
}

/**
 * 70 - 5 per high - 10 per critical threat + 3 per significant + 7 per major opportunity - min(2 per competitor, 20), kept within 0
 * and 100. The formula has no term for a transformative opportunity; it counts as a major one, so that growing never costs points.
 * @source reference/lead-domain.md 2.8
 */
export function positioning(threats: readonly Threat[], opportunities: readonly Opportunity[], competitors: number): number {
  const of = <T>(levels: readonly T[], ...wanted: readonly T[]) => levels.filter((level) => wanted.includes(level)).length
  const score =
    70 -
    5 * of(threats, 'high') -
    10 * of(threats, 'critical') +
    3 * of(opportunities, 'significant') +
    7 * of(opportunities, 'major', 'transformative') -
    Math.min(2 * competitors, 20)
  return Math.max(0, Math.min(100, score))
}
