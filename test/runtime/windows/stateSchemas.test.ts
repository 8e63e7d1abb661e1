import t from 'tap'
import { drive } from '../../../runtime/driver.ts'
import { emit, next } from '../../../runtime/outcome.ts'
import { schema } from '../../../runtime/schema.ts'
import { from, stage } from '../../../runtime/stage.ts'
import type { FiredTimer, StreamRecord } from '../../../runtime/stage.ts'
import { sessionAggregate } from '../../../runtime/windows/sessionAggregate.ts'
import { combinedState, recordSchema } from '../../../runtime/windows/stateSchemas.ts'
import type { ValueOfSchema } from '../../../runtime/windows/stateSchemas.ts'
import { tableSide } from '../../../runtime/windows/tableSide.ts'
import { streamJoin } from '../../../runtime/windows/streamJoin.ts'
import { tumbling } from '../../../runtime/windows/timeWindows.ts'
import { windowAggregate } from '../../../runtime/windows/windowAggregate.ts'
import { Total, early, finals, payments, plus, spanOf, zero } from './till.ts'
import type { Payment } from './till.ts'

interface Node {
  label: 'a' | 'b'
  next: Node | null
}
const tree = (more: object = {}) => ({
  type: 'record',
  name: 'Node',
  namespace: 'tree',
  fields: [
    { name: 'label', type: { type: 'enum', name: 'Label', symbols: ['a', 'b'], ...more } },
    { name: 'next', type: ['null', 'Node'] },
  ],
})
const shape = { beforeMs: 1, afterMs: 1, graceMs: 0, idleMs: 1, maxPerSide: 1, kind: 'inner', overflow: 'refuse-new' } as const

t.test('both sides of a join may have the same type, even one that contains itself', async (t) => {
  const Node = schema<Node>(tree())
  const join = streamJoin({ name: 'tree.Join', left: Node, right: Node, ...shape })
  const value: Node = { label: 'a', next: { label: 'b', next: null } }
  const { state } = join.left(null, { value, timestamp: 3 })
  t.strictSame(state && join.state.decode(join.state.encode(state)), state)
  t.strictSame(state?.left, [{ timestamp: 3, value, matched: false }])
})

t.test('two different types under one name are refused; a record outside a namespace keeps its name', async (t) => {
  const [one, other] = [schema<Node>(tree()), schema<Node>(tree({ symbols: ['b', 'a'] }))]
  t.throws(
    () => streamJoin({ name: 'tree.Join', left: one, right: other, ...shape }),
    /two different types of one schema are named tree.Node/,
  )
  const bare = {
    type: 'record',
    name: 'Bare',
    fields: [{ name: 'tags', type: { type: 'map', values: { type: 'array', items: 'string' } } }],
  }
  const twice = recordSchema<{ a: unknown; b: unknown }>('Twice', '', [
    { name: 'a', type: bare, doc: '' },
    { name: 'b', type: ['null', bare], doc: '' },
  ])
  const value = { a: { tags: { x: ['1'] } }, b: { tags: {} } }
  t.strictSame(twice.decode(twice.encode(value)), value)
})

const minutes = windowAggregate({ name: 'till.Minutes', windows: tumbling(60, 0), idleMs: 5, aggregate: Total, initial: zero, add: plus })
const visits = sessionAggregate({
  name: 'till.Visits',
  gapMs: 10,
  graceMs: 0,
  idleMs: 5,
  aggregate: Total,
  initial: zero,
  add: plus,
  merge: (a, b) => ({ sum: a.sum + b.sum, count: a.count + b.count }),
})
const Both = combinedState('till.Both', { minutes: minutes.state, visits: visits.state })
type Both = ValueOfSchema<typeof Both>

t.test('parts that would share a timer are refused: each would close by that of the other', async (t) => {
  const shop = windowAggregate({ name: 'shop.Visits', windows: tumbling(60, 0), idleMs: 5, aggregate: Total, initial: zero, add: plus })
  t.throws(
    () => combinedState('till.Both', { shop: shop.state, visits: visits.state }),
    /shop and visits of till.Both would share the timer Visits/,
  )
  const rows = tableSide({ name: 'desk.Visits', row: Total, versions: 1 })
  t.doesNotThrow(() => combinedState('till.Both', { rows: rows.state, visits: visits.state }), 'a table sets no timer')
})

t.test('one stage keeps windows and sessions in one state, each with its timer', async (t) => {
  const both = stage({
    name: 'both',
    state: Both,
    on: [
      from(payments, (state: Both | undefined, record: StreamRecord<Payment>) => {
        const [minute, visit] = [minutes.add(state?.minutes, record), visits.add(state?.visits, record)]
        return next<Both, typeof finals | typeof early>(
          { minutes: minute.state ?? null, visits: visit.state ?? null },
          {
            timers: [...minute.timers, ...visit.timers],
            emit: [...minute.closed.map((one) => emit(finals, spanOf(one))), ...visit.closed.map((one) => emit(early, spanOf(one)))],
          },
        )
      }),
    ],
    timer: (state: Both, fired: FiredTimer) => {
      const minute = state.minutes && minutes.fire(state.minutes, fired)
      const visit = state.visits && visits.fire(state.visits, fired)
      return next<Both, typeof finals | typeof early>(
        { minutes: minute?.state ?? null, visits: visit?.state ?? null },
        {
          timers: [...(minute?.timers ?? []), ...(visit?.timers ?? [])],
          emit: [
            ...(minute?.closed ?? []).map((one) => emit(finals, spanOf(one))),
            ...(visit?.closed ?? []).map((one) => emit(early, spanOf(one))),
          ],
        },
      )
    },
    outputs: [finals, early],
  })
  const line = drive(both, { at: 0 })
  line.pipe(payments, 'k', { amount: 1 })
  t.strictSame(line.timers('k'), { Minutes: 60, Visits: 11 })
  line.restart()
  line.pipe(payments, 'k', { amount: 2 }, { timestamp: 50 })
  line.advance('1s')
  t.strictSame(line.outputs(finals), [{ start: 0, end: 60, sum: 3, count: 2 }])
  t.strictSame(line.outputs(early), [
    { start: 0, end: 0, sum: 1, count: 1 },
    { start: 50, end: 50, sum: 2, count: 1 },
  ])
})
