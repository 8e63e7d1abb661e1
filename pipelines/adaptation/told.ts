/**
 * What was told of a lead is kept for eleven days, whether or not the decision that it belongs to has been read: there is no
 * order between the topics, so a decision that is read later finds what became of it as if it had been read first.
 */
import type { MessageOfDecision, OutcomeWait, ResultsState, SeenOutcome } from '../../schemas/generated/records.ts'

/** A message is not waited for longer than 7 days and its window of 3. */
export const KEPT_MS = 11 * 24 * 3_600_000
/** Reactions and what trials watch: three for each open decision. */
export const SEEN_MOST = 48
/** Messages kept of a lead: as many as open decisions. */
export const MESSAGES_MOST = 16

/** What a change of a delivery tells of its message; `undefined` while it is on its way. */
export function toldOf(status: string): 'confirmed' | 'failed' | 'ended' | undefined {
  if (status === 'confirmed' || status === 'failed') return status
  return ended.has(status) ? 'ended' : undefined
}

/** Changes of a delivery after which its message does not leave any more. */
const ended: ReadonlySet<string> = new Set(['denied', 'superseded', 'cancelled', 'expired'])

/** The state with one more reaction; told twice it is one. The latest are kept. */
export function withSeen(state: ResultsState, one: SeenOutcome): ResultsState {
  if (state.seen.some(({ kind, at }) => kind === one.kind && at === one.at)) return state
  const seen = [...state.seen, one].sort((a, b) => a.at - b.at || (a.kind < b.kind ? -1 : 1)).slice(-SEEN_MOST)
  return { ...state, seen }
}

/** The state with what was told of a message, also for the wait of its decision; the same state where it says nothing new. What became of it first stands. */
export function withMessage(before: ResultsState, told: MessageOfDecision): ResultsState {
  const known = before.messages.find(({ decisionId }) => decisionId === told.decisionId)
  const isFirst = known === undefined || (known.status === 'planned' && told.status !== 'planned')
  const byPerson = told.byPerson || known?.byPerson === true
  if (!isFirst && byPerson === known.byPerson) return before
  const one = { ...(isFirst ? told : known), byPerson }
  const messages = [...before.messages.filter((other) => other !== known), one]
    .sort((a, b) => a.at - b.at || (a.decisionId < b.decisionId ? -1 : 1))
    .slice(-MESSAGES_MOST)
  const waits = before.waits.flatMap((wait) => (wait.decisionId === one.decisionId ? (withTold(wait, one) ?? []) : [wait]))
  return { ...before, messages, waits }
}

/** The wait for a decision with what was told of its message; `undefined` where that does not leave any more. */
export function withTold(wait: OutcomeWait, told: MessageOfDecision | undefined): OutcomeWait | undefined {
  if (told === undefined) return wait
  const one = told.byPerson ? { ...wait, byPerson: true } : wait
  if (wait.startedAt !== null || told.status === 'planned') return one
  return told.status === 'ended' ? undefined : { ...one, startedAt: told.at, notTaken: told.status === 'failed' }
}

/** The state without what no decision that is waited for or still to be read can need any more. `now`: ms. */
export function withoutOld(state: ResultsState, now: number): ResultsState {
  if (forgottenAt(state) > now) return state
  const since = now - KEPT_MS
  return {
    ...state,
    seen: state.seen.filter(({ at }) => at > since),
    messages: state.messages.filter(({ at }) => at > since),
    worded: state.worded.filter(({ decidedAt }) => decidedAt > since),
    sent: state.sent.filter(({ plannedAt }) => plannedAt > since),
  }
}

/** When the oldest of what is kept is forgotten, ms; Infinity where nothing is. All lists are in the order of time. */
export function forgottenAt({ seen, messages, worded, sent }: ResultsState): number {
  const oldest = [seen[0]?.at, messages[0]?.at, worded[0]?.decidedAt, sent[0]?.plannedAt].filter((at) => at !== undefined)
  return Math.min(...oldest) + KEPT_MS
}
