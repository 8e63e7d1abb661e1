/**
 * Which phrase lists may have a phrase in a text: the text is read once for all of them, and a list of which no phrase begins with a word
 * of it, as most, is not searched. What is kept of a text is a function of it, so it changes no answer.
 */

/** Bits of the lists with a phrase that begins with the word. */
const starting = new Map<string, number>()
/** Beginnings of words, where the rest is left open. */
const beginnings: { readonly beginning: string; readonly bit: number }[] = []
let lists = 0
/** Bits of an integer that no sign disturbs. */
const MOST_LISTS = 30

export interface Screened {
  /** In small letters, with straight apostrophes. */
  readonly lower: string
  /** Bits of the lists that may have a phrase in it. */
  readonly opens: number
}

/** Takes in the phrases of a list, `*` standing for the rest of a word; returns its bit. */
export function bitOfList(phrases: readonly string[]): number {
  if (lists === MOST_LISTS) throw new RangeError(`more than ${MOST_LISTS} phrase lists: their bits do not fit an integer`)
  const bit = 1 << lists++
  for (const phrase of phrases) {
    const word = /^\w+/.exec(phrase)?.[0]
    if (word === undefined) throw new TypeError(`phrase "${phrase}" does not begin with a letter or digit: it would never be looked for`)
    if (phrase[word.length] === '*') beginnings.push({ beginning: word, bit })
    else starting.set(word, (starting.get(word) ?? 0) | bit)
  }
  return bit
}

/** The last messages of a lead are read by every agent that reads words: ten, answers of forms, and those of the question before. */
const KEPT = 64
const known = new Map<string, Screened>()

export function screened(text: string): Screened {
  let found = known.get(text)
  if (found === undefined) {
    if (known.size === KEPT) known.clear()
    const lower = text.toLowerCase().replaceAll('’', "'")
    known.set(text, (found = { lower, opens: opensOf(lower) }))
  }
  return found
}

function opensOf(lower: string): number {
  let opens = 0
  let start = -1
  for (let place = 0; place <= lower.length; place++) {
    if (place < lower.length && isWord(lower.charCodeAt(place))) {
      if (start < 0) start = place
    } else if (start >= 0) {
      opens |= bitsOf(lower.slice(start, place))
      start = -1
    }
  }
  return opens
}

function bitsOf(word: string): number {
  let bits = starting.get(word) ?? 0
  for (const { beginning, bit } of beginnings) if (word.startsWith(beginning)) bits |= bit
  return bits
}

const IS_WORD = Array.from({ length: 0x80 }, (_, code) => /\w/.test(String.fromCharCode(code)))

/** As `\w`. */
function isWord(code: number): boolean {
  return code < IS_WORD.length && IS_WORD[code] === true
}
