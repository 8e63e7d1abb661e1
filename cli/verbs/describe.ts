/** `rekindle describe`: the topology from the declarations of this build and its settings; it asks no broker. */
import type { Command } from 'commander'
import type { Surroundings } from '../surroundings.ts'

export function addDescribe(program: Command, { terminal, config }: Pick<Surroundings, 'terminal' | 'config'>): void {
  program
    .command('describe')
    .description('the topology: groups, stages with inputs, outputs, tables, state and timers, workers, sinks')
    .option('--mermaid', 'as a Mermaid flow chart')
    .action(async (flags: { mermaid?: true }) => {
      const [{ describeMermaid, describeText }, { membersOf }, { allTopics }] = await Promise.all([
        import('../../runtime/describe.ts'),
        import('../roles/groups.ts'),
        import('../../topics/index.ts'),
      ])
      const described = membersOf(config()).map(({ group, stages, worker, inputs = [] }) =>
        stages !== undefined ? { group, stages } : worker !== undefined ? { group, worker } : { group, sink: inputs },
      )
      const lines = flags.mermaid === true ? describeMermaid(described, allTopics) : describeText(described, allTopics)
      for (const line of lines) terminal.out(line)
    })
}
