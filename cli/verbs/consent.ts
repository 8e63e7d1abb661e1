/** `rekindle consent <lead>`: what a lead has stated of permissions, by time, what stands of it and what is permitted now. */
import type { Command } from 'commander'
import { historyHeads, historyNotes, historyRows, mayInWords } from '../../api/pages/permissionWords.ts'
import type { LeadConsent } from '../../api/replySchemas.ts'
import { localTimes } from '../../pipelines/instantText.ts'
import { apiUrl } from '../addresses.ts'
import { readApi } from '../apiClient.ts'
import { columns } from '../columns.ts'
import type { Surroundings } from '../surroundings.ts'

export function addConsent(program: Command, { terminal, config, fetch }: Surroundings): void {
  program
    .command('consent')
    .description('what a lead has stated of permissions, by time, what stands of it and what is permitted now')
    .argument('<lead>', 'GHL contact id, or <locationId>:<contactId>')
    .option('--json', 'as the API says it')
    .option('--url <url>', 'address of the API')
    .action(async (lead: string, options: { json?: true; url?: string }) => {
      const settings = config()
      const told = (await readApi(
        apiUrl(settings, options.url),
        `/leads/${encodeURIComponent(lead)}/consent`,
        settings,
        fetch,
      )) as LeadConsent
      if (options.json === true) terminal.out(JSON.stringify(told, null, 2))
      else for (const line of consentText(told)) terminal.out(line)
    })
}

/** The history for people: a table, newest first, then what is permitted now; moments as clocks at the location show them. */
export function consentText(told: LeadConsent): string[] {
  const local = (text: string) => localTimes(text, told.timeZone)
  const rows = historyRows(told).map((row) => row.map(local))
  const table = rows.length === 0 ? [] : columns([historyHeads.map((head) => head.toLowerCase()), ...rows])
  return [
    `${told.name}  (${told.leadKey})`,
    ...historyNotes(told).map(local),
    ...table,
    '',
    'PERMITTED NOW, the other rules of a message aside',
    ...mayInWords(told).map(local),
  ]
}
