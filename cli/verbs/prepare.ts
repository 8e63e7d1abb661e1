/** `rekindle prepare`: topics, schemas and migrations, before processes start. `rekindle start` does it itself. */
import type { Command } from 'commander'
import { processLogger } from '../processLogger.ts'
import type { Surroundings } from '../surroundings.ts'

export function addPrepare(program: Command, { terminal, config }: Pick<Surroundings, 'terminal' | 'config'>): void {
  program
    .command('prepare')
    .description('create topics, register schemas, migrate Postgres and ClickHouse; running it again changes nothing')
    .action(async () => {
      const { prepare } = await import('../prepare.ts')
      const settings = config()
      const { topics, migrations } = await prepare(settings, processLogger('prepare', 'warn', 'stderr'))
      const changed = topics.filter(({ action }) => action !== 'keep')
      terminal.out(
        `${changed.length} of ${topics.length} topics created or altered; migrations run: ${migrations.length === 0 ? 'none' : migrations.join(', ')}.`,
      )
    })
}
