/** Where a verb writes, and what it may know of its surroundings; tests give their own. */
import { maskUrls } from '../config/maskUrls.ts'
import type { RekindleError } from '../runtime/errors.ts'

export interface Terminal {
  /** A line for people or pipes. */
  out(line: string): void
  /** A line about the work itself. */
  err(line: string): void
  /** Shows a line that the next one replaces; nothing when the output is no terminal. */
  live(line: string): void
}

export function processTerminal(): Terminal {
  // A reader that has seen enough (`rekindle tail decisions | head`) is no fault.
  process.stdout.once('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error
    process.exit(0)
  })
  let shown = 0
  const wipe = () => {
    if (shown > 0) process.stderr.write(`\r${' '.repeat(shown)}\r`)
    shown = 0
  }
  return {
    out: (line) => {
      wipe()
      process.stdout.write(`${line}\n`)
    },
    err: (line) => {
      wipe()
      process.stderr.write(`${line}\n`)
    },
    live: (line) => {
      if (!process.stderr.isTTY) return
      const text = line.slice(0, Math.max(20, process.stderr.columns - 1))
      process.stderr.write(`\r${text.padEnd(shown)}`)
      shown = text.length
    },
  }
}

/** Code, sentence, what to do; passwords in URLs masked. A fault without a code is shown with its stack: it is a bug, not a message. */
export function faultLines(error: unknown): string[] {
  return linesOf(error).map(maskUrls)
}

function linesOf(error: unknown): string[] {
  if (isCoded(error)) {
    const [, ...rest] = error.message.split('\n')
    const detail = rest.slice(0, -1)
    return [`${error.code}: ${detail[0] ?? ''}`, ...detail.slice(1), `What to do: ${error.remedy}`]
  }
  return [error instanceof Error ? (error.stack ?? error.message) : String(error)]
}

function isCoded(error: unknown): error is RekindleError {
  return error instanceof Error && 'code' in error && 'remedy' in error
}
