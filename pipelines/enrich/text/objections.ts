/** What holds the lead back, by the words it says it with. */
import { objectionRows } from './objectionWords.ts'
import type { Objection } from './objectionWords.ts'
import { isOtherHalfWanted } from './otherHalf.ts'
import { matchesIn, phraseTable } from './phraseTable.ts'
import { wordsOf } from './tokens.ts'
import type { Found, Told } from './tokens.ts'

const table = phraseTable<Objection>(objectionRows)

export function objectionsIn(told: Told): Found[] {
  return (
    matchesIn(told, table)
      .filter(({ denial, quoted }) => denial === undefined && !quoted)
      // "Is it too far?" asks. Doubt of us is put as a question more often than not.
      .filter(({ value, to }) => value === 'trust' || told.tokens[to]?.asked === false)
      .map(({ value, from, to }) => ({ value, words: wordsOf(told, from, to) }))
      .filter(({ value, words }) => value !== 'not_interested' || !isOtherHalfWanted(words, [told]))
  )
}
