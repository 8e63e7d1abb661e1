/** What the lead says that it wants: how strongly to buy or sell, not now, a call, a person. */
import { asksWhyNot } from '../../agents/whyNot.ts'
import { intentRows, refusalRows } from './intentWords.ts'
import type { Intent } from './intentWords.ts'
import { isOfOneOnly } from './oneOnly.ts'
import { isHalfDone, isUndone } from './otherHalf.ts'
import { matchesIn, phraseTable, rowsOf } from './phraseTable.ts'
import { wordsOf } from './tokens.ts'
import type { Found, Told } from './tokens.ts'

const table = phraseTable<Intent>(intentRows)
/** As version 8 of the arithmetic heard it. */
export const intentOfEight = phraseTable<Intent>(rowsOf(8, intentRows))
const refusals = phraseTable(refusalRows)

export function intentIn(told: Told, lexicon = table): Found[] {
  return matchesIn(told, lexicon)
    .filter(({ value, from, denial, quoted }) => !quoted && (denial === undefined || (value === 'person' && isAskedWhyNot(told, from))))
    .filter(({ value, from, to }) => value !== 'not_now' || isRefusal(told, from, to))
    .map(({ value, from, to }) => ({ value, words: wordsOf(told, from, to) }))
    .filter(({ value, words }) => value !== 'not_now' || !isUndone(words, [told], 0))
}

/** Words with which messages, oldest first, say that the lead does not want now; a wish that undoes one may stand in a later message. */
export function refusalsIn(messages: readonly Told[]): string[] {
  return messages.flatMap((told, place) =>
    matchesIn(told, refusals)
      .filter(({ value, denial, quoted, from, to }) => value === 'not_now' && denial === undefined && !quoted && isRefusal(told, from, to))
      .map(({ from, to }) => wordsOf(told, from, to))
      .filter((words) => !isUndone(words, messages, place)),
  )
}

/** Not of one home only, and no question whether a home is sold. */
function isRefusal(told: Told, from: number, to: number): boolean {
  return !isOfOneOnly(told, from, to) && !(told.tokens[to]?.asked === true && isHalfDone(wordsOf(told, from, to)))
}

/** @see asksWhyNot */
function isAskedWhyNot({ tokens }: Told, from: number): boolean {
  const before = tokens.slice(0, from).filter(({ clause }) => clause === tokens[from]?.clause)
  return asksWhyNot(before.map(({ word }) => word).join(' '))
}
