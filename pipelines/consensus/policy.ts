/**
 * The policy artefact: canonical JSON, its hash, what makes one valid, and the look-up form the pool works with.
 * A policy is never edited: another value has another hash.
 * @source reference/consensus.md 6
 */
import { createHash } from 'node:crypto'
import type { Policy, PolicyFamily } from '../../schemas/generated/records.ts'

/** Rises when the same votes and policy may give other bytes. Stored on each decision. */
export const engineVersion = 9

/** Correlation of a family the policy does not know: the careful prior for voters of one model. */
const unknownFamilyRhoMicro = 500_000
/** Strengths are clipped to 0 .. 4 nats. */
const maxLambdaMicro = 4_000_000
/** Bounds that keep every utility an exact integer: 1e6 (probability) * 1e8 * 40 options < 2^53. */
const maxValueMicro = 100_000_000

/** JSON with sorted keys and no white space. */
export function canonicalJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(',')}]`
  if (value !== null && typeof value === 'object') {
    const entries = Object.entries(value)
      .filter(([, item]) => item !== undefined)
      .sort(([a], [b]) => (a < b ? -1 : 1))
    return `{${entries.map(([key, item]) => `${JSON.stringify(key)}:${canonicalJson(item)}`).join(',')}}`
  }
  return JSON.stringify(value)
}

/** SHA-256 of the canonical JSON of everything but `policyHash` and `createdAt`, hex. */
export function policyHash(policy: Omit<Policy, 'policyHash' | 'createdAt'> & Partial<Policy>): string {
  const { policyHash: _hash, createdAt: _at, conformalMicro, ...rest } = policy
  // A policy from before the field was known has the hash it was published under.
  const content = conformalMicro === null || conformalMicro === undefined ? rest : { ...rest, conformalMicro }
  return createHash('sha256').update(canonicalJson(content)).digest('hex')
}

/** The policy with its hash. */
export function sealed(policy: Omit<Policy, 'policyHash'>): Policy {
  return { ...policy, policyHash: policyHash(policy) }
}

/** The key of a policy on its topic: `<tenant or *>:<decision type>`. */
export function policyKey(policy: Pick<Policy, 'tenantId' | 'decisionType'>): string {
  return `${policy.tenantId}:${policy.decisionType}`
}

/** Everything that is wrong with a policy, one sentence each; empty when it may be used. */
export function policyProblems(policy: Policy): string[] {
  const problems: string[] = []
  const options = policy.options.map(({ option }) => option)
  const isMicro = (value: number, from: number, to: number) => Number.isSafeInteger(value) && value >= from && value <= to
  if (policy.policyHash !== policyHash(policy)) problems.push('policyHash is not the hash of the content')
  if (options[0] !== 'wait') problems.push('the first option must be wait')
  if (options.length > 40) problems.push('more than 40 options')
  if (new Set(options).size !== options.length) problems.push('an option is listed twice')
  const fallback = policy.options.find(({ option }) => option === policy.fallback)
  if (fallback === undefined) problems.push(`fallback ${policy.fallback} is not an option`)
  else if (!fallback.reversible) problems.push(`fallback ${policy.fallback} is not reversible`)
  for (const { option, values, costMicros } of policy.options) {
    if (!isMicro(costMicros, 0, maxValueMicro)) problems.push(`cost of ${option} is out of range`)
    for (const truth of options) {
      if (!isMicro(values[truth] ?? NaN, -maxValueMicro, maxValueMicro))
        problems.push(`value of ${option} when ${truth} is right is missing or out of range`)
    }
  }
  for (const option of options) {
    if (policy.baseRatesMicro['*']?.[option] === undefined) problems.push(`base rate of ${option} is missing for stage *`)
  }
  for (const [stage, rates] of Object.entries(policy.baseRatesMicro)) {
    for (const [option, rate] of Object.entries(rates)) {
      // ln 1e-4 = -9.21034 is the floor of every base rate.
      if (!isMicro(rate, -9_210_341, 0)) problems.push(`base rate of ${option} in stage ${stage} is out of range`)
    }
  }
  if (policy.coldStrengthsMicro.length !== 5) problems.push('five cold strengths are needed, one per bin')
  if (
    ![...policy.coldStrengthsMicro, ...policy.strengths.map(({ lambdaMicro }) => lambdaMicro)].every((lambda) =>
      isMicro(lambda, 0, maxLambdaMicro),
    )
  ) {
    problems.push('a strength is outside 0 to 4 nats')
  }
  if (!policy.families.every(({ rhoMicro }) => isMicro(rhoMicro, 0, 1_000_000))) problems.push('a correlation is outside 0 to 1')
  if (new Set(policy.families.map(({ family }) => family)).size !== policy.families.length) problems.push('a family is listed twice')
  const members = policy.families.flatMap(({ agents }) => agents)
  if (new Set(members).size !== members.length) problems.push('an agent is in two families')
  for (const agent of policy.roster) if (!members.includes(agent)) problems.push(`${agent} is in no family`)
  for (const family of policy.requiredFamilies) {
    if (!policy.families.some((known) => known.family === family && known.agents.some((agent) => policy.roster.includes(agent)))) {
      problems.push(`required family ${family} has no member on the roster`)
    }
  }
  if (!isMicro(policy.tauMicro, 1, 10_000_000)) problems.push('tau is out of range')
  if (!isMicro(policy.marginMicro, 0, maxLambdaMicro)) problems.push('margin is out of range')
  if (policy.conformalMicro !== null && !isMicro(policy.conformalMicro, 0, 1_000_000)) problems.push('conformal quantile is outside 0 to 1')
  if (!isMicro(policy.pAuditMicro, 0, 1_000_000)) problems.push('audit share is outside 0 to 1')
  if (!isMicro(policy.quorumMilli, 0, 1_000_000)) problems.push('quorum is out of range')
  if (problems.length === 0) problems.push(...fallingStrengths(policy))
  return problems
}

function fallingStrengths(policy: Policy): string[] {
  const rules = compiled(policy)
  const bins = [1, 2, 3, 4]
  return policy.roster.flatMap((agent) =>
    policy.options
      .filter(({ option }) => bins.some((bin) => rules.lambdaOf(agent, bin, option) > rules.lambdaOf(agent, bin + 1, option)))
      .map(({ option }) => `strength of ${agent} for ${option} falls from one bin to a higher one`),
  )
}

/** What a policy knows of an agent. */
export interface Seat {
  /** The family it is declared to be in. */
  readonly family: string | undefined
  /** Its strengths in 1e-6 nats, five bins of each option; `undefined` outside the roster, where a vote weighs nothing. */
  readonly lambdas: Float64Array | undefined
}

/** Look-up form of a policy. */
export interface CompiledPolicy {
  readonly policy: Policy
  readonly roster: ReadonlySet<string>
  /** Where the five strengths of an option begin in a seat; `undefined` for an option the policy does not know. */
  placeOf(option: string): number | undefined
  seatOf(agentId: string): Seat
  /** ln of the base rate of an option in a stage, 1e-6 nats; a stage without its own rate takes the parent's. */
  baseMicro(stage: string, option: string): number
  /** Strength of a vote in 1e-6 nats. Agents outside the roster weigh nothing. */
  lambdaOf(agentId: string, bin: number, option: string): number
  /** The strongest a vote of this agent for this option can be. */
  maxLambdaOf(agentId: string, option: string): number
  /** Family of an agent: as declared by the policy, else as stated by its vote. */
  familyOf(agentId: string, stated: string): string
  /** Worth of the k-th vote (1 first) of a family for one option, 1e-6: n_eff(k) - n_eff(k - 1). Never rises with k. */
  deltaMicro(family: string, k: number): number
  /** n_eff of m voters of a family, 1e-6. */
  nEffMicro(family: string, m: number): number
}

const compiledPolicies = new WeakMap<Policy, CompiledPolicy>()

/** Compiles once per policy object. */
export function compiled(policy: Policy): CompiledPolicy {
  let known = compiledPolicies.get(policy)
  if (known === undefined) {
    known = compile(policy)
    compiledPolicies.set(policy, known)
  }
  return known
}

/**
 * Effective number of m voters with pairwise correlation rho: m / (1 + (m - 1) rho), in 1e-6 rounded down.
 * m * 1e12 stays below 2^53 up to 9,000 voters, so the quotient is correctly rounded on any machine.
 * @source reference/consensus.md step 3
 */
export function nEffMicro(m: number, rhoMicro: number): number {
  return m === 0 ? 0 : Math.floor((m * 1e12) / (1e6 + (m - 1) * rhoMicro))
}

function compile(policy: Policy): CompiledPolicy {
  const roster = new Set(policy.roster)
  const families = new Map<string, PolicyFamily>(policy.families.map((family) => [family.family, family]))
  const familyOfAgent = new Map(policy.families.flatMap(({ family, agents }) => agents.map((agent) => [agent, family] as const)))
  const cells = new Map(policy.strengths.map(({ agentId, bin, option, lambdaMicro }) => [`${agentId} ${bin} ${option}`, lambdaMicro]))
  const cold = policy.coldStrengthsMicro
  // Stages and options of any table may be named as what every object has.
  const rates = new Map(Object.entries(policy.baseRatesMicro).map(([stage, own]) => [stage, new Map(Object.entries(own))]))
  const rhoOf = (family: string) => families.get(family)?.rhoMicro ?? unknownFamilyRhoMicro
  const deltas = new Map<string, number[]>()
  // From the most specific measured cell to the cold table.
  const measured = (agentId: string, bin: number, option: string): number =>
    cells.get(`${agentId} ${bin} ${option}`) ??
    cells.get(`${agentId} ${bin} *`) ??
    cells.get(`${agentId} 0 ${option}`) ??
    cells.get(`${agentId} 0 *`) ??
    cold[bin - 1] ??
    0
  // Five bins of each option of an agent at its first vote: a key of text for each vote would be most of a decision's time.
  const places = new Map(policy.options.map(({ option }, index) => [option, 5 * index]))
  const seats = new Map<string, Seat>()
  const seatOf = (agentId: string): Seat => {
    let seat = seats.get(agentId)
    if (seat === undefined) {
      const strengths = () => policy.options.flatMap(({ option }) => [1, 2, 3, 4, 5].map((bin) => measured(agentId, bin, option)))
      seat = { family: familyOfAgent.get(agentId), lambdas: roster.has(agentId) ? Float64Array.from(strengths()) : undefined }
      // Anybody may write ballots under new names: only the policy's own are kept.
      if (roster.has(agentId) || familyOfAgent.has(agentId)) seats.set(agentId, seat)
    }
    return seat
  }
  const lambdaOf = (agentId: string, bin: number, option: string): number => {
    const { lambdas } = seatOf(agentId)
    if (lambdas === undefined) return 0
    const place = places.get(option)
    return place === undefined || !(bin >= 1 && bin <= 5) ? measured(agentId, bin, option) : (lambdas[place + bin - 1] ?? 0)
  }
  return {
    policy,
    roster,
    placeOf: (option) => places.get(option),
    seatOf,
    baseMicro: (stage, option) => rates.get(stage)?.get(option) ?? rates.get('*')?.get(option) ?? -9_210_340,
    lambdaOf,
    maxLambdaOf: (agentId, option) => Math.max(...[1, 2, 3, 4, 5].map((bin) => lambdaOf(agentId, bin, option))),
    familyOf: (agentId, stated) => familyOfAgent.get(agentId) ?? stated,
    deltaMicro(family, k) {
      let known = deltas.get(family)
      if (known === undefined) deltas.set(family, (known = []))
      while (known.length < k) {
        const rank = known.length + 1
        const step = nEffMicro(rank, rhoOf(family)) - nEffMicro(rank - 1, rhoOf(family))
        // Rounding may make a step one unit larger than the one before; a rising step would cost monotonicity.
        known.push(Math.min(step, known.at(-1) ?? step))
      }
      return known[k - 1] ?? 0
    },
    nEffMicro: (family, m) => nEffMicro(m, rhoOf(family)),
  }
}
