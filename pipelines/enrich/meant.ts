/**
 * Is a phrase of the lexicon of intent meant by who wrote it? "Not urgent" is no haste and "not pre-approved" no approval, nor is what stands in
 * quotation marks. "Not until next year" is a time frame. Pure.
 */
import { timelineBands } from './intentLexicon.ts'
import { denialOf } from './text/phraseTable.ts'
import { tokensOf } from './text/tokens.ts'

const times = new Set(timelineBands.flatMap(({ phrases }) => phrases))
/** Between a denial and a time: that time is the first. */
const until: ReadonlySet<string> = new Set(['until', 'till', 'til', 'before'])

/** `written`: a message in which the phrase stands. Said once without a denial it is meant. */
export function isMeant(written: string, phrase: string): boolean {
  const { tokens } = tokensOf(written)
  const words = phrase.split(' ')
  let isFound = false
  for (let from = 0; from < tokens.length; from++) {
    if (!words.every((word, place) => tokens[from + place]?.word === word)) continue
    isFound = true
    if (tokens[from]?.quoted === true) continue
    const denial = denialOf(tokens, from)
    if (denial === undefined) return true
    if (times.has(phrase) && tokens.slice(denial, from).some(({ word }) => until.has(word))) return true
  }
  // Letters of which other letters are made, such as "™", are other words one by one than in a row.
  return !isFound
}
