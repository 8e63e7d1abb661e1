/** What another way to choose would have brought: the estimators against arithmetic, and what makes them refuse. */
import fc from 'fast-check'
import t from 'tap'
import { Z_95 } from '../../pipelines/consensus/scores/shareIntervals.ts'
import { valued } from '../../pipelines/effects/clustered.ts'
import { effectLines } from '../../cli/effectText.ts'
import { effectOf } from '../../pipelines/effects/loggedChoices.ts'
import { ESS_LEAST, answerOf, foldOf, offPolicy, warningsOf, weightOf } from '../../pipelines/effects/offPolicy.ts'
import type { LoggedChoice } from '../../pipelines/effects/offPolicy.ts'
import { chanceAt, fitRidgeLogit, sigmoid } from '../../pipelines/effects/ridgeLogit.ts'
import { assertProperty } from '../support/property.ts'

const near = (a: number, b: number, within = 1e-9) => Math.abs(a - b) <= within
const shares = (of: Readonly<Record<string, number>>) => new Map(Object.entries(of))
const half = shares({ a: 500_000, b: 500_000 })

/** Four of each arm: `a` is answered by 1 of 4, `b` by 3 of 4. Every lead is its own. */
const eight: LoggedChoice[] = Array.from({ length: 8 }, (_, index) => ({
  id: `c${index}`,
  lead: `lead ${index}`,
  features: [],
  taken: index < 4 ? 'a' : 'b',
  reward: index < 4 ? Number(index === 0) : Number(index !== 4),
  logged: half,
  target: shares({ b: 1_000_000 }),
}))

const choice = fc
  .record({
    lead: fc.nat(12),
    feature: fc.integer({ min: -20, max: 20 }),
    split: fc.integer({ min: 50_000, max: 900_000 }),
    wanted: fc.integer({ min: 0, max: 1_000_000 }),
    place: fc.nat(2),
    reward: fc.nat(1),
  })
  .map(({ lead, feature, split, wanted, place, reward }) => ({
    lead: `lead ${lead}`,
    features: [feature / 10],
    taken: ['a', 'b', 'c'][place] ?? 'a',
    reward,
    logged: shares({ a: split, b: 950_000 - split, c: 50_000 }),
    target: shares({ a: wanted, b: 1_000_000 - wanted, c: 0 }),
  }))
const logs = fc
  .array(choice, { minLength: 1, maxLength: 40 })
  .map((all) => all.map((one, index): LoggedChoice => ({ id: `c${String(index).padStart(3, '0')}`, ...one })))

t.test('eight choices by hand: the weight of what was taken is 2 or nothing', async (t) => {
  const found = offPolicy(eight)
  t.strictSame(eight.map(weightOf), [0, 0, 0, 0, 2, 2, 2, 2])
  t.equal(found.effective, 4, '(4 x 2)^2 / (4 x 2^2)')
  t.equal(found.logging.value, 4 / 8)
  t.equal(found.ips.value, (2 * 3) / 8)
  t.equal(found.snips.value, (2 * 3) / (2 * 4))
  t.equal(found.meanWeight.value, 1)
  t.match(found, { choices: 8, leads: 8 })
  // Influences of SNIPS: 2 x (1 - .75) three times, 2 x (0 - .75) once, nothing four times.
  const squares = 3 * 0.5 ** 2 + 1.5 ** 2
  t.ok(near(found.snips.standardError, Math.sqrt((squares * 8) / 7) / 8))
  t.ok(near(found.snips.interval.high - found.snips.value, Z_95 * found.snips.standardError))
  t.ok(near(found.snips.value - found.snips.interval.low, Z_95 * found.snips.standardError))
  // Half of what is left over: IPS counts every item, the weights not being 1 everywhere.
  const off = eight.map((one) => weightOf(one) * one.reward - 0.75)
  t.ok(near(found.ips.standardError, Math.sqrt((off.reduce((sum, each) => sum + each * each, 0) * 8) / 7) / 8))
})

t.test('the doubly robust estimate is the model, corrected by what the model missed, and the model has not seen the lead', async (t) => {
  const rules = { penalty: 1, interceptTowards: 0 }
  // Without features a model is one number an arm and half: what the other half of the leads taught.
  const [one, other] = ([0, 1] as const).map((fold) =>
    fitRidgeLogit(
      eight.flatMap(({ lead, taken, reward }) => (foldOf(lead) !== fold && taken === 'b' ? [{ features: [], answered: reward }] : [])),
      0,
      rules,
    ),
  )
  const expected = eight.map(({ lead }) => chanceAt((foldOf(lead) === 0 ? one : other) ?? [], []))
  const direct = expected.reduce((sum, q) => sum + q, 0) / 8
  const corrected = eight.reduce((sum, item, index) => sum + weightOf(item) * (item.reward - (expected[index] ?? 0)), 0) / 8
  const found = offPolicy(eight, rules)
  t.ok(near(found.direct, direct, 1e-12))
  t.ok(near(found.doublyRobust.value, direct + corrected, 1e-12))
  t.not(new Set(eight.map(({ lead }) => foldOf(lead))).size, 1, 'both halves have leads')
})

t.test('a way to choose like that of the log has brought what the log did', (t) =>
  assertProperty(
    t,
    fc.property(logs, (log) => {
      const same = log.map((one) => ({ ...one, target: one.logged }))
      const mean = same.reduce((sum, { reward }) => sum + reward, 0) / same.length
      const found = offPolicy(same)
      if (!near(found.logging.value, mean) || !near(found.ips.value, mean) || !near(found.snips.value, mean)) throw new Error('mean')
      if (!near(found.effective, same.length, 1e-6) || found.meanWeight.value !== 1) throw new Error('weights')
    }),
  ),
)

t.test('what the lot would bring on average: weights are 1, and every estimate is the value of the other way', (t) =>
  // Every outcome of the lot, as often as its probability says, in twentieths.
  assertProperty(
    t,
    fc.property(
      fc.integer({ min: 1, max: 19 }),
      fc.nat(10),
      fc.array(fc.tuple(fc.nat(1), fc.nat(1)), { minLength: 1, maxLength: 8 }),
      (part, wanted, leads) => {
        const logged = shares({ a: part * 50_000, b: (20 - part) * 50_000 })
        const target = shares({ a: wanted * 100_000, b: (10 - wanted) * 100_000 })
        const log = leads.flatMap(([ofA, ofB], lead) =>
          Array.from({ length: 20 }, (_, index): LoggedChoice => {
            const isA = index < part
            return {
              id: `${lead} ${index}`,
              lead: `${lead} ${index}`,
              features: [],
              taken: isA ? 'a' : 'b',
              reward: isA ? ofA : ofB,
              logged,
              target,
            }
          }),
        )
        const value = leads.reduce((sum, [ofA, ofB]) => sum + (wanted * ofA + (10 - wanted) * ofB) / 10, 0) / leads.length
        const found = offPolicy(log)
        if (!near(found.meanWeight.value, 1)) throw new Error(`weights ${found.meanWeight.value}`)
        for (const estimate of [found.ips, found.snips]) if (!near(estimate.value, value)) throw new Error(`${estimate.value} for ${value}`)
        if (log.some((one) => weightOf(one) < 0)) throw new Error('negative')
      },
    ),
  ),
)

t.test('the order of the choices changes no bit, nor does the order of the options', (t) =>
  assertProperty(
    t,
    fc.property(logs, fc.infiniteStream(fc.nat()), (log, random) => {
      const places = log.map(() => Number(random.next().value))
      const shuffled = log
        .map((one, index) => ({ one, at: places[index] ?? 0 }))
        .sort((a, b) => a.at - b.at)
        .map(({ one }) => one)
      const turned = shuffled.map((one) => ({
        ...one,
        target: new Map([...one.target].reverse()),
        logged: new Map([...one.logged].reverse()),
      }))
      if (JSON.stringify(offPolicy(log)) !== JSON.stringify(offPolicy(turned))) throw new Error('another estimate')
    }),
  ),
)

t.test('items of one lead are no separate evidence', async (t) => {
  // Two leads, each counted three times: as wide as two leads, not as six.
  const twice = valued(0.5, [0.5, -0.5], ['x', 'y'])
  const six = valued(0.5, [0.5, 0.5, 0.5, -0.5, -0.5, -0.5], ['x', 'x', 'x', 'y', 'y', 'y'])
  t.ok(near(twice.standardError, six.standardError))
  // sqrt((.25 + .25) x 2 / 1) / 2
  t.ok(near(twice.standardError, 0.5))
  t.ok(valued(0.5, [0.5, 0.5, 0.5, -0.5, -0.5, -0.5], ['1', '2', '3', '4', '5', '6']).standardError < 0.3)
  t.equal(valued(0.5, [0, 0], ['x', 'x']).standardError, Infinity)
  await assertProperty(
    t,
    fc.property(logs, (log) => {
      const copies = [0, 1, 2].flatMap((copy) => log.map((one) => ({ ...one, id: `${one.id} ${copy}` })))
      const [before, after] = [offPolicy(log), offPolicy(copies)]
      for (const name of ['ips', 'snips', 'logging'] as const) {
        if (!near(before[name].value, after[name].value)) throw new Error(`${name} moved`)
        const [a, b] = [before[name].standardError, after[name].standardError]
        if (!(a === b || near(a, b))) throw new Error(`${name} ${a} ${b}`)
      }
    }),
  )
})

/** `count` choices of as many leads, drawn evenly, each arm answered `rate` of 10. */
function many(count: number, target: Readonly<Record<string, number>>, over: Partial<LoggedChoice> = {}): LoggedChoice[] {
  return Array.from({ length: count }, (_, index) => ({
    id: `c${String(index).padStart(5, '0')}`,
    lead: `lead ${index}`,
    features: [],
    taken: index % 2 === 0 ? 'a' : 'b',
    reward: Number(index % 10 < 2),
    logged: half,
    target: shares(target),
    ...over,
  }))
}

t.test('below a hundred effective choices, where nothing was tried, and where the interval is too wide nothing is estimated', async (t) => {
  t.strictSame(answerOf([]), { kind: 'refused', because: 'no_choices', effective: 0, unseen: [] })
  t.match(answerOf(many(198, { b: 1_000_000 }), 1), { kind: 'refused', because: 'too_few', effective: 99 })
  t.match(answerOf(many(200, { b: 1_000_000 }), 1), { kind: 'estimated', estimate: { effective: ESS_LEAST } })
  // 200 with an effective hundred: about .2 +- .08.
  t.match(answerOf(many(200, { b: 1_000_000 })), { kind: 'refused', because: 'too_wide', effective: 100, unseen: [] })
  t.match(answerOf(many(2_000, { b: 1_000_000 })), { kind: 'estimated', warnings: [] })
  const log = many(2_000, { b: 1_000_000 })
  const [first, second, ...others] = log as [LoggedChoice, LoggedChoice, ...LoggedChoice[]]
  const elsewhere = { target: shares({ b: 999_999, c: 1 }) }
  t.match(answerOf([...others, { ...second, ...elsewhere }, { ...first, ...elsewhere }]), {
    kind: 'refused',
    because: 'no_overlap',
    unseen: ['c00000', 'c00001'],
  })
  t.match(answerOf([...others, { ...first, target: shares({ b: 1_000_000, c: 0 }) }]), { kind: 'estimated' }, 'nothing of it is nothing')
})

t.test('a policy that never takes what was taken has no weight, and that is no estimate of nought', async (t) => {
  const never = many(400, { a: 1_000_000 }).map((one) => ({ ...one, taken: 'b' }))
  t.match(answerOf(never, 1), { kind: 'refused', because: 'too_few', effective: 0 })
})

t.test('what the lot could not have taken by its own record is no choice to weigh, whatever the other way would take', async (t) => {
  const [first, second, ...others] = many(2_000, { b: 1_000_000 }) as [LoggedChoice, LoggedChoice, ...LoggedChoice[]]
  for (const logged of [shares({ a: 0, b: 1_000_000 }), shares({ b: 1_000_000 })]) {
    const answer = answerOf([...others, second, { ...first, taken: 'a', logged }])
    t.strictSame(answer, { kind: 'refused', because: 'no_chance', effective: 0, unseen: [first.id] })
    const effect = { answer, leftOut: effectOf([]).leftOut, notEstimable: [] }
    t.strictSame(effectLines(effect, 'content', 1), [
      'Nothing is estimated: by the probabilities that were written down the lot could not have taken what these decisions took:',
      `  ${first.id}`,
    ])
  }
})

t.test('two estimates a standard error apart, and weights that are not 1 on average, are warned of', async (t) => {
  const of = (value: number, standardError: number) => ({ value, standardError, interval: { low: 0, high: 1 } })
  const base = { ...offPolicy(many(400, { a: 500_000, b: 500_000 })), meanWeight: of(1, 0.1) }
  const warned = (snips: number, robust: number) => warningsOf({ ...base, snips: of(snips, 0.02), doublyRobust: of(robust, 0.03) })
  t.strictSame(warned(0.2, 0.219), [])
  t.match(warned(0.2, 0.221), [/further apart/])
  t.match(warned(0.221, 0.2), [/further apart/])
  t.strictSame(warningsOf({ ...base, meanWeight: of(1.29, 0.1) }).length, 0)
  t.match(warningsOf({ ...base, meanWeight: of(0.69, 0.1) }), [/not 1 on average/])
  // The lot said one in ten and took it half of the time.
  const wrong = many(2_000, { a: 500_000, b: 500_000 }, { logged: shares({ a: 900_000, b: 100_000 }) })
  t.match(warningsOf(offPolicy(wrong)), [/not 1 on average/])
})

t.test('a ridge of logits is at the one optimum: no direction goes down from there', async (t) => {
  const rows = fc.array(
    fc.record({ features: fc.tuple(fc.integer({ min: -30, max: 30 }), fc.integer({ min: -3, max: 3 })), answered: fc.nat(1) }),
    {
      maxLength: 30,
    },
  )
  await assertProperty(
    t,
    fc.property(rows, fc.integer({ min: -4, max: 4 }), fc.integer({ min: 1, max: 5 }), (told, towards, penalty) => {
      const weights = fitRidgeLogit(told, 2, { penalty, interceptTowards: towards })
      // The slope of the penalised loss, by its definition.
      for (const place of [0, 1, 2]) {
        const pull = penalty * ((weights[place] ?? 0) - (place === 0 ? towards : 0))
        const slope = told.reduce(
          (sum, { features, answered }) => sum + (chanceAt(weights, features) - answered) * (place === 0 ? 1 : (features[place - 1] ?? 0)),
          pull,
        )
        if (!near(slope, 0, 1e-6)) throw new Error(`slope ${slope} at ${place}`)
      }
    }),
  )
  t.strictSame(fitRidgeLogit([], 2, { penalty: 1, interceptTowards: -2.2 }), [-2.2, 0, 0])
  t.equal(sigmoid(0), 0.5)
  t.ok(near(sigmoid(2), 0.8807970779778823, 1e-15))
})
