/**
 * `npm run bench:consensus`: the tables of the synthetic worlds, measured beside their targets, and what a decision costs.
 * Needs no engine. The same seeds give the same tables on every machine.
 */
import { availableParallelism, loadavg } from 'node:os'
import { toolOptions } from '../../stack/toolOptions.ts'
import { rounded } from '../percentiles.ts'
import { tableLines } from './tableLines.ts'
import type { BenchTable, Extent } from './measure.ts'
import { measureSpeed, speedLines } from './speed.ts'
import { evaluation } from './tables/evaluation.ts'
import { discountTable, familiesTable } from './tables/discounts.ts'
import { coldStart, whichLabels } from './tables/labels.ts'
import { liftTable } from './tables/lift.ts'
import { offPolicyTable } from './tables/offPolicy.ts'
import { matchedWorlds } from './tables/matchedWorlds.ts'
import { minutePrice } from './tables/minutePrice.ts'
import { operation } from './tables/operation.ts'
import { outcomeCredit } from './tables/outcomes.ts'
import { poolTypes } from './tables/poolTypes.ts'
import { robustness } from './tables/robustness.ts'
import { sendHours } from './tables/sendHours.ts'
import { turnedAgents } from './tables/turned.ts'
import { agreementTable } from './tables/unlabelled.ts'
import { wholePipeline } from './tables/wholePipeline.ts'
import { summaryLines } from './tolerance.ts'

/** Each table and its number of seeds in full. */
const tables: Readonly<Record<string, readonly [make: (extent: Extent) => BenchTable, seeds: number]>> = {
  '7.1': [evaluation, 6],
  '9.1': [poolTypes, 8],
  '9.2': [liftTable, 6],
  '9.3': [wholePipeline, 5],
  '9.3 matched': [matchedWorlds, 40],
  '9.4': [discountTable, 5],
  '9.5': [familiesTable, 6],
  '9.6': [whichLabels, 8],
  '9.7': [coldStart, 6],
  '9.8': [outcomeCredit, 8],
  '9.9': [operation, 4],
  '10.2': [sendHours, 40],
  '10.6': [offPolicyTable, 100],
  agreement: [agreementTable, 6],
  robustness: [robustness, 6],
  turned: [turnedAgents, 12],
  minutes: [minutePrice, 3],
}
const matchedId = '9.3 matched'
const choices = [...Object.keys(tables), 'speed']
const usage = [
  'npm run bench:consensus -- [options]: the consensus in synthetic worlds, beside its targets (docs/consensus.md)',
  '',
  '  --quick          two seeds (a tenth where there are more than 20) and a third of the test leads, for a first look',
  `  --table <id>     only this one: ${choices.join(', ')}`,
  '  --seeds <n>      seeds 1 to n instead of the number each table has',
]
const { quick, table, seeds } = toolOptions(
  usage,
  { quick: { type: 'boolean', default: false }, table: { type: 'string' }, seeds: { type: 'string' } },
  (values) => {
    if (values.table !== undefined && !choices.includes(values.table)) return `There is no table ${values.table}: ${choices.join(', ')}.`
    if (values.seeds !== undefined && !/^[1-9]\d{0,2}$/.test(values.seeds)) return `--seeds is a whole number from 1, not ${values.seeds}.`
    return undefined
  },
)

console.log('Everything below is synthetic: trust the orderings and the failure modes, not the third decimal.')
const made: BenchTable[] = []
for (const [id, [make, full]] of Object.entries(tables)) {
  if (table !== undefined && table !== id) continue
  const count = seeds === undefined ? (quick ? Math.max(2, Math.round(full / 10)) : full) : Number(seeds)
  const before = performance.now()
  const extent = { seeds: Array.from({ length: count }, (_, index) => index + 1), scale: quick ? 1 / 3 : 1 }
  const one = make(extent)
  made.push(one)
  console.log(`\n${tableLines(one).join('\n')}`)
  console.log(`seeds 1 to ${count}, ${rounded((performance.now() - before) / 1000)} s`)
}
if (table === undefined || table === 'speed') {
  console.log(`\nOne decision, this process (${availableParallelism()} cores, load ${loadavg().map(rounded).join(' ')})`)
  console.log(speedLines(measureSpeed(quick ? 5_000 : 50_000)).join('\n'))
}
// A table that is told a second time is not counted twice.
const summary = summaryLines(made.filter(({ id }) => id !== matchedId))
if (summary.length > 0) console.log(`\n${summary.join('\n')}`)
const matched = summaryLines(made.filter(({ id }) => id === matchedId))
if (matched.length > 0) console.log(`\nTable ${matchedId}, told apart:\n${matched.join('\n')}`)
