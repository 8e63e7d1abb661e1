/** Agents that turn, without a label: four are held down and the pool is right again; where nobody turns nothing changes. */
import t from 'tap'
import { rowOf } from '../../bench/consensus/measure.ts'
import { broughtTo, matchedWorlds } from '../../bench/consensus/tables/matchedWorlds.ts'
import { cases, turnedAgents } from '../../bench/consensus/tables/turned.ts'
import { meanOf } from '../../bench/consensus/measure.ts'

const small = { seeds: [1, 2], scale: 0.2 }

t.test('four that turn are seen on 200 leads without a label; nobody else is, and where nobody turns nothing moves', async (t) => {
  t.ok(cases.some(({ name }) => name === '18 turned'))
  const table = turnedAgents(small, (name) => name === '4 turned' || name === 'nobody turned')
  const accuracy = (world: string, method: string) => meanOf(rowOf(table, method, world)).accuracy
  t.ok(accuracy('4 turned', 'after 200 without a label') > accuracy('4 turned', 'as learned') + 0.2)
  t.ok(accuracy('4 turned', 'after 200 without a label') > accuracy('4 turned', 'plurality') + 0.05)
  const figure = (what: string) => table.figures.find((one) => one.what === what)?.seeds
  t.strictSame(figure('4 turned, 200 seen: rightly held down'), [4, 4])
  t.strictSame(figure('4 turned, 200 seen: wrongly held down'), [0, 0])
  for (const seen of [100, 200, 400]) {
    t.strictSame(figure(`nobody turned, ${seen} seen: wrongly held down`), [0, 0])
    t.strictSame(rowOf(table, `after ${seen} without a label`, 'nobody turned').seeds, rowOf(table, 'as learned', 'nobody turned').seeds)
  }
})

t.test('scores are brought to worlds of another hardness by the line over the seeds', async (t) => {
  const scores = (x: number, noise: number) => ({ accuracy: 2 * x + 1 + noise, logLoss: 5 - x, brier: 3, ece: 0 })
  // Noise that has no slope: +1, -2, +1 on 1, 2, 3.
  const brought = broughtTo(4, [1, 2, 3], [scores(1, 1), scores(2, -2), scores(3, 1)])
  t.strictSame(
    brought.map(({ accuracy, logLoss, brier, ece }) => [accuracy, logLoss, brier, ece].map((value) => Math.round(value * 1e9) / 1e9)),
    [
      [10, 1, 3, 0],
      [7, 1, 3, 0],
      [10, 1, 3, 0],
    ],
  )
  t.strictSame(broughtTo(4, [2], [scores(2, 0)]), [scores(2, 0)], 'one world has no line')
  const { rows } = matchedWorlds({ seeds: [1, 2, 3], scale: 0.2 }, 150)
  t.strictSame(
    rows.filter(({ goal }) => goal === undefined).map(({ world, method }) => [world, method]),
    [['symmetric, 150', 'plurality']],
    'what the worlds are matched by is not held against the target',
  )
})
