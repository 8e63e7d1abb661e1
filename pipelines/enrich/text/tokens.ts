/**
 * A message as words with their places in it. Every rule of this folder reads tokens, so what it finds is always an exact
 * substring of the message. One pass; nothing here looks back.
 */
import { normalised } from '../normalForm.ts'
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
  /** All bits of all tokens: a table without one of them has no phrase here. */
  readonly opens: number
}

/** What a rule found in a message. `words` is an exact substring of the message. */
export interface Found {
  readonly value: string
  readonly words: string
}

const WORD = /[\p{L}\p{N}\p{M}'’‘`´\p{Cf}]+/gu
/** The same in a message of ASCII, as most are: no need of the tables of Unicode. */
const ASCII = /^[\0-\x7f]*$/
const ASCII_WORD = Array.from({ length: 0x80 }, (_, code) => /[A-Za-z0-9'`]/.test(String.fromCharCode(code)))
const APOSTROPHES = /['`]/g
/** A word of another message of which the normal form is only lower case. */
const PLAIN = /^[a-z0-9]+$/i
const CLAUSE_END = /[.,;:!?¡¿…\n()"“”«»—–]| - /
/** A quotation longer than this is taken for a stray mark. */
const QUOTE_TEXT = 300
const QUOTING = /[>"“«]/
const MARKS: Readonly<Record<string, string>> = { '"': '"', '“': '”', '«': '»' }

/** The latest one: what a message says and whether it complains is asked one after the other. */
let latest: Told | undefined

export function tokensOf(text: string): Told {
  if (latest?.text !== text) latest = taken(text)
  return latest
}

function taken(text: string): Told {
  const quotes = quotedStretches(text)
  const tokens: Draft[] = []
  let clause = 0
  let clauseStart = 0
  let last = 0
  let quote = 0
  let opens = 0
  const isAscii = ASCII.test(text)
  // Lower case of ASCII stands at the same places.
  const lowered = isAscii ? text.toLowerCase() : text
  const runs = isAscii ? asciiRuns(text) : allRuns(text)
  for (let place = 0; place < runs.length; place += 2) {
    const start = runs[place] as number
    const end = runs[place + 1] as number
    const run = lowered.slice(start, end)
    const gap = text.slice(last, start)
    // Mostly one space, which ends nothing.
    if (gap !== ' ' && CLAUSE_END.test(gap)) {
      if (gap.includes('?')) ask(tokens, clauseStart)
      clause++
      clauseStart = tokens.length
    }
    last = end
    while (quote < quotes.length && (quotes[quote] as Stretch).end <= start) quote++
    const quoted = quote < quotes.length && (quotes[quote] as Stretch).start <= start
    if (isAscii) opens |= add(tokens, run.replace(APOSTROPHES, ''), start, end, clause, quoted)
    else if (PLAIN.test(run)) opens |= add(tokens, run.toLowerCase(), start, end, clause, quoted)
    // "½" and its kin are several words in normal form.
    else for (const word of normalised(run).split(' ')) opens |= add(tokens, word, start, end, clause, quoted)
  }
  if (text.includes('?', last)) ask(tokens, clauseStart)
  return { text, tokens, opens }
}

/** Where the words of a message begin and end, by turns. */
function allRuns(text: string): number[] {
  return [...text.matchAll(WORD)].flatMap(({ 0: run, index }) => [index, index + run.length])
}

function asciiRuns(text: string): number[] {
  const runs: number[] = []
  let isInside = false
  for (let place = 0; place < text.length; place++) {
    if (ASCII_WORD[text.charCodeAt(place)] === isInside) continue
    runs.push(place)
    isInside = !isInside
  }
  if (isInside) runs.push(text.length)
  return runs
}

type Draft = Token & { asked: boolean }

/** Adds a word; a lone apostrophe is none. Returns its bits. */
function add(tokens: Draft[], word: string, start: number, end: number, clause: number, quoted: boolean): number {
  if (word === '') return 0
  const opens = opensOf(word)
  tokens.push({ word, start, end, clause, quoted, asked: false, opens })
  return opens
}

/** The clause that begins at this token ends with a question mark. */
function ask(tokens: Draft[], from: number): void {
  for (let place = from; place < tokens.length; place++) (tokens[place] as Draft).asked = true
}

/** The stretch of the message from one token to another, both included. */
export function wordsOf({ text, tokens }: Told, first: number, last: number): string {
  return text.slice(tokens[first]?.start ?? 0, tokens[last]?.end ?? 0)
}

interface Stretch {
  readonly start: number
  readonly end: number
}

/** Quotations and lines that start with ">", in order, not overlapping. */
function quotedStretches(text: string): Stretch[] {
  const stretches: Stretch[] = []
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
