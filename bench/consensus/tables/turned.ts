/**
 * Table "turned": agents that turn after they were judged, seen by their agreement with the others before any label of after it. The
 * pool in use learns 600 labels, then sees leads without a label, then is tested; with and without holding down who is at odds.
 * Beside it what is not to be noticed: nothing at all, other base rates, leads that are harder.
 */
import { agreementOf } from '../../../pipelines/consensus/fit/agreement.ts'
import { matrixOfLeads } from '../asTable.ts'
import { plurality } from '../baselines.ts'
import { turncoats, whoTurn } from '../disturbances.ts'
import { scoresOf } from '../measure.ts'
import type { BenchTable, Extent } from '../measure.ts'
import { shippedFit, shippedForecasts } from '../shipped.ts'
import { baseWorld, drawLeads, drawWorld } from '../world.ts'
import type { SyntheticLead, World } from '../world.ts'
import { forecastsOf, Gathered } from './common.ts'

const LABELS = 600
const SEEN = [100, 200, 400] as const
const TESTS = 1200

interface Case {
  readonly name: string
  /** Leads of before the change and of after it. */
  readonly before: (world: World, seed: number, leads: readonly SyntheticLead[]) => readonly SyntheticLead[]
  readonly after: (seed: number, stream: string, count: number) => readonly SyntheticLead[]
  /** How many have turned: the first of each family but the personas, then the second. */
  readonly turned: number
}

const turning = (count: number): Case => ({
  name: `${count} turned`,
  turned: count,
  before: (world, seed, leads) => turncoats(world, leads, seed, { count, turned: false }),
  after(seed, stream, n) {
    const world = drawWorld(baseWorld, seed)
    return turncoats(world, drawLeads(world, seed, stream, n), seed, { count, turned: true })
  },
})
const other = (name: string, spec: Partial<typeof baseWorld>): Case => ({
  name,
  turned: 0,
  before: (_world, _seed, leads) => leads,
  after: (seed, stream, n) => drawLeads(drawWorld({ ...baseWorld, ...spec }, seed), seed, stream, n, LABELS),
})
export const cases: readonly Case[] = [
  other('nobody turned', {}),
  other('base rates 10/20/30/40 afterwards', { rates: [0.1, 0.2, 0.3, 0.4] }),
  other('a family missing on 30 % of leads afterwards', { outage: 0.3 }),
  other('scores fall to .25', { driftAt: LABELS }),
  ...[1, 2, 4, 6, 8, 12, 18].map(turning),
]

/** `asked` leaves out the other cases. */
export function turnedAgents(extent: Extent, asked: (name: string) => boolean = () => true): BenchTable {
  const all = new Gathered()
  for (const seed of extent.seeds)
    for (const { name, before, after, turned } of cases.filter((one) => asked(one.name))) {
      const world = drawWorld(baseWorld, seed)
      const labelled = before(world, seed, drawLeads(world, seed, 'labelled', LABELS))
      const test = after(seed, 'test', Math.round(TESTS * extent.scale))
      all.row(name, 'plurality', scoresOf(forecastsOf(test, plurality)))
      all.row(name, 'as learned', scoresOf(shippedForecasts(world, shippedFit(world, labelled).policy, test)))
      const turncoat = new Set(whoTurn(world, turned).map((agent) => world.agents[agent]?.name))
      for (const seen of SEEN) {
        const { atOdds, undecided } = agreementOf(matrixOfLeads(world, [...labelled, ...after(seed, 'seen', seen)]))
        const heldDown = undecided ? [] : atOdds
        const { policy } = shippedFit(world, labelled, { heldDown })
        all.row(name, `after ${seen} without a label`, scoresOf(shippedForecasts(world, policy, test)))
        all.figure(`${name}, ${seen} seen: rightly held down`, heldDown.filter(({ agent }) => turncoat.has(agent)).length)
        all.figure(`${name}, ${seen} seen: wrongly held down`, heldDown.filter(({ agent }) => !turncoat.has(agent)).length)
        all.figure(`${name}, ${seen} seen: cannot tell`, Number(undecided))
      }
    }
  return all.table('turned', `agents that turn after learning, seen without labels, 40/30/20/10, ${LABELS} labels`)
}
