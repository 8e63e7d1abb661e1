import fc from 'fast-check'
import t from 'tap'
import { tableSide } from '../../../runtime/windows/tableSide.ts'
import type { TableSideState } from '../../../runtime/windows/tableSide.ts'
import { assertProperty } from '../../support/property.ts'
import { Payment } from './till.ts'

const prices = (versions: number) => tableSide({ name: 'till.Prices', row: Payment, versions })
type State = TableSideState<Payment> | undefined

t.test('a record is joined with the row that was valid at its time, and knows since when', async (t) => {
  const table = prices(3)
  let state: State
  t.strictSame(table.at(state, 0), { row: null, since: null, known: true })
  state = table.put(state, { value: { amount: 2 }, timestamp: 200 })
  state = table.put(state, { value: { amount: 1 }, timestamp: 100 })
  t.strictSame(table.at(state, 99), { row: null, since: null, known: true })
  t.strictSame(table.at(state, 100), { row: { amount: 1 }, since: 100, known: true })
  t.strictSame(table.at(state, 199), { row: { amount: 1 }, since: 100, known: true })
  t.strictSame(table.at(state, 5000), { row: { amount: 2 }, since: 200, known: true })
  state = table.put(state, { value: null, timestamp: 300 })
  t.strictSame(table.at(state, 300), { row: null, since: 300, known: true })
  t.strictSame(table.state.decode(table.state.encode(state)), state)
})

t.test('a version that was given up is not taken for a missing row', async (t) => {
  const table = prices(1)
  const one = table.put(null, { value: { amount: 1 }, timestamp: 100 })
  const two = table.put(one, { value: { amount: 2 }, timestamp: 200 })
  t.strictSame(table.at(two, 150), { row: null, since: null, known: false })
  const three = table.put(two, { value: { amount: 3 }, timestamp: 120 })
  t.strictSame(table.at(three, 250), { row: { amount: 2 }, since: 200, known: true }, 'an older row does not displace a newer one')
  t.strictSame(three.forgottenUpTo, 120)
  t.throws(() => prices(0), /versions is 0/)
})

t.test('the rows of any order of arrival are those of a list with everything in it, as far as they are kept', (t) =>
  assertProperty(
    t,
    fc.property(
      fc.integer({ min: 1, max: 5 }),
      fc.array(fc.record({ timestamp: fc.integer({ min: -20, max: 20 }), value: fc.option(fc.record({ amount: fc.nat(9) })) }), {
        maxLength: 20,
      }),
      fc.integer({ min: -25, max: 25 }),
      (versions, puts, timestamp) => {
        const table = prices(versions)
        let state: State
        const all = new Map<number, Payment | null>()
        for (const put of puts) {
          state = table.put(state, put)
          all.set(put.timestamp, put.value)
        }
        const times = [...all.keys()].sort((a, b) => a - b)
        const since = times.filter((time) => time <= timestamp).at(-1) ?? null
        const got = table.at(state, timestamp)
        const kept = times.slice(-versions)
        if (times.length <= versions || (since !== null && kept.includes(since)))
          return got.known && got.since === since && JSON.stringify(got.row) === JSON.stringify(since === null ? null : all.get(since))
        return !got.known && got.row === null
      },
    ),
    { numRuns: 500 },
  ),
)
