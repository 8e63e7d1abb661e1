/**
 * Row 12. Who has the most room, so that leads are spread evenly: the lowest share of the capacity, and when everybody is
 * at 80 % or more the smallest number of leads, said less clearly. Abstains when nobody takes leads.
 * @source reference/lead-domain.md 2.6 (utilisation below .8; .5 when all are above), 5.2
 */
import type { ShortlistedRealtor } from '../../../schemas/generated/records.ts'
import { counted } from '../../counted.ts'
import { optionOfPlace } from '../../routing/realtorOption.ts'
import { utilisation } from '../../routing/routingScore.ts'
import { abstain, binOf, field, vote } from '../agent.ts'
import type { Agent } from '../agent.ts'

/** Hundredths of the capacity from which on somebody counts as loaded. */
const LOADED = 80
/** How clearly the smallest number of leads speaks when all are loaded. */
const ALL_LOADED = 0.5
/** Hundredths between the first and the second below which hardly anything is balanced, and how clearly that speaks. */
const NARROW = 10
const NARROWLY = 0.6

export const workloadBalancer: Agent = {
  id: 'workload_balancer',
  version: 2,
  system: 'routing',
  family: 'load',
  answers: ['routing'],
  reads: ['shortlist'],
  assess({ shortlist }) {
    const light = shortlist.filter((realtor) => utilisation(realtor) < LOADED)
    const isLight = light.length > 0
    const weight = (realtor: ShortlistedRealtor) => (isLight ? utilisation(realtor) : realtor.load)
    const [least, next] = [...(isLight ? light : shortlist)].sort(
      (a, b) => weight(a) - weight(b) || a.load - b.load || shortlist.indexOf(a) - shortlist.indexOf(b),
    )
    const option = least === undefined ? undefined : optionOfPlace(shortlist.indexOf(least))
    if (least === undefined || option === undefined) return abstain('nobody_free')
    const used = utilisation(least)
    const isNarrow = isLight && next !== undefined && utilisation(next) - used < NARROW
    return vote('routing', option, {
      bin: binOf(isLight ? (1 - used / 100) * (isNarrow ? NARROWLY : 1) : ALL_LOADED),
      reason: isLight ? 'most_room' : 'all_loaded',
      text: isLight
        ? `Is the least full: ${least.load} of ${counted(least.capacity, 'lead')}.`
        : `Everybody is at ${LOADED} % or more; this one has the fewest leads, ${least.load} of ${least.capacity}.`,
      evidence: [field('shortlist.load', least.load), field('shortlist.capacity', least.capacity)],
    })
  },
}
