/**
 * Does somebody answer who is not the person we ask for? Read from the message alone: a name counts by a list of given names, since what the
 * lead is called may be known later. A number that is somebody else's is not written to again; "this is not Maria" alone pauses for a person;
 * who says that they answer for her ("this is her husband") is none of it.
 */
import { contains, normalised } from './normalForm.ts'
import type { Worded } from './normalForm.ts'
import { afterNames, denials, names, near, strangers } from './notThemWords.ts'

/** "Marias", as "Maria's" is in normal form. */
const owned = new Set([...names].map((name) => `${name}s`))
const called = new Set([...names, ...owned])
const ofStrangers = strangers.map((phrase) => phrase.split(' '))
const ofDenials = denials.map((phrase) => phrase.split(' '))
const CLAUSE_END = /[.,;:!?…\n]+|\s[-–—]+\s/

/** What a message says of whose number it is; `read` is its normal form. The words stand in it. */
export function notThem(text: string, read: Worded): { readonly isStranger: boolean; readonly words: string } | undefined {
  // Few messages hold a name at all.
  if (!read.words.some((word) => called.has(word))) return undefined
  const clauses = text.split(CLAUSE_END).map((clause) => normalised(clause).split(' '))
  const stranger = first(clauses, ofStrangers, () => true)
  if (stranger !== undefined) return { isStranger: true, words: stranger }
  if (near.some((who) => contains(read.text, who))) return undefined
  const denied =
    clauses.find(([not = '', name = '', ...rest]) => not === 'not' && names.has(name) && rest.length < 2)?.join(' ') ??
    first(clauses, ofDenials, (after) => after.length < 2 || after.some((word) => afterNames.has(word)))
  return denied === undefined ? undefined : { isStranger: false, words: denied }
}

/** The first clause that holds one of the phrases with a name in it, where the words that follow are as they should be. */
function first(
  clauses: readonly (readonly string[])[],
  phrases: readonly (readonly string[])[],
  ends: (after: readonly string[]) => boolean,
): string | undefined {
  for (const clause of clauses)
    for (let at = 0; at < clause.length; at++)
      for (const words of phrases)
        if (words.every((word, place) => isSaid(word, clause[at + place])) && ends(clause.slice(at + words.length, at + words.length + 2)))
          return clause.slice(at, at + words.length).join(' ')
  return undefined
}

function isSaid(word: string, said = ''): boolean {
  return word === '*' ? names.has(said) : word === '*s' ? owned.has(said) : word === said
}
