/**
 * What another policy would have decided on the very inputs of stored decisions. Only decisions that come out byte for byte
 * under their own policy are compared: of the others nobody could say what the policy changed and what something else did.
 * @source reference/consensus.md 6, 10.6
 */
import type { Decision, Policy } from '../../schemas/generated/records.ts'
import { clopperPearson } from './scores/clopperPearson.ts'
import type { Interval } from './scores/clopperPearson.ts'
import { decidedAgain, replay } from './replay.ts'
import type { ReplayInputs } from './replay.ts'
import { usualChoice } from './usualChoice.ts'
import type { Choice } from './usualChoice.ts'
import { arithmeticOf } from './writtenBy.ts'

export type Compared =
  | { readonly kind: 'compared'; readonly decision: Decision; readonly other: Decision }
  | { readonly kind: 'not_possible'; readonly decision: Decision; readonly because: string }

/** The decisions of one assessment that the policy is about, with what it would have decided. */
export function whatIf(stored: readonly Decision[], inputs: ReplayInputs, policy: Policy): Compared[] {
  const answers = replay(stored, inputs)
  return stored.flatMap((decision, index): Compared[] => {
    const answer = answers[index]
    const isMeant = decision.type === policy.decisionType && (policy.tenantId === '*' || policy.tenantId === decision.tenantId)
    if (!isMeant || answer === undefined) return []
    if (answer.kind !== 'same') return [{ kind: 'not_possible', decision, because: answer.because }]
    const { assessment, ballots, tenant } = inputs
    if (assessment === undefined) return []
    const others = new Map(
      stored.map(({ type, policyHash }) => [`${type} ${policyHash}`, type === decision.type ? policy : inputs.policy(policyHash)]),
    )
    // By type as well: two types may name policies of one hash only in a broken store, but the map must not mix them up.
    const named = stored.map((one) => ({ ...one, policyHash: `${one.type} ${one.policyHash}`, conflicts: [] }))
    // By the arithmetic that it was decided with: what a newer version does otherwise is not what the policy changes.
    const options = { byDeadline: true, arithmetic: arithmeticOf(decision.engineVersion) }
    const other = decidedAgain(named, others, assessment, ballots, answer.start, tenant, options).get(decision.type)
    if (other === undefined) return [{ kind: 'not_possible', decision, because: 'The stored inputs do not bring it to a decision.' }]
    return [{ kind: 'compared', decision, other }]
  })
}

export interface Judged {
  readonly decisionId: string
  /** The option that a person found right. */
  readonly option: string
}

/** A decision and the other policy's, as far as verdicts need them. */
export type ComparedChoice =
  | {
      readonly kind: 'compared'
      readonly decision: Pick<Decision, 'decisionId'> & Choice
      readonly other: Choice
    }
  | Extract<Compared, { kind: 'not_possible' }>

/** What verdicts that were asked for by chance say of the two. */
export interface JudgedDifference {
  readonly verdicts: number
  readonly rightBefore: number
  readonly rightAfter: number
  /** Decisions that only the other policy has right, and only the one in force. */
  readonly better: number
  readonly worse: number
  /** Share of `better` among the two with 95 %: only an interval on one side of a half tells anything. */
  readonly betterShare: Interval
}

/** Compares by verdicts what the votes chose. Decisions without a verdict say nothing about which option was right. */
export function judgedDifference(compared: readonly ComparedChoice[], verdicts: readonly Judged[]): JudgedDifference {
  const rights = new Map(verdicts.map(({ decisionId, option }) => [decisionId, option]))
  const judged = compared.flatMap((one) => {
    const right = rights.get(one.decision.decisionId)
    return one.kind === 'compared' && right !== undefined
      ? [[usualChoice(one.decision) === right, usualChoice(one.other) === right] as const]
      : []
  })
  const better = judged.filter(([before, after]) => after && !before).length
  const worse = judged.filter(([before, after]) => before && !after).length
  return {
    verdicts: judged.length,
    rightBefore: judged.filter(([before]) => before).length,
    rightAfter: judged.filter(([, after]) => after).length,
    better,
    worse,
    betterShare: clopperPearson(better, better + worse),
  }
}
