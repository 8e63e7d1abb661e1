/**
 * The whole line for an end-to-end test: prepared stores, the processes of the product on addresses that survive a
 * restart, and a Kafka connection to look with. Everything is of this test alone and ends with it.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pg from 'pg'
import pino from 'pino'
import { prepare } from '../../cli/prepare.ts'
import { loadConfig } from '../../config/config.ts'
import type { Config } from '../../config/config.ts'
import { connectKafka } from '../../runtime/kafka/connectKafka.ts'
import type { KafkaConnection } from '../../runtime/kafka/connectKafka.ts'
import { sandboxKey } from '../../simulate/sandboxKey.ts'
import type { SandboxKey } from '../../simulate/sandboxKey.ts'
import { webhookLanes } from '../../topics/index.ts'
import { endRole, startRole } from './processes.ts'
import type { Ended, RoleProcess } from './processes.ts'

/** What a line needs to know of the engines; `TestStack` is one. */
export interface LineEngines {
  readonly kafkaBrokers: readonly string[]
  readonly registryUrl: string
  readonly databaseUrl: string
  readonly clickhouseUrl: string
  readonly clickhouseDatabase: string
  readonly prefix: string
}

export type RoleName = 'sandbox' | 'api' | 'pipeline' | 'sinks'
/** In the order in which they are started; they are ended in reverse. */
export const roleNames: readonly RoleName[] = ['sandbox', 'api', 'pipeline', 'sinks']

export interface Line {
  readonly config: Config
  /** The settings of the processes, as they are in their environment. */
  readonly env: Readonly<Record<string, string>>
  readonly kafka: KafkaConnection
  readonly database: pg.Pool
  readonly key: SandboxKey
  readonly apiUrl: string
  readonly sandboxUrl: string
  /** Logs of the processes. */
  readonly logFolder: string
  /** webhookIds on the lanes of webhooks so far, live. */
  readonly webhookIds: ReadonlySet<string>
  /** `changes` are settings of this process alone. */
  start(role: RoleName, nodeOptions?: readonly string[], changes?: Readonly<Record<string, string>>): Promise<RoleProcess>
  /** The running process of a role; throws when there is none. */
  process(role: RoleName): RoleProcess
  end(role: RoleName, signal?: NodeJS.Signals): Promise<Ended>
  /** Everything down and away. */
  close(): Promise<void>
}

interface Teardown {
  teardown(fn: () => unknown): void
}

/** Prepares the stores and starts no process. */
export async function prepareLine(t: Teardown, engines: LineEngines, overrides: Readonly<Record<string, string>> = {}): Promise<Line> {
  const dataDir = mkdtempSync(join(tmpdir(), 'rekindle-line-'))
  const logFolder = join(dataDir, 'log')
  const [apiPort, sandboxPort] = await freePorts(2)
  const sandboxUrl = `http://127.0.0.1:${sandboxPort}`
  const env: Readonly<Record<string, string>> = {
    REKINDLE_MODE: 'local',
    REKINDLE_DATA_DIR: dataDir,
    LOG_LEVEL: 'info',
    HOST: '127.0.0.1',
    PORT: String(apiPort),
    METRICS_PORT: '0',
    PUBLIC_URL: '',
    REKINDLE_API_TOKEN: '',
    KAFKA_BROKERS: engines.kafkaBrokers.join(','),
    KAFKA_TOPIC_PREFIX: engines.prefix,
    SCHEMA_REGISTRY_URL: engines.registryUrl,
    // Three processes share the embedded server, which takes 100 connections.
    DATABASE_URL: engines.databaseUrl,
    DATABASE_POOL_MAX: '12',
    CLICKHOUSE_URL: engines.clickhouseUrl,
    CLICKHOUSE_DATABASE: engines.clickhouseDatabase,
    // Tests wait for the last row.
    CLICKHOUSE_FLUSH_MS: '500',
    GHL_API_URL: sandboxUrl,
    GHL_API_TOKEN: '',
    SANDBOX_PORT: String(sandboxPort),
    SIMULATE: 'false',
    // Its webhooks are none that a test has sent, and every record is accounted for.
    GHL_HEARTBEAT_MINUTES: '0',
    // The platform's limit would stretch the delivery of a thousand messages over minutes; that it holds is tested elsewhere.
    GHL_CALLS_PER_10S: '20000',
    SANDBOX_CALLS_PER_10S: '25000',
    ...overrides,
  }
  const config = loadConfig(env)
  const logger = pino({ level: 'silent' })
  await prepare(config, logger)
  const kafka = await connectKafka({
    brokers: engines.kafkaBrokers,
    clientId: `e2e-${process.pid}`,
    topicPrefix: engines.prefix,
    registryUrl: engines.registryUrl,
    logger,
  })
  const database = new pg.Pool({ connectionString: engines.databaseUrl, max: 4 })
  // The database is dropped at the end with its connections; that is no news.
  database.on('error', () => undefined)
  const webhookIds = new Set<string>()
  const watching = new AbortController()
  let watched: Promise<unknown> | undefined
  const running = new Map<RoleName, RoleProcess>()
  let closing: Promise<void> | undefined
  const line: Line = {
    config,
    env,
    kafka,
    database,
    key: sandboxKey(dataDir),
    apiUrl: `http://127.0.0.1:${apiPort}`,
    sandboxUrl,
    logFolder,
    get webhookIds() {
      // From the first question on: whoever does not ask is not slowed down by the reading.
      watched ??= Promise.all(
        Object.values(webhookLanes).map((lane) =>
          kafka.tail(lane, { from: 'beginning', signal: watching.signal }, ({ value }) => {
            if (value?.webhookId !== undefined && value.webhookId !== null) webhookIds.add(value.webhookId)
          }),
        ),
      )
      return webhookIds
    },
    async start(role, nodeOptions, changes = {}) {
      const started = await startRole(role, { ...env, ...changes }, logFolder, nodeOptions)
      running.set(role, started)
      void started.ended.then(() => {
        if (running.get(role) === started) running.delete(role)
      })
      return started
    },
    process(role) {
      const found = running.get(role)
      if (found === undefined) throw new Error(`${role} does not run; its log is ${join(logFolder, `${role}.log`)}`)
      return found
    },
    end: (role, signal) => endRole(line.process(role), signal),
    close: () => (closing ??= closeAll()),
  }
  const closeAll = async () => {
    for (const role of [...roleNames].reverse()) if (running.has(role)) await line.end(role)
    watching.abort()
    await watched
    await database.end()
    await kafka.close()
    if (process.env['REKINDLE_KEEP_LOGS'] === undefined) rmSync(dataDir, { recursive: true, force: true })
  }
  t.teardown(() => line.close())
  return line
}

/** Prepares the stores and starts every role. */
export async function startLine(t: Teardown, engines: LineEngines, overrides: Readonly<Record<string, string>> = {}): Promise<Line> {
  const line = await prepareLine(t, engines, overrides)
  for (const role of roleNames) await line.start(role)
  return line
}

/** Ports that are free now; a process keeps its port over restarts, so it must be known before the first start. */
async function freePorts(count: number): Promise<number[]> {
  const servers = await Promise.all(
    Array.from({ length: count }, async () => {
      const server = createServer()
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
      return server
    }),
  )
  const ports = servers.map((server) => (server.address() as AddressInfo).port)
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))))
  return ports
}
