/**
 * Runs a fast-check property inside a tap test. The seed is printed first, so that a run that hangs can be repeated too; on
 * failure the report carries seed, path and the shrunk case.
 */
import fc from 'fast-check'
import type { Test } from 'tap'

export async function assertProperty<Ts>(
  t: Test,
  property: fc.IAsyncProperty<Ts> | fc.IProperty<Ts>,
  options: fc.Parameters<Ts> = {},
): Promise<void> {
  const seed = Number(process.env['FC_SEED'] ?? Date.now() & 0x7fffffff)
  t.comment(`seed ${seed}`)
  const details = await fc.check(property as fc.IAsyncProperty<Ts>, { seed, ...options })
  if (details.failed) {
    // fast-check leaves what was thrown out of its message: without it a broken assertion reads like a mere `false`.
    const thrown = details.errorInstance instanceof Error ? details.errorInstance.message : undefined
    t.fail(fc.defaultReportMessage(details) ?? 'property failed', { seed: details.seed, path: details.counterexamplePath, thrown })
  }
  if (!details.failed) t.pass(`holds for ${details.numRuns} cases (seed ${details.seed})`)
}
