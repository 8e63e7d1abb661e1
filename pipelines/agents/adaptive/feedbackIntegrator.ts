/**
 * Row 30. Messages of this location are measurably answered less since a policy is in force: what that policy decides is to be
 * doubted, so it waits, and for a lead that cannot wait a person should look. Abstains otherwise.
 * @source reference/lead-domain.md 2.9
 */
import { abstain, vote } from '../agent.ts'
import type { Agent } from '../agent.ts'
import { binOfFinding, evidenceOf, foundBy } from './lookUp.ts'

export const feedbackIntegrator: Agent = {
  id: 'feedback_integrator',
  version: 3,
  system: 'adaptive',
  family: 'location_results',
  answers: ['follow_up', 'escalation'],
  reads: ['insights.feedback_integrator', 'level'],
  assess(view, tables) {
    const [finding] = foundBy(tables, 'feedback_integrator', 'policy_worse')
    if (finding === undefined) return abstain('no_worse_change')
    const evidence = evidenceOf('feedback_integrator', finding)
    const waiting = vote('follow_up', 'wait', {
      bin: binOfFinding(finding),
      reason: 'policy_made_it_worse',
      text: `${finding.text} Waiting does less harm.`,
      evidence,
    })
    if (view.level !== 'HOT' && view.level !== 'URGENT') return waiting
    const handOver = vote('escalation', 'hand_over', {
      // Never by itself: it is about the location, not about this lead (bin 4 alone would hand over, shippedPolicies.ts).
      bin: binOfFinding(finding, 3),
      reason: 'policy_made_it_worse',
      text: `${finding.text} A person should look at a lead that is ${view.level}.`,
      evidence,
    })
    return [waiting, handOver]
  },
}
