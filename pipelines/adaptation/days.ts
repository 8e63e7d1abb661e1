/**
 * Results of a location by day, for 30 days: counts by option, by policy and by agent. The sum does not depend on the order
 * in which results of a day come. Nothing of a lead is in it.
 */
import type { AdaptationState, AgentResult, ResultDay, WayCounts } from '../../schemas/generated/records.ts'
import type { DayRate, Rate } from './rates.ts'

const DAY_MS = 86_400_000
const HOUR_MS = 3_600_000
/** Days that are whole, and the one that is running. */
export const DAYS_MOST = 31
/** Agents counted: 37 of the roster and those of other teams; what comes after them is not counted. */
export const AGENTS_MOST = 64
/** Policies of one day: one is in force at a time, and a change a few hours apart is the exception. */
export const POLICIES_MOST = 6
/** A reply within so long is quick: ms. */
export const QUICK_MS = HOUR_MS

/** Numbers kept for each agent, in this order. `sent`: voted for a message that was sent. */
const fields = ['asked', 'voted', 'abstained', 'failed', 'sent', 'answered'] as const
type Field = (typeof fields)[number]

export const noDays: AdaptationState = { agents: [], days: [], published: {} }

/** Number of the day of a time (ms), UTC. */
export function dayOf(at: number): number {
  return Math.floor(at / DAY_MS)
}

/** Start of a day, ms. */
export function startOfDay(day: number): number {
  return day * DAY_MS
}

/** The state without days that are too old on `today`. */
export function pruned(state: AdaptationState, today: number): AdaptationState {
  const days = state.days.filter(({ day }) => day > today - DAYS_MOST)
  return days.length === state.days.length ? state : { ...state, days }
}

/** The state with one more result, counted on the day it was closed; `undefined` when that day is past or to come. */
export function withResult(state: AdaptationState, result: AgentResult, today: number): AdaptationState | undefined {
  const day = dayOf(result.closedAt)
  if (day <= today - DAYS_MOST || day > today + 1) return undefined
  const { days, agents: known, published } = pruned(state, today)
  const agents = [...known]
  const before = days.find((one) => one.day === day) ?? { day, ways: {}, policies: [], counts: [] }
  const after = counted(before, result, agents)
  return { agents, days: [...days.filter((one) => one.day !== day), after].sort((a, b) => a.day - b.day), published }
}

const noWay: WayCounts = { closed: 0, answered: 0, quick: 0, optedOut: 0 }

/** `agents` grows by those that are new. */
function counted(day: ResultDay, result: AgentResult, agents: string[]): ResultDay {
  const { option, outcome, latencyMs, policyHash, startedAt } = result
  const isMessage = option !== 'wait'
  // A wait that a message ended does not tell whether the lead would have come; a message that another followed was not answered.
  const isKnown = outcome !== 'unknown' && outcome !== 'failed' && (isMessage || outcome !== 'overtaken')
  const answered = outcome === 'reply' || outcome === 'appointment' ? 1 : 0
  const ways = { ...day.ways }
  let policies = day.policies
  if (isKnown) {
    const way = ways[option] ?? noWay
    ways[option] = {
      closed: way.closed + 1,
      answered: way.answered + answered,
      quick: way.quick + (answered === 1 && latencyMs !== null && latencyMs <= QUICK_MS ? 1 : 0),
      optedOut: way.optedOut + (outcome === 'opt_out' ? 1 : 0),
    }
    if (isMessage) policies = withPolicy(policies, policyHash, startedAt, answered)
  }
  const counts = [...day.counts]
  const count = (ids: readonly string[], ...names: readonly Field[]) => {
    for (const id of ids) {
      let place = agents.indexOf(id)
      if (place < 0 && agents.length < AGENTS_MOST) place = agents.push(id) - 1
      if (place < 0) continue
      while (counts.length < (place + 1) * fields.length) counts.push(0)
      for (const name of names) {
        const at = place * fields.length + fields.indexOf(name)
        counts[at] = (counts[at] ?? 0) + 1
      }
    }
  }
  const { votedFor, votedAgainst, abstained, failed } = result
  count(votedFor, 'asked', 'voted')
  count(votedAgainst, 'asked', 'voted')
  count(abstained, 'asked', 'abstained')
  count(failed, 'asked', 'failed')
  if (isMessage && isKnown) count(votedFor, 'sent', ...(answered === 1 ? (['answered'] as const) : []))
  return { day: day.day, ways, policies, counts }
}

function withPolicy(policies: ResultDay['policies'], hash: string, at: number, answered: number): ResultDay['policies'] {
  const known = policies.find((one) => one.hash === hash)
  if (known === undefined && policies.length >= POLICIES_MOST) return policies
  const { firstAt, closed, answered: before } = known ?? { firstAt: at, closed: 0, answered: 0 }
  const after = { hash, firstAt: Math.min(firstAt, at), closed: closed + 1, answered: before + answered }
  return known === undefined ? [...policies, after] : policies.map((one) => (one === known ? after : one))
}

/** A share of agents, by day: `hits` of `trials`. Agents are given by name; days without trials are left out. */
export function agentSeries(state: AdaptationState, agents: readonly string[], hits: Field, trials: Field): DayRate[] {
  const places = agents.map((id) => state.agents.indexOf(id)).filter((place) => place >= 0)
  const sum = ({ counts }: ResultDay, field: Field) =>
    places.reduce((total, place) => total + (counts[place * fields.length + fields.indexOf(field)] ?? 0), 0)
  return state.days.map((day) => ({ day: day.day, hits: sum(day, hits), trials: sum(day, trials) })).filter((rate) => rate.trials > 0)
}

/** A share of options, by day; days without trials are left out. */
export function waySeries(state: AdaptationState, options: readonly string[], hits: keyof WayCounts, trials: keyof WayCounts): DayRate[] {
  const sum = ({ ways }: ResultDay, field: keyof WayCounts) => options.reduce((total, option) => total + (ways[option]?.[field] ?? 0), 0)
  return state.days.map((day) => ({ day: day.day, hits: sum(day, hits), trials: sum(day, trials) })).filter((rate) => rate.trials > 0)
}

export interface PolicyRate extends Rate {
  readonly hash: string
  readonly firstAt: number
}

/** Messages by the policy that asked for them, over all days kept, in the order in which they came into force. */
export function policyRates(state: AdaptationState): PolicyRate[] {
  const rates = new Map<string, PolicyRate>()
  for (const { hash, firstAt, closed, answered } of state.days.flatMap(({ policies }) => policies)) {
    const known = rates.get(hash) ?? { hash, firstAt, hits: 0, trials: 0 }
    rates.set(hash, { hash, firstAt: Math.min(known.firstAt, firstAt), hits: known.hits + answered, trials: known.trials + closed })
  }
  return [...rates.values()].sort((a, b) => a.firstAt - b.firstAt || (a.hash < b.hash ? -1 : 1))
}

/** The policy that asked for most messages of the newest day that has any: the one in force, as far as results tell. Of equals the one that came later. */
export function latestPolicy(state: AdaptationState): string | undefined {
  const newest = state.days.filter(({ policies }) => policies.length > 0).at(-1)
  const order = [...(newest?.policies ?? [])].sort((a, b) => b.closed - a.closed || b.firstAt - a.firstAt || (a.hash < b.hash ? -1 : 1))
  return order[0]?.hash
}
