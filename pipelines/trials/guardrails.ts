/**
 * What a wording must not do more than the plain one, whatever its answers: each kind with what is expected of it before there are
 * results, and by how much more it may be. Counted by lead, and a lead once until a person opens the wording again.
 * @source reference/consensus.md 10.3
 */
import type { AgentResult, TrialArm } from '../../schemas/generated/records.ts'
import { exceeds } from './best.ts'
import type { Beta } from './posterior.ts'

/** A wording is stopped when its share of leads is above the control's by more than the margin with this probability. */
export const HARM_PROBABILITY = 0.9

type CountName = 'optedOut' | 'complained' | 'negative' | 'failed'

export interface Guardrail {
  readonly kind: 'opt_out' | 'complaint' | 'negative_reply' | 'provider_error'
  /** Where the leads are counted. */
  readonly count: CountName
  /** In words, of the leads: "opted out". */
  readonly told: string
  /** Why a wording was stopped, as its finding says. */
  readonly reason: string
  /** In words: "more leads opt out after it than after the control". */
  readonly because: string
  /** Before there are results. */
  readonly prior: Beta
  /** Leads more than after the control, of one. */
  readonly margin: number
}

export const optOuts: Guardrail & { readonly count: 'optedOut' } = {
  ...{ kind: 'opt_out', count: 'optedOut', told: 'opted out', reason: 'opted_out_more' },
  ...{ because: 'more leads opt out after it than after the control', prior: { a: 1, b: 99 }, margin: 0.01 },
}

/**
 * The first that holds is told. Priors and margins are ours, the source names none: one lead in a hundred opts out; one in two
 * hundred complains, and half a point more is what mail services are known to take for abuse; one in twenty is not interested, or cannot be reached.
 */
export const guardrails: readonly Guardrail[] = [
  optOuts,
  {
    ...{ kind: 'complaint', count: 'complained', told: 'complained', reason: 'complained_more' },
    ...{ because: 'more leads complain after it than after the control', prior: { a: 1, b: 199 }, margin: 0.005 },
  },
  {
    ...{ kind: 'negative_reply', count: 'negative', told: 'replied badly', reason: 'replied_badly_more' },
    ...{ because: 'more leads answer it in displeasure or without interest than the control', prior: { a: 5, b: 95 }, margin: 0.03 },
  },
  {
    ...{ kind: 'provider_error', count: 'failed', told: 'not taken by the provider', reason: 'not_taken_more' },
    ...{ because: 'the provider did not take it for more leads than the control', prior: { a: 5, b: 95 }, margin: 0.03 },
  },
]

/** What a stopped wording was stopped for: before others were watched, opt-outs. */
export function stoppedFor({ stoppedBy }: Pick<TrialArm, 'stoppedBy'>): Guardrail {
  return guardrails.find(({ kind }) => kind === stoppedBy) ?? optOuts
}

/** Leads that something was tried on, and those of them that are counted. */
export type Watched = Pick<TrialArm, 'watched' | CountName>

/** The guardrail that a wording hits, beside the control; `undefined` when none does. */
export function guardrailHit(arm: Watched, control: Watched): Guardrail | undefined {
  return guardrails.find((one) => isOver(one, arm, control))
}

/** Is the share of leads above that of the control by more than the margin? */
export function isOver<C extends CountName>(
  guardrail: Guardrail & { readonly count: C },
  arm: Pick<TrialArm, 'watched' | C>,
  control: Pick<TrialArm, 'watched' | C>,
): boolean {
  return exceeds(leadsOf(arm, guardrail), leadsOf(control, guardrail), guardrail.margin) > HARM_PROBABILITY
}

function leadsOf<C extends CountName>(arm: Pick<TrialArm, 'watched' | C>, { count, prior }: Guardrail & { readonly count: C }): Beta {
  const hits: number = arm[count]
  // A lead that was counted before a person opened the wording again may be hit without being counted: never below the prior.
  return { a: prior.a + hits, b: prior.b + Math.max(0, arm.watched - hits) }
}

/** The wording with one more result of the lot. Records from before leads were counted are a lead each. */
export function withWatched(arm: TrialArm, { guardrails: told, outcome }: Pick<AgentResult, 'guardrails' | 'outcome'>): TrialArm {
  const { openedDay } = arm
  const isNew = (lastDay: number | null) => lastDay === null || (openedDay !== null && lastDay < openedDay)
  const watched = told === null || isNew(told.lastDay)
  const hit = (kind: string) => (told === null ? kind === outcome : told.hits.some((one) => one.kind === kind && isNew(one.lastDay)))
  const counts = guardrails.map(({ kind, count }) => [count, arm[count] + (hit(kind) ? 1 : 0)] as const)
  return { ...arm, watched: arm.watched + (watched ? 1 : 0), ...(Object.fromEntries(counts) as Record<CountName, number>) }
}

/** The wording that a person opened again on a day: what it was stopped for is not counted again. */
export function reopenedOn(arm: TrialArm, openedDay: number): TrialArm {
  return { ...arm, stoppedAt: null, stoppedBy: null, openedDay, watched: 0, optedOut: 0, complained: 0, negative: 0, failed: 0 }
}
