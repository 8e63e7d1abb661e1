/**
 * From a question, its votes and a policy to the whole Decision record. Pure: the same arguments give the same bytes,
 * which is what replay, what-if and shadow policies rest on.
 * @source reference/consensus.md 2.3, steps 4-6
 */
import { createHash } from 'node:crypto'
import type { Assessment, Contribution, Decision, Policy, Silence, Tenant, Vote } from '../../schemas/generated/records.ts'
import { everyType } from '../agents/panel.ts'
import { auditShareMicro } from './auditStrata.ts'
import { conflictsOf } from './conflicts.ts'
import type { Conflict } from './conflicts.ts'
import { draw, mayBeDrawn, withoutLot } from './draw.ts'
import { drawHour, hourMayBeDrawn, lawfulPlaceOf, withoutHourLot } from './drawHour.ts'
import { settled } from './earlyStop.ts'
import type { Settles } from './earlyStop.ts'
import type { Gated } from './gates.ts'
import { dueAtOf, paramsOf, routingParams } from './params.ts'
import { engineVersion } from './policy.ts'
import { compare, pool } from './pool.ts'
import type { Pooled } from './pool.ts'
import { isRuledOut, micro, rankByUtility, utilityOf, utilityUnits } from './utility.ts'

/** Sentences of votes kept in a decision; the rest is in the ballot. Keeps a decision of 37 votes small. */
const sentencesKept = 8

export interface Case {
  readonly decisionId: string
  readonly question: Assessment
  readonly decisionType: string
  /** All votes on the question so far, of any decision type, one per agent and type. */
  readonly votes: readonly Vote[]
  readonly policy: Policy
  readonly gated: Gated
  /** When it is decided, ms. */
  readonly at: number
  /** Ballots refused because they were cast on another epoch. */
  readonly staleBallots: number
  /** A published policy for this lead was unusable and its parent was taken. */
  readonly policyRefused: boolean
  /** The settings of the location, where hours are left to lot. */
  readonly tenant?: Tenant | undefined
  /** Too few voices were heard the last time this was asked of the lead. */
  readonly degradedBefore: boolean
}
export type Closing = 'votes' | 'deadline' | 'superseded'

/** The votes of one decision type, with the silences that hold for every type. */
export function votesOn(votes: readonly Vote[], decisionType: string): Vote[] {
  return votes.filter((vote) => vote.decisionType === decisionType || vote.decisionType === everyType)
}

/** True when enough voters are present, among them every family the policy requires. */
export function hasQuorum(pooled: Pooled, policy: Policy): boolean {
  return pooled.nEffMicro >= policy.quorumMilli * 1000 && policy.requiredFamilies.every((family) => pooled.presentFamilies.has(family))
}

/** Decides when `settles` finds that the votes suffice: nothing but `wait` is left, everybody has answered, or no missing vote can change anything. */
export function decideIfReady(open: Case, settles: Settles = settled): Decision | undefined {
  const { policy, gated, decisionType, question, tenant } = open
  if (gated.eligible.size === 1) return record(open, emptyPool(open), 'gated')
  const pooled = pooledOf(open)
  if (pooled.missing.length === 0) return record(open, pooled, 'all_votes')
  if (mayBeDrawn(pooled, decisionType) || hourMayBeDrawn(pooled, decisionType, question, tenant)) return undefined
  return hasQuorum(pooled, policy) && settles(pooled, policy) ? record(open, pooled, 'early_stop') : undefined
}

/** Decides now, whatever is missing. */
export function decideNow(open: Case, closing: Exclude<Closing, 'votes'>): Decision {
  if (open.gated.eligible.size === 1 && closing === 'deadline') return record(open, emptyPool(open), 'gated')
  return record(open, pooledOf(open), closing)
}

/** The votes on the type that is decided; a lot is none of them. */
function heard({ votes, decisionType, policy }: Case) {
  const { votes: timed, lots } = withoutHourLot(votesOn(votes, decisionType), decisionType, policy)
  return { ...withoutLot(timed, decisionType, policy), lots }
}

function pooledOf(open: Case): Pooled {
  return pool(heard(open).votes, open.policy, open.question.stage, open.gated.eligible)
}

function emptyPool({ policy, question, gated }: Case): Pooled {
  return pool([], policy, question.stage, gated.eligible)
}

function record(open: Case, pooled: Pooled, stopReason: 'all_votes' | 'early_stop' | 'deadline' | 'gated' | 'superseded'): Decision {
  const { decisionId, question, decisionType, policy, gated, at } = open
  const probabilities = new Map(pooled.options.filter(({ eligible }) => eligible).map(({ option, probability }) => [option, probability]))
  const ranked = rankByUtility(policy, probabilities, decisionId)
  // Nobody was asked, or the answer came too late: not a judgement of the pool, so neither degraded nor audited.
  const forced = stopReason === 'gated' || stopReason === 'superseded'
  const degraded = !forced && !hasQuorum(pooled, policy)
  const usual = forced ? 'wait' : degraded ? policy.fallback : (ranked[0]?.option ?? policy.fallback)
  const { votes, lot, lots } = heard(open)
  const drawn = forced || degraded ? undefined : draw(lot, gated.eligible, usual)
  const chosen = drawn?.chosen ?? usual
  const left = forced || degraded ? null : notRuledOut(policy, probabilities)
  const plain =
    decisionType === 'routing' && !forced
      ? routingParams(
          chosen,
          question.view.shortlist,
          ranked.map(({ option }) => option),
        )
      : forced || degraded
        ? {}
        : paramsOf(
            chosen,
            votes.filter(({ option }) => option !== null && gated.eligible.has(option)),
            pooled.contributions,
          )
  const timed =
    forced || degraded || lots === undefined ? undefined : drawHour(lots, chosen, plain, lawfulPlaceOf(question.view, open.tenant), at)
  const params = timed?.params ?? plain
  const pAuditMicro = forced ? 0 : auditShareMicro(policy, question.stage, chosen, probabilities)
  const conflicts: Conflict[] = forced ? [] : conflictsOf(pooled, policy)
  if (open.staleBallots > 0) conflicts.push('stale')
  if (open.policyRefused) conflicts.push('policy-refused')
  return {
    decisionId,
    tenantId: question.tenantId,
    contactId: question.contactId,
    assessmentId: question.assessmentId,
    type: decisionType,
    reason: question.reason,
    stage: question.stage,
    epoch: question.epoch,
    profileVersion: question.view.profileVersion,
    viewHash: question.viewHash,
    policyHash: policy.policyHash,
    engineVersion,
    chosen,
    runnerUp: ranked.find(({ option }) => option !== chosen)?.option ?? null,
    options: pooled.options.map(({ option, eligible, baseMicro, score, probability }) => {
      const rules = policy.options.find((known) => known.option === option)
      const utility = eligible && rules !== undefined ? utilityOf(rules, probabilities) / utilityUnits : 0
      return { option, eligible, baseMicro, score: String(score), probability, utility }
    }),
    gates: [...gated.results],
    contributions: briefly(pooled.contributions),
    silent: forced ? [] : silences(votes, pooled, policy.roster),
    params,
    conflicts,
    degraded,
    fallbackUsed: degraded,
    nEff: pooled.nEffMicro / 1e6,
    quorum: policy.quorumMilli / 1000,
    stopReason,
    auditSelected: auditSelected(decisionId, pAuditMicro),
    pAudit: pAuditMicro / 1e6,
    askedAt: question.askedAt,
    decidedAt: at,
    dueAt: dueAtOf(chosen, params, at),
    liftsAt: chosen === 'wait' ? gated.liftsAt : null,
    conformalSet: left,
    escalation:
      left !== null && isUndecided(chosen, left, policy) ? 'undecided' : degraded && open.degradedBefore ? 'quorum_failed_twice' : null,
    draw: drawn?.draw ?? null,
    hour: timed?.hour ?? null,
  }
}

/** The open options that cannot be ruled out, in the order of the policy; `null` without a quantile. `probabilities` are of open ones. */
function notRuledOut(policy: Policy, probabilities: ReadonlyMap<string, number>): string[] | null {
  if (typeof policy.conformalMicro !== 'number') return null
  return policy.options.flatMap(({ option }) => {
    const probability = probabilities.get(option)
    return probability === undefined || isRuledOut(micro(probability), policy) ? [] : [option]
  })
}

/** What cannot be undone was chosen, and it is not the only option left. @source reference/consensus.md 4.2 */
function isUndecided(chosen: string, left: readonly string[], { options }: Policy): boolean {
  return left.some((option) => option !== chosen) && options.some(({ option, reversible }) => option === chosen && !reversible)
}

/** Keeps the sentences of the votes that weigh most. */
function briefly(contributions: readonly Contribution[]): Contribution[] {
  if (contributions.length <= sentencesKept) return [...contributions]
  // lambda * delta stands for the exact product here: it is only about which sentences to keep.
  const weight = ({ lambdaMicro, deltaMicro }: Contribution) => lambdaMicro * deltaMicro
  const kept = new Set([...contributions].sort((a, b) => weight(b) - weight(a) || compare(a.agentId, b.agentId)).slice(0, sentencesKept))
  return contributions.map((contribution) =>
    kept.has(contribution) || contribution.reasonText === null ? contribution : { ...contribution, reasonText: null },
  )
}

/** Agents of the roster that cast no vote: abstained, failed, or did not answer. */
function silences(votes: readonly Vote[], pooled: Pooled, roster: readonly string[]): Silence[] {
  const expected = new Set(roster)
  const spoken = votes
    .filter(({ kind, agentId }) => kind !== 'vote' && (expected.has(agentId) || agentId.includes('/')))
    .map(({ agentId, kind, reasonCode }) => ({ agentId, kind, reasonCode }))
  return [...spoken, ...pooled.missing.map((agentId) => ({ agentId, kind: 'missing', reasonCode: 'no_answer' }))].sort((a, b) =>
    compare(a.agentId, b.agentId),
  )
}

/**
 * Chosen for the random audit by a hash of the decision id, so before the outcome is known and the same on every replay.
 * 32 bits of the hash are compared as hash / 2^32 < p, in integers (2^32 * 1e6 < 2^53).
 */
export function auditSelected(decisionId: string, pAuditMicro: number): boolean {
  const bits = createHash('sha256').update(`audit:${decisionId}`).digest().readUInt32BE(0)
  return bits * 1e6 < pAuditMicro * 2 ** 32
}
