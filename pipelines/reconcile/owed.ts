/**
 * Why a lead that wrote last has had no answer yet: the first of the steps between its message and our answer that has not
 * happened. Each lead has exactly one cause, told with when it began. Pure.
 * @source reference/safety-and-claude.md 12.4: cause (webhook lost, gate, agent failure, budget, human silent) and clock
 */
import type { Decision, LeadProfile } from '../../schemas/generated/records.ts'
import { CONTACT_CHANNELS, blockedBecause } from '../enrich/consent.ts'
import { instantText } from './words.ts'

export type OwedCause =
  /** A person has the lead and has not written. */
  | 'human_silent'
  /** The follow-up waits for its plan, its time, or a gate that lifts later. */
  | 'follow_up_waits'
  /** A gate allows nothing, or refused the follow-up for good. */
  | 'gate'
  /** The provider refused it or could not deliver it. */
  | 'delivery_failed'
  /** It was handed over, and whether it left is being looked up. */
  | 'outcome_unknown'
  /** It was taken back, or its time ran out, before it left. */
  | 'follow_up_lapsed'
  /** The agents were asked and chose not to write. */
  | 'decided_to_wait'
  /** The agents were asked, and too few answered to decide. */
  | 'agents_failed'
  /** Its message was found by the comparison with GoHighLevel, and nothing is decided yet. */
  | 'webhook_lost'
  /** Nothing was decided about it: the pipeline is behind, or a stage has stopped. */
  | 'no_decision'

/** What is known of a lead whose last word is its own. */
export interface OwedFacts {
  readonly profile: LeadProfile
  /** The newest decision on a follow-up that was asked for at or after its message. */
  readonly decision: Decision | undefined
  /** The newest follow-up planned at or after its message. */
  readonly followUp:
    | {
        readonly status: string
        readonly gateId: string | null
        readonly ruleId: string | null
        readonly reason: string | null
        /** When it is looked at next, ms. */
        readonly scheduledAt: number
        /** ms. */
        readonly updatedAt: number
      }
    | undefined
  /** When its message was found, ms; undefined when its webhook came. */
  readonly foundAt: number | undefined
}

export interface Owed {
  readonly tenantId: string
  readonly contactId: string
  readonly name: string | null
  /** When it wrote, ms. */
  readonly askedAt: number
  readonly waitingMs: number
  readonly cause: OwedCause
  /** When the cause began, ms. */
  readonly since: number
  /** What the cause alone does not say; may be empty. */
  readonly detail: string
  /** The user of the platform who has the lead and has not written; null when that is nobody, or not known. */
  readonly userId: string | null
  /** Where whoever runs the pipeline finds more; null where the detail is all there is. */
  readonly lookAt: string | null
  /** How late its message was known when no webhook had told of it, ms; null when one had. */
  readonly foundAfterMs: number | null
}

/** Statuses of a lead that nobody waits for. */
const CLOSED = new Set(['converted', 'lost', 'disqualified'])
const LAPSED = new Set(['cancelled', 'superseded', 'expired'])
const WAITS = new Set(['pending', 'deferred', 'reserved'])

/** Undefined when the lead is owed nothing: it is answered, closed, deleted, or may not be written to on any channel. */
export function owed({ profile, decision, followUp, foundAt }: OwedFacts, now: number): Owed | undefined {
  const { lastInboundAt: askedAt, lastOutboundAt, deletedAt, status } = profile
  if (askedAt === null || (lastOutboundAt !== null && lastOutboundAt > askedAt)) return undefined
  if (deletedAt !== null || CLOSED.has(status) || hasRefused(profile, now)) return undefined
  const name = [profile.firstName, profile.lastName].filter((part) => part !== null).join(' ')
  return {
    tenantId: profile.tenantId,
    contactId: profile.contactId,
    name: name === '' ? null : name,
    askedAt,
    waitingMs: Math.max(0, now - askedAt),
    userId: null,
    lookAt: null,
    ...causeOf({ profile, decision, followUp, foundAt }, askedAt, now),
    foundAfterMs: foundAt === undefined ? null : Math.max(0, foundAt - askedAt),
  }
}

type Told = Pick<Owed, 'cause' | 'since' | 'detail'> & Partial<Pick<Owed, 'lookAt' | 'userId'>>

function causeOf({ profile, decision, followUp, foundAt }: OwedFacts, askedAt: number, now: number): Told {
  const owner = profile.humanOwnership
  if (owner !== null && (owner.untilAt === null || owner.untilAt > now))
    return {
      cause: 'human_silent',
      since: Math.max(owner.since, askedAt),
      detail: `${owner.userId ?? 'a person'} has the lead (${owner.reason})`,
      userId: owner.userId,
    }
  if (followUp !== undefined) {
    const { status, gateId, ruleId, reason, scheduledAt, updatedAt: since } = followUp
    const why = [gateId, ruleId].filter((part) => part !== null).join('/')
    const said = [why, reason].filter((part) => part !== null && part !== '').join(': ')
    if (WAITS.has(status))
      return {
        cause: 'follow_up_waits',
        since,
        detail: `${said === '' ? 'due' : said.replace(/\.$/, '')}, next at ${instantText(scheduledAt)}`,
      }
    if (status === 'handed_over' || status === 'unknown') return { cause: 'outcome_unknown', since, detail: said === '' ? status : said }
    if (status === 'failed') return { cause: 'delivery_failed', since, detail: said === '' ? 'no reason was given' : said }
    if (status === 'denied') return { cause: 'gate', since, detail: said }
    // A confirmed one that was no message: the lead is still without an answer.
    if (LAPSED.has(status)) return { cause: 'follow_up_lapsed', since, detail: said === '' ? status : `${status}: ${said}` }
  }
  // One that was superseded says nothing: its lead changed while the question was open.
  if (decision !== undefined && decision.stopReason !== 'superseded') return decidedOn(decision)
  if (foundAt !== undefined) return { cause: 'webhook_lost', since: foundAt, detail: `found ${instantText(foundAt)}, not decided on yet` }
  return { cause: 'no_decision', since: askedAt, detail: '', lookAt: '`rekindle lag` and the dead letters' }
}

function decidedOn({ chosen, stopReason, fallbackUsed, gates, decidedAt: since }: Decision): Told {
  if (stopReason === 'gated') {
    const denied = gates.filter(({ verdict }) => verdict !== 'allow').map(({ gateId, ruleId, reason }) => `${gateId}/${ruleId}: ${reason}`)
    return { cause: 'gate', since, detail: [...new Set(denied)].join(' ') }
  }
  if (fallbackUsed) return { cause: 'agents_failed', since, detail: `too few agents answered to decide; the usual choice was to ${chosen}` }
  if (chosen === 'wait') return { cause: 'decided_to_wait', since, detail: '', lookAt: '`rekindle why`' }
  return { cause: 'follow_up_waits', since, detail: `${chosen} is decided and not planned yet` }
}

/** What is owed is an answer, whatever the location asks for of marketing. */
const answer = { purpose: 'inquiry', marketingNeeds: 'inquiry' } as const
const REFUSED: ReadonlySet<string> = new Set(['dnd', 'revoked', 'inquiry_revoked'])

/** Does the lead refuse us on every channel? Nobody owes it an answer then. */
function hasRefused(profile: LeadProfile, now: number): boolean {
  return CONTACT_CHANNELS.every((channel) => REFUSED.has(blockedBecause(profile, channel, now, answer) ?? ''))
}
