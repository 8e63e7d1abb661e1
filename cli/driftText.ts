/** What has drifted, in words with its numbers, for the report of learning and for the log. */
import { FALSE_ALARM, LEAST_FOR_DRIFT } from '../pipelines/learning/drift.ts'
import type { Drift, Shift } from '../pipelines/learning/drift.ts'

/** The lines of a report: the log loss by slice, then what has drifted or that nothing has. */
export function driftLines(drift: Drift): string[] {
  if (drift.kind === 'too_few')
    return [`  Drift: too few to tell, ${drift.verdicts} verdicts of the random audit of ${LEAST_FOR_DRIFT} that are needed.`]
  const { slices, right, alarms } = drift
  const losses = slices.map(({ logLoss, expected }) => `${logLoss.toFixed(2)} (${expected.toFixed(2)})`).join(', ')
  return [
    `  Log loss of decisions by the random audit, oldest first, and what they expected of themselves: ${losses}.`,
    `  The likeliest option was right ${count(right.before)} before and ${count(right.after)} since; ${right.foretold.toFixed(1)} were foretold.`,
    ...(alarms.length === 0
      ? [`  No drift that ${drift.verdicts} verdicts could show.`]
      : [
          ...alarmLines(drift),
          `  Each of these four questions gives a false alarm at most ${percent(FALSE_ALARM)} of the times it is asked.`,
        ]),
  ]
}

/** One sentence for each alarm; none without. */
export function alarmLines(drift: Drift): string[] {
  if (drift.kind === 'too_few') return []
  const { right, options, agents, alarms } = drift
  const shifted = (shifts: readonly Shift[]) =>
    shifts
      .filter(({ chance }) => chance < FALSE_ALARM)
      .map(({ name, before, after, chance }) => `${name} ${count(before)} -> ${count(after)} (by chance ${percent(chance)})`)
      .join(', ')
  const sentences = {
    right_less: `Drift: decisions are right less often than before (by chance ${percent(right.fallen)}).`,
    less_than_foretold: `Drift: decisions are right less often than they state (by chance ${percent(right.soFew)}).`,
    options: `Drift: other options are right than before: ${shifted(options)}.`,
    agents: `Drift: votes are right less often than before: ${shifted(agents)}.`,
  }
  return alarms.map((alarm) => `  ${sentences[alarm]}`)
}

function count({ hits, trials }: { readonly hits: number; readonly trials: number }): string {
  return `${hits} of ${trials}`
}

function percent(share: number): string {
  const hundredths = 100 * share
  return hundredths < 0.01 ? 'below 0.01 %' : `${hundredths.toFixed(hundredths < 1 ? 2 : 0)} %`
}
