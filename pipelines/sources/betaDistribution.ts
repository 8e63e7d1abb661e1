/**
 * The Beta distribution, as far as shares need it: how probable it is that a share is at most x, and the x for a probability.
 * By pinned arithmetic: the same digits on every machine.
 * @source NIST DLMF 8.17 (regularised incomplete beta function, continued fraction 8.17.22), 5.11 (Stirling series)
 */

import { exp, ln } from '../consensus/pinnedMath.ts'

/** Terms of the continued fraction: it converges in about the square root of the larger parameter. */
const MOST_TERMS = 10_000
const SMALL = 1e-300
const EXACT = 1e-14
/** Halvings of [0, 1]: below the distance of two doubles. */
const HALVINGS = 60

/** P(X <= x) for X ~ Beta(a, b); a, b > 0. */
export function betaCdf(x: number, a: number, b: number): number {
  if (x <= 0) return 0
  if (x >= 1) return 1
  const front = exp(a * ln(x) + b * ln(1 - x) - lnBeta(a, b))
  // The fraction converges fast on this side of the mean only.
  return x < (a + 1) / (a + b + 2) ? (front * fraction(x, a, b)) / a : 1 - (front * fraction(1 - x, b, a)) / b
}

/** The x with P(X <= x) = p for X ~ Beta(a, b); p from 0 to 1. */
export function betaQuantile(p: number, a: number, b: number): number {
  let [low, high] = [0, 1]
  for (let step = 0; step < HALVINGS; step++) {
    const middle = (low + high) / 2
    if (betaCdf(middle, a, b) < p) low = middle
    else high = middle
  }
  return (low + high) / 2
}

/** By the method of Lentz. */
function fraction(x: number, a: number, b: number): number {
  const safe = (value: number) => (Math.abs(value) < SMALL ? SMALL : value)
  let c = 1
  let d = 1 / safe(1 - ((a + b) * x) / (a + 1))
  let result = d
  for (let m = 1; m <= MOST_TERMS; m++) {
    const even = (m * (b - m) * x) / ((a + 2 * m - 1) * (a + 2 * m))
    d = 1 / safe(1 + even * d)
    c = safe(1 + even / c)
    result *= d * c
    const odd = (-(a + m) * (a + b + m) * x) / ((a + 2 * m) * (a + 2 * m + 1))
    d = 1 / safe(1 + odd * d)
    c = safe(1 + odd / c)
    const factor = d * c
    result *= factor
    if (Math.abs(factor - 1) < EXACT) return result
  }
  return result
}

/** ln B(a, b); a, b > 0. */
export function lnBeta(a: number, b: number): number {
  return logGamma(a) + logGamma(b) - logGamma(a + b)
}

/** ln Γ(x) for x > 0: the Stirling series from 10 on, the recurrence below. */
function logGamma(x: number): number {
  let [z, shift] = [x, 0]
  for (; z < 10; z++) shift += ln(z)
  const square = 1 / (z * z)
  const series = (1 / 12 - square * (1 / 360 - square * (1 / 1260 - square * (1 / 1680 - square / 1188)))) / z
  return (z - 0.5) * ln(z) - z + 0.5 * ln(2 * Math.PI) + series - shift
}
