/**
 * Makes the stores agree with the code before processes start: topics, schemas, migrations, and in local mode the
 * ready-made tenant. Running it again changes nothing.
 */
import type { Logger } from 'pino'
import { Registry } from 'prom-client'
import type { Config } from '../config/config.ts'
import { readRows } from '../integrations/market/rows.ts'
import { policyKey } from '../pipelines/consensus/policy.ts'
import { isShippedPrior, shippedPolicies } from '../pipelines/consensus/shippedPolicies.ts'
import type { TopicChange } from '../runtime/kafka/topicPlan.ts'
import { sandboxMarketRows } from '../simulate/sandboxMarket.ts'
import { sandboxLookUps, sandboxTenant } from '../simulate/sandboxTenant.ts'
import { migrateClickhouse } from '../sinks/clickhouse/migrate.ts'
import { migrate } from '../sinks/postgres/migrate.ts'
import { allTopics, marketFacts, policies, tenants } from '../topics/index.ts'
import { kafkaOf, needed } from './roles/connections.ts'
import { members } from './roles/groups.ts'

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
    const changes = await kafka.applyTopics(allTopics, { partitions, replicationFactor, members })
    await kafka.registerSchemas(allTopics)
    // Topics that were made a moment ago may take a while to have leaders.
    const producer = kafka.producer({ deadlineMs: 30_000 })
    const known = await kafka.table(policies)
    for (const policy of shippedPolicies) {
      const there = known.get(policyKey(policy))
      // One that was learned or that a person put in force stays. A prior of an earlier version would keep new agents from being heard.
      if (there === undefined || (isShippedPrior(there) && there.policyHash !== policy.policyHash))
        await producer.send(policies, policyKey(policy), policy)
    }
    if (config.mode === 'local') {
      const tenant = sandboxTenant(Date.now())
      const settled = (await kafka.table(tenants)).get(tenant.tenantId) ?? { ...tenant, updatedAt: 0 }
      // Switched on for the whole of local mode: nobody but the sandbox is asked.
      const lookUps = settled.lookUps ?? (config.lookUps.enabled ? sandboxLookUps : null)
      if (settled.updatedAt === 0 || settled.lookUps !== lookUps)
        await producer.send(tenants, tenant.tenantId, { ...settled, lookUps, updatedAt: tenant.updatedAt })
      // Of the last four weeks. Those that were told at an earlier start change nothing.
      const lines = sandboxMarketRows(tenant.tenantId, tenant.updatedAt).map((row) => JSON.stringify(row))
      const { facts } = readRows(lines.join('\n'), tenant.tenantId, tenant.updatedAt)
      await Promise.all(facts.map((fact) => producer.send(marketFacts, tenant.tenantId, fact)))
    }
    return changes
  } finally {
    await kafka.close()
  }
}
