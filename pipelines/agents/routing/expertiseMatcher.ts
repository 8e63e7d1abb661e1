/**
 * Row 9. Who on the shortlist knows the kind of home and deal that the lead speaks of. Abstains when the lead has said
 * nothing of it, when nobody knows it, and when two know it equally well: then others have to tell them apart.
 * @source reference/lead-domain.md 2.6, 5.3 (exact, related, none)
 */
import type { ShortlistedRealtor } from '../../../schemas/generated/records.ts'
import { optionOfPlace } from '../../routing/realtorOption.ts'
import { expertiseOf, needFacts, needsOf } from '../../routing/specialties.ts'
import { abstain, binOf, field, vote } from '../agent.ts'
import type { Agent } from '../agent.ts'

/** How clearly a specialty speaks: it is what is asked for, or close to it. @source reference/lead-domain.md 5.3 */
const clarity = { exact: 1, related: 0.8 } as const

export const expertiseMatcher: Agent = {
  id: 'expertise_matcher',
  version: 5,
  system: 'routing',
  family: 'expertise',
  answers: ['routing'],
  reads: ['shortlist', ...needFacts.map((fact) => `facts.${fact}`)],
  assess({ shortlist, facts }) {
    if (shortlist.length === 0) return abstain('nobody_free')
    const needs = needsOf(facts)
    if (needs.complexity === undefined) return abstain('needs_unknown')
    const of = (realtor: ShortlistedRealtor) => expertiseOf(realtor.specialties, needs.specialties)
    const best = (['exact', 'related'] as const).find((level) => shortlist.some((realtor) => of(realtor) === level))
    if (best === undefined) return abstain('no_specialist')
    const met = (realtor: ShortlistedRealtor) => needs.specialties.filter((need) => realtor.specialties.includes(need)).length
    const knowing = shortlist.filter((realtor) => of(realtor) === best)
    const most = Math.max(...knowing.map(met))
    const fitting = knowing.filter((realtor) => met(realtor) === most)
    const [realtor, ...others] = fitting
    const option = realtor === undefined ? undefined : optionOfPlace(shortlist.indexOf(realtor))
    if (realtor === undefined || option === undefined || others.length > 0) return abstain('equally_suited')
    const known = needs.specialties.filter((need) => expertiseOf(realtor.specialties, [need]) === best)
    const asked = inWords(needs.specialties)
    const ofWhat = known.length < needs.specialties.length ? `, of what the lead speaks of: ${asked}` : ': that is what the lead speaks of'
    return vote('routing', option, {
      // Of several needs those that are met count; one related specialty stands for all of them.
      bin: binOf(clarity[best] * (best === 'exact' ? most / needs.specialties.length : 1)),
      reason: best === 'exact' ? 'specialist' : 'related_specialty',
      text: `Knows ${inWords(known)}${best === 'exact' ? '' : ' by a related specialty'}${ofWhat}.`,
      evidence: [
        ...needs.facts.map((fact) => field(`facts.${fact}`, facts[fact] ?? '')),
        field('shortlist.specialties', realtor.specialties.join(', ')),
      ],
    })
  },
}

function inWords(needs: readonly string[]): string {
  return needs.map((need) => need.replaceAll('_', ' ')).join(', ')
}
