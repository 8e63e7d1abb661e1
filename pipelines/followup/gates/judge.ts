/**
 * All gates in order. Each is evaluated and kept, so that "why not" is complete; the first that denies decides. Removing
 * permission, hours or budget can only shrink what is allowed, because no gate reads another's answer.
 */
import type { GateResult } from '../../../schemas/generated/records.ts'
import { address } from './address.ts'
import { capacity } from './capacity.ts'
import { consent } from './consent.ts'
import { contactBudget } from './contactBudget.ts'
import { duplicates } from './duplicates.ts'
import { epoch } from './epoch.ts'
import { expiry } from './expiry.ts'
import { freshness } from './freshness.ts'
import type { FenceInput, Gate } from './gate.ts'
import { hours } from './hours.ts'
import { humanOwnership } from './humanOwnership.ts'
import { killSwitch } from './killSwitch.ts'
import { length } from './length.ts'
import { occasion } from './occasion.ts'

/** In the order in which they decide. @source reference/safety-and-claude.md 1.4 */
export const gates: readonly (readonly [id: string, gate: Gate])[] = [
  ['kill_switch', killSwitch],
  ['epoch', epoch],
  ['expiry', expiry],
  ['freshness', freshness],
  ['consent', consent],
  ['address', address],
  ['human_ownership', humanOwnership],
  ['occasion', occasion],
  ['hours', hours],
  ['contact_budget', contactBudget],
  ['duplicates', duplicates],
  ['length', length],
  ['capacity', capacity],
]

export interface Judgement {
  readonly gates: readonly GateResult[]
  /** What follows: it may leave, it waits until `at`, or it never leaves. */
  readonly then:
    | { readonly kind: 'allow' }
    | { readonly kind: 'defer'; readonly by: GateResult; readonly at: number }
    | { readonly kind: 'end'; readonly status: 'denied' | 'superseded' | 'expired'; readonly by: GateResult }
}

/** Evaluates every gate for one follow-up. */
export function judge(input: FenceInput): Judgement {
  const results = gates.map(([gateId, gate]): GateResult => ({ gateId, option: input.followUp.channel, ...gate(input) }))
  const by = results.find(({ verdict }) => verdict !== 'allow')
  return { gates: results, then: by === undefined ? { kind: 'allow' } : consequence(by, input.followUp.expiresAt) }
}

function consequence(by: GateResult, expiresAt: number): Judgement['then'] {
  if (by.verdict === 'deny' || by.liftsAt === null) {
    const status = by.ruleId === 'superseded' ? 'superseded' : by.gateId === 'expiry' ? 'expired' : 'denied'
    return { kind: 'end', status, by }
  }
  // Nothing is gained by holding it until it is pointless.
  return by.liftsAt >= expiresAt ? { kind: 'end', status: 'expired', by } : { kind: 'defer', by, at: by.liftsAt }
}
