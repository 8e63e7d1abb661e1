/** The example of docs/windows.md: the page quotes the region below, and windowsExample.test.ts runs it. */
import { emit, next } from '../../runtime/outcome.ts'
import { schema } from '../../runtime/schema.ts'
import { from, stage } from '../../runtime/stage.ts'
import type { FiredTimer, StreamRecord } from '../../runtime/stage.ts'
import { topic } from '../../runtime/topic.ts'
import { tumbling } from '../../runtime/windows/timeWindows.ts'
import { windowAggregate } from '../../runtime/windows/windowAggregate.ts'
import type { WindowState, WindowStep } from '../../runtime/windows/windowAggregate.ts'

export interface Rain {
  millimetres: number
}
export interface HourOfRain extends Rain {
  start: number
}
const fields = [{ name: 'millimetres', type: 'int' }]
const Rain = schema<Rain>({ type: 'record', name: 'weather.Rain', fields })
const HourOfRain = schema<HourOfRain>({ type: 'record', name: 'weather.HourOfRain', fields: [{ name: 'start', type: 'long' }, ...fields] })

const declared = { key: 'lead', retention: { days: 1 }, contract: 'internal', about: '' } as const
export const readings = topic({ ...declared, name: 'readings', value: Rain, writtenBy: ['stations'] })
export const hours = topic({ ...declared, name: 'hours', value: HourOfRain, writtenBy: ['rain'] })
export const lateReadings = topic({ ...declared, name: 'late-readings', value: Rain, writtenBy: ['rain'] })

// #region page
const minutes = 60_000
const perHour = windowAggregate({
  name: 'weather.RainPerHour',
  windows: tumbling(60 * minutes, 5 * minutes),
  idleMs: 2 * minutes,
  aggregate: Rain,
  initial: { millimetres: 0 },
  add: (rain, reading: Rain) => ({ millimetres: rain.millimetres + reading.millimetres }),
})

type State = WindowState<Rain>
const results = ({ state, timers, closed }: WindowStep<Rain>, late: Rain[] = []) =>
  next<State, typeof hours | typeof lateReadings>(state, {
    timers,
    emit: [
      ...closed.map(({ start, aggregate }) => emit(hours, { start, ...aggregate })),
      ...late.map((reading) => emit(lateReadings, reading)),
    ],
  })

function measure(before: State | undefined, reading: StreamRecord<Rain>) {
  const step = perHour.add(before, reading)
  return results(step, step.late.length > 0 ? [reading.value] : [])
}

/** The rain at each station by the hour. */
export const rain = stage({
  name: 'rain',
  state: perHour.state,
  on: [from(readings, measure)],
  timer: (before: State, fired: FiredTimer) => results(perHour.fire(before, fired)),
  outputs: [hours, lateReadings],
  ttlMs: 7 * 24 * 60 * minutes,
})
// #endregion
