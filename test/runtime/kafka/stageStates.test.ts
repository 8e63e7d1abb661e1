/** State as the changelog of a real member holds it: one key, and figures that add up. */
import t from 'tap'
import { deadLetter, next, timer } from '../../../runtime/outcome.ts'
import type { Outcome } from '../../../runtime/outcome.ts'
import { schema } from '../../../runtime/schema.ts'
import { from, stage } from '../../../runtime/stage.ts'
import { partitionOf } from '../../../runtime/murmur2.ts'
import { testStack } from '../../support/stack.ts'
import { caughtUp, items, partitions, Sum, world } from './fixtures.ts'

const at = Date.now() - 1_000
const hour = 3_600_000
/** Keeps the last item of each key for a day; `drop` deletes it, anything else sets timers an hour and two later. */
const keeper = stage({
  name: 'keeper',
  state: Sum,
  ttlMs: 24 * hour,
  on: [
    from(items, (_: Sum | undefined, { value }): Outcome<Sum, never> => {
      if (value.wish === 'dead') return deadLetter('E_TEST_POISON')
      if (value.wish === 'drop') return next(undefined)
      const state: Sum = { seq: value.seq, count: 1, sum: value.amount, by: 'x'.repeat(value.amount) }
      return next(state, { timers: [timer('soon').at(at + hour), timer('later').at(at + 2 * hour)] })
    }),
  ],
  timer: (state: Sum) => next(state),
  outputs: [],
})

t.test('the state of a key, its timers and its figures are those of the last committed record', async (t) => {
  const stack = await testStack(t)
  const kafka = await world(stack, [{ group: 'keep', stages: [keeper] }])
  t.teardown(() => kafka.close())
  const member = await kafka.runStages({
    group: 'keep',
    stages: [keeper],
    onFatal: (error) => {
      throw error
    },
  })
  const send = (key: string, seq: number, amount: number, wish = '') =>
    kafka.producer().send(items, key, { seq, amount, wish }, { timestamp: at })
  await send('lead:1', 1, 5)
  await send('lead:1', 2, 7)
  await send('lead:2', 3, 1)
  await send('lead:3', 4, 1)
  await caughtUp(kafka, 'keep', [items])
  await send('lead:3', 5, 1, 'drop')
  await caughtUp(kafka, 'keep', [items])
  const states = kafka.states([keeper])
  t.match(await states.get('keeper', 'lead:1'), {
    partition: partitionOf('lead:1', partitions),
    entry: {
      state: { seq: 2, count: 1, sum: 7, by: 'xxxxxxx' },
      timers: { soon: at + hour, later: at + 2 * hour },
      expiresAt: at + 24 * hour,
    },
  })
  t.match(await states.get('keeper', 'lead:3'), { entry: undefined })
  t.equal(await states.get('keeper', 'lead:4'), undefined)
  await t.rejects(states.get('nobody', 'lead:1'), { code: 'E_STATE_UNKNOWN', message: /nobody keeps no state; keeper do/ })

  const stats = await states.stats()
  t.equal(stats.length, partitions)
  const sum = (of: 'keys' | 'tombstones' | 'timers') => stats.reduce((total, each) => total + each[of], 0)
  t.strictSame([sum('keys'), sum('tombstones'), sum('timers')], [2, 1, 4])
  const one = stats[partitionOf('lead:1', partitions)]
  t.equal(one?.nextTimerAt, at + hour)
  await send('lead:1', 6, 17)
  await caughtUp(kafka, 'keep', [items])
  const grown = (await states.stats('keeper'))[partitionOf('lead:1', partitions)]
  // Ten characters more in the one field whose length changed: 7 to 17, both with a length of one byte.
  t.equal((grown?.bytes ?? 0) - (one?.bytes ?? 0), 10)
  t.equal(grown?.records, (one?.records ?? 0) + 1)
  await member.stop()
})

t.test('state that an older build wrote is read with the schema of this one, and refused where that cannot be', async (t) => {
  const stack = await testStack(t)
  const kafka = await world(stack, [{ group: 'keep', stages: [keeper] }])
  t.teardown(() => kafka.close())
  const member = await kafka.runStages({
    group: 'keep',
    stages: [keeper],
    onFatal: (error) => {
      throw error
    },
  })
  await kafka.producer().send(items, 'lead:1', { seq: 1, amount: 2, wish: '' }, { timestamp: at })
  await caughtUp(kafka, 'keep', [items])
  await member.stop()
  const named = (fields: object[]) => schema<unknown>({ type: 'record', name: 'Sum', namespace: 'rekindle.test', fields })
  const grown = named([
    { name: 'seq', type: 'long' },
    { name: 'note', type: 'string', default: 'new' },
  ])
  const newer = kafka.states([{ ...keeper, state: grown }])
  t.strictSame((await newer.get('keeper', 'lead:1'))?.entry?.state, { seq: 1, note: 'new' })
  const torn = { ...keeper, state: named([{ name: 'needed', type: 'string' }]) } as unknown as typeof keeper
  await t.rejects(kafka.states([torn]).get('keeper', 'lead:1'), { code: 'E_STATE_INCOMPATIBLE' })
})
