/**
 * The window of a chaos run: totals of each key by two seconds of event time, with grace and records that come too late.
 * Whatever the stage does with a total or at a silence names its cause, in the order in which it was done.
 */
import { emit, next } from '../../runtime/outcome.ts'
import { from, stage } from '../../runtime/stage.ts'
import type { FiredTimer } from '../../runtime/stage.ts'
import { topic } from '../../runtime/topic.ts'
import { flatRecord } from '../support/flatRecord.ts'
import { tumbling } from '../../runtime/windows/timeWindows.ts'
import { windowAggregate } from '../../runtime/windows/windowAggregate.ts'
import type { WindowState, WindowStep } from '../../runtime/windows/windowAggregate.ts'
import { lead, totals } from './workload.ts'
import type { Total } from './workload.ts'

export interface Level {
  count: number
  sum: number
}
const Level = flatRecord<Level>('rekindle.chaos.Level', { count: 'long', sum: 'long' })

export interface Tide extends Level {
  /** That of the total, or `silence:<time it was found>`. */
  cause: string
  /** `taken` into the window, `late` for it, or the window is `closed`. */
  kind: 'taken' | 'late' | 'closed'
  /** First ms of the window. */
  start: number
}
const Tide = flatRecord<Tide>('rekindle.chaos.Tide', { cause: 'string', kind: 'string', start: 'long', count: 'long', sum: 'long' })

export const tides = topic({
  ...lead,
  name: 'tides',
  value: Tide,
  writtenBy: ['tide'],
  about: 'What became of each total in its window, and each window when it closed.',
})

export const WINDOW_MS = 2_000
export const GRACE_MS = 1_000

const perWindow = windowAggregate({
  name: 'rekindle.chaos.Window',
  windows: tumbling(WINDOW_MS, GRACE_MS),
  idleMs: 1_000,
  aggregate: Level,
  initial: { count: 0, sum: 0 },
  add: ({ count, sum }, { seen }: Total): Level => ({ count: count + 1, sum: sum + seen }),
})

function told(cause: string, { state, timers, updated, late, closed }: WindowStep<Level>) {
  const all: Tide[] = [
    ...updated.map(({ start, aggregate }) => ({ cause, kind: 'taken' as const, start, ...aggregate })),
    ...late.map(({ start }) => ({ cause, kind: 'late' as const, start, count: 0, sum: 0 })),
    ...closed.map(({ start, aggregate }) => ({ cause, kind: 'closed' as const, start, ...aggregate })),
  ]
  return next<WindowState<Level>, typeof tides>(state, { timers, emit: all.map((each) => emit(tides, each)) })
}

export const tide = stage({
  name: 'tide',
  state: perWindow.state,
  on: [from(totals, (before: WindowState<Level> | undefined, record) => told(record.value.cause, perWindow.add(before, record)))],
  timer: (before: WindowState<Level>, fired: FiredTimer) => told(`silence:${fired.firedAt}`, perWindow.fire(before, fired)),
  outputs: [tides],
})
