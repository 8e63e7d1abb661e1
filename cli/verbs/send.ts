/** `rekindle send <sample | file>`: signs a webhook with the sandbox key and posts it, as GoHighLevel would. */
import type { Command } from 'commander'
import { dressed, readSample, sampleNames } from '../../simulate/samples.ts'
import { sandboxKey } from '../../simulate/sandboxKey.ts'
import { apiUrl } from '../addresses.ts'
import { apiRefused } from '../apiClient.ts'
import { cliError } from '../errors.ts'
import type { Surroundings } from '../surroundings.ts'

interface SendFlags {
  readonly list?: true
  readonly raw?: true
  readonly unsigned?: true
  readonly set: readonly string[]
  readonly url?: string
}

export function addSend(program: Command, { terminal, config, poster, now, newId }: Surroundings): void {
  program
    .command('send')
    .description('sign a webhook with the sandbox key and post it')
    .argument('[sample]', 'name of a sample (see --list) or path of a JSON file')
    .option('--list', 'name the samples')
    .option(
      '--set <field=value>',
      'set a top-level field; the value is JSON or else text',
      (pair: string, all: readonly string[]) => [...all, pair],
      [],
    )
    .option('--raw', 'send the bytes of the file as they are, without webhookId and timestamp')
    .option('--unsigned', 'leave the signature out, to see it refused')
    .option('--url <url>', 'address of the API')
    .addHelpText(
      'after',
      '\nExamples:\n  rekindle send ContactCreate\n  rekindle send InboundMessage --set body="Can we see it tomorrow?"\n  rekindle send InboundMessage --set contactId=somebodyElse0000001',
    )
    .action(async (sample: string | undefined, flags: SendFlags) => {
      if (sample === undefined || flags.list === true) {
        for (const name of sampleNames()) terminal.out(name)
        return
      }
      const settings = config()
      if (settings.mode !== 'local') throw cliError('E_LOCAL_ONLY', 'REKINDLE_MODE is real.')
      const body = flags.raw === true ? readSample(sample) : dressed(readSample(sample), now(), newId, fieldsOf(flags.set))
      const url = apiUrl(settings, flags.url)
      const { post, close } = poster(url)
      try {
        const signature = flags.unsigned === true ? 'N/A' : sandboxKey(settings.dataDir).sign(body)
        const answer = await post(body, signature).catch((error: unknown) => {
          throw cliError('E_API_UNREACHABLE', `${url} does not answer.`, { cause: error })
        })
        if (answer.status !== 202) throw apiRefused(answer.body, answer.status)
        for (const line of sentLines(body, answer.body)) terminal.out(line)
      } finally {
        close()
      }
    })
}

function fieldsOf(pairs: readonly string[]): Record<string, unknown> {
  return Object.fromEntries(
    pairs.map((pair) => {
      const sign = pair.indexOf('=')
      if (sign < 1) throw cliError('E_OPTION_INVALID', `--set ${pair}: must be field=value.`)
      return [pair.slice(0, sign), valueOf(pair.slice(sign + 1))]
    }),
  )
}

function valueOf(text: string): unknown {
  try {
    return JSON.parse(text) as unknown
  } catch {
    // Not JSON: it is meant as text.
    return text
  }
}

function sentLines(body: Buffer, answer: string): string[] {
  const { accepted, dropped } = JSON.parse(answer) as { accepted: number; dropped: number }
  const about = subjectOf(body)
  const lines = [
    `202 stored: ${accepted}${dropped > 0 ? `, dropped because the location is not installed or the lead was erased since: ${dropped}` : ''}${about.type === undefined ? '' : `  ${about.type}`}${about.webhookId === undefined ? '' : `  webhookId ${about.webhookId}`}`,
  ]
  if (accepted > 0 && about.contact !== undefined) lines.push(`Next: rekindle why ${about.contact}`)
  return lines
}

function subjectOf(body: Buffer): { type?: string; webhookId?: string; contact?: string } {
  const value = valueOf(body.toString('utf8'))
  if (value === null || typeof value !== 'object' || Array.isArray(value)) return {}
  const fields = value as { type?: string; webhookId?: string; id?: string; contactId?: string; appointment?: { contactId?: string } }
  const contact = fields.type?.startsWith('Contact') === true ? fields.id : (fields.contactId ?? fields.appointment?.contactId)
  return {
    ...(fields.type === undefined ? {} : { type: fields.type }),
    ...(fields.webhookId === undefined ? {} : { webhookId: fields.webhookId }),
    ...(contact === undefined ? {} : { contact }),
  }
}
