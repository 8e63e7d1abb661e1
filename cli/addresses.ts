/** Where the running parts are: what the configuration says, else what the running local stack wrote down. */
import type { Config } from '../config/config.ts'
import { runningStack } from '../stack/stackRecord.ts'
import type { StackAddresses } from '../stack/stackRecord.ts'
import { cliError } from './errors.ts'

/** Base URL of the API: as given, as configured, as the running stack says, else the configured host and port. */
export function apiUrl(config: Config, given: string | undefined): string {
  if (given !== undefined) {
    if (/^https?:\/\//.test(given) && URL.canParse(given)) return given
    throw cliError('E_OPTION_INVALID', `--url ${JSON.stringify(given)}: must be an http(s) URL such as http://127.0.0.1:8080.`)
  }
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
  const [first, ...others] = config.kafka.brokers.length > 0 ? config.kafka.brokers : (running(config)?.kafkaBrokers ?? [])
  if (first === undefined) throw missing(config, 'KAFKA_BROKERS')
  return { brokers: [first, ...others], registryUrl: config.registry.url ?? ofStack(config, 'registryUrl', 'SCHEMA_REGISTRY_URL') }
}

/** The database, as configured or as the running stack says. Throws `E_NOTHING_RUNS`. */
export function databaseUrl(config: Config): string {
  return config.database.url ?? ofStack(config, 'databaseUrl', 'DATABASE_URL')
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
  return config.clickhouse.url ?? ofStack(config, 'clickhouseUrl', 'CLICKHOUSE_URL')
}

function running(config: Config): StackAddresses | undefined {
  return runningStack(config.dataDir)?.addresses
}

/** An address of the running stack. Empty while its engines start: clients take that for a server of their own defaults. */
function ofStack(config: Config, name: 'registryUrl' | 'databaseUrl' | 'clickhouseUrl', setting: string): string {
  const url = running(config)?.[name] ?? ''
  if (url === '') throw missing(config, setting)
  return url
}

function missing(config: Config, setting: string): Error {
  const what = running(config) === undefined ? `No stack runs on ${config.dataDir}` : `The stack on ${config.dataDir} is still starting`
  return cliError('E_NOTHING_RUNS', `${what} and ${setting} is not set.`)
}
