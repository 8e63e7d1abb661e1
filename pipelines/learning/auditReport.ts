/**
 * How right decisions are, by verdicts that were asked for by chance, and how far people agree at all: the second bounds
 * what the first can mean.
 * @source reference/consensus.md step 7, 4.3
 */
import type { Interval } from '../consensus/scores/clopperPearson.ts'
import { clopperPearson } from '../consensus/scores/clopperPearson.ts'
import { cohensKappa } from '../consensus/scores/agreement.ts'
import type { Agreement } from '../consensus/scores/agreement.ts'
import { firstVerdicts, pairsOfVerdicts } from './voteTable.ts'
import type { JudgedDecision } from './voteTable.ts'

export interface AuditReport {
  /** Judged decisions by how they came to be judged. */
  readonly random: number
  readonly escalated: number
  readonly overrides: number
  /** Of the random ones: the verdict was what had been decided. Exact interval of 95 %. */
  readonly right: number
  readonly rightShare: Interval
  /** Of decisions that two people judged. */
  readonly agreement: Agreement
  /** What was decided when another option was right, the most frequent first. */
  readonly mistakes: readonly { readonly chosen: string; readonly right: string; readonly count: number }[]
}

export function auditReport(judged: readonly (JudgedDecision & { readonly selection: string })[]): AuditReport {
  const firsts = firstVerdicts(judged)
  const random = firsts.filter(({ selection }) => selection === 'random')
  const wrong = random.filter(({ decision, option }) => decision.chosen !== option)
  const mistakes = new Map<string, { chosen: string; right: string; count: number }>()
  for (const { decision, option } of wrong) {
    const name = `${decision.chosen} ${option}`
    mistakes.set(name, { chosen: decision.chosen, right: option, count: (mistakes.get(name)?.count ?? 0) + 1 })
  }
  const right = random.length - wrong.length
  return {
    random: random.length,
    escalated: firsts.filter(({ selection }) => selection === 'escalated').length,
    overrides: firsts.filter(({ selection }) => selection === 'override').length,
    right,
    rightShare: clopperPearson(right, random.length),
    agreement: cohensKappa(pairsOfVerdicts(judged)),
    mistakes: [...mistakes.entries()].sort(([a, x], [b, y]) => y.count - x.count || (a < b ? -1 : 1)).map(([, one]) => one),
  }
}
