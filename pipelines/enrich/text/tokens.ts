/**
 * A message as words with their places in it. Every rule of this folder reads tokens, so what it finds is always an exact
 * substring of the message. One pass; nothing here looks back.
 */
import { normalised } from '../optOut.ts'
import { opensOf } from './phraseStarts.ts'

export interface Token {
  /** In the normal form of `normalised`: lower case, no accents, no apostrophes. */
  readonly word: string
  /** UTF-16 offsets in the message; `end` is exclusive. */
  readonly start: number
  readonly end: number
  /** Rises at punctuation and line ends: no phrase and no negation reaches over it. */
  readonly clause: number
  /** Inside quotation marks, or in a quoted line: somebody else's words. */
  readonly quoted: boolean
  /** Its clause ends with a question mark. */
  readonly asked: boolean
  /** A bit for each phrase table with a phrase that begins with this word. */
  readonly opens: number
}

export interface Told {
  readonly text: string
  readonly tokens: readonly Token[]
}

/** What a rule found in a message. `words` is an exact substring of the message. */
export interface Found {
  readonly value: string
  readonly words: string
}

const WORD = /[\p{L}\p{N}\p{M}'’‘`´\u200b-\u200f\ufeff]+/gu
/** Most words: their normal form is only lower case. */
const PLAIN = /^[a-z0-9]+$/i
const CLAUSE_END = /[.,;:!?¡¿…\n()"“”«»—–]| - /
/** A quotation longer than this is taken for a stray mark. */
const QUOTE_TEXT = 300
const QUOTING = /[>"“«]/
const MARKS: Readonly<Record<string, string>> = { '"': '"', '“': '”', '«': '»' }

export function tokensOf(text: string): Told {
  const quotes = quotedStretches(text)
  const tokens: (Token & { asked: boolean })[] = []
  let clause = 0
  let clauseStart = 0
  let last = 0
  let quote = 0
  WORD.lastIndex = 0
  for (let match = WORD.exec(text); match !== null; match = WORD.exec(text)) {
    const run = match[0]
    const start = match.index
    const end = start + run.length
    const gap = text.slice(last, start)
    // Mostly one space, which ends nothing.
    if (gap !== ' ' && CLAUSE_END.test(gap)) {
      if (gap.includes('?'))
        for (let place = clauseStart; place < tokens.length; place++) (tokens[place] as { asked: boolean }).asked = true
      clause++
      clauseStart = tokens.length
    }
    last = end
    while ((quotes[quote]?.end ?? Infinity) <= start) quote++
    const quoted = (quotes[quote]?.start ?? Infinity) <= start
    // "½" and its kin are several words in normal form, a lone apostrophe is none.
    if (PLAIN.test(run)) {
      const word = run.toLowerCase()
      tokens.push({ word, start, end, clause, quoted, asked: false, opens: opensOf(word) })
      continue
    }
    for (const word of normalised(run).split(' '))
      if (word !== '') tokens.push({ word, start, end, clause, quoted, asked: false, opens: opensOf(word) })
  }
  if (text.includes('?', last)) for (const token of tokens.slice(clauseStart)) token.asked = true
  return { text, tokens }
}

/** The stretch of the message from one token to another, both included. */
export function wordsOf({ text, tokens }: Told, first: number, last: number): string {
  return text.slice(tokens[first]?.start ?? 0, tokens[last]?.end ?? 0)
}

/** Quotations and lines that start with ">", in order, not overlapping. */
function quotedStretches(text: string): { readonly start: number; readonly end: number }[] {
  const stretches: { start: number; end: number }[] = []
  if (!QUOTING.test(text)) return stretches
  let open: { start: number; closing: string } | undefined
  for (let at = 0; at < text.length; at++) {
    const one = text.charAt(at)
    if (open !== undefined) {
      if (one === open.closing) {
        stretches.push({ start: open.start, end: at })
        open = undefined
      } else if (one === '\n' || at - open.start > QUOTE_TEXT) open = undefined
    } else if (one === '>' && (at === 0 || text[at - 1] === '\n')) {
      const lineEnd = text.indexOf('\n', at)
      const end = lineEnd < 0 ? text.length : lineEnd
      stretches.push({ start: at, end })
      at = end - 1
    } else if (MARKS[one] !== undefined) open = { start: at, closing: MARKS[one] }
  }
  return stretches
}
