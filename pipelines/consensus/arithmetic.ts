/**
 * What the folds of consensus do otherwise from version to version of the arithmetic, as values: so what an earlier one
 * decided is decided again by the very same folds.
 */
import { presentHearing } from '../agents/hearing.ts'
import type { Hearing } from '../agents/hearing.ts'
import { settled } from './earlyStop.ts'
import type { Settles } from './earlyStop.ts'

export interface Arithmetic {
  /** When the votes of a question suffice. */
  readonly settles: Settles
  /** What the gate of words for a person hears in the messages that wait for an answer. */
  readonly hears: Hearing
}

/** That of `engineVersion`. */
export const presentArithmetic: Arithmetic = { settles: settled, hears: presentHearing }
