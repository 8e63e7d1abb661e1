/**
 * All stages of the line on a real broker, fused in one group and split into one for each stage: the same webhooks give the
 * same records on every topic, and leave the same state. Leads take their webhooks one by one, as a line that keeps up does.
 */
import t from 'tap'
import pino from 'pino'
import { lineGroups } from '../../cli/roles/groups.ts'
import { pipeline } from '../../pipelines/pipeline.ts'
import { connectKafka } from '../../runtime/kafka/connectKafka.ts'
import type { KafkaConnection } from '../../runtime/kafka/connectKafka.ts'
import { subscriptions } from '../../runtime/task.ts'
import type { AnyTopic } from '../../runtime/topic.ts'
import { pastDeliveries } from '../../simulate/deliveries.ts'
import { receivedWebhook } from '../../simulate/receivedWebhook.ts'
import { sandboxStaff } from '../../simulate/sandboxStaff.ts'
import { sandboxTenant, sandboxTenantId } from '../../simulate/sandboxTenant.ts'
import {
  allTopics,
  decisions,
  followups,
  leadKey,
  realtorSettings,
  results,
  shadowDecisions,
  tenants,
  webhooks,
} from '../../topics/index.ts'
import { testStack } from '../support/stack.ts'
import { until } from '../e2e/quiet.ts'

t.setTimeout(900_000)

const SEED = 29
const LEADS = 60
const HOUR_MS = 3_600_000
/** Until the silences of a day are due, ms. */
const LATER_MS = 26 * HOUR_MS
/**
 * When the first webhooks are received; each next one of a lead comes a minute later. A broker takes no record from more than an hour
 * ahead, so all of it lies in the past.
 */
const begins = Date.now() - LATER_MS - HOUR_MS

/** The n-th webhooks of all leads, repeats included, for each n. */
function waves(): ReturnType<typeof receivedWebhook>[][] {
  const found: ReturnType<typeof receivedWebhook>[][] = []
  const told = new Map<string, number>()
  for (const { webhook } of pastDeliveries({ seed: SEED, leads: LEADS, now: () => begins, duplicates: 0.05, reordered: 0.02 })) {
    const place = told.get(webhook.contactId) ?? 0
    told.set(webhook.contactId, place + 1)
    ;(found[place] ??= []).push(receivedWebhook(webhook, begins + place * 60_000, `${webhook.webhookId} ${place}`))
  }
  return found
}

const outputs = [...new Map(pipeline.flatMap((stage) => stage.outputs as readonly AnyTopic[]).map((topic) => [topic.name, topic])).values()]

interface Run {
  /** By topic: each record as text, those of a key in their order. */
  readonly topics: Readonly<Record<string, readonly string[]>>
  readonly states: readonly object[]
}

/** What the line writes, run one way or the other. */
async function run(fused: boolean): Promise<Run> {
  const stack = await testStack(t)
  const kafka = await connectKafka({
    brokers: stack.kafkaBrokers,
    clientId: `line-${fused ? 'fused' : 'split'}`,
    topicPrefix: stack.prefix,
    registryUrl: stack.registryUrl,
    logger: pino({ level: 'silent' }),
  })
  const groups = lineGroups({ fused, agents: 'inside' })
  await kafka.applyTopics(allTopics, { partitions: 4, replicationFactor: 1, members: groups })
  await kafka.registerSchemas(allTopics)
  const producer = kafka.producer()
  await producer.send(tenants, sandboxTenantId, sandboxTenant(begins), { timestamp: begins, headers: { ce_id: 'tenant' } })
  await producer.send(realtorSettings, sandboxTenantId, sandboxStaff(begins), { timestamp: begins })
  const onFatal = (error: Error) => {
    throw error
  }
  const start = (clock: number) => Promise.all(groups.map((each) => kafka.runStages({ ...each, now: () => clock, onFatal })))
  let members = await start(begins)
  const stop = () => Promise.all(members.map((member) => member.stop()))
  try {
    for (const [place, wave] of waves().entries()) {
      await Promise.all(
        wave.map((webhook) =>
          producer.send(webhooks, leadKey(webhook.tenantId, webhook.contactId ?? ''), webhook, {
            timestamp: webhook.receivedAt,
            // Without one its place on the topic is what ids of all that it causes are made from.
            headers: { ce_id: webhook.receivedId },
          }),
        ),
      )
      await until(`webhook ${place} of every lead`, () => left(kafka, groups, begins))
    }
    // Started again a day later, they find what became due while nothing ran.
    await stop()
    members = await start(begins + LATER_MS)
    await until('the timers of a day', () => left(kafka, groups, begins + LATER_MS))
    const topics: Record<string, string[]> = {}
    for (const topic of outputs) topics[topic.name] = await recordsOf(kafka, topic)
    const states = (await kafka.states(pipeline).stats()).map(({ stage, partition, keys, timers, parked, nextTimerAt }) => ({
      ...{ stage, partition, keys, timers, parked, nextTimerAt },
    }))
    return { topics, states }
  } finally {
    await stop()
    await kafka.close()
  }
}

/** What groups have to read, and timers that are due. Looked at as records flow, so that nothing is between two. */
async function left(kafka: KafkaConnection, groups: ReturnType<typeof lineGroups>, clock: number): Promise<string[]> {
  const found: string[] = []
  for (const { group, stages } of groups) {
    for (const { topic, lag } of await kafka.lag(group, subscriptions(stages))) if (lag > 0n) found.push(`${lag} of ${topic}`)
    for (const { stage, nextTimerAt = Infinity } of await kafka.states(stages).stats())
      if (nextTimerAt <= clock) found.push(`a timer of ${stage} of ${new Date(nextTimerAt).toISOString()}`)
  }
  return found
}

/**
 * Ids of these records, not those of what they say, come from the input that completed a question: its ballot or the assessment itself,
 * whichever is read later. Fused, that is always the ballot.
 */
const completed = new Set<string>([decisions, shadowDecisions, followups, results].map(({ name }) => name))

/** Key, time, id and content of each record. Who wrote it, and the trace, are those of the run. */
async function recordsOf(kafka: KafkaConnection, topic: AnyTopic): Promise<string[]> {
  const found: { readonly key: string; readonly text: string }[] = []
  await kafka.tail(topic, { from: 'beginning', untilEnd: true }, ({ key, value, undecodable, timestamp, headers }) => {
    if (undecodable !== undefined || key === null) throw new Error(`${topic.name}: ${undecodable ?? 'no key'}`)
    const id = completed.has(topic.name) ? '' : (headers['ce_id'] ?? '')
    const plain = JSON.stringify(value, (_, each: unknown) => (typeof each === 'bigint' ? String(each) : each))
    found.push({ key, text: `${key} ${new Date(timestamp).toISOString()} ${id} ${plain}` })
  })
  // A topic of locations takes the records of many leads as they come; what gates decide of a question needs no ballot, and comes before the rest.
  if (completed.has(topic.name) || found.some(({ key }) => key === sandboxTenantId)) return found.map(({ text }) => text).sort()
  return found.sort((a, b) => (a.key < b.key ? -1 : a.key > b.key ? 1 : 0)).map(({ text }) => text)
}

t.test('fused or split, the line writes the same records and keeps the same state', async (t) => {
  const fused = await run(true)
  const split = await run(false)
  for (const { name } of outputs) {
    t.comment(`${name}: ${fused.topics[name]?.length ?? 0}`)
    t.strictSame(split.topics[name], fused.topics[name], name)
  }
  t.strictSame(split.states, fused.states, 'state')
  for (const name of ['leads.events', 'leads.profiles', 'leads.assessments', 'agents.ballots', 'decisions', 'followups', 'outcomes'])
    t.ok((fused.topics[name]?.length ?? 0) >= LEADS, `${name} was written to`)
})
