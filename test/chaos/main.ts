/**
 * `npm run chaos -- --runs N --seed S [--events E] [--faults F] [--brokers 1|3] [--log FILE]`: chaos runs on engines of
 * their own. Run i has seed S + i - 1, so a single one is repeated by its seed. One line per run; ends with 1 at the first
 * run that finds a difference, and keeps its folder.
 */
import { appendFileSync, mkdtempSync } from 'node:fs'
import { availableParallelism, tmpdir } from 'node:os'
import { join } from 'node:path'
import { notWhole, toolOptions } from '../../stack/toolOptions.ts'
import { startEngines } from './engines.ts'
import { describeFault, faultKinds } from './faults.ts'
import { differencesText, runLine, summaryText } from './report.ts'
import { chaosRun } from './run.ts'
import type { RunResult } from './run.ts'

const usage = [
  'npm run chaos -- [options]: members under random faults on engines of their own, compared with a model (docs/chaos.md)',
  '',
  '  --runs N       how many runs; 1 unless given',
  '  --seed S       seed of the first run, each later one has the next; from the clock unless given',
  '  --events E     numbered events of a run, 100 or more; 8000 unless given',
  '  --faults F     faults of a run; 8 unless given',
  '  --brokers 1|3  how many brokers; 1 unless given',
  '  --log FILE     appends what is said of each run to this file',
  '  --quiet        says nothing while a run is under way',
]
const least = { runs: 1, seed: 0, events: 100, faults: 0 } as const
const values = toolOptions(
  usage,
  {
    runs: { type: 'string', default: '1' },
    seed: { type: 'string', default: String(Date.now() % 1_000_000) },
    events: { type: 'string', default: '8000' },
    faults: { type: 'string', default: '8' },
    brokers: { type: 'string', default: '1' },
    log: { type: 'string' },
    quiet: { type: 'boolean', default: false },
  },
  (given) => {
    for (const name of ['runs', 'seed', 'events', 'faults'] as const) {
      const wrong = notWhole(name, given[name], least[name])
      if (wrong !== undefined) return wrong
    }
    return given.brokers === '1' || given.brokers === '3' ? undefined : `--brokers ${given.brokers}: 1 or 3.`
  },
)
const [runs, first, events, faults, brokers] = [values.runs, values.seed, values.events, values.faults, values.brokers].map(Number) as [
  number,
  number,
  number,
  number,
  number,
]
const say = (line: string) => {
  console.log(line)
  if (values.log !== undefined) appendFileSync(values.log, `${line}\n`)
}

const folder = mkdtempSync(join(tmpdir(), 'rekindle-chaos-'))
say(
  `${runs} runs from seed ${first}, ${events} events and ${faults} faults each, ${brokers} ${brokers === 1 ? 'broker' : 'brokers'}, ${availableParallelism()} cores`,
)
const engines = await startEngines({ folder, brokers, clickhouse: true })
let interrupted = false
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
  process.once(signal, () => {
    interrupted = true
    void engines
      .stop()
      .then(() => engines.remove())
      .finally(() => process.exit(130))
  })
const results: RunResult[] = []
let failed = false
try {
  for (let run = 0; run < runs && !failed; run++) {
    const seed = first + run
    const result = await chaosRun({
      seed,
      events,
      faults: { count: faults, kinds: faultKinds },
      engines,
      folder: join(folder, `run-${seed}`),
      say: (line) => {
        if (!values.quiet) console.log(`  ${line}`)
      },
    })
    results.push(result)
    failed = result.differences.length > 0 || result.problems.length > 0
    say(runLine(result))
    if (failed) {
      for (const fault of result.faults) say(`  ${describeFault(fault)}`)
      for (const line of differencesText(result)) say(`  ${line}`)
    }
  }
} catch (error) {
  failed = true
  if (!interrupted)
    say(`Seed ${first + results.length} could not be run: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`)
}
for (const line of summaryText(results)) say(line)
await engines.stop()
if (failed) say(`Data and logs are kept in ${folder}; the seed is ${results.at(-1)?.seed ?? first}.`)
else engines.remove()
process.exit(failed ? 1 : 0)
