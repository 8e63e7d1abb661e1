/** The lot: whole probabilities that add up to one, drawn as they are logged, and carried by a vote. */
import fc from 'fast-check'
import t from 'tap'
import { drawnFrom, namedBy, seedOf } from '../../../pipelines/trials/lot.ts'
import type { Lot } from '../../../pipelines/trials/lot.ts'
import { lotIn, lotText } from '../../../pipelines/trials/lotParams.ts'
import { mixedShares } from '../../../pipelines/trials/shares.ts'
import { floorMicroOf, runningTrial } from '../../../pipelines/trials/trial.ts'
import { assertProperty } from '../../support/property.ts'

const options = ['wait', 'soft_ask', 'inform', 'reassure']
const floor = floorMicroOf(runningTrial)
/** Shares that keep the floor, of two to four wordings. */
const lots = fc.tuple(fc.array(fc.integer({ min: 1, max: 1000 }), { minLength: 2, maxLength: 4 }), fc.string()).map(([best, seed]): Lot => {
  const shares = mixedShares(best, floor).map((shareMicro, k) => ({ option: options[k] ?? '', shareMicro }))
  return { trial: 'wording-2', seed, exploreMicro: 300_000, shares }
})
const equal: Lot = {
  ...{ trial: 'wording-2', seed: 's', exploreMicro: 300_000 },
  shares: [
    { option: 'wait', shareMicro: 333_334 },
    { option: 'soft_ask', shareMicro: 333_333 },
    { option: 'inform', shareMicro: 333_333 },
  ],
}
const all = () => true
const chances = (lot: Lot, isOpen: (option: string) => boolean, usual: string) =>
  drawnFrom(lot, isOpen, usual)?.draw.arms.map(({ option, propensityMicro }) => [option, propensityMicro])

t.test('the floor of a share keeps its wording at 5 %: .05 / .3 = .1666…, rounded up', async (t) => {
  t.equal(floor, 166_667)
  t.equal(floorMicroOf({ exploreMicro: 1_000_000 }), 50_000)
})

t.test('the usual choice has what is not left to lot, and its share of what is', async (t) => {
  // .3 of .333333 is .0999999, rounded down; the rest of a million is the usual one's.
  t.strictSame(chances(equal, all, 'wait'), [
    ['wait', 800_002],
    ['soft_ask', 99_999],
    ['inform', 99_999],
  ])
  t.strictSame(chances(equal, all, 'inform'), [
    ['wait', 100_000],
    ['soft_ask', 99_999],
    ['inform', 800_001],
  ])
})

t.test(
  'the share of a wording that a gate took goes to the others; with one left, or a usual choice that is not tried, nothing is drawn',
  async (t) => {
    // Half of .3 each: 333334 of 666667 is .5000007, 333333 is .4999993.
    t.strictSame(
      chances(equal, (option) => option !== 'inform', 'wait'),
      [
        ['wait', 850_001],
        ['soft_ask', 149_999],
      ],
    )
    t.equal(
      drawnFrom(equal, (option) => option === 'wait', 'wait'),
      undefined,
    )
    t.equal(drawnFrom(equal, all, 'reassure'), undefined)
    t.equal(drawnFrom({ ...equal, exploreMicro: 149_000 }, all, 'wait'), undefined, '.149 * .333333 is below 5 %')
  },
)

t.test('in any lot: chances are whole, add up to one, none below 5 %, and the choice is one of them', (t) =>
  assertProperty(
    t,
    fc.property(lots, fc.nat(3), fc.nat(15), (lot, usual, closed) => {
      const isOpen = (option: string) => (closed & (1 << options.indexOf(option))) === 0
      const open = lot.shares.filter(({ option }) => isOpen(option))
      const drawn = drawnFrom(lot, isOpen, options[usual] ?? '')
      if (open.length < 2 || !open.some(({ option }) => option === options[usual])) return drawn === undefined
      if (drawn === undefined) return false
      const { arms, drawn: isDrawn } = drawn.draw
      return (
        arms.reduce((sum, { propensityMicro }) => sum + propensityMicro, 0) === 1_000_000 &&
        arms.every(({ propensityMicro }) => Number.isInteger(propensityMicro) && propensityMicro >= 50_000) &&
        arms.map(({ option }) => option).join() === open.map(({ option }) => option).join() &&
        arms.some(({ option }) => option === drawn.chosen) &&
        (isDrawn || drawn.chosen === options[usual])
      )
    }),
  ),
)

t.test('lots fall as often as is logged', async (t) => {
  const lot: Lot = { ...equal, shares: [500_000, 300_000, 200_000].map((shareMicro, k) => ({ option: options[k] ?? '', shareMicro })) }
  const draws = Array.from({ length: 20_000 }, (_, n) => drawnFrom({ ...lot, seed: seedOf('wording-2', 'lead', n) }, all, 'soft_ask'))
  const arms = draws[0]?.draw.arms ?? []
  for (const { option, propensityMicro } of arms) {
    const p = propensityMicro / 1e6
    const seen = draws.filter((one) => one?.chosen === option).length
    t.ok(Math.abs(seen - 20_000 * p) < 4 * Math.sqrt(20_000 * p * (1 - p)), `${option}: ${seen} of 20,000 at ${p}`)
  }
  const named = draws.filter((one) => one?.draw.drawn).length
  t.ok(Math.abs(named - 6_000) < 4 * Math.sqrt(20_000 * 0.3 * 0.7), `${named} drawn`)
})

t.test('the lot of known text: the SHA-256 of it, as anybody can compute it', async (t) => {
  // printf abc | sha256sum: ba7816bf…; 0xba7816bf / 2^32 = .7284, above .3: left to what is usual.
  t.equal(namedBy({ ...equal, seed: 'abc' }), undefined)
  // With everything left to lot the same place lies in the third of three equal parts.
  t.equal(namedBy({ ...equal, seed: 'abc', exploreMicro: 1_000_000 }), 'inform')
  t.match(drawnFrom({ ...equal, seed: 'abc' }, all, 'wait'), { chosen: 'wait', draw: { drawn: false, usual: 'wait', seed: 'abc' } })
})

t.test('a vote carries a lot unchanged', (t) =>
  assertProperty(
    t,
    fc.property(lots, (lot) => JSON.stringify(lotIn({ lot: lotText(lot) })) === JSON.stringify(lot)),
  ),
)

t.test('what is no sound lot is none', async (t) => {
  const sound = 'wording-2 300000 wait:500000,inform:500000 seed of words'
  t.match(lotIn({ lot: sound }), {
    trial: 'wording-2',
    exploreMicro: 300_000,
    seed: 'seed of words',
    shares: [{ option: 'wait' }, { option: 'inform' }],
  })
  for (const [what, instead] of [
    ['inform:500000', 'inform:499999'],
    ['wait:500000,inform:500000', 'wait:1500000,inform:-500000'],
    ['wait:500000,inform:500000', 'wait:500000,wait:500000'],
    ['wait:500000,inform:500000', 'wait:250000,soft_ask:250000,inform:250000,reassure:125000,direct_ask:125000'],
    ['wait:500000,inform:500000', 'wait'],
    ['wait:500000,inform:500000', ''],
    ['300000', '1000001'],
    ['300000', 'all'],
    [' seed of words', ''],
  ] as const) {
    const lot = sound.replace(what, instead)
    t.not(lot, sound)
    t.equal(lotIn({ lot }), undefined, lot)
  }
  t.equal(lotIn({}), undefined)
})
