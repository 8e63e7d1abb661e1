/**
 * The trial of wordings that is running: which wordings, how much is left to lot, and how rare a wording may become.
 * @source reference/consensus.md 10.2, 10.3
 */
import type { OptionOf } from '../agents/agent.ts'
import { PROPENSITY_LEAST_MICRO, WHOLE_MICRO } from './lot.ts'

/** The agent that draws, and under whose id a trial is stated. */
export const trialAgentId = 'ab_test_manager'
export interface Trial {
  /** `<name>-<number>`. Another trial has another id: nothing of the former one counts. */
  readonly id: string
  /** Share of decisions that are left to lot, 1e-6. */
  readonly exploreMicro: number
  /** The first is the control, which is never stopped. At most four; nobody can be hurt by any of them. */
  readonly arms: readonly OptionOf<'content'>[]
}

/** Plain, a soft question, an offer of information. */
export const runningTrial: Trial = { id: 'wording-2', exploreMicro: 300_000, arms: ['wait', 'soft_ask', 'inform'] }

/** The least share of the lot that keeps an option at the least probability, 1e-6: of a wording .05 / .3, rounded up. */
export function floorMicroOf({ exploreMicro }: Pick<Trial, 'exploreMicro'>, leastMicro = PROPENSITY_LEAST_MICRO): number {
  return Math.ceil((leastMicro * WHOLE_MICRO) / exploreMicro)
}
