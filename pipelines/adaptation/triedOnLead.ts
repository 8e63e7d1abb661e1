/**
 * Which wordings a lot chose for a lead and what came of them besides answers, remembered where the lead is known, so that
 * results, which do not name it, can be counted by lead. Days are enough: they say whether a wording was opened again since.
 */
import type { AgentResult, ResultsState, SeenOutcome } from '../../schemas/generated/records.ts'

const DAY_MS = 86_400_000
/** Two trials of at most four wordings. */
const TRIED_MOST = 8
/** Outcomes of a lead that a trial watches; that the provider did not take a message is no outcome of a lead. */
export const harms: ReadonlySet<string> = new Set(['opt_out', 'complaint', 'negative_reply'])

export interface Tried {
  readonly trial: string
  readonly option: string
  /** What came of this message, each kind once. */
  readonly kinds: readonly string[]
}

/** What of a stretch of time a trial watches; `end` belongs to it. ms. */
export function harmsWithin(seen: readonly SeenOutcome[], after: number, end: number): string[] {
  return [...new Set(seen.filter(({ kind, at }) => harms.has(kind) && at > after && at <= end).map(({ kind }) => kind))].sort()
}

/** The state with one more result of a wording, and what of it has been there before. `now`: ms. */
export function withTriedOnLead(
  known: ResultsState['tried'],
  { trial, option, kinds }: Tried,
  now: number,
): { tried: ResultsState['tried']; guardrails: NonNullable<AgentResult['guardrails']> } {
  const day = Math.floor(now / DAY_MS)
  const before = known.find((one) => one.trial === trial && one.option === option)
  const hits = kinds.map((kind) => ({ kind, lastDay: before?.hits.find((one) => one.kind === kind)?.lastDay ?? null }))
  const kept = (before?.hits ?? []).filter(({ kind }) => !kinds.includes(kind))
  const all = [...kept, ...kinds.map((kind) => ({ kind, lastDay: day }))].sort((a, b) => (a.kind < b.kind ? -1 : 1))
  const tried = [...known.filter((one) => one !== before), { trial, option, lastDay: day, hits: all }].slice(-TRIED_MOST)
  return { tried, guardrails: { lastDay: before?.lastDay ?? null, hits } }
}
