/** What came of drawn decisions reaches the estimate by the ids of results, and everything else is counted with its reason. */
import t from 'tap'
import { compareRange } from '../../cli/verbs/whatif.ts'
import { effectLines } from '../../cli/effectText.ts'
import type { ReplaySource, TailSource } from '../../cli/replaySource.ts'
import { resultIdOf, resultsStage } from '../../pipelines/adaptation/results.ts'
import { agents } from '../../pipelines/agents/agents.ts'
import { consensus } from '../../pipelines/consensus/consensus.ts'
import { sealed } from '../../pipelines/consensus/policy.ts'
import { shippedPolicies } from '../../pipelines/consensus/shippedPolicies.ts'
import type { Compared } from '../../pipelines/consensus/whatIf.ts'
import { choiceOf, effectOf } from '../../pipelines/effects/loggedChoices.ts'
import type { ChoiceOrNot } from '../../pipelines/effects/loggedChoices.ts'
import { enrich } from '../../pipelines/enrich/stage.ts'
import { followup } from '../../pipelines/followup/stage.ts'
import { drive } from '../../runtime/driver.ts'
import type { AgentResult, Decision, LeadView, Policy } from '../../schemas/generated/records.ts'
import { assessments, ballots, decisions, deliveries, followups, leadEvents, outcomes, results } from '../../topics/index.ts'
import { HOUR, deliveryRecord, tenantId, tenantRecord, tuesdayNoon } from '../support/leadRecords.ts'
import { signUp, tables } from './signUp.ts'
import { stepsOver } from '../support/stepsOver.ts'

const maria = `${tenantId}:maria`
const tenant = tenantRecord()

/** A lead that is written to and answers after two hours, through the stages. */
function lived() {
  const line = drive([enrich, agents, consensus, followup, resultsStage], { at: tuesdayNoon, tables })
  line.pipe(leadEvents, maria, signUp)
  line.advance('1m')
  const planned = line.outputs(followups).find(({ action }) => action === 'send_message')
  const decisionId = planned?.decisionId ?? ''
  const startedAt = line.now
  line.pipe(deliveries, maria, deliveryRecord({ decisionId, channel: planned?.channel ?? 'sms', at: startedAt }))
  line.pipe(outcomes, maria, {
    ...{ outcomeId: 'o', tenantId, contactId: 'maria', kind: 'reply', at: startedAt + 2 * HOUR, source: 'enrich', sourceId: 'm' },
    ...{ label: null, channel: 'sms', value: null },
  })
  const until = line.now
  line.advance('4d')
  const all = line.outputs(decisions)
  const followUp = all.find((one) => one.decisionId === decisionId) as Decision
  const content = all.find(({ type, assessmentId }) => type === 'content' && assessmentId === followUp.assessmentId) as Decision
  return { line, all, followUp, content, until }
}
const story = lived()
const { followUp, content } = story
const view = story.line.outputs(assessments).find(({ assessmentId }) => assessmentId === content.assessmentId)?.view as LeadView

const draw = {
  trial: 'wording-1',
  usual: content.chosen,
  drawn: false,
  arms: [
    { option: content.chosen, propensityMicro: 700_000 },
    { option: 'other', propensityMicro: 300_000 },
  ],
  seed: 's',
}
const drawn = { ...content, draw }
const plain = story.line.outputs(results).find(({ resultId }) => resultId === resultIdOf(maria, followUp.decisionId))
const worded = (option: string, trial: string | null = draw.trial) => ({
  ...(plain as AgentResult),
  wording: { option, trial, drawn: true, propensityMicro: 1 },
})
const told = plain && worded(content.chosen)
const compared = (over: Partial<Decision> = {}, other: Partial<Decision> = {}) =>
  ({ kind: 'compared', decision: { ...drawn, ...over }, other: { ...content, ...other } }) as const
const choice = (one: ReturnType<typeof compared>, result: AgentResult | undefined = told, of: Decision | undefined = followUp) =>
  choiceOf(one, of, view, (id) => (id === result?.resultId ? result : undefined))

t.test('the message of a drawn wording that was answered is a choice that was worth it', async (t) => {
  t.ok(told, 'the result is found by the id that its decision gives')
  t.match(told, { outcome: 'reply', option: followUp.chosen })
  t.strictSame(choice(compared({}, { chosen: 'other' })), {
    kind: 'choice',
    choice: {
      id: content.decisionId,
      lead: maria,
      // Never wrote, its score, neither silent nor older than new, by its channel.
      features: [0, (view.score - 50) / 25, 0, 1, followUp.chosen === 'sms' ? 1 : 0],
      taken: content.chosen,
      reward: 1,
      logged: new Map([
        [content.chosen, 700_000],
        ['other', 300_000],
      ]),
      target: new Map([['other', 1_000_000]]),
    },
  })
  const reward = (outcome: string) => {
    const one = choice(compared(), { ...(told as AgentResult), outcome })
    return one.kind === 'choice' ? one.choice.reward : one.because
  }
  t.strictSame(['reply', 'appointment', 'opt_out', 'overtaken', 'none', 'unknown'].map(reward), [1, 1, 0, 0, 0, 'unknown'])
  t.equal(reward('failed'), 'no_result', 'nobody can answer what did not arrive')
  const other = choice(compared({}, { draw: { ...draw, usual: 'other' } }))
  t.strictSame(
    other.kind === 'choice' && [...other.choice.target.values()],
    [700_000, 300_000],
    'a policy under which a lot is drawn is that lot',
  )
})

t.test('what is no choice is counted by its reason', async (t) => {
  const because = (one: ChoiceOrNot) => (one.kind === 'left_out' ? one.because : one.kind)
  t.equal(because(choice(compared({ draw: null }))), 'certain')
  t.equal(because(choice(compared({ draw: { ...draw, arms: [{ option: content.chosen, propensityMicro: 1_000_000 }] } }))), 'certain')
  t.equal(because(choice(compared(), told, { ...followUp, chosen: 'wait' })), 'no_message')
  t.equal(because(choiceOf(compared(), undefined, view, () => told)), 'no_message')
  t.equal(because(choiceOf(compared(), followUp, view, () => undefined)), 'no_result')
  t.equal(because(choice(compared(), worded('other'))), 'worded_otherwise')
  t.equal(because(choice(compared(), worded(content.chosen, null))), 'worded_otherwise', 'the text was the same whatever the lot')
  t.equal(because(choice(compared(), { ...worded('other'), wording: null })), 'worded_otherwise', 'the text is not known')
  t.equal(because(choice(compared(), worded(content.chosen))), 'choice')
  const effect = effectOf([
    choice(compared({ draw: null, decisionId: 'same' })),
    choice(compared({ draw: null, decisionId: 'changed' }, { chosen: 'other' })),
    choiceOf(compared({}, { chosen: 'other' }), followUp, view, () => undefined),
    choice(compared()),
  ])
  t.match(effect, {
    leftOut: { certain: 2, no_message: 0, no_result: 1, unknown: 0, worded_otherwise: 0 },
    notEstimable: ['changed'],
    answer: { kind: 'refused', because: 'too_few' },
  })
})

const [followUpPolicy] = shippedPolicies as [Policy]
const silentPolicy = sealed({
  ...followUpPolicy,
  label: 'contact costs too much',
  options: followUpPolicy.options.map((one) => (one.option === 'wait' ? one : { ...one, costMicros: 5_000_000 })),
})

t.test('a stretch of the topics is compared and says that nothing in it was left to lot', async (t) => {
  const topics: Readonly<Record<string, readonly unknown[]>> = {
    [decisions.name]: story.all,
    [assessments.name]: story.line.outputs(assessments),
    [ballots.name]: story.line.outputs(ballots),
    [results.name]: story.line.outputs(results),
  }
  const held = Object.fromEntries(
    Object.entries(topics).map(([name, all]) => [name, all.map((value) => ({ value, timestamp: tuesdayNoon }))]),
  )
  const source: ReplaySource & TailSource = {
    steps: stepsOver(held, 100),
    tail: async (topic, _options, onRecord) =>
      topics[topic.name]?.forEach((value, offset) =>
        onRecord({ partition: 0, offset: BigInt(offset), key: maria, value: value as never, timestamp: tuesdayNoon, headers: {} }),
      ),
    policy: (hash) => shippedPolicies.find(({ policyHash }) => policyHash === hash),
    tenant: () => tenant,
  }
  const all: Compared[] = []
  const range = { from: tuesdayNoon, until: tuesdayNoon + HOUR, lead: undefined }
  const effect = await compareRange(source, range, silentPolicy, (one) => all.push(one))
  t.match(all, [{ kind: 'compared', decision: { decisionId: followUp.decisionId }, other: { chosen: 'wait' } }])
  t.match(effect, { answer: { because: 'no_choices' }, leftOut: { certain: 1 }, notEstimable: [followUp.decisionId] })
  t.strictSame(effectLines(effect, 'follow_up', 1), [
    'Not estimable from this log: no follow_up decision in it was left to lot, so none shows what another option would have brought. ' +
      'One decision would have changed; --json lists all of them.',
  ])
})

/** `count` leads, of which every second has the other wording; a fifth of all answer. */
function answered(count: number, other: Partial<Decision>, arms = [500_000, 500_000] as readonly [number, number]): ChoiceOrNot[] {
  return Array.from({ length: count }, (_, index) => {
    const isOther = index % 2 === 1
    const decision: Decision = {
      ...content,
      decisionId: `d${index}`,
      contactId: `c${index}`,
      chosen: isOther ? 'other' : 'usual',
      draw: {
        ...draw,
        usual: 'usual',
        arms: [
          { option: 'usual', propensityMicro: arms[0] },
          { option: 'other', propensityMicro: arms[1] },
        ],
      },
    }
    const result = { ...worded(decision.chosen), outcome: index % 10 < 2 ? 'reply' : 'none' }
    return choiceOf({ kind: 'compared', decision, other: { ...content, ...other } }, followUp, view, () => result)
  })
}

t.test('the effective size is told first, then both estimates with their intervals, or why there is none', async (t) => {
  // Of 1,000 with the other wording a fifth answer, as of all: 20 %, weights 2 and 0.
  const lines = effectLines(effectOf(answered(2_000, { chosen: 'other' })), 'content', 1_000)
  t.equal(lines[0], 'Effective sample size 1000: 2000 decisions on 2000 leads that were left to lot.')
  t.match(lines[1], /answered within 72 hours +rate +95 % interval/)
  // 1.96 sqrt(.2 x .8 / 2000) = .0175, and twice the variance for half of the log: .0248.
  t.match(lines[2], /as it was decided +20\.0 % +18\.2 to 21\.8 %/)
  t.match(lines[3], /under the other policy, weighted \(SNIPS\) +20\.0 % +17\.5 to 22\.5 %/)
  t.match(lines[4], /under the other policy, doubly robust \(DR\) +20\.\d % +17\.\d to 22\.\d %/)
  t.equal(lines.length, 5)
  const few = [...answered(150, { chosen: 'other' }), choice(compared({ draw: null, decisionId: 'certain-1' }, { chosen: 'other' }))]
  t.strictSame(effectLines(effectOf(few), 'content', 76), [
    'Effective sample size 75: below 100 nothing is estimated.',
    'Left out are decisions: 1 not left to lot.',
    'Not estimable from this log; this certain decision would have changed:',
    '  certain-1',
  ])
  t.match(effectLines(effectOf(answered(400, { chosen: 'other' })), 'content', 76), [
    /^Effective sample size 200: an interval is wider than 10 points/,
  ])
  t.strictSame(effectLines(effectOf(answered(2, { chosen: 'elsewhere' })), 'content', 2), [
    'Not estimable from this log: there the other policy would choose what the lot never could have; these 2 decisions would have changed:',
    '  d0',
    '  d1',
  ])
  const many = effectLines(effectOf(answered(23, { chosen: 'elsewhere' })), 'content', 23)
  // In the order of their text: d0, d1, d10 to d19, d2, d20, d21, d22, d3 …
  t.strictSame([many.length, many.at(-2), many.at(-1)], [22, '  d6', '  and 3 more: --json names them all'])
  const unknown = effectOf([choiceOf(compared(), followUp, view, () => undefined)])
  t.strictSame(effectLines(unknown, 'content', 0), [
    'Nothing is estimated: of no decision that was left to lot is it known what came of it.',
    'Left out are decisions: 1 without a result: told three days after the message, or never confirmed.',
  ])
  const wrong = effectLines(effectOf(answered(2_000, { chosen: 'other' }, [300_000, 700_000])), 'content', 1_000)
  t.match(wrong.join('\n'), /Careful: The weights are not 1 on average/)
})
