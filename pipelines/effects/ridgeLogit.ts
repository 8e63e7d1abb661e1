/**
 * Logistic regression with a ridge, by Newton's method on pinned arithmetic: the same rows in the same order give the same
 * bits on every machine. With the ridge there is exactly one optimum, so it is found from any start and without rows too.
 */
import { exp, ln } from '../consensus/pinnedMath.ts'

export interface LogitRow {
  readonly features: readonly number[]
  /** 0 or 1. */
  readonly answered: number
}
export interface RidgeRules {
  /** Factor on half the squared distance of each weight from 0, and of the intercept from `interceptTowards`. Above 0. */
  readonly penalty: number
  /** Log-odds that the intercept has without any row. */
  readonly interceptTowards: number
}
/** The intercept, then one weight a feature. */
export type LogitWeights = readonly number[]

/** Newton doubles the right digits at each step near the optimum; half-steps before that are few. */
const STEPS_MOST = 50
const SMALL_STEP = 1e-10

/** Weights with the least penalised log loss. `size` is the number of features of each row. */
export function fitRidgeLogit(rows: readonly LogitRow[], size: number, rules: RidgeRules): LogitWeights {
  let weights = [rules.interceptTowards, ...Array.from({ length: size }, () => 0)]
  let loss = lossOf(rows, weights, rules)
  for (let count = 0; count < STEPS_MOST; count++) {
    const step = newtonStep(rows, weights, rules)
    let share = 1
    let next = weights
    let lossThere = Infinity
    // A whole step may overshoot where most chances are near 0 or 1; some part of it always goes down.
    for (; share > 1e-6; share /= 2) {
      next = weights.map((weight, index) => weight - share * (step[index] ?? 0))
      lossThere = lossOf(rows, next, rules)
      if (lossThere <= loss) break
    }
    if (!(lossThere <= loss)) return weights
    weights = next
    loss = lossThere
    if (step.every((part) => Math.abs(part) < SMALL_STEP)) return weights
  }
  return weights
}

/** Log-odds of an answer. */
export function logOddsAt(weights: LogitWeights, features: readonly number[]): number {
  let sum = weights[0] ?? 0
  for (let index = 1; index < weights.length; index++) sum += (weights[index] ?? 0) * (features[index - 1] ?? 0)
  return sum
}

/** Probability of an answer. */
export function chanceAt(weights: LogitWeights, features: readonly number[]): number {
  return sigmoid(logOddsAt(weights, features))
}

export function sigmoid(logOdds: number): number {
  return 1 / (1 + exp(-logOdds))
}

function lossOf(rows: readonly LogitRow[], weights: LogitWeights, { penalty, interceptTowards }: RidgeRules): number {
  const held = weights.reduce((sum, weight, index) => sum + (index === 0 ? weight - interceptTowards : weight) ** 2, 0)
  return rows.reduce(
    (sum, { features, answered }) => {
      const z = logOddsAt(weights, features)
      return sum + (z > 0 ? z + ln(1 + exp(-z)) : ln(1 + exp(z))) - answered * z
    },
    (penalty / 2) * held,
  )
}

/** Inverse of the second derivative times the first. */
function newtonStep(rows: readonly LogitRow[], weights: LogitWeights, { penalty, interceptTowards }: RidgeRules): number[] {
  const size = weights.length
  const slope = weights.map((weight, index) => penalty * (index === 0 ? weight - interceptTowards : weight))
  const curve = weights.map((_, row) => weights.map((__, column) => (row === column ? penalty : 0)))
  for (const { features, answered } of rows) {
    const chance = chanceAt(weights, features)
    const off = chance - answered
    const spread = chance * (1 - chance)
    for (let row = 0; row < size; row++) {
      const left = row === 0 ? 1 : (features[row - 1] ?? 0)
      slope[row] = (slope[row] ?? 0) + off * left
      const line = curve[row] ?? []
      for (let column = 0; column <= row; column++)
        line[column] = (line[column] ?? 0) + spread * left * (column === 0 ? 1 : (features[column - 1] ?? 0))
    }
  }
  return solved(curve, slope)
}

/** Solves a positive definite system, given by its lower half, by Cholesky's factors. */
function solved(matrix: readonly (readonly number[])[], right: readonly number[]): number[] {
  const size = right.length
  const lower = matrix.map((row) => [...row])
  const at = (row: number, column: number) => lower[row]?.[column] ?? 0
  for (let column = 0; column < size; column++)
    for (let row = column; row < size; row++) {
      let sum = at(row, column)
      for (let k = 0; k < column; k++) sum -= at(row, k) * at(column, k)
      const line = lower[row] ?? []
      line[column] = row === column ? Math.sqrt(sum) : sum / at(column, column)
    }
  const middle: number[] = []
  for (let row = 0; row < size; row++) {
    let sum = right[row] ?? 0
    for (let k = 0; k < row; k++) sum -= at(row, k) * (middle[k] ?? 0)
    middle.push(sum / at(row, row))
  }
  const result = [...middle]
  for (let row = size - 1; row >= 0; row--) {
    let sum = middle[row] ?? 0
    for (let k = row + 1; k < size; k++) sum -= at(k, row) * (result[k] ?? 0)
    result[row] = sum / at(row, row)
  }
  return result
}
