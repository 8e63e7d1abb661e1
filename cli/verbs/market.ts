/** `rekindle market`: facts about the market of a location, from a file or a feed, and what is found in them. */
import type { Command } from 'commander'
import { systemClock } from '../../delivery/systemClock.ts'
import { marketFeed } from '../../integrations/market/client.ts'
import { marketError } from '../../integrations/market/errors.ts'
import { readMarketFile } from '../../integrations/market/readFile.ts'
import type { BadRow, ReadRows } from '../../integrations/market/rows.ts'
import { startMarketSandbox } from '../../integrations/market/sandbox/sandbox.ts'
import { isAgency } from '../../pipelines/ingest/installation.ts'
import { insightAgents } from '../../pipelines/market/trendRules.ts'
import type { KafkaConnection } from '../../runtime/kafka/connectKafka.ts'
import type { Config } from '../../config/config.ts'
import type { AgentInsight } from '../../schemas/generated/records.ts'
import { sandboxMarketRows } from '../../simulate/sandboxMarket.ts'
import { insightKey, insights, marketFacts, tenants } from '../../topics/index.ts'
import { badRowLines, TOLD_ROWS } from '../badRows.ts'
import { cliKafka } from '../cliKafka.ts'
import { cliError } from '../errors.ts'
import type { Surroundings } from '../surroundings.ts'
import { unknownLocation } from '../unknownLocation.ts'

/** What the verbs use of Kafka. */
export type MarketKafka = Pick<KafkaConnection, 'registerSchemas' | 'producer' | 'table' | 'close'>

interface MarketFlags {
  readonly location: string
}

const sandboxKey = 'market-sandbox-key'

export function addMarket(
  program: Command,
  { terminal, config, now }: Pick<Surroundings, 'terminal' | 'config' | 'now'>,
  connect: (config: Config) => Promise<MarketKafka> = cliKafka,
): void {
  const verb = program.command('market').description('facts about the market of a location, and what is found in them')

  /** Writes facts as they are read, and tells what was and was not taken. */
  async function write(location: string, pages: AsyncIterable<ReadRows> | Iterable<ReadRows>): Promise<void> {
    const kafka = await connect(config())
    try {
      if (isAgency(location) || (await kafka.table(tenants)).get(location) === undefined) throw unknownLocation(location)
      await kafka.registerSchemas([marketFacts])
      const producer = kafka.producer()
      let [facts, repeated, page, bad] = [0, 0, 0, 0]
      // Those that are told, and no more: a feed may have any number.
      const first: (BadRow & { readonly page: number })[] = []
      const tell = () => {
        const lines = first.map((row) => badLine(row, page > 1))
        for (const line of badRowLines(lines, bad)) terminal.err(line)
        terminal.out(
          `${facts} facts about the market of ${location} are told, ${repeated} told twice, ${bad} rows could not be read; \`rekindle market show --location ${location}\` says what is found.`,
        )
      }
      try {
        for await (const read of pages) {
          page++
          await Promise.all(read.facts.map((fact) => producer.send(marketFacts, location, fact)))
          facts += read.facts.length
          repeated += read.repeated
          bad += read.bad.length
          for (const row of read.bad.slice(0, TOLD_ROWS - first.length)) first.push({ ...row, page })
        }
      } finally {
        tell()
      }
    } finally {
      await kafka.close()
    }
  }

  verb
    .command('load')
    .description('tell the facts of a file of JSON Lines or, named .csv, of CSV (docs/market.md); loading it again changes nothing')
    .argument('<file>', 'file with one fact a line')
    .requiredOption('--location <id>', 'GHL location id')
    .action(async (file: string, { location }: MarketFlags) => {
      await write(location, [readMarketFile(file, location, now())])
    })
  verb
    .command('fetch')
    .description('tell the facts of the feed at MARKET_FEED_URL; in local mode, without one, of a sandbox')
    .requiredOption('--location <id>', 'GHL location id')
    .action(async ({ location }: MarketFlags) => {
      const { market, mode } = config()
      if (market.feedUrl === undefined && mode !== 'local')
        throw cliError('E_OPTION_INVALID', 'MARKET_FEED_URL is not set: there is no feed to fetch from.')
      const sandbox =
        market.feedUrl === undefined
          ? await startMarketSandbox({ apiKey: sandboxKey, rows: (id) => sandboxMarketRows(id, now()) })
          : undefined
      const feed = marketFeed({
        url: market.feedUrl ?? sandbox?.url ?? '',
        apiKey: sandbox === undefined ? market.feedKey : sandboxKey,
        clock: systemClock,
      })
      try {
        await write(location, fetched(feed.pages(location)))
      } finally {
        await feed.close()
        await sandbox?.close()
      }
    })
  verb
    .command('show')
    .description('say what the four agents of competitive intelligence find about a location now')
    .requiredOption('--location <id>', 'GHL location id')
    .action(async ({ location }: MarketFlags) => {
      const kafka = await connect(config())
      try {
        const table = await kafka.table(insights)
        const isKnown = insightAgents.some((agent) => table.get(insightKey(location, agent)) !== undefined)
        if (!isKnown && (await kafka.table(tenants)).get(location) === undefined) throw unknownLocation(location)
        for (const line of shown(location, (agent) => table.get(insightKey(location, agent)), now())) terminal.out(line)
      } finally {
        await kafka.close()
      }
    })
}

/** Pages as they come; one that cannot be had is thrown, after those before it were told. */
async function* fetched(pages: ReturnType<ReturnType<typeof marketFeed>['pages']>): AsyncGenerator<ReadRows> {
  for await (const page of pages) {
    if (page.kind === 'failed') throw marketError(page.code, page.detail)
    yield page
  }
}

function badLine({ page, line, reason, detail }: BadRow & { readonly page: number }, withPage: boolean): string {
  return `${withPage ? `page ${page}, ` : ''}line ${line}: ${reason}${detail === '' ? '' : ` (${detail})`}`
}

const titles: Readonly<Record<(typeof insightAgents)[number], string>> = {
  market_analyzer: 'The market',
  competitor_tracker: 'Competitors',
  social_monitor: 'What is said in public',
  strategic_synthesizer: 'All together',
}
const certainty = ['', 'very unsure', 'unsure', 'likely', 'sure', 'very sure'] as const

/** The findings of the four agents for a person to read. */
function shown(location: string, insightOf: (agent: string) => AgentInsight | undefined, now: number): string[] {
  const known = insightAgents.map((agent) => [agent, insightOf(agent)] as const)
  if (known.every(([, insight]) => insight === undefined))
    return [`Nothing is known of the market of ${location}; docs/market.md says what feeds look like.`]
  return known.flatMap(([agent, insight]) => {
    const isOver = insight === undefined || insight.validUntil <= now
    const findings = isOver ? [] : insight.findings
    const since = insight === undefined ? 'never looked' : `${isOver ? 'last looked' : 'found'} ${new Date(insight.at).toISOString()}`
    return [
      `${titles[agent]} (${agent}, ${since})`,
      ...(findings.length === 0 ? ['  nothing to tell'] : []),
      ...findings.map(({ text, bin, samples, evidence }) => {
        const level = evidence.find(({ field }) => field === 'threat' || field === 'opportunity')
        return `  ${text} ${[...(level === undefined ? [] : [`${level.field}: ${level.value}`]), certainty[bin] ?? '', `from ${samples}`].join(', ')}`
      }),
      '',
    ]
  })
}
