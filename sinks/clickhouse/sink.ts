/**
 * Facts into ClickHouse, exactly once within the deduplication window: one insert per range of offsets, as one block,
 * under the token of that range. A retry sends the same bytes under the same token and is dropped by the engine, and the
 * views count it once. What a kill made the engine take for stored is looked for and put in place. Nothing is acknowledged before it is stored: no asynchronous inserts. Of an erased lead nothing is
 * stored that is from before its erasure.
 */
import { randomUUID } from 'node:crypto'
import type { ClickHouseClient } from '@clickhouse/client'
import { sink } from '../../runtime/sink.ts'
import type { Sink, SinkBatch, SinkRecord } from '../../runtime/sink.ts'
import { physicalName } from '../../runtime/topic.ts'
import type { AnyTopic } from '../../runtime/topic.ts'
import type { LeadJourney } from '../../schemas/generated/records.ts'
import { erasures, journeys } from '../../topics/index.ts'
import { isFromBefore } from '../erasedRecords.ts'
import { connectClickhouseWriter, identifier } from './connect.ts'
import { Erasures } from './erasure.ts'
import { clickhouseFailure } from './errors.ts'
import { mend } from './mend.ts'
import { factTables } from './rows.ts'
import type { Row } from './cells.ts'
import type { FactTable } from './rows.ts'

export interface ClickhouseSinkOptions {
  /** With the credentials inside. */
  readonly url: string
  readonly database: string
  /** Before every topic: rows name the topic as the broker does. */
  readonly topicPrefix?: string
  /** Records of one block at most. */
  readonly maxRecords?: number
  /** Longest wait for more, ms. */
  readonly maxMs?: number
  /** When a lead was erased, ms: the topic of erasures as a table. What the sink itself has read of it counts as well. */
  readonly erasedAt?: (leadKey: string) => number | undefined
}

export interface ClickhouseSink {
  readonly sink: Sink
  /** Closes the connections; inserts in flight are cut. */
  close(): Promise<void>
}

/** What it reads. */
export const clickhouseSinkTopics: readonly AnyTopic[] = [...factTables.map(({ topic }) => topic), erasures]

/** 5,000: the middle of the measured best range; 5,000 decisions of 5 KB are 25 MB, below any body limit met. */
const MAX_RECORDS = 5_000
/** An insert costs the engine some 40 ms of a core however few rows it has: twelve of them every five seconds are a tenth of one. */
const MAX_MS = 5_000
/** A block must never be split: half of it would be new under the token of the whole. */
const BLOCK_ROWS = 1_000_000
const BLOCK_BYTES = 1 << 30

/** The table that is kept by key, what it is made of, and its columns: as the view that feeds it has them. */
const keyed = {
  from: 'deliveries',
  into: 'followups_current',
  columns: [
    ...['tenant_id', 'followup_id', 'sequence', 'changed_at', 'lead_id', 'decision_id', 'action', 'channel', 'status'],
    ...['gate_id', 'rule_id', 'lifts_at', 'attempt'],
  ],
} as const

/** Settings of one insert: stored before the answer, one block, under its token. */
export function insertSettings(token: string) {
  return {
    insert_deduplicate: 1,
    insert_deduplication_token: token,
    deduplicate_blocks_in_dependent_materialized_views: 1,
    async_insert: 0,
    wait_end_of_query: 1,
    max_insert_block_size: String(BLOCK_ROWS),
    min_insert_block_size_rows: String(BLOCK_ROWS),
    min_insert_block_size_bytes: String(BLOCK_BYTES),
    // Parallel reading cuts the rows at its own chunk borders before they become blocks.
    input_format_parallel_parsing: 0,
    output_format_json_quote_64bit_integers: 1,
  } as const
}

/** The sink of the topics that `factTables` names and of erasures, with an insert client of its own. */
export function clickhouseSink(options: ClickhouseSinkOptions): ClickhouseSink {
  const database = identifier(options.database)
  const prefix = options.topicPrefix ?? ''
  const writer = connectClickhouseWriter(options.url)
  const tables = new Map(factTables.map((fact) => [fact.topic.name, fact]))
  const erased = new Erasures(writer, database, options.erasedAt)
  return {
    sink: sink({
      name: 'clickhouse',
      topics: clickhouseSinkTopics,
      batch: { maxRecords: options.maxRecords ?? MAX_RECORDS, maxMs: options.maxMs ?? MAX_MS },
      exactlyOnce: { kind: 'deterministic-blocks' },
      async write(batches, progressed) {
        for (const batch of batches) {
          const fact = tables.get(batch.topic.name)
          if (fact === undefined) await erased.carryOut(batch, progressed)
          else
            await erased.unlessErasing(async () => {
              const rows = rowsOf(batch, fact, prefix, (key) => erased.at(key))
              // A range of nothing but tombstones: these topics keep history, a tombstone states no fact.
              if (rows.length > 0) {
                await insert(writer, `${database}.${fact.table}`, rows, batch.token)
                progressed?.()
                if (batch.maybeStored) await mendRange(writer, database, fact, batch, physicalName(batch.topic, prefix), rows)
                progressed?.()
                if (batch.maybeStored) await tellKeyed(writer, database, fact, rows, batch.token)
              }
              // After the rows of its own range, and acknowledged with them: a kill in between has both made again.
              const forgotten = forgottenIn(batch)
              await erased.forgetJourneys(
                forgotten.map(({ tenantId }) => tenantId),
                forgotten.map(({ leadHash }) => leadHash),
                batch.maybeStored,
              )
            }, progressed)
        }
      },
    }),
    close: () => writer.close(),
  }
}

/**
 * The rows of a batch in offset order: the same batch always gives the same rows with their columns in the same order, so
 * the same bytes. An erasure in between takes rows out; the engine knows the block by its token then, not by its bytes.
 */
export function rowsOf(
  batch: SinkBatch,
  fact: FactTable,
  topicPrefix: string,
  erasedAt: (leadKey: string) => number | undefined = () => undefined,
): Row[] {
  const topic = physicalName(batch.topic, topicPrefix)
  return batch.records
    .filter((record) => record.value !== null && !isFromBefore(fact.topic, record, erasedAt(record.key) ?? -Infinity))
    .filter((record) => fact.topic.name !== journeys.name || !isForgotten(record.value as LeadJourney))
    .map((record) => fact.row(topic, record))
}

/** What a batch of journeys tells to be forgotten. */
function forgottenIn({ topic, records }: SinkBatch): readonly LeadJourney[] {
  if (topic.name !== journeys.name) return []
  return (records as readonly SinkRecord<LeadJourney>[]).flatMap(({ value }) => (value !== null && isForgotten(value) ? [value] : []))
}

function isForgotten({ kind }: LeadJourney): boolean {
  return kind === 'forgotten'
}

/** What a kill has left out although its token is known: see mend.ts. */
async function mendRange(
  writer: ClickHouseClient,
  database: string,
  { table, partitionedBy: column }: FactTable,
  { partition, min, max, token }: SinkBatch,
  topic: string,
  rows: readonly Row[],
): Promise<void> {
  const columns = { topic: '_topic', partition: '_partition', offset: '_offset' }
  try {
    await mend<Row>(writer, {
      ...{ database, table, columns, topic, partition, min, max, rows, offsetOf: ({ _offset }) => _offset as string },
      partitionedBy: { column, timeOf: (row) => row[column] as string },
    })
  } catch (error) {
    throw clickhouseFailure(error, `Looking whether ${token} is in ${table}`)
  }
}

/**
 * A kill can burn the token of a block for a table that a view feeds as well. What is kept by key can be told again as often as one
 * likes; into sums nothing can be told twice (docs/guarantees.md).
 */
async function tellKeyed(
  writer: ClickHouseClient,
  database: string,
  { table }: FactTable,
  rows: readonly Row[],
  token: string,
): Promise<void> {
  if (table !== keyed.from) return
  const values = rows.map((row) => Object.fromEntries(keyed.columns.map((column) => [column, row[column]])))
  try {
    await writer.insert({
      ...{ table: `${database}.${keyed.into}`, values, format: 'JSONEachRow' },
      // A token of its own: plain tables know repeated rows by their content even where they are told not to.
      clickhouse_settings: insertSettings(randomUUID()),
    })
  } catch (error) {
    throw clickhouseFailure(error, `Telling ${token} to ${keyed.into} again`)
  }
}

async function insert(writer: ClickHouseClient, table: string, rows: readonly Row[], token: string): Promise<void> {
  // Named, or a column that the table does not have yet would be passed over without a word.
  const [first, ...others] = Object.keys(rows[0] ?? {})
  if (first === undefined) return
  try {
    await writer.insert({
      ...{ table, columns: [first, ...others], values: rows, format: 'JSONEachRow' },
      clickhouse_settings: insertSettings(token),
    })
  } catch (error) {
    throw clickhouseFailure(error, `Inserting ${token} into ${table}`)
  }
}
