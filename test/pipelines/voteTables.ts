/** Vote tables for the tests of the fit: plain ones, and arbitrary ones for its properties. */
import fc from 'fast-check'
import type { TableItem, TableVote, VoteTable } from '../../pipelines/consensus/fit/voteTable.ts'

export const minute = 60_000
export const tableOptions = ['wait', 'b', 'c'] as const

/** `count` items a minute apart; what each agent votes and what is right is said per item. */
export function tableOf(
  families: Readonly<Record<string, string>>,
  count: number,
  say: (index: number) => { truth?: string | null; inclusion?: number | null; votes: Record<string, readonly [string, number] | null> },
): VoteTable {
  const rows = Array.from({ length: count }, (_, index) => ({
    item: `i${String(index).padStart(5, '0')}`,
    at: index * minute,
    ...say(index),
  }))
  return {
    options: tableOptions,
    agents: Object.entries(families).map(([agent, family]) => ({ agent, family })),
    items: rows.map(({ item, at, truth = null, inclusion = 1 }): TableItem => ({ item, at, truth, inclusion })),
    votes: rows.flatMap(({ item, votes }) =>
      Object.entries(votes).map(([agent, cast]): TableVote => ({ item, agent, option: cast?.[0] ?? null, bin: cast?.[1] ?? null })),
    ),
  }
}

/** Numbers that look drawn but are not: the same in every run, whatever seed a property has. */
export function noise(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return state / 2 ** 32
  }
}

const agentNames = ['a', 'b', 'c', 'd', 'e']

/** Any table at all, with unknown names, absurd bins, missing truths and impossible inclusion probabilities among it. */
export const anyTable: fc.Arbitrary<VoteTable> = fc
  .record({
    families: fc.array(fc.constantFrom('f', 'g', 'h'), { minLength: agentNames.length, maxLength: agentNames.length }),
    items: fc.array(
      fc.record({
        at: fc.oneof(fc.integer({ min: -1_000_000_000, max: 2_000_000_000_000 }), fc.constantFrom(NaN, Infinity, 5)),
        stage: fc.constantFrom('*', 'new', 'old'),
        truth: fc.constantFrom(null, 'wait', 'b', 'c', 'unheard of'),
        inclusion: fc.oneof(fc.constantFrom(null, 0, 1, -1, 2, NaN), fc.double({ min: 1e-9, max: 1, noNaN: true })),
        group: fc.constantFrom('x', 'y', undefined),
        votes: fc.array(
          fc.record({
            agent: fc.constantFrom(...agentNames, 'stranger'),
            option: fc.constantFrom('wait', 'b', 'c', null, '__proto__'),
            bin: fc.oneof(fc.integer({ min: 1, max: 5 }), fc.constantFrom(0, 6, 2.5, NaN, null)),
          }),
          { maxLength: 7 },
        ),
      }),
      { maxLength: 120 },
    ),
  })
  .map(({ families, items }) => ({
    options: tableOptions,
    // One of them twice, in two families.
    agents: [...agentNames, 'a'].map((agent, index) => ({ agent, family: families[index] ?? 'z' })),
    items: items.map(({ votes: _votes, group, ...item }, index) => ({
      ...item,
      item: `i${index}`,
      ...(group === undefined ? {} : { group }),
    })),
    votes: items.flatMap(({ votes }, index) => votes.map((vote) => ({ ...vote, item: `i${index % 100}` }))),
  }))
