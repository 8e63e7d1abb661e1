/** `rekindle audit report`: how often decisions are right by verdicts asked for by chance, and how far judges agree. */
import type { Command } from 'commander'
import { optionsByType } from '../../pipelines/agents/agent.ts'
import { counted } from '../../pipelines/counted.ts'
import { auditReport } from '../../pipelines/learning/auditReport.ts'
import type { AuditReport } from '../../pipelines/learning/auditReport.ts'
import { labelledDecisions } from '../../sinks/postgres/audits.ts'
import { createPool } from '../../sinks/postgres/pool.ts'
import { databaseUrl } from '../addresses.ts'
import { seededRandom } from '../../simulate/seededRandom.ts'
import { calibrationLines } from '../calibrationText.ts'
import { columns } from '../columns.ts'
import type { Surroundings } from '../surroundings.ts'

/** Adds it to `rekindle audit`, whose other verbs ask the API and know no database. */
export function addAuditReport(program: Command, { terminal, config }: Pick<Surroundings, 'terminal' | 'config'>): void {
  program.commands
    .find((command) => command.name() === 'audit')
    ?.command('report')
    .description('how often decisions are right by the verdicts, and how far the people who judge agree')
    .option('--json', 'one JSON document a decision type')
    .action(async (flags: { json?: true }) => {
      const pool = createPool({ url: databaseUrl(config()), max: 1, applicationName: 'rekindle audit' })
      try {
        for (const type of Object.keys(optionsByType)) {
          const random = seededRandom(1, 'calibration', type)
          const report = auditReport(await labelledDecisions(pool, type, 0), () => random.next())
          if (flags.json === true) terminal.out(JSON.stringify({ type, ...report }))
          else for (const line of auditReportLines(type, report)) terminal.out(line)
        }
      } finally {
        await pool.end()
      }
    })
}

export function auditReportLines(type: string, report: AuditReport): string[] {
  const { random, escalated, overrides, right, share = 0, rightShare, agreement, mistakes, agents, calibration } = report
  const percent = (share: number) => `${Math.round(share * 100)} %`
  const others = [
    ...(escalated === 0 ? [] : [`${escalated} put to people for certain`]),
    ...(overrides === 0 ? [] : [`${overrides} overrides, which say nothing of the rest`]),
  ]
  return [
    `${type.replaceAll('_', ' ')}: ${random} ${random === 1 ? 'decision' : 'decisions'} judged by chance${others.length === 0 ? '' : `; ${others.join(', ')}`}`,
    ...(random === 0
      ? []
      : [
          `  right: ${right} of ${random}, which is ${percent(share)} of all (with 95 % between ${percent(rightShare.low)} and ${percent(rightShare.high)})`,
        ]),
    ...calibrationLines(calibration, random),
    ...cardLines(agents),
    ...mistakes.slice(0, 5).map((one) => `  ${counted(one.count, 'time')} ${one.chosen} where ${one.right} was right`),
    agreement.items === 0
      ? '  Nobody has judged a decision a second time: how far people agree is not known.'
      : `  second opinions: ${agreement.items}, the same in ${percent(agreement.observed)}, by habit alone in ${percent(agreement.expected)}: ${agreement.kappa === undefined ? 'kappa is not defined' : `kappa ${agreement.kappa.toFixed(2)}`}`,
  ]
}

function cardLines(cards: AuditReport['agents']): string[] {
  if (cards.length === 0) return []
  const percent = (share: number | undefined) => (share === undefined ? '-' : `${Math.round(share * 100)} %`)
  return columns(
    [
      ['  agent', 'votes', 'right', 'share', 'by habit', 'lift', 'abstained', 'failed'],
      ...cards.map(({ agent, votes, right, rightShare, chance, lift, abstained, failed }) => [
        ...[`  ${agent}`, String(votes), String(right), percent(rightShare), percent(chance), lift?.toFixed(2) ?? '-'],
        ...[String(abstained), String(failed)],
      ]),
    ],
    { right: [1, 2, 3, 4, 5, 6, 7] },
  )
}
