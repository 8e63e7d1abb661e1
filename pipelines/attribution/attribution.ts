/**
 * Revenue attribution of a location: folds journeys and spend into 90 days of bounded state, and publishes what the four agents
 * find in it, five minutes after something changed and once a day, but only what is new or about to run out.
 */
import { drop, next, timer } from '../../runtime/outcome.ts'
import type { Emission, Outcome, TimerChange } from '../../runtime/outcome.ts'
import { from, stage } from '../../runtime/stage.ts'
import type { Context, FiredTimer, StreamRecord } from '../../runtime/stage.ts'
import { AttributionState } from '../../schemas/generated/records.ts'
import type { Finding, LeadJourney, MarketingSpend } from '../../schemas/generated/records.ts'
import { insights, journeys, marketingSpend } from '../../topics/index.ts'
import { restated } from '../standingInsight.ts'
import { figuresOf } from './figures.ts'
import { budgetFindings, channelFindings, modelFindings } from './findings.ts'
import { forecastFindings } from './forecast.ts'
import { DAY_MS, PUBLISH_AFTER_MS, emptyWindow, isEmpty, trimmed, withJourney, withSpend } from './window.ts'

/** The window moves by a day. @source reference/lead-domain.md 2.8 (refresh 24 h) */
export const REFRESH_MS = DAY_MS
/** Three refreshes: one that comes late leaves no gap. */
export const VALID_MS = 3 * DAY_MS
/** What still holds is said again when less than this is left. */
export const RENEW_MS = 36 * 3_600_000

const TIMER = 'publish'
/** Rises when the same window may give other findings. */
const agentVersion = 5

type Answer = Outcome<AttributionState, typeof insights>

function count(before: AttributionState | undefined, record: StreamRecord<LeadJourney>, ctx: Context): Answer {
  const state = trimmed(before ?? emptyWindow(ctx.at), ctx.at)
  return changed(before, state, withJourney(state, record.value), ctx)
}

function spend(before: AttributionState | undefined, record: StreamRecord<MarketingSpend>, ctx: Context): Answer {
  const state = trimmed(before ?? emptyWindow(ctx.at), ctx.at)
  const after = withSpend(state, record.value)
  return after === undefined ? drop('spend_unreadable') : changed(before, state, after, ctx)
}

function changed(before: AttributionState | undefined, state: AttributionState, after: AttributionState, ctx: Context): Answer {
  if (after === state) return before === undefined ? next(undefined) : drop('nothing_new')
  if (after.publishAt !== null) return next(after)
  // Not moved by what comes meanwhile: a location that is never quiet is published as well.
  const publishAt = ctx.at + PUBLISH_AFTER_MS
  return next({ ...after, publishAt }, { timers: [timer(TIMER).at(publishAt)] })
}

function publish(before: AttributionState, _fired: FiredTimer, ctx: Context): Answer {
  const state = trimmed(before, ctx.at)
  const told: Emission<typeof insights>[] = []
  const published = found(state, ctx.at).map(({ agentId, findings }) => {
    const statement = { agentId, agentVersion, system: 'attribution', findings, validMs: VALID_MS, renewMs: RENEW_MS } as const
    const now = restated(
      statement,
      state.published.find((one) => one.agentId === agentId),
      ctx,
    )
    told.push(...now.told)
    return { agentId, ...now.stated }
  })
  // Nothing is left to count: the empty findings were just told, and the location is forgotten.
  if (isEmpty(state)) return next<AttributionState, typeof insights>(undefined, { emit: told })
  const timers: TimerChange[] = [timer(TIMER).at(ctx.at + REFRESH_MS)]
  return next<AttributionState, typeof insights>({ ...state, publishAt: null, published }, { emit: told, timers })
}

/** The findings of each agent, in roster order. */
export function found(state: AttributionState, at: number): { readonly agentId: string; readonly findings: Finding[] }[] {
  const figures = figuresOf(state, at)
  return [
    { agentId: 'attribution_modeler', findings: modelFindings(figures) },
    { agentId: 'channel_analyzer', findings: channelFindings(figures) },
    { agentId: 'roi_optimizer', findings: budgetFindings(figures) },
    { agentId: 'predictive_modeler', findings: forecastFindings(state, figures, at) },
  ]
}

export const attribution = stage({
  name: 'attribution',
  state: AttributionState,
  on: [from(journeys, count), from(marketingSpend, spend)],
  timer: publish,
  outputs: [insights],
})
