/**
 * What another policy would choose on the very votes that a decision counted: from the decision alone, so that nothing of
 * how it was made is touched. It closes where the decision closed; what had not come by then it does not see either.
 * @source reference/consensus.md 6 (shadow)
 */
import type { Decision, Policy, ShadowDecision, Vote } from '../../schemas/generated/records.ts'
import { hasQuorum } from './decide.ts'
import { pool } from './pool.ts'
import { rankByUtility } from './utility.ts'
import { usualChoice } from './usualChoice.ts'

/** `undefined` for what gates decided alone or something newer ended: there nobody chose. */
export function shadowDecision(decision: Decision, policy: Policy): ShadowDecision | undefined {
  const { decisionId, tenantId, contactId, type, stage, stopReason, decidedAt } = decision
  if (stopReason === 'gated' || stopReason === 'superseded') return undefined
  const eligible = new Set(decision.options.flatMap((one) => (one.eligible ? [one.option] : [])))
  const pooled = pool(votesOf(decision), policy, stage, eligible)
  const probabilities = new Map(pooled.options.flatMap((one) => (one.eligible ? [[one.option, one.probability] as const] : [])))
  const degraded = !hasQuorum(pooled, policy)
  const [best] = rankByUtility(policy, probabilities, decisionId)
  return {
    ...{ decisionId, tenantId, contactId, type, policyHash: policy.policyHash },
    chosen: degraded ? policy.fallback : (best?.option ?? policy.fallback),
    degraded,
    probabilities: Object.fromEntries(probabilities),
    usualPolicyHash: decision.policyHash,
    usual: usualChoice(decision),
    decidedAt,
  }
}

/** The votes that were counted, and who was there without one. Who did not answer is missing to the other policy too. */
function votesOf({ contributions, silent, type }: Decision): Vote[] {
  const plain = { decisionType: type, reasonText: null, evidence: [], params: {} }
  return [
    ...contributions.map(({ agentId, agentVersion, family, option, bin, reasonCode }) => ({
      ...{ agentId, agentVersion, family, kind: 'vote', option, bin, reasonCode },
      ...plain,
    })),
    ...silent
      .filter(({ kind }) => kind !== 'missing')
      .map(({ agentId, kind, reasonCode }) => ({
        agentId,
        agentVersion: 0,
        family: '',
        kind,
        option: null,
        bin: null,
        reasonCode,
        ...plain,
      })),
  ]
}
