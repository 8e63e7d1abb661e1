/** Table 7.1: utilities are those of the shipped policy, and what is learned is worth more than any fixed rule. */
import t from 'tap'
import { bestOf, evaluation, utilityOfChoice } from '../../bench/consensus/tables/evaluation.ts'
import { shippedPolicy } from '../../pipelines/consensus/shippedPolicies.ts'
import type { PolicyOption } from '../../schemas/generated/records.ts'

t.test('a choice brings its worth less its cost, and the best one is by utility, not by probability', async (t) => {
  const [wait, sms, , call] = shippedPolicy('follow_up')?.options as [PolicyOption, PolicyOption, PolicyOption, PolicyOption]
  t.strictSame([utilityOfChoice(wait, 0), utilityOfChoice(wait, 1)], [1, 0.15])
  t.strictSame([utilityOfChoice(sms, 1), utilityOfChoice(sms, 0)], [0.95, 0.3])
  t.equal(utilityOfChoice(call, 0), -0.05)
  // Wait .45 likely, sms .40, e-mail .15: .5325 for waiting, .6125 for an sms.
  t.equal(bestOf({ probabilities: [0.45, 0.4, 0.15, 0] }), 1)
})

t.test('of two worlds: the surest are wrong less often, and nothing fixed brings as much as what was learned', async (t) => {
  const { figures } = evaluation({ seeds: [1, 2], scale: 0.2 })
  const of = (what: string) => figures.find((one) => one.what === what)?.seeds ?? []
  for (const index of [0, 1]) {
    const at = (what: string) => of(what)[index] ?? NaN
    t.ok(at('wrong among the surest 50 %') < at('wrong among the surest 100 %'))
    t.ok(at('risk-coverage: area') < at('wrong among the surest 100 %'))
    t.ok(at('escalation error: wrong though not put to people') < at('wrong among the surest 100 %'))
    for (const fixed of ['always wait', 'always sms', 'plurality'])
      t.ok(at('utility: as shipped, 900 labels') > at(`utility: ${fixed}`), fixed)
    t.ok(at('utility: as shipped, 900 labels') < at('utility: whoever knows the truth'))
    t.ok(at('regret against the best of these in hindsight') >= 0)
    for (const option of [1, 2, 3, 4]) t.ok(at(`option ${option}: calibration error`) < 0.15)
  }
})
