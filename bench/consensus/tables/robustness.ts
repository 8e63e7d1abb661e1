/**
 * Table "robustness": what the pool in use loses where something is wrong that its labels do not say, beside plurality and a
 * pool of raw accuracies. No table of section 9, which has targets for the world itself alone.
 * @source reference/consensus.md 8.3, 12
 */
import { plurality } from '../baselines.ts'
import { echoed, silenced, thinned, turncoats } from '../disturbances.ts'
import { labFit, labPool, labRules } from '../lab.ts'
import { scoresOf } from '../measure.ts'
import type { BenchTable, Extent } from '../measure.ts'
import { shippedFit, shippedForecasts } from '../shipped.ts'
import { baseWorld, drawLeads, drawWorld } from '../world.ts'
import type { WorldSpec } from '../world.ts'
import { forecastsOf, Gathered, goalOf, oracleScores, trialOf } from './common.ts'
import type { Trial } from './common.ts'

const LABELS = 600
const TESTS = 1200

interface Variant {
  readonly name: string
  readonly spec: WorldSpec
  /** What becomes of the leads after the world is drawn. */
  readonly disturbed?: (trial: Trial, seed: number) => Trial
  /** The oracle knows of what is wrong: it is told nothing of what happens to leads afterwards, nor of kinds of lead. */
  readonly withOracle?: true
}

const onTest = (change: (trial: Trial, seed: number) => Trial['test']) => (trial: Trial, seed: number) => ({
  ...trial,
  test: change(trial, seed),
})

/** Turncoats turn with the first test lead; of the labels so many are from after. */
const turning =
  (count: number, after: number): NonNullable<Variant['disturbed']> =>
  ({ world, labelled, test }, seed) => ({
    world,
    labelled: [
      ...turncoats(world, labelled.slice(after), seed, { count, turned: false }),
      ...turncoats(world, drawLeads(world, seed, 'after', after), seed, { count, turned: true }),
    ],
    test: turncoats(world, test, seed, { count, turned: true }),
  })

/** `scores` falls to .25 with the first test lead; of the labels so many are from after. */
const drifting =
  (after: number): NonNullable<Variant['disturbed']> =>
  ({ labelled, test }, seed) => {
    const world = drawWorld({ ...baseWorld, driftAt: LABELS }, seed)
    return {
      world,
      labelled: [...drawLeads(world, seed, 'labelled', labelled.length - after), ...drawLeads(world, seed, 'after', after, LABELS)],
      test: drawLeads(world, seed, 'test', test.length, LABELS),
    }
  }

export const variants: readonly Variant[] = [
  { name: 'as drawn', spec: baseWorld, withOracle: true },
  { name: 'outage: one family on 30 % of leads', spec: { ...baseWorld, outage: 0.3 }, withOracle: true },
  {
    name: 'outage: the personas, after learning',
    spec: baseWorld,
    disturbed: onTest(({ world, test }) => silenced(world, test, [0])),
    withOracle: true,
  },
  {
    name: 'outage: the three largest families, after learning',
    spec: baseWorld,
    disturbed: onTest(({ world, test }) => silenced(world, test, [0, 1, 2])),
    withOracle: true,
  },
  {
    name: 'outage: half of all answers, after learning',
    spec: baseWorld,
    disturbed: onTest(({ test }, seed) => thinned(test, seed, 0.5)),
    withOracle: true,
  },
  { name: 'wrong labels: 5 %', spec: { ...baseWorld, wrongLabels: 0.05 }, withOracle: true },
  { name: 'wrong labels: 10 %', spec: { ...baseWorld, wrongLabels: 0.1 }, withOracle: true },
  { name: 'wrong labels: 20 %', spec: { ...baseWorld, wrongLabels: 0.2 }, withOracle: true },
  { name: 'copies: all probabilities times 1.3', spec: { ...baseWorld, copyFactor: 1.3 }, withOracle: true },
  {
    name: 'copies: scores and behaviour repeat the personas',
    spec: baseWorld,
    disturbed: ({ world, labelled, test }) => ({
      world,
      labelled: echoed(world, labelled, [1, 2]),
      test: echoed(world, test, [1, 2]),
    }),
  },
  { name: 'habits: .25', spec: { ...baseWorld, bias: 0.25 }, withOracle: true },
  { name: 'option skill alone', spec: { ...baseWorld, optionSkill: 1 }, withOracle: true },
  { name: 'skill by kind of lead', spec: { ...baseWorld, leadSkill: 1 } },
  { name: 'drift: scores fall to .25 after learning', spec: baseWorld, disturbed: drifting(0) },
  { name: 'drift: the same, 150 of the labels from after', spec: baseWorld, disturbed: drifting(150) },
  { name: 'turncoats: 4, after learning', spec: baseWorld, disturbed: turning(4, 0) },
  { name: 'turncoats: 4, 150 of the labels from after', spec: baseWorld, disturbed: turning(4, 150) },
]

/** Plurality, and calibrated strengths with family discount and one temperature. */
const baseGoals = [goalOf(0.75, 0.756, 0.177), goalOf(0.849, 0.379, 0.022)] as const

/** `asked` leaves out the other variants. */
export function robustness(extent: Extent, asked: (name: string) => boolean = () => true): BenchTable {
  const all = new Gathered()
  for (const seed of extent.seeds)
    for (const { name, spec, disturbed, withOracle } of variants.filter((variant) => asked(variant.name))) {
      const drawn = trialOf(spec, seed, LABELS, TESTS, extent)
      const trial = disturbed === undefined ? drawn : disturbed(drawn, seed)
      const { world, labelled, test } = trial
      // Of the world itself table 9.1 has targets.
      const [pluralityGoal, accuracyGoal] = disturbed === undefined && spec === baseWorld ? baseGoals : []
      all.row(name, 'plurality', scoresOf(forecastsOf(test, plurality)), pluralityGoal)
      const accuracy = labFit(world, { leads: labelled }, { ...labRules, strength: 'accuracy', discount: 'common', temperature: 'plain' })
      all.row(name, 'accuracy strength, discounted', scoresOf(forecastsOf(test, (lead) => labPool(accuracy, lead))), accuracyGoal)
      const { policy } = shippedFit(world, labelled)
      all.row(name, 'as shipped (fit and pool)', scoresOf(shippedForecasts(world, policy, test)))
      if (withOracle === true) all.row(name, 'oracle', oracleScores(trial))
    }
  return all.table('robustness', `what is wrong and not in the labels, 40/30/20/10, ${LABELS} labels`)
}
