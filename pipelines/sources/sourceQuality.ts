/**
 * How good a source is, by what became of its leads: a posterior of the share that ever wrote, and of the share that booked. Few
 * leads say little: a source begins at the share of its location and moves away from it with what it shows.
 * @source safety reference 10.5 (Beta-binomial posterior per source with a tenant prior)
 */
import { betaQuantile } from './betaDistribution.ts'

/** What is known of the leads of one source of a location. */
export interface SourceCount {
  readonly tenantId: string
  readonly source: string
  readonly leads: number
  /** Of these, leads that have ever written or called: also who did so first, or only to opt out. */
  readonly replied: number
  /** Of these, leads with an appointment. */
  readonly booked: number
}

export interface Share {
  /** Mean of the posterior, 0 to 1. */
  readonly mean: number
  /** It is between these with 90 %. */
  readonly low: number
  readonly high: number
}

export interface SourceQuality extends SourceCount {
  readonly reply: Share
  readonly appointment: Share
}

/** The share of the location weighs as much as so many leads of the source. An assumption: half of what a source of 20 leads says is its own. */
export const PRIOR_LEADS = 20

/** Sources of each location, those that book most first. Counts of one source that come in several rows are added. */
export function sourceQuality(counts: readonly SourceCount[]): SourceQuality[] {
  const tenants = new Map<string, Map<string, SourceCount>>()
  for (const one of counts) {
    const sources = tenants.get(one.tenantId) ?? new Map<string, SourceCount>()
    tenants.set(one.tenantId, sources)
    sources.set(one.source, added(sources.get(one.source), one))
  }
  return [...tenants].flatMap(([, sources]) => {
    const list = [...sources.values()]
    const all = list.reduce<SourceCount | undefined>(added, undefined) as SourceCount
    return list
      .map((one) => ({
        ...one,
        reply: posterior(one.replied, one.leads, priorOf(all.replied, all.leads)),
        appointment: posterior(one.booked, one.leads, priorOf(all.booked, all.leads)),
      }))
      .sort((a, b) => b.appointment.mean - a.appointment.mean || b.leads - a.leads || (a.source < b.source ? -1 : 1))
  })
}

function added(sum: SourceCount | undefined, one: SourceCount): SourceCount {
  if (sum === undefined) return one
  return { ...sum, leads: sum.leads + one.leads, replied: sum.replied + one.replied, booked: sum.booked + one.booked }
}

/** The share of a location, never 0 or 1: nothing seen yet is no proof. */
function priorOf(hits: number, leads: number): number {
  return (hits + 1) / (leads + 2)
}

/** Of `hits` in `leads`, from a prior of this mean. */
export function posterior(hits: number, leads: number, prior: number): Share {
  const a = hits + prior * PRIOR_LEADS
  const b = leads - hits + (1 - prior) * PRIOR_LEADS
  return { mean: a / (a + b), low: betaQuantile(0.05, a, b), high: betaQuantile(0.95, a, b) }
}
