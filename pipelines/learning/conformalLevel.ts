/**
 * The level of the next quantile: the allowed error, moved by the errors that the sets of stored decisions made on verdicts of the
 * random audit, in the order of time, each weighing the inverse of the probability with which it was drawn: what is barely decided is
 * drawn more often and errs more. Computed anew from the verdicts each time, so there is no running state.
 * @source reference/consensus.md 4.3: alpha_{t+1} = alpha_t + .01 (alpha - err_t); Gibbs & Candès 2021
 */
import { adaptedAlpha } from '../consensus/fit/conformal.ts'
import { effectiveCount } from '../consensus/fit/labelWeights.ts'
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
  /** The realised error: the share of all decisions, by weight; `undefined` without audits. */
  readonly share: number | undefined
  /** Its interval of 95 %, exact where all were drawn alike, else for as many audits as the weights are worth. */
  readonly error: Interval
}

/** Of the decisions of one type, of all locations or of one. Right options that gates had closed are no error of a set. */
export function conformalLevel(judged: readonly JudgedDecision[], target = 0.05): ConformalLevel {
  const errors = firstVerdicts(judged)
    .filter(({ decision, option }) => decision.auditSelected && decision.options.some((one) => one.eligible && one.option === option))
    .sort((a, b) => a.decision.decidedAt - b.decision.decidedAt || compare(a.decision.decisionId, b.decision.decisionId))
    .flatMap(({ decision: { conformalSet, pAudit }, option }) =>
      // Rows that were stored before the set was known lack it.
      Array.isArray(conformalSet) && pAudit > 0 ? [{ missed: !conformalSet.includes(option), weight: 1 / pAudit }] : [],
    )
  const missed = errors.filter((error) => error.missed)
  const weights = errors.map(({ weight }) => weight)
  const total = sumOf(weights)
  const share = errors.length === 0 ? undefined : sumOf(missed.map(({ weight }) => weight)) / total
  const worth = Math.round(effectiveCount(weights))
  return {
    target,
    level: errors.reduce((level, one) => adaptedAlpha(level, target, one.missed, (one.weight * errors.length) / total), target),
    ...{ audits: errors.length, missed: missed.length, share, error: clopperPearson(Math.round((share ?? 0) * worth), worth) },
  }
}

function sumOf(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0)
}
