import fc from 'fast-check'
import t from 'tap'
import { standsAgain } from '../../bench/runtime/generations.ts'
import { gapsIn, handOvers, longestIn, memberEvent, standstillIn } from '../../bench/runtime/handOver.ts'
import { median, paceOf } from '../../bench/runtime/progress.ts'
import { timeByPart } from '../../bench/runtime/profileShares.ts'
import { EachOrderOnce, TotalsOfEachKey, totalsOf } from '../../bench/runtime/resultCheck.ts'
import { restoredBy } from '../../bench/runtime/restoreLog.ts'
import { amountOf, CountedOrder, keyNumber, keyOf, keyText, Order, orderOf, withOrder } from '../../bench/runtime/workload.ts'
import type { Purchases } from '../../bench/runtime/workload.ts'
import { assertProperty } from '../support/property.ts'

const workload = { keys: 3, records: 12 }

/** What a right competitor writes, in order of the input. */
function rightOutput(): { key: number; order: CountedOrder }[] {
  const kept = new Map<number, Purchases>()
  return Array.from({ length: workload.records }, (_, seq) => {
    const key = keyOf(seq, workload)
    const order = orderOf(seq, 0)
    const { count, sumCents, largestCents } = withOrder(kept.get(key), order)
    kept.set(key, { count, sumCents, largestCents, lastSeq: seq })
    return { key, order: { ...order, count, sumCents, largestCents } }
  })
}

function checked(outputs: readonly { key: number; order: CountedOrder }[]): void {
  const check = new TotalsOfEachKey(workload)
  for (const { key, order } of outputs) check.take(key, order)
  check.finish()
}

t.test('the pace is counted from the reading after the warm-up to the one at which all is done', async (t) => {
  const reading = (at: number, done: number, memberCpu: number, brokerCpu: number, otherCpu: number) => ({
    at,
    done,
    memberCpu,
    brokerCpu,
    otherCpu,
  })
  const readings = [
    reading(0, 0, 1, 1, 0),
    reading(1_000, 90, 2, 2, 1),
    reading(2_000, 110, 3, 3, 2),
    reading(3_000, 210, 4, 3.5, 2.5),
    reading(4_000, 310, 4.5, 3.75, 3),
    reading(5_000, 310, 9, 9, 9),
  ]
  const { records, seconds, perSecond, memberMicros, brokerMicros, otherCores } = paceOf(readings, 100, 310)
  t.strictSame({ records, seconds, perSecond, otherCores }, { records: 200, seconds: 2, perSecond: 100, otherCores: 0.5 })
  t.equal(memberMicros, 7_500, '1.5 s for 200 records')
  t.equal(brokerMicros, 3_750, '0.75 s for 200 records')
  t.throws(() => paceOf(readings, 100, 311), /from 100 to 311 records: the last is 310/)
  t.throws(() => paceOf(readings, 310, 310), /do not show a run/)
})

t.test('the median is the middle value, of an even number the mean of the two in the middle', async (t) => {
  t.equal(median([3, 1, 2]), 2)
  t.equal(median([4, 1, 2, 3]), 2.5)
  t.ok(Number.isNaN(median([])))
})

t.test('a right result passes, in any order between keys', async (t) => {
  t.doesNotThrow(() => checked(rightOutput()))
  const byKey = rightOutput().toSorted((a, b) => a.key - b.key)
  t.doesNotThrow(() => checked(byKey))
})

t.test('any single fault of a result is found', async (t) => {
  const faults: Record<string, (outputs: { key: number; order: CountedOrder }[], at: number) => unknown> = {
    lost: (outputs, at) => outputs.splice(at, 1),
    doubled: (outputs, at) => outputs.splice(at, 0, outputs[at] as (typeof outputs)[number]),
    'wrong key': (outputs, at) => ((outputs[at] as (typeof outputs)[number]).key += 1),
    'wrong amount': (outputs, at) => ((outputs[at] as (typeof outputs)[number]).order.amountCents += 1),
    'wrong count': (outputs, at) => ((outputs[at] as (typeof outputs)[number]).order.count += 1),
  }
  await assertProperty(
    t,
    fc.property(fc.constantFrom(...Object.keys(faults)), fc.nat(workload.records - 1), (fault, at) => {
      const outputs = rightOutput()
      faults[fault]?.(outputs, at)
      try {
        checked(outputs)
      } catch {
        return true
      }
      return false
    }),
  )
})

t.test('a wrong final sum is found', async (t) => {
  const outputs = rightOutput()
  const last = outputs.at(-1) as (typeof outputs)[number]
  last.order.sumCents -= 1
  const { sums } = totalsOf(workload)
  t.throws(
    () => checked(outputs),
    new RegExp(`${keyText(last.key)}: .* ${(sums[last.key] ?? 0) - 1} cents, expected .* ${sums[last.key]}$`),
  )
})

t.test('copies are complete when each order came once', async (t) => {
  const check = new EachOrderOnce(workload)
  for (let seq = 1; seq < workload.records; seq++) check.take(keyOf(seq, workload), orderOf(seq, 0))
  t.throws(() => check.finish(), /11 of 12 orders came out; the first that is missing is 0/)
  check.take(0, orderOf(0, 0))
  t.doesNotThrow(() => check.finish())
  t.throws(() => check.take(0, orderOf(0, 0)), /order 0 came out twice/)
})

t.test('the totals of all keys add up to all orders', async (t) => {
  const { counts, sums } = totalsOf(workload)
  t.equal(
    counts.reduce((sum, count) => sum + count, 0),
    12,
  )
  t.equal(
    sums.reduce((sum, cents) => sum + cents, 0),
    Array.from({ length: 12 }, (_, seq) => amountOf(seq)).reduce((sum, cents) => sum + cents, 0),
  )
  t.ok(
    counts.every((count) => count >= 1),
    'the first orders have one key each',
  )
})

t.test('orders fit their schema, keys can be read back, amounts are positive', async (t) => {
  await assertProperty(
    t,
    fc.property(fc.integer({ min: 0, max: 2_000_000 }), (seq) => {
      const order = orderOf(seq, seq)
      const key = keyOf(seq, { keys: 200_000 })
      return (
        Order.mismatch(order) === undefined &&
        CountedOrder.mismatch({ ...order, count: 1, sumCents: 1, largestCents: 1 }) === undefined &&
        keyNumber(keyText(key)) === key &&
        key >= 0 &&
        key < 200_000 &&
        order.amountCents >= 1
      )
    }),
  )
})

t.test('a sample of a profile belongs to the innermost part of the runtime on its stack', async (t) => {
  const node = (id: number, functionName: string, url: string, children: number[] = []) => ({
    id,
    callFrame: { functionName, url },
    children,
  })
  const profile = {
    startTime: 1_000,
    nodes: [
      node(1, '(root)', '', [2, 9, 10]),
      node(2, '#process', 'file:///app/runtime/kafka/unitSlices.ts', [3, 7]),
      node(3, 'process', 'file:///app/runtime/task.ts', [4, 6]),
      node(4, 'encode', 'file:///app/runtime/schema.ts', [5]),
      node(5, '', 'file:///app/node_modules/avsc/lib/types.js'),
      node(6, 'hash', 'node:internal/crypto/hash'),
      node(7, 'takeRecords', 'file:///app/runtime/kafka/takeRecords.ts', [8]),
      node(8, '', 'file:///app/runtime/kafka/takeRecords.ts'),
      node(9, '(idle)', ''),
      node(10, '(garbage collector)', ''),
    ],
    // The first sample lies before what is asked for, the last behind it.
    samples: [2, 5, 6, 8, 9, 10, 2, 2],
    timeDeltas: [50, 60, 7, 8, 1_000, 9, 10, 5_000],
  }
  t.strictSame(timeByPart(profile, 1_060, 2_200), [
    { part: 'write: Avro of outputs', micros: 60 },
    { part: 'unit: slices, outgoing records, counts', micros: 10 },
    { part: 'garbage collection', micros: 9 },
    { part: 'read: records and headers as objects', micros: 8 },
    { part: 'fold: task', micros: 7 },
  ])
})

t.test('of a log only the lines about a restore are taken', async (t) => {
  t.strictSame(restoredBy('{"level":30,"time":5000,"partition":1,"records":10,"seconds":0.5,"msg":"restored"}'), {
    records: 10,
    seconds: 0.5,
    endedAt: 5_000,
  })
  t.equal(restoredBy('{"level":30,"time":5000,"msg":"joined"}'), undefined)
  t.equal(restoredBy('joined'), undefined)
})

t.test('pauses are the gaps that lie in a span or reach into it', async (t) => {
  const arrivals = [0, 10, 25, 100, 105, 300]
  t.strictSame(gapsIn(arrivals, { from: 0, to: 300 }), [10, 15, 75, 5, 195])
  t.strictSame(gapsIn(arrivals, { from: 10, to: 25 }), [15], 'what ends or begins at its edge is outside')
  t.strictSame(gapsIn(arrivals, { from: 30, to: 40 }), [75], 'a span within one gap has it')
  t.equal(longestIn(arrivals, { from: 12, to: 103 }), 75)
  t.equal(longestIn([5], { from: 0, to: 10 }), 0)
  t.equal(standstillIn(arrivals, { from: 0, to: 300 }, 75), 195)
  t.equal(standstillIn(arrivals, { from: 0, to: 300 }, 15), 270)
})

t.test('all gaps of a whole run add up to the time between its first and last arrival', (t) =>
  assertProperty(
    t,
    fc.property(fc.array(fc.nat(10_000), { minLength: 1 }), (times) => {
      const arrivals = times.toSorted((a, b) => a - b)
      const [from, to] = [(arrivals[0] as number) - 1, (arrivals.at(-1) as number) + 1]
      const span = { from, to }
      return gapsIn(arrivals, span).reduce((sum, gap) => sum + gap, 0) === to - from - 2 && longestIn(arrivals, span) <= to - from - 2
    }),
  ),
)

t.test('a hand-over is read off the log of the first who restored a partition, and the arrivals', async (t) => {
  const line = (msg: string, time: number, partition?: number) => memberEvent(JSON.stringify({ level: 30, time, partition, msg }))
  t.strictSame(line('left the group', 7), { kind: 'left', at: 7 })
  t.equal(line('restored', 7), undefined, 'of no partition')
  t.equal(line('something else', 7), undefined)
  t.equal(memberEvent('joined'), undefined)
  const events = (...all: ReturnType<typeof line>[]) => all.flatMap((event) => event ?? [])
  const stays = events(line('joined', 900), line('restored', 950, 1), line('joined', 1_400), line('restored', 1_460, 0))
  const comes = events(line('joined', 1_800), line('restored', 1_810, 0), line('restored', 1_900, 1))
  const arrivals = [
    [980, 1_450, 1_470],
    [990, 1_900],
  ]
  t.strictSame(handOvers(1_000, [0, 1], [comes, stays], arrivals), [
    { partition: 0, joined: 400, restored: 460, committed: 470 },
    { partition: 1, joined: 800, restored: 900, committed: 900 },
  ])
  t.throws(() => handOvers(1_000, [2], [stays, comes], arrivals), /partition 2 was not taken over/)
})

t.test('a group stands again when every member of its newest generation has its partitions', async (t) => {
  const joined = (member: string, generation: number, at: number, ...units: string[]) => ({ member, generation, at, units })
  const before = [joined('a', 3, 100, '0', '1'), joined('b', 3, 110, '2')]
  const whole = { members: 3, partitions: 3 }
  t.equal(standsAgain(before, 200, whole), undefined, 'nothing has happened yet')
  t.equal(standsAgain(before, 200, { members: 2, partitions: 3 }), undefined, 'whole, and in the generation of before')
  const under = [...before, joined('c', 4, 1_050, '2'), joined('a', 4, 900, '0')]
  t.equal(standsAgain(under, 200, whole), undefined, 'one has not joined')
  t.equal(standsAgain([...under, joined('b', 5, 1_100, '1')], 200, whole), undefined, 'one of them is a generation ahead')
  t.strictSame(standsAgain([...under, joined('b', 4, 1_000, '1')], 200, whole), { at: 1_050, generations: 1 })
  const twice = [joined('a', 5, 1_500, '0'), joined('b', 5, 1_700, '1'), joined('c', 5, 1_600, '2')]
  t.strictSame(standsAgain([...under, ...twice], 200, whole), { at: 1_700, generations: 2 })
  t.equal(standsAgain([...under, joined('b', 4, 1_000)], 200, whole), undefined, "a partition is nobody's")
  t.throws(() => standsAgain([...under, joined('b', 4, 1_000, '2')], 200, whole), /generation 4 gives a partition to two members/)
})
