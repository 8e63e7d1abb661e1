/** `rekindle effects`: what follow-ups bring, by leads that were left alone. It reads and prints. */
import type { Command } from 'commander'
import { counted as inWords } from '../../pipelines/counted.ts'
import { averageEffect, enteredGroup, kinds, subjectsOf } from '../../pipelines/effects/treatedOrNot.ts'
import type { AverageEffect, Kind, Subject } from '../../pipelines/effects/treatedOrNot.ts'
import { LEFT_ALONE_LEAST, TREATED_LEAST, upliftOf } from '../../pipelines/effects/uplift.ts'
import type { Uplift } from '../../pipelines/effects/uplift.ts'
import type { Decision, OutcomeObserved } from '../../schemas/generated/records.ts'
import { seededRandom } from '../../simulate/seededRandom.ts'
import { decisions, outcomes } from '../../topics/index.ts'
import { cliKafka } from '../cliKafka.ts'
import { columns } from '../columns.ts'
import { cliError } from '../errors.ts'
import { mustBeWhole } from '../latestByKey.ts'
import type { TailSource } from '../replaySource.ts'
import type { Surroundings } from '../surroundings.ts'
import { spanOf, timeOf } from '../timeOption.ts'
import { mustBeKnown } from '../unknownLocation.ts'

interface EffectFlags {
  readonly location: string
  readonly from: string
  readonly within: string
  readonly json?: true
}

export interface EffectReport {
  readonly average: Readonly<Record<Kind, AverageEffect>>
  /** Of replies; null while there are too few leads. */
  readonly uplift: Uplift | null
  /** Leads whose time is not over. */
  readonly tooRecent: number
}

export function addEffects(
  program: Command,
  { terminal, config, now, stop }: Pick<Surroundings, 'terminal' | 'config' | 'now' | 'stop'>,
): void {
  program
    .command('effects')
    .description('what follow-ups bring: leads of which one in twenty was left alone, by a hash')
    .requiredOption('--location <id>', 'GHL location')
    .requiredOption('--from <time>', 'leads whose first such decision is of this time or later, e.g. 2026-11-24T15:00:00Z')
    .option('--within <duration>', 'what a lead does in this time after it counts', '14d')
    .option('--json', 'one JSON document')
    .action(async (flags: EffectFlags) => {
      const range = rangeOf(flags, now())
      const kafka = await cliKafka(config())
      try {
        const report = effectReport(await knownSubjects(kafka, flags.location, range, stop))
        if (flags.json === true) terminal.out(JSON.stringify(report))
        else for (const line of effectReportLines(report, flags.within)) terminal.out(line)
      } finally {
        await kafka.close()
      }
    })
}

/** Throws `E_OPTION_INVALID` for what no lead can have done. */
export function rangeOf(flags: Pick<EffectFlags, 'from' | 'within'>, now: number): { from: number; now: number; withinMs: number } {
  const range = { from: timeOf('--from', flags.from), now, withinMs: spanOf('--within', flags.within) }
  if (range.from > now) throw cliError('E_OPTION_INVALID', `--from ${flags.from}: lies in the future.`)
  if (range.withinMs === 0) throw cliError('E_OPTION_INVALID', `--within ${flags.within}: in no time no lead does anything.`)
  return range
}

/** The same of a location that is known. Throws `E_OPTION_INVALID` for one that is not. */
export async function knownSubjects(
  source: TailSource,
  location: string,
  range: Parameters<typeof subjectsFrom>[2],
  stop: AbortSignal,
): ReturnType<typeof subjectsFrom> {
  const found = await subjectsFrom(source, location, range, stop)
  if (found.subjects.length + found.tooRecent === 0) await mustBeKnown(source, location, stop)
  return found
}

/** The leads of a location, from the two topics that tell of them for a year. Throws `E_STOPPED` when `signal` aborts before both are read. */
export async function subjectsFrom(
  source: TailSource,
  location: string,
  range: { readonly from: number; readonly now: number; readonly withinMs: number },
  signal: AbortSignal,
): Promise<ReturnType<typeof subjectsOf>> {
  const first = new Map<string, Decision>()
  const seen: OutcomeObserved[] = []
  // From the beginning: who entered before the range is none of its leads. Of a lead no more than its first is held.
  await source.tail(decisions, { from: 'beginning', untilEnd: true, signal }, ({ value }) => {
    if (value?.tenantId !== location || enteredGroup(value) === undefined) return
    if (value.decidedAt < (first.get(value.contactId)?.decidedAt ?? Infinity)) first.set(value.contactId, value)
  })
  mustBeWhole(decisions, signal)
  await source.tail(outcomes, { from: { at: range.from }, untilEnd: true, signal }, ({ value }) => {
    if (value?.tenantId === location) seen.push(value)
  })
  mustBeWhole(outcomes, signal)
  return subjectsOf(first.values(), seen, range)
}

/** The same leads give the same report: the bootstrap draws from one seed. */
export function effectReport({ subjects, tooRecent }: { readonly subjects: readonly Subject[]; readonly tooRecent: number }): EffectReport {
  const random = seededRandom(1, 'effects')
  const average = Object.fromEntries(kinds.map((kind) => [kind, averageEffect(subjects, kind)])) as EffectReport['average']
  return { average, uplift: upliftOf(subjects, 'reply', () => random.next()) ?? null, tooRecent }
}

const did: Readonly<Record<Kind, string>> = {
  reply: 'answered',
  appointment: 'appointment',
  conversion: 'conversion',
  opt_out: 'opted out',
  complaint: 'complained',
}

export function effectReportLines({ average, uplift, tooRecent }: EffectReport, within: string): string[] {
  const { treated, leftAlone } = average.reply
  const recent =
    tooRecent === 0
      ? []
      : [`${inWords(tooRecent, 'lead is', 'leads are')} left out: ${tooRecent === 1 ? 'its' : 'their'} ${within} are not over.`]
  if (treated.leads === 0 || leftAlone.leads === 0)
    return [
      `Not left alone: ${treated.leads}; left alone: ${leftAlone.leads}. Both are needed.`,
      ...(tooRecent === 0 ? ['Leads are left alone once a location asks for it: rekindle tenants set <location> --holdout on.'] : recent),
    ]
  return [
    ...columns(
      [
        [`within ${within}`, 'not left alone', 'left alone', 'difference', '95 % interval'],
        ['leads', String(treated.leads), String(leftAlone.leads), '', ''],
        ...kinds.map((kind) => {
          const { treated: a, leftAlone: b, difference, low, high } = average[kind]
          return [did[kind], counted(a), counted(b), `${points(difference)} points`, `${points(low)} to ${points(high)}`]
        }),
      ],
      { right: [1, 2, 3] },
    ),
    ...recent,
    ...(uplift === null
      ? [`Below ${thousands(TREATED_LEAST)} not left alone and ${LEFT_ALONE_LEAST} left alone only the average effect is told.`]
      : [
          `Whom they help, by two models of answers: Qini ${four(uplift.qini)} (${four(uplift.qiniInterval.low)} to ${four(uplift.qiniInterval.high)}), ` +
            `AUUC ${four(uplift.auuc)} (${four(uplift.auucInterval.low)} to ${four(uplift.auucInterval.high)}).`,
          uplift.qiniInterval.low > 0
            ? 'The order of the models tells more than chance. Nothing acts on it.'
            : 'The order of the models does not tell more than chance.',
        ]),
  ]
}

function counted({ hits, leads }: { readonly hits: number; readonly leads: number }): string {
  return `${hits} (${((100 * hits) / leads).toFixed(1)} %)`
}

function points(share: number): string {
  return `${share > 0 ? '+' : ''}${(100 * share).toFixed(1)}`
}

function four(area: number): string {
  return area.toFixed(4)
}

function thousands(count: number): string {
  return count.toLocaleString('en-US')
}
