/**
 * Judged decisions as the table that `fit` learns from. A decision carries its votes, so what is learned rests on what was
 * counted then, not on what agents would say today.
 * @source reference/consensus.md step 7
 */
import type { Decision, Policy, Silence } from '../../schemas/generated/records.ts'
import { leadKey } from '../../topics/index.ts'
import { compiled } from '../consensus/policy.ts'
import type { VoteTable } from '../consensus/fit/voteTable.ts'
import { wantsSecond } from './labels.ts'
import { heardOutside, isOutside } from './outsideVotes.ts'
import type { JudgedDecision, OutsideVote } from './judgedDecision.ts'

/** What a decision says of votes, whether anybody judges it or not. */
export interface VotedDecision extends Pick<Decision, 'decisionId' | 'tenantId' | 'contactId' | 'stage' | 'decidedAt'> {
  readonly contributions: readonly (Pick<OutsideVote, 'agentId' | 'family' | 'option' | 'bin'> & { readonly agentVersion?: number })[]
  readonly silent?: readonly Silence[]
}

/**
 * The table of these decisions, one item each: of several verdicts the first one counts, since only it was asked for by
 * chance alone. `policy` names the options and the families of agents that kept silent.
 */
export function voteTableOf(judged: readonly JudgedDecision[], policy: Policy): VoteTable {
  const firsts = firstVerdicts(judged)
  const verdictOn = new Map(
    firsts.map(({ decision, option, inclusion }) => {
      const open = decision.options.flatMap((one) => (one.eligible ? [one.option] : []))
      return [decision.decisionId, { truth: option, inclusion, ...(decision.options.length === 0 ? {} : { eligible: open }) }] as const
    }),
  )
  const table = unjudgedTableOf(
    firsts.map(({ decision, outside = [] }) => ({ ...decision, contributions: [...decision.contributions, ...outside] })),
    policy,
    heardOutside(firsts),
  )
  return { ...table, items: table.items.map((item) => ({ ...item, ...verdictOn.get(item.item) })) }
}

/** The same of decisions that nobody need have judged. Of outside agents those in `heard` are in it. */
export function unjudgedTableOf(decisions: readonly VotedDecision[], policy: Policy, heard: ReadonlySet<string>): VoteTable {
  const rules = compiled(policy)
  const isHeard = ({ agentId }: { readonly agentId: string }) => !isOutside(agentId) || heard.has(agentId)
  const families = new Map(policy.roster.map((agent) => [agent, rules.familyOf(agent, '')]))
  for (const { agentId, family: stated } of decisions.flatMap(({ contributions }) => contributions.filter(isHeard))) {
    if (rules.roster.has(agentId)) continue
    const family = rules.familyOf(agentId, stated)
    // The smallest: who states another family on each question is in the same one in any order of them.
    const known = families.get(agentId)
    if (known === undefined || family < known) families.set(agentId, family)
  }
  return {
    options: policy.options.map(({ option }) => option),
    items: decisions.map(({ decisionId, tenantId, contactId, stage, decidedAt }) => ({
      ...{ item: decisionId, group: leadKey(tenantId, contactId), stage, at: decidedAt },
    })),
    agents: [...families].map(([agent, family]) => ({ agent, family })),
    votes: decisions.flatMap(({ decisionId: item, contributions, silent = [] }) => [
      ...contributions.filter(isHeard).map(({ agentId, option, bin }) => ({ item, agent: agentId, option, bin })),
      // Who failed or did not answer is absent, which is another fact than having nothing to say.
      ...silent
        .filter((one) => one.kind === 'abstain' && isHeard(one))
        .map(({ agentId }) => ({ item, agent: agentId, option: null, bin: null })),
    ]),
  }
}

/** The earliest verdict on each decision; of two at once that of the smaller name. */
export function firstVerdicts<J extends JudgedDecision>(judged: readonly J[]): J[] {
  const first = new Map<string, J>()
  for (const one of judged) {
    const known = first.get(one.decision.decisionId)
    const earlier =
      known === undefined || one.labelledAt < known.labelledAt || (one.labelledAt === known.labelledAt && one.labeller < known.labeller)
    if (earlier) first.set(one.decision.decisionId, one)
  }
  return [...first.values()]
}

/**
 * The first verdict on each decision that was drawn by lot, whatever else it was judged for: what is put to people for certain are the
 * decisions that the agents could not settle, which are no sample of all.
 */
export function drawnVerdicts(judged: readonly JudgedDecision[]): { readonly decisionId: string; readonly option: string }[] {
  return firstVerdicts(judged)
    .filter(({ decision }) => decision.auditSelected)
    .map(({ decision: { decisionId }, option }) => ({ decisionId, option }))
}

/**
 * Verdicts of the first and the second judge on decisions that two were asked about: who gives a second one unasked has seen something
 * that looks wrong, and such pairs would show less agreement than there is.
 */
export function pairsOfVerdicts(judged: readonly JudgedDecision[]): (readonly [first: string, second: string])[] {
  const byDecision = new Map<string, JudgedDecision[]>()
  const askedTwice = judged.filter(
    // As the queue asks; decisions from before there was `escalation` have none.
    ({ decision }) => (decision.auditSelected || typeof decision.escalation === 'string') && wantsSecond(decision.decisionId),
  )
  for (const one of askedTwice) byDecision.set(one.decision.decisionId, [...(byDecision.get(one.decision.decisionId) ?? []), one])
  return [...byDecision.values()].flatMap((verdicts) => {
    const [first, second] = verdicts.sort((a, b) => a.labelledAt - b.labelledAt || (a.labeller < b.labeller ? -1 : 1))
    return first === undefined || second === undefined ? [] : [[first.option, second.option] as const]
  })
}
