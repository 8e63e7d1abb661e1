/** Log files of engines and processes: appended to, put aside once when they grow large, quoted when something fails. */
import { closeSync, existsSync, fstatSync, mkdirSync, openSync, readSync, renameSync, statSync } from 'node:fs'
import { dirname } from 'node:path'

const ROTATE_BYTES = 8 * 1024 * 1024
const TAIL_LINES = 20
/** Read of the end of a log at most: one that was written for months does not fit into memory. */
const QUOTED_BYTES = 64 * 1024

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
  return logSince(file, 0).trimEnd().split('\n').slice(-lines).join('\n')
}

/** What was written from this place on, or the end of it; nothing when there is no such file. */
export function logSince(file: string, from: number): string {
  if (!existsSync(file)) return ''
  const fd = openSync(file, 'r')
  try {
    const { size } = fstatSync(fd)
    const start = Math.max(from, size - QUOTED_BYTES)
    const bytes = Buffer.alloc(Math.max(0, size - start))
    return bytes.subarray(0, readSync(fd, bytes, 0, bytes.length, start)).toString('utf8')
  } finally {
    closeSync(fd)
  }
}
