/**
 * How each agent votes, by the random audit: how often it is right, how often a parrot of its habits would be, and how often it has
 * nothing to say. The parrot is what a share must be held against: where waiting is right in seven cases of ten, always saying "wait" is right in seven.
 * @source reference/consensus.md step 2
 */
import { strengthRules, strengthsOf } from '../consensus/fit/strengths.ts'
import { compare } from '../consensus/pool.ts'
import { coldStrengthsMicro } from '../consensus/shippedPolicies.ts'

/** A judged decision that was drawn by lot, and how much its verdict weighs. */
export interface WeighedVerdict {
  readonly contributions: readonly { readonly agentId: string; readonly option: string; readonly bin: number }[]
  readonly silent: readonly { readonly agentId: string; readonly kind: string }[]
  /** The option that was right. */
  readonly option: string
  /** Mean 1 over all of them. */
  readonly weight: number
}
export interface ReportCard {
  readonly agent: string
  readonly votes: number
  readonly right: number
  /** Shares by weight; `undefined` without votes. */
  readonly rightShare: number | undefined
  readonly chance: number | undefined
  /** Lift over chance, nats, drawn to .3 while votes are few. */
  readonly lift: number | undefined
  readonly abstained: number
  /** Failed, or did not answer where it was waited for. */
  readonly failed: number
}

/** One card an agent, those with the most lift first, silent ones last. */
export function reportCards(verdicts: readonly WeighedVerdict[]): ReportCard[] {
  const options = [...new Set(verdicts.flatMap(({ option, contributions }) => [option, ...contributions.map((vote) => vote.option)]))].sort(
    compare,
  )
  const total = verdicts.reduce((sum, { weight }) => sum + weight, 0)
  const rates = options.map((name) => verdicts.reduce((sum, { option, weight }) => sum + (option === name ? weight : 0), 0) / total)
  const rules = strengthRules(coldStrengthsMicro.map((lambda) => lambda / 1e6))
  const agents = [...new Set(verdicts.flatMap((one) => [...one.contributions, ...one.silent].map(({ agentId }) => agentId)))].sort(compare)
  const cards = agents.map((agent): ReportCard => {
    const votes = verdicts.flatMap(({ contributions, option, weight }) =>
      contributions
        .filter(({ agentId }) => agentId === agent)
        .map((vote) => {
          const place = options.indexOf(vote.option)
          return { bin: vote.bin, option: place, weight, right: Number(vote.option === option), rate: rates[place] ?? 0 }
        }),
    )
    const kinds = verdicts.flatMap(({ silent }) => silent.filter(({ agentId }) => agentId === agent).map(({ kind }) => kind))
    const abstained = kinds.filter((kind) => kind === 'abstain').length
    const { rightShare, chance, lift } = strengthsOf(votes, rates, rules)
    const heard = votes.length > 0
    return {
      ...{ agent, votes: votes.length, right: votes.filter(({ right }) => right === 1).length },
      ...{ rightShare, chance: heard ? chance : undefined, lift: heard ? lift : undefined },
      ...{ abstained, failed: kinds.length - abstained },
    }
  })
  return cards.sort((a, b) => (b.lift ?? -Infinity) - (a.lift ?? -Infinity) || compare(a.agent, b.agent))
}
