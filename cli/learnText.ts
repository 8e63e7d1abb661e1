/** What a fit changed, for people: verdicts it rests on, agents by lift, base rates, families, how it foretells what it has not seen, and who has turned. */
import { counted } from '../pipelines/counted.ts'
import type { Learned, LearnedReport } from '../pipelines/learning/learn.ts'
import { driftLines } from './driftText.ts'
import { columns } from './columns.ts'
import { watchLines } from './turnedText.ts'

const outcomes: Readonly<Record<Learned['outcome'], string>> = {
  publish: 'new',
  unchanged: 'the same is in force',
  few: 'on few verdicts of the random audit: kept back by the timer, `rekindle learn` puts it in force',
  rolled_back: 'a person went back to what is in force: kept back by the timer, `rekindle learn` puts it in force',
  worse: 'worse than what is in force on the newest verdicts: kept back',
  unsound: 'unsound: kept back',
}

/** One policy in a line: for whom, which, on how many verdicts, and what became of it. */
export function learnedLine({ key, policy, report, outcome }: LearnedReport, published: boolean): string {
  const isOfNothing = outcome === 'few' && report.labels.usable === 0
  const became = published ? 'put in force' : isOfNothing ? 'nobody has judged a decision: nothing is learned' : outcomes[outcome]
  return `${key}  ${policy.policyHash.slice(0, 12)}  ${policy.label}: ${became}`
}

/** The report of one policy. `published` is whether it was put in force just now. */
export function learnedLines(learned: LearnedReport, published: boolean): string[] {
  const { former, report, problems, drift, conformal, olderVotes = [], watch, from = 'fitted', drawn } = learned
  const { labels, held } = report
  const first = [
    learnedLine(learned, published),
    `  instead of ${former.policyHash.slice(0, 12)}, ${former.label}`,
    ...problems.map((problem) => `  unsound: ${problem}`),
  ]
  if (from === 'in_force')
    return [
      ...first,
      '  What was fitted on the verdicts is kept back. This is what was in force, with its votes of those who have turned worth nothing.',
      ...watchLines(watch),
      '',
    ]
  return [
    ...first,
    `  ${labels.usable} verdicts: ${labels.strengths} for strengths (worth ${labels.strengthsEffective.toFixed(0)} fresh ones), ${labels.temperature} for the temperature, ${labels.conformal} held back` +
      (labels.ofUnknownInclusion === 0 ? '' : `; ${labels.ofUnknownInclusion} overrides were left out`),
    ...(drawn === undefined || drawn === labels.usable ? [] : [drawnLine(drawn)]),
    held === undefined
      ? '  Too few to hold any back: how well it foretells new verdicts is not known.'
      : `  On ${held.labels} verdicts that it has not seen: right ${percent(held.fitted.accuracy)} against ${percent(held.former.accuracy)} before, log loss ${held.fitted.logLoss.toFixed(3)} against ${held.former.logLoss.toFixed(3)}.`,
    ...agentTable(report.agents),
    ...olderLines(olderVotes),
    ...rateLines(report.baseRates),
    ...poolLines(report),
    ...(conformal.audits === 0 ? [] : [conformalLine(conformal)]),
    ...driftLines(drift),
    ...watchLines(watch),
    ...report.warnings.map((warning) => `  ${warning}`),
    '',
  ]
}

/** What the others are on. @source reference/consensus.md 9.6: labels that were sought, without random ones, are worse than none */
function drawnLine(drawn: number): string {
  return `  ${drawn === 0 ? 'None' : String(drawn)} of them ${drawn === 1 ? 'is' : 'are'} on what chance drew (rekindle audit next). The others are on what people were asked about because it was not clear: such alone teach worse than nothing.`
}

/** How often sets of options lacked the right one, and what the next quantile is taken at. */
function conformalLine({ target, level, audits, missed, share, error }: LearnedReport['conformal']): string {
  const exact = (share: number) => `${(100 * share).toFixed(1)} %`
  return `  Sets of options lacked the right one on ${missed} of ${audits} audits, ${exact(share ?? 0)} of decisions, each weighing by how seldom it is drawn (with 95 % between ${exact(error.low)} and ${exact(error.high)}); allowed are ${exact(target)}, the next quantile is taken at ${exact(level)}.`
}

function agentTable(agents: Learned['report']['agents']): string[] {
  const heard = agents.filter(({ votes }) => votes > 0).sort((a, b) => b.lift - a.lift || (a.agent < b.agent ? -1 : 1))
  if (heard.length === 0) return []
  return columns(
    [
      ['  agent', 'votes', 'right', 'by habit', 'lift', 'strength'],
      ...heard.map(({ agent, votes, rightShare = 0, chance = 0, lift, strengthBefore = 0, strengthAfter = 0 }) => [
        `  ${agent}`,
        String(votes),
        percent(rightShare),
        percent(chance),
        lift.toFixed(2),
        `${strengthBefore.toFixed(2)} -> ${strengthAfter.toFixed(2)}`,
      ]),
    ],
    { right: [1, 2, 3, 4, 5] },
  )
}

/** What older versions of an agent have earned counts for the newest one, and fades like all verdicts. */
function olderLines(agents: NonNullable<LearnedReport['olderVotes']>): string[] {
  return agents.map(
    ({ agent, version, votes, older }) =>
      `  ${agent} is of version ${version} now: ${older} of its ${counted(votes, 'judged vote')} ${older === 1 ? 'is' : 'are'} of an older one, and ${older === 1 ? 'counts' : 'count'} as its own.`,
  )
}

function rateLines(rates: Learned['report']['baseRates']): string[] {
  const stages = [...new Set(rates.map(({ stage }) => stage))]
  return stages.map((stage) => {
    const moved = rates.filter((rate) => rate.stage === stage)
    const place = stage === '*' ? 'any stage' : stage
    return `  base rates, ${place}: ${moved.map(({ option, before, after }) => `${option} ${percent(before)} -> ${percent(after)}`).join(', ')}`
  })
}

/** How votes are added up: correlation inside families, temperature, the quantile of the sets, and who is heard for the first time. */
function poolLines({ families, tau, quantile, agents }: Learned['report']): string[] {
  const two = (value: number) => value.toFixed(2)
  const moved = families.filter(({ before, after }) => two(before) !== two(after))
  const first = agents.filter(({ strengthBefore = 0, strengthAfter = 0 }) => strengthBefore === 0 && strengthAfter > 0)
  const allowed = `${(100 * quantile.alpha).toFixed(1)} %`
  return [
    ...(moved.length === 0
      ? []
      : [`  correlation in families: ${moved.map(({ family, before, after }) => `${family} ${two(before)} -> ${two(after)}`).join(', ')}`]),
    `  temperature ${two(tau.before)} -> ${two(tau.after)}`,
    quantile.quantileMicro === null
      ? '  sets of options: no quantile, too few audits'
      : `  sets of options hold what is at least ${percent(1 - quantile.quantileMicro / 1e6)} likely, at an error of ${allowed} on ${quantile.audits} audits`,
    ...(first.length === 0 ? [] : [`  heard for the first time: ${first.map(({ agent }) => agent).join(', ')}`]),
  ]
}

function percent(share: number): string {
  return `${Math.round(share * 100)} %`
}
