/** The delivery worker and the relay of its outbox, as one part of the pipeline process. */
import type { Registry } from 'prom-client'
import type { Logger } from 'pino'
import type { Config } from '../../config/config.ts'
import { deliveryRelay } from '../../delivery/relay.ts'
import { deliveryWorker } from '../../delivery/deliveryWorker.ts'
import { deliveryMetrics } from '../../delivery/metrics.ts'
import { deliveryDefaults } from '../../delivery/settings.ts'
import { systemClock } from '../../delivery/systemClock.ts'
import { hoursProblems, hoursTable, unverifiedJurisdictions } from '../../pipelines/followup/hours/hoursTable.ts'
import type { FenceLimits } from '../../pipelines/followup/gates/gate.ts'
import type { KafkaConnection } from '../../runtime/kafka/connectKafka.ts'
import type { Tracer } from '../../runtime/tracing.ts'
import { cliError } from '../errors.ts'
import type { GhlPart } from './ghlPart.ts'

export interface DeliveryPartOptions {
  readonly logger: Logger
  readonly sending: Config['sending']
  readonly kafka: KafkaConnection
  readonly shared: Pick<GhlPart, 'pool' | 'ghl'>
  readonly metrics: Registry
  readonly tracer?: Tracer | undefined
  readonly onFatal: (error: unknown) => void
}

/** What the fence is told of how much may leave. */
export function limitsOf({ halted, messagesPer24h, optOutLimitPercent, failureLimitPercent }: Config['sending']): FenceLimits {
  return {
    ...deliveryDefaults.limits,
    halted: halted === 'all',
    haltedChannels: halted === 'all' ? [] : halted,
    messagesPer24h,
    optOutShare: optOutLimitPercent / 100,
    failureShare: failureLimitPercent / 100,
  }
}

/** Starts both; `stop` finishes what is in hand. */
export function startDelivery({ logger, sending, kafka, shared, metrics, tracer, onFatal }: DeliveryPartOptions): {
  stop(): Promise<void>
} {
  const problems = hoursProblems(hoursTable)
  if (problems.length > 0) throw cliError('E_HOURS_TABLE_INVALID', problems.join('\n'))
  const { pool, ghl } = shared
  logger.warn({ jurisdictions: unverifiedJurisdictions() }, 'calling hours that nobody has verified apply as they stand')
  if (sending.halted.length > 0) logger.warn({ halted: sending.halted }, 'sending is switched off for this installation (SENDING_HALTED)')
  const settings = { limits: limitsOf(sending) }
  const worker = deliveryWorker({ pool, ghl, clock: systemClock, logger, tracer, settings, onChange: deliveryMetrics(metrics) })
  const relay = deliveryRelay({ pool, producer: kafka.producer(), clock: systemClock, logger, tracer })
  const stopping = new AbortController()
  const running = [worker.run(stopping.signal), relay.run(stopping.signal)]
  for (const part of running) part.catch(onFatal)
  return {
    async stop() {
      stopping.abort()
      await Promise.allSettled(running)
    },
  }
}
