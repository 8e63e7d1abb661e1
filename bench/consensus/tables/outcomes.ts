/**
 * Table 9.8: why outcomes do not train the pool. The option with the most probability is executed; a right one is rewarded
 * with probability .45, a wrong one with .12; what is known of a lead is known 50 leads later and learned every 250.
 */
import { seededRandom } from '../../../simulate/seededRandom.ts'
import { topOption } from '../../../pipelines/consensus/scores/properScores.ts'
import { declaredFamilies, labFit, labPool, labRules, priorRho } from '../lab.ts'
import type { LabData, LabModel } from '../lab.ts'
import type { BenchTable, Extent } from '../measure.ts'
import { baseWorld, drawLeads, drawWorld, loudWrongFamilies } from '../world.ts'
import type { SyntheticLead, World, WorldSpec } from '../world.ts'
import { Gathered } from './common.ts'

const [rewardRight, rewardWrong] = [0.45, 0.12]
const late = 50
const every = 250

const loudWrong: WorldSpec = { ...baseWorld, families: loudWrongFamilies, accuracy: [0.45, 0.6], spread: 0.05 }
const worlds = [
  ['reliable, correlated agents', baseWorld, [0.399, 0.349, 0.397, 0.4]],
  ['ten loud wrong agents', loudWrong, [0.311, 0.359, 0.38, 0.382]],
] as const
const methods = ['no learning (cold table)', 'credit by outcome', '2 % audited', 'all labels'] as const

export function outcomeCredit(extent: Extent): BenchTable {
  const all = new Gathered()
  for (const seed of extent.seeds)
    for (const [name, spec, goals] of worlds) {
      const world = drawWorld(spec, seed)
      const leads = drawLeads(world, seed, 'stream', Math.round(6000 * extent.scale))
      methods.forEach((method, index) => {
        all.figure(`${name}: ${method}`, rewardOfLastThird(world, leads, seed, method), goals[index])
      })
    }
  return all.table('9.8', 'mean reward of the last third, by what is learned from')
}

function rewardOfLastThird(world: World, leads: readonly SyntheticLead[], seed: number, method: (typeof methods)[number]): number {
  const random = seededRandom(seed, 'rewards', method)
  const audited = seededRandom(seed, 'audit')
  const known: SyntheticLead[] = []
  const rewards: number[] = []
  let model = learned(world, [], method)
  leads.forEach((lead, index) => {
    const executed = topOption(labPool(model, lead))
    const chance = executed === lead.truth ? rewardRight : rewardWrong
    // The expected reward is counted, one draw of it is learned from.
    rewards.push(chance)
    const rewarded = random.chance(chance)
    const isAudited = audited.chance(0.02)
    if (method === 'all labels' || (method === '2 % audited' && isAudited)) known.push(lead)
    if (method === 'credit by outcome') known.push(credited(lead, executed, rewarded))
    if (index % every === 0)
      model = learned(world, known.slice(0, Math.max(0, known.length - (method === '2 % audited' ? 1 : late))), method)
  })
  const last = rewards.slice(Math.floor((rewards.length * 2) / 3))
  return last.reduce((sum, reward) => sum + reward, 0) / last.length
}

/** Whoever voted for what was executed was right if it was rewarded; nobody else is judged. */
function credited(lead: SyntheticLead, executed: number, rewarded: boolean): SyntheticLead {
  return { ...lead, label: rewarded ? executed : -1, vote: lead.vote.map((option) => (option === executed ? option : -1)) }
}

function learned(world: World, leads: readonly SyntheticLead[], method: (typeof methods)[number]): LabModel {
  const data: LabData = { leads, rho: priorRho(world, declaredFamilies(world)), prior: { rates: [0.25, 0.25, 0.25, 0.25], labels: 20 } }
  // Outcomes say nothing of base rates: half of the leads have no label there.
  return labFit(world, method === 'credit by outcome' ? { ...data, prior: { rates: world.spec.rates, labels: 1e9 } } : data, labRules)
}
