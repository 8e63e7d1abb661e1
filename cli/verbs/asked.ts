/** `rekindle asked list | answer`: what people are asked before anything is sent, and the answer, which is carried out. */
import type { Command } from 'commander'
import type { Static } from '@sinclair/typebox'
import type { AskList, StoredAnswer } from '../../api/replySchemas.ts'
import { actionOf } from '../../pipelines/consensus/explain.ts'
import { clockText } from '../../pipelines/instantText.ts'
import { spanText } from '../../pipelines/reconcile/words.ts'
import { apiUrl } from '../addresses.ts'
import { readApi, writeApi } from '../apiClient.ts'
import { countOf } from '../countOption.ts'
import type { Surroundings } from '../surroundings.ts'

type Asks = Static<typeof AskList>
type Stored = Static<typeof StoredAnswer>

interface ListFlags {
  readonly location?: string
  readonly limit: string
  readonly json?: true
  readonly url?: string
}

interface AnswerFlags {
  readonly by: string
  readonly note?: string
  readonly url?: string
}

export function addAsked(
  program: Command,
  { terminal, config, fetch, now }: Pick<Surroundings, 'terminal' | 'config' | 'fetch' | 'now'>,
): void {
  const asked = program
    .command('asked')
    .description('what people are asked before anything is sent')
    .addHelpText('after', '\nExamples:\n  rekindle asked list\n  rekindle asked answer 5623c699-8a0f-8efa-9dc7-d7a622c1f0e3 sms --by anna')
  asked
    .command('list')
    .description('open questions, the one whose time is over first first')
    .option('--location <id>', 'only this GHL location')
    .option('--limit <n>', 'questions at most, 1 to 200', '20')
    .option('--json', 'the answer of the API')
    .option('--url <url>', 'address of the API')
    .action(async ({ location, limit, json, url }: ListFlags) => {
      const settings = config()
      const query = new URLSearchParams({
        limit: String(countOf('--limit', limit, 1, 200)),
        ...(location === undefined ? {} : { tenant: location }),
      })
      const answer = (await readApi(apiUrl(settings, url), `/asks?${query.toString()}`, settings, fetch)) as Asks
      if (json === true) terminal.out(JSON.stringify(answer, null, 2))
      else for (const line of askedLines(answer, now())) terminal.out(line)
    })
  asked
    .command('answer')
    .description('say what is to be done: it is carried out, if the rules still allow it')
    .argument('<decision>', 'id of the decision asked about')
    .argument('<option>', 'one of the options of the question')
    .requiredOption('--by <name>', 'who answers')
    .option('--note <text>', 'why, in a sentence')
    .option('--url <url>', 'address of the API')
    .action(async (decisionId: string, option: string, { by, note, url }: AnswerFlags) => {
      const settings = config()
      const body = { by, option, ...(note === undefined ? {} : { note }) }
      const stored = (await writeApi(apiUrl(settings, url), `/asks/${encodeURIComponent(decisionId)}`, body, settings, fetch)) as Stored
      terminal.out(`Noted to ${actionOf(stored.option, 'follow_up')}. The rules are asked once more before anything leaves.`)
    })
}

/** Each question with what one has to know to answer it. `now`: ms. */
export function askedLines({ asks, more }: Asks, now: number): string[] {
  if (asks.length === 0)
    return [
      'No question is open. A message is unclear only under a policy that was learned from verdicts (rekindle audit next), or where the location has said what a minute of a person is worth.',
    ]
  const questions = asks.flatMap(({ decisionId, leadKey, name, title, body, until, timeZone }) => [
    `${title}  ${decisionId}`,
    `  ${name ?? 'a lead without a name'} (${leadKey}), ${spanText(until - now)} left, until ${clockText(until, timeZone)}`,
    ...body.split('\n').map((line) => `  ${line}`),
    '',
  ])
  return more ? [...questions, 'More questions are open: --limit shows up to 200, --location those of one location.'] : questions
}
