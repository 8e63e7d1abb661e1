/**
 * What-if from end to end: leads live through the stages, some wordings are drawn by lot, messages leave and are answered or not, and the
 * topics that come of it are compared with other policies as `rekindle whatif` does it. No decision, draw or result is written by hand.
 */
import t from 'tap'
import type { ReplaySource, TailSource } from '../../cli/replaySource.ts'
import { compareRange, whatIfLines } from '../../cli/verbs/whatif.ts'
import { WhatIfTally } from '../../cli/whatIfTally.ts'
import { sealed } from '../../pipelines/consensus/policy.ts'
import { shippedPolicies } from '../../pipelines/consensus/shippedPolicies.ts'
import type { Policy } from '../../schemas/generated/records.ts'
import { assessments, ballots, decisions, results } from '../../topics/index.ts'
import { DAY, HOUR, tenantRecord, tuesdayNoon } from '../support/leadRecords.ts'
import { livedTrials } from '../support/livedTrials.ts'
import { stepsOver } from '../support/stepsOver.ts'

const LEADS = 140
const { line, first, second } = livedTrials(LEADS, tuesdayNoon)

const topics: Readonly<Record<string, readonly unknown[]>> = Object.fromEntries(
  [decisions, assessments, ballots, results].map((topic) => [topic.name, line.records(topic)]),
)
const source: ReplaySource & TailSource = {
  steps: stepsOver(topics as never, 500),
  tail: async (topic, _options, onRecord) =>
    topics[topic.name]?.forEach((record, offset) =>
      onRecord({ partition: 0, offset: BigInt(offset), headers: {}, ...(record as object) } as never),
    ),
  policy: (hash) => shippedPolicies.find(({ policyHash }) => policyHash === hash),
  tenant: () => tenantRecord(),
}
const shipped = shippedPolicies.find(({ decisionType }) => decisionType === 'content') as Policy
const range = { from: tuesdayNoon, until: tuesdayNoon + 10 * DAY + HOUR, lead: undefined }
const told = async (policy: Policy, within = range) => {
  const tally = new WhatIfTally(0, [])
  const effect = await compareRange(source, within, policy, (one) => tally.add(one))
  return { effect, lines: whatIfLines(policy, tally, effect) }
}
t.test('decisions that were drawn and their results give an estimate with its effective size', async (t) => {
  t.strictSame([first.length, second.length], [LEADS, LEADS])
  const drawn = line.outputs(decisions).filter(({ draw }) => draw?.drawn === true)
  t.ok(drawn.length > 20 && drawn.some(({ draw, chosen }) => draw?.usual !== chosen), 'the lot has taken something else')
  t.equal(line.outputs(results).filter(({ wording }) => wording?.trial !== null && wording !== null).length, LEADS, 'one result each')
  const { effect, lines } = await told(sealed({ ...shipped, label: 'the same under another name' }))
  t.match(effect.answer, { kind: 'estimated', estimate: { choices: LEADS, leads: LEADS } })
  t.match(lines[0], /^[0-9a-f]{12}, the same under another name: 0 of \d+ decisions would be others\.$/)
  t.equal(lines[2], 'Effective sample size 140: 140 decisions on 140 leads that were left to lot.')
  // 10 of 140 answer; every weight is 1 under the policy that drew: 1.96 sqrt(p (1 - p) / 140) = .0427.
  t.match(lines[4], /^ +as it was decided +7\.1 % +2\.9 to 11\.4 %$/)
  t.match(lines[5], /^ +under the other policy, weighted \(SNIPS\) +7\.1 % +2\.9 to 11\.4 %$/)
  t.match(lines[6], /^ +under the other policy, doubly robust \(DR\) +6\.9 % /)
  t.match(lines[7], /^Left out are decisions: 140 not left to lot; \d+ without a result:/)
})

t.test('where the other policy words otherwise, the drawn ones are worth fewer than a hundred, and nothing is estimated', async (t) => {
  const options = shipped.options.map((one) => (one.option === 'inform' ? one : { ...one, costMicros: 5_000_000 }))
  const { effect, lines } = await told(sealed({ ...shipped, label: 'informs', options }))
  t.match(effect.answer, { kind: 'refused', because: 'too_few' })
  t.ok(lines.some((one) => /^ {2}wait -> inform +\d+$/.test(one)))
  const [, size = ''] =
    lines.map((one) => /^Effective sample size (\d+): below 100 nothing is estimated\.$/.exec(one)).find((one) => one !== null) ?? []
  t.ok(Number(size) > 0 && Number(size) < 100, size)
  t.notMatch(lines.join('\n'), /SNIPS|doubly robust/)
  t.match(lines.join('\n'), /these 140 certain decisions would have changed/)
})
