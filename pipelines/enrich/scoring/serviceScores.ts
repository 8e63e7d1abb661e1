/**
 * The scores of the scoring services that need no model, as of the moment of the composite: a function of the profile. For people; no
 * agent, gate or message reads them.
 */
import type { LeadProfile, Scoring, ServiceScores } from '../../../schemas/generated/records.ts'
import { interestShares } from '../behaviour/likelihood.ts'
import type { InterestShare } from '../behaviour/likelihood.ts'
import { answersOf } from './answers.ts'
import { goldenLeadOf } from './goldenLead.ts'
import { lifecycleOf } from './lifecycle.ts'
import { questionScoreOf } from './questionScore.ts'

/**
 * `factNames`: custom field id to the name of the fact that it holds. `scoring`: the composite of the profile. `shares`: of its behaviour at
 * that moment, where they are known already.
 */
export function serviceScoresOf(
  profile: LeadProfile,
  factNames: Readonly<Record<string, string>>,
  scoring: Scoring,
  shares: readonly InterestShare[] = interestShares(profile.behaviour?.seen ?? [], scoring.at),
): ServiceScores {
  const answers = answersOf(profile.customFields, factNames)
  const questions = questionScoreOf(profile, answers)
  return {
    at: scoring.at,
    questions,
    golden: goldenLeadOf(profile, answers, shares),
    lifecycle: lifecycleOf(profile, scoring, questions.ready),
  }
}
