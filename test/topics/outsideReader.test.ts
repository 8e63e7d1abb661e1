/** A program of another team that knows docs/topics.md alone: it takes records apart as the page says, with the registry and Avro and none of our code. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import avsc from 'avsc'
import pino from 'pino'
import t from 'tap'
import { createClient } from '../../runtime/kafka/client.ts'
import { connectKafka } from '../../runtime/kafka/connectKafka.ts'
import { emit, next } from '../../runtime/outcome.ts'
import { from, stage } from '../../runtime/stage.ts'
import { Decision } from '../../schemas/generated/records.ts'
import { decisions, profiles, triggers } from '../../topics/index.ts'
import { caughtUp, eventually } from '../runtime/kafka/fixtures.ts'
import { decisionRecord, profileRecord, tenantId } from '../support/leadRecords.ts'
import { testStack } from '../support/stack.ts'

t.setTimeout(240_000)

const page = readFileSync(join(import.meta.dirname, '..', '..', 'docs', 'topics.md'), 'utf8')
const key = `${tenantId}:maría`
const decided = decisionRecord({ contactId: 'maría' })

/** As consensus does: a decision for each profile. */
const decider = stage({
  name: 'decider',
  state: Decision,
  on: [from(profiles, () => next(decided, { emit: [emit(decisions, decided)] }))],
  outputs: [decisions],
})

t.test('a record is read by what the page says', async (t) => {
  const { kafkaBrokers, registryUrl, prefix } = await testStack(t)
  const logger = pino({ level: 'silent' })
  const kafka = await connectKafka({ brokers: kafkaBrokers, clientId: 'test', topicPrefix: prefix, registryUrl, logger })
  t.teardown(() => kafka.close())
  const members = [{ group: 'line', stages: [decider] }]
  await kafka.applyTopics([profiles, decisions, triggers], { partitions: 1, replicationFactor: 1, members })
  await kafka.registerSchemas([profiles, decisions])
  const failed = (error: unknown) => t.fail(String(error))
  const line = await kafka.runStages({ group: 'line', stages: [decider], onFatal: failed })
  await kafka.producer().send(profiles, key, profileRecord({ contactId: 'maría' }))
  await caughtUp(kafka, 'line', [profiles])
  await line.stop()

  const consumer = createClient({ brokers: kafkaBrokers, clientId: 'other-team', logger }).consumer({ groupId: `${prefix}other-team` })
  t.teardown(() => consumer.disconnect())
  await consumer.connect()
  await consumer.subscribe({ topic: `${prefix}decisions.v1`, fromBeginning: true })
  const read: { key: Buffer | null; value: Buffer | null; headers?: Record<string, unknown> }[] = []
  await consumer.run({ eachMessage: async ({ message }) => void read.push(message) })
  await eventually('the decision is read', () => read.length > 0)
  const [record] = read
  const bytes = record?.value ?? Buffer.alloc(0)

  t.equal(record?.key?.toString('utf8'), key)
  t.equal(bytes[0], 0)
  const answer = (await (await fetch(`${registryUrl}/schemas/ids/${bytes.readUInt32BE(1)}`)).json()) as { schema: string }
  const own = (await (await fetch(`${registryUrl}/subjects/${prefix}decisions.v1-value/versions/latest`)).json()) as { schema: string }
  const [writer, reader] = [answer, own].map(({ schema }) => avsc.Type.forSchema(JSON.parse(schema) as avsc.Schema))
  const value = reader?.fromBuffer(bytes.subarray(5), reader.createResolver(writer as avsc.Type)) as Record<string, unknown>
  t.equal(value['decisionId'], decided.decisionId)
  t.equal(value['decidedAt'], decided.decidedAt)
  const described = Object.keys(record?.headers ?? {}).filter((name) => !page.includes(`\`${name}\``))
  t.strictSame(described, [], 'every header is on the page')
  t.match(String(record?.headers?.['ce_source']), /^rekindle\/decider$/)
  t.equal(String(record?.headers?.['ce_type']), 'rekindle.Decision')
})
