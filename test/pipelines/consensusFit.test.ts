import fc from 'fast-check'
import t from 'tap'
import { fromAgreement } from '../../pipelines/consensus/fit/agreementStart.ts'
import { baseRatesOf } from '../../pipelines/consensus/fit/baseRates.ts'
import {
  clusters,
  errorsOf,
  familyCorrelations,
  residualCorrelation,
  suggestedFamilies,
} from '../../pipelines/consensus/fit/correlations.ts'
import { fit, pool } from '../../pipelines/consensus/fit/fit.ts'
import { effectiveCount, inclusionOf, labelWeights } from '../../pipelines/consensus/fit/labelWeights.ts'
import { coldPolicy, withParts } from '../../pipelines/consensus/fit/policyParts.ts'
import { slicesOf } from '../../pipelines/consensus/fit/slices.ts'
import { logit, risen, sigmoid, strengthRules, strengthsOf } from '../../pipelines/consensus/fit/strengths.ts'
import type { JudgedVote } from '../../pipelines/consensus/fit/strengths.ts'
import { fittedTauMicro } from '../../pipelines/consensus/fit/temperature.ts'
import { matrixOf } from '../../pipelines/consensus/fit/voteTable.ts'
import type { VoteTable } from '../../pipelines/consensus/fit/voteTable.ts'
import { compiled, policyProblems } from '../../pipelines/consensus/policy.ts'
import type { Policy } from '../../schemas/generated/records.ts'
import { assertProperty } from '../support/property.ts'
import { shuffled } from './cases.ts'
import { anyTable, minute, noise, tableOf, tableOptions } from './voteTables.ts'

const day = 86_400_000
const cold = [0.05, 0.2, 0.5, 0.8, 1.0]
const near = (a: number, b: number, within = 1e-9) => Math.abs(a - b) <= within
const policyOf = (table: VoteTable, options: Partial<Parameters<typeof fit>[1]> = {}) =>
  withParts(options.prior ?? coldPolicy(table), fit(table, { now: 0, ...options }).parts, { label: 'test', createdAt: 0 })

t.test('labels: a label that was sought out counts less than a random one, by the inverse of its probability', async (t) => {
  // 1 - (1 - .02)(1 - 1) = 1 for an escalated one that was also in the audit; .02 for the others
  t.equal(inclusionOf([0.02, 1]), 1)
  t.ok(near(inclusionOf([0.02, 0.5]), 0.51))
  // w = 1, 1, 50: mean 52 / 3, effective (52^2) / (3 * 2502) = .360245
  const weights = labelWeights(
    [1, 1, 0.02].map((inclusion) => ({ inclusion, at: 0 })),
    0,
    60,
  )
  const fraction = (52 * 52) / (3 * 2502)
  t.ok(near(weights[0] ?? 0, (fraction * 3) / 52) && near(weights[2] ?? 0, (fraction * 150) / 52), String(weights))
  t.strictSame(labelWeights([{ inclusion: 0, at: 0 }], 0, 60), [0], 'an unknown probability counts nowhere')
  const aged = labelWeights(
    [0, 60, 120].map((age) => ({ inclusion: 1, at: -age * day })),
    0,
    60,
  )
  t.ok(
    [1, 0.5, 0.25].every((weight, index) => near(weight, aged[index] ?? 0)),
    String(aged),
  )
  t.equal(effectiveCount([2, 2, 2]), 3)
  t.equal(effectiveCount([]), 0)
})

t.test('labels: weights do not change when the whole label set is doubled, and none is above 50', (t) =>
  assertProperty(
    t,
    fc.property(
      fc.array(
        fc.record({ inclusion: fc.double({ min: 0, max: 1, noNaN: true }), at: fc.integer({ min: 0, max: 400 }).map((n) => -n * day) }),
        {
          minLength: 1,
          maxLength: 40,
        },
      ),
      (labels) => {
        const once = labelWeights(labels, 0, 60)
        const twice = labelWeights([...labels, ...labels], 0, 60)
        return once.every((weight, index) => weight <= 50 + 1e-9 && weight >= 0 && near(weight, twice[index] ?? NaN, 1e-9))
      },
    ),
  ),
)

t.test('base rates: twenty labels of the parent, then the labels; a stage without labels is its parent', async (t) => {
  const parent = coldPolicy({ options: tableOptions, agents: [] })
  const label = (stage: string, option: number) => ({ stage, weight: 1, shares: tableOptions.map((_, index) => Number(index === option)) })
  const rates = baseRatesOf(tableOptions, [label('new', 1), label('new', 1), label('old', 2)], parent)
  // (2 + 20 / 3) / (3 + 20)
  t.ok(near(rates.get('*')?.[1] ?? 0, (2 + 20 / 3) / 23))
  // a stage the parent does not know is drawn towards all stages together
  t.ok(near(rates.get('new')?.[1] ?? 0, (2 + (20 * (2 + 20 / 3)) / 23) / 22))
  t.ok(near(baseRatesOf(tableOptions, [], parent).get('*')?.[0] ?? 0, 1 / 3))
})

t.test('cold start: without labels every strength is the cold table', async (t) => {
  const { byBin, byCell } = strengthsOf([], [0.5, 0.3, 0.2], strengthRules(cold))
  t.ok(byBin.every((lambda, index) => near(lambda, cold[index] ?? 0)))
  t.ok(byCell.flat().every((lambda, index) => near(lambda, cold[Math.floor(index / 3)] ?? 0)))
  const table = tableOf({ a: 'f' }, 0, () => ({ votes: {} }))
  const { parts, report } = fit(table, { now: 0 })
  t.strictSame([parts.strengths, parts.tauMicro, report.labels.usable], [[], 1_000_000, 0])
})

t.test('strength: ten right votes of ten, by hand through the three levels', async (t) => {
  const votes: JudgedVote[] = Array.from({ length: 10 }, () => ({ bin: 3, option: 1, weight: 1, right: 1, rate: 0.25 }))
  const level = (right: number, n: number, shrinkage: number, by: number, prior: number) =>
    Math.log((right + shrinkage / (1 + Math.exp(-by - prior))) / (n - right + shrinkage * (1 - 1 / (1 + Math.exp(-by - prior))))) - by
  const by = Math.log(0.25 / 0.75)
  const whole = level(10, 10, 6, by, 0.3)
  const bin = level(10, 10, 12, by, whole + 0.5 - 0.3)
  const cell = level(10, 10, 12, by, bin)
  const found = strengthsOf(votes, [0.5, 0.25, 0.25], { ...strengthRules(cold), isotonic: false })
  t.ok(near(found.lift, whole, 1e-12))
  t.ok(near(found.byBin[2] ?? 0, Math.min(4, bin), 1e-12), `${found.byBin[2]} ${bin}`)
  t.ok(near(found.byCell[2]?.[1] ?? 0, Math.min(4, cell), 1e-12))
  t.strictSame([found.chance, found.rightShare], [0.25, 1])
})

t.test(
  'strength: an agent that always says the popular thing tends to nothing, one that is worse than chance to nothing too',
  async (t) => {
    const parrot = Array.from({ length: 2000 }, (_, index) => ({ bin: 4, option: 0, weight: 1, right: Number(index % 10 < 7), rate: 0.7 }))
    t.ok(near(strengthsOf(parrot, [0.7, 0.2, 0.1], strengthRules(cold)).byCell[3]?.[0] ?? 1, 0, 0.02))
    const wrong = parrot.map((vote) => ({ ...vote, right: 0 }))
    t.equal(strengthsOf(wrong, [0.7, 0.2, 0.1], strengthRules(cold)).byCell[3]?.[0], 0)
  },
)

t.test('strength: any votes give strengths inside 0 to 4 that never fall with the bin', (t) =>
  assertProperty(
    t,
    fc.property(
      fc.array(
        fc.record({
          bin: fc.integer({ min: 1, max: 5 }),
          option: fc.integer({ min: 0, max: 2 }),
          weight: fc.double({ min: 0, max: 50, noNaN: true }),
          right: fc.double({ min: 0, max: 1, noNaN: true }),
          rate: fc.double({ min: 0, max: 1, noNaN: true }),
        }),
        { maxLength: 60 },
      ),
      fc.constantFrom('agent', 'bin', 'option'),
      (votes, cells) => {
        const { byBin, byCell, lift } = strengthsOf(votes, [0.9999, 0.0001, 0], { ...strengthRules(cold), cells })
        const columns = [byBin, ...[0, 1, 2].map((option) => byCell.map((row) => row[option] ?? NaN))]
        return (
          Number.isFinite(lift) &&
          columns.every((column) => column.every((lambda, index) => lambda >= 0 && lambda <= 4 && lambda >= (column[index - 1] ?? 0)))
        )
      },
    ),
  ),
)

t.test('isotonic: neighbours that fall are pooled by weight, what rises stays', async (t) => {
  t.strictSame(risen([1, 2, 3], [1, 1, 1]), [1, 2, 3])
  // 3 and 1 with weights 1 and 3 make 1.5
  t.strictSame(risen([0, 3, 1, 2], [1, 1, 3, 1]), [0, 1.5, 1.5, 2])
  t.strictSame(risen([4, 3, 2], [1, 1, 1]), [3, 3, 3])
  t.ok(near(sigmoid(logit(0.3)), 0.3) && near(logit(0), Math.log(1e-4 / (1 - 1e-4))) && near(logit(1), -logit(0), 1e-9))
})

t.test('correlation: what is left after the difficulty is taken out, as by regressing each on it', async (t) => {
  const next = noise(7)
  const errors = Array.from({ length: 200 }, () => Float64Array.from([next(), next(), next()], (x) => Number(x < 0.5)))
  const mu = Float64Array.from(errors, (row) => ((row[0] ?? 0) + (row[2] ?? 0) + next()) / 3)
  const residuals = (column: number) => {
    const y = errors.map((row) => row[column] ?? 0)
    const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length
    const [my, mm] = [mean(y), mean([...mu])]
    const slope = mean(y.map((value, i) => (value - my) * ((mu[i] ?? 0) - mm))) / mean([...mu].map((m) => (m - mm) ** 2))
    return y.map((value, i) => value - my - slope * ((mu[i] ?? 0) - mm))
  }
  const [a, b] = [residuals(0), residuals(1)]
  const dot = (x: readonly number[], y: readonly number[]) => x.reduce((sum, value, i) => sum + value * (y[i] ?? 0), 0)
  t.ok(near(residualCorrelation(errors, mu, 0, 1) ?? NaN, dot(a, b) / Math.sqrt(dot(a, a) * dot(b, b)), 1e-9))
  t.equal(residualCorrelation(errors.slice(0, 19), mu.slice(0, 19), 0, 1), undefined, 'fewer than 20 common items')
  const always = errors.map((row) => Float64Array.from([1, row[1] ?? 0]))
  t.equal(residualCorrelation(always, mu, 0, 1), undefined, 'one that never varies')
})

const twins = tableOf(
  { a1: 'same', a2: 'same', b1: 'free', b2: 'free', c: 'other' },
  300,
  (() => {
    const next = noise(3)
    return () => {
      const truth = tableOptions[Math.floor(next() * 3)] ?? 'b'
      const say = (): [string, number] => [next() < 0.6 ? truth : (tableOptions[Math.floor(next() * 3)] ?? 'b'), 1 + Math.floor(next() * 5)]
      const copied = say()
      return { truth, votes: { a1: copied, a2: copied, b1: say(), b2: say(), c: say() } }
    }
  })(),
)

t.test('correlation: copies are found to be copies, independent ones are not, and few labels stay with the prior', async (t) => {
  const matrix = matrixOf(twins)
  const rho = new Map(familyCorrelations(matrix, () => 0.3).map(({ family, ...found }) => [family, found]))
  // copies: clipped to .95, then (300 * .95 + 60 * .3) / 360
  t.ok(near(rho.get('same')?.rho ?? 0, (300 * 0.95 + 18) / 360))
  t.ok((rho.get('free')?.measured ?? 1) < 0.15, String(rho.get('free')?.measured))
  t.match(rho.get('other'), { rho: 0.3, measured: undefined, pairs: 0 }, 'a single member has no pairs')
  t.ok(familyCorrelations({ ...matrix, items: matrix.items.slice(0, 19) }, () => 0.42).every(({ rho: few }) => few === 0.42))
  t.ok(suggestedFamilies(matrix).clusters.some((members) => members.join() === 'a1,a2'))
  t.equal(errorsOf(matrix).length, 300)
})

t.test('clusters: the closest are joined while their mean is above the threshold', async (t) => {
  const between = [
    [0, 0.5, 0.1],
    [0.5, 0, 0.19],
    [0.1, 0.19, 0],
  ].map((row) => Float64Array.from(row))
  // {0, 1} first; then (.1 + .19) / 2 = .145 is below .15
  t.strictSame(clusters(between, 0.15), [[0, 1], [2]])
  t.strictSame(clusters(between, 0.14), [[0, 1, 2]])
  t.strictSame(clusters([], 0.15), [])
})

t.test('families that the errors contradict are named in the report', async (t) => {
  const families = { a1: 'x', a2: 'y', b1: 'x', b2: 'y', c: 'z' }
  const table = { ...twins, agents: Object.entries(families).map(([agent, family]) => ({ agent, family })) }
  const { warnings } = fit(table, { now: 0, shares: { temperature: 0, conformal: 0 } }).report
  t.ok(
    warnings.some((warning) => /^Agents of x, y err together: a1, a2\.$/.test(warning)),
    warnings.join('\n'),
  )
  const { warnings: few } = fit({ ...table, items: table.items.slice(0, 200) }, { now: 0 }).report
  t.notOk(
    few.some((warning) => /err together/.test(warning)),
    'below 300 labels single correlations are noise',
  )
})

t.test('temperature: overstated strengths are cooled, no labels leave it at 1, the penalty holds it near 1', async (t) => {
  t.equal(fittedTauMicro([]), 1_000_000)
  // The votes say 3 nats, and are right 60 of 100 times against one rival: the best tau alone is ln(1.5) / 3 = .135, at the edge .2
  const items = Array.from({ length: 100 }, (_, index) => ({ base: [0, 0], support: [3, 0], truth: Number(index >= 60), weight: 1 }))
  t.equal(fittedTauMicro(items), 200_000)
  // Right 95 of 100: ln 19 / 3 = .981 before the penalty, 1.0 on the grid
  t.equal(fittedTauMicro(items.map((item, index) => ({ ...item, truth: Number(index >= 95) }))), 1_000_000)
  t.equal(fittedTauMicro(items.map((item) => ({ ...item, weight: 0 }))), 1_000_000, 'weightless labels are no labels')
})

t.test('slices: by time, disjoint, a group never on two sides, and too small a slice is not cut', (t) =>
  assertProperty(
    t,
    fc.property(anyTable, (table) => {
      const labelled = matrixOf(table).items.filter(({ truth, inclusion }) => truth >= 0 && inclusion > 0)
      const { strengths, temperature, conformal, leftOut } = slicesOf(labelled, { temperature: 0.3, conformal: 0.4 }, 0.1)
      const groups = [strengths, temperature, conformal].map((slice) => new Set(slice.map(({ group }) => group)))
      const last = (slice: typeof strengths) => Math.max(-Infinity, ...slice.map(({ at }) => at))
      const first = (slice: typeof strengths) => Math.min(Infinity, ...slice.map(({ at }) => at))
      return (
        strengths.length + temperature.length + conformal.length + leftOut.length === labelled.length &&
        groups.every((own, index) => groups.every((other, place) => index === place || ![...own].some((group) => other.has(group)))) &&
        last(strengths) <= first(temperature) &&
        Math.max(last(strengths), last(temperature)) <= first(conformal)
      )
    }),
  ),
)

t.test('a table in any order, with any nonsense in it, gives the same sound numbers', async (t) => {
  await assertProperty(
    t,
    fc.property(anyTable, fc.infiniteStream(fc.nat()), (table, randoms) => {
      const shares = { temperature: 0.3, conformal: 0.4 }
      const once = fit(table, { now: 2_000_000_000_000, shares, alpha: 0.1 })
      const other = {
        ...table,
        agents: shuffled(table.agents, randoms),
        items: shuffled(table.items, randoms),
        votes: shuffled(table.votes, randoms),
      }
      const again = fit(other, { now: 2_000_000_000_000, shares, alpha: 0.1 })
      const policy = withParts(coldPolicy(table), once.parts, { label: 'x', createdAt: 0 })
      const numbers = JSON.stringify([once.parts, once.quantile])
      const pooled = pool(table, policy)
      return (
        numbers === JSON.stringify([again.parts, again.quantile]) &&
        policyProblems(policy).length === 0 &&
        !/null|NaN/.test(JSON.stringify({ ...once.parts, conformalMicro: 0 })) &&
        once.parts.conformalMicro === once.quantile.quantileMicro &&
        pooled.every(({ probabilities }) =>
          near(
            Object.values(probabilities).reduce((sum, p) => sum + p, 0),
            1,
            1e-9,
          ),
        ) &&
        JSON.stringify(pooled) === JSON.stringify(pool(other, policy))
      )
    }),
    { numRuns: 60 },
  )
})

t.test('relabel: other names for the options permute the fitted numbers', async (t) => {
  const names = new Map([
    ['wait', 'c'],
    ['b', 'wait'],
    ['c', 'b'],
  ])
  const name = (option: string) => names.get(option) ?? option
  const renamed = {
    ...twins,
    items: twins.items.map((item) => ({ ...item, truth: name(item.truth ?? '') })),
    votes: twins.votes.map((vote) => ({ ...vote, option: vote.option === null ? null : name(vote.option) })),
  }
  const [before, after] = [policyOf(twins), policyOf(renamed)].map(compiled)
  for (const agent of ['a1', 'b1', 'c'])
    for (const bin of [1, 2, 3, 4, 5])
      for (const option of tableOptions)
        t.ok(
          Math.abs((before?.lambdaOf(agent, bin, option) ?? 0) - (after?.lambdaOf(agent, bin, name(option)) ?? 9)) <= 1,
          `${agent} ${bin} ${option}`,
        )
})

t.test('vacuous: after an audit an agent that always says the same changes no probability by more than .01', async (t) => {
  const next = noise(11)
  const table = tableOf({ a: 'f', b: 'g', parrot: 'h' }, 3000, () => {
    const draw = next()
    const truth = draw < 0.7 ? 'wait' : draw < 0.9 ? 'b' : 'c'
    const say = (): [string, number] => [next() < 0.5 ? truth : (tableOptions[Math.floor(next() * 3)] ?? 'b'), 3]
    return { truth, votes: { a: say(), b: say(), parrot: ['wait', 4] } }
  })
  const policy = policyOf(table, { shares: { temperature: 0, conformal: 0 } })
  const without = { ...table, votes: table.votes.filter(({ agent }) => agent !== 'parrot') }
  const [loud, quiet] = [pool(table, policy), pool(without, policy)]
  const moved = loud.map(({ probabilities }, index) =>
    Math.max(...tableOptions.map((option) => Math.abs((probabilities[option] ?? 0) - (quiet[index]?.probabilities[option] ?? 9)))),
  )
  t.ok(Math.max(...moved) < 0.01, String(Math.max(...moved)))
})

t.test('monotone: under fitted strengths one more vote, or a higher bin, never lowers its option', async (t) => {
  const table = { ...twins, votes: twins.votes.filter(({ agent }) => agent !== 'b2') }
  const policy = policyOf(twins)
  const p = (option: string, bin: number | null) =>
    pool(
      bin === null ? table : { ...table, votes: [...table.votes, ...table.items.map(({ item }) => ({ item, agent: 'b2', option, bin }))] },
      policy,
    )
  for (const option of tableOptions) {
    const steps = [null, 1, 2, 3, 4, 5].map((bin) => p(option, bin).map(({ probabilities }) => probabilities[option] ?? NaN))
    t.ok(
      steps.every((step, index) => step.every((now, item) => now >= (steps[index - 1]?.[item] ?? 0) - 1e-15)),
      option,
    )
  }
})

t.test('labels of unknown inclusion probability teach nothing and are counted', async (t) => {
  const overridden = { ...twins, items: twins.items.map((item) => ({ ...item, inclusion: null })) }
  const { parts, report } = fit(overridden, { now: 0 })
  t.strictSame(parts, fit({ ...twins, items: twins.items.map((item) => ({ ...item, truth: null })) }, { now: 0 }).parts)
  t.strictSame([report.labels.usable, report.labels.ofUnknownInclusion], [0, 300])
})

t.test('old labels give way to the prior: after ten half-lives next to nothing of them is left', async (t) => {
  const fresh = fit(twins, { now: 300 * minute, shares: { temperature: 0, conformal: 0 } }).report.agents[0]
  const old = fit(twins, { now: 600 * day, shares: { temperature: 0, conformal: 0 } }).report.agents[0]
  t.ok((fresh?.lift ?? 0) > 0.6 && near(old?.lift ?? 0, 0.3, 0.1), `${fresh?.lift} ${old?.lift}`)
  const { labels, warnings } = fit(twins, { now: 600 * day, shares: { temperature: 0, conformal: 0 } }).report
  t.ok(near(labels.strengthsEffective, 300 / 1024, 0.001), 'ten half-lives are 2^-10')
  t.match(warnings, ['The labels are old: 300 count for 0.3 fresh ones, each for half after 60 days. Times and `now` are in ms.'])
  const ageless = fit(twins, { now: 600 * day, halfLifeDays: Infinity, shares: { temperature: 0, conformal: 0 } }).report
  t.equal(ageless.labels.strengthsEffective, 300)
  t.notMatch(ageless.warnings.join(' '), /old/)
})

t.test('a table may have as many options as it likes', async (t) => {
  const names = Array.from({ length: 300 }, (_, place) => `option ${place}`)
  const votes = ['option 127', 'option 128', 'option 299'].map((option, place) => ({ item: `i${place}`, agent: 'a', option, bin: 5 }))
  const items = votes.map(({ item, option }) => ({ item, at: 0, truth: option, inclusion: 1 }))
  const table = { options: names, agents: [{ agent: 'a', family: 'f' }], items, votes }
  t.strictSame(
    pool(table, coldPolicy(table)).map(({ winner }) => winner),
    ['option 127', 'option 128', 'option 299'],
  )
  t.equal(fit(table, { now: 0 }).report.agents[0]?.rightShare, 1)
})

t.test('a table may name its stages and options as what every object has', async (t) => {
  for (const stage of ['__proto__', 'constructor']) {
    const truths = Array.from({ length: 40 }, (_, place) => (place % 4 === 0 ? 'toString' : 'a'))
    const items = truths.map((truth, place) => ({ item: `i${place}`, at: place, truth, inclusion: 1, stage }))
    const votes = truths.map((option, place) => ({ item: `i${place}`, agent: 'x', option, bin: 5 }))
    const table = { options: ['toString', 'a'], agents: [{ agent: 'x', family: 'f' }], items, votes }
    t.strictSame(
      pool(table, coldPolicy(table)).map(({ winner }) => winner),
      truths,
    )
    const learned = policyOf(table)
    t.strictSame(Object.keys(learned.baseRatesMicro), ['*', stage])
    t.ok(compiled(learned).baseMicro(stage, 'a') > compiled(learned).baseMicro(stage, 'toString'))
    t.strictSame(
      pool(table, learned).map(({ winner }) => winner),
      truths,
    )
    t.doesNotThrow(() => fit(table, { now: 0, prior: learned }))
  }
})

t.test('an outside agent is admitted with 30 labelled votes, in the family it states, and weighs nothing before', async (t) => {
  const prior = coldPolicy({ options: tableOptions, agents: twins.agents.filter(({ agent }) => agent !== 'c') })
  const shares = { temperature: 0, conformal: 0 }
  const admitted = withParts(prior, fit(twins, { now: 0, prior, shares }).parts, { label: 'x', createdAt: 0 })
  t.strictSame(policyProblems(admitted), [])
  t.ok(admitted.roster.includes('c') && compiled(admitted).lambdaOf('c', 3, 'b') > 0)
  t.equal(compiled(admitted).familyOf('c', 'elsewhere'), 'other')
  const few = { ...twins, items: twins.items.slice(0, 29) }
  const waiting = withParts(prior, fit(few, { now: 0, prior, shares }).parts, { label: 'x', createdAt: 0 })
  t.notOk(waiting.roster.includes('c'))
  t.equal(compiled(waiting).lambdaOf('c', 3, 'b'), 0)
})

t.test('the report says what changed, on how many labels, and how both policies do on labels neither has seen', async (t) => {
  const { report, parts, quantile } = fit(twins, { now: 300 * minute })
  t.match(report.labels, { usable: 300, strengths: 180, temperature: 60, conformal: 60, leftOut: 0 })
  // 180 labels of 2 to 5 hours, at a mean age of .146 days: 180 x 2^(-.146 / 60) = 179.70.
  t.ok(near(report.labels.strengthsEffective, 179.7, 0.01), String(report.labels.strengthsEffective))
  t.ok(near(report.agents[0]?.effectiveVotes ?? 0, 179.7, 0.01))
  t.notMatch(report.warnings.join(' '), /old/)
  t.match(report.agents[0], { agent: 'a1', family: 'same', votes: 180 })
  t.ok((report.agents[0]?.strengthAfter ?? 0) > (report.agents[0]?.strengthBefore ?? 9))
  t.equal(report.tau.after, parts.tauMicro / 1e6)
  t.equal(report.held?.labels, 60)
  t.ok((report.held?.fitted.logLoss ?? 9) < (report.held?.former.logLoss ?? 0))
  t.ok(quantile.quantileMicro !== null && report.quantile === quantile)
  t.ok(report.baseRates.every(({ before, after }) => before > 0 && after > 0 && after < 1))
})

t.test('the fit is drawn towards the prior it is given, not towards the policy in force', async (t) => {
  const prior = coldPolicy(twins)
  const former: Policy = withParts(prior, { ...fit(twins, { now: 0 }).parts, tauMicro: 700_000 }, { label: 'former', createdAt: 0 })
  t.strictSame(fit(twins, { now: 0, prior, former }).parts, fit(twins, { now: 0, prior }).parts)
  t.equal(fit(twins, { now: 0, prior, former }).report.tau.before, 0.7)
})

t.test('agreement: twelve copies of one wrong voter do not define the truth', async (t) => {
  const next = noise(5)
  const copies = Array.from({ length: 12 }, (_, index) => `copy${String(index).padStart(2, '0')}`)
  const families = { ...Object.fromEntries(copies.map((copy) => [copy, 'one'])), a: 'f', b: 'g', c: 'h', parrot: 'i' }
  const truths: string[] = []
  const table = tableOf(families, 400, () => {
    const truth = tableOptions[Math.floor(next() * 3)] ?? 'b'
    truths.push(truth)
    const say = (): [string, number] => [next() < 0.75 ? truth : (tableOptions[Math.floor(next() * 3)] ?? 'b'), 3]
    const wrong: [string, number] = [tableOptions[Math.floor(next() * 3)] ?? 'b', 5]
    return { votes: { ...Object.fromEntries(copies.map((copy) => [copy, wrong])), a: say(), b: say(), c: say(), parrot: ['wait', 5] } }
  })
  const start = fromAgreement(table)
  if ('refused' in start) return t.fail(start.refused)
  const lift = (agent: string) => start.lifts.get(agent) ?? NaN
  // A copy's votes are independent of everybody: its lift is noise around 0, and so is that of one who always says the same.
  t.ok(Math.abs(lift('copy00')) < 0.1 && Math.abs(lift('parrot')) < 0.05, `${lift('copy00')} ${lift('parrot')}`)
  for (const agent of ['a', 'b', 'c']) t.ok(lift(agent) > 3 * lift('copy00') && lift(agent) > 0.3, `${agent} ${lift(agent)}`)
  const right = (policy: Policy) => pool(table, policy).filter(({ winner }, index) => winner === truths[index]).length / truths.length
  const policy = withParts(coldPolicy(table), start.parts, { label: 'agreement', createdAt: 0 })
  t.strictSame(policyProblems(policy), [])
  t.ok(right(policy) > right(coldPolicy(table)) + 0.1, `${right(policy)} against ${right(coldPolicy(table))}`)
  const labelled = { ...table, items: table.items.map((item) => ({ ...item, truth: 'wait' })) }
  t.strictSame(fromAgreement(labelled), start, 'labels are not looked at')
})

t.test('agreement: fewer than three families, or no items, is refused in a sentence', async (t) => {
  const two = tableOf({ a: 'f', b: 'g', c: 'g' }, 50, () => ({ votes: { a: ['b', 3], b: ['b', 3], c: ['c', 3] } }))
  t.match(fromAgreement(two), { refused: 'Votes of 2 families cannot be told apart without labels: 3 are needed.' })
  t.match(fromAgreement({ ...two, votes: [] }), { refused: /^Votes of 0 families/ })
})

t.test('probabilities are held against verdicts over what gates had left open, as they are stated', async (t) => {
  const options = ['wait', 'sms', 'email', 'call']
  // Half of the leads may only be waited with or written to, half only be called: waiting is right for half of either. Of a tenth a
  // person says that the closed way was right.
  const item = (n: number, isGated: boolean) => {
    const [way, closed] = n % 4 < 2 ? ['email', 'call'] : ['call', 'email']
    const truth = n % 10 === 9 ? closed : n % 2 === 0 ? 'wait' : way
    return { item: `i${n}`, at: n * minute, truth, inclusion: 1, ...(isGated ? { eligible: ['wait', way] } : {}) }
  }
  const table = (isGated: boolean): VoteTable => ({
    options,
    items: Array.from({ length: 1_000 }, (_, n) => item(n, isGated)),
    agents: [{ agent: 'a', family: 'f' }],
    votes: [],
  })
  // Truths: 500 wait, of the other 500 100 the closed way; by symmetry a quarter each is email and call. Open are wait and one way, so
  // P(way) = .25 / .75 = 1 / 3 and 1 - P = 2 / 3; over all four options it would be 3 / 4.
  const near = (micro: number | null, expected: number) => micro !== null && Math.abs(micro / 1e6 - expected) < 0.02
  const gated = fit(table(true), { now: 1_000 * minute })
  t.ok(near(gated.quantile.quantileMicro, 2 / 3), String(gated.quantile.quantileMicro))
  t.ok(near(fit(table(false), { now: 1_000 * minute }).quantile.quantileMicro, 3 / 4))
  t.equal(gated.quantile.audits, 180, 'a right option that was closed had no probability')
  t.equal(gated.report.labels.strengths, 600, 'and still counts for base rates and strengths')
  // The likeliest of what is open: wait, which is right for 100 of the 180.
  t.ok(Math.abs((gated.report.held?.fitted.accuracy ?? NaN) - 100 / 180) < 0.01)
  const [first] = pool({ ...table(true), items: [{ ...item(1, true), eligible: ['call'] }] }, coldPolicy(table(true)))
  t.strictSame([first?.winner, first?.probabilities['call'], first?.probabilities['wait']], ['call', 1, 0])
})
