import fc from 'fast-check'
import t from 'tap'
import { PhaseClock } from '../../../runtime/kafka/phaseClock.ts'
import { mayMove, taskTransitions } from '../../../runtime/kafka/taskState.ts'
import type { TaskState } from '../../../runtime/kafka/taskState.ts'
import { Held } from '../../../runtime/kafka/unit.ts'
import type { Unit } from '../../../runtime/kafka/unit.ts'
import { noMetrics } from '../../../runtime/metrics.ts'
import { assertProperty } from '../../support/property.ts'

const states = Object.keys(taskTransitions) as TaskState[]

t.test('the life of a task: every state but the first is reached, every one but the last is left, and nothing leaves closed', async (t) => {
  const reached = new Set(states.flatMap((from) => taskTransitions[from]))
  t.strictSame(states.filter((state) => !reached.has(state)).sort(), [])
  t.strictSame(
    states.filter((state) => taskTransitions[state].length === 0),
    ['closed'],
  )
  for (const from of states) {
    t.notOk(mayMove(from, from), `${from} is left for another state`)
    if (from !== 'closed') t.ok(mayMove(from, 'closed'), `${from} can be let go`)
  }
  t.strictSame(
    states.filter((from) => mayMove(from, 'running')),
    ['restoring'],
    'nobody works without having taken over',
  )
  t.notOk(mayMove('draining', 'running'), 'who drains takes nothing new')
  t.notOk(mayMove('failed', 'restoring'), 'a failed task is for the next process')
})

t.test('any sequence of steps keeps to the table: one that is not in it stops the member and changes nothing', (t) =>
  assertProperty(
    t,
    fc.property(fc.array(fc.constantFrom(...states), { maxLength: 30 }), (steps) => {
      let told = 0
      const held = new Held<Unit>('0', [], {
        recover: () => undefined,
        fail: () => (told += 1),
        pause: () => undefined,
        resume: () => undefined,
      })
      let expected: TaskState = 'assigned'
      let refused = 0
      for (const to of steps) {
        held.move(to)
        if (to === expected) continue
        if (taskTransitions[expected].includes(to)) expected = to
        else refused += 1
        if (held.state !== expected || told !== refused || held.ready !== (expected === 'running')) return false
      }
      return true
    }),
  ),
)

t.test('the phases of a task add up to its wall time', (t) =>
  assertProperty(
    t,
    fc.property(fc.array(fc.tuple(fc.constantFrom('idle', 'fold', 'commit', 'linger'), fc.integer({ min: 0, max: 1_000 }))), (steps) => {
      let now = 5_000
      const spent = new Map<string, number>()
      const clock = new PhaseClock(
        { ...noMetrics, count: (_, { phase = '' }, by = 1) => spent.set(phase, (spent.get(phase) ?? 0) + Math.round(by * 1_000)) },
        'line',
        () => now,
      )
      const expected = new Map<string, number>()
      let phase = 'idle'
      for (const [next, ms] of steps) {
        now += ms
        expected.set(phase, (expected.get(phase) ?? 0) + ms)
        if (clock.enter(next) !== phase) return false
        phase = next
      }
      const sum = (of: Map<string, number>) => [...of.values()].reduce((total, ms) => total + ms, 0)
      return sum(spent) === now - 5_000 && [...expected].every(([name, ms]) => (spent.get(name) ?? 0) === ms)
    }),
  ),
)
