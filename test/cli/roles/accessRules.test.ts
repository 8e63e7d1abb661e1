/** Every process and the operator's verbs on a broker with access rules, each with the rights that docs/operations.md lists for it and no others. */
import pino from 'pino'
import { Registry } from 'prom-client'
import t from 'tap'
import { operatorKafka } from '../../../cli/operatorKafka.ts'
import { prepare } from '../../../cli/prepare.ts'
import { apiRole } from '../../../cli/roles/apiRole.ts'
import { kafkaOf } from '../../../cli/roles/connections.ts'
import { pipelineGroup } from '../../../cli/roles/groups.ts'
import { pipelineRole } from '../../../cli/roles/pipelineRole.ts'
import type { Role } from '../../../cli/roles/role.ts'
import { sinksRole } from '../../../cli/roles/sinksRole.ts'
import { loadConfig } from '../../../config/config.ts'
import type { Config } from '../../../config/config.ts'
import { createClient } from '../../../runtime/kafka/client.ts'
import { kafkajs } from '../../../runtime/kafka/corrections.ts'
import { physicalName } from '../../../runtime/topic.ts'
import type { AnyTopic } from '../../../runtime/topic.ts'
import {
  allTopics,
  erasures,
  marketFacts,
  marketingSpend,
  policies,
  realtors,
  realtorSettings,
  tenants,
  urgentLeads,
  webhooks,
} from '../../../topics/index.ts'
import type { WebhookReceived } from '../../../schemas/generated/records.ts'
import { authority } from '../../support/certificates.ts'
import { securedBroker } from '../../support/securedBroker.ts'
import { testStack } from '../../support/stack.ts'
import { eventually } from '../../runtime/kafka/fixtures.ts'

t.setTimeout(600_000)

const { AclOperationTypes: may, AclPermissionTypes, AclResourceTypes: on, ResourcePatternTypes: named } = kafkajs
const logger = pino({ level: process.env['LOG_LEVEL'] || 'silent' })

interface Right {
  readonly resourceType: number
  /** Names that begin so; all that belong to this installation unless given. */
  readonly resourceName?: string
  readonly operations: readonly number[]
}

t.test('each process and verb does its work with its row of the table of rights', async (t) => {
  const [username, password] = ['rekindle', 'correct-horse-7-battery']
  const broker = await securedBroker({
    ...{ authority: authority('an authority of this test'), username, password, accessRules: true },
    onProgress: (line) => t.comment(line),
  })
  t.teardown(() => broker.stop())
  const stack = await testStack(t)
  const admin = createClient({ brokers: [broker.plain], clientId: 'test', logger }).admin()
  await admin.connect()
  t.teardown(() => admin.disconnect())

  const config: Config = loadConfig({
    ...{ KAFKA_BROKERS: broker.sasl, KAFKA_SASL_MECHANISM: 'plain', KAFKA_SASL_USERNAME: username, KAFKA_SASL_PASSWORD: password },
    ...{ KAFKA_TOPIC_PREFIX: stack.prefix, KAFKA_PARTITIONS: '1', SCHEMA_REGISTRY_URL: stack.registryUrl },
    ...{ DATABASE_URL: stack.databaseUrl, CLICKHOUSE_URL: stack.clickhouseUrl, CLICKHOUSE_DATABASE: stack.clickhouseDatabase },
    ...{ REKINDLE_DATA_DIR: t.testdir(), GHL_API_URL: 'http://127.0.0.1:9', GHL_RECONCILE: 'false', GHL_HEARTBEAT_MINUTES: '0' },
    ...{ PORT: '0', METRICS_PORT: '0', LEARN_EVERY_HOURS: '0' },
  })
  const topics = (operations: readonly number[], ...only: readonly AnyTopic[]): Right[] =>
    only.length === 0
      ? [{ resourceType: on.TOPIC, operations }]
      : only.map((topic) => ({ resourceType: on.TOPIC, resourceName: physicalName(topic, stack.prefix), operations }))

  /** Lets the user do this and nothing else. */
  async function grant(rights: readonly Right[]): Promise<void> {
    const user = { principal: `User:${username}`, host: '*' }
    await admin.deleteAcls({
      filters: [
        { ...user, resourceType: on.ANY, resourcePatternType: named.ANY, operation: may.ANY, permissionType: AclPermissionTypes.ANY },
      ],
    })
    await admin.createAcls({
      acl: rights.flatMap(({ resourceType, resourceName, operations }) =>
        operations.map((operation) => ({
          ...{ ...user, resourceType, operation, permissionType: AclPermissionTypes.ALLOW, resourceName: resourceName ?? stack.prefix },
          resourcePatternType: resourceName === undefined ? named.PREFIXED : named.LITERAL,
        })),
      ),
    })
    const wanted = rights.reduce((sum, { operations }) => sum + operations.length, 0)
    const all = { resourceType: on.ANY, resourcePatternType: named.ANY, operation: may.ANY, permissionType: AclPermissionTypes.ANY }
    await eventually('the broker has the rules', async () => {
      const { resources } = await admin.describeAcls({ ...user, ...all })
      return resources.reduce((sum, { acls }) => sum + acls.length, 0) === wanted
    })
  }

  async function starts(role: Role): Promise<{ readonly address: string; stop(): Promise<void> }> {
    const never = new AbortController().signal
    const running = await role({ config, logger, onFatal: (error) => t.fail(String(error)), asked: never, hurried: never })
    const address = running.address ?? ''
    await eventually('it is ready', async () => (await fetch(`${address}/readyz`)).ok, 120_000)
    return { address, stop: () => running.stop() }
  }

  await grant([
    ...topics([may.CREATE, may.DESCRIBE, may.DESCRIBE_CONFIGS, may.ALTER_CONFIGS]),
    ...topics([may.READ, may.WRITE], policies),
    // What local mode tells of its sandbox.
    ...topics([may.READ, may.WRITE], tenants, realtorSettings),
    ...topics([may.WRITE], webhooks, marketingSpend, marketFacts),
  ])
  const prepared = await prepare(config, logger)
  t.ok(prepared.topics.every(({ action }) => action === 'create'))
  t.ok(
    (await prepare(config, logger)).topics.every(({ action }) => action === 'keep'),
    'and finds that nothing is to do',
  )

  const written = allTopics.filter(({ writtenBy }) => writtenBy.includes('api'))
  await grant([...topics([may.WRITE], ...written), ...topics([may.READ], tenants, realtors, urgentLeads, erasures)])
  const api = await starts(apiRole)
  t.equal((await fetch(`${api.address}/leads`)).status, 200)

  const member: Right[] = [
    ...topics([may.READ, may.WRITE]),
    { resourceType: on.GROUP, operations: [may.READ] },
    { resourceType: on.TRANSACTIONAL_ID, operations: [may.WRITE] },
  ]
  await api.stop()
  await grant(member)
  const sinks = await starts(sinksRole)
  const pipeline = await starts(pipelineRole)
  const kafka = await kafkaOf(config, 'test', logger, new Registry())
  await kafka.registerSchemas([webhooks])
  await kafka.producer().send(webhooks, 'loc:maria', {
    ...{
      receivedId: 'r1',
      tenantId: 'loc',
      origin: 'webhook',
      scheme: 'none',
      keyId: '',
      type: 'ContactCreate',
      webhookId: null,
      contactId: 'maria',
    },
    ...{ batchIndex: 0, receivedAt: Date.now(), body: Buffer.from('no JSON') },
  } satisfies WebhookReceived)
  await kafka.close()
  const all = await operatorKafka(loadConfig({ ...envOf(config), KAFKA_BROKERS: broker.plain }))
  t.teardown(() => all.close())
  await eventually('it was set aside', async () => (await all.deadLetters.list()).open.length === 1, 120_000)
  await pipeline.stop()
  await sinks.stop()

  await grant([...topics([may.READ]), { resourceType: on.GROUP, operations: [may.DESCRIBE] }])
  const looking = await operatorKafka(config)
  const line = looking.groups.find(({ group }) => group === pipelineGroup)
  t.ok((await looking.offsets.lag(pipelineGroup, line?.topics ?? [])).length > 0)
  t.equal((await looking.offsets.state(pipelineGroup)).state, 'Empty')
  t.ok((await looking.states.stats()).length > 0)
  const [letter] = (await looking.deadLetters.list()).open
  t.equal(letter?.code, 'E_WEBHOOK_MALFORMED')
  await looking.close()

  await grant(member)
  const operating = await operatorKafka(config)
  t.equal((await operating.deadLetters.discard({ id: letter?.id ?? '' }, 'of a test', { by: 'test' })).resolved.length, 1)
  const moves = await operating.offsets.reset(pipelineGroup, [webhooks], 'earliest')
  t.strictSame(
    moves.map(({ to }) => to),
    [0n],
  )
  await operating.close()

  await grant([
    ...topics([may.READ, may.WRITE], realtorSettings),
    { resourceType: on.GROUP, operations: [may.DESCRIBE] },
    { resourceType: on.TRANSACTIONAL_ID, operations: [may.WRITE] },
  ])
  const setting = await kafkaOf(config, 'test', logger, new Registry())
  const said = await setting.changeRow(realtorSettings, 'loc', () => ({ tenantId: 'loc', updatedAt: 1, realtors: [] }))
  t.equal(said.tenantId, 'loc')
  await setting.close()
})

/** The settings of before that name an installation, for a user who may do everything. */
function envOf({ kafka, registry, dataDir }: Config): Record<string, string> {
  return {
    KAFKA_TOPIC_PREFIX: kafka.topicPrefix,
    KAFKA_PARTITIONS: '1',
    SCHEMA_REGISTRY_URL: registry.url ?? '',
    REKINDLE_DATA_DIR: dataDir,
  }
}
