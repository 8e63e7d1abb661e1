/**
 * What a gate is: a pure veto at the instant of sending. It answers for one follow-up; unknown input denies; a denial
 * names its rule and, where it can lift, when.
 * @source reference/safety-and-claude.md 1.4
 */
import type { FollowUp, LeadProfile, Tenant } from '../../../schemas/generated/records.ts'
import type { Consents } from '../../enrich/consent.ts'

/** A message of ours as the ledger knows it, from its reservation on. */
export interface OwnSend {
  /** When it was reserved or handed over, ms. */
  readonly at: number
  /** When it was confirmed, ms; `null` while its outcome is open. */
  readonly confirmedAt: number | null
  readonly messageId: string | null
  readonly text: string
}

/** The contact as the provider holds it at this moment. */
export interface ProviderContact {
  readonly exists: boolean
  readonly dnd: boolean
  /** Channel (sms, email, call …) to the provider's status. */
  readonly dndChannels: Readonly<Record<string, string>>
  /** The user it is assigned to. */
  readonly assignedTo: string | null
  /** Where it would send to. */
  readonly phone: string | null
  readonly email: string | null
  /** Where it says that the contact is. */
  readonly timeZone: string | null
  readonly country: string | null
  readonly state: string | null
  readonly postalCode: string | null
  /** The last message of each of its conversations; none where nobody asked for them. */
  readonly lastMessages: readonly ShownMessage[]
}

/** `unread` when it was not asked for; `unreadable`, with the code of the failure, when the provider did not answer. */
export type ProviderAnswer = ProviderContact | 'unread' | `unreadable: ${string}`

/** Why the provider has not told what it was asked, as the code of the failure; undefined when it has, or was not asked. */
export function unreadableBecause(provider: ProviderAnswer): string | undefined {
  return typeof provider === 'string' && provider !== 'unread' ? provider.slice(provider.indexOf(' ') + 1) : undefined
}

/** A message as the provider's list of conversations shows it. */
export interface ShownMessage {
  /** When it was added, ms. */
  readonly at: number
  readonly isInbound: boolean
}

export interface LocationSends {
  readonly count: number
  /** When the first of them left, ms; null when there is none. */
  readonly oldestAt: number | null
}

/** How the texts that we sent for a location were received, in the last 7 days. */
export interface TextsOfWeek {
  /** Texts of ours that the platform took. Counted only where `optOuts` or `failures` are many; 0 otherwise. */
  readonly sent: number
  /** Leads that took texts back within 7 days of one of ours. */
  readonly optOuts: number
  /** Texts of ours that the platform took and told as failed or not delivered. */
  readonly failures: number
}

export interface FenceLimits {
  /** The copy of the lead must have been complete this recently, ms. */
  readonly maxCopyAgeMs: number
  /** When to look again after a denial by something that is only late, ms. */
  readonly recheckMs: number
  /** The same when the provider did not answer, ms. */
  readonly providerRecheckMs: number
  /** Halts everything on this installation. */
  readonly halted: boolean
  /** Channels that are switched off on this installation. */
  readonly haltedChannels: readonly string[]
  /** Messages that we begin ourselves, of a location in any 24 hours; answers and appointments are not held by it. */
  readonly messagesPer24h: number
  /** Of the texts of a location in 7 days: the share at which we begin no conversation by text, 0 to 1. */
  readonly optOutShare: number
  readonly failureShare: number
}

export interface FenceInput {
  /** Now, ms. */
  readonly at: number
  readonly followUp: Pick<
    FollowUp,
    'action' | 'channel' | 'templateId' | 'text' | 'subject' | 'epoch' | 'plannedAt' | 'expiresAt' | 'priority'
  >
  /** `undefined` while the copy has no such lead. */
  readonly lead: LeadProfile | undefined
  readonly tenant: Tenant | undefined
  /** When the copy of this lead's partition was last known to be complete, ms. */
  readonly copyCompleteAt: number | undefined
  /** The same of the partition that is furthest behind: another lead with the number may be on any. */
  readonly allCompleteAt: number | undefined
  /** For each number and e-mail address of the lead: what was said of permission from it, by whichever lead of the location. */
  readonly addressLedgers: readonly Consents[]
  /** Our own messages to this lead of the last 14 days, without this one, settled or not; those that failed are left out. */
  readonly ownSends: readonly OwnSend[]
  /** Our own messages of the location of the last 24 hours, without this one. */
  readonly locationSends: LocationSends
  readonly textsOfWeek: TextsOfWeek
  readonly provider: ProviderAnswer
  readonly limits: FenceLimits
  /** Of an assignment: the realtor it names; `undefined` when the office gives them no leads. */
  readonly assignee: Assignee | undefined
  /** Another assignment of this lead is on its way. */
  readonly isAssigning: boolean
}

export interface Assignee {
  /** available | busy | away | offline */
  readonly availability: string
  readonly capacity: number
  /** Open leads that are theirs, with those on their way to them. */
  readonly load: number
}

export interface Verdict {
  readonly ruleId: string
  readonly verdict: 'allow' | 'deny_until' | 'deny'
  readonly liftsAt: number | null
  readonly reason: string
}

export type Gate = (input: FenceInput) => Verdict

export const DAY_MS = 86_400_000

export function allow(ruleId = 'pass', reason = ''): Verdict {
  return { ruleId, verdict: 'allow', liftsAt: null, reason }
}

/** Never lifts by itself. */
export function deny(ruleId: string, reason: string): Verdict {
  return { ruleId, verdict: 'deny', liftsAt: null, reason }
}

/** Lifts at a time (ms); the follow-up is moved there. */
export function denyUntil(ruleId: string, liftsAt: number, reason: string): Verdict {
  return { ruleId, verdict: 'deny_until', liftsAt, reason }
}

/** What stays inside the team. */
const inside: ReadonlySet<string> = new Set(['hand_over', 'assign', 'ask'])

/** Does it reach the lead, or ask a person to? A hand-over, an assignment and a question stay inside the team. */
export function isContact({ followUp }: FenceInput): boolean {
  return !inside.has(followUp.action)
}

/** A gate that needs the lead: without one it denies until the copy had time to catch up. */
export function withLead(judge: (lead: LeadProfile, input: FenceInput) => Verdict): Gate {
  return (input) =>
    input.lead === undefined
      ? denyUntil('lead_unknown', input.at + input.limits.recheckMs, 'The copy has no such lead yet.')
      : judge(input.lead, input)
}
