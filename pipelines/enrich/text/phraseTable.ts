/**
 * Phrases found in the tokens of a message: whole words, the longest that fits, within one clause, never negated, never in a
 * quotation. Each token is compared with the few phrases that start with its word, so the work grows with the message only.
 */
import { normalised } from '../normalForm.ts'
import { startsOfTable } from './phraseStarts.ts'
import type { Told, Token } from './tokens.ts'

export interface PhraseRow<V extends string> {
  readonly language: 'en' | 'es'
  readonly source: string
  readonly value: V
  /** In any dress; `*` at the end stands for the rest of the last word. */
  readonly phrases: readonly string[]
}

export interface Match<V extends string> {
  readonly value: V
  /** Places of the first and last token. */
  readonly from: number
  readonly to: number
  /** Place of the word before it that denies it. */
  readonly denial: number | undefined
  readonly quoted: boolean
}

interface Entry<V extends string> {
  readonly value: V
  readonly words: readonly string[]
  readonly open: boolean
}

export interface PhraseTable<V extends string> {
  /** By first word, longest first. */
  readonly starting: ReadonlyMap<string, readonly Entry<V>[]>
  /** One word of which only the beginning is given, by its first letter. */
  readonly beginnings: ReadonlyMap<string, readonly Entry<V>[]>
  /** Of `Token.opens`. */
  readonly bit: number
}

/** Words that deny what follows within three words of the same clause. @source lead-domain reference 2.3, as in the agents' phrases; Spanish by grammar */
const NEGATIONS = new Set(
  (
    'not no never without dont doesnt didnt isnt arent wasnt werent wont wouldnt cant cannot couldnt havent hasnt hadnt aint neither nor nobody ' +
    'nunca jamas sin tampoco ni nadie'
  ).split(' '),
)
/** What follows these stands for itself again. */
const TURNS = new Set(['but', 'pero', 'sino', 'although', 'aunque', 'just', 'only', 'solo'])
const NEGATION_REACH = 3

export function phraseTable<V extends string>(rows: readonly PhraseRow<V>[]): PhraseTable<V> {
  const starting = new Map<string, Entry<V>[]>()
  const beginnings = new Map<string, Entry<V>[]>()
  for (const { value, phrases } of rows) {
    for (const phrase of phrases) {
      const entry = { value, words: normalised(phrase).split(' '), open: phrase.endsWith('*') }
      const [first = ''] = entry.words
      if (entry.open && entry.words.length === 1) beginnings.set(first.charAt(0), [...(beginnings.get(first.charAt(0)) ?? []), entry])
      else starting.set(first, [...(starting.get(first) ?? []), entry])
    }
  }
  for (const entries of starting.values()) entries.sort((a, b) => b.words.length - a.words.length)
  const bit = startsOfTable([
    ...[...starting.keys()].map((word) => ({ word, open: false })),
    ...[...beginnings.values()].flat().map(({ words: [word = ''] }) => ({ word, open: true })),
  ])
  return { starting, beginnings, bit }
}

/** All matches in a message. */
export function matchesIn<V extends string>(told: Told, table: PhraseTable<V>): Match<V>[] {
  return (told.opens & table.bit) === 0 ? [] : matches(told.tokens, table)
}

/** All matches in order; a token belongs to one match at most. */
export function matches<V extends string>(tokens: readonly Token[], table: PhraseTable<V>): Match<V>[] {
  const found: Match<V>[] = []
  for (let from = 0; from < tokens.length; from++) {
    const { word, quoted, opens } = tokens[from] as Token
    if ((opens & table.bit) === 0) continue
    const entry = entryAt(tokens, from, word, table)
    if (entry === undefined) continue
    const to = from + entry.words.length - 1
    found.push({ value: entry.value, from, to, denial: denialOf(tokens, from), quoted })
    from = to
  }
  return found
}

function entryAt<V extends string>(tokens: readonly Token[], from: number, word: string, table: PhraseTable<V>): Entry<V> | undefined {
  const starting = table.starting.get(word)
  if (starting !== undefined) for (const entry of starting) if (fits(tokens, from, entry)) return entry
  return table.beginnings.get(word.charAt(0))?.find(({ words }) => word.startsWith(words[0] as string))
}

function fits<V extends string>(tokens: readonly Token[], from: number, { words, open }: Entry<V>): boolean {
  const clause = tokens[from]?.clause
  for (let place = 0; place < words.length; place++) {
    const token = tokens[from + place]
    const word = words[place] as string
    if (token === undefined || token.clause !== clause) return false
    if (!(open && place === words.length - 1 ? token.word.startsWith(word) : token.word === word)) return false
  }
  return true
}

/** The place of the word that denies what starts at this token. */
export function denialOf(tokens: readonly Token[], from: number): number | undefined {
  const clause = tokens[from]?.clause
  for (let place = from - 1; place >= from - NEGATION_REACH; place--) {
    const token = tokens[place]
    if (token?.clause !== clause || TURNS.has(token?.word ?? '')) return undefined
    if (NEGATIONS.has(token?.word ?? '')) return place
  }
  return undefined
}
