/**
 * How many of the seven questions a lead has answered, in its fields or in its messages: a function of the profile. Only that there is an
 * answer counts. A fact for people: nothing is handed over and nothing is offered by it. @source lead-domain reference 8, question score
 */
import type { LeadProfile, QuestionScore } from '../../../schemas/generated/records.ts'
import { listed } from '../behaviour/because.ts'
import { saidIntent } from '../score.ts'
import type { Answers } from './answers.ts'
import { fitByKnown } from './parts.ts'
import { READY_FROM, questions, reaches } from './serviceTables.ts'
import type { Reach } from './serviceTables.ts'

const bitOf = (words: string) => 1 << questions.findIndex((question) => question.words === words)
const BUDGET = bitOf('budget')
const TIME_FRAME = bitOf('time frame')
const FINANCING = bitOf('financing')

/** The score for each set of answers: there are 128, and nobody writes to one. */
const scores: readonly QuestionScore[] = Array.from({ length: 1 << questions.length }, (_, bits) => {
  const answered = questions.filter((_, place) => (bits & (1 << place)) !== 0).map(({ words }) => words)
  const score = fitByKnown[answered.length] as number
  const factors = score === 0 ? [] : [{ code: 'questions_answered', points: score, words: `answered: ${listed(answered)}` }]
  return { score, answered: answered.length, reach: reachOf(answered.length), ready: score >= READY_FROM, factors }
})

/** The score of a profile whose custom fields answer `answers`. */
export function questionScoreOf(
  { recentMessages, textSignals }: Pick<LeadProfile, 'recentMessages' | 'textSignals'>,
  { questions: stated }: Pick<Answers, 'questions'>,
): QuestionScore {
  let bits = stated
  for (const { kind } of textSignals) {
    if (kind === 'budget') bits |= BUDGET
    else if (kind === 'time_frame') bits |= TIME_FRAME
  }
  const said = saidIntent(recentMessages)
  if (said?.timeline !== undefined) bits |= TIME_FRAME
  if (said?.financing !== undefined) bits |= FINANCING
  return scores[bits] as QuestionScore
}

/** How much of the answers is known by their count, 0 to 7. */
export function reachOf(count: number): Reach {
  return reaches.find(({ from }) => count >= from)?.reach ?? 'little'
}
