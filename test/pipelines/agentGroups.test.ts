/**
 * The whole panel on a real broker: fused with the consensus, as one group beside it with one and with four consumers, and
 * as one group for each system. The same questions give the same decisions.
 */
import t from 'tap'
import pino from 'pino'
import { agentsGroup, agentsGroupOf, pipelineGroup } from '../../cli/roles/groups.ts'
import { systems } from '../../pipelines/agents/agent.ts'
import { agents, agentsOf } from '../../pipelines/agents/agents.ts'
import { consensus } from '../../pipelines/consensus/consensus.ts'
import { enrich } from '../../pipelines/enrich/stage.ts'
import { drive } from '../../runtime/driver.ts'
import { connectKafka } from '../../runtime/kafka/connectKafka.ts'
import type { KafkaConnection } from '../../runtime/kafka/connectKafka.ts'
import type { AnyStage } from '../../runtime/stage.ts'
import { Decision } from '../../schemas/generated/records.ts'
import type { Assessment } from '../../schemas/generated/records.ts'
import { sandboxStaff } from '../../simulate/sandboxStaff.ts'
import { sandboxTenant, sandboxTenantId } from '../../simulate/sandboxTenant.ts'
import { allTopics, assessments, decisions, leadEvents, leadKey, realtorSettings, tenants } from '../../topics/index.ts'
import { storyEvents } from '../../bench/enrichFold.ts'
import { testStack } from '../support/stack.ts'
import { eventually } from '../runtime/kafka/fixtures.ts'

t.setTimeout(240_000)

const now = Date.UTC(2026, 10, 27, 12)
const LEADS = 120
const WITHIN_MS = 60_000

/** The last question about each of some simulated leads, open long enough for any machine. */
function questions(deadlineAt: number): Assessment[] {
  const tables = {
    tenants: [[sandboxTenantId, sandboxTenant(now)]],
    [realtorSettings.name]: [[sandboxTenantId, sandboxStaff(now)]],
  } as const
  const line = drive(enrich, { at: now, tables })
  for (const { key, value } of storyEvents(11, LEADS, now)) line.pipe(leadEvents, key, value)
  const last = new Map(line.outputs(assessments).map((question) => [question.contactId, question]))
  return [...last.values()].map((question) => ({ ...question, deadlineAt }))
}

interface Member {
  readonly group: string
  readonly stages: readonly AnyStage[]
}

const asked = questions(Date.now() + 3_600_000)
const wanted = asked.reduce((sum, { decisionTypes }) => sum + decisionTypes.length, 0)

/** The decisions that these members come to, each member a connection of its own. */
async function decided(members: readonly Member[]): Promise<Map<string, Decision>> {
  const stack = await testStack(t)
  const opened: KafkaConnection[] = []
  const connect = async (): Promise<KafkaConnection> => {
    const kafka = await connectKafka({
      brokers: stack.kafkaBrokers,
      clientId: `test-${opened.length}`,
      topicPrefix: stack.prefix,
      registryUrl: stack.registryUrl,
      logger: pino({ level: 'silent' }),
    })
    opened.push(kafka)
    return kafka
  }
  const kafka = await connect()
  const groups = [...new Map(members.map((member) => [member.group, member])).values()]
  await kafka.applyTopics(allTopics, { partitions: 4, replicationFactor: 1, members: groups })
  await kafka.registerSchemas(allTopics)
  const producer = kafka.producer()
  await producer.send(tenants, sandboxTenantId, sandboxTenant(now))
  const onFatal = (error: Error) => {
    throw error
  }
  const running = await Promise.all(members.map(async (member) => (await connect()).runStages({ ...member, onFatal })))
  await Promise.all(asked.map((question) => producer.send(assessments, leadKey(question.tenantId, question.contactId), question)))
  const found = new Map<string, Decision>()
  const stop = new AbortController()
  const reading = kafka.tail(decisions, { from: 'beginning', untilEnd: false, signal: stop.signal }, ({ value }) => {
    if (value !== null && value !== undefined) found.set(value.decisionId, value)
  })
  await eventually(`${String(wanted)} decisions`, () => found.size >= wanted, WITHIN_MS)
  stop.abort()
  await reading
  await Promise.all(running.map((member) => member.stop()))
  await Promise.all(opened.map((each) => each.close()))
  return found
}

/** What a decision says, without when it was made. */
const timeless = (decision: Decision): string => Decision.encode({ ...decision, decidedAt: 0, dueAt: null }).toString('base64')
const bytesOf = (found: ReadonlyMap<string, Decision>) =>
  Object.fromEntries([...found].map(([id, decision]) => [id, timeless(decision)]).sort())
const chosenOf = (found: ReadonlyMap<string, Decision>) => Object.fromEntries([...found].map(([id, { chosen }]) => [id, chosen]).sort())

t.test('one group or one for each system, one consumer or four: the same decisions', async (t) => {
  t.ok(asked.length > 50, `${asked.length} questions`)
  t.ok(new Set(asked.flatMap(({ decisionTypes }) => decisionTypes)).size === 4, 'of every type')
  const line = { group: pipelineGroup, stages: [consensus] }
  const outside = { group: agentsGroup, stages: [agents] }
  const fused = await decided([{ group: pipelineGroup, stages: [agents, consensus] }])
  t.equal(fused.size, wanted)
  t.strictSame(bytesOf(await decided([line, outside])), bytesOf(fused), 'one consumer, byte for byte')
  t.strictSame(bytesOf(await decided([line, outside, outside, outside, outside])), bytesOf(fused), 'four consumers, byte for byte')
  // Ballots come one after the other: a decision may be closed before the last, by votes that nothing missing can change.
  const bySystem = await decided([line, ...systems.map((system) => ({ group: agentsGroupOf(system), stages: [agentsOf(system)] }))])
  t.strictSame(chosenOf(bySystem), chosenOf(fused), 'a group for each system')
})
