/** `rekindle trials`: the trials of wordings and hours of a location, and a person's word on what was stopped. */
import type { Command } from 'commander'
import { instantText } from '../../pipelines/instantText.ts'
import type { AgentInsight, Finding, Tenant } from '../../schemas/generated/records.ts'
import { isAgency } from '../../pipelines/ingest/installation.ts'
import { guardrails } from '../../pipelines/trials/guardrails.ts'
import { clockHourOf, hourAgentId, hourOption } from '../../pipelines/trials/hours/hourTrial.ts'
import { runningTrial, trialAgentId } from '../../pipelines/trials/trial.ts'
import { insightKey, insights, tenants } from '../../topics/index.ts'
import { cliKafka } from '../cliKafka.ts'
import { columns } from '../columns.ts'
import { countOf } from '../countOption.ts'
import { cliError } from '../errors.ts'
import { hourLines, hoursOf, outOfDate } from '../hourLines.ts'
import type { Surroundings } from '../surroundings.ts'
import { unknownLocation } from '../unknownLocation.ts'

/** What the verbs read and write. */
export interface TrialTables {
  readonly stated: (location: string) => Promise<AgentInsight | undefined>
  readonly statedHours: (location: string) => Promise<AgentInsight | undefined>
  readonly tenant: (location: string) => Promise<Tenant | undefined>
  readonly change: (location: string, change: (before: Tenant | undefined) => Tenant) => Promise<unknown>
  readonly close: () => Promise<void>
}

export function addTrials(
  program: Command,
  { terminal, config, now }: Pick<Surroundings, 'terminal' | 'config' | 'now'>,
  openTables: () => Promise<TrialTables> = async () => {
    const kafka = await cliKafka(config())
    return {
      stated: async (location) => (await kafka.table(insights)).get(insightKey(location, trialAgentId)),
      statedHours: async (location) => (await kafka.table(insights)).get(insightKey(location, hourAgentId)),
      tenant: async (location) => (await kafka.table(tenants)).get(location),
      change: (location, change) => kafka.changeRow(tenants, location, change),
      close: () => kafka.close(),
    }
  },
): void {
  const verb = program.command('trials').description('wordings and hours that are tried by lot at a location')
  const withTables = async (use: (tables: TrialTables) => Promise<void>) => {
    const tables = await openTables()
    try {
      await use(tables)
    } finally {
      await tables.close()
    }
  }
  verb
    .command('show')
    .description('each wording and hour with what was sent, answered and stopped, and its share of the lot')
    .requiredOption('--location <id>', 'GHL location id')
    .option('--json', 'the statement as one JSON document, and that on hours as another one')
    .action(({ location, json }: { location: string; json?: true }) =>
      withTables(async ({ stated, statedHours, tenant }) => {
        const [insight, hours, settings] = [await stated(location), await statedHours(location), await tenant(location)]
        if (isAgency(location) || (insight === undefined && hours === undefined && settings === undefined)) throw unknownLocation(location)
        if (json === true) {
          terminal.out(JSON.stringify(insight ?? null))
          if (hours !== undefined) terminal.out(JSON.stringify(hours))
        } else {
          for (const line of trialLines(location, insight, settings, now())) terminal.out(line)
          for (const line of hourLines(location, hours, settings, now())) terminal.out(line)
        }
      }),
    )
  verb
    .command('reopen')
    .description('let the lot draw a wording or an hour again that was stopped; it takes effect after midnight UTC')
    .requiredOption('--location <id>', 'GHL location id')
    .option('--wording <wording>', 'the stopped one, e.g. soft_ask')
    .option('--hour <hour>', 'the stopped one, as it begins where the lead lives, e.g. 18')
    .action(({ location, wording, hour }: { location: string; wording?: string; hour?: string }) =>
      withTables(async ({ stated, statedHours, tenant, change }) => {
        if ((wording === undefined) === (hour === undefined)) throw cliError('E_OPTION_INVALID', 'Give one of --wording and --hour.')
        if (isAgency(location) || (await tenant(location)) === undefined) throw notSetUp(location)
        const stopped = hour === undefined ? stoppedIn(wordingsOf(await stated(location))) : stoppedIn(hoursOf(await statedHours(location)))
        const name = wording ?? hourOption(countOf('--hour', hour ?? '', 0, 23), 'weekday')
        const [flag, said] = hour === undefined ? ['--wording', name] : ['--hour', hour]
        const shown = stopped.map((one) => (hour === undefined ? one : String(clockHourOf(one))))
        if (!stopped.includes(name))
          throw cliError(
            'E_OPTION_INVALID',
            `${flag} ${said}: not stopped at ${location}; ${stopped.length === 0 ? 'none is' : `stopped: ${shown.join(', ')}`}.`,
          )
        await change(location, (settings) => {
          if (settings === undefined) throw notSetUp(location)
          return reopened(settings, name, now())
        })
        const what = hour === undefined ? said : `The hour from ${said}:00`
        terminal.out(`${what} is open again at ${location} from the next look at the results, 00:15 UTC.`)
      }),
    )
}

function notSetUp(location: string) {
  return cliError('E_OPTION_INVALID', `--location ${location}: no such location is set up.`)
}

function wordingsOf(insight: AgentInsight | undefined): Finding[] {
  return (insight?.findings ?? []).filter(({ kind }) => kind === 'wording')
}

function stoppedIn(findings: readonly Finding[]): string[] {
  return findings.flatMap(({ subject, reason }) => (reason === 'open' ? [] : [subject]))
}

/** The settings with a wording or an hour (`h18`) that a person opened again; trials that are off stay so. `at`: ms. */
export function reopened(settings: Tenant, name: string, at: number): Tenant {
  const { enabled = true, reopened: before = {} } = settings.trials ?? {}
  return { ...settings, updatedAt: at, trials: { enabled, reopened: { ...before, [name]: at } } }
}

/** The trial of a location as lines; `now` in ms. */
export function trialLines(location: string, insight: AgentInsight | undefined, settings: Tenant | undefined, now: number): string[] {
  const off = settings?.trials?.enabled === false ? [`Nothing is left to lot at ${location}: trials are off.`] : []
  const trial = insight?.findings.find(({ kind }) => kind === 'trial')
  if (insight === undefined || trial === undefined) {
    const equal = `Nothing has been stated about ${location}: every wording of ${runningTrial.id} has the same share; results come 72 hours after a message.`
    return [...off, equal]
  }
  const since = evidenceIn(trial, 'since')
  const won = trial.value === null ? 'running' : `won by ${trial.value}`
  const rows = wordingsOf(insight).map((finding) => {
    const stopped = evidenceIn(finding, 'stopped')
    return [
      wordingName(finding),
      ...['answered', 'best with'].map((field) => evidenceIn(finding, field)),
      `${(Number(finding.value) / 10_000).toFixed(1)} %`,
      stopped === '' ? 'open' : `stopped ${instantText(Number(stopped))}`,
    ]
  })
  const watched = wordingsOf(insight).map((finding) => [
    wordingName(finding),
    ...guardrails.map(({ told, reason }) => `${evidenceIn(finding, told)}${finding.reason === reason ? ' !' : ''}`),
  ])
  const stops = wordingsOf(insight).flatMap(({ reason, text }) => (reason === 'open' ? [] : [text]))
  return [
    ...off,
    `${trial.subject}, ${won}, since ${instantText(Number(since))}, stated ${instantText(insight.at)}, ${trial.samples} results`,
    ...outOfDate('wording', insight, now),
    ...columns([['wording', 'answered well', 'best with', 'share of the lot', 'state'], ...rows]),
    'Of the leads that it was tried on, each once, in the 72 hours after a message:',
    ...columns([['wording', ...guardrails.map(({ told }) => told)], ...watched]),
    ...stops,
    `${runningTrial.exploreMicro / 10_000} % of the decisions on a wording are left to lot.`,
  ]
}

function wordingName({ subject }: Finding): string {
  return subject === runningTrial.arms[0] ? `${subject} (plain)` : subject
}

function evidenceIn({ evidence }: Finding, field: string): string {
  return evidence.find((one) => one.field === field)?.value ?? ''
}
