/**
 * From verdicts to policies: one for all locations, then one for each location that has enough of its own, drawn towards the
 * former. Verdicts of before an agent turned do not count for it: who has turned is seen in decisions that nobody judged, and carried
 * on from the last report. The same verdicts, decisions and last report give the same policies under the same hashes.
 * @source reference/consensus.md steps 1-4, 7; decision 88
 */
import { DateTime } from 'luxon'
import { instantText } from '../instantText.ts'
import type { Policy } from '../../schemas/generated/records.ts'
import { fit } from '../consensus/fit/fit.ts'
import type { Fitted } from '../consensus/fit/fit.ts'
import { withoutStrength, withParts } from '../consensus/fit/policyParts.ts'
import { compiled, policyKey, policyProblems, sealed } from '../consensus/policy.ts'
import { olderVotes } from './agentVersions.ts'
import type { OlderVotes } from './agentVersions.ts'
import { conformalLevel } from './conformalLevel.ts'
import type { ConformalLevel } from './conformalLevel.ts'
import { driftOf } from './drift.ts'
import type { Drift } from './drift.ts'
import { isDown, watchOf } from './turned.ts'
import type { Turned, Watch } from './turned.ts'
import { firstVerdicts, voteTableOf } from './voteTable.ts'
import type { VotedDecision } from './voteTable.ts'
import type { JudgedDecision } from './judgedDecision.ts'

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
  /** Who has turned, with the judged votes that this policy has of it since; not in reports from before it was told. */
  readonly watch?: Watch
  /**
   * What `policy` is made of. in_force: what was fitted is kept back, and what is in force goes on without those who have turned;
   * `report` is of what was fitted. Not in reports from before it was told: then fitted.
   */
  readonly from?: 'fitted' | 'in_force'
  /**
   * publish: it is new and no worse on the newest verdicts; unchanged: the same is in force; few: it rests on fewer verdicts of the random audit than wanted; rolled_back: a person went back to what is in force; worse: it foretells the newest
   * verdicts, which it has not seen, less well than what is in force; unsound: it would be refused.
   */
  readonly outcome: 'publish' | 'unchanged' | 'few' | 'rolled_back' | 'worse' | 'unsound'
  readonly problems: readonly string[]
  /** Of the verdicts it rests on those on what chance drew; not in reports from before it was told. */
  readonly drawn?: number
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
  /** What rests on fewer verdicts of the random audit is not to be put in force; by default any number will do. */
  readonly verdictsLeast?: number
  /** Hashes of policies that stay in force, because a person went back to them, and keys that a person let go back to the policy of all; by default none does. */
  readonly rolledBack?: ReadonlySet<string> | undefined
  /** What is worse is put in force all the same. */
  readonly forced?: boolean
  /** Newest decisions of the type, of all locations, judged or not: who has turned is seen in them. */
  readonly recent?: readonly VotedDecision[]
  /** Who had turned by the last report for all locations. */
  readonly remembered?: readonly Turned[]
}

/**
 * What the verdicts teach, for all locations first. Where there is none that was asked for by a known chance nothing is taught, and
 * somebody may have turned all the same: then what is in force goes on without it.
 */
export function learn(material: Material): Learned[] {
  const { decisionType, judged, shipped, inForce, recent = [], remembered = [] } = material
  const usable = firstVerdicts(judged).filter(({ inclusion }) => inclusion > 0)
  const watch = watchOf({ recent, judged, remembered, policy: shipped })
  if (usable.length === 0 && watch.turned.length + watch.undecided.length === 0) return []
  const former = inForce(`${EVERYBODY}:${decisionType}`) ?? shipped
  const fitted = learnOne(EVERYBODY, judged, shipped, former, watch, material)
  const down = (fitted.watch?.turned ?? []).filter(isDown)
  const everybody = [fitted, ...withoutTurned(fitted, down, material)]
  const locations = new Map<string, number>()
  for (const { decision } of usable) locations.set(decision.tenantId, (locations.get(decision.tenantId) ?? 0) + 1)
  // What is not put in force is nobody's prior.
  const prior = everybody.find(({ outcome }) => outcome === 'publish' || outcome === 'unchanged')?.policy ?? former
  const own = [...locations]
    .filter(([, count]) => count >= LEAST_OF_A_LOCATION)
    .map(([tenantId]) => tenantId)
    .sort()
    .flatMap((tenantId) => {
      const theirs = judged.filter(({ decision }) => decision.tenantId === tenantId)
      const one = learnOne(tenantId, theirs, prior, inForce(`${tenantId}:${decisionType}`) ?? prior, watch, material)
      return [one, ...withoutTurned(one, down, material)]
    })
  return [...everybody, ...own]
}

function learnOne(
  tenantId: string,
  judged: readonly JudgedDecision[],
  prior: Policy,
  former: Policy,
  watch: Watch,
  { verdictsLeast = 0, rolledBack, inForce }: Pick<Material, 'verdictsLeast' | 'rolledBack' | 'inForce'>,
): Learned {
  // By the newest verdict and not by a clock: with one, every run would publish another policy for the same verdicts. Without one by the newest turn.
  // An override is none of them: what teaches nothing is not what a policy is fitted up to, and makes no other one.
  const taught = firstVerdicts(judged).filter(({ inclusion }) => inclusion > 0)
  const newest = taught.length === 0 ? saidOf(watch) : taught.map(({ labelledAt }) => labelledAt)
  const now = Math.max(...newest)
  const conformal = conformalLevel(judged)
  const { parts, report } = fit(voteTableOf(judged, prior), { now, prior, former, level: conformal.level, heldDown: watch.turned })
  const votesOf = (agent: string) => report.agents.find((one) => one.agent === agent)?.votes ?? 0
  const turned = watch.turned.map((one) => ({ ...one, votes: votesOf(one.agent) }))
  const day = DateTime.fromMillis(now, { zone: 'utc' }).toFormat('yyyy-LL-dd')
  const label = `fitted on ${report.labels.usable} verdicts up to ${day}${turnedInWords(turned)}`
  const policy = sealed({ ...withParts(prior, parts, { label, createdAt: now }), tenantId })
  const problems = policyProblems(policy)
  const { held } = report
  // What was put to people because the agents could not settle it is no sample of all, however much of it there is.
  const drawn = taught.filter(({ decision, inclusion }) => decision.auditSelected || inclusion < 1).length
  const outcome =
    problems.length > 0
      ? 'unsound'
      : policy.policyHash === former.policyHash
        ? 'unchanged'
        : report.labels.usable === 0 || drawn < verdictsLeast
          ? 'few'
          : rolledBack?.has(inForce(policyKey(policy))?.policyHash ?? policyKey(policy)) === true
            ? 'rolled_back'
            : held !== undefined && held.fitted.logLoss > held.former.logLoss
              ? 'worse'
              : 'publish'
  const told = { drift: driftOf(judged), conformal, olderVotes: olderVotes(judged), watch: { ...watch, turned }, from: 'fitted' as const }
  return { key: policyKey(policy), policy, former, report, ...told, outcome, problems, drawn }
}

/** When each of those fell that the watch names. */
function saidOf({ turned, undecided }: Watch): number[] {
  return [...turned, ...undecided].map(({ since }) => since)
}

/**
 * Where what was fitted is kept back, what is in force without those who have turned, if it still believes one of them: verdicts of
 * before the turn, which are what it was held against, tell nothing of whether they are to be believed.
 */
function withoutTurned(one: Learned, down: readonly Turned[], { forced = false }: Pick<Material, 'forced'>): Learned[] {
  const { former, policy: fitted, outcome } = one
  const rules = compiled(former)
  const believed = down.filter(({ agent }) => former.options.some(({ option }) => rules.maxLambdaOf(agent, option) > 0))
  if (outcome === 'publish' || outcome === 'unchanged' || (outcome === 'worse' && forced) || believed.length === 0) return []
  const silent = down.map(({ agent }) => agent).filter((agent) => rules.roster.has(agent))
  const policy = sealed({
    ...former,
    tenantId: fitted.tenantId,
    label: `${former.label.split(TURNED)[0] ?? ''}${turnedInWords(down)}`,
    createdAt: fitted.createdAt,
    strengths: withoutStrength(former.strengths, silent),
  })
  const problems = policyProblems(policy)
  return [{ ...one, policy, from: 'in_force', outcome: problems.length > 0 ? 'unsound' : 'publish', problems }]
}

const TURNED = '; without '
/** For a label: who is held down since when, and of whom votes of before a turn do not count. Another list is another policy. */
function turnedInWords(turned: readonly Turned[]): string {
  if (turned.length === 0) return ''
  return `${TURNED}${turned.map((one) => `${one.agent} ${isDown(one) ? 'since' : 'before'} ${instantText(one.since)}`).join(', ')}`
}
