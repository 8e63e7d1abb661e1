/**
 * A person's verdict on a decision as a record: which option would have been right, and how probable it was that this
 * decision would be judged at all. Without that probability a sample of disputed decisions would teach the pool that
 * everything is disputed.
 * @source reference/consensus.md step 7, 9.6
 */
import { createHash } from 'node:crypto'
import type { AuditLabel, Decision, OutcomeObserved } from '../../schemas/generated/records.ts'

/** random: chosen by hash before the result was known; escalated: undecided or decided by too few twice, so always asked about; override: by nobody knows what rule. */
export type Selection = 'random' | 'escalated' | 'override'

export interface Verdict {
  /** The option that would have been right. */
  readonly option: string
  readonly labeller: string
  readonly note: string | null
  /** It answers an open question, and is to be carried out. */
  readonly carryOut?: boolean | undefined
}

export type Labelled =
  | { readonly ok: true; readonly outcome: OutcomeObserved }
  | { readonly ok: false; readonly reason: 'option_unknown' | 'not_judged'; readonly sentence: string }

/**
 * How a decision came to be judged, and with what probability: 1 - (1 - p_audit) * (1 - p_escalate). A hand-over is no such rule: it is
 * read by whoever takes over, and nobody is asked for a verdict on it.
 */
export function selectionOf(
  decision: Pick<Decision, 'auditSelected' | 'pAudit' | 'escalation'>,
): Pick<AuditLabel, 'selection' | 'inclusion'> {
  // What the agents could not decide is put to people, always. Decisions from before the field was known have none.
  if (typeof decision.escalation === 'string') return { selection: 'escalated', inclusion: 1 }
  if (decision.auditSelected) return { selection: 'random', inclusion: decision.pAudit }
  return { selection: 'override', inclusion: 0 }
}

/** The same of a stored verdict: those on hand-overs were stored as certain until 2026-11-29, so one stood for one where fifty had been drawn for. */
export function storedSelection(
  decision: Pick<Decision, 'auditSelected' | 'pAudit' | 'type' | 'chosen' | 'escalation'>,
  stored: { readonly selection: string; readonly inclusion: number },
): { readonly selection: string; readonly inclusion: number } {
  const isHandOver = decision.type === 'escalation' && decision.chosen === 'hand_over'
  return isHandOver && stored.selection === 'escalated'
    ? selectionOf(decision)
    : { selection: stored.selection, inclusion: stored.inclusion }
}

/** The verdict as a record. A decision that nobody judged (gated, superseded) has no right or wrong option. */
export function labelOf(
  decision: Decision,
  verdict: Verdict,
  at: number,
  requestId: string,
  idOf: (...parts: string[]) => string,
): Labelled {
  if (decision.stopReason === 'gated' || decision.stopReason === 'superseded')
    return {
      ok: false,
      reason: 'not_judged',
      sentence:
        decision.stopReason === 'gated'
          ? 'Nothing but waiting was allowed: the gates decided, no agent was asked.'
          : 'The lead changed while the question was open: nothing was decided.',
    }
  const options = decision.options.map(({ option }) => option)
  if (!options.includes(verdict.option))
    return {
      ok: false,
      reason: 'option_unknown',
      sentence: `${verdict.option} is no option of a ${decision.type} decision: ${options.join(', ')}.`,
    }
  const { decisionId, tenantId, contactId, type: decisionType } = decision
  const { option, labeller, note } = verdict
  // Whoever is asked what is to be done is asked for certain, by whatever rule of the location.
  const { selection, inclusion } = verdict.carryOut === true ? ({ selection: 'escalated', inclusion: 1 } as const) : selectionOf(decision)
  return {
    ok: true,
    outcome: {
      outcomeId: idOf('label', decisionId, labeller),
      tenantId,
      contactId,
      kind: 'audit_label',
      channel: null,
      value: null,
      at,
      source: 'api',
      sourceId: requestId,
      label: {
        decisionId,
        decisionType,
        option,
        labeller,
        selection,
        inclusion,
        note,
        carryOut: verdict.carryOut === true ? true : null,
      },
    },
  }
}

/** Share of audits that a second person judges independently, to know how far people agree at all. */
export const SECOND_SHARE = 0.1

/** Whether a second person is asked: by a hash of the decision, so that nobody chooses. */
export function wantsSecond(decisionId: string): boolean {
  return createHash('sha256').update(`second:${decisionId}`).digest().readUInt32BE(0) < SECOND_SHARE * 2 ** 32
}
