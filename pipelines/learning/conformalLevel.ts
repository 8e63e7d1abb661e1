/**
 * The level of the next quantile: the allowed error, moved by the errors that the sets of stored decisions made on verdicts of the
 * random audit, in the order of time. Computed anew from the verdicts each time, so there is no running state.
 * @source reference/consensus.md 4.3: alpha_{t+1} = alpha_t + .01 (alpha - err_t); Gibbs & Candès 2021
 */
import { adaptedAlpha } from '../consensus/fit/conformal.ts'
import { compare } from '../consensus/pool.ts'
import { clopperPearson } from '../consensus/scores/clopperPearson.ts'
import type { Interval } from '../consensus/scores/clopperPearson.ts'
import { firstVerdicts } from './voteTable.ts'
import type { JudgedDecision } from './judgedDecision.ts'

export interface ConformalLevel {
  /** The error that is allowed. */
  readonly target: number
  /** What the next quantile is taken at. */
  readonly level: number
  /** Audited decisions that named a set, and those whose set lacked the right option. */
  readonly audits: number
  readonly missed: number
  /** The realised error, 95 %. */
  readonly error: Interval
}

/** Of the decisions of one type, of all locations or of one. Right options that gates had closed are no error of a set. */
export function conformalLevel(judged: readonly JudgedDecision[], target = 0.05): ConformalLevel {
  const errors = firstVerdicts(judged)
    .filter(({ decision, option }) => decision.auditSelected && decision.options.some((one) => one.eligible && one.option === option))
    .sort((a, b) => a.decision.decidedAt - b.decision.decidedAt || compare(a.decision.decisionId, b.decision.decisionId))
    // Rows that were stored before the field was known lack it.
    .flatMap(({ decision, option }) => (Array.isArray(decision.conformalSet) ? [!decision.conformalSet.includes(option)] : []))
  const missed = errors.filter((error) => error).length
  return {
    target,
    level: errors.reduce((level, error) => adaptedAlpha(level, target, error), target),
    ...{ audits: errors.length, missed, error: clopperPearson(missed, errors.length) },
  }
}
