/**
 * What the folds of consensus do otherwise from version to version of the arithmetic, as values: so what an earlier one
 * decided is decided again by the very same folds.
 */
import { saidIn } from '../agents/phrases.ts'
import { settled } from './earlyStop.ts'
import type { Settles } from './earlyStop.ts'

export interface Arithmetic {
  /** When the votes of a question suffice. */
  readonly settles: Settles
  /** How the gate of words for a person reads phrases out of the messages that wait for an answer. */
  readonly reads: typeof saidIn
}

/** That of `engineVersion`. */
export const presentArithmetic: Arithmetic = { settles: settled, reads: saidIn }
