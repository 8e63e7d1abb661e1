/** The example of docs/consensus.md: the page quotes the region below, and consensusExample.test.ts runs it. */
// #region page
import { fromAgreement } from '../../pipelines/consensus/fit/agreementStart.ts'
import { fit, pool } from '../../pipelines/consensus/fit/fit.ts'
import { coldPolicy, withParts } from '../../pipelines/consensus/fit/policyParts.ts'
import { tableProblems } from '../../pipelines/consensus/fit/tableProblems.ts'
import type { VoteTable } from '../../pipelines/consensus/fit/voteTable.ts'

/** From votes with some labels to probabilities for every item, labelled or not. */
export function judged(table: VoteTable, now: number) {
  const cold = coldPolicy(table)
  const { parts, quantile, report } = fit(table, { now, prior: cold })
  const policy = withParts(cold, parts, { label: 'my votes', createdAt: now })
  return { judgements: pool(table, policy), quantile, report, passedOver: tableProblems(table) }
}

/** The same before anybody has labelled anything: by what independent families agree on, or why that tells nothing. */
export function judgedUnlabelled(table: VoteTable) {
  const cold = coldPolicy(table)
  const start = fromAgreement(table, cold)
  return 'refused' in start ? start.refused : pool(table, withParts(cold, start.parts, { label: 'my votes', createdAt: 0 }))
}

const hour = 3_600_000

/** Three judges of pictures, one an hour; the first two share a camera. The last picture is unlabelled and one judge has not answered. */
export const pictures = (labelled: number): VoteTable => ({
  options: ['cat', 'dog', 'fox'],
  agents: [
    { agent: 'ann', family: 'camera one' },
    { agent: 'bob', family: 'camera one' },
    { agent: 'cyd', family: 'camera two' },
  ],
  items: Array.from({ length: labelled + 1 }, (_, index) => ({
    item: `picture ${index}`,
    at: hour * index,
    truth: index === labelled ? null : (['cat', 'dog', 'fox'][index % 3] ?? null),
    inclusion: 1,
  })),
  votes: Array.from({ length: labelled + 1 }, (_, index) => index).flatMap((index) => [
    // Ann is right, Bob always says cat, Cyd is right except about foxes.
    { item: `picture ${index}`, agent: 'ann', option: ['cat', 'dog', 'fox'][index % 3] ?? null, bin: 3 },
    { item: `picture ${index}`, agent: 'bob', option: 'cat', bin: 5 },
    ...(index === labelled ? [] : [{ item: `picture ${index}`, agent: 'cyd', option: index % 3 === 0 ? 'cat' : 'dog', bin: 4 }]),
  ]),
})
// #endregion
