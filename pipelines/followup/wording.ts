/**
 * Joins the two decisions on one message: that it is sent, and how it is worded. Either may come first. A message waits for
 * its wording until the deadline of the assessment and no longer; without one it is plain.
 */
import type { Decision, FollowupState, HeldMessage } from '../../schemas/generated/records.ts'
import { DEADLINE_MS } from '../enrich/questions.ts'
import { isApproach } from './approachTexts.ts'
import type { Approach } from './approachTexts.ts'
import { messageLifeMs } from './planFollowUp.ts'
import type { Act } from './planFollowUp.ts'

/** Assessments whose wording is remembered: older ones are superseded by the time their message could come. */
const wordingsMost = 4

/** Is the wording of this assessment decided? */
export function isWorded(state: FollowupState, assessmentId: string): boolean {
  return state.wordings.some((known) => known.assessmentId === assessmentId)
}

/** The approach that was chosen for this assessment; `undefined` for the plain text and when nothing was. */
export function approachFor(state: FollowupState, assessmentId: string): Approach | undefined {
  const chosen = state.wordings.find((known) => known.assessmentId === assessmentId)?.approach
  return chosen !== undefined && isApproach(chosen) ? chosen : undefined
}

/** The state with the wording that was decided. */
export function withWording(state: FollowupState, { assessmentId, chosen }: Pick<Decision, 'assessmentId' | 'chosen'>): FollowupState {
  return { ...state, wordings: [...state.wordings, { assessmentId, approach: chosen }].slice(-wordingsMost) }
}

/** Until when the wording of a message is waited for, ms. */
export function wordingDueAt({ askedAt }: Pick<Decision, 'askedAt'>): number {
  return askedAt + DEADLINE_MS
}

/** The message as it waits, when it has to. `at`: now, ms. */
export function heldMessage(decision: Decision, state: FollowupState, at: number): HeldMessage | undefined {
  const { tenantId, contactId, decisionId, assessmentId, epoch, chosen, reason, decidedAt, dueAt } = decision
  const until = wordingDueAt(decision)
  const isMessage = chosen === 'sms' || chosen === 'email'
  if (!isMessage || at >= until || isWorded(state, assessmentId)) return undefined
  const occasion = decision.params['templateId'] ?? null
  return { tenantId, contactId, decisionId, assessmentId, epoch, chosen, reason, occasion, decidedAt, dueAt, until }
}

/** What a message that waited is planned from. */
export function actOf({ occasion, ...held }: HeldMessage): Act {
  return { ...held, params: occasion === null ? {} : { templateId: occasion }, contributions: [] }
}

/** A message that waited and is not to be: until when it would have lived, had it been planned. */
export function withdrawn({ decisionId, decidedAt, dueAt }: HeldMessage, at: number): { decisionId: string; expiresAt: number } {
  return { decisionId, expiresAt: Math.max(dueAt ?? decidedAt, at) + messageLifeMs }
}
