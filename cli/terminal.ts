/** Where a verb writes, and what it may know of its surroundings; tests give their own. */
import { maskUrls } from '../config/maskUrls.ts'
import type { RekindleError } from '../runtime/errors.ts'
import { knownFault } from './knownFault.ts'

export interface Terminal {
  /** A line for people or pipes. */
  out(line: string): void
  /** A line about the work itself. */
  err(line: string): void
  /** Shows a line that the next one replaces; nothing when the output is no terminal. */
  live(line: string): void
}

/**
 * The terminal of this process. `readerGone` is told once when nobody reads the output any more (`rekindle tail decisions | head`): that is
 * no fault, and what a verb has begun it must be able to end.
 */
export function processTerminal(readerGone: () => void = () => undefined): Terminal {
  let [isRead, isHeard] = [true, true]
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (!isGone(error)) throw error
    if (isRead) readerGone()
    isRead = false
  })
  process.stderr.on('error', (error: NodeJS.ErrnoException) => {
    if (!isGone(error)) throw error
    isHeard = false
  })
  let shown = 0
  const complain = (text: string) => {
    if (isHeard) process.stderr.write(text)
  }
  const wipe = () => {
    if (shown > 0) complain(`\r${' '.repeat(shown)}\r`)
    shown = 0
  }
  return {
    out: (line) => {
      wipe()
      if (isRead) process.stdout.write(`${harmless(line)}\n`)
    },
    err: (line) => {
      wipe()
      complain(`${harmless(line)}\n`)
    },
    live: (line) => {
      if (!process.stderr.isTTY) return
      const text = harmless(line).slice(0, Math.max(20, process.stderr.columns - 1))
      complain(`\r${text.padEnd(shown)}`)
      shown = text.length
    },
  }
}

/** A pipe whose reader ended, or a terminal that was closed. */
function isGone({ code }: NodeJS.ErrnoException): boolean {
  return code === 'EPIPE' || code === 'EIO'
}

/**
 * What a terminal would obey is written as JSON writes it, and what would have it show a line backwards: names and messages are whatever a lead
 * typed into a form. JSON stays the JSON it was.
 */
export function harmless(text: string): string {
  return text.replace(/[^\P{Cc}\n\t]|\p{Bidi_Control}/gu, (sign) => `\\u${sign.charCodeAt(0).toString(16).padStart(4, '0')}`)
}

/** Code, sentence, what to do; passwords in URLs masked. A fault without a code is shown with its stack: it is a bug, not a message. */
export function faultLines(error: unknown): string[] {
  return linesOf(knownFault(error) ?? error).map(maskUrls)
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
