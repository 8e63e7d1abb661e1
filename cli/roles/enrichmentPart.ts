/** The worker of look-ups as one part of the pipeline process, with its client of Apollo and its counts. */
import { Counter } from 'prom-client'
import type { Registry } from 'prom-client'
import type { Logger } from 'pino'
import type { Config } from '../../config/config.ts'
import { systemClock } from '../../delivery/systemClock.ts'
import { apolloClient } from '../../integrations/apollo/client.ts'
import { lookUpWorker } from '../../enrichment/lookUpWorker.ts'
import type { LookUpWorkerOptions } from '../../enrichment/lookUpWorker.ts'
import type { KafkaConnection, RunningMember } from '../../runtime/kafka/connectKafka.ts'
import type { DayCount } from '../../sinks/postgres/lookUps.ts'
import { erasures, tenants } from '../../topics/index.ts'
import { needed } from './connections.ts'
import { lookUpGroup } from './groups.ts'

export interface LookUpPartOptions {
  readonly config: Config
  readonly logger: Logger
  readonly kafka: Pick<KafkaConnection, 'table' | 'runWorker'>
  readonly pool: LookUpWorkerOptions['pool']
  readonly metrics: Registry
  readonly signal: AbortSignal
  readonly hurry: AbortSignal
  readonly onFatal: (error: unknown) => void
}

const DAY_MS = 86_400_000

/** Starts it. A provider that is down, or refuses us, keeps the records waiting and never ends the process. */
export async function startLookUps(options: LookUpPartOptions): Promise<{ readonly member: RunningMember; stop(): Promise<void> }> {
  const { config, logger, kafka, pool, metrics, signal, hurry, onFatal } = options
  const { apolloApiKey, apolloApiUrl, callsPerMinute, freshDays } = config.lookUps
  const apollo = apolloClient({
    // Nothing leaves a machine in local mode: without a sandbox there is nobody to ask.
    ...(config.mode === 'local'
      ? { apiUrl: needed(apolloApiUrl, 'APOLLO_API_URL') }
      : apolloApiUrl === undefined
        ? {}
        : { apiUrl: apolloApiUrl }),
    apiKey: needed(apolloApiKey, 'APOLLO_API_KEY'),
    clock: systemClock,
    callsPerMinute,
  })
  const settings = await kafka.table(tenants)
  const erased = await kafka.table(erasures)
  const worker = lookUpWorker({
    pool,
    apollo,
    clock: systemClock,
    logger,
    tenantOf: (tenantId) => settings.get(tenantId),
    isErased: (leadKey) => erased.get(leadKey) !== undefined,
    freshMs: freshDays * DAY_MS,
    onEnd: lookUpMetrics(metrics),
  })
  const membership = { joinTickMs: config.kafka.joinTickMs, signal, hurry, onFatal }
  const member = await kafka.runWorker({ ...membership, group: lookUpGroup, worker, attempts: Number.POSITIVE_INFINITY })
  return {
    member,
    async stop() {
      await member.stop()
      await apollo.close()
    },
  }
}

/** Counts by location and outcome. */
export function lookUpMetrics(registry: Registry): (tenantId: string, what: DayCount) => void {
  const total = new Counter({
    name: 'lr_look_ups_total',
    help: 'Look-ups of leads by location and outcome: found, partly, none, error, refused (by budget), reused.',
    labelNames: ['tenant', 'outcome'],
    registers: [registry],
  })
  return (tenant, outcome) => total.inc({ tenant, outcome })
}
