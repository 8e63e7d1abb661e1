/** Opens every place that keeps something about a lead: lead-keyed topics with their dead letters, states, both databases. */
import type { Config } from '../config/config.ts'
import { connectClickhouse } from '../sinks/clickhouse/connect.ts'
import * as clickhouse from '../sinks/clickhouse/leadTables.ts'
import * as postgresErasure from '../sinks/postgres/erasure.ts'
import * as postgres from '../sinks/postgres/leadTables.ts'
import { linkedLeads } from '../sinks/postgres/linkedLeads.ts'
import { createPool } from '../sinks/postgres/pool.ts'
import { pipeline } from '../pipelines/pipeline.ts'
import { isErasedOnly, journeys } from '../pipelines/attribution/journeys.ts'
import { isForgotten } from '../pipelines/enrich/erasure.ts'
import { enrich } from '../pipelines/enrich/stage.ts'
import type { KeyedTopic } from '../runtime/kafka/connectKafka.ts'
import type { Erasure, LeadProfile, LeadTouches } from '../schemas/generated/records.ts'
import { allTopics, erasures } from '../topics/index.ts'
import { clickhouseUrl, databaseUrl } from './addresses.ts'
import { cliKafka } from './cliKafka.ts'
import { recordJson } from './leadExport.ts'
import type { HeldOnLead, HeldPlace, OnErasure } from './leadExport.ts'

/** Connects to all three; throws when one is away, since a document without it would look whole. */
export async function heldOnLead(config: Config, lead: string): Promise<HeldOnLead> {
  const pool = createPool({ url: databaseUrl(config), max: 2, applicationName: 'rekindle leads' })
  const analytics = connectClickhouse(clickhouseUrl(config))
  const { database } = config.clickhouse
  const kafka = await cliKafka(config)
  const close = async () => {
    await Promise.all([kafka.close(), pool.end(), analytics.close()])
  }
  try {
    const records = kafka.keyRecords()
    const states = kafka.states(pipeline)
    const topics = await records.topics(allTopics.filter(({ key }) => key === 'lead'))
    const places: HeldPlace[] = [
      ...topics.map((topic): HeldPlace => ({
        section: 'topics',
        name: topic.name,
        onErasure: topicOnErasure(topic),
        read: (onRecord) => records.read(topic, lead, (record) => onRecord(recordJson(record))),
      })),
      ...pipeline
        .filter(({ state }) => state !== undefined)
        .map(({ name }): HeldPlace => ({
          section: 'states',
          name,
          onErasure: stateOnErasure(name),
          async read(onRecord) {
            const kept = await states.get(name, lead)
            if (kept?.entry !== undefined) await onRecord(recordJson(kept))
          },
        })),
      ...(await postgres.leadTables(pool)).map((table): HeldPlace => ({
        section: 'postgres',
        name: table.table,
        onErasure: tableOnErasure(table.table),
        read: (onRow) => postgres.readLeadRows(pool, table, lead, onRow),
      })),
      ...(await clickhouse.leadTables(analytics, database)).map((table): HeldPlace => ({
        section: 'clickhouse',
        name: table,
        onErasure: { kind: 'emptied' },
        read: (onRow) => clickhouse.readLeadRows(analytics, { database, table, leadId: lead }, onRow),
      })),
    ]
    const order = async (erasure: Erasure) => {
      await kafka.registerSchemas([erasures])
      await kafka.producer().send(erasures, lead, erasure)
    }
    const linked = (await linkedLeads(pool, lead)).map((other) => other.leadKey)
    return { places, linked, order, close }
  } catch (error) {
    await close()
    throw error
  }
}

function topicOnErasure({ topic, isDeadLetters, retention }: KeyedTopic): OnErasure {
  if (topic.name === erasures.name && !isDeadLetters) return { kind: 'kept', why: 'the order itself', isLeft: () => false }
  return retention === 'compact' ? { kind: 'tombstone' } : { kind: 'expires', days: retention.days }
}

function stateOnErasure(stage: string): OnErasure {
  if (stage === enrich.name) return { kind: 'kept', why: 'refusals, and when it was erased', isLeft: (kept) => !isStub(kept) }
  if (stage === journeys.name) return { kind: 'kept', why: 'when it was erased', isLeft: (kept) => !isMomentOnly(kept) }
  return { kind: 'emptied' }
}

/** Is this state of journeys what an erasure leaves? */
export function isMomentOnly(kept: unknown): boolean {
  const { entry } = kept as { entry?: { state?: LeadTouches; parked?: unknown } }
  return entry?.state !== undefined && isErasedOnly(entry.state) && entry.parked === undefined
}

/** Is this state of enrich what an erasure leaves, with nothing that waits? */
function isStub(kept: unknown): boolean {
  const { entry } = kept as { entry?: { state?: LeadProfile; timers: object; parked?: unknown } }
  return entry?.state !== undefined && isForgotten(entry.state) && Object.keys(entry.timers).length === 0 && entry.parked === undefined
}

function tableOnErasure(table: string): OnErasure {
  const why = postgresErasure.keptOnErasure[table]
  return why === undefined ? { kind: 'emptied' } : { kind: 'kept', why, isLeft: (row) => !postgresErasure.isStripped(table, row) }
}
