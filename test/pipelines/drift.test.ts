/** Drift is told by exact tests on the random audit alone, with its numbers; past errors of sets move the level of the next quantile. */
import fc from 'fast-check'
import t from 'tap'
import { alarmLines, driftLines } from '../../cli/driftText.ts'
import { learnedLines } from '../../cli/learnText.ts'
import { heldLevel } from '../../pipelines/consensus/fit/conformal.ts'
import { chanceOfSoFew, fisher, fisherBoth } from '../../pipelines/consensus/scores/exactTests.ts'
import { shippedPolicy } from '../../pipelines/consensus/shippedPolicies.ts'
import { clopperPearson } from '../../pipelines/consensus/scores/clopperPearson.ts'
import { conformalLevel } from '../../pipelines/learning/conformalLevel.ts'
import { driftOf, FALSE_ALARM, LEAST_FOR_DRIFT } from '../../pipelines/learning/drift.ts'
import type { Drift } from '../../pipelines/learning/drift.ts'
import { learn } from '../../pipelines/learning/learn.ts'
import type { JudgedDecision } from '../../pipelines/learning/judgedDecision.ts'
import type { Decision, Policy } from '../../schemas/generated/records.ts'
import { decisionRecord, HOUR, tuesdayNoon } from '../support/leadRecords.ts'
import { assertProperty } from '../support/property.ts'

const near = (t: Tap, found: number | undefined, wanted: number, what?: string) =>
  t.ok(Math.abs((found ?? NaN) - wanted) < 1e-9, `${what ?? ''} ${String(found)} is ${wanted}`)
type Tap = Pick<typeof t, 'ok'>

t.test("Fisher's test: the lady who tasted tea, and never more false alarms than stated", async (t) => {
  // Three of four right with margins of four: (C(4,3) C(4,1) + 1) / C(8,4) = 17/70; as few or fewer 69/70.
  const tea = fisher({ hits: 1, trials: 4 }, { hits: 3, trials: 4 })
  near(t, tea.more, 17 / 70)
  near(t, tea.fewer, 69 / 70)
  near(t, fisherBoth({ hits: 1, trials: 4 }, { hits: 3, trials: 4 }), 34 / 70)
  t.equal(fisherBoth({ hits: 2, trials: 4 }, { hits: 2, trials: 4 }), 1)
  await assertProperty(
    t,
    fc.property(fc.integer({ min: 1, max: 40 }), fc.integer({ min: 1, max: 40 }), fc.nat(80), (before, after, drawn) => {
      const hits = Math.min(drawn, before + after)
      let alarms = 0
      for (let k = Math.max(0, hits - before); k <= Math.min(hits, after); k++) {
        const of = (n: number) => fisher({ hits: hits - n, trials: before }, { hits: n, trials: after }).fewer
        if (of(k) < FALSE_ALARM) alarms += of(k) - (k > Math.max(0, hits - before) ? of(k - 1) : 0)
      }
      return alarms <= FALSE_ALARM + 1e-9
    }),
    { numRuns: 50 },
  )
})

t.test('how probable it is that so few of what was foretold came true', (t) => {
  near(t, chanceOfSoFew([0.5, 0.5, 0.5], 1), 4 / 8)
  near(t, chanceOfSoFew([0.9, 0.8], 0), 0.1 * 0.2)
  near(t, chanceOfSoFew([0.9, 0.8], 1), 1 - 0.9 * 0.8)
  near(t, chanceOfSoFew([0.9, 0.8], 2), 1)
  t.equal(chanceOfSoFew([], 0), 1)
  t.end()
})

const option = (name: string, probability: number, eligible = true) => ({
  ...{ option: name, eligible, baseMicro: 0, score: '0', probability, utility: 0 },
})
/** A decision that puts 80 % on a text and 20 % on an e-mail; an agent that always says text. */
function verdict(n: number, right: string, decision: Partial<Decision> = {}): JudgedDecision {
  const vote = {
    ...{ agentId: 'texter', agentVersion: 1, family: 'f', option: 'sms', bin: 3, rank: 1, lambdaMicro: 0, deltaMicro: 0 },
    ...{ tauMicro: 0, nats: '0', blocked: false, reasonCode: 'r', reasonText: null },
  }
  return {
    decision: decisionRecord({
      ...{
        decisionId: `d${String(n).padStart(4, '0')}`,
        contactId: `c${n}`,
        decidedAt: tuesdayNoon + n * HOUR,
        auditSelected: true,
        pAudit: 0.02,
      },
      options: [option('wait', 0, false), option('sms', 0.8), option('email', 0.2), option('call', 0, false)],
      contributions: [vote],
      ...decision,
    }),
    ...{ option: right, labeller: 'anna', inclusion: 0.03, labelledAt: tuesdayNoon + n * HOUR + 1 },
  }
}
/** Thirty with so many texts right, then thirty with so many. */
const story = (first: number, second: number) =>
  Array.from({ length: 60 }, (_, n) => verdict(n, n % 30 < (n < 30 ? first : second) ? 'sms' : 'email'))
const told = (judged: readonly JudgedDecision[]) => driftOf(judged) as Extract<Drift, { kind: 'told' }>

t.test('thirty verdicts on each side are needed, of the random audit, on what was open', (t) => {
  const judged = story(24, 24)
  t.equal(LEAST_FOR_DRIFT, 60)
  t.strictSame(driftOf(judged.slice(1)), { kind: 'too_few', verdicts: 59 })
  const others = [
    verdict(70, 'sms', { auditSelected: false }),
    verdict(71, 'call'),
    { ...(judged[5] as JudgedDecision), labeller: 'ben', labelledAt: tuesdayNoon * 2 },
  ]
  t.strictSame(driftOf([...judged.slice(1), ...others]), { kind: 'too_few', verdicts: 59 })
  t.equal(driftOf(judged).kind, 'told')
  t.strictSame(driftLines({ kind: 'too_few', verdicts: 59 }), [
    '  Drift: too few to tell, 59 verdicts of the random audit of 60 that are needed.',
  ])
  t.end()
})

t.test('what a lot took instead of the choice is no part of drift, nor of a level', (t) => {
  const plain = story(24, 8)
  const drawn = plain.map((one) => ({
    ...one,
    decision: {
      ...one.decision,
      ...{ chosen: 'email', draw: { trial: 'wording-2', usual: one.decision.chosen, drawn: true, arms: [], seed: 's' } },
    },
  }))
  t.strictSame(told(drawn), told(plain))
  t.ok(told(plain).alarms.length > 0)
  t.strictSame(conformalLevel(drawn), conformalLevel(plain))
  t.end()
})

t.test('the same share before and since is no drift; the losses are those of arithmetic', (t) => {
  const drift = told(story(24, 24).reverse())
  t.strictSame(drift.alarms, [])
  const loss = -(24 * Math.log(0.8) + 6 * Math.log(0.2)) / 30
  const entropy = -(0.8 * Math.log(0.8) + 0.2 * Math.log(0.2))
  t.equal(drift.slices.length, 2)
  for (const { logLoss, expected, verdicts } of drift.slices) {
    t.equal(verdicts, 30)
    near(t, logLoss, loss)
    near(t, expected, entropy)
  }
  near(t, drift.right.foretold, 24)
  t.equal(driftLines(drift).at(-1), '  No drift that 60 verdicts could show.')
  t.strictSame(alarmLines(drift), [])
  t.end()
})

t.test('a fall is told four ways: of decisions, against what they state, of options, of agents', (t) => {
  const drift = told(story(29, 12))
  t.strictSame(drift.alarms, ['right_less', 'less_than_foretold', 'options', 'agents'])
  t.match(drift.right, { before: { hits: 29, trials: 30 }, after: { hits: 12, trials: 30 } })
  near(t, drift.right.fallen, fisher({ hits: 29, trials: 30 }, { hits: 12, trials: 30 }).fewer)
  near(t, drift.right.soFew, chanceOfSoFew(Array<number>(30).fill(0.8), 12))
  const both = fisherBoth({ hits: 29, trials: 30 }, { hits: 12, trials: 30 })
  t.match(drift.options, [
    { name: 'email', before: { hits: 1, trials: 30 }, after: { hits: 18, trials: 30 } },
    { name: 'sms', before: { hits: 29, trials: 30 }, after: { hits: 12, trials: 30 } },
  ])
  near(t, drift.options[1]?.chance, 2 * both, 'two options were looked at')
  t.match(drift.agents, [{ name: 'texter', before: { hits: 29, trials: 30 }, after: { hits: 12, trials: 30 } }])
  const lines = alarmLines(drift)
  t.equal(lines.length, 4)
  t.match(lines[2], /email 1 of 30 -> 18 of 30 .*, sms 29 of 30 -> 12 of 30/)
  t.match(driftLines(drift).at(-1), /at most 1 % of the times/)
  t.strictSame(told(story(12, 29)).alarms, ['options'], 'what became better is only other options')
  t.strictSame(told(story(17, 17)).alarms, ['less_than_foretold'], 'wrong all along: it never fell')
  t.end()
})

const sets = (...missed: readonly boolean[]) =>
  missed.map((miss, n) => verdict(n, 'sms', { conformalSet: miss ? ['email'] : ['sms', 'email'] }))

t.test('each miss lowers the level by .0095 and each hit raises it by .0005, in the order of time', async (t) => {
  near(t, conformalLevel([]).level, 0.05)
  near(t, conformalLevel(sets(true, false)).level, 0.05 - 0.0095 + 0.0005)
  t.match(conformalLevel(sets(true, false, false)), { target: 0.05, audits: 3, missed: 1 })
  // Six misses reach 0, so what comes after counts from there: the order matters.
  const six = [true, true, true, true, true, true]
  near(t, conformalLevel(sets(...six, false).reverse()).level, 0.0005)
  near(t, conformalLevel(sets(false, ...six)).level, 0)
  const left = [
    verdict(1, 'sms', { conformalSet: null }),
    verdict(2, 'sms', { conformalSet: [], auditSelected: false }),
    verdict(3, 'call', { conformalSet: [] }),
  ]
  t.equal(conformalLevel(left).audits, 0, 'no set, not drawn by lot, closed by a gate')
  near(t, heldLevel(0.001, 40), 1 / 41)
  near(t, heldLevel(0.04, 40), 0.04)
  await assertProperty(
    t,
    fc.property(fc.array(fc.boolean(), { maxLength: 40 }), (missed) => {
      const { level } = conformalLevel(sets(...missed))
      return level >= 0 && level <= 1
    }),
    { numRuns: 30 },
  )
})

t.test('a verdict weighs the inverse of the probability with which it was drawn, in the error and in the level', (t) => {
  // Of what is decided clearly 58 hits and 2 misses at .02, of what is decided barely 34 hits and 6 misses at .05; the misses last.
  const of = (count: number, pAudit: number, missed: boolean) => Array.from({ length: count }, () => ({ pAudit, missed }))
  const drawn = [...of(58, 0.02, false), ...of(34, 0.05, false), ...of(2, 0.02, true), ...of(6, 0.05, true)]
  const judged = drawn.map(({ pAudit, missed }, n) => verdict(n, 'sms', { pAudit, conformalSet: missed ? ['email'] : ['sms'] }))
  const { audits, missed, share, error, level } = conformalLevel(judged)
  t.strictSame([audits, missed], [100, 8])
  // 50 each and 20 each: 100 + 120 of 3,000 + 800 decisions, 5.8 % where 8 of 100 were counted.
  near(t, share ?? NaN, 220 / 3800)
  // Worth 3,800² / (60 × 2,500 + 40 × 400) = 86.99 equal ones, and 5.8 % of 87 are five.
  t.strictSame(error, clopperPearson(5, 87))
  // .05 a verdict less the share that was missed, over 100 of mean weight 1, times .01.
  near(t, level, 0.05 + 0.01 * (100 * 0.05 - (100 * 220) / 3800))
  t.equal(
    conformalLevel(judged.map((one) => ({ ...one, decision: { ...one.decision, pAudit: 0 } }))).audits,
    0,
    'drawn by nobody knows what',
  )
  t.strictSame(conformalLevel([]).share, undefined)
  t.end()
})

t.test('the quantile of a learned policy is taken at that level, and the report tells both', (t) => {
  const shipped = shippedPolicy('follow_up') as Policy
  const judged = Array.from({ length: 200 }, (_, n) =>
    verdict(n, n % 5 === 0 ? 'email' : 'sms', { conformalSet: n < 2 ? ['call'] : ['sms', 'email'] }),
  )
  const [learned] = learn({ decisionType: 'follow_up', judged, shipped, inForce: () => undefined })
  if (learned === undefined) return t.fail('nothing was learned')
  // Two misses, then 198 hits: .05 - .019 + 198 * .0005 = .13.
  near(t, learned.conformal.level, 0.13)
  near(t, learned.report.quantile.alpha, 0.13)
  const lines = learnedLines(learned, true)
  t.match(
    lines.find((line) => line.startsWith('  Sets of options')),
    /lacked the right one on 2 of 200 audits, 1\.0 % .*allowed are 5\.0 %, the next quantile is taken at 13\.0 %/,
  )
  t.ok(lines.some((line) => line.startsWith('  The likeliest option was right')))
  t.end()
})
