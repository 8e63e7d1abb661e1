/**
 * A lead whose own words are for a person to answer, or may be an opt-out: the machine is silent, and it is handed over whatever the votes on
 * that say, also where there are none. Not where a person leads the conversation already.
 * @source reference/lead-domain.md 3.6: the escalation flag is a veto; reference/consensus.md 4.2
 */
import type { Decision, GateResult } from '../../schemas/generated/records.ts'
import { READ_BY_A_PERSON } from './gates.ts'

/** The gate that calls for a person; `undefined` where none does. A superseded decision calls for nobody: its question is put anew. */
export function dueToAPerson({ type, stopReason, gates }: Pick<Decision, 'type' | 'stopReason' | 'gates'>): GateResult | undefined {
  if (type !== 'follow_up' || stopReason !== 'gated') return undefined
  const denied = gates.filter(({ verdict }) => verdict !== 'allow')
  const led = denied.find(({ gateId }) => gateId === 'human_ownership')
  if (led !== undefined) return led.ruleId === READ_BY_A_PERSON ? led : undefined
  return denied.find(({ gateId }) => gateId === 'person_due')
}
