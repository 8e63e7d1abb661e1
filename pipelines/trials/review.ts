/**
 * What the results of a location make of its trial, looked at once a day: which wordings are stopped, whether one has won, and
 * how the lot is shared among those that are open. A function of counts, the other locations, and what a person has opened again.
 * @source reference/consensus.md 10.2, 10.3
 */
import type { AgentResult, TrialArm, TrialState } from '../../schemas/generated/records.ts'
import { bestOf } from './best.ts'
import type { Best } from './best.ts'
import { guardrailHit, reopenedOn, withWatched } from './guardrails.ts'
import { faded, posteriorOf, weekOf } from './posterior.ts'
import type { Beta } from './posterior.ts'
import { flatPrior, priorsOf } from './prior.ts'
import type { Counts } from './prior.ts'
import { apportioned, carriedShares, mixedShares, movedShares } from './shares.ts'
import { floorMicroOf } from './trial.ts'
import { WHOLE_MICRO } from './lot.ts'
import type { Trial } from './trial.ts'

const DAY_MS = 86_400_000
/** Messages of every open wording before one can win. */
export const SENT_LEAST = 50
/** A wording has won when it is the best with this probability, and taking it costs less than this part of its share. */
export const WON_BEST = 0.95
export const WON_LOSS = 0.01

/** A trial that nobody has results of. `at`: now, ms. */
export function begun(trial: Trial, at: number): TrialState {
  const shares = apportioned(
    WHOLE_MICRO,
    trial.arms.map(() => 1),
  )
  const arms = trial.arms.map((option, k) => freshArm(option, shares[k] ?? 0))
  return { trial: trial.id, since: at, week: weekOf(at), arms, winner: null, published: null, hours: null }
}

/** An arm without results. */
export function freshArm(option: string, shareMicro: number): TrialArm {
  return {
    ...{ option, sent: 0, answered: 0, sentMicro: 0, answeredMicro: 0, watched: 0, optedOut: 0, stoppedAt: null },
    ...{ complained: 0, negative: 0, failed: 0, openedDay: null, stoppedBy: null },
    ...{ shareMicro, bestMicro: shareMicro },
  }
}

/**
 * The state with one more result; `undefined` where it tells nothing of the trial. Only what the lot decided counts: which lead
 * got which wording is then chance. What is usual was chosen because of the lead, so that its answers are those of such leads.
 */
export function withTried(state: TrialState, result: AgentResult): TrialState | undefined {
  const { outcome, wording } = result
  if (wording?.drawn !== true || wording.trial !== state.trial || outcome === 'unknown') return undefined
  const arm = state.arms.find(({ option }) => option === wording.option)
  if (arm === undefined) return undefined
  return { ...state, arms: state.arms.map((one) => (one === arm ? withResult(arm, result) : one)) }
}

/** An arm with one more result. */
export function withResult(arm: TrialArm, result: Pick<AgentResult, 'outcome' | 'guardrails'>): TrialArm {
  const watched = withWatched(arm, result)
  // What the provider did not take could not be answered.
  if (result.outcome === 'failed') return watched
  const answered = isWelcome(result) ? 1 : 0
  return {
    ...watched,
    sent: arm.sent + 1,
    answered: arm.answered + answered,
    sentMicro: arm.sentMicro + WHOLE_MICRO,
    answeredMicro: arm.answeredMicro + answered * WHOLE_MICRO,
  }
}

/** What makes an answer none that anybody would try for. */
const unwelcome: ReadonlySet<string> = new Set(['negative_reply', 'complaint'])

/** A positive reply: one in displeasure, or without interest, speaks against a wording. Records from before leads were counted do not tell. */
function isWelcome({ outcome, guardrails }: Pick<AgentResult, 'outcome' | 'guardrails'>): boolean {
  return (outcome === 'reply' || outcome === 'appointment') && guardrails?.hits.some(({ kind }) => unwelcome.has(kind)) !== true
}

export interface Review {
  readonly state: TrialState
  /** What is known of each wording, in the order of the trial. */
  readonly posteriors: readonly Beta[]
}

/**
 * The trial as it stands at `at` (ms). `others`: results of the other locations, by wording in the order of the trial. `reopened`: when
 * a person opened a wording again, ms.
 */
export function reviewed(
  before: TrialState,
  trial: Trial,
  others: readonly (readonly Counts[])[],
  reopened: Readonly<Record<string, number>>,
  at: number,
): Review {
  const week = Math.max(before.week, weekOf(at))
  const known = before.arms.map((arm) => opened(lighter(arm, week - before.week), openedAt(reopened, arm.option), at))
  const arms = known.map((arm, k) => (k === 0 ? arm : watchedOver(arm, known[0] ?? arm, at)))
  const priors = priorsOf(others)
  const posteriors = arms.map((arm, k) => posteriorOf(priors[k] ?? flatPrior, arm))
  const open = arms.flatMap((arm, k) => (arm.stoppedAt === null ? [k] : []))
  const best = bestOf(open.map((k) => posteriors[k] ?? flatPrior))
  const names = open.map((k) => arms[k]?.option ?? '')
  const hasEnough = open.every((k) => (arms[k]?.sent ?? 0) >= SENT_LEAST)
  const means = open.map((k) => meanOf(posteriors[k] ?? flatPrior))
  const winner = open.length < 2 ? null : (keptWinner(before.winner, names, best) ?? (hasEnough ? wonBy(names, best, means) : null))
  const floor = floorMicroOf(trial)
  const target = mixedShares(winner === null ? best.best : names.map((option) => (option === winner ? 1 : 0)), floor)
  const carried = carriedShares(
    open.map((k) => before.arms[k] ?? { shareMicro: 0 }),
    floor,
  )
  const shares = movedShares(carried, target)
  const bestMicro = apportioned(WHOLE_MICRO, best.best)
  const after = arms.map((arm, k) => {
    const place = open.indexOf(k)
    return { ...arm, shareMicro: place < 0 ? 0 : (shares[place] ?? 0), bestMicro: place < 0 ? 0 : (bestMicro[place] ?? 0) }
  })
  return { state: { ...before, week, arms: after, winner }, posteriors }
}

function meanOf({ a, b }: Beta): number {
  return a / (a + b)
}

/** What is old counts a little less: the weighed counts `weeks` later. */
export function lighter(arm: TrialArm, weeks: number): TrialArm {
  return { ...arm, sentMicro: faded(arm.sentMicro, weeks), answeredMicro: faded(arm.answeredMicro, weeks) }
}

/** When a person opened the arm of this name again, ms; 0 for never. */
export function openedAt(reopened: Readonly<Record<string, number>>, name: string): number {
  return Object.hasOwn(reopened, name) ? (reopened[name] ?? 0) : 0
}

/** Opened again by a person at `at` after it was stopped. `now`: both ms. */
export function opened(arm: TrialArm, at: number, now: number): TrialArm {
  return arm.stoppedAt !== null && at > arm.stoppedAt ? reopenedOn(arm, Math.floor(now / DAY_MS)) : arm
}

/** Stopped, it stays so; the one that is stopped now says for what. */
function watchedOver(arm: TrialArm, control: TrialArm, at: number): TrialArm {
  const hit = arm.stoppedAt === null ? guardrailHit(arm, control) : undefined
  return hit === undefined ? arm : { ...arm, stoppedAt: at, stoppedBy: hit.kind }
}

function wonBy(names: readonly string[], { best, loss }: Best, means: readonly number[]): string | null {
  const place = best.findIndex((probability, k) => probability >= WON_BEST && (loss[k] ?? 1) < WON_LOSS * (means[k] ?? 0))
  return names[place] ?? null
}

/** A winner stays so while no other is likelier the best: at the bound it would win and lose from day to day. */
function keptWinner(winner: string | null, names: readonly string[], { best }: Best): string | null {
  const place = winner === null ? -1 : names.indexOf(winner)
  return place >= 0 && best[place] === Math.max(...best) ? winner : null
}
