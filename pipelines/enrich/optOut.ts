/**
 * Does a message take permission back? Costs are unequal: a missed opt-out is unlawful, a false one costs a follow-up.
 * Words are matched whole, never as parts of others: "weekend" is no "end".
 */
import { askedFor, narrowPhrases } from './askedFor.ts'
import type { AskedChannel } from './askedFor.ts'
import { bereaved } from './bereaved.ts'
import { contains, normalised, worded } from './normalForm.ts'
import type { Worded } from './normalForm.ts'
import {
  forwarding,
  greetings,
  harmlessUses,
  optInKeywords,
  optOutKeywords,
  ownWords,
  polite,
  purposeOptOuts,
  stopSigns,
  unclearWords,
} from './optOutLexicon.ts'
import { lookAlikes, softeners } from './optOutLookAlikes.ts'
import { notThem } from './notThem.ts'
import { inContext } from './optOutDoubts.ts'
import { doubtfulPhrases } from './optOutForms.ts'
import { optOutPhrases } from './optOutPhrases.ts'
import { firstsOf } from './phraseLists.ts'
import type { Purpose } from './purposes.ts'
import { fillers, plainStops } from './wholeOptOuts.ts'

export type PermissionChange =
  /** Revoked at once, on every channel but those that the message asks for (`keeps`). `purpose`: the message names it, and says nothing else. */
  | {
      readonly change: 'opt_out'
      readonly layer: 'keyword' | 'phrase'
      readonly words: string
      readonly purpose?: Purpose
      readonly keeps?: readonly AskedChannel[]
    }
  /** Perhaps an opt-out: pause and let a human look. */
  | { readonly change: 'unclear'; readonly words: string }
  | { readonly change: 'opt_in'; readonly words: string }

const keywords = new Set(optOutKeywords.flatMap((row) => row.words))
const optIns = new Set(optInKeywords.flatMap((row) => row.words))
const purposes = new Map(purposeOptOuts.flatMap((row) => row.words.map((words) => [words, row.purpose] as const)))
const isDoubtful = new Set(doubtfulPhrases)
const stops = new Set(plainStops)
const heardIn = firstsOf({
  stop: [...keywords, ...stops],
  alike: lookAlikes,
  phrase: optOutPhrases.flatMap((row) => row.words),
  softener: softeners,
  perhaps: [...doubtfulPhrases, ...narrowPhrases],
})

/** What a message from the lead changes; undefined for nearly all. `subject` is that of an e-mail. */
export function permissionChange(message: string, subject: string | null = null): PermissionChange | undefined {
  const text = spelled(message)
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
  const heard = heardIn(read)
  const { alike } = heard
  let said = alike === undefined ? whole : outside(text, whole, lookAlikes)
  const found = said === whole ? phrasesIn(read.words, subject, heard) : phrasesIn(said.split(' '), subject)
  const { perhaps } = found
  let { phrase } = found
  let around: string | undefined
  if (phrase !== undefined || perhaps !== undefined) {
    const clauses = text
      .split(CLAUSE_END)
      .map((clause) => (alike === undefined ? normalised(clause) : without(normalised(clause), lookAlikes)))
    const keeps = askedFor(clauses)
    if (keeps !== undefined) return { change: 'opt_out', layer: 'phrase', words: phrase ?? perhaps ?? whole, keeps }
    const seen = phrase === undefined ? undefined : inContext(text, clauses)
    if (seen !== undefined) {
      ;({ rest: said, doubt: around } = seen)
      ;({ phrase } = phrasesIn(said.split(' '), subject))
    }
    if (phrase !== undefined) return { change: 'opt_out', layer: 'phrase', words: phrase }
    around ??= perhaps !== undefined && isDoubtful.has(perhaps) ? perhaps : undefined
  }
  const beside = subject !== null || mayHoldStop(heard.stop, read) ? (keywordBeside(candidates) ?? standsAlone(text, whole)) : undefined
  if (beside !== undefined) return { change: 'opt_out', layer: 'keyword', words: beside }
  const other = notThem(text, read)
  if (other?.isStranger === true) return { change: 'opt_out', layer: 'phrase', words: other.words }
  const unclear = unclearIn(text, whole, said) ?? (whole === '' ? stopSigns.find((sign) => text.includes(sign)) : undefined)
  const doubt = around ?? unclear ?? other?.words ?? bereaved(text, read)
  return doubt === undefined ? undefined : { change: 'unclear', words: doubt }
}

/** "Wrong #", "lose my #". */
function spelled(text: string): string {
  return text.includes('#') ? text.replace(/\b(wrong|my|our|this|that|her|his)\s*#(?!\s*\d)/gi, '$1 number') : text
}

/** Looked for first in all that is said: nearly no message holds one of these words. */
function unclearIn(text: string, whole: string, said: string): string | undefined {
  if (!unclearWords.some((word) => contains(said, word))) return undefined
  const rest = withoutOwn(said === whole ? outside(text, whole, harmlessUses) : without(said, harmlessUses))
  return unclearWords.find((word) => contains(rest, word))
}

/** The opt-out that words or the subject above them are, and what may be one. */
function phrasesIn(
  words: readonly string[],
  subject: string | null,
  { phrase, softener, perhaps } = heardIn({ words }),
): { readonly phrase: string | undefined; readonly perhaps: string | undefined } {
  const said = phrase ?? phraseOfSubject(subject) ?? (softener === undefined ? undefined : softenedIn(words))
  return { phrase: said, perhaps }
}

/** What a lead writes above an e-mail of its own; a reply repeats the subject of somebody else. */
function phraseOfSubject(subject: string | null): string | undefined {
  if (subject === null || forwarding.test(subject)) return undefined
  return heardIn({ words: normalised(subject).split(' ') }).phrase
}

/** The longest first: "sil vous plait" before any of its words. */
const softenings = softeners.map((phrase) => phrase.split(' ')).sort((a, b) => b.length - a.length)

/** A phrase with something within it that changes nothing: "rufen Sie mich bitte nicht an". */
function softenedIn(words: readonly string[]): string | undefined {
  const rest: string[] = []
  for (let at = 0; at < words.length;) {
    const softening = softenings.find((one) => one.every((word, index) => words[at + index] === word))
    if (softening === undefined) rest.push(words[at] as string)
    at += softening?.length ?? 1
  }
  return heardIn({ words: rest }).phrase
}

/** A keyword of which these are the normal forms, with what may stand around it. */
function keywordBeside(candidates: readonly string[]): string | undefined {
  // A message of one line is its own first line.
  const besides = candidates.filter((candidate, place) => candidate !== '' && candidates.indexOf(candidate) === place)
  return besides.map(bare).find((candidate) => keywords.has(candidate))
}

/** A keyword with politeness around it, or said again and again: "stop stop, thank you" is "stop". */
function bare(candidate: string): string {
  if (candidate.length > NAMED_LENGTH) return candidate
  const said = withoutPolite(candidate)
  const [first = '', ...more] = said.split(' ')
  return calm(more.every((word) => word === first) ? first : joined(said))
}

/**
 * May a keyword or a plain stop be in it at all? Asked first: nearly no message says one (`stop`), or has single letters, letters that are
 * drawn out, those of other alphabets or a number behind a word, as which one may be hidden.
 */
function mayHoldStop(stop: string | undefined, { text, words }: Worded): boolean {
  if (stop !== undefined || !ASCII.test(text) || isDrawnOut(text)) return true
  let letters = 0
  for (const word of words) {
    letters = word.length === 1 ? letters + 1 : 0
    if (letters > 1 || NUMBERED.test(word)) return true
  }
  return false
}

/** Words that may stand beside one in a clause of its own: a name, "no thanks". */
const BESIDE = 4

/** A line that is a plain stop, or a clause that is one where hardly anything else is said: "Maria, stop". */
function standsAlone(text: string, whole: string): string | undefined {
  const stopOf = (part: string, words: string) => {
    const stop = words === '' || part.trimStart().startsWith('>') ? undefined : stopIn(words)
    // Not the last line of a text of ours that is repeated. Looked for in the whole text last: of thousands of lines hardly one gets so far.
    return stop !== undefined && contains(without(whole, ownWords), words) ? stop : undefined
  }
  for (const line of text.split('\n')) {
    const stop = line.length > NAMED_LENGTH ? undefined : stopOf(line, line === text ? whole : normalised(line))
    if (stop !== undefined) return stop
  }
  if (whole.length > NAMED_LENGTH) return undefined
  const all = wordsIn(whole)
  for (const clause of text.split(CLAUSE_END)) {
    if (clause === text || clause.length > NAMED_LENGTH) continue
    const words = normalised(clause)
    const stop = all - wordsIn(words) <= BESIDE ? stopOf(clause, words) : undefined
    if (stop !== undefined) return stop
  }
  return undefined
}

/** The plain stop that a line or clause is, without what may stand around it: "ok stop now", "hi Maria stop", "stop 123". */
function stopIn(words: string): string | undefined {
  return [words, GREETED.exec(words)?.[1] ?? '']
    .map((one) => calm(joined(bareOf(one, aroundStops).replace(/ ?\d+$/, ''))))
    .find((one) => stops.has(one))
}

const GREETED = new RegExp(`^(?:${greetings.join('|')}) \\S+ (.+)$`)
const TWINS: Readonly<Record<string, string>> = {
  ...{ а: 'a', е: 'e', о: 'o', р: 'p', с: 'c', т: 't', у: 'y', х: 'x', ѕ: 's', і: 'i', ο: 'o', τ: 't', ρ: 'p' },
  ...{ ꜱ: 's', ᴛ: 't', ᴏ: 'o', ᴘ: 'p' },
}

/** Without letters that are drawn out ("stoppp"), and with letters of other alphabets as the ones that they look like, where both are in a word. */
function calm(words: string): string {
  const drawn = isDrawnOut(words) ? words.replace(/(\p{L})\1{2,}/gu, '$1') : words
  if (ASCII.test(drawn)) return drawn
  const twin = drawn.replace(/./gu, (letter) => TWINS[letter] ?? letter)
  return /^[a-z ]+$/.test(twin) ? twin : drawn
}

const ASCII = /^[\0-\x7f]*$/
const NUMBERED = /[a-z]\d+$/

/** Letters from here on may have two units. */
const SURROGATE = 0xd800

/** May a letter stand three times in a row? Asked first, since nearly never one does and the expression tries every letter. */
function isDrawnOut(words: string): boolean {
  for (let at = 2; at < words.length; at++) {
    const code = words.charCodeAt(at)
    if (code >= SURROGATE || (code === words.charCodeAt(at - 1) && code === words.charCodeAt(at - 2))) return true
  }
  return false
}

function wordsIn(words: string): number {
  if (words === '') return 0
  let count = 1
  for (let at = words.indexOf(' '); at >= 0; at = words.indexOf(' ', at + 1)) count++
  return count
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

interface Around {
  /** Phrases by their first word, and by their last one: nearly no word of a message begins or ends one. */
  readonly begin: ReadonlyMap<string, readonly string[]>
  readonly end: ReadonlyMap<string, readonly string[]>
}

function aroundOf(phrases: readonly string[]): Around {
  // The longest first: "stop, muchas gracias" without "gracias" is "stop muchas", which is no keyword.
  const sorted = phrases.toSorted((a, b) => b.length - a.length)
  const by = (wordOf: (phrase: string) => string) => {
    const found = new Map<string, string[]>()
    for (const phrase of sorted) found.set(wordOf(phrase), [...(found.get(wordOf(phrase)) ?? []), phrase])
    return found
  }
  return { begin: by(firstWord), end: by(lastWord) }
}

const politeness = aroundOf(polite)
const aroundStops = aroundOf([...polite, ...fillers])

function withoutPolite(words: string): string {
  return bareOf(words, politeness)
}

function bareOf(words: string, around: Around): string {
  const begins = around.begin.get(firstWord(words))?.find((phrase) => words.startsWith(`${phrase} `))
  if (begins !== undefined) return bareOf(words.slice(begins.length + 1), around)
  const ends = around.end.get(lastWord(words))?.find((phrase) => words.endsWith(` ${phrase}`))
  return ends === undefined ? words : bareOf(words.slice(0, -ends.length - 1), around)
}

function firstWord(words: string): string {
  const end = words.indexOf(' ')
  return end < 0 ? words : words.slice(0, end)
}

function lastWord(words: string): string {
  return words.slice(words.lastIndexOf(' ') + 1)
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

function firstLine(text: string): string {
  return text.trim().split('\n', 1)[0] ?? ''
}

// "S T O P" and "S.T.O.P."
function joined(words: string): string {
  // A letter is one or two units long.
  if (words[1] !== ' ' && words[2] !== ' ') return words
  return /^(\p{L} )+\p{L}$/u.test(words) ? words.replaceAll(' ', '') : words
}
