/**
 * How much agents err together: the correlation of what is left of their errors after the difficulty of the item is taken
 * out, per family drawn towards its prior, and the families that the data themselves suggest.
 * @source reference/consensus.md step 3
 */
import type { VoteMatrix } from './voteTable.ts'

/** Labels that the prior correlation counts for. */
export const rhoShrinkage = 60
/** Pairs with fewer common items say nothing. */
const leastCommon = 20
const largestRho = 0.95
/** Clusters whose mean correlation is above this belong together. */
export const linkThreshold = 0.15

/** Per item: 1 right, 0 wrong, NaN without a vote, by agent. Only items with a known truth. */
export type Errors = readonly Float64Array[]

export function errorsOf(matrix: VoteMatrix): Errors {
  return matrix.items
    .filter(({ truth }) => truth >= 0)
    .map(({ truth, option }) => Float64Array.from(option, (voted) => (voted < 0 ? NaN : Number(voted === truth))))
}

export interface FamilyCorrelation {
  readonly family: string
  /** After shrinkage. */
  readonly rho: number
  /** As measured; `undefined` when no pair has enough common items. */
  readonly measured: number | undefined
  readonly pairs: number
}

/** rho of every family: (n rho_hat + 60 rho_0) / (n + 60), n the labelled items. */
export function familyCorrelations(matrix: VoteMatrix, priorOf: (family: string) => number): FamilyCorrelation[] {
  const errors = errorsOf(matrix)
  return matrix.families.map((family, g) => {
    const members = matrix.agents.flatMap((_, agent) => (matrix.familyOf[agent] === g ? [agent] : []))
    const outside = meanOver(errors, (agent) => matrix.familyOf[agent] !== g)
    const found = pairsOf(members).flatMap(([a, b]) => residualCorrelation(errors, outside, a, b) ?? [])
    if (found.length === 0) return { family, rho: priorOf(family), measured: undefined, pairs: 0 }
    const measured = Math.min(largestRho, Math.max(0, found.reduce((sum, r) => sum + r, 0) / found.length))
    const n = errors.length
    return { family, rho: (n * measured + rhoShrinkage * priorOf(family)) / (n + rhoShrinkage), measured, pairs: found.length }
  })
}

export interface SuggestedFamilies {
  readonly clusters: readonly (readonly string[])[]
  /** Mean residual correlation between the agents of one side and those of the other. */
  readonly between: (left: readonly string[], right: readonly string[]) => number
}

/**
 * Families as the errors suggest them: average-linkage clustering of the residual correlations, cut at .15. The difficulty of
 * an item is read from the agents outside the declared families of both; pairs with too few common items count as 0.
 */
export function suggestedFamilies(matrix: VoteMatrix): SuggestedFamilies {
  const errors = errorsOf(matrix)
  const count = matrix.agents.length
  const between = Array.from({ length: count }, () => new Float64Array(count))
  const outsideOf = new Map<string, Float64Array>()
  for (const [a, b] of pairsOf(matrix.agents.map((_, agent) => agent))) {
    const [g, h] = [matrix.familyOf[a] ?? 0, matrix.familyOf[b] ?? 0]
    const key = `${Math.min(g, h)} ${Math.max(g, h)}`
    let outside = outsideOf.get(key)
    if (outside === undefined) {
      outside = meanOver(errors, (agent) => matrix.familyOf[agent] !== g && matrix.familyOf[agent] !== h)
      outsideOf.set(key, outside)
    }
    const found = residualCorrelation(errors, outside, a, b) ?? 0
    ;(between[a] as Float64Array)[b] = found
    ;(between[b] as Float64Array)[a] = found
  }
  const columns = (agents: readonly string[]) => agents.map((agent) => matrix.agents.indexOf(agent))
  return {
    clusters: clusters(between, linkThreshold).map((members) => members.map((agent) => matrix.agents[agent] ?? '')),
    between: (left, right) => meanBetween(between, columns(left), columns(right)),
  }
}

/** Average linkage: the two clusters with the largest mean correlation are joined while it is above the threshold. */
export function clusters(between: readonly Float64Array[], threshold: number): number[][] {
  let groups = between.map((_, index) => [index])
  for (;;) {
    let best = threshold
    let join: readonly [number, number] | undefined
    for (let a = 0; a < groups.length; a++)
      for (let b = a + 1; b < groups.length; b++) {
        const mean = meanBetween(between, groups[a] ?? [], groups[b] ?? [])
        if (mean > best) {
          best = mean
          join = [a, b]
        }
      }
    if (join === undefined) return groups
    const [a, b] = join
    const joined = [...(groups[a] ?? []), ...(groups[b] ?? [])].sort((x, y) => x - y)
    groups = groups.flatMap((group, index) => (index === a ? [joined] : index === b ? [] : [group]))
  }
}

function meanBetween(between: readonly Float64Array[], left: readonly number[], right: readonly number[]): number {
  let sum = 0
  for (const a of left) for (const b of right) sum += between[a]?.[b] ?? 0
  return sum / (left.length * right.length)
}

/** Mean rightness per item over the agents that count; NaN where none of them voted. */
function meanOver(errors: Errors, counts: (agent: number) => boolean): Float64Array {
  return Float64Array.from(errors, (row) => {
    let sum = 0
    let n = 0
    row.forEach((error, agent) => {
      if (Number.isNaN(error) || !counts(agent)) return
      sum += error
      n++
    })
    return n === 0 ? NaN : sum / n
  })
}

/**
 * Correlation of two agents' errors after each is regressed on (1, mu): the partial correlation given mu. `undefined` below 20
 * common items or when one of them never varies beyond what mu explains.
 */
export function residualCorrelation(errors: Errors, mu: Float64Array, a: number, b: number): number | undefined {
  let n = 0
  let [sumA, sumB, sumM, aa, bb, mm, ab, am, bm] = [0, 0, 0, 0, 0, 0, 0, 0, 0]
  for (let index = 0; index < errors.length; index++) {
    const x = errors[index]?.[a] ?? NaN
    const y = errors[index]?.[b] ?? NaN
    const m = mu[index] ?? NaN
    // NaN in any of the three marks an item that the pair does not share.
    if (Number.isNaN(x + y + m)) continue
    n++
    sumA += x
    sumB += y
    sumM += m
    aa += x * x
    bb += y * y
    mm += m * m
    ab += x * y
    am += x * m
    bm += y * m
  }
  if (n < leastCommon) return undefined
  const covariance = (product: number, x: number, y: number) => product / n - (x / n) * (y / n)
  const vM = covariance(mm, sumM, sumM)
  const cAM = covariance(am, sumA, sumM)
  const cBM = covariance(bm, sumB, sumM)
  // A mu that never varies explains nothing.
  const explained = (x: number, y: number) => (vM > 1e-12 ? (x * y) / vM : 0)
  const vA = covariance(aa, sumA, sumA) - explained(cAM, cAM)
  const vB = covariance(bb, sumB, sumB) - explained(cBM, cBM)
  if (vA < 1e-9 || vB < 1e-9) return undefined
  return (covariance(ab, sumA, sumB) - explained(cAM, cBM)) / Math.sqrt(vA * vB)
}

function pairsOf(members: readonly number[]): (readonly [number, number])[] {
  return members.flatMap((a, index) => members.slice(index + 1).map((b) => [a, b] as const))
}
