/** Stages that are wrong: a task refuses them with the place, before anything of theirs is written. */
import t from 'tap'
import { drive } from '../../runtime/driver.ts'
import { emit, next, timer } from '../../runtime/outcome.ts'
import type { Outcome } from '../../runtime/outcome.ts'
import { from, stage } from '../../runtime/stage.ts'
import type { AnyStage, Context, FiredTimer, StreamRecord } from '../../runtime/stage.ts'
import { actor, echoed, Heard, input, plainScript, said, scripts, start, taskOf } from './scriptedStages.ts'
import type { Said, Script } from './scriptedStages.ts'

t.test('what no correct stage does is refused with its place', async (t) => {
  const on = (fold: (value: Script, ctx: Context) => ReturnType<typeof next<Heard, typeof said>>, over: object = {}) =>
    stage({
      name: 'wrong',
      state: Heard,
      outputs: [said],
      on: [from(scripts, (_s: Heard | undefined, r: StreamRecord<Script>, ctx: Context) => fold(r.value, ctx))],
      timer: (s: Heard, f: FiredTimer) => next(s, { timers: [timer(f.name).at(f.dueAt)] }),
      ...over,
    })
  const run = (s: AnyStage) => taskOf([s]).process([input(plainScript())])
  t.throws(
    () => run(on(() => next({ notes: [] }, { emit: [emit(echoed, { text: '', extra: null }) as never] }))),
    /emitted to echoed, which is not among its outputs/,
  )
  t.throws(() => run(on(() => next({ notes: [] }, { timers: [timer('t').at(1.5)] }))), /set the timer t to 1.5 .*whole ms/)
  // What files cannot hold: in memory it would pass, and end each member that keeps its state in them.
  const named = (name: string) => () => run(on((_v, ctx) => next({ notes: [] }, { timers: [timer(name).at(ctx.at + 5)] })))
  t.throws(named('x'.repeat(901)), /stage wrong sets a timer whose name has 901 bytes .*at most 900/)
  t.throws(named('€'.repeat(301)), /has 903 bytes/)
  t.doesNotThrow(named('€'.repeat(300)))
  t.throws(
    () => run(on(() => next<Heard, typeof said>(undefined, { timers: [timer('t').at(5)] }), { state: undefined })),
    /sets a timer .* has no state/,
  )
  const line = drive(
    on((_v, ctx) => next({ notes: [] }, { timers: [timer('t').at(ctx.at + 5)] })),
    { at: start },
  )
  line.pipe(scripts, 'k', plainScript())
  t.throws(() => {
    line.advance('1s')
  }, /it would fire for ever/)
  const circle = stage({
    name: 'circle',
    outputs: [said],
    on: [from(said, (_s: unknown, r: StreamRecord<Said>) => next(undefined, { emit: [emit(said, r.value)] }))],
  })
  t.throws(() => taskOf([actor, circle]).process([input(plainScript({ emits: 1 }))]), /the stages emit in a circle/)
  t.throws(() => taskOf([actor, actor]), /two stages of one task are named actor/)
  t.throws(() => taskOf([actor], new Map()), /stage actor has state and was given no store/)
  t.throws(() => taskOf([stage({ ...actor, on: [...actor.on, ...actor.on] })]), /stage actor reads a topic with two folds/)
  const mutating = stage({
    name: 'mutating',
    state: Heard,
    outputs: [],
    on: [
      from(scripts, (s: Heard | undefined): Outcome<Heard> => {
        s?.notes.push('x')
        return next<Heard>(s ?? { notes: [] })
      }),
    ],
  })
  const held = drive(mutating, { at: start })
  held.pipe(scripts, 'k', plainScript())
  t.throws(
    () => {
      held.pipe(scripts, 'k', plainScript())
    },
    /not extensible/,
    'state that is changed in place',
  )
})
