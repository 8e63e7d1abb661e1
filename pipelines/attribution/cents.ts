/**
 * Money as whole hundredths in bigint: read from and written as exact decimals, and divided so that the parts add up to the
 * whole. No float ever holds an amount.
 */

/** Longest integer part that is read: nothing a team sells is worth 10^15. */
const amountText = /^(-?)(\d{1,15})(?:\.(\d{1,12}))?$/

/** Hundredths of an exact decimal, rounded half away from zero from the third place on; `undefined` for what is no amount. */
export function centsOf(text: string | null | undefined): bigint | undefined {
  const found = amountText.exec(text?.trim() ?? '')
  if (found === null) return undefined
  const [, sign, whole = '0', part = ''] = found
  const thousandths = BigInt(whole) * 1000n + BigInt(part.padEnd(3, '0').slice(0, 3))
  const cents = (thousandths + 5n) / 10n
  return sign === '-' ? -cents : cents
}

/** `123456n` is `1234.56`. */
export function decimalOf(cents: bigint): string {
  const size = cents < 0n ? -cents : cents
  return `${cents < 0n ? '-' : ''}${size / 100n}.${String(size % 100n).padStart(2, '0')}`
}

/** Hundredths as a number, for ratios and intervals only. */
export function amountNumber(cents: bigint): number {
  return Number(cents) / 100
}

/**
 * Divides `total` (not negative) by whole weights (not negative; all 0 = equal) by the largest remainder: the parts add up to
 * `total`, none is more than one hundredth off its exact share, and of equal remainders the earlier part gets the rest.
 */
export function divided(total: bigint, weights: readonly bigint[]): bigint[] {
  if (weights.length === 0) return []
  const given = weights.some((weight) => weight > 0n) ? weights : weights.map(() => 1n)
  const sum = given.reduce((a, b) => a + b, 0n)
  const parts = given.map((weight) => (total * weight) / sum)
  let left = total - parts.reduce((a, b) => a + b, 0n)
  const byRemainder = given
    .map((weight, index) => ({ index, rest: (total * weight) % sum }))
    .sort((a, b) => (a.rest === b.rest ? a.index - b.index : a.rest > b.rest ? -1 : 1))
  for (const { index } of byRemainder) {
    if (left <= 0n) break
    parts[index] = (parts[index] ?? 0n) + 1n
    left -= 1n
  }
  return parts
}
