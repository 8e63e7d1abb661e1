/** `rekindle run <role>`: one process of the product, for a supervisor, a container or a terminal. */
import { once } from 'node:events'
import { Argument } from 'commander'
import type { Command } from 'commander'
import { systems } from '../../pipelines/agents/agent.ts'
import { announceReady, endWithSupervisor } from '../../stack/supervised.ts'
import { cliError } from '../errors.ts'
import { processLogger } from '../processLogger.ts'
import type { Role } from '../roles/role.ts'
import { stopRequests } from '../stopRequests.ts'
import type { Surroundings } from '../surroundings.ts'
import { faultLines } from '../terminal.ts'

/** Loaded when asked for: a process that loads all of them takes twice as long to start. */
const roles: Readonly<Record<string, () => Promise<Role>>> = {
  api: async () => (await import('../roles/apiRole.ts')).apiRole,
  pipeline: async () => (await import('../roles/pipelineRole.ts')).pipelineRole,
  agents: async () => (await import('../roles/agentsRole.ts')).agentsRole,
  sinks: async () => (await import('../roles/sinksRole.ts')).sinksRole,
  sandbox: async () => (await import('../roles/sandboxRole.ts')).sandboxRole,
  simulator: async () => (await import('../roles/simulatorRole.ts')).simulatorRole,
}

/** Exit code after an error nobody has an answer to: whoever supervises starts the process again, and it replays. */
const FATAL_EXIT = 70

export function addRun(
  program: Command,
  { config, terminal, operator, now }: Pick<Surroundings, 'config' | 'terminal' | 'operator' | 'now'>,
): void {
  program
    .command('run')
    .description('run one process: api, pipeline, agents, sinks; in local mode also sandbox, simulator')
    .addArgument(new Argument('<role>', 'which').choices(Object.keys(roles)))
    .option('--system <name>', `agents only: the agents of one system, in a group of their own: ${systems.join(', ')}`)
    .option('--dry-run', 'pipeline only: process from where the group stands into a black hole, and count')
    .option('--until-end', 'with --dry-run: end when everything that is there now was processed')
    .action(async (name: string, flags: { dryRun?: true; untilEnd?: true; system?: string }) => {
      const settings = config()
      if (flags.dryRun === true) {
        if (name !== 'pipeline') throw cliError('E_OPTION_INVALID', `--dry-run ${name}: only the pipeline can be run without its outputs.`)
        if (flags.system !== undefined)
          throw cliError('E_OPTION_INVALID', `--system ${flags.system}: belongs to \`run agents\` and goes without --dry-run.`)
        if (!settings.fused) throw cliError('E_OPTION_INVALID', '--dry-run: goes with a line that runs fused (PIPELINE_FUSED is false).')
        const [{ dryRun }, { pipelineGroup }] = await Promise.all([import('../dryRun.ts'), import('../roles/groups.ts')])
        const stop = new AbortController()
        for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => stop.abort())
        const kafka = await operator(settings)
        try {
          await dryRun({ kafka, group: pipelineGroup, untilEnd: flags.untilEnd === true, stop: stop.signal, terminal, now })
        } finally {
          await kafka.close()
        }
        return
      }
      const system = systems.find((known) => known === flags.system)
      if (flags.system !== undefined && (system === undefined || name !== 'agents'))
        throw cliError('E_OPTION_INVALID', `--system ${flags.system}: belongs to \`run agents\` and is one of ${systems.join(', ')}.`)
      if (flags.untilEnd === true) throw cliError('E_OPTION_INVALID', '--until-end: belongs to --dry-run.')
      const logger = processLogger(name, settings.logLevel)
      const role = await (roles[name] as () => Promise<Role>)()
      let dying = false
      const onFatal = (error: unknown) => {
        if (dying) return
        dying = true
        logger.fatal({ err: error }, `${name} cannot go on; it exits and replays`)
        // The line must be out before the process is gone; pino writes synchronously here.
        process.exit(FATAL_EXIT)
      }
      process.on('uncaughtException', onFatal)
      process.on('unhandledRejection', onFatal)
      const { asked, hurried, ask } = stopRequests(process)
      endWithSupervisor(() => ask('the supervisor is gone'))
      const running = await role({ config: settings, system, logger, onFatal, asked, hurried }).catch((error: unknown): never => {
        for (const line of faultLines(error)) terminal.err(line)
        // What had been started before the part that failed would keep the process alive and working.
        process.exit(1)
      })
      logger.info({ address: running.address }, `${name} is ready`)
      announceReady(running.address)
      if (!asked.aborted) await once(asked, 'abort')
      logger.info(`${name} ends: ${String(asked.reason)}`)
      await running.stop()
      logger.info(`${name} has ended`)
      // Keep-alive sockets of clients may hold the loop open; everything that matters is committed and closed.
      process.exit(0)
    })
}
