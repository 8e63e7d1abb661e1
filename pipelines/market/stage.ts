/**
 * The market of each location out of the facts that feeds tell: 30 days of figures by week, and out of them the standing findings of
 * the four agents of competitive intelligence. A finding is told when it changes and again before it would lapse; when the last
 * figure is too old each agent says once that it finds nothing.
 */
import type { Emission, Outcome } from '../../runtime/outcome.ts'
import { drop, next, timer } from '../../runtime/outcome.ts'
import type { Context, FiredTimer, StreamRecord } from '../../runtime/stage.ts'
import { from, stage } from '../../runtime/stage.ts'
import { MarketState } from '../../schemas/generated/records.ts'
import type { MarketFact, MarketSeries, ToldInsight } from '../../schemas/generated/records.ts'
import { insights, marketFacts } from '../../topics/index.ts'
import { restated } from '../standingInsight.ts'
import { findingsOf } from './findings.ts'
import { current, nothingKnown, refusalOf, withFact } from './keepFact.ts'
import { insightAgents } from './trendRules.ts'

const HOUR_MS = 3_600_000
/** @source reference/lead-domain.md 2.8: refresh 24 h */
export const REFRESH_MS = 24 * HOUR_MS
/** A statement outlives one refresh that does not come. */
export const VALID_MS = 2 * REFRESH_MS
const REFRESH_TIMER = 'market_refresh'
/** Rises when the same figures may give other findings. */
const agentVersion = 2
const system = 'competitive'

type Answer = Outcome<MarketState, typeof insights>

/** Folds one fact. */
function observe(before: MarketState | undefined, record: StreamRecord<MarketFact>, ctx: Context): Answer {
  const fact = record.value
  const refusal = refusalOf(fact, ctx.key, ctx.at)
  if (refusal !== undefined) return drop(refusal)
  const state = before ?? nothingKnown
  const series = withFact(state.series, fact, ctx.at)
  if (series === undefined) return drop('told_already')
  if (series === 'full') return drop('no_room')
  const { told, emissions } = tell(series, state.told, REFRESH_MS, ctx)
  const timers = before === undefined ? [timer(REFRESH_TIMER).at(ctx.at + REFRESH_MS)] : []
  return next<MarketState, typeof insights>({ series, told }, { emit: emissions, timers })
}

/** Lets what is too old go and says again what still holds. */
function refresh(before: MarketState, _fired: FiredTimer, ctx: Context): Answer {
  const series = current(before.series, ctx.at)
  // All of it, whenever it was told: what is left of a day and a minute would not outlive a refresh that does not come.
  const { told, emissions } = tell(series, before.told, VALID_MS, ctx)
  if (series.length === 0) return next<MarketState, typeof insights>(undefined, { emit: emissions })
  return next<MarketState, typeof insights>({ series, told }, { emit: emissions, timers: [timer(REFRESH_TIMER).at(ctx.at + REFRESH_MS)] })
}

/** What each agent has to say now that it has not said, or of which no more than `renewMs` is left. */
function tell(series: readonly MarketSeries[], said: readonly ToldInsight[], renewMs: number, ctx: Context) {
  const found = findingsOf(series)
  const told: ToldInsight[] = []
  const emissions: Emission<typeof insights>[] = []
  for (const agentId of insightAgents) {
    const statement = { agentId, agentVersion, system, findings: found.get(agentId) ?? [], validMs: VALID_MS, renewMs } as const
    const now = restated(
      statement,
      said.find((one) => one.agentId === agentId),
      ctx,
    )
    emissions.push(...now.told)
    told.push({ agentId, ...now.stated })
  }
  return { told, emissions }
}

export const market = stage({
  name: 'market',
  state: MarketState,
  on: [from(marketFacts, observe)],
  timer: refresh,
  outputs: [insights],
})
