/**
 * A sink in a process of its own that kills itself between the insert and the commit. Argument: JSON of { brokers,
 * registryUrl, prefix, databaseUrl, kind, dieAfter }. The database is Postgres for both kinds; for deterministic blocks
 * it keeps the promise of the real one: a token that was inserted before inserts nothing.
 */
import pg from 'pg'
import { connectKafka } from '../../../runtime/kafka/connectKafka.ts'
import { sink } from '../../../runtime/sink.ts'
import type { Sink, SinkBatch } from '../../../runtime/sink.ts'
import type { Item } from './fixtures.ts'
import { items, logger } from './fixtures.ts'

export interface SinkProcessOptions {
  readonly brokers: readonly string[]
  readonly registryUrl: string
  readonly prefix: string
  readonly databaseUrl: string
  readonly kind: 'stored-offsets' | 'deterministic-blocks'
  /** Writes after which the process kills itself, before it can commit anything to Kafka. */
  readonly dieAfter: number
}

export const tables = `
  CREATE TABLE rows (seq bigint, key text, token text);
  CREATE TABLE tokens (token text PRIMARY KEY);
  CREATE TABLE positions (topic text, part int, next bigint, PRIMARY KEY (topic, part));
`

/** A sink into the tables above. `afterWrite` is where a crash is placed. */
export function itemSink(pool: pg.Pool, kind: SinkProcessOptions['kind'], afterWrite: () => void): Sink {
  async function write(batches: readonly SinkBatch[]): Promise<void> {
    const client = await pool.connect()
    try {
      await client.query('BEGIN')
      for (const batch of batches) await insert(client, batch)
      await client.query('COMMIT')
    } finally {
      client.release()
    }
    afterWrite()
  }
  async function insert(client: pg.PoolClient, { topic, partition, records, max, token }: SinkBatch): Promise<void> {
    const fresh =
      kind === 'stored-offsets' || (await client.query('INSERT INTO tokens VALUES ($1) ON CONFLICT DO NOTHING', [token])).rowCount === 1
    if (fresh)
      for (const { key, value } of records) await client.query('INSERT INTO rows VALUES ($1, $2, $3)', [(value as Item).seq, key, token])
    if (kind === 'stored-offsets') {
      await client.query('INSERT INTO positions VALUES ($1, $2, $3) ON CONFLICT (topic, part) DO UPDATE SET next = $3', [
        topic.name,
        partition,
        String(max + 1n),
      ])
    }
  }
  async function load(topic: { name: string }, partition: number): Promise<bigint | undefined> {
    const { rows } = await pool.query<{ next: string }>('SELECT next FROM positions WHERE topic = $1 AND part = $2', [
      topic.name,
      partition,
    ])
    return rows[0] === undefined ? undefined : BigInt(rows[0].next)
  }
  return sink({
    name: 'rows',
    topics: [items],
    batch: { maxRecords: 100, maxMs: 50 },
    write,
    exactlyOnce: kind === 'stored-offsets' ? { kind, load } : { kind },
  })
}

if (process.argv[1] === import.meta.filename) {
  const options = JSON.parse(process.argv[2] as string) as SinkProcessOptions
  const pool = new pg.Pool({ connectionString: options.databaseUrl })
  const kafka = await connectKafka({
    brokers: options.brokers,
    clientId: 'sink',
    topicPrefix: options.prefix,
    registryUrl: options.registryUrl,
    logger,
  })
  let writes = 0
  await kafka.runSink({
    group: 'store',
    sink: itemSink(pool, options.kind, () => {
      writes += 1
      if (writes === options.dieAfter) process.kill(process.pid, 'SIGKILL')
    }),
    sessionTimeoutMs: 6_000,
    onFatal: (error) => {
      process.stderr.write(`${String(error)}\n`)
      process.exit(70)
    },
  })
}
