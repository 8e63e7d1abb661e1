/** Opens every place that keeps something about a lead: lead-keyed topics with their dead letters, states, both databases. */
import type { Config } from '../config/config.ts'
import { connectClickhouse } from '../sinks/clickhouse/connect.ts'
import * as clickhouse from '../sinks/clickhouse/leadTables.ts'
import * as postgres from '../sinks/postgres/leadTables.ts'
import { createPool } from '../sinks/postgres/pool.ts'
import { pipeline } from '../pipelines/pipeline.ts'
import { allTopics } from '../topics/index.ts'
import { clickhouseUrl, databaseUrl } from './addresses.ts'
import { cliKafka } from './cliKafka.ts'
import { recordJson } from './leadExport.ts'
import type { HeldOnLead, HeldPlace } from './leadExport.ts'

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
        read: (onRecord) => records.read(topic, lead, (record) => onRecord(recordJson(record))),
      })),
      ...pipeline
        .filter(({ state }) => state !== undefined)
        .map(({ name }): HeldPlace => ({
          section: 'states',
          name,
          async read(onRecord) {
            const kept = await states.get(name, lead)
            if (kept?.entry !== undefined) await onRecord(recordJson(kept))
          },
        })),
      ...(await postgres.leadTables(pool)).map((table): HeldPlace => ({
        section: 'postgres',
        name: table.table,
        read: (onRow) => postgres.readLeadRows(pool, table, lead, onRow),
      })),
      ...(await clickhouse.leadTables(analytics, database)).map((table): HeldPlace => ({
        section: 'clickhouse',
        name: table,
        read: (onRow) => clickhouse.readLeadRows(analytics, { database, table, leadId: lead }, onRow),
      })),
    ]
    return { places, linked: await postgres.linkedLeads(pool, lead), close }
  } catch (error) {
    await close()
    throw error
  }
}
