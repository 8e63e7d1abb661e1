/** `rekindle why <lead>`: the last decisions about a lead and what they rest on. */
import type { Command } from 'commander'
import type { LeadStory } from '../../api/replySchemas.ts'
import { apiUrl } from '../addresses.ts'
import { readApi } from '../apiClient.ts'
import type { Surroundings } from '../surroundings.ts'
import { whyText } from '../whyText.ts'

export function addWhy(program: Command, { terminal, config, fetch, now }: Surroundings): void {
  program
    .command('why')
    .description('say what was decided about a lead and why: words, votes, the sum they make, gates')
    .argument('<lead>', 'GHL contact id, or <locationId>:<contactId>')
    .option('--all', 'the last 20 decisions instead of the newest of each type')
    .option('--json', 'everything the API knows about the lead')
    .option('--url <url>', 'address of the API')
    .action(async (lead: string, options: { all?: true; json?: true; url?: string }) => {
      const settings = config()
      const story = (await readApi(apiUrl(settings, options.url), `/leads/${encodeURIComponent(lead)}`, settings, fetch)) as LeadStory
      if (options.json === true) terminal.out(JSON.stringify(story, null, 2))
      else for (const line of whyText(story, { all: options.all === true, now: now() })) terminal.out(line)
    })
}
