/**
 * A policy from votes alone, for a table without labels: what most independent families say is taken for the truth, and each
 * agent is measured against what the *others* say, round after round. A one-coin Dawid and Skene with two corrections: votes
 * of a family are discounted, and a family never judges itself, so twelve copies of one voter do not define the truth.
 *
 * A vote is held against the others alone, not against a belief it has itself moved: with its own vote counted, a loud family
 * confirms itself. The price is that strengths are understated, because the others err too.
 *
 * What it cannot know: if most families are wrong in the same way, they are taken for right; with fewer than three families
 * nothing can be told apart and it refuses; what is common to all families (a hard item, a shared misreading) passes for
 * agreement, so the probabilities are too sure. Labels replace it as soon as there are some.
 */
import type { Policy } from '../../../schemas/generated/records.ts'
import { softmax } from '../pinnedMath.ts'
import { baseRatesOf, ratesAt } from './baseRates.ts'
import { cellsOf, coldPolicy, partsOf, ratesMicro, withParts } from './policyParts.ts'
import type { PolicyParts } from './policyParts.ts'
import { poolItem } from './poolTable.ts'
import { strengthRules, strengthsOf } from './strengths.ts'
import type { JudgedVote } from './strengths.ts'
import { matrixOf } from './voteTable.ts'
import type { MatrixItem, VoteMatrix, VoteTable } from './voteTable.ts'

const rounds = 8
const leastFamilies = 3

export interface AgreementStart {
  readonly parts: PolicyParts
  /** Mean lift of each agent over chance, nats, judged by the other families. */
  readonly lifts: ReadonlyMap<string, number>
}
export interface AgreementRefused {
  readonly refused: string
}

/** The numbers of a policy from agreement alone, or why there are none. Labels in the table are not looked at. */
export function fromAgreement(table: VoteTable, prior: Policy = coldPolicy(table)): AgreementStart | AgreementRefused {
  const matrix = matrixOf(table)
  const speaking = matrix.families.filter((_, g) =>
    matrix.items.some(({ option }) => option.some((voted, agent) => voted >= 0 && matrix.familyOf[agent] === g)),
  )
  if (speaking.length < leastFamilies)
    return { refused: `Votes of ${speaking.length} families cannot be told apart without labels: ${leastFamilies} are needed.` }
  let parts: PolicyParts = partsOf(prior)
  let lifts = new Map<string, number>()
  for (let round = 0; round < rounds; round++) {
    const policy = withParts(prior, parts, { label: 'agreement', createdAt: 0 })
    const beliefs = matrix.items.map((item) => beliefsOf(matrix, item, policy))
    ;({ parts, lifts } = measured(matrix, beliefs, prior))
  }
  return { parts, lifts }
}

interface Beliefs {
  /** By option, from everybody. */
  readonly all: readonly number[]
  /** By family, then option: from all other families. */
  readonly without: readonly (readonly number[])[]
}

function beliefsOf(matrix: VoteMatrix, item: MatrixItem, policy: Policy): Beliefs {
  const { options, contributions } = poolItem(matrix, item, policy)
  const own = matrix.families.map(() => options.map(() => 0n))
  for (const { family, option, nats } of contributions) {
    const row = own[matrix.families.indexOf(family)]
    const place = matrix.options.indexOf(option)
    if (row !== undefined) row[place] = (row[place] ?? 0n) + BigInt(nats)
  }
  return {
    all: options.map(({ probability }) => probability),
    without: own.map((row) => softmax(options.map(({ score }, place) => score - (row[place] ?? 0n)))),
  }
}

function measured(matrix: VoteMatrix, beliefs: readonly Beliefs[], prior: Policy): { parts: PolicyParts; lifts: Map<string, number> } {
  // Rates come from the votes, not from the beliefs: those would feed on themselves until one option has everything.
  const rates = baseRatesOf(
    matrix.options,
    matrix.items.flatMap((item) => {
      const shares = voteShares(matrix, item)
      return shares === undefined ? [] : [{ stage: item.stage, weight: 1, shares }]
    }),
    prior,
  )
  // Chance is what the others believe on average, so that whoever always says the same has no lift, however popular it is.
  const habits = matrix.families.map((_, g) =>
    matrix.options.map((__, option) => beliefs.reduce((sum, { without }) => sum + (without[g]?.[option] ?? 0), 0) / beliefs.length),
  )
  // One coin per agent: cells apart would be fitted to the very agreement they are judged by.
  const rules = { ...strengthRules(prior.coldStrengthsMicro.map((lambda) => lambda / 1e6)), cells: 'agent' } as const
  const agents = matrix.agents.map((agent, column) => {
    const family = matrix.familyOf[column] ?? 0
    const votes = matrix.items.flatMap((item, index): JudgedVote[] => {
      const option = item.option[column] ?? -1
      if (option < 0) return []
      const right = beliefs[index]?.without[family]?.[option] ?? 0
      return [{ bin: item.bin[column] ?? 1, option, weight: 1, right, rate: habits[family]?.[option] ?? 0 }]
    })
    return { agent, votes, strengths: strengthsOf(votes, ratesAt(rates, '*'), rules) }
  })
  return {
    lifts: new Map(agents.map(({ agent, strengths }) => [agent, strengths.lift])),
    parts: {
      baseRatesMicro: ratesMicro(matrix.options, rates),
      coldStrengthsMicro: [...prior.coldStrengthsMicro],
      strengths: agents
        .filter(({ votes }) => votes.length > 0)
        .flatMap(({ agent, strengths }) => cellsOf(agent, matrix.options, strengths)),
      families: prior.families,
      roster: prior.roster,
      tauMicro: 1_000_000,
      conformalMicro: null,
    },
  }
}

/** Votes on an item as shares, one voice per family that spoke; `undefined` when none did. */
function voteShares(matrix: VoteMatrix, { option }: MatrixItem): number[] | undefined {
  const shares = matrix.options.map(() => 0)
  let families = 0
  matrix.families.forEach((_, g) => {
    const own = [...option].filter((voted, agent) => voted >= 0 && matrix.familyOf[agent] === g)
    if (own.length === 0) return
    families++
    for (const voted of own) shares[voted] = (shares[voted] ?? 0) + 1 / own.length
  })
  return families === 0 ? undefined : shares.map((share) => share / families)
}
