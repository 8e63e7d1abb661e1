/** What a process does now and then beside its members: at once and again after each wait, one run at a time, until it is stopped. */
import type { Clock } from '../../integrations/ghl/clock.ts'

export interface Repetition {
  /** Between the end of a run and the next one, ms; a function is asked after each run. */
  readonly everyMs: number | (() => number)
  readonly clock: Pick<Clock, 'sleep'>
  /** Never rejects: what a run that fails means is told by the run itself. */
  readonly run: () => Promise<unknown>
}

/** Starts it; `stop` waits for the run that is under way, and no other begins. */
export function repeatedly({ everyMs, clock, run }: Repetition): { stop(): Promise<void> } {
  const stopping = new AbortController()
  const running = (async () => {
    while (!stopping.signal.aborted) {
      await run()
      await clock.sleep(typeof everyMs === 'number' ? everyMs : everyMs(), stopping.signal)
    }
  })()
  return {
    async stop() {
      stopping.abort()
      await running
    },
  }
}
