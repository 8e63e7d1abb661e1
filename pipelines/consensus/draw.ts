/**
 * What a lot changes of a decision. Its ballot is no opinion: the pool decides without it what is usual, and the lot, where it
 * may, what is done. Only the agent that draws, and only on the roster of the policy, can bring one.
 * @source reference/consensus.md 10.1, 10.3 to 10.5
 */
import type { Policy, Vote } from '../../schemas/generated/records.ts'
import { drawnFrom } from '../trials/lot.ts'
import type { Drawn, Lot } from '../trials/lot.ts'
import { lotIn } from '../trials/lotParams.ts'
import { trialAgentId } from '../trials/trial.ts'
import type { Pooled } from './pool.ts'

/** Decisions that may be left to lot. */
const drawnType = 'content'

export interface Heard {
  /** The votes that are opinions; the ballot of a lot is a silence among them: its agent is present. */
  readonly votes: readonly Vote[]
  readonly lot: Lot | undefined
}

/** Takes the lot of a wording out of the votes on one decision type. */
export function withoutLot(votes: readonly Vote[], decisionType: string, { roster }: Policy): Heard {
  if (decisionType !== drawnType || !roster.includes(trialAgentId)) return { votes, lot: undefined }
  const ballot = votes.find(({ agentId, kind }) => agentId === trialAgentId && kind !== 'error')
  const lot = ballot === undefined ? undefined : lotIn(ballot.params)
  if (ballot === undefined || lot === undefined) return { votes, lot: undefined }
  const silence: Vote = { ...ballot, kind: 'abstain', option: null, bin: null }
  return { votes: votes.map((vote) => (vote === ballot ? silence : vote)), lot }
}

/** The agent that draws has not answered: closed now, a decision could not be drawn any more. */
export function mayBeDrawn({ missing }: Pooled, decisionType: string): boolean {
  return decisionType === drawnType && missing.includes(trialAgentId)
}

/** What the lot makes of the usual choice among the options that gates left; `undefined` where it leaves it alone. */
export function draw(lot: Lot | undefined, eligible: ReadonlySet<string>, usual: string): Drawn | undefined {
  return lot === undefined ? undefined : drawnFrom(lot, (option) => eligible.has(option), usual)
}
