/**
 * The lot: which wording or hour a decision gets, from the hash of a text that stands in its record, and how probable each was. The
 * probabilities are whole millionths that add up to one, and the lot is drawn from exactly them.
 * @source reference/consensus.md 10.4, 10.5
 */
import { createHash } from 'node:crypto'
import type { Draw } from '../../schemas/generated/records.ts'

/** Everything is certain: 1e-6. */
export const WHOLE_MICRO = 1_000_000
/** Below this probability of a wording the log cannot be evaluated for another policy. @source reference/consensus.md 10.3, 10.6 */
export const PROPENSITY_LEAST_MICRO = 50_000

/** The share of one wording among the decisions that are left to lot, 1e-6. */
export interface Share {
  readonly option: string
  readonly shareMicro: number
}

export interface Lot {
  readonly trial: string
  /** What it is drawn from: the SHA-256 of this text. */
  readonly seed: string
  /** Share of decisions that are left to lot, 1e-6. */
  readonly exploreMicro: number
  /** They add up to 1,000,000. */
  readonly shares: readonly Share[]
}

/**
 * The text a lot is drawn from. Of a decision, not of a lead: one lot for life would give a lead's later decisions a
 * probability of nought or one, given the earlier ones.
 */
export function seedOf(trial: string, leadHash: string, askedAt: number): string {
  return `${trial}:${leadHash}:${askedAt}`
}

/** The wording that the lot names while every wording is open; `undefined` where it leaves the choice to what is usual. */
export function namedBy(lot: Lot): string | undefined {
  return takenBy(
    partsOf(lot, () => true),
    lot.seed,
  )
}

export interface Drawn {
  readonly chosen: string
  readonly draw: Draw
}

/**
 * What the lot makes of a choice: each wording that may be chosen has its share of what is left to lot, the usual one the rest
 * as well. `undefined` where nothing is left to lot: fewer than two wordings are open, the usual one is none of them (it was
 * chosen for a reason that is not tried against), or one would be rarer than `leastMicro`, 5 % of wordings.
 */
export function drawnFrom(
  lot: Lot,
  isOpen: (option: string) => boolean,
  usual: string,
  leastMicro = PROPENSITY_LEAST_MICRO,
): Drawn | undefined {
  const parts = partsOf(lot, isOpen)
  if (parts.length < 2 || !parts.some(({ option }) => option === usual)) return undefined
  if (parts.some(({ micro }) => micro < leastMicro)) return undefined
  const rest = WHOLE_MICRO - parts.reduce((sum, { micro }) => sum + micro, 0)
  const named = takenBy(parts, lot.seed)
  const arms = parts.map(({ option, micro }) => ({ option, propensityMicro: option === usual ? micro + rest : micro }))
  return { chosen: named ?? usual, draw: { trial: lot.trial, usual, drawn: named !== undefined, arms, seed: lot.seed } }
}

interface Part {
  readonly option: string
  /** Probability that the lot names it, 1e-6. */
  readonly micro: number
}

/** Of each open wording with a share; the share of what is not open goes to the others in proportion. Rounded down. */
function partsOf({ shares, exploreMicro }: Lot, isOpen: (option: string) => boolean): Part[] {
  const open = shares.filter(({ option, shareMicro }) => shareMicro > 0 && isOpen(option))
  const total = open.reduce((sum, { shareMicro }) => sum + shareMicro, 0)
  // At most 1e12, so exact before the division.
  return open.map(({ option, shareMicro }) => ({ option, micro: Math.floor((exploreMicro * shareMicro) / total) }))
}

/** 32 bits of the hash as a place among 1,000,000, in integers (2^32 * 1e6 < 2^53); the parts lie one after another from 0. */
function takenBy(parts: readonly Part[], seed: string): string | undefined {
  const bits = createHash('sha256').update(seed).digest().readUInt32BE(0)
  const place = Math.floor((bits * WHOLE_MICRO) / 2 ** 32)
  let end = 0
  return parts.find(({ micro }) => place < (end += micro))?.option
}
