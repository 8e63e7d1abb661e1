/** Exact decimals as whole millionths, and back: figures are compared and told without a float in between. */

const MICROS = 1_000_000n

/** A decimal of at most 6 places (`exactDecimal` of the vocabulary) in millionths. */
export function microsOf(decimal: string): bigint {
  const negative = decimal.startsWith('-')
  const [whole = '0', part = ''] = decimal.replace('-', '').split('.')
  const micros = BigInt(whole) * MICROS + BigInt(part.padEnd(6, '0').slice(0, 6))
  return negative ? -micros : micros
}

/** A number of thousandths as text with `places` (1 to 3) decimal places, the rest cut towards zero: 42n with 1 is `0.0`. */
export function milliText(milli: bigint, places: 1 | 2 | 3): string {
  const size = milli < 0n ? -milli : milli
  const digits = (size % 1000n).toString().padStart(3, '0').slice(0, places)
  const isZero = size / 1000n === 0n && /^0+$/.test(digits)
  return `${milli < 0n && !isZero ? '-' : ''}${size / 1000n}.${digits}`
}
