/**
 * Stages whose result does not depend on when anything happens: each says what came in which order, and so whether what came is a
 * sequence that one naive run would have given. An actor of two topics, of which one goes first, with timers and records that wait;
 * an echo that others may speak to as well; and windows over what it says.
 */
import { deadLetter, drop, emit, next, retryLater, timer } from '../../../../runtime/outcome.ts'
import { schema } from '../../../../runtime/schema.ts'
import { from, stage } from '../../../../runtime/stage.ts'
import type { AnyStage, Context, FiredTimer, StreamRecord } from '../../../../runtime/stage.ts'
import { topic } from '../../../../runtime/topic.ts'
import { tumbling } from '../../../../runtime/windows/timeWindows.ts'
import { windowAggregate } from '../../../../runtime/windows/windowAggregate.ts'
import type { WindowState, WindowStep } from '../../../../runtime/windows/windowAggregate.ts'

export interface Act {
  id: number
  /** Timer name to when it is due, ms since the epoch; negative cancels. */
  timers: Record<string, number>
  emits: number
  forget: boolean
  /** It is judged from then on, ms since the epoch; before, it waits. */
  readyAt: number
  /** `drop`, `dead letter`, or `echo`: what it gives is refused by the next stage. */
  refuse: string | null
}
export interface Line {
  by: string
  count: number
  /** Of everything of the key before, and this. */
  chain: number
}
interface Heard {
  count: number
  chain: number
}

export const Act = schema<Act>({
  type: 'record',
  name: 'Act',
  namespace: 'acted',
  fields: [
    { name: 'id', type: 'long' },
    { name: 'timers', type: { type: 'map', values: 'long' } },
    { name: 'emits', type: 'int' },
    { name: 'forget', type: 'boolean' },
    { name: 'readyAt', type: 'long' },
    { name: 'refuse', type: ['null', 'string'], default: null },
  ],
})
export const Line = schema<Line>({
  type: 'record',
  name: 'Line',
  namespace: 'acted',
  fields: [
    { name: 'by', type: 'string' },
    { name: 'count', type: 'long' },
    { name: 'chain', type: 'long' },
  ],
})
export const Heard = schema<Heard>({
  type: 'record',
  name: 'Heard',
  namespace: 'acted',
  fields: [
    { name: 'count', type: 'long' },
    { name: 'chain', type: 'long' },
  ],
})

const declared = { key: 'lead', retention: { days: 1 }, contract: 'internal', about: '' } as const
export const plain = topic({ ...declared, name: 'plain', value: Act, writtenBy: ['author'] })
export const urgent = topic({ ...declared, name: 'urgent', value: Act, writtenBy: ['author'] })
export const told = topic({ ...declared, name: 'told', value: Line, writtenBy: ['actor', '*'] })
export const echoed = topic({ ...declared, name: 'echoed', value: Line, writtenBy: ['echo'] })
export const counted = topic({ ...declared, name: 'counted', value: Line, writtenBy: ['windows'] })
/** Holds what time it is. */
export const clock = topic({ ...declared, name: 'clock', retention: 'compact', value: Heard, writtenBy: ['author'] })

export function chained(chain: number, by: string): number {
  let value = chain
  for (let at = 0; at < by.length; at += 1) value = (Math.imul(value, 31) + by.charCodeAt(at)) >>> 0
  return value
}

export const byRecord = (topicName: string, id: number) => `${topicName} ${id}`
/** Whose lines the echo refuses. */
export const REFUSED = ' refused'
export const byLine = (topicName: string, { id, refuse }: Pick<Act, 'id' | 'refuse'>, index: number) =>
  `${byRecord(topicName, id)} ${index}${refuse === 'echo' ? REFUSED : ''}`
export const byTimer = (name: string, dueAt: number) => `timer ${name} ${dueAt}`

function heard(state: Heard | undefined, by: string): Heard {
  return { count: (state?.count ?? 0) + 1, chain: chained(state?.chain ?? 0, by) }
}

export const retryAfterMs = 20
const act = (state: Heard | undefined, { value, topic: name }: StreamRecord<Act>, ctx: Context<{ clock: typeof clock }>) => {
  if (value.refuse === 'drop') return drop('refused')
  if (value.refuse === 'dead letter') return deadLetter('E_REFUSED', { id: value.id })
  const now = ctx.tables.clock.get('now')?.count ?? 0
  if (now < value.readyAt) return retryLater('E_WAITS', {}, { afterMs: retryAfterMs })
  const line = heard(state, byRecord(name, value.id))
  const timers = Object.entries(value.timers).map(([each, dueAt]) => (dueAt < 0 ? timer(each).cancel() : timer(each).at(dueAt)))
  const lines = Array.from({ length: value.emits }, (_, index) => emit(told, { ...line, by: byLine(name, value, index) }))
  return next(value.forget ? undefined : line, { emit: lines, timers: value.forget ? [] : timers })
}

const actor = stage({
  name: 'actor',
  state: Heard,
  tables: { clock },
  on: [from(plain, act), from(urgent, act, { priority: 1 })],
  timer: (state: Heard, { name, dueAt }: FiredTimer) => {
    const line = heard(state, byTimer(name, dueAt))
    return next(line, { emit: [emit(told, { ...line, by: byTimer(name, dueAt) })] })
  },
  outputs: [told],
  parking: { attempts: 10_000, records: 10_000 },
})

const echo = stage({
  name: 'echo',
  state: Heard,
  on: [
    from(told, (state: Heard | undefined, { value }: StreamRecord<Line>) => {
      if (value.by.endsWith(REFUSED)) return deadLetter('E_REFUSED', { by: value.by })
      const line = heard(state, value.by)
      return next(line, { emit: [emit(echoed, { ...line, by: value.by })] })
    }),
  ],
  outputs: [echoed],
})

/** So many lines of a key make a window. */
export const perWindow = 5
const aggregate = windowAggregate({
  name: 'acted.PerWindow',
  windows: tumbling(perWindow, 0),
  // Longer than any run: lines close windows, so that time changes nothing.
  idleMs: 86_400_000,
  aggregate: Heard,
  initial: { count: 0, chain: 0 },
  add: (sum, { by }: Line) => ({ count: sum.count + 1, chain: chained(sum.chain, by) }),
})
type Windows = WindowState<Heard>
const closing = ({ state, timers, closed }: WindowStep<Heard>) =>
  next<Windows, typeof counted>(state, {
    timers,
    emit: closed.map(({ start, aggregate: sum }) => emit(counted, { ...sum, by: `window ${start}` })),
  })
const windows = stage({
  name: 'windows',
  state: aggregate.state,
  on: [
    from(echoed, (state: Windows | undefined, { value }: StreamRecord<Line>) =>
      closing(aggregate.add(state, { value, timestamp: value.count - 1 })),
    ),
  ],
  timer: (state: Windows, fired: FiredTimer) => closing(aggregate.fire(state, fired)),
  outputs: [counted],
})

export const acted: readonly AnyStage[] = [actor, echo, windows]
