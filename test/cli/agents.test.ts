/** What `rekindle agents` and `rekindle learn` say, from counts and fits. */
import { join } from 'node:path'
import t from 'tap'
import { agentLines, agentText } from '../../cli/verbs/agents.ts'
import { learnedLines } from '../../cli/learnText.ts'
import { mustHaveRun } from '../../cli/verbs/learn.ts'
import { mustBeSound, onlyOne, policyInFile } from '../../cli/verbs/policy.ts'
import { mustBeSame } from '../../cli/verbs/replay.ts'
import { sealed } from '../../pipelines/consensus/policy.ts'
import { roster } from '../../pipelines/agents/roster.ts'
import { shippedPolicies } from '../../pipelines/consensus/shippedPolicies.ts'
import { learn } from '../../pipelines/learning/learn.ts'
import type { JudgedDecision } from '../../pipelines/learning/judgedDecision.ts'
import type { Policy } from '../../schemas/generated/records.ts'
import { decisionRecord, HOUR, tuesdayNoon } from '../support/leadRecords.ts'

const counted = { type: 'follow_up', errors: 0, missing: 0 }

t.test('every agent of the roster is listed in its order, whoever else has voted after it; shares are of all it was asked', (t) => {
  const lines = agentLines(
    [
      { ...counted, agent: 'intent_detector', votes: 30, abstentions: 10 },
      { ...counted, agent: 'intent_detector', type: 'escalation', votes: 0, abstentions: 55, errors: 3, missing: 2 },
      { ...counted, agent: 'their/model', votes: 5, abstentions: 0 },
    ],
    [{ agent: 'intent_detector', type: 'follow_up', votes: 12, lift: 0.514 }],
  )
  t.strictSame(
    lines.map(({ agent }) => agent),
    [...roster.map(({ id }) => id), 'their/model'],
  )
  const detector = lines.find(({ agent }) => agent === 'intent_detector')
  t.match(detector, { system: 'lead-intelligence', asked: 100, abstained: 0.65, failed: 0.05 })
  t.match(lines.at(-1), { system: 'outside', version: null, asked: 5, abstained: 0 })
  const text = agentText(lines, '7d')
  t.match(
    text.find((line) => line.startsWith('intent_detector')),
    /text\s+\d+\s+follow_up escalation\s+100\s+65 %\s+5 %\s+follow_up 0\.51 \(12 votes judged\)/,
  )
  t.match(
    text.find((line) => line.startsWith('timing_optimizer')),
    /0\s+-\s+-\s+not measured$/,
  )
  t.match(text.at(-1), new RegExp(`^${roster.length + 1} agents; `))
  t.end()
})

t.test('a fit says on how many verdicts it rests, what moved and why nothing more can be said of it', (t) => {
  const [shipped] = shippedPolicies as [Policy]
  const judged = Array.from({ length: 6 }, (_, n): JudgedDecision => ({
    decision: decisionRecord({
      decisionId: `d${n}`,
      contactId: `c${n}`,
      stage: 'new',
      contributions: [
        ...['intent_detector', 'timing_optimizer'].map((agentId) => ({
          ...{
            agentId,
            agentVersion: 1,
            family: 'f',
            option: 'sms',
            bin: 4,
            rank: 1,
            lambdaMicro: 0,
            deltaMicro: 0,
            tauMicro: 0,
            nats: '0',
          },
          ...{ blocked: false, reasonCode: 'r', reasonText: null },
        })),
      ],
    }),
    option: n < 4 ? 'sms' : 'wait',
    labeller: 'anna',
    inclusion: n === 5 ? 0 : 0.03,
    labelledAt: tuesdayNoon + n * HOUR,
  }))
  const [learned] = learn({ decisionType: 'follow_up', judged, shipped, inForce: () => undefined })
  if (learned === undefined) return t.fail('nothing was learned')
  const text = learnedLines(learned, true)
  t.match(text[0], /^\*:follow_up {2}[0-9a-f]{12} {2}fitted on 5 verdicts up to 2026-11-10: put in force$/)
  t.match(text[1], /instead of [0-9a-f]{12}, shipped prior/)
  t.equal(text[2], '  5 verdicts: 5 for strengths (worth 5 fresh ones), 0 for the temperature, 0 held back; 1 overrides were left out')
  t.equal(text[3], '  Too few to hold any back: how well it foretells new verdicts is not known.')
  // Right in 4 of 5, all weights equal.
  t.match(
    text.find((line) => line.startsWith('  intent_detector')),
    /\s5\s+80 %/,
  )
  t.match(
    text.find((line) => line.startsWith('  base rates, new')),
    /sms 40 % -> \d+ %/,
  )
  t.ok(text.includes('  temperature 1.00 -> 1.00') && text.includes('  sets of options: no quantile, too few audits'))
  const moved = {
    ...{ tau: { before: 1, after: 0.7 }, quantile: { alpha: 0.05, quantileMicro: 850_000, audits: 40 } },
    families: [
      { family: 'text', before: 0.3, after: 0.42, measured: 0.5, pairs: 3 },
      { family: 'media', before: 0.3, after: 0.3, measured: undefined, pairs: 0 },
    ],
    agents: learned.report.agents.map((one) => ({
      ...one,
      strengthBefore: one.agent === 'intent_detector' ? 0 : one.strengthBefore,
      strengthAfter: 0.4,
    })),
  }
  const told = learnedLines({ ...learned, report: { ...learned.report, ...moved } }, true)
  for (const line of [
    '  correlation in families: text 0.30 -> 0.42',
    '  temperature 1.00 -> 0.70',
    '  sets of options hold what is at least 15 % likely, at an error of 5.0 % on 40 audits',
  ])
    t.ok(told.includes(line), line)
  t.match(
    told.find((line) => line.startsWith('  heard for the first time: ')),
    /intent_detector/,
  )
  t.match(learnedLines({ ...learned, outcome: 'worse' }, false)[0], /kept back$/)
  t.match(learnedLines({ ...learned, outcome: 'unsound', problems: ['tau is out of range'] }, false)[2], '  unsound: tau is out of range')
  t.end()
})

t.test('a policy is named by how its hash begins, if only one begins so', (t) => {
  const [one, two] = shippedPolicies as [Policy, Policy]
  t.equal(onlyOne([one], 'x'), one)
  t.throws(() => onlyOne([], 'x'), { code: 'E_POLICY_UNKNOWN', message: /No policy has a hash that begins with x/ })
  t.throws(() => onlyOne([one, two], ''), { code: 'E_POLICY_UNKNOWN', message: /2 policies/ })
  const named = (policy: Policy) => `${policy.policyHash.slice(0, 12)} (${policy.tenantId}:${policy.decisionType}, ${policy.label})`
  t.throws(() => onlyOne([one, two], ''), { message: `${named(one)}; ${named(two)}.` })
  t.throws(() => onlyOne(Array<Policy>(7).fill(one), ''), { message: '; and 2 more.' })
  t.end()
})

t.test('a file that cannot be read, or that is no policy of anything that is decided, is refused with its name and why', (t) => {
  const [one] = shippedPolicies as [Policy]
  const { decisionType: _type, ...typeless } = one
  const folder = t.testdir({
    'sound.json': JSON.stringify(one),
    'half.json': '{"tenantId": "*",',
    'empty.json': '{}',
    'null.json': 'null',
    'typeless.json': JSON.stringify(typeless),
    'lunch.json': JSON.stringify(sealed({ ...one, decisionType: 'lunch' })),
  })
  const of = (name: string) => () => policyInFile(join(folder, name))
  t.strictSame(of('sound.json')(), one)
  t.throws(of('nowhere.json'), { code: 'E_OPTION_INVALID', message: /nowhere\.json: ENOENT/ })
  t.throws(of('half.json'), { code: 'E_POLICY_UNSOUND', message: /half\.json is no policy: / })
  for (const name of ['empty.json', 'null.json']) t.throws(of(name), { code: 'E_POLICY_UNSOUND', message: /is no policy: / }, name)
  t.throws(of('typeless.json'), { code: 'E_POLICY_UNSOUND', message: /decisionType is undefined/ })
  t.throws(of('lunch.json'), { code: 'E_POLICY_UNSOUND', message: /nothing of the type lunch is decided/ })
  t.end()
})

t.test('an unsound policy is not put in force, and a replay that differs fails', (t) => {
  const [one] = shippedPolicies as [Policy]
  mustBeSound(one, 'x')
  t.throws(() => mustBeSound({ ...one, tauMicro: 0 }, 'x'), { code: 'E_POLICY_UNSOUND', message: /x: .*tau is out of range/ })
  mustBeSame({ same: 3, differs: 0, impossible: 2 })
  t.throws(() => mustBeSame({ same: 3, differs: 1, impossible: 0 }), {
    code: 'E_REPLAY_DIFFERS',
    message: /1 decision comes out otherwise/,
  })
  t.end()
})

t.test('who finds another process learning is told so', (t) => {
  mustHaveRun(undefined)
  t.throws(() => mustHaveRun('busy'), { code: 'E_LEARNING_BUSY', message: /Another process learns/ })
  t.end()
})
