/**
 * Everything that a message of a lead says about intent, budget, time frame, objections, questions, mood, language and permission,
 * each finding with the words it rests on: an exact substring of the message, at most 120 units of it.
 */
import { cut } from '../../ingest/fields.ts'
import type { PermissionChange } from '../optOut.ts'
import { budgetIn } from './budget.ts'
import { intentIn } from './intent.ts'
import { languageIn } from './language.ts'
import { objectionsIn } from './objections.ts'
import { optOutIn } from './optOutWording.ts'
import { questionsIn } from './questions.ts'
import { sentimentIn } from './sentiment.ts'
import { timeFrameIn } from './timeFrame.ts'
import { tokensOf } from './tokens.ts'
import type { Found, Told } from './tokens.ts'

/** The rule of each kind but `opt_out`, which the consent rules decide. */
export const rules = {
  intent: intentIn,
  budget: budgetIn,
  time_frame: timeFrameIn,
  objection: objectionsIn,
  question: questionsIn,
  sentiment: sentimentIn,
  language: languageIn,
} as const satisfies Readonly<Record<string, (told: Told) => Found[]>>

export type Kind = keyof typeof rules | 'opt_out'
export const kinds: readonly Kind[] = [...(Object.keys(rules) as (keyof typeof rules)[]), 'opt_out']

export interface Finding extends Found {
  readonly kind: Kind
}

/** UTF-16 units kept of the words of a finding. */
export const WORDS_KEPT = 120
/** UTF-16 units of a message that are read: all that ingest keeps. @source safety reference 6, cap */
const READ = 4_000

/**
 * The findings of one message by kind, in the order they are said; the same value of a kind once. `subject` is that of an e-mail,
 * `change` what the message means for permission.
 */
export function findingsIn(text: string, subject: string | null, change: PermissionChange | undefined): Finding[] {
  const told = tokensOf(cut(text, READ))
  const toldSubject = subject === null ? undefined : tokensOf(cut(subject, READ))
  const found: Finding[] = []
  for (const kind of kinds) {
    const first = found.length
    for (const { value, words } of kind === 'opt_out' ? optOutIn(told, toldSubject, change) : rules[kind](told)) {
      let place = kind === 'question' ? found.length : first
      while (place < found.length && found[place]?.value !== value) place++
      if (place === found.length) found.push({ kind, value, words: cut(words, WORDS_KEPT) })
    }
  }
  return found
}
