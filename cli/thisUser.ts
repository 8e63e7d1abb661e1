/**
 * Who runs a verb, for what is written down of who did it: the user of this machine, by number where the machine has no name for it.
 * A container that runs under a number of its own has none.
 */
import { userInfo } from 'node:os'
import { cliError } from './errors.ts'

export function thisUser(named: () => string = () => userInfo().username): string {
  try {
    return named()
  } catch {
    return `uid ${process.getuid?.() ?? 'unknown'}`
  }
}

/** Whom a verb names as who did it: `--by`, else this user. Throws E_OPTION_INVALID for an empty name: a variable of a script that is not set. */
export function doneBy(by: string | undefined): string {
  if (by?.trim() === '') throw cliError('E_OPTION_INVALID', '--by "": must be a name, or be left out: then it is the user of this machine.')
  return by ?? thisUser()
}
