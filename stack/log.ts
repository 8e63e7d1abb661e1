/** Log files of engines and processes: appended to, put aside once when they grow large, quoted when something fails. */
import { existsSync, mkdirSync, openSync, readFileSync, renameSync, statSync } from 'node:fs'
import { dirname } from 'node:path'

const ROTATE_BYTES = 8 * 1024 * 1024
const TAIL_LINES = 20

/** Opens a log for appending; a large one becomes `<file>.1` first. */
export function openLog(file: string): { readonly fd: number; readonly sizeBefore: number } {
  mkdirSync(dirname(file), { recursive: true })
  if (existsSync(file) && statSync(file).size > ROTATE_BYTES) renameSync(file, `${file}.1`)
  const fd = openSync(file, 'a', 0o600)
  return { fd, sizeBefore: statSync(file).size }
}

/** The last lines of a log, for people. */
export function logTail(file: string, lines = TAIL_LINES): string {
  if (!existsSync(file)) return '(no log)'
  return readFileSync(file, 'utf8').trimEnd().split('\n').slice(-lines).join('\n')
}
