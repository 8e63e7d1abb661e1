/** The plan for a hundredfold load: its page says what its arithmetic says, and its figures are those of the pages it cites. */
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { markdown, settingsOf, tableIn, tables, withTable } from '../../bench/scaling/page.ts'
import { assumed, measured, planFor } from '../../bench/scaling/plan.ts'
import { moved } from '../../bench/scaling/spread.ts'
import type { Traffic } from '../../bench/scaling/traffic.ts'

const root = join(import.meta.dirname, '..', '..')
const read = (file: string) => readFileSync(join(root, file), 'utf8')
t.setTimeout(120_000)

t.test('every table of the page is the computed one', async (t) => {
  const page = read('docs/scaling.md')
  for (const [name, rows] of Object.entries(await tables())) t.strictSame(tableIn(page, name), rows, name)
})

t.test('every figure stands on the page it is taken from', async (t) => {
  for (const [name, { source, quote, value }] of Object.entries(measured)) {
    t.ok(value > 0, name)
    if (existsSync(join(root, source))) t.ok(read(source).includes(quote), `${name}: ${source} says ${quote}`)
    else t.match(source, /^reference\//, name)
  }
})

t.test('the arithmetic, by hand, for a traffic of round numbers', async (t) => {
  const traffic: Traffic = {
    leads: 1,
    webhooks: 1,
    decisions: 1,
    records: 2,
    bytes: 900,
    topics: { decisions: { records: 1, bytes: 500 }, other: { records: 1, bytes: 400 } },
    changelogRecords: 1,
    changelogBytes: 100,
    stateRecords: 3,
    stateBytes: 1_000,
  }
  const settings = { ...settingsOf(50), partitions: 4, lingerMs: 10, unitTopics: 10, retentionDays: { decisions: 10 } }
  const plan = planFor(assumed.factor, traffic, settings)
  // 42,000 decisions a minute are 700 a second, 420 of them at 0.6: 100 processes for 42,000, 200 partitions, the next 24 is 216.
  t.equal(plan.webhooksPerSecond, 42_000)
  t.equal(plan.webhooksPerProcess, 700)
  t.equal(plan.partitions, 216)
  t.equal(plan.processes, 108)
  // A process has 389 webhooks a second, more than the 100 waits of 10 ms.
  t.match(plan.transactions[0], { lingerMs: 10, perSecond: 10_800 })
  t.equal(Math.round(plan.transactions[0]?.cores ?? 0), Math.round((10_800 * 1.3) / 480))
  // 42,000 × 0.38 / 200 = 79.8 cores, 9.6 used of each broker: 8.3; three times that: 24.9.
  t.strictSame(plan.brokers, { least: 9, most: 25 })
  t.equal(plan.megabytesPerSecond, 42)
  // 10,500/s × 500 bytes × 864,000 s × 3.
  t.equal(Number(plan.terabytesKept.toFixed(3)), 13.608)
  t.equal(plan.stateGigabytes, 20)
  t.equal(Math.round(plan.recordsPerPartition), 555_556)
  t.equal(Number(plan.lostProcessSeconds.toFixed(2)), Number((9.7 + 555_555.6 / 152_545).toFixed(2)))
  t.equal(Math.round(plan.dedupSeconds), Math.round(1_000 / (216 / 5)))
  // 1.5 s, 108 × (1.864 − 1.5) / 48 = 0.819 s, 216 × (2.068 − 1.625) / 288 = 0.33225 s.
  t.equal(Number(plan.rebalanceSeconds.toFixed(5)), 2.65125)
  t.equal(plan.lookedAfterPerSecond, (216 * (10 + 50)) / 15)
  t.equal(plan.rowsPerSecond, 42_000)
})

t.test('only what has to move moves', async (t) => {
  t.strictSame(moved(12, 4), { onLoss: 3, onJoin: 2 })
})

t.test('a table is read from the page as it was put there', async (t) => {
  const rows = [
    ['a', 'b'],
    ['1', '2'],
  ]
  const page = 'before\n<!-- x -->\nold\n<!-- end -->\nafter'
  t.strictSame(tableIn(withTable(page, 'x', markdown(rows)), 'x'), rows)
  t.throws(() => withTable(page, 'y', ''), /no place for the table y/)
})
