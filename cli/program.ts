/** The verbs of `rekindle` as one program. Every failure ends as code, sentence and what to do, and a non-zero exit code. */
import { Command, CommanderError } from 'commander'
import type { Surroundings } from './surroundings.ts'
import { faultLines } from './terminal.ts'
import { addAttribution } from './verbs/attribution.ts'
import { addAsked } from './verbs/asked.ts'
import { addAudit } from './verbs/audit.ts'
import { addBackfill } from './verbs/backfill.ts'
import { addConfig } from './verbs/config.ts'
import { addConsent } from './verbs/consent.ts'
import { addDescribe } from './verbs/describe.ts'
import { addDlq } from './verbs/dlq.ts'
import { addLag } from './verbs/lag.ts'
import { addLeads } from './verbs/leads.ts'
import { addOffsets } from './verbs/offsets.ts'
import { addRetention } from './verbs/retention.ts'
import { addSend } from './verbs/send.ts'
import { addSimulate } from './verbs/simulate.ts'
import { addSpend } from './verbs/spend.ts'
import { addState } from './verbs/state.ts'
import { addTail } from './verbs/tail.ts'
import { addTopics } from './verbs/topics.ts'
import { addWhy } from './verbs/why.ts'
import { version } from './version.ts'

/** The program with all verbs that work on a running Rekindle. */
export function rekindleProgram(surroundings: Surroundings): Command {
  const { terminal } = surroundings
  const program = new Command('rekindle')
    .description('Finds the leads that a real-estate team is about to lose, decides what to do, does it safely, and shows why.')
    .version(version, '-V, --version')
    .exitOverride()
    .showHelpAfterError('See `rekindle --help`.')
    .configureOutput({
      writeOut: (text) => terminal.out(text.replace(/\n$/, '')),
      writeErr: (text) => terminal.err(text.replace(/\n$/, '')),
    })
    .addHelpText(
      'after',
      '\nFirst steps:\n  npm start                                    everything on this machine\n  rekindle send ContactCreate                  one signed webhook\n  rekindle simulate --leads 50 --rate 20       fifty leads with their stories\n  rekindle why <contact id>                    what was decided about a lead, and why\n  rekindle tail decisions --from-beginning     the product, as other teams read it',
    )
  for (const add of [
    addSend,
    addSimulate,
    addSpend,
    addAttribution,
    addWhy,
    addConsent,
    addAsked,
    addAudit,
    addTail,
    addTopics,
    addDescribe,
    addDlq,
    addLag,
    addLeads,
    addOffsets,
    addRetention,
    addState,
    addBackfill,
    addConfig,
  ])
    add(program, surroundings)
  return program
}

/** Runs a command line (without node and script). Resolves with the exit code: 0 done, 1 failed, 2 not understood. */
export async function runProgram(program: Command, argv: readonly string[], surroundings: Pick<Surroundings, 'terminal'>): Promise<number> {
  try {
    await program.parseAsync([...argv], { from: 'user' })
    return 0
  } catch (error) {
    // Commander has printed its own words already.
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2
    for (const line of faultLines(error)) surroundings.terminal.err(line)
    return 1
  }
}
