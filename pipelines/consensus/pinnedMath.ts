/**
 * exp, ln and softmax by fixed sequences of IEEE additions, multiplications and divisions. `Math.exp` and `Math.log` may
 * differ in the last digit between engines; these may not, so a replayed decision has the same bytes everywhere.
 */

// ln 2 in two parts (fdlibm): k * high is exact for |k| < 2^11, so the reduction loses nothing.
const ln2High = 6.9314718036912381649e-1
const ln2Low = 1.90821492927058770002e-10
/** 1 / n! for n = 0 .. 13; the next term is below 1e-17 for |r| <= ln 2 / 2. */
const factorials = [1, 1, 2, 6, 24, 120, 720, 5040, 40_320, 362_880, 3_628_800, 39_916_800, 479_001_600, 6_227_020_800]
const taylor = factorials.map((factorial) => 1 / factorial)

/** e^x, within 2 units in the last place; 0 below -745, Infinity above 709. NaN stays NaN. */
export function exp(x: number): number {
  if (x < -745) return 0
  if (x > 709) return Infinity
  const k = Math.round(x / (ln2High + ln2Low))
  const r = x - k * ln2High - k * ln2Low
  let sum = 0
  for (let n = taylor.length - 1; n >= 0; n--) sum = sum * r + (taylor[n] ?? 0)
  return scaleByPowerOfTwo(sum, k)
}

/** ln x for x > 0, within 3 units in the last place; -Infinity at 0, NaN below. */
export function ln(x: number): number {
  if (!(x > 0)) return x === 0 ? -Infinity : NaN
  if (x === Infinity) return Infinity
  let m = x
  let k = 0
  // Halving and doubling are exact, unlike a division by an arbitrary number.
  while (m > 1.5) {
    m /= 2
    k++
  }
  while (m < 0.75) {
    m *= 2
    k--
  }
  const s = (m - 1) / (m + 1)
  const square = s * s
  // 2 * (s + s^3 / 3 + s^5 / 5 + ...): |s| <= 0.2, so the term after s^23 / 23 is below 1e-18.
  let sum = 0
  for (let n = 23; n >= 1; n -= 2) sum = sum * square + 1 / n
  return k * ln2High + (2 * s * sum + k * ln2Low)
}

function scaleByPowerOfTwo(value: number, k: number): number {
  let scaled = value
  for (let n = 0; n < k; n++) scaled *= 2
  for (let n = 0; n > k; n--) scaled /= 2
  return scaled
}

/** 1e18: scores are exact integers in units of 1e-18 nats. */
export const unitsPerNat = 1_000_000_000_000_000_000n

/** Probabilities of exact scores in 1e-18 nats. They do not depend on the order of the scores. */
export function softmax(scores: readonly bigint[]): number[] {
  const top = scores.reduce((max, score) => (score > max ? score : max), scores[0] ?? 0n)
  const weights = scores.map((score) => exp(natsOf(score - top)))
  // Summed smallest first: a sum in the order given would depend on that order in its last digit.
  const total = [...weights].sort((a, b) => a - b).reduce((sum, weight) => sum + weight, 0)
  return weights.map((weight) => weight / total)
}

/** An exact score as a float, correctly rounded once. */
export function natsOf(score: bigint): number {
  return Number(score) / 1e18
}

/** A base rate as ln in 1e-6 nats, floored at 1e-4. */
export function lnMicro(rate: number): number {
  return Math.round(ln(Math.max(rate, 1e-4)) * 1e6)
}
