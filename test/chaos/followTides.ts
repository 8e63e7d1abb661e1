/**
 * The windows of one key, followed along what was written of them. Only that the key was silent for long enough, and at
 * which point, is taken from the output: the wall clock decides it.
 */
import { isDeepStrictEqual } from 'node:util'
import type { WindowState } from '../../runtime/windows/windowAggregate.ts'
import type { Report, Stored } from './observation.ts'
import type { Level, Tide } from './tides.ts'
import type { Total } from './workload.ts'

const WINDOW_MS = 2_000
const GRACE_MS = 1_000

/** Reports what differs; its state after the last of the totals, `undefined` when it has none or something differs. */
export function followTides(
  key: string,
  totals: readonly Stored<Total>[],
  found: readonly Stored<Tide>[],
  report: Report,
): WindowState<Level> | undefined {
  const open = new Map<number, Level>()
  const closesAt = (start: number) => start + WINDOW_MS + GRACE_MS
  let reached = -Infinity
  let at = 0
  const closing = (cause: string, until: number): Tide[] => {
    const starts = [...open.keys()].filter((start) => closesAt(start) <= until).sort((a, b) => a - b)
    return starts.map((start) => {
      const level = open.get(start) as Level
      open.delete(start)
      return { cause, kind: 'closed', start, ...level }
    })
  }
  /** What was written at once, compared with what had to be. */
  const agrees = (expected: readonly Tide[], timestamp: number): boolean => {
    for (const tide of expected) {
      const record = found[at++]
      if (isDeepStrictEqual(record?.value, tide) && record?.timestamp === timestamp) continue
      const what = record === undefined ? 'lost' : 'not what comes next of its key'
      report('tides', { key, offset: record?.offset }, what, { ...tide, timestamp }, record ?? 'nothing')
      return false
    }
    return true
  }
  const silences = (): boolean => {
    for (let record = found[at]; record?.value.cause.startsWith('silence:') === true; record = found[at]) {
      const { cause } = record.value
      const firedAt = Number(cause.slice('silence:'.length))
      const closed = closing(cause, firedAt)
      if (closed.length === 0) {
        report('tides', record, 'a silence that closed nothing', 'nothing more', record.value)
        return false
      }
      if (!agrees(closed, firedAt)) return false
      reached = Math.max(reached, ...closed.map(({ start }) => closesAt(start)))
    }
    return true
  }
  for (const { value, timestamp } of totals) {
    if (!silences()) return undefined
    const { cause, seen } = value
    const watermark = Math.max(reached, timestamp)
    const start = Math.floor(timestamp / WINDOW_MS) * WINDOW_MS
    if (closesAt(start) <= watermark) {
      // Windows that the watermark has passed were closed when it did: nothing else comes of a late one.
      if (!agrees([{ cause, kind: 'late', start, count: 0, sum: 0 }], timestamp)) return undefined
      continue
    }
    const before = open.get(start) ?? { count: 0, sum: 0 }
    const after: Level = { count: before.count + 1, sum: before.sum + seen }
    open.set(start, after)
    reached = watermark
    if (!agrees([{ cause, kind: 'taken', start, ...after }, ...closing(cause, reached)], timestamp)) return undefined
  }
  if (!silences()) return undefined
  if (at < found.length) report('tides', { key, offset: found[at]?.offset }, 'one too many', 'nothing more', found[at]?.value)
  if (open.size > 0) report('tides', { key }, 'windows never closed', [...open], 'nothing')
  return reached === -Infinity ? undefined : { watermark: reached, timer: null, windows: [] }
}
