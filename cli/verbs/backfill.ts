/**
 * `rekindle backfill`: what the stages of this build make of a stretch of the past, written under a prefix of its own, to
 * be compared with what happened. Ids are derived from their causes, so the same decision has the same id in both.
 */
import { setTimeout as delay } from 'node:timers/promises'
import type { Command } from 'commander'
import { cliError } from '../errors.ts'
import { RehearsalTally } from '../rehearsalTally.ts'
import type { Surroundings } from '../surroundings.ts'
import { timeOf } from '../timeOption.ts'
import { groupsNamed } from './lag.ts'

interface BackfillFlags {
  readonly from: string
  readonly to?: string
  readonly into: string
  readonly group: string
}

/** What KAFKA_TOPIC_PREFIX may be, with a separator at the end so that names stay readable: it is read by that setting. */
const PREFIX = /^[a-zA-Z0-9.-]{1,60}[.-]$/
const SAY_EVERY_MS = 5_000

export function addBackfill(program: Command, { terminal, config, operator, now, stop }: Surroundings): void {
  program
    .command('backfill')
    .description('process a stretch of the past again, into topics under another prefix')
    .requiredOption('--from <time>', 'the first record of this time or later, e.g. 2026-11-24T15:00:00Z')
    .option('--to <time>', 'up to this time (default: now)')
    .requiredOption('--into <prefix>', 'before every topic that is written, e.g. shadow.')
    .option('--group <name>', 'whose stages', 'pipeline')
    .action(async (flags: BackfillFlags) => {
      const settings = config()
      const { topicPrefix, replicationFactor } = settings.kafka
      const from = timeOf('--from', flags.from)
      const until = flags.to === undefined ? now() : timeOf('--to', flags.to)
      if (until <= from) throw cliError('E_OPTION_INVALID', `--to ${flags.to ?? 'now'}: must be after --from ${flags.from}.`)
      // Time would run on to it, and what leads have not done by then would be written as if they had left it undone.
      if (until > now()) throw cliError('E_OPTION_INVALID', `--to ${flags.to ?? 'now'}: lies in the future; left out, it is now.`)
      if (!PREFIX.test(flags.into))
        throw cliError('E_OPTION_INVALID', `--into ${flags.into}: must be letters, digits, "." and "-" and end with "." or "-".`)
      if (flags.into === topicPrefix) throw cliError('E_OPTION_INVALID', `--into ${flags.into}: is the prefix that is read.`)
      const kafka = await operator(settings)
      try {
        const [found] = groupsNamed(kafka.groups, flags.group)
        if (found === undefined) return
        if (found.declared.length === 0) throw cliError('E_OPTION_INVALID', `${flags.group} has no stages that could be run again.`)
        const { group, declared: stages } = found
        const tally = new RehearsalTally()
        const shadow = await kafka.shadow({ group, stages, prefix: flags.into, replicationFactor })
        try {
          const rehearsal = await kafka.rehearse({
            group,
            stages,
            from,
            fits: (result, partition) => shadow.fits(result, partition),
            refusals: (result, partition) => shadow.refusals(result, partition),
            onResult: async (result, partition) => {
              tally.add(result)
              await shadow.write(result, partition, now())
            },
          })
          const saying = new AbortController()
          void saySometimes(() => terminal.err(tally.progress(rehearsal.at)), saying.signal)
          try {
            await rehearsal.catchUp({ until, stopped: () => stop.aborted })
            if (!stop.aborted) await rehearsal.advance(until)
            await shadow.flush()
          } finally {
            saying.abort()
            await rehearsal.close()
          }
          for (const line of tally.lines()) terminal.out(line)
          if (stop.aborted) throw cliError('E_STOPPED', stoppedAt(rehearsal.at, until, flags.into))
          terminal.out(
            `Read it with KAFKA_TOPIC_PREFIX=${flags.into}, for example: KAFKA_TOPIC_PREFIX=${flags.into} rekindle tail decisions --from-beginning`,
          )
        } finally {
          await shadow.close()
        }
      } finally {
        await kafka.close()
      }
    })
}

/** How far it came and what that leaves; `at` is the time of the last record, ms, 0 when none was read. */
function stoppedAt(at: number, until: number, into: string): string {
  if (at === 0) return `Stopped before the first record was read. Under ${into} there are empty topics, and no record.`
  const [reached, whole] = [at, until].map((ms) => new Date(ms).toISOString())
  return `Stopped at the records of ${reached}; the stretch goes to ${whole}. Under ${into} stands what they gave until then, and nothing of what comes after.`
}

async function saySometimes(say: () => void, signal: AbortSignal): Promise<void> {
  for (;;) {
    await delay(SAY_EVERY_MS, undefined, { signal, ref: false }).catch(() => undefined)
    if (signal.aborted) return
    say()
  }
}
