/** Tells the fence, round after round, up to when what may take a permission back has been folded and stored. */
import type { Logger } from 'pino'
import { hear, heardDefaults } from '../../delivery/heard.ts'
import type { HeardBy } from '../../delivery/heard.ts'
import { systemClock } from '../../delivery/systemClock.ts'
import { enrich } from '../../pipelines/enrich/stage.ts'
import { ingest } from '../../pipelines/ingest/stage.ts'
import type { KafkaConnection } from '../../runtime/kafka/connectKafka.ts'
import { copiesCompleteAt, tellHeard } from '../../sinks/postgres/heard.ts'
import { leadEvents, webhooksUrgent } from '../../topics/index.ts'
import type { Queryable } from '../../sinks/postgres/pool.ts'
import type { StageGroup } from './groups.ts'
import { repeatedly } from './repeatedly.ts'

export interface HeardPartOptions {
  readonly logger: Logger
  readonly kafka: Pick<KafkaConnection, 'lag' | 'logEnds'>
  readonly pool: Queryable
  readonly line: readonly StageGroup[]
}

/** Between two rounds, ms; the copies themselves are told of once a second. */
const EVERY_MS = 500

/** What has to be done with which topic, in order: one group where the line is fused. */
export function heardBy(line: readonly StageGroup[]): HeardBy[] {
  const groupOf = (name: string): string => {
    const found = line.find(({ stages }) => stages.some((stage) => stage.name === name))
    // Without it nobody would ever tell, and messages would wait for good.
    if (found === undefined) throw new Error(`no group of the line has the stage ${name}`)
    return found.group
  }
  const [told, folded] = [groupOf(ingest.name), groupOf(enrich.name)]
  return [{ group: told, topic: webhooksUrgent }, ...(folded === told ? [] : [{ group: folded, topic: leadEvents }])]
}

/** Starts it; `stop` ends the round that is under way. */
export function startHearing({ logger, kafka, pool, line }: HeardPartOptions): { stop(): Promise<void> } {
  const stopping = new AbortController()
  const steps = heardBy(line)
  const ports = {
    ends: (topic: HeardBy['topic']) => kafka.logEnds(topic),
    done: async (group: string, topic: HeardBy['topic']) =>
      (await kafka.lag(group, [topic])).map(({ partition, end, lag }) => ({ partition, offset: end - lag })),
    copiesCompleteAt: () => copiesCompleteAt(pool),
    tell: (partitions: readonly number[], at: number) => tellHeard(pool, partitions, at),
    clock: systemClock,
    logger,
  }
  async function run(): Promise<void> {
    try {
      await hear(steps, ports, stopping.signal, heardDefaults)
    } catch (error) {
      logger.warn({ err: error }, 'it cannot be told what leads have said; messages wait, trying again')
    }
  }
  const running = repeatedly({ everyMs: EVERY_MS, clock: systemClock, run })
  return {
    async stop() {
      stopping.abort()
      await running.stop()
    },
  }
}
