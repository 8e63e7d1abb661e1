/**
 * The short form of `npm run chaos`: one seed on engines of its own. A member is killed, another sleeps past its session and
 * wakes as a zombie, the broker and the database are killed, the provider of the worker is down; nothing is lost, doubled or out of order.
 */
import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import { startEngines } from './engines.ts'
import type { Fault } from './faults.ts'
import { differencesText, runLine } from './report.ts'
import { chaosRun } from './run.ts'

// Sessions of 6 s have to run out, and the engines are started for this test alone.
t.setTimeout(280_000)

const SEED = 7
const faults: readonly Fault[] = [
  { kind: 'kill-member', at: 0.1, target: 0, durationMs: 500, shiftMs: 0 },
  { kind: 'zombie', at: 0.2, target: 1, durationMs: 7_500, shiftMs: 0 },
  { kind: 'clock-step', at: 0.3, target: 0, durationMs: 2_000, shiftMs: -4_000 },
  { kind: 'provider-down', at: 0.4, target: 0, durationMs: 2_000, shiftMs: 0 },
  { kind: 'kill-broker', at: 0.5, target: 0, durationMs: 0, shiftMs: 0 },
  { kind: 'kill-postgres', at: 0.7, target: 0, durationMs: 500, shiftMs: 0 },
]

t.test('members, broker and database die and come back; what is left equals one uninterrupted run', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'rekindle-chaos-test-'))
  const engines = await startEngines({ folder, brokers: 1, clickhouse: false })
  t.teardown(async () => {
    await engines.stop()
    engines.remove()
  })
  const result = await chaosRun({
    seed: SEED,
    events: 2_000,
    faults,
    engines,
    folder: join(folder, 'run'),
    say: (line) => {
      t.comment(line)
    },
  })
  t.comment(runLine(result))
  t.strictSame(differencesText(result), [])
  for (const [kind, many] of Object.entries(result.work)) t.ok(many > 0, `${many} ${kind}`)
  t.equal(result.sent.acknowledged.size + result.sent.garbage, 2_000, 'everything was sent')
})
