/**
 * Does a message take permission back? Costs are unequal: a missed opt-out is unlawful, a false one costs a follow-up.
 * Words are matched whole, never as parts of others: "weekend" is no "end".
 */
import { contains, normalised, worded } from './normalForm.ts'
import type { Worded } from './normalForm.ts'
import {
  forwarding,
  harmlessUses,
  optInKeywords,
  optOutKeywords,
  ownWords,
  polite,
  purposeOptOuts,
  stopSigns,
  unclearWords,
  visits,
} from './optOutLexicon.ts'
import { optOutPhrases } from './optOutPhrases.ts'
import type { Purpose } from './purposes.ts'

export type PermissionChange =
  /** Revoked at once, on every channel. `purpose`: the message names it, and says nothing else. */
  | { readonly change: 'opt_out'; readonly layer: 'keyword' | 'phrase'; readonly words: string; readonly purpose?: Purpose }
  /** Perhaps an opt-out: pause and let a human look. */
  | { readonly change: 'unclear'; readonly words: string }
  | { readonly change: 'opt_in'; readonly words: string }

const keywords = new Set(optOutKeywords.flatMap((row) => row.words))
const optIns = new Set(optInKeywords.flatMap((row) => row.words))
const purposes = new Map(purposeOptOuts.flatMap((row) => row.words.map((words) => [words, row.purpose] as const)))
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
  const named = namedPurpose(text, whole, first, subject)
  if (named !== undefined) return { change: 'opt_out', layer: 'phrase', ...named }
  const said = outside(text, whole, visits)
  const phrase = phraseIn(said === whole ? read : { text: said, words: said.split(' ') }) ?? phraseOfSubject(subject)
  if (phrase !== undefined) return { change: 'opt_out', layer: 'phrase', words: phrase }
  const beside = candidates.map(bare).find((candidate) => keywords.has(candidate))
  if (beside !== undefined) return { change: 'opt_out', layer: 'keyword', words: beside }
  const rest = withoutOwn(said === whole ? outside(text, whole, harmlessUses) : without(said, harmlessUses))
  const unclear =
    unclearWords.find((word) => contains(rest, word)) ?? (whole === '' ? stopSigns.find((sign) => text.includes(sign)) : undefined)
  return unclear === undefined ? undefined : { change: 'unclear', words: unclear }
}

/** What a lead writes above an e-mail of its own; a reply repeats the subject of somebody else. */
function phraseOfSubject(subject: string | null): string | undefined {
  if (subject === null || forwarding.test(subject)) return undefined
  const text = normalised(subject)
  return phraseIn({ text, words: text.split(' ') })
}

/** A keyword with politeness around it, or said again and again: "stop stop, thank you" is "stop". */
function bare(candidate: string): string {
  if (candidate.length > NAMED_LENGTH) return candidate
  const said = withoutPolite(candidate)
  const [first = '', ...more] = said.split(' ')
  return more.every((word) => word === first) ? first : said
}

/** Without what every text of ours ends with, where something else is said beside it: a reaction repeats the text it is about. */
function withoutOwn(said: string): string {
  const rest = without(said, ownWords)
  return rest.trim() === '' ? said : rest
}

/** The longest of these has six words, and a few polite ones may stand around it. */
const NAMED_LENGTH = 80

/**
 * A message, its first line above a signature, or the subject of an empty mail that takes permission back for one purpose. Without the
 * purpose when the rest says something else of permission: then it is said of everything.
 */
function namedPurpose(
  text: string,
  whole: string,
  first: string,
  subject: string | null,
): { words: string; purpose?: Purpose } | undefined {
  const line = whole === '' && subject !== null ? subject : first
  const named = namedIn(line, line === text.trim() ? whole : undefined)
  if (named === undefined || whole === '') return named
  const lines = text.trim().split('\n').slice(1)
  const end = lines.findIndex((one) => one.trim() !== '' && namedIn(one)?.purpose !== named.purpose)
  const isSame = end < 0 || permissionChange(lines.slice(end).join('\n')) === undefined
  return isSame ? named : { words: named.words }
}

/** `words`: the normal form of the line, where it is known. */
function namedIn(line: string, words?: string): { words: string; purpose: Purpose } | undefined {
  if (line.length > NAMED_LENGTH) return undefined
  const said = withoutPolite(words ?? normalised(line))
  const purpose = purposes.get(said)
  return purpose === undefined ? undefined : { words: said, purpose }
}

function withoutPolite(words: string): string {
  const begins = polite.find((phrase) => words.startsWith(`${phrase} `))
  if (begins !== undefined) return withoutPolite(words.slice(begins.length + 1))
  const ends = polite.find((phrase) => words.endsWith(` ${phrase}`))
  return ends === undefined ? words : withoutPolite(words.slice(0, -ends.length - 1))
}

const CLAUSE_END = /[.,;:!?…\n]+|\s[-–—]+\s/

/** The words of a text without these uses, each within one clause: "please stop. By the way" is no visit. */
function outside(text: string, whole: string, uses: readonly string[]): string {
  if (!uses.some((use) => whole.includes(use))) return whole
  return text
    .split(CLAUSE_END)
    .map((clause) => without(normalised(clause), uses))
    .join(' ')
}

// More than one space: no phrase is found across the gap, nor with the next clause.
function without(text: string, uses: readonly string[]): string {
  let words = text
  for (const use of uses) if (words.includes(use)) words = ` ${words} `.replaceAll(` ${use} `, '   ')
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
