/**
 * The embedded engines together: started side by side, stopped in reverse within one budget, restarted when one dies,
 * and described in `<dataDir>/stack.json` as long as they run. One stack per data folder at a time.
 */
import { existsSync, mkdirSync, rmSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { ClickhouseEngine } from './clickhouse/clickhouseEngine.ts'
import { externalEngine, ProcessEngine } from './engine.ts'
import type { Engine, EngineName, EngineOptions } from './engine.ts'
import { engineWatch } from './engineWatch.ts'
import { stackError } from './errors.ts'
import { KafkaEngine } from './kafka/kafkaEngine.ts'
import { PostgresEngine } from './postgres/postgresEngine.ts'
import { RedisEngine } from './redis/redisEngine.ts'
import { RegistryEngine } from './registry/registryEngine.ts'
import { claim, recordFile, recordOf, runningStack, writeRecord } from './stackRecord.ts'
import type { StackAddresses } from './stackRecord.ts'

export interface StackOptions {
  readonly dataDir: string
  /** Engines that somebody else runs: given here, they are not started. */
  readonly external?: {
    readonly kafkaBrokers?: readonly string[] | undefined
    readonly registryUrl?: string | undefined
    readonly databaseUrl?: string | undefined
    readonly clickhouseUrl?: string | undefined
    readonly redisUrl?: string | undefined
  }
  /** 0 or absent = the port of the last run, else any free one. */
  readonly ports?: Partial<Readonly<Record<EngineName, number>>>
  /** One line for people: fetching, creating, an engine that died and came back. */
  readonly onEvent?: (line: string) => void
  /** Ends the start: what has begun is stopped in order, and `startStack` rejects with its reason. */
  readonly stop?: AbortSignal
}

export interface Stack {
  readonly addresses: StackAddresses
  readonly engines: readonly Engine[]
  /** Adds fields to `stack.json`. */
  publish(extra: Readonly<Record<string, unknown>>): void
  /** Stops what was started here, in reverse; at the end of the budget by force. */
  stop(budgetMs?: number): Promise<void>
}

const STOP_BUDGET_MS = 20_000
/** What is fetched or created when a start is ended has so long to end by itself. */
const SETTLE_MS = 10_000
const WATCH_EVERY_MS = 1_000

export async function startStack(options: StackOptions): Promise<Stack> {
  const dataDir = resolve(options.dataDir)
  mkdirSync(dataDir, { recursive: true })
  const onEvent = options.onEvent ?? (() => undefined)
  claim(dataDir)
  const engines = enginesOf({ ...options, dataDir }, onEvent)
  const starting = Promise.allSettled(engines.map((engine) => engine.start()))
  const started = await Promise.race([starting, abortOf(options.stop)])
  if (started === 'aborted') {
    // First of all: while one is stopped, another would be spawned.
    for (const engine of engines) if (engine instanceof ProcessEngine) engine.giveUp()
    await stopEngines(engines, STOP_BUDGET_MS)
    await Promise.race([starting, pause(SETTLE_MS, undefined, { ref: false })])
    rmSync(recordFile(dataDir), { force: true })
    throw options.stop?.reason as Error
  }
  const failure = started.find((outcome) => outcome.status === 'rejected')
  if (failure !== undefined) {
    // Why it did not start is what helps; that something of it could not be stopped is said beside it.
    await stopEngines(engines, STOP_BUDGET_MS).catch((error: unknown) => onEvent((error as Error).message))
    rmSync(recordFile(dataDir), { force: true })
    throw failure.reason
  }
  const addresses = addressesOf(engines, options)
  let extra: Readonly<Record<string, unknown>> = {}
  const startedAtMs = Date.now()
  const write = () => {
    try {
      writeRecord(dataDir, {
        ...recordOf(startedAtMs),
        addresses,
        engines: engines.map(({ name, state, address, pid, logFile }) => ({ name, state, address, pid, logFile })),
        ...extra,
      })
    } catch (error) {
      // A full disk: what runs is looked after all the same, and the next change is written.
      onEvent(`${recordFile(dataDir)} is not up to date: ${(error as Error).message}`)
    }
  }
  write()
  const own = engines.filter((engine): engine is ProcessEngine => engine instanceof ProcessEngine && engine.state === 'ready')
  const watch = engineWatch(own, { onEvent, onChange: write })
  let looking: Promise<unknown> = Promise.resolve()
  const timer = setInterval(() => {
    looking = looking.then(() => watch.look())
  }, WATCH_EVERY_MS)
  let stopping: Promise<void> | undefined
  return {
    addresses,
    engines,
    publish(more) {
      extra = { ...extra, ...more }
      write()
    },
    stop(budgetMs = STOP_BUDGET_MS) {
      stopping ??= (async () => {
        clearInterval(timer)
        // One that is being started again is ended in the middle of it: it may take minutes to answer, or never do.
        watch.stop()
        await stopEngines(engines, budgetMs)
        await Promise.race([looking, pause(SETTLE_MS, undefined, { ref: false })])
        rmSync(recordFile(dataDir), { force: true })
      })()
      return stopping
    },
  }
}

function abortOf(signal: AbortSignal | undefined): Promise<'aborted'> {
  return new Promise((resolve) => {
    if (signal?.aborted === true) resolve('aborted')
    signal?.addEventListener('abort', () => resolve('aborted'), { once: true })
  })
}

/** Ends what an earlier run left on this data folder and deletes all data of its engines. */
export async function removeStack(dataDir: string): Promise<void> {
  const owner = runningStack(dataDir)
  if (owner !== undefined) throw stackError('E_STACK_IN_USE', `${resolve(dataDir)} is used by process ${owner.ownerPid}.`)
  if (!existsSync(dataDir)) return
  mkdirSync(join(dataDir, 'engines'), { recursive: true })
  for (const engine of enginesOf({ dataDir: resolve(dataDir) }, () => undefined)) {
    if (!(engine instanceof ProcessEngine)) continue
    await engine.endOrphans()
    for (const folder of engine.dataFolders()) rmSync(folder, { recursive: true, force: true })
  }
  rmSync(dataDir, { recursive: true, force: true })
}

function enginesOf(options: StackOptions, onEvent: (line: string) => void): Engine[] {
  const { external = {}, ports = {} } = options
  const own = (name: EngineName): EngineOptions => ({ dataDir: options.dataDir, port: ports[name] ?? 0, onProgress: onEvent })
  const brokers = external.kafkaBrokers?.length === 0 ? undefined : external.kafkaBrokers?.join(',')
  return [
    brokers === undefined ? new KafkaEngine(own('kafka')) : externalEngine('kafka', brokers),
    external.registryUrl === undefined ? new RegistryEngine(own('registry')) : externalEngine('registry', external.registryUrl),
    external.databaseUrl === undefined ? new PostgresEngine(own('postgres')) : externalEngine('postgres', external.databaseUrl),
    external.clickhouseUrl === undefined ? new ClickhouseEngine(own('clickhouse')) : externalEngine('clickhouse', external.clickhouseUrl),
    external.redisUrl === undefined ? new RedisEngine(own('redis')) : externalEngine('redis', external.redisUrl),
  ]
}

function addressesOf(engines: readonly Engine[], options: StackOptions): StackAddresses {
  const at = (name: EngineName) => engines.find((engine) => engine.name === name)?.address
  const redisUrl = at('redis')
  return {
    kafkaBrokers: options.external?.kafkaBrokers?.length ? options.external.kafkaBrokers : [at('kafka') ?? ''],
    registryUrl: at('registry') ?? '',
    databaseUrl: at('postgres') ?? '',
    clickhouseUrl: at('clickhouse') ?? '',
    ...(redisUrl === undefined ? {} : { redisUrl }),
  }
}

/** One after the other in reverse, each with what is left of the budget, so that the last to start is the first to go. */
async function stopEngines(engines: readonly Engine[], budgetMs: number): Promise<void> {
  const deadline = performance.now() + budgetMs
  const failures: unknown[] = []
  for (const engine of engines.toReversed()) {
    try {
      await engine.stop(Math.max(0, deadline - performance.now()))
    } catch (error) {
      failures.push(error)
    }
  }
  if (failures.length > 0) throw failures[0]
}
