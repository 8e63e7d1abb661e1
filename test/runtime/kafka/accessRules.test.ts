/** Members on a broker with access rules, with the rights that docs/operations.md lists and none on topics of the broker itself. */
import t from 'tap'
import { createClient } from '../../../runtime/kafka/client.ts'
import { connectKafka } from '../../../runtime/kafka/connectKafka.ts'
import { kafkajs } from '../../../runtime/kafka/corrections.ts'
import { noMetrics } from '../../../runtime/metrics.ts'
import { authority } from '../../support/certificates.ts'
import { securedBroker } from '../../support/securedBroker.ts'
import { testStack } from '../../support/stack.ts'
import { adder, caughtUp, eventually, items, logger, partitions, topics, totaller, totals } from './fixtures.ts'

t.setTimeout(240_000)

t.test('stages start and commit with rights on what they read and write alone; looks that are refused are counted', async (t) => {
  const [username, password] = ['rekindle', 'correct-horse-7-battery']
  const onProgress = (line: string) => t.comment(line)
  const broker = await securedBroker({
    authority: authority('an authority of this test'),
    username,
    password,
    accessRules: true,
    onProgress,
  })
  t.teardown(() => broker.stop())
  const { registryUrl, prefix: topicPrefix } = await testStack(t)
  const world = { clientId: 'test', topicPrefix, registryUrl, logger }
  const operator = await connectKafka({ ...world, brokers: [broker.plain] })
  t.teardown(() => operator.close())
  await operator.applyTopics(topics, { partitions, replicationFactor: 1, members: [{ group: 'line', stages: [adder, totaller] }] })
  await operator.registerSchemas(topics)

  const without = await connectKafka({ ...world, brokers: [broker.sasl], sasl: { mechanism: 'plain', username, password } })
  await without.registerSchemas([items])
  await t.rejects(without.producer().send(items, 'lead:0', { seq: 0, amount: 1, wish: '' }), {
    code: 'E_BROKER_RIGHTS_MISSING',
    retriable: false,
    message: /_AUTHORIZATION_FAILED/,
  })
  await t.rejects(without.runStages({ group: 'line', stages: [adder, totaller], onFatal: () => undefined }), {
    code: 'E_TOPIC_MISSING',
    remedy: /no right/,
  })
  await without.close()

  const { AclOperationTypes: may, AclPermissionTypes, AclResourceTypes: on, ResourcePatternTypes } = kafkajs
  const rule = (resourceType: (typeof on)[keyof typeof on], operation: (typeof may)[keyof typeof may]) => ({
    ...{ resourceType, operation, resourceName: topicPrefix, resourcePatternType: ResourcePatternTypes.PREFIXED },
    ...{ principal: `User:${username}`, host: '*', permissionType: AclPermissionTypes.ALLOW },
  })
  const admin = createClient({ brokers: [broker.plain], clientId: 'test', logger }).admin()
  await admin.connect()
  await admin.createAcls({
    acl: [rule(on.TOPIC, may.READ), rule(on.TOPIC, may.WRITE), rule(on.GROUP, may.READ), rule(on.TRANSACTIONAL_ID, may.WRITE)],
  })
  await admin.disconnect()

  let unseen = 0
  const kafka = await connectKafka({
    ...{ ...world, brokers: [broker.sasl], sasl: { mechanism: 'plain', username, password } },
    metrics: { ...noMetrics, count: (name) => void (unseen += name === 'lr_transactions_unseen_total' ? 1 : 0) },
  })
  t.teardown(() => kafka.close())
  const failures: Error[] = []
  const member = await kafka.runStages({ group: 'line', stages: [adder, totaller], onFatal: (error) => failures.push(error) })
  await eventually('all partitions work', () => member.ready.length === partitions)
  const producer = kafka.producer()
  for (let seq = 0; seq < 20; seq += 1) await producer.send(items, `lead:${seq}`, { seq, amount: 1, wish: '' })
  await caughtUp(operator, 'line', [items])
  const found = new Set<string>()
  await eventually('all totals can be read', async () => {
    await kafka.tail(totals, { from: 'beginning', untilEnd: true }, ({ key }) => void found.add(key ?? ''))
    return found.size === 20
  })
  t.ok(unseen > 0, 'nothing may be seen of the offsets of groups')
  t.equal(await member.stop(), true)
  t.strictSame(failures, [])
})
