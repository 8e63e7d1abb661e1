/** What holds the lead back, by the words it says it with. */
import { goneAfter, goneBefore, objectionRows } from './objectionWords.ts'
import type { Objection } from './objectionWords.ts'
import { isOfOneOnly } from './oneOnly.ts'
import { isUndone } from './otherHalf.ts'
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
      .filter(({ value, from, to }) => value !== 'has_agent' || !isGone(told, from, to))
      .filter(({ value, from, to }) => value !== 'not_interested' || !isOfOneOnly(told, from, to))
      .map(({ value, from, to }) => ({ value, words: wordsOf(told, from, to) }))
      .filter(({ value, words }) => value !== 'not_interested' || !isUndone(words, [told], 0))
  )
}

/** Words on either side of an agent that say that it is the lead's no more: "our agent quit", "fired my realtor". */
const REACH = 4

function isGone({ tokens }: Told, from: number, to: number): boolean {
  const clause = tokens[from]?.clause
  const says = (words: ReadonlySet<string>, first: number, end: number) =>
    tokens.slice(Math.max(0, first), end).some((token) => token.clause === clause && words.has(token.word))
  return says(goneBefore, from - REACH, from) || says(goneAfter, to + 1, to + 1 + REACH)
}
