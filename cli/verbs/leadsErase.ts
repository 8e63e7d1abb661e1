/** `rekindle leads erase <lead>`: forgets a lead everywhere, and proves it by counting before and after. */
import { setTimeout as delay } from 'node:timers/promises'
import type { Command } from 'commander'
import { secondsOf } from '../countOption.ts'
import { cliError } from '../errors.ts'
import { eraseLead, isEmpty, leftIn, limitsOf, planLines, proofLines, takeStock } from '../leadErase.ts'
import { leadNamed, nothingHeldOn } from '../leadNamed.ts'
import type { Surroundings } from '../surroundings.ts'
import { doneBy } from '../thisUser.ts'

interface EraseFlags {
  readonly dryRun?: true
  readonly yes?: true
  readonly by?: string
  readonly wait: string
}

/** Adds the verb below `rekindle leads`. */
export function addLeadsErase(leads: Command, { terminal, config, held, leadsMeant, now, newId, wait }: Surroundings): void {
  leads
    .command('erase')
    .description('forget a lead everywhere but for its refusals, and prove it; there is no way back')
    .argument('<lead>', '<locationId>:<contactId>, or the contact id alone')
    .option('--dry-run', 'only say what is held and what would become of it')
    .option('--yes', 'do it')
    .option('--by <name>', 'who does it (the user of this machine unless given)')
    .option('--wait <seconds>', 'how long pipeline and sinks may take', '90')
    .action(async (typed: string, flags: EraseFlags) => {
      const seconds = secondsOf('--wait', flags.wait)
      if (seconds === 0) throw cliError('E_OPTION_INVALID', `--wait ${flags.wait}: must be a number of seconds.`)
      if (flags.dryRun !== true && flags.yes !== true)
        throw cliError('E_OPTION_INVALID', 'There is no way back: see with --dry-run what is held, then say --yes.')
      const { key: lead, tenantId, contactId } = await leadNamed(typed, (text) => leadsMeant(config(), text))
      if (lead !== typed) terminal.err(`${typed} is ${lead}.`)
      const on = await held(config(), lead)
      try {
        if (flags.dryRun === true) {
          const stocks = await takeStock(on.places)
          for (const line of planLines(stocks)) terminal.out(line)
          if (isEmpty(stocks)) terminal.err(nothingHeldOn(lead))
        } else {
          const requestId = newId()
          const requestedBy = doneBy(flags.by)
          const order = () => ({ tenantId, contactId, erasedAt: now(), requestId, requestedBy })
          const clock = { now, wait: wait ?? (async (ms: number) => void (await delay(ms))) }
          const { before, after, orders } = await eraseLead(on, order, limitsOf(seconds), clock)
          for (const line of proofLines(before, after)) terminal.out(line)
          if (isEmpty(before)) terminal.err(nothingHeldOn(lead))
          if (leftIn(after) > 0) throw cliError('E_ERASURE_UNFINISHED', `${leftIn(after)} records of ${lead} are left.`)
          terminal.out(
            orders === 0
              ? `${lead} was erased already; nothing is left.`
              : `${new Date(now()).toISOString()} erasure ${requestId} of ${lead} by ${requestedBy}: done`,
          )
        }
        for (const other of on.linked) terminal.out(`Perhaps the same person, not erased: ${other}`)
      } finally {
        await on.close()
      }
    })
}
