/**
 * How much of a golden lead somebody is, 0 to 100, with its reasons: a function of the profile and of a moment. A part that is not known
 * of the lead adds no point and is named, so a score is what is known and never a guess. @source lead-domain reference 8, golden lead
 */
import type { GoldenLead, LeadProfile } from '../../../schemas/generated/records.ts'
import type { InterestShare } from '../behaviour/likelihood.ts'
import { saidIntent } from '../score.ts'
import type { SaidIntent } from '../score.ts'
import type { Answers } from './answers.ts'
import { interestWords } from './parts.ts'
import { timelineOf } from './priority.ts'
import { LEAST_BUDGET } from './priorityTables.ts'
import { financingPoints, goldenTiers, goldenWeights, questions } from './serviceTables.ts'
import type { GoldenPart, GoldenTier } from './serviceTables.ts'
import { wholeFactors } from './wholePoints.ts'
import type { ExactFactor } from './wholePoints.ts'

const PLACE = 1 << questions.findIndex(({ words }) => words === 'place')

/** What the score is a function of, beside the answers. */
interface Told {
  readonly said: SaidIntent | undefined
  readonly writesBudget: boolean
  /** Market reports read. */
  readonly reports: number
}

/** By the very answers: most events change nothing that counts here. Nobody writes to a score. */
const kept = new WeakMap<Answers, Told & { readonly golden: GoldenLead }>()

/** The score of a profile whose custom fields answer `answers`; `shares`: of its behaviour at the moment. */
export function goldenLeadOf(
  { recentMessages, textSignals }: Pick<LeadProfile, 'recentMessages' | 'textSignals'>,
  answers: Answers,
  shares: readonly InterestShare[],
): GoldenLead {
  const said = saidIntent(recentMessages)
  const writesBudget = textSignals.some(({ kind }) => kind === 'budget')
  const reports = shares.find(({ interest }) => interest === 'market_report_engagement')?.events ?? 0
  const before = kept.get(answers)
  if (before?.said === said && before?.writesBudget === writesBudget && before.reports === reports) return before.golden
  const golden = weighed(answers, { said, writesBudget, reports })
  kept.set(answers, { said, writesBudget, reports, golden })
  return golden
}

function weighed(answers: Answers, { said, writesBudget, reports }: Told): GoldenLead {
  const known: ExactFactor[] = []
  const unknown: string[] = []
  weigh('urgent_timeline', timelineOf(answers.days, said), known, unknown)
  weigh('budget_clarity', budgetOf(answers, writesBudget), known, unknown)
  weigh('financing', financingOf(answers, said), known, unknown)
  weigh('location_specificity', (answers.questions & PLACE) === 0 ? undefined : placeKnown, known, unknown)
  weigh('market_knowledge', marketOf(reports), known, unknown)
  const factors = wholeFactors(known)
  let score = 0
  for (const { points } of factors) score += points
  return { score, tier: goldenTierOf(score), factors, unknown }
}

interface Part {
  readonly points: number
  readonly words: string
}

const placeKnown: Part = { points: 100, words: 'says where it looks' }

function weigh(part: GoldenPart, told: Part | undefined, known: ExactFactor[], unknown: string[]): void {
  if (told === undefined) unknown.push(part)
  else known.push({ code: part, points: told.points, words: told.words, weight: goldenWeights[part] })
}

/** The tier of a score of 0 to 100. */
export function goldenTierOf(score: number): GoldenTier {
  return goldenTiers.find(({ from }) => score >= from)?.tier ?? 'none'
}

function budgetOf({ budget }: Answers, writesBudget: boolean) {
  if (budget !== undefined && budget >= LEAST_BUDGET) return { points: 100, words: 'its budget is stated' }
  return writesBudget ? { points: 100, words: 'writes what it can pay' } : undefined
}

/** The further of what is stated and what it writes. */
function financingOf({ financing }: Answers, said: SaidIntent | undefined) {
  const written = said?.financing
  if (written !== undefined && (financing === undefined || financingPoints[written.name] > financingPoints[financing]))
    return { points: financingPoints[written.name], words: `financing ${written.name.replace('_', ' ')} ("${written.phrase}")` }
  return financing === undefined
    ? undefined
    : { points: financingPoints[financing], words: `financing ${financing.replace('_', ' ')}, as stated` }
}

function marketOf(reports: number) {
  return reports === 0 ? undefined : { points: 100, words: `${interestWords.market_report_engagement}: ${reports}` }
}
