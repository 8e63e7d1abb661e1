/** Log files of engines and processes: appended to, put aside when they grow large, at a start and while they are written, quoted when something fails. */
import {
  closeSync,
  copyFileSync,
  existsSync,
  fstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  readSync,
  renameSync,
  statSync,
  truncateSync,
} from 'node:fs'
import { dirname, join } from 'node:path'

const ROTATE_BYTES = 8 * 1024 * 1024
/** Of a log that is written: larger than at a start, since what is written while it is put aside is lost. */
const RUNNING_BYTES = 64 * 1024 * 1024
const LOOK_EVERY_MS = 60_000
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

/**
 * Puts large logs of a folder aside while others write them: the content goes to `<file>.1`, which is replaced, and the file begins anew.
 * Who writes has opened it for appending and goes on at its beginning; renamed, it would be written without bound under its new name.
 */
export function boundLogs(folder: string, mostBytes = RUNNING_BYTES): void {
  for (const name of existsSync(folder) ? readdirSync(folder) : []) {
    const file = join(folder, name)
    if (!name.endsWith('.log') || statSync(file).size <= mostBytes) continue
    copyFileSync(file, `${file}.1`)
    truncateSync(file)
  }
}

/** The same every minute, until it is stopped. A disk that is too full to put a log aside is told once in a row. */
export function keepLogsBounded(folder: string, tell: (line: string) => void): { stop(): void } {
  let isTold = false
  const timer = setInterval(() => {
    try {
      boundLogs(folder)
      isTold = false
    } catch (error) {
      if (!isTold) tell(`A log could not be put aside: ${(error as Error).message}.`)
      isTold = true
    }
  }, LOOK_EVERY_MS).unref()
  return { stop: () => clearInterval(timer) }
}

/** The last lines of a log, for people. */
export function logTail(file: string, lines = TAIL_LINES): string {
  if (!existsSync(file)) return '(no log)'
  return logSince(file, 0).trimEnd().split('\n').slice(-lines).join('\n')
}

/** What was written from this place on, or the end of it; all of a log that was put aside since. Nothing when there is no such file. */
export function logSince(file: string, from: number): string {
  if (!existsSync(file)) return ''
  const fd = openSync(file, 'r')
  try {
    const { size } = fstatSync(fd)
    const start = Math.max(from > size ? 0 : from, size - QUOTED_BYTES)
    const bytes = Buffer.alloc(Math.max(0, size - start))
    return bytes.subarray(0, readSync(fd, bytes, 0, bytes.length, start)).toString('utf8')
  } finally {
    closeSync(fd)
  }
}
