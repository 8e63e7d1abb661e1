/**
 * From verdicts to policies: one for all locations, then one for each location that has enough of its own, drawn towards the
 * former. The same verdicts give the same policy under the same hash, whenever it is learned.
 * @source reference/consensus.md steps 1-4, 7
 */
import { DateTime } from 'luxon'
import type { Policy } from '../../schemas/generated/records.ts'
import { fit } from '../consensus/fit/fit.ts'
import type { Fitted } from '../consensus/fit/fit.ts'
import { withParts } from '../consensus/fit/policyParts.ts'
import { policyKey, policyProblems, sealed } from '../consensus/policy.ts'
import { olderVotes } from './agentVersions.ts'
import type { OlderVotes } from './agentVersions.ts'
import { conformalLevel } from './conformalLevel.ts'
import type { ConformalLevel } from './conformalLevel.ts'
import { driftOf } from './drift.ts'
import type { Drift } from './drift.ts'
import { firstVerdicts, voteTableOf } from './voteTable.ts'
import type { JudgedDecision } from './voteTable.ts'

/** A location draws its base rates towards those of all, its strengths not: with fewer verdicts of its own they would be worse. */
export const LEAST_OF_A_LOCATION = 300
/** Whoever it is for. */
export const EVERYBODY = '*'

export interface Learned {
  /** `<location or *>:<decision type>` */
  readonly key: string
  readonly policy: Policy
  readonly former: Policy
  readonly report: Fitted['report']
  /** Whether the newest verdicts still fit what was decided. */
  readonly drift: Drift
  /** What errors of past sets made of the level that the quantile is taken at. */
  readonly conformal: ConformalLevel
  /** Agents whose votes are in part those of an older version; not in reports from before it was told. */
  readonly olderVotes?: readonly OlderVotes[]
  /**
   * publish: it is new and no worse on the newest verdicts; unchanged: the same is in force; few: it rests on fewer verdicts than wanted; worse: it foretells the newest
   * verdicts, which it has not seen, less well than what is in force; unsound: it would be refused.
   */
  readonly outcome: 'publish' | 'unchanged' | 'few' | 'worse' | 'unsound'
  readonly problems: readonly string[]
}

/** The same as it is told and kept: of the policies only what names them. */
export interface LearnedReport extends Omit<Learned, 'policy' | 'former'> {
  readonly policy: Pick<Policy, 'policyHash' | 'label'>
  readonly former: Pick<Policy, 'policyHash' | 'label'>
}

export interface Material {
  readonly decisionType: string
  /** On decisions of this type, of all locations. */
  readonly judged: readonly JudgedDecision[]
  /** The shipped policy: what few verdicts are drawn towards, and what costs and values come from. */
  readonly shipped: Policy
  /** What is in force for a key, if anything is published there. */
  readonly inForce: (key: string) => Policy | undefined
  /** What rests on fewer verdicts is not to be put in force; by default any number will do. */
  readonly verdictsLeast?: number
}

/** What the verdicts teach; nothing when there is none that was asked for by a known chance. */
export function learn({ decisionType, judged, shipped, inForce, verdictsLeast = 0 }: Material): Learned[] {
  const usable = firstVerdicts(judged).filter(({ inclusion }) => inclusion > 0)
  if (usable.length === 0) return []
  const everybody = learnOne(EVERYBODY, judged, shipped, inForce(`${EVERYBODY}:${decisionType}`) ?? shipped, verdictsLeast)
  const locations = new Map<string, number>()
  for (const { decision } of usable) locations.set(decision.tenantId, (locations.get(decision.tenantId) ?? 0) + 1)
  // What is not put in force is nobody's prior.
  const prior = everybody.outcome === 'publish' || everybody.outcome === 'unchanged' ? everybody.policy : everybody.former
  const own = [...locations]
    .filter(([, count]) => count >= LEAST_OF_A_LOCATION)
    .map(([tenantId]) => tenantId)
    .sort()
    .map((tenantId) => {
      const theirs = judged.filter(({ decision }) => decision.tenantId === tenantId)
      return learnOne(tenantId, theirs, prior, inForce(`${tenantId}:${decisionType}`) ?? prior, verdictsLeast)
    })
  return [everybody, ...own]
}

function learnOne(tenantId: string, judged: readonly JudgedDecision[], prior: Policy, former: Policy, verdictsLeast: number): Learned {
  // By the newest verdict and not by a clock: with one, every run would publish another policy for the same verdicts.
  const now = Math.max(...judged.map(({ labelledAt }) => labelledAt))
  const conformal = conformalLevel(judged)
  const { parts, report } = fit(voteTableOf(judged, prior), { now, prior, former, level: conformal.level })
  const label = `fitted on ${report.labels.usable} verdicts up to ${DateTime.fromMillis(now, { zone: 'utc' }).toFormat('yyyy-LL-dd')}`
  const policy = sealed({ ...withParts(prior, parts, { label, createdAt: now }), tenantId })
  const problems = policyProblems(policy)
  const { held } = report
  const outcome =
    problems.length > 0
      ? 'unsound'
      : policy.policyHash === former.policyHash
        ? 'unchanged'
        : report.labels.usable < verdictsLeast
          ? 'few'
          : held !== undefined && held.fitted.logLoss > held.former.logLoss
            ? 'worse'
            : 'publish'
  const told = { drift: driftOf(judged), conformal, olderVotes: olderVotes(judged) }
  return { key: policyKey(policy), policy, former, report, ...told, outcome, problems }
}
