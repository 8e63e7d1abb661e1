/** `rekindle simulate`: plays believable leads as signed webhooks over HTTP and accounts for every one of them. */
import type { Command } from 'commander'
import { liveDeliveries, pastDeliveries } from '../../simulate/deliveries.ts'
import type { Delivery } from '../../simulate/deliveries.ts'
import { sandboxKey } from '../../simulate/sandboxKey.ts'
import { sendAll } from '../../simulate/sender.ts'
import { platformTruth } from '../../simulate/platformTruth.ts'
import { apiUrl, ghlApiAddress } from '../addresses.ts'
import { cliError } from '../errors.ts'
import { liveLine, summaryLines } from '../simulateText.ts'
import type { Surroundings } from '../surroundings.ts'

interface SimulateFlags {
  readonly leads: number
  readonly rate: number
  readonly seed: number
  readonly speed?: number
  readonly duplicates: number
  readonly reordered: number
  readonly unsent: number
  readonly url?: string
  readonly json?: true
}

/** Webhooks of a story on average; a live lead begins as often as this and the rate say. */
const webhooksPerLead = 4.5
const shownEveryMs = 200

export function addSimulate(program: Command, { terminal, config, poster, now, stop, wait }: Surroundings): void {
  program
    .command('simulate')
    .description('play believable leads as signed webhooks over HTTP')
    .option('--leads <n>', 'how many leads', number('--leads', 1, 1_000_000), 100)
    .option('--rate <n>', 'webhooks per second', number('--rate', 0.1, 100_000), 50)
    .option('--seed <n>', 'the same seed tells the same stories', number('--seed', 0, Number.MAX_SAFE_INTEGER), 1)
    .option(
      '--speed <x>',
      'play the stories live, x times as fast as they happen; without it they lie in the past',
      number('--speed', 0.001, 1_000_000),
    )
    .option('--duplicates <share>', 'share of webhooks delivered twice', number('--duplicates', 0, 1), 0)
    .option('--reordered <share>', 'share of webhooks that change places with the next of the same lead', number('--reordered', 0, 1), 0)
    .option(
      '--unsent <share>',
      'share of webhooks that the platform never sends; its API shows them, and the comparison with it finds them',
      number('--unsent', 0, 1),
      0,
    )
    .option('--url <url>', 'address of the API')
    .option('--json', 'the accounts as JSON')
    .addHelpText(
      'after',
      '\nThe same seed sends the same webhookIds: a second run is told from the first by nobody but ingest, which drops it.\n\nExamples:\n  rekindle simulate --leads 200 --rate 50 --seed 7\n  rekindle simulate --leads 20 --rate 20 --speed 600      # a day in 2.4 minutes\n  rekindle simulate --leads 500 --rate 200 --duplicates 0.1 --reordered 0.05\n  rekindle simulate --leads 200 --rate 50 --unsent 0.1     # a tenth is lost; two minutes later: rekindle reconcile --since 2h',
    )
    .action(async (flags: SimulateFlags) => {
      const settings = config()
      if (settings.mode !== 'local') throw cliError('E_LOCAL_ONLY', 'REKINDLE_MODE is real.')
      const key = sandboxKey(settings.dataDir)
      const url = apiUrl(settings, flags.url)
      const { post, close } = poster(url)
      const startedAt = now()
      let shownAt = 0
      try {
        const accounts = await sendAll(deliveriesOf(flags, startedAt), {
          post,
          sign: (body) => key.sign(body),
          rate: flags.rate,
          signal: stop,
          now,
          ...(flags.unsent === 0
            ? {}
            : {
                onHappened: platformTruth({
                  sandboxUrl: ghlApiAddress(settings),
                  seed: flags.seed,
                  lost: flags.unsent,
                  now,
                }),
              }),
          ...(wait === undefined ? {} : { wait }),
          onProgress: (soFar) => {
            if (now() - shownAt < shownEveryMs) return
            shownAt = now()
            terminal.live(liveLine(soFar, (now() - startedAt) / 1000))
          },
        })
        if (flags.json === true) terminal.out(JSON.stringify({ ...accounts, fates: Object.fromEntries(accounts.fates) }))
        else for (const line of summaryLines(accounts, (now() - startedAt) / 1000)) terminal.out(line)
        if (accounts.accepted === 0) throw cliError('E_API_REFUSED', `${url} stored none of ${accounts.sent} webhooks.`)
      } finally {
        close()
      }
    })
}

function deliveriesOf(flags: SimulateFlags, now: number): Iterable<Delivery> {
  const { seed, leads, duplicates, reordered, rate, speed } = flags
  if (speed === undefined) return pastDeliveries({ seed, leads, duplicates, reordered, now: () => now })
  return liveDeliveries({ seed, leads, duplicates, reordered, from: now, speed, everyMs: (1000 * webhooksPerLead) / rate })
}

function number(flag: string, low: number, high: number): (text: string) => number {
  return (text) => {
    const value = Number(text)
    if (text.trim() === '' || !(value >= low && value <= high))
      throw cliError('E_OPTION_INVALID', `${flag} ${text}: must be a number from ${low} to ${high}.`)
    return value
  }
}
