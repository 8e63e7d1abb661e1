import t from 'tap'
import { judged, pictures } from './consensusExample.ts'

t.test('the judge who is right is believed, the one who always says cat is not, however sure he is', async (t) => {
  // 91 labelled pictures: the last, number 91, shows a dog to Ann (91 % 3 = 1) and a cat to Bob.
  const { judgements, report, quantile } = judged(pictures(91), 91)
  const last = judgements.at(-1)
  t.equal(last?.winner, 'dog')
  t.ok((last?.probabilities['dog'] ?? 0) > 0.8, JSON.stringify(last))
  const [ann, bob, cyd] = report.agents
  t.ok((ann?.lift ?? 0) > (cyd?.lift ?? 9) && (cyd?.lift ?? 0) > (bob?.lift ?? 9))
  t.ok(Math.abs(bob?.lift ?? 9) < 0.1, 'no better than his habit')
  // 91 labels: 18 for a later slice are too few for one, so everything teaches the strengths
  t.strictSame([report.labels.strengths, quantile.quantileMicro], [91, null])
})
