/** `rekindle replay`: decides a stretch of the past again from what the topics hold, and says whether the bytes are the same. */
import type { Command } from 'commander'
import type { Replayed } from '../../pipelines/consensus/replay.ts'
import type { Decision } from '../../schemas/generated/records.ts'
import { cliError } from '../errors.ts'
import { withReplaySource } from '../replaySource.ts'
import type { ReplaySource } from '../replaySource.ts'
import { rangeOf, storedQuestions } from '../storedQuestions.ts'
import type { ReplayRange } from '../storedQuestions.ts'
import type { Surroundings } from '../surroundings.ts'

interface ReplayFlags {
  readonly from: string
  readonly to?: string
  readonly lead?: string
  readonly json?: true
}

export interface Counted {
  readonly same: number
  readonly differs: number
  readonly impossible: number
}

export function addReplay(
  program: Command,
  { terminal, config, now, stop }: Pick<Surroundings, 'terminal' | 'config' | 'now' | 'stop'>,
): void {
  program
    .command('replay')
    .description('decide again from stored questions, votes and policies, and compare byte by byte')
    .requiredOption('--from <time>', 'decisions of this time or later, e.g. 2026-11-24T15:00:00Z')
    .option('--to <time>', 'decisions before this time (default: now)')
    .option('--lead <lead>', 'only those about <locationId>:<contactId>')
    .option('--json', 'one JSON document a decision that is not the same')
    .action(async (flags: ReplayFlags) => {
      const range = rangeOf(flags, now())
      await withReplaySource(
        config(),
        'rekindle replay',
        async (source) => {
          const counted = await replayRange(source, range, (decision, replayed) => {
            if (replayed.kind === 'same') return
            if (flags.json === true) terminal.out(JSON.stringify({ decisionId: decision.decisionId, type: decision.type, ...replayed }))
            else terminal.out(`${decision.decisionId}  ${decision.type}: ${replayed.because}`)
          })
          for (const line of countedLines(counted, flags.lead))
            if (flags.json === true) terminal.err(line)
            else terminal.out(line)
          mustBeSame(counted)
        },
        stop,
      )
    })
}

export function countedLines({ same, differs, impossible }: Counted, lead?: string): string[] {
  const total = same + differs + impossible
  if (total === 0) return [`No decision${lead === undefined ? '' : ` about ${lead}`} was made in that time.`]
  return [`${total} decisions: ${same} byte for byte the same, ${differs} different, ${impossible} cannot be decided again.`]
}

/** Decides every decision of the range again and counts. */
export async function replayRange(
  source: ReplaySource,
  range: ReplayRange,
  onReplayed: (decision: Decision, replayed: Replayed) => void,
): Promise<Counted> {
  const counted = { same: 0, differs: 0, impossible: 0 }
  for await (const { stored, answers } of storedQuestions(source, range)) {
    stored.forEach((decision, index) => {
      const answer = answers[index] as Replayed
      counted[answer.kind === 'not_possible' ? 'impossible' : answer.kind]++
      onReplayed(decision, answer)
    })
  }
  return counted
}

/** Throws `E_REPLAY_DIFFERS` when a decision came out otherwise; what could not be decided again proves nothing either way. */
export function mustBeSame({ differs }: Counted): void {
  if (differs > 0) throw cliError('E_REPLAY_DIFFERS', `${differs} ${differs === 1 ? 'decision comes' : 'decisions come'} out otherwise.`)
}
