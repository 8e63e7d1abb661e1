/**
 * Why a decision fell back to its safe choice, in words: too few voices, or none of a family that has to be heard. Pure.
 * @source reference/consensus.md step 5
 */
import type { Decision, Policy } from '../../schemas/generated/records.ts'
import { shippedPolicy } from './shippedPolicies.ts'

export interface LackOfVoices {
  /** Fewer than the policy asks for. */
  readonly few: boolean
  /** A clause without its full stop. */
  readonly words: string
}

/** `policy` is that of the decision, where it is known; else a family can be named where one of the shipped policy explains it. */
export function lackOfVoices(
  decision: Pick<Decision, 'type' | 'nEff' | 'quorum' | 'silent' | 'policyHash'>,
  policy?: Policy,
): LackOfVoices {
  const { type, nEff, quorum, policyHash } = decision
  const few = nEff < quorum
  // Cut, not rounded: 2.96 is not 3.0.
  const heard = `fewer voices than needed were heard (${(Math.floor(nEff * 10) / 10).toFixed(1)} of ${quorum.toFixed(1)})`
  const shipped = shippedPolicy(type)
  const own = policy?.policyHash === policyHash ? policy : shipped?.policyHash === policyHash || !few ? shipped : undefined
  const families = own === undefined ? [] : unheardOf(decision, own)
  const named = families.map((family) => `"${family.replaceAll('_', ' ')}"`).join(' and ')
  const unheard = `nobody answered of ${named === '' ? 'agents that have to be heard' : `the agents of ${named}, which have to be heard`}`
  return { few, words: !few ? unheard : named === '' ? heard : `${heard}, and ${unheard}` }
}

/** Families that the policy requires and of which every agent failed or did not answer: one that abstains was there. */
function unheardOf({ silent }: Pick<Decision, 'silent'>, { requiredFamilies, families, roster }: Policy): string[] {
  const gone = new Set(silent.filter(({ kind }) => kind !== 'abstain').map(({ agentId }) => agentId))
  const members = (family: string) =>
    families.find((known) => known.family === family)?.agents.filter((agent) => roster.includes(agent)) ?? []
  return requiredFamilies.filter((family) => members(family).every((agent) => gone.has(agent)))
}
