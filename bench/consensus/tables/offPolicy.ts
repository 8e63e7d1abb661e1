/**
 * Table 10.6: how far an estimate from a log of lots is off, by the least probability of an arm and the length of the log.
 * One drawn world; each seed is a log of its own. The other policy always takes the arm that the lead's features speak for,
 * far from what the log took.
 */
import { Z_95 } from '../../../pipelines/consensus/scores/shareIntervals.ts'
import { offPolicy, weightOf } from '../../../pipelines/effects/offPolicy.ts'
import type { LoggedChoice } from '../../../pipelines/effects/offPolicy.ts'
import { seededRandom } from '../../../simulate/seededRandom.ts'
import type { SeededRandom } from '../../../simulate/seededRandom.ts'
import type { BenchTable, Extent } from '../measure.ts'
import { normal, sigma } from '../world.ts'
import { Gathered } from './common.ts'

const featureCount = 6
const intercepts = [-2.2, -2.0, -2.4, -2.6] as const
const arms = intercepts.map((_, arm) => String(arm))
const valueDraws = 200_000

/** Floor, length of the log; ESS, rmse of IPS, bias with weights cut at 10, rmse of SNIPS and DR, coverage of DR. */
const goals: readonly (readonly [floor: number, n: number, goal: readonly [number, number, number, number, number, number]])[] = [
  [0, 2000, [22, 0.376, -0.151, 0.141, 0.342, 0.76]],
  [0.01, 500, [7, 0.149, -0.134, 0.14, 0.148, 0.84]],
  [0.01, 10_000, [136, 0.041, -0.134, 0.035, 0.035, 0.94]],
  [0.05, 500, [31, 0.076, -0.072, 0.065, 0.065, 0.93]],
  [0.05, 2000, [123, 0.039, -0.072, 0.035, 0.036, 0.96]],
  [0.05, 10_000, [613, 0.017, -0.073, 0.016, 0.015, 0.97]],
  [0.1, 2000, [233, 0.027, -0.004, 0.024, 0.024, 0.95]],
  [0.1, 10_000, [1165, 0.012, -0.001, 0.011, 0.011, 0.96]],
]

interface ArmWorld {
  /** By arm and feature: what an answer depends on, and what the log went by. */
  readonly answers: readonly (readonly number[])[]
  readonly logger: readonly (readonly number[])[]
}

/** The world of one seed. */
export function drawArmWorld(seed: number): ArmWorld {
  const random = seededRandom(seed, 'arms')
  const matrix = (spread: number) => arms.map(() => Array.from({ length: featureCount }, () => spread * normal(random)))
  return { answers: matrix(0.5), logger: matrix(1) }
}

const dot = (a: readonly number[], b: readonly number[]) => a.reduce((sum, value, index) => sum + value * (b[index] ?? 0), 0)
const chanceOf = ({ answers }: ArmWorld, arm: number, x: readonly number[]) => sigma(dot(answers[arm] ?? [], x) + (intercepts[arm] ?? 0))

/** The arm that the features speak for most; the intercepts are not looked at. */
function targetArm({ answers }: ArmWorld, x: readonly number[]): number {
  const scores = answers.map((weights) => dot(weights, x))
  return scores.indexOf(Math.max(...scores))
}

function shares({ logger }: ArmWorld, x: readonly number[], floor: number): number[] {
  const scores = logger.map((weights) => 3 * dot(weights, x))
  const top = Math.max(...scores)
  const weights = scores.map((score) => Math.exp(score - top))
  const total = weights.reduce((sum, weight) => sum + weight, 0)
  return weights.map((weight) => (1 - arms.length * floor) * (weight / total) + floor)
}

function features(random: SeededRandom): number[] {
  return Array.from({ length: featureCount }, () => normal(random))
}

function drawLog(world: ArmWorld, seed: number, floor: number, count: number): LoggedChoice[] {
  const random = seededRandom(seed, 'log', floor, count)
  return Array.from({ length: count }, (_, index) => {
    const x = features(random)
    const logged = shares(world, x, floor)
    let left = random.next()
    const taken = Math.max(
      0,
      logged.findIndex((share) => (left -= share) < 0),
    )
    return {
      id: String(index).padStart(5, '0'),
      lead: String(index),
      features: x,
      taken: String(taken),
      reward: Number(random.chance(chanceOf(world, taken, x))),
      logged: new Map(logged.map((share, arm) => [String(arm), share * 1e6])),
      target: new Map([[String(targetArm(world, x)), 1e6]]),
    }
  })
}

/** What the other policy and the log bring, of many leads. */
export function trueValues(world: ArmWorld, draws = valueDraws): { target: number; logging: number } {
  const random = seededRandom(1, 'true value')
  let [target, logging] = [0, 0]
  for (let index = 0; index < draws; index++) {
    const x = features(random)
    target += chanceOf(world, targetArm(world, x), x)
    logging += shares(world, x, 0).reduce((sum, share, arm) => sum + share * chanceOf(world, arm, x), 0)
  }
  return { target: target / draws, logging: logging / draws }
}

/** The world whose two values are nearest to those the targets were measured in (.183 and .091), of seeds 1 to 40. */
export const worldSeed = 27

/** `most` leaves out the longer logs. */
export function offPolicyTable({ seeds, scale }: Extent, most = 10_000): BenchTable {
  const all = new Gathered()
  const world = drawArmWorld(worldSeed)
  const truth = trueValues(world, Math.round(valueDraws * scale))
  for (let log = 0; log < seeds.length; log++) {
    all.figure('true value of the other policy', truth.target, 0.183)
    all.figure('value of the log without a floor', truth.logging, 0.091)
  }
  for (const [floor, n, [ess, ips, cut, snips, robust, covers]] of goals) {
    if (n > most) continue
    const runs = seeds.map((seed) => {
      const log = drawLog(world, seed, floor, n)
      const estimate = offPolicy(log, { penalty: 1, interceptTowards: -2.2 })
      const cutAtTen = log.reduce((sum, choice) => sum + Math.min(10, weightOf(choice)) * choice.reward, 0) / n
      return { estimate, cutAtTen }
    })
    const rmse = (off: readonly number[]) => Math.sqrt(off.reduce((sum, each) => sum + each * each, 0) / off.length)
    const mean = (values: readonly number[]) => values.reduce((sum, each) => sum + each, 0) / values.length
    const name = `floor ${floor}, n ${n}`
    const offOf = (of: (run: (typeof runs)[number]) => number) => runs.map((run) => of(run) - truth.target)
    for (const { estimate } of runs) all.figure(`${name}: ESS`, estimate.effective, ess)
    all.figure(`${name}: IPS rmse`, rmse(offOf(({ estimate }) => estimate.ips.value)), ips)
    all.figure(`${name}: bias, weights cut at 10`, mean(offOf(({ cutAtTen }) => cutAtTen)), cut)
    all.figure(`${name}: SNIPS rmse`, rmse(offOf(({ estimate }) => estimate.snips.value)), snips)
    all.figure(`${name}: DR rmse`, rmse(offOf(({ estimate }) => estimate.doublyRobust.value)), robust)
    all.figure(`${name}: DR bias`, mean(offOf(({ estimate }) => estimate.doublyRobust.value)))
    const covered = runs.filter(
      ({ estimate: { doublyRobust } }) => Math.abs(doublyRobust.value - truth.target) <= Z_95 * doublyRobust.standardError,
    )
    all.figure(`${name}: DR interval covers`, covered.length / runs.length, covers)
    all.figure(`${name}: direct method rmse`, rmse(offOf(({ estimate }) => estimate.direct)))
  }
  return all.table('10.6', 'estimates from a log of lots, four arms, another policy far from the log')
}
