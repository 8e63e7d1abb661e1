/**
 * Does a message take permission back? Costs are unequal: a missed opt-out is unlawful, a false one costs a follow-up.
 * Words are matched whole, never as parts of others: "weekend" is no "end".
 */
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
  const whole = normalised(text)
  // "STOP" above a signature is still STOP; a one-click unsubscribe puts the word into the subject.
  const first = firstLine(text)
  // Space around it leaves no trace in the normal form.
  const candidates = [whole, first.length === text.trim().length ? whole : normalised(first), subject === null ? '' : normalised(subject)]
  const keyword = candidates.find((candidate) => keywords.has(candidate) || keywords.has(joined(candidate)))
  if (keyword !== undefined) return { change: 'opt_out', layer: 'keyword', words: keyword }
  const optIn = candidates.slice(0, 2).find((candidate) => optIns.has(candidate))
  if (optIn !== undefined) return { change: 'opt_in', words: optIn }
  const said = without(whole, visits)
  const phrase = phraseIn(said)
  if (phrase !== undefined) return { change: 'opt_out', layer: 'phrase', words: phrase }
  const rest = without(said, harmlessUses)
  const unclear = unclearWords.find((word) => contains(rest, word))
  return unclear === undefined ? undefined : { change: 'unclear', words: unclear }
}

const ASCII = /^[\0-\x7f]*$/

/** Compatibility forms folded, lower case, accents and apostrophes removed, everything else that is no letter or digit a space. */
export function normalised(text: string): string {
  // Most messages: the same result at a third of the cost.
  if (ASCII.test(text))
    return text
      .toLowerCase()
      .replace(/['`]/g, '')
      .replace(/[^a-z0-9]+/g, ' ')
      .trim()
  return text
    .normalize('NFKD')
    .replace(/[\p{M}'’‘`´\u200b-\u200f\ufeff]/gu, '')
    .toLowerCase()
    .replace(/[^\p{L}\p{N}]+/gu, ' ')
    .trim()
}

// A double space: no phrase is found across the gap.
function without(text: string, uses: readonly string[]): string {
  let words = text
  for (const use of uses) if (words.includes(use)) words = ` ${words} `.replaceAll(` ${use} `, '  ').trim()
  return words
}

/** Is the phrase in the (normalised) text, as whole words? */
export function contains(text: string, phrase: string): boolean {
  for (let from = text.indexOf(phrase); from >= 0; from = text.indexOf(phrase, from + 1)) {
    const end = from + phrase.length
    if ((from === 0 || text[from - 1] === ' ') && (end === text.length || text[end] === ' ')) return true
  }
  return false
}

/**
 * Finds the first of the phrases (normalised, in the order of the list) that is in a text as whole words. Only those that begin
 * with a word of the text are compared, so a longer list costs a message nothing.
 */
export function firstOf(phrases: readonly string[]): (text: string) => string | undefined {
  const starting = new Map<string, { readonly phrase: string; readonly place: number }[]>()
  phrases.forEach((phrase, place) => {
    const first = phrase.split(' ', 1)[0] ?? ''
    starting.set(first, [...(starting.get(first) ?? []), { phrase, place }])
  })
  return (text) => {
    let found: { readonly phrase: string; readonly place: number } | undefined
    for (const word of text.split(' ')) {
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
