/**
 * Who runs a verb, for what is written down of who did it: the user of this machine, by number where the machine has no name for it.
 * A container that runs under a number of its own has none.
 */
import { userInfo } from 'node:os'

export function thisUser(named: () => string = () => userInfo().username): string {
  try {
    return named()
  } catch {
    return `uid ${process.getuid?.() ?? 'unknown'}`
  }
}
