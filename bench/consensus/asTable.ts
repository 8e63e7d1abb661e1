/** Synthetic leads in the form that the production fit and pool take. */
import { abstained, absent } from '../../pipelines/consensus/fit/voteTable.ts'
import type { MatrixItem, VoteMatrix, VoteTable } from '../../pipelines/consensus/fit/voteTable.ts'
import type { Policy } from '../../schemas/generated/records.ts'
import { coldPolicy } from '../../pipelines/consensus/fit/policyParts.ts'
import { lnMicro } from '../../pipelines/consensus/pinnedMath.ts'
import { silent, timedOut } from './world.ts'
import type { SyntheticLead, World } from './world.ts'

export const optionNames = ['wait', 'b', 'c', 'd']
const minuteMs = 60_000

/** Leads as a table of votes with labels; a lead a minute from time 0. `inclusion` is 1 unless given. */
export function tableOf(world: World, leads: readonly SyntheticLead[], inclusionOf: (index: number) => number | null = () => 1): VoteTable {
  return {
    options: optionNames,
    agents: world.agents.map(({ name, family }) => ({ agent: name, family: world.spec.families[family]?.name ?? '' })),
    items: leads.map(({ label }, index) => ({
      item: nameOf(index),
      at: index * minuteMs,
      truth: optionNames[label] ?? null,
      inclusion: inclusionOf(index),
    })),
    votes: leads.flatMap(({ vote, bin }, index) =>
      world.agents.flatMap(({ name }, column) => {
        const voted = vote[column] ?? timedOut
        if (voted === timedOut) return []
        return [
          {
            item: nameOf(index),
            agent: name,
            option: voted === silent ? null : (optionNames[voted] ?? null),
            bin: voted === silent ? null : (bin[column] ?? 1),
          },
        ]
      }),
    ),
  }
}

function nameOf(index: number): string {
  return String(index).padStart(6, '0')
}

/** The same leads as a matrix, without the detour of names: `matrixOf(tableOf(...))` gives the same rows. */
export function matrixOfLeads(world: World, leads: readonly SyntheticLead[]): VoteMatrix {
  const order = world.agents
    .map((_, column) => column)
    .sort((a, b) => ((world.agents[a]?.name ?? '') < (world.agents[b]?.name ?? '') ? -1 : 1))
  const families = [...new Set(world.spec.families.map(({ name }) => name))].sort()
  return {
    options: optionNames,
    agents: order.map((column) => world.agents[column]?.name ?? ''),
    families,
    familyOf: order.map((column) => families.indexOf(world.spec.families[world.agents[column]?.family ?? 0]?.name ?? '')),
    items: leads.map(({ label, vote, bin }, index): MatrixItem => {
      const answers = order.map((column) => vote[column] ?? timedOut)
      return {
        item: nameOf(index),
        group: nameOf(index),
        stage: '*',
        at: index * minuteMs,
        truth: label,
        inclusion: 1,
        option: Int32Array.from(answers, (voted) => (voted === timedOut ? absent : voted === silent ? abstained : voted)),
        bin: Int8Array.from(order, (column, place) => ((answers[place] ?? -1) >= 0 ? (bin[column] ?? 0) : 0)),
      }
    }),
  }
}

/** The prior of the tables: personas share a model (.5), all others a source (.3). */
export function priorOf(world: World, rates: readonly number[]): Policy {
  const cold = coldPolicy({ options: optionNames, agents: tableOf(world, []).agents })
  return coldPolicy(
    { options: optionNames, agents: tableOf(world, []).agents },
    {
      baseRatesMicro: { '*': Object.fromEntries(optionNames.map((option, index) => [option, lnMicro(rates[index] ?? 0)])) },
      families: cold.families.map((family) => ({ ...family, rhoMicro: family.family === 'personas' ? 500_000 : 300_000 })),
    },
  )
}
