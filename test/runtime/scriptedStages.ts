/**
 * Two stages that do what each record tells them: an actor that keeps notes, sets and moves timers and speaks, and an echo
 * that it is fused with. Whatever a test wants to happen in a fold it writes into a record.
 */
import fc from 'fast-check'
import { deadLetter, drop, emit, next, timer } from '../../runtime/outcome.ts'
import { schema } from '../../runtime/schema.ts'
import { from, stage } from '../../runtime/stage.ts'
import type { AnyStage, Context, FiredTimer, StreamRecord } from '../../runtime/stage.ts'
import { MemoryStateStore } from '../../runtime/stateStore.ts'
import { Task } from '../../runtime/task.ts'
import type { InputRecord } from '../../runtime/task.ts'
import { topic } from '../../runtime/topic.ts'

/** A record that says what its fold shall do: the stage below only carries it out. */
export interface Script {
  note: string
  /** Timer name to delay, ms; negative cancels. */
  timers: Record<string, number>
  emits: number
  forget: boolean
  refuse: string | null
}
export interface Heard {
  notes: string[]
}
export interface Said {
  text: string
  extra: string | null
}

export const Script = schema<Script>({
  type: 'record',
  name: 'Script',
  namespace: 'model',
  fields: [
    { name: 'note', type: 'string' },
    { name: 'timers', type: { type: 'map', values: 'long' } },
    { name: 'emits', type: 'int' },
    { name: 'forget', type: 'boolean' },
    { name: 'refuse', type: ['null', 'string'], default: null },
  ],
})
export const Heard = schema<Heard>({
  type: 'record',
  name: 'Heard',
  namespace: 'model',
  fields: [{ name: 'notes', type: { type: 'array', items: 'string' } }],
})
export const Said = schema<Said>({
  type: 'record',
  name: 'Said',
  namespace: 'model',
  fields: [
    { name: 'text', type: 'string' },
    { name: 'extra', type: ['null', 'string'], default: null },
  ],
})
export const declared = { key: 'lead', retention: { days: 1 }, contract: 'internal', about: '' } as const
export const scripts = topic({ ...declared, name: 'scripts', value: Script, writtenBy: ['author'] })
export const said = topic({ ...declared, name: 'said', value: Said, writtenBy: ['actor', '*'] })
export const echoed = topic({ ...declared, name: 'echoed', value: Said, writtenBy: ['echo'] })

export const ttlMs = 100
const say = (text: string) => emit(said, { text, extra: null })
export const actor = stage({
  name: 'actor',
  state: Heard,
  ttlMs,
  outputs: [said],
  on: [
    from(scripts, (state: Heard | undefined, { value }: StreamRecord<Script>, ctx: Context) => {
      if (value.refuse === 'drop') return drop('refused')
      if (value.refuse !== null) return deadLetter('E_REFUSED', { note: value.note })
      const timers = Object.entries(value.timers).map(([name, delay]) =>
        delay < 0 ? timer(name).cancel() : timer(name).at(ctx.at + delay),
      )
      const emitted = Array.from({ length: value.emits }, (_, i) => say(`${value.note}${i}`))
      return next(value.forget ? undefined : { notes: [...(state?.notes ?? []), value.note] }, { emit: emitted, timers })
    }),
  ],
  // `x` ends; `y` sets `z` 3 ms after its due time, which may have passed already; `z` says how much was heard.
  timer: (state: Heard, { name, dueAt }: FiredTimer) =>
    name === 'y'
      ? next({ notes: [...state.notes, 'y'] }, { timers: [timer('z').at(dueAt + 3)] })
      : next(state, { emit: [say(`${name} ${state.notes.length}`)] }),
})
export const echo = stage({
  name: 'echo',
  state: Heard,
  outputs: [echoed],
  on: [
    from(said, (state: Heard | undefined, { value }: StreamRecord<Said>, ctx: Context) =>
      next(
        { notes: [...(state?.notes ?? []).slice(-3), value.text] },
        { emit: [emit(echoed, { text: `${value.text}!`, extra: state?.notes.at(-1) ?? null })], timers: [timer('hush').at(ctx.at + 7)] },
      ),
    ),
  ],
  timer: (state: Heard) => next(undefined, { emit: [emit(echoed, { text: `hushed ${state.notes.length}`, extra: null })] }),
})
export const stages: readonly AnyStage[] = [actor, echo]

/** Records of few timers and few notes, so that they meet. */
export const script: fc.Arbitrary<Script> = fc.record({
  note: fc.constantFrom('a', 'b', 'c'),
  timers: fc.dictionary(fc.constantFrom('x', 'y', 'z'), fc.integer({ min: -5, max: 30 })),
  emits: fc.nat({ max: 2 }),
  forget: fc.boolean(),
  refuse: fc.option(fc.constantFrom('drop', 'dead letter'), { freq: 6 }),
})

/** When a record comes unless a test says otherwise, ms. */
export const start = Date.UTC(2026, 10, 3, 15)
export const plainScript = (over: Partial<Script> = {}): Script => ({
  note: 'n',
  timers: {},
  emits: 0,
  forget: false,
  refuse: null,
  ...over,
})
/** A record of the scripts as a task takes it. */
export const input = (value: Script, over: Partial<InputRecord> = {}): InputRecord => ({
  topic: 'scripts',
  partition: 0,
  offset: 0n,
  key: 'k',
  value,
  timestamp: start,
  headers: {},
  raw: { key: null, value: null, headers: {} },
  ...over,
})
export const taskOf = (list: readonly AnyStage[], stores = new Map(list.map((s) => [s.name, new MemoryStateStore()]))) =>
  new Task({ group: 'g', stages: list, partition: 0, stores, tables: new Map() })
