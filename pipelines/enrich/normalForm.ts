/**
 * The form in which words of messages are compared with lists of phrases: compatibility forms folded, lower case, accents,
 * apostrophes and characters that are not seen removed, everything else that is no letter or digit a space.
 */

/** A text in normal form, and its words. */
export interface Worded {
  readonly text: string
  readonly words: readonly string[]
}

const ASCII = /^[\0-\x7f]*$/

/** Nearly all messages fit; it is copied out of before anything else is written to it. */
const written = Buffer.allocUnsafe(4_096)
const [SPACE, APOSTROPHE, DIGIT_0, DIGIT_9, UPPER_A, UPPER_Z, GRAVE, LOWER_A, LOWER_Z] = [
  0x20, 0x27, 0x30, 0x39, 0x41, 0x5a, 0x60, 0x61, 0x7a,
]

/** Letter by letter: the form of an ASCII text at a fifth of the cost. */
function ofAscii(text: string): string {
  let length = 0
  let isGap = false
  for (let place = 0; place < text.length; place++) {
    let code = text.charCodeAt(place)
    if (code >= UPPER_A && code <= UPPER_Z) code += LOWER_A - UPPER_A
    if ((code >= LOWER_A && code <= LOWER_Z) || (code >= DIGIT_0 && code <= DIGIT_9)) {
      // One space for each gap, none before the first word.
      if (isGap && length > 0) written[length++] = SPACE
      isGap = false
      written[length++] = code
    } else if (code !== APOSTROPHE && code !== GRAVE) isGap = true
  }
  return written.toString('latin1', 0, length)
}

/** The normal form of a text. */
export function normalised(text: string): string {
  if (text.length <= written.length && ASCII.test(text)) return ofAscii(text)
  return text
    .normalize('NFKD')
    .replace(/[\p{M}'’‘‛`´ʹʻʼʽˈ′\p{Cf}]/gu, '')
    .toLowerCase()
    .replace(/[^\p{L}\p{N}]+/gu, ' ')
    .trim()
}

/** The latest one: what a message means for permission and for intent is asked one after the other. */
let latest: { readonly of: string; readonly worded: Worded } = { of: '', worded: { text: '', words: [''] } }

/** The normal form of a text with its words. */
export function worded(of: string): Worded {
  if (latest.of !== of) {
    const text = normalised(of)
    latest = { of, worded: { text, words: text.split(' ') } }
  }
  return latest.worded
}

/** Is the phrase in the (normalised) text, as whole words? */
export function contains(text: string, phrase: string): boolean {
  for (let from = text.indexOf(phrase); from >= 0; from = text.indexOf(phrase, from + 1)) {
    const end = from + phrase.length
    if ((from === 0 || text[from - 1] === ' ') && (end === text.length || text[end] === ' ')) return true
  }
  return false
}
