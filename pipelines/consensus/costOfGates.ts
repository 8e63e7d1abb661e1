/**
 * What rules cost: how often a gate took the option that the votes alone were clearly for, by location, kind of decision and
 * rule. Counted from stored decisions, so with the votes and the gates of that moment. Where nothing but waiting was left nobody
 * was asked, and nothing is known of what votes would have been for.
 * @source reference/consensus.md 4.1
 */
import type { Decision, GateResult } from '../../schemas/generated/records.ts'
import { leadKey } from '../../topics/index.ts'
import { deniedFavourites } from './conflicts.ts'
import { compare } from './pool.ts'

/** What of a decision is read. */
export type GatedDecision = Pick<Decision, 'tenantId' | 'contactId' | 'type' | 'decidedAt' | 'conflicts' | 'options' | 'gates'>

export interface CostOfRule {
  readonly tenantId: string
  /** Decision type. */
  readonly type: string
  readonly gateId: string
  readonly ruleId: string
  /** What the votes alone gave more than .8. */
  readonly option: string
  readonly decisions: number
  /** Of these, where no other rule denied it as well: without this one it would have been open. */
  readonly alone: number
  readonly leads: number
  /** The newest of them, ms. */
  readonly lastAt: number
  /** What the gate said then. */
  readonly reason: string
}

/** The option of a decision that gates took although the votes alone were clearly for it, and the rules that did; none where there is no such conflict. */
export function deniedFavourite(
  decision: Pick<Decision, 'conflicts' | 'options' | 'gates'>,
): { readonly option: string; readonly by: readonly GateResult[] } | undefined {
  if (!decision.conflicts.includes('gate-vs-pool')) return undefined
  const scored = decision.options.map(({ option, eligible, score }) => ({ option, eligible, score: BigInt(score) }))
  const [option] = deniedFavourites(scored)
  if (option === undefined) return undefined
  return { option, by: decision.gates.filter((gate) => gate.verdict !== 'allow' && (gate.option === option || gate.option === '*')) }
}

/** One line a rule and option, what is denied most often first; the same whatever the order of the decisions. */
export function costOfGates(decisions: Iterable<GatedDecision>): CostOfRule[] {
  const lines = new Map<string, { line: Omit<CostOfRule, 'leads'>; leads: Set<string> }>()
  for (const decision of decisions) {
    const denied = deniedFavourite(decision)
    if (denied === undefined) continue
    const { tenantId, contactId, type, decidedAt } = decision
    const { option, by } = denied
    for (const { gateId, ruleId, reason } of by) {
      const key = JSON.stringify([tenantId, type, gateId, ruleId, option])
      const before = lines.get(key)
      const { line, leads } = before ?? {
        line: { tenantId, type, gateId, ruleId, option, decisions: 0, alone: 0, lastAt: decidedAt, reason },
        leads: new Set<string>(),
      }
      const isNewer = decidedAt > line.lastAt || (decidedAt === line.lastAt && reason < line.reason)
      lines.set(key, {
        line: {
          ...line,
          decisions: line.decisions + 1,
          alone: line.alone + Number(by.length === 1),
          ...(isNewer ? { lastAt: decidedAt, reason } : {}),
        },
        leads: leads.add(leadKey(tenantId, contactId)),
      })
    }
  }
  const keyed = [...lines].map(([key, { line, leads }]) => ({ key, line: { ...line, leads: leads.size } }))
  return keyed.sort((a, b) => b.line.decisions - a.line.decisions || compare(a.key, b.key)).map(({ line }) => line)
}
