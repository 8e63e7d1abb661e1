/**
 * Decides beside the policy in force with another one, where one is being tried, and writes down what it would have chosen.
 * It reads finished decisions and writes to a topic that nothing acts on; whatever goes wrong in it is counted and nothing else.
 * @source reference/consensus.md 6 (shadow: live votes, challenger artefact, logged beside the real decision, no effect)
 */
import { drop, emit, next } from '../../runtime/outcome.ts'
import type { Outcome } from '../../runtime/outcome.ts'
import { from, stage } from '../../runtime/stage.ts'
import type { Context, StreamRecord } from '../../runtime/stage.ts'
import type { Decision, Policy } from '../../schemas/generated/records.ts'
import { decisions, shadowDecisions, shadowPolicies } from '../../topics/index.ts'
import { policyProblems } from './policy.ts'
import { shadowDecision } from './shadowDecision.ts'

const tables = { tried: shadowPolicies } as const
type Result = Outcome<undefined, typeof shadowDecisions>

function decideBeside(_: undefined, { value: decision }: StreamRecord<Decision>, ctx: Context<typeof tables>): Result {
  const { tried } = ctx.tables
  const policy = tried.get(`${decision.tenantId}:${decision.type}`) ?? tried.get(`*:${decision.type}`)
  if (policy === undefined) return drop('no_shadow')
  // Unknown errors crash a process so that it replays. This one would crash again, and take the real decisions with it.
  try {
    if (!isUsable(policy, decision.type)) return drop('shadow_unsound')
    const beside = shadowDecision(decision, policy)
    return beside === undefined
      ? drop('nobody_chose')
      : next<undefined, typeof shadowDecisions>(undefined, { emit: [emit(shadowDecisions, beside)] })
  } catch {
    return drop('shadow_failed')
  }
}

const checked = new WeakMap<Policy, boolean>()
function isUsable(policy: Policy, decisionType: string): boolean {
  let sound = checked.get(policy)
  if (sound === undefined) checked.set(policy, (sound = policyProblems(policy).length === 0))
  return sound && policy.decisionType === decisionType
}

export const shadow = stage({
  name: 'shadow',
  tables,
  on: [from(decisions, decideBeside)],
  outputs: [shadowDecisions],
})
