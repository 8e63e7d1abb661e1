/**
 * Whether what decisions state comes true, by verdicts that were asked for by chance: scores beside those of the base rates,
 * and stated against realised shares beside what chance alone would show. Few verdicts say nothing, and then nothing is said.
 * @source reference/consensus.md 7.1
 */
import type { Decision } from '../../schemas/generated/records.ts'
import { softmax } from '../consensus/pinnedMath.ts'
import { scoreOfBase } from '../consensus/pool.ts'
import type { NullError, ReliabilityBin } from '../consensus/scores/calibration.ts'
import { calibrationError, nullError } from '../consensus/scores/calibration.ts'
import { usualChoice } from '../consensus/usualChoice.ts'

/** Below it a calibrated forecaster shows an error of more than .066 by chance. @source reference/consensus.md 7.1 */
export const calibrationLeast = 100
const binCount = 5
/** What an option that turned out right is taken to have had at least, so that one surprise is not everything. */
const probabilityFloor = 1e-4

/** A decision that was drawn to be judged, and what was right. */
export interface DrawnVerdict {
  readonly decision: Decision
  readonly option: string
}

/** What a bin states and what came true, each verdict weighing the inverse of its probability. */
export interface StatedBin {
  readonly verdicts: number
  readonly stated: number
  readonly realised: number
}

export interface Scores {
  /** Nats, with no probability taken as less than 1e-4. */
  readonly logLoss: number
  /** 0 to 2. */
  readonly brier: number
}

export interface CalibrationReport {
  readonly verdicts: number
  readonly pool: Scores
  /** Of the base rates of the policies, which is what the decisions would state without any vote. */
  readonly base: Scores
  /** Of what was stated for the choice of the votes; equal numbers of verdicts, the least sure first. */
  readonly bins: readonly StatedBin[]
  readonly error: number
  /** What exactly true statements would show on as many verdicts of these weights. */
  readonly byChance: NullError
}

/** `undefined` below 100 verdicts. `random` gives numbers of 0 to 1 from a seed. */
export function calibrationReport(verdicts: readonly DrawnVerdict[], random: () => number): CalibrationReport | undefined {
  if (verdicts.length < calibrationLeast) return undefined
  const judged = verdicts
    .map(({ decision, option }) => {
      const open = decision.options.filter(({ eligible }) => eligible)
      const base = softmax(open.map(({ baseMicro }) => scoreOfBase(baseMicro)))
      const choice = usualChoice(decision)
      return {
        id: decision.decisionId,
        weight: 1 / decision.pAudit,
        stated: open.find((one) => one.option === choice)?.probability ?? 0,
        right: choice === option,
        pool: scoresOf(new Map(open.map((one) => [one.option, one.probability])), option),
        base: scoresOf(new Map(open.map((one, index) => [one.option, base[index] ?? 0])), option),
      }
    })
    .sort((a, b) => a.stated - b.stated || (a.id < b.id ? -1 : 1))
  const total = judged.reduce((sum, { weight }) => sum + weight, 0)
  const mean = (of: (one: (typeof judged)[number]) => number) => judged.reduce((sum, one) => sum + one.weight * of(one), 0) / total
  const binned = (rights: readonly boolean[]): (StatedBin & ReliabilityBin)[] =>
    Array.from({ length: binCount }, (_, bin) => {
      const [from, to] = [bin, bin + 1].map((edge) => Math.round((edge * judged.length) / binCount)) as [number, number]
      const group = judged.slice(from, to).map(({ weight, stated }, index) => ({ weight, stated, right: rights[from + index] ?? false }))
      const count = group.reduce((sum, { weight }) => sum + weight, 0)
      const stated = group.reduce((sum, one) => sum + one.weight * one.stated, 0) / count
      const realised = group.reduce((sum, one) => sum + (one.right ? one.weight : 0), 0) / count
      return { verdicts: group.length, stated, realised, count, confidence: stated, right: realised }
    })
  const bins = binned(judged.map(({ right }) => right))
  return {
    verdicts: judged.length,
    pool: { logLoss: mean(({ pool }) => pool.logLoss), brier: mean(({ pool }) => pool.brier) },
    base: { logLoss: mean(({ base }) => base.logLoss), brier: mean(({ base }) => base.brier) },
    bins: bins.map(({ verdicts, stated, realised }) => ({ verdicts, stated, realised })),
    error: calibrationError(bins),
    byChance: nullError(
      judged.map(({ stated }) => stated),
      (claims) => binned(claims.map(({ right }) => right)),
      random,
    ),
  }
}

/** What was right and was not open had a probability of 0, which counts against the forecast. */
function scoresOf(stated: ReadonlyMap<string, number>, truth: string): Scores {
  const others = [...stated].reduce((sum, [option, p]) => (option === truth ? sum : sum + p ** 2), 0)
  const p = stated.get(truth) ?? 0
  return { logLoss: -Math.log(Math.max(probabilityFloor, p)), brier: others + (1 - p) ** 2 }
}
