/**
 * Everything that a message of a lead says about intent, budget, time frame, objections, questions, mood, language and permission,
 * each finding with the words it rests on: an exact substring of the message, at most 120 units of it.
 */
import { cut } from '../../ingest/fields.ts'
import { budgetIn } from './budget.ts'
import { intentIn } from './intent.ts'
import { languageIn } from './language.ts'
import { objectionsIn } from './objections.ts'
import { optOutIn, optOutInSubject } from './optOutWording.ts'
import { questionsIn } from './questions.ts'
import { sentimentIn } from './sentiment.ts'
import { timeFrameIn } from './timeFrame.ts'
import { tokensOf } from './tokens.ts'
import type { Found, Told } from './tokens.ts'

/** The rule of each kind. */
export const rules = {
  intent: intentIn,
  budget: budgetIn,
  time_frame: timeFrameIn,
  objection: objectionsIn,
  question: questionsIn,
  sentiment: sentimentIn,
  language: languageIn,
  opt_out: optOutIn,
} as const satisfies Readonly<Record<string, (told: Told) => Found[]>>

export type Kind = keyof typeof rules
export const kinds = Object.keys(rules) as Kind[]

export interface Finding extends Found {
  readonly kind: Kind
}

/** UTF-16 units kept of the words of a finding. */
export const WORDS_KEPT = 120
/** UTF-16 units of a message that are read: all that ingest keeps. @source safety reference 6, cap */
const READ = 4_000

/** The findings of one message by kind, in the order they are said; the same value of a kind once. `subject` is that of an e-mail. */
export function findingsIn(text: string, subject: string | null = null): Finding[] {
  const told = tokensOf(cut(text, READ))
  const inSubject =
    subject === null ? [] : optOutInSubject(tokensOf(cut(subject, READ))).map((one) => ({ kind: 'opt_out' as const, ...one }))
  const inText = kinds.flatMap((kind) => {
    const found = rules[kind](told).map(({ value, words }) => ({ kind, value, words: cut(words, WORDS_KEPT) }))
    return found.filter((one, place) => kind === 'question' || found.findIndex(({ value }) => value === one.value) === place)
  })
  return [...inText, ...inSubject]
}
