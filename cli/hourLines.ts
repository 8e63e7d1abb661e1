/** The trial of hours of a location as lines for a person. */
import { instantText } from '../pipelines/instantText.ts'
import { WEEKEND_SHARE } from '../pipelines/trials/hours/hourFindings.ts'
import { clockHourOf, runningHours, wantsHours } from '../pipelines/trials/hours/hourTrial.ts'
import type { AgentInsight, Finding, Tenant } from '../schemas/generated/records.ts'
import { columns } from './columns.ts'

/** The findings on hours, in the order of the clock. */
export function hoursOf(insight: AgentInsight | undefined): Finding[] {
  return (insight?.findings ?? []).filter(({ kind }) => kind === 'hour')
}

/** That a statement holds no longer, where it does not: the lot is drawn without it. `now` in ms. */
export function outOfDate(what: 'wording' | 'hour', { validUntil }: Pick<AgentInsight, 'validUntil'>, now: number): string[] {
  return validUntil > now
    ? []
    : [
        `Out of date since ${instantText(validUntil)}: does the pipeline run? Every ${what} has the same share until it is stated anew, a stopped one as well.`,
      ]
}

/** Nothing where the location does not leave hours to lot and never did. `now` in ms. */
export function hourLines(location: string, insight: AgentInsight | undefined, settings: Tenant | undefined, now: number): string[] {
  const isOn = settings !== undefined && wantsHours(settings)
  const trial = insight?.findings.find(({ kind }) => kind === 'trial')
  if (insight === undefined || trial === undefined)
    return isOn ? [`Nothing has been stated about hours at ${location}: every hour of ${runningHours.id} has the same share.`] : []
  const hours = hoursOf(insight)
  const isSplit = hours.some(({ evidence }) => evidence.some(({ field }) => field === WEEKEND_SHARE))
  const shares = isSplit ? ['share Mon to Fri', 'share Sat, Sun'] : ['share of the lot']
  const rows = hours.map((finding) => {
    const stopped = evidenceIn(finding, 'stopped')
    const hour = clockHourOf(finding.subject)
    return [
      `${hour}:00 to ${hour + 1}:00`,
      ...['answered', 'opted out', 'best with'].map((field) => evidenceIn(finding, field)),
      percentText(finding.value ?? ''),
      ...(isSplit ? [percentText(evidenceIn(finding, WEEKEND_SHARE))] : []),
      stopped === '' ? 'open' : `stopped ${instantText(Number(stopped))}`,
    ]
  })
  return [
    ...(isOn ? [] : [`No hour is left to lot at ${location}: trials of hours are off.`]),
    `${trial.subject}, running, since ${instantText(Number(evidenceIn(trial, 'since')))}, stated ${instantText(insight.at)}, ${trial.samples} results`,
    ...outOfDate('hour', insight, now),
    ...columns([['hour of the lead', 'answered', 'opted out', 'best with', ...shares, 'state'], ...rows]),
    `The hour of ${runningHours.exploreMicro / 10_000} % of the follow-ups that we begin is left to lot, within what is lawful where the lead lives.`,
  ]
}

function percentText(micro: string): string {
  return `${(Number(micro) / 10_000).toFixed(1)} %`
}

function evidenceIn({ evidence }: Finding, field: string): string {
  return evidence.find((one) => one.field === field)?.value ?? ''
}
