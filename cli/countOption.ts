/** Numbers in options. Text that `Number` takes for one and a person would not (nothing, 0x10, 1e3) is refused. */
import { cliError } from './errors.ts'

/** Throws E_OPTION_INVALID naming the option and what it must be. */
export function countOf(option: string, text: string, least: number, most?: number): number {
  const count = /^\d{1,15}$/.test(text) ? Number(text) : Number.NaN
  if (count >= least && count <= (most ?? Number.MAX_SAFE_INTEGER)) return count
  const range = most === undefined ? `from ${least}` : `from ${least} to ${most}`
  throw cliError('E_OPTION_INVALID', `${option} ${text.trim() === '' ? '""' : text}: must be a whole number ${range}.`)
}

/** Seconds, with parts of one down to a thousandth. Throws E_OPTION_INVALID naming the option. */
export function secondsOf(option: string, text: string): number {
  if (/^\d{1,9}(\.\d{1,3})?$/.test(text)) return Number(text)
  throw cliError('E_OPTION_INVALID', `${option} ${text.trim() === '' ? '""' : text}: must be a number of seconds such as 90.`)
}
