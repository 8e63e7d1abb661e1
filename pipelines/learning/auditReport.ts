/**
 * How right decisions are, by verdicts that were asked for by chance, and how far people agree at all: the second bounds
 * what the first can mean.
 * @source reference/consensus.md step 7, 4.3
 */
import { effectiveCount } from '../consensus/fit/labelWeights.ts'
import type { Interval } from '../consensus/scores/clopperPearson.ts'
import { clopperPearson } from '../consensus/scores/clopperPearson.ts'
import { cohensKappa } from '../consensus/scores/agreement.ts'
import type { Agreement } from '../consensus/scores/agreement.ts'
import type { Decision } from '../../schemas/generated/records.ts'
import { usualChoice } from '../consensus/usualChoice.ts'
import { calibrationReport } from './calibrationReport.ts'
import type { CalibrationReport } from './calibrationReport.ts'
import { reportCards } from './reportCards.ts'
import type { ReportCard } from './reportCards.ts'
import { firstVerdicts, pairsOfVerdicts } from './voteTable.ts'
import type { JudgedDecision } from './judgedDecision.ts'

export interface AuditReport {
  /** Judged decisions by how they came to be judged: drawn by lot, whatever else, then escalated, then for reasons that nobody knows. */
  readonly random: number
  readonly escalated: number
  readonly overrides: number
  /** Of the random ones: the verdict was what the votes had chosen; what a lot took instead is no mistake of theirs. */
  readonly right: number
  /**
   * The share of all decisions that are right, each verdict weighing the inverse of the probability with which it was drawn, and an
   * interval of 95 %: exact where all were drawn alike, else for as many verdicts as the weights are worth.
   */
  readonly share: number | undefined
  readonly rightShare: Interval
  /** Undefined while there are too few. */
  readonly calibration: CalibrationReport | undefined
  readonly agents: readonly ReportCard[]
  /** Of decisions that two people judged. */
  readonly agreement: Agreement
  /** What the votes chose when another option was right, the most frequent first. */
  readonly mistakes: readonly { readonly chosen: string; readonly right: string; readonly count: number }[]
}

/** A member that is missing where the votes sufficed early was not waited for: that is no failure. */
function isFinding({ stopReason }: Pick<Decision, 'stopReason'>, kind: string): boolean {
  return kind !== 'missing' || stopReason !== 'early_stop'
}

/** `random` gives numbers of 0 to 1 from a seed: what chance alone would show is drawn. */
export function auditReport(judged: readonly (JudgedDecision & { readonly selection: string })[], random: () => number): AuditReport {
  const firsts = firstVerdicts(judged)
  const drawn = firsts.filter(({ decision }) => decision.auditSelected)
  const others = firsts.filter(({ decision }) => !decision.auditSelected)
  const weights = drawn.map(({ decision }) => 1 / decision.pAudit)
  const total = weights.reduce((sum, weight) => sum + weight, 0)
  const wrong = drawn.filter(({ decision, option }) => usualChoice(decision) !== option)
  const mistakes = new Map<string, { chosen: string; right: string; count: number }>()
  for (const { decision, option } of wrong) {
    const chosen = usualChoice(decision)
    const name = `${chosen} ${option}`
    mistakes.set(name, { chosen, right: option, count: (mistakes.get(name)?.count ?? 0) + 1 })
  }
  const right = drawn.length - wrong.length
  const rightWeight = drawn.reduce(
    (sum, { decision, option }, index) => sum + (usualChoice(decision) === option ? (weights[index] ?? 0) : 0),
    0,
  )
  const share = drawn.length === 0 ? undefined : rightWeight / total
  const worth = Math.round(effectiveCount(weights))
  return {
    random: drawn.length,
    escalated: others.filter(({ selection }) => selection === 'escalated').length,
    overrides: others.filter(({ selection }) => selection === 'override').length,
    right,
    share,
    rightShare: clopperPearson(Math.round((share ?? 0) * worth), worth),
    agents: reportCards(
      drawn.map(({ decision, outside = [], option }, index) => {
        const late = outside.flatMap(({ agentId, option: voted, bin }) =>
          voted === null || bin === null ? [] : [{ agentId, option: voted, bin }],
        )
        const quiet = outside.flatMap(({ agentId, option: voted }) => (voted === null ? [{ agentId, kind: 'abstain' }] : []))
        const came = new Set(outside.map(({ agentId }) => agentId))
        return {
          contributions: [...decision.contributions, ...late],
          // Who came late to a question is not also missing there; nor is whom nobody waited for.
          silent: [...decision.silent.filter(({ agentId, kind }) => !came.has(agentId) && isFinding(decision, kind)), ...quiet],
          option,
          weight: ((weights[index] ?? 0) * drawn.length) / total,
        }
      }),
    ),
    calibration: calibrationReport(drawn, random),
    agreement: cohensKappa(pairsOfVerdicts(judged)),
    mistakes: [...mistakes.entries()].sort(([a, x], [b, y]) => y.count - x.count || (a < b ? -1 : 1)).map(([, one]) => one),
  }
}
