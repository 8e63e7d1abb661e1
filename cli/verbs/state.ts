/** `rekindle state`: what stages keep, from their changelogs. */
import type { Command } from 'commander'
import { cliError } from '../errors.ts'
import { stateLines, statsLines } from '../stateText.ts'
import type { KafkaForOperators, Surroundings } from '../surroundings.ts'

export function addState(program: Command, { terminal, config, operator, now }: Surroundings): void {
  const verb = program.command('state').description('what stages keep: one key, or figures')
  const connected = async <R>(work: (states: KafkaForOperators['states']) => Promise<R>): Promise<R> => {
    const kafka = await operator(config())
    try {
      return await work(kafka.states)
    } finally {
      await kafka.close()
    }
  }
  verb
    .command('get')
    .description('the committed state of one key, its timers and when it expires')
    .argument('<stage>', 'name of a stage (see `rekindle describe`)')
    .argument('<key>', 'key of the state; for leads <locationId>:<contactId>')
    .action(async (stage: string, key: string) => {
      const state = await connected((states) => states.get(stage, key))
      if (state === undefined) throw cliError('E_STATE_ABSENT', `${stage} has never kept anything for ${key}, or it was deleted long ago.`)
      for (const line of stateLines(stage, key, state, now())) terminal.out(line)
    })
  verb
    .command('stats')
    .description('keys, tombstones, bytes and timers per stage and partition')
    .argument('[stage]', 'only this stage')
    .action(async (stage: string | undefined) => {
      for (const line of statsLines(await connected((states) => states.stats(stage)))) terminal.out(line)
    })
}
