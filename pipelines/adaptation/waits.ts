/**
 * What became of a decision: the first thing the lead did within 72 hours of the message, or of the decision to wait, and
 * before another message of ours. A function of what was decided, confirmed and done, in whatever order that was told.
 * @source reference/consensus.md 10.2: reward within 72 h, pending while the window is open, closed at its end
 */
import type { AgentResult, Decision, OutcomeWait, ResultsState, WordingUsed } from '../../schemas/generated/records.ts'
import { isMessage } from '../agents/channels.ts'
import { hourOfMessage, hourUsed } from './hourUsed.ts'
import { harms, harmsWithin, withTriedOnLead } from './triedOnLead.ts'
import { withoutOld } from './told.ts'
import { wordingUsed } from './wordingUsed.ts'

const HOUR_MS = 3_600_000
/** How long a reaction is waited for. */
export const WINDOW_MS = 72 * HOUR_MS
/** A reply is told ten minutes after it came; what is told later than half an hour is not waited for. */
export const SETTLE_MS = HOUR_MS / 2
/** A message leaves within 4 days of its decision (`messageLifeMs`); what is not confirmed after 7 is not waited for. */
export const CONFIRM_MS = 7 * 24 * HOUR_MS
/** Decisions of a lead that are open at once: a lead is asked about some five times in the three days of a window. */
export const OPEN_MOST = 16
/** Decisions remembered as closed, so that one which is told again has no second result. */
export const CLOSED_MOST = 16
/** Agents kept of each list: 37 of the roster and those of other teams. */
export const AGENTS_MOST = 64

export const noWaits: ResultsState = { waits: [], seen: [], closed: [], worded: [], sent: [], tried: [], messages: [] }

/** What a lead may do that ends a wait. */
const reactions: ReadonlySet<string> = new Set(['reply', 'appointment', 'opt_out'])
/** Outcomes that are noted. */
export const noted: ReadonlySet<string> = new Set([...reactions, ...harms])

/**
 * Why the decision has no result; `undefined` when it will have one. What gates or something newer decided, no agent did. A call is a task
 * for a person: that it was noted says nothing of the call.
 */
export function withoutResult({ type, chosen, stopReason }: Decision): string | undefined {
  if (type !== 'follow_up') return 'decision_type_of_others'
  if (stopReason === 'gated' || stopReason === 'superseded') return 'not_decided_by_votes'
  return chosen === 'wait' || isMessage(chosen) ? undefined : 'no_message'
}

/** The wait for a decision. Of agents that did not answer only those that were waited for have failed. */
export function waitFor(decision: Decision): OutcomeWait {
  const { decisionId, assessmentId, chosen, policyHash, decidedAt, contributions, silent, stopReason } = decision
  const ids = (agents: readonly { agentId: string }[]) => [...new Set(agents.map(({ agentId }) => agentId))].sort().slice(0, AGENTS_MOST)
  return {
    decisionId,
    option: chosen,
    policyHash,
    decidedAt,
    startedAt: chosen === 'wait' ? decidedAt : null,
    votedFor: ids(contributions.filter(({ option }) => option === chosen)),
    votedAgainst: ids(contributions.filter(({ option }) => option !== chosen)),
    abstained: ids(silent.filter(({ kind }) => kind === 'abstain')),
    failed: ids(silent.filter(({ kind }) => kind === 'error' || (kind === 'missing' && stopReason === 'deadline'))),
    assessmentId,
    byPerson: false,
    notTaken: false,
    hour: hourOfMessage(decision),
  }
}

/** The state with one more decision, earliest first. */
export function withWait(state: ResultsState, wait: OutcomeWait): ResultsState {
  const waits = [...state.waits, wait].sort((a, b) => a.decidedAt - b.decidedAt || (a.decisionId < b.decisionId ? -1 : 1))
  return { ...state, waits }
}

/**
 * When the wait is over, ms: with a result where it has begun, without one where no message was confirmed. A result is told at a full hour,
 * since the moment of its record, less the window, would name its message.
 */
export function dueAt({ startedAt, decidedAt }: OutcomeWait): number {
  return startedAt === null ? decidedAt + CONFIRM_MS : Math.ceil((startedAt + WINDOW_MS + SETTLE_MS) / HOUR_MS) * HOUR_MS
}

export interface Closed {
  readonly state: ResultsState
  /** Decisions that have their result now, earliest first. */
  readonly results: readonly {
    readonly wait: OutcomeWait
    readonly wording: WordingUsed | null
    readonly guardrails: AgentResult['guardrails']
    readonly outcome: string
    readonly latencyMs: number | null
  }[]
}

/** Closes what is due at `now` (ms), and the earliest of what is too much. */
export function closeDue(before: ResultsState, now: number): Closed {
  const tooMany = new Set(before.waits.slice(0, Math.max(0, before.waits.length - OPEN_MOST)))
  const over = before.waits.filter((wait) => tooMany.has(wait) || dueAt(wait) <= now)
  if (over.length === 0) return { state: withoutOld(before, now), results: [] }
  let tried = before.tried
  const results = over
    .filter(({ startedAt, byPerson }) => startedAt !== null && !byPerson)
    .map((wait) => {
      const wording = wordingUsed(wait, before)
      const came = outcomeOf(wait, before, !tooMany.has(wait) || dueAt(wait) <= now)
      if (wording?.drawn !== true || wording.trial === null || came.outcome === 'unknown')
        return { wait, wording, guardrails: null, ...came }
      const { trial, option } = wording
      const watched = withTriedOnLead(tried, { trial, option, kinds: watchedOf(wait, before) }, now)
      tried = watched.tried
      return { wait, wording, guardrails: watched.guardrails, ...came }
    })
  const waits = before.waits.filter((wait) => !over.includes(wait))
  const closed = [...before.closed, ...results.map(({ wait }) => wait.decisionId)].slice(-CLOSED_MOST)
  return { state: withoutOld({ ...before, waits, tried, closed }, now), results }
}

/** What became of a wait that has begun. */
export function outcomeOf(wait: OutcomeWait, state: ResultsState, isWhole = true): { outcome: string; latencyMs: number | null } {
  const { startedAt } = wait
  if (startedAt === null) return { outcome: 'unknown', latencyMs: null }
  if (wait.notTaken) return { outcome: 'failed', latencyMs: null }
  const next = nextMessageAfter(startedAt, state)
  const end = Math.min(startedAt + WINDOW_MS, next)
  const first = state.seen.find(({ kind, at }) => reactions.has(kind) && at > startedAt && at <= end)
  if (first !== undefined) return { outcome: first.kind, latencyMs: first.at - startedAt }
  if (next <= startedAt + WINDOW_MS) return { outcome: 'overtaken', latencyMs: null }
  return { outcome: isWhole ? 'none' : 'unknown', latencyMs: null }
}

/** When another message of ours was confirmed after `startedAt` (ms), its decision read or not; Infinity when none was. */
function nextMessageAfter(startedAt: number, { waits, messages }: ResultsState): number {
  const waited = waits.flatMap(({ option, startedAt: at, notTaken }) => (option !== 'wait' && !notTaken && at !== null ? [at] : []))
  const told = messages.flatMap(({ status, at }) => (status === 'confirmed' ? [at] : []))
  return Math.min(...[...waited, ...told].filter((at) => at > startedAt))
}

/** What a trial watches of a message: everything that came of it, not only the first. */
function watchedOf({ startedAt, notTaken }: OutcomeWait, state: ResultsState): string[] {
  if (notTaken) return ['provider_error']
  if (startedAt === null) return []
  return harmsWithin(state.seen, startedAt, Math.min(startedAt + WINDOW_MS, nextMessageAfter(startedAt, state)))
}

/** With the millisecond a result would name its message. */
function toTheHour(at: number): number {
  return Math.floor(at / HOUR_MS) * HOUR_MS
}

/** The record of a result. */
export function resultOf(
  { wait, wording, guardrails, outcome, latencyMs }: Closed['results'][number],
  tenantId: string,
  resultId: string,
  closedAt: number,
): AgentResult {
  const startedAt = wait.startedAt ?? wait.decidedAt
  return {
    resultId,
    tenantId,
    decisionType: 'follow_up',
    option: wait.option,
    policyHash: wait.policyHash,
    startedAt: toTheHour(startedAt),
    closedAt: toTheHour(closedAt),
    outcome,
    latencyMs,
    votedFor: wait.votedFor,
    votedAgainst: wait.votedAgainst,
    abstained: wait.abstained,
    failed: wait.failed,
    wording,
    guardrails,
    hour: hourUsed(wait),
  }
}
