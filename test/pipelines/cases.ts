/** Votes, policies and cases for the tests of the consensus, and arbitrary ones for its properties. */
import fc from 'fast-check'
import { panel } from '../../pipelines/agents/panel.ts'
import { roster } from '../../pipelines/agents/roster.ts'
import { decideIfReady } from '../../pipelines/consensus/decide.ts'
import type { Case } from '../../pipelines/consensus/decide.ts'
import { evaluateGates } from '../../pipelines/consensus/gates.ts'
import { sealed } from '../../pipelines/consensus/policy.ts'
import { pool } from '../../pipelines/consensus/pool.ts'
import { shippedPolicies } from '../../pipelines/consensus/shippedPolicies.ts'
import type { Decision } from '../../schemas/generated/records.ts'
import type { Assessment, LeadView, Policy, Vote } from '../../schemas/generated/records.ts'
import { asked, question } from './leads.ts'

export const [followUp, escalation] = shippedPolicies as [Policy, Policy]
export const options = ['wait', 'sms', 'email', 'call'] as const
export const all = new Set<string>(options)

export function vote(agentId: string, option: string | null, bin = 3, changes: Partial<Vote> = {}): Vote {
  return {
    agentId,
    agentVersion: 1,
    family: 'stated',
    kind: option === null ? 'abstain' : 'vote',
    decisionType: 'follow_up',
    option,
    bin: option === null ? null : bin,
    reasonCode: 'r',
    reasonText: 'Because.',
    evidence: [],
    params: {},
    ...changes,
  }
}
/** A policy like the shipped one with other parts, sealed. */
export const policyWith = (changes: Partial<Policy>): Policy => sealed({ ...followUp, ...changes })

/** A policy of `n` agents in families of the given sizes; cold strengths. */
export function rosterOf(sizes: readonly number[], rhoMicro: number, changes: Partial<Policy> = {}): Policy {
  const families = sizes.map((size, g) => ({ family: `f${g}`, rhoMicro, agents: Array.from({ length: size }, (_, i) => `a${g}_${i}`) }))
  return policyWith({ families, roster: families.flatMap(({ agents }) => agents), requiredFamilies: [], quorumMilli: 1000, ...changes })
}
export const forty = rosterOf([12, 6, 6, 4, 3, 3, 3], 500_000)

export const anyVotes = (policy: Policy) =>
  fc
    .array(
      fc.record({
        option: fc.option(fc.constantFrom(...options)),
        bin: fc.integer({ min: 1, max: 5 }),
        kind: fc.constantFrom('vote', 'vote', 'vote', 'abstain', 'error', 'none'),
      }),
      {
        minLength: policy.roster.length,
        maxLength: policy.roster.length,
      },
    )
    .map((cells) =>
      cells.flatMap(({ option, bin, kind }, index) => {
        const agent = policy.roster[index] ?? ''
        if (kind === 'none') return []
        return [kind === 'error' ? vote(agent, null, 1, { kind: 'error' }) : vote(agent, kind === 'abstain' ? null : option, bin)]
      }),
    )
export const anyStage = fc.constantFrom('new', 'engaged', 'silent', 'booked', 'unheard of')
export const anyEligible = fc.subarray(['sms', 'email', 'call']).map((left) => new Set(['wait', ...left]))
export const probabilitiesOf = (votes: readonly Vote[], policy: Policy, eligible: ReadonlySet<string> = all, stage = 'new') =>
  Object.fromEntries(pool(votes, policy, stage, eligible).options.map(({ option, probability }) => [option, probability]))

export function caseOf(changes: Partial<Case> & { view?: LeadView; asks?: Partial<Assessment> } = {}): Case {
  const { view: lead, asks, ...rest } = changes
  const asking = question({ ...asks, ...(lead === undefined ? {} : { view: lead }) })
  const policy = rest.policy ?? followUp
  return {
    decisionId: 'd-1',
    question: asking,
    decisionType: policy.decisionType,
    votes: panel(asking, roster),
    policy,
    at: asked,
    gated: evaluateGates(
      { view: asking.view, at: asked, tenant: undefined },
      policy.options.map(({ option }) => option),
    ),
    staleBallots: 0,
    policyRefused: false,
    degradedBefore: false,
    ...rest,
  }
}
export const decided = (changes: Parameters<typeof caseOf>[0] = {}): Decision => {
  const decision = decideIfReady(caseOf(changes))
  if (decision === undefined) throw new Error('the case is still open')
  return decision
}

/** The items in an order drawn from `randoms`. */
export function shuffled<T>(items: readonly T[], randoms: fc.Stream<number>): T[] {
  const keys = [...randoms.take(items.length)]
  return items
    .map((item, index) => ({ item, key: keys[index] ?? 0, index }))
    .sort((a, b) => a.key - b.key || b.index - a.index)
    .map(({ item }) => item)
}
