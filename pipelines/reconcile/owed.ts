/**
 * Why a lead that wrote has had no answer yet: the first of the steps between its message and our answer that has not
 * happened. Each lead has exactly one cause, told with when it began. Pure.
 * @source reference/safety-and-claude.md 12.4: cause (webhook lost, gate, agent failure, budget, human silent) and clock
 */
import { dueToAPerson } from '../consensus/dueToAPerson.ts'
import type { Decision, LeadProfile } from '../../schemas/generated/records.ts'
import { CONTACT_CHANNELS, blockedBecause } from '../enrich/consent.ts'
import { instantText } from '../instantText.ts'

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

/** What is known of a lead that wrote and that neither a person nor Rekindle has answered. */
export interface OwedFacts {
  readonly profile: LeadProfile
  /** When we had its message, ms; undefined when that is not kept. Its webhook may come long after it was written. */
  readonly knownAt: number | undefined
  /** The newest decision on a follow-up that was asked for at or after its message. */
  readonly decision: Decision | undefined
  /** The newest follow-up planned at or after its message. To give the lead to a realtor is none. */
  readonly followUp: OwedFollowUp | undefined
  /** When its message was found, ms; undefined when its webhook came. */
  readonly foundAt: number | undefined
}

export interface OwedFollowUp {
  readonly status: string
  readonly epoch: number
  readonly decisionId: string
  /** The question that its decision answered; null when that decision is not kept. */
  readonly assessmentId: string | null
  readonly gateId: string | null
  readonly ruleId: string | null
  readonly reason: string | null
  /** ms. */
  readonly plannedAt: number
  /** When it is looked at next, ms. */
  readonly scheduledAt: number
  /** Of one that has ended: when it did, ms. */
  readonly updatedAt: number
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
  /** When a workflow, a campaign or another program wrote last, if that was after the lead, ms. It is no answer. */
  readonly machineAt: number | null
}

/** Statuses of a lead that nobody waits for. */
const CLOSED = new Set(['converted', 'lost', 'disqualified'])
const TAKEN_BACK = new Set(['cancelled', 'superseded'])
const LAPSED = new Set([...TAKEN_BACK, 'expired'])
/** Those that leave no more. A confirmed one was no message, or the lead would have its answer. */
const ENDED = new Set([...LAPSED, 'denied', 'failed'])
const WAITS = new Set(['pending', 'deferred', 'reserved'])

/** Undefined when the lead is owed nothing: it is answered, closed, deleted, or may not be written to on any channel. */
export function owed(facts: OwedFacts, now: number): Owed | undefined {
  const { profile, foundAt } = facts
  const { lastInboundAt: askedAt, lastOutboundAt, deletedAt, status } = profile
  if (askedAt === null || answeredAt(profile) > askedAt) return undefined
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
    ...causeOf(facts, askedAt, now),
    foundAfterMs: foundAt === undefined ? null : Math.max(0, foundAt - askedAt),
    machineAt: lastOutboundAt !== null && lastOutboundAt > askedAt ? lastOutboundAt : null,
  }
}

/** When a person or Rekindle wrote last, ms: what answers everybody the same has answered nobody (decision 36). */
function answeredAt({ lastHumanAt, lastOwnAt }: LeadProfile): number {
  return Math.max(lastHumanAt ?? Number.NEGATIVE_INFINITY, lastOwnAt ?? Number.NEGATIVE_INFINITY)
}

type Told = Pick<Owed, 'cause' | 'since' | 'detail'> & Partial<Pick<Owed, 'lookAt' | 'userId'>>

function causeOf(facts: OwedFacts, askedAt: number, now: number): Told {
  const { profile, foundAt } = facts
  const owner = profile.humanOwnership
  // Nobody has it yet: its hand-over is under way, could not be made, or whoever was in the conversation has not written since.
  if (owner?.reason === 'opt_out_unclear')
    return {
      cause: 'gate',
      since: Math.max(owner.since, askedAt),
      detail: 'Its message may be an opt-out: nothing is sent until a person has written.',
    }
  if (owner !== null && (owner.untilAt === null || owner.untilAt > now))
    return {
      cause: 'human_silent',
      since: Math.max(owner.since, askedAt),
      detail: `${owner.userId ?? 'a person'} has the lead (${owner.reason.replaceAll('_', ' ')})`,
      userId: owner.userId,
    }
  const decision = decisionOnIt(facts)
  const followUp = followUpOnIt(facts, decision)
  const told = followUp === undefined ? undefined : toldOf(followUp)
  if (told !== undefined) return told
  if (decision !== undefined) return decidedOn(decision, facts.followUp !== undefined)
  if (foundAt !== undefined) return { cause: 'webhook_lost', since: foundAt, detail: `found ${instantText(foundAt)}, not decided on yet` }
  return { cause: 'no_decision', since: askedAt, detail: '', lookAt: '`rekindle lag` and the dead letters' }
}

/** Undefined for one that confirms something other than a message: the lead is still without an answer. */
function toldOf({ status, gateId, ruleId, reason, scheduledAt, updatedAt: since }: OwedFollowUp): Told | undefined {
  const said = inWords(reason, gateId, ruleId)
  if (WAITS.has(status))
    return {
      cause: 'follow_up_waits',
      since,
      detail: `${said === '' ? 'due' : said.replace(/\.$/, '')}, next at ${instantText(scheduledAt)}`,
    }
  if (status === 'handed_over' || status === 'unknown') return { cause: 'outcome_unknown', since, detail: said === '' ? status : said }
  if (status === 'failed') return { cause: 'delivery_failed', since, detail: said === '' ? 'no reason was given' : said }
  if (status === 'denied') return { cause: 'gate', since, detail: said }
  if (LAPSED.has(status)) return { cause: 'follow_up_lapsed', since, detail: said === '' ? status : `${status}: ${said}` }
  return undefined
}

/** One that was superseded says nothing, its lead changed while the question was open; nor does one from before the message was known. */
function decisionOnIt(facts: OwedFacts): Decision | undefined {
  const { decision } = facts
  if (decision === undefined || decision.stopReason === 'superseded') return undefined
  return isOlder(facts, decision.decidedAt, decision.epoch) ? undefined : decision
}

/**
 * One that may still leave, or has left, is what happens next whatever else was decided. One that has ended says nothing when it
 * was planned before the message was known, or when a later question was decided since.
 */
function followUpOnIt(facts: OwedFacts, decision: Decision | undefined): OwedFollowUp | undefined {
  const { followUp } = facts
  if (followUp === undefined || !ENDED.has(followUp.status)) return followUp
  if (isOlder(facts, followUp.plannedAt, followUp.epoch)) return undefined
  return decision !== undefined && isOvertaken(followUp, decision) ? undefined : followUp
}

/**
 * Was it made before the message was known? By its epoch as well, which a message raises: clocks of two machines may differ by
 * more than a decision takes.
 */
function isOlder({ profile, knownAt }: OwedFacts, at: number, epoch: number): boolean {
  return knownAt !== undefined && at < knownAt && epoch < profile.epoch
}

/** Does a decision on another question stand that is newer than the end of the follow-up, or is itself that end? */
function isOvertaken({ status, decisionId, assessmentId, plannedAt, updatedAt }: OwedFollowUp, decision: Decision): boolean {
  if (decision.decisionId === decisionId || decision.assessmentId === assessmentId || decision.decidedAt < plannedAt) return false
  // To wait takes back what is open, and the ledger notes that a moment later. What failed later than that is the last thing known.
  return decision.decidedAt >= updatedAt || (decision.chosen === 'wait' && TAKEN_BACK.has(status))
}

function decidedOn(decision: Decision, isPlanned: boolean): Told {
  const { chosen, stopReason, fallbackUsed, gates, decidedAt: since } = decision
  const due = dueToAPerson(decision)
  if (due !== undefined && !isPlanned)
    return { cause: 'follow_up_waits', since, detail: `${due.reason} A hand-over is due and not planned yet` }
  if (stopReason === 'gated') {
    const denied = gates.filter(({ verdict }) => verdict !== 'allow').map(({ gateId, ruleId, reason }) => inWords(reason, gateId, ruleId))
    return { cause: 'gate', since, detail: [...new Set(denied)].join(' ') }
  }
  if (fallbackUsed)
    return { cause: 'agents_failed', since, detail: `too few agents answered to decide; the safe choice was taken: to ${chosen}` }
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

/** For realtors: the names of gate and rule stand in the story of the lead, and here only where there is no sentence. */
function inWords(reason: string | null, ...names: readonly (string | null)[]): string {
  return reason !== null && reason !== '' ? reason : names.filter((part) => part !== null).join('/')
}
