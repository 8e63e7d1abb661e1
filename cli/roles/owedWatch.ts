/**
 * How many leads wait for an answer, by cause, as metrics of the pipeline process: looked at once a minute. While that cannot be
 * seen there is no number rather than an old one.
 */
import { Gauge } from 'prom-client'
import type { Registry } from 'prom-client'
import type { Logger } from 'pino'
import type { Clock } from '../../integrations/ghl/clock.ts'
import type { OwedCause } from '../../pipelines/reconcile/owed.ts'
import { causeWords } from '../../pipelines/reconcile/words.ts'
import { owedThrough } from '../../sinks/postgres/owedLeads.ts'
import type { OwedAnswer, OwedFilter } from '../../sinks/postgres/owedLeads.ts'
import { repeatedly } from './repeatedly.ts'

export interface OwedWatchOptions {
  readonly owed: (filter: OwedFilter, now: number) => Promise<OwedAnswer>
  readonly clock: Clock
  readonly metrics: OwedMetrics
  readonly logger: Pick<Logger, 'warn'>
}

/** Who waits for less has not been kept waiting: 15 min in ms. */
export const KEPT_WAITING_MS = 15 * 60_000
const MINUTE_MS = 60_000
/** The thousand that wait longest: where there are more, the number is no news. */
const COUNTED = 1_000

const causes = Object.keys(causeWords) as OwedCause[]

export interface OwedMetrics {
  readonly leads: Gauge<'cause'>
  readonly behind: Gauge<'compared'>
}

export function owedMetrics(registry: Registry): OwedMetrics {
  const registers = [registry]
  return {
    leads: new Gauge({
      name: 'lr_owed_leads',
      help: 'Leads that have waited 15 minutes or longer for an answer, by cause; of the thousand that wait longest.',
      labelNames: ['cause'],
      registers,
    }),
    behind: new Gauge({
      name: 'lr_owed_locations_behind',
      help: 'Active locations that are not compared with what GoHighLevel shows (compared: never, or late).',
      labelNames: ['compared'],
      registers,
    }),
  }
}

/** Starts it; `stop` waits for the look that is under way. */
export function watchOwed({ owed, clock, metrics: { leads, behind }, logger }: OwedWatchOptions): { stop(): Promise<void> } {
  async function look(): Promise<void> {
    const now = clock.now()
    const answer = await owedThrough(owed, { writtenBefore: now - KEPT_WAITING_MS, limit: COUNTED }, now)
    for (const cause of causes) leads.set({ cause }, answer.leads.filter((one) => one.cause === cause).length)
    const never = answer.coverage.behind.filter(({ comparedUntil }) => comparedUntil === null).length
    behind.set({ compared: 'never' }, never)
    behind.set({ compared: 'late' }, answer.coverage.behind.length - never)
  }
  return repeatedly({
    everyMs: MINUTE_MS,
    clock,
    run: () =>
      look().catch((error: unknown) => {
        leads.reset()
        behind.reset()
        logger.warn({ err: error }, 'how many leads wait for an answer could not be seen; trying again')
      }),
  })
}
