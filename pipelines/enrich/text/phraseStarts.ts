/**
 * Which phrase tables a word may begin a phrase of: one look-up for all of them, so that a word that begins nothing, as most do,
 * costs each table one comparison of bits.
 */

/** Bits of the tables with a phrase that begins with the word. */
const starting = new Map<string, number>()
/** Words of which only the beginning is given, by the code of their first letter. */
const beginnings = new Map<number, { readonly beginning: string; readonly bit: number }[]>()
let tables = 0
/** Bits of an integer that no sign disturbs. */
const MOST_TABLES = 30

/** Takes in the first words of a table; returns its bit. `open`: only the beginning of the word is given. */
export function startsOfTable(firstWords: Iterable<{ readonly word: string; readonly open: boolean }>): number {
  if (tables === MOST_TABLES) throw new RangeError(`more than ${MOST_TABLES} phrase tables: their bits do not fit an integer`)
  const bit = 1 << tables++
  for (const { word, open } of firstWords) {
    if (!open) starting.set(word, (starting.get(word) ?? 0) | bit)
    else {
      const letter = word.charCodeAt(0)
      const known = beginnings.get(letter)
      if (known === undefined) beginnings.set(letter, [{ beginning: word, bit }])
      else known.push({ beginning: word, bit })
    }
  }
  return bit
}

/** The bits of the tables in which a phrase may begin with the word. */
export function opensOf(word: string): number {
  let bits = starting.get(word) ?? 0
  const open = beginnings.get(word.charCodeAt(0))
  if (open !== undefined) for (const { beginning, bit } of open) if (word.startsWith(beginning)) bits |= bit
  return bits
}
