/** Where the running parts are: what the configuration says, else what the running local stack wrote down. */
import type { Config } from '../config/config.ts'
import { runningStack } from '../stack/stack.ts'
import { cliError } from './errors.ts'

/** Base URL of the API: as given, as configured, as the running stack says, else the configured host and port. */
export function apiUrl(config: Config, given: string | undefined): string {
  if (given !== undefined) return given
  if (config.http.publicUrl !== undefined) return config.http.publicUrl.replace(/\/+$/, '')
  const stated = runningStack(config.dataDir)?.['apiUrl']
  return typeof stated === 'string' ? stated : `http://${config.http.host}:${config.http.port}`
}

export interface KafkaAddresses {
  readonly brokers: readonly string[]
  readonly registryUrl: string
}

/** Broker and registry. Throws `E_NOTHING_RUNS` that names what is missing. */
export function kafkaAddresses(config: Config): KafkaAddresses {
  const running = runningStack(config.dataDir)?.addresses
  const brokers = config.kafka.brokers.length > 0 ? config.kafka.brokers : (running?.kafkaBrokers ?? [])
  const registryUrl = config.registry.url ?? running?.registryUrl
  if (brokers.length === 0) throw cliError('E_NOTHING_RUNS', `No stack runs on ${config.dataDir} and KAFKA_BROKERS is not set.`)
  if (registryUrl === undefined) throw cliError('E_NOTHING_RUNS', `No stack runs on ${config.dataDir} and SCHEMA_REGISTRY_URL is not set.`)
  return { brokers, registryUrl }
}

/** The database, as configured or as the running stack says. Throws `E_NOTHING_RUNS`. */
export function databaseUrl(config: Config): string {
  const url = config.database.url ?? runningStack(config.dataDir)?.addresses.databaseUrl
  if (url === undefined) throw cliError('E_NOTHING_RUNS', `No stack runs on ${config.dataDir} and DATABASE_URL is not set.`)
  return url
}

/** The GoHighLevel API: as configured, else the sandbox of the running stack. Throws `E_NOTHING_RUNS`. */
export function ghlApiAddress(config: Config): string {
  const processes = runningStack(config.dataDir)?.['processes']
  const sandbox = (Array.isArray(processes) ? (processes as { name?: unknown; address?: unknown }[]) : []).find(
    ({ name }) => name === 'sandbox',
  )
  const url = config.ghl.apiUrl ?? sandbox?.address
  if (typeof url !== 'string') throw cliError('E_NOTHING_RUNS', `No sandbox runs on ${config.dataDir} and GHL_API_URL is not set.`)
  return url
}

/** ClickHouse, as configured or as the running stack says. Throws `E_NOTHING_RUNS`. */
export function clickhouseUrl(config: Config): string {
  const url = config.clickhouse.url ?? runningStack(config.dataDir)?.addresses.clickhouseUrl
  if (url === undefined) throw cliError('E_NOTHING_RUNS', `No stack runs on ${config.dataDir} and CLICKHOUSE_URL is not set.`)
  return url
}
