/**
 * Results of messages whose wording or hour was drawn by lot become shares of the lot: counted by location, looked at once a day,
 * stated as whole numbers for the agents that draw. What was stopped is opened again by a person only.
 */
import { drop, next, timer } from '../../runtime/outcome.ts'
import type { Outcome } from '../../runtime/outcome.ts'
import { from, stage } from '../../runtime/stage.ts'
import type { Context, FiredTimer, StreamRecord } from '../../runtime/stage.ts'
import { TrialState } from '../../schemas/generated/records.ts'
import type { AgentInsight, AgentResult, Finding, HourTrial } from '../../schemas/generated/records.ts'
import { insights, results, tenants } from '../../topics/index.ts'
import { reviewAfter } from '../adaptation/adaptation.ts'
import { restated } from '../standingInsight.ts'
import type { Statement } from '../standingInsight.ts'
import { statedCounts, trialFindings } from './findings.ts'
import { hourFindings, statedHourCounts } from './hours/hourFindings.ts'
import { hourAgentId, runningHours } from './hours/hourTrial.ts'
import { begunHours, reviewedHours, withTriedHour } from './hours/reviewHours.ts'
import type { Counts } from './prior.ts'
import { begun, reviewed, withTried } from './review.ts'
import { runningTrial, trialAgentId } from './trial.ts'

const tables = { insights, tenants } as const
type Ctx = Context<typeof tables>
type Answer = Outcome<TrialState, typeof insights>

const DAY_MS = 86_400_000
/** A statement holds for thirty days: a stage that stands still must not open again what was stopped. */
export const VALID_MS = 30 * DAY_MS
/** It is stated anew when a week of it is gone. */
export const REFRESH_MS = 23 * DAY_MS
/** Of the other locations so many are heard, those with the most results. */
export const LOCATIONS_MOST = 50
/** Rises when the same results may give other shares. */
const VERSION = 4

const review = timer('review')

function count(known: TrialState | undefined, { value }: StreamRecord<AgentResult>, ctx: Ctx): Answer {
  const before = current(known, ctx.at)
  const worded = withTried(before, value)
  const hours = withTriedHour(before.hours ?? begunHours(ctx.at), value)
  if (worded === undefined && hours === undefined) return drop('not_tried')
  const state = { ...(worded ?? before), hours: hours ?? before.hours }
  return next<TrialState, typeof insights>(state, known === undefined ? { timers: [review.at(reviewAfter(ctx.at))] } : {})
}

/** The state of the running trials: nothing of a former one but what was stated last. */
function current(known: TrialState | undefined, at: number): TrialState {
  const hours = known?.hours ?? null
  return {
    ...(known?.trial === runningTrial.id ? known : { ...begun(runningTrial, at), published: known?.published ?? null }),
    hours: hours === null || hours.trial === runningHours.id ? hours : { ...begunHours(at), published: hours.published },
  }
}

function look(known: TrialState, _fired: FiredTimer, ctx: Ctx): Answer {
  const before = current(known, ctx.at)
  const reopened = ctx.tables.tenants.get(ctx.key)?.trials?.reopened ?? {}
  const worded = isTried(before) ? lookAtWordings(before, reopened, ctx) : { state: before, told: [] }
  const hours = before.hours === null ? { state: null, told: [] } : lookAtHours(before.hours, reopened, ctx)
  return next<TrialState, typeof insights>(
    { ...worded.state, hours: hours.state },
    { emit: [...worded.told, ...hours.told], timers: [review.at(reviewAfter(ctx.at))] },
  )
}

type Reopened = Readonly<Record<string, number>>
type Told = ReturnType<typeof restated>['told']

/** Of a location where hours are drawn alone nothing is stated about wordings. */
function isTried({ arms, published }: TrialState): boolean {
  return published !== null || arms.some(({ sent }) => sent > 0)
}

function lookAtWordings(before: TrialState, reopened: Reopened, ctx: Ctx): { state: TrialState; told: Told } {
  const others = othersThan(ctx, trialAgentId, (insight) => statedCounts(insight, runningTrial), runningTrial.arms)
  const { state, posteriors } = reviewed(before, runningTrial, others, reopened, ctx.at)
  const now = restated(statement(trialAgentId, 'content', trialFindings(state, posteriors)), before.published ?? undefined, ctx)
  return { state: { ...state, published: now.stated }, told: now.told }
}

function lookAtHours(before: HourTrial, reopened: Reopened, ctx: Ctx): { state: HourTrial; told: Told } {
  const others = othersThan(ctx, hourAgentId, statedHourCounts, runningHours.arms)
  const { state, posteriors } = reviewedHours(before, others, reopened, ctx.at)
  const now = restated(statement(hourAgentId, 'follow-up', hourFindings(state, posteriors)), before.published ?? undefined, ctx)
  return { state: { ...state, published: now.stated }, told: now.told }
}

function statement(agentId: string, system: Statement['system'], findings: readonly Finding[]): Statement {
  return { agentId, agentVersion: VERSION, system, findings, validMs: VALID_MS, renewMs: REFRESH_MS }
}

/** Results that other locations have stated, by arm: of those with the most, in one order on every machine. */
function othersThan(
  ctx: Ctx,
  agentId: string,
  countsOf: (insight: AgentInsight) => Counts[] | undefined,
  arms: readonly string[],
): Counts[][] {
  const found: { readonly tenantId: string; readonly counts: Counts[]; readonly sent: number }[] = []
  for (const [, insight] of ctx.tables.insights.entries()) {
    if (insight.agentId !== agentId || insight.tenantId === ctx.key) continue
    const counts = countsOf(insight)
    if (counts !== undefined) found.push({ tenantId: insight.tenantId, counts, sent: counts.reduce((sum, { sent }) => sum + sent, 0) })
  }
  const heard = found.sort((a, b) => b.sent - a.sent || (a.tenantId < b.tenantId ? -1 : 1)).slice(0, LOCATIONS_MOST)
  return arms.map((_, k) => heard.flatMap(({ counts }) => counts[k] ?? []))
}

/** Keeps the trials of each location. */
export const trials = stage({
  name: 'trials',
  state: TrialState,
  tables,
  on: [from(results, count)],
  timer: look,
  outputs: [insights],
})
