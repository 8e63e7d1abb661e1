/**
 * What can go wrong between what was learned and what comes: agents that fall silent, that repeat others without anybody knowing,
 * that were right while they were judged and are wrong afterwards. Each takes leads and gives other ones; none changes a truth.
 * @source reference/consensus.md 8.3, 12
 */
import { seededRandom } from '../../simulate/seededRandom.ts'
import { binOf, optionCount, timedOut } from './world.ts'
import type { SyntheticLead, World } from './world.ts'

/** What one agent answers on one lead instead. */
interface Answer {
  readonly option: number
  readonly confidence: number
}

function answeredBy(lead: SyntheticLead, answers: ReadonlyMap<number, Answer>): SyntheticLead {
  const [vote, confidence, bin] = [lead.vote.slice(), lead.confidence.slice(), lead.bin.slice()]
  for (const [agent, answer] of answers) {
    vote[agent] = answer.option
    confidence[agent] = answer.confidence
    bin[agent] = binOf(answer.confidence)
  }
  return { ...lead, vote, confidence, bin }
}

function agentsOf({ agents }: World, families: readonly number[]): number[] {
  return agents.flatMap(({ family }, agent) => (families.includes(family) ? [agent] : []))
}

/** Nobody of these families answers. */
export function silenced(world: World, leads: readonly SyntheticLead[], families: readonly number[]): SyntheticLead[] {
  const gone = agentsOf(world, families)
  return leads.map((lead) =>
    answeredBy(lead, new Map(gone.map((agent) => [agent, { option: timedOut, confidence: lead.confidence[agent] ?? 0 }]))),
  )
}

/** Each answer is lost with this probability, each by itself. */
export function thinned(leads: readonly SyntheticLead[], seed: number, share: number): SyntheticLead[] {
  const random = seededRandom(seed, 'thinned')
  return leads.map((lead) =>
    answeredBy(
      lead,
      new Map(
        [...lead.vote.keys()].flatMap((agent): [number, Answer][] =>
          random.chance(share) ? [[agent, { option: timedOut, confidence: lead.confidence[agent] ?? 0 }]] : [],
        ),
      ),
    ),
  )
}

/** The agents of these families say what the personas say, one after the other, and keep the family that they state. */
export function echoed(world: World, leads: readonly SyntheticLead[], families: readonly number[]): SyntheticLead[] {
  const personas = agentsOf(world, [0])
  const echoes = agentsOf(world, families)
  return leads.map((lead) =>
    answeredBy(
      lead,
      new Map(
        echoes.map((agent, place) => {
          const model = personas[place % personas.length] ?? 0
          return [agent, { option: lead.vote[model] ?? timedOut, confidence: lead.confidence[model] ?? 0 }]
        }),
      ),
    ),
  )
}

/** How sure turncoats say they are, and how often they are right while it pays. */
const TURNCOAT_SURE = 0.9

/** Some agents of all families but the personas, one a family first. */
export function whoTurn(world: World, count: number): number[] {
  const members = world.spec.families.map((_, family) => agentsOf(world, [family])).slice(1)
  const longest = Math.max(...members.map(({ length }) => length))
  return Array.from({ length: longest }, (_, place) => members.flatMap((agents) => agents[place] ?? []))
    .flat()
    .slice(0, count)
}

/** Those of `whoTurn`: right in nine of ten while they are judged, never once they have turned. */
export function turncoats(
  world: World,
  leads: readonly SyntheticLead[],
  seed: number,
  { count, turned }: { readonly count: number; readonly turned: boolean },
): SyntheticLead[] {
  const random = seededRandom(seed, 'turncoats', turned ? 'after' : 'before')
  const chosen = whoTurn(world, count)
  return leads.map((lead) => {
    const right = !turned && random.chance(TURNCOAT_SURE)
    const wrong = random.between(0, optionCount - 2)
    const option = right ? lead.truth : wrong >= lead.truth ? wrong + 1 : wrong
    return answeredBy(lead, new Map(chosen.map((agent) => [agent, { option, confidence: TURNCOAT_SURE }])))
  })
}
