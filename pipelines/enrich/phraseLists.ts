/**
 * Lists of phrases (normalised) that are looked for in one text together, as whole words. Only phrases that begin with two words of the
 * text that follow each other are compared, so neither a longer list nor one more list costs a message anything.
 */
import type { Worded } from './normalForm.ts'

interface Placed {
  readonly list: number
  readonly phrase: string
  readonly words: readonly string[]
  /** In its list. */
  readonly place: number
}

/** Of each list the first phrase, in the order of the list, that the text says. */
export type Firsts<Name extends string> = Readonly<Partial<Record<Name, string>>>

const NONE: Firsts<never> = Object.freeze({})

/** Finds in the words of a text the first phrase of each list. */
export function firstsOf<Name extends string>(
  lists: Readonly<Record<Name, readonly string[]>>,
): (said: Pick<Worded, 'words'>) => Firsts<Name> {
  const names = Object.keys(lists) as Name[]
  const starting = new Map<string, Map<string | undefined, Placed[]>>()
  names.forEach((name, list) => {
    lists[name].forEach((phrase, place) => {
      const words = phrase.split(' ')
      const [first = '', second] = words
      const beginning = starting.get(first) ?? new Map<string | undefined, Placed[]>()
      starting.set(first, beginning.set(second, [...(beginning.get(second) ?? []), { list, phrase, words, place }]))
    })
  })
  return ({ words }) => {
    let found: (Placed | undefined)[] | undefined
    for (let at = 0; at < words.length; at++) {
      const beginning = starting.get(words[at] as string)
      if (beginning === undefined) continue
      const single = beginning.get(undefined)
      if (single !== undefined) found = earliestOf(single, words, at, found)
      const pair = at + 1 < words.length ? beginning.get(words[at + 1]) : undefined
      if (pair !== undefined) found = earliestOf(pair, words, at, found)
    }
    if (found === undefined) return NONE
    const firsts: Partial<Record<Name, string>> = {}
    for (const placed of found) if (placed !== undefined) firsts[names[placed.list] as Name] = placed.phrase
    return firsts
  }
}

/** The earliest of each list among those that stand at this place and what was found before. */
function earliestOf(
  phrases: readonly Placed[],
  said: readonly string[],
  at: number,
  before: (Placed | undefined)[] | undefined,
): (Placed | undefined)[] | undefined {
  let found = before
  for (const one of phrases) {
    const earlier = found?.[one.list]
    if (earlier !== undefined && earlier.place <= one.place) continue
    if (one.words.every((word, index) => said[at + index] === word)) (found ??= [])[one.list] = one
  }
  return found
}
