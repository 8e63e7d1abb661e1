import fc from 'fast-check'
import t from 'tap'
import { defaultFuseLimits } from '../../runtime/fuse.ts'
import { assertProperty } from '../support/property.ts'
import { countedFaults, describeFault, faultKinds, scheduleOf } from './faults.ts'
import { bursts, factorOf } from './generator.ts'
import { deploymentOf } from './run.ts'

const schedule = (seed: number, count = 30) => scheduleOf({ seed, count, kinds: faultKinds, members: 4, brokers: 3 })

t.test('a seed says everything: load, faults and deployment are the same when it is given again, and others for another seed', (t) =>
  assertProperty(
    t,
    fc.property(fc.nat(), (seed) => {
      const told = (each: number) => JSON.stringify([bursts({ seed: each, events: 200, keys: 20 }), schedule(each), deploymentOf(each)])
      return told(seed) === told(seed) && told(seed) !== told(seed + 1)
    }),
    { numRuns: 20 },
  ),
)

t.test('events are numbered without a gap, and every rate has the factor of its version', (t) =>
  assertProperty(
    t,
    fc.property(fc.nat(), fc.integer({ min: 1, max: 500 }), (seed, events) => {
      const sendings = bursts({ seed, events, keys: 20 }).flatMap((burst) => burst.sendings)
      const numbers = sendings.flatMap((sending) => {
        if (sending.to === 'garbage') return [sending.n]
        if (sending.to === 'readings') return [sending.value.n]
        return sending.to === 'ledger' ? [Number(sending.value.cause.slice(1))] : []
      })
      const rates = sendings.flatMap((sending) => (sending.to === 'rates' ? [sending] : []))
      return (
        numbers.length === events &&
        numbers.every((n, index) => n === index) &&
        rates.every(({ key, value }) => value.factor === factorOf(key, value.version) && value.version > 1)
      )
    }),
    { numRuns: 50 },
  ),
)

t.test('only what asked gets a permit, after it has asked; bad readings in a row are fewer than blow a fuse', (t) =>
  assertProperty(
    t,
    fc.property(fc.nat(), (seed) => {
      const sendings = bursts({ seed, events: 1_000, keys: 20 }).flatMap((burst) => burst.sendings)
      const asked = new Set<string>()
      let row = 0
      return sendings.every((sending) => {
        if (sending.to === 'permits') return asked.has(sending.key)
        if (sending.to === 'rates') return true
        const reading = sending.to === 'readings' ? sending.value : undefined
        if (reading?.kind === 'ask') asked.add(`a${reading.n}`)
        row = sending.to === 'garbage' || reading?.kind === 'poison' ? row + 1 : 0
        return row < defaultFuseLimits.maxConsecutive
      })
    }),
    { numRuns: 20 },
  ),
)

t.test('faults happen within the load, to somebody who is there, and a zombie sleeps longer than its session', (t) =>
  assertProperty(
    t,
    fc.property(fc.nat(), (seed) => {
      const faults = schedule(seed)
      return faults.every(
        ({ kind, at, target, durationMs, shiftMs }, index) =>
          at > 0 &&
          at < 1 &&
          at >= (faults[index - 1]?.at ?? 0) &&
          target >= 0 &&
          target < (kind.endsWith('broker') ? 3 : 4) &&
          (kind !== 'zombie' || durationMs > 6_000) &&
          (shiftMs !== 0) === (kind === 'clock-step'),
      )
    }),
    { numRuns: 50 },
  ),
)

t.test('in a long schedule every kind of fault comes', async (t) => {
  t.strictSame([...new Set(schedule(1, 300).map(({ kind }) => kind))].sort(), [...faultKinds].sort())
})

t.test('a fault is told in words', async (t) => {
  const kill = { kind: 'kill-member', at: 0.125, target: 2, durationMs: 300, shiftMs: 0 } as const
  t.equal(describeFault(kill), '12.5 % kill-member 2 for 300 ms')
  t.equal(describeFault({ ...kill, kind: 'clock-step', shiftMs: -5_000 }), '12.5 % clock-step 2 for 300 ms, by -5000 ms')
  t.equal(describeFault({ ...kill, kind: 'slow-disk' }), '12.5 % slow-disk for 300 ms')
  t.equal(countedFaults([kill, kill, { ...kill, kind: 'zombie' }]), 'kill-member×2 zombie')
})
