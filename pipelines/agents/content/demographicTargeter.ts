/**
 * Row 14. The wording that suits the plans of the lead: how soon, how far with financing. Despite its name in the roster
 * it reads no person: no age, family, place, and no income either, which must not choose what people are told about homes.
 * Abstains when no plans are known.
 * @source reference/lead-domain.md 7.1, 7.3; reference/safety-and-claude.md 4.4
 */
import { abstain, binOf, field, vote } from '../agent.ts'
import type { Agent, OptionOf } from '../agent.ts'
import { financingOf, timelineOf } from '../lead-intelligence/intentDetector.ts'

/** Points of the time frames and of financing that is ready, as the intent detector counts them. */
const soon = 28
const long = 8
const medium = 18
const ready = 25

interface Plan {
  readonly approach: OptionOf<'content'>
  readonly clarity: number
  readonly reason: string
  readonly text: string
}

const planFacts = ['timeline', 'financing', 'pre_approved', 'down_payment', 'budget', 'budget_min', 'budget_max'] as const

export const demographicTargeter: Agent = {
  id: 'demographic_targeter',
  version: 3,
  system: 'content',
  family: 'facts',
  answers: ['content'],
  reads: planFacts.map((fact) => `facts.${fact}`),
  assess({ facts }) {
    const timeline = timelineOf(facts.timeline?.replaceAll('_', ' ') ?? '')
    const financing = financingOf(facts)
    const hasBudget = facts.budget !== undefined || facts.budget_min !== undefined || facts.budget_max !== undefined
    if (!timeline.known && !financing.known) return abstain(hasBudget ? 'plans_too_thin' : 'no_plans_known')
    const { approach, clarity, reason, text }: Plan =
      timeline.known && timeline.points <= long
        ? { approach: 'reassure', clarity: 0.75, reason: 'plans_far_off', text: 'The move is far off: no pressure.' }
        : financing.points >= ready && timeline.points >= soon
          ? { approach: 'direct_ask', clarity: 0.9, reason: 'ready_and_soon', text: 'Financing stands and the move is near: ask directly.' }
          : financing.known && financing.points < ready
            ? { approach: 'inform', clarity: 0.75, reason: 'financing_open', text: 'Financing is not settled: information helps.' }
            : {
                approach: 'soft_ask',
                clarity: timeline.points >= medium ? 0.7 : 0.6,
                reason: 'plans_known',
                text: 'Plans are known: a soft question fits.',
              }
    const known = [timeline.known, financing.known, hasBudget].filter(Boolean).length
    return vote('content', approach, {
      bin: binOf((known / 3) * clarity),
      reason,
      text,
      evidence: planFacts.flatMap((fact) => (facts[fact] === undefined ? [] : [field(`facts.${fact}`, facts[fact])])).slice(0, 3),
    })
  },
}
