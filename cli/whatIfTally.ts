/**
 * What a comparison of policies has found so far. However long the stretch is, what is held are counts, the decisions that are told in
 * full, and those that a person has judged.
 */
import { judgedDifference } from '../pipelines/consensus/whatIf.ts'
import type { Compared, ComparedChoice, Judged, JudgedDifference } from '../pipelines/consensus/whatIf.ts'

export type Changed = Extract<Compared, { kind: 'compared' }>

export class WhatIfTally {
  /** Decisions that were compared. */
  total = 0
  /** Decisions that could not be decided again. */
  impossible = 0
  /** Decisions that would be others. */
  changed = 0
  /** The first of them, as many as are told in full. */
  readonly shown: Changed[] = []
  readonly #limit: number
  readonly #verdicts: readonly Judged[]
  readonly #judgedIds: ReadonlySet<string>
  readonly #judged: ComparedChoice[] = []
  readonly #moves = new Map<string, number>()

  constructor(limit: number, verdicts: readonly Judged[]) {
    this.#limit = limit
    this.#verdicts = verdicts
    this.#judgedIds = new Set(verdicts.map(({ decisionId }) => decisionId))
  }

  add(one: Compared): void {
    if (one.kind === 'not_possible') {
      this.impossible++
      return
    }
    const { decision, other } = one
    this.total++
    if (this.#judgedIds.has(decision.decisionId))
      this.#judged.push({
        kind: 'compared',
        decision: { decisionId: decision.decisionId, chosen: decision.chosen, draw: decision.draw },
        other: { chosen: other.chosen, draw: other.draw },
      })
    if (!isChanged(one)) return
    this.changed++
    const move = `${decision.chosen} -> ${other.chosen}`
    this.#moves.set(move, (this.#moves.get(move) ?? 0) + 1)
    if (this.shown.length < this.#limit) this.shown.push(one)
  }

  /** From what to what, the most frequent first. */
  get moves(): readonly (readonly [move: string, count: number])[] {
    return [...this.#moves].sort(([a, n], [b, m]) => m - n || (a < b ? -1 : 1))
  }

  /** What people found right, whatever the leads did. */
  get judged(): JudgedDifference {
    return judgedDifference(this.#judged, this.#verdicts)
  }
}

export function isChanged(one: Compared): one is Changed {
  return one.kind === 'compared' && one.decision.chosen !== one.other.chosen
}
