/**
 * The words with which a message takes its permission back or gives it again: what the consent rules decided on, as it stands in
 * the message. Quotation marks excuse nothing here: a missed opt-out is unlawful.
 */
import { normalised } from '../normalForm.ts'
import type { PermissionChange } from '../optOut.ts'
import { wordsOf } from './tokens.ts'
import type { Found, Told } from './tokens.ts'

/** Value: opt_out | unclear | opt_in. `subject` is that of an e-mail; the words stand in one of the two. */
export function optOutIn(told: Told, subject: Told | undefined, change: PermissionChange | undefined): Found[] {
  if (change === undefined) return []
  const words = change.words.split(' ')
  const parts = subject === undefined ? [told] : [told, subject]
  const found = [...parts.map((part) => asWritten(part, words)), ...parts.map(firstLine)].filter((one) => one !== undefined)
  return found.slice(0, 1).map((written) => ({ value: change.change, words: written }))
}

function asWritten(told: Told, words: readonly string[]): string | undefined {
  const from = told.tokens.findIndex((_, place) => words.every((word, offset) => told.tokens[place + offset]?.word === word))
  return from < 0 ? undefined : wordsOf(told, from, from + words.length - 1)
}

// Letters of which other letters are made, such as "™", are read differently in a row: then the line is its own proof.
function firstLine({ text }: Told): string | undefined {
  return text
    .trim()
    .split('\n')
    .find((line) => normalised(line) !== '')
}
