/**
 * `rekindle start` (`npm start`): engines, stores and processes on one machine, one table when all is ready, then events
 * only. Ctrl-C drains everything; data stays, and the next start continues where this one stopped.
 */
import { once } from 'node:events'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import type { Command } from 'commander'
import type { Config } from '../../config/config.ts'
import { maskUrls } from '../../config/maskUrls.ts'
import { roleCommand } from '../../stack/roleCommand.ts'
import { LOOPBACK } from '../../stack/port.ts'
import { keepLogsBounded } from '../../stack/log.ts'
import { startStack } from '../../stack/stack.ts'
import type { Stack } from '../../stack/stack.ts'
import { runningStack } from '../../stack/stackRecord.ts'
import { startTable } from '../../stack/startTable.ts'
import type { StartRow } from '../../stack/startTable.ts'
import { supervisor } from '../../stack/supervisor.ts'
import type { ProcessSpec, ProcessStatus, Supervisor } from '../../stack/supervisor.ts'
import { sandboxApolloKey } from '../../simulate/sandboxPeople.ts'
import { processLogger } from '../processLogger.ts'
import { mustListen } from '../mustListen.ts'
import { apolloSandboxPort, sandboxPort } from '../sandboxPort.ts'
import { hangUp, stopRequests } from '../stopRequests.ts'
import type { Surroundings } from '../surroundings.ts'

/** Time for the processes to become ready: 10 to 20 s on a quick machine, minutes on one that has other work. */
const READY_WITHIN_MS = 240_000
/** How often it says what is waited for, ms. */
const STILL_EVERY_MS = 20_000
/** Drain, commit and close of all processes; engines have a budget of their own. */
const STOP_BUDGET_MS = 25_000
/** Of the engines, when it was asked for twice. Those that are killed keep their data and take longer to start. */
const HURRIED_BUDGET_MS = 5_000

export function addStart(program: Command, { terminal, config }: Pick<Surroundings, 'terminal' | 'config'>): void {
  program
    .command('start')
    .description('start the embedded engines and every process on this machine')
    .option('--no-simulate', 'do not play simulated leads')
    .action(async (flags: { simulate: boolean }) => {
      const settings = config()
      const simulate = settings.mode === 'local' && settings.simulate.enabled && flags.simulate
      const { asked, hurried } = stopRequests(process, hangUp())
      const stopping = asked.aborted ? Promise.resolve() : once(asked, 'abort')
      // A second start beside a running one is told so, and not that its port is taken.
      if (runningStack(settings.dataDir) === undefined)
        await mustListen(settings.http, { wait: pause, stop: asked, tell: (line) => terminal.out(line) })
      terminal.out('Starting the engines …')
      const preparing = import('../prepare.ts')
      const starting = startStack({
        stop: asked,
        dataDir: settings.dataDir,
        external: {
          ...(settings.kafka.brokers.length > 0 ? { kafkaBrokers: settings.kafka.brokers } : {}),
          registryUrl: settings.registry.url,
          databaseUrl: settings.database.url,
          clickhouseUrl: settings.clickhouse.url,
          redisUrl: settings.redis.url,
        },
        ports: settings.stackPorts,
        onEvent: (line) => {
          terminal.out(line)
        },
      })
      const stack = await starting.catch((error: unknown) => {
        if (!asked.aborted || error !== asked.reason) throw error
        return undefined
      })
      if (stack === undefined) {
        terminal.out('Stopped while the engines started. Data stays.')
        process.exit(0)
      }
      const logger = processLogger('start', 'warn', 'stderr')
      const logFolder = join(settings.dataDir, 'logs')
      const bounded = keepLogsBounded(logFolder, (line) => terminal.out(line))
      try {
        const reachable = withEngines(settings, stack)
        const { prepare } = await preparing
        const { migrations } = await prepare(reachable, logger)
        if (migrations.length > 0) terminal.out(`Migrated: ${migrations.join(', ')}`)
        const members = supervisor({
          processes: processesOf(reachable, stack, simulate, {
            ghl: await sandboxPort(reachable),
            apollo: await apolloSandboxPort(reachable),
          }),
          logFolder,
          onEvent: (line) => {
            terminal.out(line)
          },
          onChange: (status) => {
            publish(stack, status)
          },
        })
        try {
          if (!asked.aborted) {
            const told = stillStarting(members, (line) => {
              terminal.out(line)
            })
            await Promise.race([members.start(READY_WITHIN_MS), stopping]).finally(() => clearInterval(told))
          }
          if (!asked.aborted) {
            for (const line of readyLines(stack, members.status(), simulate, settings.lookUps.enabled)) terminal.out(line)
            await stopping
          }
        } finally {
          terminal.out('Stopping: processes finish what they have, then the engines. Data stays. Ctrl-C once more does not wait for it.')
          // Pipeline and sinks end one after the other, and each may wait for a tick.
          await members.stop(STOP_BUDGET_MS + 2 * settings.kafka.joinTickMs, hurried)
        }
      } finally {
        bounded.stop()
        await stack.stop(hurried.aborted ? HURRIED_BUDGET_MS : undefined)
      }
      terminal.out('Stopped.')
      process.exit(0)
    })
}

/** Says now and then which processes are waited for: a slow start is no hung one. */
function stillStarting({ status }: Pick<Supervisor, 'status'>, tell: (line: string) => void): NodeJS.Timeout {
  const began = performance.now()
  return setInterval(() => {
    const missing = status().filter(({ state }) => state !== 'ready')
    if (missing.length === 0) return
    const names = missing.map(({ name, state }) => `${name} (${state})`).join(', ')
    tell(`Still starting after ${Math.round((performance.now() - began) / 1000)} s: ${names}.`)
  }, STILL_EVERY_MS)
}

/** The configuration with the addresses of the engines that run. */
function withEngines(config: Config, stack: Stack): Config {
  const { addresses } = stack
  return {
    ...config,
    kafka: { ...config.kafka, brokers: addresses.kafkaBrokers },
    registry: { url: addresses.registryUrl },
    database: { ...config.database, url: addresses.databaseUrl },
    clickhouse: { ...config.clickhouse, url: addresses.clickhouseUrl },
    redis: { url: addresses.redisUrl },
  }
}

function processesOf(config: Config, stack: Stack, simulate: boolean, ports: { ghl: number; apollo: number }): ProcessSpec[] {
  const { addresses } = stack
  // The same entry that started this process: the sources in a checkout, the built files elsewhere.
  const main = process.argv[1] ?? join(import.meta.dirname, '..', 'main.ts')
  const sandboxed = config.mode === 'local' && config.ghl.apiUrl === undefined
  const env = (running: ReadonlyMap<string, string>): Record<string, string> => {
    const api = running.get('api')
    return {
      KAFKA_BROKERS: addresses.kafkaBrokers.join(','),
      SCHEMA_REGISTRY_URL: addresses.registryUrl,
      DATABASE_URL: addresses.databaseUrl,
      CLICKHOUSE_URL: addresses.clickhouseUrl,
      ...(addresses.redisUrl === undefined ? {} : { REDIS_URL: addresses.redisUrl }),
      ...(sandboxed ? { SANDBOX_PORT: String(ports.ghl), GHL_API_URL: `http://${LOOPBACK}:${ports.ghl}` } : {}),
      ...(sandboxed && config.lookUps.enabled
        ? {
            APOLLO_SANDBOX_PORT: String(ports.apollo),
            APOLLO_API_URL: `http://${LOOPBACK}:${ports.apollo}`,
            APOLLO_API_KEY: sandboxApolloKey,
          }
        : {}),
      ...(api === undefined ? {} : { PUBLIC_URL: api }),
    }
  }
  const run = (name: string, after: readonly string[] = []): ProcessSpec => ({
    name,
    ...roleCommand(main, name),
    after,
    env,
  })
  // Started together where addresses are known beforehand: one after the other they take twice as long to be ready.
  return [
    run('api'),
    run('pipeline'),
    run('sinks'),
    ...(sandboxed ? [run('sandbox', config.http.port === 0 ? ['api'] : [])] : []),
    ...(simulate ? [run('simulator', ['api', 'pipeline'])] : []),
  ]
}

function publish(stack: Stack, status: readonly ProcessStatus[]): void {
  stack.publish({
    apiUrl: status.find(({ name }) => name === 'api')?.address,
    processes: status.map(({ name, state, pid, address, restarts, logFile }) => ({ name, state, pid, address, restarts, logFile })),
  })
}

function readyLines(stack: Stack, status: readonly ProcessStatus[], simulate: boolean, lookUps: boolean): string[] {
  const rows: StartRow[] = [
    ...stack.engines.map(({ name, state, address, note }) => ({
      name,
      state,
      address: address === undefined ? undefined : maskUrls(address),
      note,
    })),
    ...status.map(({ name, state, address, logFile }) => ({ name, state, address, note: `log ${logFile}` })),
  ]
  const api = status.find(({ name }) => name === 'api')?.address ?? ''
  return [
    '',
    startTable(rows, [
      { what: 'the overview', where: `${api}/` },
      { what: 'leads and why', where: `${api}/ui/leads` },
      { what: 'the API', where: `${api}/docs` },
      { what: 'send one webhook', where: 'npx rekindle send ContactCreate' },
      { what: 'decisions as they are made', where: 'npx rekindle tail decisions' },
      { what: 'why a lead was (not) written to', where: 'npx rekindle why <contact id>' },
      { what: 'leads that wait for an answer', where: `${api}/ui/owed` },
      { what: 'what people are asked first', where: `${api}/ui/asks` },
      ...(lookUps ? [{ what: 'look-ups at the Apollo sandbox', where: 'npx rekindle look-ups' }] : []),
    ]),
    '',
    simulate ? 'Simulated leads are played gently; `npm start -- --no-simulate` starts without them. Ctrl-C stops.' : 'Ctrl-C stops.',
  ]
}
