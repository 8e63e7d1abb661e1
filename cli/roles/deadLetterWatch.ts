/**
 * How many dead letters stand open, as a metric of the pipeline process: looked at twice a minute. While that cannot be seen there is no
 * number rather than an old one.
 */
import { Gauge } from 'prom-client'
import type { Registry } from 'prom-client'
import type { Logger } from 'pino'
import type { Clock } from '../../integrations/ghl/clock.ts'
import type { DeadLetterCounts } from '../../runtime/kafka/connectKafka.ts'
import { repeatedly } from './repeatedly.ts'

export interface DeadLetterWatchOptions {
  readonly counts: Pick<DeadLetterCounts, 'look'>
  readonly clock: Clock
  readonly depth: DeadLetterDepth
  readonly logger: Pick<Logger, 'warn'>
}

export type DeadLetterDepth = Gauge<'topic' | 'group' | 'step'>

const EVERY_MS = 30_000

export function deadLetterDepth(registry: Registry): DeadLetterDepth {
  return new Gauge({
    name: 'lr_dlq_depth',
    help: 'Dead letters that nothing became of yet: not replayed, fixed or discarded. The same in every process that tells it.',
    labelNames: ['topic', 'group', 'step'],
    registers: [registry],
  })
}

/** Starts it; `stop` waits for the look that is under way. */
export function watchDeadLetters({ counts, clock, depth, logger }: DeadLetterWatchOptions): { stop(): Promise<void> } {
  async function look(): Promise<void> {
    const found = await counts.look()
    depth.reset()
    for (const { open, ...labels } of found) depth.set(labels, open)
  }
  return repeatedly({
    everyMs: EVERY_MS,
    clock,
    run: () =>
      look().catch((error: unknown) => {
        depth.reset()
        logger.warn({ err: error }, 'how many dead letters stand open could not be seen; trying again')
      }),
  })
}
