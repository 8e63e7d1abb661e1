/**
 * What the lead will pay for a home: an amount, a range or a bound, as exact decimals. Rents, incomes, down payments, asking
 * prices, phone, street and postal numbers are no budgets; in doubt there is no finding.
 */
import { normalised } from '../normalForm.ts'
import {
  boundFillers,
  budgetAfter,
  budgetBefore,
  certainBefore,
  comparisons,
  currencyWords,
  denials,
  lowerAfter,
  lowerBefore,
  notBudgetAfter,
  notBudgetBefore,
  periods,
  perWords,
  plainBudget,
  received,
  stops,
  unitPowers,
  upperAfter,
  upperBefore,
} from './budgetWords.ts'
import type { Found, Told, Token } from './tokens.ts'

/** Less is a rent or a deposit, more is a phone number or a joke; in units of the currency. */
const LEAST = 20_000n
const MOST = 50_000_000n
const WORDS_BEFORE = 5
const WORDS_AFTER = 3
/** Words before an amount among which one denies it. */
const DENIAL_REACH = 4

// Every repetition is bounded: work grows with the length of the message, whatever stands in it.
const UNIT = 'k|mil|mill|mm|mn|mln|thousand|grand|million|millions|mill[oó]n|millones'
const SPACE = '[ \\u00a0\\u202f]'
/** "1 200 000" and "350 000"; "350 400" may be a range, and before more digits it is a telephone number. */
const SPACED = `(?<!\\d${SPACE})\\d{1,3}(?:(?:${SPACE}\\d{3}){2,3}|${SPACE}000)(?:,\\d{2})?(?!${SPACE}?(?:\\d|(?:${UNIT}|m)(?!\\p{L})))`
const AMOUNT =
  `(us\\$|[$€£])? ?(${SPACED}|\\d{1,3}(?:[.,]\\d{3}){1,3}(?:[.,]\\d{2})?|\\d{1,9}(?:[.,]\\d{1,3})?)` +
  `(?: ?(${UNIT})|(m))?(\\+)?(?: ?([€£]))?`
const FIRST = new RegExp(`(?<![\\p{L}\\p{N}.,/#+_@-])${AMOUNT}(?![\\p{L}\\p{N}%°/'"’])`, 'giu')
const SECOND = new RegExp(` ?(?:[-–—]|to|and|y|a|o|or|hasta) ?${AMOUNT}(?![\\p{L}\\p{N}%°/'"’]|-\\d)`, 'iuy')
const SPACES = new RegExp(SPACE, 'gu')
/** What no word before an amount reaches over. A colon does: "Budget: 450k". */
const STOP = /[.,;!?\n]/

interface Amount {
  readonly digits: string
  /** Power of ten that it is counted in. */
  readonly power: number | undefined
  readonly hasCurrency: boolean
  /** "500k+" */
  readonly orMore: boolean
}

export function budgetIn(told: Told): Found[] {
  const { text } = told
  if (!/\d/.test(text)) return []
  const found: Found[] = []
  FIRST.lastIndex = 0
  for (let match = FIRST.exec(text); match !== null; match = FIRST.exec(text)) {
    const start = match.index + (match[0].startsWith(' ') ? 1 : 0)
    SECOND.lastIndex = FIRST.lastIndex
    const second = SECOND.exec(text)
    const end = second === null ? FIRST.lastIndex : SECOND.lastIndex
    // Three numbers on a chain of hyphens are a phone number.
    const isChain = second === null && /^-\d/.test(text.slice(end, end + 2))
    const one = isChain ? undefined : budgetOf(told, start, end, amountOf(match), second === null ? undefined : amountOf(second))
    if (one !== undefined) found.push(one)
    FIRST.lastIndex = end
  }
  return found
}

function amountOf([, sign, digits = '', unit, short, plus, signAfter]: RegExpExecArray): Amount {
  return {
    digits: digits.replace(SPACES, '.'),
    power: unitPowers[normalised(unit ?? short ?? '')],
    hasCurrency: sign !== undefined || signAfter !== undefined,
    orMore: plus !== undefined,
  }
}

function budgetOf(told: Told, start: number, end: number, low: Amount, high: Amount | undefined): Found | undefined {
  const { text } = told
  const before = tokensBefore(told, start)
  const after = tokensAfter(told, end)
  if (before.at(-1)?.quoted === true || after[0]?.quoted === true) return undefined
  const beforeFillers = before.slice(0, before.findLastIndex(({ word }) => !boundFillers.has(word)) + 1)
  const bound = phraseBefore(beforeFillers, [...lowerBefore, ...upperBefore])
  const beforeBound = bound === undefined ? [] : tokensBefore(told, bound.token.start)
  // "nothing over 500k" is an upper bound, "not less than 300k" a lower one.
  const turned =
    bound !== undefined && comparisons.has(bound.phrase) && denials.has(beforeBound.at(-1)?.word ?? '') ? beforeBound.at(-1) : undefined
  const isStopped = says(stops, beforeBound)
  const isLower =
    bound !== undefined &&
    (turned !== undefined ||
      (isStopped ? comparisons.has(bound.phrase) : lowerBefore.includes(bound.phrase) && !says(denials, beforeBound)))
  // "We can't afford 500k" and "not 500k" name no budget.
  if (bound === undefined && says(denials, before.slice(-DENIAL_REACH))) return undefined
  const atMost = phraseAfter(after, upperAfter)
  const atLeast = phraseAfter(after, lowerAfter)
  const isCertain = says(certainBefore, before) || says(budgetAfter, after.slice(0, 2))
  const isPeriodic = periods.has(after[perWords.has(after[0]?.word ?? '') ? 1 : 0]?.word ?? '')
  // "20k less" is told of a price.
  if (/^(less|cheaper|lower|higher|menos)$/.test(after[0]?.word ?? '')) return undefined
  const isOffered = before.some(({ word }) => word === 'offer') && says(received, before)
  if (isOffered || isPeriodic || says(notBudgetAfter, after) || (!isCertain && says(notBudgetBefore, before))) return undefined
  const isBudget = isCertain || says(budgetBefore, before) || bound !== undefined || atMost !== undefined || atLeast !== undefined
  const hasCurrency =
    low.hasCurrency ||
    high?.hasCurrency === true ||
    currencyWords.has(after[0]?.word ?? '') ||
    (after[0]?.word === 'de' && currencyWords.has(after[1]?.word ?? ''))
  const hasUnit = low.power !== undefined || high?.power !== undefined
  const isMoney = hasCurrency || hasUnit || /[.,]\d{3}/.test(low.digits) || low.digits.length > 5
  // "the 450k one" is a listing; a sum in a question is mostly somebody's price.
  const isNamed = /^(the|that|this|la|el|esa|ese|esta|este)$/.test(before.at(-1)?.word ?? '') || (before.at(-1) ?? after[0])?.asked === true
  const isPlainRange = high !== undefined && [low, high].every(({ digits }) => /^\d{3}[.,]\d{3}/.test(digits))
  if (!isBudget && (isNamed || !(hasCurrency || hasUnit || isPlainRange))) return undefined
  const implied = isMoney ? undefined : says(plainBudget, before) && low.digits.length === 3 ? 3 : Number.NaN
  const least = valueOf(low, high?.power ?? implied)
  const most = high === undefined ? least : valueOf(high, low.power ?? implied)
  if (least === undefined || most === undefined) return undefined
  const currency = after.findLast(({ word }, place) => currencyWords.has(word) && place < 2)
  const last = Math.max(end, currency?.end ?? end, (atMost ?? atLeast)?.end ?? end)
  const words = text.slice(turned?.start ?? bound?.token.start ?? start, last).trim()
  if (high !== undefined) return whole(least) < whole(most) ? { value: `${least}..${most}`, words } : undefined
  if ((bound !== undefined && !isLower) || atMost !== undefined) return { value: `..${least}`, words }
  return isLower || atLeast !== undefined || low.orMore ? { value: `${least}..`, words } : { value: least, words }
}

/** The exact decimal; undefined when it is not the price of a home. A number without a unit takes the `implied` one below 1,000. */
function valueOf({ digits, power, hasCurrency }: Amount, implied: number | undefined): string | undefined {
  const parts = /^(\d+(?:[.,]\d{3})*?)(?:[.,](\d{1,2}))?$/.exec(digits)
  const decimal = /^(\d+)(?:[.,](\d{1,3}))?$/.exec(digits)
  const small = decimal !== null && (decimal[1] ?? '').length <= 3
  const by = power ?? (small && !(hasCurrency && implied === 3 && digits.length > 3) ? implied : undefined)
  if (Number.isNaN(by)) return undefined
  if (by !== undefined && decimal !== null) {
    const fraction = decimal[2] ?? ''
    return inRange((decimal[1] ?? '') + fraction + '0'.repeat(by - fraction.length), '')
  }
  return by !== undefined || parts === null ? undefined : inRange((parts[1] ?? '').replace(/[.,]/g, ''), parts[2] ?? '')
}

function inRange(digits: string, cents: string): string | undefined {
  const value = BigInt(digits)
  if (value < LEAST || value > MOST) return undefined
  return /^0*$/.test(cents) ? value.toString() : `${value}.${cents.padEnd(2, '0')}`
}

function whole(value: string): bigint {
  return BigInt(value.split('.')[0] ?? '')
}

function says(words: ReadonlySet<string>, tokens: readonly Token[]): boolean {
  return tokens.some(({ word }) => words.has(word))
}

/** The last words before a place, oldest first. */
function tokensBefore({ text, tokens }: Told, start: number): Token[] {
  const found: Token[] = []
  let to = start
  for (let place = lastBefore(tokens, start); found.length < WORDS_BEFORE; place--) {
    const token = tokens[place]
    if (token === undefined || STOP.test(text.slice(token.end, to))) break
    found.unshift(token)
    to = token.start
  }
  return found
}

function tokensAfter({ text, tokens }: Told, end: number): Token[] {
  const found: Token[] = []
  let from = end
  for (let place = lastBefore(tokens, end) + 1; found.length < WORDS_AFTER; place++) {
    const token = tokens[place]
    if (token === undefined || STOP.test(text.slice(from, token.start))) break
    found.push(token)
    from = token.end
  }
  return found
}

/** Place of the last token that ends before or at an offset; -1 when there is none. */
function lastBefore(tokens: readonly Token[], offset: number): number {
  let [low, high] = [0, tokens.length]
  while (low < high) {
    const middle = (low + high) >> 1
    if ((tokens[middle]?.end ?? 0) <= offset) low = middle + 1
    else high = middle
  }
  return low - 1
}

/** The longest of the phrases that ends right before, with its first token. */
function phraseBefore(
  before: readonly Token[],
  phrases: readonly string[],
): { readonly phrase: string; readonly token: Token } | undefined {
  const said = ` ${before.map(({ word }) => word).join(' ')}`
  const phrase = longest(phrases.filter((each) => said.endsWith(` ${each}`)))
  const token = phrase === undefined ? undefined : before.at(-phrase.split(' ').length)
  return phrase === undefined || token === undefined ? undefined : { phrase, token }
}

/** The last token of the longest of the phrases that stands right after. */
function phraseAfter(after: readonly Token[], phrases: readonly string[]): Token | undefined {
  const said = `${after.map(({ word }) => word).join(' ')} `
  const phrase = longest(phrases.filter((each) => said.startsWith(`${each} `)))
  return phrase === undefined ? undefined : after[phrase.split(' ').length - 1]
}

function longest(phrases: readonly string[]): string | undefined {
  return phrases.reduce<string | undefined>((best, each) => (best === undefined || each.length > best.length ? each : best), undefined)
}
