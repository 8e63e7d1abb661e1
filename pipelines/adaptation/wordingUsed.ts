/**
 * How a message was really worded, and how that was chosen: from the decision on its wording, which answers the same
 * question, and the text that was planned. A function of the two, in whatever order they were told.
 */
import type { Decision, OutcomeWait, ResultsState, WordingUsed } from '../../schemas/generated/records.ts'
import { openings } from '../followup/approachTexts.ts'
import { templates } from '../followup/templates.ts'

/** Wordings and texts kept of a lead: as many as open decisions. */
const TEXTS_MOST = 16

/** 1e-6. */
const CERTAIN = 1_000_000

/** The state with what was decided on a wording; told again it is one. */
export function withWording(state: ResultsState, { assessmentId, chosen, decidedAt, stopReason, draw }: Decision): ResultsState {
  if (state.worded.some((one) => one.assessmentId === assessmentId)) return state
  const propensity = draw?.arms.find(({ option }) => option === chosen)?.propensityMicro
  const worded = {
    ...{ assessmentId, chosen, decidedAt, late: stopReason === 'deadline' },
    ...{ trial: draw?.trial ?? null, drawn: draw?.drawn ?? false, propensityMicro: propensity ?? CERTAIN },
  }
  return { ...state, worded: latest([...state.worded, worded], ({ decidedAt: at }) => at) }
}

/** The state with the text that was planned for a decision; told again it is one. */
export function withText(state: ResultsState, { decisionId, templateId, plannedAt }: ResultsState['sent'][number]): ResultsState {
  if (state.sent.some((one) => one.decisionId === decisionId)) return state
  return { ...state, sent: latest([...state.sent, { decisionId, templateId, plannedAt }], (one) => one.plannedAt) }
}

function latest<T>(all: readonly T[], at: (one: T) => number): T[] {
  return [...all].sort((a, b) => at(a) - at(b)).slice(-TEXTS_MOST)
}

/**
 * The wording of the message that was decided; `null` where its text is not known or nobody was asked how to word it. A lot
 * counts where it could have changed the text: not where the occasion has plain words only, nor where the message may have left
 * before its wording came. That is asked of every wording alike, the plain one included, or the plain one would keep what the
 * others lose.
 */
export function wordingUsed(wait: OutcomeWait, { worded, sent }: ResultsState): WordingUsed | null {
  const text = sent.find(({ decisionId }) => decisionId === wait.decisionId)
  const template = templates.find(({ id }) => id === text?.templateId)
  const decided = worded.find(({ assessmentId }) => assessmentId === wait.assessmentId)
  if (text === undefined || template === undefined || decided === undefined) return null
  const option = template.approach ?? 'wait'
  const isInTime = !decided.late && decided.decidedAt <= text.plannedAt
  const isOpen = Object.hasOwn(openings, template.occasion) && isInTime && option === decided.chosen
  if (!isOpen) return { option, trial: null, drawn: false, propensityMicro: CERTAIN }
  const { trial, drawn, propensityMicro } = decided
  return { option, trial, drawn, propensityMicro }
}
