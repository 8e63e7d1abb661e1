/** A migrated database, and the sandbox of GoHighLevel with a client on it, under a clock that the test moves. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type pg from 'pg'
import type { Test } from 'tap'
import { ghlClient } from '../../integrations/ghl/client.ts'
import type { GhlClient } from '../../integrations/ghl/client.ts'
import { LocalWindows } from '../../integrations/ghl/limit/localWindows.ts'
import { limitDefaults } from '../../integrations/ghl/limit/windows.ts'
import type { CallClass } from '../../integrations/ghl/limit/windows.ts'
import { RateLimit } from '../../integrations/ghl/rateLimit.ts'
import { sandboxToken, startSandbox } from '../../integrations/ghl/sandbox/sandbox.ts'
import type { Sandbox, SandboxOptions } from '../../integrations/ghl/sandbox/sandbox.ts'
import { fixedTokens } from '../../integrations/ghl/tokens.ts'
import { migrate } from '../../sinks/postgres/migrate.ts'
import { createPool } from '../../sinks/postgres/pool.ts'
import { MINUTE } from '../support/leadRecords.ts'
import type { ManualClock } from '../support/manualClock.ts'
import { testStack } from '../support/stack.ts'

export async function database(t: Test): Promise<pg.Pool> {
  const { databaseUrl: url } = await testStack(t)
  await migrate({ url })
  const pool = createPool({ url, max: 8 })
  t.teardown(() => pool.end())
  return pool
}

export async function platform(
  t: Test,
  clock: ManualClock,
  over: Partial<SandboxOptions> = {},
  /** The address that the client is given for that of the sandbox. */
  via?: (sandboxUrl: string) => string,
): Promise<{ sandbox: Sandbox; ghl: GhlClient; classes: Set<CallClass> }> {
  const classes = new Set<CallClass>()
  const folder = mkdtempSync(join(tmpdir(), 'rekindle-sweeps-'))
  const sandbox = await startSandbox({ file: join(folder, 'sandbox.jsonl'), clock, callsPer10s: 1_000_000, indexLagMs: MINUTE, ...over })
  const windows = new LocalWindows({ ...limitDefaults, calls: 1_000_000, daily: 100_000_000 }, clock)
  const limit = new RateLimit({ clock, windows })
  const take = limit.take.bind(limit)
  limit.take = (location, count, signal, of = 'first') => {
    classes.add(of)
    return take(location, count, signal, of)
  }
  const ghl = ghlClient({
    apiUrl: via?.(sandbox.url) ?? sandbox.url,
    tokens: fixedTokens(sandboxToken),
    clock,
    rateLimit: limit,
  })
  t.teardown(async () => {
    await ghl.close()
    await sandbox.close()
    rmSync(folder, { recursive: true, force: true })
  })
  return { sandbox, ghl, classes }
}
