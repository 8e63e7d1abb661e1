/**
 * What an agent is: one pure opinion about one frozen view, with the evidence it rests on. No finding is an abstention,
 * never a confident default; what an agent throws is an error that is counted, never a vote.
 */
import type { AgentInsight, Evidence } from '../../schemas/generated/records.ts'
import { cut } from '../ingest/fields.ts'
import type { Lot } from '../trials/lot.ts'
import { realtorOptions } from '../routing/realtorOption.ts'
import type { AgentView } from './agentView.ts'

/** Decision types and their options. `wait` is always one of them and always the safest. */
export const optionsByType = {
  follow_up: ['wait', 'sms', 'email', 'call'],
  escalation: ['wait', 'hand_over'],
  // How a message is worded, should one be sent; `wait` keeps the plain text of its occasion.
  content: ['wait', 'soft_ask', 'inform', 'reassure', 'direct_ask'],
  // Which realtor of the shortlist in the view is to have the lead; `wait` leaves it unassigned.
  routing: ['wait', ...realtorOptions],
} as const
export type DecisionType = keyof typeof optionsByType
export type OptionOf<T extends DecisionType> = (typeof optionsByType)[T][number]

/** Very low, low, medium, high, very high. */
export type Bin = 1 | 2 | 3 | 4 | 5

/** Situations a message can be written for; the texts live with the follow-up. */
export const templateIds = [
  'first_touch',
  'reply',
  'nudge_24h',
  'nudge_48h',
  'nudge_72h',
  'reengage',
  'appointment_confirm',
  'appointment_missed',
] as const
export type TemplateId = (typeof templateIds)[number]

/** What a vote may carry for whoever carries the option out. */
export interface VoteParams {
  /** Minutes until the action should happen. */
  delayMinutes?: number
  templateId?: TemplateId
  /** The lot of a trial: what it is called, what it is drawn from, how much is left to it, and its shares. */
  lot?: Lot
  /** Of hours: the lot at week-ends, where these are told apart. */
  weekendLot?: Lot
}

export interface Opinion {
  readonly kind: 'vote'
  readonly decisionType: DecisionType
  readonly option: string
  readonly bin: Bin
  readonly reason: string
  readonly text: string
  readonly evidence: readonly Evidence[]
  readonly params: VoteParams
}
export interface Abstention {
  readonly kind: 'abstain'
  readonly reason: string
  /** Only of a silence that consensus has to know more of: the lot that did not name this lead. */
  readonly evidence?: readonly Evidence[]
  readonly params?: VoteParams
}
export type Answer = Abstention | Opinion | readonly Opinion[]

/** What agents look up beside the view. */
export interface AgentTables {
  /** What an agent of systems 5, 6 and 8 has found about the lead's location, while it is valid. */
  insight(agentId: string): AgentInsight | undefined
  /** `off` where the location leaves nothing to lot. */
  readonly trials?: 'off'
  /** `on` where the location wants hours to be left to lot. */
  readonly hours?: 'on'
}

/** Nobody has found anything. */
export const noInsights: AgentTables = { insight: () => undefined }

/** The eight systems, in the order of the roster. */
export const systems = [
  'lead-intelligence',
  'follow-up',
  'routing',
  'content',
  'competitive',
  'attribution',
  'behavioral',
  'adaptive',
] as const
export type System = (typeof systems)[number]

export interface Agent {
  readonly id: string
  /** Rises when the same view may give another answer. */
  readonly version: number
  readonly system: System
  /** Agents that read the same evidence err together and share a family. */
  readonly family: string
  readonly answers: readonly DecisionType[]
  /** Every field of the view this agent reads, and `insights.<agent id>` for findings; a test holds it to that. */
  readonly reads: readonly string[]
  assess(view: AgentView, tables: AgentTables): Answer
}

export interface Grounds {
  bin: Bin
  /** From the bounded vocabulary of the agent. */
  reason: string
  /** One sentence a realtor understands. */
  text: string
  evidence: readonly Evidence[]
  params?: VoteParams
}

/** A vote for an option of a decision type. */
export function vote<T extends DecisionType>(decisionType: T, option: OptionOf<T>, grounds: Grounds): Opinion {
  const { bin, reason, text, evidence, params = {} } = grounds
  return { kind: 'vote', decisionType, option, bin, reason, text, evidence, params }
}

/** No opinion, and why there is none. */
export function abstain(reason: string): Abstention {
  return { kind: 'abstain', reason }
}

/** One piece of evidence: a field of the view and its value as text, cut to 80 characters. */
export function field(name: string, value: string | number | boolean): Evidence {
  const text = String(value)
  return { field: name, value: text.length > 80 ? `${cut(text, 79)}…` : text }
}

/**
 * The bin of a probability, cut at .40 .55 .70 .85. Every agent derives the probability from how much of the data it
 * needs is known times how clearly that data speaks, so a bin means the same everywhere and can be measured.
 * @source reference/consensus.md 2.1
 */
export function binOf(probability: number): Bin {
  if (probability >= 0.85) return 5
  if (probability >= 0.7) return 4
  if (probability >= 0.55) return 3
  return probability >= 0.4 ? 2 : 1
}
