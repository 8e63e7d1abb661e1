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

/** Strength of one vote on its way into a family's list. */
interface Weighed {
  readonly vote: Vote
  readonly bin: number
  readonly lambda: number
}
/** The votes of one family for one option. */
interface Group {
  readonly family: string
  readonly option: string
  readonly votes: Weighed[]
}

/** Pools votes over the eligible options. Abstentions and errors add nothing; agents present count towards the quorum. */
export function pool(votes: readonly Vote[], policy: Policy, stage: string, eligible: ReadonlySet<string>): Pooled {
  const rules = compiled(policy)
  const contributions = contributionsOf(votes, rules, eligible)
  const scores = new Map(policy.options.map(({ option }) => [option, scoreOfBase(rules.baseMicro(stage, option))]))
  for (const [option, nats] of addedBy(contributions, policy)) scores.set(option, (scores.get(option) ?? 0n) + nats)
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

/** What all contributions add to each option, 1e-18 nats: the sum of their `nats`, multiplied by tau once. */
function addedBy(contributions: readonly Contribution[], { tauMicro }: Policy): Map<string, bigint> {
  const sums = new Map<string, bigint>()
  for (const { option, lambdaMicro, deltaMicro } of contributions)
    sums.set(option, (sums.get(option) ?? 0n) + BigInt(lambdaMicro * deltaMicro))
  for (const [option, sum] of sums) sums.set(option, sum * BigInt(tauMicro))
  return sums
}

/** What each vote adds: lambda of its cell times the worth of its rank in its family times tau. */
export function contributionsOf(votes: readonly Vote[], rules: CompiledPolicy, eligible: ReadonlySet<string>): Contribution[] {
  const { tauMicro } = rules.policy
  const natsText = textOfNats(tauMicro)
  const families = new Map<string, Contribution[]>()
  for (const { family, option, votes: group } of groupsOf(votes, rules)) {
    group.sort(byStrength)
    let out = families.get(family)
    if (out === undefined) families.set(family, (out = []))
    const blocked = !eligible.has(option)
    for (let index = 0; index < group.length; index++) {
      const { vote, bin, lambda } = group[index] as Weighed
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
        nats: natsText(lambda * delta),
        blocked,
        reasonCode: vote.reasonCode,
        reasonText: vote.reasonText,
      })
    }
  }
  return [...families.keys()].sort(compare).flatMap((family) => (families.get(family) ?? []).sort(byRank))
}

/** The votes for known options, by family and option, in the order in which each group was first seen. */
function groupsOf(votes: readonly Vote[], rules: CompiledPolicy): Group[] {
  const groups: Group[] = []
  const ofFamily = new Map<string, Group[]>()
  for (const vote of votes) {
    const { option, bin, agentId } = vote
    if (vote.kind !== 'vote' || option === null || bin === null) continue
    const place = rules.placeOf(option)
    if (place === undefined) continue
    const { family = vote.family, lambdas } = rules.seatOf(agentId)
    let own = ofFamily.get(family)
    if (own === undefined) ofFamily.set(family, (own = []))
    let group = own.find((each) => each.option === option)
    if (group === undefined) {
      group = { family, option, votes: [] }
      own.push(group)
      groups.push(group)
    }
    const usual = bin >= 1 && bin <= 5
    group.votes.push({
      vote,
      bin,
      lambda: lambdas === undefined ? 0 : usual ? (lambdas[place + bin - 1] ?? 0) : rules.lambdaOf(agentId, bin, option),
    })
  }
  return groups
}

/**
 * lambda * delta (exact in a float: below 2^31 * 1e6) times tau, as text. Most tau end in zeros: then the digits before them
 * fit a float too, and no long division of a bigint is needed to write them.
 */
function textOfNats(tauMicro: number): (lambdaDelta: number) => string {
  let [digits, zeros] = [tauMicro, '']
  while (digits !== 0 && digits % 10 === 0) [digits, zeros] = [digits / 10, `${zeros}0`]
  return (lambdaDelta) => {
    const product = lambdaDelta * digits
    if (product === 0) return '0'
    return Number.isSafeInteger(product) ? `${product}${zeros}` : String(BigInt(lambdaDelta) * BigInt(tauMicro))
  }
}

function byRank(a: Contribution, b: Contribution): number {
  return a.rank - b.rank || compare(a.agentId, b.agentId)
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
    const { family = stated, lambdas } = rules.seatOf(agentId)
    if (lambdas === undefined) continue
    answered.add(agentId)
    if (kind === 'vote' || kind === 'abstain') perFamily.set(family, (perFamily.get(family) ?? 0) + 1)
  }
  let nEff = 0
  for (const [family, members] of perFamily) nEff += rules.nEffMicro(family, members)
  return {
    nEffMicro: nEff,
    presentFamilies: new Set(perFamily.keys()),
    missing: rules.policy.roster.filter((agent) => !answered.has(agent)),
  }
}
