/** The connections of a process, made from the configuration; what is missing is named with the setting that gives it. */
import { collectDefaultMetrics, Gauge, Registry } from 'prom-client'
import type { Logger } from 'pino'
import type { Config } from '../../config/config.ts'
import type { OtlpTracer } from '../../integrations/otlp/otlpTracer.ts'
import { runtimeMetrics } from '../../runtime/metrics.ts'
import { connectKafka } from '../../runtime/kafka/connectKafka.ts'
import type { KafkaConnection } from '../../runtime/kafka/connectKafka.ts'
import type { Tracer } from '../../runtime/tracing.ts'
import { kafkaAddresses } from '../addresses.ts'
import { cliError } from '../errors.ts'
import { version } from '../version.ts'
import { kafkaTls } from './kafkaTls.ts'

/** Kafka and the registry as configured, or as the running local stack says. */
export async function kafkaOf(config: Config, role: string, logger: Logger, registry: Registry, tracer?: Tracer): Promise<KafkaConnection> {
  const { brokers, registryUrl } = kafkaAddresses(config)
  return connectKafka({
    brokers,
    clientId: `rekindle-${role}-${process.pid}`,
    topicPrefix: config.kafka.topicPrefix,
    registryUrl,
    ...(config.kafka.ssl === undefined ? {} : { ssl: kafkaTls(config.kafka.ssl) }),
    ...(config.kafka.sasl === undefined ? {} : { sasl: config.kafka.sasl }),
    logger,
    metrics: runtimeMetrics(registry),
    tracer,
  })
}

/** Part of the time that a process has to end in; a collector that hangs costs this much and no more, ms. */
export const TRACE_FLUSH_MS = 2_000

/** The tracer of a process when a collector is configured. Its packages are loaded only then. */
export async function tracerOf(config: Config, role: string, logger: Logger, metrics: Registry): Promise<OtlpTracer | undefined> {
  const { endpoint, ratio } = config.tracing
  if (endpoint === undefined) return undefined
  const { otlpTracer } = await import('../../integrations/otlp/otlpTracer.ts')
  return otlpTracer({ endpoint, ratio, service: { name: `rekindle-${role}`, version }, metrics, logger })
}

/** A registry with the default metrics of the process and its build. */
export function processMetrics(role: string, version: string): Registry {
  const registry = new Registry()
  registry.setDefaultLabels({ role })
  collectDefaultMetrics({ register: registry })
  new Gauge({ name: 'lr_build_info', help: 'Version of this process; always 1.', labelNames: ['version'], registers: [registry] }).set(
    { version },
    1,
  )
  return registry
}

/** A setting that must be known by now: from the environment, or filled in from the running stack. */
export function needed(value: string | undefined, setting: string): string {
  if (value === undefined) throw cliError('E_NOTHING_RUNS', `${setting} is not set and no local stack runs.`)
  return value
}
