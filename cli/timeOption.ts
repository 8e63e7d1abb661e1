/** Times and spans in options: with their zone and unit, or refused. A time without a zone would mean another moment on each machine. */
import { durationMs } from '../runtime/duration.ts'
import { cliError } from './errors.ts'

const WITH_ZONE = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(:\d{2}(\.\d{1,3})?)?(Z|[+-]\d{2}:\d{2})$/

/** ms since the epoch. Throws E_OPTION_INVALID naming the option. */
export function timeOf(option: string, text: string): number {
  const at = WITH_ZONE.test(text) ? Date.parse(text) : Number.NaN
  if (Number.isNaN(at)) throw cliError('E_OPTION_INVALID', `${option} ${text}: must be a time with its zone, such as 2026-11-24T15:00:00Z.`)
  return at
}

/** ms of a span such as `30d`. Throws E_OPTION_INVALID naming the option. */
export function spanOf(option: string, text: string): number {
  try {
    return durationMs(text)
  } catch (error) {
    throw cliError('E_OPTION_INVALID', `${option} ${text}: ${(error as Error).message}`)
  }
}
