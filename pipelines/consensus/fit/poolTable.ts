/**
 * The pool that decides about leads, on a table of votes: the same function with the same integers, only the lead is missing.
 */
import type { Policy, Vote } from '../../../schemas/generated/records.ts'
import { natsOf } from '../pinnedMath.ts'
import { pool as poolVotes, scoreOfBase } from '../pool.ts'
import type { Pooled } from '../pool.ts'
import type { Supported } from './temperature.ts'
import { absent, matrixOf } from './voteTable.ts'
import type { MatrixItem, VoteMatrix, VoteTable } from './voteTable.ts'

export interface PooledItem {
  readonly item: string
  readonly probabilities: Readonly<Record<string, number>>
  /** The most probable option; the first of the policy among equals. */
  readonly winner: string
  /** Effective voters. */
  readonly nEff: number
}

/** Pools every item of a table, in the order of time. */
export function pool(table: VoteTable, policy: Policy): PooledItem[] {
  const matrix = matrixOf(table)
  return matrix.items.map((item) => {
    const pooled = poolItem(matrix, item, policy)
    const best = pooled.options.reduce((a, b) => (b.eligible && (!a.eligible || b.score > a.score) ? b : a))
    return {
      item: item.item,
      probabilities: Object.fromEntries(pooled.options.map(({ option, probability }) => [option, probability])),
      winner: best.option,
      nEff: pooled.nEffMicro / 1e6,
    }
  })
}

/** Pools one row of the matrix over the options that could be chosen. */
export function poolItem(matrix: VoteMatrix, item: MatrixItem, policy: Policy): Pooled {
  return poolVotes(votesOf(matrix, item), policy, item.stage, item.eligible ?? new Set(policy.options.map(({ option }) => option)))
}

/** The row as votes of the pipeline. */
export function votesOf({ agents, families, familyOf, options }: VoteMatrix, { option, bin }: MatrixItem): Vote[] {
  return agents.flatMap((agentId, index) => {
    const voted = option[index] ?? absent
    if (voted === absent) return []
    const cast = voted >= 0
    return [
      {
        agentId,
        agentVersion: 1,
        family: families[familyOf[index] ?? 0] ?? '',
        kind: cast ? 'vote' : 'abstain',
        decisionType: '',
        option: cast ? (options[voted] ?? null) : null,
        bin: cast ? (bin[index] ?? 1) : null,
        reasonCode: '',
        reasonText: null,
        evidence: [],
        params: {},
      },
    ]
  })
}

/** What the pool says of an item, base and votes apart, at the tau of the policy (1 for a fit). */
export function supportedOf(matrix: VoteMatrix, item: MatrixItem, policy: Policy, weight: number): Supported {
  const options = poolItem(matrix, item, policy).options.filter(({ eligible }) => eligible)
  return {
    base: options.map(({ baseMicro }) => baseMicro / 1e6),
    support: options.map(({ score, baseMicro }) => natsOf(score - scoreOfBase(baseMicro))),
    truth: options.findIndex(({ option }) => option === matrix.options[item.truth]),
    weight,
  }
}
