/**
 * Row 1. Buying power from what the lead said about work and money: job title, budget, pre-approval, down payment,
 * income, credit. Despite its name in the roster it reads no age, family, education, place or ZIP: it cannot.
 * @source reference/lead-domain.md 2.3, 13.1; reference/safety-and-claude.md 4.4
 */
import { abstain, binOf, field, vote } from '../agent.ts'
import type { Agent } from '../agent.ts'
import type { AgentView } from '../agentView.ts'
import { openOr } from '../channels.ts'
import { amountOf, answerOf, meanOf, shareOf } from '../factValues.ts'

type Band = readonly [atLeast: number, points: number]
/** Points out of 100 by the highest band that is reached; 40 below all. */
const budgetBands: readonly Band[] = [
  [600_000, 95],
  [350_000, 80],
  [250_000, 65],
]
const incomeBands: readonly Band[] = [
  [150_000, 95],
  [90_000, 80],
  [60_000, 65],
]
const creditBands: readonly Band[] = [
  [740, 95],
  [700, 80],
  [660, 65],
]
/** Down payment as a share of the budget. */
const downBands: readonly Band[] = [
  [0.2, 95],
  [0.1, 80],
  [0.05, 65],
]

const senior = /\b(director|vp|vice president|senior|lead|manager|executive|chief|owner|partner|ceo|cfo|cto|physician|surgeon)\b/i
const skilled = /\b(engineer|analyst|consultant|specialist|developer|nurse|teacher|accountant|attorney)\b/i

export interface BuyingPower {
  /** 0 to 100; `undefined` when nothing is known. */
  readonly score: number | undefined
  /** Known components of six. */
  readonly known: number
}

/** Mean points over the components that are known. */
export function buyingPower(facts: AgentView['facts']): BuyingPower {
  const budget = budgetOf(facts)
  const down = downShareOf(facts.down_payment, budget)
  const approved = answerOf(facts.pre_approved)
  const parts = [
    facts.job_title === undefined ? undefined : senior.test(facts.job_title) ? 95 : skilled.test(facts.job_title) ? 80 : 60,
    band(budget, budgetBands),
    band(amountOf(facts.income), incomeBands),
    band(amountOf(facts.credit_score), creditBands),
    band(down, downBands),
    approved === undefined ? undefined : approved ? 95 : 50,
  ].filter((points) => points !== undefined)
  return { score: parts.length === 0 ? undefined : meanOf(parts), known: parts.length }
}

function budgetOf(facts: AgentView['facts']): number | undefined {
  const ends = [amountOf(facts.budget_min), amountOf(facts.budget_max)].filter((amount) => amount !== undefined)
  return amountOf(facts.budget) ?? (ends.length === 0 ? undefined : meanOf(ends))
}

/** Of the budget: as it is told, or an amount beside the budget. */
function downShareOf(text: string | undefined, budget: number | undefined): number | undefined {
  if (text?.includes('%') === true) return shareOf(text)
  const down = amountOf(text)
  return down === undefined || budget === undefined || budget === 0 ? undefined : down / budget
}

function band(value: number | undefined, bands: readonly Band[]): number | undefined {
  return value === undefined ? undefined : (bands.find(([atLeast]) => value >= atLeast)?.[1] ?? 40)
}

const moneyFacts = ['job_title', 'budget', 'budget_min', 'budget_max', 'income', 'credit_score', 'down_payment', 'pre_approved'] as const

export const demographicAnalyzer: Agent = {
  id: 'demographic_analyzer',
  version: 4,
  system: 'lead-intelligence',
  family: 'facts',
  answers: ['follow_up'],
  reads: [...moneyFacts.map((fact) => `facts.${fact}`), 'hasPhone', 'hasEmail', 'blockedChannels'],
  assess(view) {
    const { score, known } = buyingPower(view.facts)
    if (score === undefined) return abstain('no_money_facts')
    const personal = score >= 70
    const option = personal ? openOr(view, 'call', 'sms') : openOr(view, 'email', 'sms')
    if (option === undefined) return abstain('no_open_channel')
    // Four of six components tell enough. The less a lead can spend, the less that says about how to approach it: the line
    // 0.25 + 0.87 * score meets the acceptance values .92 / .75 / .65 / .88 of the four profiles within their bins.
    const completeness = Math.min(1, known / 4)
    return vote('follow_up', option, {
      bin: binOf(completeness * Math.min(1, 0.25 + (0.87 * score) / 100)),
      reason: personal ? 'strong_buying_power' : score >= 50 ? 'middle_buying_power' : 'early_stage_budget',
      text: personal
        ? `Strong buying power (${Math.round(score)} of 100): worth a personal contact.`
        : `Buying power ${Math.round(score)} of 100: written help with options and financing fits.`,
      evidence: moneyFacts
        .flatMap((fact) => (view.facts[fact] === undefined ? [] : [field(`facts.${fact}`, view.facts[fact])]))
        .slice(0, 3),
    })
  },
}
