/**
 * The words with which a message takes its permission back or gives it again: what `permissionChange` decides on, as it stands
 * in the message. Quotation marks excuse nothing here: a missed opt-out is unlawful.
 */
import { normalised, permissionChange } from '../optOut.ts'
import type { PermissionChange } from '../optOut.ts'
import { wordsOf } from './tokens.ts'
import type { Found, Told } from './tokens.ts'

/** Value: opt_out | unclear | opt_in. */
export function optOutIn(told: Told): Found[] {
  return found(told, permissionChange(told.text))
}

/** The same of the subject of an e-mail, where only a word that stands alone counts. */
export function optOutInSubject(told: Told): Found[] {
  return found(told, permissionChange('', told.text))
}

function found(told: Told, change: PermissionChange | undefined): Found[] {
  return change === undefined ? [] : [{ value: change.change, words: asWritten(told, change.words.split(' ')) }]
}

function asWritten(told: Told, words: readonly string[]): string {
  const from = told.tokens.findIndex((_, place) => words.every((word, offset) => told.tokens[place + offset]?.word === word))
  if (from >= 0) return wordsOf(told, from, from + words.length - 1)
  // Letters of which other letters are made, such as "™", are read differently in a row: then the message is its own proof.
  return (
    told.text
      .trim()
      .split('\n')
      .find((line) => normalised(line) !== '') ?? told.text.trim()
  )
}
