/**
 * Counts the decisions of days that are over, once at the start and then every hour, so that what rules cost is told without counting
 * them each time. A run that fails is told and made again; until then the days are counted by whoever asks.
 */
import type { Logger } from 'pino'
import type { Clock } from '../../integrations/ghl/clock.ts'
import { repeatedly } from './repeatedly.ts'

const HOUR_MS = 3_600_000

export interface DayCountPartOptions {
  /** Counts the days that are over at this time, ms, until the signal aborts; resolves with how many it counted. */
  readonly count: (now: number, signal: AbortSignal) => Promise<number>
  readonly clock: Clock
  readonly logger: Pick<Logger, 'debug' | 'warn'>
}

/** Starts it; `stop` waits for the day that is being counted. */
export function startDayCounts({ count, clock, logger }: DayCountPartOptions): { stop(): Promise<void> } {
  const stopping = new AbortController()
  async function run(): Promise<void> {
    try {
      logger.debug({ days: await count(clock.now(), stopping.signal) }, 'days of decisions were counted')
    } catch (error) {
      logger.warn({ err: error }, 'the decisions of days that are over could not be counted; trying again')
    }
  }
  const running = repeatedly({ everyMs: HOUR_MS, clock, run })
  return {
    async stop() {
      stopping.abort()
      await running.stop()
    },
  }
}
