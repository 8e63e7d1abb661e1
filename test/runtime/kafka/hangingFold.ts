/**
 * A process whose stage does not come out of a fold, for a test that looks on from outside. Argument: `record`, `handed over`, `timer`, or
 * `loop`, where the event loop stands still outside of any; or `nowhere`: then it works, and ends with 7. Ends by itself after half a minute, if nothing ends it before.
 */
import { watchFolds } from '../../../runtime/kafka/foldWatch.ts'
import { emit, next, timer } from '../../../runtime/outcome.ts'
import { from, stage } from '../../../runtime/stage.ts'
import { MemoryStateStore } from '../../../runtime/stateStore.ts'
import { Task } from '../../../runtime/task.ts'
import type { InputRecord } from '../../../runtime/task.ts'
import { items, Item, Sum, sums } from './fixtures.ts'

const [, , where] = process.argv
const GIVES_UP_MS = 30_000

/** As a regular expression that tracks back does: it never lets go of the event loop. */
function hang(): never {
  const until = Date.now() + GIVES_UP_MS
  while (Date.now() < until);
  process.exit(0)
}

const { mark } = watchFolds({
  logger: { bindings: () => ({ name: 'pipeline', pid: process.pid }) },
  limitMs: where === 'nowhere' ? 1_000 : 300,
  everyMs: 50,
})
const first = stage({
  name: 'first',
  state: Sum,
  on: [
    from(items, (_, { value }, { at }) => {
      if (value.seq === 2 && where === 'record') hang()
      const sum = { seq: value.seq, count: 1, sum: 1, by: '' }
      return next(sum, { emit: [emit(sums, sum)], timers: [timer('silence').at(at + 1)] })
    }),
  ],
  timer: () => hang(),
  outputs: [sums],
})
const second = stage({
  name: 'second',
  on: [
    from(sums, (_, { value }) => {
      if (value.seq === 2 && where === 'handed over') hang()
      return next(undefined)
    }),
  ],
  outputs: [],
})
const stores = new Map([['first', new MemoryStateStore()]])
const task = new Task({ group: 'line', stages: [first, second], partition: 3, stores, tables: new Map(), mark })
const records = [1, 2, 3].map((seq): InputRecord => {
  const value = { seq, amount: 1, wish: '' }
  const raw = { key: Buffer.from('lead:1'), value: Item.encode(value), headers: {} }
  return { topic: items.name, partition: 3, offset: 5_000_000_000n + BigInt(seq), key: 'lead:1', value, timestamp: 0, headers: {}, raw }
})
// The thread needs a moment to start.
setTimeout(() => {
  const batch = task.process(records)
  task.apply(batch)
  if (where === 'nowhere') return void setTimeout(() => process.exit(7), 2_500)
  if (where === 'timer') task.fireTimers(10, 10)
  hang()
}, 200)
setInterval(() => undefined, 1_000)
