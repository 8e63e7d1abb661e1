/**
 * How a process is asked to end: the first signal asks, the second one asks not to wait any longer, a third one kills it, for
 * nobody listens any more then. Members that are killed leave nothing half done; their partitions wait for their session.
 */
import type { EventEmitter } from 'node:events'

const SIGNALS = ['SIGTERM', 'SIGINT'] as const

export interface StopRequests {
  /** Aborts at the first signal; its reason is the text of who asked. */
  readonly asked: AbortSignal
  /** Aborts at the second. */
  readonly hurried: AbortSignal
  /** Asks as a signal does. */
  readonly ask: (who: string) => void
}

/** Listens to the signals that `source` (the process) gets. */
export function stopRequests(source: Pick<EventEmitter, 'on' | 'off'>): StopRequests {
  const [asked, hurried] = [new AbortController(), new AbortController()]
  const ask = (who: string) => {
    if (!asked.signal.aborted) return asked.abort(who)
    hurried.abort(who)
    for (const signal of SIGNALS) source.off(signal, ask)
  }
  for (const signal of SIGNALS) source.on(signal, ask)
  return { asked: asked.signal, hurried: hurried.signal, ask }
}
