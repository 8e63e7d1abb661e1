/**
 * What the lead asks, in its own words: sentences with a question mark, and those that begin as questions do. A question that
 * speaks of a protected trait is no signal: the message shows it, and a person answers it.
 */
import { matches, phraseTable } from './phraseTable.ts'
import { openingFillers, openingRows, protectedRows } from './questionWords.ts'
import type { Found, Told, Token } from './tokens.ts'

const openings = phraseTable(openingRows)
const traits = phraseTable(protectedRows)

/** `marked`: with a question mark. `worded`: begins as a question. */
export function questionsIn({ text, tokens }: Told): Found[] {
  const found: Found[] = []
  let place = 0
  for (const { start, end } of sentences(text)) {
    const from = place
    while ((tokens[place]?.end ?? Infinity) <= end) place++
    const own = tokens.slice(from, place)
    if (own.length === 0 || own.every(({ quoted }) => quoted)) continue
    const marked = text
      .slice(start, end)
      .trimEnd()
      .replace(/[!"”»)]$/, '')
      .endsWith('?')
    if (!marked && !opens(own)) continue
    if (matches(own, traits).length > 0) continue
    found.push({ value: marked ? 'marked' : 'worded', words: text.slice(start, end).trim() })
  }
  return found
}

function opens(own: readonly Token[]): boolean {
  const first = own.findIndex(({ word }) => !openingFillers.has(word))
  return first >= 0 && matches(own.slice(first), openings)[0]?.from === 0
}

const LINE_END = 0x0a
const LOWER_A = 0x61
const LOWER_Z = 0x7a
const AFTER_MARK = /^[\s"”»)]?$/

/** "." "!" "?" "…" */
function isMark(code: number): boolean {
  return code === 0x2e || code === 0x21 || code === 0x3f || code === 0x2026
}

/** Sentences end at a line end, and at a mark that a space follows: "3.5" and the question mark of an address end nothing. */
export function sentences(text: string): { readonly start: number; readonly end: number }[] {
  const found: { start: number; end: number }[] = []
  let start = 0
  for (let at = 0; at < text.length; at++) {
    const one = text.charCodeAt(at)
    // Letters and spaces, which most are, end nothing.
    if (one >= LOWER_A && one <= LOWER_Z) continue
    const ends = one === LINE_END || (isMark(one) && AFTER_MARK.test(text.charAt(at + 1)))
    if (!ends) continue
    found.push({ start, end: at + 1 })
    start = at + 1
  }
  if (start < text.length) found.push({ start, end: text.length })
  return found
}
