/**
 * `rekindle policy clear <for>`: a location decides with the policy of all again, for one decision type or for every one. Its own stay stored
 * and can be put in force again; the timer of learning makes it no new one until a person does.
 */
import type { Command } from 'commander'
import { changeHeaders } from '../../pipelines/consensus/policyChange.ts'
import { EVERYBODY } from '../../pipelines/learning/learn.ts'
import type { Policy } from '../../schemas/generated/records.ts'
import { policies } from '../../topics/index.ts'
import { cliKafka } from '../cliKafka.ts'
import { cliError } from '../errors.ts'
import type { Surroundings } from '../surroundings.ts'
import { doneBy } from '../thisUser.ts'

/** Adds it to `rekindle policy`. */
export function addPolicyClear(program: Command, { terminal, config }: Pick<Surroundings, 'terminal' | 'config'>): void {
  program.commands
    .find((command) => command.name() === 'policy')
    ?.command('clear')
    .description('let a location decide with the policy of all again; decisions made stay')
    .argument('<for>', 'a location, for everything it has a policy of its own for, or one as list names it (<location>:<decision type>)')
    .option('--by <name>', 'who does it (the user of this machine unless given)')
    .option('--note <text>', 'why, in a sentence')
    .action(async (of: string, { by: named, note }: { by?: string; note?: string }) => {
      const by = doneBy(named)
      const kafka = await cliKafka(config())
      try {
        const ended = ownOf(new Map((await kafka.table(policies)).entries()), of)
        const headers = changeHeaders({ by, why: note })
        for (const [key, { policyHash, label }] of ended) {
          await kafka.producer().send(policies, key, null, { headers })
          terminal.out(`${key} is decided with the policy of all, and no longer with ${policyHash.slice(0, 12)}, ${label}.`)
        }
      } finally {
        await kafka.close()
      }
    })
}

/** What a location has of its own, as it is named. Throws `E_OPTION_INVALID` where that is nothing, or what all are decided with. */
export function ownOf(inForce: ReadonlyMap<string, Policy>, of: string): (readonly [key: string, policy: Policy])[] {
  if (of === EVERYBODY || of.startsWith(`${EVERYBODY}:`))
    throw cliError(
      'E_OPTION_INVALID',
      `${of}: there is nothing behind the policy of all. Put another one in force with \`rekindle policy use\`.`,
    )
  const own = [...inForce].filter(([key]) => key === of || key.slice(0, key.lastIndexOf(':')) === of)
  if (own.length > 0) return own.sort(([a], [b]) => (a < b ? -1 : 1))
  throw cliError('E_OPTION_INVALID', `${of} has no policy of its own in force. \`rekindle policy list\` marks those that are.`)
}
