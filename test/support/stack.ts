/**
 * Real engines for a test: those of the run when REKINDLE_TEST_STACK names its stack.json, else a stack of this file's
 * own in a temporary folder, removed at the end. Each call gets a topic prefix and databases that nobody else uses.
 */
import './uncountedChildren.ts'
import { randomBytes } from 'node:crypto'
import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pg from 'pg'
import tap from 'tap'
import { removeStack, startStack } from '../../stack/stack.ts'
import { readStack } from '../../stack/stackRecord.ts'
import type { StackAddresses } from '../../stack/stackRecord.ts'

export interface TestStack {
  readonly kafkaBrokers: string[]
  readonly registryUrl: string
  /** A database of this call's own; dropped at the end of the test. */
  readonly databaseUrl: string
  readonly clickhouseUrl: string
  /** A ClickHouse database of this call's own; dropped at the end of the test. */
  readonly clickhouseDatabase: string
  readonly redisUrl?: string
  /** For KAFKA_TOPIC_PREFIX. */
  readonly prefix: string
}

const OWN_STACK_TIMEOUT_MS = 300_000

interface Teardown {
  teardown(fn: () => unknown): void
}

let shared: Promise<StackAddresses> | undefined

/** Addresses of the engines, with a prefix and databases for this test alone. */
export async function testStack(t: Teardown): Promise<TestStack> {
  shared ??= engines()
  const { kafkaBrokers, registryUrl, databaseUrl, clickhouseUrl, redisUrl } = await shared
  const id = randomBytes(5).toString('hex')
  const database = `test_${id}`
  await postgres(databaseUrl, `CREATE DATABASE ${database}`)
  await clickhouse(clickhouseUrl, `CREATE DATABASE ${database}`)
  t.teardown(async () => {
    await postgres(databaseUrl, `DROP DATABASE IF EXISTS ${database} WITH (FORCE)`)
    await clickhouse(clickhouseUrl, `DROP DATABASE IF EXISTS ${database}`)
  })
  const own = new URL(databaseUrl)
  own.pathname = `/${database}`
  return {
    kafkaBrokers: [...kafkaBrokers],
    registryUrl,
    databaseUrl: own.href,
    clickhouseUrl,
    clickhouseDatabase: database,
    prefix: `t${id}.`,
    ...(redisUrl === undefined ? {} : { redisUrl }),
  }
}

async function engines(): Promise<StackAddresses> {
  const file = process.env['REKINDLE_TEST_STACK']
  if (file !== undefined && file !== '') {
    const record = readStack(file)
    if (record === undefined) throw new Error(`REKINDLE_TEST_STACK=${file}: there is no running stack.`)
    return record.addresses
  }
  // Starting the engines of its own takes longer than tap grants a file that is run alone.
  tap.setTimeout(OWN_STACK_TIMEOUT_MS)
  const dataDir = mkdtempSync(join(tmpdir(), 'rekindle-test-'))
  const stack = await startStack({
    dataDir,
    onEvent: (line) => {
      tap.comment(line)
    },
  })
  tap.teardown(async () => {
    await stack.stop()
    await removeStack(dataDir)
  })
  return stack.addresses
}

async function postgres(url: string, sql: string): Promise<void> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  try {
    await client.query(sql)
  } finally {
    await client.end()
  }
}

async function clickhouse(url: string, sql: string): Promise<void> {
  const at = new URL(url)
  const authorization = `Basic ${Buffer.from(`${decodeURIComponent(at.username)}:${decodeURIComponent(at.password)}`).toString('base64')}`
  const response = await fetch(`${at.protocol}//${at.host}/`, { method: 'POST', body: sql, headers: { authorization } })
  const answer = await response.text()
  if (!response.ok) throw new Error(answer)
}
