/**
 * `npm run bench:leads`: what an event of enrich costs with 1,000 to 1,000,000 leads known, each number in a process of its own with
 * its store in files. Prints the curve, and with --profile where the time goes. Ends with 0: what rises is a finding.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { availableParallelism, cpus, loadavg, tmpdir } from 'node:os'
import { join } from 'node:path'
import { nodeArguments } from '../../stack/nodeArguments.ts'
import { notWhole, toolOptions } from '../../stack/toolOptions.ts'
import { aligned, rounded } from '../percentiles.ts'
import { startCommand } from '../runtime/processes.ts'
import { spreads } from './knownLeads.ts'
import type { LeadsInput, LeadsResult } from './measureLeads.ts'

const SIZES = [1_000, 10_000, 100_000, 1_000_000]
const MB = 2 ** 20
const usage = [
  'npm run bench:leads -- [options]: the cost of an event of enrich with more and more leads known (docs/performance.md)',
  '',
  '  --quick     shorter rounds, and no more than 100,000 leads',
  '  --most <n>  the largest number of leads (default: 1000000, which takes 8 GB of disk while it runs)',
  '  --profile   where the time of an event goes as well',
]
const { quick, most, profile } = toolOptions(
  usage,
  { quick: { type: 'boolean', default: false }, most: { type: 'string' }, profile: { type: 'boolean', default: false } },
  ({ most: text }) => (text === undefined ? undefined : notWhole('most', text, SIZES[0] as number)),
)
const limit = Number(most ?? (quick ? 100_000 : 1_000_000))
const folder = mkdtempSync(join(tmpdir(), 'rekindle-bench-'))
const say = (text: string) => {
  console.log(text)
}

try {
  say(
    `${availableParallelism()} cores (${cpus()[0]?.model.trim() ?? 'unknown'}), Node ${process.version}, load before ${loadavg().map(rounded).join(' ')}`,
  )
  const results: LeadsResult[] = []
  for (const leads of SIZES.filter((size) => size <= limit)) results.push(await measured(leads))
  for (const spread of spreads) {
    say(`\nEvents over leads: ${spread}. CPU time of an event, µs, with garbage collection; its ratio to that of the fewest leads`)
    for (const text of table(results, spread)) say(text)
  }
  if (profile) for (const text of partsTable(results)) say(text)
} finally {
  rmSync(folder, { recursive: true, force: true })
}

async function measured(leads: number): Promise<LeadsResult> {
  const own = join(folder, String(leads))
  const input: LeadsInput = {
    folder: own,
    leads,
    stories: quick ? 50 : 200,
    events: quick ? 2_000 : 4_000,
    rounds: quick ? 3 : 7,
    warmUp: 3,
    profile,
  }
  const file = join(import.meta.dirname, 'leadsProcess.ts')
  const child = startCommand('leadsProcess.ts', process.execPath, [...nodeArguments(), file, JSON.stringify(input)])
  const result = JSON.parse(await child.line((line) => line.startsWith('{'))) as LeadsResult
  await child.ended
  rmSync(own, { recursive: true, force: true })
  say(`${leads} leads: done, load ${loadavg().map(rounded).join(' ')}`)
  return result
}

function table(results: readonly LeadsResult[], spread: LeadsResult['spreads'][number]['spread']): string[] {
  const of = (result: LeadsResult) => result.spreads.find((each) => each.spread === spread) as LeadsResult['spreads'][number]
  const first = results[0] === undefined ? NaN : of(results[0]).cpuMicros
  const rows = results.map((result) => {
    const { cpuMicros, leastMicros, mostMicros, stateBytes, changesPerEvent } = of(result)
    return [
      String(result.leads),
      rounded(cpuMicros),
      `${rounded(leastMicros)} to ${rounded(mostMicros)}`,
      (cpuMicros / first).toFixed(2),
      rounded(stateBytes),
      changesPerEvent.toFixed(2),
      `${rounded(result.anonymousBytes / MB)} MB`,
      `${rounded(result.diskBytes / MB)} MB`,
    ]
  })
  return aligned([['leads', 'µs', 'rounds', 'ratio', 'bytes of a state', 'states written an event', 'memory', 'disk'], ...rows])
}

/** Of the events that are spread evenly. */
function partsTable(results: readonly LeadsResult[]): string[] {
  const parts = results.map((result) => result.spreads[0]?.parts ?? {})
  const names = [...new Set(parts.flatMap((each) => Object.keys(each)))]
  const cell = (micros: number | undefined) => (micros === undefined ? '' : micros.toFixed(1))
  return [
    '\nWhere it goes, µs an event by the clock, under the profiler, spread evenly',
    ...aligned([
      ['part', ...results.map(({ leads }) => String(leads))],
      ...names.map((name) => [name, ...parts.map((each) => cell(each[name]))]),
      ['together', ...parts.map((each) => cell(Object.values(each).reduce((sum, micros) => sum + micros, 0)))],
    ]),
  ]
}
