/**
 * Who has done one half of a move and wants the other does not decline: "already bought" beside "want to sell". Read alike by the
 * agents and by the text signals: a phrase of `done` is no refusal when the lead says a wish that undoes it. In doubt it stays one.
 */
import { normalised } from '../normalForm.ts'
import { done, wanted, withheld } from './otherHalfWords.ts'
import type { Half } from './otherHalfWords.ts'
import { matchesIn, phraseTable } from './phraseTable.ts'
import type { Told } from './tokens.ts'

const undoneBy: ReadonlyMap<string, readonly Half[]> = new Map(
  done.flatMap(({ phrases, undoneBy: halves }) => phrases.map((phrase) => [normalised(phrase), halves] as const)),
)
const wishes = phraseTable<Half>(wanted)
/** Words before a wish in which a condition or the past is looked for. */
const REACH = 3

/** Do these words of refusal, in any dress, say that one half is done? */
export function isHalfDone(words: string): boolean {
  return undoneBy.has(normalised(words))
}

/** Does the lead want in one of these texts what its words of refusal leave open? */
export function isOtherHalfWanted(words: string, texts: readonly Told[]): boolean {
  const halves = undoneBy.get(normalised(words))
  return halves?.some((half) => texts.some((told) => wants(told, half))) === true
}

function wants(told: Told, half: Half): boolean {
  return matchesIn(told, wishes).some(
    ({ value, denial, quoted, from }) => value === half && denial === undefined && !quoted && !isWithheld(told, from),
  )
}

/** "If we want to sell, we will call": not now, and not a wish. */
function isWithheld({ tokens }: Told, from: number): boolean {
  const clause = tokens[from]?.clause
  return tokens.slice(Math.max(0, from - REACH), from).some((token) => token.clause === clause && withheld.has(token.word))
}
