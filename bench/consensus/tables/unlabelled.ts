/** Table "agreement": a start from votes alone, beside the cold table and beside a hundred random labels. No table of section 9. */
import { fromAgreement } from '../../../pipelines/consensus/fit/agreementStart.ts'
import { withParts } from '../../../pipelines/consensus/fit/policyParts.ts'
import { priorOf, tableOf } from '../asTable.ts'
import { scoresOf } from '../measure.ts'
import type { BenchTable, Extent } from '../measure.ts'
import { shippedFit, shippedForecasts } from '../shipped.ts'
import { baseWorld, skewRates } from '../world.ts'
import { Gathered, trialOf } from './common.ts'

/** Nobody knows the base rates either. */
const flat = [0.25, 0.25, 0.25, 0.25]

export function agreementTable(extent: Extent): BenchTable {
  const all = new Gathered()
  for (const seed of extent.seeds)
    for (const [name, spec] of [
      ['40/30/20/10', baseWorld],
      ['70/15/10/5 + 4 vacuous + bias .10', { ...baseWorld, rates: skewRates, vacuous: 4, bias: 0.1 }],
    ] as const) {
      const { world, labelled: leads, test } = trialOf(spec, seed, 500, 1200, extent)
      const prior = priorOf(world, flat)
      const unlabelled = tableOf(world, leads)
      const start = fromAgreement({ ...unlabelled, items: unlabelled.items.map((item) => ({ ...item, truth: null })) }, prior)
      if ('refused' in start) throw new Error(start.refused)
      const agreed = withParts(prior, start.parts, { label: 'agreement', createdAt: 0 })
      const { policy: hundred } = shippedFit(world, leads.slice(0, 100), { rates: flat })
      all.row(name, 'cold table', scoresOf(shippedForecasts(world, prior, test)))
      all.row(name, 'agreement of 500 unlabelled leads', scoresOf(shippedForecasts(world, agreed, test)))
      all.row(name, '100 random labels', scoresOf(shippedForecasts(world, hundred, test)))
    }
  return all.table('agreement', 'a start without labels, from flat base rates')
}
