/**
 * The report of revenue attribution for whoever pays for the marketing: what each model credits each channel, what a channel costs
 * and returns, and how far that is known. It is made of published findings only, and says where there are none.
 */
import { creditModels } from '../pipelines/attribution/creditModels.ts'
import { MATURE_DAYS } from '../pipelines/attribution/figures.ts'
import { MIN_MATURE_LEADS, MIN_TOUCHPOINTS } from '../pipelines/attribution/findings.ts'
import { MIN_CONVERSIONS, MIN_OBSERVED_DAYS } from '../pipelines/attribution/forecast.ts'
import { instantText } from '../pipelines/instantText.ts'
import type { AgentInsight, Finding } from '../schemas/generated/records.ts'
import { columns } from './columns.ts'

/** `insights` by agent; `now` in ms. */
export function attributionLines(location: string, insights: ReadonlyMap<string, AgentInsight>, now: number): string[] {
  if (insights.size === 0)
    return [`Nothing has been found about ${location} yet: findings come five minutes after the first lead or spend is told of.`]
  const of = (agentId: string) => insights.get(agentId)?.findings ?? []
  const at = Math.max(...[...insights.values()].map((one) => one.at))
  const validUntil = Math.min(...[...insights.values()].map((one) => one.validUntil))
  return [
    `Revenue attribution of ${location}, ${stretch(of('attribution_modeler'))} up to ${instantText(at)}.`,
    ...(validUntil <= now ? [`Out of date since ${instantText(validUntil)}: does the pipeline run?`] : []),
    ...modelLines(of('attribution_modeler')),
    '',
    ...channelLines(of('channel_analyzer')),
    '',
    ...budgetLines(of('roi_optimizer')),
    ...forecastLines(of('predictive_modeler')),
  ]
}

/** Of which time the figures are: of what a location that is newer than the window did before, what was told of it counts for the models alone. */
function stretch(modelled: readonly Finding[]): string {
  const summary = modelled.find(({ kind }) => kind === 'models')
  if (summary === undefined) return '90 days at most'
  const firstHeard = evidence(summary, 'first_heard')
  return firstHeard === '-' ? 'the 90 days' : `since it was first heard of on ${firstHeard}, without spend of before,`
}

function modelLines(findings: readonly Finding[]): string[] {
  const summary = findings.find(({ kind }) => kind === 'models')
  if (summary === undefined)
    return [`No model is told: it takes ${MIN_TOUCHPOINTS} touches and 5 conversions with a worth and a known channel.`]
  const rows = findings
    .filter(({ kind }) => kind === 'credit')
    .map((finding) => [words(finding.subject), ...creditModels.map((model) => evidence(finding, model))])
  const scale = evidence(summary, 'scale')
  return [
    `${evidence(summary, 'leads')} leads, ${evidence(summary, 'touchpoints')} touches, ${evidence(summary, 'conversions')} conversions, ${evidence(summary, 'valued')} of them with a worth: ${evidence(summary, 'revenue')} together, ${evidence(summary, 'unattributed')} of it from leads no channel is known of.`,
    ...(scale === '1' ? [] : [`There were too many to keep each: one conversion of ${scale} stands for all in what follows.`]),
    '',
    ...columns([['revenue by model', ...creditModels.map(words)], ...rows], { right: creditModels.map((_, index) => index + 1) }),
    `${summary.text} None of the six is the truth; what they agree on is worth most.`,
  ]
}

function channelLines(findings: readonly Finding[]): string[] {
  const channels = findings.filter(({ kind }) => kind === 'channel')
  if (channels.length === 0) return [`No channel is told: it takes ${MIN_TOUCHPOINTS} touches.`]
  // Beside spend stands what was won in the same days. Findings from before the figure was told have none.
  const isYoung = channels.some((finding) => evidence(finding, 'revenue_since') !== '-')
  const rows = channels.map((finding) => {
    const of = (name: string) => evidence(finding, name)
    return [
      words(finding.subject),
      of('leads'),
      of('engaged'),
      of('mature_leads'),
      of('mature_converted'),
      range(percent(of('rate_low')), percent(of('rate_high'))),
      isYoung ? of('revenue_since') : of('revenue'),
      of('spend'),
      of('roas'),
      range(of('roas_low'), of('roas_high')),
      finding.value ?? '-',
    ]
  })
  const head = [
    'channel',
    'leads',
    'wrote',
    `${MATURE_DAYS} days old`,
    'converted',
    'rate, %',
    'revenue',
    'spend',
    'return',
    'between',
    'score',
  ]
  const problem = channels.map((finding) => evidence(finding, 'spend_problem')).find((text) => text !== '-')
  const notable = channels.filter(({ reason }) => ['converts_well', 'converts_less', 'never_converts'].includes(reason))
  return [
    ...columns([head, ...rows], { right: head.map((_, index) => index).slice(1) }),
    `Rates are of leads first touched at least ${MATURE_DAYS} days ago. Ranges hold the true figure with 90 %; a dash means too little data. Revenue and return are by the data-driven model.`,
    ...(isYoung
      ? ['What was won before the location was first heard of is in the models above, and in no revenue beside spend and no return.']
      : []),
    ...notable.map(({ text }) => text),
    ...(notable.length === 0 ? [`No channel with ${MIN_MATURE_LEADS} such leads converts clearly otherwise than the rest.`] : []),
    ...(problem === undefined ? [] : [spendProblems[problem] ?? problem]),
  ]
}

const spendProblems: Readonly<Record<string, string>> = {
  no_spend: 'No spend is known, so no return is told: `rekindle spend load` states it.',
  several_currencies: 'Spend is stated in several currencies, so it cannot be compared with the revenue.',
  too_many_rows: 'There is more spend than is kept (2,000 rows in 90 days): state it by channel and week, or no return is told.',
}

function budgetLines(findings: readonly Finding[]): string[] {
  const shift = findings.find(({ kind }) => kind === 'shift')
  if (shift !== undefined) return [`Budget: ${shift.text}`]
  // The best return first.
  const returns = findings.filter(({ kind }) => kind === 'return')
  const [best, worst] = [returns[0], returns.at(-1)]
  if (best === undefined || worst === undefined || !(Number(evidence(best, 'roas_low')) > Number(evidence(worst, 'roas_high'))))
    return ['Budget: no two channels whose returns can be told apart, so no shift is proposed.']
  return [
    `Budget: ${words(best.subject)} returns more than ${words(worst.subject)} and has 70 % of what both get already, so no shift is proposed.`,
  ]
}

function forecastLines(findings: readonly Finding[]): string[] {
  const forecast = findings.find(({ kind }) => kind === 'forecast')
  if (forecast !== undefined) return [`Forecast: ${forecast.text} No growth is assumed.`]
  return [`Forecast: none; it takes ${MIN_CONVERSIONS} conversions with a worth within at least ${MIN_OBSERVED_DAYS} days.`]
}

function evidence({ evidence: of }: Finding, name: string): string {
  return of.find(({ field }) => field === name)?.value ?? '-'
}

function range(low: string, high: string): string {
  return low === '-' || high === '-' ? '-' : `${low} to ${high}`
}

function percent(share: string): string {
  return share === '-' ? '-' : (Number(share) * 100).toFixed(1)
}

function words(name: string): string {
  return name.replaceAll('_', ' ')
}
