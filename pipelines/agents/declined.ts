/** What the lead declines with, in messages that wait for an answer; who has done one half of a move and wants the other declines nothing. */
import { isOtherHalfWanted, isHalfDone } from '../enrich/text/otherHalf.ts'
import { tokensOf } from '../enrich/text/tokens.ts'
import { notNow, said } from './phrases.ts'

/** Phrases in the order they are said. A wish counts in whichever of the messages it stands. */
export function declined(messages: readonly { readonly text: string }[]): string[] {
  const found = messages.flatMap(({ text }) => said(text, notNow))
  if (!found.some(isHalfDone)) return found
  const told = messages.map(({ text }) => tokensOf(text))
  return found.filter((phrase) => !isOtherHalfWanted(phrase, told))
}
