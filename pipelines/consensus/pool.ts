/**
 * The lift pool: base rate plus the correlation-discounted strength of every vote, in exact integers of 1e-18 nats, so
 * the sum does not depend on order, contributions add up to the score, and one more vote never lowers its option.
 * Knows nothing about leads: any votes, any policy.
 * @source reference/consensus.md steps 1-4
 */
import type { Contribution, Policy, Vote } from '../../schemas/generated/records.ts'
import { compiled } from './policy.ts'
import type { CompiledPolicy } from './policy.ts'
import { softmax } from './pinnedMath.ts'

export interface PooledOption {
  readonly option: string
  readonly eligible: boolean
  readonly baseMicro: number
  /**
   * Base plus contributions in 1e-18 nats. For an option that is not eligible: what it would have been, so that an owner
   * can see what a gate costs; it takes no part in the probabilities.
   */
  readonly score: bigint
  /** Among the eligible options; 0 for the others. */
  readonly probability: number
}

export interface Pooled {
  /** In the order of the policy. */
  readonly options: readonly PooledOption[]
  /** Sorted by family, option, rank, agent. */
  readonly contributions: readonly Contribution[]
  /** Effective voters present, 1e-6. */
  readonly nEffMicro: number
  /** Families of which at least one member is present. */
  readonly presentFamilies: ReadonlySet<string>
  /** Roster agents that have not answered at all. */
  readonly missing: readonly string[]
}

/** Strength and family of one vote on its way into a family's list. */
interface Weighed {
  readonly vote: Vote
  readonly family: string
  readonly option: string
  readonly bin: number
  readonly lambda: number
}

/** Pools votes over the eligible options. Abstentions and errors add nothing; agents present count towards the quorum. */
export function pool(votes: readonly Vote[], policy: Policy, stage: string, eligible: ReadonlySet<string>): Pooled {
  const rules = compiled(policy)
  const contributions = contributionsOf(votes, rules, eligible)
  const scores = new Map(policy.options.map(({ option }) => [option, scoreOfBase(rules.baseMicro(stage, option))]))
  for (const { option, nats } of contributions) scores.set(option, (scores.get(option) ?? 0n) + BigInt(nats))
  const running = policy.options.filter(({ option }) => eligible.has(option))
  const probabilities = softmax(running.map(({ option }) => scores.get(option) ?? 0n))
  const probabilityOf = new Map(running.map(({ option }, index) => [option, probabilities[index] ?? 0]))
  const options = policy.options.map(({ option }) => ({
    option,
    eligible: eligible.has(option),
    baseMicro: rules.baseMicro(stage, option),
    score: scores.get(option) ?? 0n,
    probability: probabilityOf.get(option) ?? 0,
  }))
  return { options, contributions, ...presence(votes, rules) }
}

/** 1e-6 nats as 1e-18 nats. */
export function scoreOfBase(baseMicro: number): bigint {
  return BigInt(baseMicro) * 1_000_000_000_000n
}

/** What each vote adds: lambda of its cell times the worth of its rank in its family times tau. */
export function contributionsOf(votes: readonly Vote[], rules: CompiledPolicy, eligible: ReadonlySet<string>): Contribution[] {
  const known = new Set(rules.policy.options.map(({ option }) => option))
  const groups = new Map<string, Weighed[]>()
  for (const vote of votes) {
    const { option, bin } = vote
    if (vote.kind !== 'vote' || option === null || bin === null || !known.has(option)) continue
    const family = rules.familyOf(vote.agentId, vote.family)
    const key = `${family} ${option}`
    const weighed = { vote, family, option, bin, lambda: rules.lambdaOf(vote.agentId, bin, option) }
    const group = groups.get(key)
    if (group === undefined) groups.set(key, [weighed])
    else group.push(weighed)
  }
  const { tauMicro } = rules.policy
  const out: Contribution[] = []
  for (const group of groups.values()) {
    group.sort(byStrength)
    group.forEach(({ vote, family, option, bin, lambda }, index) => {
      const delta = rules.deltaMicro(family, index + 1)
      out.push({
        agentId: vote.agentId,
        agentVersion: vote.agentVersion,
        family,
        option,
        bin,
        rank: index + 1,
        lambdaMicro: lambda,
        deltaMicro: delta,
        tauMicro,
        nats: String(BigInt(lambda) * BigInt(delta) * BigInt(tauMicro)),
        blocked: !eligible.has(option),
        reasonCode: vote.reasonCode,
        reasonText: vote.reasonText,
      })
    })
  }
  return out.sort((a, b) => compare(a.family, b.family) || a.rank - b.rank || compare(a.agentId, b.agentId))
}

function byStrength(a: Weighed, b: Weighed): number {
  return b.lambda - a.lambda || compare(a.vote.agentId, b.vote.agentId)
}

/** Code-unit order: the same on every machine and locale. */
export function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}

/** Who is there. Only the roster makes a quorum: anybody may write ballots, nobody may fake one. An error is not presence. */
function presence(votes: readonly Vote[], rules: CompiledPolicy): Pick<Pooled, 'nEffMicro' | 'presentFamilies' | 'missing'> {
  const perFamily = new Map<string, number>()
  const answered = new Set<string>()
  for (const { agentId, family: stated, kind } of votes) {
    if (!rules.roster.has(agentId)) continue
    answered.add(agentId)
    if (kind !== 'vote' && kind !== 'abstain') continue
    const family = rules.familyOf(agentId, stated)
    perFamily.set(family, (perFamily.get(family) ?? 0) + 1)
  }
  let nEff = 0
  for (const [family, members] of perFamily) nEff += rules.nEffMicro(family, members)
  return {
    nEffMicro: nEff,
    presentFamilies: new Set(perFamily.keys()),
    missing: rules.policy.roster.filter((agent) => !answered.has(agent)),
  }
}
