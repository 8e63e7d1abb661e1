/**
 * What the operating system says about a process: whether it lives, what it was started as, and how to end it for
 * certain. A process id alone is never trusted: ids are reused, so identity is a marker in the command line or the time of birth.
 */
import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync, readdirSync } from 'node:fs'
import { setTimeout as pause } from 'node:timers/promises'

const hasProc = existsSync('/proc/self/cmdline')
const POLL_MS = 25

/** The command line of a process, arguments separated by spaces; undefined when it is gone or a zombie. */
export function commandLine(pid: number): string | undefined {
  try {
    const line = hasProc
      ? readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ').trim()
      : execFileSync('ps', ['-o', 'command=', '-p', String(pid)], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim()
    return line === '' ? undefined : line
  } catch {
    // Gone between two looks: the answer is "no such process", not a failure.
    return undefined
  }
}

/**
 * When the process of a line of `/proc/<pid>/stat` was born, in clock ticks since the boot; undefined when it has let go of
 * all it held. A process that ends loses its command line first, then its ports and files, and is a zombie of one thread last.
 * @see proc_pid_stat(5): field 2 is the name in brackets and may hold spaces; 3 is the state, 20 the threads, 22 the start.
 */
export function birthIn(stat: string): string | undefined {
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  const threads = Number(fields[17])
  // A zombie with threads is one whose first thread ended alone: the others still hold its ports.
  return fields[0] === 'X' || (fields[0] === 'Z' && threads <= 1) ? undefined : fields[19]
}

/** Text that differs between two processes that had the same id one after the other; undefined when there is none. */
export function processBirth(pid: number): string | undefined {
  try {
    if (!hasProc) {
      const started = execFileSync('ps', ['-o', 'lstart=', '-p', String(pid)], {
        encoding: 'utf8',
        stdio: ['ignore', 'pipe', 'ignore'],
      }).trim()
      return started === '' ? undefined : started
    }
    return birthIn(readFileSync(`/proc/${pid}/stat`, 'utf8'))
  } catch {
    return undefined
  }
}

/** Whether the process is there and was started with the marker in its command line. */
export function carries(pid: number, marker: string): boolean {
  return commandLine(pid)?.includes(marker) === true
}

/** Every process whose command line carries the marker. Empty where the system has no /proc: then only the noted id counts. */
export function findByMarker(marker: string): number[] {
  if (!hasProc) return []
  return readdirSync('/proc')
    .filter((entry) => /^\d+$/.test(entry))
    .map(Number)
    .filter((pid) => pid !== process.pid && carries(pid, marker))
}

/** Sends a signal; a process that is gone already is no error. */
export function signalProcess(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error
  }
}

/** Waits until `gone()` or the deadline; true when it is gone. */
export async function waitUntil(gone: () => boolean, budgetMs: number): Promise<boolean> {
  const deadline = performance.now() + budgetMs
  while (!gone()) {
    if (performance.now() >= deadline) return false
    await pause(POLL_MS)
  }
  return true
}

/**
 * Ends a process that carries the marker: the gentle signal first, SIGKILL when its budget is used up.
 * True when it is gone; `killed` tells which of the two it took.
 */
export async function endProcess(
  pid: number,
  marker: string,
  signal: NodeJS.Signals,
  budgetMs: number,
): Promise<{ gone: boolean; killed: boolean }> {
  const birth = processBirth(pid)
  if (birth === undefined || !carries(pid, marker)) return { gone: true, killed: false }
  // Not "has no command line": that goes before the ports and files do, and whoever starts next would find them taken.
  const gone = () => processBirth(pid) !== birth
  signalProcess(pid, signal)
  if (await waitUntil(gone, budgetMs)) return { gone: true, killed: false }
  signalProcess(pid, 'SIGKILL')
  return { gone: await waitUntil(gone, 5_000), killed: true }
}
