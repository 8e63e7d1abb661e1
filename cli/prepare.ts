/**
 * Makes the stores agree with the code before processes start: topics, schemas, migrations, and in local mode the
 * ready-made tenant. Running it again changes nothing.
 */
import type { Logger } from 'pino'
import { Registry } from 'prom-client'
import type { Config } from '../config/config.ts'
import { changeHeaders } from '../pipelines/consensus/policyChange.ts'
import { policyKey } from '../pipelines/consensus/policy.ts'
import { isShippedPrior, shippedPolicies } from '../pipelines/consensus/shippedPolicies.ts'
import type { TopicChange } from '../runtime/kafka/topicPlan.ts'
import { migrateClickhouse } from '../sinks/clickhouse/migrate.ts'
import { migrate } from '../sinks/postgres/migrate.ts'
import { allTopics, policies } from '../topics/index.ts'
import { kafkaOf, needed } from './roles/connections.ts'
import { membersOf } from './roles/groups.ts'
import { tellSandbox } from './tellSandbox.ts'

export interface Prepared {
  readonly topics: readonly TopicChange[]
  /** Names of the migrations that ran. */
  readonly migrations: readonly string[]
}

/** Prepares Kafka, the registry, Postgres and ClickHouse. Throws coded errors that say what to do. */
export async function prepare(config: Config, logger: Logger): Promise<Prepared> {
  const [fromKafka, postgres, clickhouse] = await Promise.all([
    prepareKafka(config, logger),
    migrate({ url: needed(config.database.url, 'DATABASE_URL') }),
    migrateClickhouse({ url: needed(config.clickhouse.url, 'CLICKHOUSE_URL'), database: config.clickhouse.database }),
  ])
  return { topics: fromKafka, migrations: [...postgres, ...clickhouse] }
}

async function prepareKafka(config: Config, logger: Logger): Promise<readonly TopicChange[]> {
  const kafka = await kafkaOf(config, 'prepare', logger, new Registry())
  try {
    const { partitions, replicationFactor } = config.kafka
    const changes = await kafka.applyTopics(allTopics, { partitions, replicationFactor, members: membersOf(config) })
    await kafka.registerSchemas(allTopics)
    // Topics that were made a moment ago may take a while to have leaders.
    const producer = kafka.producer({ deadlineMs: 30_000 })
    const known = await kafka.table(policies)
    for (const policy of shippedPolicies) {
      const there = known.get(policyKey(policy))
      // One that was learned or that a person put in force stays. A prior of an earlier version would keep new agents from being heard.
      if (there === undefined || (isShippedPrior(there) && there.policyHash !== policy.policyHash))
        await producer.send(policies, policyKey(policy), policy, { headers: changeHeaders({ by: 'prepare' }) })
    }
    if (config.mode === 'local') await tellSandbox(kafka, producer, { lookUps: config.lookUps.enabled, at: Date.now() })
    return changes
  } finally {
    await kafka.close()
  }
}
