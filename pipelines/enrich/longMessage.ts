/**
 * What is kept of a message of a lead that is too long: its beginning, and behind it the sentences in which somebody hears something,
 * those that a person has to answer first. So a threat or a refusal at the end of a long e-mail is heard as that of a short one is.
 */
import type { RecentMessage } from '../../schemas/generated/records.ts'
import { declined } from '../agents/declined.ts'
import { askedFor, legalIn } from '../agents/hearing.ts'
import { questionWords, said } from '../agents/phrases.ts'
import { toldOf } from '../agents/readings.ts'
import { cut } from '../ingest/fields.ts'
import { intentIn } from './text/intent.ts'
import { objectionsIn } from './text/objections.ts'
import { sentences } from './text/questions.ts'
import { displeasureIn } from './text/sentiment.ts'
import type { Told } from './text/tokens.ts'

/** Ends a clause for whoever reads what is kept, so that nothing reaches from one piece into the next. */
const GAP = ' … '
/** The beginning keeps a third of the room at least. */
const BEGINNING = 3
/** A sentence of more than a third of the room is kept around what is heard in it: this part of the room before it, and this behind. */
const LONG_SENTENCE = 3
const BEFORE = 4
const BEHIND = 8

/** Words that are heard in a message, by how much hangs on them: what a person has to answer, what changes what is done, the rest. */
const hears: readonly ((message: Pick<RecentMessage, 'text'>) => readonly string[])[] = [
  (message) => [...legalIn(message.text), ...askedFor('person', [message]), ...displeasureIn(toldOf(message))],
  (message) => [...declined([message]), ...askedFor('call', [message])],
  (message) => [
    ...[...objectionsIn(toldOf(message)), ...intentIn(toldOf(message))].map(({ words }) => words),
    ...said(message.text, questionWords),
  ],
]

/**
 * Places of such words that are looked at, what a person has to answer before the rest and the last before the first: of a text of nothing
 * but such words each would be read with what stands around it, while everybody behind it waits.
 */
const PLACES = 64

interface Stretch {
  readonly start: number
  readonly end: number
}
interface Piece extends Stretch {
  /** Index in `hears`. */
  readonly rank: number
}

/** The text, or its beginning and what is heard behind it, in the order in which it is said, with at most `most` UTF-16 units. */
export function kept(text: string, most: number): string {
  const beginning = cut(text, most)
  if (beginning.length === text.length) return text
  const heard = piecesOf(text, most)
  if (heard.every(({ end }) => end <= beginning.length)) return beginning
  const room = most - Math.floor(most / BEGINNING)
  let chosen: Stretch[] = []
  // Of equals the last said: the beginning is kept, and what is wanted mostly stands at the end.
  for (const piece of heard.sort((a, b) => a.rank - b.rank || b.start - a.start)) {
    const more = merged([...chosen, piece])
    if (lengthOf(more) <= room) chosen = more
  }
  let behind = chosen
  let first = most
  for (;;) {
    first = most - lengthOf(behind)
    const left = behind.filter(({ end }) => end > first)
    if (left.length === behind.length) break
    behind = left
  }
  const begin = wholeSentences(cut(text, Math.min(first, behind[0]?.start ?? first)))
  return [begin, ...behind.map(({ start, end }) => text.slice(start, end))].join(GAP)
}

/** To the end of its last whole sentence, where half of it is left so: half a sentence may say what the whole one does not. */
function wholeSentences(beginning: string): string {
  const ends = sentences(`${beginning}x`).map(({ end }) => end)
  const last = ends.findLast((end) => end <= beginning.length && end * 2 >= beginning.length) ?? beginning.length
  return beginning.slice(0, last).replace(/[\s…]+$/, '')
}

function lengthOf(pieces: readonly Stretch[]): number {
  return pieces.reduce((sum, { start, end }) => sum + end - start + GAP.length, 0)
}

/** Stretches of the text in which something is heard. */
function piecesOf(text: string, most: number): Piece[] {
  const message = { text }
  const own = ownSentences(text, toldOf(message))
  const found = own
    .filter(({ end }) => text[end - 1] === '?')
    .slice(-PLACES)
    .map((asking) => ({ ...around(text, asking, asking.end - 1, 1, most), rank: hears.length - 1 }))
  const straight = text.replaceAll('’', "'")
  let places = 0
  for (const [rank, hear] of hears.entries())
    for (const words of new Set(hear(message)))
      for (const { 0: match, index } of [...straight.matchAll(patternOf(words))].reverse()) {
        if (places++ === PLACES) return found
        const sentence = own.find(({ start, end }) => start <= index && index < end)
        if (sentence === undefined) continue
        const piece = around(text, sentence, index, match.length, most)
        // The same words may be said of something else elsewhere, and a piece may have lost what they rest on.
        if (hear({ text: text.slice(piece.start, piece.end) }).length > 0) found.push({ ...piece, rank })
      }
  return found
}

/** Words as they are heard, in whatever case and with whatever white space they are written. */
function patternOf(words: string): RegExp {
  const escaped = words.replaceAll(/[.*?+^$()[\]{}|\\]/g, '\\$&').replaceAll(/\s+/g, '\\s+')
  return new RegExp(escaped.replaceAll('’', "'"), 'gi')
}

/** Sentences of the lead. Without the mark at the beginning of its line what is quoted would pass for its own words. */
function ownSentences(text: string, { tokens }: Told): Stretch[] {
  let place = 0
  return sentences(text).flatMap(({ start, end }) => {
    const from = place
    while ((tokens[place]?.end ?? Infinity) <= end) place++
    return tokens.slice(from, place).every(({ quoted }) => quoted) ? [] : [trimmed(text, start, end)]
  })
}

/** The sentence, or where it is long what stands around the `length` characters at `place`, by whole words. */
function around(text: string, sentence: Stretch, place: number, length: number, most: number): Stretch {
  const { start, end } = sentence
  if ((end - start) * LONG_SENTENCE <= most) return sentence
  const before = place - Math.floor(most / BEFORE)
  const behind = place + length + Math.floor(most / BEHIND)
  const from = before <= start ? start : text.indexOf(' ', before)
  const to = behind >= end ? end : text.indexOf(' ', behind)
  return trimmed(text, from < 0 || from > place ? start : from, to < 0 ? end : Math.min(to, end))
}

function trimmed(text: string, start: number, end: number): Stretch {
  const words = text.slice(start, end)
  const from = start + (words.length - words.replace(/^[\s…]+/, '').length)
  return { start: from, end: Math.max(from, start + words.replace(/[\s…]+$/, '').length) }
}

/** Stretches in their order, those that overlap as one. */
function merged(stretches: readonly Stretch[]): Stretch[] {
  const out: Stretch[] = []
  for (const one of [...stretches].sort((a, b) => a.start - b.start || a.end - b.end)) {
    const last = out.at(-1)
    if (last === undefined || one.start > last.end) out.push(one)
    else out[out.length - 1] = { start: last.start, end: Math.max(last.end, one.end) }
  }
  return out
}
