/**
 * Numbers, shares and answers out of the free text that custom fields hold ("$350k - 450k", "85 %", "Yes, approved").
 * What cannot be read is `undefined`, never zero: an unknown fact lowers completeness, it does not argue.
 */

/** What multiplies an amount. */
const UNIT = 'k|thousand|grand|m|mm|mn|mln|mil|mill|millions?'
/** A number that ends where its digits do: no "1" is read out of "1.5x" or "1.2.3". */
const AMOUNT = new RegExp(`((?<!\\d|\\d\\.)\\d+(?:\\.\\d+)?|(?<![\\d.])\\.\\d+)(?:\\s*(${UNIT}))?(?!\\w|\\.\\d)`, 'gi')

/**
 * Thousands apart by spaces ("1 200 000") or by points ("350.000", "1.200.000,00"). Three digits behind one point are a fraction before a unit
 * or a percent sign, and behind a zero; groups before more digits are a telephone number.
 */
const GROUPED = new RegExp(
  `(?<![\\d.,])(?<!\\d[ \\u00a0\\u202f])(\\d{1,3}(?:[ \\u00a0\\u202f]\\d{3})+|(?!0)\\d{1,3}(?:\\.\\d{3})+)(?:,(\\d{1,2}))?` +
    `(?![ \\u00a0\\u202f.,]?\\d)(?!\\s*(?:(?:${UNIT})\\b|%))`,
  'gi',
)

/** An amount or count. A range gives its middle; units multiply ("350k", "1.2 million"), and one on the end of a range counts for both ends. */
export function amountOf(text: string | undefined): number | undefined {
  if (text === undefined || !/\d/.test(text)) return undefined
  if (/^\d+$/.test(text)) return Number(text)
  return readAmount(withoutGroups(text))
}

function readAmount(text: string): number | undefined {
  const written = plainNumbers(text)
  const found = [...written.matchAll(AMOUNT)].slice(0, 2)
  const [first, second] = found
  if (first === undefined) return undefined
  if (second === undefined || !/^\W*(?:-|–|to|and|bis|\.\.)/i.test(written.slice(first.index + first[0].length))) {
    return scaled(first[1], first[2])
  }
  const low = scaled(first[1], first[2] ?? second[2])
  const high = scaled(second[1], second[2])
  // "300-350,000" begins at 300,000.
  return ((low < 1000 && low * 1000 <= high && second[2] === undefined ? low * 1000 : low) + high) / 2
}

function withoutGroups(text: string): string {
  if (!/\d[. \u00a0\u202f]\d{3}/.test(text)) return text
  return text.replaceAll(
    GROUPED,
    (_, whole: string, cents?: string) => `${whole.replaceAll(/\D/g, '')}${cents === undefined ? '' : `.${cents}`}`,
  )
}

/** A comma before one or two last digits divides fractions ("1,5 million"), any other thousands. */
function plainNumbers(text: string): string {
  return text.includes(',') ? text.replaceAll(/(?<![\d.,]\d{0,9})(\d{1,9}),(\d{1,2})(?![\d.,])/g, '$1.$2').replaceAll(',', '') : text
}

function scaled(digits: string | undefined, suffix: string | undefined): number {
  const factor = suffix === undefined ? 1 : /^(?:k|t|g)/i.test(suffix) ? 1000 : 1_000_000
  return Number(digits) * factor
}

/** A share between 0 and 1, written as `0.85`, `85` or `85%`. */
export function shareOf(text: string | undefined): number | undefined {
  const amount = text === undefined ? undefined : readAmount(text)
  if (amount === undefined) return undefined
  const share = amount > 1 || text?.includes('%') === true ? amount / 100 : amount
  return share <= 1 ? share : undefined
}

/** Yes or no; `undefined` for anything else. */
export function answerOf(text: string | undefined): boolean | undefined {
  if (text === undefined || /^\s*(n\/a|not (sure|applicable|known|available)|no (idea|answer))\b/i.test(text)) return undefined
  if (/^\s*(no|not|n|false|0|none|pending)\b/i.test(text)) return false
  return /^\s*(yes|y|true|1|pre-?approved|approved|done)\b/i.test(text) ? true : undefined
}

/** Arithmetic mean of at least one number. */
export function meanOf(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length
}
