/** Timers of a task: in the order of their due times, each once, however late they come and whatever the others do. */
import t from 'tap'
import { drive } from '../../runtime/driver.ts'
import { emit, next, timer } from '../../runtime/outcome.ts'
import { from, stage } from '../../runtime/stage.ts'
import type { Context, FiredTimer, StreamRecord } from '../../runtime/stage.ts'
import { MemoryStateStore } from '../../runtime/stateStore.ts'
import { actor, Heard, input, plainScript, said, scripts, start, taskOf } from './scriptedStages.ts'
import type { Said, Script } from './scriptedStages.ts'

t.test('late timers fire by their due times, those that are set meanwhile included, and up to the limit', async (t) => {
  const task = taskOf([actor])
  task.apply(task.process([input(plainScript({ timers: { y: 1, x: 9 } })), input(plainScript({ timers: { x: 2 } }), { key: 'j' })]))
  const late = start + 60
  t.strictSame(
    task.fireTimers(late, 100).outputs.map(({ key, value }) => [key, (value as Said).text]),
    [
      ['j', 'x 1'],
      ['k', 'z 2'],
      ['k', 'x 2'],
    ],
  )
  const part = task.fireTimers(late, 2)
  t.equal(part.timersFired, 2)
  t.equal(task.nextTimerAt(), start + 1, 'nothing has happened before the batch is applied')
  task.apply(part)
  t.equal(task.nextTimerAt(), start + 4)
})

t.test('a timer that an earlier one of the batch cancelled or moved does not fire at its old time', async (t) => {
  const chain = stage({
    name: 'chain',
    state: Heard,
    outputs: [said],
    on: [
      from(scripts, (_s: Heard | undefined, _r: StreamRecord<Script>, ctx: Context) =>
        next<Heard, typeof said>(
          { notes: [] },
          { timers: [timer('a').at(ctx.at + 1), timer('b').at(ctx.at + 2), timer('c').at(ctx.at + 3)] },
        ),
      ),
    ],
    timer: (s: Heard, { name, dueAt }: FiredTimer) =>
      next(s, {
        emit: [emit(said, { text: `${name} ${dueAt - start}`, extra: null })],
        timers: name === 'a' ? [timer('b').cancel(), timer('c').at(start + 100)] : [],
      }),
  })
  const task = taskOf([chain])
  task.apply(task.process([input(plainScript())]))
  const fired = (now: number) => {
    const batch = task.fireTimers(now, 10)
    task.apply(batch)
    return batch.outputs.map(({ value }) => (value as Said).text)
  }
  t.strictSame(fired(start + 10), ['a 1'])
  t.strictSame(fired(start + 99), [])
  t.strictSame(fired(start + 200), ['c 100'])
  t.strictSame(fired(start + 300), [], 'each fires once')
})

t.test('two timers that set each other to a time that has passed are noticed', async (t) => {
  const pair = stage({
    name: 'pair',
    state: Heard,
    outputs: [],
    on: [
      from(scripts, (_s: Heard | undefined, _r: StreamRecord<Script>, ctx: Context) =>
        next<Heard>({ notes: [] }, { timers: [timer('a').at(ctx.at + 1)] }),
      ),
    ],
    timer: (s: Heard, f: FiredTimer) => next(s, { timers: [timer(f.name === 'a' ? 'b' : 'a').at(f.dueAt)] }),
  })
  const line = drive(pair, { at: start })
  line.pipe(scripts, 'k', plainScript())
  t.throws(() => {
    line.advance('1s')
  }, /timers go on firing at 2026-11-03T/)
})

t.test('a late record of the past does not bring the end of a key nearer', async (t) => {
  const line = drive(actor, { at: start })
  line.pipe(scripts, 'k', plainScript())
  line.pipe(scripts, 'k', plainScript(), { timestamp: start - 90 })
  line.advance('50ms')
  t.strictSame(line.state('k'), { notes: ['n', 'n'] })
  line.advance('50ms')
  t.equal(line.state('k'), undefined)
})

t.test('millions of moves do not fill the store with dead timers', async (t) => {
  const store = new MemoryStateStore()
  for (let i = 0; i < 1_000_000; i++) store.set(`k${i % 50}`, { state: i, timers: { a: 2_000_000 - i, b: i }, expiresAt: i + 5 })
  t.equal(store.size, 50)
  const due = store.due(2_000_001, 1000)
  t.equal(due.length, 150, 'each timer and expiry once')
  t.equal(store.nextDueAt(), 999_950, 'the last move of the first key')
})
