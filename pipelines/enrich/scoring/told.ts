/** A score as it is told to people and stores: never without its reasons, also where a profile is older than they are. */
import type { GoldenLead, LeadProfile, Priority, QuestionScore, Scoring, ServiceScores } from '../../../schemas/generated/records.ts'
import { instantInWords, listed } from '../behaviour/because.ts'
import type { Churn } from './churn.ts'
import { neverKnown, questions } from './serviceTables.ts'

export type ToldScore = Pick<Scoring, 'score' | 'temperature' | 'factors'>

/** The score of a profile; of one that was written before scores had factors, what its words alone came to. */
export function toldScore(profile: Pick<LeadProfile, 'score' | 'scoring'>): ToldScore {
  // Rows that were stored before scores had factors lack the field.
  if (profile.scoring) return profile.scoring
  const points = Math.round(Math.min(100, Math.max(0, profile.score)))
  const factors = points === 0 ? [] : [{ code: 'words_alone', points, words: 'what the lead says, scored before anything else was' }]
  return { score: points, temperature: 'unknown', factors }
}

/** `63 of 100, warm: 24 for uses a pricing tool: 8, last 2026-11-03 15:00 UTC; ...` */
export function reasoningOf({ score, temperature, factors }: ToldScore): string {
  const reasons = factors.map(({ points, words }) => `${points} for ${words}`)
  return `${score} of 100, ${temperature}: ${reasons.length === 0 ? nothingToScore(temperature) : reasons.join('; ')}.`
}

function nothingToScore(temperature: string): string {
  return temperature === 'unknown' ? 'nothing is known to score' : 'what is known comes to no point'
}

/** The priority of a profile; `undefined` for one that was written before there were tiers. */
export function toldPriority(profile: Pick<LeadProfile, 'priority'>): Priority | undefined {
  // Rows that were stored before there were tiers lack the field.
  return profile.priority ?? undefined
}

/** `priority HOT, 71 of 100, contact due 2026-11-03 16:00 UTC; not known: fit and source` */
export function priorityInWords({ tier, score, dueAt, unknown }: Priority): string {
  const due = dueAt === null ? 'no contact due' : `contact due ${instantInWords(dueAt)}`
  return `priority ${tier}, ${score} of 100, ${due}${unknown.length === 0 ? '' : `; not known: ${listed(unknown)}`}`
}

/** The scores beside the composite; `undefined` for a profile that was written before there were any. */
export function toldServiceScores(profile: Pick<LeadProfile, 'serviceScores'>): ServiceScores | undefined {
  // Rows that were stored before lack the field.
  return profile.serviceScores ?? undefined
}

/** `questions 75 of 100, 5 of 7 answered (much); enough to hand over and to offer a meeting` */
export function questionsInWords({ score, answered, reach, ready }: QuestionScore): string {
  return `questions ${score} of 100, ${answered} of ${questions.length} answered (${reach})${ready ? '; enough to hand over and to offer a meeting' : ''}`
}

/** `golden lead: silver, 73 of 100; not known: emotional investment and decision authority` */
export function goldenInWords({ score, tier, unknown }: GoldenLead): string {
  const missing = [...unknown, ...neverKnown.map(({ part }) => part)].map((part) => part.replaceAll('_', ' '))
  return `golden lead: ${tier === 'none' ? 'no tier' : tier}, ${score} of 100; not known: ${listed(missing)}`
}

/** `churn risk high, 69 of 100, last sign of life 2026-11-03 15:00 UTC` */
export function churnInWords({ risk, tier, since }: Pick<Churn, 'risk' | 'since'> & { readonly tier: string }): string {
  return `churn risk ${tier}, ${risk} of 100, last sign of life ${instantInWords(since)}`
}
