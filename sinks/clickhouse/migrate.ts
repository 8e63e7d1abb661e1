/**
 * Numbered migrations, forward and backward, recorded in `schema_migrations`. ClickHouse has no transaction around
 * statements: each one can be repeated, and a migration is recorded after its last, so a broken run is simply run again.
 */
import { createHash } from 'node:crypto'
import { readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import type { ClickHouseClient } from '@clickhouse/client'
import { analyticsDatabaseOf, connectClickhouse, identifier } from './connect.ts'
import { clickhouseError, clickhouseFailure, isAbsent } from './errors.ts'

export interface Migration {
  readonly number: number
  readonly name: string
  readonly up: readonly string[]
  readonly down: readonly string[]
  /** SHA-256 of the forward file, first 16 hex digits: an applied migration must not change. */
  readonly checksum: string
}

export interface Step {
  readonly migration: Migration
  readonly direction: 'up' | 'down'
  /** The statements, names filled in. */
  readonly statements: readonly string[]
}

export interface MigrateOptions {
  readonly url: string
  readonly database: string
  readonly direction?: 'up' | 'down'
  /** How many; all when going up, one when going down. */
  readonly count?: number
  /** Says what would be done and changes nothing. */
  readonly dryRun?: boolean
  readonly folder?: string
  /** One line of SQL or progress each. */
  readonly onLine?: (line: string) => void
}

interface Applied {
  readonly number: number
  readonly name: string
  readonly checksum: string
}

/** The migrations of a folder: `NNNN_name.up.sql` and `NNNN_name.down.sql`. */
export function readMigrations(folder: string = join(import.meta.dirname, 'migrations')): Migration[] {
  const files = readdirSync(folder)
    .filter((file) => file.endsWith('.up.sql'))
    .sort()
  return files.map((file) => {
    const base = file.slice(0, -'.up.sql'.length)
    const up = readFileSync(join(folder, file), 'utf8')
    const down = readFileSync(join(folder, `${base}.down.sql`), 'utf8')
    return {
      number: Number(base.slice(0, 4)),
      name: base.slice(5),
      up: statementsOf(up),
      down: statementsOf(down),
      checksum: createHash('sha256').update(up).digest('hex').slice(0, 16),
    }
  })
}

/** The statements of a file: a semicolon at the end of a line ends one. Comment lines go. */
export function statementsOf(sql: string): string[] {
  return sql
    .split(/;[ \t]*(?:\r?\n|$)/)
    .map((statement) => statement.replace(/^\s*--.*$/gm, '').trim())
    .filter((statement) => statement !== '')
}

/** Migrates; gives the names of the migrations that ran (or, on a dry run, would run). */
export async function migrateClickhouse(options: MigrateOptions): Promise<string[]> {
  const { direction = 'up', dryRun = false, onLine = () => undefined } = options
  const database = identifier(options.database)
  const client = connectClickhouse(options.url)
  try {
    const steps = plan(readMigrations(options.folder), await appliedMigrations(client, database), {
      direction,
      count: options.count,
      database,
    })
    if (steps.length > 0 && !dryRun) {
      await command(client, `CREATE DATABASE IF NOT EXISTS ${database}`)
      await command(client, journal(database))
    }
    for (const step of steps) {
      onLine(`${step.direction} ${step.migration.number} ${step.migration.name}`)
      for (const statement of step.statements) {
        for (const line of statement.split('\n')) onLine(line)
        if (!dryRun) await command(client, statement)
      }
      if (!dryRun) await record(client, database, step)
    }
    return steps.map(({ migration }) => migration.name)
  } finally {
    await client.close()
  }
}

/** The steps that take what is applied forward (all, or `count`) or back (one, or `count`), newest first. */
export function plan(
  known: readonly Migration[],
  applied: readonly Applied[],
  { direction, count, database }: { direction: 'up' | 'down'; count?: number | undefined; database: string },
): Step[] {
  for (const { number, name, checksum } of applied) {
    const now = known.find((migration) => migration.number === number)
    if (now === undefined) throw clickhouseError('E_MIGRATION_UNKNOWN', `${database} has migration ${number} (${name}).`)
    if (now.checksum !== checksum)
      throw clickhouseError(
        'E_MIGRATION_CHANGED',
        `${database} has migration ${number} (${name}) as ${checksum}; the tree has ${now.checksum}.`,
      )
  }
  const done = new Set(applied.map(({ number }) => number))
  const open =
    direction === 'up' ? known.filter(({ number }) => !done.has(number)) : known.filter(({ number }) => done.has(number)).reverse()
  return open.slice(0, count ?? (direction === 'up' ? known.length : 1)).map((migration) => ({
    migration,
    direction,
    statements: migration[direction].map((statement) =>
      statement.replaceAll('{database}', database).replaceAll('{analytics}', analyticsDatabaseOf(database)),
    ),
  }))
}

/** A journal of every step, up and down, rather than a table of marks: deleting rows is a background job in ClickHouse. */
function journal(database: string): string {
  return `CREATE TABLE IF NOT EXISTS ${database}.schema_migrations (
  seq UInt64 COMMENT 'Order of the steps', number UInt32 COMMENT 'Migration', name String COMMENT 'Its name',
  direction LowCardinality(String) COMMENT 'up or down', checksum String COMMENT 'Of the forward file', at DateTime64(3, 'UTC') DEFAULT now64(3) COMMENT 'When'
) ENGINE = MergeTree ORDER BY seq COMMENT 'Steps of sinks/clickhouse/migrations, oldest first'`
}

async function record(client: ClickHouseClient, database: string, { migration, direction }: Step): Promise<void> {
  await command(
    client,
    `INSERT INTO ${database}.schema_migrations (seq, number, name, direction, checksum)
SELECT (SELECT count() FROM ${database}.schema_migrations), ${migration.number}, '${migration.name}', '${direction}', '${migration.checksum}'`,
  )
}

/** What is applied now, by number. Nothing when there is no database yet. */
export async function appliedMigrations(client: ClickHouseClient, database: string): Promise<Applied[]> {
  try {
    const result = await client.query({
      query: `SELECT number, argMax(name, seq) AS name, argMax(checksum, seq) AS checksum FROM ${identifier(database)}.schema_migrations
GROUP BY number HAVING argMax(direction, seq) = 'up' ORDER BY number`,
      format: 'JSONEachRow',
    })
    return await result.json<Applied>()
  } catch (error) {
    if (isAbsent(error)) return []
    throw clickhouseFailure(error, `Reading ${database}.schema_migrations`)
  }
}

async function command(client: ClickHouseClient, query: string): Promise<void> {
  try {
    await client.command({ query, clickhouse_settings: { wait_end_of_query: 1 } })
  } catch (error) {
    throw clickhouseFailure(error, query.slice(0, 80))
  }
}
