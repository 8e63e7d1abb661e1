/** `rekindle audit next | label`: decisions that wait for a person's verdict, and the verdict. */
import type { Command } from 'commander'
import type { Static } from '@sinclair/typebox'
import type { AuditList, StoredVerdict } from '../../api/replySchemas.ts'
import { clockText } from '../../pipelines/instantText.ts'
import { actionOf } from '../../pipelines/consensus/explain.ts'
import { apiUrl } from '../addresses.ts'
import { readApi, writeApi } from '../apiClient.ts'
import { columns } from '../columns.ts'
import { countOf } from '../countOption.ts'
import type { Surroundings } from '../surroundings.ts'

type Audits = Static<typeof AuditList>
type Stored = Static<typeof StoredVerdict>

interface NextFlags {
  readonly by: string
  readonly location?: string
  readonly type?: string
  readonly limit: string
  readonly json?: true
  readonly url?: string
}

interface LabelFlags {
  readonly by: string
  readonly right: string
  readonly note?: string
  readonly url?: string
}

export function addAudit(program: Command, { terminal, config, fetch }: Pick<Surroundings, 'terminal' | 'config' | 'fetch'>): void {
  const audit = program
    .command('audit')
    .description('judge decisions that were chosen by chance: what the agents are measured by')
    .addHelpText(
      'after',
      '\nExamples:\n  rekindle audit next --by anna\n  rekindle audit label 5623c699-8a0f-8efa-9dc7-d7a622c1f0e3 --by anna --right call',
    )
  audit
    .command('next')
    .description('decisions that wait for a verdict, without what was decided')
    .requiredOption('--by <name>', 'who judges')
    .option('--location <id>', 'only this GHL location')
    .option('--type <type>', 'only this decision type')
    .option('--limit <n>', 'decisions at most, 1 to 50', '1')
    .option('--json', 'the answer of the API')
    .option('--url <url>', 'address of the API')
    .action(async (flags: NextFlags) => {
      const settings = config()
      const query = new URLSearchParams({ by: flags.by, limit: String(countOf('--limit', flags.limit, 1, 50)) })
      if (flags.location !== undefined) query.set('tenant', flags.location)
      if (flags.type !== undefined) query.set('type', flags.type)
      const answer = (await readApi(apiUrl(settings, flags.url), `/audits?${query.toString()}`, settings, fetch)) as Audits
      if (flags.json === true) terminal.out(JSON.stringify(answer, null, 2))
      else for (const line of auditLines(answer, flags.by)) terminal.out(line)
    })
  audit
    .command('label')
    .description('say which option would have been right')
    .argument('<decision>', 'id of the decision')
    .requiredOption('--by <name>', 'who judges')
    .requiredOption('--right <option>', 'the option that would have been right')
    .option('--note <text>', 'why, in a sentence')
    .option('--url <url>', 'address of the API')
    .action(async (decisionId: string, { by, right, note, url }: LabelFlags) => {
      const settings = config()
      const body = { by, right, ...(note === undefined ? {} : { note }) }
      const stored = (await writeApi(apiUrl(settings, url), `/audits/${encodeURIComponent(decisionId)}`, body, settings, fetch)) as Stored
      for (const line of storedLines(stored)) terminal.out(line)
    })
}

/** The situation of each decision, as it was known when the question was put. */
export function auditLines({ audits, waiting }: Audits, by: string): string[] {
  if (audits.length === 0) return [`Nothing waits for a verdict of ${by}.`]
  return [
    ...audits.flatMap((one) => [
      `${one.decisionId}  ${one.type.replaceAll('_', ' ')}${one.second ? ', a second opinion' : ''}`,
      `  ${one.name ?? 'a lead without a name'} (${one.leadKey}), ${one.stage}, asked because of: ${one.reason.replaceAll('_', ' ')}, ${clockText(one.askedAt, one.timeZone)}`,
      ...(one.messages.length === 0 ? ['  No message is known from before that.'] : []),
      ...one.messages.map(
        ({ at, direction, channel, text }) =>
          `  ${clockText(at, one.timeZone)} ${direction === 'inbound' ? 'lead' : 'we  '} ${channel}: ${text}`,
      ),
      '  What would have been right?',
      ...columns(
        one.options.map((option) => [
          `    ${option}`,
          `${meant(option, one)}${one.closed.includes(option) ? ', which was not allowed' : ''}`,
        ]),
      ),
      '',
    ]),
    `${waiting} ${waiting === 1 ? 'waits' : 'wait'} for ${by}. rekindle audit label <id> --by ${by} --right <option>`,
  ]
}

/** What an option is, in words, with the realtor that it stands for. */
function meant(option: string, { type, realtors }: Audits['audits'][number]): string {
  // An older API does not say whom.
  const realtor = (realtors as typeof realtors | undefined)?.find((one) => one.option === option)
  return realtor === undefined
    ? actionOf(option, type)
    : `give the lead to ${realtor.name === null ? realtor.id : `${realtor.name} (${realtor.id})`}`
}

function storedLines({ chosen, right, agreed, selection }: Stored): string[] {
  return [
    agreed ? `Stored. The decision was the same: ${chosen}.` : `Stored. The decision was ${chosen}, not ${right}.`,
    ...(selection === 'override'
      ? [
          'It was not chosen by chance, so it is kept and trains nothing: who judges only what looks wrong would teach that everything is wrong.',
        ]
      : []),
  ]
}
