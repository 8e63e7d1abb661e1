/**
 * Phrases found in the tokens of a message: whole words, the longest that fits, within one clause, never negated, never in a
 * quotation. Each token is compared with the few phrases that start with its word and the next, so the work grows with the message only.
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
  /** The version of the arithmetic that heard these first, where a gate hears them: what earlier ones decided is decided again without. */
  readonly since?: number
}

/** The rows that a gate of that version heard. */
export function rowsOf<V extends string>(version: number, rows: readonly PhraseRow<V>[]): PhraseRow<V>[] {
  return rows.filter(({ since = 0 }) => since <= version)
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
  /** Of those the ones of one word, or of which the second is given by its beginning. */
  readonly loose: ReadonlyMap<string, readonly Entry<V>[]>
  /** The others by first and second word, longest first. */
  readonly following: ReadonlyMap<string, ReadonlyMap<string, readonly Entry<V>[]>>
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
/** A "no" before one of these answers and denies nothing: "no it's too far", "no thanks not interested", "no gracias muy caro". */
const AFTER_ANSWER = new Set(
  'i im ive id we were weve wed it its thats that this they theyre he she you youre thanks thank thx too sorry sir maam gracias'.split(' '),
)

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
  const loose = new Map<string, Entry<V>[]>()
  const following = new Map<string, Map<string, Entry<V>[]>>()
  for (const [first, entries] of starting) {
    entries.sort((a, b) => b.words.length - a.words.length)
    const isLoose = ({ words: { length }, open }: Entry<V>) => length === 1 || (open && length === 2)
    const few = entries.filter(isLoose)
    if (few.length > 0) loose.set(first, few)
    const bySecond = new Map<string, Entry<V>[]>()
    for (const entry of entries) {
      if (isLoose(entry)) continue
      const second = entry.words[1] as string
      bySecond.set(second, [...(bySecond.get(second) ?? []), entry])
    }
    if (bySecond.size > 0) following.set(first, bySecond)
  }
  const bit = startsOfTable([
    ...[...starting.keys()].map((word) => ({ word, open: false })),
    ...[...beginnings.values()].flat().map(({ words: [word = ''] }) => ({ word, open: true })),
  ])
  return { starting, loose, following, beginnings, bit }
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
    // "No rush just looking": it stands for itself.
    found.push({ value: entry.value, from, to, denial: TURNS.has(word) ? undefined : denialOf(tokens, from), quoted })
    from = to
  }
  return found
}

function entryAt<V extends string>(tokens: readonly Token[], from: number, word: string, table: PhraseTable<V>): Entry<V> | undefined {
  const bySecond = table.following.get(word)
  const next = bySecond === undefined ? undefined : tokens[from + 1]
  const following = next === undefined ? undefined : bySecond?.get(next.word)
  if (following !== undefined) for (const entry of following) if (fits(tokens, from, entry)) return entry
  const loose = table.loose.get(word)
  if (loose !== undefined) for (const entry of loose) if (fits(tokens, from, entry)) return entry
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

/** "No" in front of a sentence; also right in front of a denial: "no not interested". */
function isAnswer(tokens: readonly Token[], place: number, from: number): boolean {
  if (tokens[place]?.word !== 'no') return false
  const next = tokens[place + 1]?.word ?? ''
  return AFTER_ANSWER.has(next) || (place + 1 === from && NEGATIONS.has(next))
}

/** The place of the word that denies what starts at this token. */
export function denialOf(tokens: readonly Token[], from: number): number | undefined {
  const clause = tokens[from]?.clause
  for (let place = from - 1; place >= from - NEGATION_REACH; place--) {
    const token = tokens[place]
    if (token?.clause !== clause || TURNS.has(token?.word ?? '')) return undefined
    if (NEGATIONS.has(token?.word ?? '') && !isAnswer(tokens, place, from)) return place
  }
  return undefined
}
