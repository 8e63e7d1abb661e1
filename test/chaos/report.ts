/** What is told of chaos runs: one line each, the first differences of a failed one, a summary of all. */
import { countedFaults } from './faults.ts'
import type { Difference } from './observation.ts'
import type { RunResult, Work } from './run.ts'

const SHOWN = 10
const TEXT_MAX = 300

export function runLine({ seed, deployment, faults, seconds, sent, compared, work, crashes, differences, problems }: RunResult): string {
  const { fused, protocol, members, sinks, partitions, maxRecords, kept } = deployment
  const events = sent.acknowledged.size + sent.garbage
  const bad = differences.length + problems.length
  return [
    `seed ${seed}`,
    `${fused ? 'fused' : 'split'} ${protocol} ${members}+${sinks} members ${partitions} partitions ${maxRecords} a transaction, state ${kept}`,
    countedFaults(faults) || 'no faults',
    `${seconds} s`,
    `${events} events${sent.retried === 0 ? '' : ` (${sent.retried} sent again)`}`,
    `${compared} compared`,
    workText(work),
    ...(crashes.length === 0 ? [] : [`restarted after ${countedCrashes(crashes)}`]),
    bad === 0 ? 'ok' : `FAILED: ${differences.length} differences, ${problems.length} problems`,
  ].join(' | ')
}

function workText({ told, calls, asked, givenUp, windows, late, letters }: Work): string {
  return `${told} notices told in ${calls} calls, ${asked} asked and ${givenUp} of them given up, ${windows} windows and ${late} late, ${letters} dead letters`
}

/** Problems first, then the first differing records. */
export function differencesText({ differences, problems }: RunResult): readonly string[] {
  const more = differences.length - SHOWN
  return [...problems, ...differences.slice(0, SHOWN).map(differenceText), ...(more > 0 ? [`and ${more} more differences`] : [])]
}

function differenceText({ where, key, offset, what, expected, found }: Difference): string {
  return `${where} ${key}${offset === undefined ? '' : ` @${offset}`}: ${what}; expected ${shown(expected)}, found ${shown(found)}`
}

export function summaryText(results: readonly RunResult[]): readonly string[] {
  const sum = (of: (result: RunResult) => number) => results.reduce((total, result) => total + of(result), 0)
  const good = results.filter(({ differences, problems }) => differences.length + problems.length === 0).length
  return [
    `${results.length} runs, ${good} without a difference`,
    `${sum(({ sent }) => sent.acknowledged.size + sent.garbage)} events, ${sum(({ compared }) => compared)} records, keys and rows compared, ${Math.round(sum(({ seconds }) => seconds))} s`,
    workText({
      told: sum(({ work }) => work.told),
      calls: sum(({ work }) => work.calls),
      asked: sum(({ work }) => work.asked),
      givenUp: sum(({ work }) => work.givenUp),
      windows: sum(({ work }) => work.windows),
      late: sum(({ work }) => work.late),
      letters: sum(({ work }) => work.letters),
    }),
    `faults: ${countedFaults(results.flatMap(({ faults }) => faults)) || 'none'}`,
    `members that ended by themselves and were started again: ${countedCrashes(results.flatMap(({ crashes }) => crashes)) || 'none'}`,
  ]
}

function countedCrashes(crashes: RunResult['crashes']): string {
  const counts = new Map<string, number>()
  for (const { code } of crashes) counts.set(code, (counts.get(code) ?? 0) + 1)
  return [...counts]
    .map(([code, count]) => `${code === 'none' ? 'an error of its start' : code}${count === 1 ? '' : `×${count}`}`)
    .join(' ')
}

function shown(value: unknown): string {
  const text = JSON.stringify(value, (_, inner: unknown) => (typeof inner === 'bigint' ? String(inner) : inner)) ?? 'undefined'
  return text.length > TEXT_MAX ? `${text.slice(0, TEXT_MAX)}…` : text
}
