/**
 * Ways in which a decision was contested, recorded on every decision so that people can look at them: a name alone
 * reviews nothing.
 * @source reference/consensus.md 4.1
 */
import type { Policy } from '../../schemas/generated/records.ts'
import { ln, softmax } from './pinnedMath.ts'
import { scoreOfBase } from './pool.ts'
import type { Pooled } from './pool.ts'

export type Conflict = 'split' | 'family-split' | 'gate-vs-pool' | 'stale' | 'policy-refused'

/** P1 - P2 below this is a split. */
const splitGap = 0.15
/** Jensen-Shannon divergence between families, in nats: .05 for two that disagree with one high-bin vote each, .28 with several each. */
const familyDivergence = 0.1
/** A denied option that would hold more than this of the ungated pool: a rule is costing something. */
const deniedShare = 0.8

/** The conflicts that can be read from the pool. */
export function conflictsOf(pooled: Pooled, policy: Policy): Conflict[] {
  const found: Conflict[] = []
  const running = pooled.options.filter(({ eligible }) => eligible)
  const [first = 1, second = 0] = running.map(({ probability }) => probability).sort((a, b) => b - a)
  if (running.length > 1 && pooled.nEffMicro >= policy.quorumMilli * 1000 && pooled.contributions.length > 0 && first - second < splitGap)
    found.push('split')
  if (divergence(pooled) > familyDivergence) found.push('family-split')
  if (deniedFavourites(pooled.options).length > 0) found.push('gate-vs-pool')
  return found
}

/** The options that a gate took although the votes alone would give them more than .8; scores in 1e-18 nats. */
export function deniedFavourites(
  options: readonly { readonly option: string; readonly eligible: boolean; readonly score: bigint }[],
): string[] {
  const ungated = softmax(options.map(({ score }) => score))
  return options.filter(({ eligible }, index) => !eligible && (ungated[index] ?? 0) > deniedShare).map(({ option }) => option)
}

/** Jensen-Shannon divergence, in nats, between what each family alone would believe. */
export function divergence(pooled: Pooled): number {
  const running = pooled.options.filter(({ eligible }) => eligible)
  const bases = running.map(({ baseMicro }) => scoreOfBase(baseMicro))
  const place = new Map(running.map(({ option }, index) => [option, index]))
  const tau = BigInt(pooled.contributions[0]?.tauMicro ?? 0)
  // Contributions come sorted by family, so the families are in one order on every machine.
  const beliefs: number[][] = []
  let family: string | undefined
  let support: number[] = []
  const close = () => {
    if (family !== undefined) beliefs.push(softmax(bases.map((base, index) => base + BigInt(support[index] ?? 0) * tau)))
  }
  for (const contribution of pooled.contributions) {
    const at = place.get(contribution.option)
    if (contribution.blocked || contribution.nats === '0' || at === undefined) continue
    if (contribution.family !== family) {
      close()
      family = contribution.family
      support = bases.map(() => 0)
    }
    // lambda * delta is at most 4e6 * 1e6: a float holds the sum of two thousand exactly.
    support[at] = (support[at] ?? 0) + contribution.lambdaMicro * contribution.deltaMicro
  }
  close()
  if (beliefs.length < 2) return 0
  const mean = running.map((_, index) => beliefs.reduce((sum, belief) => sum + (belief[index] ?? 0), 0) / beliefs.length)
  return entropy(mean) - beliefs.reduce((sum, belief) => sum + entropy(belief), 0) / beliefs.length
}

function entropy(probabilities: readonly number[]): number {
  return probabilities.reduce((sum, p) => (p > 0 ? sum - p * ln(p) : sum), 0)
}
