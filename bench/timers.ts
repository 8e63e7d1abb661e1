/**
 * `npm run bench:timers`: what a keyed timer costs with 10,000, 100,000 and a million of them on one partition, each on a key of its own,
 * in memory and in files: to add, move, cancel and fire it, and to keep it. Processes of their own, one after the other. Ends with 0
 * unless a timer is lost, doubled or out of order.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { availableParallelism, cpus, loadavg, tmpdir } from 'node:os'
import { join } from 'node:path'
import { aligned, rounded } from './percentiles.ts'
import { startNode } from './runtime/processes.ts'
import type { TimersInput, TimersResult } from './runtime/timersProcess.ts'

const SIZES = [10_000, 100_000, 1_000_000]
const steps = ['add', 'touch', 'move', 'cancel', 'fire'] as const
/** Fewer take less memory than the process itself lets go meanwhile. */
const SEEN_IN_MEMORY = 100_000
/** The default of the product, bytes: 128 MB. */
const CACHE_BYTES = 128 * 2 ** 20

async function measured(input: TimersInput): Promise<TimersResult> {
  const child = startNode('timersProcess.ts', input, ['--expose-gc'])
  const result = JSON.parse(await child.line((line) => line.startsWith('{'))) as TimersResult
  await child.ended
  return result
}

const folder = mkdtempSync(join(tmpdir(), 'rekindle-timers-'))
try {
  console.log(
    `${availableParallelism()} cores (${cpus()[0]?.model.trim() ?? 'unknown'}), Node ${process.version}, load before ${loadavg().map(rounded).join(' ')}`,
  )
  console.log(
    'µs of CPU time for a timer, its fold and its state included (touch: the same without a change of the timer), and / that with 10,000.',
  )
  for (const where of ['in memory', 'in files'] as const) {
    const results: TimersResult[] = []
    for (const timers of SIZES) {
      const place = where === 'in files' ? { folder: join(folder, String(timers)) } : {}
      results.push(await measured({ ...place, timers, cacheBytes: CACHE_BYTES }))
    }
    const [first] = results
    if (first === undefined) break
    const rows = results.map(({ micros, bytesPerTimer }, index) => [
      String(SIZES[index]),
      ...steps.map((step) => `${micros[step].toFixed(2)} (${(micros[step] / first.micros[step]).toFixed(2)} x)`),
      (SIZES[index] ?? 0) < SEEN_IN_MEMORY ? '' : String(Math.round(bytesPerTimer)),
    ])
    console.log('')
    for (const row of aligned([[`timers ${where}`, ...steps, 'bytes'], ...rows])) console.log(row)
  }
  console.log('')
  console.log(`load after ${loadavg().map(rounded).join(' ')}`)
} finally {
  rmSync(folder, { recursive: true, force: true })
}
