/**
 * Engines for chaos alone: broker or brokers, registry, databases, in a folder of their own, on ports that stay theirs
 * while they are down. Nothing brings them back but the fault that took them down.
 */
import '../support/uncountedChildren.ts'
import { spawn } from 'node:child_process'
import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { ClickhouseEngine } from '../../stack/clickhouse/clickhouseEngine.ts'
import type { ProcessEngine } from '../../stack/engine.ts'
import { startKafkaCluster } from '../../stack/kafka/kafkaCluster.ts'
import { KafkaEngine } from '../../stack/kafka/kafkaEngine.ts'
import { signalProcess, waitUntil } from '../../stack/osProcess.ts'
import { isFree } from '../../stack/port.ts'
import { PostgresEngine } from '../../stack/postgres/postgresEngine.ts'
import { RegistryEngine } from '../../stack/registry/registryEngine.ts'

export interface ChaosEngines {
  readonly brokers: readonly ProcessEngine[]
  readonly registry: ProcessEngine
  readonly postgres: ProcessEngine
  readonly clickhouse: ProcessEngine | undefined
  /** Folder whose disk they use. */
  readonly folder: string
  /** Aborted by `stop`: what a fault has taken down stays down then. */
  readonly stopping: AbortSignal
  stop(): Promise<void>
  /** After `stop`: deletes their data. */
  remove(): void
}

export interface EngineChoice {
  readonly folder: string
  readonly brokers: number
  readonly clickhouse: boolean
}

const STOP_BUDGET_MS = 10_000
const START_WITHIN_MS = 90_000
/**
 * Below the ports that the system hands out for outgoing connections: a client that asks again and again for a port nobody
 * listens on is at times given that very port for its own end, connects to itself and keeps the engine from coming back.
 */
const PORTS = { first: 20_000, last: 29_999 }

let nextPort = PORTS.first + Math.floor(Math.random() * (PORTS.last - PORTS.first))

async function steadyPort(): Promise<number> {
  for (;;) {
    nextPort = nextPort >= PORTS.last ? PORTS.first : nextPort + 1
    if (await isFree(nextPort)) return nextPort
  }
}

export async function startEngines({ folder, brokers: count, clickhouse: withClickhouse }: EngineChoice): Promise<ChaosEngines> {
  const options = async () => ({ dataDir: folder, port: await steadyPort(), onProgress: () => undefined })
  const registry = new RegistryEngine(await options())
  const postgres = new PostgresEngine(await options())
  const clickhouse = withClickhouse ? new ClickhouseEngine(await options()) : undefined
  const single = count === 1 ? new KafkaEngine({ ...(await options()), morePorts: [await steadyPort()] }) : undefined
  const others: ProcessEngine[] = [registry, postgres, clickhouse, single].filter((engine) => engine !== undefined)
  const started = await Promise.allSettled([
    ...others.map(async (engine) => {
      await engine.start()
      return [engine]
    }),
    ...(single === undefined ? [startKafkaCluster({ dataDir: folder, nodes: count, controllers: count, port: steadyPort })] : []),
  ])
  const cluster = started.flatMap((outcome) => (outcome.status === 'fulfilled' && 'nodes' in outcome.value ? [outcome.value] : []))
  const brokers = single === undefined ? cluster.flatMap(({ nodes }) => nodes) : [single]
  const all = [...others, ...cluster.flatMap(({ nodes }) => nodes)]
  const stopping = new AbortController()
  const stop = async () => {
    stopping.abort()
    await Promise.all(
      all.map(async (engine) => {
        // One that a fault left standing still does not hear that it is to end.
        if (engine.alive && engine.pid !== undefined) signalProcess(engine.pid, 'SIGCONT')
        await engine.stop(STOP_BUDGET_MS)
      }),
    )
  }
  const failure = started.find((outcome) => outcome.status === 'rejected')
  if (failure !== undefined) {
    await stop()
    throw failure.reason
  }
  return {
    brokers,
    registry,
    postgres,
    clickhouse,
    folder,
    stopping: stopping.signal,
    stop,
    remove() {
      for (const engine of all) for (const data of engine.dataFolders()) rmSync(data, { recursive: true, force: true })
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

/** `kill -9`, `downMs` without it, and a start that is tried again until it holds. Resolves when it answers. */
export async function killAndRestart({ stopping }: ChaosEngines, engine: ProcessEngine, downMs: number): Promise<void> {
  const { pid } = engine
  if (pid === undefined) throw new Error(`${engine.name} does not run`)
  signalProcess(pid, 'SIGKILL')
  await waitUntil(() => !engine.alive, STOP_BUDGET_MS)
  await delay(downMs)
  const until = performance.now() + START_WITHIN_MS
  while (!stopping.aborted) {
    try {
      await engine.start()
      if (stopping.aborted) await engine.stop(STOP_BUDGET_MS)
      return
    } catch (error) {
      // A database whose last processes are still ending, a port that is just being given back.
      if (performance.now() > until) throw error
      await delay(250)
    }
  }
}

/** The process stands still for `ms`: it neither answers nor closes its connections. */
export async function stall(engine: ProcessEngine, ms: number): Promise<void> {
  const { pid } = engine
  if (pid === undefined) throw new Error(`${engine.name} does not run`)
  signalProcess(pid, 'SIGSTOP')
  await delay(ms)
  signalProcess(pid, 'SIGCONT')
}

/** Two processes that write and sync without a pause on the disk of the engines. */
export async function slowDisk({ folder }: ChaosEngines, ms: number): Promise<void> {
  const hogs = [0, 1].map(() =>
    spawn(process.execPath, [join(import.meta.dirname, 'diskHog.mjs'), folder], { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] }),
  )
  const ended = Promise.all(hogs.map((hog) => new Promise((resolve) => hog.once('exit', resolve))))
  await delay(ms)
  for (const hog of hogs) if (hog.connected) hog.disconnect()
  await ended
}
