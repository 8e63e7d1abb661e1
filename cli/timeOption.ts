/** Times and spans in options: with their zone and unit, or refused. A time without a zone would mean another moment on each machine. */
import { durationMs } from '../runtime/duration.ts'
import { cliError } from './errors.ts'

const WITH_ZONE = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(:\d{2}(\.\d{1,3})?)?(Z|[+-]\d{2}:\d{2})$/

/** ms since the epoch. Throws E_OPTION_INVALID naming the option. */
export function timeOf(option: string, text: string): number {
  const at = WITH_ZONE.test(text) && isDay(text.slice(0, 10)) ? Date.parse(text) : Number.NaN
  if (Number.isNaN(at)) throw cliError('E_OPTION_INVALID', `${option} ${text}: must be a time with its zone, such as 2026-11-24T15:00:00Z.`)
  return at
}

/** `Date` takes the 30th of February for the 2nd of March. */
function isDay(text: string): boolean {
  const midnight = Date.parse(text)
  return !Number.isNaN(midnight) && new Date(midnight).toISOString().startsWith(text)
}

/** Longer ones reach back before any time that there is, or are no number any more. A hundred years in ms. */
const SPAN_MOST_MS = 36_525 * 86_400_000

/** ms of a span such as `30d`. Throws E_OPTION_INVALID naming the option. */
export function spanOf(option: string, text: string): number {
  try {
    const ms = durationMs(text)
    if (ms <= SPAN_MOST_MS) return ms
    throw new RangeError('is longer than a hundred years.')
  } catch (error) {
    throw cliError('E_OPTION_INVALID', `${option} ${text}: ${(error as Error).message}`)
  }
}
