/**
 * When the lead wants to act, as a band of the reference, from the text alone: no clock is asked, so a month by its name tells
 * nothing. A counted time counts when it lies ahead ("in 1.5 years") or is the whole answer ("3-6 months"), never when it is denied
 * ("not in 3 months"), a length or a past ("for 3 months", "3 months ago").
 */
import { startsOfTable } from './phraseStarts.ts'
import { denialOf, matchesIn, phraseTable } from './phraseTable.ts'
import {
  aheadAfter,
  aheadBefore,
  bandRows,
  bareFillers,
  halves,
  idleRows,
  notOfTime,
  numberWords,
  rangeWords,
  timeFillers,
  unitDays,
} from './timeWords.ts'
import type { Band } from './timeWords.ts'
import { wordsOf } from './tokens.ts'
import type { Found, Told, Token } from './tokens.ts'

const table = phraseTable<Band | 'none'>([...bandRows, ...idleRows])
const daysOf = new Map(Object.entries(unitDays))
const unitBit = startsOfTable([...daysOf.keys()].map((word) => ({ word, open: false })))
/** Words looked at before a unit of time. */
const REACH = 8

/** @source lead-domain reference 2.3: this week; next month; 2-3 months and seasons; 6 months and more */
function bandOf(days: number): Band {
  return days <= 7 ? 'immediate' : days <= 31 ? 'short_term' : days < 180 ? 'medium_term' : 'long_term'
}

export function timeFrameIn(told: Told): Found[] {
  const worded = matchesIn(told, table)
    .filter(
      ({ value, denial, quoted, from, to }) =>
        value !== 'none' && !quoted && told.tokens[to]?.asked === false && (denial === undefined || !isDenied(told.tokens, from)),
    )
    .map((match) => spanOf(told, match))
  const read = (told.opens & unitBit) === 0 ? undefined : withDecimals(told)
  const counted = read === undefined ? [] : countedTimes(read.tokens).map((span) => spanOf(read, span))
  return [...worded, ...counted].sort((a, b) => a.start - b.start).map(({ value, words }) => ({ value, words }))
}

interface Span {
  readonly value: Band | 'none'
  readonly from: number
  readonly to: number
}

function spanOf(told: Told, { value, from, to }: Span): Found & { readonly start: number } {
  return { value, words: wordsOf(told, from, to), start: told.tokens[from]?.start ?? 0 }
}

/** "1.5" and "1,5" as one word: the sign in it ends no clause. */
function withDecimals(told: Told): Told {
  if (!/\d[.,]\d/.test(told.text)) return told
  const tokens: Token[] = []
  let joined = 0
  for (const token of told.tokens) {
    const before = tokens.at(-1)
    const sign = before === undefined ? '' : told.text.slice(before.end, token.start)
    const isFraction = /^[.,]$/.test(sign) && /^\d{1,2}$/.test(token.word) && /^\d{1,3}$/.test(before?.word ?? '')
    if (isFraction) joined++
    if (isFraction && before !== undefined) tokens[tokens.length - 1] = { ...before, word: `${before.word}.${token.word}`, end: token.end }
    else tokens.push({ ...token, clause: token.clause - joined })
  }
  return { ...told, tokens }
}

function countedTimes(tokens: readonly Token[]): Span[] {
  const found: Span[] = []
  tokens.forEach(({ word, clause, quoted, asked }, unit) => {
    const days = daysOf.get(word)
    if (days === undefined || quoted || asked) return
    const counted = countBefore(tokens, unit)
    if (counted === undefined) return
    let start = counted.from - 1
    while (
      start > unit - REACH &&
      tokens[start]?.clause === clause &&
      timeFillers.has(tokens[start]?.word ?? '') &&
      !aheadBefore.has(tokens[start]?.word ?? '')
    )
      start--
    const lead = tokens[start]?.clause === clause ? tokens[start]?.word : undefined
    const next = [tokens[unit + 1], tokens[unit + 2]].filter((token) => token?.clause === clause).map((token) => token?.word)
    const isAhead = lead !== undefined && aheadBefore.has(lead)
    const isBehind = next[0] === 'ago' || next[0] === 'old'
    const isSaid = aheadAfter.some((phrase) => next.join(' ').startsWith(phrase))
    if (isBehind || !(isAhead || isSaid || isBare(tokens, counted.from, unit))) return
    // "in the next 3 months" begins with "in".
    if (isAhead && lead === 'next') {
      const first = tokens[start - 1]?.word === 'the' ? start - 2 : start - 1
      if (tokens[first]?.clause === clause && aheadBefore.has(tokens[first]?.word ?? '')) start = first
    }
    const from = isAhead ? start : counted.from
    if (isDenied(tokens, from)) return
    const half = halves.find((words) => words.every((word, place) => tokens[unit + 1 + place]?.word === word))
    const count = counted.count + (half === undefined ? 0 : 0.5)
    found.push({ value: bandOf(count * days), from, to: unit + (half?.length ?? 0) })
  })
  return found
}

/** "Not in 3 months", "we cannot move in 3 months"; "not yet, maybe in 3 months" and the answer "no in 3 months" deny no time. */
function isDenied(tokens: readonly Token[], from: number): boolean {
  const denial = denialOf(tokens, from)
  if (denial === undefined) return false
  const between = tokens.slice(denial + 1, from)
  return between.length === 0 ? tokens[denial]?.word !== 'no' : !between.some(({ word }) => notOfTime.has(word))
}

/** The number before a unit, the middle of a range: "3", "2-3", "two or three", "a couple of". */
function countBefore(tokens: readonly Token[], unit: number): { readonly count: number; readonly from: number } | undefined {
  const clause = tokens[unit]?.clause
  const numberAt = (place: number): number | undefined => {
    const token = tokens[place]
    if (token === undefined || token.clause !== clause) return undefined
    return /^\d{1,3}(?:\.\d{1,2})?$/.test(token.word)
      ? Number(token.word)
      : Object.hasOwn(numberWords, token.word)
        ? numberWords[token.word]
        : undefined
  }
  const wordAt = (place: number) => (tokens[place]?.clause === clause ? (tokens[place]?.word ?? '') : '')
  const last = ['of', 'de'].includes(wordAt(unit - 1)) ? unit - 2 : unit - 1
  const high = numberAt(last)
  if (high === undefined) return undefined
  // "a couple", "a few", "un par" are one number.
  const from = ['couple', 'few', 'par'].includes(wordAt(last)) && ['a', 'un'].includes(wordAt(last - 1)) ? last - 1 : last
  const between = rangeWords.has(wordAt(from - 1)) && numberAt(from - 2) !== undefined ? from - 2 : from - 1
  const low = from === last ? numberAt(between) : undefined
  return low !== undefined && low < high ? { count: (low + high) / 2, from: between } : { count: high, from }
}

function isBare(tokens: readonly Token[], from: number, to: number): boolean {
  const clause = tokens[to]?.clause
  const rest: string[] = []
  for (let place = from - 1; tokens[place]?.clause === clause && rest.length <= REACH; place--) rest.push(tokens[place]?.word ?? '')
  for (let place = to + 1; tokens[place]?.clause === clause && rest.length <= REACH; place++) rest.push(tokens[place]?.word ?? '')
  return rest.length <= REACH && rest.every((word) => bareFillers.has(word) || timeFillers.has(word))
}
