/**
 * How a process is asked to end: the first signal asks, the second one asks not to wait any longer, a third one kills it, for
 * nobody listens any more then. Members that are killed leave nothing half done; their partitions wait for their session.
 */
import type { EventEmitter } from 'node:events'
import { readFileSync } from 'node:fs'

const SIGNALS: readonly NodeJS.Signals[] = ['SIGTERM', 'SIGINT']

/**
 * One Ctrl-C comes twice where npm or npx stands between: from the terminal, and passed on by it. So does a terminal that is closed.
 * A person who asks again takes longer, ms.
 */
const ECHO_MS = 300

export interface StopRequests {
  /** Aborts at the first signal; its reason is the text of who asked. */
  readonly asked: AbortSignal
  /** Aborts at the second. */
  readonly hurried: AbortSignal
  /** Asks as a signal does. */
  readonly ask: (who: string) => void
}

let latest: AbortSignal | undefined

/** Whether this process was asked to end. */
export function isAsked(): boolean {
  return latest?.aborted === true
}

/** Listens to the signals that `source` (the process) gets, and to `more` of them. */
export function stopRequests(
  source: Pick<EventEmitter, 'on' | 'off'>,
  more: readonly NodeJS.Signals[] = [],
  now: () => number = () => performance.now(),
): StopRequests {
  const signals = [...SIGNALS, ...more]
  const [asked, hurried] = [new AbortController(), new AbortController()]
  latest = asked.signal
  let askedAt = -Infinity
  const ask = (who: string) => {
    if (now() - askedAt < ECHO_MS) return
    askedAt = now()
    if (!asked.signal.aborted) return asked.abort(who)
    hurried.abort(who)
    for (const signal of signals) source.off(signal, ask)
  }
  for (const signal of signals) source.on(signal, ask)
  return { asked: asked.signal, hurried: hurried.signal, ask }
}

/** The signal of a terminal that is closed, unless this process was started to outlive it (`nohup`). */
export function hangUp(status: string = ownStatus()): readonly ['SIGHUP'] | readonly [] {
  // Signals from 1 on, the last digit has the first four. @see proc_pid_status(5)
  const ignored = /^SigIgn:\s*[0-9a-f]*([0-9a-f])$/m.exec(status)?.[1] ?? '0'
  return Number.parseInt(ignored, 16) % 2 === 1 ? [] : ['SIGHUP']
}

function ownStatus(): string {
  try {
    return readFileSync('/proc/self/status', 'utf8')
  } catch {
    // No /proc on this system: it is listened to.
    return ''
  }
}
