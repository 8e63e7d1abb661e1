/** Ticks of the wall clock: where the next one is, and that a wait for it ends then or before, whatever the clock does. */
import fc from 'fast-check'
import t from 'tap'
import { nextTick, untilTick } from '../../runtime/joinTick.ts'
import { assertProperty } from '../support/property.ts'
import { ManualTickClock } from '../support/tickClock.ts'

const never = new AbortController().signal
const everyMs = fc.integer({ min: 1, max: 86_400_000 })
/** From 1920 to 2120, ms since the epoch. */
const instant = fc.integer({ min: -1_577_923_200_000, max: 4_733_510_400_000 })

/** Whether the promise has settled once everything has run that does not wait for a clock. */
async function settled(work: Promise<unknown>): Promise<boolean> {
  let done = false
  void work.then(() => (done = true))
  await new Promise((resolve) => setImmediate(resolve))
  return done
}

t.test('ticks are at multiples of their length since the epoch', async (t) => {
  t.equal(untilTick(12_300, 5_000), 2_700)
  t.equal(untilTick(14_999, 5_000), 1)
  t.equal(untilTick(15_000, 5_000), 5_000, 'at a tick the next one is meant')
  t.equal(untilTick(-300, 5_000), 300)
})

t.test('the next tick is after now, at most one length away, and a multiple of it', (t) =>
  assertProperty(
    t,
    fc.property(instant, everyMs, (now, every) => {
      const wait = untilTick(now, every)
      return wait > 0 && wait <= every && Math.abs((now + wait) % every) === 0
    }),
  ),
)

t.test('two instants between the same ticks wait for the same one', (t) =>
  assertProperty(
    t,
    fc.property(fc.nat(1_000_000), everyMs, fc.nat(), fc.nat(), (tick, every, one, other) => {
      const [a, b] = [tick * every + (one % every), tick * every + (other % every)]
      return a + untilTick(a, every) === b + untilTick(b, every)
    }),
  ),
)

t.test('a wait ends after the time to the tick that it began with, however the clock is set meanwhile', (t) =>
  assertProperty(
    t,
    fc.asyncProperty(instant, everyMs, fc.array(fc.tuple(fc.nat(1_000), instant), { maxLength: 5 }), async (now, every, steps) => {
      const clock = new ManualTickClock(now)
      const waited = nextTick({ everyMs: every, clock }, [never])
      let left = untilTick(now, every)
      for (const [permille, wall] of steps) {
        const ms = Math.floor((left - 1) * (permille / 1_000))
        clock.advance(ms)
        left -= ms
        clock.set(wall)
      }
      if (await settled(waited)) return false
      clock.advance(left)
      return settled(waited)
    }),
  ),
)

t.test('it is cut short by any of its signals, and leaves no timer behind', async (t) => {
  const clock = new ManualTickClock(1_000)
  for (const first of [true, false]) {
    const [one, other] = [new AbortController(), new AbortController()]
    const waited = nextTick({ everyMs: 60_000, clock }, [one.signal, undefined, other.signal])
    t.equal(await settled(waited), false)
    ;(first ? one : other).abort()
    t.equal(await settled(waited), true)
    t.strictSame(clock.waits, [])
  }
  t.equal(await settled(nextTick({ everyMs: 60_000, clock }, [AbortSignal.abort()])), true, 'it does not begin')
})

t.test('without a tick, and for one that is too far away, nobody waits', async (t) => {
  const clock = new ManualTickClock(50_000)
  t.equal(await settled(nextTick({ everyMs: 0, clock }, [never])), true)
  t.equal(await settled(nextTick({ everyMs: 60_000, clock }, [never], 9_999)), true)
  t.strictSame(clock.waits, [])
  t.equal(await settled(nextTick({ everyMs: 60_000, clock }, [never], 10_000)), false)
  t.strictSame(clock.waits, [10_000])
})
