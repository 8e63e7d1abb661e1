/**
 * Does a message take permission back? Costs are unequal: a missed opt-out is unlawful, a false one costs a follow-up.
 * Words are matched whole, never as parts of others: "weekend" is no "end".
 */
import { contains, normalised, worded } from './normalForm.ts'
import type { Worded } from './normalForm.ts'
import { harmlessUses, optInKeywords, optOutKeywords, optOutPhrases, unclearWords, visits } from './optOutLexicon.ts'

export type PermissionChange =
  /** Revoked at once, on every channel. */
  | { readonly change: 'opt_out'; readonly layer: 'keyword' | 'phrase'; readonly words: string }
  /** Perhaps an opt-out: pause and let a human look. */
  | { readonly change: 'unclear'; readonly words: string }
  | { readonly change: 'opt_in'; readonly words: string }

const keywords = new Set(optOutKeywords.flatMap((row) => row.words))
const optIns = new Set(optInKeywords.flatMap((row) => row.words))
const phraseIn = firstOf(optOutPhrases.flatMap((row) => row.words))

/** What a message from the lead changes; undefined for nearly all. `subject` is that of an e-mail. */
export function permissionChange(text: string, subject: string | null = null): PermissionChange | undefined {
  const read = worded(text)
  const whole = read.text
  // "STOP" above a signature is still STOP; a one-click unsubscribe puts the word into the subject.
  const first = firstLine(text)
  // Space around it leaves no trace in the normal form.
  const candidates = [whole, first.length === text.trim().length ? whole : normalised(first), subject === null ? '' : normalised(subject)]
  const keyword = candidates.find((candidate) => keywords.has(candidate) || keywords.has(joined(candidate)))
  if (keyword !== undefined) return { change: 'opt_out', layer: 'keyword', words: keyword }
  const optIn = candidates.slice(0, 2).find((candidate) => optIns.has(candidate))
  if (optIn !== undefined) return { change: 'opt_in', words: optIn }
  const said = without(whole, visits)
  const phrase = phraseIn(said === whole ? read : { text: said, words: said.split(' ') })
  if (phrase !== undefined) return { change: 'opt_out', layer: 'phrase', words: phrase }
  const rest = without(said, harmlessUses)
  const unclear = unclearWords.find((word) => contains(rest, word))
  return unclear === undefined ? undefined : { change: 'unclear', words: unclear }
}

// A double space: no phrase is found across the gap.
function without(text: string, uses: readonly string[]): string {
  let words = text
  for (const use of uses) if (words.includes(use)) words = ` ${words} `.replaceAll(` ${use} `, '  ').trim()
  return words
}

/**
 * Finds the first of the phrases (normalised, in the order of the list) that is in a text as whole words. Only those that begin
 * with a word of the text are compared, so a longer list costs a message nothing.
 */
export function firstOf(phrases: readonly string[]): (said: Worded) => string | undefined {
  const starting = new Map<string, { readonly phrase: string; readonly place: number }[]>()
  phrases.forEach((phrase, place) => {
    const first = phrase.split(' ', 1)[0] ?? ''
    starting.set(first, [...(starting.get(first) ?? []), { phrase, place }])
  })
  return ({ text, words }) => {
    let found: { readonly phrase: string; readonly place: number } | undefined
    for (const word of words) {
      const beginning = starting.get(word)
      if (beginning === undefined) continue
      for (const one of beginning) if ((found === undefined || one.place < found.place) && contains(text, one.phrase)) found = one
    }
    return found?.phrase
  }
}

function firstLine(text: string): string {
  return text.trim().split('\n', 1)[0] ?? ''
}

// "S T O P" and "S.T.O.P."
function joined(words: string): string {
  // A letter is one or two units long.
  if (words[1] !== ' ' && words[2] !== ' ') return words
  return /^(\p{L} )+\p{L}$/u.test(words) ? words.replaceAll(' ', '') : words
}
