/**
 * How probable it is that a decision is put to a person: by stratum, known when it is decided and before anything comes of it. What is
 * decided seldom or barely is drawn more often, so that few verdicts teach more; each verdict weighs the inverse of its probability.
 * @source reference/consensus.md step 7 (2 to 5 % of decisions), 9.6 (weighted by inverse probability, uncertain ones on top of random ones are best)
 */
import type { Policy } from '../../schemas/generated/records.ts'
import { compiled } from './policy.ts'

/** What a stratum is told by. */
interface Drawn {
  /** ln of the base rate of the chosen option in its stage, 1e-6 nats. */
  readonly baseMicro: number
  /** Of the likeliest option. */
  readonly topProbability: number
}
export interface AuditStratum {
  readonly stratum: string
  readonly means: string
  readonly holds: (drawn: Drawn) => boolean
}

/** Any of them. @checked 2026-11-28 */
export const soughtStrata: readonly AuditStratum[] = [
  {
    stratum: 'rare_choice',
    means: 'what was chosen is right for less than one lead in ten of its stage: ln .10 = -2.302585',
    holds: ({ baseMicro }) => baseMicro < -2_302_585,
  },
  {
    stratum: 'barely',
    means: 'no option has half of the probability',
    holds: ({ topProbability }) => topProbability < 0.5,
  },
]
/** The share of sought decisions: the upper end of 2 to 5 %. The share of the others is that of the policy. */
export const SOUGHT_MICRO = 50_000

/** The probability that this decision is drawn, 1e-6; 0 where the policy draws none. */
export function auditShareMicro(policy: Policy, stage: string, chosen: string, probabilities: ReadonlyMap<string, number>): number {
  const { pAuditMicro } = policy
  const drawn = { baseMicro: compiled(policy).baseMicro(stage, chosen), topProbability: Math.max(0, ...probabilities.values()) }
  return pAuditMicro > 0 && soughtStrata.some(({ holds }) => holds(drawn)) ? Math.max(pAuditMicro, SOUGHT_MICRO) : pAuditMicro
}
