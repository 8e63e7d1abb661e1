/**
 * Table 9.8: why outcomes do not train the pool. The option with the most probability is executed; a right one is rewarded with
 * probability .45, a wrong one with .12; what is known of a lead is known 50 leads later.
 * Without learning everybody is believed as stated, families discounted. Credit by outcome learns weights on that: whoever voted for what
 * was executed was right if it was rewarded. Audits and labels are refitted as lift every 250 leads, and so, for comparison, are outcomes.
 */
import { seededRandom } from '../../../simulate/seededRandom.ts'
import { topOption } from '../../../pipelines/consensus/scores/properScores.ts'
import { declaredFamilies, labFit, labPool, labRules, learnedWeight, softmaxOf, worths } from '../lab.ts'
import type { LabData, LabModel } from '../lab.ts'
import type { BenchTable, Extent } from '../measure.ts'
import { tolerance } from '../tolerance.ts'
import { baseWorld, clip, drawLeads, drawWorld, logit, loudWrongFamilies, optionCount } from '../world.ts'
import type { SyntheticLead, World, WorldSpec } from '../world.ts'
import { Gathered } from './common.ts'

const [rewardRight, rewardWrong] = [0.45, 0.12]
const late = 50
const every = 250
/** What the tolerance of accuracy makes of a mean reward: .33 times .035. */
const rewardTolerance = (rewardRight - rewardWrong) * tolerance.accuracy

const loudWrong: WorldSpec = { ...baseWorld, families: loudWrongFamilies, accuracy: [0.45, 0.6], spread: 0.05 }
const worlds = [
  ['reliable, correlated agents', baseWorld, [0.399, 0.349, undefined, 0.397, 0.4]],
  ['ten loud wrong agents', loudWrong, [0.311, 0.359, undefined, 0.38, 0.382]],
] as const
const methods = ['no learning (stated strengths)', 'credit by outcome', 'outcomes measured as lift', '2 % audited', 'all labels'] as const
export type CreditMethod = (typeof methods)[number]

export function outcomeCredit(extent: Extent): BenchTable {
  const all = new Gathered()
  for (const seed of extent.seeds)
    for (const [name, spec, goals] of worlds) {
      const world = drawWorld(spec, seed)
      const leads = drawLeads(world, seed, 'stream', Math.round(6000 * extent.scale))
      methods.forEach((method, index) => {
        all.figure(`${name}: ${method}`, rewardOfLastThird(world, leads, seed, method), goals[index], rewardTolerance)
      })
    }
  return all.table('9.8', 'mean reward of the last third, by what is learned from')
}

/** How far families err together is known, for all methods alike: that of two which both copy. @source reference/consensus.md 8.1 */
function knownRho({ spec }: World): number[] {
  return spec.families.map(({ copy }) => (copy * spec.copyFactor) ** 2)
}

interface Pool {
  probabilities(lead: SyntheticLead): number[]
  /** What came of the lead at this place of the stream. */
  told(lead: SyntheticLead, executed: number, isRewarded: boolean, isAudited: boolean): void
}

function rewardOfLastThird(world: World, leads: readonly SyntheticLead[], seed: number, method: CreditMethod): number {
  const random = seededRandom(seed, 'rewards', method)
  const audited = seededRandom(seed, 'audit')
  const pool =
    method === 'no learning (stated strengths)' || method === 'credit by outcome' ? stated(world, method) : refitted(world, method)
  const rewards = leads.map((lead) => {
    const executed = topOption(pool.probabilities(lead))
    const chance = executed === lead.truth ? rewardRight : rewardWrong
    // The expected reward is counted, one draw of it is learned from.
    pool.told(lead, executed, random.chance(chance), audited.chance(0.02))
    return chance
  })
  const last = rewards.slice(Math.floor((rewards.length * 2) / 3))
  return last.reduce((sum, reward) => sum + reward, 0) / last.length
}

/** Stated log-odds with the common discount; credit by outcome moves a weight of each agent. */
function stated(world: World, method: CreditMethod): Pool {
  const familyOf = declaredFamilies(world)
  const discounted: LabModel = { discount: 'common', familyOf, rho: knownRho(world), lnPi: [], lambda: [], tau: 1 }
  const weights = new Float64Array(familyOf.length).fill(1)
  const waiting: { lead: SyntheticLead; terms: Float64Array; said: number[]; executed: number; isRewarded: boolean }[] = []
  const termsOf = ({ vote, confidence }: SyntheticLead, worth: Float64Array) =>
    worth.map((w, agent) =>
      (vote[agent] ?? -1) < 0 ? 0 : w * (logit(clip(confidence[agent] ?? 0, 0.02, 0.98)) + Math.log(optionCount - 1)),
    )
  let latest: { terms: Float64Array; said: number[] } = { terms: new Float64Array(), said: [] }
  return {
    probabilities(lead) {
      const terms = termsOf(lead, worths(discounted, lead))
      const scores = world.spec.rates.map(Math.log)
      lead.vote.forEach((option, agent) => {
        if (option >= 0) scores[option] = (scores[option] ?? 0) + (weights[agent] ?? 1) * (terms[agent] ?? 0)
      })
      latest = { terms, said: softmaxOf(scores) }
      return latest.said
    },
    told(lead, executed, isRewarded) {
      if (method !== 'credit by outcome') return
      waiting.push({ lead, executed, isRewarded, ...latest })
      if (waiting.length <= late) return
      const known = waiting.shift()
      known?.lead.vote.forEach((option, agent) => {
        if (option !== known.executed) return
        const off = (known.said[option] ?? 0) - Number(known.isRewarded)
        weights[agent] = learnedWeight(weights[agent] ?? 1, off * (known.terms[agent] ?? 0))
      })
    },
  }
}

/** Strengths fitted anew every 250 leads. */
function refitted(world: World, method: CreditMethod): Pool {
  const known: SyntheticLead[] = []
  let count = 0
  let model = learned(world, [], method)
  return {
    probabilities: (lead) => labPool(model, lead),
    told(lead, executed, isRewarded, isAudited) {
      if (method === 'all labels' || (method === '2 % audited' && isAudited)) known.push(lead)
      if (method === 'outcomes measured as lift') known.push(credited(lead, executed, isRewarded))
      if (count++ % every === 0)
        model = learned(world, known.slice(0, Math.max(0, known.length - (method === '2 % audited' ? 1 : late))), method)
    },
  }
}

/** Whoever voted for what was executed was right if it was rewarded; nobody else is judged. */
function credited(lead: SyntheticLead, executed: number, rewarded: boolean): SyntheticLead {
  return { ...lead, label: rewarded ? executed : -1, vote: lead.vote.map((option) => (option === executed ? option : -1)) }
}

function learned(world: World, leads: readonly SyntheticLead[], method: CreditMethod): LabModel {
  const data: LabData = { leads, rho: knownRho(world), prior: { rates: [0.25, 0.25, 0.25, 0.25], labels: 20 } }
  // Outcomes say nothing of base rates: half of the leads have no label there.
  return labFit(
    world,
    method === 'outcomes measured as lift' ? { ...data, prior: { rates: world.spec.rates, labels: 1e9 } } : data,
    labRules,
  )
}
