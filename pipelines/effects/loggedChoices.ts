/**
 * Choices of the past that were left to lot, with what came of them and what another policy would have chosen: the log that
 * an estimate rests on. Every decision is either in it or counted with the reason why not.
 * @source reference/consensus.md 10.5: what was forced has no part in the estimate and is told
 */
import type { AgentResult, Decision, LeadView } from '../../schemas/generated/records.ts'
import { leadKey } from '../../topics/index.ts'
import { resultIdOf } from '../adaptation/results.ts'
import { isMessage } from '../agents/channels.ts'
import type { Compared } from '../consensus/whatIf.ts'
import { answerOf } from './offPolicy.ts'
import type { Answer, LoggedChoice } from './offPolicy.ts'

/** Everything is certain to come: 1e6 millionths. */
const CERTAIN = 1_000_000

/** Why a decision is not part of the estimate. */
export const leftOut = ['certain', 'no_message', 'no_result', 'unknown', 'worded_otherwise'] as const
export type LeftOut = (typeof leftOut)[number]

export type ChoiceOrNot =
  | { readonly kind: 'choice'; readonly choice: LoggedChoice }
  /** `isOther`: the other policy would have chosen otherwise. */
  | { readonly kind: 'left_out'; readonly because: LeftOut; readonly decisionId: string; readonly isOther: boolean }

/** What is needed of a result to know what a choice brought. */
export type ResultOfChoice = Pick<AgentResult, 'outcome' | 'option' | 'wording'>

/**
 * A compared decision as a choice. `followUp` is the decision on the same question whether and how to write; `result` finds
 * what came of it by the id of the result.
 */
export function choiceOf(
  { decision, other }: Extract<Compared, { kind: 'compared' }>,
  followUp: Decision | undefined,
  view: LeadView,
  result: (resultId: string) => ResultOfChoice | undefined,
): ChoiceOrNot {
  const without = (because: LeftOut): ChoiceOrNot => ({
    kind: 'left_out',
    because,
    decisionId: decision.decisionId,
    isOther: decision.chosen !== other.chosen,
  })
  const logged = sharesOf(decision)
  if ([...logged.values()].includes(CERTAIN)) return without('certain')
  if (followUp === undefined || !isMessage(followUp.chosen)) return without('no_message')
  const lead = leadKey(decision.tenantId, decision.contactId)
  const told = result(resultIdOf(lead, followUp.decisionId))
  // Nobody can answer what the provider did not take.
  if (told === undefined || told.outcome === 'failed') return without('no_result')
  if (told.outcome === 'unknown') return without('unknown')
  // Where the lot could not change the text only the plain wording would stay: counted, its answers would be those of other occasions.
  if (told.wording?.trial !== decision.draw?.trial || told.wording?.option !== decision.chosen) return without('worded_otherwise')
  return {
    kind: 'choice',
    choice: {
      id: decision.decisionId,
      lead,
      features: featuresOf(view, decision.stage, told.option),
      taken: decision.chosen,
      reward: told.outcome === 'reply' || told.outcome === 'appointment' ? 1 : 0,
      logged,
      target: sharesOf(other),
    },
  }
}

/** How probable each option was: the lot's, or all on what was chosen. */
export function sharesOf({ draw, chosen }: Pick<Decision, 'draw' | 'chosen'>): ReadonlyMap<string, number> {
  // Rows that were stored before the field was known lack it.
  return draw ? new Map(draw.arms.map(({ option, propensityMicro }) => [option, propensityMicro])) : new Map([[chosen, CERTAIN]])
}

/** What was known when it was asked and may tell how probable an answer is: five numbers around 0. */
function featuresOf({ counters, score }: LeadView, stage: string, way: string): number[] {
  return [
    counters.inbound > 0 ? 1 : 0,
    // From 0 to 100.
    (score - 50) / 25,
    stage === 'silent' ? 1 : 0,
    stage === 'new' ? 1 : 0,
    way === 'sms' ? 1 : 0,
  ]
}

export interface Effect {
  readonly answer: Answer
  /** Decisions that are not part of the estimate, by the reason. */
  readonly leftOut: Readonly<Record<LeftOut, number>>
  /** Decisions that were certain and that the other policy would have changed: no log tells what that would have brought. */
  readonly notEstimable: readonly string[]
}

/** The estimate of everything that was left to lot, and what it says nothing of. */
export function effectOf(all: readonly ChoiceOrNot[]): Effect {
  const without = all.filter((one) => one.kind === 'left_out')
  const count = (reason: LeftOut) => without.filter(({ because }) => because === reason).length
  return {
    answer: answerOf(all.flatMap((one) => (one.kind === 'choice' ? [one.choice] : []))),
    leftOut: Object.fromEntries(leftOut.map((reason) => [reason, count(reason)])) as Record<LeftOut, number>,
    notEstimable: without.filter(({ because, isOther }) => because === 'certain' && isOther).map(({ decisionId }) => decisionId),
  }
}
