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
import { forgottenAt, toldOf, withMessage, withSeen, withTold } from './told.ts'
import { closeDue, dueAt, noWaits, noted as notedKinds, resultOf, waitFor, withWait, withoutResult } from './waits.ts'
import { withText, withWording } from './wordingUsed.ts'

type Answer = Outcome<ResultsState, typeof results>

const NAME = 'results'

/** The id of the result of a decision: whoever has the decision finds its result, and nobody finds the lead by a result. */
export function resultIdOf(lead: string, decisionId: string): string {
  return deterministicId(NAME, lead, 'result', decisionId)
}

const timerOfDue = timer('due')
/**
 * An untouched lead is forgotten after 90 days. Nothing is waited for so long (7 days and 72.5 hours at most); it is how long a lead
 * to which a wording was tried counts as one.
 */
const TTL_MS = 90 * 24 * 3_600_000

function open(known: ResultsState | undefined, { value: decision }: StreamRecord<Decision>, ctx: Context): Answer {
  const state = known ?? noWaits
  if (decision.type === 'content') return noted(state, withWording(state, decision), decision.tenantId, ctx)
  const reason = withoutResult(decision)
  if (reason !== undefined) return drop(reason)
  const { decisionId } = decision
  if (state.closed.includes(decisionId) || state.waits.some((one) => one.decisionId === decisionId)) return drop('told_again')
  const told = state.messages.find((one) => one.decisionId === decisionId)
  const wait = withTold(waitFor(decision), told)
  return wait === undefined ? drop('did_not_leave') : settled(withWait(state, wait), decision.tenantId, ctx)
}

/**
 * Notes which text was planned: what was decided on its wording may have come too late. What a person chose is no result of
 * the decision, whatever comes of it: people let pass what looks good to them.
 */
function plan(known: ResultsState | undefined, { value }: StreamRecord<FollowUp>, ctx: Context): Answer {
  const { change, templateId, decisionId, chosenBy, plannedAt, tenantId } = value
  const state = known ?? noWaits
  if (change !== 'planned') return drop('no_text')
  // Records from before the field was known have none.
  const byPerson = typeof chosenBy === 'string'
  const chosen = byPerson ? withMessage(state, { decisionId, at: plannedAt, status: 'planned', byPerson }) : state
  if (templateId === null && chosen === state) return drop('no_text')
  return noted(state, templateId === null ? chosen : withText(chosen, { ...value, templateId }), tenantId, ctx)
}

function confirm(known: ResultsState | undefined, { value }: StreamRecord<DeliveryChanged>, ctx: Context): Answer {
  const { decisionId, action, at, tenantId } = value
  if (action !== 'send_message') return drop('no_message')
  const status = toldOf(value.status)
  if (status === undefined) return drop('not_confirmed')
  const state = known ?? noWaits
  const wait = state.waits.find((one) => one.decisionId === decisionId)
  const isKnown = wait !== undefined && wait.option !== 'wait' && wait.startedAt !== null
  if (isKnown || state.closed.includes(decisionId)) return drop('told_again')
  // What failed is told when the others are: at once, failures of a new location would come three days before its answers.
  return noted(state, withMessage(state, { decisionId, at, status, byPerson: false }), tenantId, ctx)
}

function see(known: ResultsState | undefined, { value: { kind, at, tenantId } }: StreamRecord<OutcomeObserved>, ctx: Context): Answer {
  if (!notedKinds.has(kind)) return drop('kind_of_others')
  const state = known ?? noWaits
  return noted(state, withSeen(state, { kind, at }), tenantId, ctx)
}

function noted(before: ResultsState, after: ResultsState, tenantId: string, ctx: Context): Answer {
  return after === before ? drop('told_again') : settled(after, tenantId, ctx)
}

/** The state with what is due closed and what is too old forgotten, and the timer of what is due next. */
function settled(before: ResultsState, tenantId: string, ctx: Context): Answer {
  const { state, results: told } = closeDue(before, ctx.at)
  const emitted = told.map((one) =>
    emit(results, resultOf(one, tenantId, resultIdOf(ctx.key, one.wait.decisionId), ctx.at), { key: tenantId }),
  )
  if (isNothing(state)) return next<ResultsState, typeof results>(undefined, { emit: emitted })
  const due = Math.min(forgottenAt(state), ...state.waits.map(dueAt))
  return next<ResultsState, typeof results>(state, { emit: emitted, timers: [due === Infinity ? timerOfDue.cancel() : timerOfDue.at(due)] })
}

function isNothing({ waits, seen, closed, worded, sent, tried, messages }: ResultsState): boolean {
  return [waits, seen, closed, worded, sent, tried, messages].every(({ length }) => length === 0)
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
