/**
 * The rules that a pool has to beat: votes and stated confidences without any learning, the best single agent, Hedge, and
 * full confusion rows.
 * @source reference/consensus.md 8.5
 */
import { labFit, labRules, softmaxOf } from './lab.ts'
import type { LabData, LabModel } from './lab.ts'
import { clip, logit, optionCount } from './world.ts'
import type { SyntheticLead, World } from './world.ts'

const wrongOptions = optionCount - 1

export function plurality({ vote }: SyntheticLead): number[] {
  return shares(vote, () => 1)
}

export function confidenceWeighted({ vote, confidence }: SyntheticLead): number[] {
  return shares(vote, (agent) => confidence[agent] ?? 0)
}

function shares(vote: Int8Array, weight: (agent: number) => number): number[] {
  const sums = Array.from({ length: optionCount }, () => 0.5)
  vote.forEach((option, agent) => {
    if (option >= 0) sums[option] = (sums[option] ?? 0) + weight(agent)
  })
  const total = sums.reduce((sum, value) => sum + value, 0)
  return sums.map((sum) => sum / total)
}

/** What an agent says as a distribution: its confidence on its vote, the rest in equal parts. */
export function statedDistribution(option: number, confidence: number): number[] {
  return Array.from({ length: optionCount }, (_, index) => (index === option ? confidence : (1 - confidence) / wrongOptions))
}

function stated({ vote, confidence }: SyntheticLead): number[][] {
  return [...vote].flatMap((option, agent) => (option < 0 ? [] : [statedDistribution(option, confidence[agent] ?? 0)]))
}

export function linearPool(lead: SyntheticLead): number[] {
  return meanOf(stated(lead))
}

export function equalLogPool(lead: SyntheticLead): number[] {
  return softmaxOf(meanOf(stated(lead).map((distribution) => distribution.map(Math.log))))
}

function meanOf(rows: readonly (readonly number[])[]): number[] {
  if (rows.length === 0) return Array.from({ length: optionCount }, () => 1 / optionCount)
  return Array.from({ length: optionCount }, (_, option) => rows.reduce((sum, row) => sum + (row[option] ?? 0), 0) / rows.length)
}

/** ln pi plus the stated log-odds of every vote, as if everybody were independent and meant it. */
export function statedLogOdds({ vote, confidence }: SyntheticLead, lnPi: readonly number[]): number[] {
  const scores = [...lnPi]
  vote.forEach((option, agent) => {
    if (option >= 0) scores[option] = (scores[option] ?? 0) + logit(clip(confidence[agent] ?? 0, 0.02, 0.98)) + Math.log(wrongOptions)
  })
  return softmaxOf(scores)
}

/** The option of the most confident agent, and how sure it claims to be. */
export function mostConfident({ vote, confidence }: SyntheticLead): { option: number; claim: number } {
  let best = { option: 0, claim: 0 }
  vote.forEach((option, agent) => {
    if (option >= 0 && (confidence[agent] ?? 0) > best.claim) best = { option, claim: confidence[agent] ?? 0 }
  })
  return best
}

/** Confidence-weighted vote among those at least .7 sure, and their mean claim; nobody sure: option 0. */
export function keepConfident({ vote, confidence }: SyntheticLead): { option: number; claim: number | undefined } {
  const sums = Array.from({ length: optionCount }, () => 0)
  const claims: number[] = []
  vote.forEach((option, agent) => {
    const sure = confidence[agent] ?? 0
    if (option < 0 || sure < 0.7) return
    sums[option] = (sums[option] ?? 0) + sure
    claims.push(sure)
  })
  const option = sums.reduce((top, sum, index) => (sum > (sums[top] ?? 0) ? index : top), 0)
  return { option, claim: claims.length === 0 ? undefined : claims.reduce((sum, claim) => sum + claim, 0) / claims.length }
}

/** Accuracy of the best single agent in hindsight, on the leads it voted on. */
export function bestSingle(leads: readonly SyntheticLead[]): number {
  return Math.max(
    ...Array.from({ length: leads[0]?.vote.length ?? 0 }, (_, agent) => {
      const own = leads.filter(({ vote }) => (vote[agent] ?? -1) >= 0)
      return own.length === 0 ? 0 : own.filter(({ vote, truth }) => vote[agent] === truth).length / own.length
    }),
  )
}

/** Hedge over agents: weights from the loss of their stated distributions, mixed linearly over those present. */
export function hedge(labels: readonly SyntheticLead[]): (lead: SyntheticLead) => number[] {
  const regret = new Float64Array(labels[0]?.vote.length ?? 0)
  for (const { vote, confidence, label } of labels)
    vote.forEach((option, agent) => {
      if (option < 0) return
      const loss = -Math.log(statedDistribution(option, confidence[agent] ?? 0)[label] ?? 0)
      regret[agent] = (regret[agent] ?? 0) + clip(loss, 0, 4) - Math.log(optionCount)
    })
  return ({ vote, confidence }) => {
    const present = [...vote].flatMap((option, agent) => (option < 0 ? [] : [{ option, agent }]))
    if (present.length === 0) return meanOf([])
    // Relative to the best one present: the exponents of 600 labels would underflow.
    const least = Math.min(...present.map(({ agent }) => regret[agent] ?? 0))
    const mixed = Array.from({ length: optionCount }, () => 0)
    let total = 0
    for (const { option, agent } of present) {
      const weight = Math.exp(-0.3 * ((regret[agent] ?? 0) - least))
      total += weight
      statedDistribution(option, confidence[agent] ?? 0).forEach((p, index) => (mixed[index] = (mixed[index] ?? 0) + weight * p))
    }
    return mixed.map((sum) => sum / total)
  }
}

/** A table of what each agent says when each option is right, with the common discount and a temperature on the last 30 %. */
export function confusionRows(world: World, data: LabData): (lead: SyntheticLead) => number[] {
  const first = data.leads.slice(0, Math.round(data.leads.length * 0.7))
  const last = data.leads.slice(first.length)
  // Base rates, correlations and families as the pools have them.
  const model = labFit(world, { ...data, leads: first }, { ...labRules, discount: 'common' })
  const rows = world.agents.map((_, agent) => lnRows(first, agent))
  const support = (lead: SyntheticLead) => confusionSupport(model, rows, lead)
  const at = (sums: readonly number[], tau: number) => softmaxOf(model.lnPi.map((base, option) => base + tau * (sums[option] ?? 0)))
  const items = last.map((lead) => ({ sums: support(lead), label: lead.label }))
  let best = { tau: 1, cost: Infinity }
  for (let step = 0; step < 29; step++) {
    const tau = 0.2 + 0.05 * step
    const cost =
      items.reduce((sum, { sums, label }) => sum - Math.log(Math.max(1e-6, at(sums, tau)[label] ?? 0)), 0) / items.length +
      0.02 * (tau - 1) ** 2
    if (cost < best.cost) best = { tau, cost }
  }
  return (lead) => at(support(lead), best.tau)
}

function lnRows(leads: readonly SyntheticLead[], agent: number): number[][] {
  const counts = Array.from({ length: optionCount }, () => Array.from({ length: optionCount }, () => 0))
  const habits = Array.from({ length: optionCount }, () => 0)
  let votes = 0
  for (const { vote, label } of leads) {
    const option = vote[agent] ?? -1
    if (option < 0) continue
    votes++
    habits[option] = (habits[option] ?? 0) + 1
    const row = counts[label]
    if (row !== undefined) row[option] = (row[option] ?? 0) + 1
  }
  return counts.map((row, truth) => {
    const filled = row.map(
      (count, option) =>
        count + 8 * (0.6 * (votes === 0 ? 1 / optionCount : (habits[option] ?? 0) / votes) + 0.4 * Number(option === truth)),
    )
    const total = filled.reduce((sum, count) => sum + count, 0)
    // An option an agent never voted for has an empty cell, which is no proof that it never will.
    return filled.map((count) => Math.log(Math.max(1e-4, count / total)))
  })
}

function confusionSupport(
  { familyOf, rho }: LabModel,
  rows: readonly (readonly (readonly number[])[])[],
  { vote }: SyntheticLead,
): number[] {
  const sizes = new Map<number, number>()
  vote.forEach((option, agent) => {
    const family = familyOf[agent] ?? 0
    if (option >= 0) sizes.set(family, (sizes.get(family) ?? 0) + 1)
  })
  const sums = Array.from({ length: optionCount }, () => 0)
  vote.forEach((option, agent) => {
    if (option < 0) return
    const family = familyOf[agent] ?? 0
    const factor = 1 / (1 + ((sizes.get(family) ?? 1) - 1) * (rho[family] ?? 0))
    for (let truth = 0; truth < optionCount; truth++) sums[truth] = (sums[truth] ?? 0) + factor * (rows[agent]?.[truth]?.[option] ?? 0)
  })
  return sums
}
