/** `rekindle tail <topic>`: decoded records of a topic, one a line, as they come. */
import type { Command } from 'commander'
import { countOf } from '../countOption.ts'
import { cliError } from '../errors.ts'
import { isAbout, recordLine, topicNamed } from '../recordText.ts'
import type { Surroundings, TailStart } from '../surroundings.ts'

interface TailFlags {
  readonly fromBeginning?: true
  readonly last?: string
  readonly lead?: string
  readonly headers?: true
  readonly untilEnd?: true
}

export function addTail(program: Command, { terminal, config, kafka, stop }: Surroundings): void {
  program
    .command('tail')
    .description('print the decoded records of a topic as they come')
    .argument('<topic>', 'name of a topic (see `rekindle topics list`)')
    .option('--from-beginning', 'begin with the oldest record that is kept')
    .option('--last <n>', 'begin with the last n records')
    .option('--lead <id>', 'only this lead: contact id or <locationId>:<contactId>')
    .option('--headers', 'show the headers too')
    .option('--until-end', 'stop at the present end instead of waiting for more')
    .action(async (name: string, flags: TailFlags) => {
      const topic = topicNamed(name)
      const from = beginning(flags)
      const connection = await kafka(config())
      try {
        await connection.tail(topic, { from, untilEnd: flags.untilEnd === true, signal: stop }, (record) => {
          if (isAbout(record, flags.lead)) terminal.out(recordLine(record, { headers: flags.headers === true }))
        })
      } finally {
        await connection.close()
      }
    })
}

function beginning(flags: TailFlags): TailStart['from'] {
  if (flags.fromBeginning === true && flags.last !== undefined)
    throw cliError('E_OPTION_INVALID', `--last ${flags.last}: goes without --from-beginning, which begins with the oldest record.`)
  if (flags.fromBeginning === true) return 'beginning'
  if (flags.last === undefined) return 'now'
  return { last: countOf('--last', flags.last, 1) }
}
