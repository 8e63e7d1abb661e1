import t from 'tap'
import { tableProblems } from '../../pipelines/consensus/fit/tableProblems.ts'
import { judged, judgedUnlabelled, pictures } from './consensusExample.ts'

const hour = 3_600_000

t.test('the judge who is right is believed, the one who always says cat is not, however sure he is', async (t) => {
  // 91 labelled pictures: the last, number 91, shows a dog to Ann (91 % 3 = 1) and a cat to Bob.
  const { judgements, report, quantile, passedOver } = judged(pictures(91), 91 * hour)
  const last = judgements.at(-1)
  t.equal(last?.winner, 'dog')
  t.ok((last?.probabilities['dog'] ?? 0) > 0.8, JSON.stringify(last))
  const [ann, bob, cyd] = report.agents
  t.ok((ann?.lift ?? 0) > (cyd?.lift ?? 9) && (cyd?.lift ?? 0) > (bob?.lift ?? 9))
  t.ok(Math.abs(bob?.lift ?? 9) < 0.1, 'no better than his habit')
  // 91 labels: 18 for a later slice are too few for one, so everything teaches the strengths
  t.strictSame([report.labels.strengths, quantile.quantileMicro], [91, null])
  t.strictSame(passedOver, [])
  // The same as of today: labels of 1970 count for nothing, and the report says so.
  t.match(judged(pictures(91), Date.UTC(2026, 10, 30)).report.warnings[0], /^The labels are old: 91 count for 0\.0 fresh ones/)
})

t.test('without a label the one whom nobody else confirms is outvoted, and two families tell nothing', async (t) => {
  const table = pictures(60)
  t.equal(judgedUnlabelled(table), 'Votes of 2 families cannot be told apart without labels: 3 are needed.')
  const apart = { ...table, agents: table.agents.map(({ agent }) => ({ agent, family: agent })) }
  const judgements = judgedUnlabelled(apart)
  if (typeof judgements === 'string') return t.fail(judgements)
  // Ann and Cyd say dog, Bob says cat as always.
  t.equal(judgements[1]?.winner, 'dog')
})

t.test('what of a table is passed over is told, once for each kind, and nothing else is', async (t) => {
  t.strictSame(tableProblems(pictures(3)), [])
  t.strictSame(
    tableProblems({
      options: ['cat', 'dog', 'cat'],
      agents: [
        { agent: 'ann', family: 'one' },
        { agent: 'ann', family: 'two' },
      ],
      items: [
        { item: 'p1', at: 0, truth: 'Cat', inclusion: 1 },
        { item: 'p2', at: NaN, truth: 'dog', inclusion: 1 },
        { item: 'p3', at: 0, truth: 'dog' },
        { item: 'p3', at: 1, truth: null, eligible: ['fox'] },
      ],
      votes: [
        { item: 'p1', agent: 'ann', option: 'fox', bin: 3 },
        { item: 'p1', agent: 'Ann', option: 'cat', bin: 3 },
        { item: 'p9', agent: 'ann', option: 'cat', bin: 0 },
        { item: 'p1', agent: 'ann', option: null, bin: null },
      ],
    }),
    [
      '1 option listed again, first "cat".',
      '1 agent listed again; of two families the first by name counts, first "ann".',
      '1 item listed again; the earliest counts, first "p3".',
      '1 item passed over: its time is no number of ms, first "p2".',
      '1 label passed over: no option of that name, first "Cat".',
      '1 label teaching nothing: `inclusion` is no probability above 0, which is 1 where every item is labelled, first "p3".',
      '1 item of which no option could be chosen, first "p3".',
      '1 vote passed over: no agent of that name, first "Ann".',
      '1 vote passed over: no item of that name, first "p9".',
      '1 vote passed over: no option of that name, first "fox".',
      '1 vote passed over: a bin is a whole number from 1 to 5, first "0".',
      '1 vote cast again by the same agent on the same item; the smallest counts, first "ann on p1".',
    ],
  )
})
