/** `rekindle leads`: finds leads by what they are called and by what was said, and hands out or erases all that is held on one. */
import type { Command } from 'commander'
import type { Static } from '@sinclair/typebox'
import type { LeadList } from '../../api/replySchemas.ts'
import { clockText } from '../../pipelines/instantText.ts'
import { apiUrl } from '../addresses.ts'
import { readApi } from '../apiClient.ts'
import { columns } from '../columns.ts'
import { countOf } from '../countOption.ts'
import type { Surroundings } from '../surroundings.ts'
import { addLeadsErase } from './leadsErase.ts'
import { addLeadsExport } from './leadsExport.ts'

type Found = Static<typeof LeadList>

interface SearchFlags {
  readonly tenant?: string
  readonly limit: string
  readonly cursor?: string
  readonly json?: true
  readonly url?: string
}

export function addLeads(program: Command, surroundings: Surroundings): void {
  const { terminal, config, fetch } = surroundings
  const verb = program.command('leads').description('find leads; export or erase what is held on one')
  addLeadsExport(verb, surroundings)
  addLeadsErase(verb, surroundings)
  verb
    .command('search')
    .description('leads with all these words in their fields or messages, newest event first')
    .argument('<text...>', 'words; \'"a phrase"\' in quotes of its own; after --, -word leaves out')
    .option('--tenant <locationId>', 'only this GHL location')
    .option('--limit <n>', 'leads at most, 1 to 200', '20')
    .option('--cursor <cursor>', 'the next page, as the page before said')
    .option('--json', 'as the API says it')
    .option('--url <url>', 'address of the API')
    .action(async (words: string[], flags: SearchFlags) => {
      const settings = config()
      const query = new URLSearchParams({ q: words.join(' '), limit: String(countOf('--limit', flags.limit, 1, 200)) })
      if (flags.tenant !== undefined) query.set('tenant', flags.tenant)
      if (flags.cursor !== undefined) query.set('cursor', flags.cursor)
      const page = (await readApi(apiUrl(settings, flags.url), `/leads?${query.toString()}`, settings, fetch)) as Found
      if (flags.json === true) terminal.out(JSON.stringify(page, null, 2))
      else for (const line of pageLines(page)) terminal.out(line)
    })
}

function pageLines({ leads, nextCursor }: Found): string[] {
  if (leads.length === 0) return ['No lead has all of these words.']
  const rows = leads.map(({ leadKey, name, level, score, status, lastEventAt, timeZone }) => [
    leadKey,
    name ?? '-',
    level,
    String(score),
    status,
    clockText(lastEventAt, timeZone),
  ])
  const table = columns([['lead', 'name', 'intent', 'score', 'status', 'last event'], ...rows], { right: [3] })
  return nextCursor === null ? table : [...table, '', `More: --cursor ${nextCursor}`]
}
