/**
 * Row 10. Whose leads become clients most often, by measured closed leads drawn towards the rate of all on the list, less 20 %
 * at full load. Abstains where too little was closed to tell two realtors apart, and where the rate that comes out best is hardly its own: a rate
 * of three leads is no finding.
 * @source reference/lead-domain.md 2.6, 5.2 (20 % at full load)
 */
import type { ShortlistedRealtor } from '../../../schemas/generated/records.ts'
import { counted } from '../../counted.ts'
import { optionOfPlace } from '../../routing/realtorOption.ts'
import { OFFICE_WEIGHT, closeRateMicro, officeRateMicro, utilisation } from '../../routing/routingScore.ts'
import { abstain, binOf, field, vote } from '../agent.ts'
import type { Agent } from '../agent.ts'

/** Closed leads below which a realtor's own rate says nothing beside that of all. */
const CLOSED_LEAST = 10

/** Share of the rate that is lost at full load. */
const LOAD_COST = 0.2

/**
 * How surely the first of two rates is the higher one, 0 to 1: z / (1 + |z|) in place of the normal distribution, which it
 * stays below for every z > 0 (.75 for .84 at one standard error), and which needs no function that machines round apart.
 */
export function surelyHigher(z: number): number {
  return 0.5 + (0.5 * z) / (1 + Math.abs(z))
}

interface Predicted {
  readonly realtor: ShortlistedRealtor
  readonly place: number
  readonly rate: number
  /** Variance of the rate: p (1 - p) / n with the weight of the common rate in n. */
  readonly variance: number
}

export const performancePredictor: Agent = {
  id: 'performance_predictor',
  version: 4,
  system: 'routing',
  family: 'performance',
  answers: ['routing'],
  reads: ['shortlist'],
  assess({ shortlist }) {
    if (shortlist.length === 0) return abstain('nobody_free')
    if (shortlist.length === 1) return abstain('nobody_to_compare')
    if (!shortlist.some(({ won, lost }) => won + lost >= CLOSED_LEAST)) return abstain('too_few_closed')
    const office = officeRateMicro(shortlist)
    const [first, second] = shortlist
      .map((realtor, place) => predicted(realtor, place, office))
      .sort((a, b) => b.rate - a.rate || a.place - b.place)
    const option = first === undefined ? undefined : optionOfPlace(first.place)
    if (first === undefined || second === undefined || option === undefined) return abstain('nobody_to_compare')
    const probability = surelyHigher((first.rate - second.rate) / Math.sqrt(first.variance + second.variance))
    const { won, lost, load, capacity } = first.realtor
    // Who has closed next to nothing has the rate of the others: that theirs are poor says nothing of it.
    if (won + lost < CLOSED_LEAST) return abstain('best_unmeasured')
    // Bin 1 is for what speaks against itself; below .55 the two cannot be told apart.
    if (probability < 0.55) return abstain('no_clear_difference')
    return vote('routing', option, {
      bin: binOf(probability),
      reason: 'closes_most',
      text: `${won} of ${counted(won + lost, 'closed lead')} became ${won === 1 ? 'a client' : 'clients'}: the best rate on the list, with how few were closed and the load taken into account.`,
      evidence: [field('shortlist.won', won), field('shortlist.lost', lost), field('shortlist.load', `${load} of ${capacity}`)],
    })
  },
}

function predicted(realtor: ShortlistedRealtor, place: number, office: number): Predicted {
  const own = closeRateMicro(realtor, office) / 1e6
  const closed = realtor.won + realtor.lost + OFFICE_WEIGHT
  return { realtor, place, rate: own * (1 - LOAD_COST * (utilisation(realtor) / 100)), variance: (own * (1 - own)) / closed }
}
