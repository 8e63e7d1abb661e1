/**
 * Results of a location become standing findings of the agents of system 8, looked at once a day when the day is whole. A
 * statement is published when it has changed or its validity nears its end.
 */
import { drop, next, timer } from '../../runtime/outcome.ts'
import type { Emission, Outcome } from '../../runtime/outcome.ts'
import { from, stage } from '../../runtime/stage.ts'
import type { Context, FiredTimer, StreamRecord } from '../../runtime/stage.ts'
import { AdaptationState } from '../../schemas/generated/records.ts'
import type { AgentResult, Finding } from '../../schemas/generated/records.ts'
import { insights, results } from '../../topics/index.ts'
import type { AdaptiveAgentId } from '../agents/adaptive/findingKinds.ts'
import { roster } from '../agents/roster.ts'
import { restated } from '../standingInsight.ts'
import { dayOf, noDays, pruned, startOfDay, withResult } from './days.ts'
import { feedbackFindings } from './feedback.ts'
import { optimizationFindings } from './optimization.ts'
import { performanceFindings } from './performance.ts'

type Answer = Outcome<AdaptationState, typeof insights>

const HOUR_MS = 3_600_000
/** After midnight UTC: what was closed at its end has come by then. */
export const REVIEW_AFTER_MS = HOUR_MS / 4
/** A statement holds for three days: two reviews may be missed. */
export const VALID_MS = 72 * HOUR_MS
/** It is stated anew when it would not hold until the review after the next one: a day, and an hour for a late timer. */
export const REFRESH_MS = 25 * HOUR_MS

const review = timer('review')

const findingsOf: Readonly<Record<AdaptiveAgentId, (state: AdaptationState, today: number) => Finding[]>> = {
  performance_monitor: (state, today) => performanceFindings(state, today, roster),
  optimization_analyzer: optimizationFindings,
  feedback_integrator: feedbackFindings,
}
const agentIds = Object.keys(findingsOf) as AdaptiveAgentId[]

function count(known: AdaptationState | undefined, { value }: StreamRecord<AgentResult>, ctx: Context): Answer {
  const today = dayOf(ctx.at)
  const state = withResult(known ?? noDays, value, today)
  if (state === undefined) return drop('day_not_kept')
  return next<AdaptationState, typeof insights>(state, known === undefined ? { timers: [review.at(reviewAfter(ctx.at))] } : {})
}

/** The first review after `at`, ms. */
export function reviewAfter(at: number): number {
  const today = startOfDay(dayOf(at)) + REVIEW_AFTER_MS
  return today > at ? today : startOfDay(dayOf(at) + 1) + REVIEW_AFTER_MS
}

function look(before: AdaptationState, _fired: FiredTimer, ctx: Context): Answer {
  const today = dayOf(ctx.at)
  const state = pruned(before, today)
  const published = { ...state.published }
  const told: Emission<typeof insights>[] = []
  for (const agentId of agentIds) {
    const agentVersion = roster.find(({ id }) => id === agentId)?.version ?? 0
    const findings = findingsOf[agentId](state, today)
    const statement = { agentId, agentVersion, system: 'adaptive', findings, validMs: VALID_MS, renewMs: REFRESH_MS } as const
    const now = restated(statement, published[agentId], ctx)
    published[agentId] = now.stated
    told.push(...now.told)
  }
  // Nothing has come for a month: what was said last is that nothing is found.
  if (state.days.length === 0) return next<AdaptationState, typeof insights>(undefined, { emit: told })
  return next<AdaptationState, typeof insights>({ ...state, published }, { emit: told, timers: [review.at(reviewAfter(ctx.at))] })
}

/** Counts the results of a location and says once a day what they show. */
export const adaptation = stage({
  name: 'adaptation',
  state: AdaptationState,
  on: [from(results, count)],
  timer: look,
  outputs: [insights],
})
