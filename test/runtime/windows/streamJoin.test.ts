import fc from 'fast-check'
import t from 'tap'
import { drive } from '../../../runtime/driver.ts'
import type { Line } from '../../../runtime/driver.ts'
import { deadLetter, drop, emit, next } from '../../../runtime/outcome.ts'
import type { Outcome } from '../../../runtime/outcome.ts'
import { schema } from '../../../runtime/schema.ts'
import { from, stage } from '../../../runtime/stage.ts'
import type { FiredTimer, StreamRecord } from '../../../runtime/stage.ts'
import { topic } from '../../../runtime/topic.ts'
import { streamJoin } from '../../../runtime/windows/streamJoin.ts'
import type { JoinState, JoinStep, StreamJoinOptions } from '../../../runtime/windows/streamJoin.ts'
import { assertProperty } from '../../support/property.ts'
import { declared, present } from './till.ts'

interface Mark {
  id: number
}
interface Match {
  kind: string
  left: number
  right: number
}
const Mark = schema<Mark>({ type: 'record', name: 'race.Mark', fields: [{ name: 'id', type: 'int' }] })
const Match = schema<Match>({
  type: 'record',
  name: 'race.Match',
  fields: [
    { name: 'kind', type: 'string' },
    { name: 'left', type: 'int' },
    { name: 'right', type: 'int' },
  ],
})
const lefts = topic({ ...declared, name: 'lefts', value: Mark, writtenBy: ['outside'] })
const rights = topic({ ...declared, name: 'rights', value: Mark, writtenBy: ['outside'] })
const matches = topic({ ...declared, name: 'matches', value: Match, writtenBy: ['race'] })

type Shape = Omit<StreamJoinOptions<Mark, Mark>, 'name' | 'left' | 'right'>
const usual: Shape = {
  kind: 'outer',
  beforeMs: 10,
  afterMs: 10,
  graceMs: 0,
  idleMs: 50,
  maxPerSide: 100,
  overflow: 'refuse-new',
}
const declare = (shape: Partial<Shape> = {}) => streamJoin({ name: 'race.Join', left: Mark, right: Mark, ...usual, ...shape })

function race(shape: Partial<Shape> = {}) {
  const join = declare(shape)
  type State = JoinState<Mark, Mark>
  const none = -1
  const answer = (step: JoinStep<Mark, Mark>): Outcome<State, typeof matches> => {
    if (step.late) return drop('late')
    if (step.refused) return deadLetter('E_JOIN_FULL')
    const alone = (kind: string) => (one: (typeof step.unmatched)[number]) =>
      emit(matches, { kind, left: one.side === 'left' ? one.value.id : none, right: one.side === 'right' ? one.value.id : none })
    return next<State, typeof matches>(step.state, {
      timers: step.timers,
      emit: [
        ...step.unmatched.map(alone('alone')),
        ...step.evicted.map((one) => alone(one.matched ? 'evicted after a match' : 'evicted')(one)),
        ...step.pairs.map((pair) => emit(matches, { kind: 'pair', left: pair.left.id, right: pair.right.id })),
      ],
    })
  }
  return stage({
    name: 'race',
    state: join.state,
    on: [
      from(lefts, (state: State | undefined, record: StreamRecord<Mark>) => answer(join.left(state, record))),
      from(rights, (state: State | undefined, record: StreamRecord<Mark>) => answer(join.right(state, record))),
    ],
    timer: (state: State, fired: FiredTimer) => answer(join.fire(state, fired)),
    outputs: [matches],
  })
}
const left = (line: Line, id: number, timestamp: number) => {
  line.pipe(lefts, 'k', { id }, { timestamp })
}
const right = (line: Line, id: number, timestamp: number) => {
  line.pipe(rights, 'k', { id }, { timestamp })
}
const told = (line: Line) => line.outputs(matches).map((one) => `${one.kind} ${one.left} ${one.right}`)

t.test('records pair at the distance and not one ms beyond it, whichever comes first', async (t) => {
  const line = drive(race({ beforeMs: 5, afterMs: 10, graceMs: 1000 }), { at: 0 })
  left(line, 1, 100)
  right(line, 11, 94)
  right(line, 12, 95)
  right(line, 13, 110)
  right(line, 14, 111)
  left(line, 2, 101)
  t.strictSame(told(line), ['pair 1 12', 'pair 1 13', 'pair 2 13', 'pair 2 14'])
})

t.test('a record is alone once both sides are read past all it could pair with, and not before', async (t) => {
  const line = drive(race({ graceMs: 3 }), { at: 0 })
  left(line, 1, 0)
  right(line, 11, 14)
  left(line, 2, 13)
  t.strictSame(told(line), ['pair 2 11'], 'both sides are at 13: a right record of 10 may come 3 late')
  left(line, 3, 14)
  t.strictSame(told(line), ['pair 2 11', 'alone 1 -1', 'pair 3 11'])
  right(line, 12, 10)
  t.strictSame(line.drops, [{ stage: 'race', reason: 'late' }])
})

t.test('a topic that is read far ahead of the other makes nothing late', async (t) => {
  const line = drive(race(), { at: 0 })
  for (let n = 0; n < 50; n++) left(line, n, n * 100)
  for (let n = 0; n < 50; n++) right(line, n, n * 100 + 1)
  t.strictSame(
    told(line).filter((one) => one.startsWith('pair')),
    Array.from({ length: 50 }, (_, n) => `pair ${n} ${n}`),
  )
  t.strictSame([line.drops, told(line).length], [[], 50])
})

t.test('inner answers pairs only, left the lonely of its side, outer of both', async (t) => {
  for (const [kind, expected] of [
    ['inner', []],
    ['left', ['alone 1 -1']],
    ['outer', ['alone 1 -1', 'alone -1 11']],
  ] as const) {
    const line = drive(race({ kind }), { at: 0 })
    left(line, 1, 0)
    right(line, 11, 30)
    line.advance('1s')
    t.strictSame(told(line), expected, kind)
    t.strictSame([(line.state('k') as JoinState<Mark, Mark>).left, line.timers('k')], [[], {}])
  }
})

t.test('with both sides silent a record is alone idleMs after its time; with one, time follows the other', async (t) => {
  const line = drive(race(), { at: 0 })
  left(line, 1, 0)
  line.advance('60ms')
  t.strictSame(told(line), [], '0 + 10 + 1, and 50 of silence')
  line.restart()
  line.advance('1ms')
  t.strictSame(told(line), ['alone 1 -1'])

  const busy = drive(race(), { at: 1000 })
  for (let n = 0; n < 20; n++) {
    left(busy, n, n * 20)
    busy.advance('20ms')
  }
  t.ok(told(busy).length >= 15, 'the left side is never silent, the right one is given up')
  t.strictSame(told(busy)[0], 'alone 0 -1')
})

t.test('a timer that fires after a standstill does not pass for silence of either side', async (t) => {
  const join = declare()
  const name = join.timerName
  const { state } = join.left(null, { value: { id: 1 }, timestamp: 0 })
  const watched = join.fire(present(state), { name, dueAt: 11, firedAt: 11 })
  t.strictSame([watched.unmatched, watched.timers], [[], [{ name, dueAt: 61 }]])
  const down = join.fire(present(watched.state), { name, dueAt: 61, firedAt: 112 })
  t.strictSame([down.unmatched, down.timers], [[], [{ name, dueAt: 162 }]])
  const silent = join.fire(present(down.state), { name, dueAt: 162, firedAt: 212 })
  t.strictSame([silent.unmatched.length, silent.timers], [1, []])
})

t.test('a full side refuses the new record, or gives up its oldest, as declared', async (t) => {
  const strict = drive(race({ maxPerSide: 2 }), { at: 0 })
  for (const id of [1, 2, 3]) left(strict, id, id)
  right(strict, 11, 4)
  t.match(strict.deadLetters, [{ code: 'E_JOIN_FULL', topic: 'lefts' }])
  t.equal(strict.deadLetters.length, 1)
  t.strictSame(told(strict), ['pair 1 11', 'pair 2 11'])

  const lenient = drive(race({ maxPerSide: 2, overflow: 'evict-oldest', graceMs: 10 }), { at: 0 })
  right(lenient, 10, 2)
  for (const id of [2, 1, 3]) left(lenient, id, id)
  right(lenient, 11, 20)
  left(lenient, 4, 4)
  t.strictSame(told(lenient), [
    'pair 2 10',
    'pair 1 10',
    'evicted after a match 1 -1',
    'pair 3 10',
    'evicted after a match 2 -1',
    'pair 4 10',
  ])
})

t.test('an evicted record that had no partner is told as evicted and never as alone', async (t) => {
  const line = drive(race({ maxPerSide: 1, overflow: 'evict-oldest' }), { at: 0 })
  left(line, 1, 0)
  left(line, 2, 1)
  line.advance('1s')
  t.strictSame(told(line), ['evicted 1 -1', 'alone 2 -1'])
})

t.test('a watermark that is given closes in every fold; a timer of another name changes nothing', async (t) => {
  const join = declare()
  const name = join.timerName
  const one = join.left(null, { value: { id: 1 }, timestamp: 0 }, -100)
  const two = join.right(one.state, { value: { id: 2 }, timestamp: 500 }, 10)
  t.strictSame(two.unmatched, [])
  const three = join.fire(present(two.state), { name, dueAt: 11, firedAt: 11 }, 11)
  t.strictSame(three.unmatched, [{ side: 'left', timestamp: 0, value: { id: 1 } }])
  t.strictSame(three.timers, [{ name, dueAt: 511 }])
  const four = join.left(three.state, { value: { id: 3 }, timestamp: 505 }, 600)
  t.strictSame([four.late, four.unmatched.map((single) => single.value.id), four.timers], [true, [2], [{ name, dueAt: undefined }]])
  t.strictSame(join.left(null, { value: { id: 3 }, timestamp: 0 }, 600).state, undefined)
  t.equal(join.fire(present(two.state), { name: 'other', dueAt: 11, firedAt: 11 }).state, two.state)
})

t.test('distances and bounds that make no join are refused', async (t) => {
  t.throws(() => declare({ beforeMs: -11 }), /beforeMs is -11 ms/)
  t.throws(() => declare({ afterMs: 0.5 }), /whole ms/)
  t.throws(() => declare({ graceMs: -1 }), /the grace of a join/)
  t.throws(() => declare({ idleMs: 0 }), /idleMs/)
  t.throws(() => declare({ maxPerSide: 0 }), /maxPerSide is 0/)
})

const anyShape = fc
  .record({
    kind: fc.constantFrom('inner' as const, 'left' as const, 'outer' as const),
    beforeMs: fc.integer({ min: -10, max: 20 }),
    graceMs: fc.integer({ min: 0, max: 40 }),
    idleMs: fc.integer({ min: 1, max: 40 }),
    maxPerSide: fc.constantFrom(2, 1000),
    overflow: fc.constantFrom('refuse-new' as const, 'evict-oldest' as const),
  })
  .chain((shape) => fc.integer({ min: -shape.beforeMs, max: 20 }).map((afterMs) => ({ ...shape, afterMs })))
const anyRecord = fc.record({ side: fc.constantFrom('left' as const, 'right' as const), timestamp: fc.integer({ min: -50, max: 150 }) })
const anyStep = fc.oneof({ weight: 5, arbitrary: anyRecord }, { weight: 1, arbitrary: fc.constantFrom('restart', '4ms', '30ms', '1s') })

t.test('each pair of records that were taken is told once, each lonely one once, as nested loops tell them', (t) =>
  assertProperty(
    t,
    fc.property(anyShape, fc.array(anyStep, { maxLength: 60 }), (shape, steps) => {
      const line = drive(race(shape), { at: -50 })
      const taken: { id: number; side: 'left' | 'right'; timestamp: number }[] = []
      steps.forEach((step, id) => {
        if (step === 'restart') line.restart()
        else if (typeof step === 'string') line.advance(step)
        else {
          const before = line.drops.length + line.deadLetters.length
          ;(step.side === 'left' ? left : right)(line, id, step.timestamp)
          if (line.drops.length + line.deadLetters.length === before) taken.push({ id, ...step })
        }
      })
      line.advance('10s')
      const evicted = new Set(
        line.outputs(matches).flatMap((one) => (one.kind.startsWith('evicted') ? [Math.max(one.left, one.right)] : [])),
      )
      const loops: string[] = []
      const paired = new Set<number>()
      for (const l of taken.filter((one) => one.side === 'left'))
        for (const r of taken.filter((one) => one.side === 'right'))
          if (l.timestamp - shape.beforeMs <= r.timestamp && r.timestamp <= l.timestamp + shape.afterMs) {
            loops.push(`pair ${l.id} ${r.id}`)
            paired.add(l.id).add(r.id)
          }
      const got = told(line)
      const pairs = got.filter((one) => one.startsWith('pair'))
      const unique = new Set(got).size === got.length
      const state = line.state('k') as JoinState<Mark, Mark> | undefined
      const empty = (state?.left.length ?? 0) + (state?.right.length ?? 0) === 0
      // What made room may have missed a partner: then pairs are a part of the loops'.
      if (evicted.size > 0) return unique && empty && pairs.every((one) => loops.includes(one))
      const lonely = taken.flatMap(({ id, side }) =>
        paired.has(id) || shape.kind === 'inner' || (shape.kind === 'left' && side === 'right')
          ? []
          : [side === 'left' ? `alone ${id} -1` : `alone -1 ${id}`],
      )
      return unique && empty && JSON.stringify([...got].sort()) === JSON.stringify([...loops, ...lonely].sort())
    }),
    { numRuns: 500 },
  ),
)

t.test('with room and grace enough every interleaving of the two topics tells the same', (t) =>
  assertProperty(
    t,
    fc.property(
      fc.array(anyRecord, { maxLength: 30 }).chain((all) =>
        fc.tuple(
          fc.constant(all),
          fc.shuffledSubarray(
            all.map((_, n) => n),
            { minLength: all.length },
          ),
        ),
      ),
      ([all, order]) => {
        const tell = (ids: readonly number[]) => {
          const line = drive(race({ graceMs: 1000 }), { at: 0 })
          for (const id of ids) {
            const { side, timestamp } = present(all[id])
            ;(side === 'left' ? left : right)(line, id, timestamp)
          }
          line.advance('1h')
          return told(line).sort()
        }
        return JSON.stringify(tell(all.map((_, id) => id))) === JSON.stringify(tell(order))
      },
    ),
  ),
)
