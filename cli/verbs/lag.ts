/** `rekindle lag`: how far each group is behind, in records and in seconds; an exit code for scripts. */
import { setTimeout as delay } from 'node:timers/promises'
import type { Command } from 'commander'
import { secondsOf } from '../countOption.ts'
import { cliError } from '../errors.ts'
import { lagLines, mostMs } from '../lagText.ts'
import type { GroupLag } from '../lagText.ts'
import type { KafkaForOperators, Surroundings } from '../surroundings.ts'

const WATCH_MS = 2_000

export function addLag(program: Command, surroundings: Surroundings): void {
  const { terminal, config, operator, stop, now } = surroundings
  const wait = surroundings.wait ?? ((ms: number) => delay(ms, undefined, { signal: stop }).catch(() => undefined))
  program
    .command('lag')
    .description('how far each group is behind, in records and in seconds')
    .option('--group <name>', 'only this group')
    .option('--watch', 'again every 2 s until it is stopped')
    .option('--max-seconds <n>', 'fail when a group is behind by more')
    .action(async (flags: { group?: string; watch?: true; maxSeconds?: string }) => {
      const limit = flags.maxSeconds === undefined ? Infinity : secondsOf('--max-seconds', flags.maxSeconds)
      const kafka = await operator(config())
      try {
        for (;;) {
          const lags = await lagsOf(kafka, flags.group)
          if (flags.watch === true) terminal.out(new Date(now()).toISOString())
          for (const line of lagLines(lags)) terminal.out(line)
          if (flags.group === undefined)
            for (const { group, switchedOff } of kafka.groups)
              if (switchedOff !== undefined) terminal.out(`${group} is not counted: ${switchedOff}. --group ${group} shows it.`)
          const late = lags.filter((each) => mostMs(each.lags) > limit * 1000)
          if (late.length > 0)
            throw cliError(
              'E_LAG_TOO_HIGH',
              late.map((each) => `${each.group} is ${mostMs(each.lags) / 1000} s behind, more than ${limit} s.`).join('\n'),
            )
          if (flags.watch !== true) return
          await wait(WATCH_MS)
          if (stop.aborted) return
        }
      } finally {
        await kafka.close()
      }
    })
}

async function lagsOf({ groups, offsets }: KafkaForOperators, only: string | undefined): Promise<GroupLag[]> {
  const lags: GroupLag[] = []
  // What nobody is to run falls behind for ever: who asks how late the installation is does not mean it.
  const asked = groupsNamed(groups, only).filter(({ switchedOff }) => only !== undefined || switchedOff === undefined)
  for (const { group, topics } of asked) lags.push({ group, lags: await offsets.lag(group, topics) })
  return lags
}

/** The group of this name, or all. Throws E_GROUP_UNKNOWN. */
export function groupsNamed(groups: KafkaForOperators['groups'], only: string | undefined): KafkaForOperators['groups'] {
  const found = groups.filter(({ group }) => only === undefined || group === only)
  if (found.length === 0)
    throw cliError('E_GROUP_UNKNOWN', `There is no group ${only ?? ''}; there are ${groups.map(({ group }) => group).join(', ')}.`)
  return found
}
