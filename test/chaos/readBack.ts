/** Reads everything that a chaos run left, as a read-committed reader sees it: topics, dead letters, changelogs, tables. */
import pg from 'pg'
import type { Kafka } from 'kafkajs'
import { changelogName, deadLetterName } from '../../runtime/kafka/names.ts'
import { PartitionReader, textHeaders } from '../../runtime/kafka/partitionReader.ts'
import type { LogRecord } from '../../runtime/kafka/partitionReader.ts'
import { schemaKeyPrefix, stateCodec } from '../../runtime/stateEntry.ts'
import type { AnyStage } from '../../runtime/stage.ts'
import { physicalName } from '../../runtime/topic.ts'
import type { AnyTopic, ValueOf } from '../../runtime/topic.ts'
import { connectClickhouse } from '../../sinks/clickhouse/connect.ts'
import type { WindowState } from '../../runtime/windows/windowAggregate.ts'
import { deliveries } from './courier.ts'
import { courierGroup, groupsOf } from './groupsOf.ts'
import type { DeadLetter, KeyState, Observation, ProviderCall, Row, Stored } from './observation.ts'
import { tide, tides } from './tides.ts'
import type { Level } from './tides.ts'
import { alarms, ledger, notices, notify, permits, rates, readings, regions, rollup, tally, totals } from './workload.ts'
import type { Notice, Tally, Total } from './workload.ts'

/** Magic byte and schema id before each value. */
const WIRE_PREFIX = 5

export interface Places {
  readonly kafka: Kafka
  readonly prefix: string
  readonly fused: boolean
  readonly partitions: number
  readonly databaseUrl: string
  /** What the provider saw so far. */
  readonly calls: () => readonly ProviderCall[]
  readonly clickhouse?: { readonly url: string; readonly database: string }
}

export async function readBack(places: Places): Promise<Observation> {
  const { kafka, prefix, fused, partitions } = places
  const reader = await PartitionReader.connect(kafka)
  const log = async (name: string) => {
    const records: LogRecord[] = []
    for (const partition of await reader.partitions(name))
      await reader.readToEnd(name, partition, 0n, (record) => void records.push(record))
    return records
  }
  const stored = async <T extends AnyTopic>(topic: T) =>
    (await log(physicalName(topic, prefix))).map((record) => ({ ...placed(record), value: valueOf(topic, record) as ValueOf<T> }))
  const letters = async (topic: AnyTopic): Promise<DeadLetter[]> => {
    const groups = groupsOf(fused).filter(({ inputs, stages }) =>
      [...inputs, ...stages.flatMap(({ on }) => on.map((input) => input.topic))].includes(topic),
    )
    const found: DeadLetter[] = []
    for (const { group } of [...groups, ...(courierGroup.inputs.includes(topic) ? [courierGroup] : [])])
      found.push(...(await log(deadLetterName(topic, group, prefix))).map((record) => letterOf(topic, record)))
    return found
  }
  const lastStates = async <S>(stage: AnyStage): Promise<ReadonlyMap<string, KeyState<S>>> => {
    const states = new Map<string, KeyState<S>>()
    for (const [key, entry] of await new ChangelogView(reader, stage, prefix).read()) states.set(key, entry as KeyState<S>)
    return states
  }
  try {
    return {
      fused,
      partitions,
      readings: await stored(readings),
      rates: await stored(rates),
      ledger: await stored(ledger),
      alarms: await stored(alarms),
      totals: await stored(totals),
      notices: await stored(notices),
      regions: await stored(regions),
      permits: await stored(permits),
      tides: await stored(tides),
      deliveries: await stored(deliveries),
      calls: places.calls(),
      dead: {
        readings: await letters(readings),
        ledger: await letters(ledger),
        totals: await letters(totals),
        notices: await letters(notices),
      },
      states: {
        tally: await lastStates<Tally>(tally),
        rollup: await lastStates<Total>(rollup),
        notify: await lastStates<Notice>(notify),
        tide: await lastStates<WindowState<Level>>(tide),
      },
      postgres: await postgresTables(places.databaseUrl),
      ...(places.clickhouse === undefined ? {} : { clickhouse: await clickhouseRows(places.clickhouse) }),
    }
  } finally {
    await reader.close()
  }
}

/** The last value of every key of a changelog; each `read` goes on where the last one stopped. */
export class ChangelogView {
  readonly #reader: PartitionReader
  readonly #topic: string
  readonly #codec: ReturnType<typeof stateCodec>
  readonly #states = new Map<string, KeyState<unknown>>()
  readonly #positions = new Map<number, bigint>()

  constructor(reader: PartitionReader, stage: AnyStage, prefix: string) {
    this.#reader = reader
    this.#topic = changelogName(stage.name, prefix)
    this.#codec = stateCodec(stage)
  }

  async read(): Promise<ReadonlyMap<string, KeyState<unknown>>> {
    for (const partition of await this.#reader.partitions(this.#topic)) {
      const end = await this.#reader.readToEnd(this.#topic, partition, this.#positions.get(partition) ?? 0n, (record) => this.#take(record))
      this.#positions.set(partition, end)
    }
    return this.#states
  }

  #take({ key, value }: LogRecord): void {
    const name = key?.toString('utf8') ?? ''
    if (name.startsWith(schemaKeyPrefix)) {
      if (value !== null) this.#codec.learn(name, value)
    } else if (value === null) this.#states.delete(name)
    else {
      const { state, timers } = this.#codec.decode(value)
      this.#states.set(name, { state, timers: { ...timers } })
    }
  }
}

function placed({ partition, offset, key, timestamp }: LogRecord): Omit<Stored<unknown>, 'value'> {
  return { partition, offset, key: key?.toString('utf8') ?? '', timestamp }
}

/** `undefined` when the bytes are not what the topic holds. */
function valueOf(topic: AnyTopic, { value }: LogRecord): unknown {
  if (value === null) return null
  try {
    return topic.value.decode(value.subarray(WIRE_PREFIX)) as unknown
  } catch {
    // Sent so on purpose; the model says where it may be.
    return undefined
  }
}

function letterOf(topic: AnyTopic, record: LogRecord): DeadLetter {
  const { partition, offset, key } = placed(record)
  const headers = textHeaders(record.headers)
  const value = valueOf(topic, record) as { cause?: string; n?: number; steps?: number } | null | undefined
  return {
    partition,
    offset,
    key,
    code: headers['dlq-code'] ?? '',
    sourceOffset: BigInt(headers['dlq-source-offset'] ?? '-2'),
    cause: value?.cause ?? (value?.n === undefined ? '' : `e${value.n}`),
    steps: value?.steps ?? 0,
    attempts: Number(headers['dlq-attempts']),
  }
}

interface StoredRow {
  readonly topic: string
  readonly part: number
  readonly off: string
  readonly key: string
  readonly cause: string
  readonly amount: string
}

const rowOf = ({ topic, part, off, key, cause, amount }: StoredRow): Row => ({
  topic,
  partition: part,
  offset: BigInt(off),
  key,
  cause,
  amount: Number(amount),
})

async function postgresTables(url: string): Promise<Observation['postgres']> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  try {
    const facts = await client.query<StoredRow>('SELECT topic, part, off, key, cause, amount FROM facts')
    const latest = await client.query<{ key: string; total: string }>('SELECT key, total FROM latest')
    return { facts: facts.rows.map(rowOf), latest: new Map(latest.rows.map(({ key, total }) => [key, Number(total)])) }
  } finally {
    await client.end()
  }
}

async function clickhouseRows({ url, database }: { readonly url: string; readonly database: string }): Promise<Row[]> {
  const client = connectClickhouse(url, database)
  try {
    const answer = await client.query({ query: 'SELECT topic, part, off, key, cause, amount FROM facts', format: 'JSONEachRow' })
    return (await answer.json<StoredRow>()).map(rowOf)
  } finally {
    await client.close()
  }
}
