/**
 * Results of messages that were worded by lot become shares of the lot: counted by location, looked at once a day, stated as
 * whole numbers for the agent that draws. A wording that was stopped is opened again by a person only.
 */
import { drop, next, timer } from '../../runtime/outcome.ts'
import type { Outcome } from '../../runtime/outcome.ts'
import { from, stage } from '../../runtime/stage.ts'
import type { Context, FiredTimer, StreamRecord, Table } from '../../runtime/stage.ts'
import { TrialState } from '../../schemas/generated/records.ts'
import type { AgentInsight, AgentResult } from '../../schemas/generated/records.ts'
import { insights, results, tenants } from '../../topics/index.ts'
import { reviewAfter } from '../adaptation/adaptation.ts'
import { restated } from '../standingInsight.ts'
import { statedCounts, trialFindings } from './findings.ts'
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
const VERSION = 2

const review = timer('review')

function count(known: TrialState | undefined, { value }: StreamRecord<AgentResult>, ctx: Ctx): Answer {
  const state = withTried(current(known, ctx.at), value)
  if (state === undefined) return drop('not_tried')
  return next<TrialState, typeof insights>(state, known === undefined ? { timers: [review.at(reviewAfter(ctx.at))] } : {})
}

/** The state of the running trial: nothing of a former one but what was stated last. */
function current(known: TrialState | undefined, at: number): TrialState {
  return known?.trial === runningTrial.id ? known : { ...begun(runningTrial, at), published: known?.published ?? null }
}

function look(before: TrialState, _fired: FiredTimer, ctx: Ctx): Answer {
  const reopened = ctx.tables.tenants.get(ctx.key)?.trials?.reopened ?? {}
  const others = othersThan(ctx.key, ctx.tables.insights)
  const { state, posteriors } = reviewed(current(before, ctx.at), runningTrial, others, reopened, ctx.at)
  const now = restated(
    {
      ...{ agentId: trialAgentId, agentVersion: VERSION, system: 'content', validMs: VALID_MS, renewMs: REFRESH_MS },
      findings: trialFindings(state, posteriors),
    },
    before.published ?? undefined,
    ctx,
  )
  return next<TrialState, typeof insights>(
    { ...state, published: now.stated },
    { emit: now.told, timers: [review.at(reviewAfter(ctx.at))] },
  )
}

/** Results that other locations have stated, by wording: of those with the most, in one order on every machine. */
function othersThan(tenantId: string, stated: Table<AgentInsight>): Counts[][] {
  const found: { readonly tenantId: string; readonly counts: Counts[]; readonly sent: number }[] = []
  for (const [, insight] of stated.entries()) {
    if (insight.agentId !== trialAgentId || insight.tenantId === tenantId) continue
    const counts = statedCounts(insight, runningTrial)
    if (counts !== undefined) found.push({ tenantId: insight.tenantId, counts, sent: counts.reduce((sum, { sent }) => sum + sent, 0) })
  }
  const heard = found.sort((a, b) => b.sent - a.sent || (a.tenantId < b.tenantId ? -1 : 1)).slice(0, LOCATIONS_MOST)
  return runningTrial.arms.map((_, k) => heard.flatMap(({ counts }) => counts[k] ?? []))
}

/** Keeps the trial of each location. */
export const trials = stage({
  name: 'trials',
  state: TrialState,
  tables,
  on: [from(results, count)],
  timer: look,
  outputs: [insights],
})
