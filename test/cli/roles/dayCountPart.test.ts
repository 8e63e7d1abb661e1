/** Days are counted at the start and every hour, a failure is told and tried again, and a stop waits for no more than the day in hand. */
import t from 'tap'
import { startDayCounts } from '../../../cli/roles/dayCountPart.ts'
import { ManualClock } from '../../support/manualClock.ts'

const HOUR = 3_600_000

t.test('at the start and every hour, also after a run that failed', async (t) => {
  const clock = new ManualClock(7 * HOUR)
  const asked: number[] = []
  const warnings: unknown[] = []
  const part = startDayCounts({
    async count(now) {
      asked.push(now)
      if (asked.length === 1) throw new Error('no database')
      return 1
    },
    clock,
    logger: { debug: () => undefined, warn: (said: unknown) => void warnings.push(said) } as never,
  })
  await clock.settle()
  clock.advance(HOUR)
  await clock.settle()
  await part.stop()
  t.strictSame(asked, [7 * HOUR, 8 * HOUR])
  t.match(warnings, [{ err: { message: 'no database' } }])
})

t.test('a stop reaches the count that is under way', async (t) => {
  let begun = () => {}
  const running = new Promise<void>((resolve) => (begun = resolve))
  const part = startDayCounts({
    count: (_, signal) =>
      new Promise((resolve) => {
        signal.addEventListener('abort', () => resolve(1))
        begun()
      }),
    clock: new ManualClock(0),
    logger: { debug: () => undefined, warn: t.fail } as never,
  })
  await running
  await part.stop()
})
