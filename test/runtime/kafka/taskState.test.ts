import fc from 'fast-check'
import t from 'tap'
import { inSteps, OverlappingPhases, PhaseClock, precedence } from '../../../runtime/kafka/phaseClock.ts'
import { mayMove, taskTransitions } from '../../../runtime/kafka/taskState.ts'
import type { TaskState } from '../../../runtime/kafka/taskState.ts'
import { Held } from '../../../runtime/kafka/unit.ts'
import type { Unit } from '../../../runtime/kafka/unit.ts'
import { noMetrics } from '../../../runtime/metrics.ts'
import type { RuntimeMetrics } from '../../../runtime/metrics.ts'
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

/** Metrics that add up what is counted of each phase, ms, and whether a phase was ever counted back. */
function spending() {
  const spent = new Map<string, number>()
  const told = { back: false }
  const metrics: RuntimeMetrics = {
    ...noMetrics,
    count(name, { group, phase = '' }, by = 1) {
      if (name !== 'lr_task_time_seconds_total' || group !== 'line') throw new Error(`${name} of ${String(group)}`)
      told.back ||= by < 0
      spent.set(phase, (spent.get(phase) ?? 0) + Math.round(by * 1_000))
    },
  }
  /** Without those that took no time. */
  const phases = () => Object.fromEntries([...spent].filter(([, ms]) => ms !== 0))
  const sum = () => [...spent.values()].reduce((total, ms) => total + ms, 0)
  return { metrics, phases, sum, told }
}

t.test('the phases of a task add up to its wall time, whenever it is asked for and whatever a fetch says of its reading', (t) =>
  assertProperty(
    t,
    fc.property(
      fc.array(
        fc.oneof(
          fc.record({ enter: fc.constantFrom(...precedence), ms: fc.nat(1_000) }),
          fc.record({ settle: fc.constant(true), ms: fc.nat(1_000) }),
          fc.record({ read: fc.nat(3_000), before: fc.integer({ min: -500, max: 3_000 }), ms: fc.nat(1_000) }),
        ),
      ),
      (steps) => {
        let now = 5_000
        const { metrics, phases, sum, told } = spending()
        const clock = new PhaseClock(metrics, 'line', () => now)
        const expected = new Map<string, number>()
        let phase: string = 'idle'
        for (const step of steps) {
          now += step.ms
          // Reading divides what would be idle time; of every other phase all of it counts.
          expected.set(phase, (expected.get(phase) ?? 0) + step.ms)
          if ('enter' in step) {
            if (clock.enter(step.enter) !== phase) return false
            phase = step.enter
          } else if ('settle' in step) clock.settle()
          else clock.fetched({ ms: step.read, endedAt: now - step.before })
        }
        clock.settle()
        const { idle = 0, poll = 0, turn = 0, ...rest } = phases()
        const of = (name: string) => expected.get(name) ?? 0
        return (
          sum() === now - 5_000 &&
          !told.back &&
          idle + poll + turn === of('idle') + of('poll') + of('turn') &&
          Object.entries(rest).every(([name, ms]) => of(name) === ms)
        )
      },
    ),
  ),
)

t.test('what came while a task was idle: the reading is poll, from then on it waits for its turn', async (t) => {
  let now = 0
  const { metrics, phases } = spending()
  const clock = new PhaseClock(metrics, 'line', () => now)
  // Idle for 70, read for 20, and 10 later it is its turn.
  now = 100
  clock.fetched({ ms: 20, endedAt: 90 })
  t.strictSame(phases(), { idle: 70, poll: 20, turn: 10 })
  // Read while it still folded: the reading has cost it no idle time, the waiting since then has.
  clock.enter('fold')
  now = 200
  clock.enter('idle')
  now = 230
  clock.fetched({ ms: 20, endedAt: 190 })
  t.strictSame(phases(), { idle: 70, poll: 20, turn: 40, fold: 100 })
  clock.enter('commit')
  now = 240
  clock.fetched({ ms: 5, endedAt: 238 })
  clock.settle()
  t.strictSame(phases(), { idle: 70, poll: 20, turn: 40, fold: 100, commit: 10 })
})

t.test('who does several things at once is in the first of them that counts, and still adds up', (t) =>
  assertProperty(
    t,
    fc.property(fc.array(fc.tuple(fc.constantFrom('work', 'produce', 'commit', 'wait'), fc.boolean(), fc.nat(1_000))), (steps) => {
      let now = 0
      const { metrics, phases, sum } = spending()
      const phasesOf = new OverlappingPhases(new PhaseClock(metrics, 'line', () => now))
      const under = { work: 0, produce: 0, commit: 0, wait: 0 }
      const expected: Record<string, number> = {}
      for (const [phase, begins, ms] of steps) {
        if (begins) phasesOf.begin(phase)
        else if (under[phase] > 0) phasesOf.end(phase)
        under[phase] += begins ? 1 : under[phase] > 0 ? -1 : 0
        now += ms
        const shown =
          under.work > 0 ? 'work' : under.produce > 0 ? 'produce' : under.commit > 0 ? 'commit' : under.wait > 0 ? 'wait' : 'idle'
        if (ms > 0) expected[shown] = (expected[shown] ?? 0) + ms
      }
      phasesOf.settle()
      return sum() === now && JSON.stringify(Object.entries(phases()).sort()) === JSON.stringify(Object.entries(expected).sort())
    }),
  ),
)

t.test(
  'a transaction is two phases, the second from when everything is written; one that fails ends the phase that it was in',
  async (t) => {
    let now = 0
    const { metrics, phases } = spending()
    const time = new OverlappingPhases(new PhaseClock(metrics, 'line', () => now))
    await inSteps(time, async (onWritten) => {
      now += 3
      onWritten()
      now += 5
    })
    now += 100
    await t.rejects(
      inSteps(time, async () => {
        now += 7
        throw new Error('the broker is away')
      }),
    )
    now += 1_000
    time.settle()
    t.strictSame(phases(), { produce: 10, commit: 5, idle: 1_100 })
  },
)
