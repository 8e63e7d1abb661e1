import t from 'tap'
import { emit, next } from '../../../runtime/outcome.ts'
import { from, stage } from '../../../runtime/stage.ts'
import type { FiredTimer, StreamRecord } from '../../../runtime/stage.ts'
import { tumbling } from '../../../runtime/windows/timeWindows.ts'
import { windowAggregate } from '../../../runtime/windows/windowAggregate.ts'
import type { WindowState, WindowStep } from '../../../runtime/windows/windowAggregate.ts'
import { testStack } from '../../support/stack.ts'
import { Sum, caughtUp, eventually, items, partitions, sums, world } from './fixtures.ts'
import type { Item } from './fixtures.ts'

t.setTimeout(120_000)

const windowMs = 100
const perWindow = windowAggregate({
  name: 'rekindle.test.PerWindow',
  windows: tumbling(windowMs, 0),
  // Longer than the test: here records close, so that a slow machine changes nothing.
  idleMs: 3_600_000,
  aggregate: Sum,
  initial: { seq: 0, count: 0, sum: 0, by: '' },
  add: (total, { seq, amount }: Item) => ({ seq, count: total.count + 1, sum: total.sum + amount, by: '' }),
})
type State = WindowState<Sum>
const answer = ({ state, timers, closed }: WindowStep<Sum>) =>
  next<State, typeof sums>(state, {
    timers,
    emit: closed.map(({ start, aggregate }) => emit(sums, { ...aggregate, by: `window ${start}` })),
  })
/** Event time is the number of the item: far behind any clock. */
const adder = stage({
  name: 'adder',
  state: perWindow.state,
  on: [
    from(items, (state: State | undefined, { value }: StreamRecord<Item>) => answer(perWindow.add(state, { value, timestamp: value.seq }))),
  ],
  timer: (state: State, fired: FiredTimer) => answer(perWindow.fire(state, fired)),
  outputs: [sums],
})
const member = { group: 'windows', stages: [adder] }

t.test('windows that are open when a member leaves are closed once by the one that takes over', async (t) => {
  const stack = await testStack(t)
  const [kafka, other] = [await world(stack, [member]), await world(stack, [member])]
  t.teardown(() => Promise.all([kafka.close(), other.close()]))
  const fail = (error: Error) => {
    throw error
  }
  const producer = kafka.producer()
  const keys = Array.from({ length: 20 }, (_, n) => `lead:${n}`)
  const send = async (first: number, end: number) => {
    for (let seq = first; seq < end; seq += 10)
      await Promise.all(keys.map((key) => producer.send(items, key, { seq, amount: 1, wish: '' })))
  }
  const told = async () => {
    const lines: string[] = []
    await kafka.tail(sums, { from: 'beginning', untilEnd: true }, ({ key, value }) => {
      lines.push(`${key ?? ''} ${value?.by ?? ''}: ${value?.count ?? 0}`)
    })
    return lines.sort()
  }
  await send(0, 350)
  const one = await kafka.runStages({ ...member, onFatal: fail })
  await caughtUp(kafka, 'windows', [items])
  t.equal(await one.stop(), true)
  const two = await other.runStages({ ...member, onFatal: fail })
  await eventually('it has every partition', () => two.ready.length === partitions)
  await send(350, 600)
  await caughtUp(kafka, 'windows', [items])
  // Ten items in each window; the one from 300 on has five from before and five from after. The last one is still open.
  const expected = keys.flatMap((key) => [0, 100, 200, 300, 400].map((start) => `${key} window ${start}: 10`)).sort()
  await producer.close()
  t.equal(await two.stop(), true)
  t.strictSame(await told(), expected)
})
