/**
 * What became of each decision on a follow-up, told once, by location and without the lead. A result is a figure of
 * performance: that a lead answered does not say that another option would have been wrong.
 */
import { deterministicId } from '../../runtime/ids.ts'
import { drop, emit, next, timer } from '../../runtime/outcome.ts'
import type { Outcome } from '../../runtime/outcome.ts'
import { from, stage } from '../../runtime/stage.ts'
import type { Context, FiredTimer, StreamRecord } from '../../runtime/stage.ts'
import { ResultsState } from '../../schemas/generated/records.ts'
import type { Decision, DeliveryChanged, FollowUp, OutcomeObserved } from '../../schemas/generated/records.ts'
import { decisions, deliveries, erasures, followups, outcomes, results } from '../../topics/index.ts'
import {
  chosenByPerson,
  closeDue,
  dueAt,
  noWaits,
  noted as notedKinds,
  resultOf,
  waitFor,
  withSeen,
  withWait,
  withoutResult,
} from './waits.ts'
import { withText, withWording } from './wordingUsed.ts'

type Answer = Outcome<ResultsState, typeof results>

const NAME = 'results'

/** The id of the result of a decision: whoever has the decision finds its result, and nobody finds the lead by a result. */
export function resultIdOf(lead: string, decisionId: string): string {
  return deterministicId(NAME, lead, 'result', decisionId)
}

const wait = timer('due')
/** Changes of a delivery after which its message does not leave any more. */
const ended: ReadonlySet<string> = new Set(['denied', 'superseded', 'cancelled', 'expired'])

/**
 * An untouched lead is forgotten after 90 days. Nothing is waited for so long (7 days and 72.5 hours at most); it is how long a lead
 * to which a wording was tried counts as one.
 */
const TTL_MS = 90 * 24 * 3_600_000

function open(known: ResultsState | undefined, { value: decision }: StreamRecord<Decision>, ctx: Context): Answer {
  const state = known ?? noWaits
  if (decision.type === 'content') return noted(state, withWording(state, decision))
  const reason = withoutResult(decision)
  if (reason !== undefined) return drop(reason)
  const { decisionId } = decision
  if (state.closed.includes(decisionId) || state.waits.some((one) => one.decisionId === decisionId)) return drop('told_again')
  return settled(withWait(state, waitFor(decision)), decision.tenantId, ctx)
}

/**
 * Notes which text was planned: what was decided on its wording may have come too late. What a person chose is no result of
 * the decision, whatever comes of it: people let pass what looks good to them.
 */
function plan(known: ResultsState | undefined, { value }: StreamRecord<FollowUp>): Answer {
  const { change, templateId, decisionId, chosenBy } = value
  const state = known ?? noWaits
  // Records from before the field was known have none.
  const chosen = change === 'planned' && typeof chosenBy === 'string' ? chosenByPerson(state, decisionId) : state
  if (change !== 'planned' || templateId === null) return chosen === state ? drop('no_text') : noted(state, chosen)
  return noted(state, withText(chosen, { ...value, templateId }))
}

function noted(before: ResultsState, after: ResultsState): Answer {
  return after === before ? drop('told_again') : next<ResultsState, typeof results>(after)
}

function confirm(known: ResultsState | undefined, { value }: StreamRecord<DeliveryChanged>, ctx: Context): Answer {
  const { decisionId, status, action, at } = value
  const state = known ?? noWaits
  if (action !== 'send_message') return drop('no_message')
  const one = state.waits.find((other) => other.decisionId === decisionId)
  if (one === undefined || one.startedAt !== null) return drop('not_waited_for')
  const others = state.waits.filter((other) => other !== one)
  if (ended.has(status)) return settled({ ...state, waits: others }, value.tenantId, ctx)
  const notTaken = status === 'failed'
  if (status !== 'confirmed' && !notTaken) return drop('not_confirmed')
  // What failed is told when the others are: at once, failures of a new location would come three days before its answers.
  return settled(withWait({ ...state, waits: others }, { ...one, startedAt: at, notTaken }), value.tenantId, ctx)
}

function see(known: ResultsState | undefined, { value: { kind, at, tenantId } }: StreamRecord<OutcomeObserved>, ctx: Context): Answer {
  if (!notedKinds.has(kind)) return drop('kind_of_others')
  if (known === undefined || known.waits.length === 0) return drop('nothing_open')
  return settled(withSeen(known, { kind, at }), tenantId, ctx)
}

/** The state with what is due closed, and the timer of what is due next. */
function settled(before: ResultsState, tenantId: string, ctx: Context): Answer {
  const { state, results: told } = closeDue(before, ctx.at)
  const due = state.waits.map(dueAt)
  return next<ResultsState, typeof results>(state, {
    emit: told.map((one) => emit(results, resultOf(one, tenantId, resultIdOf(ctx.key, one.wait.decisionId), ctx.at), { key: tenantId })),
    timers: [due.length === 0 ? wait.cancel() : wait.at(Math.min(...due))],
  })
}

/** The key names the location: `<location>:<contact>`. */
function close(state: ResultsState, _fired: FiredTimer, ctx: Context): Answer {
  return settled(state, ctx.key.slice(0, ctx.key.indexOf(':')), ctx)
}

function forget(known: ResultsState | undefined): Answer {
  return known === undefined ? drop('nothing_known') : next<ResultsState, typeof results>(undefined)
}

/** Waits for what becomes of decisions and tells it. */
export const resultsStage = stage({
  name: NAME,
  state: ResultsState,
  on: [from(decisions, open), from(followups, plan), from(deliveries, confirm), from(outcomes, see), from(erasures, forget)],
  timer: close,
  outputs: [results],
  ttlMs: TTL_MS,
})
