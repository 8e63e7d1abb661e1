/** What the lead says that it wants: how strongly to buy or sell, not now, a call, a person. */
import { asksWhyNot } from '../../agents/whyNot.ts'
import { intentRows } from './intentWords.ts'
import type { Intent } from './intentWords.ts'
import { isOtherHalfWanted } from './otherHalf.ts'
import { matchesIn, phraseTable } from './phraseTable.ts'
import { wordsOf } from './tokens.ts'
import type { Found, Told } from './tokens.ts'

const table = phraseTable<Intent>(intentRows)

export function intentIn(told: Told): Found[] {
  return matchesIn(told, table)
    .filter(({ value, from, denial, quoted }) => !quoted && (denial === undefined || (value === 'person' && isAskedWhyNot(told, from))))
    .map(({ value, from, to }) => ({ value, words: wordsOf(told, from, to) }))
    .filter(({ value, words }) => value !== 'not_now' || !isOtherHalfWanted(words, [told]))
}

/** @see asksWhyNot */
function isAskedWhyNot({ tokens }: Told, from: number): boolean {
  const before = tokens.slice(0, from).filter(({ clause }) => clause === tokens[from]?.clause)
  return asksWhyNot(before.map(({ word }) => word).join(' '))
}
