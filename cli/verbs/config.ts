/** `rekindle config`: the effective settings, secrets masked, each with whether it is a default. */
import type { Command } from 'commander'
import type { Surroundings } from '../surroundings.ts'

export function addConfig(program: Command, { terminal, config, configLines }: Surroundings): void {
  program
    .command('config')
    .description('print the effective configuration, secrets masked')
    .action(() => {
      for (const line of configLines()) terminal.out(line)
      config()
    })
}
