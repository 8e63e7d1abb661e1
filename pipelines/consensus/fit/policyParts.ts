/**
 * The numbers of a policy that labels move, and how they become a whole one. Integers in 1e-6, as the pool wants them.
 * @source reference/consensus.md 6
 */
import type { Policy } from '../../../schemas/generated/records.ts'
import { lnMicro } from '../pinnedMath.ts'
import { sealed } from '../policy.ts'
import { compare } from '../pool.ts'
import type { BaseRates } from './baseRates.ts'
import type { Strengths } from './strengths.ts'
import { declaredFamilies } from './voteTable.ts'
import type { VoteTable } from './voteTable.ts'

export type PolicyParts = Pick<
  Policy,
  'baseRatesMicro' | 'coldStrengthsMicro' | 'strengths' | 'families' | 'roster' | 'tauMicro' | 'conformalMicro'
>

/** Nats by bin for cells nobody has measured. @source reference/consensus.md step 2 */
const coldStrengths = [50_000, 200_000, 500_000, 800_000, 1_000_000]
/** Prior correlation of agents that read one source. */
const sameSourceRhoMicro = 300_000

/** The numbers of a policy that labels move. */
export function partsOf(policy: Policy): PolicyParts {
  const { baseRatesMicro, coldStrengthsMicro, strengths, families, roster, tauMicro, conformalMicro } = policy
  return { baseRatesMicro, coldStrengthsMicro, strengths, families, roster, tauMicro, conformalMicro }
}

/** The policy with other parts, under its own hash. */
export function withParts(policy: Policy, parts: PolicyParts, made: { readonly label: string; readonly createdAt: number }): Policy {
  return sealed({ ...policy, ...parts, ...made })
}

/**
 * A policy to start from on any table: every option equally likely, the cold strengths, families as declared with a
 * correlation of .3. Taking the right option is worth 1, any other nothing.
 */
export function coldPolicy(table: Pick<VoteTable, 'options' | 'agents'>, changes: Partial<Policy> = {}): Policy {
  const declared = [...declaredFamilies(table.agents)].sort(([a], [b]) => compare(a, b))
  const families = [...new Set(declared.map(([, family]) => family))].sort(compare)
  const { options } = table
  return sealed({
    tenantId: '*',
    decisionType: 'table',
    label: 'cold start',
    createdAt: 0,
    options: options.map((option, safety) => ({
      option,
      reversible: true,
      safety,
      costMicros: 0,
      values: Object.fromEntries(options.map((truth) => [truth, truth === option ? 1_000_000 : 0])),
    })),
    baseRatesMicro: { '*': Object.fromEntries(options.map((option) => [option, lnMicro(1 / options.length)])) },
    coldStrengthsMicro: coldStrengths,
    strengths: [],
    families: families.map((family) => ({
      family,
      rhoMicro: sameSourceRhoMicro,
      agents: declared.flatMap(([agent, own]) => (own === family ? [agent] : [])),
    })),
    roster: declared.map(([agent]) => agent),
    tauMicro: 1_000_000,
    marginMicro: 0,
    quorumMilli: 0,
    requiredFamilies: [],
    fallback: options[0] ?? '',
    pAuditMicro: 0,
    deadlineMs: 0,
    conformalMicro: null,
    ...changes,
  })
}

export function ratesMicro(options: readonly string[], rates: BaseRates): Policy['baseRatesMicro'] {
  return Object.fromEntries(
    [...rates].map(([stage, shares]) => [stage, Object.fromEntries(options.map((option, index) => [option, lnMicro(shares[index] ?? 0)]))]),
  )
}

/** Cells of an agent: one per bin for every option it was not heard on, and one per option that differs from it. */
export function cellsOf(agentId: string, options: readonly string[], { byBin, byCell }: Strengths): Policy['strengths'] {
  return byBin.flatMap((lambda, index) => {
    const bin = index + 1
    const own = options.flatMap((option, place) => {
      const lambdaMicro = micro(byCell[index]?.[place] ?? lambda)
      return lambdaMicro === micro(lambda) ? [] : [{ agentId, bin, option, lambdaMicro }]
    })
    return [{ agentId, bin, option: '*', lambdaMicro: micro(lambda) }, ...own]
  })
}

/** The strengths with votes of these agents worth nothing, in any bin and for any option. */
export function withoutStrength(strengths: Policy['strengths'], agents: readonly string[]): Policy['strengths'] {
  return [
    ...strengths.filter(({ agentId }) => !agents.includes(agentId)),
    ...[...agents].sort(compare).flatMap((agentId) => [1, 2, 3, 4, 5].map((bin) => ({ agentId, bin, option: '*', lambdaMicro: 0 }))),
  ]
}

/** Nats or a share in 1e-6. */
export function micro(value: number): number {
  return Math.round(value * 1e6)
}
