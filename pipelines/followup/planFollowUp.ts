/**
 * A decision that acts, as one follow-up: the same decision gives the same id, intent key and text. What cannot be
 * written lawfully (no sender, no postal address) is not planned, with a reason.
 */
import type { Decision, FollowUp, FollowupState, Tenant } from '../../schemas/generated/records.ts'
import { alternatesIn } from '../routing/alternates.ts'
import type { Approach } from './approachTexts.ts'
import { oneLine, renderText, spokenName, templateFor } from './renderText.ts'
import { textProblems } from './textProblems.ts'
import { defaultOccasion } from './templates.ts'

const HOUR_MS = 3_600_000
/**
 * A message waits at most 4 days for its hour: the longest stretch in which every state and zone that may apply is closed is
 * 91 h (a Saturday holiday observed on Friday, from Thursday evening to Monday noon), and a held message is moved, not dropped.
 */
export const messageLifeMs = 96 * HOUR_MS
/** A task for a person is pointless after a day. */
export const taskLifeMs = 24 * HOUR_MS

/** @source reference/safety-and-claude.md 1.3: tenant, lead, decision, channel */
export function intentKeyOf(decision: Pick<Decision, 'tenantId' | 'contactId' | 'decisionId'>, channel: string): string {
  return [decision.tenantId, decision.contactId, decision.decisionId, channel].join(':')
}

const priorities: Readonly<Record<string, number>> = { URGENT: 5, HOT: 4, WARM: 3, COLD: 1 }

/** 1 low to 5 high, by intent level; an unknown level is low. */
export function priorityOf(level: string | null): number {
  return Object.hasOwn(priorities, level ?? '') ? (priorities[level ?? ''] ?? 1) : 1
}

export type Plan = { readonly ok: true; readonly followUp: FollowUp } | { readonly ok: false; readonly reason: string }

/** What of a decision a follow-up is made of; a message that waited for its wording has kept this much. */
export type Act = Pick<
  Decision,
  'tenantId' | 'contactId' | 'decisionId' | 'epoch' | 'chosen' | 'reason' | 'params' | 'decidedAt' | 'dueAt' | 'contributions'
>

/**
 * The follow-up of a decision; `followupId` is made by the caller, who knows how ids are derived. `approach`: how a message is
 * worded, the plain text where it is left out.
 */
export function planFollowUp(
  decision: Act,
  lead: Pick<FollowupState, 'firstName' | 'level' | 'history'>,
  tenant: Tenant | undefined,
  at: number,
  idOf: (intentKey: string) => string,
  approach?: Approach,
): Plan {
  const dueAt = Math.max(decision.dueAt ?? decision.decidedAt, at)
  const base = (action: string, channel: string, lifeMs: number) => {
    const intentKey = intentKeyOf(decision, channel)
    return {
      followupId: idOf(intentKey),
      change: 'planned',
      tenantId: decision.tenantId,
      contactId: decision.contactId,
      decisionId: decision.decisionId,
      intentKey,
      epoch: decision.epoch,
      action,
      channel,
      plannedAt: at,
      dueAt,
      expiresAt: dueAt + lifeMs,
      body: null,
      chosenBy: null,
      alternates: [],
    }
  }
  const name = spokenName(lead.firstName) ?? 'this lead'
  const level = lead.level ?? 'unknown'
  switch (decision.chosen) {
    case 'call':
      return {
        ok: true,
        followUp: {
          ...base('create_task', 'call', taskLifeMs),
          templateId: null,
          text: `Call ${name}`,
          subject: null,
          assigneeId: null,
          priority: priorityOf(lead.level),
          reason: [`A call was decided (${decision.reason}, intent level ${level}).`, ...strongestFor(decision, 'call')].join(' '),
        },
      }
    case 'hand_over':
      return {
        ok: true,
        followUp: {
          ...base('hand_over', 'none', taskLifeMs),
          templateId: null,
          text: `Take over the conversation with ${name}`,
          subject: null,
          assigneeId: null,
          // Somebody waits for a person: never low.
          priority: Math.max(4, priorityOf(lead.level)),
          reason: `A person should take over (${handOverGround(decision)}).`,
        },
      }
    case 'realtor_1':
    case 'realtor_2':
    case 'realtor_3': {
      const assigneeId = decision.params['realtorId']
      if (assigneeId === undefined) return { ok: false, reason: 'nobody_named' }
      return {
        ok: true,
        followUp: {
          ...base('assign', 'none', taskLifeMs),
          templateId: null,
          text: null,
          subject: null,
          assigneeId,
          alternates: alternatesIn(decision.params),
          priority: priorityOf(lead.level),
          reason: `Nobody had this lead; it goes to a realtor (${decision.reason}, intent level ${level}).`,
        },
      }
    }
    case 'sms':
    case 'email':
      return planMessage(decision.chosen, decision, lead, tenant, base('send_message', decision.chosen, messageLifeMs), approach)
    default:
      return { ok: false, reason: 'option_unknown' }
  }
}

function planMessage(
  channel: 'sms' | 'email',
  decision: Act,
  lead: Pick<FollowupState, 'firstName' | 'level' | 'history'>,
  tenant: Tenant | undefined,
  base: Omit<FollowUp, 'templateId' | 'text' | 'subject' | 'assigneeId' | 'priority' | 'reason'>,
  approach: Approach | undefined,
): Plan {
  if (tenant === undefined) return { ok: false, reason: 'tenant_unknown' }
  const template =
    templateFor(decision.params['templateId'] ?? defaultOccasion, channel, lead.history, approach) ??
    templateFor(defaultOccasion, channel, lead.history, approach)
  if (template === undefined) return { ok: false, reason: 'no_template' }
  const rendered = renderText(template, { firstName: lead.firstName, senderName: tenant.senderName, postalAddress: tenant.postalAddress })
  if (!rendered.ok) return { ok: false, reason: rendered.reason }
  const bound = [spokenName(lead.firstName), tenant.senderName, tenant.postalAddress].map((filled) => oneLine(filled ?? ''))
  const [problem] = textProblems({ channel, text: rendered.text, subject: rendered.subject }, bound)
  if (problem !== undefined) return { ok: false, reason: `text_${problem}` }
  return {
    ok: true,
    followUp: {
      ...base,
      templateId: template.id,
      text: rendered.text,
      subject: rendered.subject,
      assigneeId: null,
      priority: priorityOf(lead.level),
      reason: `${channel === 'sms' ? 'A text message' : 'An e-mail'} was decided (${[decision.reason, template.occasion, ...(template.approach === undefined ? [] : [template.approach])].join(', ')}).`,
    },
  }
}

/** The sentence of the vote that added most to the option: the task is all that its realtor sees of the decision. */
function strongestFor({ contributions }: Act, wanted: string): string[] {
  const votes = contributions.filter(({ option, blocked, nats }) => option === wanted && !blocked && BigInt(nats) > 0n)
  const [first] = votes.sort((a, b) => (BigInt(a.nats) < BigInt(b.nats) ? 1 : -1))
  // Of a ballot that was too large sentences are left out.
  return typeof first?.reasonText === 'string' ? [first.reasonText] : []
}

function handOverGround(decision: Act): string {
  const votes = decision.contributions.filter(({ option, blocked }) => option === 'hand_over' && !blocked)
  return [...new Set(votes.map(({ reasonCode }) => reasonCode))].join(', ') || decision.reason
}
