/**
 * Vetoes over the frozen view. They shrink the set of options before any vote counts; the send fence evaluates them again
 * at the instant of sending. What is unknown of the lead denies; an
 * unknown location is judged by the fence and the planner, which deny. Hours of the day are no gate here: they move the time of sending.
 * @source reference/consensus.md step 0; reference/safety-and-claude.md 1.4
 */
import type { GateResult, LeadView, Tenant } from '../../schemas/generated/records.ts'
import { closedInWords } from '../closedWords.ts'
import { counted } from '../counted.ts'
import { placeOfOption } from '../routing/realtorOption.ts'
import { groundForHandOver } from '../agents/follow-up/escalationManager.ts'
import { presentHearing } from '../agents/hearing.ts'
import type { Hearing } from '../agents/hearing.ts'
import { holdoutResults } from './holdout.ts'
import type { Asked } from './holdout.ts'

export interface GateInput {
  readonly view: LeadView
  /** When the question was asked, ms. */
  readonly at: number
  /** `undefined` when the tenant has not been configured: the hard ceilings hold. */
  readonly tenant: Tenant | undefined
  /** The question; where there is none yet, nobody is left alone. */
  readonly asked?: Asked
}

type Gate = (input: GateInput, options: readonly string[], hears: Hearing) => GateResult[]

/** Hard ceiling per lead, counting every sender. */
export const contactCeiling = { per24h: 3, per14d: 10 } as const
const dayMs = 86_400_000

/** Options that reach the lead. The others (`hand_over`) stay inside the team. */
const contacts: Readonly<Record<string, 'hasPhone' | 'hasEmail'>> = { sms: 'hasPhone', email: 'hasEmail', call: 'hasPhone' }
const isContact = (option: string) => Object.hasOwn(contacts, option)

function deny(gateId: string, ruleId: string, option: string, reason: string, liftsAt?: number | null): GateResult {
  return {
    gateId,
    ruleId,
    option,
    verdict: liftsAt === undefined || liftsAt === null ? 'deny' : 'deny_until',
    liftsAt: liftsAt ?? null,
    reason,
  }
}

const killSwitch: Gate = ({ tenant }, options) => {
  if (tenant === undefined || !options.some(isContact)) return []
  if (tenant.status !== 'active') return [deny('kill_switch', `tenant_${tenant.status}`, '*', `The location is ${tenant.status}.`)]
  return tenant.automation ? [] : [deny('kill_switch', 'automation_off', '*', 'Automation is switched off for this location.')]
}

const closed: Readonly<Record<string, string>> = {
  converted: 'The lead has become a client.',
  lost: 'The lead is marked as lost.',
  // Status of a deleted contact. No question is asked about one, so the sentence is never shown; stored decisions keep their bytes.
  disqualified: 'The lead is disqualified.',
}
const leadClosed: Gate = ({ view }) => {
  if (Object.hasOwn(closed, view.status)) return [deny('lead_closed', `status_${view.status}`, '*', closed[view.status] ?? '')]
  const won = view.opportunityStatus === 'won' || view.opportunityStatus === 'lost'
  return won
    ? [deny('lead_closed', `opportunity_${String(view.opportunityStatus)}`, '*', `The opportunity is ${String(view.opportunityStatus)}.`)]
    : []
}

/** The rule that keeps silent for whoever has to read what may be an opt-out: nobody leads such a lead until it is handed over. */
export const READ_BY_A_PERSON = 'may_be_opt_out'

const humanOwnership: Gate = ({ view, at }) => {
  const { humanOwned, humanOwnedUntil, mayBeOptOut } = view
  if (mayBeOptOut)
    return [
      deny(
        'human_ownership',
        READ_BY_A_PERSON,
        '*',
        'What the lead said may be an opt-out. A person should read it, and set "do not disturb" if it is one.',
      ),
    ]
  if (!humanOwned && (humanOwnedUntil === null || humanOwnedUntil <= at)) return []
  const lifts = humanOwnedUntil !== null && humanOwnedUntil > at ? humanOwnedUntil : null
  return [deny('human_ownership', 'human_leads', '*', 'A person leads this conversation.', lifts)]
}

const consent: Gate = ({ view }, options) =>
  options.filter(isContact).flatMap((option) => {
    const blocked = Object.hasOwn(view.blockedChannels, option) ? view.blockedChannels[option] : undefined
    const rule = blocked ?? (view[contacts[option] ?? 'hasPhone'] ? undefined : 'no_address')
    return rule === undefined ? [] : [deny('consent', rule, option, closedInWords(rule, option))]
  })

const contactBudget: Gate = (input, options) => {
  if (!options.some(isContact)) return []
  const { view, tenant } = input
  const perDay = Math.min(contactCeiling.per24h, tenant?.maxPer24h ?? contactCeiling.per24h)
  const perFortnight = Math.min(contactCeiling.per14d, tenant?.maxPer14d ?? contactCeiling.per14d)
  return [...spent(input, view.outboundLast24h, perDay, 1), ...spent(input, view.outboundLast14d, perFortnight, 14)]
}

function spent({ view, at }: GateInput, count: number, limit: number, days: number): GateResult[] {
  if (count < limit) return []
  const within = days === 1 ? '24 hours' : `${days} days`
  const liftsAt = windowEnd(view, at, limit, days * dayMs)
  return [
    deny('contact_budget', `${limit}_per_${days}d`, '*', `${counted(count, 'message')} in ${within}: the limit is ${limit}.`, liftsAt),
  ]
}

/**
 * When the budget has room again: the limit-th newest message leaves the window. The view holds five messages at most; when
 * they do not reach back that far, the newest one's end is taken, which is late but never early.
 */
function windowEnd(view: LeadView, at: number, limit: number, windowMs: number): number {
  const sent = view.recentMessages
    .filter((message) => message.direction === 'outbound' && message.at > at - windowMs)
    .map((message) => message.at)
    .sort((a, b) => b - a)
  return (sent[limit - 1] ?? sent[0] ?? view.lastOutboundAt ?? at) + windowMs
}

/** Is the end that a gate states a latest one? Of a budget it is: what is asked knows five messages, and a fortnight has ten. */
export function isLatestEnd({ gateId }: Pick<GateResult, 'gateId'>): boolean {
  return gateId === 'contact_budget'
}

/** Words that a person has to answer: the machine does not write over them. The hand-over itself is the other decision. */
const personDue: Gate = ({ view }, options, hears) => {
  const ground = options.some(isContact) ? groundForHandOver(view, hears) : undefined
  return ground !== undefined && ground.words.length > 0
    ? [deny('person_due', ground.cause, '*', `${ground.text} A person should answer.`)]
    : []
}

const ordinals = ['first', 'second', 'third'] as const

/** A place of the shortlist where nobody stands is no option. */
const shortlist: Gate = ({ view }, options) =>
  options.flatMap((option) => {
    const place = placeOfOption(option)
    if (place === undefined || place < view.shortlist.length) return []
    return [deny('shortlist', 'nobody_there', option, `There is no ${ordinals[place] ?? 'further'} realtor with room for this lead.`)]
  })

const gates: readonly (readonly [id: string, gate: Gate])[] = [
  ['kill_switch', killSwitch],
  ['lead_closed', leadClosed],
  ['human_ownership', humanOwnership],
  ['person_due', personDue],
  ['consent', consent],
  ['contact_budget', contactBudget],
]
/** Of a decision about realtors: of any other it would be one more line that says nothing. */
const routingGates: typeof gates = [...gates, ['shortlist', shortlist]]

export interface Gated {
  /** What every gate said; a gate that denies nothing is one `allow`. */
  readonly results: readonly GateResult[]
  /** Options left, `wait` always among them. */
  readonly eligible: ReadonlySet<string>
  /** The earliest time an option other than `wait` comes back, when one can and none is left; ms. */
  readonly liftsAt: number | null
}

/** Evaluates all gates over the options of one decision type. `hears` is that of the arithmetic (`arithmetic.ts`). */
export function evaluateGates(input: GateInput, options: readonly string[], hears: Hearing = presentHearing): Gated {
  const asked = options.some((option) => placeOfOption(option) !== undefined) ? routingGates : gates
  const results = asked.flatMap(([gateId, gate]) => {
    const denied = gate(input, options, hears)
    return denied.length > 0 ? denied : [{ gateId, ruleId: 'pass', option: '*', verdict: 'allow', liftsAt: null, reason: '' }]
  })
  // Where a location has not asked for it nothing is said of it: its decisions keep their bytes.
  if (input.tenant?.holdout === true && input.asked !== undefined && options.some(isContact))
    results.push(...holdoutResults(input.asked, input.view))
  const denials = results.filter(({ verdict }) => verdict !== 'allow')
  const against = (option: string) => denials.filter((denial) => denial.option === '*' || denial.option === option)
  const eligible = new Set(options.filter((option) => option === 'wait' || against(option).length === 0))
  if (eligible.size > 1) return { results, eligible, liftsAt: null }
  const returns = options
    .filter((option) => option !== 'wait')
    .map((option) => against(option))
    .filter((denied) => denied.length > 0 && denied.every(({ liftsAt }) => liftsAt !== null))
    .map((denied) => Math.max(...denied.map(({ liftsAt }) => liftsAt ?? 0)))
  return { results, eligible, liftsAt: returns.length === 0 ? null : Math.min(...returns) }
}

/** Ways a written message goes. */
const written = ['sms', 'email'] as const
/** Gates that read no words. */
const withoutWords: readonly Gate[] = [killSwitch, leadClosed, humanOwnership, consent, contactBudget]

/**
 * Could a written message leave, as far as rules go that read no words? Where none could, how it would be worded is no
 * question worth asking.
 */
export function messageCouldLeave(input: GateInput): boolean {
  let left: readonly string[] = written
  for (const gate of withoutWords) {
    for (const { option: denied } of gate(input, left, presentHearing))
      left = denied === '*' ? [] : left.filter((option) => option !== denied)
    if (left.length === 0) return false
  }
  return true
}
