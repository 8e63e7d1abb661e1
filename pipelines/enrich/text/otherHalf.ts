/**
 * Who has done one half of a move and wants the other does not decline, nor who declines a home and asks for others: "already bought" beside
 * "want to sell", "not interested" beside "show me others". Read alike by the agents and by the text signals: a phrase of `done` is no
 * refusal when the lead says a wish that undoes it. In doubt it stays one.
 */
import { normalised } from '../normalForm.ts'
import { done, found, wanted, withheld } from './otherHalfWords.ts'
import type { Undone, Wish } from './otherHalfWords.ts'
import { matchesIn, phraseTable } from './phraseTable.ts'
import type { Told } from './tokens.ts'

const undone: ReadonlyMap<string, Undone> = new Map(done.flatMap((row) => row.phrases.map((phrase) => [normalised(phrase), row] as const)))
const wishes = phraseTable<Wish>(wanted)
/** Words before a wish in which a condition or the past is looked for. */
const REACH = 3

/** May these words of refusal, in any dress, be undone by a wish? */
export function mayBeUndone(words: string): boolean {
  return undone.has(normalised(words))
}

/** Do these words say that one half of a move is done? Asked, they are of a home: "already sold?" */
export function isHalfDone(words: string): boolean {
  return undone.get(normalised(words))?.alsoBefore === true
}

/** Does the lead want in one of these texts, of which that at `place` refuses, what its words of refusal leave open? */
export function isUndone(words: string, texts: readonly Told[], place: number): boolean {
  const row = undone.get(normalised(words))
  if (row === undefined) return false
  const heard = row.alsoBefore ? texts : texts.slice(place)
  return row.undoneBy.some((wish) => heard.some((told) => wants(told, wish)))
}

function wants(told: Told, wish: Wish): boolean {
  return matchesIn(told, wishes).some(
    ({ value, denial, quoted, from }) => value === wish && denial === undefined && !quoted && !isWithheld(told, from, wish),
  )
}

/** "If we want to sell, we will call": not now, and not a wish. */
function isWithheld({ tokens }: Told, from: number, wish: Wish): boolean {
  const clause = tokens[from]?.clause
  return tokens
    .slice(Math.max(0, from - REACH), from)
    .some((token) => token.clause === clause && (withheld.has(token.word) || (wish === 'others' && found.has(token.word))))
}
