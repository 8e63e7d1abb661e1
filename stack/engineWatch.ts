/**
 * Brings engines back that died, each on the ports that clients know, after a pause that doubles while it does not live long. Every
 * death, return and failure is said, with when the next try is.
 */
import { maskUrls } from '../config/maskUrls.ts'
import type { ProcessEngine } from './engine.ts'

export interface EngineWatch {
  /** Starts those again that are dead and whose pause is over. Never rejects. */
  look(): Promise<void>
  /** None is started any more, and a start that is under way is given up. */
  stop(): void
}

export interface EngineWatchOptions {
  /** One line for people. */
  readonly onEvent: (line: string) => void
  /** Told after each try. */
  readonly onChange: () => void
  /** ms of a clock that never goes back. */
  readonly now?: () => number
}

type Watched = Pick<ProcessEngine, 'name' | 'address' | 'logFile' | 'alive' | 'restart' | 'giveUp'>

const FIRST_PAUSE_MS = 500
const LONGEST_PAUSE_MS = 30_000
/** One that lived this long is started again at once. */
const STEADY_MS = 60_000

export function engineWatch(engines: readonly Watched[], options: EngineWatchOptions): EngineWatch {
  const { onEvent, onChange, now = () => performance.now() } = options
  const began = now()
  const turns = engines.map((engine) => ({ engine, pauseMs: FIRST_PAUSE_MS, notBefore: began, upSince: began }))
  let stopped = false

  async function comeBack(turn: (typeof turns)[number]): Promise<void> {
    const { engine } = turn
    if (stopped || engine.alive || now() < turn.notBefore) return
    if (now() - turn.upSince >= STEADY_MS) turn.pauseMs = FIRST_PAUSE_MS
    const pauseMs = turn.pauseMs
    turn.pauseMs = Math.min(LONGEST_PAUSE_MS, pauseMs * 2)
    onEvent(`${engine.name} died; starting it again. Its log: ${engine.logFile}`)
    try {
      await engine.restart()
      turn.upSince = now()
      onEvent(`${engine.name} is back on ${maskUrls(engine.address ?? '')}`)
    } catch (error) {
      // Not steady: what does not start has not lived.
      turn.upSince = now()
      if (!stopped) onEvent(`${engine.name} could not be started again, next try in ${pauseMs / 1000} s: ${(error as Error).message}`)
    }
    turn.notBefore = now() + pauseMs
    onChange()
  }

  return {
    async look() {
      await Promise.all(turns.map(comeBack))
    },
    stop() {
      stopped = true
      for (const engine of engines) engine.giveUp()
    },
  }
}
