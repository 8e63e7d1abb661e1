/**
 * Brings the database to the wanted version, forward or backward, one runner at a time; the others wait. A dry run prints
 * what would be done and does nothing.
 */
import { join } from 'node:path'
import { runner } from 'node-pg-migrate'
import pg from 'pg'
import { postgresError } from './errors.ts'

/** "rekindle" on a phone keypad: whoever migrates holds this advisory lock. */
const LOCK_ID = 73546353

export interface MigrateOptions {
  readonly url: string
  readonly direction?: 'up' | 'down'
  /** How many; all when going up, one when going down. */
  readonly count?: number
  readonly dryRun?: boolean
  /** One line of SQL or progress each. */
  readonly onLine?: (line: string) => void
}

/** Migrates; returns the names of the migrations that ran (or would run). */
export async function migrate(options: MigrateOptions): Promise<string[]> {
  const { url, direction = 'up', dryRun = false, onLine = () => undefined } = options
  const client = new pg.Client({ connectionString: url, application_name: 'rekindle migrate' })
  await client.connect()
  try {
    // node-pg-migrate fails when somebody else migrates; processes that start together shall wait instead.
    await client.query('SELECT pg_advisory_lock($1)', [LOCK_ID])
    // A dry run would still create the table of what was run: rolled back with the rest.
    if (dryRun) await client.query('BEGIN')
    const say = (line: unknown) => {
      for (const one of String(line).split('\n')) onLine(one)
    }
    const ran = await runner({
      dbClient: client,
      dir: join(import.meta.dirname, 'migrations'),
      direction,
      migrationsTable: 'schema_migrations',
      ...(options.count === undefined ? {} : { count: options.count }),
      dryRun,
      verbose: dryRun,
      singleTransaction: !dryRun,
      noLock: true,
      logger: { debug: say, info: say, warn: say, error: say },
    })
    if (dryRun) await client.query('ROLLBACK')
    return ran.map(({ name }) => name)
  } catch (error) {
    throw postgresError('E_MIGRATION_FAILED', (error as Error).message, { cause: error })
  } finally {
    await client.end()
  }
}
