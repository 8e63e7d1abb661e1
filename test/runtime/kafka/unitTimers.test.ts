/** When a partition wakes up for its timers: by the wall clock, also when that is set or the machine has slept. */
import { mock } from 'node:test'
import t from 'tap'
import type { UnitFolds } from '../../../runtime/kafka/unitFolds.ts'
import { UnitTimers } from '../../../runtime/kafka/unitTimers.ts'
import type { Unit } from '../../../runtime/kafka/unit.ts'
import type { UnitWorks } from '../../../runtime/kafka/unitWorks.ts'

const HOUR_MS = 3_600_000

t.test(
  'a timer that has become due because the wall clock went ahead fires within a minute, and no minute fires what is not due',
  async (t) => {
    mock.timers.enable({ apis: ['setTimeout'] })
    let now = 0
    let dueAt: number | undefined = 24 * HOUR_MS
    const fired: number[] = []
    const task = { nextTimerAt: () => dueAt, parkedValues: () => new Map() }
    const works = {
      context: { now: () => now, tracer: undefined, wire: {} },
      held: { ready: true, serially: (work: () => Promise<void>) => work(), during: (_: string, work: () => Promise<void>) => work() },
      time: { enter: () => undefined },
      opened: () => ({ task }),
      rest: () => undefined,
    } as unknown as UnitWorks<Unit>
    const folds = {
      fits: () => true,
      fold: () => {
        if (dueAt !== undefined && dueAt <= now) fired.push(now)
        if (fired.length > 0) dueAt = undefined
        return { result: {}, outgoing: [] }
      },
    } as unknown as UnitFolds<Unit>
    const timers = new UnitTimers(works, folds)
    const passes = async (ms: number) => {
      mock.timers.tick(ms)
      await new Promise((resolve) => setImmediate(resolve))
    }
    timers.arm()
    for (let minute = 0; minute < 3; minute += 1) {
      now += 60_000
      await passes(60_000)
    }
    const early = [...fired]
    // The machine sleeps for a day.
    now += 24 * HOUR_MS
    await passes(60_000)
    timers.stop()
    // The runner of tests has timers, too.
    mock.timers.reset()
    t.strictSame(early, [])
    t.strictSame(fired, [180_000 + 24 * HOUR_MS])
  },
)
