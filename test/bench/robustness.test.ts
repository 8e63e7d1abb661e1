/** What the pool loses where something is wrong that its labels do not say: each disturbance is what it claims, and the orderings of the table hold. */
import t from 'tap'
import { echoed, silenced, thinned, turncoats } from '../../bench/consensus/disturbances.ts'
import { meanOf, rowOf } from '../../bench/consensus/measure.ts'
import type { Extent } from '../../bench/consensus/measure.ts'
import { robustness, variants } from '../../bench/consensus/tables/robustness.ts'
import { baseWorld, drawLeads, drawWorld, timedOut } from '../../bench/consensus/world.ts'

const small: Extent = { seeds: [1, 2], scale: 0.2 }

t.test('skill by kind of lead: the agents are those of the world without it, with another skill for each of two kinds', async (t) => {
  const world = drawWorld({ ...baseWorld, leadSkill: 1 }, 3)
  t.strictSame(world.agents, drawWorld(baseWorld, 3).agents)
  t.equal(new Set(world.skillByKind.flat()).size, 14, 'seven families, two kinds')
  t.ok(
    drawWorld(baseWorld, 3)
      .skillByKind.flat()
      .every((offset) => offset === 0),
  )
})

t.test(
  'what is wrong in some worlds only leaves the leads as they are: silence, lost answers, echoes, turncoats, wrong labels',
  async (t) => {
    const world = drawWorld(baseWorld, 3)
    const leads = drawLeads(world, 3, 'x', 600)
    const votesOf = (changed: readonly { vote: Int8Array }[], family: number) =>
      changed.flatMap(({ vote }) => [...vote].filter((_, agent) => world.agents[agent]?.family === family))
    const truths = leads.map(({ truth }) => truth)
    for (const changed of [
      silenced(world, leads, [0]),
      thinned(leads, 3, 0.5),
      echoed(world, leads, [1]),
      turncoats(world, leads, 3, { count: 4, turned: true }),
      drawLeads(drawWorld({ ...baseWorld, wrongLabels: 0.2, outage: 0.3 }, 3), 3, 'x', 600),
    ])
      t.strictSame(
        changed.map(({ truth }) => truth),
        truths,
      )
    t.ok(votesOf(silenced(world, leads, [0]), 0).every((vote) => vote === timedOut))
    t.strictSame(votesOf(silenced(world, leads, [0]), 1), votesOf(leads, 1), 'the others answer as before')
    const lost = (family: number, changed: typeof leads) => votesOf(changed, family).filter((vote) => vote === timedOut).length
    // 8 % time out by themselves, half of the others are lost: .08 + .92 / 2 = .54 of 7,200.
    t.ok(Math.abs(lost(0, thinned(leads, 3, 0.5)) / 7200 - 0.54) < 0.03)
    const echo = echoed(world, leads, [1])
    t.strictSame(
      echo.map(({ vote }) => [...vote.slice(12, 18)]),
      leads.map(({ vote }) => [...vote.slice(0, 6)]),
      'the six of the second family say what the first six of the first say',
    )
    const rightShare = (turned: boolean) => {
      const changed = turncoats(world, leads, 3, { count: 4, turned })
      const first = [12, 18, 24, 28]
      return changed.reduce((sum, { vote, truth }) => sum + first.filter((agent) => vote[agent] === truth).length, 0) / (4 * leads.length)
    }
    // Four standard errors of 600 draws of .9.
    t.ok(Math.abs(rightShare(false) - 0.9) < 0.05, `${rightShare(false)} before`)
    t.equal(rightShare(true), 0)
  },
)

t.test('robustness: outages and wrong labels cost less than what the pool is ahead of plurality; turncoats beat it', async (t) => {
  const table = robustness(small, (name) => !/skill|habits|drift/.test(name))
  const accuracy = (world: string, method = 'as shipped (fit and pool)') => meanOf(rowOf(table, method, world)).accuracy
  const names = variants.map(({ name }) => name)
  for (const kind of ['outage', 'wrong labels', 'copies']) {
    const worlds = names.filter((name) => name.startsWith(kind))
    t.ok(worlds.length > 1, kind)
    for (const world of worlds) t.ok(accuracy(world) > accuracy(world, 'plurality'), `${world}: ${accuracy(world)}`)
  }
  const ece = (world: string) => meanOf(rowOf(table, 'as shipped (fit and pool)', world)).ece
  t.ok(
    ece('wrong labels: 20 %') > ece('wrong labels: 10 %') && ece('wrong labels: 10 %') > ece('as drawn'),
    'wrong labels make it less true',
  )
  t.ok(accuracy('wrong labels: 20 %') > accuracy('as drawn') - 0.06, 'and hardly less often right')
  const turned = 'turncoats: 4, after learning'
  t.ok(accuracy(turned) < accuracy(turned, 'plurality'), 'who was right in nine of ten and turns is believed')
  t.ok(accuracy('turncoats: 4, 150 of the labels from after') > accuracy(turned), 'labels from after begin to tell')
})
