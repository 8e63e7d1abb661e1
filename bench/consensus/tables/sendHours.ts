/**
 * Table 10.2: which hour gets answers. 13 hours of one location, an answer known 60 sends late; each hour is drawn as often
 * as it is probably the best (Thompson 1933). Counted is the true chance of the hours that were taken, not what came of them.
 */
import { seededRandom } from '../../../simulate/seededRandom.ts'
import type { SeededRandom } from '../../../simulate/seededRandom.ts'
import type { BenchTable, Extent } from '../measure.ts'
import { clip, normal } from '../world.ts'
import { Gathered } from './common.ts'

const hours = Array.from({ length: 13 }, (_, index) => index + 8)
const lateSends = 60
const priorStrength = 60
/** The most that a prior of others may count for. @source reference/consensus.md 10.2 */
const mostStrength = 200

/** Chance of an answer at an hour, over all locations. */
const overall = (hour: number) =>
  0.08 + 0.04 * Math.exp(-0.5 * ((hour - 18) / 1.8) ** 2) + 0.025 * Math.exp(-0.5 * ((hour - 11) / 1.5) ** 2)

/** What is known of an hour: the two numbers of its Beta distribution. */
type Known = [answered: number, not: number]
/** Chooses the place of an hour; what is known grows as answers and silences come in. */
type Way = (known: readonly Known[], random: SeededRandom) => number
type Prior = (hour: number) => Known

const flat: Prior = () => [1, 9]
/** Centred on the true curve of all locations: better than any estimate of it would be. */
const centred =
  (strength: number): Prior =>
  (hour) => [strength * overall(hour), strength * (1 - overall(hour))]

const uniform: Way = (_known, random) => random.between(0, hours.length - 1)
const atTen: Way = () => hours.indexOf(10)
const thompson: Way = (known, random) => {
  const draws = known.map(([answered, not]) => beta(random, answered, not))
  return draws.indexOf(Math.max(...draws))
}

/** Rates after 300, 1,000 and 5,000 sends. */
const methods = [
  ['uniform', uniform, flat, [0.1005, 0.1004, 0.1004]],
  ['fixed 10:00', atTen, flat, [0.1001, 0.1001, 0.1001]],
  ['flat Beta', thompson, flat, [0.1018, 0.1041, 0.1112]],
  ['hierarchical', thompson, centred(priorStrength), [0.1066, 0.1085, 0.1126]],
  ['hierarchical, strength 200', thompson, centred(mostStrength), []],
] as const
const lengths = [300, 1000, 5000] as const
/** .1066 - .1018, .1085 - .1041, .1126 - .1112 */
const aheadGoals = [0.0048, 0.0044, 0.0014]
const bestHourGoal = 0.1287

/** `most` leaves out the longer runs. */
export function sendHours({ seeds }: Extent, most = 5000): BenchTable {
  const all = new Gathered()
  const wanted = lengths.filter((length) => length <= most)
  for (const seed of seeds) {
    const drawn = seededRandom(seed, 'hours')
    const chances = hours.map((hour) => clip(overall(hour) + 0.012 * normal(drawn), 0.01, 0.5))
    all.figure('best hour', Math.max(...chances), bestHourGoal)
    const found = new Map<string, readonly number[]>()
    for (const [method, way, prior, goals] of methods) {
      const rates = ratesAfter(wanted, chances, seededRandom(seed, 'sends', method), way, hours.map(prior))
      found.set(method, rates)
      rates.forEach((rate, index) => {
        all.figure(`${method}, ${wanted[index]} sends`, rate, goals[index])
      })
    }
    const ahead = found.get('hierarchical')?.map((rate, index) => rate - (found.get('flat Beta')?.[index] ?? NaN)) ?? []
    ahead.forEach((lead, index) => {
      all.figure(`hierarchical before flat Beta, ${wanted[index]} sends`, lead, aheadGoals[index])
    })
  }
  return all.table('10.2', 'mean answer rate of the hours taken, by how they are chosen')
}

/** Mean chance of what was taken up to each length. */
function ratesAfter(wanted: readonly number[], chances: readonly number[], random: SeededRandom, way: Way, known: Known[]): number[] {
  const waiting: { readonly place: number; readonly isAnswered: boolean }[] = []
  const rates: number[] = []
  let sum = 0
  for (let sends = 1; sends <= Math.max(...wanted); sends++) {
    const place = way(known, random)
    const chance = chances[place] ?? 0
    sum += chance
    waiting.push({ place, isAnswered: random.chance(chance) })
    if (waiting.length > lateSends) {
      const told = waiting.shift()
      const counts = told === undefined ? undefined : known[told.place]
      if (counts !== undefined) counts[told?.isAnswered === true ? 0 : 1] += 1
    }
    if (wanted.includes(sends)) rates.push(sum / sends)
  }
  return rates
}

/** A number of the Beta distribution: of two of the Gamma distribution the share of the first. */
export function beta(random: SeededRandom, a: number, b: number): number {
  const first = gamma(random, a)
  return first / (first + gamma(random, b))
}

/** A number of the Gamma distribution of this shape and scale 1. @source Marsaglia and Tsang 2000; below 1 by their boost. */
export function gamma(random: SeededRandom, shape: number): number {
  if (shape < 1) return gamma(random, shape + 1) * (1 - random.next()) ** (1 / shape)
  const d = shape - 1 / 3
  const c = 1 / Math.sqrt(9 * d)
  for (;;) {
    const x = normal(random)
    const v = (1 + c * x) ** 3
    if (v > 0 && Math.log(1 - random.next()) < 0.5 * x * x + d - d * v + d * Math.log(v)) return d * v
  }
}
