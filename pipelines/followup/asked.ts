/**
 * A message that the votes do not clearly call for is put to a person before anything is sent: which decisions that is,
 * how long the answer is waited for, and what is done without one. Nothing that cannot be undone happens unanswered.
 * @source reference/consensus.md 4.2
 */
import type {
  AskedDecision,
  Decision,
  FollowUp,
  FollowupState,
  HeldMessage,
  OutcomeObserved,
  Tenant,
} from '../../schemas/generated/records.ts'
import { openUntil } from './officeHours.ts'
import { intentKeyOf, priorityOf } from './planFollowUp.ts'
import type { Act } from './planFollowUp.ts'
import { answerLines, nearTie, questionTitle, questionWords } from './questionWords.ts'

const HOUR_MS = 3_600_000
/** How long an answer is waited for, by intent level: a hot lead is lost within hours, any other within days. Ours: no source says. */
const answerWithinMs: Readonly<Record<string, number>> = { URGENT: 2 * HOUR_MS, HOT: 4 * HOUR_MS }
const answerWithinUsuallyMs = 24 * HOUR_MS

/**
 * Is a person asked before this is carried out? A location may say that it is not where the votes are unclear (`undecided: act`), and
 * that it is where they are clear and little is gained by it (`minuteWorthMicro`).
 */
export function isForAPerson(decision: Decision, tenant: Tenant | undefined): boolean {
  const { type, escalation } = decision
  // Decisions from before the field was known have none.
  const isUnclear = typeof escalation === 'string' && tenant?.undecided !== 'act'
  return type === 'follow_up' && (isUnclear || nearTie(decision, tenant) !== undefined)
}

/** What is asked, and what is done when nobody answers. `at`: now, ms. */
export function askedOf(decision: Decision, lead: Pick<FollowupState, 'firstName' | 'level'>, at: number, tenant?: Tenant): AskedDecision {
  const { tenantId, contactId, decisionId, assessmentId, epoch, reason, decidedAt } = decision
  const allowed = decision.options.filter(({ eligible }) => eligible).sort((a, b) => b.utility - a.utility)
  const options = allowed.map(({ option }) => option)
  const isMessage = (option: string): boolean => option === 'sms' || option === 'email'
  return {
    tenantId,
    contactId,
    decisionId,
    assessmentId,
    epoch,
    reason,
    occasion: decision.params['templateId'] ?? null,
    decidedAt,
    options,
    message: isMessage(decision.chosen) ? decision.chosen : (options.find(isMessage) ?? null),
    question: questionWords(decision, lead.firstName, tenant),
    otherwise: otherwiseOf(decision, options),
    until: untilOf(answerWithinMs[lead.level ?? ''] ?? answerWithinUsuallyMs, at, tenant),
  }
}

/** When waiting for an answer ends, ms. Where a location has said when its office is open, only that time counts. */
function untilOf(withinMs: number, at: number, tenant: Tenant | undefined): number {
  // Rows that were stored before the field was known lack it.
  const windows = tenant?.officeHours ?? []
  return windows.length === 0 ? at + withinMs : openUntil(at, withinMs, windows, tenant?.timeZone ?? 'UTC')
}

/** The better of a call by a realtor and of waiting, the call only where it has not been ruled out: both can be undone. */
function otherwiseOf({ conformalSet }: Decision, options: readonly string[]): string {
  // Rows that were stored before the field was known lack it.
  const left = conformalSet ?? []
  return options.find((option) => option === 'wait' || (option === 'call' && left.includes(option))) ?? 'wait'
}

/** The question as a follow-up: a task for a person. `draft`: the message as it would be sent, with its words. */
export function questionOf(
  asked: AskedDecision,
  lead: Pick<FollowupState, 'firstName' | 'level'>,
  tenant: Tenant | undefined,
  at: number,
  idOf: (intentKey: string) => string,
  draft: Pick<FollowUp, 'channel' | 'text' | 'subject'> | undefined,
): FollowUp {
  const { tenantId, contactId, decisionId, epoch, until, question, reason } = asked
  const intentKey = intentKeyOf(asked, 'none')
  return {
    ...{
      followupId: idOf(intentKey),
      change: 'planned',
      tenantId,
      contactId,
      decisionId,
      intentKey,
      epoch,
      action: 'ask',
      channel: 'none',
    },
    ...{ templateId: null, subject: null, assigneeId: null, alternates: [], chosenBy: null },
    text: questionTitle(lead.firstName),
    body: [question, ...answerLines(asked, draft, tenant)].join('\n'),
    // Somebody who may be lost waits for the answer: never low.
    priority: Math.max(3, priorityOf(lead.level)),
    reason: `The votes do not say clearly enough what is right (${reason}), so a person is asked before anything is sent.`,
    plannedAt: at,
    dueAt: at,
    expiresAt: until,
  }
}

/** The message that is drafted, as one that waits for its wording. `undefined` without one. */
export function draftOf({ message, ...asked }: AskedDecision, until: number): HeldMessage | undefined {
  if (message === null) return undefined
  const { tenantId, contactId, decisionId, assessmentId, epoch, reason, occasion, decidedAt } = asked
  return { tenantId, contactId, decisionId, assessmentId, epoch, chosen: message, reason, occasion, decidedAt, dueAt: null, until }
}

/** What a follow-up is planned from once it is known what is to be done. */
export function actOfAnswer(asked: AskedDecision, option: string): Act {
  const { tenantId, contactId, decisionId, epoch, reason, occasion, decidedAt } = asked
  const params: Record<string, string> = occasion === null ? {} : { templateId: occasion }
  return { tenantId, contactId, decisionId, epoch, chosen: option, reason, params, decidedAt, dueAt: null, contributions: [] }
}

/** The answer that an observation is, while this question is open; or why it is none. */
export function answerOf(
  { label }: Pick<OutcomeObserved, 'label'>,
  asked: AskedDecision | null,
  at: number,
): { readonly option: string; readonly by: string } | { readonly none: string } {
  if (label?.carryOut !== true) return { none: 'no_answer' }
  if (asked?.decisionId !== label.decisionId) return { none: 'not_asked' }
  if (at >= asked.until) return { none: 'answered_too_late' }
  if (!asked.options.includes(label.option)) return { none: 'answer_not_offered' }
  return { option: label.option, by: label.labeller }
}
